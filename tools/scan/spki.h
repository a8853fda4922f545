/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of public keys: the SHA-256 of the SubjectPublicKeyInfo, as pins and
 * certificate transparency logs have it.
 */
#ifndef KREDACT_TOOLS_SPKI_H
#define KREDACT_TOOLS_SPKI_H

#include "curve.h"
#include "question.h"

void spki_id_rsa(const BIGNUM *n, const BIGNUM *e, u8 *id);
void spki_id_ec(const struct curve *curve, const u8 *point, u32 len, u8 *id);
void spki_id_raw(int nid, const u8 *key, u8 *id);

#endif /* KREDACT_TOOLS_SPKI_H */
