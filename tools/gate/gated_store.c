// SPDX-License-Identifier: GPL-2.0
/*
 * Uploads that are under way: see gated_store.h.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "attest/moment.h"
#include "attest/publish.h"
#include "attest/statement_read.h"
#include "gate/gated_store.h"

#define FILE_NAME	(UPLOAD_ID + 16)

static const char *const suffixes[] = { "info", "data", "mark", "attestation", "result" };

static const char *file_name(char *to, const struct upload *upload, const char *suffix)
{
	snprintf(to, FILE_NAME, "%s.%s", upload->id, suffix);
	return to;
}

static bool is_id(const char *text)
{
	return strlen(text) == UPLOAD_ID && strspn(text, "0123456789abcdef") == UPLOAD_ID;
}

/**
 * store_put_file() - write a file of an upload, whole or not at all
 * @store:	the store
 * @upload:	the upload
 * @suffix:	which file; it replaces what is there
 * @bytes:	what is in it
 * @len:	how many
 *
 * Return: 0 or a negative errno.
 */
int store_put_file(struct gated_store *store, const struct upload *upload, const char *suffix,
		   const void *bytes, size_t len)
{
	char name[FILE_NAME], temporary[FILE_NAME + 4];
	struct complaint why;
	int fd, error;

	snprintf(temporary, sizeof(temporary), ".%s", file_name(name, upload, suffix));
	fd = openat(store->dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		    0600);
	if (fd < 0)
		return -errno;
	error = publish_write(fd, bytes, len, &why);
	if (!error && fsync(fd))
		error = -errno;
	close(fd);
	if (!error && renameat(store->dir, temporary, store->dir, name))
		error = -errno;
	if (!error && fsync(store->dir))
		error = -errno;
	if (error)
		unlinkat(store->dir, temporary, 0);
	return error;
}

