// SPDX-License-Identifier: GPL-2.0
/*
 * A set of byte ranges: see rangeset.h.
 *
 * The tree is ordered by (start, index) and each node carries the highest end
 * of its subtree. Node 0 is the empty tree. No recursion: a kernel stack is
 * small, and every walk is bounded by the depth of a treap (about 60 for four
 * million nodes).
 */
#include "rangeset.h"

static inline u32 kr_priority(const struct kr_set *set, u32 index)
{
	u64 h = (index ^ set->seed) * 0x9e3779b97f4a7c15ULL;

	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ULL;
	return h >> 32;
}

/* The index of a node in the tree, found through its parent. */
static u32 kr_index(const struct kr_set *set, const struct kr_range *range)
{
	const struct kr_range *parent;

	if (!range->parent)
		return set->root;
	parent = kr_node(set, range->parent);
	if (parent->left && kr_node(set, parent->left) == range)
		return parent->left;
	return parent->right;
}

static bool kr_before(const struct kr_set *set, u32 a, u32 b)
{
	u64 start_a = kr_node(set, a)->start, start_b = kr_node(set, b)->start;

	return start_a != start_b ? start_a < start_b : a < b;
}

/* Recomputes max_last of one node; true if it changed. */
static bool kr_update(const struct kr_set *set, u32 index)
{
	struct kr_range *node = kr_node(set, index);
	u64 most = node->last;

	if (node->left)
		most = max(most, kr_node(set, node->left)->max_last);
	if (node->right)
		most = max(most, kr_node(set, node->right)->max_last);
	if (node->max_last == most)
		return false;
	node->max_last = most;
	return true;
}

static void kr_update_up(const struct kr_set *set, u32 index)
{
	while (index && kr_update(set, index))
		index = kr_node(set, index)->parent;
}

static void kr_replace_child(struct kr_set *set, u32 parent, u32 old, u32 new)
{
	if (!parent)
		set->root = new;
	else if (kr_node(set, parent)->left == old)
		kr_node(set, parent)->left = new;
	else
		kr_node(set, parent)->right = new;
	if (new)
		kr_node(set, new)->parent = parent;
}

/* Lifts a node over its parent; the order of the ranges stays. */
static void kr_rotate_up(struct kr_set *set, u32 index)
{
	struct kr_range *node = kr_node(set, index);
	u32 down = node->parent;
	struct kr_range *parent = kr_node(set, down);
	u32 inner;

	kr_replace_child(set, parent->parent, down, index);
	if (parent->left == index) {
		inner = node->right;
		parent->left = inner;
		node->right = down;
	} else {
		inner = node->left;
		parent->right = inner;
		node->left = down;
	}
	if (inner)
		kr_node(set, inner)->parent = down;
	parent->parent = index;
	kr_update(set, down);
	kr_update(set, index);
}

static void kr_link(struct kr_set *set, u32 index)
{
	struct kr_range *node = kr_node(set, index);
	u32 parent = 0, at = set->root, priority = kr_priority(set, index);
	bool left = false;

	node->left = 0;
	node->right = 0;
	node->max_last = node->last;
	while (at) {
		struct kr_range *visit = kr_node(set, at);

		visit->max_last = max(visit->max_last, node->last);
		parent = at;
		left = kr_before(set, index, at);
		at = left ? visit->left : visit->right;
	}
	node->parent = parent;
	if (!parent)
		set->root = index;
	else if (left)
		kr_node(set, parent)->left = index;
	else
		kr_node(set, parent)->right = index;
	while (node->parent && kr_priority(set, node->parent) < priority)
		kr_rotate_up(set, index);
	set->nr++;
}

static void kr_unlink(struct kr_set *set, u32 index)
{
	struct kr_range *node = kr_node(set, index);
	u32 parent;

	while (node->left && node->right) {
		if (kr_priority(set, node->left) > kr_priority(set, node->right))
			kr_rotate_up(set, node->left);
		else
			kr_rotate_up(set, node->right);
	}
	parent = node->parent;
	kr_replace_child(set, parent, index, node->left ? node->left : node->right);
	kr_update_up(set, parent);
	set->nr--;
}

static u32 kr_take(struct kr_set *set)
{
	u32 index = set->free;

	set->free = kr_node(set, index)->next;
	set->nr_free--;
	return index;
}

static void kr_give(struct kr_set *set, u32 index)
{
	struct kr_range *node = kr_node(set, index);

	node->handle = 0;
	node->flags = 0;
	node->next = set->free;
	set->free = index;
	set->nr_free++;
}

