// SPDX-License-Identifier: GPL-2.0
/*
 * Live readers: whoever reads the memory of another process sees zeros where something is
 * tagged, by every way that there is, and nothing else is different for him.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "become.h"
#include "core.h"
#include "kselftest_harness.h"

#define PAGES	6u
#define SECRET	64u

/* Offsets in the memory of the process that is read. */
#define WHOLE	(PAGE + 100)		/* tagged, and with it its page */
#define EXACT	(3 * PAGE - 20)		/* tagged byte by byte, over a border */
#define PLAIN	(4 * PAGE + 200)	/* not tagged */

enum way { PEEK, PROC_MEM, READV, COMPAT_READV, WAYS };

/**
 * struct process - one that is read, and what it shares with who reads
 * @pid:	its pid
 * @pidfd:	likewise
 * @mem:	PAGES pages that are private to each
 * @shared:	a page that both have
 * @stop:	tells it to end
 */
struct process {
	pid_t pid;
	int pidfd;
	uint8_t *mem;
	uint8_t *shared;
	volatile int *stop;
};

FIXTURE(readers) {
	struct process p;
	uint8_t secret[SECRET];
	uint8_t *got;
};

static void wait_here(void)
{
	for (;;)
		pause();
}

/* Below 4 GiB, so that 32-bit calls can name it. */
static uint8_t *low_pages(unsigned int nr, int sharing)
{
	void *at = mmap(NULL, nr * PAGE, PROT_READ | PROT_WRITE,
			sharing | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static void put_secrets(struct process *p, const uint8_t *secret)
{
	memset(p->mem, 0x11, PAGES * PAGE);
	memcpy(p->mem + WHOLE, secret, SECRET);
	memcpy(p->mem + EXACT, secret, SECRET);
	memcpy(p->mem + PLAIN, secret, SECRET);
}

/* A child that has done @run, and is stopped by ptrace. */
static bool begin(struct process *p, void (*run)(struct process *p), void (*become)(void))
{
	int status;

	p->pid = fork();
	if (!p->pid) {
		run(p);
		become();
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		wait_here();
	}
	p->pidfd = syscall(SYS_pidfd_open, p->pid, 0);
	return waitpid(p->pid, &status, 0) == p->pid && WIFSTOPPED(status);
}

static void tag_two(struct process *p)
{
	uint64_t handle;

	if (reg(p->mem + WHOLE, SECRET, 0, "whole", &handle) ||
	    reg(p->mem + EXACT, SECRET, KREDACT_EXACT, "exact", &handle))
		_exit(1);
}

static void tag_nothing(struct process *p)
{
	(void)p;
}

FIXTURE_SETUP(readers)
{
	unsigned int i;

	ASSERT_LE(0, kredact_fd());
	for (i = 0; i < SECRET; i++)
		self->secret[i] = 0x80 | (i * 37 + 11);
	self->p.mem = low_pages(PAGES, MAP_PRIVATE);
	self->p.shared = low_pages(1, MAP_SHARED);
	self->p.stop = (void *)low_pages(1, MAP_SHARED);
	self->got = low_pages(PAGES + 1, MAP_PRIVATE);
	ASSERT_NE(NULL, self->p.mem);
	ASSERT_NE(NULL, self->p.shared);
	ASSERT_NE(NULL, (void *)self->p.stop);
	ASSERT_NE(NULL, self->got);
	put_secrets(&self->p, self->secret);
}

FIXTURE_TEARDOWN(readers)
{
	kill(self->p.pid, SIGKILL);
	waitpid(self->p.pid, NULL, 0);
}

static ssize_t peek(pid_t pid, uint8_t *at, uint8_t *to, size_t len)
{
	size_t done;
	long word;

	for (done = 0; done < len; done += sizeof(word)) {
		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, pid, at + done, NULL);
		if (errno)
			return done ? (ssize_t)done : -errno;
		memcpy(to + done, &word, len - done < sizeof(word) ? len - done : sizeof(word));
	}
	return len;
}

static ssize_t proc_mem(pid_t pid, uint8_t *at, uint8_t *to, size_t len)
{
	char path[64];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = pread(fd, to, len, (uintptr_t)at);
	got = got < 0 ? -errno : got;
	close(fd);
	return got;
}

static ssize_t readv_of(pid_t pid, uint8_t *at, uint8_t *to, size_t len)
{
	struct iovec local = { to, len }, remote = { at, len };
	ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	return got < 0 ? -errno : got;
}

/* As a 32-bit process would call it: number 347 there. */
static long compat_readv(pid_t pid, const void *lvec, unsigned long nr_l, const void *rvec,
			 unsigned long nr_r)
{
	long ret;

	asm volatile("push %%rbp\n\txor %%ebp, %%ebp\n\tint $0x80\n\tpop %%rbp" : "=a"(ret) :
		     "a"(347L), "b"((long)pid), "c"(lvec), "d"(nr_l), "S"(rvec), "D"(nr_r) :
		     "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static ssize_t compat_readv_of(pid_t pid, uint8_t *at, uint8_t *to, size_t len)
{
	static uint32_t *vecs;

	if (!vecs)
		vecs = (uint32_t *)low_pages(1, MAP_PRIVATE);
	vecs[0] = (uintptr_t)to;
	vecs[1] = len;
	vecs[2] = (uintptr_t)at;
	vecs[3] = len;
	return compat_readv(pid, vecs, 1, vecs + 2, 1);
}

static ssize_t (*const ways[WAYS])(pid_t pid, uint8_t *at, uint8_t *to, size_t len) = {
	peek, proc_mem, readv_of, compat_readv_of,
};

static const char *const way_names[WAYS] = {
	"PTRACE_PEEKDATA", "/proc/PID/mem", "process_vm_readv", "process_vm_readv, 32 bits",
};

/* What a reader has to get of memory in which two ranges are tagged. */
static void redact(uint8_t *bytes)
{
	memset(bytes + PAGE, 0, PAGE);
	memset(bytes + EXACT, 0, SECRET);
}

static bool same(const uint8_t *got, const uint8_t *expected, size_t len, const char *way)
{
	size_t i;

	for (i = 0; i < len && got[i] == expected[i]; i++)
		;
	if (i < len)
		printf("# %s: byte %zu is %#x, not %#x\n", way, i, got[i], expected[i]);
	return i == len;
}

TEST_F(readers, tagged)
{
	ssize_t got;
	static uint8_t expected[PAGES * PAGE];
	enum way way;

	memcpy(expected, self->p.mem, sizeof(expected));
	redact(expected);
	ASSERT_TRUE(begin(&self->p, tag_two, as_root));
	for (way = 0; way < WAYS; way++) {
		memset(self->got, 0xee, PAGES * PAGE);
		got = ways[way](self->p.pid, self->p.mem, self->got, PAGES * PAGE);
		ASSERT_EQ(PAGES * PAGE, got) TH_LOG("%s", way_names[way]);
		EXPECT_TRUE(same(self->got, expected, PAGES * PAGE, way_names[way]));
		/* Pieces that begin and end inside of what is tagged. */
		memset(self->got, 0xee, PAGES * PAGE);
		ASSERT_EQ(PAGE, ways[way](self->p.pid, self->p.mem + EXACT + 10, self->got, PAGE));
		EXPECT_TRUE(same(self->got, expected + EXACT + 10, PAGE, way_names[way]));
		ASSERT_EQ(7, ways[way](self->p.pid, self->p.mem + EXACT - 3, self->got, 7));
		EXPECT_TRUE(same(self->got, expected + EXACT - 3, 7, way_names[way]));
	}
}

TEST_F(readers, untagged)
{
	ssize_t got;
	enum way way;

	ASSERT_TRUE(begin(&self->p, tag_nothing, as_root));
	for (way = 0; way < WAYS; way++) {
		memset(self->got, 0xee, PAGES * PAGE);
		got = ways[way](self->p.pid, self->p.mem, self->got, PAGES * PAGE);
		ASSERT_EQ(PAGES * PAGE, got) TH_LOG("%s", way_names[way]);
		EXPECT_TRUE(same(self->got, self->p.mem, PAGES * PAGE, way_names[way]));
	}
}

static void tag_a_pile(struct process *p)
{
	unsigned int i;

	for (i = 0; i <= KREDACT_PAGE_RANGES; i++)
		if (reg(p->mem + WHOLE, SECRET, KREDACT_EXACT | KREDACT_NOPIN, NULL, NULL))
			_exit(1);
}

TEST_F_TIMEOUT(readers, more_ranges_than_bytes, 120)
{
	static uint8_t expected[3 * PAGE];
	enum way way;

	memcpy(expected, self->p.mem, sizeof(expected));
	memset(expected + PAGE, 0, PAGE);
	ASSERT_TRUE(begin(&self->p, tag_a_pile, as_root));
	for (way = 0; way < WAYS; way++) {
		ASSERT_EQ(3 * PAGE, ways[way](self->p.pid, self->p.mem, self->got, 3 * PAGE));
		EXPECT_TRUE(same(self->got, expected, 3 * PAGE, way_names[way]));
	}
}

static void tag_then_end(struct process *p)
{
	uint64_t handle[2];

	if (reg(p->mem + WHOLE, SECRET, 0, NULL, &handle[0]) ||
	    reg(p->mem + PLAIN, SECRET, 0, NULL, &handle[1]) ||
	    unreg(handle[0]) || munmap(p->mem + 4 * PAGE, PAGE) ||
	    mmap(p->mem + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		_exit(1);
	memset(p->mem + 4 * PAGE, 0x22, PAGE);
}

TEST_F(readers, no_longer_tagged)
{
	ssize_t got;
	enum way way;

	ASSERT_TRUE(begin(&self->p, tag_then_end, as_root));
	memset(self->p.mem + 4 * PAGE, 0x22, PAGE);
	for (way = 0; way < WAYS; way++) {
		got = ways[way](self->p.pid, self->p.mem, self->got, PAGES * PAGE);
		ASSERT_EQ(PAGES * PAGE, got);
		EXPECT_TRUE(same(self->got, self->p.mem, PAGES * PAGE, way_names[way]));
	}
}

/* Several pieces on both sides that do not fit each other. */
TEST_F(readers, pieces)
{
	static uint8_t expected[PAGES * PAGE];
	struct iovec local[3] = { { self->got, 5 }, { self->got + 5, 3 * PAGE },
				  { self->got + 5 + 3 * PAGE, 2 * PAGE } };
	struct iovec remote[3] = { { self->p.mem + 50, PAGE }, { self->p.mem + 3 * PAGE, 0 },
				   { self->p.mem + 2 * PAGE, 3 * PAGE } };

	memcpy(expected, self->p.mem, sizeof(expected));
	redact(expected);
	ASSERT_TRUE(begin(&self->p, tag_two, as_root));
	ASSERT_EQ(4 * PAGE, process_vm_readv(self->p.pid, local, 3, remote, 3, 0));
	EXPECT_TRUE(same(self->got, expected + 50, PAGE, "first"));
	EXPECT_TRUE(same(self->got + PAGE, expected + 2 * PAGE, 3 * PAGE, "second"));
}

static long outcome(ssize_t ret)
{
	return ret < 0 ? -errno : ret;
}

/* What process_vm_readv() says of what it is given: the same for both processes. */
TEST_F(readers, errors_are_the_same)
{
	struct process other = self->p;
	static struct iovec many[UIO_MAXIOV + 1];
	struct iovec local = { self->got, 3 * PAGE };
	uint8_t *hole = self->p.mem + 5 * PAGE;
	unsigned int i, p;
	long got[2][9];

	ASSERT_EQ(0, munmap(hole, PAGE));
	for (i = 0; i <= UIO_MAXIOV; i++)
		many[i] = (struct iovec){ self->p.mem + 5 * PAGE - 1 - i, 1 };
	ASSERT_TRUE(begin(&self->p, tag_two, as_root));
	ASSERT_TRUE(begin(&other, tag_nothing, as_root));
	for (p = 0; p < 2; p++) {
		pid_t pid = p ? other.pid : self->p.pid;
		struct iovec past = { hole - 7, 100 }, in = { hole, 100 },
			     negative = { self->p.mem, -5 }, wrong = { NULL, 10 },
			     good = { self->p.mem, 3 * PAGE }, pair[2] = { good, negative };

		got[p][0] = outcome(process_vm_readv(pid, &local, 1, &past, 1, 0));
		got[p][1] = outcome(process_vm_readv(pid, &local, 1, &in, 1, 0));
		got[p][2] = outcome(process_vm_readv(pid, &local, 1, pair, 2, 0));
		got[p][3] = outcome(process_vm_readv(pid, &wrong, 1, &good, 1, 0));
		got[p][4] = outcome(process_vm_readv(pid, &local, 1, NULL, 1, 0));
		got[p][5] = outcome(process_vm_readv(pid, &local, 1, many, UIO_MAXIOV + 1, 0));
		got[p][6] = outcome(process_vm_readv(pid, &local, 1, many, UIO_MAXIOV, 0));
		got[p][7] = outcome(process_vm_readv(pid, &local, 1, &good, 0, 0));
		got[p][8] = outcome(process_vm_readv(pid, &local, 1, &good, 1, 1));
	}
	kill(other.pid, SIGKILL);
	waitpid(other.pid, NULL, 0);
	for (i = 0; i < 9; i++)
		EXPECT_EQ(got[1][i], got[0][i]) TH_LOG("case %u", i);
	EXPECT_EQ(7, got[0][0]);
	EXPECT_EQ(-EFAULT, got[0][1]);
	EXPECT_EQ(UIO_MAXIOV, got[0][6]);
}

TEST_F(readers, who_may_not)
{
	struct iovec local = { self->got, 10 }, remote = { self->p.mem, 10 };
	pid_t pid;
	int status;

	ASSERT_TRUE(begin(&self->p, tag_two, as_root));
	pid = fork();
	if (!pid) {
		as_nobody();
		_exit(process_vm_readv(self->p.pid, &local, 1, &remote, 1, 0) != -1 ||
		      errno != EPERM);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

/* What is written arrives, whatever is tagged; and the process sees its own. */
static void tag_and_check(struct process *p)
{
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	struct iovec local, remote;
	uint8_t own[SECRET];

	tag_two(p);
	if (pread(fd, own, SECRET, (uintptr_t)p->mem + WHOLE) != SECRET ||
	    memcmp(own, p->mem + WHOLE, SECRET))
		_exit(1);
	local = (struct iovec){ own, SECRET };
	remote = (struct iovec){ p->mem + EXACT, SECRET };
	memset(own, 0, SECRET);
	if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) != SECRET ||
	    memcmp(own, p->mem + EXACT, SECRET))
		_exit(2);
	close(fd);
	/* What the reader is to write, it tells by where it is not tagged. */
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	memcpy(p->shared, p->mem + WHOLE, SECRET);
	*p->stop = 1;
}

TEST_F(readers, writes)
{
	long word = 0x4142434445464748;
	struct iovec local, remote;
	char path[64];
	int fd, status;

	self->p.pid = fork();
	if (!self->p.pid) {
		tag_and_check(&self->p);
		wait_here();
	}
	ASSERT_EQ(self->p.pid, waitpid(self->p.pid, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(0, ptrace(PTRACE_POKEDATA, self->p.pid, self->p.mem + WHOLE, word));
	snprintf(path, sizeof(path), "/proc/%d/mem", self->p.pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(3, pwrite(fd, "xyz", 3, (uintptr_t)self->p.mem + WHOLE + 8));
	close(fd);
	local = (struct iovec){ "process", 7 };
	remote = (struct iovec){ self->p.mem + WHOLE + 11, 7 };
	ASSERT_EQ(7, process_vm_writev(self->p.pid, &local, 1, &remote, 1, 0));
	ASSERT_EQ(0, ptrace(PTRACE_CONT, self->p.pid, NULL, NULL));
	while (!*self->p.stop)
		usleep(1000);
	EXPECT_EQ(0, memcmp(self->p.shared, "HGFEDCBAxyzprocess", 18));
	EXPECT_EQ(0, memcmp(self->p.shared + 18, self->secret + 18, SECRET - 18));
}

/* A page that another process has tagged, read through one that has not. */
static void tag_shared(struct process *p)
{
	uint64_t handle;

	if (reg(p->shared + 10, SECRET, KREDACT_EXACT | KREDACT_PIN, NULL, &handle))
		_exit(1);
}

TEST_F(readers, shared_memory)
{
	struct process other = self->p;
	uint8_t *mapping;
	enum way way;

	memset(self->p.shared, 0x33, PAGE);
	memcpy(self->p.shared + 10, self->secret, SECRET);
	ASSERT_TRUE(begin(&other, tag_nothing, as_root));
	for (way = 0; way < WAYS; way++) {
		ASSERT_EQ(PAGE, ways[way](other.pid, other.shared, self->got, PAGE));
		EXPECT_TRUE(same(self->got, self->p.shared, PAGE, way_names[way]));
	}
	ASSERT_TRUE(begin(&self->p, tag_shared, as_root));
	mapping = calloc(1, PAGE);
	for (way = 0; way < WAYS; way++) {
		ASSERT_EQ(PAGE, ways[way](other.pid, other.shared, self->got, PAGE));
		EXPECT_TRUE(same(self->got, mapping, PAGE, way_names[way]));
	}
	free(mapping);
	kill(other.pid, SIGKILL);
	waitpid(other.pid, NULL, 0);
}

static int unseal(int pidfd, unsigned int seconds, const char *reason)
{
	struct kredact_unseal args = {
		.size = sizeof(args),
		.flags = KREDACT_PIDFD,
		.pidfd = pidfd,
		.seconds = seconds,
		.reason = (uintptr_t)reason,
		.reason_len = strlen(reason),
	};

	return ioctl(kredact_fd(), KREDACT_IOC_UNSEAL, &args) ? -errno : 0;
}

static bool logged(const char *text)
{
	static char log[1 << 18];
	int len = klogctl(3, log, sizeof(log) - 1);

	log[len < 0 ? 0 : len] = '\0';
	return strstr(log, text);
}

static bool sees(struct process *p, enum way way, const uint8_t *secret)
{
	uint8_t *got = low_pages(1, MAP_PRIVATE);
	bool seen;

	if (ways[way](p->pid, p->mem + WHOLE, got, SECRET) != SECRET)
		_exit(99);
	seen = !memcmp(got, secret, SECRET);
	munmap(got, PAGE);
	return seen;
}

TEST_F(readers, break_glass)
{
	enum way way;
	pid_t pid;
	int status;

	ASSERT_TRUE(begin(&self->p, tag_two, as_root));
	for (way = 0; way < WAYS; way++)
		EXPECT_FALSE(sees(&self->p, way, self->secret));
	EXPECT_EQ(-EINVAL, unseal(self->p.pidfd, 60, ""));
	EXPECT_EQ(-EINVAL, unseal(self->p.pidfd, KREDACT_UNSEAL_MAX + 1, "too long"));
	ASSERT_EQ(0, unseal(self->p.pidfd, 60, "ticket 4711\nforged: line"));
	EXPECT_TRUE(logged("for 60 s"));
	EXPECT_TRUE(logged("of user 0: ticket 4711\\nforged: line"));
	for (way = 0; way < WAYS; way++)
		EXPECT_TRUE(sees(&self->p, way, self->secret)) TH_LOG("%s", way_names[way]);
	ASSERT_EQ(0, unseal(self->p.pidfd, 0, "done"));
	EXPECT_TRUE(logged("sealed again"));
	for (way = 0; way < WAYS; way++)
		EXPECT_FALSE(sees(&self->p, way, self->secret));
	/* Time ends it as well. */
	ASSERT_EQ(0, unseal(self->p.pidfd, 1, "for a second"));
	EXPECT_TRUE(sees(&self->p, PROC_MEM, self->secret));
	usleep(1200000);
	EXPECT_FALSE(sees(&self->p, PROC_MEM, self->secret));
	/* Who has nothing tagged has nothing to unseal. */
	pid = fork();
	if (!pid)
		wait_here();
	EXPECT_EQ(-ESRCH, unseal(syscall(SYS_pidfd_open, pid, 0), 60, "why not"));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

static void tag_exact(struct process *p)
{
	tag_two(p);
}

/* A user's own process, unsealed: he may attach to it, and still sees nothing. */
TEST_F(readers, break_glass_is_for_administrators)
{
	char *scope = "/proc/sys/kernel/yama/ptrace_scope";
	int status;
	pid_t pid;

	write_file(scope, "0");
	self->p.pid = fork();
	if (!self->p.pid) {
		tag_exact(&self->p);
		as_nobody();
		*self->p.stop = 1;
		wait_here();
	}
	while (!*self->p.stop)
		usleep(1000);
	self->p.pidfd = syscall(SYS_pidfd_open, self->p.pid, 0);
	ASSERT_EQ(0, unseal(self->p.pidfd, 60, "for the administrator"));
	EXPECT_TRUE(sees(&self->p, READV, self->secret));
	pid = fork();
	if (!pid) {
		as_nobody();
		if (unseal(self->p.pidfd, 60, "for me") != -EPERM)
			_exit(2);
		_exit(sees(&self->p, READV, self->secret));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

/* A key that is there only as long as it is tagged, again and again. */
static _Noreturn void come_and_go(uint8_t *at, uint32_t flags, const uint8_t *secret,
				  volatile int *stop)
{
	uint64_t handle;

	while (!*stop) {
		if (reg(at, SECRET, flags, NULL, &handle))
			_exit(1);
		memcpy(at, secret, SECRET);
		explicit_bzero(at, SECRET);
		unreg(handle);
	}
	_exit(0);
}

/* How often another process shows any of it: it has no byte that is zero. */
static unsigned int seen_of(pid_t pid, uint8_t *at, unsigned int rounds)
{
	unsigned int round, way, seen = 0;
	uint8_t word[SECRET];

	for (round = 0; round < rounds; round++) {
		way = round & 1 ? PROC_MEM : READV;
		if (ways[way](pid, at, word, SECRET) != SECRET)
			return rounds;
		seen += word[SECRET - 1] || word[0];
	}
	return seen;
}

TEST_F_TIMEOUT(readers, while_tags_come_and_go, 120)
{
	int status;

	memset(self->p.mem + PLAIN, 0, SECRET);
	self->p.pid = fork();
	if (!self->p.pid)
		come_and_go(self->p.mem + PLAIN, KREDACT_EXACT | KREDACT_NOPIN, self->secret,
			    self->p.stop);
	EXPECT_EQ(0, seen_of(self->p.pid, self->p.mem + PLAIN, 20000));
	*self->p.stop = 1;
	ASSERT_EQ(self->p.pid, waitpid(self->p.pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Likewise in memory of two, of whom the other one is read, which has no tags. */
TEST_F_TIMEOUT(readers, while_others_tags_come_and_go, 240)
{
	struct process other = self->p;
	int status;

	ASSERT_TRUE(begin(&other, tag_nothing, as_root));
	self->p.pid = fork();
	if (!self->p.pid)
		come_and_go(self->p.shared, KREDACT_EXACT | KREDACT_PIN, self->secret,
			    self->p.stop);
	EXPECT_EQ(0, seen_of(other.pid, other.shared, 20000));
	kill(other.pid, SIGKILL);
	waitpid(other.pid, NULL, 0);
	*self->p.stop = 1;
	ASSERT_EQ(self->p.pid, waitpid(self->p.pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
