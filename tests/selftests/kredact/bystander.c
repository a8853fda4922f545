// SPDX-License-Identifier: GPL-2.0
/*
 * A child is read and written by all ways that another process has, and what they gave is
 * printed: the same each time, but for what is tagged.
 *
 *	bystander untagged|tagged
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
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

#define PAGES	4
#define HOLE	2	/* this one of them is not mapped */
#define LEN	(PAGES * PAGE)
#define GAP	600	/* pages that a stack may grow by, and those that stay free below it */
#define BELOW	100	/* it: nearer, Linux warns once an hour of process_vm_readv() there */
#define ROM	0xf0000	/* physical address of what no page of the machine's memory is */

struct way {
	const char *name;
	ssize_t (*move)(pid_t pid, uint8_t *at, uint8_t *buf, size_t len);
};

/**
 * struct odd - memory of the child that is not just there, in memory that both have
 * @stack:	the lowest page of a mapping that grows
 * @missing:	two pages that a userfaultfd has to provide
 * @device:	a page of a device
 * @uffd:	the userfaultfd, in the child
 */
struct odd {
	uint8_t *stack;
	uint8_t *missing;
	uint8_t *device;
	int uffd;
};

static const char words[] = "all of a file that is mapped reads the same";

static ssize_t peek(pid_t pid, uint8_t *at, uint8_t *buf, size_t len)
{
	size_t done;
	long word;

	for (done = 0; done + sizeof(word) <= len; done += sizeof(word)) {
		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, pid, at + done, NULL);
		if (errno)
			break;
		memcpy(buf + done, &word, sizeof(word));
	}
	return done ? (ssize_t)done : -1;
}

static ssize_t poke(pid_t pid, uint8_t *at, uint8_t *buf, size_t len)
{
	size_t done;
	long word;

	for (done = 0; done + sizeof(word) <= len; done += sizeof(word)) {
		memcpy(&word, buf + done, sizeof(word));
		if (ptrace(PTRACE_POKEDATA, pid, at + done, word))
			break;
	}
	return done ? (ssize_t)done : -1;
}

static int open_mem(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	return open(path, O_RDWR);
}

static ssize_t read_mem(pid_t pid, uint8_t *at, uint8_t *buf, size_t len)
{
	int fd = open_mem(pid);
	ssize_t got = pread(fd, buf, len, (off_t)(uintptr_t)at);

	close(fd);
	return got;
}

static ssize_t write_mem(pid_t pid, uint8_t *at, uint8_t *buf, size_t len)
{
	int fd = open_mem(pid);
	ssize_t put = pwrite(fd, buf, len, (off_t)(uintptr_t)at);

	close(fd);
	return put;
}

/* In three parts, of which the middle one is not aligned. */
static unsigned int in_parts(struct iovec part[3], uint8_t *at, size_t len)
{
	size_t first = len / 3 | 1;

	part[0] = (struct iovec){ at, first };
	part[1] = (struct iovec){ at + first, first };
	part[2] = (struct iovec){ at + 2 * first, len - 2 * first };
	return 3;
}

static ssize_t readv_vm(pid_t pid, uint8_t *at, uint8_t *buf, size_t len)
{
	struct iovec theirs[3], ours = { buf, len };

	return process_vm_readv(pid, &ours, 1, theirs, in_parts(theirs, at, len), 0);
}

static ssize_t writev_vm(pid_t pid, uint8_t *at, uint8_t *buf, size_t len)
{
	struct iovec theirs = { at, len }, ours[3];

	return process_vm_writev(pid, ours, in_parts(ours, buf, len), &theirs, 1, 0);
}

static const struct way readers[] = {
	{ "PTRACE_PEEKDATA", peek },
	{ "/proc/PID/mem", read_mem },
	{ "process_vm_readv", readv_vm },
};

static const struct way writers[] = {
	{ "PTRACE_POKEDATA", poke },
	{ "/proc/PID/mem", write_mem },
	{ "process_vm_writev", writev_vm },
};

/* FNV-1a of what was read, and the begin of it. */
static void show(const char *what, const char *how, ssize_t got, const uint8_t *buf)
{
	uint64_t hash = 0xcbf29ce484222325;
	ssize_t i;

	printf("%s by %s: ", what, how);
	if (got < 0) {
		printf("%s\n", strerror(errno));
		return;
	}
	for (i = 0; i < got; i++)
		hash = (hash ^ buf[i]) * 0x100000001b3;
	printf("%zd bytes, %016llx,", got, (unsigned long long)hash);
	for (i = 0; i < got && i < 16; i++)
		printf(" %02x", buf[i]);
	printf("\n");
}

static void read_all(const char *what, pid_t pid, uint8_t *at, size_t len)
{
	static uint8_t buf[LEN];
	unsigned int i;
	ssize_t got;

	for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		memset(buf, 0xee, sizeof(buf));
		got = readers[i].move(pid, at, buf, len);
		show(what, readers[i].name, got, buf);
	}
}

