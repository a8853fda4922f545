/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an audit found, in several formats: one for people, others for programs.
 *
 * A report of one or more dumps is begin(), print() for each of them, and end().
 */
#ifndef KREDACT_TOOLS_REPORT_H
#define KREDACT_TOOLS_REPORT_H

#include <stdio.h>

#include "redact.h"

struct json_object;

/**
 * struct report - how to report
 * @file:	name of the core, escaped
 * @path:	the same, as it was given
 * @seal:	name of the file of a seal beside it, escaped
 * @secrets:	names of the secrets, escaped
 * @nr_secrets:	how many
 * @redact:	a cleaned copy that was wanted, or NULL
 * @sandboxed:	the core was read in the sandbox
 * @color:	with terminal colours
 * @lines:	there may be several dumps: each is a line of JSON
 * @brief:	and a line for people
 * @number:	of dumps before this one in the same report
 * @out:	where to
 */
struct report {
	const char *file;
	const char *path;
	const char *seal;
	char *const *secrets;
	u32 nr_secrets;
	const struct redact *redact;
	bool sandboxed;
	bool color;
	bool lines;
	bool brief;
	u32 number;
	FILE *out;
};

/**
 * struct format - a format of reports; one static object each
 * @name:	as on the command line
 * @text:	what it is, for --help
 * @begin:	prints what comes before all dumps, or NULL
 * @print:	prints one of them: 0, or -ENOMEM
 * @failed:	prints that one of them could not be audited at all, and why
 * @end:	prints what comes after them, or NULL
 *
 * The caller looks for errors of the file.
 */
struct format {
	const char *name;
	const char *text;
	void (*begin)(FILE *out);
	int (*print)(const struct report *report, struct audit *audit);
	void (*failed)(const struct report *report, const char *text);
	void (*end)(FILE *out);
};

extern const struct format format_person, format_json, format_sarif, format_junit, format_html;

const struct format *format_find(const char *name, size_t len);
void report_warm_up(void);

/* json.c, for the formats that are made of JSON. */
int json_report(const struct report *report, struct audit *audit, struct json_object **object);
void json_summary(const struct report *report, const u64 *nr, u64 passed_over);

/* members.c */
void json_number(struct json_object *to, const char *name, u64 value);
void json_flag(struct json_object *to, const char *name, bool value);
void json_text(struct json_object *to, const char *name, const char *value);
void json_address(struct json_object *to, const char *name, u64 value);
void json_escaped(struct json_object *to, const char *name, const void *value, size_t most);
void json_hex(struct json_object *to, const char *name, const u8 *value, size_t len);
struct json_object *json_crashed(const struct crashed *crashed);
struct json_object *json_seal(const struct report *report, const struct audit *audit);

#endif /* KREDACT_TOOLS_REPORT_H */
