// SPDX-License-Identifier: GPL-2.0
/*
 * Fingerprints as the module makes them, against ones that are made here anew from what
 * Documentation/seal-format.rst says, byte by byte and with OpenSSL's AES.
 */
#include <stdlib.h>

#include <openssl/evp.h>

#include "../noise.h"
#include "expect.h"
#include "prints.h"

#define ENTRY	16u

/* An index with room for so many bytes of secrets. */
static void begin(struct kr_hunt *hunt, u32 run, u32 bytes)
{
	size_t size = kr_hunt_size(bytes);

	kr_hunt_init(hunt, run);
	EXPECT(!kr_hunt_move(hunt, calloc(1, size), size));
}

static EVP_CIPHER_CTX *aes[2];	/* for windows, for tags */

static void encrypt(void *arg, bool tags, struct kr_block *blocks, u32 nr)
{
	int len;

	EXPECT(arg == aes);
	EXPECT(EVP_EncryptUpdate(aes[tags], (u8 *)blocks, &len, (u8 *)blocks, 16 * (int)nr));
}

static void set_keys(void)
{
	u8 key[16];
	int i;

	for (i = 0; i < 2; i++) {
		memset(key, 0x11 * (i + 1), sizeof(key));
		aes[i] = EVP_CIPHER_CTX_new();
		EXPECT(EVP_EncryptInit_ex(aes[i], EVP_aes_128_ecb(), NULL, key, NULL));
		EVP_CIPHER_CTX_set_padding(aes[i], 0);
	}
}

static void hash(int tags, const u8 *block, u8 *hashed)
{
	int len, i;

	EXPECT(EVP_EncryptUpdate(aes[tags], hashed, &len, block, 16));
	for (i = 0; i < 16; i++)
		hashed[i] ^= block[i];
}

/* @len bytes, or in reverse order: compared as little-endian numbers of 8 bytes. */
static void canon(const u8 *at, u32 len, u8 *to)
{
	u8 reverse[32];
	u32 i, j;

	for (i = 0; i < len; i++)
		reverse[i] = at[len - 1 - i];
	memcpy(to, at, len);
	for (i = 0; i < len; i += 8)
		for (j = 8; j--;) {
			if (at[i + j] > reverse[i + j])
				memcpy(to, reverse, len);
			if (at[i + j] != reverse[i + j])
				return;
		}
}

static u64 window(const u8 *at, u64 bits)
{
	u8 block[16], hashed[16];

	canon(at, 16, block);
	hash(0, block, hashed);
	return (hashed[0] | hashed[1] << 8 | hashed[2] << 16 | (u64)hashed[3] << 24) * bits >> 32;
}

static void tag_of(const u8 *at, u32 len, u8 *tag)
{
	u8 whole[32], hashed[16];
	int i;

	canon(at, len, whole);
	hash(1, whole, hashed);
	if (len == 32) {
		for (i = 0; i < 16; i++)
			whole[16 + i] ^= hashed[i];
		hash(1, whole + 16, hashed);
	}
	memcpy(tag, hashed, 8);
}

/* Fingerprints of an index, in memory of their exact size. */
static u8 *make(struct kr_prints *prints, const struct kr_hunt *hunt, size_t most, size_t *size)
{
	struct kr_hasher hasher = { .encrypt = encrypt, .arg = aes };
	u8 *memory;

	*size = kr_prints_measure(prints, hunt, most);
	EXPECT(*size <= most);
	EXPECT(*size == (prints->pieces + prints->blocks) * ENTRY + prints->bits / 8);
	memory = calloc(1, *size ? *size : 1);
	kr_prints_make(prints, hunt, memory, &hasher);
	return memory;
}

static u64 owner_of(const u8 *entry)
{
	u64 owner;

	memcpy(&owner, entry + 8, sizeof(owner));
	return owner;
}

/* Does a secret have the fingerprints from entry @at on? Its windows go to @bitmap. */
static void expect_pieces(const struct kr_prints *prints, u32 at, const u8 *secret, u32 pieces,
			  u64 owner, u8 *bitmap)
{
	const u8 *entries = (const u8 *)prints->prints;
	u8 tag[8];
	u64 bit;
	u32 i, j;

	for (i = 0; i < pieces; i++) {
		tag_of(secret + 32 * i, 32, tag);
		EXPECT(!memcmp(tag, entries + ENTRY * (at + i), 8));
		EXPECT(owner_of(entries + ENTRY * (at + i)) == owner);
		for (j = 0; j < 17; j++) {
			bit = window(secret + 32 * i + j, prints->bits);
			bitmap[bit / 8] |= 1u << bit % 8;
		}
	}
}

/* Every length: how many pieces and blocks, and that no byte of them is another. */
static void test_lengths(void)
{
	u8 secret[300], tag[8], *bitmap, *memory;
	struct kr_prints prints;
	struct kr_hunt hunt;
	size_t size;
	u32 len;

	for (len = 8; len < sizeof(secret); len++) {
		begin(&hunt, 8, 4096);
		random_fill(secret, len);
		/* So that nothing is trimmed, and nothing plain. */
		secret[0] |= 1;
		secret[len - 1] |= 1;
		EXPECT(!kr_hunt_add(&hunt, secret, len, 0, 7));
		if (hunt.nr_secrets == 1 && hunt.secrets[0].len == len) {
			memory = make(&prints, &hunt, 1 << 20, &size);
			EXPECT(prints.pieces == len / 32 && prints.bits == 64 * (len / 32));
			EXPECT(prints.blocks == (len >= 16 && len < 32));
			EXPECT(prints.bytes == prints.pieces * 32 + prints.blocks * 16);
			EXPECT(prints.bytes + prints.missing == len);
			bitmap = calloc(1, prints.bits / 8 + 1);
			expect_pieces(&prints, 0, secret, prints.pieces, 7, bitmap);
			EXPECT(!memcmp(bitmap, prints.bitmap, prints.bits / 8));
			if (prints.blocks) {
				tag_of(secret, 16, tag);
				EXPECT(!memcmp(tag, memory, 8) && owner_of(memory) == 7);
			}
			free(bitmap);
			free(memory);
		} else {
			EXPECT(len > 40);	/* by chance, in a few of many */
		}
		free(hunt.memory);
	}
}

