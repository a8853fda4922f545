// SPDX-License-Identifier: GPL-2.0
/*
 * The first look for needles: see sieve.h.
 *
 * Needles with similar bytes make a group, and each position of a group a set of bytes. A
 * place passes if the byte at each position is in the set of one group ("Teddy", after
 * Hyperscan's). With AVX-512 VBMI a set is looked up by seven bits of a byte in one table of
 * 128, for eight groups at once. Without it both halves of a byte are looked up in tables of
 * 16, which lets through more: there are sixteen groups then.
 */
#include <float.h>
#include <stdlib.h>

#include "sieve.h"

#ifdef HAVE_SIMD
#include <immintrin.h>
#endif

/**
 * struct group - needles that are tested together
 * @sets:	for each position, bytes that occur: by their low seven bits, or their low
 *		halves and, from bit 16 on, their high halves
 * @cost:	how often it passes, as a share of all places
 * @best:	the other group that it is joined with at the least cost
 * @least:	what that adds
 */
struct group {
	u64 sets[SIEVE_BYTES][2];
	double cost;
	u32 best;
	double least;
};

/**
 * byte_frequency() - how often is a byte seen?
 * @byte:	the byte
 *
 * Return: how many of 4096, as counted in source text, programs and a core, in equal parts.
 */
u32 byte_frequency(u8 byte)
{
	static const u16 often[256] = {
		579, 26, 15, 9, 10, 10, 6, 6, 16, 14, 56, 5, 4, 4, 16, 24,
		14, 4, 4, 3, 4, 4, 3, 3, 9, 3, 3, 3, 3, 3, 3, 8,
		344, 3, 10, 11, 34, 4, 4, 8, 28, 25, 25, 3, 23, 15, 25, 34,
		21, 20, 12, 9, 7, 8, 7, 5, 12, 9, 12, 13, 12, 13, 12, 3,
		9, 29, 13, 18, 23, 27, 11, 11, 71, 28, 3, 6, 32, 15, 17, 16,
		19, 3, 18, 26, 24, 11, 7, 5, 9, 5, 4, 6, 9, 8, 3, 82,
		6, 80, 21, 55, 49, 147, 40, 25, 34, 90, 5, 14, 57, 34, 88, 81,
		44, 4, 79, 87, 122, 43, 20, 11, 16, 18, 5, 6, 6, 6, 3, 3,
		6, 4, 2, 14, 11, 11, 4, 3, 4, 37, 2, 28, 5, 14, 3, 3,
		6, 2, 2, 2, 4, 2, 2, 2, 3, 2, 2, 2, 3, 2, 2, 2,
		3, 2, 2, 2, 2, 2, 2, 2, 3, 2, 2, 2, 2, 2, 2, 2,
		3, 2, 2, 2, 3, 2, 4, 3, 4, 3, 3, 3, 3, 3, 4, 4,
		10, 4, 4, 7, 5, 3, 4, 6, 4, 4, 3, 3, 18, 2, 2, 2,
		4, 3, 4, 3, 2, 2, 3, 2, 4, 3, 3, 3, 2, 2, 3, 3,
		4, 3, 3, 3, 3, 3, 3, 3, 18, 7, 3, 5, 4, 3, 3, 4,
		5, 3, 3, 3, 3, 3, 4, 3, 5, 3, 3, 4, 4, 4, 9, 47,
	};

	return often[byte];
}

static u32 sum_exact(const u64 *set)
{
	u32 sum = 0, half;
	u64 bits;

	for (half = 0; half < 2; half++)
		for (bits = set[half]; bits; bits &= bits - 1) {
			u32 byte = 64 * half + __builtin_ctzll(bits);

			sum += byte_frequency(byte) + byte_frequency(byte | 128);
		}
	return sum;
}

static u32 sum_halves(u64 set)
{
	u32 sum = 0, low, high;

	for (high = set >> 16; high; high &= high - 1)
		for (low = set & 0xffff; low; low &= low - 1)
			sum += byte_frequency(__builtin_ctz(high) << 4 | __builtin_ctz(low));
	return sum;
}

static double cost(const struct group *group, bool exact)
{
	double product = 1;
	u32 i;

	for (i = 0; i < SIEVE_BYTES; i++)
		product *= (exact ? sum_exact(group->sets[i]) : sum_halves(group->sets[i][0])) /
			   4096.0;
	return product;
}

static void join(struct group *group, const struct group *other, bool exact)
{
	u32 i;

	for (i = 0; i < SIEVE_BYTES; i++) {
		group->sets[i][0] |= other->sets[i][0];
		group->sets[i][1] |= other->sets[i][1];
	}
	group->cost = cost(group, exact);
}

static void alone(struct group *group, const struct grain *grain, bool exact)
{
	u32 i;

	for (i = 0; i < SIEVE_BYTES; i++) {
		u8 byte = i < grain->nr ? grain->bytes[i] : 0;
		u64 *set = group->sets[i];

		if (i >= grain->nr) {
			set[0] = exact ? ~0ULL : 0xffffffff;
			set[1] = exact ? ~0ULL : 0;
		} else if (exact) {
			set[byte >> 6 & 1] = 1ULL << (byte & 63);
		} else {
			set[0] = 1ULL << (byte & 15) | 1ULL << (16 + (byte >> 4));
		}
	}
	group->cost = cost(group, exact);
}

