/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a file or a pipe into a spool, unpacked.
 */
#ifndef KREDACT_TOOLS_UNPACK_H
#define KREDACT_TOOLS_UNPACK_H

#include "magic.h"
#include "spool.h"

int unpack(int fd, bool regular, u64 size, struct spool *spool, enum magic *packed,
	   struct complaint *cut, struct complaint *why);

#endif /* KREDACT_TOOLS_UNPACK_H */
