/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sweep: every byte of a file once, in windows, by several threads.
 */
#ifndef KREDACT_TOOLS_SWEEP_H
#define KREDACT_TOOLS_SWEEP_H

#include "scan.h"

#define SWEEP_CHUNK	(4u << 20)	/* bytes that a thread takes at once */
#define SWEEP_WINDOW	(512u << 10)	/* bytes that it reads and looks at at once */

struct sweep;

/* Looks at a window; called by several threads. */
typedef void (*sweep_look_fn)(void *arg, const struct window *window);

struct sweep *sweep_new(u32 threads);
void sweep_free(struct sweep *sweep);
void sweep_start(struct sweep *sweep);
int sweep_run(struct sweep *sweep, struct input *in, const struct core *core, sweep_look_fn look,
	      void *arg, struct complaint *why);
int sweep_read(struct input *in, u64 offset, u8 *to, u64 len, struct complaint *why);

#endif /* KREDACT_TOOLS_SWEEP_H */
