// SPDX-License-Identifier: GPL-2.0
/*
 * A malicious local user: what one without privileges can do to other users,
 * to other processes of their own, and to the kernel's memory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"

#define HOSTILE		65534
#define LIMIT		"/sys/module/kredact/parameters/max_ranges_per_user"

#define KERNEL_RANGE	64u	/* bytes that the kernel needs for one */
#define CHUNK		4096u
#define SMALL		1000u	/* limit in most tests */

/* Told by the hostile processes. */
struct shared {
	int error;
	unsigned int line;
	unsigned int children;
	uint64_t done;
	uint64_t handle;
	struct kredact_info info;
};

FIXTURE(hostile) {
	struct shared *shared;
	char limit[32];
	struct kredact_info before;
};

static void set_limit(const char *text)
{
	if (write_file(LIMIT, text))
		abort();
}

FIXTURE_SETUP(hostile)
{
	int fd = open(LIMIT, O_RDONLY);

	ASSERT_LT(0, read(fd, self->limit, sizeof(self->limit) - 1));
	close(fd);
	core_pattern_save();
	ASSERT_LE(0, kredact_fd());
	self->shared = shared_pages(1);
	ASSERT_NE(NULL, self->shared);
	ASSERT_EQ(0, info(&self->before));
}

FIXTURE_TEARDOWN(hostile)
{
	set_limit(self->limit);
	core_pattern_restore();
}

/* In a child. */
#define CHECK(shared, condition)							\
	do {										\
		if (!(condition)) {							\
			(shared)->error = errno ?: -1;					\
			(shared)->line = __LINE__;					\
			_exit(1);							\
		}									\
	} while (0)

static void drop_privileges(struct shared *shared)
{
	CHECK(shared, !setgroups(0, NULL));
	CHECK(shared, !setresgid(HOSTILE, HOSTILE, HOSTILE));
	CHECK(shared, !setresuid(HOSTILE, HOSTILE, HOSTILE));
}

static pid_t start(struct shared *shared, void (*run)(struct shared *shared))
{
	pid_t pid = fork();

	if (!pid) {
		drop_privileges(shared);
		run(shared);
		_exit(0);
	}
	return pid;
}

