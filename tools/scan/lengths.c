// SPDX-License-Identifier: GPL-2.0
/*
 * Lengths of keys: see lengths.h.
 */
#include "lengths.h"
#include "simd.h"

#ifdef HAVE_SIMD
#include <immintrin.h>
#endif

#define BLOCK	4096u

static u64 word_at(const u8 *at)
{
	u64 word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* Of the words in [at, end): 32 and 48 both are 48 once the bit of 16 is set. */
static void look_portable(struct scan *scan, const struct window *window, u64 at, u64 end,
			  length_fn found)
{
	for (; at < end && window->len - at >= 8; at += 8)
		if ((word_at(window->bytes + at) | 16) == 48)
			found(scan, window, at, word_at(window->bytes + at));
}

#ifdef HAVE_SIMD
TARGET_AVX2
static u32 test_avx2(const u8 *at)
{
	const __m256i bit = _mm256_set1_epi64x(16), length = _mm256_set1_epi64x(48);
	__m256i words;

	words = _mm256_or_si256(_mm256_loadu_si256((const __m256i *)at), bit);
	return _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(words, length)));
}

TARGET_AVX2
static u64 look_avx2(struct scan *scan, const struct window *window, u64 at, u64 end,
		     length_fn found)
{
	for (; at + 64 <= end; at += 64)
		if (test_avx2(window->bytes + at) | test_avx2(window->bytes + at + 32))
			look_portable(scan, window, at, at + 64, found);
	return at;
}

TARGET_AVX512
static u64 look_avx512(struct scan *scan, const struct window *window, u64 at, u64 end,
		       length_fn found)
{
	const __m512i bit = _mm512_set1_epi64(16), length = _mm512_set1_epi64(48);
	__m512i words;

	for (; at + 64 <= end; at += 64) {
		words = _mm512_or_si512(_mm512_loadu_si512(window->bytes + at), bit);
		if (_mm512_cmpeq_epi64_mask(words, length))
			look_portable(scan, window, at, at + 64, found);
	}
	return at;
}
#endif

/* In [at, end), at multiples of eight. */
static void look_aligned(struct scan *scan, const struct window *window, u64 at, u64 end,
			 length_fn found)
{
#ifdef HAVE_SIMD
	enum simd level = simd_level();

	if (level == SIMD_AVX512)
		at = look_avx512(scan, window, at, min(end, window->len), found);
	else if (level == SIMD_AVX2)
		at = look_avx2(scan, window, at, min(end, window->len), found);
#endif
	look_portable(scan, window, at, end, found);
}

/* By how much a place in the window has to grow to be aligned, if what is at @at is to go by. */
static u64 misaligned(const struct scan *scan, const struct window *window, u64 at)
{
	u64 vaddr;

	if (!scan_vaddr(scan, window->offset + at, &vaddr))
		vaddr = window->offset + at;
	return (at - vaddr) % 8;
}

/**
 * lengths_look() - tell of all lengths in a window
 * @scan:	the scan
 * @window:	the window
 * @found:	is called for each of them, with its place and value
 *
 * They are aligned to eight bytes in memory, or in a file that is no core. Segments begin
 * at pages of memory, but anywhere in the file.
 */
void lengths_look(struct scan *scan, const struct window *window, length_fn found)
{
	u64 at, end, first, last;

	for (at = window->begin; at < window->end; at = end) {
		end = min(at + BLOCK, window->end);
		first = misaligned(scan, window, at);
		last = misaligned(scan, window, end - 1);
		look_aligned(scan, window, at + (first - at) % 8, end, found);
		if (last != first)
			look_aligned(scan, window, at + (last - at) % 8, end, found);
	}
}
