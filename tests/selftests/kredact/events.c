// SPDX-License-Identifier: GPL-2.0
/*
 * What events say: who registered, was dumped, read, unsealed, and changed what.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"
#include "policy.h"
#include "stream.h"

FIXTURE(events) {
	uint8_t *mem;
	int fd;
};

FIXTURE_SETUP(events)
{
	self->mem = pages(16);
	ASSERT_NE(NULL, self->mem);
	ASSERT_LE(0, kredact_fd());
	self->fd = stream_nonblock(0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(events)
{
	close(self->fd);
}

/* A hundred calls are one record, by their label. */
TEST_F(events, registrations_are_batched)
{
	static uint64_t handles[100];
	const struct kredact_event *event;
	uint64_t begin = boot_ns();
	unsigned int i;

	ASSERT_TRUE(drain(self->fd));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, reg(self->mem + 16 * i, 10, KREDACT_EXACT | KREDACT_NOPIN, "one",
				 &handles[i]));
		ASSERT_EQ(0, reg(self->mem + PAGE + i, 1, KREDACT_NOPIN, i % 2 ? "two" : NULL,
				 NULL));
	}
	ASSERT_TRUE(drain(self->fd));
	/* It may take more than one interval. */
	for (i = 0; (event = nth(KREDACT_EVENT_TAGGED, i)); i++) {
		EXPECT_TRUE(is_self(&event->by) && is_self(&event->of));
		EXPECT_EQ(KREDACT_BY_SELF, event->tags.by);
		EXPECT_NE(0, event->mm);
		EXPECT_EQ(event->tags.count, event->tags.calls);
		EXPECT_LE(begin, event->tags.first_ns);
		EXPECT_LE(event->tags.first_ns, event->tags.last_ns);
		EXPECT_LE(event->tags.last_ns, event->time_ns);
		EXPECT_GT(event->tags.first_ns + 3000000000ull, event->tags.last_ns);
		if (says(event, "one")) {
			EXPECT_EQ(10 * event->tags.count, event->tags.bytes);
			EXPECT_EQ(KREDACT_EXACT | KREDACT_NOPIN, event->tags.flags);
			EXPECT_EQ(KREDACT_COVER_CORE, event->tags.coverage & KREDACT_COVER_CORE);
		} else {
			EXPECT_EQ(event->tags.count, event->tags.bytes);
			EXPECT_TRUE(says(event, "two") || says(event, ""));
		}
	}
	EXPECT_LE(3, i);
	EXPECT_GT(30, i);
	EXPECT_EQ((uintptr_t)self->mem, nth(KREDACT_EVENT_TAGGED, 0)->tags.addr);

	/* And so are their ends. */
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, unreg(handles[i]));
	ASSERT_EQ(0, munmap(self->mem + PAGE, PAGE));
	ASSERT_TRUE(drain(self->fd));
	event = nth(KREDACT_EVENT_ENDED, 0);
	ASSERT_NE(NULL, event);
	EXPECT_TRUE(is_self(&event->by) && is_self(&event->of));
	EXPECT_EQ(10, event->ended.unregistered);
	EXPECT_EQ(100, event->ended.unmapped);
	EXPECT_EQ(0, event->ended.exited);
	EXPECT_EQ(90, event->ended.left);
}

