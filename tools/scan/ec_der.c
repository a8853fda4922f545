// SPDX-License-Identifier: GPL-2.0
/*
 * Keys of elliptic curves in DER: ECPrivateKey (RFC 5915), alone or inside PKCS #8;
 * Ed25519, X25519, Ed448 and X448 in PKCS #8 (RFC 8410); and public keys, as questions.
 *
 * The sighting is the scalar or the seed. It is proven by the public key that is
 * inside, or by one that is elsewhere in the dump or was given. Without any of them
 * the object identifiers of a whole structure must do.
 */
#include <pthread.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/obj_mac.h>

#include "answer.h"
#include "curve.h"
#include "der.h"
#include "detectors.h"
#include "needle.h"
#include "noise.h"
#include "published.h"

#define PENDING_MAX	4096u
#define ZEROS_MAX	1u	/* bytes at the beginning of a scalar, that some leave out */

static const struct kind kind = {
	.word = "ec-private-key",
	.text = "private key of an elliptic curve in DER",
	.advice = "erase the buffer that the key file was read into, or register it",
	.weight = WEIGHT_KEY,
};

/**
 * struct pending - a key without its public half
 * @extent:	where it is
 * @key:	its bytes
 * @len:	how many
 * @nid:	of the curve or the algorithm; 0: a curve of this length
 */
struct pending {
	struct extent extent;
	u8 key[CURVE_BYTES_MAX];
	u32 len;
	int nid;
};

struct ec_der {
	struct questions *questions;
	struct pending pending[PENDING_MAX];
	u32 nr;
	u64 lost;
	pthread_mutex_t lock;
};

static void *open_ec(struct scan *scan, struct complaint *why)
{
	struct ec_der *state = OPENSSL_zalloc(sizeof(*state));

	if (!state) {
		complaint_set(why, "out of memory");
		return NULL;
	}
	state->questions = scan_questions(scan);
	pthread_mutex_init(&state->lock, NULL);
	return state;
}

static void close_ec(void *arg)
{
	struct ec_der *state = arg;

	pthread_mutex_destroy(&state->lock);
	OPENSSL_clear_free(state, sizeof(*state));
}

static void pend(struct ec_der *state, const struct window *window, const struct der *key,
		 int nid)
{
	struct pending pending = { .len = der_len(key), .nid = nid };

	if (pending.len > sizeof(pending.key))
		return;
	window_extent(window, key->at - window->bytes, pending.len, &pending.extent);
	memcpy(pending.key, key->at, pending.len);
	pthread_mutex_lock(&state->lock);
	if (state->nr < PENDING_MAX)
		state->pending[state->nr++] = pending;
	else
		state->lost++;
	pthread_mutex_unlock(&state->lock);
	OPENSSL_cleanse(pending.key, sizeof(pending.key));
}

/* As long as the curve has it, or shorter by zeros. */
static bool is_scalar(u32 len, const struct curve *curve)
{
	return len <= curve->bytes && len + ZEROS_MAX >= curve->bytes;
}

/* Is @key the private half of @question? Then it is reported. */
static bool answered(struct scan *scan, struct ec_der *state, const struct window *window,
		     const struct der *key, struct question *question)
{
	if (!question || !question_answer_key(state->questions, question, key->at, der_len(key)))
		return false;
	question_seen(question);
	scan_report(scan, window, key->at - window->bytes, der_len(key),
		    published_kind(question, &kind), true, "%s", question->text);
	return true;
}

/* The curve of an ECPrivateKey inside PKCS #8 is in front of it: its header is @header long. */
static const struct curve *curve_before(const struct window *window, u64 at, u32 header)
{
	const struct curve *curve;
	u32 octets = at - header >= 3 && window->bytes[at - header - 3] == DER_OCTETS &&
		     window->bytes[at - header - 2] == 0x81 ? 3 : 2;

	for (curve = curves; curve->name; curve++)
		if (at >= header + octets + curve->oid_len &&
		    !memcmp(window->bytes + at - header - octets - curve->oid_len, curve->oid,
			    curve->oid_len))
			return curve;
	return NULL;
}

