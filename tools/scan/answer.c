// SPDX-License-Identifier: GPL-2.0
/*
 * Private halves of public keys: see answer.h.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "answer.h"
#include "curve.h"
#include "effort.h"

static void add_bytes(struct question *question, const struct kind *kind, const char *name,
		      const u8 *bytes, u32 len)
{
	struct secret_part *part = &question->parts[question->nr_parts];

	if (question->nr_parts == QUESTION_PARTS)
		return;
	part->bytes = OPENSSL_malloc(len);
	if (!part->bytes)
		return;
	memcpy(part->bytes, bytes, len);
	part->len = len;
	part->kind = kind;
	part->name = name;
	question->nr_parts++;
}

static void add_number(struct question *question, const struct kind *kind, const char *name,
		       const BIGNUM *number)
{
	u8 bytes[RSA_BITS_MAX / 8];
	u32 len = BN_num_bytes(number);

	/* A run of a few bytes would be anywhere. */
	if (len < 16 || len > sizeof(bytes))
		return;
	BN_bn2bin(number, bytes);
	add_bytes(question, kind, name, bytes, len);
	OPENSSL_cleanse(bytes, len);
}

/* What @e and the primes make; the exponent is defined modulo either of two numbers. */
static void add_exponents(struct question *question, const BIGNUM *p, const BIGNUM *q,
			  BN_CTX *ctx)
{
	BIGNUM *p1 = BN_CTX_get(ctx), *q1 = BN_CTX_get(ctx), *phi = BN_CTX_get(ctx);
	BIGNUM *lambda = BN_CTX_get(ctx), *d = BN_CTX_get(ctx), *other = BN_CTX_get(ctx);

	if (!other || !BN_sub(p1, p, BN_value_one()) || !BN_sub(q1, q, BN_value_one()) ||
	    !BN_mul(phi, p1, q1, ctx) || !BN_gcd(lambda, p1, q1, ctx) ||
	    !BN_div(lambda, NULL, phi, lambda, ctx))
		return;
	if (BN_mod_inverse(d, question->e, lambda, ctx))
		add_number(question, &kind_rsa_exponent, "d", d);
	if (BN_mod_inverse(other, question->e, phi, ctx)) {
		if (BN_cmp(d, other))
			add_number(question, &kind_rsa_exponent, "d", other);
		if (BN_mod(d, other, p1, ctx))
			add_number(question, &kind_rsa_crt, "d mod p-1", d);
		if (BN_mod(d, other, q1, ctx))
			add_number(question, &kind_rsa_crt, "d mod q-1", d);
	}
	if (BN_mod_inverse(d, q, p, ctx))
		add_number(question, &kind_rsa_crt, "1/q mod p", d);
	if (BN_mod_inverse(d, p, q, ctx))
		add_number(question, &kind_rsa_crt, "1/p mod q", d);
}

/**
 * question_answer_rsa() - a prime of a modulus was found
 * @all:	the keys
 * @question:	one of them
 * @prime:	the prime
 *
 * For any thread.
 *
 * Return: true if it divides the modulus, which is proven here.
 */
bool question_answer_rsa(struct questions *all, struct question *question, const BIGNUM *prime)
{
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *p, *q, *rest;
	bool proven = false;

	if (!ctx)
		return false;
	BN_CTX_start(ctx);
	p = BN_CTX_get(ctx);
	q = BN_CTX_get(ctx);
	rest = BN_CTX_get(ctx);
	if (!rest || BN_is_zero(prime) || BN_is_one(prime) || !effort_division() ||
	    !BN_copy(p, prime) ||
	    !BN_div(q, rest, question->n, p, ctx) || !BN_is_zero(rest) || BN_is_one(q))
		goto out;
	proven = true;
	if (BN_cmp(p, q) < 0)
		BN_swap(p, q);
	questions_lock(all);
	if (!question->nr_parts || question->parts[0].kind != &kind_rsa_prime) {
		question_forget(question);
		add_number(question, &kind_rsa_prime, "p", p);
		add_number(question, &kind_rsa_prime, "q", q);
		add_exponents(question, p, q, ctx);
	}
	questions_unlock(all);
out:
	BN_CTX_end(ctx);
	BN_CTX_free(ctx);
	return proven;
}

/* A factor of n, from a multiple of the order of its group: a root of 1 that is not -1. */
static bool split(const BIGNUM *n, const BIGNUM *multiple, BIGNUM *factor, BN_CTX *ctx)
{
	static const u8 bases[] = { 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37 };
	BIGNUM *odd = BN_CTX_get(ctx), *x = BN_CTX_get(ctx), *y = BN_CTX_get(ctx);
	u32 i, j, twos = 0;

	while (!BN_is_bit_set(multiple, twos))
		twos++;
	if (!y || !BN_rshift(odd, multiple, twos))
		return false;
	for (i = 0; i < sizeof(bases); i++) {
		if (!effort_power(BN_num_bits(n), BN_num_bits(odd)) ||
		    !BN_set_word(x, bases[i]) || !BN_mod_exp(x, x, odd, n, ctx))
			return false;
		for (j = 0; j < twos && !BN_is_one(x); j++) {
			if (!BN_mod_sqr(y, x, n, ctx))
				return false;
			if (BN_is_one(y)) {
				if (!BN_sub_word(x, 1) || !BN_gcd(factor, x, n, ctx))
					return false;
				if (!BN_is_one(factor) && BN_cmp(factor, n))
					return true;
				break;
			}
			BN_swap(x, y);
		}
	}
	return false;
}

