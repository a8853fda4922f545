// SPDX-License-Identifier: GPL-2.0
/*
 * What a registration costs, against what people use today:
 * madvise(MADV_DONTDUMP) of the same pages.
 *
 * Paired rounds, of which the median ratio counts. Exact in a virtual machine
 * that counts instructions ("make bench"); in any other it is an estimate.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "core.h"
#include "kselftest_harness.h"

#define CALLS	2000
#define ROUNDS	7

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	return values[ROUNDS / 2];
}

FIXTURE(cost) {
	uint8_t *mem;
};

FIXTURE_SETUP(cost)
{
	self->mem = mmap(NULL, 2 * CALLS * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
}

FIXTURE_TEARDOWN(cost)
{
	munmap(self->mem, 2 * CALLS * PAGE);
}

TEST_F_TIMEOUT(cost, register_against_madvise, 120)
{
	double madvised[ROUNDS], registered[ROUNDS], unregistered[ROUNDS], ratio[ROUNDS], start;
	static uint64_t handles[CALLS];
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		/* Every other page, as keys lie between other things. */
		start = now_ns();
		for (i = 0; i < CALLS; i++)
			ASSERT_EQ(0, madvise(self->mem + 2 * i * PAGE, PAGE, MADV_DONTDUMP));
		madvised[round] = (now_ns() - start) / CALLS;
		ASSERT_EQ(0, madvise(self->mem, 2 * CALLS * PAGE, MADV_DODUMP));

		start = now_ns();
		for (i = 0; i < CALLS; i++)
			ASSERT_EQ(0, reg(self->mem + 2 * i * PAGE, PAGE, 0, NULL, &handles[i]));
		registered[round] = (now_ns() - start) / CALLS;

		start = now_ns();
		for (i = 0; i < CALLS; i++)
			ASSERT_EQ(0, unreg(handles[i]));
		unregistered[round] = (now_ns() - start) / CALLS;
		ratio[round] = registered[round] / madvised[round];
	}
	TH_LOG("MADV_DONTDUMP %.0f ns, register %.0f ns, unregister %.0f ns, ratio %.2f",
	       median(madvised), median(registered), median(unregistered), median(ratio));
	EXPECT_GE(0.5, median(ratio));
}

TEST_HARNESS_MAIN
