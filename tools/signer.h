/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The key that an auditor signs with.
 */
#ifndef KREDACT_TOOLS_SIGNER_H
#define KREDACT_TOOLS_SIGNER_H

#include <openssl/types.h>

#include "digest.h"

#define SIGNATURE_MAX	256u

struct signer;

struct signer *signer_of(EVP_PKEY *key, struct complaint *why);
struct signer *signer_load(const char *path, struct complaint *why);
void signer_free(struct signer *signer);
const u8 *signer_id(const struct signer *signer);
int signer_sign(struct signer *signer, const void *bytes, size_t len, u8 *signature,
		size_t *signature_len, struct complaint *why);

#endif /* KREDACT_TOOLS_SIGNER_H */
