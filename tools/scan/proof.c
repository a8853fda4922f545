// SPDX-License-Identifier: GPL-2.0
/*
 * Arithmetic that proves that numbers are a private key: see proof.h.
 */
#include <pthread.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/rand.h>

#include "effort.h"
#include "proof.h"

/* Bytes of numbers; what is larger is no key that anyone has. */
#define NUMBER_MAX	2048u
#define POWER_MAX	1024u	/* where powers are to be computed */
#define RAW_MAX		57u

static const struct {
	const char *name;
	int nid;		/* of a Weierstrass curve */
	int type;		/* of EVP_PKEY, of the others */
	u32 bytes;		/* of a secret */
	const char *oid;	/* without tag and length */
	u32 oid_len;
} curves[ECCS] = {
	[ECC_UNKNOWN] = { .name = "unknown curve" },
	[ECC_P256] = { "P-256", NID_X9_62_prime256v1, 0, 32, "\x2a\x86\x48\xce\x3d\3\1\7", 8 },
	[ECC_P384] = { "P-384", NID_secp384r1, 0, 48, "\x2b\x81\4\0\x22", 5 },
	[ECC_P521] = { "P-521", NID_secp521r1, 0, 66, "\x2b\x81\4\0\x23", 5 },
	[ECC_K256] = { "secp256k1", NID_secp256k1, 0, 32, "\x2b\x81\4\0\x0a", 5 },
	[ECC_BP256] = { "brainpoolP256r1", NID_brainpoolP256r1, 0, 32,
			  "\x2b\x24\3\3\2\x08\1\1\7", 9 },
	[ECC_BP384] = { "brainpoolP384r1", NID_brainpoolP384r1, 0, 48,
			  "\x2b\x24\3\3\2\x08\1\1\x0b", 9 },
	[ECC_BP512] = { "brainpoolP512r1", NID_brainpoolP512r1, 0, 64,
			  "\x2b\x24\3\3\2\x08\1\1\x0d", 9 },
	[ECC_ED25519] = { "Ed25519", 0, EVP_PKEY_ED25519, 32, "\x2b\x65\x70", 3 },
	[ECC_X25519] = { "X25519", 0, EVP_PKEY_X25519, 32, "\x2b\x65\x6e", 3 },
	[ECC_ED448] = { "Ed448", 0, EVP_PKEY_ED448, 57, "\x2b\x65\x71", 3 },
	[ECC_X448] = { "X448", 0, EVP_PKEY_X448, 56, "\x2b\x65\x6f", 3 },
};

static EC_GROUP *groups[ECCS];
static bool ready;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool raw_public(int type, const u8 *secret, u32 len, u8 *point)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(type, NULL, secret, len);
	size_t room = RAW_MAX;
	bool done = key && EVP_PKEY_get_raw_public_key(key, point, &room) == 1 && room == len;

	EVP_PKEY_free(key);
	return done;
}

static void load(void)
{
	static const u8 some[RAW_MAX] = { 1 };
	u8 point[RAW_MAX];
	enum ecc i;

	/* OpenSSL blinds multiplications: this seeds its generator. */
	ready = RAND_priv_bytes(point, sizeof(point)) == 1;
	for (i = ECC_P256; i < ECCS; i++) {
		if (curves[i].type) {
			ready = ready && raw_public(curves[i].type, some, curves[i].bytes, point);
			continue;
		}
		groups[i] = EC_GROUP_new_by_curve_name(curves[i].nid);
		ready = ready && groups[i];
	}
}

/**
 * proof_init() - make curves ready
 *
 * To be called before the sandbox closes. They stay to the end of the process.
 *
 * Return: false if OpenSSL cannot.
 */
bool proof_init(void)
{
	return !pthread_once(&once, load) && ready;
}

/**
 * proof_open() - for a detector that has no state of its own
 * @scan:	not used
 * @why:	text of an error
 *
 * Return: something that is not NULL; NULL if OpenSSL has no curves.
 */
