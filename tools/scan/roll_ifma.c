// SPDX-License-Identifier: GPL-2.0
/*
 * Scalars at every byte, eight stretches at a time: see roll.h. For primes p a little below
 * 2^256, with multiplications of 52 bits.
 *
 * A number is five vectors, one for each 52 bits, in Montgomery form with 2^260. So there is
 * room for 16 p, and a product of a * p and b * p is below (a * b / 16 + 1) * p. What is
 * stored is below 2.001 p, what the table has is below p.
 */
#include <stdlib.h>

#include "roll.h"
#include "simd.h"

#ifdef HAVE_SIMD
#include <immintrin.h>

/* It would give up, and say so. */
#pragma GCC optimize("no-var-tracking-assignments")

#define LIMBS		5u
#define LANES		8u
#define MASK		((1ULL << 52) - 1)
#define TARGET_IFMA	__attribute__((target("avx2,bmi,bmi2,lzcnt,avx512f,avx512bw,avx512vl," \
					      "avx512dq,avx512ifma,avx512vbmi2")))
#define INLINE		TARGET_IFMA static inline __attribute__((always_inline))

/**
 * struct number - eight numbers
 * @limb:	of each of them 52 bits, the lowest first
 */
struct number {
	__m512i limb[LIMBS];
};

struct point {
	struct number x, y;
};

/**
 * struct roll_ifma - constants
 * @p:		the prime
 * @p_and_1:	limbs of p + 1, for P-256: 0, 2^44, 0, 2^36 and 2^48 - 2^16
 * @p256:	it is that
 * @inverse:	-1 / p modulo 2^52
 * @times:	of each limb: those of 0 to 7 times the prime
 * @low:	lowest limbs of p and -p
 * @radix:	2^264 in Montgomery form with 2^256: brings an inverse into that with 2^260
 * @start:	what all sums begin with
 * @one:	1 in Montgomery form
 */
struct roll_ifma {
	struct number p;
	__m512i p_and_1[LIMBS];
	bool p256;
	__m512i inverse;
	__m512i times[LIMBS];
	u64 low[2];
	u64 radix[4];
	u64 start[8];
	struct number one;
};

/**
 * struct step - of eight stretches, for one byte
 * @run:	what is to be divided by
 * @rise:	what is to be divided
 * @product:	of what others divide by, until here
 */
struct step {
	struct number run;
	struct number rise;
	struct number product;
};

/**
 * roll_ifma_fits() - is this path possible?
 * @roll:	before roll_prepare()
 *
 * Return: true if the machine has it, and the prime is of the kind.
 */
bool roll_ifma_fits(const struct roll *roll)
{
	const struct field *field = &roll->comb->field;

	return simd_level() == SIMD_AVX512 && __builtin_cpu_supports("avx512ifma") &&
	       __builtin_cpu_supports("avx512vbmi2") &&
	       field->limbs == 4 && field->p[3] >> 32 == ~0U;
}

static void to_limbs(u64 *limbs, const u64 *words)
{
	limbs[0] = words[0] & MASK;
	limbs[1] = (words[0] >> 52 | words[1] << 12) & MASK;
	limbs[2] = (words[1] >> 40 | words[2] << 24) & MASK;
	limbs[3] = (words[2] >> 28 | words[3] << 36) & MASK;
	limbs[4] = words[3] >> 16;
}

static void change_form(const struct field *field, u64 *numbers, u64 nr, const u64 *sixteen)
{
	for (; nr; nr--, numbers += 4)
		field_mul(field, numbers, numbers, sixteen);
}

/* The number 2^@bits in Montgomery form. */
static void power(const struct field *field, u64 *to, u32 bits)
{
	u64 zero[FIELD_LIMBS] = { 0 }, negative[FIELD_LIMBS];

	memcpy(to, field->one, 32);
	while (bits--) {
		field_sub(field, negative, zero, to);
		field_sub(field, to, to, negative);
	}
}

