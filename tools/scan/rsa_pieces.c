// SPDX-License-Identifier: GPL-2.0
/*
 * What is left of an RSAPrivateKey whose beginning is gone, as of a buffer that was freed: an
 * INTEGER behind which another one of many bytes begins. Public keys and certificates have
 * none of these.
 *
 * Each is tried as a prime, as an exponent and as d mod p-1 of the public keys that are
 * known; two of one length, as the primes of a key that is not. Where they are, and
 * where else, known.c finds.
 */
#include <pthread.h>

#include <openssl/crypto.h>

#include "answer.h"
#include "der.h"
#include "detectors.h"
#include "needle.h"

#define PIECES_MAX	4096u
#define PIECE_LEAST	120u		/* bytes: primes of RSA-2048 may be short of some */
#define PIECE_MOST	(RSA_BITS_MAX / 16)
#define IN_A_ROW	8u
#define TRIES_MAX	4096u		/* powers: half a minute for RSA-4096 */

/**
 * struct piece - a number, once
 * @bytes:	big-endian
 * @len:	how many
 * @hash:	of them
 * @next:	of the number behind it, if it has the same length; or 0
 */
struct piece {
	u8 *bytes;
	u32 len;
	u64 hash;
	u32 next;
};

/**
 * struct pieces - the state
 * @questions:	public keys
 * @list:	numbers; the first is none
 * @nr:		how many
 * @lost:	those for which there was no room
 * @tries:	powers that were computed
 * @lock:	guards @list, @nr and @lost while windows are looked at
 */
struct pieces {
	struct questions *questions;
	struct piece list[PIECES_MAX];
	u32 nr;
	u64 lost;
	u32 tries;
	pthread_mutex_t lock;
};

static void *open_pieces(struct scan *scan, struct complaint *why)
{
	struct pieces *state = calloc(1, sizeof(*state));

	if (!state) {
		complaint_set(why, "out of memory");
		return NULL;
	}
	state->questions = scan_questions(scan);
	state->nr = 1;
	pthread_mutex_init(&state->lock, NULL);
	return state;
}

static void close_pieces(void *arg)
{
	struct pieces *state = arg;

	while (--state->nr)
		OPENSSL_clear_free(state->list[state->nr].bytes, state->list[state->nr].len);
	pthread_mutex_destroy(&state->lock);
	free(state);
}

/* FNV-1a, 64 bits. */
static u64 hash_of(const struct der *number)
{
	u64 hash = 0xcbf29ce484222325ULL;
	const u8 *at;

	for (at = number->at; at < number->end; at++)
		hash = (hash ^ *at) * 0x100000001b3ULL;
	return hash;
}

/* Returns which piece it is now; 0 if there is no room. */
static u32 keep(struct pieces *state, const struct der *number)
{
	u32 len = der_len(number), i;
	u64 hash = hash_of(number);
	u8 *bytes;

	for (i = 1; i < state->nr; i++)
		if (state->list[i].hash == hash && state->list[i].len == len &&
		    !memcmp(state->list[i].bytes, number->at, len))
			return i;
	bytes = i < PIECES_MAX ? OPENSSL_malloc(len) : NULL;
	if (!bytes) {
		state->lost++;
		return 0;
	}
	memcpy(bytes, number->at, len);
	state->list[i] = (struct piece){ .bytes = bytes, .len = len, .hash = hash };
	state->nr++;
	return i;
}

static bool wanted(const struct der *number)
{
	u32 len = der_len(number);

	return len >= PIECE_LEAST && len <= PIECE_MOST && number->end[-1] & 1;
}

/* Does a long number begin there? Whether it is whole does not matter. */
static bool begins(const struct der *rest)
{
	return der_len(rest) >= 3 && rest->at[0] == DER_INTEGER &&
	       (rest->at[1] == 0x81 || rest->at[1] == 0x82);
}

static void numbers(struct scan *scan, void *arg, const struct window *window, u64 at,
		    const struct needle *needle)
{
	struct der rest = { window->bytes + at, window->bytes + window->len }, number;
	struct pieces *state = arg;
	u32 i, last = 0, this;

	(void)scan;
	(void)needle;
	pthread_mutex_lock(&state->lock);
	for (i = 0; i < IN_A_ROW && der_number(&rest, &number) && (last || begins(&rest)); i++) {
		this = wanted(&number) ? keep(state, &number) : 0;
		if (last && this && state->list[last].len == state->list[this].len)
			state->list[last].next = this;
		last = this;
	}
	pthread_mutex_unlock(&state->lock);
}

static BIGNUM *number_of(const struct piece *piece)
{
	return BN_bin2bn(piece->bytes, piece->len, NULL);
}

