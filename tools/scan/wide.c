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

/*
 * What candidate() says at four steps, one bit each, if two letters follow. If there is one
 * only, the run ends with it, and was seen at the step before, or has no needle in the window.
 */
static inline u64 candidates(u64 zeros, u64 texts)
{
	u64 four = every_other(zeros), two = texts & texts >> 2;

	return ((four & ~(four >> 1) & two >> 1) | (~four & four >> 1 & two)) &
	       0x0001000100010001ULL;
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
static inline u32 half_of_texts_avx2(__m256i half)
{
	const __m256i last = _mm256_set1_epi8(0x7e - 0x20);
	__m256i texts, value = _mm256_sub_epi8(half, _mm256_set1_epi8(0x20));

	texts = _mm256_cmpeq_epi8(_mm256_max_epu8(value, last), last);
	texts = _mm256_or_si256(texts, _mm256_cmpeq_epi8(half, _mm256_set1_epi8('\n')));
	texts = _mm256_or_si256(texts, _mm256_cmpeq_epi8(half, _mm256_set1_epi8('\r')));
	texts = _mm256_or_si256(texts, _mm256_cmpeq_epi8(half, _mm256_set1_epi8('\t')));
	return _mm256_movemask_epi8(texts);
}

TARGET_AVX2
static inline u64 texts_avx2(const u8 *bytes)
{
	const __m256i *at = (const void *)bytes;

	return half_of_texts_avx2(_mm256_loadu_si256(at)) |
	       (u64)half_of_texts_avx2(_mm256_loadu_si256(at + 1)) << 32;
}

/* The bits up to the first pair that is not a zero and a letter. */
static inline u32 pairs(u64 zeros, u64 texts)
{
	const u64 first = 0x5555555555555555ULL;
	u64 others = ~((zeros & first) | (texts & ~first));

	return others ? __builtin_ctzll(others) & ~1u : BLOCK;
}

TARGET_AVX2
static u64 last_avx2(const u8 *bytes, u64 end, u64 len)
{
	u32 more = BLOCK;

	for (; more == BLOCK && len - end > BLOCK; end += more)
		more = pairs(zeros_avx2(bytes + end + 1), texts_avx2(bytes + end + 1));
	return end;
}

TARGET_AVX2
static u64 pack_avx2(u8 *to, const u8 *from, u64 nr)
{
	const __m256i low = _mm256_set1_epi16(0xff);
	const __m256i *at;
	__m256i packed;
	u64 i;

	for (i = 0; i + 32 < nr; i += 32) {
		at = (const void *)(from + 2 * i);
		packed = _mm256_packus_epi16(_mm256_and_si256(_mm256_loadu_si256(at), low),
					     _mm256_and_si256(_mm256_loadu_si256(at + 1), low));
		/* Each half of a vector is packed for itself. */
		packed = _mm256_permute4x64_epi64(packed, 0xd8);
		_mm256_storeu_si256((void *)(to + i), packed);
	}
	return i;
}

TARGET_AVX2
static u64 skip_avx2(const u8 *bytes, u64 at, u64 end)
{
	u64 zeros;

	for (; at + BLOCK <= end; at += BLOCK) {
		zeros = zeros_avx2(bytes + at);
		if (__builtin_expect(every_other(zeros) & 0x0003000300030003ULL, 0) &&
		    candidates(zeros, texts_avx2(bytes + at)))
			break;
	}
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
static u64 last_avx512(const u8 *bytes, u64 end, u64 len)
{
	u32 more = BLOCK;
	__m512i block;

	for (; more == BLOCK && len - end > BLOCK; end += more) {
		block = _mm512_loadu_si512(bytes + end + 1);
		more = pairs(_mm512_testn_epi8_mask(block, block), texts_avx512(block));
	}
	return end;
}

TARGET_AVX512
static u64 pack_avx512(u8 *to, const u8 *from, u64 nr)
{
	u64 i;

	for (i = 0; i + 32 < nr; i += 32)
		_mm256_storeu_si256((void *)(to + i),
				    _mm512_cvtepi16_epi8(_mm512_loadu_si512(from + 2 * i)));
	return i;
}

TARGET_AVX512
static u64 skip_avx512(const u8 *bytes, u64 at, u64 end)
{
	const __m512i high = _mm512_set1_epi16((short)0xff00), low = _mm512_set1_epi16(0xff);
	__m512i block;

	for (; at + BLOCK <= end; at += BLOCK) {
		block = _mm512_loadu_si512(bytes + at);
		/* Of words: the first of two is that of a step. */
		if (__builtin_expect((_mm512_testn_epi64_mask(block, high) ^
				      _mm512_testn_epi64_mask(block, low)) & 0x55, 0) &&
		    candidates(_mm512_testn_epi8_mask(block, block), texts_avx512(block)))
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

/* The last letter of a run that has one at @end. */
static u64 last_letter(const u8 *bytes, u64 end, u64 len)
{
#ifdef HAVE_SIMD
	enum simd level = simd_level();

	if (level == SIMD_AVX512)
		end = last_avx512(bytes, end, len);
	else if (level == SIMD_AVX2)
		end = last_avx2(bytes, end, len);
#endif
	while (end + 2 < len && follows(bytes, end + 2))
		end += 2;
	return end;
}

/* Every other byte; that after the last one may be no more there. */
static void pack(u8 *to, const u8 *from, u64 nr)
{
	u64 i = 0;
#ifdef HAVE_SIMD
	enum simd level = simd_level();

	if (level == SIMD_AVX512)
		i = pack_avx512(to, from, nr);
	else if (level == SIMD_AVX2)
		i = pack_avx2(to, from, nr);
#endif
	for (; i < nr; i++)
		to[i] = from[2 * i];
}

/* Shows letters @from to @end of a run that begins at @start, and what is around them. */
static void show(const struct needles *set, struct scan *scan, const struct window *window,
		 u64 start, u64 nr, u64 from, u64 end)
{
	u64 first = from - min(from, (u64)BEFORE), last = min(nr, end + AFTER), seam;
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
		narrowed.begin = first || start < window->begin ? SCAN_BEFORE : 0;
		narrowed.seam_offset = window->seam_offset + (seam - window->seam);
	}
	pack(bytes, window->bytes + start + 2 * first, last - first);
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
		end = last_letter(bytes, at + odd, window->len);
		if ((end - start) / 2 + 1 < LEAST)
			continue;
		narrow(set, scan, window, start, (end - start) / 2 + 1);
		at += (end - at) / STEP * STEP;
	}
}