/**
 * roll_ifma_new() - make constants, and change the form of tables
 * @roll:	for which this path is possible; its table and points are changed
 *
 * Return: to be released by free(), or NULL.
 */
struct roll_ifma *roll_ifma_new(struct roll *roll)
{
	struct roll_ifma *ifma = aligned_alloc(64, sizeof(*ifma));
	const struct field *field = &roll->comb->field;
	u64 limbs[LIMBS], one[LIMBS], sixteen[FIELD_LIMBS], *lane;
	u32 i, j;

	if (!ifma)
		return NULL;
	power(field, sixteen, 4);
	power(field, ifma->radix, 8);
	change_form(field, roll->comb->table, (u64)ROLL_LENGTH << (ROLL_BITS + 1), sixteen);
	for (i = 0; i < roll->nr; i++)
		change_form(field, roll->targets[i].points, 2 * (ROLL_LENGTH - roll->len + 1),
			    sixteen);
	memcpy(ifma->start, roll->comb->shift, sizeof(ifma->start));
	change_form(field, ifma->start, 2, sixteen);
	to_limbs(one, sixteen);
	to_limbs(limbs, field->p);
	for (i = 0; i < LIMBS; i++) {
		lane = (u64 *)&ifma->p.limb[i];
		for (j = 0; j < LANES; j++) {
			lane[j] = limbs[i];
			((u64 *)&ifma->one.limb[i])[j] = one[i];
			((u64 *)&ifma->p_and_1[i])[j] = i == 1 ? 1ULL << 44 : i ? limbs[i] : 0;
			/* not reduced: limbs of a multiple may have more than 52 bits */
			((u64 *)&ifma->times[i])[j] = limbs[i] * j;
		}
	}
	ifma->p256 = field->p256;
	for (j = 0; j < LANES; j++)
		((u64 *)&ifma->inverse)[j] = field->inverse & MASK;
	ifma->low[0] = limbs[0];
	ifma->low[1] = -limbs[0] & MASK;
	return ifma;
}

static size_t steps_size(void)
{
	return ROLL_LANES / LANES * sizeof(struct step);
}

/**
 * roll_ifma_room() - memory that a thread needs
 * @roll:	for which this path is possible
 *
 * Return: bytes, to be aligned to 64.
 */
size_t roll_ifma_room(const struct roll *roll)
{
	return steps_size() + (roll->len + 1) * (ROLL_LANES / LANES) * sizeof(struct point);
}

INLINE void carry(struct number *number)
{
	const __m512i mask = _mm512_set1_epi64(MASK);
	__m512i *limb = number->limb;
	u32 i;

#pragma GCC unroll 4
	for (i = 0; i + 1 < LIMBS; i++) {
		limb[i + 1] = _mm512_add_epi64(limb[i + 1], _mm512_srai_epi64(limb[i], 52));
		limb[i] = _mm512_and_epi64(limb[i], mask);
	}
}

/* Any number of p to 8 p, whose limbs may be negative or too long; makes it less than 2.001 p. */
INLINE void settle(const struct roll_ifma *ifma, struct number *number)
{
	const __m512i one = _mm512_set1_epi64(1), zero = _mm512_setzero_si512();
	__m512i times;
	u32 i;

	carry(number);
	times = _mm512_sub_epi64(_mm512_srai_epi64(number->limb[4], 48), one);
	times = _mm512_max_epi64(times, zero);
#pragma GCC unroll 5
	for (i = 0; i < LIMBS; i++)
		number->limb[i] = _mm512_sub_epi64(number->limb[i],
						   _mm512_permutexvar_epi64(times, ifma->times[i]));
	carry(number);
}

/* a - b + @times * p, with limbs that are not carried yet. */
INLINE struct number difference(const struct roll_ifma *ifma, const struct number *a,
				const struct number *b, u32 times)
{
	const __m512i index = _mm512_set1_epi64(times);
	struct number to;
	u32 i;

#pragma GCC unroll 5
	for (i = 0; i < LIMBS; i++)
		to.limb[i] = _mm512_add_epi64(_mm512_sub_epi64(a->limb[i], b->limb[i]),
					      _mm512_permutexvar_epi64(index, ifma->times[i]));
	return to;
}

