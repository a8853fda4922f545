// SPDX-License-Identifier: GPL-2.0
/*
 * What the gate writes to the log: gate.allowed, gate.refused, gate.exception.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <json-c/json.h>

#include "gate/passage.h"
#include "log/client.h"
#include "report/report.h"

/* Where the open file is, which is more than the name that it was given by; escaped. */
static char *where(const struct passage *p)
{
	char self[32], path[4097];
	ssize_t len = -1;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", p->fd);
	if (p->fd >= 0)
		len = readlink(self, path, sizeof(path) - 1);
	if (len <= 0)
		return text_escaped(p->source);
	path[len] = '\0';
	return text_escaped(path);
}

static struct json_object *make_dump(const struct passage *p)
{
	struct json_object *dump = json_object_new_object();
	char *path = where(p), *name = text_escaped(p->name);

	json_text(dump, "name", name ? name : "");
	json_text(dump, "path", path ? path : "");
	if (p->copy >= 0) {
		json_hex(dump, "sha256", p->sha256, DIGEST_LEN);
		json_number(dump, "bytes", p->bytes);
	}
	free(path);
	free(name);
	return dump;
}

static struct json_object *make_person(const struct passage *p)
{
	struct json_object *person;
	struct machine machine;

	if (p->asker->subject) {
		person = json_object_new_object();
		json_text(person, "name", p->asker->subject);
		return person;
	}
	machine_this(&machine);
	return attestation_person(&machine);
}

/* What the seal names: of the gate's own verification. */
static struct json_object *make_labels(const struct passage *p)
{
	struct json_object *list = json_object_new_array(), *seal, *labels, *label;
	size_t i;

	seal = json_object_object_get(p->examination.report, "seal");
	labels = json_object_object_get(seal, "labels");
	for (i = 0; i < (labels ? json_object_array_length(labels) : 0) && i < POLICY_MOST; i++) {
		label = json_object_object_get(json_object_array_get_idx(labels, i), "label");
		if (label)
			json_object_array_add(list, json_object_get(label));
	}
	return list;
}

static struct json_object *make_members(const struct passage *p)
{
	struct json_object *members = json_object_new_object();

	json_object_object_add(members, "dump", make_dump(p));
	json_object_object_add(members, "labels", make_labels(p));
	json_object_object_add(members, "person", make_person(p));
	json_text(members, "destination", p->destination);
	if (p->trusted.verdict == TRUST_GOOD)
		json_hex(members, "attestation_sha256", p->payload_sha256, DIGEST_LEN);
	return members;
}

/**
 * record_decision() - log what was decided
 * @p:		the passage
 * @log:	the log
 * @allowed:	it passes
 * @why:	text of an error
 *
 * Return: 0 when the line is on the disk, or a negative errno.
 */
int record_decision(struct passage *p, struct log_client *log, bool allowed,
		    struct complaint *why)
{
	struct json_object *members = make_members(p);
	char text[1024];
	struct log_ack ack;

	decision_text(&p->decision, text, sizeof(text));
	json_text(members, "reason", text);
	json_object_object_add(members, "rules", decision_json(&p->decision));
	return log_put(log, allowed ? "gate.allowed" : "gate.refused", members, &ack, why);
}

/**
 * record_exceptions() - log who has set rules aside
 * @p:		the passage
 * @log:	the log
 * @why:	text of an error
 *
 * Return: 0 when a line for each of them is on the disk, or a negative errno.
 */
int record_exceptions(struct passage *p, struct log_client *log, struct complaint *why)
{
	struct json_object *members, *list, *person;
	struct log_ack ack;
	int error = 0;
	u32 i, rule;
	bool used;

	for (i = 0; !error && i < p->nr_approvals; i++) {
		const struct approval *approval = &p->approvals[i];

		list = json_object_new_array();
		for (rule = 0, used = false; rule < GATE_RULES; rule++) {
			if (!p->decision.rules[rule].excepted || !approval->rules[rule])
				continue;
			json_object_array_add(list, json_object_new_string(rule_word(rule)));
			used = true;
		}
		if (!used) {
			json_object_put(list);
			continue;
		}
		members = make_members(p);
		person = json_object_new_object();
		json_text(person, "name", approval->person);
		json_object_object_add(members, "approver", person);
		json_text(members, "reason", approval->reason);
		json_object_object_add(members, "excepted", list);
		error = log_put(log, "gate.exception", members, &ack, why);
	}
	return error;
}
