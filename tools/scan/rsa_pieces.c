// SPDX-License-Identifier: GPL-2.0
/*
 * What is left of an RSAPrivateKey whose beginning is gone, as of a buffer that was freed: an
 * INTEGER behind which another one of many bytes begins. Public keys and certificates have
 * none of these.
 *
 * Each is tried as a prime, as an exponent and as d mod p-1 of the public keys that are
 * known; two of one length, as the primes of a key that is not. Where else they are,
 * known.c finds.
 */
#include <pthread.h>

#include <openssl/crypto.h>

#include "answer.h"
#include "der.h"
#include "detectors.h"
#include "effort.h"
#include "needle.h"
#include "published.h"

#define PIECES_MAX	4096u
#define SLOTS		(4 * PIECES_MAX)
#define PIECE_LEAST	120u		/* bytes: primes of RSA-2048 may be short of some */
#define PIECE_MOST	1024u		/* of RSA-8192, d of as many bits */
#define BITS_MOST	8192u
#define PLACES		16u
#define IN_A_ROW	8u

/**
 * struct piece - a number, once
 * @bytes:	big-endian
 * @len:	how many
 * @hash:	of them
 * @next:	of the number behind it, if it has the same length; or 0
 * @places:	where it is; what more there are is left to known.c
 * @nr_places:	how many
 */
struct piece {
	u8 *bytes;
	u32 len;
	u64 hash;
	u32 next;
	struct extent places[PLACES];
	u32 nr_places;
};

/**
 * struct pieces - the state
 * @questions:	public keys
 * @list:	numbers; the first is none
 * @nr:		how many
 * @slots:	of @list, by hash; 0: free
 * @lost:	those for which there was no room
 * @lock:	guards all of them but @questions while windows are looked at
 */
