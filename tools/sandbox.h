/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hostile input is parsed in a process that can do almost nothing.
 */
#ifndef KREDACT_TOOLS_SANDBOX_H
#define KREDACT_TOOLS_SANDBOX_H

#include "text.h"

int sandbox_privacy(struct complaint *why);
int sandbox_enter(const int *inputs, size_t nr, struct complaint *why);

#endif /* KREDACT_TOOLS_SANDBOX_H */
