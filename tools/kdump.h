/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reader of kernel dumps of the kdump family: diskdump, and what makedumpfile makes of
 * it. Physical memory becomes one input, the pages that the dump does not have are holes.
 *
 * libkdumpfile 0.5 is not used: it takes a dump that was cut off for a whole one, in which
 * there are zeros, and it reads from a plain file only.
 */
#ifndef KREDACT_TOOLS_KDUMP_H
#define KREDACT_TOOLS_KDUMP_H

#include "core.h"

struct kdump;

struct kdump *kdump_new(void);
void kdump_free(struct kdump *kdump);
int kdump_open(struct kdump *kdump, struct input *file, u64 most, struct input *in,
	       struct complaint *why);
struct input *kdump_info(struct kdump *kdump, u64 *offset, u64 *len);
int kdump_read(struct kdump *kdump, struct core *core, struct input *in, struct complaint *why);

#endif /* KREDACT_TOOLS_KDUMP_H */