void *proof_open(struct scan *scan, struct complaint *why)
{
	static int state;

	(void)scan;
	if (proof_init())
		return &state;
	complaint_set(why, "OpenSSL has no elliptic curves");
	return NULL;
}

static BIGNUM *number(BN_CTX *context, struct octets from)
{
	BIGNUM *to = from.len <= NUMBER_MAX ? BN_CTX_get(context) : NULL;

	return to && BN_bin2bn(from.bytes, from.len, to) ? to : NULL;
}

static u32 bits_of(struct octets number)
{
	while (number.len && !*number.bytes) {
		number.bytes++;
		number.len--;
	}
	return number.len ? 8 * number.len + 24 - __builtin_clz(*number.bytes) : 0;
}

/**
 * proof_rsa() - n = p * q?
 * @n:		modulus
 * @p:		a prime
 * @q:		the other one
 *
 * Return: PROOF_DONE if so, otherwise PROOF_WRONG.
 */
enum proof proof_rsa(struct octets n, struct octets p, struct octets q)
{
	u32 bits = bits_of(n), sum = bits_of(p) + bits_of(q);
	enum proof proof = PROOF_WRONG;
	BIGNUM *a, *b, *c;
	BN_CTX *context;

	/* Nearly all that is none has not the length of one. */
	if ((sum != bits && sum != bits + 1) || n.len > NUMBER_MAX || !effort_product(bits))
		return proof;
	context = BN_CTX_secure_new();
	if (!context)
		return proof;
	BN_CTX_start(context);
	a = number(context, n);
	b = number(context, p);
	c = number(context, q);
	/* Whether p and q are prime is not asked: nobody writes other numbers down so. */
	if (a && b && c && BN_num_bits(b) > 64 && BN_num_bits(c) > 64 &&
	    BN_mul(b, b, c, context) && !BN_cmp(a, b))
		proof = PROOF_DONE;
	BN_CTX_end(context);
	BN_CTX_free(context);
	return proof;
}

/**
 * proof_rsa_d() - do n, e and d belong together?
 * @n:		modulus
 * @e:		public exponent
 * @d:		private one
 *
 * Return: PROOF_DONE if a number to the power of e * d is itself, otherwise PROOF_WRONG.
 */
enum proof proof_rsa_d(struct octets n, struct octets e, struct octets d)
{
	BN_CTX *context = BN_CTX_secure_new();
	enum proof proof = PROOF_WRONG;
	BIGNUM *a, *b, *c, *two;

	if (!context)
		return proof;
	BN_CTX_start(context);
	a = number(context, n);
	b = number(context, e);
	c = number(context, d);
	two = BN_CTX_get(context);
	if (a && b && c && two && n.len <= POWER_MAX && BN_num_bits(a) >= 512 && BN_is_odd(a) &&
	    BN_num_bits(b) > 1 && BN_num_bits(b) <= 64 && BN_num_bits(c) > 64 &&
	    BN_num_bits(c) <= BN_num_bits(a) && BN_set_word(two, 2) &&
	    effort_power(BN_num_bits(a), BN_num_bits(b) + BN_num_bits(c)) &&
	    BN_mod_exp(two, two, b, a, context) && BN_mod_exp(two, two, c, a, context) &&
	    BN_is_word(two, 2))
		proof = PROOF_DONE;
	BN_CTX_end(context);
	BN_CTX_free(context);
	return proof;
}

/**
 * proof_dsa() - y = g^x mod p?
 * @p:		modulus
 * @g:		generator
 * @y:		public number
 * @x:		private one
 *
 * Return: PROOF_DONE if so, otherwise PROOF_WRONG.
 */
enum proof proof_dsa(struct octets p, struct octets g, struct octets y, struct octets x)
{
	BN_CTX *context = BN_CTX_secure_new();
	enum proof proof = PROOF_WRONG;
	BIGNUM *a, *b, *c, *d;

