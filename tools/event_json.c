// SPDX-License-Identifier: GPL-2.0
/*
 * Events of the module as JSON: Documentation/events.rst describes the members. What could lose
 * bits as a number of JSON, beyond 2^53, is a string.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include <linux/kredact_seal.h>

#include "cgroup_path.h"
#include "custody_unit.h"
#include "event_json.h"
#include "setting.h"

static void add(struct json_object *to, const char *name, struct json_object *value)
{
	json_object_object_add(to, name, value);
}

static void add_number(struct json_object *to, const char *name, u64 value)
{
	add(to, name, json_object_new_uint64(value));
}

static void add_bytes(struct json_object *to, const char *name, const void *text, size_t len)
{
	char escaped[TEXT_ESCAPED(KREDACT_EVENT_TEXT_MAX)];

	text_escape(escaped, sizeof(escaped), text, len);
	add(to, name, json_object_new_string(escaped));
}

static void add_text(struct json_object *to, const char *name, const char *text)
{
	add(to, name, text ? json_object_new_string(text) : NULL);
}

static void add_hex(struct json_object *to, const char *name, const u8 *bytes, size_t len)
{
	char text[2 * 32 + 1];

	text_hex(text, bytes, len);
	add_text(to, name, text);
}

/* The path of its executable, as long as it is this process. Return: NULL if it is not known. */
static char *exe_of(const struct kredact_event_process *p)
{
	const u64 tick = 1000000000u / (u64)sysconf(_SC_CLK_TCK);
	unsigned long long ticks = 0;
	char path[64], stat[1024], *at;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%u/stat", p->tgid);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	n = fread(stat, 1, sizeof(stat) - 1, file);
	fclose(file);
	stat[n] = '\0';
	/* The name of the process may have anything in it; its begin is the 22nd member. */
	at = strrchr(stat, ')');
	if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
			  "%*d %*d %*d %*d %llu", &ticks) != 1 || ticks != p->start_ns / tick)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%u/exe", p->tgid);
	return realpath(path, NULL);
}

static struct json_object *process_json(const struct kredact_event_process *p)
{
	struct json_object *to = p->start_ns ? json_object_new_object() : NULL;
	char path[CGROUP_PATH_LEN], escaped[TEXT_ESCAPED(CGROUP_PATH_LEN)];
	char name[CUSTODY_UNIT_LEN], *exe;
	const char *cgroup;

	if (!to)
		return NULL;
	cgroup = cgroup_path(p->cgroup, path);
	exe = exe_of(p);
	add_number(to, "pid", p->tgid);
	add_number(to, "tid", p->tid);
	add_number(to, "ns_pid", p->ns_tgid);
	add_number(to, "start_ns", p->start_ns);
	add_bytes(to, "comm", p->comm, strnlen((char *)p->comm, sizeof(p->comm)));
	add_text(to, "exe", NULL);
	if (exe && strlen(exe) < CGROUP_PATH_LEN) {
		text_escape(escaped, sizeof(escaped), exe, strlen(exe));
		add_text(to, "exe", escaped);
	}
	free(exe);
	add_number(to, "uid", p->uid);
	add_number(to, "euid", p->euid);
	add_text(to, "unit", custody_unit(cgroup, name));
	add_text(to, "container", custody_container(cgroup, name));
	if (cgroup)
		text_escape(escaped, sizeof(escaped), cgroup, strlen(cgroup));
	add_text(to, "cgroup", cgroup ? escaped : NULL);
	return to;
}

static struct json_object *person_json(const struct kredact_event_process *p)
{
	struct json_object *to = json_object_new_object();
	bool logged_in = p->login_uid != ~0u;
	const struct passwd *who = getpwuid(logged_in ? p->login_uid : p->uid);

	add_number(to, "uid", p->uid);
	add(to, "login_uid", logged_in ? json_object_new_uint64(p->login_uid) : NULL);
	add_text(to, "name", who ? who->pw_name : NULL);
	return to;
}

