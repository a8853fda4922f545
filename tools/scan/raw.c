// SPDX-License-Identifier: GPL-2.0
/*
 * Keys of Ed25519, X25519, Ed448 and X448 in memory, by their public half: the key object
 * of OpenSSL 3, and seeds that are near a public key which is known, as libsodium and
 * OpenSSH keep them (seed and public key in 64 bytes), and others that keep both in one
 * structure.
 */
#include <pthread.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/obj_mac.h>

#include "answer.h"
#include "detectors.h"
#include "needle.h"
#include "noise.h"
#include "published.h"

#define PLACES_MAX	4096u
#define NEAR		128u		/* bytes from the public key to the private one */
#define PUBLIC_MAX	4096u		/* keys that are searched for at once */

/* Where a key object of OpenSSL has its members, from the pointer to the private half. */
#define ECX_PUBLIC	63u

struct ecx_place {
	u64 private;
	int nid;
	u8 public[57];
};

struct raw {
	struct scan *scan;
	struct questions *questions;
	struct ecx_place places[PLACES_MAX];
	u32 nr;
	struct question *wanted[PUBLIC_MAX];
	u64 lost;		/* that there was no room for */
	pthread_mutex_t lock;
};

static void *open_raw(struct scan *scan, struct complaint *why)
{
	struct raw *state = calloc(1, sizeof(*state));

	if (!state) {
		complaint_set(why, "out of memory");
		return NULL;
	}
	state->scan = scan;
	state->questions = scan_questions(scan);
	pthread_mutex_init(&state->lock, NULL);
	return state;
}

static void close_raw(void *arg)
{
	struct raw *state = arg;

	pthread_mutex_destroy(&state->lock);
	free(state);
}

static u64 word(const struct window *window, u64 at)
{
	u64 value;

	memcpy(&value, window->bytes + at, sizeof(value));
	return value;
}

/*
 * struct ecx_key_st: ..., pubkey[57], a pointer to the private key, its length, its type
 * (X25519, X448, Ed25519, Ed448).
 */
static void length(struct scan *scan, void *arg, const struct window *window, u64 at, u64 len)
{
	static const int nids[] = { NID_X25519, NID_X448, NID_ED25519, NID_ED448 };
	struct ecx_place place = { 0 };
	struct raw *state = arg;
	u64 offset;
	u32 type;

	if (at < ECX_PUBLIC + 8 || window->len - at < 16)
		return;
	if (window->seam && !window_crosses(window, at - 8 - ECX_PUBLIC, 8 + ECX_PUBLIC + 16))
		return;
	type = word(window, at + 8);
	place.private = word(window, at - 8);
	if (type > 3 || len != raw_key_len(nids[type]) ||
	    !scan_offset(scan, place.private, &offset))
		return;
	place.nid = nids[type];
	memcpy(place.public, window->bytes + at - 8 - ECX_PUBLIC, len);
	pthread_mutex_lock(&state->lock);
	if (state->nr < PLACES_MAX)
		state->places[state->nr++] = place;
	else
		state->lost++;
	pthread_mutex_unlock(&state->lock);
}

/* "ssh-ed25519" and a key, as SSH has it on the wire and in files. */
static void ssh(struct scan *scan, void *arg, const struct window *window, u64 at,
		const struct needle *needle)
{
	struct raw *state = arg;

	(void)scan;
	if (window->len - at - needle->len >= 32)
		questions_add_raw(state->questions, NID_ED25519,
				  window->bytes + at + needle->len, NULL);
}

static void try_object(struct raw *state, const struct ecx_place *place)
{
	u32 len = raw_key_len(place->nid);
	struct question *question;
	u8 key[57], public[57];

	if (!scan_memory(state->scan, place->private, key, len) || !noise_like(key, len) ||
	    !raw_public(place->nid, key, public) || memcmp(public, place->public, len))
		return;
	question = questions_add_raw(state->questions, place->nid, public, NULL);
	if (question && question_answer_key(state->questions, question, key, len)) {
		question_seen(question);
		scan_report_memory(state->scan, place->private, key, len,
				   published_kind(question, &kind_raw_key), true,
				   "key object of OpenSSL, of the %s", question->text);
	}
	OPENSSL_cleanse(key, sizeof(key));
}

/* A public key is at @hit: is its private half in front of it, or behind it? */
static void near(void *arg, const struct hit *hit)
{
	struct raw *state = arg;
	struct question *question = state->wanted[hit->secret];
	u32 len = question->point_len, at;
	u64 from = hit->offset - min(hit->offset, (u64)NEAR);
	u8 around[3 * NEAR];
	u32 public = hit->offset - from;
	u64 nr = public + len + NEAR;
	struct window window = { .bytes = around, .offset = from };

	if (hit->joined || question->nr_parts || nr > sizeof(around))
		return;
	while (nr > len && !scan_bytes(state->scan, from, around, nr))
		nr--;
	window.len = window.end = nr;
	/* At any place: structures may be packed, and what is in messages has no alignment. */
	for (at = 0; at + len <= nr && !question->nr_parts; at++) {
		/* But not in the public key. */
		if ((at + len > public && at < public + len) || !noise_like(around + at, len))
			continue;
		if (!question_answer_key(state->questions, question, around + at, len))
			continue;
		question_seen(question);
		scan_report(state->scan, &window, at, len,
			    published_kind(question, &kind_raw_key), true,
			    "beside its public half, of the %s", question->text);
	}
	OPENSSL_cleanse(around, sizeof(around));
}

/* For those from the @i-th on, as many as can be searched for at once. */
static int search_near(struct raw *state, u32 *i, struct complaint *why)
{
	struct search *search = search_new(0, false);
	int error = search ? 0 : complain(why, -ENOMEM, "out of memory");
	u32 nr = 0;

	for (; *i < questions_nr(state->questions) && nr < PUBLIC_MAX && !error; ++*i) {
		struct question *question = questions_get(state->questions, *i);

		if (question->family != FAMILY_RAW || question->nr_parts ||
		    !noise_like(question->point, question->point_len))
			continue;
		state->wanted[nr++] = question;
		error = search_add(search, question->point, question->point_len, why);
	}
	if (!error && nr)
		error = search_prepare(search, why);
	if (!error && nr)
		error = scan_search(state->scan, search, near, state, why);
	search_free(search);
	return error;
}

static int resolve(struct scan *scan, void *arg, struct complaint *why)
{
	struct raw *state = arg;
	int error = 0;
	u32 i;

	(void)scan;
	for (i = 0; i < state->nr; i++)
		try_object(state, &state->places[i]);
	for (i = 0; i < questions_nr(state->questions) && !error;)
		error = search_near(state, &i, why);
	if (error || !state->lost)
		return error;
	return complain(why, -E2BIG,
			"there are more keys of Ed25519 and its like than can be tried");
}

static const struct needle needles[] = {
	NEEDLE("ssh-ed25519\0\0\0\x20", ssh),
	{ 0 },
};

const struct detector detect_raw = {
	.name = "raw",
	.open = open_raw,
	.needles = needles,
	.length = length,
	.resolve = resolve,
	.close = close_raw,
};
