/* SPDX-License-Identifier: GPL-2.0 */
/* The key of the module. */
#ifndef KREDACT_TOOLS_KEY_H
#define KREDACT_TOOLS_KEY_H

#include "keyfile.h"

int key_install(const char *path, u8 *id, struct complaint *why);

#endif /* KREDACT_TOOLS_KEY_H */
