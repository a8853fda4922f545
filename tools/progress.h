/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How far it is, on standard error, for who waits.
 */
#ifndef KREDACT_TOOLS_PROGRESS_H
#define KREDACT_TOOLS_PROGRESS_H

#include "broker.h"

/**
 * struct progress - what is shown
 * @shown:	anything at all
 * @terminal:	one line, again and again; otherwise a line now and then
 * @name:	of the dump, escaped
 * @begun:	when the dump was begun, in nanoseconds
 * @stage:	what is being done
 * @stage_begun: since when
 * @drawn:	when something was shown, 0 if nothing was
 */
struct progress {
	bool shown;
	bool terminal;
	const char *name;
	u64 begun;
	u32 stage;
	u64 stage_begun;
	u64 drawn;
};

void progress_begin(struct progress *progress, bool always, bool never, const char *name);
void progress_update(struct progress *progress, const struct broker_progress *now);
void progress_end(struct progress *progress);

#endif /* KREDACT_TOOLS_PROGRESS_H */
