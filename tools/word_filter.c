// SPDX-License-Identifier: GPL-2.0
/*
 * A filter of words: see word_filter.h.
 */
#include <stdlib.h>

#include "word_filter.h"

#ifdef HAVE_SIMD
#include <immintrin.h>
#endif

#define LOG_LEAST	10u
#define LOG_MOST	20u
#define FIRST		20u	/* where in a hash the number of the first bit is, */
#define SECOND		26u	/* those of the second one, */
#define THIRD		32u	/* and of the third one */

/**
 * word_filter_init() - make an empty filter
 * @filter:	to be released by word_filter_free(), also after an error
 * @nr:		words that will be added, more or less
 *
 * Return: false if there is no memory.
 */
bool word_filter_init(struct word_filter *filter, u32 nr)
{
	for (filter->log = LOG_LEAST; filter->log < LOG_MOST && 2ULL << filter->log < nr;)
		filter->log++;
	filter->level = simd_level();
	filter->bits = calloc(1u << filter->log, sizeof(*filter->bits));
	return filter->bits;
}

/**
 * word_filter_free() - release a filter
 * @filter:	from word_filter_init(), or zeroed
 */
void word_filter_free(struct word_filter *filter)
{
	free(filter->bits);
}

/**
 * word_filter_add() - add a word
 * @filter:	from word_filter_init()
 * @word:	that is to pass
 */
void word_filter_add(struct word_filter *filter, u64 word)
{
	u64 key = word_hash(word);

	filter->bits[key >> (64 - filter->log)] |= 1ULL << (key >> FIRST & 63) |
						   1ULL << (key >> SECOND & 63) |
						   1ULL << (key >> THIRD & 63);
}

static u64 ask_portable(const struct word_filter *filter, const u8 *at, u32 stride, u32 nr)
{
	u32 shift = 64 - filter->log, i;
	u64 answers = 0, key, bits;

	for (i = 0; i < nr; i++, at += stride) {
		key = word_hash(word_at(at));
		bits = filter->bits[key >> shift];
		answers = answers >> 1 | (bits >> (key >> FIRST & 63) &
					  bits >> (key >> SECOND & 63) &
					  bits >> (key >> THIRD & 63)) << 63;
	}
	return answers >> (64 - nr);
}

#ifdef HAVE_SIMD
TARGET_AVX512
static inline __m512i shifted(__m512i key, u32 by)
{
	const __m512i low = _mm512_set1_epi64(63), one = _mm512_set1_epi64(1);

	return _mm512_sllv_epi64(one, _mm512_and_si512(_mm512_srli_epi64(key, by), low));
}

TARGET_AVX512
static inline u32 ask_eight(const struct word_filter *filter, const u8 *at)
{
	const __m512i factor = _mm512_set1_epi64(0x9e3779b97f4a7c15ULL);
	const __m128i shift = _mm_cvtsi32_si128(64 - filter->log);
	__m512i key = _mm512_loadu_si512(at), wanted, bits;

	key = _mm512_mullo_epi64(_mm512_xor_si512(key, _mm512_srli_epi64(key, 29)), factor);
	wanted = _mm512_or_si512(_mm512_or_si512(shifted(key, FIRST), shifted(key, SECOND)),
				 shifted(key, THIRD));
	bits = _mm512_i64gather_epi64(_mm512_srl_epi64(key, shift), filter->bits, 8);
	return _mm512_cmpeq_epi64_mask(_mm512_and_si512(bits, wanted), wanted);
}

/*
 * A batch at a stride of 1, 2, 4 or 8: eight words that follow each other, then those that
 * begin one stride after them, and so on; 64 bytes further likewise.
 */
TARGET_AVX512
static u64 ask_avx512(const struct word_filter *filter, const u8 *at, u32 stride)
{
	static const u64 every[] = { 0x0101010101010101, 0x1111111111111111,
				     0x5555555555555555, UINT64_MAX };
	u32 log = __builtin_ctz(stride), phases = 8 >> log, first, i;
	u64 answers = 0;

	for (first = 0; first < WORD_FILTER_BATCH; first += 8 * phases)
		for (i = 0; i < phases; i++)
			answers |= _pdep_u64(ask_eight(filter, at + ((first + i) << log)),
					     every[log]) << (first + i);
	return answers;
}
#endif

/**
 * word_filter_stride() - a stride at which words are asked about fast
 * @most:	which it is not to exceed
 *
 * Return: it.
 */
u32 word_filter_stride(u32 most)
{
	if (simd_level() != SIMD_AVX512 || most >= 3 * 8)
		return most;
	return 1u << (31 - __builtin_clz(min(most, 8u)));
}

/**
 * word_filter_ask() - which of some words may have been added?
 * @filter:	complete
 * @at:		the first one
 * @stride:	bytes from one to the next
 * @nr:		how many, 1 to WORD_FILTER_BATCH
 *
 * There is nothing in it that a processor has to guess.
 *
 * Return: a bit for each; of those that were not added one in 500 is set, or less.
 */
u64 word_filter_ask(const struct word_filter *filter, const u8 *at, u32 stride, u32 nr)
{
#ifdef HAVE_SIMD
	if (filter->level == SIMD_AVX512 && nr == WORD_FILTER_BATCH && stride <= 8 &&
	    !(stride & (stride - 1)))
		return ask_avx512(filter, at, stride);
#endif
	return ask_portable(filter, at, stride, nr);
}
