// SPDX-License-Identifier: GPL-2.0
/*
 * Checkpoints of the audit log: see checkpoint.h.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>
#include <openssl/evp.h>

#include "checkpoint.h"
#include "log_keys.h"

/* What is signed. All that makes a checkpoint what it is, and of which log. */
static int make_text(const struct checkpoint *checkpoint, char **text)
{
	char root[2 * LINE_HASH_LEN + 1], head[2 * LINE_HASH_LEN + 1];

	text_hex(root, checkpoint->root, LINE_HASH_LEN);
	text_hex(head, checkpoint->head, LINE_HASH_LEN);
	return asprintf(text, "kredact-log-checkpoint v1\n%s\n%" PRIu64 "\n%" PRIu64 "\n%" PRIu64
			"\n%s\n%" PRIu64 "\n%s\n%" PRIu64 "\n", checkpoint->log,
			checkpoint->segment, checkpoint->first_seq, checkpoint->tree_size, root,
			checkpoint->head_seq, head, checkpoint->realtime_ns);
}

static void add_number(struct json_object *to, const char *name, u64 value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

static void add_hash(struct json_object *to, const char *name, const u8 *hash)
{
	char text[2 * LINE_HASH_LEN + 1];

	text_hex(text, hash, LINE_HASH_LEN);
	json_object_object_add(to, name, json_object_new_string(text));
}

/**
 * checkpoint_write() - sign a checkpoint
 * @checkpoint:	all but the signature, which it takes
 * @signer:	signs it; NULL: nobody
 * @why:	text of an error
 *
 * Return: data of a line, or NULL.
 */
struct json_object *checkpoint_write(struct checkpoint *checkpoint, struct signer *signer,
				     struct complaint *why)
{
	struct json_object *data;
	char base64[4 * (SIGNATURE_MAX / 3 + 1) + 1], *text;
	int len = make_text(checkpoint, &text), error = 0;

	if (len < 0) {
		complaint_set(why, "out of memory");
		return NULL;
	}
	if (signer)
		error = signer_sign(signer, text, (size_t)len, checkpoint->signature,
				    &checkpoint->signature_len, why);
	free(text);
	data = error ? NULL : json_object_new_object();
	if (!data)
		return NULL;
	json_object_object_add(data, "log", json_object_new_string(checkpoint->log));
	add_number(data, "segment", checkpoint->segment);
	add_number(data, "first_seq", checkpoint->first_seq);
	add_number(data, "tree_size", checkpoint->tree_size);
	add_hash(data, "root", checkpoint->root);
	add_number(data, "head_seq", checkpoint->head_seq);
	add_hash(data, "head", checkpoint->head);
	add_number(data, "at_ns", checkpoint->realtime_ns);
	if (!signer) {
		json_object_object_add(data, "key", NULL);
		return data;
	}
	add_hash(data, "key", signer_id(signer));
	EVP_EncodeBlock((u8 *)base64, checkpoint->signature, (int)checkpoint->signature_len);
	json_object_object_add(data, "sig", json_object_new_string(base64));
	return data;
}

static bool get_number(struct json_object *from, const char *name, u64 *value)
{
	struct json_object *object;

	if (!json_object_object_get_ex(from, name, &object) ||
	    !json_object_is_type(object, json_type_int) || json_object_get_int64(object) < 0)
		return false;
	*value = json_object_get_uint64(object);
	return true;
}

static bool get_hash(struct json_object *from, const char *name, u8 *hash)
{
	struct json_object *object;

	return json_object_object_get_ex(from, name, &object) &&
	       json_object_is_type(object, json_type_string) &&
	       json_object_get_string_len(object) == 2 * LINE_HASH_LEN &&
	       line_unhex(json_object_get_string(object), hash);
}

static bool get_signature(struct json_object *from, struct checkpoint *checkpoint)
{
	struct json_object *object;
	u8 bytes[3 * (SIGNATURE_MAX / 3 + 2)];
	const char *text;
	size_t len;
	int n;

	if (!json_object_object_get_ex(from, "sig", &object) ||
	    !json_object_is_type(object, json_type_string))
		return false;
	text = json_object_get_string(object);
	len = strlen(text);
	if (!len || len % 4 || len / 4 * 3 > sizeof(bytes))
		return false;
	n = EVP_DecodeBlock(bytes, (const u8 *)text, (int)len);
	n -= (text[len - 1] == '=') + (text[len - 2] == '=');
	if (n <= 0 || n > (int)SIGNATURE_MAX)
		return false;
	memcpy(checkpoint->signature, bytes, (size_t)n);
	checkpoint->signature_len = (size_t)n;
	return true;
}

/**
 * checkpoint_read() - read a checkpoint
 * @checkpoint:	takes it
 * @data:	of a line
 * @len:	of @data
 *
 * Return: false if it is none.
 */
bool checkpoint_read(struct checkpoint *checkpoint, const char *data, size_t len)
{
	struct json_object *root = line_json(data, len), *log, *key;
	bool good;

	memset(checkpoint, 0, sizeof(*checkpoint));
	good = root && json_object_object_get_ex(root, "log", &log) &&
	       json_object_get_string_len(log) == CHECKPOINT_LOG_LEN &&
	       get_number(root, "segment", &checkpoint->segment) &&
	       get_number(root, "first_seq", &checkpoint->first_seq) &&
	       get_number(root, "tree_size", &checkpoint->tree_size) &&
	       get_hash(root, "root", checkpoint->root) &&
	       get_number(root, "head_seq", &checkpoint->head_seq) &&
	       get_hash(root, "head", checkpoint->head) &&
	       get_number(root, "at_ns", &checkpoint->realtime_ns) &&
	       json_object_object_get_ex(root, "key", &key);
	if (good) {
		memcpy(checkpoint->log, json_object_get_string(log), CHECKPOINT_LOG_LEN);
		checkpoint->has_key = key != NULL;
	}
	if (good && checkpoint->has_key)
		good = get_hash(root, "key", checkpoint->key) && get_signature(root, checkpoint);
	json_object_put(root);
	return good;
}

/**
 * checkpoint_check() - whose is a checkpoint
 * @checkpoint:	from checkpoint_read()
 * @keys:	keys that are trusted
 *
 * Return: what its signature is worth.
 */
enum checkpoint_worth checkpoint_check(const struct checkpoint *checkpoint,
				       const struct log_keys *keys)
{
	char *text;
	bool good;
	int len;

	if (!checkpoint->has_key)
		return CHECKPOINT_UNSIGNED;
	if (!log_keys_has(keys, checkpoint->key))
		return CHECKPOINT_FOREIGN;
	len = make_text(checkpoint, &text);
	if (len < 0)
		return CHECKPOINT_FALSE;
	good = log_keys_verify(keys, checkpoint->key, text, (size_t)len, checkpoint->signature,
			    checkpoint->signature_len);
	free(text);
	return good ? CHECKPOINT_TRUSTED : CHECKPOINT_FALSE;
}
