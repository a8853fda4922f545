// SPDX-License-Identifier: GPL-2.0
/*
 * Private scalars among big numbers: see scalar.h.
 *
 * A point that was computed and not read from a certificate is in memory in projective
 * coordinates: X = x * Z^2. So for each scalar, x times the square of each number that
 * may be a Z is looked up as well. Nearly all of these look-ups end at a table of bits.
 */
#include <openssl/crypto.h>
#include <openssl/obj_mac.h>

#include "answer.h"
#include "comb.h"
#include "curve.h"
#include "field.h"
#include "scalar.h"

#define TRIED_MAX	32768u		/* numbers of one curve: some seconds */
#define SQUARES_MAX	8192u		/* numbers that may be a Z: some seconds */
#define FILTER_BITS	20u

/**
 * struct attempt - the search of the scalars of one curve
 * @curve:	which
 * @all:	the numbers
 * @questions:	public keys
 * @limbs:	of a coordinate
 * @field:	its arithmetic
 * @order:	of the curve
 * @squares:	factors that make X out of x: the squares of those numbers that may be a Z,
 *		for X in plain form and in Montgomery form
 * @nr_squares:	how many
 * @filter:	a bit for each lowest FILTER_BITS bits of a coordinate that is known
 * @numbers:	indices of those that are tried together
 * @scalars:	they
 * @points:	what they make
 * @nr:		how many
 * @total:	how many there are in all
 */
struct attempt {
	const struct curve *curve;
	struct numbers *all;
	struct questions *questions;
	u32 limbs;
	struct field field;
	u64 order[FIELD_LIMBS];
	u64 squares[2 * SQUARES_MAX][FIELD_LIMBS];
	u32 nr_squares;
	u64 filter[(1u << FILTER_BITS) / 64];
	u32 numbers[COMB_BATCH];
	u64 scalars[COMB_BATCH * COMB_SCALAR];
	u64 points[COMB_BATCH * COMB_POINT];
	u32 nr;
	u32 total;
};

static u32 find(const struct attempt *attempt, const u64 *limbs)
{
	return numbers_find(attempt->all, limbs, attempt->limbs);
}

static bool has(const struct numbers *all, const BIGNUM *number)
{
	u64 limbs[FIELD_LIMBS];

	return BN_bn2lebinpad(number, (u8 *)limbs, sizeof(limbs)) >= 0 &&
	       numbers_find(all, limbs, FIELD_LIMBS) != NONE;
}

/* Does a library that uses this curve run here? Its constants are then in memory. */
static bool likely(const struct curve *curve, const struct numbers *all,
		   const struct questions *questions, const BIGNUM *p)
{
	int nid = curve->nid;
	u32 i;

	if (nid == NID_X9_62_prime256v1 || nid == NID_secp384r1 || nid == NID_secp521r1 ||
	    has(all, EC_GROUP_get0_order(curve->group)) || has(all, p))
		return true;
	for (i = 0; i < questions_nr(questions); i++)
		if (questions_get(questions, i)->nid == nid)
			return true;
	return false;
}

static bool fits(const struct curve *curve, const struct numbers *all, u32 i)
{
	const struct number *number = &all->list[i];

	return number->limbs == (curve->bytes + 7) / 8 && !number->secret &&
	       number_limbs(all, number)[number->limbs - 1] <= ~0ULL >> (-curve->bytes * 8 % 64);
}

static u32 count(const struct curve *curve, const struct numbers *all)
{
	u32 i, nr = 0;

	for (i = 0; i < all->nr; i++)
		nr += fits(curve, all, i);
	return nr;
}

/* Is it below the order of the curve? */
static bool in_range(const struct attempt *attempt, const u64 *scalar)
{
	u32 i = attempt->limbs;

	while (i && scalar[i - 1] == attempt->order[i - 1])
		i--;
	return i && scalar[i - 1] < attempt->order[i - 1];
}

/*
 * None if there are too many numbers: then only points as they are are found, and search()
 * says so.
 */
static void make_squares(struct attempt *attempt)
{
	const struct field *field = &attempt->field;
	struct numbers *all = attempt->all;
	u64 z[FIELD_LIMBS] = { 0 }, form[FIELD_LIMBS];
	u32 i;

	for (i = 0; i < all->nr && attempt->total <= SQUARES_MAX; i++) {
		if (!fits(attempt->curve, all, i))
			continue;
		memcpy(z, number_limbs(all, &all->list[i]), 8 * attempt->limbs);
		field_mul(field, form, z, field->square);
		field_mul(field, attempt->squares[attempt->nr_squares++], form, form);
		field_mul(field, attempt->squares[attempt->nr_squares++], form, z);
	}
}

static void filter_add(struct attempt *attempt, u64 lowest)
{
	u32 bit = lowest & ((1u << FILTER_BITS) - 1);

	attempt->filter[bit / 64] |= 1ULL << bit % 64;
}

static bool filter_has(const struct attempt *attempt, const u64 *limbs)
{
	u32 bit = limbs[0] & ((1u << FILTER_BITS) - 1);

	return attempt->filter[bit / 64] >> bit % 64 & 1;
}

