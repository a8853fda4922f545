// SPDX-License-Identifier: GPL-2.0
/*
 * kredact show: what is tagged in a process, and by whom. It tells where memory is and what
 * it is called, never what is in it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "commands.h"
#include "maps.h"
#include "tagged.h"
#include "text.h"

/* What is shown, and how. */
struct view {
	const char *label;		/* those that have this in their label; NULL: all */
	struct json_object *json;	/* an array; NULL: lines of text */
	struct maps maps;
	struct tagged_sums sums;
};

static const struct {
	u32 flag;
	const char *word;
} flag_words[] = {
	{ KREDACT_EXACT, "exact" },
	{ KREDACT_HUNT, "hunt" },
	{ KREDACT_GROUP, "group" },
	{ KREDACT_NOHUNT, "nohunt" },
};

#define FLAG_WORDS	(sizeof(flag_words) / sizeof(*flag_words))

static void usage(FILE *to)
{
	fputs("Usage: kredact show [--label TEXT] [--json] PID\n"
	      "What is tagged in a process, and by whom.\n"
	      "  --label TEXT   only ranges that have this in their label\n"
	      "  --json         for a program\n", to);
}

static bool is_wanted(const struct view *v, const struct kredact_tag *tag)
{
	return !v->label || memmem(tag->label, tag->label_len, v->label, strlen(v->label));
}

/* "kredact[812]", or less if less is known. */
static void by_text(const struct kredact_tag *tag, char *to, size_t room)
{
	char comm[TEXT_ESCAPED(KREDACT_COMM_LEN)];

	text_escape(comm, sizeof(comm), tag->by_comm,
		    strnlen((const char *)tag->by_comm, KREDACT_COMM_LEN));
	if (!*comm)
		snprintf(to, room, "%s", tagged_by_word(tag->by));
	else if (tag->by_pid)
		snprintf(to, room, "%s[%u]", comm, tag->by_pid);
	else
		snprintf(to, room, "%s", comm);
}

static void print_row(struct view *v, const struct kredact_tag *tag, const char *mapping)
{
	char label[TEXT_ESCAPED(KREDACT_LABEL_MAX)], by[TEXT_ESCAPED(KREDACT_COMM_LEN) + 16];
	char flags[32], name[TEXT_ESCAPED(512)];
	u32 i;

	if (!v->sums.nr)
		printf("%-14s %10s %-16s %-16s %-36s %s\n", "ADDRESS", "BYTES", "FLAGS", "BY",
		       "LABEL", "MAPPING");
	strcpy(flags, tagged_is_pinned(tag) ? "pinned" : "");
	for (i = 0; i < FLAG_WORDS; i++)
		if (tag->flags & flag_words[i].flag)
			snprintf(flags + strlen(flags), sizeof(flags) - strlen(flags), "%s%s",
				 *flags ? "," : "", flag_words[i].word);
	by_text(tag, by, sizeof(by));
	text_escape(label, sizeof(label), tag->label, tag->label_len);
	text_escape(name, sizeof(name), mapping ?: "", mapping ? strlen(mapping) : 0);
	printf("%-14" PRIx64 " %10" PRIu64 " %-16s %-16s %-36s %s\n", (u64)tag->addr,
	       (u64)tag->len, *flags ? flags : "-", by, *label ? label : "-", *name ? name : "-");
}

static void add_text(struct json_object *to, const char *name, const void *value, size_t len)
{
	char text[TEXT_ESCAPED(512)];

	text_escape(text, sizeof(text), value, len);
	json_object_object_add(to, name, len ? json_object_new_string(text) : NULL);
}

static void add_number(struct json_object *to, const char *name, u64 value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	json_object_object_add(to, name, json_object_new_string(text));
}

