// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that goes on where the file does not: what is needed to see a key may lie on one side
 * of such a seam, and the key on the other one.
 */
#define _GNU_SOURCE
#include <openssl/evp.h>
#include <openssl/pem.h>
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

/* A key of @kind, of @secret bytes from @first on, is seen wherever the seam is, and once. */
static void test_sides(const char *name, const char *only, const void *piece, u32 len,
		       const char *kind, u32 first, u32 secret, bool key)
{
	u32 before, nr = 0, right = 0;

	for (before = 1; before < len; before += before < first + 1 ? 1 : 7) {
		u64 place = before > first ? LEFT + PART - before + first : RIGHT + first - before;
		const struct sighting *seen;
		u32 i, whole = 0;

		fill();
		put(piece, len, before);
		look(only);
		seen = at(place);
		/* What is left of it in one part of the file may look like another thing. */
		for (i = 0; i < scanned_nr; i++)
			whole += !strcmp(scanned[i].kind->word, kind) &&
				 scanned[i].len == secret;
		nr++;
		right += seen && whole == 1 && !strcmp(seen->kind->word, kind) &&
			 seen->len == secret && seen->mapped &&
			 seen->vaddr == VADDR + PART - before + first &&
			 seen->joined == (before > first && before < first + secret) &&
			 scanned_keys + scanned_notes == scanned_nr && !scanned_keys == !key;
	}
	ok(nr && right == nr, "%s on both sides of a seam, and across it (%u of %u)", name, right,
	   nr);
}

static void test_pem(void)
{
	static const char begin[] = "\n-----BEGIN EC PRIVATE KEY-----\n";
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_mem());
	u8 *der = NULL, bare[64] = { 0x30, 49, 2, 1, 1, 4, 32 };
	char text[1024], *pem;
	u32 first, end;
	long nr;

	PEM_write_bio_PrivateKey_traditional(bio, pkey, NULL, NULL, 0, NULL, NULL);
	nr = BIO_get_mem_data(bio, &pem);
	text[0] = '\n';
	memcpy(text + 1, pem, nr);
	text[nr + 1] = '\0';
	first = sizeof(begin) - 1;
	end = strstr(text, "\n-----END") - text;
	test_sides("PEM", "pem", text, nr + 1, "pem-private", first, end - first, true);
	BIO_free(bio);
	/* Without its public half, and the name of its curve behind it. */
	i2d_PrivateKey(pkey, &der);
	memcpy(bare + 7, der + 7, 32 + 12);
	test_sides("a scalar in DER", "ec-der", bare, 51, "ec-private-key", 7, 32, true);
	OPENSSL_free(der);
	EVP_PKEY_free(pkey);
}

static void test_others(void)
{
	static const char bearer[] = "\nAuthorization: Bearer Qk7hsd83HJks92hJKsh2927hsk3H9sk2jHs8\r\n";
	static const char url[] = "\nhttps://someone:Qk7hsd83HJks92@host.example/path\r\n";
	u8 state[64] = "expand 32-byte k";

	memcpy(state + 16, file + 64, 32);
	state[48] = 1;
	memcpy(state + 52, file + 256, 12);
	test_sides("ChaCha20", "chacha", state, sizeof(state), "chacha20-state", 16, 32, true);
	test_sides("a token", "logins", bearer, sizeof(bearer) - 1, "http-bearer", 23, 36, true);
	test_sides("a note", "logins", url, sizeof(url) - 1, "url-password", 17, 14, false);
}

int main(void)
{
	test_elsewhere();
	test_pem();
	test_others();
	return tap_end();
}
