// SPDX-License-Identifier: GPL-2.0
/*
 * The formats of reports: see report.h.
 */
#include "report.h"

static const struct format *const formats[] = {
	&format_person, &format_json, &format_sarif, &format_junit, &format_html,
};

/**
 * format_find() - find a format by its name
 * @name:	one word, need not be terminated
 * @len:	bytes of it
 *
 * Return: the format, or NULL.
 */
const struct format *format_find(const char *name, size_t len)
{
	u32 i;

	for (i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (strlen(formats[i]->name) == len && !memcmp(formats[i]->name, name, len))
			return formats[i];
	return NULL;
}
