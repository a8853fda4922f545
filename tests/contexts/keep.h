/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs keep_LIBRARY have in common, in whose dumps kredact-verify is to find
 * cipher contexts and sessions.
 *
 * Each makes random keys, hands them to its library, keeps the contexts, erases what it
 * has of the keys itself, says what is to be found, and sleeps. It knows nothing of kredact.
 */
#ifndef CONTEXTS_KEEP_H
#define CONTEXTS_KEEP_H

#include <stdbool.h>
#include <stddef.h>

/* Random bytes; they are from the kernel, so that no generator of a library is needed. */
void keep_random(void *to, size_t len);

/* So many pieces are to be found whose kind and detail are these; all are keys, or none. */
void keep_expect(unsigned int nr, const char *kind, const char *detail);

/* Ends the program with a message if @good is not so. */
void keep_need(bool good, const char *what);

/* Memory that is kept. */
void *keep_new(size_t len);

/* Says what is expected, and sleeps for good. */
_Noreturn void keep_sleep(void);

#endif /* CONTEXTS_KEEP_H */
