// SPDX-License-Identifier: GPL-2.0
/*
 * The trail of a key: see trail.h.
 *
 * Lines that have the label name dumps and processes; lines about these name more: a dump
 * that was stored, let through a gate or renamed has another path, and the same digest. That
 * is followed until nothing new comes.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "trail.h"

static const char *const families[] = { "dump", "gate", "attest", "custody", "unseal" };

static u64 get_number(struct json_object *from, const char *name)
{
	struct json_object *object;

	return json_object_object_get_ex(from, name, &object) ? json_object_get_uint64(object) : 0;
}

static u32 root_of(const struct trail *trail, u32 key)
{
	while (trail->keys[key].root != key)
		key = trail->keys[key].root;
	return key;
}

/* Return: its number, or -1 if there are too many. */
static int add_key(struct trail *trail, const struct term *term)
{
	struct trail_key *key;
	u32 at = (u32)term_hash(term) % TRAIL_TABLE;

	for (; trail->table[at]; at = (at + 1) % TRAIL_TABLE) {
		key = &trail->keys[trail->table[at] - 1];
		if (key->kind == term->kind && strlen(key->value) == term->len &&
		    !memcmp(key->value, term->value, term->len))
			return (int)trail->table[at] - 1;
	}
	if (trail->nr_keys == TRAIL_KEYS) {
		trail->full = true;
		return -1;
	}
	key = reallocarray(trail->keys, trail->nr_keys + 1, sizeof(*key));
	if (!key)
		return -1;
	trail->keys = key;
	key += trail->nr_keys;
	key->kind = term->kind;
	key->value = strndup(term->value, term->len);
	key->root = (u32)trail->nr_keys;
	key->looked_up = false;
	key->dump = -1;
	if (!key->value)
		return -1;
	trail->table[at] = (u32)++trail->nr_keys;
	return (int)trail->nr_keys - 1;
}

/* What names the dump of a line. Names alone do not: many a dump is called "core". */
struct namer {
	struct trail *trail;
	int first;
};

static void name_dump(void *arg, const struct term *term)
{
	struct namer *namer = arg;
	struct trail *trail = namer->trail;
	int key;

	if (term->kind != TERM_SHA256 && term->kind != TERM_PATH && term->kind != TERM_MARK &&
	    term->kind != TERM_START)
		return;
	key = add_key(trail, term);
	if (key < 0)
		return;
	if (namer->first < 0)
		namer->first = key;
	trail->keys[root_of(trail, (u32)key)].root = root_of(trail, (u32)namer->first);
}

static int name_dumps(struct trail *trail, const struct line *line, struct json_object *data)
{
	struct namer namer = { trail, -1 };
	struct json_object *process;

	/* Who opens a dump, or sees secrets, is another process than the one that was dumped. */
	if (line->event_len > 5 && memcmp(line->event, "dump.", 5) &&
	    json_object_object_get_ex(data, "process", &process)) {
		struct json_object *copy = json_object_new_object(), *dump;

		if (json_object_object_get_ex(data, "dump", &dump))
			json_object_object_add(copy, "dump", json_object_get(dump));
		terms_of(line, copy, name_dump, &namer);
		json_object_put(copy);
	} else {
		terms_of(line, data, name_dump, &namer);
	}
	return namer.first;
}

static bool on_event(void *arg, const struct find_hit *hit)
{
	struct trail *trail = arg;
	const struct line *line = hit->line;
	struct trail_event *event;

	if (trail->nr_events == TRAIL_EVENTS) {
		trail->full = true;
		return false;
	}
	event = reallocarray(trail->events, trail->nr_events + 1, sizeof(*event));
	if (!event)
		return false;
	trail->events = event;
	event += trail->nr_events++;
	memset(event, 0, sizeof(*event));
	event->seq = line->stamp.seq;
	event->realtime_ns = line->stamp.realtime_ns;
	memcpy(event->event, line->event, line->event_len);
	event->data = json_object_get(hit->data);
	event->dump = name_dumps(trail, line, hit->data);
	return true;
}

