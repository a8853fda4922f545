/* SPDX-License-Identifier: GPL-2.0 */
/* Custody until a signal comes, for "kredact custody watch" and kredactd. */
#ifndef KREDACT_TOOLS_CUSTODY_WATCH_H
#define KREDACT_TOOLS_CUSTODY_WATCH_H

#include "../bpf/custody.h"

/**
 * custody_watch - record what is done to dumps, until SIGINT or SIGTERM
 * @opts:	what to watch; its sink is set here
 * @path:	file of the records, or NULL: standard output
 *
 * Blocks these signals, and says on standard error what goes wrong.
 *
 * Return: an exit status: 0, EXIT_FAILED, EXIT_CANNOT.
 */
int custody_watch(struct custody_opts *opts, const char *path);

#endif /* KREDACT_TOOLS_CUSTODY_WATCH_H */
