// SPDX-License-Identifier: GPL-2.0
/*
 * The ends of processes, programs and threads: exec ends tags, and whoever ends
 * otherwise ends nobody else's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "kselftest_harness.h"

FIXTURE(lifecycle) {
};

FIXTURE_SETUP(lifecycle)
{
	core_pattern_save();
	ASSERT_TRUE(arena_make());
	/* Whose parent has died becomes a child of the test. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
}

FIXTURE_TEARDOWN(lifecycle)
{
	core_pattern_restore();
}

/* What is wrong in a core from after exec: nothing is left of the tags, all is found. */
static const char *plain_wrong(pid_t pid)
{
	const char *what = "";
	struct core core;
	unsigned int i;

	if (arena->error)
		return arena->why;
	if (!core_load(&core, pid))
		return "no core";
	for (i = 0; i < PIECES; i++)
		if (!core_count(&core, arena->secret[i], SECRET))
			what = "a piece is missing";
	if (core_seal(&core))
		what = "it is sealed";
	core_free(&core);
	return what;
}

static char *crash_after_exec[] = { "lifecycle", "--crash-after-exec", NULL };

TEST_F(lifecycle, posix_spawn)
{
	pid_t pid;

	tag_pieces();
	ASSERT_EQ(0, posix_spawn(&pid, "/proc/self/exe", NULL, NULL, crash_after_exec, environ));
	ASSERT_TRUE(died(pid));
	EXPECT_STREQ("", plain_wrong(pid));
	EXPECT_TRUE(pieces_are_tagged());
	EXPECT_STREQ("", pieces_wrong(crash(nothing, NULL), 2, NULL));
}

static int references(void)
{
	char text[16] = "";
	int fd = open("/sys/module/kredact/refcnt", O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 1)
		return -1;
	close(fd);
	return atoi(text);
}

/* What an mm has of the module goes some grace periods after the mm. */
static bool references_are(int nr)
{
	int tries;

	for (tries = 0; tries < 500 && references() != nr; tries++)
		usleep(10000);
	return references() == nr;
}

static void *exec_in_thread(void *arg)
{
	execv("/proc/self/exe", crash_after_exec);
	fail("exec", -errno);
	return NULL;
}

static void exec_by_a_thread(void *arg)
{
	pthread_t thread;

	tag_pieces();
	if (references() != 2)
		fail("the mm holds no reference", references());
	if (pthread_create(&thread, NULL, exec_in_thread, NULL))
		return fail("thread", -errno);
	pthread_join(thread, NULL);
}

TEST_F(lifecycle, exec_by_a_thread)
{
	struct kredact_info before, after;

	/* The test's descriptor has one. */
	ASSERT_TRUE(references_are(1)) TH_LOG("%d", references());
	ASSERT_EQ(0, info(&before));
	EXPECT_STREQ("", plain_wrong(crash(exec_by_a_thread, NULL)));
	EXPECT_TRUE(references_are(1)) TH_LOG("%d", references());
	ASSERT_EQ(0, info(&after));
	EXPECT_EQ(before.mms, after.mms);
	EXPECT_EQ(before.ranges, after.ranges);
	EXPECT_EQ(before.user_ranges, after.user_ranges);
}

static bool leader_has_ended(void)
{
	char line[256] = "", *state;
	int fd = open("/proc/self/stat", O_RDONLY);

	if (fd < 0 || read(fd, line, sizeof(line) - 1) < 1)
		fail("stat", -errno);
	close(fd);
	state = strrchr(line, ')');
	return !state || state[2] == 'Z';
}

static void *tag_in_thread(void *arg)
{
	tag(piece(WHOLE), SECRET, 0);
	return NULL;
}

static void *crash_alone(void *arg)
{
	while (!leader_has_ended())
		sched_yield();
	tag(piece(EXACT), SECRET, KREDACT_EXACT);
	put_pieces();
	arena->pids[0] = gettid();
	die_of_segv();
}

/* One thread tags and ends, then the leader ends, and then a third one crashes. */
static void leader_ends(void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, tag_in_thread, NULL) || pthread_join(thread, NULL) ||
	    pthread_create(&thread, NULL, crash_alone, NULL))
		fail("thread", -errno);
	syscall(SYS_exit, 0);
}

TEST_F(lifecycle, crash_without_leader)
{
	pid_t pid = crash(leader_ends, NULL);

	EXPECT_NE(pid, arena->pids[0]);
	EXPECT_STREQ("", pieces_wrong(pid, 2, NULL));
}

static void leave_a_child(void *arg)
{
	pid_t pid;

	tag_pieces();
	pid = fork();
	if (pid == 0) {
		await(arena->go[0]);
		if (getppid() != *(pid_t *)arg)
			fail("the parent lives", getppid());
		die_of_segv();
	}
	arena->pids[0] = pid;
}

TEST_F(lifecycle, crash_after_the_parent)
{
	pid_t self_pid = getpid();

	EXPECT_STREQ("", pieces_wrong(crash(leave_a_child, &self_pid), 2, NULL));
	/* The parent is reaped; its label, which the child's tags share, is not gone. */
	tell(arena->go[1]);
	ASSERT_TRUE(died(arena->pids[0]));
	EXPECT_STREQ("", pieces_wrong(arena->pids[0], 2, NULL));
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], crash_after_exec[1])) {
		uint8_t *mem = pages(PIECES);
		unsigned int i;

		for (i = 0; mem && i < PIECES; i++)
			put(mem + i * PAGE, i);
		die_of_segv();
	}
	return test_harness_run(argc, argv);
}
