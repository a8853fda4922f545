// SPDX-License-Identifier: GPL-2.0
/*
 * Ways to the memory of a process that do not go through what the module redirects: which of
 * them the kernel refuses, and which show what is tagged. Documentation/live-readers.rst has
 * a row for each; should one change its column, this test says so.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"

#define SECRET	64u

FIXTURE(outreach) {
	uint8_t *mem;
	uint8_t secret[SECRET];
};

FIXTURE_SETUP(outreach)
{
	uint64_t handle;
	unsigned int i;

	for (i = 0; i < SECRET; i++)
		self->secret[i] = 0x80 | (i * 41 + 7);
	self->mem = pages(1);
	ASSERT_NE(NULL, self->mem);
	memcpy(self->mem + 200, self->secret, SECRET);
	ASSERT_EQ(0, reg(self->mem + 200, SECRET, KREDACT_PIN, NULL, &handle));
}

FIXTURE_TEARDOWN(outreach)
{
}

/* Where the page is in memory, as root may know. */
static uint64_t physical(const void *at)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (pread(fd, &entry, sizeof(entry), (uintptr_t)at / PAGE * sizeof(entry)) !=
	    sizeof(entry) || !(entry >> 63))
		entry = 0;
	close(fd);
	return (entry & ((1ull << 55) - 1)) * PAGE;
}

/* CONFIG_STRICT_DEVMEM. */
TEST_F(outreach, dev_mem_is_refused)
{
	uint64_t address = physical(self->mem);
	uint8_t got[SECRET];
	int fd = open("/dev/mem", O_RDONLY | O_CLOEXEC);

	ASSERT_NE(0, address);
	if (fd < 0) {
		/* Lockdown refuses even that. */
		EXPECT_EQ(EPERM, errno);
		return;
	}
	errno = 0;
	EXPECT_EQ(-1, pread(fd, got, SECRET, address + 200));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, address));
	EXPECT_EQ(EPERM, errno);
	close(fd);
}

/* All of memory, for root: nothing of it is redacted. */
TEST_F(outreach, proc_kcore_shows_it)
{
	uint64_t address = physical(self->mem) + 200;
	int fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC), i;
	uint8_t got[SECRET] = { 0 };
	Elf64_Phdr segment;
	Elf64_Ehdr header;

	ASSERT_NE(200, address);
	ASSERT_LE(0, fd);
	ASSERT_EQ(sizeof(header), pread(fd, &header, sizeof(header), 0));
	for (i = 0; i < header.e_phnum; i++) {
		ASSERT_EQ(sizeof(segment), pread(fd, &segment, sizeof(segment),
						 header.e_phoff + i * sizeof(segment)));
		/* The kernel's own mapping of all memory. */
		if (segment.p_type != PT_LOAD || segment.p_paddr == (uint64_t)-1 ||
		    address - segment.p_paddr >= segment.p_memsz)
			continue;
		ASSERT_EQ(SECRET, pread(fd, got, SECRET,
					segment.p_offset + (address - segment.p_paddr)));
		if (!memcmp(got, self->secret, SECRET))
			break;
	}
	EXPECT_EQ(0, memcmp(got, self->secret, SECRET));
	close(fd);
}

/* The process gives its pages away itself; whoever has the other end sees them. */
TEST_F(outreach, vmsplice_shows_it)
{
	struct iovec piece = { self->mem + 200, SECRET };
	uint8_t got[SECRET] = { 0 };
	int ends[2], status;
	pid_t pid;

	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(SECRET, vmsplice(ends[1], &piece, 1, 0));
	pid = fork();
	if (!pid)
		_exit(read(ends[0], got, SECRET) != SECRET ||
		      memcmp(got, self->secret, SECRET));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Nobody can have another process do it. */
TEST_F(outreach, proc_mem_is_not_spliced)
{
	uint8_t got[SECRET];
	int ends[2], fd, status;
	loff_t at = (uintptr_t)self->mem + 200;
	char path[32];
	pid_t pid;

	ASSERT_EQ(0, pipe(ends));
	snprintf(path, sizeof(path), "/proc/%d/mem", getpid());
	pid = fork();
	if (!pid) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		/* Refused, or by way of a read, which is redacted. */
		if (fd < 0)
			_exit(1);
		if (splice(fd, &at, ends[1], NULL, SECRET, 0) <= 0)
			_exit(0);
		_exit(read(ends[0], got, SECRET) != SECRET || memchr(got, self->secret[0], SECRET));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
