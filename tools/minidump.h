/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reader of minidumps, as Breakpad and Crashpad write them (and Windows): a directory
 * of streams. All of it is little-endian.
 */
#ifndef KREDACT_TOOLS_MINIDUMP_H
#define KREDACT_TOOLS_MINIDUMP_H

#include "notes.h"

int minidump_read(struct core *core, struct complaint *why);
int minidump_notes(struct notes *notes, struct core *core, struct complaint *why);
bool minidump_mapping(struct core *core, u64 vaddr, char *name, size_t room);

#endif /* KREDACT_TOOLS_MINIDUMP_H */
