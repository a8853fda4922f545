// SPDX-License-Identifier: GPL-2.0
/*
 * Text in UTF-16: see wide.h.
 *
 * A run of letters has a zero in every other byte. Whether that comes after the letter or
 * before it (little or big endian) makes no difference from the first letter to the last one.
 */
#include <openssl/crypto.h>

#include "simd.h"
#include "wide.h"

#ifdef HAVE_SIMD
#include <immintrin.h>
#endif

#define STEP		16u	/* a run is looked for once in so many bytes */
#define BLOCK		(4 * STEP)
#define LEAST		16u	/* letters of a run that can hold a secret */

/* Letters that are shown at once, and what is around them: all fits on a thread's stack. */
#define PIECE		32768u
#define BEFORE		(SCAN_AFTER / 2)	/* as much as around a seam */
#define AFTER		(SCAN_AFTER / 2)

static bool is_text(u8 byte)
{
	return (byte >= 0x20 && byte < 0x7f) || byte == '\n' || byte == '\r' || byte == '\t';
}

/* Four letters and four zeros, perhaps: every other byte is zero, and not all are. */
static bool candidate(const u8 *at, u32 *odd)
{
	const u64 high = 0xff00ff00ff00ff00ULL;
	u64 word;

	memcpy(&word, at, sizeof(word));
	word = le64toh(word);
	*odd = !!(word & high);
	return word && (!(word & high) || !(word & ~high));
}

#ifdef HAVE_SIMD
/* Where four zeros are in every other byte; @zeros has a bit for each byte. */
static inline u64 every_other(u64 zeros)
{
	return zeros & zeros >> 2 & zeros >> 4 & zeros >> 6;
}

/* What candidate() says at four steps, one bit each. */
static inline u64 candidates(u64 four)
{
	return (four ^ four >> 1) & 0x0001000100010001ULL;
}

TARGET_AVX2
static inline u64 zeros_avx2(const u8 *bytes)
{
	const __m256i *at = (const void *)bytes;
	__m256i low = _mm256_cmpeq_epi8(_mm256_loadu_si256(at), _mm256_setzero_si256());
	__m256i high = _mm256_cmpeq_epi8(_mm256_loadu_si256(at + 1), _mm256_setzero_si256());

	return (u32)_mm256_movemask_epi8(low) | (u64)_mm256_movemask_epi8(high) << 32;
}

TARGET_AVX2
static u64 skip_avx2(const u8 *bytes, u64 at, u64 end)
{
	while (at + BLOCK <= end && !candidates(every_other(zeros_avx2(bytes + at))))
		at += BLOCK;
	return at;
}

TARGET_AVX512
static inline u64 texts_avx512(__m512i block)
{
	return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(block, _mm512_set1_epi8(0x20)),
				      _mm512_set1_epi8(0x7f - 0x20)) |
	       _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\n')) |
	       _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\r')) |
	       _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\t'));
}

TARGET_AVX512
static u64 skip_avx512(const u8 *bytes, u64 at, u64 end)
{
	u64 four, steps, texts;
	__m512i block;

	for (; at + BLOCK <= end; at += BLOCK) {
		block = _mm512_loadu_si512(bytes + at);
		four = every_other(_mm512_testn_epi8_mask(block, block));
		steps = candidates(four);
		if (__builtin_expect(!steps, 1))
			continue;
		texts = texts_avx512(block);
		if (steps & ((four & texts >> 1) | (~four & texts)))
			break;
	}
	return at;
}
#endif /* HAVE_SIMD */

/* Skips blocks without a candidate, perhaps. */
static u64 skip(const u8 *bytes, u64 at, u64 end)
{
#ifdef HAVE_SIMD
	enum simd level = simd_level();

	if (level == SIMD_AVX512)
		return skip_avx512(bytes, at, end);
	if (level == SIMD_AVX2)
		return skip_avx2(bytes, at, end);
#endif
	(void)bytes;
	(void)end;
	return at;
}

/* The first step from @at on where a run of letters may be, if it is before @end. */
static u64 next_run(const u8 *bytes, u64 at, u64 end)
{
	u64 block_end;
	u32 odd;

	while (at < end) {
		at = skip(bytes, at, end);
		for (block_end = min(at + BLOCK, end); at < block_end; at += STEP)
			if (candidate(bytes + at, &odd) && is_text(bytes[at + odd]))
				return at;
	}
	return at;
}

/* Is the byte at @at a letter that follows another one at @at - 2? */
static bool follows(const u8 *bytes, u64 at)
{
	return is_text(bytes[at]) && !bytes[at - 1] && is_text(bytes[at - 2]);
}

/* Shows letters @from to @end of a run that begins at @start, and what is around them. */
static void show(const struct needles *set, struct scan *scan, const struct window *window,
		 u64 start, u64 nr, u64 from, u64 end)
{
	u64 first = from - min(from, (u64)BEFORE), last = min(nr, end + AFTER), seam, i;
	u8 bytes[BEFORE + PIECE + AFTER];
	struct window narrowed = {
		.wide = true,
		.bytes = bytes,
		.len = last - first,
		.begin = from - first,
		.end = end - first,
		.offset = window->offset + start + 2 * first,
	};

	if (window->seam) {
		seam = start + 2 * from;	/* of the first letter after it */
		narrowed.seam = from - first;
		narrowed.seam_offset = window->seam_offset + (seam - window->seam);
	}
	for (i = 0; i < last - first; i++)
		bytes[i] = window->bytes[start + 2 * (first + i)];
	needles_look(set, scan, &narrowed);
	OPENSSL_cleanse(bytes, last - first);
}

/* Piece by piece; of a window with a seam only what is around that matters. */
static void narrow(const struct needles *set, struct scan *scan, const struct window *window,
		   u64 start, u64 nr)
{
	u64 from, end, seam;

	if (window->seam) {
		seam = window->seam > start ? (window->seam - start + 1) / 2 : 0;
		if (seam && seam < nr)
			show(set, scan, window, start, nr, seam, seam);
		return;
	}
	from = window->begin > start ? (window->begin - start + 1) / 2 : 0;
	end = window->end > start ? min((window->end - start + 1) / 2, nr) : 0;
	for (; from < end; from += PIECE)
		show(set, scan, window, start, nr, from, min(from + PIECE, end));
}

/**
 * wide_look() - look for needles in the text in UTF-16 of a window
 * @set:	the needles
 * @scan:	first argument of their hit()
 * @window:	the window; hit() gets others, with the letters as bytes
 */
void wide_look(const struct needles *set, struct scan *scan, const struct window *window)
{
	const u8 *bytes = window->bytes;
	u64 at = window->seam ? 0 : window->begin;
	u64 last = window->seam ? window->len : min(window->end + STEP, window->len);
	u64 steps = window->len < 8 ? 0 : min(last, window->len - 7), start, end;
	u32 odd;

	for (at = next_run(bytes, at, steps); at < steps;
	     at = next_run(bytes, at + STEP, steps)) {
		candidate(bytes + at, &odd);
		start = at + odd;
		while (start >= 2 && follows(bytes, start))
			start -= 2;
		end = at + odd;
		while (end + 2 < window->len && follows(bytes, end + 2))
			end += 2;
		if ((end - start) / 2 + 1 < LEAST)
			continue;
		narrow(set, scan, window, start, (end - start) / 2 + 1);
		at += (end - at) / STEP * STEP;
	}
}
