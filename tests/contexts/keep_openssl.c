// SPDX-License-Identifier: GPL-2.0
/*
 * AES and ChaCha20 in OpenSSL: its contexts (EVP), its old functions, and the random
 * number generator.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <string.h>

#include <openssl/aes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "keep.h"

static void context(const char *name, int encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned char key[64], iv[16] = { 1 }, in[32] = { 2 }, out[64];
	int len;

	keep_random(key, sizeof(key));
	keep_need(ctx && EVP_CipherInit_ex(ctx, EVP_get_cipherbyname(name), NULL, key, iv,
					   encrypt) &&
		  EVP_CipherUpdate(ctx, out, &len, in, sizeof(in)), name);
	OPENSSL_cleanse(key, sizeof(key));
}

static void old(int bits, bool encrypt)
{
	AES_KEY *schedule = keep_new(sizeof(*schedule));
	unsigned char key[32];

	keep_random(key, sizeof(key));
	keep_need(!(encrypt ? AES_set_encrypt_key : AES_set_decrypt_key)(key, bits, schedule),
		  "AES_set_key");
	OPENSSL_cleanse(key, sizeof(key));
}

int main(int argc, char **argv)
{
	unsigned char random[16];
	bool slow = argc > 1 && !strcmp(argv[1], "without-aesni");

	keep_need(RAND_bytes(random, sizeof(random)) == 1, "RAND_bytes");
	if (!slow) {
		/* Without these instructions these are kept in the form of "vpaes". */
		context("AES-128-CBC", 1);
		context("AES-192-ECB", 1);
		context("AES-256-ECB", 0);
		context("AES-256-CCM", 1);
		/* of the generators that filled @random and what it was seeded from */
		keep_expect(4, "drbg-state", "OpenSSL CTR_DRBG, AES-256, encryption");
	} else {
		keep_expect(2, "drbg-state", "OpenSSL CTR_DRBG, AES-256, encryption");
	}
	context("ChaCha20", 1);
	context("ChaCha20-Poly1305", 1);
	keep_expect(2, "chacha20-state", "256-bit key, in a context of OpenSSL");
	context("AES-128-CBC", 0);
	context("AES-192-CBC", 0);
	context("AES-256-CBC", 0);
	context("AES-128-CTR", 1);
	context("AES-256-GCM", 1);
	context("AES-256-XTS", 0);
	old(128, true);
	old(192, true);
	old(256, true);
	old(128, false);
	old(192, false);
	old(256, false);
	keep_expect(slow ? 2 : 3, "aes-schedule", "AES-128, encryption");
	keep_expect(slow ? 1 : 2, "aes-schedule", "AES-192, encryption");
	/* XTS has two keys, and the second one is never turned round. */
	keep_expect(slow ? 3 : 4, "aes-schedule", "AES-256, encryption");
	keep_expect(2, "aes-schedule", "AES-128, decryption");
	keep_expect(2, "aes-schedule", "AES-192, decryption");
	keep_expect(slow ? 3 : 4, "aes-schedule", "AES-256, decryption");
	keep_sleep();
}
