// SPDX-License-Identifier: GPL-2.0
/* What the programs hold_LIBRARY have in common: see hold.h. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hold.h"

static uint8_t room[16384] __attribute__((aligned(64)));
static size_t used;
static const char *keys;

void hold_need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "hold: %s\n", what);
	exit(EXIT_FAILURE);
}

bool hold_begin(int argc, char **argv)
{
	bool freed = argc == 3 && !strcmp(argv[2], "freed");

	hold_need(freed || (argc == 3 && !strcmp(argv[2], "held")), "usage: KEYS held|freed");
	keys = argv[1];
	return freed;
}

struct hold_file hold_read(const char *name)
{
	struct hold_file file = { .bytes = room + used };
	char path[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", keys, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	hold_need(fd >= 0, path);
	n = read(fd, file.bytes, sizeof(room) - used);
	hold_need(n > 0 && (size_t)n < sizeof(room) - used, path);
	close(fd);
	file.len = (size_t)n;
	used += file.len;
	return file;
}

void hold_forget(void)
{
	explicit_bzero(room, sizeof(room));
}

_Noreturn void hold_crash(void)
{
	/* Where the watcher makes the tags it has to come to work before that. */
	sleep(1);
	raise(SIGSEGV);
	abort();
}
