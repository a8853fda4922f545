// SPDX-License-Identifier: GPL-2.0
/*
 * The range set against an oracle: an array of ranges that is searched whole.
 * Random sequences of every operation in a small address space, so that ranges
 * overlap, split and meet all the time; after each step both must agree on the
 * content, and the tree must satisfy its own invariants.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../noise.h"
#include "expect.h"
#include "rangeset.h"

#define MOST	4096

struct entry {
	u64 handle, start, last;
	u32 flags, label;
};

static struct entry oracle[MOST];
static unsigned int nr_oracle;
static u64 random_below(u64 limit)
{
	return random_u64() % limit;
}

static void add_chunk(struct kr_set *set)
{
	void *chunk = aligned_alloc(64, KR_CHUNK_SIZE);

	memset(chunk, 0, KR_CHUNK_SIZE);
	if (kr_set_table_full(set)) {
		void *table = calloc(set->table_len * 2, sizeof(void *));

		free(kr_set_swap_table(set, table, set->table_len * 2));
	}
	kr_set_add_chunk(set, chunk);
}

static void free_set(struct kr_set *set)
{
	u32 i;

	for (i = 0; i < set->nr_chunks; i++)
		free(set->chunks[i]);
	if (set->chunks != set->inline_chunks)
		free(set->chunks);
}

static void oracle_add(u64 handle, u64 start, u64 last, u32 flags, u32 label)
{
	oracle[nr_oracle++] = (struct entry){ handle, start, last, flags, label };
}

static u32 oracle_remove(u64 handle)
{
	unsigned int i, kept = 0, removed;

	for (i = 0; i < nr_oracle; i++)
		if (oracle[i].handle != handle)
			oracle[kept++] = oracle[i];
	removed = nr_oracle - kept;
	nr_oracle = kept;
	return removed;
}

/* Drops [start, last], or moves it when @to is not 0. */
static void oracle_cut(u64 start, u64 last, u64 to)
{
	unsigned int i, n = nr_oracle, kept = 0;
	static struct entry out[MOST];

	for (i = 0; i < n; i++) {
		struct entry e = oracle[i];
		u64 a = max(e.start, start), b = min(e.last, last);

		if (a > b) {
			out[kept++] = e;
			continue;
		}
		if (e.start < a)
			out[kept++] = (struct entry){ e.handle, e.start, a - 1, e.flags, e.label };
		if (e.last > b)
			out[kept++] = (struct entry){ e.handle, b + 1, e.last, e.flags, e.label };
		if (to)
			out[kept++] = (struct entry){ e.handle, a - start + to, b - start + to,
						      e.flags, e.label };
	}
	memcpy(oracle, out, kept * sizeof(*out));
	nr_oracle = kept;
}

static void oracle_copy(u64 start, u64 last, u64 to)
{
	unsigned int i, n = nr_oracle;

	for (i = 0; i < n; i++) {
		struct entry e = oracle[i];
		u64 a = max(e.start, start), b = min(e.last, last);

		if (a <= b)
			oracle_add(e.handle, a - start + to, b - start + to, e.flags, e.label);
	}
}

/* Part by part, each of which the oracle has; how many there were. */
static u32 remove_parts(struct kr_set *set, u64 handle)
{
	u64 start, last;
	u32 nr = 0;

	for (; kr_remove_part(set, handle, &start, &last); nr++) {
		unsigned int i = 0;

		while (i < nr_oracle && (oracle[i].handle != handle || oracle[i].start != start ||
					 oracle[i].last != last))
			i++;
		EXPECT(i < nr_oracle);
	}
	return nr;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct entry));
}

static u32 check_subtree(const struct kr_set *set, u32 at, u32 parent, u64 *most, u32 depth)
{
	const struct kr_range *node;
	u64 left = 0, right = 0;
	u32 nr;

	if (!at) {
		*most = 0;
		return 0;
	}
	EXPECT(depth < 128);
	node = kr_node(set, at);
	EXPECT(node->parent == parent);
	nr = check_subtree(set, node->left, at, &left, depth + 1) + 1;
	nr += check_subtree(set, node->right, at, &right, depth + 1);
	*most = max(node->last, max(left, right));
	EXPECT(*most == node->max_last);
	return nr;
}

