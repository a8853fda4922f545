// SPDX-License-Identifier: GPL-2.0
/*
 * Streams of events: who may read them, when they wait, what they tell of what is missing, and
 * how one goes on where another ended.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "become.h"
#include "core.h"
#include "kselftest_harness.h"
#include "module.h"
#include "stream.h"

/* More than the ring of registrations holds. */
#define FLOOD	3000

FIXTURE(streams) {
	uint8_t *mem;
	int fd;
};

FIXTURE_SETUP(streams)
{
	self->mem = pages(16);
	ASSERT_NE(NULL, self->mem);
	ASSERT_LE(0, kredact_fd());
	self->fd = stream_nonblock(0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(streams)
{
	close(self->fd);
}

TEST_F(streams, begins_with_what_it_is)
{
	const struct kredact_event_start *start;
	unsigned char id[16];
	struct kredact_info now;
	char text[64] = "";
	unsigned int i;
	int fd;

	/* It is there before anything has happened, and once. */
	ASSERT_TRUE(drain(self->fd));
	ASSERT_LE(1, nr_events);
	ASSERT_EQ(KREDACT_EVENT_START, events[0].type);
	EXPECT_EQ(NULL, nth(KREDACT_EVENT_START, 1));
	start = &events[0].start;
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY);
	ASSERT_LT(36, read(fd, text, sizeof(text) - 1));
	close(fd);
	for (i = 0, fd = 0; i < 16; i++, fd += 2) {
		fd += text[fd] == '-';
		id[i] = strtoul((char[]){ text[fd], text[fd + 1], 0 }, NULL, 16);
	}
	EXPECT_EQ(0, memcmp(id, start->boot_id, 16));
	EXPECT_LT(start->loaded_ns, start->since_ns);
	EXPECT_GT(boot_ns(), start->since_ns);
	EXPECT_EQ(0, start->resumed);
	ASSERT_EQ(0, info(&now));
	EXPECT_EQ(now.dumps, start->dumps);
	ASSERT_TRUE(drain(self->fd));
	EXPECT_EQ(NULL, nth(KREDACT_EVENT_START, 0));
}

TEST_F(streams, arguments)
{
	uint8_t small[sizeof(struct kredact_event) - 1];
	struct kredact_events args = { .size = 4 };
	int log;

	EXPECT_EQ(-EINVAL, stream(8));
	EXPECT_EQ(-EINVAL, stream(KREDACT_EVENTS_PAST | KREDACT_EVENTS_RESUME));
	EXPECT_EQ(-EINVAL, stream(KREDACT_EVENTS_KEEP));
	EXPECT_EQ(-1, ioctl(kredact_fd(), KREDACT_IOC_EVENTS, &args));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, read(self->fd, small, sizeof(small)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, read(self->fd, small, 0));
	EXPECT_EQ(-1, write(self->fd, small, sizeof(small)));
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->fd, F_GETFD));
	/* What does not arrive comes again. */
	ASSERT_EQ(0, munmap(self->mem, PAGE));
	EXPECT_EQ(-1, read(self->fd, self->mem, 2 * sizeof(struct kredact_event)));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_TRUE(drain(self->fd));
	EXPECT_NE(NULL, nth(KREDACT_EVENT_START, 0));
	/* There is one for the log, and others beside it. */
	log = stream(KREDACT_EVENTS_RESUME);
	ASSERT_LE(0, log);
	EXPECT_EQ(-EBUSY, stream(KREDACT_EVENTS_RESUME));
	close(log);
	log = stream(KREDACT_EVENTS_RESUME);
	EXPECT_LE(0, log);
	close(log);
}

TEST_F(streams, who_may_not)
{
	void (*const becomes[])(void) = { as_nobody, in_user_namespace };
	unsigned int i;
	int status;
	pid_t pid;

	for (i = 0; i < 2; i++) {
		pid = fork();
		if (!pid) {
			becomes[i]();
			_exit(stream(0) != -EPERM);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
	}
}

/* Who sleeps is woken when a batch is closed, and not before something happens. */
TEST_F(streams, waiting)
{
	struct pollfd fd = { .fd = self->fd, .events = POLLIN };
	struct kredact_event got[4];
	uint64_t begin;
	ssize_t len;
	pid_t pid;

	EXPECT_EQ(1, poll(&fd, 1, 0));
	ASSERT_TRUE(drain(self->fd));
	EXPECT_EQ(0, poll(&fd, 1, 1500));
	EXPECT_EQ(-1, read(self->fd, got, sizeof(got)));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, reg(self->mem, 1, 0, "late", NULL));
	EXPECT_EQ(1, poll(&fd, 1, 10000));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, 0));
	ASSERT_EQ(sizeof(*got), read(self->fd, got, sizeof(got)));
	EXPECT_TRUE(says(got, "late"));
	/* A read that sleeps, until another process does something. */
	begin = boot_ns();
	pid = fork();
	if (!pid) {
		usleep(300000);
		_exit(reg(self->mem + PAGE, 1, 0, "other", NULL));
	}
	do {
		len = read(self->fd, got, sizeof(*got));
		ASSERT_EQ(sizeof(*got), len);
	} while (got->type != KREDACT_EVENT_TAGGED);
	EXPECT_LT(begin + 300000000, boot_ns());
	EXPECT_TRUE(says(got, "other"));
	EXPECT_EQ(pid, got->by.tgid);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
}

