/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of libkredact share: TAP, children, and the kernel's own word on
 * a page (VmFlags in /proc/self/smaps).
 */
#ifndef KR_TEST_COMMON_H
#define KR_TEST_COMMON_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int tap_nr, tap_bad;

/* One line of TAP. Returns @good. */
static inline __attribute__((format(printf, 2, 3))) bool ok(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tap_nr);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	if (!good)
		tap_bad++;
	return good;
}

#define ok_eq(got, want, what) do {						\
	long long got_ = (long long)(got), want_ = (long long)(want);		\
	if (!ok(got_ == want_, "%s", what))					\
		printf("# %s: got %lld, want %lld\n", #got, got_, want_);	\
} while (0)

static inline int tap_done(void)
{
	printf("1..%d\n", tap_nr);
	return tap_bad ? 1 : 0;
}

/* For what a test stands on rather than tests. */
static inline void must(bool good, const char *what)
{
	if (good)
		return;
	printf("Bail out! %s\n", what);
	exit(2);
}

/*
 * Run @fn in a child, its standard error going to @said, or nowhere if that is
 * NULL. Returns wait()'s status. A child that hangs dies of SIGALRM; one that
 * crashes leaves no core.
 */
static inline int in_child(int (*fn)(void *), void *arg, char *said, size_t size)
{
	int pipefd[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	must(!pipe(pipefd), "pipe");
	fflush(stdout);
	pid = fork();
	must(pid >= 0, "fork");
	if (!pid) {
		alarm(60);
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		dup2(pipefd[1], STDERR_FILENO);
		close(pipefd[0]);
		close(pipefd[1]);
		_exit(fn(arg));
	}
	close(pipefd[1]);
	for (;;) {
		char buf[4096];

		n = read(pipefd[0], buf, sizeof(buf));
		if (n <= 0)
			break;
		for (ssize_t i = 0; said && i < n && len + 1 < size; i++)
			said[len++] = buf[i];
	}
	if (said && size)
		said[len] = '\0';
	close(pipefd[0]);
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	return status;
}

static inline bool child_ok(int (*fn)(void *), void *arg)
{
	char said[4096];
	int status = in_child(fn, arg, said, sizeof(said));

	if (status)
		printf("# child: status %#x, said: %s\n", status, said);
	return status == 0;
}

/* Whether VmFlags of the mapping that holds @addr has @flag, such as "dd" or "lo". */
static inline bool vm_flag(const void *addr, const char *flag)
{
	unsigned long start, end, a = (unsigned long)addr;
	bool here = false, found = false, seen = false;
	char line[4096], want[8];
	FILE *f;

	f = fopen("/proc/self/smaps", "r");
	must(f, "/proc/self/smaps");
	snprintf(want, sizeof(want), " %s ", flag);
	while (!seen && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = a >= start && a < end;
		else if (here && !strncmp(line, "VmFlags:", 8)) {
			found = strstr(line, want);
			seen = true;
		}
	}
	fclose(f);
	must(seen, "the page is in no mapping");
	return found;
}

/* A number of /proc/self/status, in KiB. */
static inline long status_kib(const char *name)
{
	size_t len = strlen(name);
	char line[256];
	long kib = -1;
	FILE *f;

	f = fopen("/proc/self/status", "r");
	must(f, "/proc/self/status");
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			kib = atol(line + len + 1);
	fclose(f);
	must(kib >= 0, name);
	return kib;
}

/* A pointer that the compiler knows nothing about: what is free, or past the end, can be read. */
static inline void *launder(const void *ptr)
{
	void *p = (void *)(uintptr_t)ptr;

	__asm__ __volatile__("" : "+r"(p));
	return p;
}

static inline bool all_bytes(const void *p, size_t len, unsigned char byte)
{
	const volatile unsigned char *b = launder(p);

	for (size_t i = 0; i < len; i++)
		if (b[i] != byte)
			return false;
	return true;
}

static inline void *map_pages(size_t nr)
{
	void *p = mmap(NULL, nr * (size_t)getpagesize(), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED, "mmap");
	return p;
}

static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif /* KR_TEST_COMMON_H */
