// SPDX-License-Identifier: GPL-2.0
/* hold_openssl: AES-256-GCM, AES-128-CBC to decrypt, and ChaCha20-Poly1305 in EVP contexts. */
#include <openssl/evp.h>

#include "hold.h"

#define CIPHERS	3

static const uint8_t iv[16];

static EVP_CIPHER_CTX *start(const EVP_CIPHER *cipher, const char *name, int encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	/* In two steps, as TLS does it. */
	hold_need(ctx && EVP_CipherInit_ex(ctx, cipher, NULL, hold_read(name).bytes, NULL,
					   encrypt) == 1 &&
		  EVP_CipherInit_ex(ctx, NULL, NULL, NULL, iv, encrypt) == 1,
		  "OpenSSL does not take the key");
	return ctx;
}

static void use(EVP_CIPHER_CTX *ctx)
{
	uint8_t in[256] = { 1 }, out[sizeof(in) + 16];
	int len;

	hold_need(EVP_CipherUpdate(ctx, out, &len, in, sizeof(in)) == 1 && len > 0,
		  "OpenSSL does not encrypt");
}

int main(int argc, char **argv)
{
	bool freed = hold_begin(argc, argv);
	EVP_CIPHER_CTX *ctx[CIPHERS + 1];
	int i;

	ctx[0] = start(EVP_aes_256_gcm(), "secret/gcm.bin", 1);
	ctx[1] = start(EVP_aes_128_cbc(), "secret/cbc.bin", 0);
	ctx[2] = start(EVP_chacha20_poly1305(), "secret/chacha.bin", 1);
	ctx[3] = EVP_CIPHER_CTX_new();
	hold_need(ctx[3] && EVP_CIPHER_CTX_copy(ctx[3], ctx[0]) == 1,
		  "OpenSSL does not copy a context");
	hold_forget();
	for (i = 0; i < CIPHERS + 1; i++)
		use(ctx[i]);
	for (i = 0; freed && i < CIPHERS + 1; i++)
		EVP_CIPHER_CTX_free(ctx[i]);
	/* A later call, by which those before are known to have returned. */
	EVP_CIPHER_CTX_reset(EVP_CIPHER_CTX_new());
	hold_crash();
}
