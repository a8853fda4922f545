/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Values of a table of probes, as people write them:
 *
 *	value = term [ "*" factor ] [ ("+" | "-") number ]
 *	term  = "arg1" ... "arg6" | "result" | number | "[" place "]" [ ":" size ]
 *	place = term [ ("+" | "-") number ]
 *	factor = number | "arg1" ... "arg6"
 *
 * [place] is what the process has in memory there: 8 bytes, or 1, 2, 4 with a size.
 * "[arg1 + 20]:4 * 8" is eight times the 32-bit number 20 bytes behind the first argument.
 */
#ifndef KREDACT_BPF_VALUE_H
#define KREDACT_BPF_VALUE_H

#include <stdbool.h>
#include <linux/types.h>

#include "probe.h"

/**
 * value_parse - read one
 * @text:	the value
 * @out:	out: the value
 * @mask:	NULL, or out: the number behind "&", which then has to follow
 * @why:	out: what is wrong, in static memory
 *
 * Return: 0, or 1 + the offset in @text of what is wrong.
 */
int value_parse(const char *text, struct probe_value *out, __u64 *mask, const char **why);

/* Does a value need the return of the call? */
static inline bool value_needs_return(const struct probe_value *value)
{
	return value->base == PROBE_RESULT;
}

#endif /* KREDACT_BPF_VALUE_H */