static bool on_registration(void *arg, const struct find_hit *hit)
{
	struct trail *trail = arg;
	u64 ns = hit->line->stamp.realtime_ns;

	if (!trail->first_registration_ns)
		trail->first_registration_ns = ns;
	trail->last_registration_ns = ns;
	return true;
}

static void count_segments(struct trail *trail, const struct find_result *result)
{
	trail->segments = result->segments;
	trail->scanned = max(trail->scanned, result->scanned);
	trail->broken = max(trail->broken, result->broken);
}

static void add_families(struct find_query *query)
{
	struct find_group *group = &query->all[query->count++];
	unsigned int i;

	for (i = 0; i < sizeof(families) / sizeof(*families); i++)
		find_add(group, TERM_FAMILY, families[i]);
}

static int look_up_label(struct trail *trail, int dir, const char *label, struct complaint *why)
{
	struct find_query query = { .until_ns = UINT64_MAX, .count = 1, .scans = trail->scans };
	struct find_result result;
	int error;

	find_add(&query.all[0], TERM_LABEL, label);
	add_families(&query);
	error = find_run(dir, &query, on_event, trail, &result, why);
	if (error)
		return error;
	count_segments(trail, &result);
	memset(&query.all[1], 0, sizeof(query.all[1]));
	find_add(&query.all[1], TERM_FAMILY, "registration");
	query.ends_only = true;
	error = find_run(dir, &query, on_registration, trail, &result, why);
	trail->registrations = result.hits;
	return error;
}

/* Lines about dumps whose names are new. Return: 1 if there were new names. */
static int look_up_keys(struct trail *trail, int dir, struct complaint *why)
{
	struct find_query query = { .until_ns = UINT64_MAX, .count = 1, .scans = trail->scans };
	struct term *terms = calloc(trail->nr_keys + 1, sizeof(*terms));
	struct find_result result;
	size_t i, count = 0;
	int error;

	if (!terms)
		return complain(why, -ENOMEM, "out of memory");
	for (i = 0; i < trail->nr_keys; i++) {
		struct trail_key *key = &trail->keys[i];

		if (!key->looked_up)
			terms[count++] = (struct term){ key->kind, key->value, strlen(key->value) };
		key->looked_up = true;
	}
	if (!count) {
		free(terms);
		return 0;
	}
	find_sort(terms, count);
	query.all[0].more = terms;
	query.all[0].nr_more = count;
	add_families(&query);
	error = find_run(dir, &query, on_event, trail, &result, why);
	count_segments(trail, &result);
	free(terms);
	return error ? error : 1;
}

