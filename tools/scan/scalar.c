// SPDX-License-Identifier: GPL-2.0
/*
 * Private scalars among big numbers: see scalar.h.
 *
 * A point that was computed and not read from a certificate is in memory in projective
 * coordinates: X = x * Z^2. So for each scalar, x times the square of each number that
 * may be a Z is looked up as well.
 */
#include <openssl/crypto.h>
#include <openssl/obj_mac.h>

#include "curve.h"
#include "field.h"
#include "scalar.h"

#define TRIED_MAX	32768u		/* numbers of one curve: some seconds */
#define SQUARES_MAX	1024u		/* numbers that may be a Z */

/**
 * struct attempt - the search of the scalars of one curve
 * @curve:	which
 * @all:	the numbers
 * @questions:	public keys
 * @limbs:	of a coordinate
 * @field:	its arithmetic
 * @squares:	factors that make X out of x: the squares of those numbers that may be a Z,
 *		for X in plain form and in Montgomery form
 * @nr_squares:	how many
 */
struct attempt {
	const struct curve *curve;
	struct numbers *all;
	struct questions *questions;
	u32 limbs;
	struct field field;
	u64 squares[2 * SQUARES_MAX][FIELD_LIMBS];
	u32 nr_squares;
};

static BIGNUM *to_number(const struct numbers *all, u32 i, BIGNUM *to)
{
	return BN_lebin2bn((const u8 *)number_limbs(all, &all->list[i]), 8 * all->list[i].limbs,
			   to);
}

static u32 find(const struct attempt *attempt, const u64 *limbs)
{
	return numbers_find(attempt->all, limbs, attempt->limbs);
}

/* Does a library that uses this curve run here? Its constants are then in memory. */
static bool likely(const struct attempt *attempt)
{
	const BIGNUM *order = EC_GROUP_get0_order(attempt->curve->group);
	int nid = attempt->curve->nid;
	u64 limbs[FIELD_LIMBS] = { 0 };
	u32 i;

	BN_bn2lebinpad(order, (u8 *)limbs, sizeof(limbs));
	if (nid == NID_X9_62_prime256v1 || nid == NID_secp384r1 || nid == NID_secp521r1 ||
	    find(attempt, limbs) != NONE || find(attempt, attempt->field.p) != NONE)
		return true;
	for (i = 0; i < questions_nr(attempt->questions); i++)
		if (questions_get(attempt->questions, i)->nid == nid)
			return true;
	return false;
}

static bool fits(const struct attempt *attempt, const struct number *number)
{
	return number->limbs == attempt->limbs && !number->secret &&
	       number_limbs(attempt->all, number)[attempt->limbs - 1] <=
	       ~0ULL >> (-attempt->curve->bytes * 8 % 64);
}

/* None if there are too many numbers: then only points as they are are found. */
static void make_squares(struct attempt *attempt)
{
	const struct field *field = &attempt->field;
	struct numbers *all = attempt->all;
	u64 z[FIELD_LIMBS], form[FIELD_LIMBS];
	u32 i, nr = 0;

	for (i = 0; i < all->nr; i++)
		nr += fits(attempt, &all->list[i]);
	for (i = 0; i < all->nr && nr <= SQUARES_MAX; i++) {
		if (!fits(attempt, &all->list[i]))
			continue;
		memset(z, 0, sizeof(z));
		memcpy(z, number_limbs(all, &all->list[i]), 8 * attempt->limbs);
		field_mul(field, form, z, field->square);
		field_mul(field, attempt->squares[attempt->nr_squares++], form, form);
		field_mul(field, attempt->squares[attempt->nr_squares++], form, z);
	}
}

/* Is @x among the numbers, in any of the forms in which libraries keep it? */
static bool known(const struct attempt *attempt, const u64 *x)
{
	u64 form[FIELD_LIMBS];
	u32 i;

	if (find(attempt, x) != NONE)
		return true;
	field_mul(&attempt->field, form, x, attempt->field.square);
	if (find(attempt, form) != NONE)
		return true;
	for (i = 0; i < attempt->nr_squares; i++) {
		field_mul(&attempt->field, form, x, attempt->squares[i]);
		if (find(attempt, form) != NONE)
			return true;
	}
	return false;
}

