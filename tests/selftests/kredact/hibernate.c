// SPDX-License-Identifier: GPL-2.0
/*
 * Hibernation: no image while anything is tagged, nothing new is tagged while an image is
 * being prepared, and otherwise it works. /dev/snapshot prepares like "echo disk", and
 * without the rest.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/fs.h>

#include "core.h"
#include "kselftest_harness.h"
#include "module.h"

#define SNAPSHOT	"/dev/snapshot"
#define STATE		"/sys/power/state"
#define SWAP		"/out/swap"

static bool log_has(const char *words)
{
	static char log[1 << 18];
	int len = klogctl(3, log, sizeof(log) - 1);

	log[len < 0 ? 0 : len] = '\0';
	return strstr(log, words);
}

FIXTURE(hibernate) {
	uint8_t *mem;
	uint64_t handle;
};

FIXTURE_SETUP(hibernate)
{
	if (access(SNAPSHOT, F_OK))
		SKIP(return, "this kernel has no hibernation (CONFIG_HIBERNATION)");
	self->mem = pages(1);
	ASSERT_NE(NULL, self->mem);
}

FIXTURE_TEARDOWN(hibernate)
{
}

#ifdef KREDACT_IMAGE

/* Where a swap file begins on its disk, which is where an image is looked for. */
static int set_offset(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), block = 0, ret;
	char text[16];

	ret = ioctl(fd, FIBMAP, &block) ? -errno : 0;
	close(fd);
	snprintf(text, sizeof(text), "%d", block);
	return ret ? ret : write_file("/sys/power/resume_offset", text);
}

/* The whole of it, to a disk and back: "test_resume" does not end the machine. It takes a while. */
TEST_F_TIMEOUT(hibernate, works_without_tags, 300)
{
	const char *make = "dd if=/dev/zero of=" SWAP " bs=1M count=512 2>/dev/null && "
			   "chmod 600 " SWAP " && mkswap " SWAP " >/dev/null && swapon " SWAP;

	ASSERT_EQ(0, system(make));
	ASSERT_EQ(0, set_offset(SWAP));
	EXPECT_EQ(0, write_file("/sys/power/disk", "test_resume"));
	EXPECT_EQ(0, write_file(STATE, "disk"));
	/* The log is that of the image: what came after it is gone. */
	EXPECT_TRUE(log_has("hibernation exit"));
	EXPECT_FALSE(log_has("Image saving done"));
	ASSERT_EQ(0, reg(self->mem, 1, 0, NULL, &self->handle));
	EXPECT_EQ(0, unreg(self->handle));
	EXPECT_EQ(0, system("swapoff " SWAP " && rm " SWAP));
}

#else

/* Begins to prepare an image: a descriptor, or -errno. */
static int prepare(void)
{
	int fd = open(SNAPSHOT, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

TEST_F(hibernate, refused_while_tagged)
{
	int fd;

	ASSERT_EQ(0, reg(self->mem, 1, 0, NULL, &self->handle));
	EXPECT_EQ(-EBUSY, prepare());
	EXPECT_EQ(-EBUSY, write_file(STATE, "disk"));
	EXPECT_TRUE(log_has("kredact: hibernation is refused: 1 ranges are tagged"));
	/* A refusal is in nobody's way. */
	ASSERT_EQ(0, unreg(self->handle));
	ASSERT_EQ(0, reg(self->mem, 1, 0, NULL, &self->handle));
	ASSERT_EQ(0, unreg(self->handle));
	fd = prepare();
	EXPECT_LE(0, fd);
	close(fd);
}

TEST_F(hibernate, nothing_new_while_prepared)
{
	int fd = prepare();

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBUSY, reg(self->mem, 1, 0, NULL, &self->handle));
	EXPECT_EQ(-EBUSY, reg(self->mem, 1, KREDACT_NOPIN, "label", &self->handle));
	close(fd);
	ASSERT_EQ(0, reg(self->mem, 1, 0, NULL, &self->handle));
	EXPECT_EQ(0, unreg(self->handle));
}

/* Tags while an image is prepared, and prepares one with tags: 0, or the step that failed. */
static int use_both(uint8_t *mem)
{
	uint64_t handle;
	int fd;

	if (reg(mem, 1, 0, NULL, &handle))
		return 1;
	fd = prepare();
	if (fd < 0)
		return 2;
	if (unreg(handle) || reg(mem, 1, 0, NULL, &handle))
		return 3;
	return 0;
}

/* In a child, so that nothing holds the module afterwards. */
TEST_F(hibernate, allowed)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, module_remove_soon(KREDACT));
	EXPECT_EQ(-EINVAL, module_insert(KREDACT, "hibernate=perhaps"));
	ASSERT_EQ(0, module_insert(KREDACT, "hibernate=allow"));
	pid = fork();
	if (!pid)
		_exit(use_both(self->mem));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, module_remove_soon(KREDACT));
	ASSERT_EQ(0, module_insert(KREDACT, ""));
}

#endif /* KREDACT_IMAGE */

TEST_HARNESS_MAIN
