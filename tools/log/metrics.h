/* SPDX-License-Identifier: GPL-2.0 */
/* What kredact-logd tells Prometheus: a file for the textfile collector of node-exporter. */
#ifndef KREDACT_TOOLS_LOG_METRICS_H
#define KREDACT_TOOLS_LOG_METRICS_H

#include "server.h"

/**
 * struct metrics - what is told besides the counts of the server and the writer
 * @failing:	the log cannot be written
 * @last_checkpoint_ns: when the last one was on the disk
 * @undelivered: lines, for each output that is on; @outputs has their names, NULL: off
 */
struct metrics {
	bool failing;
	u64 last_checkpoint_ns;
	const char *outputs[OUTPUTS];
	u64 undelivered[OUTPUTS];
};

int metrics_write(const char *path, const struct metrics *metrics,
		  const struct server_counts *counts, const struct writer *writer,
		  struct complaint *why);

#endif /* KREDACT_TOOLS_LOG_METRICS_H */