/* What it adds to what passes wrongly if two groups are joined. */
static void consider(struct group *groups, u32 one, u32 other, bool exact)
{
	struct group both = groups[one];
	double added;

	join(&both, &groups[other], exact);
	added = both.cost - groups[one].cost - groups[other].cost;
	if (added < groups[one].least) {
		groups[one].least = added;
		groups[one].best = other;
	}
}

/* Each group knows the best of those after it. */
static void look_around(struct group *groups, u32 nr, u32 one, bool exact)
{
	u32 other;

	groups[one].least = DBL_MAX;
	for (other = one + 1; other < nr; other++)
		consider(groups, one, other, exact);
}

/* Joins two groups, always those that then pass the least more, until @wanted remain. */
static u32 join_groups(struct group *groups, u32 nr, u32 wanted, bool exact)
{
	u32 i, one, other;

	for (i = 0; i < nr; i++)
		look_around(groups, nr, i, exact);
	for (; nr > wanted; nr--) {
		for (one = 0, i = 1; i + 1 < nr; i++)
			if (groups[i].least < groups[one].least)
				one = i;
		other = groups[one].best;
		join(&groups[one], &groups[other], exact);
		/* The last one moves. */
		groups[other] = groups[nr - 1];
		for (i = 0; i + 1 < nr; i++)
			if (i == one || i == other || groups[i].best == one ||
			    groups[i].best == other || groups[i].best == nr - 1)
				look_around(groups, nr - 1, i, exact);
			else if (i < one)
				consider(groups, i, one, exact);
	}
	return nr;
}

static void fill_exact(struct sieve *sieve, const struct group *group, u32 bit)
{
	u32 i, byte;

	for (i = 0; i < SIEVE_BYTES; i++)
		for (byte = 0; byte < 128; byte++)
			if (group->sets[i][byte / 64] >> byte % 64 & 1)
				sieve->exact[i][byte] |= 1 << bit;
}

static void fill_halves(struct sieve *sieve, const struct group *group, u32 nr)
{
	const u64 (*sets)[2] = group->sets;
	u32 i, half, eight = nr / 8, bit = nr % 8;

	for (i = 0; i < SIEVE_BYTES; i++)
		for (half = 0; half < 16; half++) {
			sieve->low[eight][i][half] |= (sets[i][0] >> half & 1) << bit;
			sieve->high[eight][i][half] |= (sets[i][0] >> (16 + half) & 1) << bit;
		}
}

/**
 * sieve_fill() - make a sieve
 * @sieve:	zeros
 * @grains:	what is to pass
 * @nr:		how many
 *
 * Return: 0, or -ENOMEM; then, and where SIMD is not to be used, its @way is SIMD_NONE.
 */
int sieve_fill(struct sieve *sieve, const struct grain *grains, u32 nr)
{
	bool exact = simd_vbmi();
	struct group *groups;
	u32 i;

	if (simd_level() == SIMD_NONE)
		return 0;
	groups = calloc(nr + 1, sizeof(*groups));
	if (!groups)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		alone(&groups[i], &grains[i], exact);
	nr = join_groups(groups, nr, exact ? 8 : SIEVE_GROUPS, exact);
	for (i = 0; i < nr; i++)
		if (exact)
			fill_exact(sieve, &groups[i], i);
		else
			fill_halves(sieve, &groups[i], i);
	sieve->both = nr > 8;
	sieve->way = exact ? SIMD_VBMI : simd_level();
	free(groups);
	return 0;
}

#ifdef HAVE_SIMD
static inline u32 take(u16 *places, u32 at, u64 bits)
{
	u32 nr;

	for (nr = 0; bits; bits &= bits - 1)
		places[nr++] = at + __builtin_ctzll(bits);
	return nr;
}

TARGET_AVX2
static inline __m256i look_up_avx2(const __m256i *tables, const u8 *bytes)
{
	const __m256i half = _mm256_set1_epi8(15);
	__m256i value = _mm256_loadu_si256((const void *)bytes), low;

	low = _mm256_shuffle_epi8(tables[0], _mm256_and_si256(value, half));
	value = _mm256_and_si256(_mm256_srli_epi16(value, 4), half);
	return _mm256_and_si256(low, _mm256_shuffle_epi8(tables[1], value));
}

/* For eight groups, whose tables fill half of the registers: the places that pass. */
TARGET_AVX2
static void test_avx2(const struct sieve *sieve, u32 eight, const u8 *bytes, u32 nr, u32 *bits)
{
	__m256i tables[SIEVE_BYTES][2], first, second;
	u32 at, i;

#pragma GCC unroll 4
	for (i = 0; i < SIEVE_BYTES; i++) {
		__m128i low = _mm_loadu_si128((const void *)sieve->low[eight][i]);
		__m128i high = _mm_loadu_si128((const void *)sieve->high[eight][i]);

		tables[i][0] = _mm256_broadcastsi128_si256(low);
		tables[i][1] = _mm256_broadcastsi128_si256(high);
	}
	for (at = 0; at < nr; at += 32) {
		first = _mm256_and_si256(look_up_avx2(tables[0], bytes + at),
					 look_up_avx2(tables[1], bytes + at + 1));
		second = _mm256_and_si256(look_up_avx2(tables[2], bytes + at + 2),
					  look_up_avx2(tables[3], bytes + at + 3));
		first = _mm256_cmpeq_epi8(_mm256_and_si256(first, second), _mm256_setzero_si256());
		bits[at / 32] |= ~_mm256_movemask_epi8(first);
	}
}