/* Of a product of ten limbs. */
INLINE struct number reduce(const struct roll_ifma *ifma, __m512i *sum)
{
	const __m512i zero = _mm512_setzero_si512();
	struct number to;
	__m512i factor;
	u32 i, j;

#pragma GCC unroll 5
	for (i = 0; i < LIMBS; i++) {
		factor = _mm512_madd52lo_epu64(zero, sum[i], ifma->inverse);
#pragma GCC unroll 5
		for (j = 0; j < LIMBS; j++) {
			sum[i + j] = _mm512_madd52lo_epu64(sum[i + j], factor, ifma->p.limb[j]);
			sum[i + j + 1] = _mm512_madd52hi_epu64(sum[i + j + 1], factor,
							       ifma->p.limb[j]);
		}
		sum[i + 1] = _mm512_add_epi64(sum[i + 1], _mm512_srli_epi64(sum[i], 52));
	}
#pragma GCC unroll 5
	for (i = 0; i < LIMBS; i++)
		to.limb[i] = sum[i + LIMBS];
	carry(&to);
	return to;
}

/* Likewise for P-256: p is -1 modulo 2^52, so that p + 1 times the lowest limb is added. */
INLINE struct number reduce_p256(const struct roll_ifma *ifma, __m512i *sum)
{
	const __m512i mask = _mm512_set1_epi64(MASK);
	struct number to;
	__m512i factor;
	u32 i, j;

#pragma GCC unroll 5
	for (i = 0; i < LIMBS; i++) {
		factor = _mm512_and_epi64(sum[i], mask);
		sum[i + 1] = _mm512_add_epi64(sum[i + 1], _mm512_srli_epi64(sum[i], 52));
#pragma GCC unroll 4
		for (j = 1; j < LIMBS; j++) {
			if (j == 2)
				continue;
			sum[i + j] = _mm512_madd52lo_epu64(sum[i + j], factor,
							   ifma->p_and_1[j]);
			sum[i + j + 1] = _mm512_madd52hi_epu64(sum[i + j + 1], factor,
							       ifma->p_and_1[j]);
		}
	}
#pragma GCC unroll 5
	for (i = 0; i < LIMBS; i++)
		to.limb[i] = sum[i + LIMBS];
	carry(&to);
	return to;
}

INLINE struct number product(const struct roll_ifma *ifma, const struct number *a,
			     const struct number *b)
{
	__m512i sum[2 * LIMBS];
	u32 i, j;

#pragma GCC unroll 10
	for (i = 0; i < 2 * LIMBS; i++)
		sum[i] = _mm512_setzero_si512();
#pragma GCC unroll 5
	for (i = 0; i < LIMBS; i++)
#pragma GCC unroll 5
		for (j = 0; j < LIMBS; j++) {
			sum[i + j] = _mm512_madd52lo_epu64(sum[i + j], a->limb[i], b->limb[j]);
			sum[i + j + 1] = _mm512_madd52hi_epu64(sum[i + j + 1], a->limb[i],
							       b->limb[j]);
		}
	return ifma->p256 ? reduce_p256(ifma, sum) : reduce(ifma, sum);
}

