// SPDX-License-Identifier: GPL-2.0
/*
 * AES and ChaCha20 in wolfSSL.
 */
#include <string.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/chacha.h>

#include "keep.h"

static void context(unsigned int len, int direction)
{
	Aes *ctx = keep_new(sizeof(*ctx));
	unsigned char key[32], iv[16] = { 1 };

	keep_random(key, sizeof(key));
	keep_need(!wc_AesInit(ctx, NULL, INVALID_DEVID) &&
		  !wc_AesSetKey(ctx, key, len, iv, direction), "wc_AesSetKey");
	memset(key, 0, sizeof(key));
	__asm__ volatile("" : : "r"(key) : "memory");
}

static void chacha(void)
{
	ChaCha *ctx = keep_new(sizeof(*ctx));
	unsigned char key[32], nonce[12] = { 1 };

	keep_random(key, sizeof(key));
	keep_need(!wc_Chacha_SetKey(ctx, key, sizeof(key)) && !wc_Chacha_SetIV(ctx, nonce, 1),
		  "wc_Chacha_SetKey");
	memset(key, 0, sizeof(key));
	__asm__ volatile("" : : "r"(key) : "memory");
}

int main(void)
{
	chacha();
	keep_expect(1, "chacha20-state", "256-bit key, after its constants");
	context(16, AES_ENCRYPTION);
	context(24, AES_ENCRYPTION);
	context(32, AES_ENCRYPTION);
	context(16, AES_DECRYPTION);
	context(24, AES_DECRYPTION);
	context(32, AES_DECRYPTION);
	/* Debian's is without AES-NI: words of 32 bits, the highest byte first. */
	keep_expect(1, "aes-schedule", "AES-128, encryption, words byte-swapped");
	keep_expect(1, "aes-schedule", "AES-192, encryption, words byte-swapped");
	keep_expect(1, "aes-schedule", "AES-256, encryption, words byte-swapped");
	keep_expect(1, "aes-schedule", "AES-128, decryption, words byte-swapped");
	keep_expect(1, "aes-schedule", "AES-192, decryption, words byte-swapped");
	keep_expect(1, "aes-schedule", "AES-256, decryption, words byte-swapped");
	keep_sleep();
}
