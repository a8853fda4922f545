// SPDX-License-Identifier: GPL-2.0
/*
 * Arithmetic modulo a prime: see field.h.
 */
#include "field.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define P256_HIGH	0xffffffff00000001ULL
#define ALWAYS_INLINE	inline __attribute__((always_inline))

/**
 * field_init() - make a prime ready
 * @field:	takes it
 * @prime:	odd, at most 576 bits
 *
 * Return: false if it is too long, or OpenSSL failed.
 */
bool field_init(struct field *field, const BIGNUM *prime)
{
	u32 limbs = (BN_num_bits(prime) + 63) / 64, i;
	BN_CTX *ctx = BN_CTX_new();
	const u64 p256[4] = { ~0ULL, ~0U, 0, P256_HIGH };
	BIGNUM *radix = BN_new();
	bool done = false;

	limbs = limbs <= 4 ? 4 : limbs <= 6 ? 6 : limbs <= 8 ? 8 : limbs;
	*field = (struct field){ .limbs = limbs };
	if (ctx && radix && limbs <= FIELD_LIMBS && BN_is_odd(prime) &&
	    BN_bn2lebinpad(prime, (u8 *)field->p, 8 * limbs) >= 0 &&
	    BN_set_bit(radix, 64 * limbs) && BN_mod(radix, radix, prime, ctx) &&
	    BN_bn2lebinpad(radix, (u8 *)field->one, 8 * limbs) >= 0 &&
	    BN_mod_sqr(radix, radix, prime, ctx) &&
	    BN_bn2lebinpad(radix, (u8 *)field->square, 8 * limbs) >= 0)
		done = true;
	field->inverse = field->p[0];
	for (i = 0; i < 5; i++)
		field->inverse *= 2 - field->p[0] * field->inverse;
	field->inverse = -field->inverse;
	field->p256 = limbs == 4 && !memcmp(field->p, p256, sizeof(p256));
	BN_free(radix);
	BN_CTX_free(ctx);
	return done;
}

#ifdef __x86_64__
static ALWAYS_INLINE u8 add_carry(u8 carry, u64 a, u64 b, u64 *to)
{
	unsigned long long sum;

	carry = _addcarry_u64(carry, a, b, &sum);
	*to = sum;
	return carry;
}

static ALWAYS_INLINE u8 sub_borrow(u8 borrow, u64 a, u64 b, u64 *to)
{
	unsigned long long difference;

	borrow = _subborrow_u64(borrow, a, b, &difference);
	*to = difference;
	return borrow;
}
#else
static ALWAYS_INLINE u8 add_carry(u8 carry, u64 a, u64 b, u64 *to)
{
	unsigned __int128 sum = (unsigned __int128)a + b + carry;

	*to = (u64)sum;
	return sum >> 64;
}

static ALWAYS_INLINE u8 sub_borrow(u8 borrow, u64 a, u64 b, u64 *to)
{
	unsigned __int128 difference = (unsigned __int128)a - b - borrow;

	*to = (u64)difference;
	return difference >> 64 & 1;
}
#endif

/* a - p if it is not negative; @high is what @a has above its limbs. */
static ALWAYS_INLINE void reduce(u64 *to, const u64 *a, u64 high, const u64 *p, u32 nr)
{
	u64 less[FIELD_LIMBS] = { 0 }, keep;
	u8 borrow = 0;
	u32 i;

#pragma GCC unroll 9
	for (i = 0; i < nr; i++)
		borrow = sub_borrow(borrow, a[i], p[i], &less[i]);
	keep = high < borrow ? ~0ULL : 0;
#pragma GCC unroll 9
	for (i = 0; i < nr; i++)
		to[i] = (a[i] & keep) | (less[i] & ~keep);
}