INLINE struct number square(const struct roll_ifma *ifma, const struct number *a)
{
	__m512i sum[2 * LIMBS];
	u32 i, j;

#pragma GCC unroll 10
	for (i = 0; i < 2 * LIMBS; i++)
		sum[i] = _mm512_setzero_si512();
#pragma GCC unroll 5
	for (i = 0; i < LIMBS; i++)
#pragma GCC unroll 5
		for (j = i + 1; j < LIMBS; j++) {
			sum[i + j] = _mm512_madd52lo_epu64(sum[i + j], a->limb[i], a->limb[j]);
			sum[i + j + 1] = _mm512_madd52hi_epu64(sum[i + j + 1], a->limb[i],
							       a->limb[j]);
		}
#pragma GCC unroll 10
	for (i = 0; i < 2 * LIMBS; i++)
		sum[i] = _mm512_slli_epi64(sum[i], 1);
#pragma GCC unroll 5
	for (i = 0; i < LIMBS; i++) {
		sum[2 * i] = _mm512_madd52lo_epu64(sum[2 * i], a->limb[i], a->limb[i]);
		sum[2 * i + 1] = _mm512_madd52hi_epu64(sum[2 * i + 1], a->limb[i], a->limb[i]);
	}
	return ifma->p256 ? reduce_p256(ifma, sum) : reduce(ifma, sum);
}

/* Five limbs of four words. */
INLINE void split(struct number *to, __m512i a, __m512i b, __m512i c, __m512i d)
{
	const __m512i mask = _mm512_set1_epi64(MASK);

	to->limb[0] = _mm512_and_epi64(a, mask);
	to->limb[1] = _mm512_and_epi64(_mm512_shrdi_epi64(a, b, 52), mask);
	to->limb[2] = _mm512_and_epi64(_mm512_shrdi_epi64(b, c, 40), mask);
	to->limb[3] = _mm512_and_epi64(_mm512_shrdi_epi64(c, d, 28), mask);
	to->limb[4] = _mm512_srli_epi64(d, 16);
}

/* Eight points of the table, each of eight words: of each word a vector. */
INLINE void look_up(struct point *to, const u64 *table, const struct stretch *stretches, u32 nr,
		    u32 t)
{
	__m512i row[LANES], pair[LANES], four[LANES];
	u32 i;

#pragma GCC unroll 8
	for (i = 0; i < LANES; i++)
		row[i] = _mm512_load_si512(table + 8 * roll_byte(&stretches[min(i, nr - 1)], t));
#pragma GCC unroll 4
	for (i = 0; i < LANES; i += 2) {
		pair[i] = _mm512_unpacklo_epi64(row[i], row[i + 1]);
		pair[i + 1] = _mm512_unpackhi_epi64(row[i], row[i + 1]);
	}
#pragma GCC unroll 2
	for (i = 0; i < 2; i++) {
		four[i] = _mm512_shuffle_i64x2(pair[i], pair[i + 2], 0x88);
		four[i + 2] = _mm512_shuffle_i64x2(pair[i], pair[i + 2], 0xdd);
		four[i + 4] = _mm512_shuffle_i64x2(pair[i + 4], pair[i + 6], 0x88);
		four[i + 6] = _mm512_shuffle_i64x2(pair[i + 4], pair[i + 6], 0xdd);
	}
	/* words 0, 4 are in four[0] and four[4]; 1, 5: [1], [5]; 2, 6: [2], [6]; 3, 7: [3], [7] */
	split(&to->x, _mm512_shuffle_i64x2(four[0], four[4], 0x88),
	      _mm512_shuffle_i64x2(four[1], four[5], 0x88),
	      _mm512_shuffle_i64x2(four[2], four[6], 0x88),
	      _mm512_shuffle_i64x2(four[3], four[7], 0x88));
	split(&to->y, _mm512_shuffle_i64x2(four[0], four[4], 0xdd),
	      _mm512_shuffle_i64x2(four[1], four[5], 0xdd),
	      _mm512_shuffle_i64x2(four[2], four[6], 0xdd),
	      _mm512_shuffle_i64x2(four[3], four[7], 0xdd));
}

/* A number below 2 p, as words, below p. */
static void to_words(const struct field *field, u64 *words, const struct number *number, u32 lane)
{
	u64 limbs[LIMBS], less[4], borrow = 0, high;
	u32 i;

	for (i = 0; i < LIMBS; i++)
		limbs[i] = ((const u64 *)&number->limb[i])[lane];
	words[0] = limbs[0] | limbs[1] << 52;
	words[1] = limbs[1] >> 12 | limbs[2] << 40;
	words[2] = limbs[2] >> 24 | limbs[3] << 28;
	words[3] = limbs[3] >> 36 | limbs[4] << 16;
	high = limbs[4] >> 48;
	for (i = 0; i < 4; i++) {
		unsigned __int128 rest = (unsigned __int128)words[i] - field->p[i] - borrow;

		less[i] = (u64)rest;
		borrow = (u64)(rest >> 64) & 1;
	}
	if (high >= borrow)
		memcpy(words, less, sizeof(less));
}

