// SPDX-License-Identifier: GPL-2.0
/*
 * AES key schedules, by the recurrence that makes them (FIPS 197, 5.2):
 * w[i] = w[i - n] ^ f(w[i - 1]), where f is the identity but at every n-th word, and
 * for n = 8 at every fourth.
 *
 * Where f is the identity the relation is linear. It survives a swap of the bytes of
 * each word, and InvMixColumns; in the reverse order of rounds (decryption) it is
 * between three other places. All of them have two neighbouring words in common:
 *
 *	b[p] ^ b[p - 4] = b[p - 16], b[p - 24], b[p - 32]	forward, n = 4, 6, 8
 *			= b[p + 16], b[p + 8], b[p + 32]	backward, n = 4, 6, 8
 *
 * In a schedule of any alignment one of the eight dwords from p on fulfils its relation,
 * if p is far enough from its ends, and between them there is room for 133 such p. So it is
 * enough to look at every 128th byte. What passes is aligned by the bytes that fulfil the
 * relation in a row, and the schedule is tested whole.
 */
#include <stdio.h>

#include <openssl/crypto.h>

#include "aes.h"
#include "detectors.h"
#include "effort.h"
#include "simd.h"

#ifdef HAVE_SIMD
#include <immintrin.h>
#endif

#define STRIDE		128u
#define LEAD		32u	/* bytes before a sample that it looks at */
#define REACH		80u	/* bytes from a sample on that it looks at */

static const struct kind schedule_kind = {
	.word = "aes-schedule",
	.text = "AES key schedule",
	.advice = "register the cipher context, or free it before the process can crash",
	.weight = WEIGHT_KEY,
};

/**
 * struct relation - a linear relation, and what it says about the place of a schedule
 * @n:		words of the key
 * @third:	the third byte, relative to the first
 * @zone:	bytes in a row that fulfil it
 * @skip:	where they begin in their period
 * @period:	bytes after which they do so again
 * @first:	period of the schedule in which they can be for the first time
 * @last:	and for the last time
 * @backward:	the order of rounds
 */
struct relation {
	u32 n;
	int third;
	u32 zone;
	u32 skip;
	u32 period;
	u32 first;
	u32 last;
	bool backward;
};

static const struct relation relations[] = {
	{ 4, -16, 12, 4, 16, 1, 10, false },
	{ 6, -24, 20, 4, 24, 1, 8, false },
	{ 8, -32, 12, 4, 16, 2, 14, false },
	{ 4, 16, 12, 4, 16, 0, 9, true },
	{ 6, 8, 8, 8, 16, 0, 11, true },
	{ 8, 32, 12, 4, 16, 0, 12, true },
};

/* The S-box, made from its definition: inverse in GF(2^8), then an affine map. */
static u8 sbox[256];

static void make_sbox(void)
{
	u8 p = 1, q = 1, x;

	do {
		p ^= p << 1 ^ (p & 0x80 ? 0x1b : 0);	/* times 3 */
		q ^= q << 1;				/* divided by 3 */
		q ^= q << 2;
		q ^= q << 4;
		q ^= q & 0x80 ? 0x09 : 0;
		x = q ^ (q << 1 | q >> 7) ^ (q << 2 | q >> 6) ^ (q << 3 | q >> 5) ^
		    (q << 4 | q >> 4);
		sbox[p] = x ^ 0x63;
	} while (p != 1);
	sbox[0] = 0x63;
}

