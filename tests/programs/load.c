// SPDX-License-Identifier: GPL-2.0
/* What the load programs have in common: see load.h. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/kredact.h>

#include "load.h"

#define ROOM	4096

/* All secrets of the process, before a library gets them. */
static uint8_t room[ROOM] __attribute__((aligned(64)));
static size_t used;

static const char *keys;
static int device = -1;

static void (*run)(unsigned int thread);
static uint8_t messages[LOAD_THREADS][LOAD_MESSAGE];

_Noreturn void load_die(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	exit(EXIT_FAILURE);
}

const char *load_begin(int argc, char **argv)
{
	bool registers = argc == 4 && !strcmp(argv[3], "register");

	if (argc != 3 && !registers)
		load_die("usage: load_LIBRARY WHAT KEYS [register]");
	keys = argv[2];
	if (!registers)
		return argv[1];
	device = open(KREDACT_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0)
		load_die(KREDACT_DEVICE " is not there");
	return argv[1];
}

void load_place(const char *name, const void *at, size_t len)
{
	struct kredact_register args = {
		.size = sizeof(args),
		.flags = KREDACT_EXACT,
		.addr = (uintptr_t)at,
		.len = len,
	};

	if (device >= 0 && ioctl(device, KREDACT_IOC_REGISTER, &args))
		load_die("a secret cannot be registered");
	printf("place %s %#lx %zu\n", name, (unsigned long)at, len);
}

static struct load_key load(const char *name, size_t tail)
{
	struct load_key key = { .bytes = room + used };
	char path[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", keys, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		load_die(path);
	n = read(fd, key.bytes, sizeof(room) - used);
	close(fd);
	if (n <= 0 || (size_t)n + tail > sizeof(room) - used)
		load_die(path);
	key.len = (size_t)n;
	used += (key.len + tail + 63) & ~63ul;
	return key;
}

struct load_key load_public(const char *name)
{
	return load(name, 0);
}

struct load_key load_secret(const char *name, size_t tail)
{
	struct load_key key = load(name, tail);

	load_place(name, key.bytes, key.len);
	return key;
}

const uint8_t *load_message(unsigned int thread)
{
	uint8_t *message = messages[thread];
	unsigned int i;

	/* Another one each time. */
	for (i = 0; i < LOAD_MESSAGE && !++message[i]; i++)
		;
	return message;
}

static void *thread_main(void *arg)
{
	unsigned int thread = (unsigned int)(uintptr_t)arg;

	for (;;)
		run(thread);
	return NULL;
}

_Noreturn void load_run(void (*work)(unsigned int thread))
{
	unsigned int i;
	pthread_t t;

	run = work;
	for (i = 0; i < LOAD_THREADS; i++)
		if (pthread_create(&t, NULL, thread_main, (void *)(uintptr_t)i))
			load_die("no thread");
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
