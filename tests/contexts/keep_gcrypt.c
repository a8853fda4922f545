// SPDX-License-Identifier: GPL-2.0
/*
 * AES, ChaCha20 and Salsa20 in libgcrypt.
 */
#include <string.h>

#include <gcrypt.h>

#include "keep.h"

static void context(int algorithm, int mode, size_t key_len, bool decrypt)
{
	unsigned char key[32], iv[16] = { 1 }, bytes[32] = { 2 };
	gcry_cipher_hd_t handle;
	size_t iv_len = algorithm == GCRY_CIPHER_CHACHA20 ? 12 :
			algorithm == GCRY_CIPHER_SALSA20 ? 8 : 16;

	keep_random(key, sizeof(key));
	keep_need(!gcry_cipher_open(&handle, algorithm, mode, 0) &&
		  !gcry_cipher_setkey(handle, key, key_len) &&
		  !gcry_cipher_setiv(handle, iv, iv_len), "gcry_cipher_open");
	/* The schedule for decryption is made when it is needed. */
	keep_need(!(decrypt ? gcry_cipher_decrypt : gcry_cipher_encrypt)
		   (handle, bytes, sizeof(bytes), NULL, 0), "gcry_cipher_encrypt");
	memset(key, 0, sizeof(key));
	__asm__ volatile("" : : "r"(key) : "memory");
}

int main(int argc, char **argv)
{
	bool hardware = argc < 2 || strcmp(argv[1], "without-aesni");

	if (!hardware) {
		keep_need(!gcry_control(GCRYCTL_DISABLE_HWF, "intel-aesni", NULL),
			  "GCRYCTL_DISABLE_HWF");
		keep_need(!gcry_control(GCRYCTL_DISABLE_HWF, "intel-ssse3", NULL),
			  "GCRYCTL_DISABLE_HWF");
	}
	keep_need(gcry_check_version(GCRYPT_VERSION), "gcry_check_version");
	gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	context(GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_CTR, 16, false);
	context(GCRY_CIPHER_AES192, GCRY_CIPHER_MODE_CTR, 24, false);
	context(GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_CTR, 32, false);
	/* Both schedules are kept. */
	context(GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_CBC, 16, true);
	context(GCRY_CIPHER_AES192, GCRY_CIPHER_MODE_CBC, 24, true);
	context(GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_CBC, 32, true);
	context(GCRY_CIPHER_CHACHA20, GCRY_CIPHER_MODE_STREAM, 32, false);
	context(GCRY_CIPHER_SALSA20, GCRY_CIPHER_MODE_STREAM, 32, false);
	/* Each handle has a copy of what the key was set to. */
	keep_expect(4, "aes-schedule", "AES-128, encryption");
	keep_expect(4, "aes-schedule", "AES-192, encryption");
	keep_expect(4, "aes-schedule", "AES-256, encryption");
	keep_expect(2, "chacha20-state", "256-bit key, after its constants");
	keep_expect(2, "salsa20-state", "256-bit key, by diagonals");
	keep_expect(1, "aes-schedule", hardware ? "AES-128, decryption" :
		    "AES-128, decryption, rounds in order");
	keep_expect(1, "aes-schedule", hardware ? "AES-192, decryption" :
		    "AES-192, decryption, rounds in order");
	keep_expect(1, "aes-schedule", hardware ? "AES-256, decryption" :
		    "AES-256, decryption, rounds in order");
	keep_sleep();
}
