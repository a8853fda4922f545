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

char *attestation_make(const struct attested *what, struct signer *const *signers, u32 nr,
		       struct complaint *why);
void attestation_time(char to[32], u64 realtime_ns);
bool attestation_rules_digest(struct json_object *rules, u8 *sha256);

#endif /* KREDACT_TOOLS_ATTESTATION_H */
