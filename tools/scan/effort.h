/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The time that a scan may take beyond one look at each byte. Who fills a dump with numbers that
 * look like keys could have a power computed for each of them, for days, and with letters that
 * look like the head of a key, the same letters read again for each. So what a scan computes and
 * reads again is counted, by what it takes and not by a clock, which would not say the same
 * twice; and a scan that would need more than is reasonable for its file leaves the rest, and
 * fails.
 */
#ifndef KREDACT_TOOLS_EFFORT_H
#define KREDACT_TOOLS_EFFORT_H

#include "platform.h"

/* Nanoseconds for any file; tests make it less. */
extern u64 effort_least;

void effort_begin(u64 size);
bool effort_spent(void);
bool effort_letters(u64 nr);
bool effort_schedules(u32 nr);
bool effort_division(void);
bool effort_product(u32 bits);
bool effort_power(u32 bits, u32 exponent);
bool effort_multiple(int nid);

#endif /* KREDACT_TOOLS_EFFORT_H */
