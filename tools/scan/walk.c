// SPDX-License-Identifier: GPL-2.0
/*
 * Bare scalars of keys that were given, on P-256, secp256k1, P-384 and P-521: every
 * aligned word is tried as the beginning of one, in either order of bytes.
 *
 * What cannot be random is left out first. The others are multiplied into points, many
 * at a time (comb.h), and their x is compared with those of the keys.
 *
 * There is no quicker way known: the points of neighbours have nothing in common that is
 * cheaper than a sum of two points for each word of the scalar.
 */
#include <pthread.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/obj_mac.h>

#include "comb.h"
#include "detectors.h"
#include "noise.h"
#include "question.h"

#define DIGIT_BITS	12u		/* a table of 6 MiB: what a cache holds */
#define ALIGNMENT	8u

/**
 * struct target - a key
 * @question:	which
 * @x:		of its point plus the shift of the table, in Montgomery form
 */
struct target {
	struct question *question;
	u64 x[FIELD_LIMBS];
};

/**
 * struct walk_curve - all keys of one curve
 * @curve:	which
 * @comb:	its table
 * @targets:	the keys
 * @nr:		how many
 */
struct walk_curve {
	const struct curve *curve;
	struct comb *comb;
	struct target *targets;
	u32 nr;
};

struct walk {
	struct questions *questions;
	struct walk_curve curves[4];
	u32 nr;
};

/**
 * struct tried - scalars on their way
 * @batch:	they
 * @at:		indices in the window
 * @reversed:	the highest byte is the first
 */
struct tried {
	struct comb_batch batch;
	u64 at[COMB_BATCH];
	bool reversed[COMB_BATCH];
};

static void close_walk(void *arg)
{
	struct walk *state = arg;
	u32 i;

	for (i = 0; i < state->nr; i++) {
		comb_free(state->curves[i].comb);
		free(state->curves[i].targets);
	}
	free(state);
}

static bool add_target(struct walk_curve *walked, struct question *question)
{
	struct target *target = &walked->targets[walked->nr];
	const struct field *field = &walked->comb->field;
	u64 point[2 * FIELD_LIMBS], sum[2 * FIELD_LIMBS];
	BIGNUM *x = BN_bin2bn(question->point + 1, walked->curve->bytes, NULL);
	BIGNUM *y = BN_bin2bn(question->point + 1 + walked->curve->bytes, walked->curve->bytes,
			      NULL);
	bool done;

	done = x && y && field_import(field, point, x) &&
	       field_import(field, point + field->limbs, y) &&
	       comb_add(walked->comb, point, walked->comb->shift, sum);
	BN_free(x);
	BN_free(y);
	if (!done)
		return false;
	target->question = question;
	memcpy(target->x, sum, 8 * field->limbs);
	walked->nr++;
	return true;
}

static bool add_curve(struct walk *state, int nid)
{
	struct walk_curve *walked = &state->curves[state->nr];
	u32 i, given = questions_given(state->questions);
	bool done = true;

	for (i = 0; i < given && done; i++) {
		struct question *question = questions_get(state->questions, i);

		if (question->nid != nid)
			continue;
		if (!walked->curve) {
			walked->curve = curve_of_nid(nid);
			walked->comb = comb_new(walked->curve->group, DIGIT_BITS);
			walked->targets = calloc(given, sizeof(*walked->targets));
			state->nr++;
			done = walked->comb && walked->targets;
		}
		done = done && add_target(walked, question);
	}
	return done;
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

static void found(struct scan *scan, struct walk *state, const struct window *window,
		  const struct walk_curve *walked, const struct tried *tried, u32 i,
		  struct question *question)
{
	u32 len = walked->curve->bytes, j;
	u8 key[CURVE_BYTES_MAX];

	for (j = 0; j < len; j++)
		key[len - 1 - j] = ((const u8 *)tried->batch.scalars[i])[j];
	if (question_answer_key(state->questions, question, key, len)) {
		question_seen(question);
		scan_report(scan, window, tried->at[i], len, &kind_ec_scalar, true,
			    "all of it, %s byte first, of the %s",
			    tried->reversed[i] ? "highest" : "lowest", question->text);
	}
	OPENSSL_cleanse(key, sizeof(key));
}

static void finish(struct scan *scan, struct walk *state, const struct window *window,
		   const struct walk_curve *walked, struct tried *tried)
{
	u32 limbs = walked->comb->field.limbs, i, j;

	comb_multiply(walked->comb, &tried->batch);
	for (i = 0; i < tried->batch.nr; i++) {
		const u64 *x = tried->batch.x + i * limbs;

		for (j = 0; j < walked->nr; j++)
			if (x[0] == walked->targets[j].x[0] &&
			    !memcmp(x, walked->targets[j].x, 8 * limbs))
				found(scan, state, window, walked, tried, i,
				      walked->targets[j].question);
	}
	tried->batch.nr = 0;
}

/* Takes a scalar; one that is too long for its curve is none. */
static void take(struct scan *scan, struct walk *state, const struct window *window,
		 const struct walk_curve *walked, struct tried *tried, u64 at, bool reversed)
{
	u32 len = walked->curve->bytes, i, nr = tried->batch.nr;
	u64 *scalar = tried->batch.scalars[nr];
	const u8 *bytes = window->bytes + at;

	if (len == CURVE_BYTES_MAX && bytes[reversed ? 0 : len - 1] > 1)
		return;
	memset(scalar, 0, sizeof(tried->batch.scalars[nr]));
	for (i = 0; reversed && i < len; i++)
		((u8 *)scalar)[i] = bytes[len - 1 - i];
	if (!reversed)
		memcpy(scalar, bytes, len);
	tried->at[nr] = at;
	tried->reversed[nr] = reversed;
	if (++tried->batch.nr == COMB_BATCH)
		finish(scan, state, window, walked, tried);
}

/* Of four words at most one is as short as a pointer, and not all are text. */
static bool quick(const u8 *bytes)
{
	u64 words[4], text;

	memcpy(words, bytes, sizeof(words));
	text = (words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080ULL;
	return text && !(words[0] >> 48) + !(words[1] >> 48) + !(words[2] >> 48) +
		       !(words[3] >> 48) <= 1;
}

static void look(struct scan *scan, void *arg, const struct window *window)
{
	struct walk *state = arg;
	struct tried *tried;
	u32 i, len;
	u64 at;

	if (!state->nr)
		return;
	tried = OPENSSL_zalloc(sizeof(*tried));
	for (i = 0; tried && i < state->nr; i++) {
		const struct walk_curve *walked = &state->curves[i];

		len = walked->curve->bytes;
		for (at = scan_aligned(scan, window, ALIGNMENT);
		     at < window->end && window->len - at >= len; at += ALIGNMENT) {
			if (!quick(window->bytes + at) || !noise_strict(window->bytes + at))
				continue;
			take(scan, state, window, walked, tried, at, false);
			take(scan, state, window, walked, tried, at, true);
		}
		finish(scan, state, window, walked, tried);
	}
	OPENSSL_clear_free(tried, sizeof(*tried));
}

const struct detector detect_walk = {
	.name = "walk",
	.open = open_walk,
	.look = look,
	.close = close_walk,
};
