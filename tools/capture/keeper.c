// SPDX-License-Identifier: GPL-2.0
/*
 * Keeping a dump: see keeper.h.
 *
 * A line is in the log before what it tells of can be seen, and what cannot be logged is not
 * done: the dump stays pending in the quarantine.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "attest/attestation.h"
#include "attest/token.h"
#include "journal.h"
#include "keeper.h"
#include "report/report.h"

/**
 * keeper_open() - get ready to keep dumps
 * @keeper:	takes the state; keeper_close() releases it, also after an error
 * @program:	name for complaints
 * @settings:	outlives @keeper
 * @why:	text of an error
 *
 * That the log cannot be reached is no error here.
 *
 * Return: 0, or that of store_open().
 */
int keeper_open(struct keeper *keeper, const char *program, const struct settings *settings,
		struct complaint *why)
{
	struct complaint also;

	*keeper = (struct keeper){ .program = program, .settings = settings };
	signal(SIGPIPE, SIG_IGN);
	if (log_open(&keeper->log, settings->log, &also))
		journal_trouble(program, "the log", also.text);
	return store_open(&keeper->store, settings, why);
}

/**
 * keeper_close() - release a keeper
 * @keeper:	from keeper_open()
 */
void keeper_close(struct keeper *keeper)
{
	store_close(&keeper->store);
	if (keeper->log)
		log_close(keeper->log);
}

static void add_labels(struct json_object *members, struct json_object *report)
{
	struct json_object *seal = json_object_object_get(report, "seal"), *labels, *label, *list;
	size_t i;

	labels = json_object_object_get(seal, "labels");
	list = json_object_new_array();
	for (i = 0; labels && i < json_object_array_length(labels) && i < ATTESTATION_LABELS; i++) {
		label = json_object_object_get(json_object_array_get_idx(labels, i), "label");
		if (label)
			json_object_array_add(list, json_object_get(label));
	}
	json_object_object_add(members, "labels", list);
}

static const char *folder_of(const struct keeper *keeper, const struct dump *dump)
{
	return dump->folder ? dump->folder : keeper->store.paths[dump->where];
}

/**
 * keeper_tell() - write a line of the log about a dump
 * @keeper:	open
 * @event:	dump.captured and so on
 * @dump:	which
 * @reason:	why, or NULL
 * @why:	text of an error
 *
 * Return: 0, and the line is on the disk; or a negative errno.
 */
int keeper_tell(struct keeper *keeper, const char *event, const struct dump *dump,
		const char *reason, struct complaint *why)
{
	const struct examination *e = &dump->verdict.examination;
	static const char *const verdicts[] = { "clean", "key-material-found", "unverified" };
	struct json_object *members, *object;
	bool pending = !dump->folder && (!strcmp(event, "dump.captured") ||
					 !strcmp(event, "dump.verified") ||
					 !strcmp(event, "dump.attested"));
	char path[4096], *name;
	struct log_ack ack;

	if (!keeper->log)
		return complain(why, -ENOTCONN, "the log cannot be reached");
	members = json_object_new_object();
	object = json_object_new_object();
	snprintf(path, sizeof(path), "%s/%s%s", pending ? keeper->store.paths[STORE_QUARANTINE] :
		 folder_of(keeper, dump), dump->name, pending ? STORE_PENDING : "");
	name = text_escaped(dump->name);
	json_text(object, "name", name ? name : "");
	free(name);
	name = text_escaped(path);
	json_text(object, "path", name ? name : "");
	free(name);
	/* Of what was never read nobody knows it. */
	if (memcmp(e->sha256, (u8[DIGEST_LEN]){ 0 }, DIGEST_LEN))
		json_hex(object, "sha256", e->sha256, DIGEST_LEN);
	/* The core as others have it, behind whom this one is. */
	if (dump->verdict.streamed.packed.stored)
		json_hex(object, "core_sha256", dump->verdict.streamed.packed.sha256, DIGEST_LEN);
	json_number(object, "bytes", e->size);
	json_object_object_add(members, "dump", object);
	json_object_object_add(members, "process", crash_json(&dump->crash));
	if (strcmp(event, "dump.captured") && strcmp(event, "dump.expired")) {
		add_labels(members, e->report);
		json_text(members, "verdict", verdicts[e->status]);
	}
	if (reason && *reason) {
		name = text_escaped(reason);
		json_text(members, "reason", name ? name : "");
		free(name);
	}
	return log_put(keeper->log, event, members, &ack, why);
}

