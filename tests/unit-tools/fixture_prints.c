// SPDX-License-Identifier: GPL-2.0
/*
 * The record of fingerprints, made from what Documentation/seal-format.rst says of it and
 * independently of the module's code.
 */
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "fixture.h"

static u8 keys[32];	/* for windows, then for tags */

static void hash(int tags, const u8 *block, u8 *hashed)
{
	EVP_CIPHER_CTX *aes = EVP_CIPHER_CTX_new();
	int len, i;

	if (!EVP_EncryptInit_ex(aes, EVP_aes_128_ecb(), NULL, keys + 16 * tags, NULL) ||
	    !EVP_EncryptUpdate(aes, hashed, &len, block, 16))
		abort();
	for (i = 0; i < 16; i++)
		hashed[i] ^= block[i];
	EVP_CIPHER_CTX_free(aes);
}

/* Compares words of 8 bytes as little-endian numbers: which order of the bytes counts? */
static void canon(const u8 *at, u32 len, u8 *to)
{
	u8 reverse[32];
	u32 i;
	int j;

	for (i = 0; i < len; i++)
		reverse[i] = at[len - 1 - i];
	memcpy(to, at, len);
	for (i = 0; i < len; i += 8)
		for (j = 7; j >= 0; j--)
			if (at[i + j] != reverse[i + j]) {
				memcpy(to, at[i + j] < reverse[i + j] ? at : reverse, len);
				return;
			}
}

static void put_entry(u8 *entry, const u8 *at, u32 len, u64 owner)
{
	u8 whole[32] = { 0 }, hashed[16];
	u32 i;

	canon(at, len, whole);
	hash(1, whole, hashed);
	for (i = 0; i < 16; i++)
		whole[16 + i] ^= hashed[i];
	if (len == 32)
		hash(1, whole + 16, hashed);
	memcpy(entry, hashed, 8);
	owner = htole64(owner);
	memcpy(entry + 8, &owner, 8);
}

static void put_windows(u8 *bitmap, u64 bits, const u8 *piece)
{
	u8 block[16], hashed[16];
	u32 low, i;
	u64 bit;

	for (i = 0; i <= 16; i++) {
		canon(piece + i, 16, block);
		hash(0, block, hashed);
		memcpy(&low, hashed, 4);
		bit = le32toh(low) * bits >> 32;
		bitmap[bit / 8] |= 1 << bit % 8;
	}
}

static void put_number(u8 *at, u64 number, int len)
{
	for (; len--; number >>= 8)
		*at++ = number;
}

/**
 * fixture_prints() - give a fixture fingerprints
 * @fixture:	with its key; @prints is made, for the caller to free
 * @secrets:	what they are of
 * @nr:		how many
 */
void fixture_prints(struct fixture *fixture, const struct fixture_print *secrets, u32 nr)
{
	static const char use[] = "kredact fingerprints";
	u32 pieces = 0, blocks = 0, piece = 0, block = 0, i, j;
	u8 text[sizeof(use) - 1 + 16], *entries, *bitmap;

	for (i = 0; i < nr; i++) {
		pieces += secrets[i].len / 32;
		blocks += secrets[i].len < 32;
	}
	fixture->prints_len = 64 + 16ULL * (pieces + blocks) + 8ULL * pieces;
	fixture->prints = calloc(1, fixture->prints_len);
	memcpy(fixture->prints, "a grain of salt.", 16);
	put_number(fixture->prints + 16, 32 * pieces + 16 * blocks, 8);
	put_number(fixture->prints + 24, 5, 8);
	put_number(fixture->prints + 32, pieces, 4);
	put_number(fixture->prints + 36, blocks, 4);
	put_number(fixture->prints + 40, 64 * pieces, 4);
	memcpy(text, use, sizeof(use) - 1);
	memcpy(text + sizeof(use) - 1, fixture->prints, 16);
	HMAC(EVP_sha256(), fixture->key, sizeof(fixture->key), text, sizeof(text), keys, NULL);
	entries = fixture->prints + 64;
	bitmap = entries + 16 * (pieces + blocks);
	for (i = 0; i < nr; i++) {
		for (j = 0; j + 32 <= secrets[i].len; j += 32) {
			put_entry(entries + 16 * piece++, secrets[i].bytes + j, 32,
				  secrets[i].owner);
			put_windows(bitmap, 64ULL * pieces, secrets[i].bytes + j);
		}
		if (secrets[i].len < 32)
			put_entry(entries + 16 * (pieces + block++), secrets[i].bytes, 16,
				  secrets[i].owner);
	}
}
