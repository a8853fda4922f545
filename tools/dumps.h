/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The dumps that the command line names: files, standard input, and all that is in
 * directories, such as the stores of systemd-coredump, apport, ABRT, kdump or Crashpad.
 */
#ifndef KREDACT_TOOLS_DUMPS_H
#define KREDACT_TOOLS_DUMPS_H

#include "text.h"

/* Most dumps of one run. */
#define DUMPS_MAX	(1u << 20)

/**
 * struct dumps - names
 * @paths:	their names; "-" is standard input
 * @nr:		how many
 * @several:	there may be several of them, even if there are not
 * @passed_over: files in directories that are no dumps
 * @failed:	what could not be looked at
 */
struct dumps {
	char **paths;
	u32 nr;
	bool several;
	u64 passed_over;
	u64 failed;
};

int dumps_add(struct dumps *dumps, const char *path, struct complaint *why);
void dumps_free(struct dumps *dumps);
int dumps_open(const char *path, struct complaint *why);

#endif /* KREDACT_TOOLS_DUMPS_H */