static u32 places_avx2(const struct sieve *sieve, const u8 *bytes, u32 nr, u16 *places)
{
	u32 bits[SIEVE_PIECE / 32] = { 0 }, at, found = 0;

	test_avx2(sieve, 0, bytes, nr, bits);
	if (sieve->both)
		test_avx2(sieve, 1, bytes, nr, bits);
	for (at = 0; at < nr; at += 32)
		found += take(places + found, at, bits[at / 32]);
	return found;
}

TARGET_AVX512
static inline __m512i look_up_avx512(const struct sieve *sieve, u32 eight, u32 i, __m512i low,
				     __m512i high)
{
	const u8 *lows = sieve->low[eight][i], *highs = sieve->high[eight][i];

	low = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128((const void *)lows)), low);
	high = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128((const void *)highs)),
				   high);
	return _mm512_and_si512(low, high);
}

TARGET_AVX512
static inline u64 test_avx512(const struct sieve *sieve, const u8 *bytes, bool both)
{
	const __m512i half = _mm512_set1_epi8(15);
	__m512i first = _mm512_set1_epi8(-1), second = both ? first : _mm512_setzero_si512();
	__m512i low, high;
	u32 i;

#pragma GCC unroll 4
	for (i = 0; i < SIEVE_BYTES; i++) {
		low = _mm512_loadu_si512(bytes + i);
		high = _mm512_and_si512(_mm512_srli_epi16(low, 4), half);
		low = _mm512_and_si512(low, half);
		first = _mm512_and_si512(first, look_up_avx512(sieve, 0, i, low, high));
		if (both)
			second = _mm512_and_si512(second, look_up_avx512(sieve, 1, i, low, high));
	}
	first = _mm512_or_si512(first, second);
	return _mm512_test_epi8_mask(first, first);
}

TARGET_AVX512
static u32 places_avx512(const struct sieve *sieve, const u8 *bytes, u32 nr,
			 u16 *restrict places)
{
	u32 at, found = 0;

	if (sieve->both)
		for (at = 0; at < nr; at += SIEVE_STEP)
			found += take(places + found, at, test_avx512(sieve, bytes + at, true));
	else
		for (at = 0; at < nr; at += SIEVE_STEP)
			found += take(places + found, at, test_avx512(sieve, bytes + at, false));
	return found;
}

TARGET_VBMI
static inline __m512i look_up_vbmi(const __m512i *table, const u8 *bytes)
{
	return _mm512_permutex2var_epi8(table[0], _mm512_loadu_si512(bytes), table[1]);
}

TARGET_VBMI
static u32 places_vbmi(const struct sieve *sieve, const u8 *bytes, u32 nr, u16 *places)
{
	__m512i tables[SIEVE_BYTES][2], first, second;
	u32 at, i, found = 0;

#pragma GCC unroll 4
	for (i = 0; i < SIEVE_BYTES; i++) {
		tables[i][0] = _mm512_loadu_si512(sieve->exact[i]);
		tables[i][1] = _mm512_loadu_si512(sieve->exact[i] + 64);
	}
	for (at = 0; at < nr; at += SIEVE_STEP) {
		first = _mm512_and_si512(look_up_vbmi(tables[0], bytes + at),
					 look_up_vbmi(tables[1], bytes + at + 1));
		second = _mm512_and_si512(look_up_vbmi(tables[2], bytes + at + 2),
					  look_up_vbmi(tables[3], bytes + at + 3));
		found += take(places + found, at, _mm512_test_epi8_mask(first, second));
	}
	return found;
}
#endif /* HAVE_SIMD */

/**
 * sieve_places() - which places pass?
 * @sieve:	whose @way is not SIMD_NONE
 * @bytes:	of the first place; SIEVE_BYTES - 1 bytes follow that of the last one
 * @nr:		places: a multiple of SIEVE_STEP, SIEVE_PIECE at most
 * @places:	takes those that pass, in order; room for @nr
 *
 * Return: how many pass.
 */
u32 sieve_places(const struct sieve *sieve, const u8 *bytes, u32 nr, u16 *places)
{
#ifdef HAVE_SIMD
	if (sieve->way == SIMD_VBMI)
		return places_vbmi(sieve, bytes, nr, places);
	if (sieve->way == SIMD_AVX512)
		return places_avx512(sieve, bytes, nr, places);
	return places_avx2(sieve, bytes, nr, places);
#else
	(void)sieve;
	(void)bytes;
	(void)nr;
	(void)places;
	return 0;
#endif
}
