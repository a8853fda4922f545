// SPDX-License-Identifier: GPL-2.0
/*
 * load_openssl rsa|ec|ed25519|aes KEYS [register]: OpenSSL 3 under load.
 *
 * RSA-2048 (PSS), ECDSA on P-256 and Ed25519 sign; AES-256-GCM encrypts, and each
 * thread sets the key again now and then. Of AES the schedule is registered too,
 * where the first context has it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "load.h"

#define SCHEDULE	240	/* bytes of AES-256's */
#define RESET		8	/* messages under one key setting */

static EVP_PKEY *pkey;
static bool pss;
static const EVP_MD *digest;

static struct load_key aes;
static EVP_CIPHER_CTX *contexts[LOAD_THREADS];
static unsigned int sealed[LOAD_THREADS];

static void sign(unsigned int thread)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	uint8_t sig[512];
	size_t len = sizeof(sig);

	if (!ctx || EVP_DigestSignInit(ctx, &pctx, digest, NULL, pkey) != 1 ||
	    (pss && EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) != 1) ||
	    EVP_DigestSign(ctx, sig, &len, load_message(thread), LOAD_MESSAGE) != 1)
		load_die("OpenSSL does not sign");
	EVP_MD_CTX_free(ctx);
}

static BIGNUM *bn(struct load_key key)
{
	return BN_bin2bn(key.bytes, (int)key.len, NULL);
}

static void from_params(const char *type, OSSL_PARAM_BLD *build)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);

	if (!ctx || !params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		load_die("OpenSSL does not take the key");
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
}

static void rsa(void)
{
	static const struct {
		const char *file, *param;
	} parts[] = {
		{ "rsa/d", OSSL_PKEY_PARAM_RSA_D },
		{ "rsa/p", OSSL_PKEY_PARAM_RSA_FACTOR1 },
		{ "rsa/q", OSSL_PKEY_PARAM_RSA_FACTOR2 },
		{ "rsa/dp", OSSL_PKEY_PARAM_RSA_EXPONENT1 },
		{ "rsa/dq", OSSL_PKEY_PARAM_RSA_EXPONENT2 },
		{ "rsa/qinv", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
	};
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *numbers[8];
	size_t i;

	numbers[6] = bn(load_public("rsa/n"));
	numbers[7] = bn(load_public("rsa/e"));
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, numbers[6]);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, numbers[7]);
	for (i = 0; i < 6; i++) {
		numbers[i] = bn(load_secret(parts[i].file, 0));
		OSSL_PARAM_BLD_push_BN(build, parts[i].param, numbers[i]);
	}
	from_params("RSA", build);
	/* As a program does that does not think of its copies. */
	for (i = 0; i < 8; i++)
		BN_free(numbers[i]);
	pss = true;
	digest = EVP_sha256();
}

static void ec(void)
{
	struct load_key d = load_secret("ec/d", 0), x = load_public("ec/x"),
			y = load_public("ec/y");
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *scalar = bn(d);
	uint8_t point[65] = { 4 };

	memcpy(point + 1, x.bytes, 32);
	memcpy(point + 33, y.bytes, 32);
	OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
	OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar);
	from_params("EC", build);
	BN_free(scalar);
	digest = EVP_sha256();
}

static void ed25519(void)
{
	struct load_key seed = load_secret("ed25519/seed", 0);

	pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed.bytes, seed.len);
	if (!pkey)
		load_die("OpenSSL does not take the key");
}

/* A context's schedule begins with the key, and its words obey the relation of AES-256. */
static bool is_schedule(const uint8_t *at)
{
	uint32_t w[3];
	int i;

	if (memcmp(at, aes.bytes, aes.len))
		return false;
	for (i = 8; i < SCHEDULE / 4; i++) {
		if (i % 4 == 0)
			continue;
		memcpy(&w[0], at + 4 * i, 4);
		memcpy(&w[1], at + 4 * (i - 1), 4);
		memcpy(&w[2], at + 4 * (i - 8), 4);
		if (w[0] != (w[1] ^ w[2]))
			return false;
	}
	return true;
}

/* OpenSSL does not tell where a context has its schedule: look for it in the heap. */
static void register_schedule(void)
{
	unsigned long from, to, at;
	char line[256];
	FILE *maps = fopen("/proc/self/maps", "r");

	while (maps && fgets(line, sizeof(line), maps)) {
		if (!strstr(line, "[heap]") || sscanf(line, "%lx-%lx", &from, &to) != 2)
			continue;
		for (at = from; at + SCHEDULE <= to; at += 16)
			if (is_schedule((const uint8_t *)at)) {
				fclose(maps);
				load_place("aes/schedule", (const void *)at, SCHEDULE);
				return;
			}
	}
	load_die("the context has no schedule as AES-NI keeps it");
}

/* To give the cipher again would make the context let go of its memory, and take other. */
static void set_key(unsigned int thread, const EVP_CIPHER *cipher)
{
	uint8_t iv[12] = { (uint8_t)thread };

	memcpy(iv + 4, load_message(thread), 8);
	if (EVP_EncryptInit_ex(contexts[thread], cipher, NULL, aes.bytes, iv) != 1)
		load_die("OpenSSL does not take the key");
}

static void encrypt(unsigned int thread)
{
	uint8_t out[LOAD_MESSAGE + 16];
	int len;

	if (!(++sealed[thread] % RESET))
		set_key(thread, NULL);
	if (EVP_EncryptUpdate(contexts[thread], out, &len, load_message(thread),
			      LOAD_MESSAGE) != 1)
		load_die("OpenSSL does not encrypt");
}

int main(int argc, char **argv)
{
	const char *what = load_begin(argc, argv);
	unsigned int i;

	if (!strcmp(what, "aes")) {
		aes = load_secret("symmetric/aes", 0);
		for (i = 0; i < LOAD_THREADS; i++) {
			contexts[i] = EVP_CIPHER_CTX_new();
			set_key(i, EVP_aes_256_gcm());
			if (!i)
				register_schedule();
		}
		load_run(encrypt);
	}
	if (!strcmp(what, "rsa"))
		rsa();
	else if (!strcmp(what, "ec"))
		ec();
	else if (!strcmp(what, "ed25519"))
		ed25519();
	else
		load_die("rsa, ec, ed25519 or aes?");
	load_run(sign);
}