/**
 * keeper_attest() - sign what was found
 * @keeper:	open
 * @judge:	by which rules
 * @dump:	with its verdict
 * @why:	text of an error, or why there is none
 *
 * Return: the attestation, to be released by free(), or NULL.
 */
char *keeper_attest(struct keeper *keeper, const struct judge *judge, struct dump *dump,
		    struct complaint *why)
{
	const struct settings *settings = keeper->settings;
	struct machine machine;
	struct signer *signer;
	char *text;

	if (!dump->verdict.examination.report) {
		*why = dump->verdict.why;
		return NULL;
	}
	if (!settings->sign) {
		complaint_set(why, "capture.conf has no key to sign with");
		return NULL;
	}
	signer = token_signer(settings->sign, why);
	if (!signer)
		return NULL;
	machine_this(&machine);
	text = attestation_make(&(struct attested){
			.name = dump->name,
			.examination = &dump->verdict.examination,
			.opts = &judge->opts,
			.machine = &machine,
		}, &signer, 1, why);
	signer_free(signer);
	return text;
}

static void mark(int fd, const char *name, const char *value)
{
	char full[64];

	snprintf(full, sizeof(full), "user.kredact.%s", name);
	fsetxattr(fd, full, value, strlen(value), 0);
}

/**
 * keeper_mark() - put the verdict into extended attributes
 * @dump:	with its verdict
 * @attestation: or NULL
 *
 * They are for people, and for tools that look for them; nothing here relies on them.
 */
void keeper_mark(const struct dump *dump, const char *attestation)
{
	static const char *const verdicts[] = { "clean", "key-material-found", "unverified" };
	const struct examination *e = &dump->verdict.examination;
	char hex[2 * DIGEST_LEN + 1];
	u8 sha256[DIGEST_LEN];

	crash_store(&dump->crash, dump->fd);
	mark(dump->fd, "verdict", verdicts[e->status]);
	text_hex(hex, e->sha256, DIGEST_LEN);
	mark(dump->fd, "sha256", hex);
	if (dump->verdict.streamed.packed.stored) {
		text_hex(hex, dump->verdict.streamed.packed.sha256, DIGEST_LEN);
		mark(dump->fd, "core_sha256", hex);
	}
	if (*dump->verdict.why.text)
		mark(dump->fd, "reason", dump->verdict.why.text);
	if (!attestation ||
	    !EVP_Digest(attestation, strlen(attestation), sha256, NULL, EVP_sha256(), NULL))
		return;
	text_hex(hex, sha256, DIGEST_LEN);
	mark(dump->fd, "attestation", hex);
}

/**
 * keeper_show() - tell the journal of a verdict
 * @dump:	with its verdict
 * @path:	of the dump, as systemd-coredump has it in COREDUMP_FILENAME
 */
void keeper_show(const struct dump *dump, const char *path)
{
	static const char *const words[] = { "clean", "key-material-found", "unverified" };
	const struct examination *e = &dump->verdict.examination;
	const struct crash *crash = &dump->crash;
	char message[900], hex[2 * DIGEST_LEN + 1];

	text_hex(hex, e->sha256, DIGEST_LEN);
	snprintf(message, sizeof(message),
		 "Core dump of process %.12s (%.40s) is %s%s%.200s: %.500s",
		 crash->facts[FACT_PID], crash->facts[FACT_COMM], words[e->status],
		 *dump->verdict.why.text ? ", " : "", dump->verdict.why.text, path);
	journal_send((const struct journal_field[]){
		{ "MESSAGE", message }, { "MESSAGE_ID", JOURNAL_VERDICT_ID },
		{ "PRIORITY", e->status ? "4" : "5" },
		{ "KREDACT_VERDICT", words[e->status] },
		{ "KREDACT_REASON", dump->verdict.why.text },
		{ "KREDACT_SHA256", hex }, { "KREDACT_DUMP", path },
		{ "KREDACT_STORE", dump->folder ? NULL : where_word(dump->where) },
		{ "COREDUMP_FILENAME", path }, { "COREDUMP_PID", crash->facts[FACT_PID] },
		{ "COREDUMP_COMM", crash->facts[FACT_COMM] },
		{ "COREDUMP_EXE", crash->facts[FACT_EXE] },
		{ "COREDUMP_UID", crash->facts[FACT_UID] },
		{ "COREDUMP_UNIT", crash->facts[FACT_UNIT] },
		{ "COREDUMP_SIGNAL", crash->facts[FACT_SIGNAL] }, { NULL, NULL },
	});
}

/**
 * keeper_finish() - bring a pending dump to its place
 * @keeper:	open
 * @judge:	by which rules it was judged
 * @dump:	pending in the quarantine, with its verdict; @where is set here
 * @why:	text of an error
 *
 * Return: 0, or a negative errno: it is still pending then.
 */