static struct json_object *labels_json(const struct kredact_event *event)
{
	char escaped[TEXT_ESCAPED(KREDACT_EVENT_TEXT_MAX)];
	struct json_object *to = json_object_new_array();

	text_escape(escaped, sizeof(escaped), event->text, event->text_len);
	if (event->text_len)
		json_object_array_add(to, json_object_new_string(escaped));
	return to;
}

struct word {
	u32 flag;
	const char *text;
};

static void add_words(struct json_object *to, const char *name, u32 flags,
		      const struct word *words)
{
	struct json_object *list = json_object_new_array();

	for (; words->text; words++)
		if (flags & words->flag)
			json_object_array_add(list, json_object_new_string(words->text));
	add(to, name, list);
}

static void add_tags(struct json_object *to, const struct kredact_event *event)
{
	static const char *const makers[] = { "self", "other", "bpf" };
	static const struct word words[] = {
		{ KREDACT_EXACT, "exact" }, { KREDACT_PIN, "pin" }, { KREDACT_NOPIN, "nopin" },
		{ KREDACT_HUNT, "hunt" }, { KREDACT_GROUP, "group" }, { KREDACT_REGS, "regs" },
		{ KREDACT_STRICT, "strict" }, { KREDACT_NOHUNT, "nohunt" }, { 0, NULL }
	};
	static const struct word covers[] = {
		{ KREDACT_COVER_CORE, "core" }, { KREDACT_COVER_FORK, "fork" },
		{ KREDACT_COVER_MREMAP, "mremap" }, { KREDACT_COVER_SHARED, "shared" },
		{ KREDACT_COVER_SWAP, "swap" }, { KREDACT_COVER_PANIC, "panic" },
		{ KREDACT_COVER_READERS, "readers" }, { KREDACT_COVER_COPIES, "copies" },
		{ KREDACT_COVER_REGS, "registers" }, { 0, NULL }
	};
	const struct kredact_event_tags *tags = &event->tags;
	bool forked = event->type == KREDACT_EVENT_FORKED;
	char address[20];

	add_text(to, "what", forked ? "inherited" : "registered");
	add(to, "labels", labels_json(event));
	add_number(to, "ranges", tags->count);
	add_number(to, "calls", tags->calls);
	add_number(to, "first_ns", tags->first_ns);
	add_number(to, "last_ns", tags->last_ns);
	if (forked) {
		add_number(to, "child", tags->child);
		return;
	}
	add_number(to, "bytes", tags->bytes);
	snprintf(address, sizeof(address), "0x%" PRIx64, (u64)tags->addr);
	add_text(to, "address", address);
	add_words(to, "flags", tags->flags, words);
	add_words(to, "coverage", tags->coverage, covers);
	add_text(to, "made_by", tags->by < 3 ? makers[tags->by] : NULL);
}

static void add_ended(struct json_object *to, const struct kredact_event_ended *ended)
{
	add_text(to, "what", "ended");
	add(to, "labels", json_object_new_array());
	add_number(to, "unregistered", ended->unregistered);
	add_number(to, "unmapped", ended->unmapped);
	add_number(to, "exited", ended->exited);
	add_number(to, "left", ended->left);
	add_number(to, "first_ns", ended->first_ns);
	add_number(to, "last_ns", ended->last_ns);
}

