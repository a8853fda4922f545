/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AES key schedules: the forms in which they are kept, and those of OpenSSL's
 * random number generator, which are told apart by a proof.
 */
#ifndef KREDACT_TOOLS_AES_H
#define KREDACT_TOOLS_AES_H

#include "scan.h"

/* Bytes of a schedule whose key has @n words. */
#define AES_SIZE(n)	(16 * ((n) + 7))
#define AES_DETAIL	80u

/**
 * struct aes_form - how a schedule is kept
 * @n:		words of the key: 4, 6, 8
 * @backward:	the last round first
 * @mixed:	InvMixColumns was applied to all rounds but the first and the last
 * @rotated:	the first round in memory went to the end
 * @swapped:	bytes of each word in reverse order
 */
struct aes_form {
	u32 n;
	bool backward;
	bool mixed;
	bool rotated;
	bool swapped;
};

bool aes_whole(const u8 *at, const struct aes_form *form);
void aes_key(const u8 *at, const struct aes_form *form, u8 *key);

struct aes_drbg;

struct aes_drbg *aes_drbg_new(struct complaint *why);
void aes_drbg_free(struct aes_drbg *drbg);
bool aes_drbg_suspect(struct aes_drbg *drbg, struct scan *scan, const struct window *window,
		      u64 at, const struct aes_form *form, const char *detail);
void aes_drbg_resolve(struct aes_drbg *drbg, struct scan *scan, const struct kind *otherwise);

#endif /* KREDACT_TOOLS_AES_H */
