/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Does this look like random bytes? Never a sighting by itself: it says what a key
 * that a structure has confirmed is not.
 */
#ifndef KREDACT_TOOLS_RANDOM_H
#define KREDACT_TOOLS_RANDOM_H

#include "platform.h"

bool looks_random(const u8 *bytes, u32 len);

#endif /* KREDACT_TOOLS_RANDOM_H */