static ALWAYS_INLINE void mul(const struct field *field, u64 *to, const u64 *a, const u64 *b,
			      u32 nr)
{
	u64 sum[FIELD_LIMBS + 2] = { 0 };
	u32 i, j;

#pragma GCC unroll 9
	for (i = 0; i < nr; i++) {
		unsigned __int128 part;
		u64 carry = 0, factor;

#pragma GCC unroll 9
		for (j = 0; j < nr; j++) {
			part = (unsigned __int128)a[j] * b[i] + sum[j] + carry;
			sum[j] = (u64)part;
			carry = (u64)(part >> 64);
		}
		part = (unsigned __int128)sum[nr] + carry;
		sum[nr] = (u64)part;
		sum[nr + 1] = (u64)(part >> 64);
		factor = sum[0] * field->inverse;
		part = (unsigned __int128)factor * field->p[0] + sum[0];
		carry = (u64)(part >> 64);
#pragma GCC unroll 9
		for (j = 1; j < nr; j++) {
			part = (unsigned __int128)factor * field->p[j] + sum[j] + carry;
			sum[j - 1] = (u64)part;
			carry = (u64)(part >> 64);
		}
		part = (unsigned __int128)sum[nr] + carry;
		sum[nr - 1] = (u64)part;
		sum[nr] = sum[nr + 1] + (u64)(part >> 64);
	}
	reduce(to, sum, sum[nr], field->p, nr);
}

/*
 * The same for 2^256 - 2^224 + 2^192 + 2^96 - 1: -1 / p is 1, and a multiple of p is two
 * shifts and one product.
 */
static void mul_p256(u64 *to, const u64 *a, const u64 *b, const u64 *p)
{
	u64 sum[6] = { 0 };
	u32 i, j;

#pragma GCC unroll 4
	for (i = 0; i < 4; i++) {
		u64 low[4], high[4], factor;
		unsigned __int128 part;
		u8 carry = 0;

#pragma GCC unroll 4
		for (j = 0; j < 4; j++) {
			part = (unsigned __int128)a[j] * b[i];
			low[j] = (u64)part;
			high[j] = (u64)(part >> 64);
		}
#pragma GCC unroll 4
		for (j = 0; j < 4; j++)
			carry = add_carry(carry, sum[j], low[j], &sum[j]);
		sum[5] = add_carry(carry, sum[4], 0, &sum[4]);
		carry = 0;
#pragma GCC unroll 4
		for (j = 0; j < 4; j++)
			carry = add_carry(carry, sum[j + 1], high[j], &sum[j + 1]);
		sum[5] += carry;
		factor = sum[0];
		part = (unsigned __int128)factor * P256_HIGH;
		carry = add_carry(0, sum[1], factor << 32, &sum[0]);
		carry = add_carry(carry, sum[2], factor >> 32, &sum[1]);
		carry = add_carry(carry, sum[3], (u64)part, &sum[2]);
		carry = add_carry(carry, sum[4], (u64)(part >> 64), &sum[3]);
		sum[4] = sum[5] + carry;
	}
	reduce(to, sum, sum[4], p, 4);
}

/**
 * field_mul() - multiply
 * @field:	the prime
 * @to:		takes a * b; may be one of them
 * @a, @b:	in Montgomery form, below the prime
 */
void field_mul(const struct field *field, u64 *to, const u64 *a, const u64 *b)
{
	if (field->p256)
		return mul_p256(to, a, b, field->p);
	switch (field->limbs) {
	case 4:
		return mul(field, to, a, b, 4);
	case 6:
		return mul(field, to, a, b, 6);
	case 8:
		return mul(field, to, a, b, 8);
	default:
		return mul(field, to, a, b, 9);
	}
}

/**
 * field_add() - add
 * @field:	the prime
 * @to:		takes a + b; may be one of them
 * @a, @b:	below the prime
 */
void field_add(const struct field *field, u64 *to, const u64 *a, const u64 *b)
{
	u64 sum[FIELD_LIMBS];
	u8 carry = 0;
	u32 i;

	for (i = 0; i < field->limbs; i++)
		carry = add_carry(carry, a[i], b[i], &sum[i]);
	reduce(to, sum, carry, field->p, field->limbs);
}

