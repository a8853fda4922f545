// SPDX-License-Identifier: GPL-2.0
/* Finding lines, the report of an incident, CSV, and indexes that were tampered with. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <json-c/json.h>

#include "log/find.h"
#include "log/index.h"
#include "log/pack.h"
#include "log/trail.h"
#include "made.h"
#include "tap.h"

#define SHA_A	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SHA_C	"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static struct made made;
static char kredact[4200];
static char out[1 << 20];

/* Status of kredact, its output in out. */
static int run(const char *format, ...)
{
	char command[6000], args_text[1500];
	va_list args;

	va_start(args, format);
	vsnprintf(args_text, sizeof(args_text), format, args);
	va_end(args);
	snprintf(command, sizeof(command), "%s %s --dir %s 2>/dev/null", kredact, args_text, made.path);
	return made_run(command, out, sizeof(out));
}

static unsigned int count_lines(void)
{
	const char *at = out;
	unsigned int n = 0;

	while ((at = strchr(at, '\n'))) {
		at++;
		n++;
	}
	return n;
}

/* An incident: "jwt" was in a dump (a) that was clean, and in one (b) where it was found. */
static void make_incident(void)
{
	static const char *const lines[][2] = {
		{ "registration.batch", "{\"labels\":[\"jwt\",\"tls\"],\"process\":{\"pid\":7,\"start_ns\":10000000}}" },
		{ "dump.redacted", "{\"labels\":[\"jwt\"],\"process\":{\"pid\":7,\"start_ns\":10004321,\"comm\":\"signer\"}}" },
		{ "dump.captured", "{\"process\":{\"pid\":7,\"start_ns\":10000000},\"dump\":{\"name\":\"core.7\",\"path\":\"/q/core.7\"}}" },
		{ "dump.verified", "{\"labels\":[\"jwt\"],\"process\":{\"pid\":7,\"start_ns\":10000000},\"dump\":{\"name\":\"core.7\","
		  "\"path\":\"/q/core.7\",\"sha256\":\"" SHA_A "\"},\"verdict\":\"clean\"}" },
		{ "gate.allowed", "{\"dump\":{\"name\":\"core.7\",\"path\":\"/q/core.7\",\"sha256\":\"" SHA_A "\"},"
		  "\"destination\":\"/debug\",\"person\":{\"uid\":1000,\"name\":\"alice\"}}" },
		{ "custody.open", "{\"dump\":{\"path\":\"/debug/core.7\",\"mark\":\"m1\"},\"process\":{\"pid\":900,"
		  "\"start_ns\":50000000,\"comm\":\"gdb\"},\"person\":{\"uid\":1001,\"login_uid\":1001,\"name\":\"=cmd|'x'!A1\"}}" },
		{ "custody.rename", "{\"dump\":{\"path\":\"/debug/core.7\",\"new_path\":\"/home/eve/x\",\"mark\":\"m1\"},"
		  "\"process\":{\"pid\":901,\"comm\":\"mv\\u001b[2J\"},\"person\":{\"uid\":1001}}" },
		{ "custody.read", "{\"dump\":{\"path\":\"/home/eve/x\",\"mark\":\"m2\"},\"process\":{\"pid\":902,\"comm\":\"nc\"}}" },
		{ "dump.verified", "{\"labels\":[\"jwt\"],\"process\":{\"pid\":8,\"start_ns\":20000000},\"dump\":{\"name\":\"core.8\","
		  "\"path\":\"/q/core.8\",\"sha256\":\"" SHA_B "\"},\"verdict\":\"key-material-found\"}" },
		{ "dump.quarantined", "{\"dump\":{\"name\":\"core.8\",\"path\":\"/quarantine/core.8\",\"sha256\":\"" SHA_B "\"},"
		  "\"reason\":\"a key\"}" },
		/* Of another key: must not be in the answer. */
		{ "dump.verified", "{\"labels\":[\"tls\"],\"process\":{\"pid\":9,\"start_ns\":30000000},\"dump\":{\"name\":\"core.9\","
		  "\"path\":\"/q/core.9\",\"sha256\":\"" SHA_C "\"},\"verdict\":\"clean\"}" },
		{ "custody.open", "{\"dump\":{\"path\":\"/q/core.9\",\"mark\":\"m3\"},\"process\":{\"pid\":903,\"comm\":\"cat\"}}" },
		{ "dump.verified", "{\"labels\":[\"ssh\"],\"dump\":{\"name\":\"core.10\",\"path\":\"/q/core.10\"},"
		  "\"verdict\":\"unverified\"}" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		made_put(&made, lines[i][0], lines[i][1]);
		made_lines(&made, 60);
	}
}

static struct json_object *get(struct json_object *from, const char *name)
{
	struct json_object *object = NULL;

	json_object_object_get_ex(from, name, &object);
	return object;
}

static void test_report(const char *with)
{
	struct json_object *root, *dumps, *a, *b;

	ok(run("report --label jwt --json") == 0, "a report, %s", with);
	root = json_tokener_parse(out);
	dumps = get(root, "dumps");
	ok(!strcmp(json_object_get_string(get(root, "answer")), "yes") &&
	   json_object_array_length(dumps) == 2, "yes, in two dumps");
	a = json_object_array_get_idx(dumps, 0);
	b = json_object_array_get_idx(dumps, 1);
	ok(!strcmp(json_object_get_string(get(a, "verdict")), "clean") &&
	   !strcmp(json_object_get_string(get(b, "verdict")), "key-material-found"),
	   "the one clean, the other not");
	ok(json_object_array_length(get(a, "moves")) == 2 &&
	   json_object_array_length(get(a, "openings")) == 2 &&
	   json_object_array_length(get(a, "events")) == 4, "where it went, who opened it");
	ok(strstr(json_object_to_json_string_ext(get(a, "openings"), JSON_C_TO_STRING_PLAIN), "\"nc\"") &&
	   strstr(json_object_to_json_string_ext(get(a, "names"), JSON_C_TO_STRING_NOSLASHESCAPE),
		  "/home/eve/x"), "also under another name, and by another mark");
	ok(!strstr(out, SHA_C) && !strstr(out, "m3"), "nothing of another key's dump");
	ok(json_object_get_int(get(get(root, "registrations"), "lines")) == 1 &&
	   json_object_array_length(get(get(root, "log"), "gaps")) == 1 &&
	   json_object_array_length(get(root, "limits")) >= 2, "the gap in the log is told of");
	json_object_put(root);
	run("report --label tls --json");
	ok(strstr(out, "\"answer\":\"no\"") && strstr(out, SHA_C), "no, for a key whose dump was clean");
	run("report --label ssh --json");
	ok(strstr(out, "\"answer\":\"unsure\""), "unsure, where nobody could say");
	run("report --label nowhere --json");
	ok(strstr(out, "\"answer\":\"no\"") && strstr(out, "no registration of a key with this label"),
	   "no, and that the label is not known");
	ok(run("report --label jwt") == 0 && strstr(out, "ever in a dump? YES") &&
	   strstr(out, "It was not verified") && strstr(out, "mv\\x1b[2J") && !strchr(out, '\x1b'),
	   "for people: escaped");
}

static void test_query(const char *with)
{
	ok(run("log --label jwt") == 0 && count_lines() == 5, "by label, %s", with);
	ok(run("log --dump core.7") == 0 && count_lines() == 3, "by name");
	ok(run("log --dump " SHA_A) == 0 && count_lines() == 3, "by digest");
	ok(run("log --dump /debug/core.7") == 0 && count_lines() == 3, "by path");
	ok(run("log --dump m1") == 0 && count_lines() == 2, "by mark");
	ok(run("log --person alice") == 0 && count_lines() == 1, "by person");
	ok(run("log --person 1001") == 0 && count_lines() == 2, "by number");
	ok(run("log --process gdb") == 0 && count_lines() == 1, "by process");
	ok(run("log --process 7 --event dump.verified") == 0 && count_lines() == 1, "by both");
	ok(run("log --event 'custody.*' --event dump.quarantined") == 0 && count_lines() == 5,
	   "by one event or another");
	ok(run("log --label jwt --since 2026-01-02") == 0 && count_lines() == 1, "since");
	ok(run("log --label jwt --until 2026-01-01T01:00:00Z") == 0 && count_lines() == 4, "until");
	ok(run("log --label jwt --limit 2") == 0 && count_lines() == 2, "a limit");
	ok(run("log --label nothing") == 0 && count_lines() == 0, "what is not there");
	ok(run("log --label jwt --json") == 0 && strstr(out, "{\"seq\":3,") == out, "as JSON");
	ok(run("log --label") == 3 && run("log --since x") == 3 && run("log x") == 3, "usage");
}

static void test_csv(void)
{
	char *line, *field;

	run("log --event 'custody.*' --csv");
	ok(count_lines() == 5 && !strncmp(out, "\"seq\",\"time\",\"event\",", 21), "CSV, with titles");
	line = strstr(out, "custody.open");
	field = strstr(line, "=cmd|");
	ok(field && field[-1] == '\'' && field[-2] == '"', "a formula begins with an apostrophe");
	ok(strstr(out, "\"mv\\x1b[2J\"") && !strchr(out, '\x1b'), "control characters are escaped");
	ok(strstr(out, "\"{\"\"pid\"\":7,"), "quotes are doubled");
}

static bool count_hit(void *arg, const struct find_hit *hit)
{
	/* Whatever an index says: a hit has the term. */
	if (!memmem(hit->text, hit->len, "key-3", 5))
		*(int *)arg = -1000000;
	++*(int *)arg;
	return true;
}

/* Each index may have been tampered with: no line is told that has not what is looked for. */
static void test_bad_index(void)
{
	struct find_query query = { .until_ns = UINT64_MAX, .count = 1 };
	char name[SEGMENT_NAME_LEN];
	struct find_result result;
	struct complaint why;
	unsigned int i, errors = 0, wrong = 0, changed = 0;
	int hits = 0, all;
	size_t len;
	char *bytes;

	find_add(&query.all[0], TERM_LABEL, "key-3");
	ok(!find_run(made.dir, &query, count_hit, &hits, &result, &why) && hits > 100 &&
	   result.scanned == 1, "%d lines, by indexes but for the open segment", hits);
	all = hits;
	segment_name(name, 1, SEGMENT_INDEX);
	bytes = made_read(&made, name, &len);
	for (i = 0; i < 3000; i++) {
		size_t at = i < 200 ? i : (size_t)rand() % len;
		char was = bytes[at];

		bytes[at] ^= (char)(1 << rand() % 8);
		made_write(&made, name, bytes, len);
		bytes[at] = was;
		hits = 0;
		errors += find_run(made.dir, &query, count_hit, &hits, &result, &why) != 0;
		wrong += hits < 0 || hits > all;
		changed += hits != all;
	}
	for (i = 0; i < 50; i++) {
		made_write(&made, name, bytes, len * i / 50);
		hits = 0;
		errors += find_run(made.dir, &query, count_hit, &hits, &result, &why) != 0;
		wrong += hits != all;
	}
	ok(changed && run("report --label jwt --scan --json") == 0 && strstr(out, SHA_B),
	   "who does not trust indexes reads all lines");
	ok(!errors && !wrong, "a tampered index tells no line that is none (%u hid lines)", changed);
	made_write(&made, name, bytes, len - 1);
	ok(run("log reindex --check") == 1, "it can be checked");
	ok(run("log reindex") == 0 && run("log reindex --check") == 0, "and made again");
	free(bytes);
	bytes = made_read(&made, name, &len);
	bytes[len / 2] ^= 1;
	made_write(&made, name, bytes, len);
	ok(run("log reindex --check") == 1, "a changed bit is seen");
	free(bytes);
	run("log reindex");
}

static void test_prove(void)
{
	struct json_object *root, *path;
	u8 hashes[MERKLE_LEVELS][LINE_HASH_LEN], leaf[LINE_HASH_LEN];
	struct checkpoint checkpoint;
	struct line line;
	char text[4096];
	const char *head;
	size_t i;

	ok(run("log prove --seq 20") == 0, "a proof of line 20");
	root = json_tokener_parse(out);
	path = get(root, "path");
	for (i = 0; i < json_object_array_length(path); i++)
		line_unhex(json_object_get_string(json_object_array_get_idx(path, i)), hashes[i]);
	snprintf(text, sizeof(text), "%s\n", json_object_get_string(get(root, "line")));
	merkle_leaf(text, strlen(text), leaf);
	head = json_object_get_string(get(root, "checkpoint"));
	snprintf(text, sizeof(text), "%s\n", head);
	ok(line_read(&line, text, strlen(text)) == LINE_GOOD &&
	   checkpoint_read(&checkpoint, line.data, line.data_len) &&
	   checkpoint_check(&checkpoint, made.keys) == CHECKPOINT_TRUSTED, "has a signed checkpoint");
	ok(merkle_check(leaf, json_object_get_uint64(get(root, "leaf_index")), checkpoint.tree_size,
			hashes, (unsigned int)i, checkpoint.root), "and a path from the line to it");
	leaf[0] ^= 1;
	ok(!merkle_check(leaf, json_object_get_uint64(get(root, "leaf_index")), checkpoint.tree_size,
			 hashes, (unsigned int)i, checkpoint.root), "but not from another line");
	json_object_put(root);
	ok(run("log prove --seq 100000") == 1, "no proof of a line that is not there");
}

static void test_follow(void)
{
	char command[4800];
	FILE *pipe;
	unsigned int i;

	snprintf(command, sizeof(command), "timeout 20 %s log --follow --limit 3 --label later --json "
		 "--dir %s", kredact, made.path);
	made_open(&made);
	made_put(&made, "test.line", "{\"labels\":[\"later\"],\"n\":1}");
	made_commit(&made);
	pipe = popen(command, "re");
	out[0] = '\0';
	if (!fgets(out, sizeof(out), pipe))
		out[0] = '\0';
	ok(strstr(out, "\"n\":1}"), "what is there");
	for (i = 2; i < 4; i++) {
		/* The third one is in the next segment. */
		made.writer->opts.rotate_bytes = i == 2 ? 1 : 1 << 20;
		made_put(&made, "test.line", i == 2 ? "{\"labels\":[\"later\"],\"n\":2}" :
			 "{\"labels\":[\"later\"],\"n\":3}");
		made_commit(&made);
		if (!fgets(out, sizeof(out), pipe))
			out[0] = '\0';
		ok(strstr(out, i == 2 ? "\"n\":2}" : "\"n\":3}"), "and what comes (%u)", i);
	}
	pclose(pipe);
	made_close(&made);
}

/* Each line of a log that has all kinds of them, by the schema. */
static void test_schema(void)
{
	char command[1024];

	snprintf(command, sizeof(command), "tests/unit-log/validate.py Documentation/kredact-log.schema.json "
		 "%s", made.path);
	ok(made_run(command, out, sizeof(out)) == 0, "all lines are of the schema: %s", out);
}

int main(int argc, char **argv)
{
	struct complaint why;
	char *slash;
	u64 i;

	(void)argc;
	snprintf(kredact, sizeof(kredact), "%s", argv[0]);
	slash = strrchr(kredact, '/');
	strcpy(slash ? slash : kredact, "/../../bin/kredact");
	made_init(&made);
	made.opts.rotate_bytes = 65536;
	made_open(&made);
	make_incident();
	made_close(&made);
	made.now.realtime_ns += 3600 * NS_PER_S;
	made.now.boot_ns += 3600 * NS_PER_S;
	made_open(&made);
	made.now.realtime_ns += 86400 * NS_PER_S;
	made.now.boot_ns += 86400 * NS_PER_S;
	made_put(&made, "registration.batch", "{\"labels\":[\"other\"]}");
	made_put(&made, "dump.attested", "{\"labels\":[\"jwt\"],\"dump\":{\"sha256\":\"" SHA_A "\"}}");
	made_close(&made);
	test_report("without indexes");
	test_query("without indexes");
	for (i = 1; made_count(&made, ".jsonl") > 1; i++)
		pack_segment(made.dir, i, &why);
	ok(made_count(&made, ".index") >= 3, "%u segments are compressed", made_count(&made, ".index"));
	test_report("by indexes");
	test_query("by indexes");
	test_csv();
	test_prove();
	test_bad_index();
	test_follow();
	test_schema();
	made_free(&made);
	return tap_end();
}