/* Takes a fragment out of the tree and out of its handle. */
static void kr_end_fragment(struct kr_set *set, u32 index)
{
	struct kr_range *node = kr_node(set, index);
	struct kr_range *head;

	kr_unlink(set, index);
	if (node->head == index && node->next != index) {
		/* The handle names this node: keep it for the other fragments. */
		node->flags |= KR_FLAG_DETACHED;
		return;
	}
	kr_node(set, node->prev)->next = node->next;
	kr_node(set, node->next)->prev = node->prev;
	head = kr_node(set, node->head);
	if (node->head != index && (head->flags & KR_FLAG_DETACHED) && head->next == node->head)
		kr_give(set, node->head);
	kr_give(set, index);
}

/* A new fragment of the registration of @index; the caller has checked that a node is free. */
static u32 kr_add_fragment(struct kr_set *set, u32 index, u64 start, u64 last)
{
	struct kr_range *node = kr_node(set, index);
	u32 new = kr_take(set);
	struct kr_range *fragment = kr_node(set, new);

	fragment->start = start;
	fragment->last = last;
	fragment->handle = node->handle;
	fragment->flags = node->flags & KR_FLAGS_USER;
	fragment->label = node->label;
	fragment->head = node->head;
	fragment->prev = index;
	fragment->next = node->next;
	kr_node(set, node->next)->prev = new;
	node->next = new;
	kr_link(set, new);
	return new;
}

static void kr_reshape(struct kr_set *set, u32 index, u64 start, u64 last)
{
	struct kr_range *node = kr_node(set, index);

	if (node->start == start) {
		node->last = last;
		kr_update_up(set, index);
		return;
	}
	kr_unlink(set, index);
	node->start = start;
	node->last = last;
	kr_link(set, index);
}

/**
 * kr_set_init() - make a set empty
 * @set:	memory of any content
 * @seed:	a random number that the users of the set do not know
 */
void kr_set_init(struct kr_set *set, u64 seed)
{
	memset(set, 0, sizeof(*set));
	set->chunks = set->inline_chunks;
	set->table_len = KR_INLINE_CHUNKS;
	set->seed = seed;
}

/**
 * kr_set_add_chunk() - give the set memory for KR_CHUNK_NODES more nodes
 * @set:	with room in its table: kr_set_table_full() is false
 * @chunk:	KR_CHUNK_SIZE zeroed bytes, aligned for a struct kr_range; the
 *		set owns it from here on
 *
 * The first chunk has one node less: node 0 stands for "none".
 */
void kr_set_add_chunk(struct kr_set *set, void *chunk)
{
	u32 first = set->nr_chunks * KR_CHUNK_NODES;
	u32 index = first + KR_CHUNK_NODES;

	set->chunks[set->nr_chunks++] = chunk;
	while (index-- > max(first, 1u))
		kr_give(set, index);
}

/**
 * kr_set_swap_table() - move the table of chunks to a larger one
 * @set:	any
 * @table:	memory for @len pointers; the set owns it from here on
 * @len:	more than the set has now
 *
 * Return: the old table, for the caller to free, or NULL where it was inline.
 */
void *kr_set_swap_table(struct kr_set *set, void *table, u32 len)
{
	void *old = set->chunks == set->inline_chunks ? NULL : set->chunks;

	memcpy(table, set->chunks, set->nr_chunks * sizeof(*set->chunks));
	set->chunks = table;
	set->table_len = len;
	return old;
}

/**
 * kr_set_clone() - make one set the exact copy of another
 * @to:		empty, with at least as many chunks as @from
 * @from:	unchanged
 *
 * Handles mean the same in both.
 */
void kr_set_clone(struct kr_set *to, const struct kr_set *from)
{
	u32 nr = to->nr_chunks, i;

	for (i = 0; i < from->nr_chunks; i++)
		memcpy(to->chunks[i], from->chunks[i], KR_CHUNK_SIZE);
	to->nr_chunks = from->nr_chunks;
	to->free = from->free;
	to->nr_free = from->nr_free;
	to->nr = from->nr;
	to->root = from->root;
	to->serial = from->serial;
	to->seed = from->seed;
	while (to->nr_chunks < nr)
		kr_set_add_chunk(to, to->chunks[to->nr_chunks]);
}

/**
 * kr_insert() - add a registration
 * @set:	with at least one free node: kr_set_spare()
 * @start:	first byte
 * @last:	last byte, not below @start
 * @flags:	within KR_FLAGS_USER
 * @label:	any
 *
 * Return: its handle, never 0 and never used before in this set; 0 when the
 * set has no free node or has given out its 2^41 handles, all below 2^63.
 */
