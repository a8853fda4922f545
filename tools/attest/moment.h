/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Moments as RFC 3339 has them, in UTC and whole seconds: 2026-11-26T12:00:00Z.
 */
#ifndef KREDACT_TOOLS_MOMENT_H
#define KREDACT_TOOLS_MOMENT_H

#include "text.h"

#define MOMENT_LEN	20u	/* of the text */
#define MOMENT_SKEW	300u	/* seconds that two clocks may be apart */

void moment_text(char to[32], u64 seconds);
bool moment_parse(const char *text, u64 *seconds);
u64 moment_now(void);

#endif /* KREDACT_TOOLS_MOMENT_H */
