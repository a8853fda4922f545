/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Words of 64 bits, of which most others are told at once that they are none of them.
 */
#ifndef KREDACT_TOOLS_WORD_FILTER_H
#define KREDACT_TOOLS_WORD_FILTER_H

#include "platform.h"
#include "scan/simd.h"

#define WORD_FILTER_BATCH	64u	/* words that are asked about together, at most */

/**
 * struct word_filter - see above
 * @bits:	for each word three bits of one of these
 * @log:	log2 of how many
 * @level:	the path to take
 */
struct word_filter {
	u64 *bits;
	u32 log;
	enum simd level;
};

bool word_filter_init(struct word_filter *filter, u32 nr);
void word_filter_free(struct word_filter *filter);
void word_filter_add(struct word_filter *filter, u64 word);
u32 word_filter_stride(u32 most);
u64 word_filter_ask(const struct word_filter *filter, const u8 *at, u32 stride, u32 nr);

static inline u64 word_at(const u8 *bytes)
{
	u64 word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* Its first bits are as good as random. */
static inline u64 word_hash(u64 word)
{
	return (word ^ word >> 29) * 0x9e3779b97f4a7c15ULL;
}

#endif /* KREDACT_TOOLS_WORD_FILTER_H */