static const struct curve *curve_of_oid(const struct der *oid)
{
	const struct curve *curve;

	for (curve = curves; curve->name; curve++)
		if (der_len(oid) == curve->oid_len && !memcmp(oid->at, curve->oid, curve->oid_len))
			return curve;
	return NULL;
}

/* The point inside an ECPrivateKey, as a question of @curve, or of any that has it. */
static struct question *inside(struct ec_der *state, struct der *rest, const struct curve *curve)
{
	struct question *question = NULL;
	const struct curve *any;
	struct der tagged, bits;

	if (!der_next(rest, DER_CONTEXT + 1, &tagged) || !der_next(&tagged, DER_BITS, &bits) ||
	    !der_len(&bits) || *bits.at++)
		return NULL;
	for (any = curves; any->name && !question; any++)
		if (!curve || any == curve)
			question = questions_add_ec(state->questions, any->nid, bits.at,
						    der_len(&bits), NULL);
	return question;
}

static void sec1(struct scan *scan, void *arg, const struct window *window, u64 at,
		 const struct needle *needle)
{
	struct der rest, key, tagged, oid;
	const struct curve *curve = NULL;
	struct ec_der *state = arg;
	struct question *question;
	u32 header = der_begins(window->bytes, at, window->len, &rest);

	(void)needle;
	if (!header || der_len(&rest) < 3)
		return;
	rest.at += 3;		/* the version, which the needle has */
	if (!der_next(&rest, DER_OCTETS, &key))
		return;
	if (der_next(&rest, DER_CONTEXT, &tagged) && der_next(&tagged, DER_OID, &oid))
		curve = curve_of_oid(&oid);
	if (!curve)
		curve = curve_before(window, at, header);
	question = inside(state, &rest, curve);
	if (question) {
		answered(scan, state, window, &key, question);
		return;
	}
	if (curve && is_scalar(der_len(&key), curve) && noise_like(key.at, der_len(&key)))
		scan_report(scan, window, key.at - window->bytes, der_len(&key), &kind, false,
			    "%s, no public key beside it", curve->name);
	pend(state, window, &key, curve ? curve->nid : 0);
}

/* At the object identifier of ecPublicKey. */
static void ec_public(struct scan *scan, void *arg, const struct window *window, u64 at,
		      const struct needle *needle)
{
	struct der rest = { window->bytes + at + needle->len, window->bytes + window->len };
	const struct curve *curve;
	struct ec_der *state = arg;
	struct der oid, bits;

	(void)scan;
	if (!der_next(&rest, DER_OID, &oid) || !der_next(&rest, DER_BITS, &bits) ||
	    !der_len(&bits) || *bits.at++)
		return;
	curve = curve_of_oid(&oid);
	if (curve)
		questions_add_ec(state->questions, curve->nid, bits.at, der_len(&bits), NULL);
}

/* At the object identifier of one of RFC 8410. */
static void raw(struct scan *scan, void *arg, const struct window *window, u64 at,
		const struct needle *needle)
{
	static const int nids[] = { NID_X25519, NID_X448, NID_ED25519, NID_ED448 };
	struct der rest = { window->bytes + at + needle->len, window->bytes + window->len };
	int nid = nids[window->bytes[at + needle->len - 1] - 0x6e];
	struct question *question = NULL;
	struct ec_der *state = arg;
	struct der bits, key;

	if (der_next(&rest, DER_BITS, &bits)) {
		if (der_len(&bits) == raw_key_len(nid) + 1 && !bits.at[0])
			questions_add_raw(state->questions, nid, bits.at + 1, NULL);
		return;
	}
	if (!der_next(&rest, DER_OCTETS, &bits) || !der_next(&bits, DER_OCTETS, &key) ||
	    der_len(&key) != raw_key_len(nid))
		return;
	der_next(&rest, DER_CONTEXT, &bits);		/* attributes */
	if (der_next(&rest, 0x81, &bits) && der_len(&bits) == raw_key_len(nid) + 1 && !bits.at[0])
		question = questions_add_raw(state->questions, nid, bits.at + 1, NULL);
	if (answered(scan, state, window, &key, question))
		return;
	if (at >= 3 && !memcmp(window->bytes + at - 3, "\x02\x01", 2) && noise_like(key.at, der_len(&key)))
		scan_report(scan, window, key.at - window->bytes, der_len(&key), &kind, false,
			    "%s, no public key beside it", raw_key_name(nid));
	pend(state, window, &key, nid);
}

