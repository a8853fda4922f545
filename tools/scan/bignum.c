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

#include "answer.h"
#include "detectors.h"
#include "header.h"
#include "rsa.h"
#include "scalar.h"
#include "sort.h"
#include "published.h"

/*
 * What is tried: half a minute at most, each. A quotient takes what the square of its limbs
 * does: 2^28 of RSA-2048, 2^22 of RSA-16384.
 */
#define QUOTIENTS_MAX	(1ULL << 36)
#define EXPONENTS_MAX	(1ULL << 33)
/* From a header to the end of the number that is right behind it. */
#define REACH		(8 * (NUMBER_LIMBS_MAX + 8))

/**
 * struct bignum - the state
 * @scan:	the scan
 * @numbers:	what was seen
 * @questions:	public keys
 * @primes:	those of @numbers that no small prime divides
 * @odd:	those that are odd
 * @quotients:	of moduli and numbers that were computed, by the square of their limbs
 * @exponents:	numbers that were tried as one, for each modulus
 * @lock:	guards @numbers while windows are looked at
 */
struct bignum {
	struct scan *scan;
	struct numbers numbers;
	struct questions *questions;
	struct order primes;
	struct order odd;
	u64 quotients;
	u64 exponents;
	pthread_mutex_t lock;
};

static void close_bignum(void *arg)
{
	struct bignum *state = arg;

	numbers_free(&state->numbers);
	free(state->primes.list);
	free(state->odd.list);
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
	state->scan = scan;
	state->questions = scan_questions(scan);
	if (numbers_init(&state->numbers))
		return state;
	close_bignum(state);
	return NULL;
}

static void keep_address(struct bignum *state, const struct place *place)
{
	struct numbers *all = &state->numbers;
	u64 offset;

	if (!scan_offset(state->scan, place->at, &offset))
		return;
	pthread_mutex_lock(&state->lock);
	if (all->nr_pending == PENDING_MAX)
		numbers_read(all, state->scan);
	all->pending[all->nr_pending++] = *place;
	pthread_mutex_unlock(&state->lock);
}

static void seen(void *arg, const struct place *place, const u8 *bytes)
{
	u64 limbs[NUMBER_LIMBS_MAX], hash;
	struct bignum *state = arg;

	if (!bytes) {
		keep_address(state, place);
		return;
	}
	memcpy(limbs, bytes, 8 * place->limbs);
	hash = number_hash(limbs, place->limbs);
	pthread_mutex_lock(&state->lock);
	numbers_add(&state->numbers, place, limbs, hash);
	pthread_mutex_unlock(&state->lock);
	OPENSSL_cleanse(limbs, 8 * place->limbs);
}