static void check(const struct kr_set *set)
{
	static struct entry mine[MOST], theirs[MOST];
	const struct kr_range *range;
	struct kr_cursor cursor = { 0 };
	unsigned int n = 0, i;
	u64 most, before = 0, a, b;

	EXPECT(check_subtree(set, set->root, 0, &most, 0) == kr_set_nr(set));
	EXPECT(kr_set_nr(set) == nr_oracle);
	for (range = kr_after(set, &cursor); range; range = kr_next(set, range)) {
		EXPECT(range->start >= before && range->start <= range->last);
		before = range->start;
		if (n == MOST)
			break;
		memset(&mine[n], 0, sizeof(mine[n]));
		mine[n++] = (struct entry){ range->handle, range->start, range->last,
					    range->flags, range->label };
	}
	memcpy(theirs, oracle, nr_oracle * sizeof(*oracle));
	qsort(mine, n, sizeof(*mine), compare);
	qsort(theirs, nr_oracle, sizeof(*theirs), compare);
	EXPECT(n == nr_oracle && !memcmp(mine, theirs, n * sizeof(*mine)));

	/* The same walk with a cursor that is looked up anew at each step. */
	memset(&cursor, 0, sizeof(cursor));
	for (n = 0; (range = kr_after(set, &cursor)); n++)
		kr_cursor_set(set, &cursor, range);
	EXPECT(n == nr_oracle);

	/* What touches an interval. */
	a = 1 + random_below(1100);
	b = a + random_below(random_below(2) ? 8 : 300);
	for (n = 0, i = 0; i < nr_oracle; i++)
		n += oracle[i].start <= b && oracle[i].last >= a;
	for (range = kr_first_in(set, a, b); range; range = kr_next_in(set, range, a, b)) {
		EXPECT(range->start <= b && range->last >= a);
		n--;
	}
	EXPECT(n == 0);
}

static void test_random(unsigned int rounds, u64 space)
{
	static u64 handles[MOST];
	unsigned int nr_handles = 0, i;
	struct kr_set set;

	nr_oracle = 0;
	kr_set_init(&set, random_u64());
	for (i = 0; i < rounds && !failures; i++) {
		u64 start = 1 + random_below(space), last = start + random_below(space / 8);
		u64 handle, to;
		u32 kept;

		while (kr_set_spare(&set) < 2 * kr_set_nr(&set) + 2)
			add_chunk(&set);
		switch (random_below(9)) {
		case 0 ... 3:
			if (nr_oracle > MOST / 8 || nr_handles == MOST)
				break;
			handle = kr_insert(&set, start, last, i & 1, i & 3);
			EXPECT(handle);
			oracle_add(handle, start, last, i & 1, i & 3);
			handles[nr_handles++] = handle;
			break;
		case 4 ... 5:
			if (!nr_handles)
				break;
			to = random_below(nr_handles);
			handle = handles[to];
			handles[to] = handles[--nr_handles];
			to = i & 1 ? kr_remove(&set, handle) : remove_parts(&set, handle);
			EXPECT(to == oracle_remove(handle));
			EXPECT(kr_remove(&set, handle) == 0);
			break;
		case 6:
			oracle_cut(start, last, 0);
			while (kr_drop(&set, start, last, 1 + random_below(4), &kept))
				EXPECT(kept == 0);
			EXPECT(kept == 0);
			break;
		case 7:
			to = random_below(2) ? last + 1 + random_below(space) : 4 * space;
			oracle_cut(start, last, to);
			kr_move(&set, start, last, to, &kept);
			EXPECT(kept == 0);
			break;
		case 8:
			if (nr_oracle > MOST / 4)
				break;
			to = last + 1 + random_below(space);
			oracle_copy(start, last, to);
			EXPECT(kr_copy(&set, start, last, to) == 0);
			break;
		}
		check(&set);
	}
	free_set(&set);
}

