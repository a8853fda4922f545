// SPDX-License-Identifier: GPL-2.0
/*
 * Text in UTF-16: see wide.h.
 *
 * A run of letters has a zero in every other byte. Whether that comes after the letter or
 * before it (little or big endian) makes no difference from the first letter to the last one.
 */
#include <openssl/crypto.h>

#include "wide.h"

#define STEP		16u	/* a run is looked for once in so many bytes */
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
	u64 start, end;
	u32 odd;

	for (; at < last && window->len - at >= 8; at += STEP) {
		if (__builtin_expect(!candidate(bytes + at, &odd), 1) || !is_text(bytes[at + odd]))
			continue;
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
