// SPDX-License-Identifier: GPL-2.0
/*
 * Headers of big numbers: see header.h.
 *
 * 64 words at a time: of each a bit says whether it can be the counts of a header, whether
 * its upper bytes are those of a limb, and whether it is an address that was dumped. Few
 * words have the right neighbours, and only those are looked at one by one.
 */
#include "header.h"
#include "noise.h"
#include "simd.h"

#ifdef HAVE_SIMD
#include <immintrin.h>
#endif

#define BLOCK		64u		/* words */
#define AROUND		16u		/* words behind a block that have to be there as well */
#define SHORT		(1ULL << 48)	/* what is below is no limb, but for one in 2^16 */

/* Two counts below 512, one of them at least four; a sign of 1, and such a count. */
#define COUNTS		0xfffffe00fffffe00ULL
#define COUNTS_ADDED	0x000001fc000001fcULL
#define COUNTS_CARRY	0x0000020000000200ULL
#define SIGNED		0xfe00ffffULL
#define SIGNED_LEAST	0x00040000ULL
#define SIGNED_SOME	0x01fc0000ULL	/* of a count of four or more, one is set */

/* What looks like a header in each program: lengths of a note, its type, and "GNU". */
#define BUILD_ID	0x00554e4700000003ULL

/* Behind the counts: nothing, a sign, a buffer of 24 bytes, or both. */
static const u8 inline_at[] = { 1, 2, 4, 5 };

static u64 word(const struct window *window, u64 at)
{
	u64 value;

	memcpy(&value, window->bytes + at, sizeof(value));
	return value;
}

static bool can_be_counts(u64 value)
{
	if (!(value & COUNTS))
		return (value + COUNTS_ADDED) & COUNTS_CARRY;
	return (value & SIGNED) == 1 && (u32)value >= SIGNED_LEAST;
}

static bool pointer(const struct headers *headers, u64 value)
{
	return value - headers->first < headers->end - headers->first && !(value & 7);
}

static bool counts(u64 used, u64 room)
{
	return used >= NUMBER_LIMBS_MIN && used <= NUMBER_LIMBS_MAX && room >= used;
}

/* Limbs of a number: neither the first, nor the last, nor one between them is small. */
static bool limbs_at(const struct window *window, u64 at, u32 limbs)
{
	return at < window->len && window->len - at >= 8ULL * limbs &&
	       word(window, at) >= SHORT && word(window, at + 8 * (limbs / 2)) >= SHORT &&
	       word(window, at + 8 * (limbs - 1));
}

static void inline_header(const struct headers *headers, const struct window *window, u64 at,
			  u32 used)
{
	struct place place = { .limbs = used, .layout = LAYOUT_INLINE };
	u64 first = at;
	u32 i;

	for (i = 0; i < sizeof(inline_at); i++) {
		first = at + 8 * inline_at[i];
		if (limbs_at(window, first, used))
			break;
	}
	if (i == sizeof(inline_at) || word(window, first) == BUILD_ID ||
	    !noise_limbs(window->bytes + first, used))
		return;
	window_place(window, first, &place.at);
	headers->seen(headers->arg, &place, window->bytes + first);
}

static void seen(const struct headers *headers, u64 at, u32 limbs, enum layout layout)
{
	struct place place = { .at = at, .limbs = limbs, .layout = layout };

	headers->seen(headers->arg, &place, NULL);
}

/* A header may be that of several libraries. */
static void look_at(const struct headers *headers, const struct window *window, u64 at)
{
	u64 before = word(window, at - 8), here = word(window, at), after = word(window, at + 8);
	u32 low = here, high = here >> 32;
	bool any = true;

	if (pointer(headers, before) && counts(low, high) && (u32)after <= 1 &&
	    !(after >> 32 & ~0x1c01fU))
		seen(headers, before, low, LAYOUT_OPENSSL);
	else if (pointer(headers, before) && (u16)here == 1 && counts(low >> 16, low >> 16))
		seen(headers, before, low >> 16, LAYOUT_MBEDTLS3);
	else
		any = false;
	if (pointer(headers, after) && counts(high, low))
		seen(headers, after, high, LAYOUT_GMP);
	else if (pointer(headers, after) && !high && counts(low, low) && (u32)before == 1)
		seen(headers, after, low, LAYOUT_MBEDTLS2);
	else if (counts(high, low) && (u32)after <= 1 && after >> 32 < 0x1000 &&
		 pointer(headers, word(window, at + 16)))
		seen(headers, word(window, at + 16), high, LAYOUT_GCRYPT);
	else if (!any && counts(low, low) && (high <= 1 || high >= low))
		inline_header(headers, window, at, low);
}