/* What an administrator does is told at once, and closes the batches before it. */
TEST_F(events, in_order)
{
	uint8_t bytes[KREDACT_KEY_MIN] = { 7 };
	struct kredact_key key = {
		.size = sizeof(key),
		.key = (uintptr_t)bytes,
		.key_len = sizeof(bytes),
	};
	struct kredact_policy policy, old;
	const struct kredact_event *event;
	struct kredact_info before;
	unsigned int i = 0;

	ASSERT_TRUE(drain(self->fd));
	ASSERT_EQ(0, info(&before));
	ASSERT_EQ(0, policy_get(&policy));
	old = policy;
	policy.run = 33;
	ASSERT_EQ(0, reg(self->mem, 1, 0, "first", NULL));
	ASSERT_EQ(0, policy_set(&policy));
	/* What is as it was is no change. */
	ASSERT_EQ(0, policy_set(&policy));
	ASSERT_EQ(0, reg(self->mem, 1, 0, "second", NULL));
	ASSERT_EQ(0, ioctl(kredact_fd(), KREDACT_IOC_SET_KEY, &key));
	ASSERT_EQ(0, policy_set(&old));
	ASSERT_TRUE(drain(self->fd));
	ASSERT_EQ(5, nr_events);
	EXPECT_TRUE(says(&events[i], "first"));
	EXPECT_EQ(KREDACT_EVENT_TAGGED, events[i++].type);
	event = &events[i++];
	EXPECT_EQ(KREDACT_EVENT_POLICY, event->type);
	EXPECT_TRUE(is_self(&event->by));
	EXPECT_EQ(old.run, event->policy.was.run);
	EXPECT_EQ(33, event->policy.is.run);
	EXPECT_EQ(old.hunt, event->policy.was.hunt);
	EXPECT_EQ(old.registers, event->policy.is.registers);
	EXPECT_TRUE(says(&events[i], "second"));
	EXPECT_EQ(KREDACT_EVENT_TAGGED, events[i++].type);
	event = &events[i++];
	EXPECT_EQ(KREDACT_EVENT_KEY, event->type);
	EXPECT_TRUE(is_self(&event->by));
	EXPECT_EQ(0, memcmp(event->key.key_id, key.key_id, 16));
	EXPECT_EQ(0, memcmp(event->key.old_id, before.key_id, 16));
	EXPECT_EQ(KREDACT_EVENT_POLICY, events[i++].type);
}

TEST_F(events, exemptions)
{
	const char *path = "/sys/module/kredact/parameters/exemptions";
	const struct kredact_event *event;

	ASSERT_TRUE(drain(self->fd));
	ASSERT_EQ(0, write_file(path, "1"));
	ASSERT_EQ(0, write_file(path, "0"));
	ASSERT_TRUE(drain(self->fd));
	event = nth(KREDACT_EVENT_POLICY, 0);
	ASSERT_NE(NULL, event);
	EXPECT_EQ(0, event->policy.was.exemptions);
	EXPECT_EQ(1, event->policy.is.exemptions);
	EXPECT_EQ(event->policy.was.run, event->policy.is.run);
	event = nth(KREDACT_EVENT_POLICY, 1);
	ASSERT_NE(NULL, event);
	EXPECT_EQ(0, event->policy.is.exemptions);
}

static void tag_labelled(void *mem)
{
	if (reg(mem, 64, 0, "whole page", NULL) ||
	    reg(mem + 2 * PAGE, 64, KREDACT_EXACT, "some bytes", NULL))
		_exit(1);
	fill_secret(mem, 64, 1);
	fill_secret(mem + 2 * PAGE, 64, 2);
}

static void tag_nothing(void *mem)
{
	memset(mem, 1, PAGE);
}

static void tag_and_limit(void *mem)
{
	struct rlimit limit = { 65536, 65536 };

	tag_labelled(mem);
	setrlimit(RLIMIT_CORE, &limit);
}

