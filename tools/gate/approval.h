/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Approvals: persons who set rules aside for one dump. Each is a statement of in-toto that its
 * person has signed, and lies in the folder "approvals" of the gate's state.
 */
#ifndef KREDACT_TOOLS_GATE_APPROVAL_H
#define KREDACT_TOOLS_GATE_APPROVAL_H

#include "attest/machine.h"
#include "attest/trust.h"
#include "gate/rules.h"

#define APPROVAL_PREDICATE	"urn:kredact:approval:v1"
#define APPROVALS_MAX		16u
#define APPROVAL_REASON		200u

/**
 * struct approval - what a person has set aside
 * @person:	name of the key that has signed
 * @key:	the key
 * @rules:	which rules, by GATE_*
 * @reason:	why, escaped
 */
struct approval {
	char person[TRUST_NAME];
	const struct trusted *key;
	bool rules[GATE_RULES];
	char reason[TEXT_ESCAPED(APPROVAL_REASON)];
};

/**
 * struct approving - what is to be approved
 * @dump:	name of the dump, without folders
 * @sha256:	of it
 * @rules:	which rules
 * @reason:	why
 * @valid_for:	seconds
 * @machine:	where, and who
 */
struct approving {
	const char *dump;
	const u8 *sha256;
	const bool *rules;
	const char *reason;
	u64 valid_for;
	const struct machine *machine;
};

char *approval_make(const struct approving *what, struct signer *signer, struct complaint *why);
u32 approvals_read(const char *state, const u8 *sha256, const struct trust *trust,
		   struct approval *approvals);

#endif /* KREDACT_TOOLS_GATE_APPROVAL_H */
