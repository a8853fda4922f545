/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The heap of glibc's main arena in a dump, if the dump proves that it is one.
 */
#ifndef KREDACT_TOOLS_HEAP_H
#define KREDACT_TOOLS_HEAP_H

#include "core.h"

#define HEAP_MARKS	4096u

/**
 * struct heap - what is known of it; zeroed before its first use
 * @segment:	the segment that was looked at last
 * @proven:	it is a heap
 * @marks:	chunks on the way through it
 * @nr_marks:	how many
 * @every:	chunks between two marks
 * @steps:	chunks that were looked at in all, so that a hostile dump cannot take our time
 */
struct heap {
	const struct core_segment *segment;
	bool proven;
	u64 marks[HEAP_MARKS];
	u32 nr_marks;
	u32 every;
	u64 steps;
};

/**
 * struct heap_chunk - what malloc() has handed out, or has got back
 * @start:	first address for its user
 * @len:	bytes for its user
 * @freed:	free() took it back; false is no proof that it did not (caches of threads)
 * @top:	the rest of the heap, which was not handed out
 */
struct heap_chunk {
	u64 start;
	u64 len;
	bool freed;
	bool top;
};

bool heap_find(struct heap *heap, struct core *core, const struct core_segment *segment, u64 vaddr,
	       struct heap_chunk *chunk);

#endif /* KREDACT_TOOLS_HEAP_H */