u64 kr_insert(struct kr_set *set, u64 start, u64 last, u32 flags, u32 label)
{
	struct kr_range *node;
	u32 index;

	if (!set->nr_free || set->serial >> (63 - KR_INDEX_BITS))
		return 0;
	index = kr_take(set);
	node = kr_node(set, index);
	node->start = start;
	node->last = last;
	node->flags = flags & KR_FLAGS_USER;
	node->label = label;
	node->handle = (set->serial++ << KR_INDEX_BITS) | index;
	node->head = index;
	node->next = index;
	node->prev = index;
	kr_link(set, index);
	return node->handle;
}

/**
 * kr_remove_part() - end one fragment of a registration
 * @set:	any
 * @handle:	any number
 * @start:	out: first byte of what is not registered any more
 * @last:	out: last byte
 *
 * Return: false if the handle names nothing (more).
 */
bool kr_remove_part(struct kr_set *set, u64 handle, u64 *start, u64 *last)
{
	u32 index = handle & (KR_MAX_NODES - 1);
	struct kr_range *node;

	if (!index || index / KR_CHUNK_NODES >= set->nr_chunks)
		return false;
	node = kr_node(set, index);
	if (node->handle != handle || node->head != index)
		return false;
	/* The head comes last. */
	index = node->next;
	node = kr_node(set, index);
	*start = node->start;
	*last = node->last;
	kr_end_fragment(set, index);
	return true;
}

/**
 * kr_remove() - end a registration with all its fragments
 * @set:	any
 * @handle:	any number
 *
 * Return: how many ranges left the set, 0 if the handle names none.
 */
u32 kr_remove(struct kr_set *set, u64 handle)
{
	u64 start, last;
	u32 nr = 0;

	while (kr_remove_part(set, handle, &start, &last))
		nr++;
	return nr;
}

/**
 * kr_drop() - end whatever is registered in an interval, some of it at a time
 * @set:	any
 * @start:	first byte
 * @last:	last byte
 * @budget:	most ranges to end or to cut in this call
 * @kept:	out: 1 if a range had to stay whole, since dividing it needs a
 *		free node and there is none: more is tagged than should be
 *
 * Return: true if there is more to do, with the same arguments.
 */
bool kr_drop(struct kr_set *set, u64 start, u64 last, u32 budget, u32 *kept)
{
	const struct kr_range *range = kr_first_in(set, start, last), *next;

	*kept = 0;
	for (; range && budget--; range = next) {
		u32 index = kr_index(set, range);
		bool head = range->start < start, tail = range->last > last;

		next = kr_next_in(set, range, start, last);
		if (head && tail) {
			if (!set->nr_free) {
				/* Those that follow may be alike: leave all as it is. */
				*kept = 1;
				return false;
			}
			kr_add_fragment(set, index, last + 1, range->last);
			kr_reshape(set, index, range->start, start - 1);
		} else if (head) {
			kr_reshape(set, index, range->start, start - 1);
		} else if (tail) {
			kr_reshape(set, index, last + 1, range->last);
		} else {
			kr_end_fragment(set, index);
		}
	}
	return range;
}

/**
 * kr_move() - let what is registered in an interval follow its memory
 * @set:	any
 * @start:	first byte of the old place
 * @last:	last byte of the old place
 * @to:		first byte of the new place, which does not overlap the old one
 * @kept:	out: ranges that were extended over both places, since dividing
 *		them needs free nodes and there are none: more is tagged than
 *		should be, never less
 */
void kr_move(struct kr_set *set, u64 start, u64 last, u64 to, u32 *kept)
{
	const struct kr_range *range = kr_first_in(set, start, last), *next;

	*kept = 0;
	for (; range; range = next) {
		u32 index = kr_index(set, range);
		u64 a = max(range->start, start), b = min(range->last, last);
		bool head = range->start < a, tail = range->last > b;
		u64 new_a = a - start + to, new_b = b - start + to;
		u64 old_a = range->start, old_b = range->last;

		next = kr_next_in(set, range, start, last);
		if (set->nr_free < (u32)head + tail) {
			++*kept;
			kr_reshape(set, index, min(old_a, new_a), max(old_b, new_b));
			continue;
		}
		if (head)
			kr_add_fragment(set, index, old_a, a - 1);
		if (tail)
			kr_add_fragment(set, index, b + 1, old_b);
		kr_reshape(set, index, new_a, new_b);
	}
}

