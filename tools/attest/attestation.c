// SPDX-License-Identifier: GPL-2.0
/*
 * What is attested of a dump, the part that makes it: see attestation.h.
 *
 * All of it comes from the report of kredact-verify, whose texts are printable ASCII, and
 * from this machine.
 */
#include <stdlib.h>

#include <json-c/json.h>
#include <openssl/evp.h>

#include "attest/attestation.h"
#include "attest/moment.h"
#include "report/report.h"

static struct json_object *member(struct json_object *from, const char *name)
{
	return json_object_object_get(from, name);
}

/* Copies a member, if it is there. */
static void copy_member(struct json_object *to, struct json_object *from, const char *name)
{
	struct json_object *value = member(from, name);

	if (value)
		json_object_object_add(to, name, json_object_get(value));
}

/**
 * attestation_subject() - the subject of a statement about one file
 * @dump:	its name, without folders, not escaped
 * @sha256:	of its bytes
 *
 * Return: a list with it, to be released by json_object_put().
 */
struct json_object *attestation_subject(const char *dump, const u8 *sha256)
{
	struct json_object *list = json_object_new_array(), *item = json_object_new_object();
	struct json_object *digest = json_object_new_object();
	char *name = text_escaped(dump);

	json_text(item, "name", name ? name : "");
	json_hex(digest, "sha256", sha256, DIGEST_LEN);
	json_object_object_add(item, "digest", digest);
	json_object_array_add(list, item);
	free(name);
	return list;
}

static bool has_argument(const struct examine_opts *opts, const char *argument)
{
	u32 i;

	for (i = 0; opts->arguments && opts->arguments[i]; i++)
		if (!strcmp(opts->arguments[i], argument))
			return true;
	return false;
}

static struct json_object *make_rules(const struct attested *what)
{
	struct json_object *rules = json_object_new_object(), *list = json_object_new_array();
	struct json_object *certs = member(what->examination->report, "certs"), *id;
	const struct examine_opts *opts = what->opts;
	size_t i;

	json_text(rules, "detectors", opts->detect ? opts->detect : "all");
	json_flag(rules, "seal", !opts->unsealed && !has_argument(opts, "--unsealed"));
	json_flag(rules, "authenticity", opts->key);
	for (i = 0; i < (certs ? json_object_array_length(certs) : 0); i++) {
		id = member(json_object_array_get_idx(certs, i), "spki_sha256");
		json_object_array_add(list, json_object_get(id));
	}
	json_object_object_add(rules, "certs", list);
	list = json_object_new_array();
	for (i = 0; i < opts->nr_labels; i++) {
		char *label = text_escaped(opts->labels[i]);

		json_object_array_add(list, json_object_new_string(label ? label : ""));
		free(label);
	}
	json_object_object_add(rules, "labels", list);
	list = json_object_new_array();
	for (i = 0; opts->arguments && opts->arguments[i]; i++)
		json_object_array_add(list, json_object_new_string(opts->arguments[i]));
	json_object_object_add(rules, "arguments", list);
	return rules;
}

/**
 * attestation_rules_digest() - name of a set of rules
 * @rules:	the member of a predicate
 * @sha256:	takes DIGEST_LEN bytes: of its text without white space, as the payload has it
 *
 * Return: false if there is no memory.
 */
bool attestation_rules_digest(struct json_object *rules, u8 *sha256)
{
	const char *text = json_object_to_json_string_ext(rules, JSON_C_TO_STRING_PLAIN |
							  JSON_C_TO_STRING_NOSLASHESCAPE);

	return text && EVP_Digest(text, strlen(text), sha256, NULL, EVP_sha256(), NULL);
}

static struct json_object *make_checks(struct json_object *report)
{
	struct json_object *list = json_object_new_array(), *from = member(report, "checks"), *item;
	size_t i;

	for (i = 0; i < (from ? json_object_array_length(from) : 0); i++) {
		item = json_object_new_object();
		copy_member(item, json_object_array_get_idx(from, i), "name");
		copy_member(item, json_object_array_get_idx(from, i), "state");
		json_object_array_add(list, item);
	}
	return list;
}

static void add_count(struct json_object *list, const char *kind, bool key, u64 count)
{
	struct json_object *item;

	if (!count)
		return;
	item = json_object_new_object();
	json_text(item, "kind", kind);
	json_flag(item, "key", key);
	json_number(item, "count", count);
	json_object_array_add(list, item);
}

static u64 number(struct json_object *from, const char *name)
{
	return json_object_get_uint64(member(from, name));
}

/* One more of a kind of key. Return: false if there are too many kinds. */
static bool count_kind(struct json_object *list, size_t first, const char *kind, bool key)
{
	struct json_object *item;
	size_t i;

	for (i = first; i < json_object_array_length(list); i++) {
		item = json_object_array_get_idx(list, i);
		if (!strcmp(json_object_get_string(member(item, "kind")), kind) &&
		    json_object_get_boolean(member(item, "key")) == key) {
			json_number(item, "count", number(item, "count") + 1);
			return true;
		}
	}
	if (i - first >= ATTESTATION_KINDS)
		return false;
	add_count(list, kind, key, 1);
	return true;
}

