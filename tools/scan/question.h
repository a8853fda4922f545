/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Public keys, each of which is a question: is its private half in the dump?
 *
 * They are given by --cert, or found in the dump. Detectors answer them (answer.h); what is
 * proven is kept here with all the numbers that follow from it, so that every copy of each
 * of them can be found afterwards.
 */
#ifndef KREDACT_TOOLS_QUESTION_H
#define KREDACT_TOOLS_QUESTION_H

#include <openssl/bn.h>

#include "sighting.h"

#define QUESTION_ID_LEN		32u		/* SHA-256 of a SubjectPublicKeyInfo */
#define QUESTION_POINT_MAX	133u		/* of P-521, uncompressed */
#define QUESTION_PARTS		10u
#define QUESTIONS_MAX		65536u
#define RSA_BITS_MIN		512u
#define RSA_BITS_MAX		16384u

/* Families of keys. */
enum family {
	FAMILY_RSA,
	FAMILY_EC,		/* a point on a curve in the form of Weierstrass */
	FAMILY_RAW,		/* Ed25519, X25519, Ed448, X448 */
};

/**
 * struct secret_part - one number of a private key
 * @kind:	what it is, in sightings
 * @name:	in a few words
 * @bytes:	big-endian without leading zeros, or as the algorithm has it
 * @len:	how many
 */
struct secret_part {
	const struct kind *kind;
	const char *name;
	u8 *bytes;
	u32 len;
};

/**
 * struct question - a public key
 * @family:	what it is
 * @nid:	of the curve, or of the algorithm (FAMILY_RAW), as OpenSSL numbers them
 * @id:		SHA-256 of its SubjectPublicKeyInfo
 * @given:	by --cert
 * @n, @e:	of RSA
 * @point:	uncompressed (FAMILY_EC), or as the algorithm has it (FAMILY_RAW)
 * @point_len:	its bytes
 * @text:	"RSA-3072 key 0123456789abcdef": for details of sightings
 * @source:	where it is from, escaped: the file of --cert; empty: the dump
 * @parts:	of the private half, once it is known
 * @nr_parts:	how many; 0: it was not found
 * @places:	where some of them were reported
 */
struct question {
	enum family family;
	int nid;
	u8 id[QUESTION_ID_LEN];
	bool given;
	BIGNUM *n, *e;
	u8 point[QUESTION_POINT_MAX];
	u32 point_len;
	char text[64];
	char *source;
	struct secret_part parts[QUESTION_PARTS];
	u32 nr_parts;
	u64 places;
};

struct questions;

struct questions *questions_new(void);
void questions_free(struct questions *all);
u32 questions_nr(const struct questions *all);
u64 questions_lost(const struct questions *all);
u32 questions_given(const struct questions *all);
struct question *questions_get(const struct questions *all, u32 i);

struct question *questions_add_rsa(struct questions *all, const BIGNUM *n, const BIGNUM *e,
				   const char *source);
struct question *questions_add_ec(struct questions *all, int nid, const u8 *point, u32 len,
				  const char *source);
struct question *questions_add_raw(struct questions *all, int nid, const u8 *key,
				   const char *source);
struct question *questions_find_rsa(const struct questions *all, const BIGNUM *n);
struct question *questions_find_key(struct questions *all, int nid, const u8 *point, u32 len);

void question_seen(struct question *question);
void question_forget(struct question *question);
void questions_lock(struct questions *all);
void questions_unlock(struct questions *all);

u32 raw_key_len(int nid);
const char *raw_key_name(int nid);
bool raw_public(int nid, const u8 *key, u8 *public);

/* What private numbers are, wherever they are. */
extern const struct kind kind_rsa_prime, kind_rsa_exponent, kind_rsa_crt, kind_ec_scalar,
			 kind_raw_key;

#endif /* KREDACT_TOOLS_QUESTION_H */