static void ignore(int signal)
{
	(void)signal;
}

TEST_F(streams, interrupted)
{
	struct sigaction act = { .sa_handler = ignore };
	struct kredact_event got;

	ASSERT_TRUE(drain(self->fd));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, 0));
	sigaction(SIGALRM, &act, NULL);
	ualarm(200000, 0);
	EXPECT_EQ(-1, read(self->fd, &got, sizeof(got)));
	EXPECT_EQ(EINTR, errno);
}

/* A call that fails leaves nothing in the stream, nor does what was before it. */
TEST_F(streams, what_is_not_in_it)
{
	uint64_t seq;
	int late;

	ASSERT_TRUE(drain(self->fd));
	EXPECT_EQ(-ENXIO, reg(NULL, 1, 0, "failed", NULL));
	EXPECT_EQ(-ENOENT, unreg(12345));
	ASSERT_TRUE(drain(self->fd));
	EXPECT_EQ(0, nr_events);
	ASSERT_EQ(0, reg(self->mem, 1, 0, "before", NULL));
	late = stream_nonblock(0);
	ASSERT_LE(0, late);
	ASSERT_EQ(0, reg(self->mem, 1, 0, "after", NULL));
	ASSERT_TRUE(drain(late));
	ASSERT_EQ(2, nr_events);
	EXPECT_EQ(KREDACT_EVENT_START, events[0].type);
	EXPECT_TRUE(says(&events[1], "after"));
	/* Who asks for it has what is there still. */
	close(late);
	late = stream_nonblock(KREDACT_EVENTS_PAST);
	ASSERT_LE(0, late);
	ASSERT_TRUE(drain(late));
	ASSERT_EQ(3, nr_events);
	EXPECT_TRUE(says(&events[1], "before"));
	EXPECT_TRUE(says(&events[2], "after"));
	close(late);
	/* The other one has both, with the same numbers. */
	seq = events[2].seq;
	ASSERT_TRUE(drain(self->fd));
	ASSERT_EQ(2, nr_events);
	EXPECT_TRUE(says(&events[0], "before"));
	EXPECT_EQ(seq, events[1].seq);
}

/* More than there is room for: how many are missing is told, and nobody waited. */
TEST_F(streams, overflow)
{
	uint8_t bytes[KREDACT_KEY_MIN] = { 8 };
	struct kredact_key key = {
		.size = sizeof(key),
		.key = (uintptr_t)bytes,
		.key_len = sizeof(bytes),
	};
	unsigned int i, lost = 0, tagged = 0;
	uint64_t first, last;
	char label[16];

	ASSERT_TRUE(drain(self->fd));
	first = nr_events ? events[nr_events - 1].seq : 0;
	ASSERT_EQ(0, ioctl(kredact_fd(), KREDACT_IOC_SET_KEY, &key));
	for (i = 0; i < FLOOD; i++) {
		snprintf(label, sizeof(label), "label %u", i);
		ASSERT_EQ(0, reg(self->mem + i, 1, KREDACT_NOPIN, label, NULL));
	}
	ASSERT_EQ(0, ioctl(kredact_fd(), KREDACT_IOC_SET_KEY, &key));
	/* Checks that with what is lost the numbers have no gap. */
	ASSERT_TRUE(drain(self->fd));
	for (i = 0; i < nr_events; i++) {
		if (events[i].type == KREDACT_EVENT_LOST)
			lost += events[i].lost.count;
		tagged += events[i].type == KREDACT_EVENT_TAGGED;
	}
	EXPECT_EQ(FLOOD, lost + tagged);
	EXPECT_LT(FLOOD / 10, lost);
	EXPECT_LT(FLOOD / 3, tagged);
	/* What an administrator did is not displaced. */
	EXPECT_EQ(KREDACT_EVENT_KEY, events[0].type);
	EXPECT_EQ(KREDACT_EVENT_LOST, events[1].type);
	EXPECT_EQ(KREDACT_EVENT_KEY, events[nr_events - 1].type);
	last = events[nr_events - 1].seq;
	EXPECT_EQ(FLOOD + 2, last - first);
	TH_LOG("%u of %u registrations were lost, and told so", lost, FLOOD);
}

