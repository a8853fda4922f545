// SPDX-License-Identifier: GPL-2.0
/*
 * Registration from outside, for programs that know nothing of kredact: what is
 * found in another process's memory, or what a process of the same user holds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/kredact.h>

#include "program.h"
#include "scan.h"

#define MEMORY_MAX	(64ul << 20)	/* bytes of one process that are looked at */
#define REGIONS_MAX	256
#define CANDIDATES_MAX	256

struct region {
	uint64_t addr;
	size_t len, at;		/* @at: offset in memory */
};

static uint8_t *memory;
static struct region regions[REGIONS_MAX];
static unsigned int nr_regions;

static struct registered candidates[CANDIDATES_MAX];
static unsigned int nr_candidates;

static uint64_t address_of(size_t at)
{
	unsigned int i;

	for (i = 0; i < nr_regions; i++)
		if (at - regions[i].at < regions[i].len)
			return regions[i].addr + (at - regions[i].at);
	return 0;
}

static void candidate(const struct scan_run *run, void *arg)
{
	size_t len;

	(void)arg;
	scan_secret(run->secret, &len);
	if (run->len == len && nr_candidates < CANDIDATES_MAX)
		candidates[nr_candidates++] = (struct registered){
			.secret = run->secret,
			.addr = address_of(run->at),
			.len = len,
			.reversed = run->reversed,
		};
}

/* Read all writable private memory. Return: its bytes. */
static size_t read_memory(pid_t pid)
{
	char path[64], line[512], perms[8];
	size_t used = 0;
	uint64_t from, to;
	FILE *maps;
	int fd;

	if (!memory) {
		memory = mmap(NULL, MEMORY_MAX, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (memory == MAP_FAILED)
			exit(EXIT_FAILURE);
	}
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	nr_regions = 0;
	while (fd >= 0 && maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, perms) != 3 ||
		    memcmp(perms, "rw", 2) || perms[3] != 'p' || nr_regions == REGIONS_MAX ||
		    to - from > MEMORY_MAX - used)
			continue;
		if (pread(fd, memory + used, to - from, (off_t)from) != (ssize_t)(to - from))
			continue;
		regions[nr_regions++] = (struct region){ from, to - from, used };
		used += to - from;
	}
	if (maps)
		fclose(maps);
	if (fd >= 0)
		close(fd);
	return used;
}

bool find_places(struct running *r)
{
	size_t used = read_memory(r->pid), at;
	bool have[SCAN_SECRETS] = { false };
	unsigned int i;

	nr_candidates = 0;
	r->nr_places = 0;
	scan(memory, used, 0, used, candidate, NULL);
	for (at = 0; at + 8 <= used; at += 8) {
		uint64_t value;

		memcpy(&value, memory + at, 8);
		for (i = 0; value && i < nr_candidates; i++) {
			const struct registered *c = &candidates[i];

			if (value != c->addr || have[c->secret] || r->nr_places == PLACES_MAX)
				continue;
			have[c->secret] = true;
			r->places[r->nr_places++] = *c;
		}
	}
	return r->nr_places == scan_nr();
}

bool register_places(const struct running *r)
{
	int device = open(KREDACT_DEVICE, O_RDWR | O_CLOEXEC);
	int pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	bool good = device >= 0 && pidfd >= 0;
	unsigned int i;

	for (i = 0; good && i < r->nr_places; i++) {
		struct kredact_register args = {
			.size = sizeof(args),
			.flags = KREDACT_EXACT | KREDACT_PIDFD,
			.addr = r->places[i].addr,
			.len = r->places[i].len,
			.pidfd = (uint32_t)pidfd,
		};

		good = !ioctl(device, KREDACT_IOC_REGISTER, &args);
		if (!good)
			printf("# registering %s: %s\n", scan_name(r->places[i].secret),
			       strerror(errno));
	}
	if (device >= 0)
		close(device);
	if (pidfd >= 0)
		close(pidfd);
	return good;
}

/* In the process that holds the secrets. */
static void hold(int ready)
{
	int device = open(KREDACT_DEVICE, O_RDWR | O_CLOEXEC);
	unsigned int i;

	for (i = 0; device >= 0 && i < scan_nr(); i++) {
		struct kredact_register args = {
			.size = sizeof(args),
			.flags = KREDACT_EXACT | KREDACT_GROUP,
		};
		size_t len;

		args.addr = (uintptr_t)scan_secret(i, &len);
		args.len = len;
		if (ioctl(device, KREDACT_IOC_REGISTER, &args)) {
			printf("# registering %s for its user: %s\n", scan_name(i),
			       strerror(errno));
			fflush(stdout);
			_exit(EXIT_FAILURE);
		}
	}
	if (device < 0 || write(ready, "", 1) != 1)
		_exit(EXIT_FAILURE);
	for (;;)
		pause();
}

pid_t hold_secrets(uid_t uid)
{
	int ready[2];
	char byte;
	pid_t pid;
	bool good;

	if (pipe2(ready, O_CLOEXEC))
		return -1;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(ready[0]);
		if (setgid(uid) || setuid(uid))
			_exit(EXIT_FAILURE);
		hold(ready[1]);
	}
	close(ready[1]);
	good = pid > 0 && read(ready[0], &byte, 1) == 1;
	close(ready[0]);
	if (good)
		return pid;
	if (pid > 0)
		finish(pid);
	return -1;
}