/* Is the public half of @key, on a curve or by an algorithm, known by now? */
static struct question *find(struct ec_der *state, const struct pending *pending)
{
	struct question *question = NULL;
	const struct curve *curve;
	u8 public[CURVE_POINT_MAX];
	BIGNUM *scalar;

	if (raw_key_len(pending->nid))
		return raw_public(pending->nid, pending->key, public) ?
		       questions_find_key(state->questions, pending->nid, public, pending->len) :
		       NULL;
	scalar = BN_bin2bn(pending->key, pending->len, NULL);
	for (curve = curves; scalar && curve->name && !question; curve++)
		if (curve->group && is_scalar(pending->len, curve) &&
		    (!pending->nid || pending->nid == curve->nid) &&
		    curve_public(curve, scalar, public))
			question = questions_find_key(state->questions, curve->nid, public,
						      1 + 2 * curve->bytes);
	BN_clear_free(scalar);
	return question;
}

static int resolve_ec(struct scan *scan, void *arg, struct complaint *why)
{
	struct ec_der *state = arg;
	u32 i;

	for (i = 0; i < state->nr; i++) {
		const struct pending *pending = &state->pending[i];
		struct question *question = find(state, pending);

		if (!question || !question_answer_key(state->questions, question, pending->key,
						      pending->len))
			continue;
		question_seen(question);
		scan_report_extent(scan, &pending->extent, pending->key, pending->len,
				 published_kind(question, &kind), true, "%s", question->text);
	}
	if (!state->lost)
		return 0;
	return complain(why, -E2BIG,
			"there are more keys in DER without a public half than can be tried");
}

/* Versions before octets of each length, or of one less; the algorithm in front of a public key. */
static const struct needle needles[] = {
	NEEDLE_BASE64("\x02\x01\x01\x04\x1b", sec1),
	NEEDLE_BASE64("\x02\x01\x01\x04\x1c", sec1),
	NEEDLE_BASE64("\x02\x01\x01\x04\x1f", sec1),
	NEEDLE_BASE64("\x02\x01\x01\x04\x20", sec1),
	NEEDLE_BASE64("\x02\x01\x01\x04\x2f", sec1),
	NEEDLE_BASE64("\x02\x01\x01\x04\x30", sec1),
	NEEDLE_BASE64("\x02\x01\x01\x04\x3f", sec1),
	NEEDLE_BASE64("\x02\x01\x01\x04\x40", sec1),
	NEEDLE_BASE64("\x02\x01\x01\x04\x41", sec1),
	NEEDLE_BASE64("\x02\x01\x01\x04\x42", sec1),
	NEEDLE_BASE64("\x06\x07\x2a\x86\x48\xce\x3d\x02\x01", ec_public),
	NEEDLE_BASE64("\x30\x05\x06\x03\x2b\x65\x6e", raw),
	NEEDLE_BASE64("\x30\x05\x06\x03\x2b\x65\x6f", raw),
	NEEDLE_BASE64("\x30\x05\x06\x03\x2b\x65\x70", raw),
	NEEDLE_BASE64("\x30\x05\x06\x03\x2b\x65\x71", raw),
	{ 0 },
};

const struct detector detect_ec_der = {
	.name = "ec-der",
	.open = open_ec,
	.needles = needles,
	.resolve = resolve_ec,
	.close = close_ec,
};
