// SPDX-License-Identifier: GPL-2.0
/*
 * Multiples of the generator of a curve: see comb.h.
 *
 * All is affine, and sums are made of many pairs of points at once, so that they share
 * one division: a sum then costs six multiplications.
 */
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "comb.h"

#define GROUPS	16u		/* of powers: a random one of each is in each shift */

/**
 * struct batch - sums that are still to be made
 * @comb:	of their curve
 * @p, @q:	x and y of two points, each
 * @to:		takes x and y of their sum; may be @p
 * @nr:		how many
 * @run:	what is to be divided by
 * @scratch:	for the division
 * @failed:	two points were the same, or opposite
 */
struct batch {
	const struct comb *comb;
	const u64 *p[COMB_BATCH];
	const u64 *q[COMB_BATCH];
	u64 *to[COMB_BATCH];
	u32 nr;
	u64 run[COMB_BATCH * FIELD_LIMBS];
	u64 scratch[COMB_BATCH * FIELD_LIMBS];
	bool failed;
};

static u64 comb_seed;

/**
 * comb_add_by() - add two points whose division was done already
 * @field:	of their curve
 * @to_x, @to_y: take the sum; may be one of the points
 * @px, @py:	a point, in Montgomery form
 * @qx, @qy:	another one
 * @inverse:	1 / (@qx - @px)
 */
void comb_add_by(const struct field *field, u64 *to_x, u64 *to_y, const u64 *px, const u64 *py,
		 const u64 *qx, const u64 *qy, const u64 *inverse)
{
	u64 slope[FIELD_LIMBS], x[FIELD_LIMBS], y[FIELD_LIMBS];

	field_sub(field, slope, qy, py);
	field_mul(field, slope, slope, inverse);
	field_mul(field, x, slope, slope);
	field_sub(field, x, x, px);
	field_sub(field, x, x, qx);
	field_sub(field, y, px, x);
	field_mul(field, y, y, slope);
	field_sub(field, to_y, y, py);
	memcpy(to_x, x, 8 * field->limbs);
}

/**
 * comb_add() - add two points
 * @comb:	of their curve
 * @p, @q:	x and y of different points, in Montgomery form
 * @sum:	takes x and y of their sum
 *
 * Return: false if they are equal, or opposite.
 */
bool comb_add(const struct comb *comb, const u64 *p, const u64 *q, u64 *sum)
{
	const struct field *field = &comb->field;
	u32 limbs = field->limbs;
	u64 inverse[FIELD_LIMBS];

	field_sub(field, inverse, q, p);
	if (field_is_zero(field, inverse))
		return false;
	field_invert(field, inverse, inverse);
	comb_add_by(field, sum, sum + limbs, p, p + limbs, q, q + limbs, inverse);
	return true;
}

/**
 * comb_double() - add a point to itself
 * @comb:	of its curve
 * @p:		x and y, in Montgomery form; takes those of the sum
 */
void comb_double(const struct comb *comb, u64 *p)
{
	const struct field *field = &comb->field;
	u32 limbs = field->limbs, i;
	u64 slope[FIELD_LIMBS], square[FIELD_LIMBS], bottom[FIELD_LIMBS] = { 0 };
	u64 x[FIELD_LIMBS], zero[FIELD_LIMBS] = { 0 };

	field_sub(field, bottom, zero, p + limbs);
	field_sub(field, bottom, p + limbs, bottom);
	field_invert(field, bottom, bottom);
	/* 3 * x^2 + a, by differences only */
	field_mul(field, square, p, p);
	memcpy(slope, comb->a, sizeof(slope));
	field_sub(field, zero, zero, square);
	for (i = 0; i < 3; i++)
		field_sub(field, slope, slope, zero);
	field_mul(field, slope, slope, bottom);
	field_mul(field, x, slope, slope);
	field_sub(field, x, x, p);
	field_sub(field, x, x, p);
	field_sub(field, square, p, x);
	field_mul(field, square, square, slope);
	field_sub(field, p + limbs, square, p + limbs);
	memcpy(p, x, 8 * limbs);
}

