// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The public allocator.
 *
 * A small object is a slot: the object, then a canary in the last 8 bytes. In a
 * free slot all is zero, the canary too. So the canary says whether the slot is in
 * use, and exchanging it for 0 is what frees it: of two threads that free the same
 * object, one is caught. The books (which slab, which slots are free) are
 * elsewhere.
 */
#include <errno.h>
#include <string.h>
#include "internal.h"

#define ALIGN		16

static uint64_t *canary_of(uintptr_t p, uint32_t slot)
{
	return (uint64_t *)(p + slot - KR_CANARY_LEN);
}

static inline uint64_t canary_value(uintptr_t p)
{
	return kr_secret ^ p;
}

static void __attribute__((__noreturn__, __cold__)) bad_canary(uint64_t found, void *ptr)
{
	kr_fatal(found ? "buffer overrun or corrupted pointer, found at its end" :
			 "pointer that is free already", ptr);
}

/* The region and, for small objects, the slab of a pointer that must begin an object. */
static inline struct kr_region *find(void *ptr, struct kr_slab **slab)
{
	uintptr_t p = (uintptr_t)ptr;
	struct kr_region *r = kr_region_find(p);
	struct kr_slab *s;
	uint32_t offset, i;

	if (unlikely(!r))
		goto foreign;
	if (unlikely(!r->is_arena)) {
		if (r->object != p)
			goto foreign;
		*slab = NULL;
		return r;
	}
	s = kr_slab_find(r, p);
	if (unlikely(!s))
		goto foreign;
	offset = (uint32_t)(p - s->base);
	i = (uint32_t)((uint64_t)offset * s->reciprocal >> 32);
	if (unlikely(i * s->slot != offset || i >= s->nr))
		goto foreign;
	*slab = s;
	return r;

foreign:
	kr_fatal("pointer that is not the library's, or free already", ptr);
}

static void check_canary(void *ptr, const struct kr_slab *s)
{
	uint64_t found = *canary_of((uintptr_t)ptr, s->slot);

	if (found != canary_value((uintptr_t)ptr))
		bad_canary(found, ptr);
}

static size_t usable(void *ptr, const struct kr_region *r, const struct kr_slab *s)
{
	return s ? s->slot - KR_CANARY_LEN : r->base + r->len - (uintptr_t)ptr;
}

static void *large_alloc(size_t len)
{
	struct kr_region *r;
	int err;

	if (len > KREDACT_LEN_MAX) {
		errno = ENOMEM;
		return NULL;
	}
	kr_init();
	r = kr_region_get();
	if (!r) {
		errno = ENOMEM;
		return NULL;
	}
	r->is_arena = false;
	err = kr_region_map(r, kr_align_up(len, kr_page), KR_LARGE_LABEL);
	if (err) {
		kr_region_put(r);
		errno = -err;
		return NULL;
	}
	/* against the guard page behind it */
	r->object = r->base + r->len - kr_align_up(len, ALIGN);
	return (void *)r->object;
}

static void large_free(void *ptr, struct kr_region *r)
{
	int saved = errno;

	if (!kr_region_claim(r))
		kr_fatal("pointer that is free already", ptr);
	kredact_wipe(ptr, r->base + r->len - (uintptr_t)ptr);
	kr_region_unmap(r);
	kr_region_put(r);
	errno = saved;
}

static inline void *small_alloc(size_t len)
{
	unsigned int class = kr_class(len), nr;
	struct kr_cache *c = kr_cache;
	struct kr_cache_bin *bin;
	void *p;

	if (likely(c && c->bin[class].nr)) {
		bin = &c->bin[class];
		nr = bin->nr - 1;
		p = bin->slot[nr];
		__atomic_store_n(&bin->nr, nr, __ATOMIC_RELEASE);
	} else {
		p = kr_cache_refill(class);
		if (!p)
			return NULL;
	}
	*canary_of((uintptr_t)p, kr_slot_size[class]) = canary_value((uintptr_t)p);
	return p;
}

static inline void small_free(void *ptr, struct kr_slab *s)
{
	unsigned int class = s->class, nr;
	struct kr_cache *c = kr_cache;
	struct kr_cache_bin *bin;
	uint64_t found;

	found = __atomic_exchange_n(canary_of((uintptr_t)ptr, s->slot), 0, __ATOMIC_ACQ_REL);
	if (unlikely(found != canary_value((uintptr_t)ptr)))
		bad_canary(found, ptr);
	kredact_wipe(ptr, s->slot - KR_CANARY_LEN);

	if (likely(c && c->bin[class].nr < c->bin[class].max)) {
		bin = &c->bin[class];
		nr = bin->nr;
		bin->slot[nr] = ptr;
		__atomic_store_n(&bin->nr, nr + 1, __ATOMIC_RELEASE);
	} else {
		kr_cache_drain(class, ptr);
	}
}

KR_API void *kredact_alloc(size_t len)
{
	return likely(len <= KR_SMALL_MAX) ? small_alloc(len) : large_alloc(len);
}

KR_API void *kredact_calloc(size_t nr, size_t len)
{
	size_t all;

	if (__builtin_mul_overflow(nr, len, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return kredact_alloc(all);	/* zeroed as it is */
}

KR_API void kredact_free(void *ptr)
{
	struct kr_region *r;
	struct kr_slab *s;

	if (!ptr)
		return;
	r = find(ptr, &s);
	if (likely(s))
		small_free(ptr, s);
	else
		large_free(ptr, r);
}

KR_API void *kredact_realloc(void *ptr, size_t len)
{
	struct kr_region *r;
	struct kr_slab *s;
	size_t old;
	void *new;

	if (!ptr)
		return kredact_alloc(len);
	if (!len) {
		kredact_free(ptr);
		return NULL;
	}
	r = find(ptr, &s);
	if (s)
		check_canary(ptr, s);
	old = usable(ptr, r, s);
	if (len <= old && len >= old / 2) {
		kredact_wipe((char *)ptr + len, old - len);
		return ptr;
	}

	new = kredact_alloc(len);
	if (!new)
		return NULL;
	memcpy(new, ptr, old < len ? old : len);
	kredact_free(ptr);
	return new;
}

KR_API size_t kredact_usable_size(const void *ptr)
{
	void *p = (void *)(uintptr_t)ptr;
	struct kr_region *r;
	struct kr_slab *s;

	if (!ptr)
		return 0;
	r = find(p, &s);
	if (s)
		check_canary(p, s);
	return usable(p, r, s);
}
