/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RSA keys for tests.
 */
#ifndef KREDACT_TESTS_PLAIN_RSA_H
#define KREDACT_TESTS_PLAIN_RSA_H

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "scan/rsa.h"

/* Is the exponent one that is known by its upper half? One key of forty is not: see rsa.h. */
static inline bool is_plain(EVP_PKEY *pkey)
{
	BIGNUM *p = NULL, *q = NULL, *g = BN_new();
	BN_CTX *ctx = BN_CTX_new();
	bool plain;

	if (!ctx || !g || !EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_FACTOR1, &p) ||
	    !EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_FACTOR2, &q) ||
	    !BN_sub_word(p, 1) || !BN_sub_word(q, 1) || !BN_gcd(g, p, q, ctx))
		abort();
	plain = BN_num_bits(g) < 32 && !(RSA_FRACTIONS % BN_get_word(g));
	BN_CTX_free(ctx);
	BN_free(g);
	BN_free(p);
	BN_free(q);
	return plain;
}

/* A new key of which every number is found by itself. */
static inline EVP_PKEY *plain_rsa(unsigned int bits)
{
	EVP_PKEY *pkey = EVP_RSA_gen(bits);

	while (!is_plain(pkey)) {
		EVP_PKEY_free(pkey);
		pkey = EVP_RSA_gen(bits);
	}
	return pkey;
}

#endif /* KREDACT_TESTS_PLAIN_RSA_H */
