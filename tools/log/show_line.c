// SPDX-License-Identifier: GPL-2.0
/*
 * A line for people, for programs, and for spreadsheets: see show_line.h.
 *
 * What a sender said may be anything. As text and in CSV all but printable ASCII is escaped;
 * in CSV each field is quoted, and one that a spreadsheet would take for a formula begins
 * with an apostrophe.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include <json-c/json.h>

#include "show_line.h"

/* A column: a member of data, or of an object in it. */
struct column {
	const char *title;
	const char *of;
	const char *name;
};

static const struct column columns[] = {
	{ "labels", NULL, "labels" },
	{ "dump_name", "dump", "name" }, { "dump_sha256", "dump", "sha256" },
	{ "dump_path", "dump", "path" }, { "process_pid", "process", "pid" },
	{ "process_comm", "process", "comm" }, { "process_unit", "process", "unit" },
	{ "person_uid", "person", "uid" }, { "person_login_uid", "person", "login_uid" },
	{ "person_name", "person", "name" }, { "reason", NULL, "reason" },
};

#define COLUMNS (sizeof(columns) / sizeof(*columns))

/**
 * show_member() - a member of what a line says
 * @data:	of the line
 * @of:		object in it that has the member, or NULL
 * @name:	of the member
 *
 * Return: its text, or that of its JSON, which stays the object's; NULL: there is none.
 */
const char *show_member(struct json_object *data, const char *of, const char *name)
{
	struct json_object *member = data;

	if (of && !json_object_object_get_ex(data, of, &member))
		return NULL;
	if (!json_object_object_get_ex(member, name, &member) || !member)
		return NULL;
	return json_object_is_type(member, json_type_string) ? json_object_get_string(member) :
	       json_object_to_json_string_ext(member, JSON_C_TO_STRING_PLAIN |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
}

static void csv_field(FILE *to, const char *value, size_t len, char end)
{
	char *text = malloc(TEXT_ESCAPED(len)), *at;

	putc('"', to);
	if (text) {
		text_escape(text, TEXT_ESCAPED(len), value, len);
		if (*text && strchr("=+-@|%", *text))
			putc('\'', to);
		for (at = text; *at; at++) {
			if (*at == '"')
				putc('"', to);
			putc(*at, to);
		}
	}
	free(text);
	putc('"', to);
	putc(end, to);
}

static void show_csv(FILE *to, const struct find_hit *hit)
{
	const struct line *line = hit->line;
	char when[LINE_TIME_LEN + 1];
	size_t i;

	line_time(when, line->stamp.realtime_ns);
	fprintf(to, "\"%llu\",\"%s\",", (unsigned long long)line->stamp.seq, when);
	csv_field(to, line->event, line->event_len, ',');
	for (i = 0; i < COLUMNS; i++) {
		const char *text = show_member(hit->data, columns[i].of, columns[i].name) ?: "";

		csv_field(to, text, strlen(text), ',');
	}
	csv_field(to, line->sender, line->sender_len, ',');
	csv_field(to, line->data, line->data_len, '\n');
}

static void show_text(FILE *to, const struct find_hit *hit)
{
	char when[LINE_TIME_LEN + 1], event[TEXT_ESCAPED(LOG_EVENT_MAX)];
	const struct line *line = hit->line;
	size_t i;

	line_time(when, line->stamp.realtime_ns);
	text_escape(event, sizeof(event), line->event, line->event_len);
	fprintf(to, "%s %llu %s", when, (unsigned long long)line->stamp.seq, event);
	for (i = 0; i < COLUMNS; i++) {
		const char *value = show_member(hit->data, columns[i].of, columns[i].name);
		char *text = value ? text_escaped(value) : NULL;

		if (text)
			fprintf(to, " %s=%s", columns[i].title, text);
		free(text);
	}
	putc('\n', to);
}

/**
 * show_head() - the titles of CSV
 * @to:		where it goes
 */
void show_head(FILE *to)
{
	size_t i;

	fputs("\"seq\",\"time\",\"event\",", to);
	for (i = 0; i < COLUMNS; i++)
		fprintf(to, "\"%s\",", columns[i].title);
	fputs("\"sender\",\"data\"\n", to);
}

/**
 * show_line() - a line
 * @to:		where it goes
 * @form:	of it
 * @hit:	from find_run()
 */
void show_line(FILE *to, enum show_form form, const struct find_hit *hit)
{
	if (form == SHOW_CSV)
		show_csv(to, hit);
	else if (form == SHOW_JSON)
		fwrite(hit->text, 1, hit->len, to);
	else
		show_text(to, hit);
}
