// SPDX-License-Identifier: GPL-2.0
/*
 * A process for strace and perf: calls, threads, a function that takes its time.
 *
 *	observed untagged|tagged
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"

#define TEXT	"0123456789abcdef-a-secret-that-a-tracer-might-print"
#define ROUNDS	40000000ul

static volatile unsigned long sum;

/* So much work, however fast the machine is, with a copy of the secret on the stack. */
static __attribute__((noinline)) void hot_function(const char *secret)
{
	char here[sizeof(TEXT)];
	unsigned long i;

	memcpy(here, secret, sizeof(here));
	/* It is there, and not below the stack pointer, as it may be where nothing is called. */
	getppid();
	asm volatile("" : : "r"(here) : "memory");
	for (i = 0; i < ROUNDS; i++)
		sum += i ^ here[i % sizeof(here)];
}

static void *thread_main(void *arg)
{
	struct stat stat;

	(void)arg;
	return (void *)(long)fstat(STDIN_FILENO, &stat);
}

int main(int argc, char **argv)
{
	char *secret = (char *)pages(1);
	pthread_t thread;
	uint64_t handle;

	memcpy(secret, TEXT, sizeof(TEXT));
	if (argc != 2 || (!strcmp(argv[1], "tagged") && reg(secret, sizeof(TEXT), 0, NULL, &handle)))
		return 1;
	if (pthread_create(&thread, NULL, thread_main, NULL) || pthread_join(thread, NULL))
		return 1;
	hot_function(secret);
	if (write(STDOUT_FILENO, secret, sizeof(TEXT) - 1) != sizeof(TEXT) - 1)
		return 1;
	return write(STDOUT_FILENO, "\n", 1) != 1;
}
