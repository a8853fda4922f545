// SPDX-License-Identifier: GPL-2.0
/*
 * Fork and its relatives: who has a copy of an address space has its tags, who
 * shares it shares them, and that holds for any number of children and while
 * other threads change them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "kselftest_harness.h"

FIXTURE(forks) {
};

FIXTURE_SETUP(forks)
{
	core_pattern_save();
	ASSERT_TRUE(arena_make());
	/* Whose parent has died becomes a child of the test. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
}

FIXTURE_TEARDOWN(forks)
{
	core_pattern_restore();
}

/* Each tags a page of its own as well, which the younger know and the older do not. */
static void generation(void *arg)
{
	unsigned int age = (uintptr_t)arg;

	tag(page(PIECES + age), 1, 0);
	if (age < 3)
		arena->pids[age + 1] = crash(generation, (void *)(uintptr_t)(age + 1));
}

TEST_F(forks, generations)
{
	unsigned int age;

	tag_pieces();
	arena->pids[0] = crash(generation, NULL);
	for (age = 0; age < 4; age++)
		EXPECT_STREQ("", pieces_wrong(arena->pids[age], 2 + age + 1, NULL));
	EXPECT_TRUE(pieces_are_tagged());
	EXPECT_EQ(0, tagged(page(PIECES), 4 * PAGE));
}

static pid_t raw_clone(unsigned long flags)
{
	return syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
}

static pid_t raw_clone3(unsigned long flags)
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };

	return syscall(SYS_clone3, &args, sizeof(args));
}

TEST_F(forks, clone_with_a_copy_of_the_mm)
{
	const struct {
		pid_t (*clone)(unsigned long flags);
		unsigned long flags;
	} ways[] = {
		{ raw_clone, 0 },
		{ raw_clone, CLONE_FILES | CLONE_FS | CLONE_SYSVSEM },
		{ raw_clone, CLONE_VFORK },
		{ raw_clone3, 0 },
		{ raw_clone3, CLONE_CLEAR_SIGHAND | CLONE_IO },
	};
	unsigned int i;
	pid_t pid;

	tag_pieces();
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		pid = ways[i].clone(ways[i].flags);
		if (pid == 0)
			die_of_segv();
		ASSERT_TRUE(died(pid)) TH_LOG("way %u", i);
		EXPECT_STREQ("", pieces_wrong(pid, 2, NULL));
	}
}

TEST_F(forks, vfork)
{
	pid_t pid;

	tag_pieces();
	pid = vfork();
	if (pid == 0)
		die_of_segv();
	ASSERT_TRUE(died(pid));
	EXPECT_STREQ("", pieces_wrong(pid, 2, NULL));
	/* It was the parent's mm, which goes on. */
	EXPECT_TRUE(pieces_are_tagged());
	EXPECT_STREQ("", pieces_wrong(crash(nothing, NULL), 2, NULL));
}

/* A process that is no thread, but has the same mm. */
static int tag_and_crash(void *arg)
{
	tag_pieces();
	die_of_segv();
}

TEST_F(forks, clone_vm_crashes)
{
	pid_t pid = clone_vm(tag_and_crash);

	ASSERT_TRUE(died(pid));
	EXPECT_STREQ("", pieces_wrong(pid, 2, NULL));
	/* It has tagged for all who have the mm. */
	EXPECT_TRUE(pieces_are_tagged());
	EXPECT_STREQ("", pieces_wrong(crash(nothing, NULL), 2, NULL));
}

static int tag_and_wait(void *arg)
{
	tag_pieces();
	tell(arena->ready[1]);
	await(arena->go[0]);
	if (!pieces_are_tagged())
		fail("not tagged any more", 0);
	die_of_segv();
}

static void have_a_sibling(void *arg)
{
	arena->pids[0] = clone_vm(tag_and_wait);
	if (arena->pids[0] < 0)
		return fail("clone", -errno);
	await(arena->ready[0]);
}

