/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Is the private scalar of a point anywhere in a stretch of bytes, at whatever byte?
 *
 * All bytes of a stretch are digits of one number. R[t] is the sum of its first t digits,
 * each times its power of 256, times the generator: one addition for each byte. The bytes
 * from j on are the scalar of a point T if R[j + len] is R[j] + 256^j * T, which three
 * multiplications tell for each T.
 */
#ifndef KREDACT_TOOLS_ROLL_H
#define KREDACT_TOOLS_ROLL_H

#include <pthread.h>

#include "comb.h"
#include "question.h"

#define ROLL_LENGTH	320u	/* bytes of a stretch, at most: each has a table of 256 points */
#define ROLL_LANES	1024u	/* stretches at a time: they share a division for each byte */
#define ROLL_BITS	8u

/**
 * struct stretch - bytes that scalars may begin in
 * @bytes:	they
 * @at:		index of the first one in its window
 * @len:	how many; a scalar begins at the first, and one ends at the last
 */
struct stretch {
	const u8 *bytes;
	u64 at;
	u32 len;
};

/**
 * struct roll_target - a point
 * @question:	whose
 * @points:	256^j times it, and what the table adds for the digits from j on, for each j
 */
struct roll_target {
	struct question *question;
	u64 *points;
};

struct roll_ifma;

/**
 * struct roll - what is the same for all stretches
 * @curve:	which
 * @comb:	its table
 * @targets:	the points
 * @nr:		how many
 * @len:	bytes of a scalar
 * @ifma:	with IFMA: constants; then @comb's table, its shift and all @points are in the form
 *		that it needs. NULL: the portable path
 * @rooms:	memory that no thread uses just now
 * @lock:	guards @rooms
 */
struct roll {
	const struct curve *curve;
	struct comb *comb;
	struct roll_target *targets;
	u32 nr;
	u32 len;
	struct roll_ifma *ifma;
	void *rooms;
	pthread_mutex_t lock;
};

/**
 * typedef roll_hit_fn - the bytes of a stretch may be a scalar
 * @arg:	the caller's
 * @stretch:	which
 * @at:		first byte of the scalar in it
 * @reversed:	the highest byte is the first
 * @question:	whose
 *
 * Once in 2^50 it is none.
 */
typedef void (*roll_hit_fn)(void *arg, const struct stretch *stretch, u32 at, bool reversed,
			    struct question *question);

/**
 * struct roll_pass - one way through some stretches
 * @roll:	by what
 * @room:	sums: for each of the last @roll->len + 1 digits, all stretches
 * @stretches:	they, the longest first
 * @nr:		how many, at most ROLL_LANES
 * @reversed:	the highest byte is the first
 * @hit:	is called for what may be a scalar
 * @arg:	its first argument
 */
struct roll_pass {
	struct roll *roll;
	void *room;
	const struct stretch *stretches;
	u32 nr;
	bool reversed;
	roll_hit_fn hit;
	void *arg;
};

struct roll *roll_new(const struct curve *curve, u32 targets);
void roll_free(struct roll *roll);
bool roll_add(struct roll *roll, struct question *question);
bool roll_prepare(struct roll *roll);
bool roll_run(struct roll *roll, struct stretch *stretches, u32 nr, roll_hit_fn hit, void *arg);

/* Of the pass: the digit whose table byte @t needs, and the power of a scalar that ends there. */
static inline u32 roll_digit(const struct roll_pass *pass, u32 t)
{
	return pass->reversed ? ROLL_LENGTH - 1 - t : t;
}

static inline u32 roll_power(const struct roll_pass *pass, u32 t)
{
	return pass->reversed ? ROLL_LENGTH - 1 - t : t + 1 - pass->roll->len;
}

/* Stretches that have byte @t: the first ones. */
static inline u32 roll_active(const struct roll_pass *pass, u32 t, u32 before)
{
	while (before && pass->stretches[before - 1].len <= t)
		before--;
	return before;
}

/* The byte at @t; what is told of a stretch behind its end is not asked for. */
static inline u8 roll_byte(const struct stretch *stretch, u32 t)
{
	return stretch->bytes[min(t, stretch->len - 1)];
}

/* With AVX-512 IFMA: primes of 256 bits. */
bool roll_ifma_fits(const struct roll *roll);
struct roll_ifma *roll_ifma_new(struct roll *roll);
size_t roll_ifma_room(const struct roll *roll);
void roll_ifma_run(const struct roll_pass *pass);

#endif /* KREDACT_TOOLS_ROLL_H */
