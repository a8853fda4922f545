// SPDX-License-Identifier: GPL-2.0
/*
 * Text in a window: see letters.h.
 */
#include <stdio.h>

#include <openssl/crypto.h>

#include "effort.h"
#include "letters.h"

#define HEADER_MAX	1024u	/* letters of one line before a body */
#define HEADERS		32u

/* What stands at a place of an encoded text. */
enum {
	SEPARATOR = 256,
	NOTHING,
};

static int hex_value(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Two hex digits at @i, or -1. */
static int hex_pair(const struct letters *text, s64 i)
{
	int high = hex_value(letter(text, i)), low = hex_value(letter(text, i + 1));

	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* "&#10;" and "&#xD;" and their like, as XML has newlines. Returns their letters, or 0. */
static u32 reference(const struct letters *text, s64 i)
{
	static const char *const all[] = { "&#10;", "&#13;", "&#xA;", "&#xD;", "&#xa;", "&#xd;" };
	u32 k;

	for (k = 0; k < sizeof(all) / sizeof(*all); k++)
		if (letters_match(text, i, all[k]))
			return 5;
	return 0;
}

/* A string literal that goes on in the next one, as in source code. */
static u32 joint(const struct letters *text, s64 i)
{
	u32 n = 1;
	int c;

	for (c = letter(text, i + n); is_space(c); n++)
		c = letter(text, i + n + 1);
	return c == '"' && n < GAP_MAX ? n + 1 : 0;
}

static int plain(int c)
{
	return is_space(c) ? SEPARATOR : c;
}

/* A symbol at @i as it was before it was escaped: in JSON, C, a URL or XML. */
static int symbol(const struct letters *text, s64 i, u32 *nr)
{
	int c = letter(text, i);

	*nr = 1;
	if (c == '\\') {
		c = letter(text, i + 1);
		*nr = 2;
		if (c == 'n' || c == 'r' || c == 't')
			return SEPARATOR;
		if (c == 'u' && letters_match(text, i + 2, "00")) {
			*nr = 6;
			c = hex_pair(text, i + 4);
			return c < 0 ? NOTHING : plain(c);
		}
		*nr = 1;
		return SEPARATOR;
	}
	if (c == '%') {
		*nr = 3;
		c = hex_pair(text, i + 1);
		return c < 0 ? NOTHING : plain(c);
	}
	if (c == '&') {
		*nr = reference(text, i);
		return *nr ? SEPARATOR : NOTHING;
	}
	if (c == '"') {
		*nr = joint(text, i);
		return *nr ? SEPARATOR : NOTHING;
	}
	return c < 0 ? NOTHING : plain(c);
}

/**
 * base64_value() - six bits of a letter
 * @c:		the letter
 *
 * Return: they, or -1; of the plain alphabet only.
 */
s32 base64_value(int c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four letters after a '=' at @i that begins a line, or -1. */
static s32 line_of_sum(const struct letters *text, s64 i)
{
	s32 sum = 0, value;
	u32 k;

	for (k = 1; k <= 4; k++) {
		value = base64_value(letter(text, i + k));
		if (value < 0)
			return -1;
		sum = sum << 6 | value;
	}
	return sum;
}

/**
 * body_decode_some() - decode base64 until something else comes, or it is enough
 * @body:	takes it
 * @text:	the text
 * @from:	index of a letter in it, at or before the first one of the body
 * @most:	bytes that are enough, at most BODY_MAX
 *
 * Lines may be broken anywhere, indented, and escaped as JSON, C, a URL or XML has it.
 */
void body_decode_some(struct body *body, const struct letters *text, s64 from, u32 most)
{
	u32 bits = 0, nr_bits = 0, nr, gap = 0, pads = 0;
	bool gap_before = true;
	s32 value;
	int c = 0;
	s64 i;

	body->len = 0;
	body->first = from;
	body->last = from;
	body->end = from;
	body->sum = -1;
	for (i = from; body->len < most; i += nr) {
		c = symbol(text, i, &nr);
		if (c == SEPARATOR) {
			gap_before = true;
			gap += nr;
			if (gap > GAP_MAX)
				break;
			continue;
		}
		if (c == '=') {
			if (gap_before && line_of_sum(text, i) >= 0) {
				body->sum = line_of_sum(text, i);
				nr = 5;
			} else if (++pads > 2) {
				break;
			} else {
				body->end = i + nr;
			}
			gap = 0;
			continue;
		}
		value = base64_value(c);
		if (value < 0 || pads || body->sum >= 0)
			break;
		if (!body->len && !nr_bits)
			body->first = i;
		bits = bits << 6 | value;
		nr_bits += 6;
		if (nr_bits >= 8) {
			nr_bits -= 8;
			body->bytes[body->len++] = bits >> nr_bits;
		}
		body->last = i;
		body->end = i + nr;
		gap_before = false;
		gap = 0;
	}
	body->dash = c == '-';
}

/**
 * body_decode() - decode base64 until something else comes
 * @body:	takes it
 * @text:	the text
 * @from:	index of a letter in it, at or before the first one of the body
 *
 * Nothing is decoded when the effort of the scan is spent, which then fails.
 */
void body_decode(struct body *body, const struct letters *text, s64 from)
{
	body_decode_some(body, text, from, effort_letters(1) ? sizeof(body->bytes) : 0);
	effort_letters(body->end - from);
}

/**
 * body_letters() - which letters say some bytes of a body
 * @text:	the text
 * @from:	as it was given to body_decode()
 * @at:		index of the first byte
 * @len:	how many; the body has them all
 * @first:	takes the index of the first letter
 *
 * Return: how many letters from there on; what breaks the lines is among them.
 */
u32 body_letters(const struct letters *text, s64 from, u32 at, u32 len, s64 *first)
{
	struct body body;
	u32 nr;

	body_decode_some(&body, text, from, at);
	*first = at % 3 ? body.last : body.end;
	for (; symbol(text, *first, &nr) == SEPARATOR; *first += nr)
		;
	body_decode_some(&body, text, from, at + len);
	body_erase(&body);
	return body.end - *first;
}

/**
 * body_erase() - erase what was decoded
 * @body:	the body
 */
void body_erase(struct body *body)
{
	OPENSSL_cleanse(body->bytes, body->len);
	body->len = 0;
}

/* The length of the line at @i, and of what ends it; 0 if nothing does, or another key begins. */
static u32 line(const struct letters *text, s64 i, u32 *total)
{
	u32 len, nr;
	int c;

	for (len = 0; len < HEADER_MAX; len += nr) {
		c = letter(text, i + len);
		if (c < 0 || (c == '-' && letters_match(text, i + len, "-----BEGIN")))
			break;
		if (symbol(text, i + len, &nr) == SEPARATOR && c != ' ' && c != '\t') {
			*total = len + nr;
			return len;
		}
		nr = 1;
	}
	*total = 0;
	return 0;
}

/**
 * letters_headers() - pass over the header lines before a body
 * @text:	the text
 * @i:		index of the first letter after the line of BEGIN
 * @word:	a word that matters in a header
 * @seen:	takes whether it was there
 *
 * Where another line of BEGIN comes the headers end, so that what is read for all of them is
 * as much as there is.
 *
 * Return: index of what comes after them.
 */
s64 letters_headers(const struct letters *text, s64 i, const char *word, bool *seen)
{
	u32 lines, len, total, name, k;

	*seen = false;
	for (lines = 0; lines < HEADERS; lines++, i += total) {
		len = line(text, i, &total);
		if (!total)
			return i;
		name = letters_run(text, i, len, ALPHABET_WORD "-");
		if (len && letter(text, i + name) != ':')
			return i;
		for (k = 0; k < len && !*seen; k++)
			*seen = letters_match(text, i + k, word);
	}
	return i;
}

/**
 * letters_match() - is this what the text says?
 * @text:	the text
 * @i:		index of a letter
 * @words:	what is to be there
 *
 * Return: true if it is.
 */
bool letters_match(const struct letters *text, s64 i, const char *words)
{
	while (*words && letter(text, i) == (u8)*words) {
		words++;
		i++;
	}
	return !*words;
}

/**
 * letters_escape() - how long is an escape?
 * @text:	the text
 * @i:		index of a letter
 *
 * Return: the letters of what begins there, as "\n", "%2B" or "&#10;" do; 0 if none does.
 */
u32 letters_escape(const struct letters *text, s64 i)
{
	u32 nr;

	return symbol(text, i, &nr) == NOTHING || nr == 1 ? 0 : nr;
}

/**
 * letters_begin() - may a word begin here?
 * @text:	the text
 * @i:		index of its first letter
 *
 * Return: false if a letter, a digit, '-' or '_' is before it, unless that is the end of
 * "\\n" or "%3D".
 */
bool letters_begin(const struct letters *text, s64 i)
{
	int c = letter(text, i - 1);

	if (c <= 0 || !strchr(ALPHABET_URL, c))
		return true;
	if (letter(text, i - 2) == '\\' && (c == 'n' || c == 'r' || c == 't'))
		return true;
	return letter(text, i - 3) == '%' && hex_pair(text, i - 2) >= 0;
}

/**
 * letters_run() - how many letters of an alphabet are there?
 * @text:	the text
 * @i:		index of the first one
 * @max:	where to stop
 * @alphabet:	the letters
 *
 * Return: the number.
 */
u32 letters_run(const struct letters *text, s64 i, u32 max, const char *alphabet)
{
	u32 nr;
	int c;

	for (nr = 0; nr < max; nr++) {
		c = letter(text, i + nr);
		if (c <= 0 || !strchr(alphabet, c))
			break;
	}
	return nr;
}

/**
 * letters_copy() - take letters out of a text
 * @text:	the text
 * @i:		index of the first one
 * @nr:		how many
 * @to:		takes them and a terminator: @nr + 1 bytes
 *
 * Return: how many there were.
 */
u32 letters_copy(const struct letters *text, s64 i, u32 nr, char *to)
{
	u32 n;
	int c;

	for (n = 0; n < nr; n++) {
		c = letter(text, i + n);
		if (c < 0)
			break;
		to[n] = c;
	}
	to[n] = '\0';
	return n;
}

/**
 * base64_tight() - decode base64 without gaps, of either alphabet
 * @from:	the letters
 * @nr:		how many; those from a '=' on do not count
 * @to:		takes the bytes: 3 for 4 letters
 *
 * Return: how many bytes, or 0 if it is no base64.
 */
u32 base64_tight(const char *from, u32 nr, u8 *to)
{
	u32 bits = 0, nr_bits = 0, len = 0, i;
	s32 value;

	for (i = 0; i < nr && from[i] != '='; i++) {
		value = base64_value(from[i] == '-' ? '+' : from[i] == '_' ? '/' : from[i]);
		if (value < 0)
			return 0;
		bits = bits << 6 | value;
		nr_bits += 6;
		if (nr_bits >= 8) {
			nr_bits -= 8;
			to[len++] = bits >> nr_bits;
		}
	}
	return nr_bits == 6 ? 0 : len;
}

/**
 * letters_report() - report key material in a text
 * @scan:	the scan
 * @text:	where it was seen
 * @i:		index of its first letter
 * @nr:		letters
 * @kind:	what it is
 * @proven:	arithmetically
 * @format:	of a few words more, never secret
 */
void letters_report(struct scan *scan, const struct letters *text, s64 i, u32 nr,
		    const struct kind *kind, bool proven, const char *format, ...)
{
	char detail[sizeof(((struct sighting *)0)->detail)];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	if (nr)
		scan_report(scan, text->window, text->at + (u64)i, nr, kind, proven, "%s%s%s",
			    detail, text->window->wide && *detail ? ", " : "",
			    text->window->wide ? "UTF-16" : "");
}
