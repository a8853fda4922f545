// SPDX-License-Identifier: GPL-2.0
/*
 * Processes whose threads tag buffers, write a secret, wipe it and end the tag, in
 * pages that they share with each other, die of SIGSEGV at a random moment; half of
 * them have forked a child that does likewise, and dies too. No core has a secret;
 * each that was not killed has the control. $KREDACT_CRASHES is how many, 60.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"
#include "store.h"

#define THREADS		4
#define PAGES		4
#define SLOT		256
#define SECRET		64

struct shared {
	uint8_t secret[SECRET];
	uint8_t control[SECRET];
	uint8_t *mem;
	pid_t child;
	unsigned int rounds;
};

static struct shared *shared;
static unsigned int seed = 1;

/* Each thread has every fourth slot of all pages. */
static void *work(void *arg)
{
	unsigned int slot = (uintptr_t)arg;

	for (;;) {
		uint8_t *at = shared->mem + slot * SLOT + slot % 7;
		volatile unsigned int i;

		store_tag(at, SECRET);
		fill_secret(at, SECRET, 900);
		for (i = 0; i < 50; i++)
			;
		explicit_bzero(at, SECRET);
		store_untag(at);
		__atomic_fetch_add(&shared->rounds, 1, __ATOMIC_RELAXED);
		slot = (slot + THREADS) % (PAGES * PAGE / SLOT);
	}
	return NULL;
}

static void start_threads(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	uintptr_t i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16 * PAGE);
	for (i = 0; i < THREADS; i++)
		pthread_create(&thread, &attr, work, (void *)i);
}

/* Only the parent tells who it is: both have the same place for that. */
static pid_t fork_child(void)
{
	pid_t pid = fork();

	if (pid)
		shared->child = pid;
	return pid;
}

static void live(bool forks)
{
	fill_secret(shared->mem + PAGES * PAGE, SECRET, 901);
	start_threads();
	if (forks) {
		usleep(20000);
		if (!fork_child())
			start_threads();
	}
	for (;;)
		pause();
}

struct tally {
	unsigned int crashes, kept, killed, leaks, no_control;
};

static void crash_at(pid_t pid, struct tally *t)
{
	struct core core;
	int status;

	kill(pid, SIGSEGV);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		return;
	t->crashes++;
	core_load(&core, pid);
	if (core.bytes && core_count(&core, shared->secret, SECRET))
		t->leaks++;
	if (WTERMSIG(status) == SIGKILL) {
		t->killed++;
	} else {
		t->kept++;
		if (!core.bytes || !core_count(&core, shared->control, SECRET))
			t->no_control++;
	}
	core_free(&core);
}

static void crash_one(struct tally *t, bool forks)
{
	pid_t pid;

	shared->child = 0;
	shared->rounds = 0;
	pid = fork();
	if (!pid)
		live(forks);
	while (__atomic_load_n(&shared->rounds, __ATOMIC_RELAXED) < 10 ||
	       (forks && !__atomic_load_n(&shared->child, __ATOMIC_RELAXED)))
		usleep(1000);
	usleep(rand_r(&seed) % 20000);
	crash_at(pid, t);
	if (forks)
		crash_at(shared->child, t);
}

static void make_shared(void)
{
	shared = shared_pages(1);
	madvise(shared, PAGE, MADV_DONTDUMP);
	fill_secret(shared->secret, SECRET, 900);
	fill_secret(shared->control, SECRET, 901);
	shared->mem = pages(PAGES + 1);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	core_pattern_save();
}

FIXTURE(crashes) {
};

FIXTURE_SETUP(crashes)
{
	make_shared();
}

FIXTURE_TEARDOWN(crashes)
{
	core_pattern_restore();
}

/* That the search can find it: without tags, some cores have the secret. */
TEST_F(crashes, control)
{
	struct tally t = {};
	int i;

	for (i = 0; i < 20; i++)
		crash_one(&t, false);
	printf("# control: %u crashes, %u with the secret\n", t.crashes, t.leaks);
	EXPECT_EQ(20, t.crashes);
	EXPECT_EQ(0, t.no_control);
	EXPECT_LT(0, t.leaks);
}

TEST_F_TIMEOUT(crashes, tagged, 280)
{
	const char *wanted = getenv("KREDACT_CRASHES");
	unsigned int nr = wanted ? atoi(wanted) : 60;
	struct free_counters c;
	struct free_opts opts = {};
	struct tally t = {};
	struct store *store;
	enum free_why why;
	unsigned int i;

	store = store_open(&opts, &why);
	ASSERT_NE(NULL, store);
	for (i = 0; t.crashes < nr && i < nr; i++)
		crash_one(&t, i % 2);
	ASSERT_EQ(0, free_read_counters(store_mode(store), &c));
	printf("# %u crashes: %u cores, %u killed, %u leaks; %llu tags, %llu pages zeroed, "
	       "killed for unwritable pages %llu, shared memory %llu\n", t.crashes, t.kept,
	       t.killed, t.leaks, c.tags, c.pages_zeroed, c.killed[FREE_UNWRITABLE],
	       c.killed[FREE_SHARED_MM]);
	EXPECT_LE(nr, t.crashes);
	EXPECT_EQ(0, t.leaks);
	EXPECT_EQ(0, t.no_control);
	EXPECT_LT(0, t.kept);
	EXPECT_LT(0, c.pages_zeroed);
	EXPECT_EQ(0, c.tags_lost);
	EXPECT_EQ(0, c.unkillable);
	EXPECT_EQ(0, free_missed(store_mode(store)));
	store_close(store);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static uint64_t tag_untag(unsigned int rounds)
{
	uint64_t start = now();
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		store_tag(shared->mem + 64, 32);
		store_untag(shared->mem + 64);
	}
	return (now() - start) / rounds;
}

/* Some hundred pages, all tagged or none. */
static uint64_t dump(size_t nr, bool tagged)
{
	uint8_t *mem = pages(nr);
	uint64_t start;
	struct core core;
	int status;
	pid_t pid = fork();
	size_t i;

	if (!pid) {
		if (tagged)
			store_tag(mem, nr * PAGE);
		for (i = 0; i < nr; i++)
			mem[i * PAGE] = 1;
		raise(SIGSTOP);
		die_of_segv();
	}
	waitpid(pid, &status, WUNTRACED);
	start = now();
	kill(pid, SIGCONT);
	waitpid(pid, &status, 0);
	start = now() - start;
	if (core_load(&core, pid))
		core_free(&core);
	munmap(mem, nr * PAGE);
	return start;
}

/* No limits: figures for Documentation/module-free.rst. */
TEST_F(crashes, costs)
{
	struct free_opts opts = {};
	uint64_t without, with, plain, bare;
	struct store *store;
	enum free_why why;

	without = tag_untag(1000);
	bare = dump(4000, false);
	store = store_open(&opts, &why);
	ASSERT_NE(NULL, store);
	tag_untag(10);
	with = tag_untag(1000);
	plain = dump(4000, false);
	printf("# tag and untag: %llu ns, without probes %llu ns\n", (unsigned long long)with,
	       (unsigned long long)without);
	printf("# dump of 4000 pages: %llu us without the mode, %llu us untagged, %llu us tagged\n",
	       (unsigned long long)bare / 1000, (unsigned long long)plain / 1000,
	       (unsigned long long)dump(4000, true) / 1000);
	store_close(store);
}

TEST_HARNESS_MAIN
