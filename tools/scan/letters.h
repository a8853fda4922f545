/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text in a window, and what is written with its letters. UTF-16 comes in windows of its own,
 * see wide.h.
 */
#ifndef KREDACT_TOOLS_LETTERS_H
#define KREDACT_TOOLS_LETTERS_H

#include "needle.h"

/* What a window can hold of a base64 body. */
#define BODY_MAX	(SCAN_AFTER / 4 * 3)
/* Separators in a row that are in a body. */
#define GAP_MAX		512u

/**
 * struct letters - text from some place of a window on, and before it
 * @window:	the window
 * @at:		index of the byte that is letter 0
 */
struct letters {
	const struct window *window;
	u64 at;
};

/**
 * letter() - one letter
 * @text:	the text
 * @i:		which; may be negative
 *
 * Return: it, or -1 if it is outside the window.
 */
static inline int letter(const struct letters *text, s64 i)
{
	const struct window *window = text->window;
	/* What lies before the window is beyond its end, in unsigned numbers. */
	u64 at = text->at + (u64)i;

	return at < window->len ? window->bytes[at] : -1;
}

/* Does that stand between words, and break lines? */
static inline bool is_space(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/**
 * struct body - what a base64 text says
 * @bytes:	decoded; to be erased by who has them
 * @len:	how many
 * @first:	index of its first letter
 * @last:	index of its last one, without '='
 * @end:	index after its last one, '=' included
 * @dash:	'-' ended it, as at a line of END
 * @sum:	the bytes of a last line "=XXXX" (OpenPGP's CRC-24), or -1
 */
struct body {
	u8 bytes[BODY_MAX];
	u32 len;
	s64 first;
	s64 last;
	s64 end;
	bool dash;
	s32 sum;
};

void body_decode(struct body *body, const struct letters *text, s64 from);
void body_decode_some(struct body *body, const struct letters *text, s64 from, u32 most);
void body_erase(struct body *body);
u32 body_letters(const struct letters *text, s64 from, u32 at, u32 len, s64 *first);
s64 letters_headers(const struct letters *text, s64 i, const char *word, bool *seen);
bool letters_begin(const struct letters *text, s64 i);
bool letters_match(const struct letters *text, s64 i, const char *words);
u32 letters_escape(const struct letters *text, s64 i);
u32 letters_run(const struct letters *text, s64 i, u32 max, const char *alphabet);
u32 letters_copy(const struct letters *text, s64 i, u32 nr, char *to);
s32 base64_value(int c);
u32 base64_tight(const char *from, u32 nr, u8 *to);
void letters_report(struct scan *scan, const struct letters *text, s64 i, u32 nr,
		    const struct kind *kind, bool proven, const char *format, ...)
	__attribute__((format(printf, 7, 8)));

#define ALPHABET_DIGITS	"0123456789"
#define ALPHABET_HEX	"0123456789abcdefABCDEF"
#define ALPHABET_LOWER	"abcdefghijklmnopqrstuvwxyz"
#define ALPHABET_UPPER	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define ALPHABET_WORD	ALPHABET_DIGITS ALPHABET_UPPER ALPHABET_LOWER
#define ALPHABET_BASE64	ALPHABET_WORD "+/"
#define ALPHABET_URL	ALPHABET_WORD "-_"

#endif /* KREDACT_TOOLS_LETTERS_H */