/**
 * struct block - one bit for each of its words, and of those behind it
 * @limbs:	are they not small?
 * @pointers:	are they addresses? The first bit is that of the word before the block
 */
struct block {
	u64 limbs[2];
	u64 pointers[2];
};

static u64 bits_from(const u64 *bits, u32 at)
{
	return at ? bits[0] >> at | bits[1] << (64 - at) : bits[0];
}

/* Which words may be followed by limbs? Of the first four, one at most is small. */
static u64 before_limbs(const struct block *block)
{
	u64 all = 0;
	u32 i;

	for (i = 0; i < sizeof(inline_at); i++) {
		u64 second = bits_from(block->limbs, inline_at[i] + 1);
		u64 third = bits_from(block->limbs, inline_at[i] + 2);
		u64 fourth = bits_from(block->limbs, inline_at[i] + 3);

		all |= bits_from(block->limbs, inline_at[i]) &
		       ((second & third) | (second & fourth) | (third & fourth));
	}
	return all;
}

static u64 beside_pointers(const struct block *block)
{
	return block->pointers[0] | bits_from(block->pointers, 2) |
	       bits_from(block->pointers, 3);
}

static u64 counts_portable(const u8 *bytes)
{
	u64 some = 0, value;
	u32 i;

	for (i = 0; i < BLOCK; i++) {
		memcpy(&value, bytes + 8 * i, sizeof(value));
		some |= (u64)can_be_counts(value) << i;
	}
	return some;
}

static void block_portable(const struct headers *headers, const u8 *bytes, struct block *block)
{
	u64 value;
	u32 i;

	*block = (struct block){ 0 };
	for (i = 0; i < BLOCK + AROUND - 8; i++) {
		memcpy(&value, bytes + 8 * i, sizeof(value));
		block->limbs[i / 64] |= (u64)(value >= SHORT) << i % 64;
		memcpy(&value, bytes + 8 * i - 8, sizeof(value));
		block->pointers[i / 64] |= (u64)pointer(headers, value) << i % 64;
	}
}

#ifdef HAVE_SIMD
/* Four bits: of which words are all bits set? */
TARGET_AVX2
static inline u64 bits_avx2(__m256i words)
{
	return (u32)_mm256_movemask_pd(_mm256_castsi256_pd(words));
}

TARGET_AVX2
static inline __m256i lacks_avx2(__m256i words, u64 bits)
{
	return _mm256_cmpeq_epi64(_mm256_and_si256(words, _mm256_set1_epi64x(bits)),
				  _mm256_setzero_si256());
}

/* Without a sign: comparisons have one. */
TARGET_AVX2
static inline __m256i below_avx2(__m256i words, u64 limit)
{
	const __m256i sign = _mm256_set1_epi64x(INT64_MIN);

	return _mm256_cmpgt_epi64(_mm256_xor_si256(_mm256_set1_epi64x(limit), sign),
				  _mm256_xor_si256(words, sign));
}

TARGET_AVX2
static u64 counts_avx2(const u8 *bytes)
{
	const __m256i added = _mm256_set1_epi64x(COUNTS_ADDED), one = _mm256_set1_epi64x(1);
	const __m256i sign = _mm256_set1_epi64x(SIGNED);
	__m256i words, two, some;
	u64 found = 0;
	u32 i;

#pragma GCC unroll 4
	for (i = 0; i < BLOCK / 4; i++) {
		words = _mm256_loadu_si256((const void *)(bytes + 32 * i));
		two = _mm256_andnot_si256(lacks_avx2(_mm256_add_epi64(words, added), COUNTS_CARRY),
					  lacks_avx2(words, COUNTS));
		some = _mm256_andnot_si256(lacks_avx2(words, SIGNED_SOME),
					   _mm256_cmpeq_epi64(_mm256_and_si256(words, sign), one));
		found |= bits_avx2(_mm256_or_si256(two, some)) << 4 * i;
	}
	return found;
}

TARGET_AVX2
static void block_avx2(const struct headers *headers, const u8 *bytes, struct block *block)
{
	const __m256i first = _mm256_set1_epi64x(headers->first);
	__m256i words;
	u32 i;

	*block = (struct block){ 0 };
	for (i = 0; i < (BLOCK + 8) / 4; i++) {
		words = _mm256_loadu_si256((const void *)(bytes + 32 * i));
		block->limbs[i / 16] |= (bits_avx2(below_avx2(words, SHORT)) ^ 15) << i % 16 * 4;
	}
	if (headers->first == headers->end)
		return;
	for (i = 0; i < (BLOCK + 8) / 4; i++) {
		words = _mm256_loadu_si256((const void *)(bytes + 32 * i - 8));
		words = _mm256_and_si256(lacks_avx2(words, 7),
					 below_avx2(_mm256_sub_epi64(words, first),
						    headers->end - headers->first));
		block->pointers[i / 16] |= bits_avx2(words) << i % 16 * 4;
	}
}

