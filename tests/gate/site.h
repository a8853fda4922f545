/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A site for tests of the gate: dumps, keys, folders and a policy, in a folder of its own.
 */
#ifndef KREDACT_TESTS_SITE_H
#define KREDACT_TESTS_SITE_H

#include "forge.h"

#define SITE_LABEL	"ec scalar"

void site_make(char *folder);
void site_reset(void);
void site_policy(const char *more, const char *who);
const char *site_user(void);
const char *site_group(void);
bool same_file(const char *a, const char *b);
bool exists(const char *path);

#endif /* KREDACT_TESTS_SITE_H */
