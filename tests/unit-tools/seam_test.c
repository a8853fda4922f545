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

static u8 file[SIZE + 8];

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
	static const char bearer[] = "\nAuthorization: Bearer "
				     "Qk7hsd83HJks92hJKsh2927hsk3H9sk2jHs8\r\n";
	static const char url[] = "\nhttps://someone:Qk7hsd83HJks92@host.example/path\r\n";
	u8 state[64] = "expand 32-byte k";

	memcpy(state + 16, file + 64, 32);
	state[48] = 1;
	memcpy(state + 52, file + 256, 12);
	test_sides("ChaCha20", "chacha", state, sizeof(state), "chacha20-state", 16, 32, true);
	test_sides("a token", "logins", bearer, sizeof(bearer) - 1, "http-bearer", 23, 36, true);
	test_sides("a note", "logins", url, sizeof(url) - 1, "url-password", 17, 14, false);
}

/* Numbers of OpenSSL in segments that begin anywhere in the file, within one window. */
static void test_phases(void)
{
	static const u32 shifts[][2] = { { 0, 1 }, { 1, 2 }, { 4, 0 }, { 7, 4 } };
	EVP_PKEY *pkey = EVP_RSA_gen(2048);
	u32 i, k, right = 0;

	for (i = 0; i < 4; i++) {
		struct core_segment segments[] = {
			{ VADDR, PART, LEFT + shifts[i][0], PART },
			{ 2 * VADDR, PART, OTHER + shifts[i][0] + shifts[i][1], PART },
		};
		struct core core;

		fill();
		for (k = 0; k < 2; k++) {
			u8 *to = file + segments[k].offset;
			u64 header[3] = { segments[k].vaddr + 0x400, k ? 16ul << 32 | 16 :
					  32ul << 32 | 32, 1ul << 32 };
			BIGNUM *number = NULL;

			EVP_PKEY_get_bn_param(pkey, k ? "rsa-factor1" : "n", &number);
			memcpy(to + 0x108, header, 24);
			BN_bn2lebinpad(number, to + 0x400, k ? 128 : 256);
			BN_clear_free(number);
		}
		core_map(&core, segments, 2, SIZE);
		scan_these(file, SIZE, "bignum", &core);
		core_close(&core);
		right += scanned_keys == 1 && at(segments[1].offset + 0x400);
	}
	ok(right == 4, "big numbers in segments of several phases (%u of 4)", right);
	EVP_PKEY_free(pkey);
}

/* The header of a number, and a number behind one, across the seam. */
static void test_numbers(void)
{
	EVP_PKEY *pkey = EVP_RSA_gen(2048);
	BIGNUM *n = NULL, *p = NULL;
	u64 header[3] = { VADDR + PART - 0x800, 32ul << 32 | 32, 1ul << 32 };
	u8 prime[8 + 128 + 8] = { 16, 0, 0, 0, 16 };
	u32 before, right = 0;

	EVP_PKEY_get_bn_param(pkey, "n", &n);
	EVP_PKEY_get_bn_param(pkey, "rsa-factor1", &p);
	BN_bn2lebinpad(p, prime + 8, 128);
	for (before = 8; before <= 128; before += 8) {
		fill();
		BN_bn2lebinpad(n, file + LEFT + PART - 0x800, 256);
		memcpy(file + LEFT + 0x200, header, 24);
		put(prime, sizeof(prime), before);
		look("bignum");
		right += scanned_keys == 1 && scanned[0].joined == (before > 8) &&
			 scanned[0].vaddr == VADDR + PART - before + 8 && scanned[0].len == 128;
	}
	ok(right == 16, "a number behind its header across the seam (%u of 16)", right);
	for (right = 0, before = 0; before <= 24; before += 8) {
		fill();
		BN_bn2lebinpad(n, file + LEFT + PART - 0x800, 256);
		memcpy(file + LEFT + 0x200, prime, sizeof(prime));
		put(header, 24, before);
		look("bignum");
		right += scanned_keys == 1;
	}
	ok(right == 4, "a header across the seam (%u of 4)", right);
	BN_clear_free(n);
	BN_clear_free(p);
	EVP_PKEY_free(pkey);
}

/* A key object of OpenSSL for X25519, across the seam; its private key is elsewhere. */
static void test_object(void)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	u8 key[32], object[96] = { 0 };
	u64 vaddr = VADDR + (1u << 24) + 64, len = 32;
	u32 before, nr = 0, right = 0;
	size_t size = 32;

	EVP_PKEY_get_raw_private_key(pkey, key, &size);
	EVP_PKEY_get_raw_public_key(pkey, object + 9, &size);
	memcpy(object + 72, &vaddr, 8);
	memcpy(object + 80, &len, 8);
	for (before = 0; before <= sizeof(object); before += 8) {
		fill();
		memcpy(file + OTHER + 64, key, 32);
		put(object, sizeof(object), before);
		look("raw");
		right += scanned_keys == 1 && at(OTHER + 64);
		nr++;
	}
	ok(right == nr, "a key object of OpenSSL across the seam (%u of %u)", right, nr);
	EVP_PKEY_free(pkey);
}

static u8 *add_string(u8 *to, const void *bytes, u32 len)
{
	u32 big = htobe32(len);

	memcpy(to, &big, 4);
	memcpy(to + 4, bytes, len);
	return to + 4 + len;
}

/* A shielded key: its structure across the seam, and in a file of any phase. */
static void test_shielded(void)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	u64 words[4] = { VADDR + 0x200, 128, VADDR + (1u << 24), PART };
	EVP_CIPHER_CTX *ctr = EVP_CIPHER_CTX_new();
	u8 key[64], hash[64], clear[128] = { 0 }, *to;
	u32 before, shift, i, nr = 0, right = 0;
	size_t size = 32;
	int len;

	EVP_PKEY_get_raw_private_key(pkey, key, &size);
	EVP_PKEY_get_raw_public_key(pkey, key + 32, &size);
	to = add_string(clear, "ssh-ed25519", 11);
	to = add_string(to, key + 32, 32);
	to = add_string(to, key, 64);
	to = add_string(to, "c", 1);
	for (i = 1; to < clear + sizeof(clear); i++)
		*to++ = i;
	for (shift = 0; shift < 8; shift++)
		for (before = 0; before <= 32; before += 8, nr++) {
			struct core_segment segments[] = {
				{ VADDR, PART, LEFT + shift, PART },
				{ VADDR + PART, PART, RIGHT + shift, PART },
				{ VADDR + (1u << 24), PART, OTHER + shift, PART },
			};
			struct core core;

			fill();
			EVP_Digest(file + OTHER, PART, hash, NULL, EVP_sha512(), NULL);
			EVP_EncryptInit_ex(ctr, EVP_aes_256_ctr(), NULL, hash, hash + 32);
			EVP_EncryptUpdate(ctr, file + LEFT + 0x200, &len, clear, sizeof(clear));
			put(words, sizeof(words), before);
			memmove(file + LEFT + shift, file + LEFT, 3 * PART);
			core_map(&core, segments, 3, SIZE + shift);
			scan_these(file, SIZE + shift, "openssh", &core);
			core_close(&core);
			right += scanned_keys == 1 && at(LEFT + shift + 0x200) &&
				 scanned[0].len == 128;
		}
	ok(right == nr, "a shielded key of ssh-agent, in all phases (%u of %u)", right, nr);
	EVP_CIPHER_CTX_free(ctr);
	EVP_PKEY_free(pkey);
}

int main(void)
{
	test_elsewhere();
	test_pem();
	test_others();
	test_phases();
	test_numbers();
	test_object();
	test_shielded();
	return tap_end();
}
