/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flattened files, as makedumpfile -F sends them through a pipe: pieces of a file, each
 * with the offset where it belongs. Put in order they are an input.
 */
#ifndef KREDACT_TOOLS_FLAT_H
#define KREDACT_TOOLS_FLAT_H

#include "input.h"

struct flat;

bool flat_is(struct input *file);
struct flat *flat_new(void);
void flat_free(struct flat *flat);
int flat_open(struct flat *flat, struct input *file, struct input *in, struct complaint *why);

#endif /* KREDACT_TOOLS_FLAT_H */