/* A secret amid zeros has the fingerprints that it has by itself; so has its reverse. */
static void test_surroundings(void)
{
	u8 alone[96], page[512] = { 0 }, *memory[3];
	struct kr_prints prints[3];
	struct kr_hunt hunt[3];
	size_t size;
	u32 i;

	random_fill(alone, sizeof(alone));
	alone[0] |= 1;
	alone[95] |= 1;
	for (i = 0; i < 3; i++)
		begin(&hunt[i], 16, 4096);
	EXPECT(!kr_hunt_add(&hunt[0], alone, sizeof(alone), 0, 1));
	memcpy(page + 201, alone, sizeof(alone));
	EXPECT(!kr_hunt_add(&hunt[1], page, sizeof(page), 0, 1));
	for (i = 0; i < sizeof(alone); i++)
		page[201 + i] = alone[sizeof(alone) - 1 - i];
	EXPECT(!kr_hunt_add(&hunt[2], page, sizeof(page), 0, 1));
	for (i = 0; i < 3; i++) {
		memory[i] = make(&prints[i], &hunt[i], 1 << 20, &size);
		EXPECT(prints[i].pieces == 3 && size == 3 * (ENTRY + 8));
	}
	EXPECT(!memcmp(memory[0], memory[1], size));
	/* Pieces come in the other order, and are the same ones; so is the bitmap. */
	for (i = 0; i < 3; i++)
		EXPECT(!memcmp(memory[0] + ENTRY * i, memory[2] + ENTRY * (2 - i), ENTRY));
	EXPECT(!memcmp(memory[0] + 3 * ENTRY, memory[2] + 3 * ENTRY, 3 * 8));
	for (i = 0; i < 3; i++) {
		free(memory[i]);
		free(hunt[i].memory);
	}
}

/* What has no room is missing, whole secrets at a time, and is counted. */
static void test_room(void)
{
	static u8 secrets[20][100];
	struct kr_prints prints;
	struct kr_hunt hunt;
	size_t size, most;
	u8 *memory;
	u32 i;

	begin(&hunt, 16, 4096);
	for (i = 0; i < 20; i++) {
		random_fill(secrets[i], 100);
		secrets[i][0] |= 1;
		EXPECT(!kr_hunt_add(&hunt, secrets[i], i % 4 ? 100 : 20, 0,
				    i | (i & 1 ? KREDACT_PRINT_OTHERS : 0)));
	}
	EXPECT(hunt.nr_secrets == 20);
	for (most = 0; most < 15 * 3 * 24 + 5 * ENTRY + 50; most++) {
		memory = make(&prints, &hunt, most, &size);
		EXPECT(prints.bytes + prints.missing == 15 * 100 + 5 * 20);
		EXPECT(prints.pieces % 3 == 0);
		EXPECT(most - size < 3 * 24 || size == 15 * 72 + 80);
		if (prints.pieces)
			EXPECT(owner_of(memory) == (1 | KREDACT_PRINT_OTHERS));
		free(memory);
	}
	EXPECT(prints.pieces == 45 && prints.blocks == 5);
	free(hunt.memory);
}

/* How full the bitmap is decides what one bit of it tells, and how fast a search is. */
static void test_density(void)
{
	static u8 secret[64 * 1024];
	struct kr_prints prints;
	struct kr_hunt hunt;
	u32 i, set = 0;
	size_t size;
	u8 *memory;

	random_fill(secret, sizeof(secret));
	begin(&hunt, 16, 1 << 18);
	EXPECT(!kr_hunt_add(&hunt, secret, sizeof(secret), 0, 1));
	memory = make(&prints, &hunt, 1 << 20, &size);
	for (i = 0; i < prints.bits / 8; i++)
		set += __builtin_popcount(prints.bitmap[i]);
	/* 1 - e^(-17/64) of them: 0.2333. */
	EXPECT(prints.pieces > 2000 && set > 0.228 * prints.bits && set < 0.239 * prints.bits);
	free(memory);
	free(hunt.memory);
}

int main(void)
{
	static const struct {
		void (*test)(void);
		const char *what;
	} tests[] = {
		{ test_lengths, "fingerprints are what the format says" },
		{ test_surroundings, "zeros around a secret, and its order, make no difference" },
		{ test_room, "what has no room is missing, and counted" },
		{ test_density, "less than a quarter of the bitmap is set" },
	};
	unsigned int failed = 0, i;

	set_keys();
	printf("TAP version 13\n1..4\n");
	for (i = 0; i < 4; i++) {
		failures = 0;
		tests[i].test();
		printf("%sok %u - %s\n", failures ? "not " : "", i + 1, tests[i].what);
		failed += failures;
	}
	EVP_CIPHER_CTX_free(aes[0]);
	EVP_CIPHER_CTX_free(aes[1]);
	return failed ? 1 : 0;
}
