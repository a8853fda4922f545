// SPDX-License-Identifier: GPL-2.0
/*
 * Private keys as libraries keep them in memory: big numbers behind headers of OpenSSL,
 * GMP, libgcrypt, mbedTLS and wolfSSL.
 *
 * RSA: each number is tried as a prime of each modulus, be it one of these numbers or
 * one of a public key, and as its private exponent. Curves: each number is tried as a
 * scalar; the point that it makes must be known, or be among these numbers, as it is, in
 * Montgomery form, or in projective coordinates.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/obj_mac.h>

#include "detectors.h"
#include "number.h"
#include "rsa.h"
#include "scalar.h"
#include "published.h"

#define PAIRS_MAX	(1ULL << 28)	/* that are tried: half a minute at most */

struct bignum {
	struct numbers numbers;
	struct questions *questions;
	u64 pairs;
	pthread_mutex_t lock;
};

static void close_bignum(void *arg)
{
	struct bignum *state = arg;

	numbers_free(&state->numbers);
	pthread_mutex_destroy(&state->lock);
	free(state);
}

static void *open_bignum(struct scan *scan, struct complaint *why)
{
	struct bignum *state = calloc(1, sizeof(*state));

	complaint_set(why, "out of memory");
	if (!state)
		return NULL;
	pthread_mutex_init(&state->lock, NULL);
	state->questions = scan_questions(scan);
	if (numbers_init(&state->numbers))
		return state;
	close_bignum(state);
	return NULL;
}

static void keep(struct scan *scan, struct bignum *state, const struct place *place)
{
	struct numbers *all = &state->numbers;
	u64 offset;

	if (place->layout != LAYOUT_INLINE && !scan_offset(scan, place->at, &offset))
		return;
	pthread_mutex_lock(&state->lock);
	if (all->nr_places == PLACES_MAX)
		numbers_read(all, scan);
	if (all->nr_places < PLACES_MAX)
		all->places[all->nr_places++] = *place;
	else
		all->lost++;
	pthread_mutex_unlock(&state->lock);
}

static void look(struct scan *scan, void *arg, const struct window *window)
{
	u64 at = scan_aligned(scan, window, 8), end = window->end, word;
	struct place places[2];
	u32 i, nr;

	if (window->seam || window->len < 24)
		return;
	end = min(end, window->len - 23);
	for (at += at < 8 ? 8 : 0; at < end; at += 8) {
		memcpy(&word, window->bytes + at, sizeof(word));
		if (!numbers_count(word))
			continue;
		nr = numbers_header(window, at, places);
		for (i = 0; i < nr; i++)
			keep(scan, arg, &places[i]);
	}
}

static BIGNUM *to_number(const struct bignum *state, const struct number *number)
{
	return BN_lebin2bn((const u8 *)number_limbs(&state->numbers, number), 8 * number->limbs,
			   NULL);
}

/* Of numbers that were read, those that are a part of an answer are secret. */
static void mark(struct bignum *state, struct question *question)
{
	u64 limbs[NUMBER_LIMBS_MAX];
	u32 i, j, found;

	for (i = 0; i < question->nr_parts; i++) {
		const struct secret_part *part = &question->parts[i];
		u32 nr = (part->len + 7) / 8;

		if (nr > NUMBER_LIMBS_MAX)
			continue;
		memset(limbs, 0, 8 * nr);
		for (j = 0; j < part->len; j++)
			((u8 *)limbs)[j] = part->bytes[part->len - 1 - j];
		found = numbers_find(&state->numbers, limbs, nr);
		if (found == NONE)
			continue;
		state->numbers.list[found].secret = part->kind;
		state->numbers.list[found].question = question;
	}
	OPENSSL_cleanse(limbs, sizeof(limbs));
}

static struct question *ask(struct bignum *state, const BIGNUM *n)
{
	struct question *question = questions_find_rsa(state->questions, n);
	BIGNUM *e = question ? NULL : BN_new();

	if (e && BN_set_word(e, 65537))
		question = questions_add_rsa(state->questions, n, e, NULL);
	BN_free(e);
	return question;
}

static bool try_prime(struct bignum *state, struct modulus *modulus, const struct number *prime)
{
	BIGNUM *n = BN_lebin2bn((u8 *)modulus->n, 8 * modulus->limbs, NULL);
	BIGNUM *p = to_number(state, prime), *rest = BN_new();
	BN_CTX *ctx = BN_CTX_new();
	bool found = false;

	if (n && p && rest && ctx && BN_mod(rest, n, p, ctx) && BN_is_zero(rest)) {
		if (!modulus->question->source)
			modulus->question = ask(state, n);
		found = modulus->question &&
			question_answer_rsa(state->questions, modulus->question, p);
		if (found)
			mark(state, modulus->question);
	}
	BN_free(n);
	BN_clear_free(p);
	BN_clear_free(rest);
	BN_CTX_free(ctx);
	return found;
}

/* The most significant 64 bits of as many bytes as the modulus has. */
static u64 top_of(const struct bignum *state, const struct number *number, u32 bytes)
{
	u8 all[8 * NUMBER_LIMBS_MAX + 8] = { 0 };
	u64 top;

	if (8U * number->limbs > sizeof(all) || bytes > sizeof(all))
		return 0;
	memcpy(all, number_limbs(&state->numbers, number), 8 * number->limbs);
	memcpy(&top, all + bytes - 8, sizeof(top));
	return top;
}

