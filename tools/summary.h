/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Several dumps: a line for each, and their sum.
 */
#ifndef KREDACT_TOOLS_SUMMARY_H
#define KREDACT_TOOLS_SUMMARY_H

#include "report/outputs.h"

/**
 * struct summary - sums
 * @verdicts:	dumps, by verdict
 */
struct summary {
	u64 verdicts[3];
};

void summary_line(const struct report *report, struct audit *audit);
void summary_failed(const struct report *report, const char *text);
void summary_count(struct summary *summary, enum verdict verdict);
void summary_print(const struct summary *summary, struct outputs *outputs, struct report *report,
		   u64 passed_over);
enum verdict summary_verdict(const struct summary *summary);

#endif /* KREDACT_TOOLS_SUMMARY_H */
