// SPDX-License-Identifier: GPL-2.0
/*
 * Fixed bytes, all in one pass: see needle.h.
 *
 * Each needle is known by four of its bytes, the rarest ones in a row. Eight groups
 * of needles with similar ones are tested at once for each byte of the window, by
 * looking up both halves of four bytes in tables of 16 ("Teddy", after Hyperscan's).
 * What passes is looked up in a bitmap and a hash table of three bytes, then compared.
 */
#include <stdlib.h>

#include "needle.h"

#ifdef HAVE_SIMD
#include <immintrin.h>
#endif

#define NEEDLES_MAX	1024u
#define GROUPS		8u
#define POSITIONS	4u
#define HEADS_BITS	12u
#define FILTER_BITS	16u

/**
 * struct entry - a needle in a set
 * @needle:	it
 * @state:	of its detector
 * @skip:	index of the bytes that it is known by
 * @next:	next entry with the same head, from 1; 0: none
 */
struct entry {
	const struct needle *needle;
	void *state;
	u32 skip;
	u32 next;
};

/**
 * struct group - needles that are tested together
 * @low:	for each position, low halves of bytes that occur, one bit each
 * @high:	likewise, high halves
 * @cost:	how often it passes what it should not, as a share of all places
 */
struct group {
	u16 low[POSITIONS];
	u16 high[POSITIONS];
	double cost;
};

/**
 * struct needles - a set of needles
 * @low:	for each position and low half of a byte, groups that have it
 * @high:	likewise, for high halves
 * @filter:	bitmap of hashes of three bytes
 * @heads:	hash table: first entry, from 1
 * @entries:	all needles
 * @nr:		how many
 * @often:	how common each byte is
 * @total:	sum of these
 * @reach:	largest @skip of an entry
 * @early:	the first two positions alone rule most places out
 * @level:	the path to take
 */
struct needles {
	u8 low[POSITIONS][16];
	u8 high[POSITIONS][16];
	u64 filter[1u << (FILTER_BITS - 6)];
	u16 heads[1u << HEADS_BITS];
	struct entry entries[NEEDLES_MAX];
	u32 nr;
	u8 often[256];
	u32 total;
	u32 reach;
	bool early;
	enum simd level;
};

/* How common a byte is in memory, in text and in programs, roughly; a rare one is 1. */
static u32 frequency(u8 byte)
{
	if (!byte)
		return 64;
	if (byte == 0xff || byte == ' ')
		return 16;
	if (byte >= 'a' && byte <= 'z')
		return 12;
	if (byte == '-' || byte == '=' || byte == '_' || byte == '.' || byte == '/')
		return 8;
	if (byte >= '0' && byte <= '9')
		return 6;
	if ((byte >= 'A' && byte <= 'Z') || byte <= 16)
		return 4;
	return byte > ' ' && byte < 127 ? 3 : 1;
}

/**
 * needles_new() - begin a set
 *
 * Return: to be released by needles_free(), or NULL if there is no memory.
 */
struct needles *needles_new(void)
{
	struct needles *set = calloc(1, sizeof(*set));
	u32 byte;

	if (!set)
		return NULL;
	for (byte = 0; byte < 256; byte++) {
		set->often[byte] = frequency(byte);
		set->total += set->often[byte];
	}
	return set;
}

/**
 * needles_free() - release a set
 * @set:	from needles_new(), or NULL
 */
void needles_free(struct needles *set)
{
	free(set);
}

/* Bytes that an entry is known by, at most POSITIONS. */
static u32 known_by(const struct entry *entry)
{
	return min(entry->needle->len - entry->skip, POSITIONS);
}

static u32 rarest(const struct needle *needle)
{
	const u8 *bytes = needle->bytes;
	u32 nr = min(needle->len, POSITIONS), at, i, best = 0;
	u64 cost, least = UINT64_MAX;

	for (at = 0; at + nr <= needle->len; at++) {
		for (cost = 1, i = 0; i < nr; i++)
			cost *= frequency(bytes[at + i]);
		if (cost < least) {
			least = cost;
			best = at;
		}
	}
	return best;
}

