// SPDX-License-Identifier: GPL-2.0
/*
 * Quick tests of RSA: see rsa.h.
 */
#include <stdlib.h>

#include "rsa.h"
#include "memory.h"
#include "simd.h"

#ifdef HAVE_SIMD
#include <immintrin.h>
#endif

#define DIGIT		52u
#define DIGIT_MASK	((1ULL << DIGIT) - 1)

/**
 * rsa_sieve() - can this number be a prime, or a product of large ones?
 * @limbs:	the lowest first
 * @nr:		how many
 *
 * Return: false if one of the first sixteen primes divides it: six of seven numbers.
 */
bool rsa_sieve(const u64 *limbs, u32 nr)
{
	static const u8 primes[] = { 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53 };
	static const u64 product = 0xe221f97c30e94e1dULL;	/* of them */
	unsigned __int128 rest = 0;
	u32 i;

	if (!nr || !(limbs[0] & 1))
		return false;
	for (i = nr; i--;)
		rest = (rest << 64 | limbs[i]) % product;
	for (i = 0; i < sizeof(primes); i++)
		if (!((u64)rest % primes[i]))
			return false;
	return true;
}

static bool to_limbs(const BIGNUM *number, u64 *limbs, u32 nr)
{
	return BN_bn2lebinpad(number, (u8 *)limbs, 8 * nr) == (int)(8 * nr);
}

/* The most significant 64 bits of the bytes that a number of @bits bits has. */
static u64 top_of(const BIGNUM *number, u32 bits)
{
	u8 bytes[RSA_BITS_MAX / 8];
	u32 len = (bits + 7) / 8, i;
	u64 top = 0;

	if (BN_bn2binpad(number, bytes, len) < 0)
		return ~0ULL;
	for (i = 0; i < 8; i++)
		top = top << 8 | bytes[i];
	return top;
}

/* e * RSA_FRACTIONS * 2^(64 + 8 * bytes) / n, which has to be far below 2^128. */
static bool make_step(struct modulus *modulus, const BIGNUM *n, const BIGNUM *e, BN_CTX *ctx)
{
	BIGNUM *step = BN_CTX_get(ctx);

	modulus->step[0] = modulus->step[1] = 0;
	if (!step || !BN_copy(step, e) || !BN_mul_word(step, RSA_FRACTIONS) ||
	    !BN_lshift(step, step, 64 + 8 * modulus->bytes) || !BN_div(step, NULL, step, n, ctx))
		return false;
	return BN_num_bits(step) > 64 + 58 || to_limbs(step, modulus->step, 2);
}

static u64 digit_of(const u64 *limbs, u32 nr, u32 digit)
{
	u32 at = digit * DIGIT / 64, off = digit * DIGIT % 64;
	u64 value = at < nr ? limbs[at] >> off : 0;

	if (off > 64 - DIGIT && at + 1 < nr)
		value |= limbs[at + 1] << (64 - off);
	return value & DIGIT_MASK;
}

static void make_digits(struct modulus *modulus)
{
	u32 i;

#ifdef HAVE_SIMD
	if (simd_level() == SIMD_AVX512 && __builtin_cpu_supports("avx512ifma"))
		modulus->nr_digits = (modulus->prime_bits + 8 + DIGIT - 1) / DIGIT;
#endif
	for (i = 0; i < modulus->nr_digits; i++)
		modulus->digits[i] = digit_of(modulus->n, modulus->limbs, i);
}

/**
 * modulus_init() - make a modulus ready
 * @modulus:	to be released by modulus_free()
 * @question:	of FAMILY_RSA
 *
 * Return: false if there is no memory.
 */
