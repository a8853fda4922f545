/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkredact, what its files share. Nothing here is exported; names begin with
 * kr_ for the sake of programs that link the static library.
 *
 * Layers, each calling only those further down:
 *
 *	alloc	objects: the public allocator
 *	cache	what a thread keeps ready of each size
 *	slab	runs of an arena cut into slots of one size
 *	arena	mappings cut into runs of grains
 *	region	a mapping between guard pages, and the table that finds it
 *	register	tag, or fall back; the handles that the library gives out
 *	cover	madvise and mlock, counted by page
 *	device	/dev/kredact
 *	meta	memory for all these books
 *
 * Locks nest in this same order; init.c has the list.
 */
#ifndef KR_INTERNAL_H
#define KR_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "kredact.h"

#define KR_API		__attribute__((visibility("default")))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#define KR_ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define kr_container_of(ptr, type, member)	\
	((type *)((char *)(ptr) - offsetof(type, member)))

static inline size_t kr_align_up(size_t n, size_t align)
{
	return (n + align - 1) & ~(align - 1);
}

/* --- init.c ------------------------------------------------------------- */

extern size_t kr_page;		/* bytes in a page of the MMU */
extern uint64_t kr_secret;	/* of this process and its children; canaries are made of it */
extern pid_t kr_pid;		/* the process that init or the fork handler last saw */

void kr_init(void);
void kr_fatal(const char *what, const void *ptr) __attribute__((__noreturn__, __cold__));

/* --- meta.c -------------------------------------------------------------- */

extern pthread_mutex_t kr_meta_lock;

/* Zeroed, aligned to 64 bytes, never given back; NULL without memory. */
void *kr_meta_alloc(size_t size);

/* --- device.c ------------------------------------------------------------ */

extern pthread_mutex_t kr_device_lock;
extern const char *kr_device_path;	/* tests put another here */

int kr_device_open(void);
int kr_device_ioctl(unsigned long cmd, void *arg);

/* --- pagecount.c --------------------------------------------------------- */

struct kr_run;

/* How often each page is counted; all zeros is an empty one. Its user locks. */
struct kr_pagecount {
	struct kr_run *root;
	struct kr_run *spare;
	size_t nr_spare;
	uint64_t random;
};

/* Gets the pages first to end - 1. */
typedef int (*kr_run_fn)(size_t first, size_t end);

int kr_pagecount_add(struct kr_pagecount *pc, size_t first, size_t end);
int kr_pagecount_sub(struct kr_pagecount *pc, size_t first, size_t end, kr_run_fn zero);
bool kr_pagecount_covers(const struct kr_pagecount *pc, size_t first, size_t end);
int kr_pagecount_renew(struct kr_pagecount *pc, kr_run_fn renew);

/* --- cover.c -------------------------------------------------------------- */

extern pthread_mutex_t kr_cover_lock;

/* What the library did to a range of pages itself: KREDACT_COVER_DONTDUMP, _MLOCK. */
int kr_cover_add(unsigned int what, uintptr_t addr, size_t len);
int kr_cover_drop(unsigned int what, uintptr_t addr, size_t len);
unsigned int kr_cover_query(uintptr_t addr, size_t len);
int kr_cover_after_fork(void);

/* --- register.c ------------------------------------------------------------ */

extern pthread_mutex_t kr_handle_lock;
extern unsigned int kr_unmet;		/* KREDACT_REQUIRE_* that something did without */
extern unsigned int kr_required;	/* of the whole process */

/**
 * struct kr_request - a registration, its arguments checked
 * @label:	not NUL-terminated
 * @flags:	of the module's registration, passed on to it
 * @require:	KREDACT_REQUIRE_*, those of the process included
 * @lock:	mlock() even when the module tags the range
 */
struct kr_request {
	const char *label;
	uint32_t label_len;
	uint32_t flags;
	uint32_t require;
	bool lock;
};

