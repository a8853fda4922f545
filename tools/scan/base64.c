// SPDX-License-Identifier: GPL-2.0
/*
 * Keys in base64 without lines of PEM: see base64.h.
 */
#include "base64.h"
#include "letters.h"

#define BACK_MAX	128u	/* letters before a needle that are decoded, too */
#define BACK_FAR	1024	/* likewise, with what breaks their lines */
#define KEY_MAX		12288u	/* bytes: RSA of 16384 bits has 9.5 KiB */

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

static bool space(int c)
{
	return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

/* The letters at @i that belong to the symbol before them: of "\n", "\u000a" or "%0A". */
static u32 of_symbol(const struct letters *text, s64 i)
{
	int c = letter(text, i - 1);

	if (c == '%')
		return 2;
	return c != '\\' ? 0 : letter(text, i) == 'u' ? 5 : 1;
}

/*
 * Goes back from letter 0, over letters and ends of lines, but not over escapes. Returns
 * where the first letter is, and takes how many there are.
 */
static s64 back(const struct letters *text, u32 *letters)
{
	s64 i = 0, first = 0;
	u32 nr = 0, drop;
	int c;

	for (; nr < BACK_MAX && i > -BACK_FAR; i--) {
		c = letter(text, i - 1);
		if (base64_value(c) >= 0) {
			nr++;
			first = i - 1;
		} else if (!space(c)) {
			break;
		}
	}
	if (nr < BACK_MAX && first == i) {
		drop = min(of_symbol(text, first), nr);
		first += drop;
		nr -= drop;
	}
	*letters = nr;
	return first;
}

/* Letters of what breaks a line, before @i: of " ", "\n", "\u000a", "%0A"; or 0. */
static u32 separator(const struct letters *text, s64 i)
{
	if (space(letter(text, i - 1)) || letter(text, i - 1) == '\\')
		return 1;
	if (letter(text, i - 2) == '\\')
		return 2;
	if (letter(text, i - 3) == '%')
		return 3;
	return letters_match(text, i - 6, "\\u00") ? 6 : 0;
}

/* Is that what a line of PEM announced? That is for pem.c to say. */
static bool announced(const struct letters *text, s64 i)
{
	u32 k;

	for (k = 0; k < BACK_MAX && separator(text, i); k++)
		i -= separator(text, i);
	return letters_match(text, i - 16, "PRIVATE KEY-----") ||
	       letters_match(text, i - 16, "PRIVATE+KEY-----") ||
	       letters_match(text, i - 18, "PRIVATE%20KEY-----");
}

/**
 * base64_hit() - tell a detector of its needle in base64
 * @scan:	first argument of the needle's @hit
 * @state:	second argument
 * @window:	where the letters are
 * @at:		index of the first of them
 * @needle:	what they say
 * @phase:	of it
 *
 * The detector gets a window of what is around it, up to BACK_MAX letters before it, decoded.
 */
void base64_hit(struct scan *scan, void *state, const struct window *window, u64 at,
		const struct needle *needle, u32 phase)
{
	struct letters text = { window, at };
	struct window decoded = { .text = &text };
	struct body body;
	u32 letters, index;

	decoded.first = back(&text, &letters);
	if (letters < shared(phase) || announced(&text, decoded.first))
		return;
	/* It begins with a whole group. */
	for (; (letters - shared(phase)) % 4; letters--)
		do
			decoded.first++;
		while (space(letter(&text, decoded.first)));
	index = (letters - shared(phase)) / 4 * 3 + phase;
	body_decode_some(&body, &text, decoded.first, index + needle->len);
	if (body.len == index + needle->len &&
	    !memcmp(body.bytes + index, needle->bytes, needle->len)) {
		body_decode_some(&body, &text, decoded.first, KEY_MAX);
		decoded.bytes = body.bytes;
		decoded.len = body.len;
		decoded.end = body.len;
		needle->hit(scan, state, &decoded, index, needle);
	}
	body_erase(&body);
}