static void add_dump(struct json_object *to, struct event_teller *teller,
		     const struct kredact_event_dump *dump)
{
	static const char *const outcomes[] = { NULL, "sealed", "cut", "unsealed", "failed",
						"refused" };
	struct json_object *labels = teller->labels ?: json_object_new_array();
	bool sealed = false;
	size_t i;

	for (i = 0; i < sizeof(dump->hmac); i++)
		sealed |= dump->hmac[i];
	add_number(to, "labels_more", dump->labels - json_object_array_length(labels));
	add(to, "labels", labels);
	teller->labels = NULL;
	add_text(to, "outcome", dump->outcome < 6 ? outcomes[dump->outcome] : NULL);
	add_number(to, "signal", dump->signo);
	add_number(to, "begun_ns", dump->begun_ns);
	add(to, "seal", sealed ? json_object_new_object() : NULL);
	if (sealed) {
		struct json_object *seal;

		json_object_object_get_ex(to, "seal", &seal);
		add_hex(seal, "hmac", dump->hmac, sizeof(dump->hmac));
		add_hex(seal, "key_id", dump->key_id, sizeof(dump->key_id));
		add(seal, "key_of_boot",
		    json_object_new_boolean(dump->seal_flags & KREDACT_SEAL_KEY_BOOT));
		add_number(seal, "core_bytes", dump->core_bytes);
	}
	add_number(to, "ranges", dump->ranges);
	add_number(to, "range_bytes", dump->range_bytes);
	add_number(to, "pages_zeroed", dump->pages_zeroed);
	add_number(to, "pages_copied", dump->pages_copied);
	add_number(to, "bytes_zeroed", dump->bytes_zeroed);
	add_number(to, "pages_left_out", dump->pages_left_out);
	add_number(to, "copies", dump->copies);
	add_number(to, "copy_bytes", dump->copy_bytes);
	add_number(to, "register_bytes", dump->register_bytes);
}

static struct json_object *rules_json(const struct kredact_event_rules *rules)
{
	struct json_object *to = json_object_new_object();

	add_text(to, "hunt", setting_word(SETTING_HUNT, rules->hunt));
	add_number(to, "run", rules->run);
	add_text(to, "registers", setting_word(SETTING_REGISTERS, rules->registers));
	add_text(to, "unhunted", setting_word(SETTING_UNHUNTED, rules->unhunted));
	add_text(to, "strict", setting_word(SETTING_STRICT, rules->strict));
	add(to, "exemptions", json_object_new_boolean(rules->exemptions));
	return to;
}

