/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sorting in place, O(n log n) on any input: qsort() of the C library takes memory,
 * and system calls that the sandbox does not have.
 */
#ifndef KREDACT_TOOLS_SORT_H
#define KREDACT_TOOLS_SORT_H

#include <stddef.h>

#include "platform.h"

/* Largest element. */
#define SORT_ELEMENT	256u

/* Does the element @a come after @b? */
typedef bool (*sort_after_fn)(const void *a, const void *b, const void *arg);

void sort_heap(void *at, size_t nr, size_t size, sort_after_fn after, const void *arg);

#endif /* KREDACT_TOOLS_SORT_H */
