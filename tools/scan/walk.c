// SPDX-License-Identifier: GPL-2.0
/*
 * Bare scalars of keys that were given, on P-256, secp256k1, P-384 and P-521: every byte is
 * tried as the beginning of one, in either order of bytes (roll.h).
 *
 * What cannot be random is left out first. The bytes around are a code: what is frequent
 * among them is short. Whatever a code is like, of random strings of n bits no more than one
 * in 2^k is shorter than n - k bits in it (Kraft's inequality): so one scalar in 2^17 is lost,
 * and nearly all of what is text, code, pointers and tables.
 */
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/obj_mac.h>

#include "answer.h"
#include "detectors.h"
#include "roll.h"

#define PART		16384u		/* bytes whose frequencies are a code */
#define PRIOR		64u		/* times that each byte occurs besides */
#define PRECISION	16u		/* of a bit: what lengths are counted in */
/* Bits that a scalar may be shorter, with two that its own bytes may make of it. */
#define SHORTER		19u
#define GAP		32u		/* bytes without candidates that end a stretch */
#define LEAST		16u		/* candidates in a stretch that cannot be more than that */

/**
 * struct walk - what is looked for
 * @questions:	public keys
 * @rolls:	for each curve of those that were given
 * @nr:		how many
 * @lost:	there was no memory for something
 */
struct walk {
	struct questions *questions;
	struct roll *rolls[4];
	u32 nr;
	bool lost;
};

/**
 * struct course - a window, on the way
 * @scan:	the scan
 * @walk:	what is looked for
 * @roll:	and on which curve
 * @window:	the window
 * @most:	bytes of a stretch, at most
 * @stretches:	those that are ready
 * @nr:		how many
 * @is_open:	there is one that is not
 * @first:	its first byte
 * @last:	and its last candidate
 * @candidates:	one bit for each byte of the window
 */
struct course {
	struct scan *scan;
	struct walk *walk;
	struct roll *roll;
	const struct window *window;
	u32 most;
	struct stretch stretches[ROLL_LANES];
	u32 nr;
	bool is_open;
	u64 first;
	u64 last;
	u64 candidates[];
};

static void close_walk(void *arg)
{
	struct walk *state = arg;

	while (state->nr)
		roll_free(state->rolls[--state->nr]);
	free(state);
}

static bool add_curve(struct walk *state, int nid)
{
	u32 i, given = questions_given(state->questions);
	struct roll *roll = NULL;

	for (i = 0; i < given; i++) {
		struct question *question = questions_get(state->questions, i);

		if (question->nid != nid)
			continue;
		if (!roll) {
			roll = roll_new(curve_of_nid(nid), given);
			state->rolls[state->nr++] = roll;
		}
		if (!roll || !roll_add(roll, question))
			return false;
	}
	return !roll || roll_prepare(roll);
}

static void *open_walk(struct scan *scan, struct complaint *why)
{
	struct walk *state = calloc(1, sizeof(*state));

	complaint_set(why, "out of memory");
	if (!state)
		return NULL;
	state->questions = scan_questions(scan);
	if (add_curve(state, NID_X9_62_prime256v1) && add_curve(state, NID_secp256k1) &&
	    add_curve(state, NID_secp384r1) && add_curve(state, NID_secp521r1))
		return state;
	close_walk(state);
	return NULL;
}

static int resolve_walk(struct scan *scan, void *arg, struct complaint *why)
{
	const struct walk *state = arg;

	(void)scan;
	return state->lost ? complain(why, -ENOMEM, "out of memory for scalars") : 0;
}

static void found(void *arg, const struct stretch *stretch, u32 at, bool reversed,
		  struct question *question)
{
	const struct course *course = arg;
	u32 len = course->roll->len, i;
	u8 key[CURVE_BYTES_MAX];

	if (stretch->at + at >= course->window->end)
		return;
	for (i = 0; i < len; i++)
		key[i] = stretch->bytes[at + (reversed ? i : len - 1 - i)];
	if (question_answer_key(course->walk->questions, question, key, len)) {
		question_seen(question);
		scan_report(course->scan, course->window, stretch->at + at, len, &kind_ec_scalar,
			    true, "all of it, %s byte first, of the %s",
			    reversed ? "highest" : "lowest", question->text);
	}
	OPENSSL_cleanse(key, sizeof(key));
}

