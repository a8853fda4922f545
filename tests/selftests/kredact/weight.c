// SPDX-License-Identifier: GPL-2.0
/*
 * What kredact adds to the time of a dump: for a process that uses it, whose copies
 * are hunted, and for one that does not.
 *
 * Paired rounds, of which the median ratio counts. Exact in a virtual machine
 * that counts instructions ("make bench"); in any other it is an estimate, and a wide
 * limit. Of 1 GiB where the machine has the memory.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "core.h"
#include "module.h"
#include "kselftest_harness.h"

#define ROUNDS	9	/* 3 where they are all alike */
#define SECRETS	20
#define SECRET	256u

/* How the process that is dumped uses kredact. */
enum use { WITHOUT_MODULE, UNTAGGED, TAGGED, NR_USES };

static const char *const use_names[] = { "without the module", "untagged", "tagged and hunted" };

/* Shared with the child that crashes. */
struct load {
	enum use use;
	size_t bytes;
	double start;
	int failed;
};

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

/* Does the clock count instructions? "make bench" says so. */
static bool exact(void)
{
	return getenv("KREDACT_ICOUNT");
}

/* Is there memory for a large process, its core, and the pages it is copied through? */
static bool roomy(void)
{
	struct sysinfo info;

	return !sysinfo(&info) && info.totalram * info.mem_unit >= 5ul << 29;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int rounds(void)
{
	return exact() ? 3 : ROUNDS;
}

static double median(double *values)
{
	qsort(values, rounds(), sizeof(*values), compare);
	return values[rounds() / 2];
}

/* Memory like that of a program: numbers, pointers, text, and what looks random. */
static void fill(uint64_t *mem, size_t words)
{
	static const char text[] = "a line of a log, as long as lines are: 4711 of 815\n";
	uint64_t x = 88172645463325252ull;
	size_t i;

	for (i = 0; i < words; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		switch (i >> 9 & 3) {
		case 0:
			mem[i] = x;
			break;
		case 1:
			mem[i] = i & 1 ? (uintptr_t)mem + (x & 0xffffff) : x & 0xff;
			break;
		case 2:
			memcpy(&mem[i], text + (i * 8) % (sizeof(text) - 8), 8);
			break;
		case 3:
			mem[i] = i & 7 ? 0 : x >> 40;
			break;
		}
	}
}

static void run(void *arg)
{
	struct load *load = arg;
	uint8_t *mem = mmap(NULL, load->bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	int i;

	fill((uint64_t *)mem, load->bytes / 8);
	for (i = 0; load->use == TAGGED && i < SECRETS; i++) {
		fill_secret(mem + i * SECRET, SECRET, i);
		load->failed |= reg(mem + i * SECRET, SECRET, KREDACT_EXACT, NULL, NULL);
	}
	load->start = now_ns();
}

static double dump_ns(struct __test_metadata *_metadata, struct load *load)
{
	char path[64];
	double end;
	pid_t pid;

	ASSERT_EQ(0, load->use == WITHOUT_MODULE ? 0 : module_insert(KREDACT, ""));
	pid = crash(run, load);
	end = now_ns();
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, load->failed);
	snprintf(path, sizeof(path), "/tmp/kredact.core.%d", pid);
	ASSERT_EQ(0, unlink(path));
	ASSERT_EQ(0, load->use == WITHOUT_MODULE ? 0 : module_remove_soon(KREDACT));
	return end - load->start;
}

FIXTURE(weight) {
	struct load *load;
};

FIXTURE_SETUP(weight)
{
	self->load = shared_pages(1);
	ASSERT_NE(NULL, self->load);
	self->load->bytes = roomy() ? 1ul << 30 : 64ul << 20;
	core_pattern_save();
	ASSERT_EQ(0, module_remove_soon(KREDACT));
}

FIXTURE_TEARDOWN(weight)
{
	EXPECT_EQ(0, module_insert(KREDACT, ""));
	core_pattern_restore();
}

TEST_F_TIMEOUT(weight, of_a_dump, 600)
{
	const double limits[NR_USES] = { 1, 1.01, 1.25 };
	double ns[NR_USES][ROUNDS], ratio[NR_USES][ROUNDS];
	struct load *load = self->load;
	int round, use;

	for (round = 0; round < rounds(); round++) {
		for (use = 0; use < NR_USES; use++) {
			load->use = use;
			ns[use][round] = dump_ns(_metadata, load);
			ratio[use][round] = ns[use][round] / ns[WITHOUT_MODULE][round];
		}
	}
	for (use = 0; use < NR_USES; use++) {
		TH_LOG("%zu MiB, %s: %.0f us, ratio %.3f", load->bytes >> 20, use_names[use],
		       median(ns[use]) / 1000, median(ratio[use]));
		EXPECT_GE(exact() ? limits[use] : 2, median(ratio[use]));
	}
}

TEST_HARNESS_MAIN
