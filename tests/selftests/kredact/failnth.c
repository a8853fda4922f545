// SPDX-License-Identifier: GPL-2.0
/*
 * The scenarios of faults.c once more, but it is the kernel's fault injection
 * that makes the nth allocation or copy fail, whoever asks for it: the module,
 * elf_core_dump(), mmu_notifier, the page cache that takes the core.
 *
 * A core may be missing or cut short then. What there is of it still holds no
 * tagged secret.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"
#include "scenario.h"

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define DEBUG		"/sys/kernel/debug/"
/* A core of a hundred pages takes a few calls for each. */
#define ROUNDS_MAX	500

/* All allocations, and no report of each. */
static const char *const settings[][2] = {
	{ DEBUG "failslab/ignore-gfp-wait", "N" },
	{ DEBUG "failslab/verbose", "0" },
	{ DEBUG "fail_page_alloc/ignore-gfp-wait", "N" },
	{ DEBUG "fail_page_alloc/ignore-gfp-highmem", "N" },
	{ DEBUG "fail_page_alloc/min-order", "0" },
	{ DEBUG "fail_page_alloc/verbose", "0" },
	{ DEBUG "fail_usercopy/verbose", "0" },
};

static int fail_nth = -1;

static void arm(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	/* It stays open: closing it is not what shall fail. */
	fail_nth = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (write(fail_nth, text, len) != len)
		_exit(1);
}

/* Calls that are still to be made before one fails: 0 if one has. */
static unsigned int left(int fd)
{
	char text[16] = "";

	/* If this fails, nothing did before. */
	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? strtoul(text, NULL, 10) : 1;
}

static unsigned int disarm(void)
{
	unsigned int failed = !left(fail_nth);

	/* This may be the one that fails. */
	while (pwrite(fail_nth, "0", 1, 0) != 1 && errno == EFAULT)
		;
	return failed;
}

static unsigned int failed(pid_t pid)
{
	char path[64];
	unsigned int ret;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/fail-nth", pid, pid);
	fd = open(path, O_RDONLY);
	ret = fd >= 0 && !left(fd);
	close(fd);
	return ret;
}

static const struct faults faults = {
	.arm = arm,
	.disarm = disarm,
	.failed = failed,
	.kernel = true,
};

static void arm_nothing(unsigned int nth)
{
}

static unsigned int nothing_failed(void)
{
	return 0;
}

static unsigned int nothing_failed_in(pid_t pid)
{
	return 0;
}

/* The control. */
static const struct faults none = {
	.arm = arm_nothing,
	.disarm = nothing_failed,
	.failed = nothing_failed_in,
};

static void sweep(struct __test_metadata *_metadata, const struct scenario *scenario)
{
	unsigned int nth = 0, cores = 0, sealed = 0, left_out = 0;
	struct outcome out;

	do {
		scenario_run(scenario, &faults, ++nth, &out);
		ASSERT_STREQ("", out.why) TH_LOG("call %u", nth);
		cores += out.dumped;
		sealed += out.sealed;
		left_out += out.left_out;
	} while (out.failed && nth < ROUNDS_MAX);
	TH_LOG("%u calls failed%s, %u cores, %u seals, %u pages left out", nth - !out.failed,
	       out.failed ? " (there are more)" : "", cores, sealed, left_out);
	ASSERT_LT(1, nth);
	/* With none that fails, all is there. */
	scenario_run(scenario, &none, 0, &out);
	ASSERT_STREQ("", out.why);
	ASSERT_TRUE(out.dumped);
	ASSERT_TRUE(out.sealed);
}

FIXTURE(failnth) {
};

FIXTURE_SETUP(failnth)
{
	size_t i;

	core_pattern_save();
	ASSERT_EQ(0, write_file("/proc/self/coredump_filter", "0x1"));
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		ASSERT_EQ(0, write_file(settings[i][0], settings[i][1]))
			TH_LOG("%s", settings[i][0]);
}

FIXTURE_TEARDOWN(failnth)
{
	core_pattern_restore();
}

#define SWEEP(scenario)									\
	TEST_F_TIMEOUT(failnth, scenario, 900)						\
	{										\
		sweep(_metadata, &scenario);						\
	}

SWEEP(register_one)
SWEEP(register_label)
SWEEP(register_batch)
SWEEP(register_many)
SWEEP(register_pinned)
SWEEP(install_key)
SWEEP(fork_tagged)
SWEEP(move_middle)
SWEEP(unmap_middle)
SWEEP(crash_tagged)
SWEEP(crash_strict)

/* The kernel answers a failing access to the area of rseq with SIGSEGV: do without. */
int main(int argc, char **argv)
{
	if (access(FAIL_NTH, W_OK)) {
		printf("1..0 # SKIP this kernel has no fail-nth (CONFIG_FAULT_INJECTION)\n");
		return KSFT_SKIP;
	}
	if (!getenv("GLIBC_TUNABLES")) {
		setenv("GLIBC_TUNABLES", "glibc.pthread.rseq=0", 1);
		execv("/proc/self/exe", argv);
		return KSFT_FAIL;
	}
	return test_harness_run(argc, argv);
}
