/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text in UTF-16, as runtimes of Java, .NET and JavaScript keep it: narrowed, and shown to the
 * detectors that have needles.
 */
#ifndef KREDACT_TOOLS_WIDE_H
#define KREDACT_TOOLS_WIDE_H

#include "needle.h"

void wide_look(const struct needles *set, struct scan *scan, const struct window *window);

#endif /* KREDACT_TOOLS_WIDE_H */
