/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The file that the kernel wrote a core to, found again.
 */
#ifndef KREDACT_TOOLS_COREFILE_H
#define KREDACT_TOOLS_COREFILE_H

#include <sys/stat.h>

#include "text.h"

/**
 * struct corefile - a core and its directory
 * @dir:	descriptor of the directory
 * @fd:		descriptor of the core, for reading
 * @name:	of the core in @dir; borrowed from the path that it was found by
 * @stat:	the core as it was when it was opened
 */
struct corefile {
	int dir;
	int fd;
	const char *name;
	struct stat stat;
};

int corefile_open(struct corefile *file, u32 dev, u64 ino, const char *path,
		  struct complaint *why);
void corefile_close(struct corefile *file);

#endif /* KREDACT_TOOLS_COREFILE_H */
