// SPDX-License-Identifier: GPL-2.0
/*
 * Words for people: see text.h.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "text.h"

/**
 * complaint_set() - set the text of a complaint; see complain()
 * @why:	takes the text
 * @format:	as of printf()
 */
void complaint_set(struct complaint *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
}

/**
 * text_escape() - make text from a dump safe to print
 * @to:		at least one byte; always terminated
 * @room:	size of @to; TEXT_ESCAPED(len) holds any text
 * @from:	bytes, of which none is trusted: terminal controls, broken UTF-8
 * @len:	how many; a NUL does not end them
 *
 * Printable ASCII stays, all else (and the backslash) becomes \xNN. What does
 * not fit is cut off at a whole character.
 */
void text_escape(char *to, size_t room, const void *from, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const u8 *byte = from;
	size_t at = 0, i;

	for (i = 0; i < len; i++) {
		bool plain = byte[i] >= 0x20 && byte[i] < 0x7f && byte[i] != '\\';

		if (room - at <= (plain ? 1 : 4))
			break;
		if (plain) {
			to[at++] = byte[i];
			continue;
		}
		to[at++] = '\\';
		to[at++] = 'x';
		to[at++] = digits[byte[i] >> 4];
		to[at++] = digits[byte[i] & 15];
	}
	to[at] = '\0';
}

/**
 * text_escaped() - make a name harmless, which may be anything
 * @name:	of a file
 *
 * Return: to be released by free(), or NULL if there is no memory.
 */
char *text_escaped(const char *name)
{
	size_t room = TEXT_ESCAPED(strlen(name));
	char *text = malloc(room);

	if (text)
		text_escape(text, room, name, strlen(name));
	return text;
}

/**
 * text_hex() - bytes as lower-case hexadecimal digits
 * @to:		2 * @len + 1 bytes
 * @from:	bytes
 * @len:	how many
 */
void text_hex(char *to, const u8 *from, size_t len)
{
	size_t i;

	*to = '\0';
	for (i = 0; i < len; i++)
		sprintf(to + 2 * i, "%02x", from[i]);
}

/**
 * text_size() - a number of bytes in the unit that suits it
 * @to:		takes the text
 * @room:	size of @to, 24 hold any
 * @bytes:	the number
 */
void text_size(char *to, size_t room, u64 bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	unsigned int unit = 0;
	u64 scaled = bytes;

	if (bytes < 1024) {
		snprintf(to, room, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
		return;
	}
	for (; scaled >= 1024 * 1024; unit++)
		scaled /= 1024;
	snprintf(to, room, "%" PRIu64 ".%" PRIu64 " %s", scaled / 1024, scaled % 1024 * 10 / 1024,
		 units[unit]);
}

/**
 * text_time() - a moment, in UTC
 * @to:		takes the text
 * @room:	size of @to, 32 hold any
 * @realtime_ns: nanoseconds since 1970
 *
 * Arithmetic of its own (Gregorian calendar, era of 400 years): gmtime() reads
 * files of time zones, which the sandbox forbids.
 */
void text_time(char *to, size_t room, u64 realtime_ns)
{
	u64 seconds = realtime_ns / 1000000000, day = seconds / 86400 + 719468;
	u64 era = day / 146097, of_era = day % 146097;
	u64 year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	u64 of_year = of_era - (365 * year + year / 4 - year / 100);
	u64 month = (5 * of_year + 2) / 153;

	day = of_year - (153 * month + 2) / 5 + 1;
	month = month < 10 ? month + 3 : month - 9;
	year += era * 400 + (month <= 2);
	seconds %= 86400;
	snprintf(to, room, "%04u-%02u-%02u %02u:%02u:%02u UTC", (unsigned int)year,
		 (unsigned int)month, (unsigned int)day, (unsigned int)(seconds / 3600),
		 (unsigned int)(seconds / 60 % 60), (unsigned int)(seconds % 60));
}