/**
 * needles_add() - add a table of needles
 * @set:	before needles_prepare()
 * @table:	ends with a needle of length 0; has to live as long as @set
 * @state:	second argument of each needle's @hit
 * @why:	text of an error
 *
 * Return: 0, -EINVAL for a needle that is too short, -E2BIG for too many.
 */
int needles_add(struct needles *set, const struct needle *table, void *state,
		struct complaint *why)
{
	for (; table && table->len; table++) {
		if (table->len < NEEDLE_SHORTEST)
			return complain(why, -EINVAL, "a needle of %u bytes", table->len);
		if (set->nr == NEEDLES_MAX)
			return complain(why, -E2BIG, "more than %u needles", NEEDLES_MAX);
		set->entries[set->nr++] = (struct entry){
			.needle = table,
			.state = state,
			.skip = rarest(table),
		};
	}
	return 0;
}

static u32 key_at(const u8 *bytes)
{
	return bytes[0] | (u32)bytes[1] << 8 | (u32)bytes[2] << 16;
}

static u32 hash(u32 key)
{
	return (key * 0x9e3779b1u) >> (32 - FILTER_BITS);
}

/* How often a group's first positions pass, as a share of all places. */
static double cost(const struct needles *set, const struct group *group, u32 positions)
{
	double product = 1;
	u32 i, byte, sum;

	for (i = 0; i < positions; i++) {
		for (sum = 0, byte = 0; byte < 256; byte++)
			if (group->low[i] >> (byte & 15) & 1 && group->high[i] >> (byte >> 4) & 1)
				sum += set->often[byte];
		product *= (double)sum / set->total;
	}
	return product;
}

static struct group joined(const struct needles *set, const struct group *a,
			   const struct group *b)
{
	struct group both;
	u32 i;

	for (i = 0; i < POSITIONS; i++) {
		both.low[i] = a->low[i] | b->low[i];
		both.high[i] = a->high[i] | b->high[i];
	}
	both.cost = cost(set, &both, POSITIONS);
	return both;
}

static int compare(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;
	const u8 *x = left->needle->bytes, *y = right->needle->bytes;

	return memcmp(x + left->skip, y + right->skip, NEEDLE_SHORTEST);
}

static struct group alone(const struct needles *set, const struct entry *entry)
{
	const u8 *bytes = (const u8 *)entry->needle->bytes + entry->skip;
	struct group group;
	u32 i;

	for (i = 0; i < POSITIONS; i++) {
		bool any = i >= known_by(entry);

		group.low[i] = any ? 0xffff : 1u << (bytes[i] & 15);
		group.high[i] = any ? 0xffff : 1u << (bytes[i] >> 4);
	}
	group.cost = cost(set, &group, POSITIONS);
	return group;
}

/*
 * Joins neighbours in a list of groups that is in the order of their bytes until GROUPS
 * remain, always those two that then pass the least that they should not. @joins has room
 * for as many as there are: what each would cost with the next one.
 */
static u32 join_groups(const struct needles *set, struct group *groups, double *joins, u32 nr)
{
	u32 i, best;

	for (i = 0; i + 1 < nr; i++)
		joins[i] = joined(set, &groups[i], &groups[i + 1]).cost;
	while (nr > GROUPS) {
		for (i = 1, best = 0; i + 1 < nr; i++)
			if (joins[i] < joins[best])
				best = i;
		groups[best] = joined(set, &groups[best], &groups[best + 1]);
		nr--;
		memmove(groups + best + 1, groups + best + 2, (nr - best - 1) * sizeof(*groups));
		memmove(joins + best, joins + best + 1, (nr - best - 1) * sizeof(*joins));
		if (best)
			joins[best - 1] = joined(set, &groups[best - 1], &groups[best]).cost;
		if (best + 1 < nr)
			joins[best] = joined(set, &groups[best], &groups[best + 1]).cost;
	}
	return nr;
}

