/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Closed segments are compressed, and get an index. In kredact-logd a thread does it.
 */
#ifndef KREDACT_TOOLS_LOG_PACK_H
#define KREDACT_TOOLS_LOG_PACK_H

#include "segment.h"

int pack_segment(int dir, u64 number, struct complaint *why);
int pack_index(int dir, u64 number, int to, struct complaint *why);
int pack_reindex(int dir, u64 number, struct complaint *why);

struct packer;

struct packer *packer_start(int dir);
void packer_wake(struct packer *packer, u64 open_segment);
void packer_stop(struct packer *packer);

#endif /* KREDACT_TOOLS_LOG_PACK_H */