/* Its exit status, or -signal. */
static int wait_for(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1000;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

#define EXPECT_DONE(pid)								\
	EXPECT_EQ(0, wait_for(pid)) TH_LOG("line %u, errno %d", self->shared->line,	\
					   self->shared->error)

/* Nothing of the hostile user is left; what has ended is freed behind RCU. */
static bool all_returned(const struct kredact_info *before)
{
	struct kredact_info now;
	int i;

	for (i = 0; i < 500; i++) {
		if (info(&now))
			return false;
		if (now.mms == before->mms && now.ranges == before->ranges &&
		    now.kernel_bytes == before->kernel_bytes && now.pins == before->pins)
			return true;
		usleep(10000);
	}
	return false;
}

static int batch(uint8_t *mem, uint32_t nr, uint32_t flags, struct kredact_range *ranges)
{
	struct kredact_batch args = {
		.size = sizeof(args),
		.flags = flags,
		.ranges = (uintptr_t)ranges,
		.nr = nr,
	};
	uint32_t i;

	for (i = 0; i < nr; i++) {
		ranges[i].addr = (uintptr_t)mem + 2 * i;
		ranges[i].len = 1;
	}
	return ioctl(kredact_fd(), KREDACT_IOC_REGISTER_BATCH, &args) ? -errno : 0;
}

/* Takes what there is, one by one. */
static uint64_t take_all(void)
{
	uint8_t *mem = pages(1);
	uint64_t nr = 0;

	while (mem && !reg(mem, 1, KREDACT_EXACT | KREDACT_NOPIN, NULL, NULL))
		nr++;
	return nr;
}

static void forks_and_takes(struct shared *shared)
{
	struct kredact_range *ranges = pages(16);
	int ready[2], end[2], i;
	uint8_t *mem = pages(4);
	char byte;
	pid_t pid;

	CHECK(shared, mem && !pipe(ready) && !pipe(end));
	CHECK(shared, !batch(mem, 300, KREDACT_EXACT | KREDACT_NOPIN, ranges));
	/* Each child has the 300 too: the third one has no room, and takes what is left. */
	for (i = 0; i < 5; i++) {
		pid = fork();
		CHECK(shared, pid >= 0);
		if (!pid) {
			close(end[1]);
			__atomic_add_fetch(&shared->done, take_all(), __ATOMIC_RELAXED);
			CHECK(shared, write(ready[1], "", 1) == 1);
			if (read(end[0], &byte, 1))
				_exit(1);
			_exit(0);
		}
		CHECK(shared, read(ready[0], &byte, 1) == 1);
	}
	CHECK(shared, !info(&shared->info));
	errno = 0;
	CHECK(shared, reg(mem, 1, 0, NULL, NULL) == -EDQUOT);
	close(end[1]);
	for (i = 0; i < 5; i++)
		CHECK(shared, !wait_for(-1) || errno);
}

/* Another session of the same user. */
static void takes(struct shared *shared)
{
	shared->done += take_all();
	CHECK(shared, !info(&shared->info));
}

TEST_F(hostile, quota_holds_over_processes)
{
	set_limit("1000");
	EXPECT_DONE(start(self->shared, forks_and_takes));
	EXPECT_EQ(SMALL, self->shared->info.user_ranges);
	EXPECT_EQ(SMALL, self->shared->info.user_limit);
	EXPECT_GE(SMALL - 300, self->shared->done);
	EXPECT_LT(0, self->shared->done);
	EXPECT_TRUE(all_returned(&self->before));

	/* All of it is there again, and no more. */
	self->shared->done = 0;
	EXPECT_DONE(start(self->shared, takes));
	EXPECT_EQ(SMALL, self->shared->done);
	EXPECT_TRUE(all_returned(&self->before));
}

static void takes_and_waits(struct shared *shared)
{
	shared->done = take_all();
	__atomic_store_n(&shared->children, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

TEST_F(hostile, quota_is_ones_own)
{
	uint8_t *mem = pages(1);
	pid_t pid;

	set_limit("1000");
	pid = start(self->shared, takes_and_waits);
	while (!__atomic_load_n(&self->shared->children, __ATOMIC_ACQUIRE) && !kill(pid, 0))
		sched_yield();
	EXPECT_EQ(SMALL, self->shared->done);
	/* That of another user is as it was. */
	EXPECT_EQ(0, reg(mem, 1, 0, NULL, NULL));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-SIGKILL, wait_for(pid));
	ASSERT_EQ(0, munmap(mem, PAGE));
}

static void makes_labels(struct shared *shared)
{
	uint8_t *mem = pages(1);
	char label[32];
	int i, ret;

	for (i = 0; i < 100000; i++) {
		snprintf(label, sizeof(label), "label %d", i);
		ret = reg(mem, 1, KREDACT_EXACT | KREDACT_NOPIN, label, NULL);
		if (ret)
			break;
		/* The tag ends, the label stays until the process ends. */
		CHECK(shared, !munmap(mem, PAGE));
		mem = pages(1);
		CHECK(shared, mem);
	}
	shared->done = i;
	errno = -ret;
	CHECK(shared, ret == -EDQUOT);
	CHECK(shared, !info(&shared->info));
}

TEST_F(hostile, labels_are_limited)
{
	set_limit("3000");
	EXPECT_DONE(start(self->shared, makes_labels));
	EXPECT_GE(3000, self->shared->info.user_ranges);
	EXPECT_GE(1000, self->shared->done);
	EXPECT_LE(990, self->shared->done);
	EXPECT_TRUE(all_returned(&self->before));
}

static void grows(struct shared *shared)
{
	struct kredact_range *ranges = pages(KREDACT_BATCH_MAX * sizeof(*ranges) / PAGE + 1);
	uint8_t *mem = pages(64);
	uint32_t nr;
	int round;

	CHECK(shared, ranges && mem);
	/* More in one call than there may be, and fewer and fewer of them. */
	CHECK(shared, batch(mem, KREDACT_BATCH_MAX, KREDACT_EXACT, ranges) == -EDQUOT);
	for (nr = KREDACT_BATCH_MAX; nr; nr /= 2)
		while (!batch(mem, nr, KREDACT_EXACT | KREDACT_NOPIN, ranges))
			;
	/* Tags that come and go, and failures, leave nothing that adds up. */
	for (round = 0; round < 50; round++) {
		CHECK(shared, !munmap(mem, 64 * PAGE));
		mem = pages(64);
		CHECK(shared, mem && !batch(mem, SMALL, KREDACT_EXACT | KREDACT_NOPIN, ranges));
		CHECK(shared, batch(mem, KREDACT_BATCH_MAX, 0, ranges) == -EDQUOT);
	}
	CHECK(shared, !info(&shared->info));
}

/* What a limit of SMALL ranges may take: each process keeps the room that it had. */
#define BOUND	(SMALL * KERNEL_RANGE + 16 * CHUNK)

TEST_F(hostile, kernel_memory_is_bounded)
{
	uint64_t grown;

	set_limit("1000");
	EXPECT_DONE(start(self->shared, grows));
	grown = self->shared->info.kernel_bytes - self->before.kernel_bytes;
	TH_LOG("%llu bytes for a limit of %u ranges", (unsigned long long)grown, SMALL);
	EXPECT_GE(BOUND, grown);
	EXPECT_EQ(SMALL, self->shared->info.user_ranges);
	EXPECT_TRUE(all_returned(&self->before));
}

/* Each hole, and each move of a middle, makes two ranges of each that lies there. */
static void divides(struct shared *shared)
{
	uint8_t *mem = pages(256), *away = pages(1);
	struct kredact_query q;
	int i;

	CHECK(shared, mem && away);
	for (i = 0; i < 100; i++)
		CHECK(shared, !reg(mem, 256 * PAGE, KREDACT_NOPIN, NULL, NULL));
	for (i = 1; i < 256; i += 2) {
		if (i % 4 == 1)
			CHECK(shared, !munmap(mem + i * PAGE, PAGE));
		else
			CHECK(shared, mremap(mem + i * PAGE, PAGE, PAGE,
					     MREMAP_MAYMOVE | MREMAP_FIXED, away) == away);
	}
	CHECK(shared, !info(&shared->info));
	/* More may be tagged than should be, never less. */
	for (i = 0; i < 256; i += 2)
		CHECK(shared, !query(mem + i * PAGE, PAGE, &q) && q.tagged == PAGE);
	CHECK(shared, !query(away, PAGE, &q) && q.tagged == PAGE);
}

TEST_F(hostile, division_is_bounded)
{
	uint64_t grown;

	set_limit("1000");
	EXPECT_DONE(start(self->shared, divides));
	grown = self->shared->info.kernel_bytes - self->before.kernel_bytes;
	TH_LOG("%llu bytes, %llu ranges of %u", (unsigned long long)grown,
	       (unsigned long long)self->shared->info.user_ranges, SMALL);
	EXPECT_GE(BOUND, grown);
	EXPECT_GE(BOUND / KERNEL_RANGE, self->shared->info.user_ranges);
	EXPECT_LT(SMALL / 2, self->shared->info.user_ranges);
	EXPECT_TRUE(all_returned(&self->before));
}

static void ends_all(struct shared *shared)
{
	uint64_t handle, own;
	uint8_t *mem = pages(1);
	int bit;

	while (!__atomic_load_n(&shared->handle, __ATOMIC_ACQUIRE))
		sched_yield();
	/* Also with tags of its own, so that there is a table to look into. */
	CHECK(shared, mem && !reg(mem, 1, 0, NULL, &own));
	for (bit = -1; bit < 64; bit++) {
		handle = shared->handle ^ (bit < 0 ? 0 : 1ull << bit);
		if (handle != own)
			CHECK(shared, unreg(handle) == -ENOENT);
	}
	for (handle = 0; handle < 5000; handle++)
		if (handle != own)
			CHECK(shared, unreg(handle) == -ENOENT);
	CHECK(shared, !unreg(own));
}

TEST_F(hostile, handles_of_others_do_nothing)
{
	struct kredact_query q;
	uint8_t *mem = pages(2);
	uint64_t first, second;
	pid_t child;

	/* It is there before the tags, or it would have inherited them. */
	child = start(self->shared, ends_all);
	/* The second one: the first of the hostile process has the number of our first. */
	ASSERT_EQ(0, reg(mem + PAGE, 1, 0, NULL, &first));
	ASSERT_EQ(0, reg(mem, 32, 0, NULL, &second));
	__atomic_store_n(&self->shared->handle, second, __ATOMIC_RELEASE);
	EXPECT_DONE(child);
	ASSERT_EQ(0, query(mem, PAGE, &q));
	EXPECT_EQ(PAGE, q.tagged);

	/* A child has the same tags under the same numbers, and ends its own only. */
	child = fork();
	if (!child) {
		CHECK(self->shared, !query(mem, PAGE, &q) && q.tagged == PAGE);
		CHECK(self->shared, !unreg(self->shared->handle));
		CHECK(self->shared, !munmap(mem + PAGE, PAGE));
		CHECK(self->shared, !query(mem, PAGE, &q) && !q.tagged);
		_exit(0);
	}
	EXPECT_DONE(child);
	ASSERT_EQ(0, query(mem, 2 * PAGE, &q));
	EXPECT_EQ(2 * PAGE, q.tagged);
	EXPECT_EQ(0, unreg(self->shared->handle));
	EXPECT_EQ(0, unreg(first));
}

static void registers_for_ever(struct shared *shared)
{
	struct kredact_range *ranges = pages(KREDACT_BATCH_MAX * sizeof(*ranges) / PAGE + 1);
	uint8_t *mem = pages(64);

	CHECK(shared, ranges && mem);
	for (;;) {
		uint32_t flags = shared->done & 1 ? KREDACT_EXACT : 0;
		int ret = batch(mem, KREDACT_BATCH_MAX, flags, ranges);

		CHECK(shared, !ret || ret == -EDQUOT || ret == -EINTR);
		__atomic_add_fetch(&shared->done, 1, __ATOMIC_RELAXED);
		if (ret == -EDQUOT) {
			CHECK(shared, !munmap(mem, 64 * PAGE));
			mem = pages(64);
			CHECK(shared, mem);
		}
	}
}

TEST_F_TIMEOUT(hostile, killed_in_a_batch, 600)
{
	int round;
	pid_t pid;

	srand(getpid());
	set_limit("200000");
	for (round = 0; round < 20; round++) {
		self->shared->done = 0;
		pid = start(self->shared, registers_for_ever);
		while (__atomic_load_n(&self->shared->done, __ATOMIC_RELAXED) < 1)
			sched_yield();
		usleep(rand() % 30000);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		EXPECT_EQ(-SIGKILL, wait_for(pid)) TH_LOG("line %u", self->shared->line);
	}
	EXPECT_TRUE(all_returned(&self->before));
	/* The whole quota is there. */
	set_limit("1000");
	self->shared->done = 0;
	EXPECT_DONE(start(self->shared, takes));
	EXPECT_EQ(SMALL, self->shared->done);
}

TEST_HARNESS_MAIN