int kr_check_range(uintptr_t addr, size_t len);
int kr_protect(uintptr_t addr, size_t len, const struct kr_request *req, uint64_t *handle);
int kr_unprotect(uint64_t handle);

/* --- region.c -------------------------------------------------------------- */

#define KR_CHUNK_SHIFT	20
#define KR_CHUNK_SIZE	((size_t)1 << KR_CHUNK_SHIFT)
#define KR_ADDR_BITS	48	/* what mmap() gives without a hint: x86-64, arm64 */
#define KR_LEAF_BITS	14
#define KR_LEAF_SIZE	((size_t)1 << KR_LEAF_BITS)
#define KR_ROOT_SIZE	((size_t)1 << (KR_ADDR_BITS - KR_CHUNK_SHIFT - KR_LEAF_BITS))

/**
 * struct kr_region - a protected mapping between two guard pages
 * @base:	first byte between them, one page above a multiple of KR_CHUNK_SIZE
 * @len:	bytes between them
 * @handle:	its registration
 * @is_arena:	part of a struct kr_arena; otherwise it holds one object
 * @object:	that object
 * @next:	chain of unused ones
 */
struct kr_region {
	uintptr_t base;
	size_t len;
	uint64_t handle;
	bool is_arena;
	uintptr_t object;
	struct kr_region *next;
};

extern pthread_mutex_t kr_region_lock;
extern struct kr_region **kr_chunk_root[KR_ROOT_SIZE];

int kr_region_map(struct kr_region *r, size_t len, const char *label);
void kr_region_unmap(struct kr_region *r);
bool kr_region_claim(struct kr_region *r);
struct kr_region *kr_region_get(void);
void kr_region_put(struct kr_region *r);

/* The region that the chunk of @p belongs to; @p may be in a guard page or beyond. */
static inline struct kr_region *kr_region_find(uintptr_t p)
{
	struct kr_region **leaf;

	if (unlikely(p >> KR_ADDR_BITS))
		return NULL;
	leaf = __atomic_load_n(&kr_chunk_root[p >> (KR_CHUNK_SHIFT + KR_LEAF_BITS)],
			       __ATOMIC_ACQUIRE);
	if (unlikely(!leaf))
		return NULL;
	return __atomic_load_n(&leaf[(p >> KR_CHUNK_SHIFT) & (KR_LEAF_SIZE - 1)],
			       __ATOMIC_ACQUIRE);
}

/* --- arena.c --------------------------------------------------------------- */

#define KR_GRAIN_SHIFT	12
#define KR_GRAIN	((size_t)1 << KR_GRAIN_SHIFT)
#define KR_GRAINS_MAX	(KR_CHUNK_SIZE >> KR_GRAIN_SHIFT)
#define KR_ARENA_MIN	((size_t)64 << 10)
#define KR_ARENA_LABEL	"libkredact arena"
#define KR_LARGE_LABEL	"libkredact large"

struct kr_slab;

/**
 * struct kr_arena - a region cut into runs of grains
 * @region:	the mapping
 * @next:	in the list of all, or of unused ones
 * @prev:	in the list of all
 * @nr:		grains
 * @nr_free:	of them, not in use
 * @too_long:	no run of this many is free
 * @used:	one bit for each grain
 * @slab:	whose each grain is; read without a lock
 */
struct kr_arena {
	struct kr_region region;
	struct kr_arena *next;
	struct kr_arena *prev;
	unsigned int nr;
	unsigned int nr_free;
	unsigned int too_long;
	uint64_t used[KR_GRAINS_MAX / 64];
	struct kr_slab *slab[KR_GRAINS_MAX];
};

extern pthread_mutex_t kr_arena_lock;

int kr_arena_take(struct kr_slab *slab);
void kr_arena_give(struct kr_slab *slab);

/* --- slab.c ---------------------------------------------------------------- */

