// SPDX-License-Identifier: GPL-2.0
/*
 * A process for debuggers: threads, several calls deep, with secrets in all registers
 * and in memory, crash in a handler that was called amid another one.
 *
 *	victim HOW	(untagged, regs, strict), where the secret is tagged
 *	victim HOW FILE	it waits instead, with its secret in FILE, and tells where that lies
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core.h"
#include "load.h"

#define THREADS	3
#define SECRET	64

static uint8_t *secret;
static struct load load;
static char *text;
static volatile int depth;
static bool waits;

static __attribute__((noinline)) void in_handler(int *nr)
{
	if (++*nr < 2)
		raise(SIGUSR1);
	/* A frame pointer that is a word of the secret: only this function has it. */
	load_and_crash(&load, load_level());
}

static void on_signal(int signo)
{
	static int nr;

	(void)signo;
	in_handler(&nr);
	depth = nr;
}

static __attribute__((noinline)) int deep(int left)
{
	int ret = 0;

	if (left)
		ret = deep(left - 1) + 1;
	else if (waits)
		pause();
	else if (secret)
		load_and_spin(&load, load_level());
	depth = ret;
	return ret;
}

static void *thread_main(void *arg)
{
	depth = deep(3 + *(int *)arg);
	return NULL;
}

/* For a debugger that comes while it lives. */
static __attribute__((noinline)) void wait_here(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, secret, SECRET) != SECRET)
		exit(1);
	close(fd);
	printf("%p\n", secret);
	fflush(stdout);
	for (;;)
		pause();
}

static __attribute__((noinline)) void serve(void)
{
	load_and_trap(&load, load_level());
	depth = 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_NODEFER };
	static int numbers[THREADS] = { 0, 1, 2 };
	const char *how = argc > 1 ? argv[1] : "";
	uint32_t flags = KREDACT_EXACT;
	pthread_t thread;
	int i;

	secret = malloc(SECRET);
	text = malloc(SECRET);
	if (!secret || !text)
		return 1;
	waits = argc == 3;
	fill_secret(secret, SECRET, 900);
	strcpy(text, "customer=hunter2; a session that strict mode drops");
	fill_secret(&load, sizeof(load), 901);
	for (i = 0; i < GENERALS; i++)
		memcpy(&load.general[i], secret + 3 * i, 8);
	if (!strcmp(how, "strict"))
		flags |= KREDACT_STRICT;
	if (strcmp(how, "untagged") &&
	    (reg(secret, SECRET, flags, NULL, NULL) ||
	     reg(&load, sizeof(load), KREDACT_EXACT, NULL, NULL)))
		return 1;
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, thread_main, &numbers[i]))
			return 1;
	if (waits)
		wait_here(argv[2]);
	while (__atomic_load_n(&loaded, __ATOMIC_SEQ_CST) < THREADS)
		usleep(1000);
	signal(SIGSEGV, SIG_DFL);
	sigaction(SIGTRAP, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	serve();
	return depth;
}
