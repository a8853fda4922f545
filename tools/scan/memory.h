/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that was not there. To OpenSSL an allocation that fails is an error like any other, as
 * that numbers do not belong together; so a key could be taken for none. A scan in whose process
 * one has failed says so.
 */
#ifndef KREDACT_TOOLS_MEMORY_H
#define KREDACT_TOOLS_MEMORY_H

#include "platform.h"

bool memory_watch(void);
void memory_lost(void);
bool memory_was_lost(void);

#endif /* KREDACT_TOOLS_MEMORY_H */