TARGET_AVX512
static u64 counts_avx512(const u8 *bytes)
{
	const __m512i none = _mm512_set1_epi64(COUNTS), added = _mm512_set1_epi64(COUNTS_ADDED);
	const __m512i carry = _mm512_set1_epi64(COUNTS_CARRY);
	const __m512i sign = _mm512_set1_epi64(SIGNED), one = _mm512_set1_epi64(1);
	const __m512i some = _mm512_set1_epi64(SIGNED_SOME);
	__m512i words;
	u64 found = 0;
	u32 i;

#pragma GCC unroll 8
	for (i = 0; i < BLOCK / 8; i++) {
		words = _mm512_loadu_si512(bytes + 64 * i);
		found |= (u64)(u8)(_mm512_mask_test_epi64_mask(
					_mm512_testn_epi64_mask(words, none),
					_mm512_add_epi64(words, added), carry) |
				   _mm512_mask_cmpeq_epi64_mask(
					_mm512_test_epi64_mask(words, some),
					_mm512_and_epi64(words, sign), one)) << 8 * i;
	}
	return found;
}

TARGET_AVX512
static void block_avx512(const struct headers *headers, const u8 *bytes, struct block *block)
{
	const __m512i limb = _mm512_set1_epi64(SHORT), first = _mm512_set1_epi64(headers->first);
	const __m512i size = _mm512_set1_epi64(headers->end - headers->first);
	const __m512i low = _mm512_set1_epi64(7);
	__m512i words;
	u32 i;

	*block = (struct block){ 0 };
#pragma GCC unroll 9
	for (i = 0; i < BLOCK / 8 + 1; i++) {
		words = _mm512_loadu_si512(bytes + 64 * i);
		block->limbs[i / 8] |= (u64)_mm512_cmpge_epu64_mask(words, limb) << i % 8 * 8;
	}
	if (headers->first == headers->end)
		return;
#pragma GCC unroll 9
	for (i = 0; i < BLOCK / 8 + 1; i++) {
		words = _mm512_loadu_si512(bytes + 64 * i - 8);
		block->pointers[i / 8] |= (u64)_mm512_mask_cmplt_epu64_mask(
						_mm512_testn_epi64_mask(words, low),
						_mm512_sub_epi64(words, first), size) << i % 8 * 8;
	}
}
#endif

static u64 counts_at(const u8 *bytes, enum simd level)
{
#ifdef HAVE_SIMD
	if (level == SIMD_AVX512)
		return counts_avx512(bytes);
	if (level == SIMD_AVX2)
		return counts_avx2(bytes);
#else
	(void)level;
#endif
	return counts_portable(bytes);
}

static void block_at(const struct headers *headers, const u8 *bytes, enum simd level,
		     struct block *block)
{
#ifdef HAVE_SIMD
	if (level == SIMD_AVX512)
		return block_avx512(headers, bytes, block);
	if (level == SIMD_AVX2)
		return block_avx2(headers, bytes, block);
#else
	(void)level;
#endif
	block_portable(headers, bytes, block);
}

static u64 candidates(const struct headers *headers, const u8 *bytes, enum simd level)
{
	u64 some = counts_at(bytes, level);
	struct block block;

	if (!some)
		return 0;
	block_at(headers, bytes, level, &block);
	return some & (before_limbs(&block) | beside_pointers(&block));
}

/**
 * headers_find() - find headers of big numbers
 * @headers:	what is looked for
 * @window:	bytes of the file
 * @at:		index of the first candidate, aligned as its address is
 * @last:	index behind the last one
 */
void headers_find(const struct headers *headers, const struct window *window, u64 at, u64 last)
{
	u64 end = window->len < 24 ? 0 : min(last, window->len - 23), some;
	enum simd level = simd_level();

	for (at += at < 8 ? 8 : 0; at < end; at += 8 * BLOCK) {
		if (window->len - at < 8 * (BLOCK + AROUND))
			break;
		some = candidates(headers, window->bytes + at, level);
		if (end - at < 8 * BLOCK)
			some &= ~0ULL >> (BLOCK - (end - at + 7) / 8);
		for (; some; some &= some - 1)
			look_at(headers, window, at + 8 * __builtin_ctzll(some));
	}
	for (; at < end; at += 8)
		if (can_be_counts(word(window, at)))
			look_at(headers, window, at);
}
