// SPDX-License-Identifier: GPL-2.0
/*
 * Threads register, move, divide, end and unmap ranges at the moment at which
 * their process crashes. The rule: memory that was tagged before a secret was
 * written to it, and wiped before the tag ended, never shows the secret.
 *
 * $KREDACT_ROUNDS is the number of crashes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"

#define THREADS	6
#define SECRET	32
#define PAGES	6

/* Told by the child; not dumped. */
struct shared {
	int error;
	unsigned int steps;
	unsigned int random;
};

static struct shared *shared;
static pthread_barrier_t all_there;

static void fail(int error)
{
	__atomic_store_n(&shared->error, error ?: -1, __ATOMIC_RELAXED);
}

/* In every page, at the end of one and the beginning of the next. */
static void write_secrets(uint8_t *mem)
{
	int i;

	for (i = 1; i < PAGES; i++)
		fill_secret(mem + i * PAGE - SECRET / 2, SECRET, 1);
}

static void wipe(uint8_t *mem)
{
	volatile uint8_t *at = mem;
	size_t i;

	for (i = 0; i < PAGES * PAGE; i++)
		at[i] = 0;
}

/* Fresh memory at a fixed place: from the start on nobody else maps anything anywhere. */
static uint8_t *fresh(uint8_t *at)
{
	void *mem = mmap(at, PAGES * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (mem != at)
		fail(-errno);
	return at;
}

static uint8_t *move(uint8_t *mem, uint8_t *to, size_t nr)
{
	void *moved = mremap(mem, nr * PAGE, nr * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);

	if (moved != to)
		fail(-errno);
	return to;
}

static void *work(void *arg)
{
	unsigned int random = shared->random + (uintptr_t)arg * 7919;
	uint8_t *home = pages(PAGES), *away = pages(PAGES);
	struct kredact_range ranges[4];
	struct kredact_batch batch = {
		.size = sizeof(batch),
		.ranges = (uintptr_t)ranges,
		.nr = 4,
		.label = (uintptr_t)"race",
		.label_len = 4,
	};
	uint64_t handle;
	int ret, i;

	pthread_barrier_wait(&all_there);
	while (home && away) {
		if (rand_r(&random) & 1) {
			ret = reg(home, PAGES * PAGE, 0, "race", &handle);
			ranges[0].handle = handle;
			batch.nr = 1;
		} else {
			batch.nr = 4;
			for (i = 0; i < 4; i++) {
				ranges[i].addr = (uintptr_t)home + i * PAGE + 100;
				ranges[i].len = (PAGES - 3) * PAGE - 200;
			}
			ret = ioctl(kredact_fd(), KREDACT_IOC_REGISTER_BATCH, &batch) ? -errno : 0;
		}
		if (ret)
			fail(ret);
		write_secrets(home);

		switch (rand_r(&random) % 4) {
		case 0:
			move(home, away, PAGES);
			write_secrets(away);
			move(away, fresh(home), PAGES);
			fresh(away);
			break;
		case 1:
			/* The middle takes a walk. */
			move(home + 2 * PAGE, away, 2);
			move(away, home + 2 * PAGE, 2);
			fresh(away);
			break;
		case 2:
			if (madvise(home, PAGES * PAGE, MADV_DONTNEED))
				fail(-errno);
			write_secrets(home);
			break;
		}

		if (rand_r(&random) & 1) {
			wipe(home);
			for (i = 0; i < (int)batch.nr; i++) {
				ret = unreg(ranges[i].handle);
				if (ret)
					fail(ret);
			}
		} else {
			/* The tags go with the mapping. */
			fresh(home);
		}
		__atomic_add_fetch(&shared->steps, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void race(void *arg)
{
	uint8_t *control = pages(1);
	pthread_t thread;
	long i;

	fill_secret(control, SECRET, 2);
	pthread_barrier_init(&all_there, NULL, THREADS + 1);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, work, (void *)i))
			fail(-errno);
	pthread_barrier_wait(&all_there);
	usleep(2000 + shared->random % 60000);
}

FIXTURE(race) {
};

FIXTURE_SETUP(race)
{
}

FIXTURE_TEARDOWN(race)
{
}

TEST_F_TIMEOUT(race, threads_and_a_crash, 900)
{
	int rounds = atoi(getenv("KREDACT_ROUNDS") ?: "60"), round;
	unsigned int leaked = 0, controls = 0, sealed = 0, steps = 0;
	uint8_t secret[2][SECRET];
	struct core core;
	pid_t pid;

	core_pattern_save();
	shared = shared_pages(1);
	ASSERT_NE(NULL, shared);
	ASSERT_EQ(0, madvise(shared, PAGE, MADV_DONTDUMP));
	srand(getpid());
	for (round = 0; round < rounds; round++) {
		shared->random = rand();
		pid = crash(race, NULL);
		ASSERT_EQ(0, shared->error);
		ASSERT_LT(0, pid);
		ASSERT_TRUE(core_load(&core, pid));
		/* Made after the fork, so that no child has a copy. */
		fill_secret(secret[0], SECRET, 1);
		fill_secret(secret[1], SECRET, 2);
		leaked += core_count(&core, secret[0], SECRET);
		controls += core_count(&core, secret[1], SECRET);
		sealed += core_seal(&core) != NULL;
		memset(secret, 0, sizeof(secret));
		core_free(&core);
	}
	steps = shared->steps;
	core_pattern_restore();
	TH_LOG("%d crashes, %u registrations that lived and ended", rounds, steps);
	EXPECT_EQ(0, leaked);
	EXPECT_EQ(rounds, controls);
	EXPECT_EQ(rounds, sealed);
	EXPECT_LT(rounds, steps);
}

TEST_HARNESS_MAIN
