// SPDX-License-Identifier: GPL-2.0
/*
 * sandboxed WHAT: enters the sandbox and does that. jail_test runs it. Ends with 0 if it
 * could be done, by SIGSYS if the sandbox forbids it, and otherwise with 9.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox.h"

static int input, other, spool;

static void *work(void *arg)
{
	u32 i;

	/* Threads use malloc(), each, and much of it. */
	for (i = 1; i < 200; i++) {
		char *bytes = malloc(i * 1000);

		memset(bytes, i, i * 1000);
		*(int *)arg += bytes[5] == (char)i;
		free(bytes);
	}
	return NULL;
}

static bool threads(void)
{
	pthread_t at[4];
	int done[4] = { 0 }, i;

	for (i = 0; i < 4; i++)
		if (pthread_create(&at[i], NULL, work, &done[i]))
			return false;
	for (i = 0; i < 4; i++)
		if (pthread_join(at[i], NULL) || done[i] != 199)
			return false;
	return true;
}

static bool map(int fd, int protection)
{
	return mmap(NULL, 4096, protection, MAP_SHARED, fd, 0) != MAP_FAILED;
}

static bool use_spool(void)
{
	char byte = 0;

	return pwrite(spool, "x", 1, 5) == 1 && pread(spool, &byte, 1, 5) == 1 && byte == 'x';
}

static bool memory(void)
{
	char *some = malloc(100 << 20), *more = malloc(200 << 20);

	if (some)
		memset(some, 1, 100 << 20);
	return some && !more;
}

static bool attempt(const char *what)
{
	char byte;

	if (!strcmp(what, "thread"))
		return threads();
	if (!strcmp(what, "read"))
		return pread(input, &byte, 1, 0) == 1 && lseek(input, 0, SEEK_DATA) >= 0;
	if (!strcmp(what, "map"))
		return map(input, PROT_READ);
	if (!strcmp(what, "spool"))
		return use_spool();
	if (!strcmp(what, "memory"))
		return memory();
	if (!strcmp(what, "length"))
		return pwrite(spool, "x", 1, 1 << 20) < 0 && errno == EFBIG && use_spool();
	if (!strcmp(what, "fork"))
		return fork() >= 0;
	if (!strcmp(what, "vfork"))
		return syscall(SYS_vfork) >= 0;
	if (!strcmp(what, "exec"))
		return execl("/bin/true", "true", NULL);
	if (!strcmp(what, "open"))
		return open("/etc/passwd", O_RDONLY) >= 0;
	if (!strcmp(what, "socket"))
		return socket(AF_INET, SOCK_STREAM, 0) >= 0;
	if (!strcmp(what, "map-write"))
		return map(spool, PROT_READ | PROT_WRITE);
	if (!strcmp(what, "map-exec"))
		return map(input, PROT_READ | PROT_EXEC);
	if (!strcmp(what, "map-other"))
		return map(other, PROT_READ);
	if (!strcmp(what, "protect-exec"))
		return !mprotect(&input, 4, PROT_READ | PROT_EXEC);
	if (!strcmp(what, "read-other"))
		return pread(other, &byte, 1, 0) == 1;
	if (!strcmp(what, "write-input"))
		return pwrite(input, "x", 1, 0) == 1;
	if (!strcmp(what, "write-error"))
		return write(2, "x", 1) == 1;
	if (!strcmp(what, "clone"))
		return syscall(SYS_clone, CLONE_VM | SIGCHLD, NULL, NULL, NULL, 0) >= 0;
	if (!strcmp(what, "kill"))
		return !kill(getppid(), 0);
	if (!strcmp(what, "ptrace"))
		return !ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	if (!strcmp(what, "ioctl"))
		return !ioctl(1, FIONREAD, &byte);
	return true;
}

int main(int argc, char **argv)
{
	struct sandbox sandbox = { .nr_inputs = 1, .broker = -1, .file_max = 1 << 16 };
	struct complaint why;

	input = open("/proc/self/exe", O_RDONLY);
	other = open("/bin/true", O_RDONLY);
	spool = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	sandbox.inputs[0] = input;
	sandbox.spool = spool;
	if (argc != 2 || sandbox_privacy(&why) || sandbox_enter(&sandbox, &why))
		_exit(8);
	_exit(attempt(argv[1]) ? 0 : 9);
}