/* x, y and z of a point in Jacobian coordinates: the sum with an affine one. */
static void add_mixed(const struct field *field, u64 (*point)[FIELD_LIMBS], const u64 *x,
		      const u64 *y)
{
	u64 h[FIELD_LIMBS], r[FIELD_LIMBS], hh[FIELD_LIMBS], v[FIELD_LIMBS];

	field_mul(field, v, point[2], point[2]);
	field_mul(field, h, x, v);
	field_sub(field, h, h, point[0]);
	field_mul(field, v, v, point[2]);
	field_mul(field, r, y, v);
	field_sub(field, r, r, point[1]);
	field_mul(field, hh, h, h);
	field_mul(field, v, point[0], hh);
	field_mul(field, hh, hh, h);
	field_mul(field, point[2], point[2], h);
	field_mul(field, point[0], r, r);
	field_sub(field, point[0], point[0], hh);
	field_sub(field, point[0], point[0], v);
	field_sub(field, point[0], point[0], v);
	field_mul(field, hh, hh, point[1]);
	field_sub(field, v, v, point[0]);
	field_mul(field, v, v, r);
	field_sub(field, point[1], v, hh);
}

static void batch_end(struct batch *batch)
{
	const struct field *field = &batch->comb->field;
	u32 limbs = field->limbs, i;

	if (!batch->nr)
		return;
	for (i = 0; i < batch->nr; i++) {
		u64 *run = batch->run + i * limbs;

		field_sub(field, run, batch->q[i], batch->p[i]);
		if (field_is_zero(field, run)) {
			batch->failed = true;
			memcpy(run, field->one, 8 * limbs);
		}
	}
	field_invert_all(field, batch->run, batch->scratch, batch->nr);
	for (i = 0; i < batch->nr; i++)
		comb_add_by(field, batch->to[i], batch->to[i] + limbs, batch->p[i],
			    batch->p[i] + limbs, batch->q[i], batch->q[i] + limbs,
			    batch->run + i * limbs);
	batch->nr = 0;
}

/* No sum of a batch is a part of another one. */
static void batch_add(struct batch *batch, u64 *to, const u64 *p, const u64 *q)
{
	batch->to[batch->nr] = to;
	batch->p[batch->nr] = p;
	batch->q[batch->nr] = q;
	if (++batch->nr == COMB_BATCH)
		batch_end(batch);
}

/* Of a point in Jacobian coordinates, the double. */
static void twice(const struct comb *comb, u64 (*point)[FIELD_LIMBS])
{
	u64 xx[FIELD_LIMBS], yy[FIELD_LIMBS], s[FIELD_LIMBS], m[FIELD_LIMBS];
	const struct field *field = &comb->field;
	u32 i;

	field_mul(field, xx, point[0], point[0]);
	field_mul(field, yy, point[1], point[1]);
	field_mul(field, s, point[0], yy);
	field_mul(field, yy, yy, yy);
	field_mul(field, m, point[2], point[2]);
	field_mul(field, m, m, m);
	field_mul(field, m, m, comb->a);
	for (i = 0; i < 3; i++)
		field_add(field, m, m, xx);
	field_mul(field, point[2], point[2], point[1]);
	field_add(field, point[2], point[2], point[2]);
	for (i = 0; i < 2; i++)
		field_add(field, s, s, s);
	for (i = 0; i < 3; i++)
		field_add(field, yy, yy, yy);
	field_mul(field, point[0], m, m);
	field_sub(field, point[0], point[0], s);
	field_sub(field, point[0], point[0], s);
	field_sub(field, s, s, point[0]);
	field_mul(field, m, m, s);
	field_sub(field, point[1], m, yy);
}

/* x and y of a point, by 1 / z. */
static void to_affine(const struct field *field, u64 *to, u64 (*point)[FIELD_LIMBS],
		      const u64 *inverse)
{
	u64 square[FIELD_LIMBS];

	field_mul(field, square, inverse, inverse);
	field_mul(field, to, point[0], square);
	field_mul(field, square, square, inverse);
	field_mul(field, to + field->limbs, point[1], square);
}

/* Of a point, @nr times the double of the one before, which share a division. */
static u64 *make_powers(const struct comb *comb, const u64 *first, u32 nr)
{
	const struct field *field = &comb->field;
	u32 limbs = field->limbs, i;
	u64 (*points)[3][FIELD_LIMBS] = calloc(nr, sizeof(*points));
	u64 *run = malloc(2 * 8ul * limbs * nr), *powers = malloc(16ul * limbs * nr);

	if (!points || !run || !powers) {
		free(powers);
		powers = NULL;
		goto out;
	}
	memcpy(points[0][0], first, 8 * limbs);
	memcpy(points[0][1], first + limbs, 8 * limbs);
	memcpy(points[0][2], field->one, 8 * limbs);
	for (i = 0; i < nr; i++) {
		if (i) {
			memcpy(points[i], points[i - 1], sizeof(*points));
			twice(comb, points[i]);
		}
		memcpy(run + i * limbs, points[i][2], 8 * limbs);
	}
	field_invert_all(field, run, run + nr * limbs, nr);
	for (i = 0; i < nr; i++)
		to_affine(field, powers + 2 * i * limbs, points[i], run + i * limbs);
out:
	free(points);
	free(run);
	return powers;
}

