/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fingerprints: by them who has the auditor's key finds copies of secrets in a dump without
 * the secrets. Documentation/seal-format.rst says what they are, and threat-model.rst what
 * they tell to whom.
 *
 * A secret is cut into pieces of 32 bytes that do not overlap; what has 16 to 31 bytes is a
 * block of 16. Each has a tag, a keyed hash of the whole of it, so that nobody can guess a
 * part of it and see that the guess is right. That alone would be slow to search for, at each
 * byte of a dump; so each of the 17 windows of 16 bytes in a piece sets one bit in a bitmap,
 * and it is enough to ask about one window in 17. The bitmap is small: that a bit is set
 * tells little.
 *
 * The hash is H(x) = AES-128(x) ^ x, of blocks of 16 bytes, with one key for windows and
 * another one for tags. A window and its reverse have the same one, and so do a piece and its
 * reverse: copies in reverse order are found as well.
 */
#ifndef KREDACT_CORE_PRINTS_H
#define KREDACT_CORE_PRINTS_H

#include <linux/kredact_seal.h>

#include "hunt.h"

#define KR_BLOCK	16u
#define KR_PIECE	32u
#define KR_WINDOWS	(KR_PIECE - KR_BLOCK + 1)

/* Of the bitmap, for each piece: one bit in four or five is set. */
#define KR_PIECE_BITS	64u

/* Derives the keys, by HMAC-SHA-256 under the key of seals: for windows, then for tags. */
#define KR_PRINTS_USE	"kredact fingerprints"
#define KR_PRINTS_KEY	16u

/**
 * struct kr_block - 16 bytes, as two little-endian words
 * @low:	the first eight of them
 * @high:	the others
 */
struct kr_block {
	u64 low;
	u64 high;
};

/**
 * struct kr_hasher - what fingerprints are made with
 * @encrypt:	AES-128 of @nr blocks, each by itself, under the key for windows or for tags
 * @arg:	its first argument
 * @in:		room to work in; the caller wipes it, and the next
 * @out:	likewise
 */
struct kr_hasher {
	void (*encrypt)(void *arg, bool tags, struct kr_block *blocks, u32 nr);
	void *arg;
	struct kr_block in[KR_WINDOWS];
	struct kr_block out[KR_WINDOWS];
};

/**
 * struct kr_prints - a set of fingerprints
 * @bytes:	of secrets that have fingerprints
 * @missing:	of those in the index that have none
 * @pieces:	how many
 * @blocks:	how many
 * @bits:	of @bitmap
 * @prints:	of pieces, then of blocks; already little-endian
 * @bitmap:	bit n is bit n % 8 of byte n / 8
 */
struct kr_prints {
	u64 bytes;
	u64 missing;
	u32 pieces;
	u32 blocks;
	u32 bits;
	struct kredact_seal_print *prints;
	u8 *bitmap;
};

size_t kr_prints_measure(struct kr_prints *prints, const struct kr_hunt *hunt, size_t most);
void kr_prints_make(struct kr_prints *prints, const struct kr_hunt *hunt, void *memory,
		    struct kr_hasher *hasher);

static inline u64 kr_word(const u8 *at)
{
	__le64 word;

	memcpy(&word, at, sizeof(word));
	return le64_to_cpu(word);
}

/* Of 16 bytes and their reverse, the one that is hashed: one comparison tells. */
static inline struct kr_block kr_block_canon(u64 low, u64 high)
{
	u64 reverse = __builtin_bswap64(high);

	return low <= reverse ? (struct kr_block){ low, high } :
				(struct kr_block){ reverse, __builtin_bswap64(low) };
}

static inline struct kr_block kr_block_at(const u8 *at)
{
	return kr_block_canon(kr_word(at), kr_word(at + 8));
}

/* The two blocks of a piece, or of its reverse. */
static inline void kr_piece_at(const u8 *at, struct kr_block *first, struct kr_block *second)
{
	u64 a = kr_word(at), b = kr_word(at + 8), c = kr_word(at + 16), d = kr_word(at + 24);
	u64 last = __builtin_bswap64(d), before = __builtin_bswap64(c);

	if (a < last || (a == last && b <= before)) {
		*first = (struct kr_block){ a, b };
		*second = (struct kr_block){ c, d };
	} else {
		*first = (struct kr_block){ last, before };
		*second = (struct kr_block){ __builtin_bswap64(b), __builtin_bswap64(a) };
	}
}

/* The bit of a window, of its hash. */
static inline u32 kr_window_bit(u64 low, u32 bits)
{
	return (low & 0xffffffff) * bits >> 32;
}

#endif /* KREDACT_CORE_PRINTS_H */
