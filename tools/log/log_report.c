// SPDX-License-Identifier: GPL-2.0
/* kredact report: was this key ever in a dump, where did that dump go, who opened it? */
#define _GNU_SOURCE
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <json-c/json.h>

#include "../commands.h"
#include "logd_conf.h"
#include "show_line.h"
#include "trail.h"

#define SHOWN_GAPS	5u

/* What a line says of a dump, besides that it is about it. */
enum what {
	WHAT_OTHER,
	WHAT_MOVED,
	WHAT_OPENED,
};

enum answer {
	ANSWER_NO,
	ANSWER_YES,
	ANSWER_UNSURE,
};

static const char *const answers[] = { "no", "yes", "unsure" };
static const char *const verdicts[] = { "key-material-found", "unverified", "clean" };

static int usage(FILE *to)
{
	fputs("usage: kredact report --label KEY [--dir DIR] [--scan] [--json]\n"
	      "Was this key ever in a dump, where did that dump go, and who opened it?\n"
	      "  --label KEY   its label, as it was registered\n"
	      "  --dir DIR     the audit log (default: " LOG_DIR ")\n"
	      "  --scan        read all lines, and trust no index\n"
	      "  --json        as JSON\n"
	      "The log is not verified: see kredact log verify. Exit code 0: answered, whatever\n"
	      "the answer; 1: an error; 3: usage.\n", to);
	return to == stdout ? 0 : EXIT_USAGE;
}

static enum what what_of(const char *event)
{
	static const struct {
		const char *event;
		enum what what;
	} known[] = {
		{ "dump.stored", WHAT_MOVED }, { "dump.quarantined", WHAT_MOVED },
		{ "dump.expired", WHAT_MOVED }, { "gate.allowed", WHAT_MOVED },
		{ "gate.exception", WHAT_MOVED }, { "custody.rename", WHAT_MOVED },
		{ "custody.link", WHAT_MOVED }, { "custody.unlink", WHAT_MOVED },
		{ "custody.open", WHAT_OPENED }, { "custody.read", WHAT_OPENED },
		{ "custody.exec", WHAT_OPENED }, { "custody.mmap", WHAT_OPENED },
		{ "unseal.granted", WHAT_OPENED },
	};
	unsigned int i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(event, known[i].event))
			return known[i].what;
	return WHAT_OTHER;
}

static int count_dumps(const struct trail *trail, enum trail_verdict verdict)
{
	int i, n = 0;

	for (i = 0; i < trail->dumps; i++)
		n += trail->verdicts[i] == verdict;
	return n;
}

static enum answer answer_of(const struct trail *trail)
{
	if (count_dumps(trail, TRAIL_FOUND))
		return ANSWER_YES;
	return count_dumps(trail, TRAIL_UNVERIFIED) || trail->full ? ANSWER_UNSURE : ANSWER_NO;
}

