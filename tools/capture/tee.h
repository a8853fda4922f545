/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Another handler of cores behind this one: it gets the same bytes and arguments.
 */
#ifndef KREDACT_CAPTURE_TEE_H
#define KREDACT_CAPTURE_TEE_H

#include <sys/types.h>

#include "crash.h"
#include "settings.h"

int tee_start(const struct settings *settings, const struct specifiers *specifiers, pid_t *pid,
	      struct complaint *why);
void tee_wait(pid_t pid, u64 seconds, struct complaint *why);

#endif /* KREDACT_CAPTURE_TEE_H */
