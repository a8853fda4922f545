// SPDX-License-Identifier: GPL-2.0
/* Events of the module as JSON: records of any size and kind, labels, and numbers of a line. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "cgroup_path.h"
#include "event_json.h"
#include "tap.h"

static struct kredact_event event_of(unsigned int type, u64 seq)
{
	return (struct kredact_event){
		.size = sizeof(struct kredact_event),
		.type = (u16)type,
		.version = KREDACT_EVENT_VERSION,
		.seq = seq,
	};
}

static void text(struct kredact_event *event, const char *from)
{
	event->text_len = (u32)strlen(from);
	memcpy(event->text, from, event->text_len);
}

/* The text of a member, "a.b" being one of one; "" if it is not there. */
static const char *member(struct json_object *line, const char *path)
{
	char names[128], *name, *rest = names;

	strcpy(names, path);
	while ((name = strsep(&rest, ".")))
		if (!json_object_object_get_ex(line, name, &line))
			return "";
	return line ? json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN) : "null";
}

static bool has(struct event_teller *teller, const struct kredact_event *event, const char *path,
		const char *value)
{
	struct json_object *line = event_json(teller, event);
	bool same = line && !strcmp(member(line, path), value);

	if (!same && line)
		printf("# %s is %s\n", path, member(line, path));
	json_object_put(line);
	return same;
}

static void test_records(void)
{
	char bytes[3 * sizeof(struct kredact_event)] = { 0 };
	struct kredact_event event = event_of(KREDACT_EVENT_KEY, 7), got;
	const u32 longer = sizeof(event) + 64, shorter = 312, tiny = 39;

	memcpy(bytes, &event, sizeof(event));
	ok(event_next(bytes, sizeof(bytes), &got) == sizeof(event) && got.seq == 7, "a record");
	ok(!event_next(bytes, 3, &got), "no record: not even a size");
	ok(!event_next(bytes, sizeof(event) - 1, &got), "no record: it does not end here");
	memcpy(bytes, &longer, sizeof(longer));
	ok(event_next(bytes, sizeof(bytes), &got) == longer && got.seq == 7,
	   "one that is longer than what is known");
	memset(bytes + shorter, 0xff, sizeof(bytes) - shorter);
	memcpy(bytes, &shorter, sizeof(shorter));
	ok(event_next(bytes, sizeof(bytes), &got) == shorter && !got.text_len,
	   "one that is shorter has zeros for the rest");
	memcpy(bytes, &tiny, sizeof(tiny));
	ok(!event_next(bytes, sizeof(bytes), &got), "no record: without a head");
	memset(bytes, 0, sizeof(u32));
	ok(!event_next(bytes, sizeof(bytes), &got), "no record: of no bytes");
	event.text_len = ~0u;
	memcpy(bytes, &event, sizeof(event));
	ok(event_next(bytes, sizeof(bytes), &got) && got.text_len == KREDACT_EVENT_TEXT_MAX,
	   "a text is no longer than there is room");
	event.version++;
	memcpy(bytes, &event, sizeof(event));
	ok(event_next(bytes, sizeof(bytes), &got) && !event_name(&got),
	   "one of another layout has no name");
}

static void test_dump(void)
{
	struct kredact_event label = event_of(KREDACT_EVENT_LABEL, 10),
			     dump = event_of(KREDACT_EVENT_DUMP, 12);
	struct event_teller teller = { .loaded_ns = 5 };

	dump.dump.labels = 40;
	dump.dump.outcome = KREDACT_DUMP_SEALED;
	memset(dump.dump.hmac, 0xab, sizeof(dump.dump.hmac));
	text(&label, "tls \"key\"\n");
	ok(!event_json(&teller, &label), "a label has no line");
	label.seq++;
	ok(!event_json(&teller, &label), "nor has another");
	ok(has(&teller, &dump, "labels", "[\"tls \\\"key\\\"\\\\x0a\",\"tls \\\"key\\\"\\\\x0a\"]"),
	   "the dump behind it has both, made harmless");
	ok(has(&teller, &dump, "labels", "[]"), "the next dump has none");
	event_json(&teller, &label);
	ok(has(&teller, &dump, "kernel.first", "11"), "its line has the numbers of its labels");
	event_json(&teller, &label);
	ok(has(&teller, &dump, "labels_more", "39"), "and says how many were not told");
	ok(has(&teller, &dump, "seal.hmac", "\"abababababababababababababababababababababababababab"
	       "abababababab\""), "the HMAC of its seal");
	memset(dump.dump.hmac, 0, sizeof(dump.dump.hmac));
	ok(has(&teller, &dump, "seal", "null"), "or that it has none");
	dump.dump.outcome = 77;
	ok(has(&teller, &dump, "outcome", "null"), "an outcome that nobody knows");
	event_json(&teller, &label);
	event_teller_end(&teller);
}

static void test_others(void)
{
	struct kredact_event lost = event_of(KREDACT_EVENT_LOST, 20),
			     unseal = event_of(KREDACT_EVENT_UNSEAL, 21),
			     tags = event_of(KREDACT_EVENT_TAGGED, 22);
	struct event_teller teller = { 0 };

	lost.lost.count = 4;
	ok(has(&teller, &lost, "kernel.first", "17"), "what is lost has numbers");
	ok(!strcmp(event_name(&lost), "log.lost"), "and a name");
	unseal.unseal.seconds = 60;
	text(&unseal, "ticket 4711");
	unseal.by = (struct kredact_event_process){
		.start_ns = 1, .tgid = 0x7fffffff, .login_uid = ~0u, .comm = "0123456789abcdef"
	};
	ok(has(&teller, &unseal, "reason", "\"ticket 4711\""), "an unseal has its reason");
	ok(has(&teller, &unseal, "person.login_uid", "null"), "nobody had logged in");
	ok(has(&teller, &unseal, "by.comm", "\"0123456789abcdef\""), "a name without a NUL");
	ok(has(&teller, &unseal, "by.exe", "null"), "a process that is gone has no executable");
	ok(!strcmp(event_name(&unseal), "unseal.granted"), "an unseal");
	unseal.unseal.seconds = 0;
	ok(!strcmp(event_name(&unseal), "unseal.ended"), "and its end");
	tags.tags.by = 9;
	tags.tags.flags = KREDACT_EXACT | KREDACT_STRICT | 1u << 31;
	ok(has(&teller, &tags, "made_by", "null"), "made in a way that nobody knows");
	ok(has(&teller, &tags, "flags", "[\"exact\",\"strict\"]"), "flags in words");
	ok(has(&teller, &tags, "process", ""), "a process that is not known is not there");
}

/* Of this process, whatever cgroup it is in. */
static void test_cgroups(void)
{
	char path[CGROUP_PATH_LEN];
	struct stat st;

	ok(!cgroup_path(~0ull, path), "a cgroup that is not there");
	if (stat("/sys/fs/cgroup/cgroup.procs", &st) || stat("/sys/fs/cgroup", &st) || geteuid())
		printf("ok %u # SKIP no cgroups of version 2, or not root's to see\n",
		       ++tap_tests);
	else
		ok(cgroup_path(st.st_ino, path) && !strcmp(path, "/"), "the root of all");
}

int main(void)
{
	test_records();
	test_dump();
	test_others();
	test_cgroups();
	return tap_end();
}
