// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What each thread keeps ready. Only the owner touches its cache, except in the
 * child of a fork, where the caches of threads that are no more are emptied.
 *
 * fork() may catch other threads in the middle of the few instructions that use a
 * cache. The order of their stores is such that the child then misses some free
 * slots, and never finds one in two places.
 */
#include <errno.h>
#include <string.h>
#include "internal.h"

#define CACHE_BYTES	16384	/* of each class, about; it may be a bit more of large ones */
#define CACHE_SLOTS	64	/* at most */

pthread_mutex_t kr_cache_lock = PTHREAD_MUTEX_INITIALIZER;
__thread struct kr_cache *kr_cache;

static __thread enum {
	CACHE_FRESH,	/* the thread has not asked for one yet */
	CACHE_BUSY,	/* it is asking: libc's allocator may be built on this one */
	CACHE_READY,
	CACHE_NONE,	/* there is none to be had, or the thread is ending */
} cache_state;

static struct kr_cache *caches;
static pthread_key_t cache_key;
static bool have_key;

static unsigned int max_slots(unsigned int class)
{
	unsigned int nr = CACHE_BYTES / kr_slot_size[class];

	return nr < 2 ? 2 : nr > CACHE_SLOTS ? CACHE_SLOTS : nr;
}

static struct kr_cache *new_cache(void)
{
	unsigned int nr = 0;
	struct kr_cache *c;

	for (unsigned int i = 0; i < KR_CLASSES; i++)
		nr += max_slots(i);
	c = kr_meta_alloc(sizeof(*c) + nr * sizeof(c->slots[0]));
	if (!c)
		return NULL;
	nr = 0;
	for (unsigned int i = 0; i < KR_CLASSES; i++) {
		c->bin[i].max = max_slots(i);
		c->bin[i].slot = &c->slots[nr];
		nr += c->bin[i].max;
	}
	c->next = caches;
	caches = c;
	return c;
}

static struct kr_cache *get_cache(void)
{
	struct kr_cache *c;

	pthread_mutex_lock(&kr_cache_lock);
	for (c = caches; c && c->owned; c = c->next)
		;
	if (!c)
		c = new_cache();
	if (c)
		c->owned = true;
	pthread_mutex_unlock(&kr_cache_lock);
	return c;
}

static void empty_cache(struct kr_cache *c)
{
	unsigned int nr;

	for (unsigned int i = 0; i < KR_CLASSES; i++) {
		nr = c->bin[i].nr;
		c->bin[i].nr = 0;
		if (nr)
			kr_slab_give(i, c->bin[i].slot, nr);
	}
}

/* With the lock held across it, a fork finds a cache that is emptied whole or not at all. */
static void put_cache(struct kr_cache *c)
{
	pthread_mutex_lock(&kr_cache_lock);
	empty_cache(c);
	c->owned = false;
	pthread_mutex_unlock(&kr_cache_lock);
}

/* At the end of a thread. Other destructors may yet allocate and free: without a cache. */
static void thread_exit(void *cache)
{
	cache_state = CACHE_NONE;
	kr_cache = NULL;
	put_cache(cache);
}

/* Where the process has no thread-specific key left there are no caches: slower, and right. */
void kr_cache_init(void)
{
	have_key = !pthread_key_create(&cache_key, thread_exit);
}

static struct kr_cache *my_cache(void)
{
	struct kr_cache *c;

	if (likely(kr_cache))
		return kr_cache;
	kr_init();
	if (cache_state != CACHE_FRESH)
		return NULL;
	if (!have_key) {
		cache_state = CACHE_NONE;
		return NULL;
	}

	cache_state = CACHE_BUSY;
	c = get_cache();
	if (c && pthread_setspecific(cache_key, c)) {
		put_cache(c);
		c = NULL;
	}
	cache_state = c ? CACHE_READY : CACHE_NONE;
	kr_cache = c;
	return c;
}

/* A slot, when the cache has none. NULL with errno set. */
void *kr_cache_refill(unsigned int class)
{
	struct kr_cache *c = my_cache();
	struct kr_cache_bin *bin;
	void *slot = NULL;
	int nr;

	if (!c) {
		nr = kr_slab_take(class, &slot, 1);
	} else {
		bin = &c->bin[class];
		nr = kr_slab_take(class, bin->slot, bin->max / 2);
		if (nr > 0) {
			slot = bin->slot[nr - 1];
			__atomic_store_n(&bin->nr, (unsigned int)nr - 1, __ATOMIC_RELEASE);
		}
	}
	if (nr < 0) {
		errno = -nr;
		return NULL;
	}
	return slot;
}

/* Take a slot, wiped, when the cache is full or there is none. Leaves errno alone. */
void kr_cache_drain(unsigned int class, void *slot)
{
	struct kr_cache *c = my_cache();
	struct kr_cache_bin *bin;
	unsigned int nr, half;
	void *give[CACHE_SLOTS];
	int saved = errno;

	if (!c) {
		kr_slab_give(class, &slot, 1);
		goto out;
	}

	bin = &c->bin[class];
	nr = bin->nr;
	half = 0;
	if (nr == bin->max) {
		/* the ones that lie longest */
		half = nr / 2;
		memcpy(give, bin->slot, half * sizeof(give[0]));
		__atomic_store_n(&bin->nr, 0, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_RELEASE);
		memmove(bin->slot, bin->slot + half, (nr - half) * sizeof(give[0]));
		nr -= half;
	}
	bin->slot[nr] = slot;
	__atomic_store_n(&bin->nr, nr + 1, __ATOMIC_RELEASE);
	if (half)
		kr_slab_give(class, give, half);
out:
	errno = saved;
}

/* The other threads do not exist in the child. */
void kr_cache_after_fork(void)
{
	struct kr_cache *c;

	pthread_mutex_lock(&kr_cache_lock);
	for (c = caches; c; c = c->next) {
		if (c == kr_cache || !c->owned)
			continue;
		empty_cache(c);
		c->owned = false;
	}
	pthread_mutex_unlock(&kr_cache_lock);
}
