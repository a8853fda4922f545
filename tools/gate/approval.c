// SPDX-License-Identifier: GPL-2.0
/*
 * Approvals: see approval.h.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <json-c/json.h>

#include "attest/attestation.h"
#include "attest/moment.h"
#include "attest/statement_read.h"
#include "gate/approval.h"
#include "report/report.h"

#define FILES_MAX	256u	/* that are looked at */

/**
 * approval_make() - approve
 * @what:	what
 * @signer:	the person
 * @why:	text of an error
 *
 * Return: the envelope, a line, to be released by free(), or NULL.
 */
char *approval_make(const struct approving *what, struct signer *signer, struct complaint *why)
{
	struct json_object *root = json_object_new_object(), *list = json_object_new_array();
	struct json_object *predicate = json_object_new_object();
	u64 now = moment_now();
	char time[32], *envelope, *reason = text_escaped(what->reason);
	u32 i;

	json_text(root, "_type", "https://in-toto.io/Statement/v1");
	json_object_object_add(root, "subject", attestation_subject(what->dump, what->sha256));
	json_text(root, "predicateType", APPROVAL_PREDICATE);
	moment_text(time, now);
	json_text(predicate, "time", time);
	moment_text(time, now + what->valid_for);
	json_text(predicate, "expires", time);
	json_text(predicate, "reason", reason ? reason : "");
	for (i = 0; i < GATE_RULES; i++)
		if (what->rules[i])
			json_object_array_add(list, json_object_new_string(rule_word(i)));
	json_object_object_add(predicate, "rules", list);
	json_object_object_add(predicate, "machine", attestation_machine(what->machine));
	json_object_object_add(predicate, "person", attestation_person(what->machine));
	json_object_object_add(root, "predicate", predicate);
	envelope = envelope_make(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN |
								JSON_C_TO_STRING_NOSLASHESCAPE),
				 &signer, 1, false, why);
	json_object_put(root);
	free(reason);
	return envelope;
}

static bool read_rules(struct json_object *list, bool *rules)
{
	enum gate_rule rule;
	size_t i;

	if (!json_object_is_type(list, json_type_array))
		return false;
	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *word = json_object_array_get_idx(list, i);

		if (!json_object_is_type(word, json_type_string) ||
		    !rule_of_word(json_object_get_string(word), &rule))
			return false;
		rules[rule] = true;
	}
	return true;
}

/* Is it about this dump, valid now, and by someone who may? */
static bool read_approval(const struct envelope *envelope, const u8 *sha256,
			  const struct trust *trust, struct approval *approval)
{
	u8 about[DIGEST_LEN];
	char name[TEXT_ESCAPED(255)];
	struct trust_result trusted;
	struct complaint why;
	struct json_object *root, *predicate;
	u64 time, expires, now = moment_now();
	const char *reason;
	bool good = false;

	root = statement_read(envelope, APPROVAL_PREDICATE, about, name, sizeof(name), &why);
	if (!root)
		return false;
	predicate = json_object_object_get(root, "predicate");
	*approval = (struct approval){ 0 };
	reason = statement_member(predicate, "reason");
	if (!reason || !statement_moment(predicate, "time", &time) ||
	    !statement_moment(predicate, "expires", &expires) || expires <= now ||
	    time > now + MOMENT_SKEW || memcmp(about, sha256, DIGEST_LEN) ||
	    !read_rules(json_object_object_get(predicate, "rules"), approval->rules))
		goto out;
	trust_check(trust, envelope, TRUST_APPROVE, time, 1, &trusted);
	if (trusted.verdict != TRUST_GOOD)
		goto out;
	approval->key = trusted.signers[0];
	memcpy(approval->person, trusted.signers[0]->name, sizeof(approval->person));
	text_escape(approval->reason, sizeof(approval->reason), reason,
		    strnlen(reason, APPROVAL_REASON));
	good = true;
out:
	json_object_put(root);
	return good;
}

static bool load_approval(int dir, const char *name, const u8 *sha256, const struct trust *trust,
			  struct approval *approval)
{
	struct envelope envelope = { 0 };
	struct complaint why;
	char *text;
	size_t len;
	bool good;

	good = !statement_file(dir, name, &text, &len, &why) &&
	       !envelope_read(&envelope, text, len, &why) &&
	       read_approval(&envelope, sha256, trust, approval);
	envelope_free(&envelope);
	free(text);
	return good;
}

/**
 * approvals_read() - who has set something aside for a dump?
 * @state:	folder of the gate's state
 * @sha256:	of the dump
 * @trust:	who may
 * @approvals:	takes APPROVALS_MAX of them; what does not count is passed over
 *
 * Return: how many.
 */
u32 approvals_read(const char *state, const u8 *sha256, const struct trust *trust,
		   struct approval *approvals)
{
	char *path = NULL, hex[2 * DIGEST_LEN + 1];
	u32 nr = 0, looked = 0;
	struct dirent *entry;
	DIR *dir = NULL;

	text_hex(hex, sha256, DIGEST_LEN);
	if (asprintf(&path, "%s/approvals", state) >= 0)
		dir = opendir(path);
	while (dir && nr < APPROVALS_MAX && looked < FILES_MAX && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, hex, strlen(hex)))
			continue;
		looked++;
		nr += load_approval(dirfd(dir), entry->d_name, sha256, trust, &approvals[nr]);
	}
	if (dir)
		closedir(dir);
	free(path);
	return nr;
}