static u32 load(const u8 *at)
{
	u32 word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static u32 substitute(u32 word)
{
	return sbox[word & 255] | (u32)sbox[word >> 8 & 255] << 8 |
	       (u32)sbox[word >> 16 & 255] << 16 | (u32)sbox[word >> 24] << 24;
}

static u32 rotate(u32 word, u32 bytes)
{
	return word >> 8 * bytes | word << (32 - 8 * bytes);
}

/* MixColumns of one column, which undoes InvMixColumns. */
static u32 mix(u32 word)
{
	u32 twice = (word & 0x7f7f7f7f) << 1 ^ (word >> 7 & 0x01010101) * 0x1b;

	return twice ^ rotate(word ^ twice, 1) ^ rotate(word, 2) ^ rotate(word, 3);
}

/* The word w[@i] of FIPS 197, from a schedule that is kept in some @form. */
static u32 word_of(const u8 *at, const struct aes_form *form, u32 i)
{
	u32 rounds = form->n + 6, round = i / 4, block = round, word;

	if (form->backward)
		block = rounds - round;
	if (form->rotated)
		block = (block + rounds) % (rounds + 1);
	word = load(at + 16 * block + 4 * (i % 4));
	if (form->swapped)
		word = __builtin_bswap32(word);
	return form->mixed && round && round != rounds ? mix(word) : word;
}

/* What w[@i] is to be, from what is before it. */
static bool follows(const u8 *at, const struct aes_form *form, u32 i, u8 rcon)
{
	u32 word = word_of(at, form, i - 1);

	if (i % form->n == 0)
		word = substitute(rotate(word, 1)) ^ rcon;
	else if (form->n > 6 && i % form->n == 4)
		word = substitute(word);
	return word_of(at, form, i) == (word ^ word_of(at, form, i - form->n));
}

/**
 * aes_whole() - is this the schedule of a key?
 * @at:		AES_SIZE(@form->n) bytes
 * @form:	how it would be kept
 *
 * Return: true if each word follows from those before it.
 */
bool aes_whole(const u8 *at, const struct aes_form *form)
{
	u8 rcon = 1;
	u32 i;

	for (i = form->n; i < 4 * (form->n + 7); i++) {
		if (!follows(at, form, i, rcon))
			return false;
		if (i % form->n == 0)
			rcon = rcon << 1 ^ (rcon & 0x80 ? 0x1b : 0);
	}
	return true;
}

/**
 * aes_key() - the key of a schedule
 * @at:		the schedule
 * @form:	how it is kept
 * @key:	takes 4 * @form->n bytes; a secret
 */
void aes_key(const u8 *at, const struct aes_form *form, u8 *key)
{
	u32 i, word;

	for (i = 0; i < form->n; i++) {
		word = word_of(at, form, i);
		memcpy(key + 4 * i, &word, sizeof(word));
	}
}

/* The bytes of one look: a window, or a padded copy of its end. */
struct view {
	struct scan *scan;
	struct aes_drbg *drbg;
	const struct window *window;
	const u8 *bytes;
	u64 len;	/* without the padding */
	u64 base;	/* index of @bytes[0] in the window */
	u64 done;	/* what ends here at the latest was reported */
};

/* 00 01 02 ..., of the derivation function of SP 800-90A, and of many a test: no secret. */
static bool is_public(const u8 *at, const struct aes_form *form)
{
	u8 key[32];
	u32 i;

	aes_key(at, form, key);
	for (i = 0; i < 4 * form->n && key[i] == i; i++)
		;
	return i == 4 * form->n;
}

static void found(struct view *view, u64 start, const struct aes_form *form)
{
	const u8 *at = view->bytes + start;
	char detail[AES_DETAIL];

	view->done = max(view->done, start + AES_SIZE(form->n));
	start += view->base;
	if (start < view->window->begin || start >= view->window->end || is_public(at, form))
		return;
	/* Of one side it would not be known whose it is: see aes_drbg_suspect(). */
	if (view->window->seam && !window_crosses(view->window, start, AES_SIZE(form->n)))
		return;
	snprintf(detail, sizeof(detail), "AES-%u, %s%s%s%s", 32 * form->n,
		 form->backward || form->mixed ? "decryption" : "encryption",
		 form->backward && !form->mixed ? ", not mixed" :
		 !form->backward && form->mixed ? ", rounds in order" : "",
		 form->rotated ? ", first round last" : "",
		 form->swapped ? ", words byte-swapped" : "");
	if (aes_drbg_suspect(view->drbg, view->scan, view->window, start, form, detail))
		return;
	scan_report(view->scan, view->window, start, AES_SIZE(form->n), &schedule_kind, true,
		    "%s", detail);
}

/*
 * A schedule that would begin at @start, in all forms that have this relation. Where every dword
 * fulfils one, as in a, b, a ^ b and so on, there would be one everywhere: that is counted.
 */
static void test_forms(struct view *view, const struct relation *relation, u64 start)
{
	u32 i;

	if (!effort_schedules(1))
		return;
	for (i = 0; i < 8; i++) {
		struct aes_form form = {
			.n = relation->n,
			.backward = relation->backward,
			.swapped = i & 1,
			.mixed = i & 2,
			.rotated = i & 4,
		};

		if (form.rotated && !(form.backward && form.mixed))
			continue;
		if (aes_whole(view->bytes + start, &form))
			found(view, start, &form);
	}
}

static bool fulfils(const struct view *view, const struct relation *relation, u64 at)
{
	const u8 *bytes = view->bytes + at;

	return (bytes[0] ^ bytes[-4]) == bytes[relation->third];
}

/* The dword at @at fulfils a relation. Whose schedule is it? */
static void examine(struct view *view, const struct relation *relation, u64 at)
{
	u64 from = at, to = at + 4, zone, size = AES_SIZE(relation->n), start;
	u64 low = relation->third < 0 ? -relation->third : 4;
	u64 high = view->len - (relation->third > 0 ? min(view->len, (u64)relation->third) : 0);
	u32 i;

	while (from > low && at - from < relation->zone - 4 && fulfils(view, relation, from - 1))
		from--;
	while (to < high && to - at < relation->zone && fulfils(view, relation, to))
		to++;
	for (zone = from; zone + relation->zone <= to; zone++) {
		for (i = relation->first; i <= relation->last; i++) {
			u64 before = relation->skip + i * relation->period;

			if (zone < before)
				break;
			start = zone - before;
			if (start >= view->len || view->len - start < size)
				continue;
			test_forms(view, relation, start);
		}
	}
}

typedef u32 dwords __attribute__((vector_size(16)));

static dwords load_dwords(const u8 *at)
{
	dwords value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* Do some of the four dwords at @at fulfil a relation? Zeros do, and do not count. */
static bool sample(const u8 *at)
{
	dwords here = load_dwords(at), before = load_dwords(at - 4), both = here ^ before, hit;
	u64 halves[2];

	hit = (dwords)(both == load_dwords(at - 16)) | (dwords)(both == load_dwords(at - 24)) |
	      (dwords)(both == load_dwords(at - 32)) | (dwords)(both == load_dwords(at + 16)) |
	      (dwords)(both == load_dwords(at + 8)) | (dwords)(both == load_dwords(at + 32));
	hit &= (dwords)(here != 0) & (dwords)(before != 0) & (dwords)(both != 0);
	memcpy(halves, &hit, sizeof(halves));
	return halves[0] | halves[1];
}

static noinline void examine_sample(struct view *view, u64 at)
{
	u64 last = at + 16;
	u32 i;

	for (; at < last; at += 4) {
		const u8 *bytes = view->bytes + at;
		u32 both = load(bytes) ^ load(bytes - 4);

		if (!both || !load(bytes) || !load(bytes - 4))
			continue;
		for (i = 0; i < sizeof(relations) / sizeof(*relations); i++)
			if (load(bytes + relations[i].third) == both)
				examine(view, &relations[i], at);
	}
}

#ifdef HAVE_SIMD
TARGET_AVX2
static inline __m256i load_avx2(const u8 *at)
{
	return _mm256_loadu_si256((const __m256i *)at);
}

/* sample(), of the eight dwords at @at. */
TARGET_AVX2
static inline bool sample_avx2(const u8 *at)
{
	const __m256i zero = _mm256_setzero_si256();
	__m256i here = load_avx2(at), before = load_avx2(at - 4);
	__m256i both = _mm256_xor_si256(here, before), hit, dull;

	hit = _mm256_cmpeq_epi32(both, load_avx2(at - 16));
	hit = _mm256_or_si256(hit, _mm256_cmpeq_epi32(both, load_avx2(at - 24)));
	hit = _mm256_or_si256(hit, _mm256_cmpeq_epi32(both, load_avx2(at - 32)));
	hit = _mm256_or_si256(hit, _mm256_cmpeq_epi32(both, load_avx2(at + 16)));
	hit = _mm256_or_si256(hit, _mm256_cmpeq_epi32(both, load_avx2(at + 8)));
	hit = _mm256_or_si256(hit, _mm256_cmpeq_epi32(both, load_avx2(at + 32)));
	dull = _mm256_or_si256(_mm256_cmpeq_epi32(here, zero), _mm256_cmpeq_epi32(before, zero));
	dull = _mm256_or_si256(dull, _mm256_cmpeq_epi32(both, zero));
	return !_mm256_testc_si256(dull, hit);
}

TARGET_AVX2
static u64 samples_avx2(struct view *view, u64 at, u64 end)
{
	for (; at + REACH <= end; at += STRIDE) {
		if (at + 32 <= view->done || !sample_avx2(view->bytes + at))
			continue;
		examine_sample(view, at);
		examine_sample(view, at + 16);
	}
	return at;
}
#endif

/* Samples from @at on as long as their bytes are below @end; returns the next one. */
static u64 samples(struct view *view, u64 at, u64 end)
{
#ifdef HAVE_SIMD
	if (simd_level() >= SIMD_AVX2)
		return samples_avx2(view, at, end);
#endif
	for (; at + REACH <= end; at += STRIDE) {
		if (at + 32 <= view->done)
			continue;
		if (sample(view->bytes + at))
			examine_sample(view, at);
		if (sample(view->bytes + at + 16))
			examine_sample(view, at + 16);
	}
	return at;
}

static void look(struct scan *scan, void *state, const struct window *window)
{
	struct view view = {
		.scan = scan,
		.drbg = state,
		.window = window,
		.base = window->begin - min(window->begin, (u64)LEAD),
	};
	u8 tail[AES_SIZE(8) + STRIDE + 3 * REACH] = { 0 };
	u64 at, end;

	/* A schedule that begins before the end goes on after it. */
	view.bytes = window->bytes + view.base;
	view.len = min(window->len, window->end + AES_SIZE(8)) - view.base;
	end = min(window->len - view.base, view.len + REACH);
	at = samples(&view, LEAD, end);
	if (at >= view.len)
		return;
	/* The last samples would look beyond the bytes that there are. */
	end = at - min(at, (u64)AES_SIZE(8) + LEAD);
	view.base += end;
	view.bytes = tail;
	view.len -= end;
	view.done -= min(view.done, end);
	memcpy(tail, window->bytes + view.base, view.len);
	samples(&view, at - end, sizeof(tail));
	OPENSSL_cleanse(tail, sizeof(tail));
}

static void *open_aes(struct scan *scan, struct complaint *why)
{
	(void)scan;
	make_sbox();
	return aes_drbg_new(why);
}

static int resolve(struct scan *scan, void *state, struct complaint *why)
{
	(void)why;
	aes_drbg_resolve(state, scan, &schedule_kind);
	return 0;
}

static void close_aes(void *state)
{
	aes_drbg_free(state);
}

const struct detector detect_aes = {
	.name = "aes",
	.open = open_aes,
	.look = look,
	.resolve = resolve,
	.close = close_aes,
};
