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

#include "answer.h"
#include "detectors.h"
#include "rsa.h"
#include "published.h"
#include "simd.h"

#ifdef HAVE_SIMD
#include <immintrin.h>
#endif

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

static void try_prime(struct course *course, u64 at, u32 len, bool highest_first)
{
	const struct modulus *modulus = course->modulus;
	u32 limbs = (len + 7) / 8, i;
	const u8 *bytes = course->window->bytes + at;
	struct divisors *divisors = &course->divisors;
	u64 p[RSA_LIMBS_MAX / 2 + 1];

	if (!plausible(bytes, len, highest_first))
		return;
	p[limbs - 1] = 0;
	if (!highest_first) {
		memcpy(p, bytes, len);
	} else {
		for (i = 0; i < len / 8; i++)
			p[i] = be64toh(load(bytes + len - 8 * (i + 1)));
		for (i *= 8; i < len; i++)
			((u8 *)p)[i] = bytes[len - 1 - i];
	}
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

static void try_exponent(struct course *course, u64 at, u32 len, bool highest_first)
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

/**
 * struct reading - how the bytes of a number are taken
 * @swap:	the highest is the first
 * @top:	from where it begins to its highest 64 bits, in memory
 * @lowest:	from where it begins to its lowest byte
 * @shift:	its highest bits are these, shifted by so many: it is a byte shorter
 */
struct reading {
	bool swap;
	u32 top;
	u32 lowest;
	u32 shift;
};

static u64 top_at(const u8 *bytes, const struct reading *reading)
{
	u64 top = load(bytes + reading->top);

	return (reading->swap ? be64toh(top) : top) >> reading->shift;
}

static bool may_be_prime(const struct modulus *modulus, const struct reading *reading,
			 const u8 *bytes)
{
	return top_at(bytes, reading) - modulus->least <= modulus->most - modulus->least &&
	       bytes[reading->lowest] & 1;
}

static bool may_be_exponent(const struct modulus *modulus, const struct reading *reading,
			    const u8 *bytes)
{
	return modulus_near(modulus, top_at(bytes, reading));
}

#ifdef HAVE_SIMD
/* Of eight words that begin eight bytes from each other, the highest bits. */
TARGET_AVX512
static inline __m512i tops_at(const u8 *bytes, const struct reading *reading)
{
	const __m512i reverse = _mm512_set4_epi32(0x08090a0b, 0x0c0d0e0f, 0x00010203, 0x04050607);
	__m512i tops = _mm512_loadu_si512(bytes + reading->top);

	if (reading->swap)
		tops = _mm512_shuffle_epi8(tops, reverse);
	return _mm512_srl_epi64(tops, _mm_cvtsi32_si128(reading->shift));
}

TARGET_AVX512
static u64 primes_avx512(const struct modulus *modulus, const struct reading *reading,
			 const u8 *bytes)
{
	const __m512i least = _mm512_set1_epi64(modulus->least), one = _mm512_set1_epi64(1);
	const __m512i range = _mm512_set1_epi64(modulus->most - modulus->least);
	u64 some = 0;
	u32 i;

	for (i = 0; i < 8; i++, bytes++) {
		__mmask8 odd = _mm512_test_epi64_mask(_mm512_loadu_si512(bytes + reading->lowest),
						      one);
		__m512i over = _mm512_sub_epi64(tops_at(bytes, reading), least);

		some |= _pdep_u64(_mm512_mask_cmple_epu64_mask(odd, over, range),
				  0x0101010101010101ULL) << i;
	}
	return some;
}

/* As modulus_near(), but for a product of which two halves are left out: at most 2^33. */
TARGET_AVX512
static u64 exponents_avx512(const struct modulus *modulus, const struct reading *reading,
			    const u8 *bytes)
{
	const __m512i high = _mm512_set1_epi64(modulus->step[1]);
	const __m512i low = _mm512_set1_epi64(modulus->step[0] >> 32);
	const __m512i most = _mm512_set1_epi64(modulus->step[1] + 1 + (1ULL << 33) + 2);
	const __m512i ones = _mm512_set1_epi64(-1);
	u64 some = 0;
	u32 i;

	for (i = 0; i < 8; i++, bytes++) {
		__m512i top = tops_at(bytes, reading);
		__m512i part = _mm512_add_epi64(_mm512_mullo_epi64(top, high),
						_mm512_mul_epu32(_mm512_srli_epi64(top, 32), low));
		__mmask8 near = _mm512_cmple_epu64_mask(_mm512_sub_epi64(ones, part), most);

		some |= _pdep_u64(near, 0x0101010101010101ULL) << i;
	}
	return some;
}
#endif

typedef bool (*may_be_fn)(const struct modulus *modulus, const struct reading *reading,
			  const u8 *bytes);
typedef u64 (*some_may_be_fn)(const struct modulus *modulus, const struct reading *reading,
			      const u8 *bytes);
typedef void (*try_fn)(struct course *course, u64 at, u32 len, bool highest_first);

/* Each place at which @len bytes begin that may be what is looked for; @wide looks at 64. */
static void try_places(struct course *course, const struct reading *reading, u32 len,
		       may_be_fn may_be, some_may_be_fn wide, try_fn try)
{
	const struct window *window = course->window;
	const struct modulus *modulus = course->modulus;
	u64 end = window->len < len ? 0 : min(window->end, window->len - len + 1);
	u64 at = window->begin, some, block;
	const u8 *bytes = window->bytes;
	u32 i;

	for (; at < end; at += block) {
		block = min(end - at, 64ULL);
		if (wide && block == 64 && window->len - at >= len + 72) {
			some = wide(modulus, reading, bytes + at);
		} else {
			for (i = 0, some = 0; i < block; i++)
				some |= (u64)may_be(modulus, reading, bytes + at + i) << i;
		}
		for (; some; some &= some - 1) {
			i = __builtin_ctzll(some);
			if (may_be(modulus, reading, bytes + at + i))
				try(course, at + i, len, reading->swap);
		}
	}
}

static void try_primes(struct course *course, bool swap)
{
	u32 len = (course->modulus->prime_bits + 7) / 8;
	struct reading reading = {
		.swap = swap, .top = swap ? 0 : len - 8, .lowest = swap ? len - 1 : 0,
	};
	some_may_be_fn wide = NULL;

#ifdef HAVE_SIMD
	if (simd_level() == SIMD_AVX512)
		wide = primes_avx512;
#endif
	try_places(course, &reading, len, may_be_prime, wide, try_prime);
}

/* An exponent without its leading zeros may be a byte shorter than the modulus. */
static void try_exponents(struct course *course, bool swap, bool shorter)
{
	u32 len = course->modulus->bytes - shorter;
	struct reading reading = {
		.swap = swap, .top = swap ? 0 : len - 8, .shift = shorter ? 8 : 0,
	};
	some_may_be_fn wide = NULL;

#ifdef HAVE_SIMD
	if (simd_level() == SIMD_AVX512)
		wide = exponents_avx512;
#endif
	if (course->modulus->step[1])
		try_places(course, &reading, len, may_be_exponent, wide, try_exponent);
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
		try_primes(&course, false);
		try_exponents(&course, false, false);
		try_primes(&course, true);
		try_exponents(&course, true, false);
		try_exponents(&course, true, true);
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