/* 1 / each of eight numbers, by one division. */
static void invert(const struct roll *roll, struct number *number)
{
	const struct field *field = &roll->comb->field;
	u64 words[LANES * 4], scratch[LANES * 4], limbs[LIMBS];
	u32 lane, i;

	for (lane = 0; lane < LANES; lane++)
		to_words(field, words + 4 * lane, number, lane);
	field_invert_all(field, words, scratch, LANES);
	for (lane = 0; lane < LANES; lane++) {
		field_mul(field, words + 4 * lane, words + 4 * lane, roll->ifma->radix);
		to_limbs(limbs, words + 4 * lane);
		for (i = 0; i < LIMBS; i++)
			((u64 *)&number->limb[i])[lane] = limbs[i];
	}
}

INLINE struct number broadcast(const u64 *words)
{
	struct number to;

	split(&to, _mm512_set1_epi64(words[0]), _mm512_set1_epi64(words[1]),
	      _mm512_set1_epi64(words[2]), _mm512_set1_epi64(words[3]));
	return to;
}

/* Which of eight new sums are the old ones and the target? Their lowest 52 bits tell. */
INLINE u32 fits(const struct roll_ifma *ifma, const struct number *new, const struct point *old,
		const u64 *target)
{
	const __m512i mask = _mm512_set1_epi64(MASK);
	struct number x = broadcast(target), y = broadcast(target + 4), rise, run, sum;
	__m512i low;
	u32 i;

	rise = difference(ifma, &y, &old->y, 3);
	carry(&rise);
	rise = square(ifma, &rise);
	run = difference(ifma, &x, &old->x, 3);
	carry(&run);
	run = square(ifma, &run);
#pragma GCC unroll 5
	for (i = 0; i < LIMBS; i++)
		sum.limb[i] = _mm512_add_epi64(_mm512_add_epi64(new->limb[i], old->x.limb[i]),
					       x.limb[i]);
	carry(&sum);
	sum = product(ifma, &sum, &run);
	/* both are below 2 p */
	low = _mm512_and_epi64(_mm512_sub_epi64(rise.limb[0], sum.limb[0]), mask);
	return _mm512_cmpeq_epi64_mask(low, _mm512_setzero_si512()) |
	       _mm512_cmpeq_epi64_mask(low, _mm512_set1_epi64(ifma->low[0])) |
	       _mm512_cmpeq_epi64_mask(low, _mm512_set1_epi64(ifma->low[1]));
}

static struct point *slot(const struct roll_pass *pass, u32 t)
{
	return (struct point *)((u8 *)pass->room + steps_size()) +
	       t % (pass->roll->len + 1) * (ROLL_LANES / LANES);
}

/* What is to be divided by is multiplied up over all stretches, to what is there already. */
TARGET_IFMA
static noinline void forwards(const struct roll_pass *pass, u32 t, u32 active, struct number *all)
{
	const struct roll_ifma *ifma = pass->roll->ifma;
	const u64 *table = comb_entry(pass->roll->comb, roll_digit(pass, t), 0);
	const struct point *old = slot(pass, t);
	struct step *step = pass->room;
	struct point part;
	u32 i;

	for (i = 0; i < active; i += LANES, step++, old++) {
		look_up(&part, table, pass->stretches + i, min(active - i, LANES), t);
		step->run = difference(ifma, &part.x, &old->x, 3);
		carry(&step->run);
		step->rise = difference(ifma, &part.y, &old->y, 3);
		carry(&step->rise);
		step->product = *all;
		*all = product(ifma, all, &step->run);
	}
}

