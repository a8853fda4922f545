/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Multiples of the generator of a curve, many at a time, from a table of them.
 */
#ifndef KREDACT_TOOLS_COMB_H
#define KREDACT_TOOLS_COMB_H

#include "curve.h"
#include "field.h"

#define COMB_BATCH	256u

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

/**
 * struct comb_batch - scalars whose multiples are wanted
 * @scalars:	their limbs
 * @x, @y:	of the multiples, in Montgomery form
 * @difference, @scratch: temporary
 * @nr:		how many
 */
struct comb_batch {
	u64 scalars[COMB_BATCH][FIELD_LIMBS + 1];
	u64 x[COMB_BATCH * FIELD_LIMBS];
	u64 y[COMB_BATCH * FIELD_LIMBS];
	u64 difference[COMB_BATCH * FIELD_LIMBS];
	u64 scratch[COMB_BATCH * FIELD_LIMBS];
	u32 nr;
};

bool comb_seed_init(void);
struct comb *comb_new(const EC_GROUP *group, u32 bits);
void comb_free(struct comb *comb);
void comb_multiply(const struct comb *comb, struct comb_batch *batch);
bool comb_multiple(const struct comb *comb, const u64 *scalar, u64 *x, u64 *y);
bool comb_add(const struct comb *comb, const u64 *p, const u64 *q, u64 *sum);

#endif /* KREDACT_TOOLS_COMB_H */