/**
 * kr_copy() - register a second place as an interval is registered
 * @set:	any
 * @start:	first byte of the interval
 * @last:	last byte of the interval
 * @to:		first byte of the second place, which does not overlap the interval
 *
 * What is added belongs to the registrations that are there.
 *
 * Return: 0, or how many free nodes it takes if there are not so many: then
 * nothing changed.
 */
u32 kr_copy(struct kr_set *set, u64 start, u64 last, u64 to)
{
	const struct kr_range *range;
	u32 nr = 0;

	for (range = kr_first_in(set, start, last); range;
	     range = kr_next_in(set, range, start, last))
		nr++;
	if (set->nr_free < nr)
		return nr;
	/* No more than were counted, whatever the caller says of the places. */
	for (range = kr_first_in(set, start, last); range && nr--;
	     range = kr_next_in(set, range, start, last)) {
		u64 a = max(range->start, start), b = min(range->last, last);

		kr_add_fragment(set, kr_index(set, range), a - start + to, b - start + to);
	}
	return 0;
}

/* The first range, in order, of a subtree that touches the interval. */
static const struct kr_range *kr_search(const struct kr_set *set, u32 at, u64 start, u64 last)
{
	while (at) {
		const struct kr_range *node = kr_node(set, at);

		if (node->left && kr_node(set, node->left)->max_last >= start) {
			at = node->left;
			continue;
		}
		if (node->start > last)
			return NULL;
		if (node->last >= start)
			return node;
		at = node->right;
		if (at && kr_node(set, at)->max_last < start)
			return NULL;
	}
	return NULL;
}

/**
 * kr_first_in() - the lowest range that touches an interval
 * @set:	any
 * @start:	first byte
 * @last:	last byte
 *
 * Return: valid until the set changes, or NULL.
 */
const struct kr_range *kr_first_in(const struct kr_set *set, u64 start, u64 last)
{
	return kr_search(set, set->root, start, last);
}

/* The next range in order that is not below @range. */
static const struct kr_range *kr_climb(const struct kr_set *set, const struct kr_range *range)
{
	u32 index = kr_index(set, range);

	while (range->parent) {
		u32 child = index;

		index = range->parent;
		range = kr_node(set, index);
		if (range->left == child)
			return range;
	}
	return NULL;
}

/**
 * kr_next_in() - the next range that touches an interval
 * @set:	any
 * @range:	from kr_first_in() or kr_next_in() with the same interval
 * @start:	first byte
 * @last:	last byte
 *
 * Return: as kr_first_in().
 */
const struct kr_range *kr_next_in(const struct kr_set *set, const struct kr_range *range,
				  u64 start, u64 last)
{
	for (;;) {
		if (range->right && kr_node(set, range->right)->max_last >= start)
			return kr_search(set, range->right, start, last);
		do {
			range = kr_climb(set, range);
			if (!range || range->start > last)
				return NULL;
			if (range->last >= start)
				return range;
		} while (!range->right || kr_node(set, range->right)->max_last < start);
	}
}

/**
 * kr_next() - the next range in order
 * @set:	any
 * @range:	a range of the set
 *
 * Return: valid until the set changes, or NULL.
 */
const struct kr_range *kr_next(const struct kr_set *set, const struct kr_range *range)
{
	if (!range->right)
		return kr_climb(set, range);
	range = kr_node(set, range->right);
	while (range->left)
		range = kr_node(set, range->left);
	return range;
}

/**
 * kr_after() - where an iteration goes on after the set may have changed
 * @set:	any
 * @cursor:	zeroed at the beginning, then from kr_cursor_set()
 *
 * Return: the lowest range above the cursor, or NULL.
 */
const struct kr_range *kr_after(const struct kr_set *set, const struct kr_cursor *cursor)
{
	const struct kr_range *best = NULL;
	u32 at = set->root;

	while (at) {
		const struct kr_range *node = kr_node(set, at);

		if (node->start > cursor->start ||
		    (node->start == cursor->start && at > cursor->index)) {
			best = node;
			at = node->left;
		} else {
			at = node->right;
		}
	}
	return best;
}

/**
 * kr_cursor_set() - remember a place for kr_after()
 * @set:	any
 * @cursor:	out
 * @range:	a range of the set
 */
void kr_cursor_set(const struct kr_set *set, struct kr_cursor *cursor,
		   const struct kr_range *range)
{
	cursor->start = range->start;
	cursor->index = kr_index(set, range);
}
