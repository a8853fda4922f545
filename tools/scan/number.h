/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Big numbers as libraries keep them: found by the headers in front of their limbs,
 * read through the segments, each different one once.
 */
#ifndef KREDACT_TOOLS_NUMBER_H
#define KREDACT_TOOLS_NUMBER_H

#include "scan.h"

#define NUMBER_LIMBS_MIN	4u		/* of the primes of RSA-512; curves have more */
#define NUMBER_LIMBS_MAX	256u
#define PLACES_MAX		(1u << 20)
#define PENDING_MAX		(1u << 18)
#define NUMBERS_MAX		(1u << 17)
#define POOL_MAX		(1u << 22)	/* limbs of all numbers: 32 MiB */

/* Headers, and whose they are. */
enum layout {
	LAYOUT_OPENSSL,		/* d, top | dmax, neg | flags; LibreSSL, BoringSSL, AWS-LC */
	LAYOUT_GMP,		/* alloc | size, d; nettle, GnuTLS */
	LAYOUT_GCRYPT,		/* alloced | nlimbs, sign | flags, d */
	LAYOUT_MBEDTLS2,	/* s, n, p */
	LAYOUT_MBEDTLS3,	/* p, s | n */
	LAYOUT_INLINE,		/* used, size or sign, then the limbs; wolfSSL, TomsFastMath */
};

/**
 * struct place - where a number is
 * @at:		its address, or its offset in the file if its layout is LAYOUT_INLINE
 * @limbs:	that the header says it has
 * @layout:	what header
 * @number:	of struct numbers, once it was read
 */
struct place {
	u64 at;
	u16 limbs;
	u8 layout;
	u32 number;
};

#define NONE	(~0u)

/**
 * struct number - a number
 * @first:	of its limbs in the pool, the lowest one
 * @limbs:	how many; the highest is not 0
 * @hash:	of its limbs
 * @secret:	what it was proven to be, or NULL
 * @question:	of whose private half it is a part
 */
struct number {
	u32 first;
	u16 limbs;
	u64 hash;
	const struct kind *secret;
	struct question *question;
};

/**
 * struct numbers - all of them
 * @places:	of headers that lead to a number
 * @nr_places:	how many
 * @pending:	addresses that were not read yet
 * @nr_pending:	how many
 * @lost:	those for which there was no room
 * @list:	the numbers
 * @nr:		how many
 * @slots:	1 + index in @list, by hash; 0: free
 * @pool:	limbs of them all
 * @used:	limbs in @pool
 */
struct numbers {
	struct place *places;
	u32 nr_places;
	struct place *pending;
	u32 nr_pending;
	u64 lost;
	struct number *list;
	u32 nr;
	u32 *slots;
	u64 *pool;
	u32 used;
};

/**
 * struct order - some of the numbers, by how many limbs they have
 * @list:	indices
 * @first:	in @list, of those with so many limbs
 */
struct order {
	u32 *list;
	u32 first[NUMBER_LIMBS_MAX + 2];
};

/* Is a number of interest? */
typedef bool (*number_fit_fn)(const u64 *limbs, u32 nr);

const char *number_layout(u32 layout);
u64 number_hash(const u64 *limbs, u32 nr);
bool numbers_init(struct numbers *all);
void numbers_free(struct numbers *all);
void numbers_add(struct numbers *all, const struct place *place, const u64 *limbs, u64 hash);
void numbers_read(struct numbers *all, struct scan *scan);
bool numbers_order(const struct numbers *all, number_fit_fn fits, struct order *order);
u32 numbers_find(const struct numbers *all, const u64 *limbs, u32 nr);
bool place_after(const void *a, const void *b, const void *arg);

static inline const u64 *number_limbs(const struct numbers *all, const struct number *number)
{
	return all->pool + number->first;
}

#endif /* KREDACT_TOOLS_NUMBER_H */
