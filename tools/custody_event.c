// SPDX-License-Identifier: GPL-2.0
/*
 * Records of custody as events of the audit log: see custody_event.h.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "custody_event.h"

/* Where a member goes. All others stay where they are. */
static const struct {
	const char *member;
	const char *object;
	const char *name;
} places[] = {
	{ "dump", "dump", "mark" }, { "replaced", "dump", "replaced" }, { "path", "dump", "path" },
	{ "new_path", "dump", "new_path" }, { "dev", "dump", "dev" }, { "ino", "dump", "ino" },
	{ "deleted", "dump", "deleted" },
	{ "pid", "process", "pid" }, { "tid", "process", "tid" }, { "ppid", "process", "ppid" },
	{ "ns_pid", "process", "ns_pid" }, { "start_ns", "process", "start_ns" },
	{ "comm", "process", "comm" }, { "exe", "process", "exe" }, { "uid", "process", "uid" },
	{ "unit", "process", "unit" }, { "container", "process", "container" },
	{ "cgroup", "process", "cgroup" },
	{ "uid", "person", "uid" }, { "login_uid", "person", "login_uid" },
	{ "session", "person", "session" },
};

#define PLACES (sizeof(places) / sizeof(*places))

static struct json_object *object_in(struct json_object *root, const char *name)
{
	struct json_object *object;

	if (json_object_object_get_ex(root, name, &object))
		return object;
	object = json_object_new_object();
	json_object_object_add(root, name, object);
	return object;
}

/**
 * custody_event() - a record as an event
 * @record:	a line of the log of custody
 * @event:	takes its name, CUSTODY_EVENT_MAX bytes
 *
 * Return: its data, for the caller to put, or NULL if there is no memory.
 */
struct json_object *custody_event(struct json_object *record, char *event)
{
	struct json_object *data = json_object_new_object(), *op = NULL;
	unsigned int i;

	json_object_object_get_ex(record, "op", &op);
	snprintf(event, CUSTODY_EVENT_MAX, "custody.%s", op ? json_object_get_string(op) : "none");
	json_object_object_foreach(record, name, value) {
		bool placed = !strcmp(name, "op");

		for (i = 0; data && i < PLACES; i++) {
			if (strcmp(places[i].member, name))
				continue;
			placed = true;
			/* What is not known is left out, as everywhere in the log. */
			if (value)
				json_object_object_add(object_in(data, places[i].object),
						       places[i].name, json_object_get(value));
		}
		if (data && !placed && value)
			json_object_object_add(data, name, json_object_get(value));
	}
	return data;
}
