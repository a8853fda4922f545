/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Examining a dump: kredact-verify's report on an open file, and the SHA-256 of the same bytes.
 */
#ifndef KREDACT_TOOLS_EXAMINE_H
#define KREDACT_TOOLS_EXAMINE_H

#include <sys/types.h>

#include "digest.h"

#define EXAMINE_CERTS		32u
#define EXAMINE_ARGUMENTS	16u
#define EXAMINE_LABELS		32u
#define EXAMINE_REPORT_MAX	(64u << 20)	/* bytes of a report */

struct json_object;

/**
 * struct examine_opts - how to examine; all zero will do
 * @verifier:	the program; NULL: kredact-verify beside this one, or in BINDIR
 * @key:	file of the seal key; NULL: without authenticity (--no-key)
 * @seal:	file of a seal that is not in the dump, or NULL
 * @unsealed:	no seal is expected
 * @certs:	files of public keys whose private halves are searched for; at most EXAMINE_CERTS
 * @nr_certs:	how many
 * @detect:	detectors to use, as kredact-verify takes them; NULL: all
 * @labels:	that the seal has to name, not escaped; at most EXAMINE_LABELS
 * @nr_labels:	how many
 * @arguments:	more arguments, ended by NULL, at most EXAMINE_ARGUMENTS; or NULL
 * @become:	the verifier runs as @uid and @gid, without other groups; files that it is given
 *		are opened before that
 * @uid:	with @become
 * @gid:	with @become
 * @seconds:	time that it may take; 0: any
 * @own:	the caller has the file open for writing, and knows that nobody else has: it
 *		takes no lease then
 */
struct examine_opts {
	const char *verifier;
	const char *key;
	const char *seal;
	bool unsealed;
	const char *const *certs;
	u32 nr_certs;
	const char *detect;
	const char *const *labels;
	u32 nr_labels;
	const char *const *arguments;
	bool become;
	uid_t uid;
	gid_t gid;
	u32 seconds;
	bool own;
};

/**
 * struct examination - what came of it
 * @sha256:	of all bytes of the file, packed as they are
 * @size:	how many
 * @status:	exit status of the verifier: 0 clean, 1 key material, 2 cannot be verified
 * @report:	its report: Documentation/kredact-verify.schema.json; if labels were asked for,
 *		with a check "labels", and unverified instead of clean if one is missing
 * @changed:	the file changed meanwhile, or someone may have changed it: nothing of the rest
 *		is about the bytes that are there now
 * @change:	what was seen of that
 * @leased:	a read lease was held all the time: no one can have changed it
 * @realtime_ns: when it ended
 */
struct examination {
	u8 sha256[DIGEST_LEN];
	u64 size;
	int status;
	struct json_object *report;
	bool changed;
	struct complaint change;
	bool leased;
	u64 realtime_ns;
};

struct verifier_result;

int examine(struct examination *e, int fd, const struct examine_opts *opts, struct complaint *why);
void examination_free(struct examination *e);
int examination_read(struct examination *e, const struct verifier_result *result,
		     struct complaint *why);

#endif /* KREDACT_TOOLS_EXAMINE_H */
