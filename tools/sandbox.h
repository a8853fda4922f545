/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hostile input is parsed in a process that can do almost nothing.
 */
#ifndef KREDACT_TOOLS_SANDBOX_H
#define KREDACT_TOOLS_SANDBOX_H

#include "text.h"

#define SANDBOX_INPUTS		4u
#define SANDBOX_OUTPUTS		20u

/**
 * struct sandbox - what remains
 * @inputs:	files that can be read and sought
 * @nr_inputs:	how many
 * @outputs:	files that can be written to, at their end or anywhere; standard output and
 *		standard error always can
 * @nr_outputs:	how many
 * @resolver:	a socket to one who can be asked for symbols, or -1
 */
struct sandbox {
	int inputs[SANDBOX_INPUTS];
	u32 nr_inputs;
	int outputs[SANDBOX_OUTPUTS];
	u32 nr_outputs;
	int resolver;
};

int sandbox_privacy(struct complaint *why);
int sandbox_enter(const struct sandbox *sandbox, struct complaint *why);

#endif /* KREDACT_TOOLS_SANDBOX_H */
