/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module-free mode at work on the functions of a test: from store_open() on,
 * store_tag() and store_untag() tag and untag, in this process and in its children.
 */
#ifndef KREDACT_TEST_STORE_H
#define KREDACT_TEST_STORE_H

#include <stddef.h>

#include "free.h"

struct store;

/* NULL: what went wrong is in @why, and printed as a comment. */
struct store *store_open(const struct free_opts *opts, enum free_why *why);
struct free_mode *store_mode(struct store *s);
void store_close(struct store *s);

/* What is probed. */
void store_tag(void *addr, size_t len);
void store_untag(void *addr);

#endif /* KREDACT_TEST_STORE_H */
