/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is not zero although it must be: where, and how much of it.
 */
#ifndef KREDACT_TOOLS_FINDING_H
#define KREDACT_TOOLS_FINDING_H

#include "ranges.h"
#include "seal_reader.h"

#define FINDING_OFFSETS	4u

/**
 * struct finding - a registered range, or a copy, that is not zero
 * @range:	as in the seal; of a copy, @addr and @last may be offsets in the file
 * @copy_flags:	KREDACT_COPY_*, of a copy
 * @frame:	it is of frames of a machine: addresses are physical, and there is no handle
 * @label:	its label, or NULL
 * @dirty:	bytes that are not zero in what must be
 * @dirty_more:	there may be more: counting was given up
 * @first:	address of the first of them
 * @offset:	where that is in the file
 * @offsets:	the first ones, counted from @range.addr (negative: earlier in its page)
 * @nr_offsets:	entries in @offsets
 * @mapping:	escaped name of the mapped file, or empty
 */
struct finding {
	struct seal_range range;
	u32 copy_flags;
	bool frame;
	const struct seal_label *label;
	u64 dirty;
	bool dirty_more;
	u64 first;
	u64 offset;
	int64_t offsets[FINDING_OFFSETS];
	u32 nr_offsets;
	char mapping[256];
};

/**
 * struct finder - what findings are measured with
 * @core:	sound
 * @zeros:	from zeros_check() of it: where to look again
 * @budget:	bytes that may be read again
 */
struct finder {
	struct core *core;
	const struct zeros *zeros;
	u64 budget;
};

int finding_measure(struct finder *finder, struct finding *finding, u64 start, u64 last,
		    struct complaint *why);

#endif /* KREDACT_TOOLS_FINDING_H */
