// SPDX-License-Identifier: GPL-2.0
/*
 * Bare numbers of RSA keys whose public half was given: a prime, or the private
 * exponent, without any structure around it. In a chunk that was freed, on a stack, in
 * a register that was saved; at every byte, with the lowest byte first (limbs of every
 * width on this kind of machine) or the highest first (I2OSP, DER, TPM).
 *
 * A prime: its length is known, and its highest bits are at least those of n / 2^length;
 * it is odd, none of the smallest primes divides it; what is left is divided into n.
 * An exponent: its upper half follows from n, but for one small integer: see rsa.h.
 * What else belongs to the key is computed then, and found by known.c.
 */
#include <stdlib.h>

#include <openssl/crypto.h>

#include "detectors.h"
#include "rsa.h"
#include "published.h"

struct limbs {
	struct questions *questions;
	struct modulus *moduli;
	u32 nr;
};

/**
 * struct course - a window, on the way
 * @scan:	the scan
 * @state:	what is looked for
 * @window:	the window
 * @modulus:	the key
 * @divisors:	what may be a prime of it
 * @at:		where each of them is
 * @highest_first: in which order its bytes are
 */
struct course {
	struct scan *scan;
	struct limbs *state;
	const struct window *window;
	const struct modulus *modulus;
	struct divisors divisors;
	u64 at[RSA_LANES];
	bool highest_first[RSA_LANES];
};

static void close_limbs(void *arg)
{
	struct limbs *state = arg;

	while (state->nr)
		modulus_free(&state->moduli[--state->nr]);
	free(state->moduli);
	free(state);
}

static void *open_limbs(struct scan *scan, struct complaint *why)
{
	struct limbs *state = calloc(1, sizeof(*state));
	u32 i, given;

	complaint_set(why, "out of memory");
	if (!state)
		return NULL;
	state->questions = scan_questions(scan);
	given = questions_given(state->questions);
	state->moduli = calloc(given + 1, sizeof(*state->moduli));
	for (i = 0; state->moduli && i < given; i++) {
		struct question *question = questions_get(state->questions, i);

		if (question->family == FAMILY_RSA &&
		    !modulus_init(&state->moduli[state->nr++], question))
			break;
	}
	if (state->moduli && i == given)
		return state;
	close_limbs(state);
	return NULL;
}

