// SPDX-License-Identifier: GPL-2.0
/*
 * Lengths of keys: see lengths.h.
 */
#include "lengths.h"
#include "simd.h"

#ifdef HAVE_SIMD
#include <immintrin.h>
#endif

/* A length, once these bits are set. Of what else becomes one, 33, 40, 41 and 49 are none. */
#define BITS	25u
#define LENGTH	57u

/* One pass over words of a window, and who wants to know of lengths in it. */
struct pass {
	const struct window *window;
	length_fn found;
	void *arg;
};

static u64 word_at(const u8 *at)
{
	u64 word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static void tell(const struct pass *pass, u64 at)
{
	u64 len = word_at(pass->window->bytes + at);

	if (len == 32 || len == 48 || len == 56 || len == 57)
		pass->found(pass->arg, pass->window, at, len);
}

static void look_portable(const struct pass *pass, u64 at, u64 end)
{
	for (; at < end && pass->window->len - at >= 8; at += 8)
		if ((word_at(pass->window->bytes + at) | BITS) == LENGTH)
			tell(pass, at);
}

#ifdef HAVE_SIMD
TARGET_AVX2
static u32 test_avx2(const u8 *at)
{
	const __m256i bits = _mm256_set1_epi64x(BITS), length = _mm256_set1_epi64x(LENGTH);
	__m256i words;

	words = _mm256_or_si256(_mm256_loadu_si256((const __m256i *)at), bits);
	return _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(words, length)));
}

TARGET_AVX2
static u64 look_avx2(const struct pass *pass, u64 at, u64 end)
{
	const u8 *bytes = pass->window->bytes;
	u32 hits;

	for (; at + 64 <= end; at += 64)
		for (hits = test_avx2(bytes + at) | test_avx2(bytes + at + 32) << 4; hits;
		     hits &= hits - 1)
			tell(pass, at + 8 * __builtin_ctz(hits));
	return at;
}

TARGET_AVX512
static u64 look_avx512(const struct pass *pass, u64 at, u64 end)
{
	const __m512i bits = _mm512_set1_epi64(BITS), length = _mm512_set1_epi64(LENGTH);
	__m512i words;
	u32 hits;

	for (; at + 64 <= end; at += 64) {
		words = _mm512_or_si512(_mm512_loadu_si512(pass->window->bytes + at), bits);
		for (hits = _mm512_cmpeq_epi64_mask(words, length); hits; hits &= hits - 1)
			tell(pass, at + 8 * __builtin_ctz(hits));
	}
	return at;
}
#endif

/* In [at, end), at multiples of eight. */
static void look_aligned(const struct pass *pass, u64 at, u64 end)
{
#ifdef HAVE_SIMD
	enum simd level = simd_level();

	if (level == SIMD_AVX512)
		at = look_avx512(pass, at, min(end, pass->window->len));
	else if (level == SIMD_AVX2)
		at = look_avx2(pass, at, min(end, pass->window->len));
#endif
	look_portable(pass, at, end);
}

/**
 * lengths_look() - tell of all lengths in a window
 * @scan:	the scan
 * @window:	the window
 * @found:	is called for each of them, with its place and value
 * @arg:	its first argument
 *
 * They are aligned to eight bytes in memory, or in a file that is no core. Of a window with
 * a seam only what is near it is looked at, since what they are the length of is.
 */
void lengths_look(const struct scan *scan, const struct window *window, length_fn found,
		  void *arg)
{
	const struct pass pass = { window, found, arg };
	u64 at = window->begin, last = window->end, first, end;

	if (window->seam) {
		at = window->seam - min(window->seam, (u64)SCAN_BEFORE);
		last = min(window->len, window->seam + SCAN_BEFORE);
	}
	for (; at < last; at = end) {
		first = scan_aligned(scan, window, at, 8, &end);
		look_aligned(&pass, first, min(end, last));
	}
}