static void add_row(struct view *v, const struct kredact_tag *tag, const char *mapping)
{
	struct json_object *row = json_object_new_object();
	size_t comm = strnlen((const char *)tag->by_comm, KREDACT_COMM_LEN);
	u32 i;

	add_number(row, "address", tag->addr);
	json_object_object_add(row, "bytes", json_object_new_uint64(tag->len));
	add_number(row, "handle", tag->handle);
	for (i = 0; i < FLAG_WORDS; i++)
		json_object_object_add(row, flag_words[i].word,
				       json_object_new_boolean(tag->flags & flag_words[i].flag));
	json_object_object_add(row, "pinned", json_object_new_boolean(tagged_is_pinned(tag)));
	json_object_object_add(row, "hunted", json_object_new_boolean(
			       tag->coverage & KREDACT_COVER_COPIES));
	json_object_object_add(row, "by", json_object_new_string(tagged_by_word(tag->by)));
	json_object_object_add(row, "by_pid", tag->by_pid ?
			       json_object_new_uint64(tag->by_pid) : NULL);
	json_object_object_add(row, "by_uid", tag->by_uid != ~0u ?
			       json_object_new_uint64(tag->by_uid) : NULL);
	add_text(row, "by_comm", tag->by_comm, comm);
	add_text(row, "label", tag->label, tag->label_len);
	add_text(row, "mapping", mapping, mapping ? strlen(mapping) : 0);
	json_object_array_add(v->json, row);
}

static void visit(void *arg, const struct kredact_tag *tag)
{
	struct view *v = arg;
	const char *mapping;

	if (!is_wanted(v, tag))
		return;
	mapping = maps_name(&v->maps, tag->addr);
	if (v->json)
		add_row(v, tag, mapping);
	else
		print_row(v, tag, mapping);
	tagged_add(&v->sums, tag);
}

static void print_sums(const struct view *v)
{
	const struct tagged_sums *sums = &v->sums;
	char bytes[24], pinned[24];
	bool first = true;
	u32 i;

	if (!sums->nr) {
		puts(v->label ? "nothing is tagged with such a label" : "nothing is tagged");
		return;
	}
	text_size(bytes, sizeof(bytes), sums->bytes);
	text_size(pinned, sizeof(pinned), sums->pinned);
	printf("%" PRIu64 " range%s of %s, %s pinned; %" PRIu64 " label%s; by", sums->nr,
	       sums->nr == 1 ? "" : "s", bytes, pinned, sums->nr_labels,
	       sums->nr_labels == 1 ? "" : "s");
	for (i = 0; i < TAGGED_BY; i++) {
		if (!sums->by[i])
			continue;
		printf("%s %s %" PRIu64, first ? "" : ",", tagged_by_word(i), sums->by[i]);
		first = false;
	}
	puts("");
}

static void print_json(struct view *v, pid_t pid, u64 mm)
{
	struct json_object *root = json_object_new_object();

	json_object_object_add(root, "pid", json_object_new_int(pid));
	json_object_object_add(root, "mm", json_object_new_uint64(mm));
	tagged_json(&v->sums, root);
	json_object_object_add(root, "tags", json_object_get(v->json));
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
}

static int show(struct view *v, pid_t pid)
{
	int device = tagged_open(), pidfd = -1, ret = device;
	u64 mm;

	if (device >= 0) {
		maps_open(&v->maps, pid);
		ret = tagged_read(device, pid, &pidfd, &mm, visit, v);
		maps_close(&v->maps);
		close(device);
		if (pidfd >= 0)
			close(pidfd);
	}
	if (ret < 0) {
		if (device < 0 || ret == -ENOTTY)
			fprintf(stderr, "kredact show: %s\n", tagged_why(ret));
		else
			fprintf(stderr, "kredact show: %d: %s\n", (int)pid, tagged_why(ret));
		return EXIT_FAILED;
	}
	if (v->json)
		print_json(v, pid, mm);
	else
		print_sums(v);
	return 0;
}

static pid_t parse_pid(const char *text)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	return *text && !*end && !errno && n > 0 && n == (pid_t)n ? (pid_t)n : 0;
}

/**
 * cmd_show() - print what is tagged in a process
 * @argc:	length of @argv
 * @argv:	"show", options, and the number of the process
 *
 * Return: 0, 1 if that cannot be told, 3 for wrong arguments.
 */
int cmd_show(int argc, char **argv)
{
	static const struct option options[] = {
		{ "label", required_argument, NULL, 'l' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct view v = { 0 };
	bool json = false;
	pid_t pid;
	int opt, ret;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'l':
			v.label = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	pid = optind + 1 == argc ? parse_pid(argv[optind]) : 0;
	if (!pid) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (json)
		v.json = json_object_new_array();
	ret = show(&v, pid);
	json_object_put(v.json);
	tagged_sums_free(&v.sums);
	return ret;
}