/* The report lists so many of them one by one; the others are of kinds that it does not tell. */
static void count_keys(struct json_object *list, struct json_object *report)
{
	size_t first = json_object_array_length(list), i;
	struct json_object *keys = member(report, "keys"), *item;
	u64 listed[2] = { 0 }, total[2] = { number(report, "notes_total"),
					    number(report, "keys_total") };
	const char *kind;
	bool key;

	for (i = 0; i < (keys ? json_object_array_length(keys) : 0); i++) {
		item = json_object_array_get_idx(keys, i);
		kind = json_object_get_string(member(item, "kind"));
		key = json_object_get_boolean(member(item, "key"));
		if (kind && count_kind(list, first, kind, key))
			listed[key]++;
	}
	add_count(list, "unlisted", true, total[1] - min(listed[1], total[1]));
	add_count(list, "unlisted", false, total[0] - min(listed[0], total[0]));
}

/**
 * attestation_findings() - what was found, by kind
 * @report:	of kredact-verify
 *
 * Return: a list as the predicate has it, to be released by json_object_put().
 */
struct json_object *attestation_findings(struct json_object *report)
{
	struct json_object *list = json_object_new_array();

	add_count(list, "registered", true, number(report, "findings_total"));
	add_count(list, "copy", true, number(report, "copy_findings_total"));
	add_count(list, "fingerprint", true, number(report, "fingerprint_hits_total"));
	add_count(list, "secret", true, number(report, "hits_total"));
	count_keys(list, report);
	return list;
}

/* What names the seal, its process and what that had registered. */
static struct json_object *make_seal(struct json_object *from)
{
	static const char *const names[] = {
		"version", "made_by", "key_id", "boot_key", "hmac", "boot_id", "pid", "tid",
		"ns_pid", "start_ns", "uid", "signal", "comm", "module", "release",
	};
	struct json_object *seal, *labels, *list, *label;
	char time[32];
	size_t i;

	if (!from)
		return NULL;
	seal = json_object_new_object();
	moment_text(time, number(from, "realtime_ns") / 1000000000);
	json_text(seal, "time", time);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		copy_member(seal, from, names[i]);
	labels = member(from, "labels");
	list = json_object_new_array();
	for (i = 0; i < (labels ? json_object_array_length(labels) : 0); i++) {
		label = member(json_object_array_get_idx(labels, i), "label");
		if (label && json_object_array_length(list) < ATTESTATION_LABELS)
			json_object_array_add(list, json_object_get(label));
	}
	json_object_object_add(seal, "labels", list);
	return seal;
}

/**
 * attestation_machine() - a machine, for a statement
 * @from:	the machine
 *
 * Return: an object, to be released by json_object_put().
 */
struct json_object *attestation_machine(const struct machine *from)
{
	struct json_object *machine = json_object_new_object();

	json_text(machine, "id", from->id);
	json_text(machine, "hostname", from->hostname);
	json_text(machine, "boot_id", from->boot_id);
	json_text(machine, "kernel", from->kernel);
	return machine;
}

/**
 * attestation_person() - a person, for a statement
 * @from:	has it
 *
 * Return: an object, to be released by json_object_put().
 */
struct json_object *attestation_person(const struct machine *from)
{
	struct json_object *person = json_object_new_object();

	json_number(person, "uid", from->uid);
	if (from->login_uid != (u32)-1)
		json_number(person, "login_uid", from->login_uid);
	json_text(person, "name", from->name);
	return person;
}

static struct json_object *make_predicate(const struct attested *what)
{
	const struct examination *e = what->examination;
	struct json_object *predicate = json_object_new_object(), *rules = make_rules(what);
	u8 sha256[DIGEST_LEN] = { 0 };
	char time[32];

	copy_member(predicate, e->report, "program");
	moment_text(time, e->realtime_ns / 1000000000);
	json_text(predicate, "time", time);
	if (what->valid_for) {
		moment_text(time, e->realtime_ns / 1000000000 + what->valid_for);
		json_text(predicate, "expires", time);
	}
	json_number(predicate, "bytes", e->size);
	copy_member(predicate, e->report, "packed");
	copy_member(predicate, e->report, "verdict");
	copy_member(predicate, e->report, "status");
	copy_member(predicate, e->report, "authenticated");
	copy_member(predicate, e->report, "sandboxed");
	json_flag(predicate, "leased", e->leased);
	if (attestation_rules_digest(rules, sha256))
		json_hex(predicate, "rules_sha256", sha256, sizeof(sha256));
	json_object_object_add(predicate, "rules", rules);
	json_object_object_add(predicate, "checks", make_checks(e->report));
	json_object_object_add(predicate, "findings", attestation_findings(e->report));
	json_object_object_add(predicate, "seal", make_seal(member(e->report, "seal")));
	json_object_object_add(predicate, "machine", attestation_machine(what->machine));
	json_object_object_add(predicate, "person", attestation_person(what->machine));
	return predicate;
}

/**
 * attestation_make() - attest an examination
 * @what:	of what
 * @signers:	who signs
 * @nr:		how many
 * @why:	text of an error
 *
 * Whatever the verdict is, it is attested as it is.
 *
 * Return: the envelope, one line of JSON with a new line at its end, to be released by free(),
 * or NULL.
 */
char *attestation_make(const struct attested *what, struct signer *const *signers, u32 nr,
		       struct complaint *why)
{
	struct json_object *root;
	char *envelope = NULL;
	const char *text;

	if (what->examination->changed || !what->examination->report) {
		complaint_set(why, "%s", what->examination->change.text);
		return NULL;
	}
	root = json_object_new_object();
	json_text(root, "_type", "https://in-toto.io/Statement/v1");
	json_object_object_add(root, "subject", attestation_subject(what->name, what->examination->sha256));
	json_text(root, "predicateType", ATTESTATION_PREDICATE);
	json_object_object_add(root, "predicate", make_predicate(what));
	complaint_set(why, "out of memory");
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		envelope = envelope_make(text, signers, nr, false, why);
	json_object_put(root);
	return envelope;
}
