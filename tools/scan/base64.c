// SPDX-License-Identifier: GPL-2.0
/*
 * Keys in base64 without lines of PEM: see base64.h.
 */
#include "base64.h"
#include "letters.h"

#define BACK_MAX	128u	/* letters before a needle that are decoded, too */
#define KEY_MAX		16384u	/* bytes: RSA of 16384 bits has 9.5 KiB, and 13 in PEM */

/* Letters of a group of four that the first bytes before a needle have a part in. */
static u32 shared(u32 phase)
{
	return (8 * phase + 5) / 6;
}

/**
 * base64_text() - what bytes are in base64
 * @bytes:	they
 * @len:	how many
 * @phase:	bytes before them, modulo three
 * @to:		takes the letters, without those that the neighbours have a part in: not more
 *		than @len * 4 / 3
 *
 * Return: how many.
 */
u32 base64_text(const u8 *bytes, u32 len, u32 phase, char *to)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	u32 bit = 6 * shared(phase) - 8 * phase, nr, pair;

	for (nr = 0; bit + 6 <= 8 * len; bit += 6) {
		pair = bytes[bit / 8] << 8;
		if (bit / 8 + 1 < len)
			pair |= bytes[bit / 8 + 1];
		to[nr++] = alphabet[pair >> (10 - bit % 8) & 63];
	}
	return nr;
}

/*
 * Goes back from letter 0, over letters and ends of lines, but not over escapes. Returns
 * where the first letter is, and takes how many there are.
 */
static s64 back(const struct letters *text, u32 *letters)
{
	u32 nr = 0, gap = 0, escape = 0;
	s64 i, first = 0;
	int c;

	for (i = -1; nr < BACK_MAX && gap <= GAP_MAX; i--) {
		c = letter(text, i);
		if (base64_value(c) >= 0) {
			nr++;
			gap = 0;
			first = i;
		} else if (is_space(c)) {
			gap++;
		} else {
			escape = letters_escape(text, i);
			break;
		}
	}
	/* Letters of an escape are none of the body. */
	if (escape && i + 1 == first) {
		escape = min(escape - 1, nr);
		first += escape;
		nr -= escape;
	}
	*letters = nr;
	return first;
}

/**
 * base64_hit() - tell a detector of its needle in base64
 * @scan:	first argument of the needle's @hit
 * @state:	second argument
 * @window:	where the letters are
 * @at:		index of the first of them
 * @needle:	what they say
 * @phase:	of it
 * @budget:	letters that may be decoded in this window; what is beyond makes the scan fail
 *
 * The detector gets a window of what is around it, up to BACK_MAX letters before it, decoded.
 */
void base64_hit(struct scan *scan, void *state, const struct window *window, u64 at,
		const struct needle *needle, u32 phase, u64 *budget)
{
	struct letters text = { window, at };
	struct window decoded = { .text = &text };
	struct body body;
	u32 letters, index;

	if (!*budget) {
		scan_skipped(scan);
		return;
	}
	decoded.first = back(&text, &letters);
	*budget -= min(*budget, (u64)letters);
	if (letters < shared(phase))
		return;
	/* It begins with a whole group. */
	for (; (letters - shared(phase)) % 4; letters--)
		do
			decoded.first++;
		while (is_space(letter(&text, decoded.first)));
	index = (letters - shared(phase)) / 4 * 3 + phase;
	body_decode_some(&body, &text, decoded.first, index + needle->len);
	if (body.len == index + needle->len &&
	    !memcmp(body.bytes + index, needle->bytes, needle->len)) {
		body_decode_some(&body, &text, decoded.first, KEY_MAX);
		*budget -= min(*budget, (u64)(body.end - body.first));
		decoded.bytes = body.bytes;
		decoded.len = body.len;
		decoded.end = body.len;
		needle->hit(scan, state, &decoded, index, needle);
	}
	body_erase(&body);
}
