// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A region: a mapping that is protected as a whole, between two guard pages. It
 * begins at a multiple of KR_CHUNK_SIZE, so a table indexed by chunk finds the
 * region of any pointer: two loads, no lock, and nothing in the memory itself
 * that an overrun could forge.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include "internal.h"

pthread_mutex_t kr_region_lock = PTHREAD_MUTEX_INITIALIZER;
struct kr_region **kr_chunk_root[KR_ROOT_SIZE];

static struct kr_region *unused;

/* Address space without access, at a multiple of KR_CHUNK_SIZE. */
static uintptr_t reserve(size_t len)
{
	size_t more = len + KR_CHUNK_SIZE - kr_page;
	uintptr_t start, aligned;
	void *p;

	p = mmap(NULL, more, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return 0;
	start = (uintptr_t)p;
	aligned = kr_align_up(start, KR_CHUNK_SIZE);
	if (aligned > start)
		munmap(p, aligned - start);
	if (start + more > aligned + len)
		munmap((void *)(aligned + len), start + more - aligned - len);
	if ((aligned + len) >> KR_ADDR_BITS) {
		munmap((void *)aligned, len);
		return 0;
	}
	return aligned;
}

static int table_set(uintptr_t from, uintptr_t to, struct kr_region *r)
{
	struct kr_region **leaf, ***root;
	int err = 0;

	pthread_mutex_lock(&kr_region_lock);
	for (uintptr_t p = from; p < to; p += KR_CHUNK_SIZE) {
		root = &kr_chunk_root[p >> (KR_CHUNK_SHIFT + KR_LEAF_BITS)];
		leaf = *root;
		if (!leaf) {
			leaf = kr_meta_alloc(KR_LEAF_SIZE * sizeof(*leaf));
			if (!leaf) {
				err = -ENOMEM;
				break;
			}
			__atomic_store_n(root, leaf, __ATOMIC_RELEASE);
		}
		__atomic_store_n(&leaf[(p >> KR_CHUNK_SHIFT) & (KR_LEAF_SIZE - 1)], r,
				 __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&kr_region_lock);
	return err;
}

static void table_clear(uintptr_t from, uintptr_t to)
{
	struct kr_region **leaf;

	pthread_mutex_lock(&kr_region_lock);
	for (uintptr_t p = from; p < to; p += KR_CHUNK_SIZE) {
		leaf = kr_chunk_root[p >> (KR_CHUNK_SHIFT + KR_LEAF_BITS)];
		if (leaf)
			__atomic_store_n(&leaf[(p >> KR_CHUNK_SHIFT) & (KR_LEAF_SIZE - 1)], NULL,
					 __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&kr_region_lock);
}

/*
 * Fill in @r with @len bytes (whole pages) of fresh memory and protect them.
 * Returns 0, or a negative errno, and nothing is mapped.
 */
int kr_region_map(struct kr_region *r, size_t len, const char *label)
{
	struct kr_request req = {
		.label = label,
		.label_len = (uint32_t)__builtin_strlen(label),
		.require = __atomic_load_n(&kr_required, __ATOMIC_RELAXED),
		.lock = true,
	};
	size_t all = len + 2 * kr_page;
	uintptr_t start;
	int err;

	start = reserve(all);
	if (!start)
		return -ENOMEM;
	r->base = start + kr_page;
	r->len = len;
	err = -ENOMEM;
	if (mprotect((void *)r->base, len, PROT_READ | PROT_WRITE))
		goto unmap;
	err = kr_check_range(r->base, len);
	if (err)
		goto unmap;
	err = kr_protect(r->base, len, &req, &r->handle);
	if (err)
		goto unmap;
	err = table_set(start, start + all, r);
	if (err)
		goto unprotect;
	return 0;

unprotect:
	table_clear(start, start + all);
	kr_unprotect(r->handle);
unmap:
	munmap((void *)start, all);
	return err;
}

/*
 * Its memory has been wiped. Errors of the unregistration are of no use here: the
 * mapping takes tags, flags and locks with it.
 */
void kr_region_unmap(struct kr_region *r)
{
	uintptr_t start = r->base - kr_page;
	size_t all = r->len + 2 * kr_page;

	table_clear(start, start + all);
	kr_unprotect(r->handle);
	munmap((void *)start, all);
}

/* Of several threads that free the same large object, one gets true. */
bool kr_region_claim(struct kr_region *r)
{
	return __atomic_exchange_n(&r->object, 0, __ATOMIC_RELAXED) != 0;
}

/* A struct for a large object, and back. Never unmapped: a stray free may look at it. */
struct kr_region *kr_region_get(void)
{
	struct kr_region *r;

	pthread_mutex_lock(&kr_region_lock);
	r = unused;
	if (r)
		unused = r->next;
	pthread_mutex_unlock(&kr_region_lock);
	return r ? r : kr_meta_alloc(sizeof(*r));
}

void kr_region_put(struct kr_region *r)
{
	pthread_mutex_lock(&kr_region_lock);
	r->next = unused;
	unused = r;
	pthread_mutex_unlock(&kr_region_lock);
}