static int fill_tables(struct needles *set)
{
	struct group *groups = calloc(set->nr + 1, sizeof(*groups));
	double *joins = calloc(set->nr + 1, sizeof(*joins));
	double passed = 0;
	u32 nr, i, j, half;

	if (!groups || !joins) {
		free(groups);
		free(joins);
		return -ENOMEM;
	}
	for (i = 0; i < set->nr; i++)
		groups[i] = alone(set, &set->entries[i]);
	nr = join_groups(set, groups, joins, set->nr);
	for (i = 0; i < nr; i++)
		passed += cost(set, &groups[i], POSITIONS / 2);
	/* A second look at one of four blocks of 64 bytes is worth it. */
	set->early = 64 * passed < 0.25;
	for (i = 0; i < nr; i++)
		for (j = 0; j < POSITIONS; j++)
			for (half = 0; half < 16; half++) {
				set->low[j][half] |= (groups[i].low[j] >> half & 1) << i;
				set->high[j][half] |= (groups[i].high[j] >> half & 1) << i;
			}
	free(groups);
	free(joins);
	return 0;
}

/**
 * needles_prepare() - make a set ready
 * @set:	complete
 *
 * Without memory for it the set still works, on its portable path.
 */
void needles_prepare(struct needles *set)
{
	u32 i, key;

	qsort(set->entries, set->nr, sizeof(*set->entries), compare);
	set->level = fill_tables(set) ? SIMD_NONE : simd_level();
	for (i = 0; i < set->nr; i++) {
		struct entry *entry = &set->entries[i];
		u16 *head;

		key = hash(key_at((const u8 *)entry->needle->bytes + entry->skip));
		head = &set->heads[key >> (FILTER_BITS - HEADS_BITS)];
		set->filter[key / 64] |= 1ULL << key % 64;
		entry->next = *head;
		*head = i + 1;
		set->reach = max(set->reach, entry->skip);
	}
}

/* One pass over a window; first bytes of needles are in [from, to). */
struct pass {
	const struct needles *set;
	struct scan *scan;
	const struct window *window;
	u64 from;
	u64 to;
};

/* May a needle be known by the bytes at @at? Three of them are in the window. */
static inline bool passes(const struct pass *pass, u64 at)
{
	u32 key = hash(key_at(pass->window->bytes + at));

	return pass->set->filter[key / 64] >> key % 64 & 1;
}

static noinline void tell(const struct pass *pass, u64 at)
{
	const struct needles *set = pass->set;
	const struct window *window = pass->window;
	u32 key = hash(key_at(window->bytes + at)), i;
	const struct entry *entry;

	for (i = set->heads[key >> (FILTER_BITS - HEADS_BITS)]; i; i = entry->next) {
		const struct needle *needle;

		entry = &set->entries[i - 1];
		needle = entry->needle;
		if (at < entry->skip || at - entry->skip < pass->from ||
		    at - entry->skip >= pass->to ||
		    window->len - (at - entry->skip) < needle->len ||
		    memcmp(window->bytes + (at - entry->skip), needle->bytes, needle->len))
			continue;
		needle->hit(pass->scan, entry->state, window, at - entry->skip, needle);
	}
}

static void pass_portable(const struct pass *pass, u64 at, u64 end)
{
	for (; at < end; at++)
		if (passes(pass, at))
			tell(pass, at);
}

#ifdef HAVE_SIMD
TARGET_AVX2
static inline __m256i look_up_avx2(const u8 *bytes, __m256i low, __m256i high)
{
	const __m256i half = _mm256_set1_epi8(15);
	__m256i value = _mm256_loadu_si256((const __m256i *)bytes);

	low = _mm256_shuffle_epi8(low, _mm256_and_si256(value, half));
	value = _mm256_and_si256(_mm256_srli_epi16(value, 4), half);
	return _mm256_and_si256(low, _mm256_shuffle_epi8(high, value));
}

/* Which of the 32 places from @bytes on may be the beginning of what a needle is known by? */
TARGET_AVX2
static inline u32 test_avx2(const u8 *bytes, const __m256i *low, const __m256i *high, bool early)
{
	__m256i groups;

	groups = _mm256_and_si256(look_up_avx2(bytes, low[0], high[0]),
				  look_up_avx2(bytes + 1, low[1], high[1]));
	if (early && _mm256_testz_si256(groups, groups))
		return 0;
	groups = _mm256_and_si256(groups, look_up_avx2(bytes + 2, low[2], high[2]));
	groups = _mm256_and_si256(groups, look_up_avx2(bytes + 3, low[3], high[3]));
	return ~_mm256_movemask_epi8(_mm256_cmpeq_epi8(groups, _mm256_setzero_si256()));
}

