/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The map of a core that has no headers.
 */
#ifndef KREDACT_TESTS_MAPPED_H
#define KREDACT_TESTS_MAPPED_H

#include <stdlib.h>

#include "core.h"

/* Segments of a 64-bit process in a file of @size bytes; core_close() releases them. */
static inline void core_map(struct core *core, const struct core_segment *segments, u32 nr,
			    u64 size)
{
	static struct input in;
	struct complaint why;
	u32 i;

	in.size = size;
	*core = (struct core){ .in = &in, .is64 = true };
	for (i = 0; i < nr; i++)
		if (core_add(core, &segments[i], &why))
			abort();
	if (core_settle(core, false, &why))
		abort();
}

#endif /* KREDACT_TESTS_MAPPED_H */
