// SPDX-License-Identifier: GPL-2.0
/*
 * The rules about what is in a dump, which the gate has verified again by its own: see
 * passage.h. Also what the attestation says was found counts: it may have been searched
 * for more.
 */
#include <json-c/json.h>

#include "gate/passage.h"

static struct json_object *member(struct json_object *from, const char *name)
{
	return json_object_object_get(from, name);
}

static const char *text_of(struct json_object *from, const char *name)
{
	return json_object_get_string(member(from, name)) ?: "";
}

static struct json_object *check_named(struct json_object *report, const char *name)
{
	struct json_object *list = member(report, "checks"), *item;
	size_t i;

	for (i = 0; i < (list ? json_object_array_length(list) : 0); i++) {
		item = json_object_array_get_idx(list, i);
		if (!strcmp(text_of(item, "name"), name))
			return item;
	}
	return NULL;
}

/* Those that look at the seal, or by it. Without one they are not done, which says nothing. */
static bool needs_seal(const char *check)
{
	static const char *const names[] = { "seal", "match", "authenticity", "ranges", "copies",
					     "fingerprints" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(check, names[i]))
			return true;
	return false;
}

static void check_seal(struct passage *p, struct json_object *report)
{
	if (texts_have(&p->policy->checks, "seal") && !member(report, "seal"))
		rule_fail(&p->decision, GATE_SEAL, "%.200s",
			  text_of(check_named(report, "seal"), "text"));
	else
		rule_pass(&p->decision, GATE_SEAL);
}

static void check_checks(struct passage *p, struct json_object *report)
{
	bool sealed = !rule_failed(&p->decision, GATE_SEAL);
	struct json_object *check;
	u32 i;

	for (i = 0; i < p->policy->checks.nr; i++) {
		const char *name = p->policy->checks.at[i], *state;

		if (!sealed && needs_seal(name))
			continue;
		check = check_named(report, name);
		state = text_of(check, "state");
		/* What was found is another rule's. */
		if (strcmp(state, "passed") && strcmp(state, "found"))
			rule_fail(&p->decision, GATE_CHECKS, "%s: %s: %.160s", name,
				  *state ? state : "no such check", text_of(check, "text"));
	}
	rule_pass(&p->decision, GATE_CHECKS);
}

static u64 tolerated(const struct policy *policy, const char *kind, bool key)
{
	u32 i;

	for (i = 0; i < policy->nr_limits; i++)
		if (!strcmp(policy->limits[i].kind, kind))
			return policy->limits[i].most;
	return key ? 0 : UINT64_MAX;
}

/* Returns how many of them are key material. */
static u64 check_findings(struct passage *p, struct json_object *list, const char *who)
{
	u64 keys = 0, count;
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		const char *kind = text_of(item, "kind");
		bool key = json_object_get_boolean(member(item, "key"));
		char text[TEXT_ESCAPED(64)];

		count = json_object_get_uint64(member(item, "count"));
		keys += key ? count : 0;
		if (count <= tolerated(p->policy, kind, key))
			continue;
		text_escape(text, sizeof(text), kind, strnlen(kind, 64));
		rule_fail(&p->decision, GATE_FINDINGS, "%s: %llu, by %s", text,
			  (unsigned long long)count, who);
	}
	return keys;
}

static void check_labels(struct passage *p, struct json_object *report)
{
	struct json_object *labels = member(member(report, "seal"), "labels"), *label;
	const struct policy *policy = p->policy;
	const char *text;
	size_t i;

	for (i = 0; i < (labels ? json_object_array_length(labels) : 0); i++) {
		label = member(json_object_array_get_idx(labels, i), "label");
		text = label ? json_object_get_string(label) : NULL;
		if (text && texts_have(&policy->forbidden, text))
			rule_fail(&p->decision, GATE_LABELS, "dumps of \"%.160s\" may not pass", text);
		else if (text && policy->allowed.nr && !texts_have(&policy->allowed, text))
			rule_fail(&p->decision, GATE_LABELS, "\"%.160s\" is not among those that may "
				  "pass", text);
	}
	rule_pass(&p->decision, GATE_LABELS);
}

static int examine_copy(struct passage *p, struct complaint *why)
{
	const struct policy *policy = p->policy;
	const struct examine_opts opts = {
		.verifier = policy->verifier,
		.key = policy->seal_key,
		.unsealed = !texts_have(&policy->checks, "seal"),
		.certs = policy->certs.at,
		.nr_certs = policy->certs.nr,
		.become = policy->become,
		.uid = policy->uid,
		.gid = policy->gid,
		.seconds = policy->seconds,
	};
	int error = examine(&p->examination, p->copy, &opts, why);

	if (!error && p->examination.changed)
		error = complain(why, -EBUSY, "%s", p->examination.change.text);
	/* The same bytes came back from the disk. */
	if (!error && memcmp(p->examination.sha256, p->sha256, DIGEST_LEN))
		error = complain(why, -EIO, "the copy is not what was copied");
	return error;
}

/**
 * verified_check() - verify the copy, and the rules about what came of it
 * @p:		the passage, with a trusted attestation and a copy; its decision takes them
 */
void verified_check(struct passage *p)
{
	struct json_object *report, *findings;
	struct complaint why;
	u64 keys;

	if (examine_copy(p, &why)) {
		rule_fail(&p->decision, GATE_VERIFIER, "%s", why.text);
		return;
	}
	rule_pass(&p->decision, GATE_VERIFIER);
	report = p->examination.report;
	check_seal(p, report);
	check_checks(p, report);
	findings = attestation_findings(report);
	keys = check_findings(p, findings, "the gate's own verification");
	json_object_put(findings);
	check_findings(p, member(p->attested.predicate, "findings"), "the attestation");
	if (p->examination.status == 1 && !keys)
		rule_fail(&p->decision, GATE_FINDINGS, "the verifier found key material");
	rule_pass(&p->decision, GATE_FINDINGS);
	check_labels(p, report);
}
