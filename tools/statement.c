// SPDX-License-Identifier: GPL-2.0
/*
 * What is stated of a cleaned copy: see statement.h.
 *
 * The form is that of in-toto (Statement v1), in an envelope of DSSE v1 (attest/envelope.h), so
 * that tools for attestations read it.
 */
#include <stdlib.h>

#include <json-c/json.h>

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
