/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The addresses that must be zero in a core, and the check that they are.
 */
#ifndef KREDACT_TOOLS_RANGES_H
#define KREDACT_TOOLS_RANGES_H

#include "core.h"

/* Most spans after merging: as many ranges as the module can hold in one process. */
#define SPANS_MAX	(1u << 22)

/* Most dirty places that are told apart; further ones extend the last. */
#define DIRTY_MAX	4096u

/**
 * struct span - addresses from @start to @last
 * @start:	first byte
 * @last:	last byte
 */
struct span {
	u64 start;
	u64 last;
};

/**
 * struct spans - a set of addresses
 * @at:		after spans_sort() ascending, and neither overlapping nor touching
 * @nr:		how many
 * @room:	how many @at has room for
 * @unsorted:	spans_sort() has work to do
 */
struct spans {
	struct span *at;
	u32 nr;
	u32 room;
	bool unsorted;
};

/**
 * struct zeros - outcome of a check
 * @bytes:	in the set
 * @zero:	of those, bytes of the dump that are zero
 * @absent:	bytes that the dump does not have
 * @dirty:	bytes that are not zero
 * @places:	where those are
 * @nr_places:	entries in @places
 */
struct zeros {
	u64 bytes;
	u64 zero;
	u64 absent;
	u64 dirty;
	struct span places[DIRTY_MAX];
	u32 nr_places;
};

int spans_add(struct spans *spans, u64 start, u64 last, struct complaint *why);
int spans_add_memory(struct spans *spans, const struct core *core, u64 start, u64 last,
		     struct complaint *why);
void spans_sort(struct spans *spans);
u32 spans_find(const struct spans *spans, u64 addr);
bool spans_touch(const struct spans *spans, u64 start, u64 last);
void spans_free(struct spans *spans);

int zeros_check(struct zeros *zeros, const struct spans *spans, struct core *core,
		struct complaint *why);

#endif /* KREDACT_TOOLS_RANGES_H */
