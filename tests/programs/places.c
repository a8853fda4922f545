// SPDX-License-Identifier: GPL-2.0
/*
 * Whether place.c knows where bytes of a core were: a child puts different bytes into
 * each kind of place that it tells apart, and crashes.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "place.h"
#include "scan.h"

#define LEN	32
#define OFFSET	32		/* behind what lists of free chunks write into one */
#define CACHED	7		/* chunks of one size that a thread's cache takes */
#define DEEP	16384

/* Numbers of what the child puts where; the thread's are higher by THREAD. */
enum { LIVE, BELOW, USED, IN_CACHE, FAST, UNSORTED, IN_TOP, THREAD,
       DATA = 2 * THREAD, BSS, MMAP, HUGE_CHUNK, VECTOR, NR };

static const struct {
	const char *name;
	enum place place;
} expected[NR] = {
	[LIVE] = { "a local variable", PLACE_STACK },
	[BELOW] = { "a local variable of a function that has returned", PLACE_STACK_BELOW },
	[USED] = { "an allocated chunk", PLACE_HEAP },
	[IN_CACHE] = { "a chunk in the thread's cache", PLACE_FREED },
	[FAST] = { "a chunk in a fast bin", PLACE_FREED },
	[UNSORTED] = { "a large chunk that was freed", PLACE_FREED },
	[IN_TOP] = { "a chunk that went back to the top one", PLACE_FREED },
	[THREAD + LIVE] = { "thread: a local variable", PLACE_STACK },
	[THREAD + BELOW] = { "thread: one of a function that has returned", PLACE_STACK_BELOW },
	[THREAD + USED] = { "thread: an allocated chunk", PLACE_HEAP },
	[THREAD + IN_CACHE] = { "thread: a chunk in its cache", PLACE_FREED },
	[THREAD + FAST] = { "thread: a chunk in a fast bin", PLACE_FREED },
	[THREAD + UNSORTED] = { "thread: a large chunk that was freed", PLACE_FREED },
	[THREAD + IN_TOP] = { "thread: a chunk that went back to the top one", PLACE_FREED },
	[DATA] = { ".data", PLACE_STATIC },
	[BSS] = { ".bss", PLACE_STATIC },
	[MMAP] = { "an anonymous mapping", PLACE_MAPPED },
	[HUGE_CHUNK] = { "a chunk that is a mapping", PLACE_MAPPED },
	[VECTOR] = { "a vector register", PLACE_REGISTERS },
};

static uint8_t in_data[LEN] = { 1 }, in_bss[LEN];
static unsigned int counts[NR];
static enum place places[NR];
static struct dump dump;
static volatile int *volatile nowhere;

/* The bytes of a number, made where they shall be: nowhere else is a copy. */
static __attribute__((noinline)) void put(unsigned int what, volatile uint8_t *at)
{
	uint64_t x = 0x9e3779b97f4a7c15ull * (what + 1);
	int i;

	for (i = 0; i < LEN; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		at[i] = (uint8_t)(x >> 32);
	}
}

static __attribute__((noinline)) void leave_behind(unsigned int what)
{
	volatile uint8_t deep[DEEP];

	put(what, deep + 64);
}

/* Chunks, and then free ones in each kind of list. */
static void fill_heap(unsigned int base)
{
	uint8_t *same[CACHED + 1], *large, *last;
	volatile uint8_t *used = malloc(100);
	int i;

	put(base + USED, used + OFFSET);
	for (i = 0; i <= CACHED; i++)
		same[i] = malloc(80);
	large = malloc(4000);
	if (!malloc(80))	/* lest the large one joins the top */
		_exit(1);
	put(base + IN_CACHE, same[0] + OFFSET);
	put(base + FAST, same[CACHED] + OFFSET);
	put(base + UNSORTED, large + OFFSET);
	for (i = 0; i <= CACHED; i++)
		free(same[i]);
	free(large);
	last = malloc(5000);
	put(base + IN_TOP, last + OFFSET);
	free(last);
}

static void *thread_main(void *arg)
{
	volatile uint8_t live[LEN];

	fill_heap(THREAD);
	leave_behind(THREAD + BELOW);
	put(THREAD + LIVE, live);
	*(volatile bool *)arg = true;
	for (;;)
		pause();
	return NULL;
}

static _Noreturn void child(void)
{
	volatile uint8_t live[LEN], *mapped;
	volatile bool ready = false;
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_main, (void *)&ready))
		_exit(1);
	while (!ready)
		usleep(1000);
	/* A caller of pause() that has not come to it yet has another stack pointer. */
	usleep(100000);
	fill_heap(0);
	put(DATA, in_data);
	put(BSS, in_bss);
	mapped = mmap(NULL, 3 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	put(MMAP, mapped + (1 << 20));
	put(HUGE_CHUNK, (uint8_t *)malloc(4 << 20) + (1 << 20));
	leave_behind(BELOW);
	put(VECTOR, live);
	__asm__ volatile("movdqu (%0), %%xmm9" : : "r" (live) : "xmm9");
	put(LIVE, live);
	for (;;)
		*nowhere = 1;
}

static void found(const struct scan_run *run, void *arg)
{
	(void)arg;
	places[run->secret] = place_of(&dump, run->at);
	counts[run->secret]++;
}

static bool crash(char *core, size_t len)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	const char *pattern = "/tmp/places.%p";
	int status, fd = open("/proc/sys/kernel/core_pattern", O_WRONLY | O_TRUNC);
	pid_t pid;

	if (fd < 0 || write(fd, pattern, strlen(pattern)) < 0)
		return false;
	close(fd);
	setrlimit(RLIMIT_CORE, &unlimited);
	fflush(stdout);
	pid = fork();
	if (!pid)
		child();
	snprintf(core, len, "/tmp/places.%d", pid);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WCOREDUMP(status);
}

int main(void)
{
	unsigned int i, failed = 0;
	char core[64], name[SCAN_NAME];
	uint8_t bytes[LEN];

	if (!crash(core, sizeof(core)) || !dump_open(&dump, core)) {
		puts("Bail out! no core");
		return 1;
	}
	for (i = 0; i < NR; i++) {
		put(i, bytes);
		snprintf(name, sizeof(name), "%u", i);
		scan_add(name, bytes, LEN);
	}
	scan(dump.bytes, dump.len, 0, dump.len, found, NULL);
	for (i = 0; i < NR; i++) {
		bool good = counts[i] && places[i] == expected[i].place;

		if (!good)
			printf("# found %u times, last in: %s\n", counts[i],
			       counts[i] ? place_names[places[i]] : "-");
		printf("%sok %u %s: %s\n", good ? "" : "not ", i + 1, expected[i].name,
		       place_names[expected[i].place]);
		failed += !good;
	}
	printf("1..%d\n", NR);
	dump_close(&dump);
	unlink(core);
	return failed ? 1 : 0;
}
