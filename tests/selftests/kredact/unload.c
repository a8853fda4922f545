// SPDX-License-Identifier: GPL-2.0
/*
 * Unloading: refused while anything is tagged or dumped, harmless otherwise,
 * again and again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"
#include "module.h"

static int load(void)
{
	return module_insert(KREDACT, "");
}

static int unload(void)
{
	return module_remove(KREDACT);
}

static int unload_soon(void)
{
	return module_remove_soon(KREDACT);
}

TEST(refused_while_tagged)
{
	uint8_t *mem = pages(1);
	uint64_t handle;
	pid_t pid;
	int fd, status, ready[2];
	char byte;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		/* Tagged, with no descriptor left. */
		if (reg(mem, 1, 0, NULL, &handle))
			_exit(1);
		close(kredact_fd());
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	EXPECT_EQ(-EWOULDBLOCK, unload());
	EXPECT_EQ(-EWOULDBLOCK, unload());
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, unload_soon());
	EXPECT_EQ(-ENOENT, unload());
	ASSERT_EQ(0, load());

	fd = open(KREDACT_DEVICE, O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EWOULDBLOCK, unload());
	close(fd);
	EXPECT_EQ(0, unload_soon());
	ASSERT_EQ(0, load());
}

#define FTRACE_ENABLED	"/proc/sys/kernel/ftrace_enabled"

/* Redaction hangs on ftrace: who wants to switch it off is told so, and the other way round. */
TEST(ftrace_stays_on)
{
	EXPECT_EQ(-EBUSY, write_file(FTRACE_ENABLED, "0"));
	ASSERT_EQ(0, unload_soon());
	ASSERT_EQ(0, write_file(FTRACE_ENABLED, "0"));
	EXPECT_EQ(-EBUSY, load());
	ASSERT_EQ(0, write_file(FTRACE_ENABLED, "1"));
	EXPECT_EQ(0, load());
}

TEST(disabled_by_its_parameter)
{
	ASSERT_EQ(0, unload_soon());
	EXPECT_EQ(-ECANCELED, module_insert(KREDACT, "disable"));
	EXPECT_EQ(-ENOENT, unload());
	EXPECT_EQ(-1, kredact_fd());
	EXPECT_EQ(0, module_insert(KREDACT, "disable=0"));
}

/* A dump of an untagged process into a pipe that nobody reads for a second. */
TEST(refused_while_a_dump_is_in_flight)
{
	uint8_t *mem = pages(64);
	struct core core;
	uint8_t secret[64];
	pid_t pid;
	int status;

	core_pattern_save();
	ASSERT_TRUE(core_pipe_set("#!/bin/sh\nsleep 1\nexec cat > /tmp/kredact.core.$1\n"));
	fill_secret(mem, 64 * PAGE, 3);
	memcpy(secret, mem + 32 * PAGE, 64);
	pid = fork();
	if (!pid)
		die_of_segv();
	usleep(400000);
	EXPECT_EQ(-EWOULDBLOCK, unload());
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WCOREDUMP(status));
	EXPECT_EQ(0, unload_soon());
	EXPECT_EQ(0, load());
	core_pattern_restore();
	ASSERT_TRUE(core_load(&core, pid));
	EXPECT_LE(1, core_count(&core, secret, 64));
	core_free(&core);
}

/* Processes fork, move memory and crash again and again while the module comes and goes. */
static _Noreturn void busy(void)
{
	uint8_t *mem = pages(4), *to;
	char path[64];

	for (;;) {
		pid_t pid = fork();

		if (!pid)
			die_of_segv();
		waitpid(pid, NULL, 0);
		snprintf(path, sizeof(path), "/tmp/kredact.core.%d", pid);
		unlink(path);
		to = mremap(mem, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			    mem + 64 * PAGE);
		mem = mremap(to, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			     to - 64 * PAGE);
		usleep(20000);
	}
}

FIXTURE(unload) {
};

FIXTURE_SETUP(unload)
{
}

FIXTURE_TEARDOWN(unload)
{
}

/* $KREDACT_ROUNDS is how often. */
TEST_F_TIMEOUT(unload, reload_again_and_again, 900)
{
	int i, rounds = atoi(getenv("KREDACT_ROUNDS") ?: "40");
	pid_t pids[2];

	core_pattern_save();
	for (i = 0; i < 2; i++) {
		pids[i] = fork();
		if (!pids[i])
			busy();
	}
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, unload_soon()) TH_LOG("round %d", i);
		ASSERT_EQ(0, load()) TH_LOG("round %d", i);
	}
	for (i = 0; i < 2; i++) {
		kill(pids[i], SIGKILL);
		ASSERT_EQ(pids[i], waitpid(pids[i], NULL, 0));
	}
	core_pattern_restore();
	EXPECT_LE(0, kredact_fd());
}

TEST_HARNESS_MAIN
