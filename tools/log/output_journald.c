// SPDX-License-Identifier: GPL-2.0
/*
 * Lines as entries of the journal, by its native protocol: a datagram of NAME=VALUE lines.
 * The message is the line of the log, so that it can be verified; fields are to search by.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <json-c/json.h>

#include "output.h"
#include "terms.h"

#define JOURNAL_SOCKET	"/run/systemd/journal/socket"

static int open_socket(const char *to)
{
	return output_unix(*to ? to : JOURNAL_SOCKET);
}

static const char *field_of(enum term_kind kind)
{
	switch (kind) {
	case TERM_LABEL:
		return "KREDACT_LABEL";
	case TERM_SHA256:
		return "KREDACT_DUMP_SHA256";
	case TERM_NAME:
		return "KREDACT_DUMP_NAME";
	case TERM_PATH:
		return "KREDACT_DUMP_PATH";
	case TERM_PROCESS:
		return "KREDACT_PROCESS";
	case TERM_PERSON:
		return "KREDACT_PERSON";
	default:
		return NULL;
	}
}

static void add_field(void *arg, const struct term *term)
{
	char value[TEXT_ESCAPED(256)];
	const char *field = field_of(term->kind);

	/* Escaped, a value has no line feed, which would begin another field. */
	text_escape(value, sizeof(value), term->value, min(term->len, (size_t)256));
	if (field)
		fprintf(arg, "%s=%s\n", field, value);
}

static int send_line(int fd, const struct line *line, const char *text, size_t len)
{
	struct json_object *data = line_json(line->data, line->data_len);
	bool bad = line_is(line, "log.lost") || line_is(line, "log.refused");
	char *entry = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&entry, &size);
	int error = 0;

	if (!to) {
		json_object_put(data);
		return -ENOMEM;
	}
	fprintf(to, "PRIORITY=%d\nSYSLOG_IDENTIFIER=kredact-log\nSYSLOG_FACILITY=13\n"
		"KREDACT_EVENT=%.*s\nKREDACT_SEQ=%llu\n", bad ? 4 : 6, (int)line->event_len,
		line->event, (unsigned long long)line->stamp.seq);
	terms_of(line, data, add_field, to);
	fprintf(to, "MESSAGE=%.*s", (int)len, text);
	json_object_put(data);
	if (fclose(to))
		error = -ENOMEM;
	else if (send(fd, entry, size, MSG_NOSIGNAL) < 0)
		error = -errno;
	free(entry);
	return error;
}

const struct output_kind output_journald = { "journald", open_socket, send_line };
