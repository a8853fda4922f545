// SPDX-License-Identifier: GPL-2.0
/*
 * What is attested of a dump, the part that reads it: see attestation.h.
 *
 * Whoever signed may be trusted; who wrote the file may not. All members that decisions are
 * made by are there, and of their types; other members are of later versions, and no matter.
 */
#include <stdlib.h>

#include <json-c/json.h>
#include <openssl/evp.h>

#include "attest/attestation.h"
#include "attest/statement_read.h"

static struct json_object *member(struct json_object *from, const char *name)
{
	return json_object_object_get(from, name);
}

static bool are_checks(struct json_object *list)
{
	size_t i;

	if (!json_object_is_type(list, json_type_array))
		return false;
	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (!json_object_is_type(item, json_type_object) ||
		    !statement_member(item, "name") || !statement_member(item, "state"))
			return false;
	}
	return true;
}

static bool are_findings(struct json_object *list)
{
	size_t i;
	u64 nr;

	if (!json_object_is_type(list, json_type_array))
		return false;
	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (!json_object_is_type(item, json_type_object) ||
		    !statement_member(item, "kind") || !statement_number(item, "count", &nr) ||
		    !json_object_is_type(member(item, "key"), json_type_boolean))
			return false;
	}
	return true;
}

static bool is_seal(struct json_object *seal)
{
	struct json_object *labels;
	size_t i;

	/* json-c has null as NULL. */
	if (!seal)
		return true;
	if (!json_object_is_type(seal, json_type_object))
		return false;
	labels = member(seal, "labels");
	if (!json_object_is_type(labels, json_type_array))
		return false;
	for (i = 0; i < json_object_array_length(labels); i++)
		if (!json_object_is_type(json_object_array_get_idx(labels, i), json_type_string))
			return false;
	return true;
}

static int read_predicate(struct attestation *a, struct complaint *why)
{
	struct json_object *rules = member(a->predicate, "rules");
	u8 rules_sha256[DIGEST_LEN];
	u64 status;

	if (!statement_moment(a->predicate, "time", &a->time))
		return complain(why, -EBADMSG, "it does not say when it was made");
	if (json_object_object_get_ex(a->predicate, "expires", NULL) &&
	    !statement_moment(a->predicate, "expires", &a->expires))
		return complain(why, -EBADMSG, "when it expires is no moment");
	if (!statement_number(a->predicate, "bytes", &a->bytes) ||
	    !statement_number(a->predicate, "status", &status) || status > 2 ||
	    !statement_member(a->predicate, "program") ||
	    !json_object_is_type(member(a->predicate, "authenticated"), json_type_boolean))
		return complain(why, -EBADMSG, "it does not say what the verifier said");
	a->status = status;
	if (!json_object_is_type(rules, json_type_object) ||
	    !statement_digest(a->predicate, "rules_sha256", a->rules_sha256) ||
	    !attestation_rules_digest(rules, rules_sha256) ||
	    memcmp(rules_sha256, a->rules_sha256, DIGEST_LEN))
		return complain(why, -EBADMSG, "its rules are not those of their digest");
	if (!are_checks(member(a->predicate, "checks")) ||
	    !are_findings(member(a->predicate, "findings")) ||
	    !json_object_object_get_ex(a->predicate, "seal", NULL) ||
	    !is_seal(member(a->predicate, "seal")))
		return complain(why, -EBADMSG, "it does not say what was checked and found");
	return 0;
}

/**
 * attestation_read() - read an attestation
 * @a:		takes it; to be released by attestation_free(), also after an error
 * @text:	the envelope
 * @len:	its bytes
 * @why:	text of an error
 *
 * No signature is verified: trust_check() does.
 *
 * Return: 0, or -EBADMSG.
 */
int attestation_read(struct attestation *a, const char *text, size_t len, struct complaint *why)
{
	int error;

	*a = (struct attestation){ 0 };
	error = envelope_read(&a->envelope, text, len, why);
	if (error)
		return error;
	a->root = statement_read(&a->envelope, ATTESTATION_PREDICATE, a->sha256, a->name,
				 sizeof(a->name), why);
	if (!a->root)
		return -EBADMSG;
	a->predicate = member(a->root, "predicate");
	return read_predicate(a, why);
}

/**
 * attestation_load() - read the file of an attestation
 * @a:		as for attestation_read()
 * @dir:	folder that @path is relative to, or AT_FDCWD
 * @path:	the file; a symbolic link is not followed
 * @sha256:	takes DIGEST_LEN bytes: of its payload, which names the attestation, whoever signs
 *		it and however the envelope is written; or NULL
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG if it is none, or another negative errno if there is none.
 */
int attestation_load(struct attestation *a, int dir, const char *path, u8 *sha256,
		     struct complaint *why)
{
	char *text;
	size_t len;
	int error;

	*a = (struct attestation){ 0 };
	error = statement_file(dir, path, &text, &len, why);
	if (!error)
		error = attestation_read(a, text, len, why);
	if (!error && sha256 && !EVP_Digest(a->envelope.payload, a->envelope.len, sha256, NULL,
					    EVP_sha256(), NULL))
		error = complain(why, -ENOMEM, "OpenSSL cannot compute SHA-256");
	free(text);
	return error;
}

/**
 * attestation_free() - release an attestation
 * @a:	from attestation_read(), or zeroed
 */
void attestation_free(struct attestation *a)
{
	json_object_put(a->root);
	envelope_free(&a->envelope);
	*a = (struct attestation){ 0 };
}
