/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line for people, for programs, and for spreadsheets.
 */
#ifndef KREDACT_TOOLS_LOG_SHOW_LINE_H
#define KREDACT_TOOLS_LOG_SHOW_LINE_H

#include <stdio.h>

#include "find.h"

enum show_form {
	SHOW_TEXT,
	SHOW_JSON,
	SHOW_CSV,
};

void show_head(FILE *to);
void show_line(FILE *to, enum show_form form, const struct find_hit *hit);
const char *show_member(struct json_object *data, const char *of, const char *name);

#endif /* KREDACT_TOOLS_LOG_SHOW_LINE_H */
