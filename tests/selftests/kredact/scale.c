// SPDX-License-Identifier: GPL-2.0
/*
 * Many: a million ranges in one process, and 200 processes that crash at once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"

#define MILLION		1000000u
#define STRIDE		64u
#define PROCESSES	200
#define MEM_BYTES	((size_t)MILLION * STRIDE)

/* Kernel memory that no process owns, in KiB: what the ranges take shows here too. */
static long kernel_kib(void)
{
	char line[128];
	long sum = 0, value;
	FILE *file = fopen("/proc/meminfo", "r");

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemTotal: %ld", &value) == 1)
			sum += value;
		if (sscanf(line, "MemFree: %ld", &value) == 1 ||
		    sscanf(line, "AnonPages: %ld", &value) == 1 ||
		    sscanf(line, "Cached: %ld", &value) == 1 ||
		    sscanf(line, "Buffers: %ld", &value) == 1 ||
		    sscanf(line, "PageTables: %ld", &value) == 1)
			sum -= value;
	}
	if (file)
		fclose(file);
	return sum;
}

/* How many single pages MADV_DONTDUMP can exclude, every other one. */
static unsigned int dontdump_limit(void)
{
	size_t nr = 40000, i;
	uint8_t *mem = mmap(NULL, 2 * nr * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	for (i = 0; i < nr; i++)
		if (madvise(mem + 2 * i * PAGE, PAGE, MADV_DONTDUMP))
			break;
	munmap(mem, 2 * nr * PAGE);
	return i;
}

FIXTURE(scale) {
};

FIXTURE_SETUP(scale)
{
}

FIXTURE_TEARDOWN(scale)
{
}

TEST_F_TIMEOUT(scale, a_million_ranges, 240)
{
	struct kredact_range *ranges = mmap(NULL, MILLION * sizeof(*ranges),
					    PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	uint8_t *mem = mmap(NULL, MEM_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct kredact_info before, now;
	struct kredact_batch batch = { .size = sizeof(batch), .flags = KREDACT_EXACT };
	struct kredact_query q;
	uint64_t handle;
	double bytes, measured;
	long kib;
	unsigned int i, n;

	ASSERT_NE(MAP_FAILED, ranges);
	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, reg(mem, 1, KREDACT_EXACT, NULL, &handle));
	ASSERT_EQ(0, unreg(handle));
	ASSERT_EQ(0, info(&before));
	kib = kernel_kib();
	for (i = 0; i < MILLION; i++) {
		ranges[i].addr = (uintptr_t)mem + (size_t)i * STRIDE;
		ranges[i].len = 32;
	}
	/* Half by batches, half one by one. */
	for (i = 0; i < MILLION / 2; i += n) {
		n = MILLION / 2 - i < KREDACT_BATCH_MAX ? MILLION / 2 - i : KREDACT_BATCH_MAX;
		batch.ranges = (uintptr_t)(ranges + i);
		batch.nr = n;
		ASSERT_EQ(0, ioctl(kredact_fd(), KREDACT_IOC_REGISTER_BATCH, &batch))
			TH_LOG("at %u: %s", i + batch.failed, strerror(errno));
	}
	for (; i < MILLION; i++)
		ASSERT_EQ(0, reg((void *)(uintptr_t)ranges[i].addr, 32, KREDACT_EXACT, NULL,
				 (uint64_t *)&ranges[i].handle)) TH_LOG("at %u", i);
	ASSERT_EQ(0, info(&now));
	EXPECT_EQ(MILLION, now.my_ranges);
	bytes = (double)(now.kernel_bytes - before.kernel_bytes) / MILLION;
	measured = (kernel_kib() - kib) * 1024.0 / MILLION;
	TH_LOG("%.1f bytes of kernel memory for each range by the module's count, %.1f by meminfo",
	       bytes, measured);
	EXPECT_GE(160.0, bytes);
	EXPECT_GE(160.0, measured);
	EXPECT_LE(48.0, measured);

	ASSERT_EQ(0, query(mem, MEM_BYTES, &q));
	EXPECT_EQ(MILLION, q.nr);
	EXPECT_EQ(32ull * MILLION, q.tagged);
	for (i = 0; i < MILLION; i += 7)
		ASSERT_EQ(0, unreg(ranges[i].handle)) TH_LOG("at %u", i);
	ASSERT_EQ(0, info(&now));
	EXPECT_EQ(MILLION - (MILLION + 6) / 7, now.my_ranges);
	ASSERT_EQ(0, munmap(mem, MEM_BYTES));
	ASSERT_EQ(0, info(&now));
	EXPECT_EQ(0, now.my_ranges);
	TH_LOG("MADV_DONTDUMP excludes %u single pages, then fails", dontdump_limit());
}

static void tag_and_wait(uint8_t *mem, unsigned int i, int go)
{
	char byte;

	fill_secret(mem + PAGE, 64, i);
	fill_secret(mem + 3 * PAGE + 8, 64, 1000 + i);
	fill_secret(mem + 5 * PAGE, 64, 2000 + i);
	if (reg(mem + PAGE, 64, 0, "crowd", NULL) ||
	    reg(mem + 3 * PAGE + 8, 64, KREDACT_EXACT, NULL, NULL))
		_exit(1);
	if (read(go, &byte, 1) != 0)
		_exit(2);
	die_of_segv();
}

TEST_F_TIMEOUT(scale, crash_at_once, 120)
{
	uint8_t *mem = pages(8), secret[3][64];
	pid_t pids[PROCESSES];
	struct kredact_info before, after;
	unsigned int leaked = 0, plain = 0, sealed = 0, i;
	int go[2], status;

	core_pattern_save();
	ASSERT_EQ(0, info(&before));
	ASSERT_EQ(0, pipe(go));
	for (i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i]) {
			close(go[1]);
			tag_and_wait(mem, i, go[0]);
		}
	}
	usleep(500000);
	close(go[1]);
	for (i = 0; i < PROCESSES; i++) {
		struct core core;

		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status) && WCOREDUMP(status)) TH_LOG("status %x", status);
		ASSERT_TRUE(core_load(&core, pids[i]));
		fill_secret(secret[0], 64, i);
		fill_secret(secret[1], 64, 1000 + i);
		fill_secret(secret[2], 64, 2000 + i);
		leaked += core_count(&core, secret[0], 64) + core_count(&core, secret[1], 64);
		plain += core_count(&core, secret[2], 64);
		sealed += core_seal(&core) != NULL;
		core_free(&core);
	}
	core_pattern_restore();
	ASSERT_EQ(0, info(&after));
	EXPECT_EQ(0, leaked);
	EXPECT_EQ(PROCESSES, plain);
	EXPECT_EQ(PROCESSES, sealed);
	EXPECT_EQ(before.dumps + PROCESSES, after.dumps);
	EXPECT_EQ(before.pages_left_out, after.pages_left_out);
}

TEST_HARNESS_MAIN