static ALWAYS_INLINE void sub(u64 *to, const u64 *a, const u64 *b, const u64 *p, u32 nr)
{
	u8 borrow = 0, carry = 0;
	u64 mask;
	u32 i;

#pragma GCC unroll 4
	for (i = 0; i < nr; i++)
		borrow = sub_borrow(borrow, a[i], b[i], &to[i]);
	mask = -(u64)borrow;
#pragma GCC unroll 4
	for (i = 0; i < nr; i++)
		carry = add_carry(carry, to[i], p[i] & mask, &to[i]);
}

/**
 * field_sub() - subtract
 * @field:	the prime
 * @to:		takes a - b; may be one of them
 * @a, @b:	below the prime
 */
void field_sub(const struct field *field, u64 *to, const u64 *a, const u64 *b)
{
	if (field->limbs == 4)
		return sub(to, a, b, field->p, 4);
	sub(to, a, b, field->p, field->limbs);
}

/**
 * field_import() - bring a number into Montgomery form
 * @field:	the prime
 * @to:		takes it
 * @number:	below the prime
 *
 * Return: false if it is too long.
 */
bool field_import(const struct field *field, u64 *to, const BIGNUM *number)
{
	u64 plain[FIELD_LIMBS];

	if (BN_bn2lebinpad(number, (u8 *)plain, 8 * field->limbs) < 0)
		return false;
	field_mul(field, to, plain, field->square);
	return true;
}

/**
 * field_export() - bring a number out of Montgomery form
 * @field:	the prime
 * @to:		takes its limbs
 * @a:		in Montgomery form
 */
void field_export(const struct field *field, u64 *to, const u64 *a)
{
	const u64 one[FIELD_LIMBS] = { 1 };

	field_mul(field, to, a, one);
}

/**
 * field_invert() - divide 1 by a number
 * @field:	the prime
 * @to:		takes 1 / a, and 0 for 0
 * @a:		in Montgomery form
 */
void field_invert(const struct field *field, u64 *to, const u64 *a)
{
	u64 power[FIELD_LIMBS], exponent[FIELD_LIMBS], window[16][FIELD_LIMBS];
	u32 bit, i, digit;

	/* a^(p - 2); the lowest limb of P-224 is 1 */
	memcpy(exponent, field->p, sizeof(exponent));
	for (bit = 1; exponent[0] < 2 && !exponent[bit]--; bit++)
		;
	exponent[0] -= 2;
	memcpy(window[0], field->one, sizeof(power));
	for (i = 1; i < 16; i++)
		field_mul(field, window[i], window[i - 1], a);
	memcpy(power, field->one, sizeof(power));
	for (bit = 64 * field->limbs; bit;) {
		bit -= 4;
		for (i = 0; i < 4; i++)
			field_mul(field, power, power, power);
		digit = exponent[bit / 64] >> bit % 64 & 15;
		if (digit)
			field_mul(field, power, power, window[digit]);
	}
	memcpy(to, power, 8 * field->limbs);
}

/**
 * field_invert_all() - divide 1 by each of many numbers, with one division
 * @field:	the prime
 * @list:	@nr numbers, @field->limbs words each, none of them 0
 * @scratch:	room for as many
 * @nr:		how many, at least 1
 */
void field_invert_all(const struct field *field, u64 *list, u64 *scratch, u32 nr)
{
	u32 limbs = field->limbs, i;
	u64 all[FIELD_LIMBS];

	memcpy(scratch, list, 8 * limbs);
	for (i = 1; i < nr; i++)
		field_mul(field, scratch + i * limbs, scratch + (i - 1) * limbs, list + i * limbs);
	field_invert(field, all, scratch + (nr - 1) * limbs);
	for (i = nr - 1; i; i--) {
		u64 own[FIELD_LIMBS];

		field_mul(field, own, all, scratch + (i - 1) * limbs);
		field_mul(field, all, all, list + i * limbs);
		memcpy(list + i * limbs, own, 8 * limbs);
	}
	memcpy(list, all, 8 * limbs);
}