#define KR_CLASSES	39
#define KR_SLOT_MAX	32768U
#define KR_CANARY_LEN	8U
#define KR_SMALL_MAX	(KR_SLOT_MAX - KR_CANARY_LEN)	/* longest object in an arena */
#define KR_SLAB_GRAINS	16				/* longest run of a slab */

/**
 * struct kr_slab - a run of grains cut into slots of one class
 * @arena:	where the run is
 * @next:	in its class's list of slabs with free slots, or of unused ones
 * @prev:	in the former
 * @base:	first byte
 * @slot:	bytes in a slot
 * @reciprocal:	2^32 / @slot rounded up; for an offset below 2^16 the product's
 *		upper half is offset / @slot exactly, as 2^16 * @slot < 2^32
 * @class:	index of the size
 * @nr:		slots
 * @nr_free:	of them, neither handed out nor in a thread's cache
 * @first_grain: in the arena
 * @grains:	length of the run
 * @free:	their numbers
 */
struct kr_slab {
	struct kr_arena *arena;
	struct kr_slab *next;
	struct kr_slab *prev;
	uintptr_t base;
	uint32_t slot;
	uint32_t reciprocal;
	uint16_t class;
	uint16_t nr;
	uint16_t nr_free;
	uint16_t first_grain;
	uint16_t grains;
	uint16_t free[];
};

/**
 * struct kr_bin - all slabs of one class
 * @lock:	for what follows, and for the slabs
 * @partial:	slabs that have free slots
 * @unused:	struct kr_slab without memory
 * @nr_free:	free slots in @partial
 */
struct kr_bin {
	pthread_mutex_t lock;
	struct kr_slab *partial;
	struct kr_slab *unused;
	size_t nr_free;
};

extern struct kr_bin kr_bins[KR_CLASSES];
extern const uint16_t kr_slot_size[KR_CLASSES];

unsigned int kr_slab_grains(unsigned int class);
int kr_slab_take(unsigned int class, void **slots, unsigned int nr);
void kr_slab_give(unsigned int class, void **slots, unsigned int nr);

/* The class whose slots hold @len bytes and a canary; @len is at most KR_SMALL_MAX. */
static inline unsigned int kr_class(size_t len)
{
	unsigned int need = (unsigned int)len + KR_CANARY_LEN, log;

	if (need <= 32)
		return 0;
	if (need <= 128)
		return (need + 15) / 16 - 2;
	/* four classes for each doubling */
	log = 31 - (unsigned int)__builtin_clz(need - 1);
	return 7 + (log - 7) * 4 + (((need - 1) >> (log - 2)) & 3);
}

static inline struct kr_slab *kr_slab_find(struct kr_region *r, uintptr_t p)
{
	struct kr_arena *arena = kr_container_of(r, struct kr_arena, region);

	if (unlikely(p - r->base >= r->len))
		return NULL;
	return __atomic_load_n(&arena->slab[(p - r->base) >> KR_GRAIN_SHIFT], __ATOMIC_ACQUIRE);
}

/* --- cache.c --------------------------------------------------------------- */

/**
 * struct kr_cache_bin - free slots of one class
 * @nr:		how many; the last is handed out first
 * @max:	room
 * @slot:	the slots, wiped
 */
struct kr_cache_bin {
	unsigned int nr;
	unsigned int max;
	void **slot;
};

struct kr_cache {
	struct kr_cache *next;		/* of all */
	bool owned;			/* by a living thread */
	struct kr_cache_bin bin[KR_CLASSES];
	void *slots[];
};

extern pthread_mutex_t kr_cache_lock;
extern __thread struct kr_cache *kr_cache __attribute__((tls_model("initial-exec")));

void kr_cache_init(void);
void *kr_cache_refill(unsigned int class);
void kr_cache_drain(unsigned int class, void *slot);
void kr_cache_after_fork(void);

#endif /* KR_INTERNAL_H */
