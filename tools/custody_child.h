/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Custody as a child of kredactd: what happens to the one does not end the other.
 */
#ifndef KREDACT_TOOLS_CUSTODY_CHILD_H
#define KREDACT_TOOLS_CUSTODY_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "config.h"

/**
 * struct custody_child - the child
 * @pid:	of it, or -1
 * @config:	what it was told; NULL: there is to be none
 * @wait:	ticks until it is started again
 */
struct custody_child {
	pid_t pid;
	const struct config *config;
	unsigned int wait;
};

/* Have it do what a configuration says, which has to stay until the next call. */
void custody_child_set(struct custody_child *child, const struct config *config);

/* A child of this process has ended. */
void custody_child_reap(struct custody_child *child);

/* A second has gone by. */
void custody_child_tick(struct custody_child *child);

/* End it, and wait for that. */
void custody_child_end(struct custody_child *child);

#endif /* KREDACT_TOOLS_CUSTODY_CHILD_H */