struct pieces {
	struct questions *questions;
	struct piece list[PIECES_MAX];
	u32 nr;
	u32 slots[SLOTS];
	u64 lost;
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
	OPENSSL_cleanse(state, sizeof(*state));		/* hashes, too */
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

/* The slot of a number, or the free one where it is to be. */
static u32 *slot_of(struct pieces *state, const struct der *number, u64 hash)
{
	const struct piece *piece;
	u32 at;

	for (at = hash % SLOTS; state->slots[at]; at = (at + 1) % SLOTS) {
		piece = &state->list[state->slots[at]];
		if (piece->hash == hash && piece->len == der_len(number) &&
		    !memcmp(piece->bytes, number->at, piece->len))
			break;
	}
	return &state->slots[at];
}

/* Returns which piece it is now; 0 if there is no room. */
static u32 keep(struct pieces *state, const struct der *number, u64 hash)
{
	u32 *slot = slot_of(state, number, hash), len = der_len(number);
	u8 *bytes;

	if (*slot)
		return *slot;
	bytes = state->nr < PIECES_MAX ? OPENSSL_malloc(len) : NULL;
	if (!bytes) {
		state->lost++;
		return 0;
	}
	memcpy(bytes, number->at, len);
	*slot = state->nr++;
	state->list[*slot] = (struct piece){ .bytes = bytes, .len = len, .hash = hash };
	return *slot;
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

static u32 take(struct pieces *state, const struct window *window, const struct der *number,
		u32 last)
{
	bool there = true;
	u64 hash = hash_of(number);
	struct extent extent;
	struct piece *piece;
	u32 this;

	pthread_mutex_lock(&state->lock);
	this = keep(state, number, hash);
	piece = &state->list[this];
	if (this && last && state->list[last].len == piece->len)
		state->list[last].next = this;
	there = !this || piece->nr_places == PLACES;
	pthread_mutex_unlock(&state->lock);
	if (there)
		return this;
	window_extent(window, number->at - window->bytes, der_len(number), &extent);
	pthread_mutex_lock(&state->lock);
	if (piece->nr_places < PLACES)
		piece->places[piece->nr_places++] = extent;
	pthread_mutex_unlock(&state->lock);
	return this;
}

static void numbers(struct scan *scan, void *arg, const struct window *window, u64 at,
		    const struct needle *needle)
{
	struct der rest = { window->bytes + at, window->bytes + window->len }, number;
	u32 i, last = 0;

	(void)scan;
	(void)needle;
	for (i = 0; i < IN_A_ROW && der_number(&rest, &number) && (last || begins(&rest)); i++)
		last = wanted(&number) ? take(arg, window, &number, last) : 0;
}

static BIGNUM *number_of(const struct piece *piece)
{
	return BN_bin2bn(piece->bytes, piece->len, NULL);
}

/* Is @x a number of the private half? */
static bool answers(struct pieces *state, struct question *question, const BIGNUM *x)
{
	u32 bits = BN_num_bits(x), all = BN_num_bits(question->n), half = (all + 1) / 2;

	if (bits <= half && half - bits < 64)
		return question_answer_rsa(state->questions, question, x) ||
		       question_answer_crt(state->questions, question, x);
	return bits <= all && all - bits < 64 &&
	       question_answer_exponent(state->questions, question, x);
}

/* Fermat's test, which nothing but a prime passes by chance. */
static bool is_prime(const BIGNUM *p, BN_CTX *ctx)
{
	BIGNUM *x, *less;
	bool prime;

	BN_CTX_start(ctx);
	x = BN_CTX_get(ctx);
	less = BN_CTX_get(ctx);
	prime = less && effort_power(BN_num_bits(p), BN_num_bits(p)) && BN_copy(less, p) &&
		BN_sub_word(less, 1) && BN_set_word(x, 2) &&
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

/* Which part of a key, whose private half is known, it is; NULL: none. */
static const struct secret_part *part_of(const struct question *question,
					 const struct piece *piece)
{
	const struct secret_part *part = question->parts;
	u32 i;

	for (i = 0; i < question->nr_parts; i++, part++)
		if (part->len == piece->len && !memcmp(part->bytes, piece->bytes, part->len))
			return part;
	return NULL;
}

static void try_piece(struct pieces *state, const struct piece *piece)
{
	u32 i, nr = questions_nr(state->questions);
	bool found = false;
	BIGNUM *x;

	for (i = 0; i < nr; i++)
		if (part_of(questions_get(state->questions, i), piece))
			return;
	x = number_of(piece);
	for (i = 0; x && i < nr && !found; i++) {
		struct question *question = questions_get(state->questions, i);

		found = question->family == FAMILY_RSA && !question->nr_parts &&
			BN_num_bits(question->n) <= (int)BITS_MOST &&
			answers(state, question, x);
	}
	BN_clear_free(x);
	if (piece->next && !found)
		try_pair(state, piece);
}

/* Where it is, if it was found to be a part of a key. */
static void report(struct scan *scan, struct pieces *state, const struct piece *piece)
{
	u32 i, j;

	for (i = 0; i < questions_nr(state->questions); i++) {
		struct question *question = questions_get(state->questions, i);
		const struct secret_part *part = part_of(question, piece);

		for (j = 0; part && j < piece->nr_places; j++) {
			const struct extent *place = &piece->places[j];

			if (scan_reported(scan, question, place->offset, place->len))
				continue;
			question_seen(question);
			scan_report_extent(scan, place, piece->bytes, piece->len,
					   published_kind(question, part->kind), true,
					   "%s, in DER, of the %s", part->name, question->text);
		}
	}
}

static int resolve_pieces(struct scan *scan, void *arg, struct complaint *why)
{
	struct pieces *state = arg;
	u32 i;

	for (i = 1; i < state->nr; i++)
		try_piece(state, &state->list[i]);
	for (i = 1; i < state->nr; i++)
		report(scan, state, &state->list[i]);
	if (!state->lost)
		return 0;
	return complain(why, -E2BIG,
			"there are more numbers in DER than can be tried as those of RSA keys");
}

/*
 * Numbers of a byte 0 and a prime, or of a byte less, for RSA of 2048, 3072, 4096, 6144, 8192.
 * Three bytes are three letters of base64, which are in every text and slow the scan.
 */
static const struct needle needles[] = {
	NEEDLE_BASE64("\x02\x81\x81\x00", numbers),
	NEEDLE("\x02\x81\x80", numbers),
	NEEDLE_BASE64("\x02\x81\xc1\x00", numbers),
	NEEDLE("\x02\x81\xc0", numbers),
	NEEDLE_BASE64("\x02\x82\x01\x01\x00", numbers),
	NEEDLE_BASE64("\x02\x82\x01\x00", numbers),
	NEEDLE_BASE64("\x02\x82\x01\x81\x00", numbers),
	NEEDLE_BASE64("\x02\x82\x01\x80", numbers),
	NEEDLE_BASE64("\x02\x82\x02\x01\x00", numbers),
	NEEDLE_BASE64("\x02\x82\x02\x00", numbers),
	{ 0 },
};

const struct detector detect_rsa_pieces = {
	.name = "rsa-pieces",
	.open = open_pieces,
	.needles = needles,
	.resolve = resolve_pieces,
	.close = close_pieces,
};
