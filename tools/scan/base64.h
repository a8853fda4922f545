/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keys in base64 that no line of PEM announces: in JSON, in a variable, or what is left of a
 * buffer. Bytes are one of three texts, by how many are before them, modulo three.
 */
#ifndef KREDACT_TOOLS_BASE64_H
#define KREDACT_TOOLS_BASE64_H

#include "needle.h"

#define BASE64_PHASES	3u

u32 base64_text(const u8 *bytes, u32 len, u32 phase, char *to);
void base64_hit(struct scan *scan, void *state, const struct window *window, u64 at,
		const struct needle *needle, u32 phase, u64 *budget);

#endif /* KREDACT_TOOLS_BASE64_H */