int keeper_finish(struct keeper *keeper, const struct judge *judge, struct dump *dump,
		  struct complaint *why)
{
	struct complaint unattested = { "" };
	const char *reason = dump->verdict.why.text;
	char *attestation, path[4096];
	int error;

	dump->where = STORE_QUARANTINE;
	error = keeper_tell(keeper, "dump.verified", dump, reason, why);
	if (error)
		return error;
	attestation = keeper_attest(keeper, judge, dump, &unattested);
	if (attestation)
		error = keeper_tell(keeper, "dump.attested", dump, NULL, why);
	if (!dump->verdict.examination.status && attestation)
		dump->where = STORE_CLEAN;
	else if (!dump->verdict.examination.status)
		reason = unattested.text;
	if (!error)
		error = keeper_tell(keeper, dump->where == STORE_CLEAN ? "dump.stored" :
				    "dump.quarantined", dump, reason, why);
	if (!error && attestation)
		error = store_sidecar(&keeper->store, dump->where, dump->name, attestation, why);
	if (!error) {
		keeper_mark(dump, attestation);
		error = store_settle(&keeper->store, dump->where, dump->fd, dump->name, why);
	}
	free(attestation);
	if (error)
		return error;
	snprintf(path, sizeof(path), "%s/%s", folder_of(keeper, dump), dump->name);
	keeper_show(dump, path);
	return 0;
}

/* What the attributes tell of a dump that was judged before. */
static void recall(struct keeper *keeper, struct dump *dump)
{
	char hex[2 * DIGEST_LEN + 1] = "";
	size_t len;
	int fd = openat(keeper->store.dirs[dump->where], dump->name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return;
	crash_load(&dump->crash, fd);
	if (fgetxattr(fd, "user.kredact.sha256", hex, sizeof(hex) - 1) == sizeof(hex) - 1)
		OPENSSL_hexstr2buf_ex(dump->verdict.examination.sha256, DIGEST_LEN, &len, hex, 0);
	close(fd);
}

/**
 * keeper_remove() - remove a dump, which the log tells first
 * @keeper:	open
 * @stored:	the dump
 * @reason:	why
 * @why:	text of an error
 *
 * Return: 0, or a negative errno.
 */
int keeper_remove(struct keeper *keeper, const struct stored *stored, const char *reason,
		  struct complaint *why)
{
	struct dump dump = { .fd = -1, .where = stored->where };
	int error;

	snprintf(dump.name, sizeof(dump.name), "%s", stored->name);
	recall(keeper, &dump);
	dump.verdict.examination.size = stored->bytes;
	error = keeper_tell(keeper, "dump.expired", &dump, reason, why);
	return error ? error : store_remove(&keeper->store, stored->where, stored->name, why);
}

static int expire_store(struct keeper *keeper, enum where where, u64 room, struct complaint *why)
{
	const struct quota *quota = keeper->store.quotas[where];
	u64 bytes = 0, files, now = time(NULL);
	struct stored *list;
	const char *reason;
	u32 nr, i;
	int error;

	error = store_list(&keeper->store, where, &list, &nr, why);
	if (error)
		return error;
	files = nr;
	for (i = 0; i < nr; i++)
		bytes += list[i].disk;
	for (i = 0; i < nr && !error; i++) {
		/* What has not been judged is not forgotten. */
		if (list[i].pending)
			continue;
		reason = NULL;
		if (quota->age && now > list[i].mtime && now - list[i].mtime > quota->age)
			reason = "age";
		else if (files > quota->files)
			reason = "files";
		else if (bytes > quota->bytes)
			reason = "bytes";
		else if (where == STORE_CLEAN && store_free(&keeper->store) < room)
			reason = "keep_free";
		if (!reason)
			continue;
		error = keeper_remove(keeper, &list[i], reason, why);
		bytes -= list[i].disk;
		files--;
	}
	free(list);
	return error;
}

/**
 * keeper_expire() - make both stores as small as they are to be
 * @keeper:	open
 * @room:	bytes that are to be free beyond those that always are
 * @why:	text of an error
 *
 * The oldest go first. Only clean ones make room: a disk that others have filled is no reason
 * to lose evidence.
 *
 * Return: 0, or a negative errno.
 */
int keeper_expire(struct keeper *keeper, u64 room, struct complaint *why)
{
	int error = expire_store(keeper, STORE_CLEAN, room, why);

	return error ? error : expire_store(keeper, STORE_QUARANTINE, room, why);
}
