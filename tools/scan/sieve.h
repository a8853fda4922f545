/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The first look for needles: which places of a window may be the beginning of the few bytes
 * that one of them is known by? Many wrong places are told, no right one is left out.
 */
#ifndef KREDACT_TOOLS_SIEVE_H
#define KREDACT_TOOLS_SIEVE_H

#include "platform.h"
#include "simd.h"

#define SIEVE_BYTES	4u	/* that a needle is known by, at most */
#define SIEVE_GROUPS	16u
#define SIEVE_STEP	64u	/* places that are looked at at once */
#define SIEVE_PIECE	4096u	/* likewise, of one call */

/**
 * struct sieve - tables
 * @exact:	for each position and the low seven bits of a byte, groups that have it
 * @low:	for each position and low half of a byte, groups that have it, eight by eight
 * @high:	likewise, for high halves
 * @both:	there are more than eight groups
 * @way:	the path to take, which has its tables
 */
struct sieve {
	u8 exact[SIEVE_BYTES][128];
	u8 low[SIEVE_GROUPS / 8][SIEVE_BYTES][16];
	u8 high[SIEVE_GROUPS / 8][SIEVE_BYTES][16];
	bool both;
	enum simd way;
};

/**
 * struct grain - what one needle is known by
 * @bytes:	they
 * @nr:		how many, 1 to SIEVE_BYTES
 */
struct grain {
	const u8 *bytes;
	u32 nr;
};

u32 byte_frequency(u8 byte);
int sieve_fill(struct sieve *sieve, const struct grain *grains, u32 nr);
u32 sieve_places(const struct sieve *sieve, const u8 *bytes, u32 nr, u16 *places);

#endif /* KREDACT_TOOLS_SIEVE_H */