/* A log that is started again goes on where it was, and what it had not confirmed comes again. */
TEST(resume)
{
	uint8_t *mem = pages(1);
	uint64_t since, seq;
	int fd;

	fd = stream_nonblock(KREDACT_EVENTS_RESUME | KREDACT_EVENTS_KEEP);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(drain(fd));
	since = events[0].start.since_ns;
	ASSERT_EQ(0, reg(mem, 1, 0, "confirmed", NULL));
	ASSERT_TRUE(drain(fd));
	ASSERT_EQ(0, reg(mem, 1, 0, "read", NULL));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, 0));
	ASSERT_EQ((ssize_t)sizeof(*events), read(fd, events, sizeof(events)));
	ASSERT_TRUE(says(events, "read"));
	seq = events[0].seq;
	close(fd);
	ASSERT_EQ(0, reg(mem, 1, 0, "not read", NULL));

	fd = stream_nonblock(KREDACT_EVENTS_RESUME | KREDACT_EVENTS_KEEP);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(drain(fd));
	ASSERT_EQ(3, nr_events);
	EXPECT_EQ(KREDACT_EVENT_START, events[0].type);
	EXPECT_EQ(1, events[0].start.resumed);
	EXPECT_EQ(since, events[0].start.since_ns);
	EXPECT_TRUE(says(&events[1], "read"));
	EXPECT_EQ(seq, events[1].seq);
	EXPECT_TRUE(says(&events[2], "not read"));
	close(fd);
	ASSERT_EQ(0, reg(mem, 1, 0, "meanwhile", NULL));

	/* The last drain() has confirmed all of it by its last read(). */
	fd = stream_nonblock(KREDACT_EVENTS_RESUME);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(drain(fd));
	ASSERT_EQ(2, nr_events);
	EXPECT_TRUE(says(&events[1], "meanwhile"));
	close(fd);

	/* That one has kept nothing. */
	ASSERT_EQ(0, reg(mem, 1, 0, "unseen", NULL));
	fd = stream_nonblock(KREDACT_EVENTS_RESUME);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(drain(fd));
	ASSERT_EQ(1, nr_events);
	EXPECT_EQ(0, events[0].start.resumed);
	EXPECT_LT(since, events[0].start.since_ns);
	close(fd);
}

/* A stream holds the module; that events are kept for one does not. */
TEST(unload)
{
	uint64_t loaded, since;
	int fd;

	fd = stream_nonblock(KREDACT_EVENTS_RESUME | KREDACT_EVENTS_KEEP);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(drain(fd));
	loaded = events[0].start.loaded_ns;
	since = events[0].start.since_ns;
	close(kredact_fd());
	EXPECT_EQ(-EWOULDBLOCK, module_remove(KREDACT));
	close(fd);
	EXPECT_EQ(0, module_remove_soon(KREDACT));
	ASSERT_EQ(0, module_insert(KREDACT, ""));
	/* The descriptor of the helpers is closed: one of our own. */
	fd = open(KREDACT_DEVICE, O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(kredact_fd(), fd);
	fd = stream_nonblock(KREDACT_EVENTS_RESUME);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(drain(fd));
	ASSERT_EQ(1, nr_events);
	EXPECT_EQ(0, events[0].seq);
	EXPECT_EQ(0, events[0].start.resumed);
	EXPECT_LT(loaded, events[0].start.loaded_ns);
	EXPECT_LT(since, events[0].start.since_ns);
	close(fd);
}

/* Streams come and go while others register, and crash. */
static _Noreturn void busy(uint8_t *mem)
{
	uint64_t handle;
	pid_t pid;
	int i;

	for (;;) {
		for (i = 0; i < 50; i++)
			if (reg(mem, 1, KREDACT_NOPIN, "busy", &handle) || unreg(handle))
				_exit(1);
		pid = fork();
		if (!pid) {
			reg(mem, 64, 0, "crash", NULL);
			die_of_segv();
		}
		waitpid(pid, NULL, 0);
	}
}

TEST(come_and_go)
{
	uint8_t *mem = pages(4);
	pid_t pids[2];
	int fd, i;

	core_pattern_save();
	ASSERT_TRUE(core_pattern_set("/dev/null"));
	for (i = 0; i < 2; i++) {
		pids[i] = fork();
		if (!pids[i])
			busy(mem);
	}
	for (i = 0; i < 100; i++) {
		fd = stream_nonblock(i % 3 ? 0 : KREDACT_EVENTS_RESUME |
				     (i % 2 ? KREDACT_EVENTS_KEEP : 0));
		ASSERT_LE(0, fd);
		usleep(20000);
		ASSERT_TRUE(drain(fd)) TH_LOG("round %d", i);
		close(fd);
	}
	close(stream(KREDACT_EVENTS_RESUME));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, waitpid(pids[i], NULL, WNOHANG));
		kill(pids[i], SIGKILL);
		ASSERT_EQ(pids[i], waitpid(pids[i], NULL, 0));
	}
	core_pattern_restore();
}

TEST_HARNESS_MAIN