/* Without free nodes nothing may be tagged less than it should. */
static void test_full(void)
{
	struct kr_set set;
	u64 start;
	u32 kept, i;

	kr_set_init(&set, 1);
	EXPECT(!kr_insert(&set, 1, 2, 0, 0));
	add_chunk(&set);
	for (i = 0; kr_set_spare(&set); i++)
		EXPECT(kr_insert(&set, 100 * i, 100 * i + 99, 0, 0));
	EXPECT(i == KR_CHUNK_NODES - 1);
	EXPECT(!kr_insert(&set, 1, 2, 0, 0));

	start = 110;
	EXPECT(!kr_drop(&set, start, 119, 100, &kept) && kept == 1);
	EXPECT(kr_first_in(&set, 110, 119));
	EXPECT(kr_copy(&set, 350, 449, 80000) == 2 && kr_set_nr(&set) == KR_CHUNK_NODES - 1);
	EXPECT(!kr_first_in(&set, 80000, 80099));
	kr_move(&set, 210, 219, 90000, &kept);
	EXPECT(kept == 1 && kr_set_nr(&set) == KR_CHUNK_NODES - 1);
	EXPECT(kr_first_in(&set, 200, 209) && kr_first_in(&set, 220, 299));
	EXPECT(kr_first_in(&set, 90000, 90009) && !kr_first_in(&set, 90010, 90010));

	/* Whole ranges need no node: these go away, and the two above stay. */
	start = 0;
	EXPECT(!kr_drop(&set, start, 99, 100, &kept) && kept == 0);
	EXPECT(!kr_first_in(&set, 0, 99));
	free_set(&set);
}

static void test_clone(void)
{
	struct kr_set from, to;
	u64 handle = 0, start = 0;
	u32 kept, i;

	kr_set_init(&from, 7);
	kr_set_init(&to, 8);
	for (i = 0; i < 1000; i++) {
		if (!kr_set_spare(&from))
			add_chunk(&from);
		handle = kr_insert(&from, 16 * i, 16 * i + 7, 0, i);
	}
	while (to.nr_chunks < from.nr_chunks + 1)
		add_chunk(&to);
	kr_set_clone(&to, &from);
	EXPECT(kr_set_nr(&to) == 1000);
	EXPECT(kr_set_spare(&to) == kr_set_spare(&from) + KR_CHUNK_NODES);
	EXPECT(kr_first_in(&to, 16 * 999, 16 * 999)->label == 999);
	EXPECT(!kr_first_in(&to, 16 * 999 + 8, 16 * 999 + 15));
	EXPECT(kr_remove(&to, handle) == 1 && kr_set_nr(&from) == 1000);
	EXPECT(kr_drop(&from, start, 16 * 500 - 1, 499, &kept) && kr_set_nr(&from) == 501);
	EXPECT(!kr_drop(&from, start, 16 * 500 - 1, 499, &kept) && kr_set_nr(&from) == 500);
	EXPECT(kr_set_nr(&to) == 999);
	EXPECT(kr_remove(&from, handle) == 1);
	free_set(&from);
	free_set(&to);
}

/* A million ranges, in order and against it: the tree must not degenerate. */
static void test_million(void)
{
	const u32 nr = 1000000;
	struct kr_set set;
	u64 most;
	u32 i;

	kr_set_init(&set, 99);
	for (i = 0; i < nr; i++) {
		u64 at = i & 1 ? i : 2 * nr - i;

		if (!kr_set_spare(&set))
			add_chunk(&set);
		EXPECT(kr_insert(&set, at * 4096, at * 4096 + 31, 0, 0));
	}
	EXPECT(check_subtree(&set, set.root, 0, &most, 0) == nr);
	EXPECT((u64)set.nr_chunks * KR_CHUNK_SIZE / nr <= 65);
	free_set(&set);
}

int main(void)
{
	int failed = 0;

	setbuf(stdout, NULL);
	printf("TAP version 13\n1..5\n");
	RUN(1, "random operations agree with the oracle", test_random(20000, 1000));
	RUN(2, "likewise where everything overlaps", test_random(20000, 40));
	RUN(3, "a full set tags more, never less", test_full());
	RUN(4, "a clone is equal and independent", test_clone());
	RUN(5, "a million ranges stay shallow and small", test_million());
	return failed ? 1 : 0;
}
