// SPDX-License-Identifier: GPL-2.0
/*
 * The scan for literals against an oracle that compares each of them at each place,
 * on every path that this machine has; in UTF-16 each path against the portable one.
 */
#include <stdlib.h>

#include "scan/needle.h"
#include "scan/wide.h"
#include "tap.h"

#define NEEDLES	200u
#define HITS	400000u

struct told {
	u64 at;
	const struct needle *needle;
};

static struct told told[HITS], expected[HITS];
static u32 nr_told, nr_expected;
static struct needle table[NEEDLES + 1];
static u8 literals[NEEDLES][40];
static u64 state = 0x13198a2e03707344ULL;
static int right_state;

static u64 next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void take(struct scan *scan, void *mine, const struct window *window, u64 at,
		 const struct needle *needle)
{
	u64 place = at;

	(void)scan;
	if (window->wide)
		window_place(window, at, &place);
	if (mine != &right_state || memcmp(window->bytes + at, needle->bytes, needle->len))
		abort();
	if (nr_told < HITS)
		told[nr_told++] = (struct told){ place, needle };
}

static int compare(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->needle < y->needle ? -1 : x->needle > y->needle;
}

static void oracle(const struct window *window, u32 nr)
{
	u64 at, to = window->seam ? min(window->len, window->seam + SCAN_BEHIND) : window->end;
	u32 i;

	nr_expected = 0;
	for (at = window->begin; at < to; at++)
		for (i = 0; i < nr; i++)
			if (window->len - at >= table[i].len &&
			    !memcmp(window->bytes + at, table[i].bytes, table[i].len) &&
			    nr_expected < HITS)
				expected[nr_expected++] = (struct told){ at, &table[i] };
}

static void look(const struct window *window, enum simd level, bool wide)
{
	struct needles *set = needles_new();
	struct complaint why;

	simd_limit(level);
	if (!set || needles_add(set, table, &right_state, &why))
		abort();
	needles_prepare(set);
	nr_told = 0;
	if (wide)
		wide_look(set, NULL, window);
	else
		needles_look(set, NULL, window);
	needles_free(set);
	qsort(told, nr_told, sizeof(*told), compare);
}

static bool as_expected(const struct window *window, enum simd level, bool wide)
{
	look(window, level, wide);
	return nr_told == nr_expected && !memcmp(told, expected, nr_told * sizeof(*told));
}

static void bound(struct window *window)
{
	window->begin = next_random() % 4 ? 0 : next_random() % (window->len + 1);
	window->end = next_random() % 4 ? window->len :
		      window->begin + next_random() % (window->len - window->begin + 1);
	if (window->len > 1 && next_random() % 5 == 0) {
		window->seam = 1 + next_random() % (window->len - 1);
		window->seam_offset = 1000000;
	}
}

/* Returns how many hits there were, or -1 if a path told something else. */
static long one_round(u32 letters)
{
	u32 nr = 1 + next_random() % (next_random() % 8 ? 12 : NEEDLES), i, j;
	struct window window = { .len = next_random() % (next_random() % 16 ? 700 : 10000) };
	u8 *bytes = malloc(window.len ? window.len : 1);
	bool same = true;
	int level;

	for (i = 0; i < nr; i++) {
		table[i] = (struct needle){ .bytes = literals[i], .len = 3 + next_random() % 37,
					    .hit = take };
		for (j = 0; j < table[i].len; j++)
			literals[i][j] = next_random() % letters;
	}
	table[nr].len = 0;
	for (i = 0; i < window.len; i++)
		bytes[i] = next_random() % letters;
	/* planted, at the edges too */
	for (i = 0; i < nr; i++) {
		u64 room = window.len - table[i].len;

		if (window.len >= table[i].len)
			memcpy(bytes + (i % 3 ? next_random() % (room + 1) : i % 2 ? room : 0),
			       literals[i], table[i].len);
	}
	window.bytes = bytes;
	bound(&window);
	oracle(&window, nr);
	for (level = SIMD_NONE; level <= SIMD_VBMI; level++)
		same &= as_expected(&window, level, false);
	free(bytes);
	return same ? (long)nr_expected : -1;
}

static void rounds(u32 letters, const char *what)
{
	long hits = 0, one;
	u32 i, wrong = 0;

	for (i = 0; i < 400; i++) {
		one = one_round(letters);
		wrong += one < 0;
		hits += one > 0 ? one : 0;
	}
	ok(!wrong && hits > 400, "%s: every path tells what the oracle does (%ld hits)", what,
	   hits);
}

/* Runs of letters in UTF-16 of either order, zeros, and what is neither. */
static void fill_wide(u8 *bytes, u64 len)
{
	u64 at = 0, end, kind;

	while (at < len) {
		kind = next_random() % 5;
		end = at + next_random() % (next_random() % 4 ? 50 : 600);
		end = min(end, len);
		for (; at < end; at++)
			if (kind == 0)
				bytes[at] = next_random();
			else if (kind == 1 || at % 2 == kind % 2)
				bytes[at] = 0;
			else
				bytes[at] = "abcd\n\x7f"[next_random() % 200 ? next_random() % 4 :
							next_random() % 6];
	}
}

static void test_wide(void)
{
	u32 i, wrong = 0;
	u64 hits = 0;
	int level;

	table[0] = (struct needle)NEEDLE("abc", take);
	table[1] = (struct needle)NEEDLE("dd\na", take);
	table[2] = (struct needle)NEEDLE("cabd", take);
	table[3].len = 0;
	for (i = 0; i < 2000; i++) {
		struct window window = { .len = next_random() % 3000 };
		u8 *bytes = malloc(window.len ? window.len : 1);

		fill_wide(bytes, window.len);
		window.bytes = bytes;
		bound(&window);
		look(&window, SIMD_NONE, true);
		memcpy(expected, told, nr_told * sizeof(*told));
		nr_expected = nr_told;
		for (level = SIMD_AVX2; level <= SIMD_VBMI; level++)
			wrong += !as_expected(&window, level, true);
		hits += nr_expected;
		free(bytes);
	}
	ok(!wrong && hits > 5000, "UTF-16: every path tells the same (%llu hits)",
	   (unsigned long long)hits);
}

static void test_limits(void)
{
	static const struct needle too_short[] = { NEEDLE("ab", take), { 0 } };
	struct needles *set = needles_new();
	struct complaint why;
	u32 i;

	table[0] = (struct needle)NEEDLE("abc", take);
	table[1].len = 0;
	ok(needles_add(set, too_short, NULL, &why) == -EINVAL, "two bytes are no needle");
	for (i = 0; i < 1024; i++)
		if (needles_add(set, table, NULL, &why))
			break;
	ok(i == 1024 && needles_add(set, table, NULL, &why) == -E2BIG,
	   "a set has a limit, and says so");
	needles_free(set);
}

int main(void)
{
	enum simd best = simd_level();

	ok(best >= SIMD_NONE, "paths up to %s", best == SIMD_AVX512 ? "AVX-512" :
	   best == SIMD_AVX2 ? "AVX2, AVX-512 is not tested here" :
	   "the portable one, AVX2 and AVX-512 are not tested here");
	rounds(2, "two letters");
	rounds(4, "four letters");
	rounds(256, "all bytes");
	test_wide();
	test_limits();
	return tap_end();
}