static void look(struct scan *scan, void *arg, const struct window *window)
{
	struct headers headers = { .seen = seen, .arg = arg };
	u64 at = window->begin, last = window->end, first, end;

	/* A header lies across it, or the number behind one. */
	if (window->seam) {
		at = window->seam - min(window->seam, (u64)REACH);
		last = min(window->len, window->seam + 16);
	}
	scan_span(scan, &headers.first, &headers.end);
	for (; at < last; at = end) {
		first = scan_aligned(scan, window, at, 8, &end);
		headers_find(&headers, window, first, min(end, last));
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
static u64 top_of(const u64 *limbs, u32 nr, u32 bytes)
{
	u32 at = (bytes - 8) / 8, shift = bytes % 8 * 8;
	u64 low = at < nr ? limbs[at] : 0, high = at + 1 < nr ? limbs[at + 1] : 0;

	return shift ? low >> shift | high << (64 - shift) : low;
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
	const struct order *primes = &state->primes, *odd = &state->odd;
	u32 half = (modulus->limbs + 1) / 2, i;
	const struct number *number;

	if (modulus->limbs > NUMBER_LIMBS_MAX)
		return false;
	state->quotients += (u64)half * half * (primes->first[half + 1] - primes->first[half]);
	for (i = primes->first[half]; i < primes->first[half + 1]; i++) {
		number = &all->list[primes->list[i]];
		if (modulus_divided(modulus, number_limbs(all, number), half) &&
		    try_prime(state, modulus, number))
			return true;
	}
	if (!modulus->step[1])
		return false;
	state->exponents += odd->first[modulus->limbs + 1] - odd->first[modulus->limbs - 1];
	for (i = odd->first[modulus->limbs - 1]; i < odd->first[modulus->limbs + 1]; i++) {
		number = &all->list[odd->list[i]];
		if (modulus_near(modulus, top_of(number_limbs(all, number), number->limbs,
						 modulus->bytes)) &&
		    try_exponent(state, modulus, number))
			return true;
	}
	return false;
}

static bool exhausted(const struct bignum *state)
{
	return state->quotients >= QUOTIENTS_MAX || state->exponents >= EXPONENTS_MAX;
}

/* The moduli of public keys. */
static void try_questions(struct bignum *state)
{
	u32 i, nr = questions_nr(state->questions);
	struct modulus modulus;

	for (i = 0; i < nr && state->numbers.nr && !exhausted(state); i++) {
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
}

/*
 * All numbers that may be moduli, with the usual exponent; the longest first, so that their
 * primes are known before they are taken for moduli themselves.
 */
static void try_strangers(struct bignum *state)
{
	struct question stranger = { .family = FAMILY_RSA, .e = BN_new() };
	const struct order *primes = &state->primes;
	struct numbers *all = &state->numbers;
	struct modulus modulus;
	u32 i;

	for (i = primes->first[NUMBER_LIMBS_MAX + 1];
	     i > primes->first[RSA_BITS_MIN / 64] && !exhausted(state); i--) {
		const struct number *number = &all->list[primes->list[i - 1]];

		if (number->secret)
			continue;
		stranger.n = to_number(state, number);
		if (stranger.e && stranger.n && BN_set_word(stranger.e, 65537) &&
		    !questions_find_rsa(state->questions, stranger.n)) {
			if (modulus_init(&modulus, &stranger))
				try_modulus(state, &modulus);
			modulus_free(&modulus);
		}
		BN_free(stranger.n);
	}
	BN_free(stranger.e);
}

static bool is_odd(const u64 *limbs, u32 nr)
{
	(void)nr;
	return *limbs & 1;
}

static int try_rsa(struct bignum *state, struct complaint *why)
{
	int error = 0;

	if (!numbers_order(&state->numbers, rsa_sieve, &state->primes) ||
	    !numbers_order(&state->numbers, is_odd, &state->odd))
		return complain(why, -ENOMEM, "out of memory");
	try_questions(state);
	try_strangers(state);
	if (exhausted(state))
		error = complain(why, -E2BIG,
				 "there are more big numbers than can be tried as RSA keys");
	return error;
}

static bool in_memory(struct scan *scan, u64 vaddr, const u8 *bytes, u32 len)
{
	u8 there[8 * NUMBER_LIMBS_MAX];
	bool same = scan_memory(scan, vaddr, there, len) && !memcmp(there, bytes, len);

	OPENSSL_cleanse(there, len);
	return same;
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
	bool is_inline = place->layout == LAYOUT_INLINE;
	u64 offset, vaddr = place->at;

	/* What goes on in another segment is known by its address. */
	if (is_inline && scan_vaddr(scan, place->at, &vaddr))
		is_inline = !in_memory(scan, vaddr, bytes, window.len);
	if (is_inline || !scan_offset(scan, vaddr, &offset))
		offset = place->at;
	if (scan_reported(scan, number->question, offset, window.len))
		return;
	question_seen(number->question);
	if (is_inline)
		scan_report(scan, &window, 0, window.len, kind, true, "%s, of the %s",
			    number_layout(place->layout), question->text);
	else
		scan_report_memory(scan, vaddr, bytes, window.len, kind, true,
				   "%s, of the %s", number_layout(place->layout),
				   question->text);
}

/* Each place once, in order. */
static void report_all(struct scan *scan, struct bignum *state)
{
	struct numbers *all = &state->numbers;
	struct place *places = all->places;
	u32 i, nr = 0;

	for (i = 0; i < all->nr_places; i++)
		if (all->list[places[i].number].secret)
			places[nr++] = places[i];
	sort_heap(places, nr, sizeof(*places), place_after, NULL);
	for (i = 0; i < nr; i++)
		if (!i || place_after(&places[i], &places[i - 1], NULL))
			report(scan, state, &places[i]);
}

static int resolve(struct scan *scan, void *arg, struct complaint *why)
{
	struct bignum *state = arg;
	struct numbers *all = &state->numbers;
	struct complaint text;
	int error, failed;

	numbers_read(all, scan);
	error = try_rsa(state, why);
	failed = scalars_find(all, state->questions, &text);
	report_all(scan, state);
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
