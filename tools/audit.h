/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The audit of one core: all checks, and what they found.
 */
#ifndef KREDACT_TOOLS_AUDIT_H
#define KREDACT_TOOLS_AUDIT_H

#include "copies.h"
#include "digest.h"
#include "finding.h"
#include "fingerprints.h"
#include "keyfile.h"
#include "mac.h"
#include "crashed.h"
#include "magic.h"
#include "notes.h"
#include "place.h"
#include "scan/question.h"
#include "scan/scan.h"
#include "search.h"

/* What is listed one by one; all is counted. */
#define AUDIT_LISTED	256u

/* Exit status of kredact-verify. */
enum verdict {
	VERDICT_CLEAN = 0,
	VERDICT_FOUND = 1,
	VERDICT_UNVERIFIED = 2,
};

enum check_state {
	CHECK_NOT_DONE,		/* and that is no reason for doubt */
	CHECK_PASSED,
	CHECK_FOUND,		/* key material */
	CHECK_FAILED,		/* so that nothing can be said */
};

enum check_name {
	CHECK_STRUCTURE,
	CHECK_SEAL,
	CHECK_MATCH,
	CHECK_AUTHENTICITY,
	CHECK_RANGES,
	CHECK_COPIES,
	CHECK_FINGERPRINTS,
	CHECK_SECRETS,
	CHECK_KEYS,
	CHECK_CERTS,
	CHECKS,
};

struct check {
	enum check_state state;
	struct complaint text;
};

/**
 * struct listed_hit - a secret in the core
 * @hit:	where
 * @registered:	some of it is inside a registered range
 */
struct listed_hit {
	struct hit hit;
	bool registered;
};

/**
 * struct listed_print - a copy that was found by fingerprints
 * @hit:	where
 * @label:	of its registration, or NULL
 */
struct listed_print {
	struct print_hit hit;
	const struct seal_label *label;
};

/**
 * struct audit - an audit
 * @in:		the file
 * @format:	what it is, or CORE_AUTO
 * @packed:	how the file is packed that @in is of
 * @kdump:	what @in is the memory of, or NULL
 * @unsealed:	nobody expects a seal
 * @without_seal: and there is none
 * @core:	its headers
 * @has_core:	they could be read at least in part
 * @notes:	its notes
 * @has_notes:	they could be read
 * @seal:	its seal
 * @crashed:	of the dump of a kernel that crashed: what kredact's note in it says
 * @sidecar:	the file of a seal beside it, if @has_sidecar
 * @has_sidecar: there is such a file; a seal of the core's own comes before it
 * @only_sidecar: but not with this
 * @digest:	made ready, or NULL
 * @key_id:	name of the auditor's key, if @mac
 * @mac:	made with the auditor's key, or NULL
 * @prints:	made ready with the auditor's key, or NULL
 * @no_key:	the auditor does without authenticity
 * @search:	for given secrets, or NULL
 * @scan:	for keys by their structure, or NULL
 * @checks:	outcome
 * @spans:	addresses that must be zero
 * @zeros:	whether they are
 * @left_out:	addresses that the seal says were left out
 * @findings:	ranges that are not zero
 * @nr_findings: entries in @findings
 * @findings_total: such ranges in all
 * @copies:	the copies that the seal names
 * @copy_findings: those of them that are not zero
 * @nr_copy_findings: entries in @copy_findings
 * @copy_findings_total: such copies in all
 * @places:	tells where something is; @ask and @ask_arg of it are the caller's
 * @print_hits:	copies found by fingerprints
 * @nr_print_hits: entries in @print_hits
 * @print_hits_total: such copies in all
 * @print_bytes: bytes of them that are sure
 * @hits:	secrets found
 * @keep_hits:	the caller wants all of them, for a cleaned copy
 * @hit_bytes:	where all of them are in the file, if @keep_hits
 * @incomplete:	not all that was to be read could be, so more may be there than was found
 * @nr_hits:	entries in @hits
 * @hits_total:	in all
 */
struct audit {
	struct input in;
	enum core_format format;
	enum magic packed;
	struct kdump *kdump;
	bool unsealed;
	bool without_seal;
	struct core core;
	bool has_core;
	struct notes notes;
	bool has_notes;
	struct seal seal;
	struct crashed crashed;
	struct input sidecar;
	bool has_sidecar;
	bool only_sidecar;
	struct digest *digest;
	u8 key_id[KEYFILE_ID_LEN];
	struct mac *mac;
	struct fingerprints *prints;
	bool no_key;
	struct search *search;
	struct scan *scan;
	struct check checks[CHECKS];
	struct spans spans;
	struct zeros zeros;
	struct spans left_out;
	struct finding findings[AUDIT_LISTED];
	u32 nr_findings;
	u64 findings_total;
	struct copies copies;
	struct finding copy_findings[AUDIT_LISTED];
	u32 nr_copy_findings;
	u64 copy_findings_total;
	struct places places;
	struct listed_print print_hits[AUDIT_LISTED];
	u32 nr_print_hits;
	u64 print_hits_total;
	u64 print_bytes;
	struct listed_hit hits[AUDIT_LISTED];
	u32 nr_hits;
	u64 hits_total;
	bool keep_hits;
	struct spans hit_bytes;
	bool incomplete;
};

void audit_run(struct audit *audit);
enum verdict audit_verdict(const struct audit *audit);
bool audit_unverified(const struct audit *audit);
void audit_close(struct audit *audit);

const char *check_word(enum check_name name);
const char *verdict_word(enum verdict verdict);
const char *state_word(enum check_state state);
const char *left_out_reason(u32 reason);

#endif /* KREDACT_TOOLS_AUDIT_H */
