// SPDX-License-Identifier: GPL-2.0
/*
 * RSA keys in DER: RSAPrivateKey (RFC 8017, A.1.2), which is also inside PKCS #8 and
 * PKCS #12, and the public keys of certificates, as questions.
 *
 * A private key counts if its numbers agree with each other. All from its private
 * exponent to its end is then one sighting: what is before it is public.
 */
#include <openssl/bn.h>

#include "answer.h"
#include "der.h"
#include "detectors.h"
#include "needle.h"
#include "published.h"

static const struct kind kind = {
	.word = "rsa-private-key",
	.text = "RSA private key in DER",
	.advice = "erase the buffer that the key file was read into, or register it",
	.weight = WEIGHT_KEY,
};

/* Numbers of an RSAPrivateKey. */
enum { N, E, D, P, Q, DP, DQ, QINV, NUMBERS };

static void *open_rsa(struct scan *scan, struct complaint *why)
{
	(void)why;
	return scan_questions(scan);
}

static BIGNUM *number_of(const struct der *der)
{
	return BN_bin2bn(der->at, der_len(der), NULL);
}

static struct question *question_of(struct questions *all, const struct der *n,
				    const struct der *e)
{
	BIGNUM *modulus = number_of(n), *exponent = number_of(e);
	struct question *question = NULL;

	if (modulus && exponent)
		question = questions_add_rsa(all, modulus, exponent, NULL);
	BN_free(modulus);
	BN_free(exponent);
	return question;
}

/* Do the first @nr numbers, at least up to D, make a private key? */
static bool proven(struct questions *all, struct question *question, const struct der *numbers,
		   u32 nr)
{
	BIGNUM *number;
	bool right = false;
	u32 i;

	for (i = P; i < nr && i <= Q && !right; i++) {
		number = number_of(&numbers[i]);
		right = number && question_answer_rsa(all, question, number);
		BN_clear_free(number);
	}
	if (!right) {
		number = number_of(&numbers[D]);
		right = number && question_answer_exponent(all, question, number);
		BN_clear_free(number);
	}
	return right;
}

static void private_key(struct scan *scan, void *state, const struct window *window, u64 at,
			const struct needle *needle)
{
	struct der sequence, numbers[NUMBERS];
	struct question *question;
	const u8 *end;
	u32 nr;

	(void)needle;
	if (!der_begins(window->bytes, at, window->len, &sequence) || der_len(&sequence) < 3)
		return;
	sequence.at += 3;	/* the version, which the needle has */
	for (nr = 0; nr < NUMBERS && der_number(&sequence, &numbers[nr]); nr++)
		;
	if (nr <= D || !der_len(&numbers[D]))
		return;
	question = question_of(state, &numbers[N], &numbers[E]);
	if (!question || !proven(state, question, numbers, nr))
		return;
	at = numbers[D].at - window->bytes;
	end = numbers[nr - 1].end;
	question_seen(question);
	scan_report(scan, window, at, end - window->bytes - at,
		    published_kind(question, &kind), true, "%s of the %s", nr == NUMBERS ? "all numbers" : "a part that is not cut off",
		    question->text);
}

/* At the object identifier of rsaEncryption; a public key has its bits behind the NULL. */
static void public_key(struct scan *scan, void *state, const struct window *window, u64 at,
		       const struct needle *needle)
{
	struct der rest = { window->bytes + at + needle->len, window->bytes + window->len };
	struct der bits, sequence, n, e;

	(void)scan;
	if (der_len(&rest) < 2 || rest.at[0] != 5 || rest.at[1])
		return;
	rest.at += 2;
	if (!der_next(&rest, DER_BITS, &bits) || !der_len(&bits) || *bits.at++)
		return;
	if (der_next(&bits, DER_SEQUENCE, &sequence) && der_number(&sequence, &n) &&
	    der_number(&sequence, &e) && der_len(&n) <= RSA_BITS_MAX / 8)
		question_of(state, &n, &e);
}

/* The version of two primes, and how the length of the modulus begins. */
static const struct needle needles[] = {
	NEEDLE_BASE64("\x02\x01\x00\x02\x82", private_key),
	NEEDLE_BASE64("\x02\x01\x00\x02\x81", private_key),
	NEEDLE_BASE64("\x02\x01\x00\x02\x41", private_key),
	NEEDLE_BASE64("\x02\x01\x00\x02\x51", private_key),
	NEEDLE_BASE64("\x02\x01\x00\x02\x61", private_key),
	NEEDLE_BASE64("\x02\x01\x00\x02\x71", private_key),
	NEEDLE_BASE64("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", public_key),
	{ 0 },
};

const struct detector detect_rsa_der = {
	.name = "rsa-der",
	.open = open_rsa,
	.needles = needles,
};
