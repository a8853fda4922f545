// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Arenas: regions that are cut into runs of grains for slabs. The first is
 * small, for the sake of RLIMIT_MEMLOCK, the next ones double up to one chunk.
 */
#include <errno.h>
#include "internal.h"

pthread_mutex_t kr_arena_lock = PTHREAD_MUTEX_INITIALIZER;

static struct kr_arena *arenas;		/* the newest first */
static struct kr_arena *unused;
static unsigned int nr_arenas;
static size_t nr_free_grains;

/* The first of @len free grains in a row, or -1. */
static int find_run(struct kr_arena *a, unsigned int len)
{
	unsigned int run = 0;

	if (len > a->nr_free || len >= a->too_long)
		return -1;
	for (unsigned int i = 0; i < a->nr; i++) {
		run = a->used[i / 64] >> (i % 64) & 1 ? 0 : run + 1;
		if (run == len)
			return (int)(i + 1 - len);
	}
	a->too_long = len;
	return -1;
}

static struct kr_arena *new_arena(unsigned int min_grains, int *err)
{
	size_t max = KR_CHUNK_SIZE - 2 * kr_page;
	size_t min = kr_align_up(KR_ARENA_MIN, kr_page);
	struct kr_arena *a = unused;
	size_t len;

	if (a)
		unused = a->next;
	else
		a = kr_meta_alloc(sizeof(*a));
	if (!a) {
		*err = -ENOMEM;
		return NULL;
	}

	*a = (struct kr_arena) { .region.is_arena = true };
	len = nr_arenas < 8 ? min << nr_arenas : max;
	if (len > max)
		len = max;
	/* Where limits are tight a smaller one may fit. */
	for (;;) {
		*err = kr_region_map(&a->region, len, KR_ARENA_LABEL);
		if (!*err || len == min)
			break;
		len = len / 2 > min ? kr_align_up(len / 2, kr_page) : min;
	}
	if (*err || len >> KR_GRAIN_SHIFT < min_grains) {
		a->next = unused;
		unused = a;
		return NULL;
	}

	a->nr = (unsigned int)(len >> KR_GRAIN_SHIFT);
	a->nr_free = a->nr;
	a->too_long = a->nr + 1;
	a->next = arenas;
	if (arenas)
		arenas->prev = a;
	arenas = a;
	nr_arenas++;
	nr_free_grains += a->nr;
	return a;
}

static void end_arena(struct kr_arena *a)
{
	if (a->prev)
		a->prev->next = a->next;
	else
		arenas = a->next;
	if (a->next)
		a->next->prev = a->prev;
	nr_arenas--;
	nr_free_grains -= a->nr;
	kr_region_unmap(&a->region);
	a->next = unused;
	unused = a;
}

/*
 * Find memory for @slab, whose @grains say how much; @arena, @first_grain and
 * @base are filled in. Returns 0 or a negative errno.
 */
int kr_arena_take(struct kr_slab *slab)
{
	struct kr_arena *a;
	int first = -1, err = 0;

	pthread_mutex_lock(&kr_arena_lock);
	for (a = arenas; a; a = a->next) {
		first = find_run(a, slab->grains);
		if (first >= 0)
			break;
	}
	if (!a) {
		a = new_arena(slab->grains, &err);
		if (!a)
			goto out;
		first = 0;
	}

	slab->arena = a;
	slab->first_grain = (uint16_t)first;
	slab->base = a->region.base + ((size_t)first << KR_GRAIN_SHIFT);
	a->nr_free -= slab->grains;
	nr_free_grains -= slab->grains;
	for (unsigned int i = (unsigned int)first; i < (unsigned int)first + slab->grains; i++) {
		a->used[i / 64] |= 1ULL << (i % 64);
		__atomic_store_n(&a->slab[i], slab, __ATOMIC_RELEASE);
	}
out:
	pthread_mutex_unlock(&kr_arena_lock);
	return err;
}

/*
 * Take back the memory of @slab, all of it wiped. An arena that has become
 * empty ends if the others have an arena's worth of room left: a load that
 * comes and goes should not map and unmap each time.
 */
void kr_arena_give(struct kr_slab *slab)
{
	struct kr_arena *a = slab->arena;

	pthread_mutex_lock(&kr_arena_lock);
	for (unsigned int i = slab->first_grain; i < slab->first_grain + slab->grains; i++) {
		a->used[i / 64] &= ~(1ULL << (i % 64));
		__atomic_store_n(&a->slab[i], NULL, __ATOMIC_RELEASE);
	}
	a->nr_free += slab->grains;
	a->too_long = a->nr + 1;
	nr_free_grains += slab->grains;
	if (a->nr_free == a->nr && nr_free_grains - a->nr >= a->nr)
		end_arena(a);
	pthread_mutex_unlock(&kr_arena_lock);
}
