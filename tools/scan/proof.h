/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arithmetic that proves that numbers are a private key.
 */
#ifndef KREDACT_TOOLS_PROOF_H
#define KREDACT_TOOLS_PROOF_H

#include "scan.h"

/**
 * struct octets - bytes of a number, or of a string; big-endian
 * @bytes:	in memory of someone else
 * @len:	how many
 */
struct octets {
	const u8 *bytes;
	u32 len;
};

/* Curves; the names are those of their field. */
enum ecc {
	ECC_UNKNOWN,
	ECC_P256,
	ECC_P384,
	ECC_P521,
	ECC_K256,		/* secp256k1 */
	ECC_BP256,
	ECC_BP384,
	ECC_BP512,
	ECC_ED25519,
	ECC_X25519,
	ECC_ED448,
	ECC_X448,
	ECCS,
};

/* What arithmetic says. */
enum proof {
	PROOF_WRONG,		/* the numbers do not belong together */
	PROOF_NONE,		/* there is nothing to compare with */
	PROOF_DONE,
};

bool proof_init(void);
void *proof_open(struct scan *scan, struct complaint *why);
enum proof proof_rsa(struct octets n, struct octets p, struct octets q);
enum proof proof_rsa_d(struct octets n, struct octets e, struct octets d);
enum proof proof_ecc(enum ecc curve, struct octets secret, struct octets point);
enum proof proof_dsa(struct octets p, struct octets g, struct octets y, struct octets x);
bool proof_public(enum ecc curve, const u8 *secret, u8 *point);
const char *ecc_name(enum ecc curve);
u32 ecc_bytes(enum ecc curve);
enum ecc ecc_of_oid(const u8 *oid, u32 len);

#endif /* KREDACT_TOOLS_PROOF_H */
