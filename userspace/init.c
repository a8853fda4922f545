// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libkredact, starting up, fork, and giving up.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <unistd.h>
#include "internal.h"

size_t kr_page = 4096;
uint64_t kr_secret;
pid_t kr_pid;

static pthread_once_t init_once = PTHREAD_ONCE_INIT;

/* The locks in the order in which they nest, after kr_cache_lock and those of the bins. */
static pthread_mutex_t *const inner_locks[] = {
	&kr_arena_lock,
	&kr_region_lock,
	&kr_handle_lock,
	&kr_cover_lock,
	&kr_device_lock,
	&kr_meta_lock,
};

static void fork_prepare(void)
{
	pthread_mutex_lock(&kr_cache_lock);
	for (size_t i = 0; i < KR_CLASSES; i++)
		pthread_mutex_lock(&kr_bins[i].lock);
	for (size_t i = 0; i < KR_ARRAY_SIZE(inner_locks); i++)
		pthread_mutex_lock(inner_locks[i]);
}

static void fork_parent(void)
{
	for (size_t i = KR_ARRAY_SIZE(inner_locks); i--; )
		pthread_mutex_unlock(inner_locks[i]);
	for (size_t i = KR_CLASSES; i--; )
		pthread_mutex_unlock(&kr_bins[i].lock);
	pthread_mutex_unlock(&kr_cache_lock);
}

static void fork_child(void)
{
	fork_parent();
	kr_pid = getpid();
	if (kr_cover_after_fork())
		__atomic_or_fetch(&kr_unmet, KREDACT_REQUIRE_LOCKED, __ATOMIC_RELAXED);
	kr_cache_after_fork();
}

static void init(void)
{
	const void *at_random;

	kr_page = (size_t)sysconf(_SC_PAGESIZE);
	kr_pid = getpid();

	/* Early in boot there may be no entropy; the kernel's gift to each exec will do then. */
	if (getrandom(&kr_secret, sizeof(kr_secret), GRND_NONBLOCK) != sizeof(kr_secret)) {
		at_random = (const void *)getauxval(AT_RANDOM);
		if (at_random)
			memcpy(&kr_secret, at_random, sizeof(kr_secret));
		kr_secret *= 0x9e3779b97f4a7c15;	/* libc uses it as it is */
	}
	/* No address has this bit, so no canary is 0, which stands for a free slot. */
	kr_secret |= 1ULL << 63;

	if (pthread_atfork(fork_prepare, fork_parent, fork_child))
		kr_fatal("no memory for fork handlers", NULL);
	kr_cache_init();
}

/*
 * Early, so that fork handlers of others that allocate run before the locks are
 * taken and after they are released.
 */
__attribute__((constructor(101))) void kr_init(void)
{
	pthread_once(&init_once, init);
}

/* Says what is wrong and with which pointer. Uses nothing that could be broken. */
void kr_fatal(const char *what, const void *ptr)
{
	char line[128] = "kredact: ", digits[] = "0123456789abcdef";
	size_t n = strlen(line), len = strlen(what);
	uintptr_t p = (uintptr_t)ptr;

	memcpy(line + n, what, len);
	n += len;
	if (ptr) {
		memcpy(line + n, ": 0x", 4);
		n += 4;
		for (int shift = (int)sizeof(p) * 8 - 4; shift >= 0; shift -= 4)
			line[n++] = digits[(p >> shift) & 15];
	}
	line[n++] = '\n';
	/* nothing to be done if that fails */
	(void)!write(STDERR_FILENO, line, n);
	abort();
}

KR_API const char *kredact_version(void)
{
	return KREDACT_VERSION;
}

KR_API void kredact_wipe(void *ptr, size_t len)
{
	if (!len)
		return;
	memset(ptr, 0, len);
	__asm__ __volatile__("" : : "r"(ptr) : "memory");
}
