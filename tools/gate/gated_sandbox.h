/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the half of kredact-gated that speaks HTTP may ask of the kernel.
 */
#ifndef KREDACT_TOOLS_GATED_SANDBOX_H
#define KREDACT_TOOLS_GATED_SANDBOX_H

#include "text.h"

int gated_sandbox_enter(struct complaint *why);

#endif /* KREDACT_TOOLS_GATED_SANDBOX_H */
