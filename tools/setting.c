// SPDX-License-Identifier: GPL-2.0
/*
 * Words for the values of a policy: see setting.h.
 */
#include <linux/kredact.h>

#include "setting.h"

#define VALUES	3u

static const char *const words[][VALUES] = {
	[SETTING_HUNT] = {
		[KREDACT_HUNT_OFF] = "off",
		[KREDACT_HUNT_LABELLED] = "labelled",
		[KREDACT_HUNT_ALL] = "all",
	},
	[SETTING_REGISTERS] = {
		[KREDACT_REGISTERS_NONE] = "none",
		[KREDACT_REGISTERS_MATCHING] = "matching",
		[KREDACT_REGISTERS_ALL] = "all",
	},
	[SETTING_UNHUNTED] = {
		[KREDACT_UNHUNTED_WRITABLE] = "writable",
		[KREDACT_UNHUNTED_TAGGED] = "tagged",
	},
	[SETTING_STRICT] = { "off", "on" },
};

/**
 * setting_word() - the name of a value
 * @setting:	which member
 * @value:	of it
 *
 * Return: one word; "unknown" for a value that has none.
 */
const char *setting_word(enum setting setting, u32 value)
{
	return value < VALUES && words[setting][value] ? words[setting][value] : "unknown";
}

/**
 * setting_value() - the value of a name
 * @setting:	which member
 * @word:	from the command line
 * @value:	out: if there is one
 *
 * Return: false if the member has no such value.
 */
bool setting_value(enum setting setting, const char *word, u32 *value)
{
	u32 i;

	for (i = 0; i < VALUES && words[setting][i]; i++) {
		if (strcmp(word, words[setting][i]))
			continue;
		*value = i;
		return true;
	}
	return false;
}
