/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private keys that are no secrets, since everybody has them: those that libraries test
 * themselves with, and examples of standards.
 */
#ifndef KREDACT_TOOLS_PUBLISHED_H
#define KREDACT_TOOLS_PUBLISHED_H

#include "platform.h"

bool published_init(void);
const char *published(const void *bytes, u32 len);

#endif /* KREDACT_TOOLS_PUBLISHED_H */
