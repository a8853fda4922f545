/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A child that reads what is hostile, and the parent that waits for it and holds nothing
 * of that. Whatever happens to the child is an exit status to the parent.
 */
#ifndef KREDACT_TOOLS_JAIL_H
#define KREDACT_TOOLS_JAIL_H

#include "progress.h"

#define JAIL_FILES	32u

/**
 * struct jail - what a child does
 * @run:	returns its exit status, 0 to 2; is to call sandbox_enter()
 * @arg:	first argument of @run; the second is its end of the socket of the broker
 * @files:	descriptors that the child keeps, besides standard output
 * @nr_files:	how many
 * @errors:	it keeps standard error as well
 */
struct jail {
	int (*run)(void *arg, int broker);
	void *arg;
	int files[JAIL_FILES];
	u32 nr_files;
	bool errors;
};

int jail_run(const struct jail *jail, struct progress *progress, struct complaint *why);

#endif /* KREDACT_TOOLS_JAIL_H */