static bool try_exponent(struct bignum *state, struct modulus *modulus,
			 const struct number *number)
{
	struct question *question = modulus->question;
	BIGNUM *d = to_number(state, number);
	bool found = false;

	if (d && modulus_halved(modulus, d)) {
		if (!question->source)
			question = ask(state, question->n);
		found = question && question_answer_exponent(state->questions, question, d);
		if (found)
			mark(state, question);
	}
	BN_clear_free(d);
	return found;
}

/* All numbers that may be a half, then all that may be an exponent, until one is. */
static bool try_modulus(struct bignum *state, struct modulus *modulus)
{
	struct numbers *all = &state->numbers;
	u32 half = (modulus->limbs + 1) / 2, i;
	const struct number *number;

	if (modulus->limbs > NUMBER_LIMBS_MAX)
		return false;
	for (i = all->first[half]; i < all->first[half + 1]; i++) {
		number = &all->list[all->order[i]];
		state->pairs++;
		if (*number_limbs(all, number) & 1 &&
		    modulus_divided(modulus, number_limbs(all, number), half) &&
		    try_prime(state, modulus, number))
			return true;
	}
	if (!modulus->step[1])
		return false;
	for (i = all->first[modulus->limbs - 1]; i < all->first[modulus->limbs + 1]; i++) {
		number = &all->list[all->order[i]];
		if (modulus_near(modulus, top_of(state, number, modulus->bytes)) &&
		    try_exponent(state, modulus, number))
			return true;
	}
	return false;
}

/* Moduli of public keys, and then all numbers that may be moduli, with the usual exponent. */
static int try_rsa(struct bignum *state, struct complaint *why)
{
	struct numbers *all = &state->numbers;
	u32 i, nr = questions_nr(state->questions);
	struct question stranger = { .family = FAMILY_RSA, .e = BN_new() };
	struct modulus modulus = { .n = NULL };

	for (i = 0; i < nr && all->nr && state->pairs < PAIRS_MAX; i++) {
		struct question *question = questions_get(state->questions, i);

		if (question->family != FAMILY_RSA)
			continue;
		if (question->nr_parts) {
			mark(state, question);
			continue;
		}
		if (modulus_init(&modulus, question))
			try_modulus(state, &modulus);
		modulus_free(&modulus);
	}
	for (i = 0; i < all->nr && state->pairs < PAIRS_MAX; i++) {
		struct number *number = &all->list[i];

		if (number->limbs < RSA_BITS_MIN / 64 || !(*number_limbs(all, number) & 1) ||
		    number->secret)
			continue;
		stranger.n = to_number(state, number);
		if (stranger.e && stranger.n && BN_set_word(stranger.e, 65537) &&
		    !questions_find_rsa(state->questions, stranger.n) &&
		    modulus_init(&modulus, &stranger))
			try_modulus(state, &modulus);
		modulus_free(&modulus);
		modulus.n = NULL;
		BN_free(stranger.n);
	}
	BN_free(stranger.e);
	return state->pairs < PAIRS_MAX ? 0 :
	       complain(why, -E2BIG, "there are more big numbers than can be tried as RSA keys");
}

static void report(struct scan *scan, struct bignum *state, const struct place *place)
{
	const struct number *number = &state->numbers.list[place->number];
	const struct question *question = number->question;
	const struct kind *kind = published_kind(question, number->secret);
	const u8 *bytes = (const u8 *)number_limbs(&state->numbers, number);
	struct window window = {
		.bytes = bytes, .len = 8 * number->limbs, .end = 8 * number->limbs,
		.offset = place->at,
	};
	u64 offset;

	if (!scan_offset(scan, place->at, &offset) || place->layout == LAYOUT_INLINE)
		offset = place->at;
	if (scan_reported(scan, offset, window.len))
		return;
	question_seen(number->question);
	if (place->layout == LAYOUT_INLINE)
		scan_report(scan, &window, 0, window.len, kind, true, "%s, of the %s",
			    number_layout(place->layout), question->text);
	else
		scan_report_memory(scan, place->at, bytes, window.len, kind, true,
				   "%s, of the %s", number_layout(place->layout),
				   question->text);
}

static int resolve(struct scan *scan, void *arg, struct complaint *why)
{
	struct bignum *state = arg;
	struct numbers *all = &state->numbers;
	struct complaint text;
	int error, failed;
	u32 i;

	numbers_read(all, scan);
	numbers_order(all);
	error = try_rsa(state, why);
	failed = scalars_find(all, state->questions, &text);
	for (i = 0; i < all->nr_places; i++)
		if (all->list[all->places[i].number].secret)
			report(scan, state, &all->places[i]);
	if (!failed && all->lost)
		failed = complain(&text, -E2BIG, "%" PRIu64 " big numbers more than can be kept",
				  all->lost);
	if (failed && !error)
		*why = text;
	return error ? error : failed;
}

const struct detector detect_bignum = {
	.name = "bignum",
	.open = open_bignum,
	.look = look,
	.resolve = resolve,
	.close = close_bignum,
};
