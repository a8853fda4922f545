// SPDX-License-Identifier: GPL-2.0
/*
 * What is not zero although it must be: see finding.h.
 */
#include "finding.h"

/* Counts what is not zero in [start, last], and keeps the first offsets. */
static int measure(struct finder *finder, struct finding *finding, u64 start, u64 last,
		   struct complaint *why)
{
	struct core *core = finder->core;
	u32 i = core_segment_from(core, start);

	for (; i < core->nr_segments && core->segments[i].vaddr <= last; i++) {
		const struct core_segment *segment = &core->segments[i];
		u64 from = max(start, segment->vaddr) - segment->vaddr;
		u64 end = min(last - segment->vaddr, segment->filesz - 1) + 1, part, j;
		const u8 *bytes;
		int error;

		for (; segment->filesz && from < end; from += part) {
			error = input_window(core->in, segment->offset + from, end - from, &bytes,
					     &part, why);
			if (error)
				return error;
			for (j = 0; bytes && j < part; j++) {
				u64 addr = segment->vaddr + from + j;

				if (!bytes[j])
					continue;
				if (!finding->dirty++) {
					finding->first = addr;
					finding->offset = segment->offset + from + j;
				}
				if (finding->nr_offsets < FINDING_OFFSETS)
					finding->offsets[finding->nr_offsets++] =
						addr - finding->range.addr;
			}
			if (bytes && part >= finder->budget) {
				finder->budget = 0;
				finding->dirty_more = true;
				return 0;
			}
			finder->budget -= bytes ? part : 0;
		}
	}
	return 0;
}

/**
 * finding_measure() - count what is not zero, and keep the first offsets
 * @finder:	its budget goes down
 * @finding:	@range set; takes the outcome
 * @start:	first byte that must be zero
 * @last:	last one
 * @why:	text of an error
 *
 * Only where zeros_check() saw something is it looked at again.
 *
 * Return: 0, -EIO.
 */
int finding_measure(struct finder *finder, struct finding *finding, u64 start, u64 last,
		    struct complaint *why)
{
	const struct spans places = { .at = (struct span *)finder->zeros->places,
				      .nr = finder->zeros->nr_places };
	u32 i = spans_find(&places, start);
	int error;

	for (; i < places.nr && places.at[i].start <= last; i++) {
		if (!finder->budget) {
			finding->dirty_more = true;
			return 0;
		}
		error = measure(finder, finding, max(start, places.at[i].start),
				min(last, places.at[i].last), why);
		if (error)
			return error;
	}
	return 0;
}
