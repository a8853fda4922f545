/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Giving up privileges.
 */
#ifndef KREDACT_CAPTURE_CELL_H
#define KREDACT_CAPTURE_CELL_H

#include <sys/types.h>

#include "text.h"

void cell_close_others(const int *keep, u32 nr);
int cell_enter(uid_t uid, gid_t gid, struct complaint *why);
int cell_keep_capabilities(u64 keep, struct complaint *why);

#endif /* KREDACT_CAPTURE_CELL_H */
