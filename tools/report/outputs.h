/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reports of one run: several formats, each to a file of its own.
 */
#ifndef KREDACT_TOOLS_OUTPUTS_H
#define KREDACT_TOOLS_OUTPUTS_H

#include "report.h"

#define OUTPUTS_MAX	16u

/**
 * struct output - a report
 * @format:	its format
 * @path:	its file; NULL: standard output
 * @out:	the file, when it is open
 */
struct output {
	const struct format *format;
	const char *path;
	FILE *out;
};

/**
 * struct outputs - all reports of a run; zeroed before its first use
 * @at:		the reports
 * @nr:		how many
 */
struct outputs {
	struct output at[OUTPUTS_MAX];
	u32 nr;
};

int outputs_add(struct outputs *outputs, const char *name, const char *path, struct complaint *why);
int outputs_parse(struct outputs *outputs, const char *word, struct complaint *why);
int outputs_open(struct outputs *outputs, struct complaint *why);
u32 outputs_files(const struct outputs *outputs, int *fds);
void outputs_begin(struct outputs *outputs);
bool outputs_print(struct outputs *outputs, struct report *report, struct audit *audit);
void outputs_failed(struct outputs *outputs, struct report *report, const char *text);
bool outputs_flush(struct outputs *outputs);
bool outputs_end(struct outputs *outputs);

#endif /* KREDACT_TOOLS_OUTPUTS_H */
