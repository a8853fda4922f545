/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hash of fingerprints, H(x) = AES-128(x) ^ x, of many windows of 16 bytes.
 *
 * A window and its reverse have the same one: see kmod/core/prints.h.
 */
#ifndef KREDACT_TOOLS_HASHER_H
#define KREDACT_TOOLS_HASHER_H

#include "prints.h"

/* How it is computed; all ways have the same result. */
enum hasher_way {
	HASHER_OPENSSL,		/* any machine */
	HASHER_AES,		/* AES-NI, eight windows at a time */
	HASHER_VAES,		/* AVX-512 with AES, sixteen */
	HASHER_WAYS,
};

struct hasher;

enum hasher_way hasher_best(void);
struct hasher *hasher_new(enum hasher_way way);
void hasher_free(struct hasher *hasher);
bool hasher_set(struct hasher *hasher, const u8 *key);
void hasher_stride(const struct hasher *hasher, const u8 *bytes, u32 stride, u32 nr, u64 *low);
void hasher_places(const struct hasher *hasher, const u8 *bytes, const u32 *at, u32 nr, u64 *low);
struct kr_block hasher_block(const struct hasher *hasher, struct kr_block block);

#endif /* KREDACT_TOOLS_HASHER_H */
