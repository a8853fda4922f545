/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records of custody as events of the audit log: the same members, in the places that all
 * events have for a dump, a process and a person.
 */
#ifndef KREDACT_TOOLS_CUSTODY_EVENT_H
#define KREDACT_TOOLS_CUSTODY_EVENT_H

#define CUSTODY_EVENT_MAX	64u

struct json_object;

struct json_object *custody_event(struct json_object *record, char *event);

#endif /* KREDACT_TOOLS_CUSTODY_EVENT_H */