static char *read_file(struct gated_store *store, const struct upload *upload, const char *suffix,
		       size_t *len)
{
	char name[FILE_NAME], *text;
	struct complaint why;

	if (!statement_file(store->dir, file_name(name, upload, suffix), &text, len, &why) &&
	    *len < ENVELOPE_MAX) {
		text[*len] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

/**
 * store_read_result() - what was decided
 * @store:	the store
 * @upload:	decided
 *
 * Return: JSON, to be released by free(), or NULL.
 */
char *store_read_result(struct gated_store *store, const struct upload *upload)
{
	size_t len;

	return read_file(store, upload, "result", &len);
}

/**
 * store_advance() - the state that follows from what is there
 * @upload:	not decided
 */
void store_advance(struct upload *upload)
{
	if (upload->offset < upload->length)
		upload->state = UPLOAD_RECEIVING;
	else
		upload->state = upload->attested ? UPLOAD_QUEUED : UPLOAD_WAITING;
}

/**
 * store_mark() - bytes come that are not checked yet, or have been
 * @store:	the store
 * @upload:	the upload
 * @set:	they come; after a restart all from its offset on are forgotten
 *
 * Return: 0 or a negative errno.
 */
int store_mark(struct gated_store *store, struct upload *upload, bool set)
{
	char text[32], name[FILE_NAME];

	if (!set)
		return unlinkat(store->dir, file_name(name, upload, "mark"), 0) ? -errno : 0;
	snprintf(text, sizeof(text), "%llu\n", (unsigned long long)upload->offset);
	return store_put_file(store, upload, "mark", text, strlen(text));
}

static bool load_info(struct gated_store *store, struct upload *upload)
{
	struct json_object *root;
	struct complaint why;
	const char *subject, *name;
	size_t len = 0;
	char *text = read_file(store, upload, "info", &len);
	bool good = false;

	root = text ? envelope_json(text, len, 3, &why) : NULL;
	subject = statement_member(root, "subject");
	name = statement_member(root, "name");
	if (subject && name && strlen(subject) < UPLOAD_SUBJECT && strlen(name) < UPLOAD_NAME &&
	    statement_number(root, "length", &upload->length)) {
		strcpy(upload->subject, subject);
		strcpy(upload->name, name);
		good = true;
	}
	json_object_put(root);
	free(text);
	return good;
}

/* Forgets bytes that were not checked before a restart. */
static void load_data(struct gated_store *store, struct upload *upload)
{
	char name[FILE_NAME], *text;
	struct stat stat;
	u64 mark;
	size_t len;

	upload->fd = openat(store->dir, file_name(name, upload, "data"),
			    O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (upload->fd < 0)
		return;
	text = read_file(store, upload, "mark", &len);
	if (text) {
		mark = strtoull(text, NULL, 10);
		if (!fstat(upload->fd, &stat) && (u64)stat.st_size > mark &&
		    !ftruncate(upload->fd, mark))
			store_mark(store, upload, false);
		free(text);
	}
	if (!fstat(upload->fd, &stat)) {
		upload->offset = min((u64)stat.st_size, upload->length);
		upload->touched = stat.st_mtim.tv_sec;
	}
}

static void load(struct gated_store *store, struct upload *upload, const char *id)
{
	char name[FILE_NAME];
	struct stat stat;

	*upload = (struct upload){ .fd = -1 };
	memcpy(upload->id, id, UPLOAD_ID);
	if (!load_info(store, upload)) {
		store_remove(store, upload);
		return;
	}
	upload->attested = !fstatat(store->dir, file_name(name, upload, "attestation"), &stat,
				    AT_SYMLINK_NOFOLLOW);
	if (!fstatat(store->dir, file_name(name, upload, "result"), &stat, AT_SYMLINK_NOFOLLOW)) {
		char *text = store_read_result(store, upload);

		upload->state = text && strstr(text, "\"passed\":true") ? UPLOAD_PASSED :
									  UPLOAD_REFUSED;
		upload->touched = stat.st_mtim.tv_sec;
		free(text);
		return;
	}
	load_data(store, upload);
	if (upload->fd < 0)
		store_remove(store, upload);
	else
		store_advance(upload);
}

static struct upload *free_entry(struct gated_store *store)
{
	u32 i;

	for (i = 0; i < store->nr; i++)
		if (!*store->uploads[i].id)
			return &store->uploads[i];
	return NULL;
}

/**
 * store_open() - open the folder, and read what is in it
 * @store:	takes it
 * @limits:	of the policy
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int store_open(struct gated_store *store, const struct uploads *limits, struct complaint *why)
{
	struct upload *upload;
	struct dirent *entry;
	char *dot;
	DIR *dir;

	*store = (struct gated_store){ .dir = -1, .limits = limits, .nr = limits->uploads };
	store->uploads = calloc(store->nr, sizeof(*store->uploads));
	if (!store->uploads)
		return complain(why, -ENOMEM, "out of memory");
	store->dir = open(limits->incoming, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	dir = store->dir < 0 ? NULL : opendir(limits->incoming);
	if (!dir)
		return complain(why, -errno, "%s: %s", limits->incoming, strerror(errno));
	while ((entry = readdir(dir))) {
		if (*entry->d_name == '.' && strlen(entry->d_name) > 2)
			unlinkat(store->dir, entry->d_name, 0);
		dot = strrchr(entry->d_name, '.');
		if (!dot || strcmp(dot, ".info"))
			continue;
		*dot = '\0';
		upload = is_id(entry->d_name) ? free_entry(store) : NULL;
		if (upload)
			load(store, upload, entry->d_name);
	}
	closedir(dir);
	return 0;
}

/**
 * store_close() - release it; what is in the folder stays
 * @store:	from store_open(), also after an error
 */
void store_close(struct gated_store *store)
{
	u32 i;

	for (i = 0; store->uploads && i < store->nr; i++)
		if (*store->uploads[i].id && store->uploads[i].fd >= 0)
			close(store->uploads[i].fd);
	free(store->uploads);
	if (store->dir >= 0)
		close(store->dir);
}

/**
 * store_find() - an upload of a client
 * @store:	the store
 * @id:		its name
 * @subject:	the client; another's uploads are not there. NULL: any
 *
 * Return: the upload, or NULL.
 */
struct upload *store_find(struct gated_store *store, const char *id, const char *subject)
{
	u32 i;

	for (i = 0; is_id(id) && i < store->nr; i++)
		if (!strcmp(store->uploads[i].id, id))
			return !subject || !strcmp(store->uploads[i].subject, subject) ?
			       &store->uploads[i] : NULL;
	return NULL;
}

static enum upload_refusal check_quota(struct gated_store *store, const char *subject, u64 length)
{
	u64 left = store->limits->bytes_per_client;
	u32 nr = 0, i;

	for (i = 0; i < store->nr; i++) {
		const struct upload *other = &store->uploads[i];

		if (!*other->id || other->state >= UPLOAD_PASSED || strcmp(other->subject, subject))
			continue;
		nr++;
		left -= min(left, other->length);
	}
	if (nr >= store->limits->per_client)
		return UPLOAD_TOO_MANY;
	return length > left ? UPLOAD_QUOTA : UPLOAD_OK;
}

static bool write_info(struct gated_store *store, const struct upload *upload)
{
	struct json_object *root = json_object_new_object();
	const char *text;
	bool good;

	json_object_object_add(root, "subject", json_object_new_string(upload->subject));
	json_object_object_add(root, "name", json_object_new_string(upload->name));
	json_object_object_add(root, "length", json_object_new_uint64(upload->length));
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN);
	good = text && !store_put_file(store, upload, "info", text, strlen(text));
	json_object_put(root);
	return good;
}

/**
 * store_new() - begin an upload
 * @store:	the store
 * @subject:	the client, shorter than UPLOAD_SUBJECT
 * @name:	of the dump, shorter than UPLOAD_NAME
 * @length:	bytes that there will be
 * @upload:	takes it
 *
 * Return: UPLOAD_OK, or why not.
 */
enum upload_refusal store_new(struct gated_store *store, const char *subject, const char *name,
			      u64 length, struct upload **upload)
{
	enum upload_refusal refusal = check_quota(store, subject, length);
	struct upload *entry = free_entry(store);
	u8 random[UPLOAD_ID / 2];
	char file[FILE_NAME];

	if (refusal != UPLOAD_OK)
		return refusal;
	if (!entry)
		return UPLOAD_TOO_MANY;
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return UPLOAD_FAILED;
	*entry = (struct upload){ .length = length, .touched = moment_now() };
	text_hex(entry->id, random, sizeof(random));
	strcpy(entry->subject, subject);
	strcpy(entry->name, name);
	entry->fd = openat(store->dir, file_name(file, entry, "data"),
			   O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (entry->fd < 0 || !write_info(store, entry)) {
		store_remove(store, entry);
		return UPLOAD_FAILED;
	}
	store_advance(entry);
	*upload = entry;
	return UPLOAD_OK;
}

/**
 * store_remove() - forget an upload, and remove its files
 * @store:	the store
 * @upload:	the upload
 */
void store_remove(struct gated_store *store, struct upload *upload)
{
	char name[FILE_NAME];
	size_t i;

	if (upload->fd >= 0)
		close(upload->fd);
	/* The first is what a restart goes by. */
	for (i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
		unlinkat(store->dir, file_name(name, upload, suffixes[i]), 0);
	*upload = (struct upload){ .fd = -1 };
}

/**
 * store_sweep() - remove uploads at which nothing has happened for too long
 * @store:	the store
 * @now:	seconds since 1970
 */
void store_sweep(struct gated_store *store, u64 now)
{
	u32 i;

	for (i = 0; i < store->nr; i++) {
		struct upload *upload = &store->uploads[i];

		if (*upload->id && !upload->busy && upload->state != UPLOAD_DECIDING &&
		    upload->state != UPLOAD_QUEUED && now > upload->touched &&
		    now - upload->touched > store->limits->keep)
			store_remove(store, upload);
	}
}

/**
 * store_result() - an upload was decided
 * @store:	the store
 * @upload:	the upload; its bytes are removed
 * @passed:	it is in its destination
 * @text:	JSON that tells the client
 *
 * Return: 0 or a negative errno.
 */
int store_result(struct gated_store *store, struct upload *upload, bool passed, const char *text)
{
	int error = store_put_file(store, upload, "result", text, strlen(text));
	char name[FILE_NAME];

	upload->state = passed ? UPLOAD_PASSED : UPLOAD_REFUSED;
	upload->touched = moment_now();
	if (upload->fd >= 0)
		close(upload->fd);
	upload->fd = -1;
	unlinkat(store->dir, file_name(name, upload, "data"), 0);
	unlinkat(store->dir, file_name(name, upload, "attestation"), 0);
	return error;
}
