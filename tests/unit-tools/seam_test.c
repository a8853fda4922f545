// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that goes on where the file does not: what is needed to see a key may lie on one side
 * of such a seam, and the key on the other one.
 */
#define _GNU_SOURCE
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "scanned.h"
#include "tap.h"

#define PAGE	0x1000u
#define PART	0x4000u
#define LEFT	PAGE			/* in the file: one side, ... */
#define OTHER	(PAGE + PART)		/* ... what is elsewhere in memory, ... */
#define RIGHT	(PAGE + 2 * PART)	/* ... and the other side */
#define SIZE	(PAGE + 3 * PART)
#define VADDR	0x10000000u

static u8 file[SIZE];

static void fill(void)
{
	u64 state = 88172645463325252ULL;
	u32 i;

	for (i = 0; i < SIZE; i += 8) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		memcpy(file + i, &state, 8);
	}
}

/* @before bytes of @piece are before the seam. */
static void put(const void *piece, u32 len, u32 before)
{
	memcpy(file + LEFT + PART - before, piece, before);
	memcpy(file + RIGHT, (const u8 *)piece + before, len - before);
}

static void look(const char *only)
{
	struct core_segment segments[] = {
		{ VADDR, PART, LEFT, PART }, { VADDR + PART, PART, RIGHT, PART },
		{ VADDR + (1u << 24), PART, OTHER, PART },
	};
	struct core core;

	core_map(&core, segments, 3, SIZE);
	scan_these(file, SIZE, only, &core);
	core_close(&core);
}

/* What is seen at @offset, or NULL. */
static const struct sighting *at(u64 offset)
{
	u32 i;

	for (i = 0; i < scanned_nr; i++)
		if (scanned[i].offset == offset)
			return &scanned[i];
	return NULL;
}

/* Its bytes are not those behind its beginning in the file: a copy there is one more. */
static void test_elsewhere(void)
{
	EVP_PKEY *pkey = EVP_RSA_gen(2048);
	BIGNUM *p = NULL;
	u8 *der = NULL, prime[128];
	int len = i2d_PrivateKey(pkey, &der);

	fill();
	EVP_PKEY_get_bn_param(pkey, "rsa-factor1", &p);
	BN_bn2binpad(p, prime, sizeof(prime));
	put(der, len, 400);
	memcpy(file + OTHER + 100, prime, sizeof(prime));
	look("rsa-der,known");
	ok(at(OTHER + 100) && at(OTHER + 100)->len == sizeof(prime) &&
	   at(OTHER + 100)->kind->weight == WEIGHT_KEY,
	   "a prime where the file goes on after a key that goes on elsewhere");
	BN_clear_free(p);
	OPENSSL_free(der);
	EVP_PKEY_free(pkey);
}

int main(void)
{
	test_elsewhere();
	return tap_end();
}