/* The sums, from the last to the first. */
TARGET_IFMA
static noinline void backwards(const struct roll_pass *pass, u32 t, u32 active,
			       struct number *all)
{
	const struct roll_ifma *ifma = pass->roll->ifma;
	u32 nr = (active + LANES - 1) / LANES;
	const struct step *step = pass->room;
	const struct point *old = slot(pass, t);
	struct point *new = slot(pass, t + 1);
	struct number slope, part;

	while (nr--) {
		slope = product(ifma, all, &step[nr].product);
		*all = product(ifma, all, &step[nr].run);
		slope = product(ifma, &slope, &step[nr].rise);
		part = square(ifma, &slope);
		/* run is x of the table - x + 3 p */
		part = difference(ifma, &part, &step[nr].run, 4);
		part = difference(ifma, &part, &old[nr].x, 2);
		part = difference(ifma, &part, &old[nr].x, 2);
		settle(ifma, &part);
		new[nr].x = part;
		part = difference(ifma, &old[nr].x, &part, 3);
		carry(&part);
		part = product(ifma, &part, &slope);
		part = difference(ifma, &part, &old[nr].y, 4);
		settle(ifma, &part);
		new[nr].y = part;
	}
}

TARGET_IFMA
static noinline void compare(const struct roll_pass *pass, u32 t, u32 active)
{
	const struct roll *roll = pass->roll;
	u32 first = t + 1 - roll->len, i, j, bits;
	const struct point *new = slot(pass, t + 1), *old = slot(pass, first);

	for (j = 0; j < roll->nr; j++) {
		const u64 *target = roll->targets[j].points + 8 * roll_power(pass, t);

		for (i = 0; i < active; i += LANES) {
			bits = fits(roll->ifma, &new[i / LANES].x, &old[i / LANES], target);
			if (active - i < LANES)
				bits &= (1U << (active - i)) - 1;
			for (; bits; bits &= bits - 1)
				pass->hit(pass->arg, &pass->stretches[i + __builtin_ctz(bits)],
					  first, pass->reversed, roll->targets[j].question);
		}
	}
}

static void start(const struct roll_pass *pass)
{
	const struct roll_ifma *ifma = pass->roll->ifma;
	struct point *sums = slot(pass, 0);
	u64 limbs[2 * LIMBS];
	u32 i, j;

	to_limbs(limbs, ifma->start);
	to_limbs(limbs + LIMBS, ifma->start + 4);
	for (i = 0; i < pass->nr || i % LANES; i++)
		for (j = 0; j < 2 * LIMBS; j++)
			((u64 *)&sums[i / LANES])[LANES * j + i % LANES] = limbs[j];
}

/**
 * roll_ifma_run() - two ways through the same stretches
 * @pass:	what is looked for where, in either order; the roll is ready for this path
 */
void roll_ifma_run(const struct roll_pass *pass)
{
	const struct roll *roll = pass->roll;
	u32 active = pass->nr, t;
	struct number all;

	start(&pass[0]);
	start(&pass[1]);
	for (t = 0; (active = roll_active(pass, t, active)); t++) {
		all = roll->ifma->one;
		forwards(&pass[0], t, active, &all);
		forwards(&pass[1], t, active, &all);
		invert(roll, &all);
		backwards(&pass[1], t, active, &all);
		backwards(&pass[0], t, active, &all);
		if (t + 1 < roll->len)
			continue;
		compare(&pass[0], t, active);
		compare(&pass[1], t, active);
	}
}
#else
bool roll_ifma_fits(const struct roll *roll)
{
	(void)roll;
	return false;
}

struct roll_ifma *roll_ifma_new(struct roll *roll)
{
	(void)roll;
	return NULL;
}

size_t roll_ifma_room(const struct roll *roll)
{
	(void)roll;
	return 0;
}

void roll_ifma_run(const struct roll_pass *pass)
{
	(void)pass;
}
#endif
