// SPDX-License-Identifier: GPL-2.0
/* What kredact-logd tells Prometheus: see metrics.h. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "metrics.h"

static void head(FILE *to, const char *name, const char *type, const char *help)
{
	fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(FILE *to, const char *name, const char *type, const char *help, u64 value)
{
	head(to, name, type, help);
	fprintf(to, "%s %llu\n", name, (unsigned long long)value);
}

static void seconds(FILE *to, const char *name, const char *help, u64 ns)
{
	head(to, name, "gauge", help);
	fprintf(to, "%s %llu.%03u\n", name, (unsigned long long)(ns / NS_PER_S),
		(unsigned int)(ns % NS_PER_S / 1000000));
}

static void write_all(FILE *to, const struct metrics *metrics, const struct server_counts *counts,
		      const struct writer *writer)
{
	struct writer_now now;
	unsigned int i;

	writer_clocks(writer, &now);
	head(to, "kredact_log_events_total", "counter",
	     "Lines that were written, by family of events, since kredact-logd started.");
	for (i = 0; i < counts->nr_families; i++)
		fprintf(to, "kredact_log_events_total{family=\"%s\"} %" PRIu64 "\n",
			counts->families[i].family, counts->families[i].lines);
	one(to, "kredact_log_lost_total", "counter", "Lines that could not be written.",
	    writer->failed);
	one(to, "kredact_log_refused_total", "counter",
	    "Messages that were none, or not their sender's to send.", counts->refused);
	one(to, "kredact_log_write_failing", "gauge", "1 if the log cannot be written.",
	    metrics->failing);
	one(to, "kredact_log_connections", "gauge", "Connections that are open.",
	    counts->connections);
	one(to, "kredact_log_last_seq", "gauge", "Number of the last line.", writer->synced.seq);
	one(to, "kredact_log_unsigned_lines", "gauge", "Lines since the last checkpoint.",
	    writer->synced.seq - writer->synced.signed_seq);
	one(to, "kredact_log_signs", "gauge", "1 if checkpoints are signed.",
	    writer->opts.signer != NULL);
	one(to, "kredact_log_bytes", "gauge", "Bytes of all segments and their indexes.",
	    writer->bytes);
	seconds(to, "kredact_log_last_checkpoint_timestamp_seconds",
		"When the last checkpoint was written.", metrics->last_checkpoint_ns);
	seconds(to, "kredact_log_timestamp_seconds", "When this was written.", now.realtime_ns);
	head(to, "kredact_log_undelivered_total", "counter",
	     "Lines that did not get to an output besides the log.");
	for (i = 0; i < OUTPUTS; i++)
		if (metrics->outputs[i])
			fprintf(to, "kredact_log_undelivered_total{output=\"%s\"} %" PRIu64 "\n",
				metrics->outputs[i], metrics->undelivered[i]);
}

/**
 * metrics_write() - write the file, whole or not at all
 * @path:	of it
 * @metrics:	what is told
 * @counts:	likewise
 * @writer:	likewise
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int metrics_write(const char *path, const struct metrics *metrics,
		  const struct server_counts *counts, const struct writer *writer,
		  struct complaint *why)
{
	char *name = NULL;
	FILE *file = NULL;
	int fd, error = 0;

	/* Not *.prom: the collector does not read it before it has its name. */
	if (asprintf(&name, "%s.new", path) < 0)
		return complain(why, -ENOMEM, "out of memory");
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (file) {
		write_all(file, metrics, counts, writer);
		if (fclose(file) || rename(name, path))
			error = complain(why, -errno, "%s: %s", path, strerror(errno));
	} else {
		error = complain(why, -errno, "%s: %s", name, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	if (error)
		unlink(name);
	free(name);
	return error;
}