/* The record of a dump, and the seal of the core: they are of the same. */
TEST_F(events, a_dump_and_its_core)
{
	const struct kredact_seal_header *seal;
	const struct kredact_seal_counts *counts;
	const struct kredact_event *event;
	struct core core;
	pid_t pid;

	core_pattern_save();
	ASSERT_TRUE(drain(self->fd));
	pid = crash(tag_labelled, self->mem);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(drain(self->fd));
	event = nth(KREDACT_EVENT_DUMP, 0);
	ASSERT_NE(NULL, event);
	EXPECT_EQ(NULL, nth(KREDACT_EVENT_DUMP, 1));
	EXPECT_EQ(KREDACT_DUMP_SEALED, event->dump.outcome);
	ASSERT_TRUE(core_load(&core, pid));
	seal = core_seal(&core);
	ASSERT_NE(NULL, seal);
	EXPECT_EQ(0, memcmp(event->dump.hmac, core.bytes + core.len - 32, 32));
	EXPECT_FALSE(all_zero(event->dump.hmac, 32));
	EXPECT_EQ(0, memcmp(event->dump.key_id, seal->key_id, 16));
	EXPECT_EQ(seal->flags, event->dump.seal_flags);
	EXPECT_EQ(seal->start_ns, event->of.start_ns);
	EXPECT_EQ(seal->tgid, event->of.tgid);
	EXPECT_EQ(seal->signo, event->dump.signo);
	EXPECT_EQ((uint8_t *)seal - core.bytes, event->dump.core_bytes);
	EXPECT_EQ(pid, event->by.tgid);
	EXPECT_LE(event->dump.begun_ns, seal->boottime_ns);
	EXPECT_LE(seal->boottime_ns, event->time_ns);
	counts = core_seal_counts(&core);
	EXPECT_EQ(2, event->dump.ranges);
	EXPECT_EQ(counts->ranges, event->dump.ranges);
	EXPECT_EQ(counts->range_bytes, event->dump.range_bytes);
	EXPECT_EQ(counts->pages_zeroed, event->dump.pages_zeroed);
	EXPECT_EQ(counts->pages_copied, event->dump.pages_copied);
	EXPECT_EQ(counts->bytes_zeroed, event->dump.bytes_zeroed);
	EXPECT_EQ(counts->pages_left_out, event->dump.pages_left_out);
	EXPECT_LE(1, event->dump.pages_zeroed);
	EXPECT_LE(64, event->dump.bytes_zeroed);
	core_free(&core);
	/* Its labels are right in front of it, and what it registered before them. */
	EXPECT_EQ(2, event->dump.labels);
	ASSERT_LE(events + 4, event);
	EXPECT_TRUE(event[-1].type == KREDACT_EVENT_LABEL && event[-1].mm == event->mm);
	EXPECT_TRUE(event[-2].type == KREDACT_EVENT_LABEL && event[-2].mm == event->mm);
	EXPECT_TRUE(says(&event[-2], "whole page"));
	EXPECT_TRUE(says(&event[-1], "some bytes"));
	EXPECT_EQ(event->mm, nth(KREDACT_EVENT_TAGGED, 0)->mm);
	EXPECT_LT(nth(KREDACT_EVENT_TAGGED, 1), event - 2);
	core_pattern_restore();
}

TEST_F(events, other_dumps)
{
	const struct kredact_event *event;
	struct core core;
	pid_t pid;

	core_pattern_save();
	ASSERT_TRUE(drain(self->fd));
	/* Nothing is redacted: there is nothing to tell. */
	pid = crash(tag_nothing, self->mem);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(core_load(&core, pid));
	core_free(&core);
	ASSERT_TRUE(drain(self->fd));
	EXPECT_EQ(NULL, nth(KREDACT_EVENT_DUMP, 0));
	/* One that the limit cuts off has no memory behind that, but may have a seal. */
	pid = crash(tag_and_limit, self->mem);
	ASSERT_LT(0, pid);
	core_load(&core, pid);
	core_free(&core);
	ASSERT_TRUE(drain(self->fd));
	event = nth(KREDACT_EVENT_DUMP, 0);
	ASSERT_NE(NULL, event);
	EXPECT_EQ(KREDACT_DUMP_CUT, event->dump.outcome);
	core_pattern_restore();
}