bool modulus_init(struct modulus *modulus, struct question *question)
{
	u32 bits = BN_num_bits(question->n);
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *bound;
	bool done = false;

	*modulus = (struct modulus){
		.question = question,
		.limbs = (bits + 63) / 64,
		.prime_bits = (bits + 1) / 2,
		.bytes = (bits + 7) / 8,
	};
	modulus->n = calloc(modulus->limbs, 8);
	if (!modulus->n)
		memory_lost();
	if (!ctx)
		return false;
	BN_CTX_start(ctx);
	bound = BN_CTX_get(ctx);
	if (!modulus->n || !bound || !to_limbs(question->n, modulus->n, modulus->limbs) ||
	    !BN_rshift(bound, question->n, modulus->prime_bits))
		goto out;
	make_digits(modulus);
	modulus->least = top_of(bound, modulus->prime_bits);
	modulus->most = ~0ULL >> (-modulus->prime_bits % 8);
	done = make_step(modulus, question->n, question->e, ctx);
out:
	BN_CTX_end(ctx);
	BN_CTX_free(ctx);
	return done;
}

/**
 * modulus_free() - release what modulus_init() took
 * @modulus:	not usable afterwards
 */
void modulus_free(struct modulus *modulus)
{
	free(modulus->n);
	modulus->n = NULL;
}

/**
 * modulus_divided() - does a number divide a modulus?
 * @modulus:	of a key
 * @p:		limbs of the number, the lowest first; odd, and the highest is not 0
 * @limbs:	how many, fewer than the modulus has
 *
 * The quotient modulo 2^(64 * its limbs) is had from the low end, by multiplications
 * only (Hensel); what it is at the high end must then agree with the modulus. That costs
 * half the square of its limbs, a fourth of a division.
 *
 * Return: true if so, and once in 2^60 if not.
 */
bool modulus_divided(const struct modulus *modulus, const u64 *p, u32 limbs)
{
	u32 nr = modulus->limbs - limbs + (modulus->n[modulus->limbs - 1] >= p[limbs - 1]), i, j;
	u64 rest[RSA_LIMBS_MAX + 1], inverse = p[0], q = 0;
	unsigned __int128 high, product;

	if (!nr || nr > limbs + 1 || nr > RSA_LIMBS_MAX)
		return false;
	/* p * p = 1 mod 8; each step doubles the bits that are right */
	for (i = 0; i < 5; i++)
		inverse *= 2 - p[0] * inverse;
	memcpy(rest, modulus->n, 8 * nr);
	for (i = 0; i < nr; i++) {
		u64 carry = 0;

		q = rest[i] * inverse;
		for (j = 0; j < nr - i && j < limbs; j++) {
			product = (unsigned __int128)q * p[j] + carry;
			carry = (u64)(product >> 64) + (rest[i + j] < (u64)product);
			rest[i + j] -= (u64)product;
		}
		for (; carry && j < nr - i; j++) {
			u64 before = rest[i + j];

			rest[i + j] -= carry;
			carry = before < carry;
		}
	}
	/* n = p * q: the product of the highest limbs is short of it by less than their sum */
	i = limbs + nr - 2;
	high = i + 1 < modulus->limbs ? modulus->n[i + 1] : 0;
	high = high << 64 | modulus->n[i];
	product = (unsigned __int128)q * p[limbs - 1];
	return high >= product && high - product <= (unsigned __int128)q + p[limbs - 1] + 1;
}

/**
 * divisors_add() - add a number that may divide a modulus
 * @modulus:	with digits
 * @divisors:	has room for it
 * @p:		its limbs, as many as a prime has; odd
 */
void divisors_add(const struct modulus *modulus, struct divisors *divisors, const u64 *p)
{
	u32 limbs = (modulus->prime_bits + 63) / 64, i;

	for (i = 0; i < modulus->nr_digits; i++)
		divisors->digits[i][divisors->nr] = digit_of(p, limbs, i);
	divisors->nr++;
}

