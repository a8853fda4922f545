// SPDX-License-Identifier: GPL-2.0
/*
 * Examining a dump: see examine.h.
 *
 * kredact-verify reads the file through the same open file description that the digest is
 * computed over, as its standard input, so that there is no name that could lead elsewhere.
 * Nothing is parsed here but its report.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "attest/envelope.h"
#include "attest/examine.h"
#include "attest/still.h"
#include "attest/verifier.h"
#include "report/report.h"

#define REPORT_DEPTH	12

/**
 * examination_read() - take the report of a verifier that has run
 * @e:		takes @report and @status
 * @result:	of verifier_run()
 * @why:	text of an error
 *
 * The report is of the program's own, yet what it is about is hostile.
 *
 * Return: 0, or -EBADMSG if it makes no sense.
 */
int examination_read(struct examination *e, const struct verifier_result *result,
		     struct complaint *why)
{
	struct json_object *status;

	e->report = envelope_json(result->report, result->len, REPORT_DEPTH, why);
	if (!e->report)
		return -EBADMSG;
	status = json_object_object_get(e->report, "status");
	if (!json_object_is_type(status, json_type_int) ||
	    !json_object_is_type(json_object_object_get(e->report, "checks"), json_type_array) ||
	    json_object_get_int(status) != result->status)
		return complain(why, -EBADMSG, "the verifier's report and its exit status (%d) differ",
				result->status);
	e->status = result->status;
	return 0;
}

static bool has_label(struct json_object *labels, const char *wanted)
{
	struct json_object *label;
	size_t i;

	for (i = 0; i < (labels ? json_object_array_length(labels) : 0); i++) {
		label = json_object_object_get(json_object_array_get_idx(labels, i), "label");
		if (label && !strcmp(json_object_get_string(label), wanted))
			return true;
	}
	return false;
}

/* A dump without the seal of the service that it should be of is no clean dump of it. */
static int check_labels(struct examination *e, const struct examine_opts *opts,
			struct complaint *why)
{
	struct json_object *seal = json_object_object_get(e->report, "seal");
	struct json_object *labels = json_object_object_get(seal, "labels"), *check;
	struct complaint missing = { "all labels that were asked for are in the seal" };
	bool found = true;
	char *text;
	u32 i;

	if (opts->nr_labels > EXAMINE_LABELS)
		return complain(why, -EINVAL, "more than %u labels", EXAMINE_LABELS);
	for (i = 0; found && i < opts->nr_labels; i++) {
		text = text_escaped(opts->labels[i]);
		if (!text)
			return complain(why, -ENOMEM, "out of memory");
		found = has_label(labels, text);
		if (!found)
			complaint_set(&missing, "the seal has no label \"%.200s\"", text);
		free(text);
	}
	check = json_object_new_object();
	json_text(check, "name", "labels");
	json_text(check, "state", found ? "passed" : "failed");
	json_text(check, "text", missing.text);
	json_object_array_add(json_object_object_get(e->report, "checks"), check);
	if (found || e->status)
		return 0;
	e->status = 2;
	json_number(e->report, "status", e->status);
	json_text(e->report, "verdict", "unverified");
	json_flag(e->report, "unverified", true);
	return 0;
}

static int digest_and_verify(struct examination *e, int fd, bool leased,
			     const struct examine_opts *opts, struct complaint *why)
{
	struct verifier_result result = { 0 };
	u8 again[DIGEST_LEN];
	struct timespec now;
	u64 size;
	int error;

	error = digest_fd(fd, &e->size, e->sha256, why);
	if (!error)
		error = verifier_run(&result, fd, opts, why);
	if (!error)
		error = examination_read(e, &result, why);
	if (!error && opts->nr_labels)
		error = check_labels(e, opts, why);
	verifier_free(&result);
	/* A page that is mapped for writing can change without a trace, but for its bytes. */
	if (!error && !leased && !opts->own) {
		error = digest_fd(fd, &size, again, why);
		if (!error && (size != e->size || memcmp(again, e->sha256, DIGEST_LEN)))
			e->changed = true;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	e->realtime_ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	return error;
}

/**
 * examine() - verify a dump, and digest the same bytes
 * @e:		takes what came of it; to be released by examination_free(), also after an error
 * @fd:		the dump, a regular file open for reading; stays the caller's, and its offset
 *		does not matter. If it is open for writing as well: @own in @opts
 * @opts:	how
 * @why:	text of an error
 *
 * A dump that changes meanwhile is no error but said in @e. A lease needs the file's owner or
 * CAP_LEASE; without one the bytes are digested before and after.
 *
 * Return: 0, or a negative errno if there is no report: -EINVAL (not a regular file),
 * -ENOENT (no verifier), -ETIMEDOUT, -EBADMSG (its report makes no sense), -EIO, -ENOMEM.
 */
int examine(struct examination *e, int fd, const struct examine_opts *opts, struct complaint *why)
{
	struct still still;
	bool unchanged;
	int error;

	*e = (struct examination){ .status = 2 };
	error = still_begin(&still, fd, opts->own, &e->change);
	if (error == -ETXTBSY) {
		e->changed = true;
		return 0;
	}
	if (error) {
		*why = e->change;
		return error;
	}
	e->leased = still.leased;
	error = digest_and_verify(e, fd, still.leased, opts, why);
	unchanged = still_end(&still, &e->change);
	if (!unchanged || e->changed) {
		/* Also the reason why the verifier could not read it, if it could not. */
		e->changed = true;
		if (unchanged)
			complaint_set(&e->change, "its bytes changed while it was read");
		return 0;
	}
	return error;
}

/**
 * examination_free() - release it
 * @e:	from examine(), or zeroed
 */
void examination_free(struct examination *e)
{
	json_object_put(e->report);
	e->report = NULL;
}
