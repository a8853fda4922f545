/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where that which cannot be read at random (what is packed, a pipe) is kept while it is
 * audited: an unlinked file, encrypted with a key that only the memory of this process
 * has, so that no secret of a dump reaches a disk. Pages of zeros become holes.
 */
#ifndef KREDACT_TOOLS_SPOOL_H
#define KREDACT_TOOLS_SPOOL_H

#include "input.h"

struct spool;

struct spool *spool_new(u64 most, struct complaint *why);
void spool_free(struct spool *spool);
int spool_fd(const struct spool *spool);
u64 spool_file_max(const struct spool *spool);
int spool_add(struct spool *spool, const void *bytes, size_t len, struct complaint *why);
int spool_input(struct spool *spool, struct input *in, struct complaint *why);

#endif /* KREDACT_TOOLS_SPOOL_H */