	if (!context)
		return proof;
	BN_CTX_start(context);
	a = number(context, p);
	b = number(context, g);
	c = number(context, y);
	d = number(context, x);
	if (a && b && c && d && p.len <= POWER_MAX && x.len <= POWER_MAX && BN_is_odd(a) &&
	    BN_num_bits(a) >= 512 && BN_num_bits(b) > 1 && BN_num_bits(d) > 64 &&
	    effort_power(BN_num_bits(a), BN_num_bits(d)) &&
	    BN_mod_exp(b, b, d, a, context) && !BN_cmp(b, c))
		proof = PROOF_DONE;
	BN_CTX_end(context);
	BN_CTX_free(context);
	return proof;
}

static enum proof prove_point(const EC_GROUP *group, struct octets secret, struct octets point)
{
	BN_CTX *context = BN_CTX_secure_new();
	EC_POINT *mine = EC_POINT_new(group), *given = EC_POINT_new(group);
	enum proof proof = PROOF_WRONG;
	BIGNUM *d;

	if (!context || !mine || !given)
		goto out;
	BN_CTX_start(context);
	d = number(context, secret);
	if (d && !BN_is_zero(d) && BN_cmp(d, EC_GROUP_get0_order(group)) < 0 &&
	    EC_POINT_oct2point(group, given, point.bytes, point.len, context) == 1 &&
	    EC_POINT_mul(group, mine, d, NULL, NULL, context) == 1 &&
	    !EC_POINT_cmp(group, mine, given, context))
		proof = PROOF_DONE;
	BN_CTX_end(context);
out:
	EC_POINT_clear_free(mine);
	EC_POINT_free(given);
	BN_CTX_free(context);
	return proof;
}

/**
 * proof_ecc() - does a secret make a point?
 * @curve:	the curve
 * @secret:	d, or the seed of an Edwards curve
 * @point:	as octets with their format, as SEC 1 has them, or raw as RFC 8032 and 7748 do;
 *		empty if there is none
 *
 * Return: PROOF_NONE if there is none, or the curve is not known.
 */
enum proof proof_ecc(enum ecc curve, struct octets secret, struct octets point)
{
	u8 mine[RAW_MAX];
	enum proof proof;

	if (curve == ECC_UNKNOWN || !point.len || !proof_init())
		return PROOF_NONE;
	if (!effort_multiple(curves[curve].type ? curves[curve].type : curves[curve].nid))
		return PROOF_WRONG;
	if (!curves[curve].type)
		return prove_point(groups[curve], secret, point);
	if (secret.len != curves[curve].bytes || point.len != secret.len)
		return PROOF_WRONG;
	proof = raw_public(curves[curve].type, secret.bytes, secret.len, mine) &&
		!memcmp(mine, point.bytes, point.len) ? PROOF_DONE : PROOF_WRONG;
	OPENSSL_cleanse(mine, sizeof(mine));
	return proof;
}

/**
 * proof_public() - the public half of a secret of RFC 8032 or 7748
 * @curve:	the curve
 * @secret:	ecc_bytes() of it
 * @point:	takes as many
 *
 * Return: false if it is another curve, or OpenSSL failed.
 */
bool proof_public(enum ecc curve, const u8 *secret, u8 *point)
{
	return curves[curve].type && raw_public(curves[curve].type, secret, curves[curve].bytes,
						point);
}

/**
 * ecc_name() - what people call a curve
 * @curve:	the curve
 *
 * Return: its name.
 */
const char *ecc_name(enum ecc curve)
{
	return curves[curve].name;
}

/**
 * ecc_bytes() - the length of secrets
 * @curve:	the curve
 *
 * Return: bytes, or 0 if the curve is not known.
 */
u32 ecc_bytes(enum ecc curve)
{
	return curves[curve].bytes;
}

/**
 * ecc_of_oid() - look a curve up
 * @oid:	its object identifier, without tag and length
 * @len:	bytes of it
 *
 * Return: the curve, or ECC_UNKNOWN.
 */
enum ecc ecc_of_oid(const u8 *oid, u32 len)
{
	enum ecc i;

	for (i = ECC_P256; i < ECCS; i++)
		if (curves[i].oid_len == len && !memcmp(curves[i].oid, oid, len))
			return i;
	return ECC_UNKNOWN;
}
