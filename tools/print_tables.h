/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fingerprints of a seal, for who looks things up in them.
 */
#ifndef KREDACT_TOOLS_PRINT_TABLES_H
#define KREDACT_TOOLS_PRINT_TABLES_H

#include "prints.h"
#include "seal_reader.h"

/* One fingerprint. */
struct print {
	u64 tag;
	u64 owner;
};

/**
 * struct print_table - fingerprints in the order of their tags
 * @prints:	they themselves
 * @nr:		how many
 */
struct print_table {
	struct print *prints;
	u32 nr;
};

/**
 * struct print_tables - those of a seal
 * @bits:	of @bitmap, a multiple of 64
 * @bitmap:	of windows
 * @pieces:	of 32 bytes
 * @blocks:	of 16 bytes
 * @filter:	by the last bits of a tag: 1 if it may be of a block
 * @filter_bits: log2 of its bits
 */
struct print_tables {
	u32 bits;
	u8 *bitmap;
	struct print_table pieces;
	struct print_table blocks;
	u8 *filter;
	u32 filter_bits;
};

int print_tables_load(struct print_tables *tables, const struct seal *seal, struct complaint *why);
void print_tables_free(struct print_tables *tables);
const struct print *print_find(const struct print_table *table, u64 tag);

/* May this hash be of a window of a piece? */
static inline bool print_is_known(const struct print_tables *tables, u64 low)
{
	u32 bit = kr_window_bit(low, tables->bits);

	return tables->bitmap[bit / 8] >> bit % 8 & 1;
}

static inline u32 print_filter_bit(const struct print_tables *tables, u64 tag)
{
	return tag & ((1u << tables->filter_bits) - 1);
}

/* May this tag be of a block? */
static inline bool print_may_be_block(const struct print_tables *tables, u64 tag)
{
	u32 bit = print_filter_bit(tables, tag);

	return tables->filter[bit / 8] >> bit % 8 & 1;
}

#endif /* KREDACT_TOOLS_PRINT_TABLES_H */
