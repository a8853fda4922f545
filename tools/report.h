/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an audit found, for a person or for a program.
 */
#ifndef KREDACT_TOOLS_REPORT_H
#define KREDACT_TOOLS_REPORT_H

#include <stdio.h>

#include "audit.h"

/**
 * struct report - how to report
 * @file:	name of the core, escaped
 * @seal:	name of the file of a seal beside it, likewise
 * @secrets:	names of the secrets, escaped
 * @nr_secrets:	how many
 * @sandboxed:	the core was read in the sandbox
 * @color:	with terminal colours
 * @json:	for a program
 * @lines:	then each dump is a line, since there are several
 * @out:	where to
 */
struct report {
	const char *file;
	const char *seal;
	char *const *secrets;
	u32 nr_secrets;
	bool sandboxed;
	bool color;
	bool json;
	bool lines;
	FILE *out;
};

void report_print(const struct report *report, struct audit *audit);
int json_print(const struct report *report, struct audit *audit);
void json_failed(const struct report *report, const char *text);
void json_summary(const struct report *report, const u64 *verdicts, u64 passed_over);
void json_warm_up(void);

#endif /* KREDACT_TOOLS_REPORT_H */
