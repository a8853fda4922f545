// SPDX-License-Identifier: GPL-2.0
/*
 * Elliptic curves: see curve.h.
 *
 * Behind the sandbox there is no source of random numbers, which OpenSSL wants for every
 * multiplication by a scalar. So points are computed here, from tables that are made when
 * a curve is first used. Nothing of it is secret to who holds the dump.
 */
#include <pthread.h>

#include <openssl/crypto.h>
#include <openssl/obj_mac.h>

#include "comb.h"
#include "curve.h"

#define SHARED		48u	/* scalars that had better share divisions */
#define MANY		512u	/* scalars for which a large table pays */
#define DIGIT_BITS	5u
#define DIGIT_BITS_MANY	8u

#define OID(literal)	.oid = (const u8 *)(literal), .oid_len = sizeof(literal) - 1
#define SECG		"\x2b\x81\x04\x00"
#define BRAINPOOL	"\x2b\x24\x03\x03\x02\x08\x01\x01"

struct curve curves[] = {
	{ NID_X9_62_prime256v1, "P-256", OID("\x2a\x86\x48\xce\x3d\x03\x01\x07"), 32, NULL },
	{ NID_secp256k1, "secp256k1", OID(SECG "\x0a"), 32, NULL },
	{ NID_secp384r1, "P-384", OID(SECG "\x22"), 48, NULL },
	{ NID_secp521r1, "P-521", OID(SECG "\x23"), 66, NULL },
	{ NID_secp224r1, "P-224", OID(SECG "\x21"), 28, NULL },
	{ NID_brainpoolP256r1, "brainpoolP256r1", OID(BRAINPOOL "\x07"), 32, NULL },
	{ NID_brainpoolP384r1, "brainpoolP384r1", OID(BRAINPOOL "\x0b"), 48, NULL },
	{ NID_brainpoolP512r1, "brainpoolP512r1", OID(BRAINPOOL "\x0d"), 64, NULL },
	{ NID_sm2, "SM2", OID("\x2a\x81\x1c\xcf\x55\x01\x82\x2d"), 32, NULL },
	{ 0 },
};

static bool seeded;

static void make_groups(void)
{
	struct curve *curve;

	for (curve = curves; curve->name; curve++)
		curve->group = EC_GROUP_new_by_curve_name(curve->nid);
	seeded = comb_seed_init();
}

/**
 * curves_init() - make the curves ready
 *
 * To be called before the sandbox closes; may be called again.
 *
 * Return: true if the common ones are there.
 */
bool curves_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_groups);
	return seeded && curves[0].group && curves[1].group && curves[2].group && curves[3].group;
}

/**
 * curve_of_nid() - find a curve
 * @nid:	OpenSSL's number of it
 *
 * Return: it, or NULL if it is none of ours.
 */
const struct curve *curve_of_nid(int nid)
{
	const struct curve *curve;

	for (curve = curves; curve->name; curve++)
		if (curve->nid == nid && curve->group)
			return curve;
	return NULL;
}

static const struct comb *comb_of(const struct curve *curve, bool many)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct comb *combs[sizeof(curves) / sizeof(*curves)][2];
	u32 bits = many ? DIGIT_BITS_MANY : DIGIT_BITS;
	struct comb **comb = &combs[curve - curves][many];

	pthread_mutex_lock(&lock);
	if (!*comb)
		*comb = comb_new(curve->group, bits,
				 (EC_GROUP_order_bits(curve->group) + bits - 1) / bits);
	pthread_mutex_unlock(&lock);
	return *comb;
}

/**
 * curve_public() - the point that a scalar makes
 * @curve:	the curve
 * @scalar:	1 to the order of the curve - 1
 * @point:	takes it, uncompressed: 1 + 2 * @curve->bytes
 *
 * Return: false if @scalar is out of range or there is no memory.
 */
bool curve_public(const struct curve *curve, const BIGNUM *scalar, u8 *point)
{
	const struct comb *comb = comb_of(curve, false);
	u64 limbs[FIELD_LIMBS + 1] = { 0 }, x[FIELD_LIMBS], y[FIELD_LIMBS];
	bool done = false;
	u32 i;

	if (comb && !BN_is_zero(scalar) && !BN_is_negative(scalar) &&
	    BN_cmp(scalar, EC_GROUP_get0_order(curve->group)) < 0 &&
	    BN_bn2lebinpad(scalar, (u8 *)limbs, 8 * FIELD_LIMBS) >= 0)
		done = comb_multiple(comb, limbs, x, y);
	OPENSSL_cleanse(limbs, sizeof(limbs));
	if (!done)
		return false;
	point[0] = 4;
	for (i = 0; i < curve->bytes; i++) {
		point[curve->bytes - i] = ((u8 *)x)[i];
		point[2 * curve->bytes - i] = ((u8 *)y)[i];
	}
	return true;
}

/**
 * curve_points() - the points that many scalars make
 * @curve:	the curve
 * @scalars:	COMB_SCALAR limbs each: 1 to the order of the curve - 1
 * @nr:		how many
 * @total:	how many there are to come, with these
 * @points:	takes the limbs of x and y: COMB_POINT for each, the first half of which x has
 *
 * Return: false if there is no memory.
 */
bool curve_points(const struct curve *curve, const u64 *scalars, u32 nr, u32 total, u64 *points)
{
	const struct comb *comb = comb_of(curve, total >= MANY);
	u32 limbs = comb ? comb->field.limbs : 0, i;
	bool done = comb;

	if (comb && nr >= SHARED && comb_multiples(comb, scalars, nr, points)) {
		for (i = 0; i < nr; i++, points += COMB_POINT)
			memmove(points + FIELD_LIMBS, points + limbs, 8 * limbs);
		return true;
	}
	for (i = 0; i < nr && done; i++, points += COMB_POINT)
		done = comb_multiple(comb, scalars + i * COMB_SCALAR, points,
				     points + FIELD_LIMBS);
	return done;
}

/**
 * curve_has_point() - is this a point of the curve?
 * @curve:	the curve
 * @point:	uncompressed
 * @len:	its bytes
 *
 * Return: true if it is, and not that at infinity.
 */
bool curve_has_point(const struct curve *curve, const u8 *point, u32 len)
{
	EC_POINT *made;
	bool on = false;

	if (!curve->group || len != 1 + 2 * curve->bytes || point[0] != 4)
		return false;
	made = EC_POINT_new(curve->group);
	if (made)
		on = EC_POINT_oct2point(curve->group, made, point, len, NULL) == 1;
	EC_POINT_free(made);
	return on;
}
