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
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
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
	if (fd < 0 && errno == ENOENT)
		SKIP(return, "this kernel has no /proc/kcore");
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

/* The same by a 32-bit call: number 316 there. */
static long compat_vmsplice(int fd, const void *vec, unsigned long nr)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret) : "a"(316L), "b"((long)fd), "c"(vec), "d"(nr),
		     "S"(0L) : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

/* What a process gives away: 64 bytes of @at, alone, behind others, and by a 32-bit call. */
static unsigned int give(uint8_t *at, uint8_t *other, uint32_t *low)
{
	struct iovec pieces[2] = { { other, PAGE }, { at, SECRET } };
	unsigned int given = 0;
	int ends[2];

	if (pipe(ends))
		return -1;
	given |= (vmsplice(ends[1], pieces + 1, 1, 0) == SECRET) << 0;
	given |= (vmsplice(ends[1], pieces, 2, 0) == PAGE + SECRET) << 1;
	low[0] = (uintptr_t)at;
	low[1] = SECRET;
	given |= (compat_vmsplice(ends[1], low, 1) == SECRET) << 2;
	close(ends[0]);
	close(ends[1]);
	return given;
}

/* Goes on with a process that stops itself, to its next stop or its end. */
static int go_on(pid_t pid)
{
	int status = 0;

	ptrace(PTRACE_CONT, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	return status;
}

static int unseal(pid_t pid)
{
	struct kredact_unseal args = {
		.size = sizeof(args),
		.flags = KREDACT_PIDFD,
		.pidfd = syscall(SYS_pidfd_open, pid, 0),
		.seconds = 60,
		.reason = (uintptr_t)"a checkpoint",
		.reason_len = strlen("a checkpoint"),
	};

	return ioctl(kredact_fd(), KREDACT_IOC_UNSEAL, &args);
}

/* CRIU has the process do it: who is traced does not give away what is tagged. */
TEST_F(outreach, vmsplice_of_the_traced_is_refused)
{
	void *low = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	uint8_t *tagged = (uint8_t *)low + PAGE, *other = pages(2);
	uint64_t handle;
	int status;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, low);
	memset(other, 1, 2 * PAGE);
	memcpy(tagged, self->secret, SECRET);
	/* Only those bytes, but what is given away are pages. */
	ASSERT_EQ(0, reg(tagged + 200, 1, KREDACT_EXACT, NULL, &handle));
	pid = fork();
	if (!pid) {
		if (give(tagged, other, low) != 7)
			_exit(1);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		if (give(tagged, other, low) != 0 || errno != EPERM ||
		    give(other + PAGE, other, low) != 7 - 4 * ((uintptr_t)other >> 32 != 0))
			_exit(2);
		raise(SIGSTOP);
		_exit(give(tagged, other, low) == 7 ? 0 : 3);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status)) TH_LOG("status %#x", status);
	status = go_on(pid);
	ASSERT_TRUE(WIFSTOPPED(status)) TH_LOG("status %#x", status);
	ASSERT_EQ(0, unseal(pid));
	EXPECT_EQ(0, go_on(pid));
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
