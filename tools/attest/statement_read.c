// SPDX-License-Identifier: GPL-2.0
/*
 * An in-toto statement about one file: see statement_read.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "attest/moment.h"
#include "attest/statement_read.h"

#define STATEMENT_TYPE	"https://in-toto.io/Statement/v1"
#define STATEMENT_DEPTH	8

/**
 * statement_member() - a text of an object
 * @from:	the object, or NULL
 * @name:	of the member
 *
 * Return: the text, as long as the object lives; NULL if there is none, or one with a NUL in it.
 */
const char *statement_member(struct json_object *from, const char *name)
{
	struct json_object *value = json_object_object_get(from, name);
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

/**
 * statement_number() - a number of an object
 * @from:	the object
 * @name:	of the member
 * @value:	takes it
 *
 * Return: false if there is none, or one below zero.
 */
bool statement_number(struct json_object *from, const char *name, u64 *value)
{
	struct json_object *number = json_object_object_get(from, name);

	if (!json_object_is_type(number, json_type_int) ||
	    (json_object_get_int64(number) < 0 && !json_object_get_uint64(number)))
		return false;
	*value = json_object_get_uint64(number);
	return true;
}

/**
 * statement_digest() - a digest of an object
 * @from:	the object
 * @name:	of the member
 * @sha256:	takes DIGEST_LEN bytes
 *
 * Return: false if there is none.
 */
bool statement_digest(struct json_object *from, const char *name, u8 *sha256)
{
	const char *text = statement_member(from, name);
	size_t len = 0;

	return text && strlen(text) == 2 * DIGEST_LEN && !strpbrk(text, "ABCDEF:") &&
	       OPENSSL_hexstr2buf_ex(sha256, DIGEST_LEN, &len, text, '\0') && len == DIGEST_LEN;
}

/**
 * statement_moment() - a moment of an object
 * @from:	the object
 * @name:	of the member
 * @seconds:	takes it
 *
 * Return: false if there is none.
 */
bool statement_moment(struct json_object *from, const char *name, u64 *seconds)
{
	const char *text = statement_member(from, name);

	return text && moment_parse(text, seconds);
}

static int read_subject(struct json_object *root, u8 *sha256, char *name, size_t room,
			struct complaint *why)
{
	struct json_object *list = json_object_object_get(root, "subject"), *subject, *digest;
	const char *text;

	if (!json_object_is_type(list, json_type_array) || json_object_array_length(list) != 1)
		return complain(why, -EBADMSG, "the statement is not about one file");
	subject = json_object_array_get_idx(list, 0);
	if (!json_object_is_type(subject, json_type_object))
		return complain(why, -EBADMSG, "the subject is no object");
	digest = json_object_object_get(subject, "digest");
	text = statement_member(subject, "name");
	if (!text || !json_object_is_type(digest, json_type_object) ||
	    !statement_digest(digest, "sha256", sha256))
		return complain(why, -EBADMSG, "the subject has no name or no SHA-256");
	text_escape(name, room, text, strlen(text));
	return 0;
}

/**
 * statement_read() - read a statement
 * @envelope:	has it
 * @type:	of its predicate
 * @sha256:	takes DIGEST_LEN bytes: of the file that it is about
 * @name:	takes the name of the file, escaped
 * @room:	in @name
 * @why:	text of an error
 *
 * Return: the statement, of which "predicate" is an object; to be released by
 * json_object_put(). NULL if it is none.
 */
struct json_object *statement_read(const struct envelope *envelope, const char *type,
				   u8 *sha256, char *name, size_t room, struct complaint *why)
{
	struct json_object *root = envelope_json(envelope->payload, envelope->len,
						 STATEMENT_DEPTH, why);
	const char *text;

	if (!root)
		return NULL;
	text = statement_member(root, "_type");
	if (!text || strcmp(text, STATEMENT_TYPE)) {
		complaint_set(why, "no statement of in-toto (version 1)");
		goto fail;
	}
	text = statement_member(root, "predicateType");
	if (!text || strcmp(text, type)) {
		complaint_set(why, "its predicate is not %s", type);
		goto fail;
	}
	if (!json_object_is_type(json_object_object_get(root, "predicate"), json_type_object)) {
		complaint_set(why, "it has no predicate");
		goto fail;
	}
	if (!read_subject(root, sha256, name, room, why))
		return root;
fail:
	json_object_put(root);
	return NULL;
}

static int read_all(int fd, char **text, size_t *len, struct complaint *why)
{
	struct stat stat;
	ssize_t got = 1;

	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode))
		return complain(why, -EINVAL, "not a regular file");
	*text = malloc(ENVELOPE_MAX + 1);
	if (!*text)
		return complain(why, -ENOMEM, "out of memory");
	while (*len <= ENVELOPE_MAX && got) {
		got = read(fd, *text + *len, ENVELOPE_MAX + 1 - *len);
		if (got < 0 && errno != EINTR)
			return complain(why, -EIO, "%s", strerror(errno));
		*len += max(got, (ssize_t)0);
	}
	return *len > ENVELOPE_MAX ? complain(why, -EBADMSG, "too long") : 0;
}

/**
 * statement_file() - read the file of an envelope
 * @dir:	folder that @path is relative to, or AT_FDCWD
 * @path:	the file; a symbolic link is not followed
 * @text:	takes its bytes, to be released by free(), also after an error
 * @len:	takes how many
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG if it is too long, or another negative errno.
 */
int statement_file(int dir, const char *path, char **text, size_t *len, struct complaint *why)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	int error;

	*text = NULL;
	*len = 0;
	if (fd < 0)
		return complain(why, -errno, "%s", errno == ELOOP ? "is a symbolic link" :
				strerror(errno));
	error = read_all(fd, text, len, why);
	close(fd);
	return error;
}