/* A child has the tags of its parent, and takes them with it. */
TEST_F(events, forks)
{
	const struct kredact_event *forked, *ended;
	int status;
	pid_t pid;

	ASSERT_EQ(0, reg(self->mem, 1, 0, NULL, NULL));
	ASSERT_EQ(0, reg(self->mem + 1, 1, 0, NULL, NULL));
	ASSERT_TRUE(drain(self->fd));
	pid = fork();
	if (!pid)
		_exit(0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(drain(self->fd));
	forked = nth(KREDACT_EVENT_FORKED, 0);
	ASSERT_NE(NULL, forked);
	EXPECT_EQ(1, forked->tags.calls);
	EXPECT_EQ(2, forked->tags.count);
	EXPECT_TRUE(is_self(&forked->by));
	EXPECT_NE(forked->mm, forked->tags.child);
	ended = nth(KREDACT_EVENT_ENDED, 0);
	ASSERT_NE(NULL, ended);
	EXPECT_LT(forked, ended);
	EXPECT_EQ(forked->tags.child, ended->mm);
	EXPECT_EQ(2, ended->ended.exited);
	EXPECT_EQ(0, ended->ended.left);
	EXPECT_EQ(pid, ended->by.tgid);
}

/* Readers of a living process, and who lets them see it. */
TEST_F(events, readers_and_break_glass)
{
	struct kredact_unseal args = {
		.size = sizeof(args),
		.flags = KREDACT_PIDFD,
		.seconds = 60,
		.reason = (uintptr_t)"ticket 4711",
		.reason_len = 11,
	};
	uint8_t got[3 * PAGE];
	struct iovec local = { got, sizeof(got) }, remote = { self->mem, sizeof(got) };
	const struct kredact_event *event;
	int ready[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		tag_labelled(self->mem);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_TRUE(drain(self->fd));
	EXPECT_EQ(NULL, nth(KREDACT_EVENT_READ, 0));
	/* Two of three pages have something. */
	ASSERT_EQ((ssize_t)sizeof(got), process_vm_readv(pid, &local, 1, &remote, 1, 0));
	ASSERT_EQ((ssize_t)sizeof(got), process_vm_readv(pid, &local, 1, &remote, 1, 0));
	ASSERT_TRUE(drain(self->fd));
	event = nth(KREDACT_EVENT_READ, 0);
	ASSERT_NE(NULL, event);
	EXPECT_EQ(4, event->read.zeroed);
	EXPECT_EQ(0, event->read.withheld);
	EXPECT_TRUE(is_self(&event->by));
	EXPECT_EQ(pid, event->of.tgid);
	/* What is not tagged is nobody's business. */
	local.iov_len = PAGE;
	remote.iov_base = self->mem + PAGE;
	remote.iov_len = PAGE;
	ASSERT_EQ((ssize_t)PAGE, process_vm_readv(pid, &local, 1, &remote, 1, 0));
	ASSERT_TRUE(drain(self->fd));
	EXPECT_EQ(0, nr_events);

	args.pidfd = syscall(SYS_pidfd_open, pid, 0);
	ASSERT_EQ(0, ioctl(kredact_fd(), KREDACT_IOC_UNSEAL, &args));
	ASSERT_EQ((ssize_t)PAGE, process_vm_readv(pid, &local, 1, &remote, 1, 0));
	args.seconds = 0;
	ASSERT_EQ(0, ioctl(kredact_fd(), KREDACT_IOC_UNSEAL, &args));
	close(args.pidfd);
	ASSERT_TRUE(drain(self->fd));
	ASSERT_EQ(3, nr_events);
	EXPECT_EQ(KREDACT_EVENT_UNSEAL, events[0].type);
	EXPECT_TRUE(is_self(&events[0].by));
	EXPECT_EQ(pid, events[0].of.tgid);
	EXPECT_EQ(60, events[0].unseal.seconds);
	EXPECT_LE(events[0].unseal.until_ns, events[0].time_ns + 60000000000ull);
	EXPECT_LT(events[0].time_ns + 50000000000ull, events[0].unseal.until_ns);
	EXPECT_TRUE(says(&events[0], "ticket 4711"));
	EXPECT_EQ(KREDACT_EVENT_READ, events[1].type);
	EXPECT_EQ(1, events[1].read.unsealed);
	EXPECT_EQ(0, events[1].read.zeroed);
	EXPECT_EQ(KREDACT_EVENT_UNSEAL, events[2].type);
	EXPECT_EQ(0, events[2].unseal.seconds);
	EXPECT_EQ(0, events[2].unseal.until_ns);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST_F(events, for_another)
{
	struct kredact_register args = {
		.size = sizeof(args),
		.flags = KREDACT_PIDFD | KREDACT_NOPIN,
		.addr = (uintptr_t)self->mem,
		.len = 5,
	};
	const struct kredact_event *event;
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	args.pidfd = syscall(SYS_pidfd_open, pid, 0);
	ASSERT_TRUE(drain(self->fd));
	ASSERT_EQ(0, ioctl(kredact_fd(), KREDACT_IOC_REGISTER, &args));
	ASSERT_TRUE(drain(self->fd));
	event = nth(KREDACT_EVENT_TAGGED, 0);
	ASSERT_NE(NULL, event);
	EXPECT_EQ(KREDACT_BY_OTHER, event->tags.by);
	EXPECT_TRUE(is_self(&event->by));
	EXPECT_EQ(pid, event->of.tgid);
	EXPECT_EQ(5, event->tags.bytes);
	close(args.pidfd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST_HARNESS_MAIN
