/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events of the module as JSON: for the audit log, and for "kredact events --json".
 */
#ifndef KREDACT_TOOLS_EVENT_JSON_H
#define KREDACT_TOOLS_EVENT_JSON_H

#include <linux/kredact.h>

#include "text.h"

struct json_object;

/**
 * struct event_teller - what has been said, but not of what
 * @loaded_ns:	when the module was loaded whose events these are
 * @labels:	of the dump that comes next, or NULL
 * @events:	how many of them were told
 */
struct event_teller {
	u64 loaded_ns;
	struct json_object *labels;
	u64 events;
};

struct json_object *event_json(struct event_teller *teller, const struct kredact_event *event);
void event_teller_end(struct event_teller *teller);
const char *event_name(const struct kredact_event *event);
size_t event_next(const void *at, size_t len, struct kredact_event *to);

#endif /* KREDACT_TOOLS_EVENT_JSON_H */
