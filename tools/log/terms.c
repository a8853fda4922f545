// SPDX-License-Identifier: GPL-2.0
/*
 * What a line can be found by: see terms.h.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>

#include <json-c/json.h>

#include "terms.h"

/* Labels of a line that are looked at. */
#define LABELS_MAX	4096u
#define START_NS	10000000u

struct taker {
	void (*take)(void *arg, const struct term *term);
	void *arg;
};

static void take(const struct taker *to, enum term_kind kind, const char *value, size_t len)
{
	struct term term = { kind, value, len };

	if (len && len <= TERM_VALUE_MAX)
		to->take(to->arg, &term);
}

static void take_text(const struct taker *to, enum term_kind kind, struct json_object *from,
		      const char *name)
{
	struct json_object *text;

	if (json_object_object_get_ex(from, name, &text) &&
	    json_object_is_type(text, json_type_string))
		take(to, kind, json_object_get_string(text),
		     (size_t)json_object_get_string_len(text));
}

static bool get_number(struct json_object *from, const char *name, u64 *value)
{
	struct json_object *number;

	if (!json_object_object_get_ex(from, name, &number) ||
	    !json_object_is_type(number, json_type_int) || json_object_get_int64(number) < 0)
		return false;
	*value = json_object_get_uint64(number);
	return true;
}

static void take_number(const struct taker *to, enum term_kind kind, struct json_object *from,
			const char *name)
{
	char text[24];
	u64 value;

	if (get_number(from, name, &value))
		take(to, kind, text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, value));
}

static void take_dump(const struct taker *to, struct json_object *dump)
{
	take_text(to, TERM_SHA256, dump, "sha256");
	take_text(to, TERM_NAME, dump, "name");
	take_text(to, TERM_PATH, dump, "path");
	take_text(to, TERM_PATH, dump, "new_path");
	take_text(to, TERM_MARK, dump, "mark");
}

static void take_process(const struct taker *to, struct json_object *process)
{
	u64 pid, start_ns;
	char text[48];

	take_number(to, TERM_PROCESS, process, "pid");
	take_text(to, TERM_PROCESS, process, "comm");
	take_text(to, TERM_PROCESS, process, "exe");
	take_text(to, TERM_PROCESS, process, "unit");
	/* /proc has hundredths of a second, the kernel nanoseconds: of the same start. */
	if (get_number(process, "pid", &pid) && get_number(process, "start_ns", &start_ns))
		take(to, TERM_START, text, (size_t)snprintf(text, sizeof(text), "%" PRIu64 ":%" PRIu64,
							    pid, start_ns / START_NS));
}

/* Where a gate has put a dump: a file, or a folder in which it has its name. */
static void take_destination(const struct taker *to, struct json_object *data)
{
	struct json_object *dump = NULL, *name = NULL, *destination = NULL;
	const char *folder, *base;
	char path[TERM_VALUE_MAX];
	int len;

	json_object_object_get_ex(data, "dump", &dump);
	json_object_object_get_ex(dump, "name", &name);
	json_object_object_get_ex(data, "destination", &destination);
	if (!json_object_is_type(name, json_type_string) ||
	    !json_object_is_type(destination, json_type_string))
		return;
	folder = json_object_get_string(destination);
	base = strrchr(folder, '/');
	len = snprintf(path, sizeof(path), base && !strcmp(base + 1, json_object_get_string(name)) ?
		       "%s" : base && !base[1] ? "%s%s" : "%s/%s", folder,
		       json_object_get_string(name));
	if (len > 0 && len < (int)sizeof(path))
		take(to, TERM_PATH, path, (size_t)len);
}

static void take_labels(const struct taker *to, struct json_object *list)
{
	size_t i, count = json_object_is_type(list, json_type_array) ?
			  json_object_array_length(list) : 0;

	for (i = 0; i < count && i < LABELS_MAX; i++) {
		struct json_object *label = json_object_array_get_idx(list, i);

		if (json_object_is_type(label, json_type_string))
			take(to, TERM_LABEL, json_object_get_string(label),
			     (size_t)json_object_get_string_len(label));
	}
}

/**
 * terms_of() - all that a line can be found by
 * @line:	from line_read()
 * @data:	from line_json() of its data, or NULL
 * @take_term:	is told of each term, of some perhaps twice
 * @arg:	for it
 */
void terms_of(const struct line *line, struct json_object *data,
	      void (*take_term)(void *arg, const struct term *term), void *arg)
{
	const struct taker to = { take_term, arg };
	const char *dot = memchr(line->event, '.', line->event_len);
	struct json_object *member;

	take(&to, TERM_EVENT, line->event, line->event_len);
	if (dot)
		take(&to, TERM_FAMILY, line->event, (size_t)(dot - line->event));
	if (json_object_object_get_ex(data, "labels", &member))
		take_labels(&to, member);
	if (json_object_object_get_ex(data, "dump", &member))
		take_dump(&to, member);
	take_destination(&to, data);
	/* Of what a process does to itself the kernel names it once: "by". */
	if (json_object_object_get_ex(data, "process", &member) ||
	    json_object_object_get_ex(data, "by", &member))
		take_process(&to, member);
	if (json_object_object_get_ex(data, "person", &member)) {
		take_number(&to, TERM_PERSON, member, "uid");
		take_number(&to, TERM_PERSON, member, "login_uid");
		take_text(&to, TERM_PERSON, member, "name");
	}
}

/**
 * term_hash() - what stands for a term in an index
 * @term:	a term of TERM_VALUE_MAX bytes at most
 *
 * Return: the first eight bytes of the SHA-256 of its kind and its value.
 */
u64 term_hash(const struct term *term)
{
	char text[TERM_VALUE_MAX + 1];
	u8 hash[LINE_HASH_LEN] = { 0 };
	u64 value;

	text[0] = (char)term->kind;
	memcpy(text + 1, term->value, term->len);
	line_hash(text, term->len + 1, hash);
	memcpy(&value, hash, sizeof(value));
	return le64toh(value);
}
