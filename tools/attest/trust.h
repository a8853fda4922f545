/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose signatures count: a folder with a file for each key (Documentation/attestation.rst).
 */
#ifndef KREDACT_TOOLS_TRUST_H
#define KREDACT_TOOLS_TRUST_H

#include <stdio.h>

#include "attest/envelope.h"

#define TRUST_DIR	"/etc/kredact/trust"
#define TRUST_KEYS	64u
#define TRUST_NAME	64u

/* What a key may sign. */
#define TRUST_ATTEST	1u
#define TRUST_APPROVE	2u

/**
 * struct trusted - a key
 * @name:	of its file, without the suffix
 * @key:	its public half
 * @id:		SHA-256 of that
 * @not_before:	what is older does not count; seconds since 1970
 * @not_after:	what is later does not count
 * @revoked_at:	from then on nothing that it signed counts, whenever that was; 0: it is not
 * @roles:	TRUST_ATTEST and so on
 */
struct trusted {
	char name[TRUST_NAME];
	EVP_PKEY *key;
	u8 id[DIGEST_LEN];
	u64 not_before;
	u64 not_after;
	u64 revoked_at;
	u32 roles;
};

/**
 * struct trust - all keys of a folder
 * @keys:	the keys
 * @nr:		how many
 */
struct trust {
	struct trusted keys[TRUST_KEYS];
	u32 nr;
};

/* Why signatures do not count; of several reasons the one that is nearest to none. */
enum trust_verdict {
	TRUST_UNKNOWN,		/* none is of a key that is known, or fits what is signed */
	TRUST_REVOKED,
	TRUST_ROLE,		/* of keys that may not sign this */
	TRUST_TIME,		/* of keys that were not valid at the time */
	TRUST_FEW,		/* too few keys */
	TRUST_GOOD,
	TRUST_VERDICTS,
};

/**
 * struct trust_result - what signatures are worth
 * @verdict:	in all
 * @signers:	the keys that count, in the order of the folder
 * @nr:		how many
 */
struct trust_result {
	enum trust_verdict verdict;
	const struct trusted *signers[ENVELOPE_SIGNATURES];
	u32 nr;
};

struct trust *trust_load(const char *path, FILE *errors);
void trust_free(struct trust *trust);
void trust_check(const struct trust *trust, const struct envelope *envelope, u32 role, u64 time,
		 u32 threshold, struct trust_result *result);
const char *trust_text(enum trust_verdict verdict);

#endif /* KREDACT_TOOLS_TRUST_H */