static u64 load(const u8 *at)
{
	u64 word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/*
 * Can these bytes be a prime? Of its words, in whatever order, not two are shorter than
 * 48 bits, as pointers and small integers are: chance makes that once in 10^7 primes.
 * Modulo 2^32 - 1, which is 3 * 5 * 17 * 257 * 65537, the order of words does not count.
 */
static bool plausible(const u8 *at, u32 len, bool highest_first)
{
	u64 sum = 0, word;
	u32 i, low = 0, rest;

	for (i = 0; i + 8 <= len; i += 8) {
		word = load(at + i);
		low += !(word >> 48);
		if (low > 1)
			return false;
		if (highest_first)
			word = be64toh(word);
		sum += (word >> 32) + (u32)word;
	}
	if (i < len)
		return true;	/* its words are not those of the number */
	rest = sum % 65535;
	return rest % 3 && rest % 5 && rest % 17 && rest % 257;
}

static void take(BIGNUM **number, const u8 *at, u32 len, bool highest_first)
{
	*number = highest_first ? BN_bin2bn(at, len, NULL) : BN_lebin2bn(at, len, NULL);
}

static void report(struct scan *scan, const struct window *window, u64 at, u32 len,
		   const struct modulus *modulus, const struct kind *kind, bool proven,
		   bool highest_first)
{
	question_seen(modulus->question);
	scan_report(scan, window, at, len, published_kind(modulus->question, kind), proven,
		    "%s, %s byte first, of the %s", proven ? "all of it" : "its upper half", highest_first ? "highest" : "lowest",
		    modulus->question->text);
}

static void prove_prime(const struct course *course, u64 at, bool highest_first)
{
	const struct modulus *modulus = course->modulus;
	u32 len = (modulus->prime_bits + 7) / 8;
	BIGNUM *prime;

	take(&prime, course->window->bytes + at, len, highest_first);
	if (prime && question_answer_rsa(course->state->questions, modulus->question, prime))
		report(course->scan, course->window, at, len, modulus, &kind_rsa_prime, true,
		       highest_first);
	BN_clear_free(prime);
}

static void try_divisors(struct course *course)
{
	u32 some = divisors_fit(course->modulus, &course->divisors), i;

	for (; some; some &= some - 1) {
		i = __builtin_ctz(some);
		prove_prime(course, course->at[i], course->highest_first[i]);
	}
}

static void try_prime(struct course *course, u64 at, bool highest_first)
{
	const struct modulus *modulus = course->modulus;
	u32 len = (modulus->prime_bits + 7) / 8, limbs = (len + 7) / 8, i;
	const u8 *bytes = course->window->bytes + at;
	struct divisors *divisors = &course->divisors;
	u64 p[RSA_LIMBS_MAX / 2 + 1];

	if (!plausible(bytes, len, highest_first))
		return;
	p[limbs - 1] = 0;
	for (i = 0; highest_first && i < len; i++)
		((u8 *)p)[i] = bytes[len - 1 - i];
	if (!highest_first)
		memcpy(p, bytes, len);
	if (!p[limbs - 1])
		return;
	if (!modulus->nr_digits) {
		if (modulus_divided(modulus, p, limbs))
			prove_prime(course, at, highest_first);
		return;
	}
	course->at[divisors->nr] = at;
	course->highest_first[divisors->nr] = highest_first;
	divisors_add(modulus, divisors, p);
	if (divisors->nr == RSA_LANES)
		try_divisors(course);
}

static void try_exponent(const struct course *course, u64 at, u32 len, bool highest_first)
{
	const struct modulus *modulus = course->modulus;
	const struct window *window = course->window;
	struct scan *scan = course->scan;
	BIGNUM *d;

	take(&d, window->bytes + at, len, highest_first);
	if (!d)
		return;
	if (question_answer_exponent(course->state->questions, modulus->question, d))
		report(scan, window, at, len, modulus, &kind_rsa_exponent, true, highest_first);
	else if (modulus_halved(modulus, d))
		report(scan, window, highest_first ? at : at + len / 2, len - len / 2, modulus,
		       &kind_rsa_exponent, false, highest_first);
	BN_clear_free(d);
}

static void lowest_first(struct course *course)
{
	const struct modulus *modulus = course->modulus;
	const struct window *window = course->window;
	u32 len = (modulus->prime_bits + 7) / 8, whole = modulus->bytes;
	u64 range = modulus->most - modulus->least, at, end;
	const u8 *bytes = window->bytes;

	end = window->len < len ? 0 : min(window->end, window->len - len + 1);
	for (at = window->begin; at < end; at++)
		if (load(bytes + at + len - 8) - modulus->least <= range && bytes[at] & 1)
			try_prime(course, at, false);
	if (!modulus->step[1])
		return;
	end = window->len < whole ? 0 : min(window->end, window->len - whole + 1);
	for (at = window->begin; at < end; at++)
		if (modulus_near(modulus, load(bytes + at + whole - 8)))
			try_exponent(course, at, whole, false);
}

/* An exponent without its leading zeros may be a byte shorter than the modulus. */
static void highest_first(struct course *course)
{
	const struct modulus *modulus = course->modulus;
	const struct window *window = course->window;
	u32 len = (modulus->prime_bits + 7) / 8, whole = modulus->bytes;
	u64 range = modulus->most - modulus->least, at, end, top;
	const u8 *bytes = window->bytes;

	end = window->len < len ? 0 : min(window->end, window->len - len + 1);
	for (at = window->begin; at < end; at++)
		if (be64toh(load(bytes + at)) - modulus->least <= range &&
		    bytes[at + len - 1] & 1)
			try_prime(course, at, true);
	if (!modulus->step[1])
		return;
	end = window->len < whole ? 0 : min(window->end, window->len - whole + 1);
	for (at = window->begin; at < end; at++) {
		top = be64toh(load(bytes + at));
		if (modulus_near(modulus, top))
			try_exponent(course, at, whole, true);
		else if (modulus_near(modulus, top >> 8))
			try_exponent(course, at, whole - 1, true);
	}
}

static void look(struct scan *scan, void *arg, const struct window *window)
{
	struct limbs *state = arg;
	struct course course;
	u32 i;

	course.scan = scan;
	course.state = state;
	course.window = window;
	course.divisors.nr = 0;
	for (i = 0; i < state->nr; i++) {
		course.modulus = &state->moduli[i];
		lowest_first(&course);
		highest_first(&course);
		try_divisors(&course);
	}
	if (state->nr)
		OPENSSL_cleanse(&course.divisors, sizeof(course.divisors));
}

const struct detector detect_limbs = {
	.name = "limbs",
	.open = open_limbs,
	.look = look,
	.close = close_limbs,
};
