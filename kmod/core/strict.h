/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Strict mode: of a page of memory, only what walking stacks needs is kept.
 *
 * These are words that point into the memory of the process (return addresses, frame
 * pointers, the list of loaded objects), small numbers, and the names of the objects
 * that are loaded, which the core tells in a note anyway. All else becomes zero.
 */
#ifndef KREDACT_CORE_STRICT_H
#define KREDACT_CORE_STRICT_H

#include "platform.h"

#define KR_STRICT_PAGE		4096u

/* Numbers between -KR_STRICT_SMALL and KR_STRICT_SMALL, exclusive, are kept. */
#define KR_STRICT_SMALL		65536

/* Names in one page; those after them are not kept. */
#define KR_STRICT_PAGE_NAMES	128u

/* A bit for each hash of how a file name begins. */
#define KR_STRICT_FILTER_BITS	1024u

/**
 * struct kr_extent - memory of the process
 * @from:	first byte
 * @to:		behind the last one
 */
struct kr_extent {
	u64 from;
	u64 to;
};

/**
 * struct kr_strict - what is kept
 * @extents:	by address; no two of them touch; given by the caller
 * @nr_extents:	how many
 * @max_extents: room for them
 * @word:	bytes of a word: 8, or 4
 * @names:	paths of files, each with its NUL; given by the caller
 * @names_len:	bytes of them
 * @max_names:	room for them
 * @filter:	by hash: some file name begins so
 */
struct kr_strict {
	struct kr_extent *extents;
	u32 nr_extents;
	u32 max_extents;
	u32 word;
	char *names;
	u32 names_len;
	u32 max_names;
	u64 filter[KR_STRICT_FILTER_BITS / 64];
};

void kr_strict_init(struct kr_strict *strict, u32 word, struct kr_extent *extents,
		    u32 max_extents, char *names, u32 max_names);
int kr_strict_add(struct kr_strict *strict, u64 from, u64 to);
int kr_strict_add_name(struct kr_strict *strict, const char *path, u32 len);
bool kr_strict_is_address(const struct kr_strict *strict, u64 value);
u32 kr_strict_page(const struct kr_strict *strict, u8 *page);

#endif /* KREDACT_CORE_STRICT_H */