/**
 * question_answer_exponent() - what may be the private exponent was found
 * @all:	the keys
 * @question:	one of them
 * @d:		the number
 *
 * For any thread. Takes as long as a signature, and a few times that if @d is right.
 *
 * Return: true if it undoes the public exponent, which is proven here.
 */
bool question_answer_exponent(struct questions *all, struct question *question, const BIGNUM *d)
{
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *product, *x, *factor;
	bool proven = false;

	if (!ctx)
		return false;
	BN_CTX_start(ctx);
	product = BN_CTX_get(ctx);
	x = BN_CTX_get(ctx);
	factor = BN_CTX_get(ctx);
	if (!factor || BN_is_zero(d) || BN_num_bits(d) > BN_num_bits(question->n) ||
	    !BN_mul(product, d, question->e, ctx) || !BN_set_word(x, 2) ||
	    !effort_power(BN_num_bits(question->n), BN_num_bits(product)) ||
	    !BN_mod_exp(x, x, product, question->n, ctx) || !BN_is_word(x, 2) ||
	    !BN_sub_word(product, 1) || BN_is_zero(product))
		goto out;
	proven = true;
	if (split(question->n, product, factor, ctx) &&
	    question_answer_rsa(all, question, factor))
		goto out;
	questions_lock(all);
	if (!question->nr_parts)
		add_number(question, &kind_rsa_exponent, "d", d);
	questions_unlock(all);
out:
	BN_CTX_end(ctx);
	BN_CTX_free(ctx);
	return proven;
}

/**
 * question_answer_crt() - what may be d mod p-1 was found
 * @all:	the keys
 * @question:	one of them
 * @x:		the number
 *
 * For any thread. Takes as long as half a signature. Modulo p, and only there, @x undoes the
 * public exponent: what that leaves of 2 has p in common with the modulus.
 *
 * Return: true if so, which is proven by p.
 */
bool question_answer_crt(struct questions *all, struct question *question, const BIGNUM *x)
{
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *product, *left;
	bool proven = false;

	if (!ctx)
		return false;
	BN_CTX_start(ctx);
	product = BN_CTX_get(ctx);
	left = BN_CTX_get(ctx);
	if (left && BN_mul(product, x, question->e, ctx) && BN_set_word(left, 2) &&
	    effort_power(BN_num_bits(question->n), BN_num_bits(product)) &&
	    BN_mod_exp(left, left, product, question->n, ctx) && BN_sub_word(left, 2) &&
	    !BN_is_negative(left) && BN_gcd(left, left, question->n, ctx))
		proven = BN_cmp(left, question->n) &&
			 question_answer_rsa(all, question, left);
	BN_CTX_end(ctx);
	BN_CTX_free(ctx);
	return proven;
}

/**
 * question_answer_key() - what may be a scalar, or a seed, was found
 * @all:	the keys
 * @question:	one of FAMILY_EC or FAMILY_RAW
 * @key:	a big-endian scalar, or what the algorithm has as its private key
 * @len:	its bytes
 *
 * For any thread.
 *
 * Return: true if it makes the public key, which is proven here.
 */
bool question_answer_key(struct questions *all, struct question *question, const u8 *key, u32 len)
{
	const struct curve *curve = curve_of_nid(question->nid);
	u8 public[CURVE_POINT_MAX], expanded[64];
	BIGNUM *scalar = NULL;
	bool proven = false;

	if (!effort_multiple(question->nid))
		return false;
	if (question->family == FAMILY_EC && curve) {
		scalar = BN_bin2bn(key, len, NULL);
		proven = scalar && curve_public(curve, scalar, public);
	} else if (question->family == FAMILY_RAW) {
		proven = len == question->point_len && raw_public(question->nid, key, public);
	}
	proven = proven && !memcmp(public, question->point, question->point_len);
	questions_lock(all);
	if (proven && !question->nr_parts && scalar)
		add_number(question, &kind_ec_scalar, "scalar", scalar);
	if (proven && !question->nr_parts && !scalar) {
		add_bytes(question, &kind_raw_key, "key", key, len);
		if (question->nid == NID_ED25519 &&
		    EVP_Digest(key, len, expanded, NULL, EVP_sha512(), NULL)) {
			add_bytes(question, &kind_raw_key, "scalar", expanded, 32);
			add_bytes(question, &kind_raw_key, "prefix", expanded + 32, 32);
		}
	}
	questions_unlock(all);
	OPENSSL_cleanse(expanded, sizeof(expanded));
	BN_clear_free(scalar);
	return proven;
}
