/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's events on their way to the audit log, in a child of kredactd: it may wait for
 * the log's disk, the daemon does not.
 */
#ifndef KREDACT_TOOLS_EVENT_CHILD_H
#define KREDACT_TOOLS_EVENT_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct event_child - the child
 * @pid:	of it, or -1
 * @socket:	of the log; NULL: there is to be none
 * @wait:	ticks until it is started again
 * @silent:	that there can be none was said
 */
struct event_child {
	pid_t pid;
	const char *socket;
	unsigned int wait;
	bool silent;
};

void event_child_set(struct event_child *child, const char *socket);
void event_child_reap(struct event_child *child);
void event_child_try(struct event_child *child);
void event_child_tick(struct event_child *child);
void event_child_end(struct event_child *child);
int event_forget(void);

#endif /* KREDACT_TOOLS_EVENT_CHILD_H */