/* All that x may be found as: the numbers, and public keys. */
static void make_filter(struct attempt *attempt)
{
	const struct numbers *all = attempt->all;
	u64 lowest = 0;
	u32 i, j;

	for (i = 0; i < all->nr; i++)
		if (all->list[i].limbs <= attempt->limbs)
			filter_add(attempt, *number_limbs(all, &all->list[i]));
	for (i = 0; i < questions_nr(attempt->questions); i++) {
		const struct question *question = questions_get(attempt->questions, i);

		if (question->nid != attempt->curve->nid)
			continue;
		for (j = 0; j < 8; j++)
			((u8 *)&lowest)[j] = question->point[attempt->curve->bytes - j];
		filter_add(attempt, lowest);
	}
}

/* Is @x among the numbers, in any of the forms in which libraries keep it? */
static bool known(const struct attempt *attempt, const u64 *x)
{
	u64 form[FIELD_LIMBS];
	u32 i;

	if (filter_has(attempt, x) && find(attempt, x) != NONE)
		return true;
	field_mul(&attempt->field, form, x, attempt->field.square);
	if (filter_has(attempt, form) && find(attempt, form) != NONE)
		return true;
	for (i = 0; i < attempt->nr_squares; i++) {
		field_mul(&attempt->field, form, x, attempt->squares[i]);
		if (filter_has(attempt, form) && find(attempt, form) != NONE)
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

/* A number, and the point that it makes. */
static void try(struct attempt *attempt, struct number *number, const u64 *x, const u64 *y)
{
	const struct curve *curve = attempt->curve;
	u8 point[CURVE_POINT_MAX] = { 4 }, key[8 * FIELD_LIMBS];
	const u8 *bytes = (const u8 *)number_limbs(attempt->all, number);
	struct question *question = NULL;
	u32 i, len = 8 * number->limbs;
	bool is_known = known(attempt, x);

	if (!is_known && !filter_has(attempt, x))
		return;
	for (i = 0; i < curve->bytes; i++) {
		point[curve->bytes - i] = ((const u8 *)x)[i];
		point[2 * curve->bytes - i] = ((const u8 *)y)[i];
	}
	if (trivial(curve, point))
		return;
	question = questions_find_key(attempt->questions, curve->nid, point,
				      1 + 2 * curve->bytes);
	if (!question && is_known)
		question = questions_add_ec(attempt->questions, curve->nid, point,
					    1 + 2 * curve->bytes, NULL);
	if (!question)
		return;
	for (i = 0; i < len; i++)
		key[i] = bytes[len - 1 - i];
	if (question_answer_key(attempt->questions, question, key, len)) {
		number->secret = &kind_ec_scalar;
		number->question = question;
	}
	OPENSSL_cleanse(key, sizeof(key));
}

static bool try_all(struct attempt *attempt)
{
	u32 i, nr = attempt->nr;

	attempt->nr = 0;
	if (!curve_points(attempt->curve, attempt->scalars, nr, attempt->total, attempt->points))
		return false;
	for (i = 0; i < nr; i++) {
		const u64 *point = attempt->points + i * COMB_POINT;

		try(attempt, &attempt->all->list[attempt->numbers[i]], point, point + FIELD_LIMBS);
	}
	return true;
}

static int search(struct attempt *attempt, struct complaint *why)
{
	struct numbers *all = attempt->all;
	bool done = true;
	u32 i, tried = 0;

	make_squares(attempt);
	make_filter(attempt);
	for (i = 0; i < all->nr && done; i++) {
		const u64 *limbs = number_limbs(all, &all->list[i]);

		if (!fits(attempt->curve, all, i) || !in_range(attempt, limbs))
			continue;
		if (tried++ == TRIED_MAX)
			break;
		memcpy(attempt->scalars + attempt->nr * COMB_SCALAR, limbs, 8 * attempt->limbs);
		attempt->numbers[attempt->nr++] = i;
		if (attempt->nr == COMB_BATCH)
			done = try_all(attempt);
	}
	done = done && try_all(attempt);
	if (!done)
		return complain(why, -ENOMEM, "out of memory");
	if (tried > TRIED_MAX)
		return complain(why, -E2BIG,
				"there are more big numbers than can be tried as scalars of %s",
				attempt->curve->name);
	return attempt->total <= SQUARES_MAX ? 0 :
	       complain(why, -E2BIG, "there are more big numbers than can be tried as projective "
			"coordinates of %s", attempt->curve->name);
}

static int search_curve(const struct curve *curve, struct numbers *all,
			struct questions *questions, struct complaint *why)
{
	struct attempt *attempt = NULL;
	BIGNUM *p = BN_new();
	int error = 0;
	u32 total;

	if (p && !EC_GROUP_get_curve(curve->group, p, NULL, NULL, NULL)) {
		BN_free(p);
		p = NULL;
	}
	total = count(curve, all);
	if (p && (!total || !likely(curve, all, questions, p)))
		goto out;
	attempt = OPENSSL_zalloc(sizeof(*attempt));
	error = complain(why, -ENOMEM, "out of memory");
	if (!attempt || !p)
		goto out;
	attempt->curve = curve;
	attempt->all = all;
	attempt->questions = questions;
	attempt->total = total;
	attempt->limbs = (curve->bytes + 7) / 8;
	if (field_init(&attempt->field, p) &&
	    BN_bn2lebinpad(EC_GROUP_get0_order(curve->group), (u8 *)attempt->order,
			   sizeof(attempt->order)) >= 0)
		error = search(attempt, why);
out:
	BN_free(p);
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