TEST_F(forks, sibling_of_clone_vm_crashes)
{
	/* First the one that has not tagged; its tags outlive it in the mm of the other. */
	EXPECT_STREQ("", pieces_wrong(crash(have_a_sibling, NULL), 2, NULL));
	tell(arena->go[1]);
	ASSERT_TRUE(died(arena->pids[0]));
	EXPECT_STREQ("", pieces_wrong(arena->pids[0], 2, NULL));
}

/* A range that has such memory in its middle ends there in the child, and only there. */
static void map_what_is_missing(void *arg)
{
	uint8_t *mem = *(uint8_t **)arg, *gap = mem + PAGE;

	if (tagged(mem, 3 * PAGE) != 2 * PAGE)
		fail("the child's tag", tagged(mem, 3 * PAGE) / PAGE);
	if (mmap(gap, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != gap)
		fail("mmap", -errno);
	fill_secret(gap, SECRET, 300);
}

TEST_F(forks, memory_that_children_do_not_get)
{
	uint8_t *mem = pages(3), *secret = arena->secret[WHOLE];
	struct core core;
	pid_t pid;

	ASSERT_EQ(0, madvise(mem + PAGE, PAGE, MADV_DONTFORK));
	ASSERT_EQ(0, reg(mem, 3 * PAGE, 0, NULL, NULL));
	put(mem + PAGE - SECRET, WHOLE);
	put(mem + 2 * PAGE, WHOLE);
	pid = crash(map_what_is_missing, &mem);
	ASSERT_EQ(0, arena->error) TH_LOG("%s: %d", arena->why, arena->error);
	ASSERT_TRUE(core_load(&core, pid));
	EXPECT_EQ(0, core_count(&core, secret, SECRET));
	fill_secret(secret, SECRET, 300);
	EXPECT_EQ(1, core_count(&core, secret, SECRET));
	EXPECT_TRUE(core_seal_has(&core, (uintptr_t)mem, PAGE, 0, NULL));
	EXPECT_TRUE(core_seal_has(&core, (uintptr_t)mem + 2 * PAGE, PAGE, 0, NULL));
	EXPECT_EQ(2, core_seal_counts(&core)->ranges);
	EXPECT_EQ(3 * PAGE, tagged(mem, 3 * PAGE));
	core_free(&core);
}

#define THREADS		3
#define BATCHES		8
#define BATCH_PAGES	8
#define BATCH		(BATCH_PAGES * PAGE / SECRET)
#define FORKS		6

static pthread_barrier_t all_there;

/* Page after page is tagged, by the 64 bytes, and then filled; the table of tags grows. */
static void *keep_tagging(void *arg)
{
	static const size_t len = BATCHES * BATCH_PAGES * PAGE;
	struct kredact_range ranges[BATCH];
	struct kredact_batch batch = {
		.size = sizeof(batch),
		.flags = KREDACT_EXACT,
		.ranges = (uintptr_t)ranges,
		.nr = BATCH,
	};
	uint8_t *mem = pages(len / PAGE), *at;
	unsigned int i;

	pthread_barrier_wait(&all_there);
	for (at = mem; ; at += BATCH_PAGES * PAGE) {
		if (at == mem + len) {
			/* The tags go with the mapping. */
			at = mmap(mem, len, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
			if (at != mem)
				fail("mmap", -errno);
		}
		for (i = 0; i < BATCH; i++)
			ranges[i] = (struct kredact_range){ .addr = (uintptr_t)at + i * SECRET,
							    .len = SECRET };
		if (ioctl(kredact_fd(), KREDACT_IOC_REGISTER_BATCH, &batch))
			fail("batch", -errno);
		for (i = 0; i < BATCH; i++)
			put(at + i * SECRET, EXACT);
	}
	return NULL;
}

static void fork_among_threads(void)
{
	pthread_t thread;
	unsigned int i;
	pid_t pid;

	pthread_barrier_init(&all_there, NULL, THREADS + 1);
	for (i = 0; i < THREADS; i++)
		if (!run_thread(&thread, keep_tagging))
			fail("thread", -errno);
	pthread_barrier_wait(&all_there);
	for (i = 0; i < FORKS; i++) {
		pid = fork();
		if (pid == 0)
			die_of_segv();
		arena->pids[i] = pid;
	}
	for (i = 0; i < FORKS; i++)
		if (!died(arena->pids[i]))
			fail("a child was not dumped", i);
	_exit(0);
}

TEST_F_TIMEOUT(forks, fork_while_others_tag, 120)
{
	unsigned int round, rounds = 10, i, leaked = 0, controls = 0, sealed = 0;
	uint64_t ranges = 0;
	struct core core;
	pid_t pid;

	put(piece(PLAIN), PLAIN);
	for (round = 0; round < rounds; round++) {
		pid = fork();
		if (pid == 0)
			fork_among_threads();
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		ASSERT_EQ(0, arena->error) TH_LOG("%s: %d", arena->why, arena->error);
		for (i = 0; i < FORKS; i++) {
			ASSERT_TRUE(core_load(&core, arena->pids[i]));
			leaked += core_count(&core, arena->secret[EXACT], SECRET);
			controls += core_count(&core, arena->secret[PLAIN], SECRET);
			sealed += core_seal(&core) != NULL;
			if (core_seal(&core))
				ranges += core_seal_counts(&core)->ranges;
			core_free(&core);
		}
	}
	TH_LOG("%u children, %llu ranges inherited", rounds * FORKS, (unsigned long long)ranges);
	EXPECT_EQ(0, leaked);
	EXPECT_LE(rounds * FORKS, controls);
	/* A child that was made before anything was tagged has no seal. */
	EXPECT_LE(rounds * FORKS / 2, sealed);
	EXPECT_LT(rounds * BATCH, ranges);
}

#define DOUBLINGS	5
#define WAVE		(1 << DOUBLINGS)
#define CHILDREN	1000

/* Forks until there are WAVE of it, and they crash; each has secrets of its own. */
static _Noreturn void bomb(void)
{
	unsigned int i;

	for (i = 0; i < DOUBLINGS; i++)
		if (fork() < 0)
			fail("fork", -errno);
	for (i = 0; i < PIECES; i++)
		fill_secret(piece(i), SECRET, PIECES * getpid() + i);
	die_of_segv();
}

TEST_F_TIMEOUT(forks, a_thousand_children, 240)
{
	unsigned int nr = 0, found[PIECES] = { 0 }, sealed = 0, i;
	struct kredact_info before, after;
	struct core core;
	pid_t pid;

	tag_pieces();
	ASSERT_EQ(0, info(&before));
	while (nr < CHILDREN) {
		pid = fork();
		if (pid == 0)
			bomb();
		ASSERT_LT(0, pid);
		/* The cores of one wave are on the disk at most. */
		while ((pid = wait(NULL)) > 0) {
			ASSERT_TRUE(core_load(&core, pid));
			for (i = 0; i < PIECES; i++) {
				fill_secret(arena->secret[i], SECRET, PIECES * pid + i);
				found[i] += core_count(&core, arena->secret[i], SECRET);
			}
			sealed += core_seal(&core) && core_seal_counts(&core)->ranges == 2;
			core_free(&core);
			nr++;
		}
		ASSERT_EQ(0, arena->error) TH_LOG("%s: %d", arena->why, arena->error);
	}
	EXPECT_EQ(0, nr % WAVE);
	EXPECT_EQ(0, found[WHOLE]);
	EXPECT_EQ(0, found[EXACT]);
	EXPECT_EQ(nr, found[PLAIN]);
	EXPECT_EQ(nr, sealed);
	ASSERT_EQ(0, info(&after));
	EXPECT_EQ(before.dumps + nr, after.dumps);
	EXPECT_EQ(before.seals_failed, after.seals_failed);
	EXPECT_EQ(before.pages_left_out, after.pages_left_out);
	EXPECT_EQ(before.mms, after.mms);
	EXPECT_TRUE(pieces_are_tagged());
}

TEST_HARNESS_MAIN