static int compare(const void *a, const void *b)
{
	const struct trail_event *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void judge(struct trail *trail, const struct trail_event *event)
{
	struct json_object *verdict;
	enum trail_verdict *is;

	if (event->dump < 0 || !json_object_object_get_ex(event->data, "verdict", &verdict))
		return;
	is = &trail->verdicts[event->dump];
	/* Once found, it is not made good by another look. */
	if (*is == TRAIL_FOUND || !json_object_is_type(verdict, json_type_string))
		return;
	if (!strcmp(json_object_get_string(verdict), "key-material-found"))
		*is = TRAIL_FOUND;
	else if (!strcmp(json_object_get_string(verdict), "clean"))
		*is = TRAIL_CLEAN;
}

/* In order, each once: a line is found by each of the names that it has. */
static void sort_events(struct trail *trail)
{
	size_t i, to = 0;

	if (trail->nr_events)
		qsort(trail->events, trail->nr_events, sizeof(*trail->events), compare);
	for (i = 0; i < trail->nr_events; i++) {
		if (to && trail->events[to - 1].seq == trail->events[i].seq)
			json_object_put(trail->events[i].data);
		else
			trail->events[to++] = trail->events[i];
	}
	trail->nr_events = to;
}

/* Dumps get numbers, in the order of their first lines. */
static int number_dumps(struct trail *trail, struct complaint *why)
{
	size_t i;

	sort_events(trail);
	trail->verdicts = calloc(trail->nr_events + 1, sizeof(*trail->verdicts));
	if (!trail->verdicts)
		return complain(why, -ENOMEM, "out of memory");
	for (i = 0; i < trail->nr_events; i++) {
		struct trail_event *event = &trail->events[i];
		u32 root;

		if (event->dump < 0)
			continue;
		root = root_of(trail, (u32)event->dump);
		if (trail->keys[root].dump < 0) {
			trail->verdicts[trail->dumps] = TRAIL_UNVERIFIED;
			trail->keys[root].dump = trail->dumps++;
		}
		event->dump = trail->keys[root].dump;
		judge(trail, event);
	}
	for (i = 0; i < trail->nr_keys; i++)
		trail->keys[i].dump = trail->keys[root_of(trail, (u32)i)].dump;
	return 0;
}

static bool on_own(void *arg, const struct find_hit *hit)
{
	struct trail *trail = arg;
	struct trail_gap *gap;
	struct json_object *retired;

	if (line_is(hit->line, "log.lost")) {
		trail->lost += get_number(hit->data, "count");
	} else if (line_is(hit->line, "log.retired")) {
		if (json_object_object_get_ex(hit->data, "retired", &retired))
			trail->retired = get_number(retired, "last_seq");
	} else if (line_is(hit->line, "log.start")) {
		u64 from = get_number(hit->data, "previous_realtime_ns");

		if (!from || from >= hit->line->stamp.realtime_ns)
			return true;
		trail->gap_ns += hit->line->stamp.realtime_ns - from;
		gap = trail->nr_gaps < TRAIL_GAPS ?
			reallocarray(trail->gaps, trail->nr_gaps + 1, sizeof(*gap)) : NULL;
		if (!gap)
			return true;
		trail->gaps = gap;
		gap[trail->nr_gaps++] = (struct trail_gap){ from, hit->line->stamp.realtime_ns };
	}
	return true;
}

/* Which time the log is about at all. */
static int look_at_log(struct trail *trail, int dir, struct complaint *why)
{
	struct find_query query = { .until_ns = UINT64_MAX, .count = 1, .scans = trail->scans };
	struct find_result result;
	int error = find_ends(dir, &trail->first, &trail->last, why);

	if (!error && !trail->first.seq)
		error = complain(why, -ENOENT, "no log is there");
	find_add(&query.all[0], TERM_EVENT, "log.start");
	find_add(&query.all[0], TERM_EVENT, "log.lost");
	find_add(&query.all[0], TERM_EVENT, "log.retired");
	return error ? error : find_run(dir, &query, on_own, trail, &result, why);
}

/**
 * trail_follow() - find all that a log has of a key
 * @trail:	takes it, for trail_free(), also on an error
 * @dir:	of the log
 * @label:	of the key
 * @scans:	indexes are not used: all lines are read
 * @why:	text of an error
 *
 * Return: 0, -ENOENT if there is no log, or another negative errno.
 */
int trail_follow(struct trail *trail, int dir, const char *label, bool scans,
		 struct complaint *why)
{
	int error;

	memset(trail, 0, sizeof(*trail));
	trail->scans = scans;
	trail->table = calloc(TRAIL_TABLE, sizeof(*trail->table));
	if (!trail->table)
		return complain(why, -ENOMEM, "out of memory");
	error = look_at_log(trail, dir, why);
	if (!error)
		error = look_up_label(trail, dir, label, why);
	while (!error && (error = look_up_keys(trail, dir, why)) > 0)
		error = 0;
	return error ? error : number_dumps(trail, why);
}

/**
 * trail_free() - release it
 * @trail:	from trail_follow()
 */
void trail_free(struct trail *trail)
{
	size_t i;

	for (i = 0; i < trail->nr_events; i++)
		json_object_put(trail->events[i].data);
	for (i = 0; i < trail->nr_keys; i++)
		free(trail->keys[i].value);
	free(trail->events);
	free(trail->keys);
	free(trail->table);
	free(trail->verdicts);
	free(trail->gaps);
	memset(trail, 0, sizeof(*trail));
}
