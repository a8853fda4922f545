/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A set of byte ranges: the registrations of one address space.
 *
 * An interval tree whose nodes live in page-sized chunks and name each other
 * by 32-bit index. That gives three things that pointers would not: a node of
 * one cache line, so that a million ranges cost 64 MB; a copy of the whole set
 * (for fork) that is a memcpy of its chunks; and handles that are looked up
 * without a second structure, since a handle holds the index of its node.
 *
 * Balance comes from a treap whose priorities are a keyed hash of the index:
 * a caller who chooses addresses does not choose the shape of the tree.
 *
 * The set neither locks nor allocates. The caller serialises every call on one
 * set, hands in memory by kr_set_add_chunk() before it inserts, and frees the
 * chunks of a set that it gives up. Ranges are inclusive: [start, last].
 */
#ifndef KREDACT_CORE_RANGESET_H
#define KREDACT_CORE_RANGESET_H

#include "platform.h"

#define KR_CHUNK_SIZE	4096u
#define KR_CHUNK_NODES	64u
#define KR_INDEX_BITS	22
#define KR_MAX_NODES	(1u << KR_INDEX_BITS)
#define KR_MAX_CHUNKS	(KR_MAX_NODES / KR_CHUNK_NODES)
#define KR_INLINE_CHUNKS 4u

/* Flags of a range from here on are the set's own, those below are the caller's. */
#define KR_FLAG_DETACHED (1u << 31)	/* only the name of a handle; not in the tree */
#define KR_FLAGS_USER	0xffffu

/**
 * struct kr_range - one range, or one fragment of a registration
 * @start:	first byte
 * @last:	last byte
 * @max_last:	highest @last in the subtree
 * @handle:	the registration; its low KR_INDEX_BITS are the index of the head
 * @left:	child whose ranges sort before, 0 if none
 * @right:	child whose ranges sort after, 0 if none
 * @parent:	0 at the root
 * @head:	node that @handle names; equal to the own index at the head
 * @next:	next fragment of the handle (circular); next free node
 * @prev:	previous fragment of the handle (circular)
 * @flags:	the caller's, and KR_FLAG_*
 * @label:	the caller's
 */
struct kr_range {
	u64 start;
	u64 last;
	u64 max_last;
	u64 handle;
	u32 left;
	u32 right;
	u32 parent;
	u32 head;
	u32 next;
	u32 prev;
	u32 flags;
	u32 label;
};

/**
 * struct kr_set - a set of ranges; all members are private
 * @chunks:	table of chunks; points to @inline_chunks until that is full
 * @table_len:	entries that @chunks has room for
 * @nr_chunks:	entries in use
 * @free:	first free node
 * @nr_free:	free nodes
 * @nr:		ranges in the tree
 * @root:	root of the tree
 * @serial:	registrations so far; the upper part of a handle
 * @seed:	key of the priorities
 */
struct kr_set {
	struct kr_range **chunks;
	u32 table_len;
	u32 nr_chunks;
	u32 free;
	u32 nr_free;
	u32 nr;
	u32 root;
	u64 serial;
	u64 seed;
	struct kr_range *inline_chunks[KR_INLINE_CHUNKS];
};

/**
 * struct kr_cursor - place in an iteration that outlives a lock
 * @start:	key of the last range that was seen
 * @index:	likewise
 */
struct kr_cursor {
	u64 start;
	u32 index;
};

static inline struct kr_range *kr_node(const struct kr_set *set, u32 index)
{
	return &set->chunks[index / KR_CHUNK_NODES][index % KR_CHUNK_NODES];
}

void kr_set_init(struct kr_set *set, u64 seed);
void kr_set_add_chunk(struct kr_set *set, void *chunk);
void *kr_set_swap_table(struct kr_set *set, void *table, u32 len);
void kr_set_clone(struct kr_set *to, const struct kr_set *from);

u64 kr_insert(struct kr_set *set, u64 start, u64 last, u32 flags, u32 label);
u32 kr_remove(struct kr_set *set, u64 handle);
bool kr_remove_part(struct kr_set *set, u64 handle, u64 *start, u64 *last);
bool kr_drop(struct kr_set *set, u64 start, u64 last, u32 budget, u32 *kept);
void kr_move(struct kr_set *set, u64 start, u64 last, u64 to, u32 *kept);
u32 kr_copy(struct kr_set *set, u64 start, u64 last, u64 to);

const struct kr_range *kr_first_in(const struct kr_set *set, u64 start, u64 last);
const struct kr_range *kr_next_in(const struct kr_set *set, const struct kr_range *range,
				  u64 start, u64 last);
const struct kr_range *kr_after(const struct kr_set *set, const struct kr_cursor *cursor);
const struct kr_range *kr_next(const struct kr_set *set, const struct kr_range *range);
void kr_cursor_set(const struct kr_set *set, struct kr_cursor *cursor,
		   const struct kr_range *range);

static inline u32 kr_set_nr(const struct kr_set *set)
{
	return set->nr;
}

/* Registrations so far. */
static inline u64 kr_set_serial(const struct kr_set *set)
{
	return set->serial;
}

/* Is this one of the first @serial registrations? */
static inline bool kr_is_older(const struct kr_range *range, u64 serial)
{
	return range->handle >> KR_INDEX_BITS < serial;
}

static inline u32 kr_set_spare(const struct kr_set *set)
{
	return set->nr_free;
}

/* May another chunk be added, and is there room in the table for it? */
static inline bool kr_set_full(const struct kr_set *set)
{
	return set->nr_chunks == KR_MAX_CHUNKS;
}

static inline bool kr_set_table_full(const struct kr_set *set)
{
	return set->nr_chunks == set->table_len;
}

#endif /* KREDACT_CORE_RANGESET_H */