/* What another process writes is there, by whatever way it comes. */
static void write_all(pid_t pid, uint8_t *at)
{
	static uint8_t buf[LEN];
	unsigned int i;
	ssize_t put;

	for (i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
		fill_secret(buf, LEN, 300 + i);
		put = writers[i].move(pid, at + 24, buf, PAGE);
		printf("write by %s: %zd\n", writers[i].name, put);
		read_all("written", pid, at, HOLE * PAGE);
	}
	put = writev_vm(pid, at + PAGE, buf, 2 * PAGE);
	printf("write into the hole: %zd\n", put);
}

/* Reads at the same place, first as process_vm_readv() does it, which nobody has been at before. */
static void read_odd(const char *what, pid_t pid, uint8_t *at)
{
	static uint8_t buf[PAGE];
	ssize_t got = readv_vm(pid, at, buf, 300);

	show(what, "process_vm_readv at first", got, buf);
	read_all(what, pid, at, 300);
}

/* Brings pages when they are waited for. */
static _Noreturn void provide(int uffd)
{
	static uint8_t page[PAGE] __attribute__((aligned(PAGE)));
	struct uffdio_copy copy = { .src = (uintptr_t)page, .len = PAGE };
	struct uffd_msg msg;

	fill_secret(page, PAGE, 203);
	while (read(uffd, &msg, sizeof(msg)) == sizeof(msg)) {
		copy.dst = msg.arg.pagefault.address & ~(PAGE - 1ULL);
		if (msg.event != UFFD_EVENT_PAGEFAULT || ioctl(uffd, UFFDIO_COPY, &copy))
			break;
	}
	_exit(1);
}

/* Who waits for pages that others bring, and who does not. */
static void read_missing(pid_t pid, const struct odd *odd)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int uffd = syscall(SYS_pidfd_getfd, pidfd, odd->uffd, 0);
	pid_t provider = uffd < 0 ? -1 : fork();

	if (!provider)
		provide(uffd);
	if (provider < 0) {
		printf("no userfaultfd: %s\n", strerror(errno));
		return;
	}
	read_all("a page that is not there", pid, odd->missing + PAGE, 300);
	read_odd("a page that is brought", pid, odd->missing);
	kill(provider, SIGKILL);
	waitpid(provider, NULL, 0);
	close(uffd);
	close(pidfd);
}

static void make_odd(struct odd *odd)
{
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	int mem = open("/dev/mem", O_RDONLY);

	odd->device = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, mem, ROM);
	odd->missing = pages(2);
	odd->stack = pages(GAP);
	munmap(odd->stack, GAP * PAGE);
	odd->stack = mmap(odd->stack + (GAP - 2) * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	odd->uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	range.range.start = (uintptr_t)odd->missing;
	range.range.len = 2 * PAGE;
	if (odd->stack == MAP_FAILED || odd->device == MAP_FAILED || !odd->missing ||
	    ioctl(odd->uffd, UFFDIO_API, &api) || ioctl(odd->uffd, UFFDIO_REGISTER, &range))
		_exit(1);
}

static _Noreturn void child(uint8_t *mem, struct odd *odd, bool tagged)
{
	uint64_t handle;

	make_odd(odd);
	/* Now that nothing else comes there. */
	munmap(mem + HOLE * PAGE, PAGE);
	fill_secret(mem, HOLE * PAGE, 200);
	fill_secret(mem + (HOLE + 1) * PAGE, PAGE, 201);
	if (tagged && reg(mem, 64, 0, NULL, &handle))
		_exit(1);
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	_exit(0);
}

int main(int argc, char **argv)
{
	uint8_t *mem = pages(PAGES), *shared = shared_pages(1);
	struct odd *odd = shared_pages(1);
	int status;
	pid_t pid;

	if (argc != 2)
		return 2;
	fill_secret(shared, PAGE, 202);
	pid = fork();
	if (!pid)
		child(mem, odd, !strcmp(argv[1], "tagged"));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return 1;
	read_all("memory", pid, mem, HOLE * PAGE);
	read_all("memory up to a hole", pid, mem + 1000, LEN - 1000);
	read_all("memory after a hole", pid, mem + (HOLE + 1) * PAGE + 3, PAGE - 3);
	read_all("a hole", pid, mem + HOLE * PAGE, PAGE);
	read_all("shared memory", pid, shared, PAGE);
	read_all("a file", pid, (uint8_t *)(uintptr_t)words, sizeof(words));
	read_missing(pid, odd);
	read_odd("memory of a device", pid, odd->device);
	read_odd("memory below a stack", pid, odd->stack - BELOW * PAGE);
	write_all(pid, mem);
	return ptrace(PTRACE_CONT, pid, NULL, NULL) || waitpid(pid, &status, 0) != pid || status;
}
