// SPDX-License-Identifier: GPL-2.0
/*
 * What is stated of a cleaned copy: see statement.h.
 *
 * The form is that of in-toto (Statement v1) in an envelope of DSSE v1, so that tools for
 * attestations read it, and an attestation of a dump can have the same.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>
#include <openssl/evp.h>

#include "report/report.h"
#include "statement.h"

static struct json_object *digest(const u8 *sha256)
{
	struct json_object *object = json_object_new_object();

	json_hex(object, "sha256", sha256, DIGEST_LEN);
	return object;
}

static struct json_object *checks(const struct redact_header *header)
{
	struct json_object *list = json_object_new_array(), *item;
	u32 i;

	for (i = 0; i < CHECKS; i++) {
		item = json_object_new_object();
		json_text(item, "name", check_word(i));
		json_text(item, "state", state_word(header->checks[i]));
		json_object_array_add(list, item);
	}
	return list;
}

static struct json_object *zeroed(const struct statement *statement)
{
	struct json_object *list = json_object_new_array(), *item;
	char kind[TEXT_ESCAPED(sizeof(statement->records->kind))];
	u64 i;

	for (i = 0; i < statement->header->records; i++) {
		const struct redact_record *record = &statement->records[i];

		item = json_object_new_object();
		json_number(item, "offset", record->offset);
		json_number(item, "bytes", record->len);
		if (record->mapped)
			json_address(item, "address", record->vaddr);
		json_text(item, "because", redact_word(record->why));
		if (*record->kind) {
			text_escape(kind, sizeof(kind), record->kind,
				    strnlen(record->kind, sizeof(record->kind)));
			json_text(item, "kind", kind);
			json_hex(item, "digest", record->digest, sizeof(record->digest));
		}
		json_object_array_add(list, item);
	}
	return list;
}

/**
 * statement_text() - the statement itself
 * @statement:	what is stated
 *
 * Return: JSON, to be released by free(), or NULL if out of memory.
 */
char *statement_text(const struct statement *statement)
{
	struct json_object *root = json_object_new_object(), *list = json_object_new_array();
	struct json_object *predicate = json_object_new_object(), *object;
	const char *text;
	char when[32];
	char *copy;

	json_text(root, "_type", "https://in-toto.io/Statement/v1");
	object = json_object_new_object();
	json_text(object, "name", statement->out);
	json_object_object_add(object, "digest", digest(statement->out_sha256));
	json_object_array_add(list, object);
	json_object_object_add(root, "subject", list);
	json_text(root, "predicateType", STATEMENT_PREDICATE);
	json_text(predicate, "program", "kredact-verify " KREDACT_VERSION);
	text_time(when, sizeof(when), statement->realtime_ns);
	json_text(predicate, "time", when);
	object = json_object_new_object();
	json_text(object, "name", statement->source);
	json_object_object_add(object, "digest", digest(statement->source_sha256));
	json_object_object_add(predicate, "source", object);
	json_number(predicate, "bytes", statement->header->size);
	json_number(predicate, "source_status", statement->header->verdict);
	json_object_object_add(predicate, "source_checks", checks(statement->header));
	json_number(predicate, "zeroed_bytes", statement->header->zeroed);
	json_object_object_add(predicate, "zeroed", zeroed(statement));
	json_object_object_add(root, "predicate", predicate);
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_NOSLASHESCAPE);
	copy = text ? strdup(text) : NULL;
	json_object_put(root);
	return copy;
}

/* Pre-authentication encoding of DSSE: what is signed is its type and the payload. */
static int sign(const char *payload, struct signer *signer, u8 *signature, size_t *len,
		struct complaint *why)
{
	char *encoded = NULL;
	int encoded_len, error;

	encoded_len = asprintf(&encoded, "DSSEv1 %zu %s %zu %s", strlen(STATEMENT_PAYLOAD),
			       STATEMENT_PAYLOAD, strlen(payload), payload);
	if (encoded_len < 0)
		return complain(why, -ENOMEM, "out of memory");
	error = signer_sign(signer, encoded, encoded_len, signature, len, why);
	free(encoded);
	return error;
}

static int add_base64(struct json_object *to, const char *name, const void *bytes, size_t len)
{
	char *text = malloc(4 * (len / 3 + 1) + 1);

	if (!text)
		return -ENOMEM;
	EVP_EncodeBlock((u8 *)text, bytes, len);
	json_text(to, name, text);
	free(text);
	return 0;
}

/**
 * statement_envelope() - the statement in its envelope
 * @payload:	from statement_text()
 * @signer:	signs it; NULL: nobody does, and the list of signatures is empty
 * @why:	text of an error
 *
 * Return: JSON, to be released by free(), or NULL.
 */
char *statement_envelope(const char *payload, struct signer *signer, struct complaint *why)
{
	struct json_object *root = json_object_new_object(), *list = json_object_new_array();
	char *text = NULL, id[2 * DIGEST_LEN + 1];
	u8 signature[SIGNATURE_MAX];
	struct json_object *item;
	int error = 0;
	size_t len;

	complaint_set(why, "out of memory");
	json_text(root, "payloadType", STATEMENT_PAYLOAD);
	if (add_base64(root, "payload", payload, strlen(payload)))
		error = -ENOMEM;
	json_object_object_add(root, "signatures", list);
	if (!error && signer)
		error = sign(payload, signer, signature, &len, why);
	if (!error && signer) {
		item = json_object_new_object();
		text_hex(id, signer_id(signer), DIGEST_LEN);
		json_text(item, "keyid", id);
		error = add_base64(item, "sig", signature, len);
		json_object_array_add(list, item);
	}
	if (!error && asprintf(&text, "%s\n", json_object_to_json_string_ext(root,
							JSON_C_TO_STRING_PRETTY |
							JSON_C_TO_STRING_NOSLASHESCAPE)) < 0)
		text = NULL;
	json_object_put(root);
	return text;
}