/*
 * The first entry of each digit: a sum of random powers, which nobody can guess who makes a
 * dump.
 */
static void make_shifts(const struct comb *comb, struct batch *batch, const u64 *powers)
{
	u32 limbs = comb->field.limbs, group = comb->bits * comb->digits / GROUPS, digit, i;
	u64 state = comb_seed;

	for (i = 0; i < GROUPS; i++) {
		for (digit = 0; digit < comb->digits; digit++) {
			u64 *entry = comb_entry(comb, digit, 0);
			const u64 *power;

			state = state * 6364136223846793005ULL + 1442695040888963407ULL;
			power = powers + 2 * limbs * (i * group + (state >> 33) % group);
			if (i)
				batch_add(batch, entry, entry, power);
			else
				memcpy(entry, power, 16 * limbs);
		}
		batch_end(batch);
	}
}

/* Entries of values 1 to 2^bits - 1: those below each power of two, plus that power. */
static void make_entries(const struct comb *comb, struct batch *batch, const u64 *powers)
{
	u32 digit, bit, value, limbs = comb->field.limbs;

	for (bit = 0; bit < comb->bits; bit++) {
		for (digit = 0; digit < comb->digits; digit++) {
			const u64 *power = powers + 2 * limbs * (digit * comb->bits + bit);

			for (value = 0; value < 1U << bit; value++)
				batch_add(batch, comb_entry(comb, digit, value + (1U << bit)),
					  comb_entry(comb, digit, value), power);
		}
		batch_end(batch);
	}
}

static bool make_shift(struct comb *comb)
{
	const struct field *field = &comb->field;
	u64 sum[3][FIELD_LIMBS] = { 0 };
	u32 limbs = field->limbs, digit;
	const u64 *entry = comb_entry(comb, 0, 0);

	memcpy(sum[0], entry, 8 * limbs);
	memcpy(sum[1], entry + limbs, 8 * limbs);
	memcpy(sum[2], field->one, 8 * limbs);
	for (digit = 1; digit < comb->digits; digit++) {
		entry = comb_entry(comb, digit, 0);
		add_mixed(field, sum, entry, entry + limbs);
	}
	if (field_is_zero(field, sum[2]))
		return false;
	field_invert(field, sum[2], sum[2]);
	to_affine(field, comb->shift, sum, sum[2]);
	return true;
}

static bool fill(struct comb *comb, const u64 *generator)
{
	u64 *powers = make_powers(comb, generator, comb->bits * comb->digits);
	struct batch *batch = calloc(1, sizeof(*batch));
	bool done = false;

	if (powers && batch && comb->bits * comb->digits >= GROUPS) {
		batch->comb = comb;
		make_shifts(comb, batch, powers);
		make_entries(comb, batch, powers);
		done = !batch->failed && make_shift(comb);
	}
	free(powers);
	free(batch);
	return done;
}

static struct comb *make(struct comb *comb, const BIGNUM *a, const BIGNUM *x, const BIGNUM *y,
			 u32 bits, u32 digits)
{
	u64 power[2 * FIELD_LIMBS];
	u32 limbs = comb->field.limbs;

	comb->bits = bits;
	comb->digits = digits;
	/* one that IFMA looks up is in one line of the cache */
	comb->table = aligned_alloc(64, ((u64)digits << bits) * 16 * limbs);
	if (comb->table && field_import(&comb->field, comb->a, a) &&
	    field_import(&comb->field, power, x) &&
	    field_import(&comb->field, power + limbs, y) && fill(comb, power))
		return comb;
	comb_free(comb);
	return NULL;
}

/**
 * comb_seed_init() - learn what the shifts of all tables are made from
 *
 * To be called before the sandbox closes.
 *
 * Return: false if there are no random numbers.
 */
bool comb_seed_init(void)
{
	return RAND_bytes((u8 *)&comb_seed, sizeof(comb_seed)) == 1;
}

/**
 * comb_new() - make the table of a curve
 * @group:	the curve
 * @bits:	of a digit, at least 2
 * @digits:	how many; comb_multiple() needs all those of a scalar
 *
 * Return: to be released by comb_free(), or NULL.
 */
struct comb *comb_new(const EC_GROUP *group, u32 bits, u32 digits)
{
	BIGNUM *p = BN_new(), *a = BN_new(), *x = BN_new(), *y = BN_new();
	struct comb *comb = calloc(1, sizeof(*comb));
	BN_CTX *ctx = BN_CTX_new();

