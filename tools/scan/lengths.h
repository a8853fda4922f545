/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lengths of keys, as programs keep them before their keys: 64 bits, aligned, 32, 48, 56 or 57.
 *
 * They are the only thing to hold on to in structures that have no literal. As needles
 * they would be worst: they consist of zeros. So detectors are told of them, all in one pass.
 */
#ifndef KREDACT_TOOLS_LENGTHS_H
#define KREDACT_TOOLS_LENGTHS_H

#include "scan.h"

/* Takes a place at which a length of @len is. */
typedef void (*length_fn)(void *arg, const struct window *window, u64 at, u64 len);

void lengths_look(const struct scan *scan, const struct window *window, length_fn found,
		  void *arg);

#endif /* KREDACT_TOOLS_LENGTHS_H */
