// SPDX-License-Identifier: GPL-2.0
/* Functions by the code that they begin with: see pattern.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"

/* The byte at @at, which is followed by a space or the end. Return: false if it is none. */
static bool parse_byte(const char *at, __u8 *byte, bool *any)
{
	const char digits[] = { at[0], at[0] ? at[1] : 0, 0 };

	*any = !strcmp(digits, "??");
	*byte = 0;
	if (!*any) {
		if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]))
			return false;
		*byte = strtoul(digits, NULL, 16);
	}
	return !at[2] || isspace((unsigned char)at[2]);
}

int pattern_parse(const char *text, struct pattern *out, const char **why)
{
	unsigned int given = 0;
	const char *at = text;

	memset(out, 0, sizeof(*out));
	for (;;) {
		while (isspace((unsigned char)*at))
			at++;
		if (!*at)
			break;
		*why = "more than 128 bytes";
		if (out->len == PATTERN_MOST)
			return (int)(at - text) + 1;
		*why = "a byte is two hexadecimal digits, or ??";
		if (!parse_byte(at, &out->byte[out->len], &out->any[out->len]))
			return (int)(at - text) + 1;
		given += !out->any[out->len++];
		at += 2;
	}
	*why = "fewer than 16 bytes are given";
	if (given < PATTERN_LEAST)
		return (int)(at - text) + 1;
	return 0;
}

static bool is_at(const struct pattern *p, const __u8 *code)
{
	unsigned int i;

	for (i = 0; i < p->len; i++)
		if (!p->any[i] && p->byte[i] != code[i])
			return false;
	return true;
}

size_t pattern_find(const struct pattern *p, const void *code, size_t size, size_t from)
{
	size_t at;

	for (at = from; at < size && p->len <= size - at; at += PATTERN_ALIGN)
		if (is_at(p, (const __u8 *)code + at))
			return at;
	return size;
}
