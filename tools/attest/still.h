/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file that is not to change while it is read: a watch over it.
 */
#ifndef KREDACT_TOOLS_STILL_H
#define KREDACT_TOOLS_STILL_H

#include <sys/stat.h>

#include "text.h"

/**
 * struct still - a watch over a file; private but for @leased
 * @fd:		the file, borrowed
 * @leased:	a lease is held: the kernel lets no one write
 * @before:	what it was like
 */
struct still {
	int fd;
	bool leased;
	struct stat before;
};

int still_begin(struct still *still, int fd, bool own, struct complaint *why);
bool still_end(struct still *still, struct complaint *change);

#endif /* KREDACT_TOOLS_STILL_H */
