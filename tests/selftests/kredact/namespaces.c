// SPDX-License-Identifier: GPL-2.0
/*
 * Namespaces: in a container a tag is worth as much as outside, whether the
 * device comes as an open descriptor, as a node made for the container, or not
 * at all; and the seal says who crashed in the terms of the whole machine.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "kselftest_harness.h"

/* What root of the container is outside. */
#define ROOT	100000

FIXTURE(namespaces) {
	struct kredact_seal_header seal;
};

FIXTURE_SETUP(namespaces)
{
	core_pattern_save();
	/* By the pid that the test knows. */
	ASSERT_TRUE(core_pattern_set("/tmp/kredact.core.%P"));
	ASSERT_TRUE(arena_make());
}

FIXTURE_TEARDOWN(namespaces)
{
	core_pattern_restore();
}

static bool map_ids(pid_t pid)
{
	char path[64];

	sprintf(path, "/proc/%d/uid_map", pid);
	if (write_file(path, "0 100000 1000"))
		return false;
	sprintf(path, "/proc/%d/gid_map", pid);
	return !write_file(path, "0 100000 1000");
}

/*
 * The first process of a container: @prepare runs with the rights of the
 * machine's root, @run with those of the container's. It crashes then.
 */
static pid_t contain(void (*prepare)(void), void (*run)(void))
{
	struct clone_args args = {
		.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0) {
		if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
			fail("private mounts", -errno);
		prepare();
		if (unshare(CLONE_NEWUSER))
			fail("user namespace", -errno);
		tell(arena->ready[1]);
		await(arena->go[0]);
		/* What changes its user is not dumped, unless it wants to be. */
		if (setresgid(0, 0, 0) || setresuid(0, 0, 0) || prctl(PR_SET_DUMPABLE, 1))
			fail("root of the container", -errno);
		run();
		die_of_segv();
	}
	if (pid < 0)
		return -1;
	await(arena->ready[0]);
	if (!map_ids(pid))
		fail("ids", -errno);
	tell(arena->go[1]);
	return died(pid) ? pid : -1;
}

#define CONTAIN(prepare, run)								\
	do {										\
		pid_t pid = contain(prepare, run);					\
		EXPECT_STREQ("", pieces_wrong(pid, 2, &self->seal));			\
		EXPECT_EQ(pid, self->seal.tgid);					\
		EXPECT_EQ(pid, self->seal.tid);						\
		EXPECT_EQ(1, self->seal.ns_tgid);					\
		EXPECT_EQ(ROOT, self->seal.uid);					\
	} while (0)

static void leave_as_it_is(void)
{
}

/* Two ranges and one label, on the account of its user and nobody else's. */
static void tag_in_container(void)
{
	struct kredact_info now;

	if (getpid() != 1 || getuid() != 0)
		fail("not in a container", -1);
	tag_pieces();
	if (info(&now) || now.user_ranges != 2 + 3)
		fail("the user's account", now.user_ranges);
}

TEST_F(namespaces, inherited_descriptor)
{
	struct kredact_info before, after;

	ASSERT_EQ(0, info(&before));
	CONTAIN(leave_as_it_is, tag_in_container);
	ASSERT_EQ(0, info(&after));
	EXPECT_EQ(before.user_ranges, after.user_ranges);
	EXPECT_EQ(before.dumps + 1, after.dumps);
}

/* Nothing of the machine's /dev is left, nor what was opened there. */
static void hide_device(void)
{
	struct stat st;

	if (mount("none", "/dev", "tmpfs", 0, "mode=755") || !stat(KREDACT_DEVICE, &st))
		fail("hide /dev", -errno);
	close(kredact_fd());
}

static void make_node(void)
{
	struct stat st;

	if (fstat(kredact_fd(), &st))
		fail("device", -errno);
	hide_device();
	if (mknod(KREDACT_DEVICE, S_IFCHR, st.st_rdev) || chmod(KREDACT_DEVICE, 0666))
		fail("mknod", -errno);
}

static void open_node(void)
{
	int fd = open(KREDACT_DEVICE, O_RDWR);

	if (fd < 0 || dup2(fd, kredact_fd()) < 0)
		return fail("open", -errno);
	tag_in_container();
}

TEST_F(namespaces, node_of_its_own)
{
	CONTAIN(make_node, open_node);
}

static void no_device(void)
{
	if (open(KREDACT_DEVICE, O_RDWR) >= 0 || info(&(struct kredact_info){ 0 }) != -EBADF)
		fail("there is a device", -1);
}

/* What was tagged before the container began. */
TEST_F(namespaces, inherited_tags)
{
	tag_pieces();
	CONTAIN(hide_device, no_device);
	EXPECT_TRUE(pieces_are_tagged());
}

static void hide_tmp(void)
{
	if (mount("none", "/tmp", "tmpfs", 0, NULL))
		fail("hide /tmp", -errno);
}

/* The pattern is the machine's, and so is who reads the pipe. */
TEST_F(namespaces, core_to_a_pipe)
{
	ASSERT_TRUE(core_pipe_set("#!/bin/sh\nexec cat > /tmp/kredact.core.$1\n"));
	CONTAIN(hide_tmp, tag_in_container);
}

static void tag_and_leave(void *arg)
{
	tag_pieces();
	/* Tags stay with the mm, whichever namespaces its process goes to. */
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC))
		fail("unshare", -errno);
	if (getuid() == 0)
		fail("still the machine's root", -1);
}

TEST_F(namespaces, second_process)
{
	pid_t first, pid;

	/* Children of this process are in the new namespace, it is not. */
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	first = fork();
	if (first == 0) {
		await(arena->go[0]);
		_exit(0);
	}
	pid = crash(tag_and_leave, NULL);
	EXPECT_STREQ("", pieces_wrong(pid, 2, &self->seal));
	EXPECT_EQ(2, self->seal.ns_tgid);
	EXPECT_EQ(0, self->seal.uid);
	tell(arena->go[1]);
	ASSERT_EQ(first, waitpid(first, NULL, 0));
}

TEST_HARNESS_MAIN
