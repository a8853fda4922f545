/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is attested of a dump: an in-toto statement (Documentation/attestation.rst) in a DSSE
 * envelope.
 */
#ifndef KREDACT_TOOLS_ATTESTATION_H
#define KREDACT_TOOLS_ATTESTATION_H

#include "attest/envelope.h"
#include "attest/examine.h"
#include "attest/machine.h"

#define ATTESTATION_PREDICATE	"urn:kredact:attestation:v1"
#define ATTESTATION_SUFFIX	".intoto.jsonl"
#define ATTESTATION_MAX		ENVELOPE_MAX
#define ATTESTATION_KINDS	256u	/* of findings */
#define ATTESTATION_LABELS	1024u

/**
 * struct attested - what an attestation is made from
 * @name:	of the dump, without folders, not escaped
 * @examination: of it; not @changed
 * @opts:	what it was examined by
 * @machine:	where
 * @valid_for:	seconds until it expires, 0: it does not
 */
struct attested {
	const char *name;
	const struct examination *examination;
	const struct examine_opts *opts;
	const struct machine *machine;
	u64 valid_for;
};

/**
 * struct attestation - an attestation that was read; nothing of it is true before its
 * signatures are verified
 * @envelope:	with the signatures
 * @predicate:	all of what is said, of @root
 * @root:	the statement
 * @name:	of the dump, escaped again
 * @sha256:	of the dump
 * @bytes:	of the dump
 * @status:	exit status of the verifier
 * @time:	when, seconds since 1970
 * @expires:	when it expires, or 0
 * @rules_sha256: what it was examined by
 */
struct attestation {
	struct envelope envelope;
	struct json_object *predicate;
	struct json_object *root;
	char name[TEXT_ESCAPED(255)];
	u8 sha256[DIGEST_LEN];
	u64 bytes;
	int status;
	u64 time;
	u64 expires;
	u8 rules_sha256[DIGEST_LEN];
};

char *attestation_make(const struct attested *what, struct signer *const *signers, u32 nr,
		       struct complaint *why);
int attestation_read(struct attestation *a, const char *text, size_t len, struct complaint *why);
int attestation_load(struct attestation *a, int dir, const char *path, u8 *sha256,
		     struct complaint *why);
void attestation_free(struct attestation *a);
struct json_object *attestation_findings(struct json_object *report);
struct json_object *attestation_subject(const char *dump, const u8 *sha256);
struct json_object *attestation_machine(const struct machine *from);
struct json_object *attestation_person(const struct machine *from);
bool attestation_rules_digest(struct json_object *rules, u8 *sha256);

#endif /* KREDACT_TOOLS_ATTESTATION_H */
