/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A log for tests: takes lines as kredact-logd does, keeps them in a file, and can be full.
 */
#ifndef KREDACT_TESTS_LEDGER_H
#define KREDACT_TESTS_LEDGER_H

#include <sys/types.h>

#include "platform.h"

pid_t ledger_start(const char *socket, const char *file, bool full);
void ledger_stop(pid_t pid, const char *socket);
u32 ledger_count(const char *file, const char *event, const char *text);

#endif /* KREDACT_TESTS_LEDGER_H */
