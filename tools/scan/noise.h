/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Can bytes be random? Never a sighting by itself: it saves work on what cannot.
 */
#ifndef KREDACT_TOOLS_NOISE_H
#define KREDACT_TOOLS_NOISE_H

#include "platform.h"

bool noise_like(const u8 *bytes, u32 len);
bool noise_limbs(const u8 *bytes, u32 nr);

#endif /* KREDACT_TOOLS_NOISE_H */