/* The generator is in every program; what makes it, or its negative, is no secret. */
static bool trivial(const struct curve *curve, const u8 *point)
{
	u8 generator[CURVE_POINT_MAX];

	return EC_POINT_point2oct(curve->group, EC_GROUP_get0_generator(curve->group),
				  POINT_CONVERSION_UNCOMPRESSED, generator, sizeof(generator),
				  NULL) == 0 ||
	       !memcmp(generator + 1, point + 1, curve->bytes);
}

static void try(struct attempt *attempt, struct number *number, const BIGNUM *scalar)
{
	const struct curve *curve = attempt->curve;
	u8 point[CURVE_POINT_MAX], key[8 * (CURVE_BYTES_MAX / 8 + 1)];
	u64 x[FIELD_LIMBS] = { 0 };
	struct question *question;
	u32 i;

	if (!curve_public(curve, scalar, point) || trivial(curve, point))
		return;
	question = questions_find_key(attempt->questions, curve->nid, point,
				      1 + 2 * curve->bytes);
	for (i = 0; i < curve->bytes; i++)
		((u8 *)x)[i] = point[curve->bytes - i];
	if (!question && known(attempt, x))
		question = questions_add_ec(attempt->questions, curve->nid, point,
					    1 + 2 * curve->bytes, NULL);
	if (!question || BN_bn2binpad(scalar, key, sizeof(key)) < 0)
		return;
	if (question_answer_key(attempt->questions, question, key, sizeof(key))) {
		number->secret = &kind_ec_scalar;
		number->question = question;
	}
	OPENSSL_cleanse(key, sizeof(key));
}

static int search(struct attempt *attempt, struct complaint *why)
{
	struct numbers *all = attempt->all;
	u32 i, tried = 0;
	BIGNUM *scalar;

	if (!likely(attempt))
		return 0;
	make_squares(attempt);
	scalar = BN_secure_new();
	for (i = 0; i < all->nr && scalar; i++) {
		if (!fits(attempt, &all->list[i]))
			continue;
		if (tried++ == TRIED_MAX)
			break;
		if (to_number(all, i, scalar))
			try(attempt, &all->list[i], scalar);
	}
	BN_clear_free(scalar);
	return tried <= TRIED_MAX ? 0 :
	       complain(why, -E2BIG, "there are more big numbers than can be tried as scalars of "
			"%s", attempt->curve->name);
}

static int search_curve(const struct curve *curve, struct numbers *all,
			struct questions *questions, struct complaint *why)
{
	struct attempt *attempt = OPENSSL_zalloc(sizeof(*attempt));
	BIGNUM *field = BN_new();
	int error = -ENOMEM;

	complaint_set(why, "out of memory");
	if (!attempt) {
		BN_free(field);
		return error;
	}
	attempt->curve = curve;
	attempt->all = all;
	attempt->questions = questions;
	attempt->limbs = (curve->bytes + 7) / 8;
	if (field && EC_GROUP_get_curve(curve->group, field, NULL, NULL, NULL) &&
	    field_init(&attempt->field, field))
		error = search(attempt, why);
	BN_free(field);
	OPENSSL_clear_free(attempt, sizeof(*attempt));
	return error;
}

/**
 * scalars_find() - find those numbers that are private scalars
 * @all:	the numbers, read; those that were found get @secret and @question
 * @questions:	public keys; a point that is only among @all is added
 * @why:	text of an error
 *
 * Return: 0, -E2BIG if there is too much to try, -ENOMEM.
 */
int scalars_find(struct numbers *all, struct questions *questions, struct complaint *why)
{
	const struct curve *curve;
	int error, first = 0;

	for (curve = curves; curve->name && all->nr; curve++) {
		struct complaint text;

		error = curve->group ? search_curve(curve, all, questions, &text) : 0;
		if (error && !first) {
			first = error;
			*why = text;
		}
	}
	return first;
}
