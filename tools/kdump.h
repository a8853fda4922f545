/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reader of kernel dumps of the kdump family (diskdump, makedumpfile's formats, also
 * flattened), by libkdumpfile: physical memory becomes one input, the pages that the dump
 * does not have are holes in it.
 */
#ifndef KREDACT_TOOLS_KDUMP_H
#define KREDACT_TOOLS_KDUMP_H

#include "core.h"

struct kdump;

struct kdump *kdump_dump_new(void);
void kdump_dump_free(struct kdump *kdump);
int kdump_dump_open(struct kdump *kdump, int fd, struct input *in, struct complaint *why);
int kdump_dump_read(struct kdump *kdump, struct core *core, struct input *in,
		    struct complaint *why);

#endif /* KREDACT_TOOLS_KDUMP_H */
