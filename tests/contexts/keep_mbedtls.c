// SPDX-License-Identifier: GPL-2.0
/*
 * AES and ChaCha20 in mbed TLS.
 */
#include <string.h>

#include <mbedtls/aes.h>
#include <mbedtls/chacha20.h>

#include "keep.h"

static void context(unsigned int bits, bool encrypt)
{
	mbedtls_aes_context *ctx = keep_new(sizeof(*ctx));
	unsigned char key[32];

	mbedtls_aes_init(ctx);
	keep_random(key, sizeof(key));
	keep_need(!(encrypt ? mbedtls_aes_setkey_enc : mbedtls_aes_setkey_dec)(ctx, key, bits),
		  "mbedtls_aes_setkey");
	memset(key, 0, sizeof(key));
	__asm__ volatile("" : : "r"(key) : "memory");
}

static void chacha(void)
{
	mbedtls_chacha20_context *ctx = keep_new(sizeof(*ctx));
	unsigned char key[32], nonce[12] = { 1 };

	mbedtls_chacha20_init(ctx);
	keep_random(key, sizeof(key));
	keep_need(!mbedtls_chacha20_setkey(ctx, key) && !mbedtls_chacha20_starts(ctx, nonce, 1),
		  "mbedtls_chacha20_setkey");
	memset(key, 0, sizeof(key));
	__asm__ volatile("" : : "r"(key) : "memory");
}

int main(void)
{
	chacha();
	keep_expect(1, "chacha20-state", "256-bit key, after its constants");
	context(128, true);
	context(192, true);
	context(256, true);
	context(128, false);
	context(192, false);
	context(256, false);
	keep_expect(1, "aes-schedule", "AES-128, encryption");
	keep_expect(1, "aes-schedule", "AES-192, encryption");
	keep_expect(1, "aes-schedule", "AES-256, encryption");
	keep_expect(1, "aes-schedule", "AES-128, decryption");
	keep_expect(1, "aes-schedule", "AES-192, decryption");
	keep_expect(1, "aes-schedule", "AES-256, decryption");
	keep_sleep();
}