#ifdef HAVE_SIMD
/* Of -n / p modulo a power of 2, the highest digit. */
__attribute__((target("avx2,avx512f,avx512dq,avx512vl,avx512bw,avx512ifma")))
static void highest(const struct modulus *modulus, struct divisors *divisors, u64 *to)
{
	const __m512i zero = _mm512_setzero_si512(), two = _mm512_set1_epi64(2);
	__m512i *rest = (__m512i *)divisors->rest, inverse, low, high, digit;
	const __m512i *p = (const __m512i *)divisors->digits;
	u32 nr = modulus->nr_digits, i, j;

	for (i = 0; i < nr; i++)
		rest[i] = _mm512_set1_epi64(modulus->digits[i]);
	/* p * p = 1 mod 8; each step doubles the bits that are right */
	inverse = p[0];
	for (i = 0; i < 5; i++)
		inverse = _mm512_mullo_epi64(inverse, _mm512_sub_epi64(two,
					     _mm512_mullo_epi64(p[0], inverse)));
	inverse = _mm512_sub_epi64(zero, inverse);
	for (i = 0; i + 1 < nr; i++) {
		digit = _mm512_madd52lo_epu64(zero, rest[i], inverse);
		low = _mm512_madd52lo_epu64(rest[i], digit, p[0]);
		high = _mm512_srli_epi64(low, DIGIT);
		for (j = 1; j < nr - i; j++) {
			low = _mm512_madd52lo_epu64(rest[i + j], digit, p[j]);
			low = _mm512_madd52hi_epu64(low, digit, p[j - 1]);
			rest[i + j] = j == 1 ? _mm512_add_epi64(low, high) : low;
		}
	}
	_mm512_storeu_si512(to, _mm512_madd52lo_epu64(zero, rest[nr - 1], inverse));
}
#endif

/**
 * divisors_fit() - which of eight numbers may divide a modulus?
 * @modulus:	with digits
 * @divisors:	they; there are none afterwards
 *
 * As modulus_divided(), but for the end: what is a quotient has no bits above those of a
 * prime. Here it is negative, so that those bits are ones.
 *
 * Return: one bit for each; of those that do not, less than one in 2^8 has one.
 */
u32 divisors_fit(const struct modulus *modulus, struct divisors *divisors)
{
	u32 spare = modulus->nr_digits * DIGIT - modulus->prime_bits, some = 0, nr = divisors->nr;
	u64 ones = spare < DIGIT ? DIGIT_MASK >> (DIGIT - spare) << (DIGIT - spare) : DIGIT_MASK;

	divisors->nr = 0;
#ifdef HAVE_SIMD
	if (nr) {
		u64 top[RSA_LANES];
		u32 i;

		highest(modulus, divisors, top);
		for (i = 0; i < nr; i++)
			some |= (u32)((top[i] & ones) == ones) << i;
	}
#else
	(void)ones;
#endif
	return some;
}

/**
 * modulus_halved() - is the upper half of a number that of the private exponent?
 * @modulus:	of a key with a small public exponent
 * @d:		the number
 *
 * Return: true if it differs from k / (e * g) of the modulus by less than its square root,
 * up to some bits. Chance does not do that.
 */
bool modulus_halved(const struct modulus *modulus, const BIGNUM *d)
{
	const struct question *question = modulus->question;
	u32 bits = BN_num_bits(question->n), slack = BN_num_bits(question->e) + 32;
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *product, *rest, *k;
	bool near = false;

	if (!ctx)
		return false;
	BN_CTX_start(ctx);
	product = BN_CTX_get(ctx);
	rest = BN_CTX_get(ctx);
	k = BN_CTX_get(ctx);
	if (k && !BN_is_zero(d) && (u32)BN_num_bits(d) + slack > bits &&
	    BN_mul(product, d, question->e, ctx) && BN_mul_word(product, RSA_FRACTIONS) &&
	    BN_div(k, rest, product, question->n, ctx) && BN_sub(rest, question->n, rest) &&
	    (u32)BN_num_bits(rest) <= bits / 2 + slack && BN_add_word(k, 1)) {
		/* Numbers that are n but for their ends would be, too: e divides no k. */
		near = !(RSA_FRACTIONS % BN_get_word(question->e)) ||
		       (BN_nnmod(rest, k, question->e, ctx) && !BN_is_zero(rest));
	}
	BN_CTX_end(ctx);
	BN_CTX_free(ctx);
	return near;
}
