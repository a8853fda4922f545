/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes that are recognised wherever they are: each word of 8 bytes tells which kind of
 * memory it was written to, and where there. Any 16 successive bytes have a whole word in
 * them. No program has such words in its file or its constants.
 */
#ifndef PANIC_PATTERN_H
#define PANIC_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

/* Kinds of memory. */
#define KIND_CONTROL	1	/* not registered: all of it has to be found */
#define KIND_PINNED	2	/* registered, and pinned */
#define KIND_UNPINNED	3	/* registered with KREDACT_NOPIN */
#define KIND_SECRETMEM	4	/* a registered memfd_secret */
#define KIND_HUGE	5	/* registered, in a huge page */
#define KIND_CHILD	6	/* of a child that was forked after the registration */
#define KIND_CHURN	7	/* registered by threads that never rest */
#define KIND_KEY	8	/* the key of seals */
#define KIND_POISON	9	/* registered, one of its pages bad */
#define KINDS		10

/* Pages of each kind. */
#define PINNED_PAGES	10000u
#define OTHER_PAGES	64u
#define HUGE_PAGES	512u
/* Those of which one is bad. */
#define POISON_PAGES	4u
/* Threads that register and unregister a page each. */
#define CHURN_THREADS	3u

/* Bytes of the key of seals. */
#define KEY_BYTES	32u

#define PATTERN_MARK	0xc69bu		/* the first two bytes of each word */
#define PATTERN_MASK	((1ull << 48) - 1)
#define PATTERN_A	0x5851f42d4c95ull
#define PATTERN_B	0x2545f4914f6dull
#define PATTERN_KIND	44

static inline uint64_t pattern_word(uint64_t kind, uint64_t index)
{
	uint64_t x = kind << PATTERN_KIND | index;

	x = x * PATTERN_A & PATTERN_MASK;
	x ^= x >> 23;
	x = x * PATTERN_B & PATTERN_MASK;
	return x << 16 | PATTERN_MARK;
}

/* The inverse of an odd number, modulo 2^64. */
static inline uint64_t pattern_inverse(uint64_t odd)
{
	uint64_t x = odd;
	int i;

	for (i = 0; i < 5; i++)
		x *= 2 - odd * x;
	return x;
}

/* What a word says; false if it is none. */
static inline bool pattern_decode(uint64_t word, unsigned int *kind, uint64_t *index)
{
	uint64_t x = word >> 16;

	if ((word & 0xffff) != PATTERN_MARK)
		return false;
	x = x * pattern_inverse(PATTERN_B) & PATTERN_MASK;
	x ^= x >> 23 ^ x >> 46;
	x = x * pattern_inverse(PATTERN_A) & PATTERN_MASK;
	*kind = x >> PATTERN_KIND;
	*index = x & ((1ull << PATTERN_KIND) - 1);
	return *kind && *kind < KINDS && *index < 1ull << 24;
}

/* Fills memory word by word: no copy is left in vector registers, or in a buffer. */
static inline void pattern_fill(volatile uint64_t *to, uint64_t words, uint64_t kind,
				uint64_t index)
{
	uint64_t i;

	for (i = 0; i < words; i++)
		to[i] = pattern_word(kind, index + i);
}

#endif /* PANIC_PATTERN_H */