static void add_limit(struct json_object *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add_limit(struct json_object *list, const char *format, ...)
{
	char *text;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		return;
	json_object_array_add(list, json_object_new_string(text));
	free(text);
}

/* Why a "no" says less than it seems to. */
static struct json_object *limits_of(const struct trail *trail)
{
	struct json_object *list = json_object_new_array();
	char when[LINE_TIME_LEN + 1];

	line_time(when, trail->first.realtime_ns);
	add_limit(list, "what was before %s is not in the log", when);
	if (trail->retired)
		add_limit(list, "lines 1 to %" PRIu64 " were retired", trail->retired);
	if (trail->nr_gaps)
		add_limit(list, "%zu times nobody wrote the log, for %.3f s in all", trail->nr_gaps,
			  (double)trail->gap_ns / 1e9);
	if (trail->lost)
		add_limit(list, "%" PRIu64 " events are lost: the kernel had no room, or the log", trail->lost);
	if (trail->broken)
		add_limit(list, "%" PRIu64 " segments cannot be read to the end", trail->broken);
	if (trail->full)
		add_limit(list, "there is more than was looked at (%u lines, %u names of dumps)",
			  TRAIL_EVENTS, TRAIL_KEYS);
	if (!trail->registrations)
		add_limit(list, "no registration of a key with this label is in the log");
	return list;
}

static char *sentence(const struct trail *trail)
{
	char *text = NULL;
	int n;

	if (!trail->dumps)
		n = asprintf(&text, "the log knows no dump of a process that had this key");
	else
		n = asprintf(&text, "%d dump%s of processes that had this key: in %d key material "
			     "was found, %d %s clean, of %d it is not known", trail->dumps,
			     trail->dumps == 1 ? "" : "s", count_dumps(trail, TRAIL_FOUND),
			     count_dumps(trail, TRAIL_CLEAN),
			     count_dumps(trail, TRAIL_CLEAN) == 1 ? "is" : "are",
			     count_dumps(trail, TRAIL_UNVERIFIED));
	return n < 0 ? NULL : text;
}

static void print_value(const char *title, const char *value)
{
	char *text = value ? text_escaped(value) : NULL;

	if (text)
		printf(" %s=%s", title, text);
	free(text);
}

static void print_event(const struct trail_event *event)
{
	static const struct {
		const char *title, *of, *name;
	} members[] = {
		{ "verdict", NULL, "verdict" }, { "path", "dump", "path" },
		{ "to", NULL, "destination" }, { "new_path", "dump", "new_path" },
		{ "pid", "process", "pid" }, { "comm", "process", "comm" },
		{ "exe", "process", "exe" }, { "uid", "person", "uid" },
		{ "login_uid", "person", "login_uid" }, { "person", "person", "name" },
		{ "result", NULL, "result" }, { "reason", NULL, "reason" },
	};
	char when[LINE_TIME_LEN + 1];
	unsigned int i;

	line_time(when, event->realtime_ns);
	printf("  %s %s", when, event->event);
	for (i = 0; i < sizeof(members) / sizeof(*members); i++)
		print_value(members[i].title,
			    show_member(event->data, members[i].of, members[i].name));
	printf(" (line %" PRIu64 ")\n", event->seq);
}

static void print_dump(const struct trail *trail, int dump)
{
	static const char *const titles[] = { "What was done", "Where it went", "Who opened it" };
	unsigned int what;
	size_t i;

	printf("\nDump %d: %s\n", dump + 1, verdicts[trail->verdicts[dump]]);
	for (i = 0; i < trail->nr_keys; i++) {
		const struct trail_key *key = &trail->keys[i];

		if (key->dump == dump && key->kind != TERM_START)
			print_value(key->kind == TERM_SHA256 ? "sha256" : key->kind == TERM_MARK ?
				    "mark" : "path", key->value);
	}
	putchar('\n');
	for (what = WHAT_OTHER; what <= WHAT_OPENED; what++) {
		bool some = false;

		for (i = 0; i < trail->nr_events; i++) {
			const struct trail_event *event = &trail->events[i];

			if (event->dump != dump || what_of(event->event) != what)
				continue;
			if (!some)
				printf(" %s:\n", titles[what]);
			some = true;
			print_event(event);
		}
		if (!some && what != WHAT_OTHER)
			printf(" %s: the log has nothing of that\n", titles[what]);
	}
}

static void print_log(const struct trail *trail)
{
	struct json_object *limits = limits_of(trail);
	char from[LINE_TIME_LEN + 1], to[LINE_TIME_LEN + 1];
	size_t i;

	line_time(from, trail->first.realtime_ns);
	line_time(to, trail->last.realtime_ns);
	printf("\nThe log has lines %" PRIu64 " to %" PRIu64 ", from %s to %s.\nIt was not verified "
	       "(kredact log verify%s). What it cannot know:\n", trail->first.seq, trail->last.seq,
	       from, to, trail->scans ? "" : ", kredact log reindex --check");
	for (i = 0; i < json_object_array_length(limits); i++)
		printf("  - %s\n", json_object_get_string(json_object_array_get_idx(limits, i)));
	for (i = 0; i < trail->nr_gaps && i < SHOWN_GAPS; i++) {
		line_time(from, trail->gaps[i].from_ns);
		line_time(to, trail->gaps[i].to_ns);
		printf("      %s to %s\n", from, to);
	}
	if (i < trail->nr_gaps)
		printf("      and %zu more (--json has them)\n", trail->nr_gaps - i);
	json_object_put(limits);
}

static void print_text(const struct trail *trail, const char *label)
{
	static const char *const words[] = { "NO, as far as the log goes", "YES", "NOT KNOWN" };
	char *text = text_escaped(label), *said = sentence(trail);
	char first[LINE_TIME_LEN + 1], last[LINE_TIME_LEN + 1];
	size_t i;
	int dump;

	printf("Was the key \"%s\" ever in a dump? %s: %s.\n", text ?: "", words[answer_of(trail)],
	       said ?: "");
	free(text);
	free(said);
	line_time(first, trail->first_registration_ns);
	line_time(last, trail->last_registration_ns);
	if (trail->registrations)
		printf("%" PRIu64 " lines about its registration, from %s to %s.\n",
		       trail->registrations, first, last);
	for (dump = 0; dump < trail->dumps; dump++)
		print_dump(trail, dump);
	for (i = 0, dump = 0; i < trail->nr_events; i++) {
		if (trail->events[i].dump >= 0)
			continue;
		if (!dump++)
			printf("\nBesides:\n");
		print_event(&trail->events[i]);
	}
	print_log(trail);
}

static void add_number(struct json_object *to, const char *name, u64 value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

static void add_time(struct json_object *to, const char *name, u64 ns)
{
	char when[LINE_TIME_LEN + 1];

	line_time(when, ns);
	json_object_object_add(to, name, ns ? json_object_new_string(when) : NULL);
}

static struct json_object *event_json(const struct trail_event *event)
{
	struct json_object *item = json_object_new_object();

	add_number(item, "seq", event->seq);
	add_time(item, "time", event->realtime_ns);
	json_object_object_add(item, "event", json_object_new_string(event->event));
	json_object_object_add(item, "data", json_object_get(event->data));
	return item;
}

static struct json_object *dump_json(const struct trail *trail, int dump)
{
	static const char *const lists[] = { "events", "moves", "openings" };
	struct json_object *item = json_object_new_object(), *names = json_object_new_array();
	unsigned int what;
	size_t i;

	json_object_object_add(item, "verdict",
			       json_object_new_string(verdicts[trail->verdicts[dump]]));
	for (i = 0; i < trail->nr_keys; i++) {
		const struct trail_key *key = &trail->keys[i];
		struct json_object *name;

		if (key->dump != dump || key->kind == TERM_START)
			continue;
		name = json_object_new_object();
		json_object_object_add(name, key->kind == TERM_SHA256 ? "sha256" :
				       key->kind == TERM_MARK ? "mark" : "path",
				       json_object_new_string(key->value));
		json_object_array_add(names, name);
	}
	json_object_object_add(item, "names", names);
	for (what = WHAT_OTHER; what <= WHAT_OPENED; what++) {
		struct json_object *list = json_object_new_array();

		for (i = 0; i < trail->nr_events; i++)
			if (trail->events[i].dump == dump &&
			    what_of(trail->events[i].event) == what)
				json_object_array_add(list, event_json(&trail->events[i]));
		json_object_object_add(item, lists[what], list);
	}
	return item;
}

static struct json_object *log_json(const struct trail *trail)
{
	struct json_object *log = json_object_new_object(), *gaps = json_object_new_array();
	size_t i;

	add_number(log, "first_seq", trail->first.seq);
	add_number(log, "last_seq", trail->last.seq);
	add_time(log, "first_time", trail->first.realtime_ns);
	add_time(log, "last_time", trail->last.realtime_ns);
	add_number(log, "lost", trail->lost);
	add_number(log, "retired", trail->retired);
	add_number(log, "segments", trail->segments);
	add_number(log, "segments_without_index", trail->scanned);
	add_number(log, "segments_broken", trail->broken);
	for (i = 0; i < trail->nr_gaps; i++) {
		struct json_object *gap = json_object_new_object();

		add_time(gap, "from", trail->gaps[i].from_ns);
		add_time(gap, "to", trail->gaps[i].to_ns);
		json_object_array_add(gaps, gap);
	}
	json_object_object_add(log, "gaps", gaps);
	json_object_object_add(log, "verified", json_object_new_boolean(false));
	return log;
}

static void print_json(const struct trail *trail, const char *label)
{
	struct json_object *root = json_object_new_object(), *list = json_object_new_array(), *part;
	char *said = sentence(trail);
	size_t i;
	int dump;

	json_object_object_add(root, "label", json_object_new_string(label));
	json_object_object_add(root, "answer", json_object_new_string(answers[answer_of(trail)]));
	json_object_object_add(root, "text", json_object_new_string(said ?: ""));
	free(said);
	part = json_object_new_object();
	add_number(part, "lines", trail->registrations);
	add_time(part, "first_time", trail->first_registration_ns);
	add_time(part, "last_time", trail->last_registration_ns);
	json_object_object_add(root, "registrations", part);
	for (dump = 0; dump < trail->dumps; dump++)
		json_object_array_add(list, dump_json(trail, dump));
	json_object_object_add(root, "dumps", list);
	list = json_object_new_array();
	for (i = 0; i < trail->nr_events; i++)
		if (trail->events[i].dump < 0)
			json_object_array_add(list, event_json(&trail->events[i]));
	json_object_object_add(root, "other_events", list);
	json_object_object_add(root, "log", log_json(trail));
	json_object_object_add(root, "limits", limits_of(trail));
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
}

/**
 * cmd_report() - kredact report
 * @argc:	of its arguments
 * @argv:	its name first
 *
 * Return: exit status.
 */
int cmd_report(int argc, char **argv)
{
	static const struct option options[] = {
		{ "label", required_argument, NULL, 'l' },
		{ "dir", required_argument, NULL, 'd' },
		{ "scan", no_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	const char *dir = LOG_DIR, *label = NULL;
	struct trail trail = { 0 };
	struct complaint why;
	bool json = false, scans = false;
	int opt, fd, error;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'l':
			label = optarg;
			break;
		case 'd':
			dir = optarg;
			break;
		case 's':
			scans = true;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			return usage(stdout);
		default:
			return usage(stderr);
		}
	}
	if (!label || !*label || strlen(label) > TERM_VALUE_MAX || optind != argc)
		return usage(stderr);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "kredact report: %s: %s\n", dir, strerror(errno));
		return EXIT_FAILED;
	}
	error = trail_follow(&trail, fd, label, scans, &why);
	if (error)
		fprintf(stderr, "kredact report: %s\n", why.text);
	else if (json)
		print_json(&trail, label);
	else
		print_text(&trail, label);
	trail_free(&trail);
	close(fd);
	return error ? EXIT_FAILED : 0;
}
