// SPDX-License-Identifier: GPL-2.0
/*
 * DSSE v1: see envelope.h.
 *
 * The reader is strict where the specification leaves room (base64url, missing padding,
 * white space in it, unknown types): what two readers could take differently is refused.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>
#include <openssl/evp.h>

#include "attest/envelope.h"
#include "report/report.h"

/**
 * envelope_encoded() - what is signed
 * @payload:	the payload
 * @payload_len: its bytes
 * @len:	takes how many there are in all
 *
 * Return: to be released by free(), or NULL if out of memory.
 */
char *envelope_encoded(const char *payload, size_t payload_len, size_t *len)
{
	char *encoded = NULL;
	int head = asprintf(&encoded, "DSSEv1 %zu %s %zu ", strlen(ENVELOPE_INTOTO),
			    ENVELOPE_INTOTO, payload_len);
	char *grown;

	if (head < 0)
		return NULL;
	grown = realloc(encoded, head + payload_len + 1);
	if (!grown) {
		free(encoded);
		return NULL;
	}
	memcpy(grown + head, payload, payload_len);
	*len = head + payload_len;
	return grown;
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

static int add_signature(struct json_object *list, struct signer *signer, const char *encoded,
			 size_t len, struct complaint *why)
{
	struct json_object *item = json_object_new_object();
	u8 signature[SIGNATURE_MAX];
	size_t signature_len;
	int error;

	error = signer_sign(signer, encoded, len, signature, &signature_len, why);
	json_hex(item, "keyid", signer_id(signer), DIGEST_LEN);
	if (!error)
		error = add_base64(item, "sig", signature, signature_len);
	json_object_array_add(list, item);
	return error;
}

/**
 * envelope_make() - put a payload into an envelope
 * @payload:	JSON of in-toto
 * @signers:	who signs it
 * @nr:		how many, 0: nobody does, and the list of signatures is empty
 * @pretty:	for people, too; otherwise it is one line
 * @why:	text of an error
 *
 * Return: JSON with a new line at its end, to be released by free(), or NULL.
 */
char *envelope_make(const char *payload, struct signer *const *signers, u32 nr, bool pretty,
		    struct complaint *why)
{
	struct json_object *root = json_object_new_object(), *list = json_object_new_array();
	size_t len = 0;
	char *encoded = envelope_encoded(payload, strlen(payload), &len), *text = NULL;
	int error = encoded ? 0 : -ENOMEM;
	u32 i;

	complaint_set(why, "out of memory");
	json_text(root, "payloadType", ENVELOPE_INTOTO);
	if (!error)
		error = add_base64(root, "payload", payload, strlen(payload));
	json_object_object_add(root, "signatures", list);
	for (i = 0; !error && i < nr; i++)
		error = add_signature(list, signers[i], encoded, len, why);
	if (!error && asprintf(&text, "%s\n", json_object_to_json_string_ext(root,
				(pretty ? JSON_C_TO_STRING_PRETTY : JSON_C_TO_STRING_PLAIN) |
				JSON_C_TO_STRING_NOSLASHESCAPE)) < 0)
		text = NULL;
	json_object_put(root);
	free(encoded);
	return text;
}

/* Members of an object and of all in it; its depth was bounded when it was read. */
static u64 members(struct json_object *of)
{
	u64 nr = 0;
	size_t i;

	if (json_object_is_type(of, json_type_object)) {
		json_object_object_foreach(of, name, value) {
			(void)name;
			nr += 1 + members(value);
		}
	} else if (json_object_is_type(of, json_type_array)) {
		for (i = 0; i < json_object_array_length(of); i++)
			nr += members(json_object_array_get_idx(of, i));
	}
	return nr;
}

/* Members that a text has: colons outside of its strings. It is valid JSON. */
static u64 colons(const char *text, size_t len)
{
	bool quoted = false;
	u64 nr = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (text[i] == ':' && !quoted)
			nr++;
	}
	return nr;
}

/**
 * envelope_json() - read JSON that is not trusted
 * @text:	the text
 * @len:	its bytes
 * @depth:	of objects and arrays in each other that it may have
 * @why:	text of an error
 *
 * One value and nothing after it but white space; no name twice in an object, of which
 * another reader could take the other one; no NUL.
 *
 * Return: to be released by json_object_put(), or NULL.
 */
struct json_object *envelope_json(const char *text, size_t len, int depth, struct complaint *why)
{
	struct json_tokener *tokener = json_tokener_new_ex(depth);
	struct json_object *root = NULL;

	complaint_set(why, "out of memory");
	if (!tokener)
		return NULL;
	while (len && strchr(" \t\r\n", text[len - 1]) && text[len - 1])
		len--;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	if (!len || len > INT32_MAX || memchr(text, '\0', len)) {
		complaint_set(why, "no JSON");
		goto out;
	}
	root = json_tokener_parse_ex(tokener, text, len);
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    json_tokener_get_parse_end(tokener) != len) {
		complaint_set(why, "no JSON: %s", json_tokener_error_desc(
			      json_tokener_get_error(tokener)));
		json_object_put(root);
		root = NULL;
	} else if (!json_object_is_type(root, json_type_object)) {
		complaint_set(why, "no object of JSON");
		json_object_put(root);
		root = NULL;
	} else if (members(root) != colons(text, len)) {
		complaint_set(why, "a name is twice in an object");
		json_object_put(root);
		root = NULL;
	}
