// SPDX-License-Identifier: GPL-2.0
/*
 * Listing while everything changes: what stays is told once, a list ends, and nothing of
 * it holds on to processes or to the module.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "listing.h"
#include "module.h"

FIXTURE(list) {
};

FIXTURE_SETUP(list)
{
	ASSERT_LE(0, kredact_fd());
	ASSERT_TRUE(arena_make());
}

FIXTURE_TEARDOWN(list)
{
}

/* Ranges that stay, while threads register, unregister, unmap and move others; shared. */
#define STABLE	500u

static struct kredact_range *stable;

static void *stampede(void *arg)
{
	unsigned int nr = (uintptr_t)arg, seed = nr;
	uint8_t *mem = pages(8), *to;
	uint64_t handle[16] = { 0 };

	while (!__atomic_load_n(&arena->stop, __ATOMIC_RELAXED)) {
		unsigned int i = rand_r(&seed) % 16;

		if (handle[i])
			unreg(handle[i]);
		/* Among the ranges that stay, and elsewhere. */
		reg(i & 1 ? page(0) + rand_r(&seed) % (8 * PAGE) : mem + rand_r(&seed) % (4 * PAGE),
		    1 + rand_r(&seed) % 200, KREDACT_EXACT | KREDACT_NOPIN, i & 2 ? "moving" : NULL,
		    &handle[i]);
		if (rand_r(&seed) % 8)
			continue;
		to = mremap(mem, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, mem + 4 * PAGE);
		if (to == mem + 4 * PAGE) {
			munmap(to + PAGE, PAGE);
			mremap(to, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, mem);
			fresh(mem, 8 * PAGE);
		}
	}
	return NULL;
}

static void rush(void)
{
	static pthread_t threads[3];
	unsigned int i;

	if (batch(page(0), 41, STABLE, stable))
		_exit(1);
	tell(arena->ready[1]);
	for (i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, stampede, (void *)(uintptr_t)i);
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

TEST_F_TIMEOUT(list, while_it_changes, 120)
{
	unsigned int round, i, others = 0, seen;
	struct kredact_list list;
	int pidfd, nr, at;
	pid_t pid;

	stable = shared_pages(4);
	ASSERT_NE(NULL, stable);
	pid = fork();
	if (!pid) {
		rush();
		_exit(0);
	}
	await(arena->ready[0]);
	pidfd = pidfd_of(pid);
	for (round = 0; round < 300; round++) {
		nr = list_all(pidfd, 1 + round % 40, &list);
		ASSERT_LE((int)STABLE, nr);
		ASSERT_GT((int)MANY, nr);
		for (at = 0, seen = 0; at < nr; at++) {
			ASSERT_TRUE(!at || tags[at].addr >= tags[at - 1].addr);
			for (i = 0; i < STABLE; i++)
				if (tags[at].handle == stable[i].handle)
					break;
			others += i == STABLE;
			if (i == STABLE)
				continue;
			ASSERT_EQ(stable[i].addr, tags[at].addr);
			seen++;
		}
		ASSERT_EQ(STABLE, seen) TH_LOG("round %u", round);
	}
	TH_LOG("%u others seen", others);
	EXPECT_LT(0, others);
	arena->stop = true;
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
}

/* Registers above all that it has, for ever: a list of it ends all the same. */
static void runaway(void)
{
	uint8_t *mem = pages(4096);
	uint64_t before = 0, handle;
	size_t at;

	tag(page(0), 1, KREDACT_EXACT);
	tell(arena->ready[1]);
	for (at = 0;; at = (at + 1) % (4096 * PAGE)) {
		reg(mem + at, 1, KREDACT_EXACT | KREDACT_NOPIN, NULL, &handle);
		if (before)
			unreg(before);
		before = handle;
	}
}

TEST_F_TIMEOUT(list, ends, 60)
{
	struct kredact_list list;
	unsigned int round;
	pid_t pid;
	int nr;

	pid = fork();
	if (!pid)
		runaway();
	await(arena->ready[0]);
	for (round = 0; round < 200; round++) {
		nr = list_all(pidfd_of(pid), 1, &list);
		ASSERT_LE(0, nr);
		/* Its own, and of the others those of one moment. */
		ASSERT_GE(3, nr);
	}
	end(pid);
}

static void *list_others(void *arg)
{
	struct kredact_list list;
	struct kredact_tag some[8];
	unsigned long lists = 0;
	unsigned int i;

	while (!__atomic_load_n(&arena->stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < 8; i++) {
			pid_t pid = __atomic_load_n(&arena->pids[i], __ATOMIC_RELAXED);
			int pidfd = pid > 0 ? pidfd_of(pid) : -1;

			if (pidfd < 0)
				continue;
			list = begin(pidfd);
			while (!next(&list, some, 8) && list.nr)
				;
			lists += list.nr == 0;
			close(pidfd);
		}
	}
	return (void *)lists;
}

/* Processes come, fork, call exec and go while they are listed. */
TEST_F_TIMEOUT(list, processes_that_end, 180)
{
	pthread_t thread[2];
	unsigned int round;
	void *lists;
	pid_t pid;

	pthread_create(&thread[0], NULL, list_others, NULL);
	pthread_create(&thread[1], NULL, list_others, NULL);
	for (round = 0; round < 400; round++) {
		pid = fork();
		if (!pid) {
			tag(page(round % 32), 2 * PAGE, 0);
			pid = fork();
			if (!pid) {
				tag(page(round % 32), PAGE, KREDACT_NOPIN);
				_exit(0);
			}
			if (round & 1)
				execl("/proc/self/exe", "list", "--exit", NULL);
			waitpid(pid, NULL, 0);
			_exit(0);
		}
		__atomic_store_n(&arena->pids[round % 8], pid, __ATOMIC_RELAXED);
		if (round >= 8)
			waitpid(-1, NULL, 0);
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
	arena->stop = true;
	pthread_join(thread[0], &lists);
	EXPECT_LT(0, (unsigned long)lists);
	pthread_join(thread[1], &lists);
	TH_LOG("%lu lists", (unsigned long)lists);
}

FIXTURE(afterwards) {
};

FIXTURE_SETUP(afterwards)
{
}

FIXTURE_TEARDOWN(afterwards)
{
}

/* All of these processes have gone: nothing holds the module for them. */
TEST_F(afterwards, nothing_is_left)
{
	ASSERT_EQ(0, module_remove_soon(KREDACT));
	ASSERT_EQ(0, module_insert(KREDACT, ""));
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--exit"))
		return 0;
	return test_harness_run(argc, argv);
}