static void add_start(struct json_object *to, const struct kredact_event_start *start)
{
	char id[40];
	const u8 *b = start->boot_id;

	snprintf(id, sizeof(id), "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		 b[13], b[14], b[15]);
	add_text(to, "boot_id", id);
	add_number(to, "loaded_ns", start->loaded_ns);
	add_number(to, "since_ns", start->since_ns);
	add_number(to, "dumps", start->dumps);
	add(to, "resumed", json_object_new_boolean(start->resumed));
}

static void add_unseal(struct json_object *to, const struct kredact_event *event)
{
	add_bytes(to, "reason", event->text, event->text_len);
	add_number(to, "seconds", event->unseal.seconds);
	add_number(to, "until_ns", event->unseal.until_ns);
}

/* What is special to its type. */
static void add_rest(struct json_object *to, struct event_teller *teller,
		     const struct kredact_event *event)
{
	switch (event->type) {
	case KREDACT_EVENT_START:
		add_start(to, &event->start);
		break;
	case KREDACT_EVENT_LOST:
		add_text(to, "source", "kernel");
		add_number(to, "count", event->lost.count);
		break;
	case KREDACT_EVENT_TAGGED:
	case KREDACT_EVENT_FORKED:
		add_tags(to, event);
		break;
	case KREDACT_EVENT_ENDED:
		add_ended(to, &event->ended);
		break;
	case KREDACT_EVENT_DUMP:
		add_dump(to, teller, &event->dump);
		break;
	case KREDACT_EVENT_READ:
		add_number(to, "zeroed", event->read.zeroed);
		add_number(to, "withheld", event->read.withheld);
		add_number(to, "unsealed", event->read.unsealed);
		add_number(to, "first_ns", event->read.first_ns);
		add_number(to, "last_ns", event->read.last_ns);
		break;
	case KREDACT_EVENT_UNSEAL:
		add_unseal(to, event);
		break;
	case KREDACT_EVENT_KEY:
		add_hex(to, "key_id", event->key.key_id, sizeof(event->key.key_id));
		add_hex(to, "old_id", event->key.old_id, sizeof(event->key.old_id));
		break;
	case KREDACT_EVENT_POLICY:
		add(to, "was", rules_json(&event->policy.was));
		add(to, "is", rules_json(&event->policy.is));
		break;
	}
}

/**
 * event_json() - what an event says
 * @teller:	zeros at first
 * @event:	from event_next()
 *
 * Return: an object for the caller to release; or NULL, if it belongs to the next one, or there
 * is no memory.
 */
struct json_object *event_json(struct event_teller *teller, const struct kredact_event *event)
{
	struct json_object *to, *list, *label, *kernel;
	u64 first;

	if (event->type == KREDACT_EVENT_START)
		teller->loaded_ns = event->start.loaded_ns;
	if (event->type == KREDACT_EVENT_LABEL) {
		list = labels_json(event);
		if (!teller->labels)
			teller->labels = json_object_new_array();
		label = json_object_array_get_idx(list, 0);
		json_object_array_add(teller->labels, json_object_get(label));
		json_object_put(list);
		teller->events++;
		return NULL;
	}
	/* Between labels and their dump there is nothing, unless it was lost. */
	if (event->type != KREDACT_EVENT_DUMP)
		event_teller_end(teller);
	/* The numbers of all that this line tells. */
	first = event->seq - teller->events;
	if (event->type == KREDACT_EVENT_LOST)
		first = event->seq + 1 - event->lost.count;
	teller->events = 0;
	to = json_object_new_object();
	kernel = json_object_new_object();
	if (!to || !kernel) {
		json_object_put(to);
		json_object_put(kernel);
		return NULL;
	}
	if (event->type != KREDACT_EVENT_START)
		add_number(kernel, "first", first);
	add_number(kernel, "seq", event->seq);
	add_number(kernel, "loaded_ns", teller->loaded_ns);
	add_number(kernel, "boot_ns", event->time_ns);
	add_number(kernel, "realtime_ns", event->realtime_ns);
	add(to, "kernel", kernel);
	if (event->by.start_ns) {
		add(to, "by", process_json(&event->by));
		add(to, "person", person_json(&event->by));
	}
	if (event->of.start_ns)
		add(to, "process", process_json(&event->of));
	if (event->mm)
		add_number(to, "address_space", event->mm);
	add_rest(to, teller, event);
	return to;
}

/**
 * event_teller_end() - nothing follows
 * @teller:	of event_json()
 */
void event_teller_end(struct event_teller *teller)
{
	json_object_put(teller->labels);
	teller->labels = NULL;
	teller->events = 0;
}

/**
 * event_name() - what the audit log calls an event
 * @event:	any
 *
 * Return: a constant; NULL for what has no line of its own.
 */
const char *event_name(const struct kredact_event *event)
{
	switch (event->type) {
	case KREDACT_EVENT_START:
		return "events.begun";
	case KREDACT_EVENT_LOST:
		return "log.lost";
	case KREDACT_EVENT_TAGGED:
	case KREDACT_EVENT_FORKED:
	case KREDACT_EVENT_ENDED:
		return "registration.batch";
	case KREDACT_EVENT_DUMP:
		return "dump.redacted";
	case KREDACT_EVENT_READ:
		return "read.redacted";
	case KREDACT_EVENT_UNSEAL:
		return event->unseal.seconds ? "unseal.granted" : "unseal.ended";
	case KREDACT_EVENT_KEY:
		return "key.installed";
	case KREDACT_EVENT_POLICY:
		return "policy.changed";
	}
	return NULL;
}

/**
 * event_next() - the next record of what was read
 * @at:		where it begins
 * @len:	bytes from there on
 * @to:		out; what its module did not tell is 0
 *
 * Return: how many bytes it has, 0 if there is none.
 */
size_t event_next(const void *at, size_t len, struct kredact_event *to)
{
	u32 size;

	if (len < sizeof(size))
		return 0;
	memcpy(&size, at, sizeof(size));
	if (size < offsetof(struct kredact_event, by) || size > len)
		return 0;
	memset(to, 0, sizeof(*to));
	memcpy(to, at, size < sizeof(*to) ? size : sizeof(*to));
	/* Of another layout there is only that it happened. */
	if (to->version != KREDACT_EVENT_VERSION)
		to->type = 0;
	if (to->text_len > sizeof(to->text))
		to->text_len = sizeof(to->text);
	return size;
}