static void run(struct course *course)
{
	if (!roll_run(course->roll, course->stretches, course->nr, found, course))
		__atomic_store_n(&course->walk->lost, true, __ATOMIC_RELAXED);
	course->nr = 0;
}

static void close_stretch(struct course *course)
{
	if (!course->is_open)
		return;
	course->stretches[course->nr++] = (struct stretch){
		.bytes = course->window->bytes + course->first,
		.at = course->first,
		.len = course->last - course->first + course->roll->len,
	};
	course->is_open = false;
	if (course->nr == ROLL_LANES)
		run(course);
}

static void take(struct course *course, u64 at)
{
	if (course->is_open && (at - course->last > GAP ||
				at - course->first + course->roll->len > course->most))
		close_stretch(course);
	if (!course->is_open)
		course->first = at;
	course->is_open = true;
	course->last = at;
}

/* The binary logarithm, in units of 1 / PRECISION, rounded down: by squares. */
static u32 logarithm(u32 n)
{
	u32 whole = 31 - __builtin_clz(n), result = whole, i;
	u64 x = (u64)n << (31 - whole);

	for (i = 1; i < PRECISION; i *= 2) {
		x = x * x >> 31;
		result = 2 * result + (x >> 32);
		x >>= x >> 32;
	}
	return result;
}

/* The lengths of the code of some bytes, rounded up. */
static void make_code(u32 *code, const u8 *bytes, u64 nr)
{
	u32 times[256] = { 0 }, all = logarithm(nr + 256 * PRIOR) + 1, i;

	while (nr)
		times[bytes[--nr]]++;
	for (i = 0; i < 256; i++)
		code[i] = all - logarithm(times[i] + PRIOR);
}

/* Marks candidates in [@at, @end), each of which has all its bytes in the window. */
static u64 sift(struct course *course, u64 at, u64 end)
{
	u32 len = course->roll->len, least, sum = 0, code[256], i;
	const u8 *bytes = course->window->bytes;
	u64 nr = 0;

	least = PRECISION * (EC_GROUP_order_bits(course->roll->curve->group) - SHORTER);
	make_code(code, bytes + at, end - at + len - 1);
	for (i = 0; i + 1 < len; i++)
		sum += code[bytes[at + i]];
	for (; at < end; at++) {
		sum += code[bytes[at + len - 1]];
		course->candidates[at / 64] |= (u64)(sum >= least) << at % 64;
		nr += sum >= least;
		sum -= code[bytes[at]];
	}
	return nr;
}

/* As many stretches as there are lanes, if there is enough for them. */
static void look_for(struct course *course, u64 from, u64 to)
{
	u32 len = course->roll->len;
	u64 nr = 0, at, bits;

	memset(course->candidates, 0, (to + 63) / 64 * 8);
	for (at = from; at < to; at += PART)
		nr += sift(course, at, min(at + PART, to));
	course->most = min(ROLL_LENGTH, len + max(LEAST, (u32)(nr / ROLL_LANES)));
	for (at = from / 64; nr && at < (to + 63) / 64; at++)
		for (bits = course->candidates[at]; bits; bits &= bits - 1)
			take(course, 64 * at + __builtin_ctzll(bits));
	close_stretch(course);
	run(course);
}

static void look(struct scan *scan, void *arg, const struct window *window)
{
	struct walk *state = arg;
	size_t size = sizeof(struct course) + (window->end + 63) / 64 * 8;
	struct course *course;
	u64 from, to;
	u32 i, len;

	if (!state->nr)
		return;
	course = malloc(size);
	if (!course) {
		__atomic_store_n(&state->lost, true, __ATOMIC_RELAXED);
		return;
	}
	memset(course, 0, sizeof(*course));
	course->scan = scan;
	course->walk = state;
	course->window = window;
	for (i = 0; i < state->nr; i++) {
		course->roll = state->rolls[i];
		len = course->roll->len;
		from = window->begin;
		if (window->seam)
			from = max(from, window->seam - min(window->seam, (u64)len - 1));
		to = window->len < len ? 0 : min(window->end, window->len - len + 1);
		if (from < to)
			look_for(course, from, to);
	}
	free(course);
}

const struct detector detect_walk = {
	.name = "walk",
	.open = open_walk,
	.look = look,
	.resolve = resolve_walk,
	.close = close_walk,
};
