/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arithmetic modulo a prime of up to 576 bits, in Montgomery form.
 *
 * Not in constant time: what is computed with is in a dump already.
 */
#ifndef KREDACT_TOOLS_FIELD_H
#define KREDACT_TOOLS_FIELD_H

#include <openssl/bn.h>

#include "platform.h"

#define FIELD_LIMBS	9u

/**
 * struct field - a prime
 * @limbs:	of an element: 4, 6, 8 or 9
 * @p:		the prime
 * @one:	1 in Montgomery form
 * @square:	the square of the radix: brings a number into Montgomery form
 * @inverse:	-1 / p modulo 2^64
 * @p256:	it is that of P-256, whose multiples are had by shifts
 */
struct field {
	u32 limbs;
	u64 p[FIELD_LIMBS];
	u64 one[FIELD_LIMBS];
	u64 square[FIELD_LIMBS];
	u64 inverse;
	bool p256;
};

bool field_init(struct field *field, const BIGNUM *prime);
bool field_import(const struct field *field, u64 *to, const BIGNUM *number);
void field_export(const struct field *field, u64 *to, const u64 *a);
void field_mul(const struct field *field, u64 *to, const u64 *a, const u64 *b);
void field_add(const struct field *field, u64 *to, const u64 *a, const u64 *b);
void field_sub(const struct field *field, u64 *to, const u64 *a, const u64 *b);
void field_invert(const struct field *field, u64 *to, const u64 *a);
void field_invert_all(const struct field *field, u64 *list, u64 *scratch, u32 nr);

static inline bool field_is_zero(const struct field *field, const u64 *a)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < field->limbs; i++)
		sum |= a[i];
	return !sum;
}

#endif /* KREDACT_TOOLS_FIELD_H */
