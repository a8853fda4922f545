// SPDX-License-Identifier: GPL-2.0
/* hold_mbedtls: an RSA key and one of P-256 that sign, and AES-256-GCM. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/gcm.h>
#include <mbedtls/pk.h>

#include "hold.h"

static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context drbg;

static void load(mbedtls_pk_context *key, const char *name)
{
	struct hold_file der = hold_read(name);

	mbedtls_pk_init(key);
	hold_need(!mbedtls_pk_parse_key(key, der.bytes, der.len, NULL, 0),
		  "mbedTLS does not take the key");
}

static void sign(mbedtls_pk_context *key)
{
	uint8_t hash[32] = { 1 }, sig[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
	size_t len;

	hold_need(!mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, hash, sizeof(hash), sig, &len,
				   mbedtls_ctr_drbg_random, &drbg), "mbedTLS does not sign");
}

static void encrypt(mbedtls_gcm_context *gcm)
{
	uint8_t iv[12] = { 0 }, in[256] = { 1 }, out[sizeof(in)], tag[16];

	hold_need(!mbedtls_gcm_crypt_and_tag(gcm, MBEDTLS_GCM_ENCRYPT, sizeof(in), iv, sizeof(iv),
					     NULL, 0, in, out, sizeof(tag), tag),
		  "mbedTLS does not encrypt");
}

static __attribute__((noinline)) void release(mbedtls_pk_context *rsa, mbedtls_pk_context *ec,
					      mbedtls_gcm_context *gcm)
{
	mbedtls_pk_free(rsa);
	mbedtls_pk_free(ec);
	mbedtls_gcm_free(gcm);
	HOLD_RETURN();
}

int main(int argc, char **argv)
{
	bool freed = hold_begin(argc, argv);
	mbedtls_pk_context rsa, ec;
	mbedtls_aes_context other;
	mbedtls_gcm_context gcm;

	mbedtls_entropy_init(&entropy);
	mbedtls_ctr_drbg_init(&drbg);
	hold_need(!mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, NULL, 0),
		  "mbedTLS has no random numbers");
	load(&rsa, "rsa.der");
	load(&ec, "ec.der");
	mbedtls_gcm_init(&gcm);
	hold_need(!mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, hold_read("secret/gcm.bin").bytes,
				      256), "mbedTLS does not take the key");
	hold_forget();
	sign(&rsa);
	sign(&ec);
	encrypt(&gcm);
	if (freed)
		release(&rsa, &ec, &gcm);
	/* A later call, by which those before are known to have returned. */
	mbedtls_aes_init(&other);
	mbedtls_aes_free(&other);
	hold_crash();
}
