/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text made harmless for XML and HTML.
 */
#ifndef KREDACT_TOOLS_MARKUP_H
#define KREDACT_TOOLS_MARKUP_H

#include <stdio.h>

void markup_put(FILE *out, const char *text);

#endif /* KREDACT_TOOLS_MARKUP_H */
