/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Quick tests of RSA: does a number divide a modulus, is it a private exponent?
 *
 * Both are exact where they say no, and are wrong once in 2^60, or in 2^26, where they
 * say yes; question_answer_rsa() and question_answer_exponent() prove.
 */
#ifndef KREDACT_TOOLS_RSA_H
#define KREDACT_TOOLS_RSA_H

#include "question.h"

#define RSA_LIMBS_MAX	(RSA_BITS_MAX / 64)
#define RSA_DIGITS_MAX	((RSA_BITS_MAX / 2 + 8 + 51) / 52)
#define RSA_LANES	8u

/**
 * struct modulus - a modulus, made ready
 * @question:	whose
 * @n:		its limbs, the lowest first
 * @limbs:	how many
 * @prime_bits:	of each of two primes of equal length
 * @least:	most significant 64 bits of the least prime of that length
 * @most:	likewise of the greatest
 * @bytes:	of the modulus
 * @step:	2^128 times what one more in the most significant 64 bits of an exponent is
 *		worth, in units of 1 / RSA_FRACTIONS of the modulus; 0: too much
 * @nr_digits:	of 52 bits that a prime has, with 8 bits to spare; 0: without IFMA
 * @digits:	as many of the modulus, the lowest first
 */
struct modulus {
	struct question *question;
	u64 *n;
	u32 limbs;
	u32 prime_bits;
	u64 least;
	u64 most;
	u32 bytes;
	u64 step[2];
	u32 nr_digits;
	u64 digits[RSA_DIGITS_MAX];
};

/**
 * struct divisors - numbers that are tried together
 * @digits:	of 52 bits, the lowest first, of each of them
 * @rest:	what is left of the modulus, meanwhile
 * @nr:		how many there are
 */
struct divisors {
	u64 digits[RSA_DIGITS_MAX][RSA_LANES] __attribute__((aligned(64)));
	u64 rest[RSA_DIGITS_MAX][RSA_LANES] __attribute__((aligned(64)));
	u32 nr;
};

bool rsa_sieve(const u64 *limbs, u32 nr);
bool modulus_init(struct modulus *modulus, struct question *question);
void modulus_free(struct modulus *modulus);
bool modulus_divided(const struct modulus *modulus, const u64 *p, u32 limbs);
void divisors_add(const struct modulus *modulus, struct divisors *divisors, const u64 *p);
u32 divisors_fit(const struct modulus *modulus, struct divisors *divisors);
bool modulus_halved(const struct modulus *modulus, const BIGNUM *d);

/*
 * A private exponent is k / (e * g) of the modulus, but for a part below the square root
 * of it, where k is an integer and g divides the greatest common divisor of p - 1 and
 * q - 1. For all g that divide this number, k * RSA_FRACTIONS / g is an integer.
 */
#define RSA_FRACTIONS	720720u

/**
 * modulus_near() - can this be how a private exponent begins?
 * @modulus:	of the key
 * @top:	most significant 64 bits of as many bytes as the modulus has
 *
 * Return: true if so, and once in 2^26 if not.
 */
static inline bool modulus_near(const struct modulus *modulus, u64 top)
{
	u64 part = top * modulus->step[1] +
		   (u64)((unsigned __int128)top * modulus->step[0] >> 64);

	return -part - 1 <= modulus->step[1] + 1 && top >> 36;
}

#endif /* KREDACT_TOOLS_RSA_H */
