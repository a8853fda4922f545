// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Slabs: runs of grains cut into slots of one size. A slot that is free, here or
 * in a thread's cache, holds zeros; the numbers of free slots are kept outside.
 */
#include <errno.h>
#include "internal.h"

struct kr_bin kr_bins[KR_CLASSES] = {
	[0 ... KR_CLASSES - 1] = { .lock = PTHREAD_MUTEX_INITIALIZER },
};

/* kr_class() computes the index; multiples of 16, as objects are aligned to that. */
const uint16_t kr_slot_size[KR_CLASSES] = {
	32, 48, 64, 80, 96, 112, 128,
	160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024,
	1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 5120, 6144, 7168, 8192,
	10240, 12288, 14336, 16384, 20480, 24576, 28672, 32768,
};

/* The shortest run that holds some slots and wastes at most an eighth. */
unsigned int kr_slab_grains(unsigned int class)
{
	size_t slot = kr_slot_size[class], len, want;
	unsigned int grains;

	want = slot <= 512 ? 16 : slot <= 2048 ? 8 : slot <= 8192 ? 2 : 1;
	for (grains = 1; grains < KR_SLAB_GRAINS; grains++) {
		len = grains << KR_GRAIN_SHIFT;
		if (len / slot >= want && len % slot * 8 <= len)
			break;
	}
	return grains;
}

static void link_partial(struct kr_bin *bin, struct kr_slab *s)
{
	s->prev = NULL;
	s->next = bin->partial;
	if (s->next)
		s->next->prev = s;
	bin->partial = s;
}

static void unlink_partial(struct kr_bin *bin, struct kr_slab *s)
{
	if (s->prev)
		s->prev->next = s->next;
	else
		bin->partial = s->next;
	if (s->next)
		s->next->prev = s->prev;
}

static int new_slab(struct kr_bin *bin, unsigned int class)
{
	uint32_t slot = kr_slot_size[class];
	unsigned int grains = kr_slab_grains(class);
	unsigned int nr = (unsigned int)((grains << KR_GRAIN_SHIFT) / slot);
	struct kr_slab *s = bin->unused;
	int err;

	if (s)
		bin->unused = s->next;
	else
		s = kr_meta_alloc(sizeof(*s) + nr * sizeof(s->free[0]));
	if (!s)
		return -ENOMEM;

	s->slot = slot;
	s->reciprocal = UINT32_MAX / slot + 1;
	s->class = (uint16_t)class;
	s->grains = (uint16_t)grains;
	s->nr = s->nr_free = (uint16_t)nr;
	for (unsigned int i = 0; i < nr; i++)
		s->free[i] = (uint16_t)(nr - 1 - i);

	err = kr_arena_take(s);
	if (err) {
		s->next = bin->unused;
		bin->unused = s;
		return err;
	}
	link_partial(bin, s);
	bin->nr_free += nr;
	return 0;
}

/* Up to @nr slots, at least one. Returns how many, or a negative errno. */
int kr_slab_take(unsigned int class, void **slots, unsigned int nr)
{
	struct kr_bin *bin = &kr_bins[class];
	unsigned int n = 0;
	struct kr_slab *s;
	int err = 0;

	pthread_mutex_lock(&bin->lock);
	while (n < nr) {
		s = bin->partial;
		if (!s) {
			/* Enough for the caller: no new slab for the sake of a cache. */
			if (n)
				break;
			err = new_slab(bin, class);
			if (err)
				break;
			continue;
		}
		slots[n++] = (void *)(s->base + (size_t)s->free[--s->nr_free] * s->slot);
		bin->nr_free--;
		if (!s->nr_free)
			unlink_partial(bin, s);
	}
	pthread_mutex_unlock(&bin->lock);
	return n ? (int)n : err;
}

/* Give back slots, wiped. A slab that is empty goes if there is room for a slab elsewhere. */
void kr_slab_give(unsigned int class, void **slots, unsigned int nr)
{
	struct kr_bin *bin = &kr_bins[class];
	struct kr_slab *s;
	uintptr_t p;

	pthread_mutex_lock(&bin->lock);
	for (unsigned int i = 0; i < nr; i++) {
		p = (uintptr_t)slots[i];
		s = kr_slab_find(kr_region_find(p), p);
		if (!s->nr_free)
			link_partial(bin, s);
		s->free[s->nr_free++] = (uint16_t)((p - s->base) / s->slot);
		bin->nr_free++;
		if (s->nr_free < s->nr || bin->nr_free < 2U * s->nr)
			continue;
		unlink_partial(bin, s);
		bin->nr_free -= s->nr;
		kr_arena_give(s);
		s->next = bin->unused;
		bin->unused = s;
	}
	pthread_mutex_unlock(&bin->lock);
}
