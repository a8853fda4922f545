// SPDX-License-Identifier: GPL-2.0
/*
 * The whole heap of OpenSSL on kredact_alloc(), from before main() to its own
 * atexit() handler, with signatures in several threads.
 */
#define _GNU_SOURCE
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include "common.h"
#include "internal.h"

#define THREADS	2
#define ROUNDS	100

static unsigned long allocs, frees;
static int hooked;

static void *hook_alloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	__atomic_add_fetch(&allocs, 1, __ATOMIC_RELAXED);
	return kredact_alloc(len);
}

static void *hook_realloc(void *ptr, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return kredact_realloc(ptr, len);
}

static void hook_free(void *ptr, const char *file, int line)
{
	(void)file;
	(void)line;
	if (ptr)
		__atomic_add_fetch(&frees, 1, __ATOMIC_RELAXED);
	kredact_free(ptr);
}

static __attribute__((constructor(103))) void before_main(void)
{
	kr_device_path = "/nonexistent/kredact";
	hooked = CRYPTO_set_mem_functions(hook_alloc, hook_realloc, hook_free);
}

static bool sign_and_verify(EVP_PKEY *key)
{
	unsigned char sig[1024], msg[] = "to be signed";
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = sizeof(sig);
	bool good;

	good = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	       EVP_DigestSign(ctx, sig, &len, msg, sizeof(msg)) == 1;
	EVP_MD_CTX_free(ctx);
	ctx = EVP_MD_CTX_new();
	good = good && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	       EVP_DigestVerify(ctx, sig, len, msg, sizeof(msg)) == 1;
	sig[len / 2] ^= 1;
	EVP_MD_CTX_free(ctx);
	ctx = EVP_MD_CTX_new();
	good = good && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	       EVP_DigestVerify(ctx, sig, len, msg, sizeof(msg)) != 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

static EVP_PKEY *rsa, *ec;

static void *signer(void *arg)
{
	long bad = 0;

	(void)arg;
	for (int i = 0; i < ROUNDS; i++)
		bad += !sign_and_verify(i % 10 ? ec : rsa);
	return (void *)bad;
}

static unsigned int flags_of(const void *p)
{
	unsigned int flags = 0;

	kredact_protection(p, 8, &flags);
	return flags;
}

static bool secret_is_covered(EVP_PKEY *key, const char *name)
{
	unsigned int want = KREDACT_COVER_DONTDUMP | KREDACT_COVER_GUARD | KREDACT_COVER_WIPE;
	BIGNUM *bn = NULL;
	bool good;

	if (EVP_PKEY_get_bn_param(key, name, &bn) != 1)
		return false;
	good = (flags_of(bn) & want) == want;
	BN_clear_free(bn);
	return good;
}

static int whole_life(void *arg)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	(void)arg;
	if (!key || !sign_and_verify(key))
		exit(1);
	EVP_PKEY_free(key);
	exit(0);	/* OpenSSL's cleanup runs */
}

int main(void)
{
	pthread_t t[THREADS];
	long bad = 0;
	void *ret, *plain = malloc(16);

	ok_eq(hooked, 1, "CRYPTO_set_mem_functions() before main()");
	rsa = EVP_RSA_gen(2048);
	ec = EVP_EC_gen("P-256");
	must(rsa && ec, "keys");
	ok(allocs > 1000 && frees > 500, "OpenSSL allocates here (%lu times so far)", allocs);
	ok(flags_of(rsa) & KREDACT_COVER_GUARD, "a key's object is covered");
	ok(secret_is_covered(ec, OSSL_PKEY_PARAM_PRIV_KEY), "so is a scalar");
	ok(secret_is_covered(rsa, OSSL_PKEY_PARAM_RSA_FACTOR1), "and a prime");
	ok(!flags_of(plain), "control: malloc() is not");

	for (int i = 0; i < THREADS; i++)
		must(!pthread_create(&t[i], NULL, signer, NULL), "pthread_create");
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], &ret);
		bad += (long)ret;
	}
	ok_eq(bad, 0, "signatures in two threads are right, and forged ones are not");
	ok(child_ok(whole_life, NULL), "a child signs, and ends with OpenSSL's cleanup");
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
	free(plain);
	return tap_done();
}
