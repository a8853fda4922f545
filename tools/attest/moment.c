// SPDX-License-Identifier: GPL-2.0
/*
 * Moments: see moment.h. There is one text for each, and no other is read.
 */
#include <time.h>

#include "attest/moment.h"

/**
 * moment_text() - a moment as a text
 * @to:		takes it
 * @seconds:	since 1970, to the year 2554
 */
void moment_text(char to[32], u64 seconds)
{
	text_time(to, 32, seconds * 1000000000ULL);
	to[10] = 'T';
	memcpy(to + 19, "Z", 2);
}

static bool digits(const char *text, u32 nr, u32 *value)
{
	for (*value = 0; nr; nr--, text++) {
		if (*text < '0' || *text > '9')
			return false;
		*value = *value * 10 + (*text - '0');
	}
	return true;
}

/**
 * moment_parse() - a text as a moment
 * @text:	to be read
 * @seconds:	takes the seconds since 1970
 *
 * Return: false if it is none from 1970 to 2500 that moment_text() would write.
 */
bool moment_parse(const char *text, u64 *seconds)
{
	u32 year, month, day, hour, minute, second;
	struct tm tm = { 0 };
	char again[32];

	if (strlen(text) != MOMENT_LEN || !digits(text, 4, &year) || !digits(text + 5, 2, &month) ||
	    !digits(text + 8, 2, &day) || !digits(text + 11, 2, &hour) ||
	    !digits(text + 14, 2, &minute) || !digits(text + 17, 2, &second) || year < 1970 ||
	    year > 2500)
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	tm.tm_hour = hour;
	tm.tm_min = minute;
	tm.tm_sec = second;
	*seconds = timegm(&tm);
	/* Separators, the 30th of February, second 60. */
	moment_text(again, *seconds);
	return !strcmp(again, text);
}

/**
 * moment_now() - what the clock says
 *
 * Return: seconds since 1970.
 */
u64 moment_now(void)
{
	return time(NULL);
}
