// SPDX-License-Identifier: GPL-2.0
/*
 * Multiples of the generator of a curve: see comb.h.
 *
 * All is affine, and sums are made of many pairs of points at once, so that they share
 * one division: a sum then costs six multiplications.
 */
#include <stdlib.h>

#include <openssl/rand.h>

#include "comb.h"

#define BATCH	256u		/* sums that share a division */
#define PARTS	8u		/* random entries whose sum nobody can guess */

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

/* to[i] = from[i] + by, for @nr entries that follow each other. */
static bool add_run(const struct comb *comb, u64 *to, const u64 *from, const u64 *by, u32 nr)
{
	const struct field *field = &comb->field;
	u32 limbs = field->limbs, part, i;
	static const u32 most = BATCH;
	u64 *room = malloc(2 * most * 8 * limbs);

	for (; room && nr; nr -= part, to += 2 * limbs * part, from += 2 * limbs * part) {
		part = min(nr, most);
		for (i = 0; i < part; i++)
			field_sub(field, room + i * limbs, by, from + 2 * i * limbs);
		field_invert_all(field, room, room + most * limbs, part);
		for (i = 0; i < part; i++)
			comb_add_by(field, to + 2 * i * limbs, to + (2 * i + 1) * limbs,
				    from + 2 * i * limbs, from + (2 * i + 1) * limbs, by,
				    by + limbs, room + i * limbs);
	}
	free(room);
	return !nr;
}

/* Entries of values 1 to 2^bits - 1: those below each power of two, plus that power. */
static bool fill(struct comb *comb, u64 *power)
{
	u32 digit, bit, limbs = comb->field.limbs;

	for (digit = 0; digit < comb->digits; digit++)
		for (bit = 0; bit < comb->bits; bit++) {
			memcpy(comb_entry(comb, digit, 1U << bit), power, 16 * limbs);
			if (bit && !add_run(comb, comb_entry(comb, digit, (1U << bit) + 1),
					    comb_entry(comb, digit, 1), power, (1U << bit) - 1))
				return false;
			comb_double(comb, power);
		}
	return true;
}

/*
 * Adds a point to all entries of each digit: a sum of random entries, which nobody can guess
 * who makes a dump.
 */
static bool shift(struct comb *comb)
{
	u32 digit, i, limbs = comb->field.limbs, values = 1U << comb->bits;
	u64 by[2 * FIELD_LIMBS], state = comb_seed, *first;

	for (digit = 0; digit < comb->digits; digit++) {
		for (i = 0; i < min(comb->digits, PARTS); i++) {
			const u64 *part;

			state = state * 6364136223846793005ULL + 1442695040888963407ULL;
			part = comb_entry(comb, i, 1 + (state >> 33) % (values - 1));
			if (!i)
				memcpy(by, part, 16 * limbs);
			else if (!comb_add(comb, by, part, by))
				return false;
		}
		if (!digit)
			memcpy(comb->shift, by, sizeof(by));
		else if (!comb_add(comb, comb->shift, by, comb->shift))
			return false;
		first = comb_entry(comb, digit, 1);
		if (!add_run(comb, first, first, by, values - 1))
			return false;
		memcpy(first - 2 * limbs, by, 16 * limbs);
	}
	return true;
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
	    field_import(&comb->field, power + limbs, y) && fill(comb, power) && shift(comb))
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
	u64 point[3][FIELD_LIMBS], zero[FIELD_LIMBS] = { 0 };
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
	field_mul(field, zero, point[2], point[2]);
	field_mul(field, point[0], point[0], zero);
	field_mul(field, zero, zero, point[2]);
	field_mul(field, point[1], point[1], zero);
	field_export(field, x, point[0]);
	field_export(field, y, point[1]);
	return true;
}