out:
	json_tokener_free(tokener);
	return root;
}

/* Base64 as RFC 4648 has it in section 4, padded, and the shortest form only. */
static char *decode(const char *text, size_t len, size_t *decoded_len)
{
	char *bytes = malloc(len / 4 * 3 + 1), *again = malloc(len + 1);
	int got = -1;

	if (bytes && again && len && len % 4 == 0)
		got = EVP_DecodeBlock((u8 *)bytes, (const u8 *)text, len);
	if (got >= 0) {
		got -= (text[len - 1] == '=') + (text[len - 2] == '=');
		/* OpenSSL passes over white space, and looks at no bits that are over. */
		EVP_EncodeBlock((u8 *)again, (u8 *)bytes, got);
		if (memcmp(again, text, len))
			got = -1;
	}
	free(again);
	if (got < 0) {
		free(bytes);
		return NULL;
	}
	bytes[got] = '\0';
	*decoded_len = got;
	return bytes;
}

static const char *text_of(struct json_object *from, const char *name, size_t *len)
{
	struct json_object *member = json_object_object_get(from, name);

	if (!json_object_is_type(member, json_type_string))
		return NULL;
	*len = json_object_get_string_len(member);
	return json_object_get_string(member);
}

static int read_signature(struct envelope *envelope, struct json_object *from,
			  struct complaint *why)
{
	struct envelope_signature *to = &envelope->signatures[envelope->nr];
	size_t len = 0, got = 0;
	const char *text;
	char *bytes;

	if (!json_object_is_type(from, json_type_object))
		return complain(why, -EBADMSG, "a signature is no object");
	text = text_of(from, "keyid", &len);
	if (json_object_object_get(from, "keyid") && (!text || len > ENVELOPE_KEYID))
		return complain(why, -EBADMSG, "keyid is no name of a key");
	text_escape(to->keyid, sizeof(to->keyid), text ? text : "", text ? len : 0);
	text = text_of(from, "sig", &len);
	bytes = text && len <= 2 * SIGNATURE_MAX ? decode(text, len, &got) : NULL;
	if (!bytes || !got || got > sizeof(to->bytes)) {
		free(bytes);
		return complain(why, -EBADMSG, "sig is no signature in base64");
	}
	memcpy(to->bytes, bytes, got);
	to->len = got;
	envelope->nr++;
	free(bytes);
	return 0;
}

static int read_parts(struct envelope *envelope, struct json_object *root, struct complaint *why)
{
	struct json_object *list = json_object_object_get(root, "signatures");
	size_t len = 0, i;
	const char *text = text_of(root, "payloadType", &len);
	int error = 0;

	if (!text || strcmp(text, ENVELOPE_INTOTO))
		return complain(why, -EBADMSG, "payloadType is not " ENVELOPE_INTOTO);
	text = text_of(root, "payload", &len);
	envelope->payload = text ? decode(text, len, &envelope->len) : NULL;
	if (!envelope->payload)
		return complain(why, -EBADMSG, "payload is not in base64");
	if (!json_object_is_type(list, json_type_array))
		return complain(why, -EBADMSG, "signatures is no list");
	if (json_object_array_length(list) > ENVELOPE_SIGNATURES)
		return complain(why, -EBADMSG, "more than %u signatures", ENVELOPE_SIGNATURES);
	for (i = 0; !error && i < json_object_array_length(list); i++)
		error = read_signature(envelope, json_object_array_get_idx(list, i), why);
	if (!error && !envelope->nr)
		error = complain(why, -EBADMSG, "nobody has signed it");
	return error;
}

/**
 * envelope_read() - take an envelope apart
 * @envelope:	takes the parts; to be released by envelope_free(), also after an error
 * @text:	the file
 * @len:	its bytes
 * @why:	text of an error
 *
 * No signature is verified here.
 *
 * Return: 0, or -EBADMSG.
 */
int envelope_read(struct envelope *envelope, const char *text, size_t len, struct complaint *why)
{
	struct json_object *root;
	int error;

	*envelope = (struct envelope){ 0 };
	if (len > ENVELOPE_MAX)
		return complain(why, -EBADMSG, "more than %u bytes", ENVELOPE_MAX);
	root = envelope_json(text, len, ENVELOPE_DEPTH, why);
	if (!root)
		return -EBADMSG;
	error = read_parts(envelope, root, why);
	json_object_put(root);
	return error;
}

/**
 * envelope_free() - release what an envelope took
 * @envelope:	from envelope_read(), or zeroed
 */
void envelope_free(struct envelope *envelope)
{
	free(envelope->payload);
	*envelope = (struct envelope){ 0 };
}
