// SPDX-License-Identifier: GPL-2.0
/*
 * AES, ChaCha20 and Salsa20 in nettle.
 */
#include <string.h>

#include <nettle/aes.h>
#include <nettle/chacha.h>
#include <nettle/salsa20.h>

#include "keep.h"

/* A context of some kind, made from a random key by @set. */
#define CONTEXT(type, set) do {					\
	struct type *ctx = keep_new(sizeof(*ctx));		\
								\
	keep_random(key, sizeof(key));				\
	memset(ctx, 0, sizeof(*ctx));				\
	set(ctx, key);						\
} while (0)

int main(void)
{
	unsigned char key[32];

	CONTEXT(aes128_ctx, aes128_set_encrypt_key);
	CONTEXT(aes192_ctx, aes192_set_encrypt_key);
	CONTEXT(aes256_ctx, aes256_set_encrypt_key);
	CONTEXT(aes128_ctx, aes128_set_decrypt_key);
	CONTEXT(aes192_ctx, aes192_set_decrypt_key);
	CONTEXT(aes256_ctx, aes256_set_decrypt_key);
	CONTEXT(chacha_ctx, chacha_set_key);
	CONTEXT(salsa20_ctx, salsa20_256_set_key);
	keep_random(key, sizeof(key));
	keep_expect(1, "chacha20-state", "256-bit key, after its constants");
	keep_expect(1, "salsa20-state", "256-bit key");
	keep_expect(1, "aes-schedule", "AES-128, encryption");
	keep_expect(1, "aes-schedule", "AES-192, encryption");
	keep_expect(1, "aes-schedule", "AES-256, encryption");
	keep_expect(1, "aes-schedule", "AES-128, decryption");
	keep_expect(1, "aes-schedule", "AES-192, decryption");
	keep_expect(1, "aes-schedule", "AES-256, decryption");
	keep_sleep();
}