	if (comb && p && a && x && y && ctx && EC_GROUP_get_curve(group, p, a, NULL, ctx) &&
	    EC_POINT_get_affine_coordinates(group, EC_GROUP_get0_generator(group), x, y, ctx) &&
	    field_init(&comb->field, p)) {
		comb = make(comb, a, x, y, bits, digits);
	} else {
		free(comb);
		comb = NULL;
	}
	BN_free(p);
	BN_free(a);
	BN_free(x);
	BN_free(y);
	BN_CTX_free(ctx);
	return comb;
}

/**
 * comb_free() - release a table
 * @comb:	from comb_new(), or NULL
 */
void comb_free(struct comb *comb)
{
	if (comb)
		free(comb->table);
	free(comb);
}

static u32 digit_of(const struct comb *comb, const u64 *scalar, u32 digit)
{
	u32 at = digit * comb->bits, off = at % 64;
	u64 value = scalar[at / 64] >> off;

	if (off + comb->bits > 64)
		value |= scalar[at / 64 + 1] << (64 - off);
	return value & ((1U << comb->bits) - 1);
}

/**
 * comb_multiple() - the multiple of one scalar
 * @comb:	of the curve
 * @scalar:	its limbs, and a zero above them
 * @x, @y:	take the limbs of its coordinates
 *
 * Return: false if it is the point at infinity.
 */
bool comb_multiple(const struct comb *comb, const u64 *scalar, u64 *x, u64 *y)
{
	const struct field *field = &comb->field;
	u64 point[3][FIELD_LIMBS], zero[FIELD_LIMBS] = { 0 }, sum[COMB_POINT];
	u32 limbs = field->limbs, digit;
	const u64 *part;

	part = comb_entry(comb, 0, digit_of(comb, scalar, 0));
	memcpy(point[0], part, 8 * limbs);
	memcpy(point[1], part + limbs, 8 * limbs);
	memcpy(point[2], field->one, 8 * limbs);
	for (digit = 1; digit < comb->digits; digit++) {
		part = comb_entry(comb, digit, digit_of(comb, scalar, digit));
		add_mixed(field, point, part, part + limbs);
	}
	field_sub(field, zero, zero, comb->shift + limbs);
	add_mixed(field, point, comb->shift, zero);
	if (field_is_zero(field, point[2]))
		return false;
	field_invert(field, point[2], point[2]);
	to_affine(field, sum, point, point[2]);
	field_export(field, x, sum);
	field_export(field, y, sum + limbs);
	return true;
}

/**
 * comb_multiples() - the multiples of many scalars
 * @comb:	of the curve
 * @scalars:	COMB_SCALAR limbs each, none of them 0 or above the order
 * @nr:		how many
 * @points:	takes the limbs of x, of y, and unused ones: COMB_POINT for each
 *
 * They share divisions; less than some dozens are faster one by one.
 *
 * Return: false if there is no memory, or that by which the table is shifted is unlucky.
 */
bool comb_multiples(const struct comb *comb, const u64 *scalars, u32 nr, u64 *points)
{
	struct batch *batch = malloc(sizeof(*batch));
	const struct field *field = &comb->field;
	u64 negative[COMB_POINT], zero[FIELD_LIMBS] = { 0 };
	u32 limbs = field->limbs, digit, i;
	bool done;

	if (!batch)
		return false;
	batch->comb = comb;
	batch->nr = 0;
	batch->failed = false;
	memcpy(negative, comb->shift, 16 * limbs);
	field_sub(field, negative + limbs, zero, negative + limbs);
	for (i = 0; i < nr; i++)
		memcpy(points + i * COMB_POINT,
		       comb_entry(comb, 0, digit_of(comb, scalars + i * COMB_SCALAR, 0)),
		       16 * limbs);
	for (digit = 1; digit <= comb->digits; digit++) {
		for (i = 0; i < nr; i++) {
			const u64 *part = digit == comb->digits ? negative :
				comb_entry(comb, digit,
					   digit_of(comb, scalars + i * COMB_SCALAR, digit));

			batch_add(batch, points + i * COMB_POINT, points + i * COMB_POINT, part);
		}
		batch_end(batch);
	}
	for (i = 0; i < 2 * nr; i++) {
		u64 *from = points + i / 2 * COMB_POINT + i % 2 * limbs;

		field_export(field, from, from);
	}
	done = !batch->failed;
	OPENSSL_cleanse(batch, sizeof(*batch));
	free(batch);
	return done;
}
