/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Words for the values of a policy (struct kredact_policy).
 */
#ifndef KREDACT_TOOLS_SETTING_H
#define KREDACT_TOOLS_SETTING_H

#include "platform.h"

/* Members of a policy whose values have names. */
enum setting {
	SETTING_HUNT,
	SETTING_REGISTERS,
	SETTING_UNHUNTED,
	SETTING_STRICT,
};

const char *setting_word(enum setting setting, u32 value);
bool setting_value(enum setting setting, const char *word, u32 *value);

#endif /* KREDACT_TOOLS_SETTING_H */
