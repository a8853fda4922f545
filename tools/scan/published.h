/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private keys that are no secrets, since everybody has them: those that libraries test
 * themselves with, and examples of standards.
 */
#ifndef KREDACT_TOOLS_PUBLISHED_H
#define KREDACT_TOOLS_PUBLISHED_H

#include "question.h"

bool published_init(void);
void *published_open(struct scan *scan, struct complaint *why);
const char *published(const void *bytes, u32 len);
bool published_question(const struct question *question);
const struct kind *published_kind(const struct question *question, const struct kind *kind);

#endif /* KREDACT_TOOLS_PUBLISHED_H */