static bool fits(const struct question *question, u32 bits)
{
	u32 half = (BN_num_bits(question->n) + 1) / 2;

	return bits <= half && half - bits < 64;
}

static void try_question(struct pieces *state, struct question *question, const BIGNUM *x)
{
	u32 bits = BN_num_bits(x), all = BN_num_bits(question->n);

	if (fits(question, bits)) {
		if (question_answer_rsa(state->questions, question, x))
			return;
		state->tries++;
		question_answer_crt(state->questions, question, x);
	} else if (bits <= all && all - bits < 64) {
		state->tries++;
		question_answer_exponent(state->questions, question, x);
	}
}

/* Fermat's test, which nothing but a prime passes by chance. */
static bool is_prime(const BIGNUM *p, BN_CTX *ctx)
{
	BIGNUM *x, *less;
	bool prime;

	BN_CTX_start(ctx);
	x = BN_CTX_get(ctx);
	less = BN_CTX_get(ctx);
	prime = less && BN_copy(less, p) && BN_sub_word(less, 1) && BN_set_word(x, 2) &&
		BN_mod_exp(x, x, less, p, ctx) && BN_is_one(x);
	BN_CTX_end(ctx);
	return prime;
}

/* Two primes in a row are a key, whose public exponent is taken to be the usual one. */
static void try_pair(struct pieces *state, const struct piece *piece)
{
	BIGNUM *p = number_of(piece), *q = number_of(&state->list[piece->next]);
	BIGNUM *n = BN_new(), *e = BN_new();
	BN_CTX *ctx = BN_CTX_secure_new();
	struct question *question;

	if (p && q && n && e && ctx && BN_cmp(p, q) && BN_mul(n, p, q, ctx) &&
	    BN_set_word(e, 65537) && !questions_find_rsa(state->questions, n)) {
		state->tries += 2;
		question = is_prime(p, ctx) && is_prime(q, ctx) ?
			   questions_add_rsa(state->questions, n, e, NULL) : NULL;
		if (question)
			question_answer_rsa(state->questions, question, p);
	}
	BN_clear_free(p);
	BN_clear_free(q);
	BN_free(n);
	BN_free(e);
	BN_CTX_free(ctx);
}

/* Is it a part of a key that was found whole? */
static bool is_part(const struct question *question, const struct piece *piece)
{
	u32 i;

	for (i = 0; i < question->nr_parts; i++)
		if (question->parts[i].len == piece->len &&
		    !memcmp(question->parts[i].bytes, piece->bytes, piece->len))
			return true;
	return false;
}

static void try_piece(struct pieces *state, const struct piece *piece)
{
	u32 i, nr = questions_nr(state->questions);
	BIGNUM *x;

	for (i = 0; i < nr; i++)
		if (is_part(questions_get(state->questions, i), piece))
			return;
	x = number_of(piece);

	for (i = 0; x && i < nr && state->tries < TRIES_MAX; i++) {
		struct question *question = questions_get(state->questions, i);

		if (question->family == FAMILY_RSA && !question->nr_parts)
			try_question(state, question, x);
	}
	BN_clear_free(x);
	if (piece->next && state->tries < TRIES_MAX)
		try_pair(state, piece);
}

static int resolve_pieces(struct scan *scan, void *arg, struct complaint *why)
{
	struct pieces *state = arg;
	u32 i;

	(void)scan;
	for (i = 1; i < state->nr; i++)
		try_piece(state, &state->list[i]);
	if (!state->lost && state->tries < TRIES_MAX)
		return 0;
	return complain(why, -E2BIG,
			"there are more numbers in DER than can be tried as those of RSA keys");
}

/* Numbers of a byte 0 and a prime, or of a byte less, for RSA of 2048, 3072, 4096, 6144, 8192. */
static const struct needle needles[] = {
	NEEDLE_DER("\x02\x81\x81\x00", numbers),
	NEEDLE_DER("\x02\x81\x80", numbers),
	NEEDLE_DER("\x02\x81\xc1\x00", numbers),
	NEEDLE_DER("\x02\x81\xc0", numbers),
	NEEDLE_DER("\x02\x82\x01\x01\x00", numbers),
	NEEDLE_DER("\x02\x82\x01\x00", numbers),
	NEEDLE_DER("\x02\x82\x01\x81\x00", numbers),
	NEEDLE_DER("\x02\x82\x01\x80", numbers),
	NEEDLE_DER("\x02\x82\x02\x01\x00", numbers),
	NEEDLE_DER("\x02\x82\x02\x00", numbers),
	{ 0 },
};

const struct detector detect_rsa_pieces = {
	.name = "rsa-pieces",
	.open = open_pieces,
	.needles = needles,
	.resolve = resolve_pieces,
	.close = close_pieces,
};
