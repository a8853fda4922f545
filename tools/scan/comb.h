/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Multiples of the generator of a curve, from a table of them.
 */
#ifndef KREDACT_TOOLS_COMB_H
#define KREDACT_TOOLS_COMB_H

#include "curve.h"
#include "field.h"

#define COMB_SCALAR	(FIELD_LIMBS + 1)	/* limbs of a scalar, and a zero above them */
#define COMB_POINT	(2 * FIELD_LIMBS)	/* of a point */
#define COMB_BATCH	256u			/* sums that share a division */

/**
 * struct comb - a table
 * @field:	of the curve
 * @bits:	of a digit of a scalar
 * @digits:	of a scalar
 * @table:	x and y of (value * 2^(bits * digit)) times the generator, plus a point of
 *		each digit that nobody can guess: there is an entry for each value of each
 *		digit, and no sum of them meets infinity or a point twice, whoever made the
 *		scalars
 * @a:		coefficient of the curve
 * @shift:	x and y of the sum of these points
 */
struct comb {
	struct field field;
	u32 bits;
	u32 digits;
	u64 *table;
	u64 a[FIELD_LIMBS];
	u64 shift[2 * FIELD_LIMBS];
};

bool comb_seed_init(void);
struct comb *comb_new(const EC_GROUP *group, u32 bits, u32 digits);
void comb_free(struct comb *comb);
bool comb_multiple(const struct comb *comb, const u64 *scalar, u64 *x, u64 *y);
bool comb_multiples(const struct comb *comb, const u64 *scalars, u32 nr, u64 *points);
bool comb_add(const struct comb *comb, const u64 *p, const u64 *q, u64 *sum);
void comb_add_by(const struct field *field, u64 *to_x, u64 *to_y, const u64 *px, const u64 *py,
		 const u64 *qx, const u64 *qy, const u64 *inverse);
void comb_double(const struct comb *comb, u64 *p);

/* x and y of an entry of the table. */
static inline u64 *comb_entry(const struct comb *comb, u32 digit, u32 value)
{
	return comb->table + 2 * comb->field.limbs * (((u64)digit << comb->bits) + value);
}

#endif /* KREDACT_TOOLS_COMB_H */
