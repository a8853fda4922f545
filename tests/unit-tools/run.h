/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files and programs for tests.
 */
#ifndef KREDACT_TESTS_RUN_H
#define KREDACT_TESTS_RUN_H

#include <stddef.h>

#include "platform.h"

/**
 * struct outcome - how a program ended
 * @status:	exit status, or 256 + the signal that killed it
 * @out:	what it wrote to standard output, terminated
 * @err:	likewise to standard error
 * @max_rss:	bound of its resident memory, KiB: the most that it had, or what this
 *		process had when it forked
 * @seconds:	wall time
 * @cpu:	seconds of processor time, with that of its own children
 */
struct outcome {
	int status;
	char out[1 << 18];
	char err[1 << 14];
	long max_rss;
	double seconds;
	double cpu;
};

int memory_file(const void *bytes, size_t len);
void write_file(const char *path, const void *bytes, size_t len);
const char *beside(const char *path);
void run(struct outcome *outcome, char *const argv[]);
bool run_gcore(struct outcome *outcome, const char *program, const char *core);
bool is_tidy(const char *text, bool color);

#endif /* KREDACT_TESTS_RUN_H */