TARGET_AVX2
static u64 pass_avx2(const struct pass *pass, u64 at, u64 end)
{
	const struct needles *set = pass->set;
	__m256i low[POSITIONS], high[POSITIONS];
	u32 i, bits;

	for (i = 0; i < POSITIONS; i++) {
		low[i] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)set->low[i]));
		high[i] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)set->high[i]));
	}
	for (; at + 32 <= end; at += 32)
		for (bits = test_avx2(pass->window->bytes + at, low, high, set->early); bits;
		     bits &= bits - 1)
			if (passes(pass, at + __builtin_ctz(bits)))
				tell(pass, at + __builtin_ctz(bits));
	return at;
}

TARGET_AVX512
static inline __m512i look_up_avx512(const u8 *bytes, __m512i low, __m512i high)
{
	const __m512i half = _mm512_set1_epi8(15);
	__m512i value = _mm512_loadu_si512(bytes);

	low = _mm512_shuffle_epi8(low, _mm512_and_si512(value, half));
	value = _mm512_and_si512(_mm512_srli_epi16(value, 4), half);
	return _mm512_and_si512(low, _mm512_shuffle_epi8(high, value));
}

TARGET_AVX512
static inline u64 test_avx512(const u8 *bytes, const __m512i *low, const __m512i *high, bool early)
{
	__m512i groups;

	groups = _mm512_and_si512(look_up_avx512(bytes, low[0], high[0]),
				  look_up_avx512(bytes + 1, low[1], high[1]));
	if (early && !_mm512_test_epi8_mask(groups, groups))
		return 0;
	groups = _mm512_and_si512(groups, look_up_avx512(bytes + 2, low[2], high[2]));
	groups = _mm512_and_si512(groups, look_up_avx512(bytes + 3, low[3], high[3]));
	return _mm512_test_epi8_mask(groups, groups);
}

TARGET_AVX512
static u64 pass_avx512(const struct pass *pass, u64 at, u64 end)
{
	const struct needles *set = pass->set;
	__m512i low[POSITIONS], high[POSITIONS];
	u64 bits;
	u32 i;

	for (i = 0; i < POSITIONS; i++) {
		low[i] = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)set->low[i]));
		high[i] = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)set->high[i]));
	}
	for (; at + 64 <= end; at += 64)
		for (bits = test_avx512(pass->window->bytes + at, low, high, set->early); bits;
		     bits &= bits - 1)
			if (passes(pass, at + __builtin_ctzll(bits)))
				tell(pass, at + __builtin_ctzll(bits));
	return at;
}
#endif /* HAVE_SIMD */

/**
 * needles_look() - tell of all needles in a window
 * @set:	prepared
 * @scan:	first argument of each needle's @hit
 * @window:	the window
 *
 * For any thread.
 */
void needles_look(const struct needles *set, struct scan *scan, const struct window *window)
{
	struct pass pass = { set, scan, window, window->begin, window->end };
	u64 at, end;

	if (window->seam) {
		pass.from = 0;
		pass.to = window->len;
	}
	if (!set->nr || window->len < NEEDLE_SHORTEST)
		return;
	at = pass.from;
	end = min(pass.to + set->reach, window->len - (NEEDLE_SHORTEST - 1));
#ifdef HAVE_SIMD
	/* The last load begins at POSITIONS - 1 and goes on as far. */
	if (window->len >= POSITIONS && set->level == SIMD_AVX512)
		at = pass_avx512(&pass, at, min(end, window->len - (POSITIONS - 1)));
	else if (window->len >= POSITIONS && set->level == SIMD_AVX2)
		at = pass_avx2(&pass, at, min(end, window->len - (POSITIONS - 1)));
#endif
	pass_portable(&pass, at, end);
}
