/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The log of custody: one JSON object a line, appended. It knows nothing of where
 * records come from, and what keeps the lines is one function (append), so that
 * another log can take its place.
 */
#ifndef KREDACT_TOOLS_CUSTODY_LOG_H
#define KREDACT_TOOLS_CUSTODY_LOG_H

#include "../bpf/custody.h"
#include "custody_event.h"

struct log_client;

/**
 * struct custody_log - an open log
 * @fd:		of it
 * @client:	it is the audit log: its connection; NULL: it is not
 * @last:	event that is not sent yet; @last_event: its name
 * @is_file:	it is a file: lines are brought to the disk
 * @torn:	a line was written in part
 * @dirty:	lines are written that are not known to be on the disk
 * @records:	lines about what was done
 * @failed:	lines that could not be written; @told: of which the log says so
 */
struct custody_log {
	int fd;
	struct log_client *client;
	struct json_object *last;
	char last_event[CUSTODY_EVENT_MAX];
	bool is_file;
	bool torn;
	bool dirty;
	__u64 records;
	__u64 lost;
	__u64 failed;
	__u64 told;
};

int custody_log_open(struct custody_log *log, const char *path);
void custody_log_sink(struct custody_log *log, struct custody_sink *sink);
void custody_log_ready(struct custody_log *log, size_t known);
void custody_log_stop(struct custody_log *log, int sig);
int custody_log_sync(struct custody_log *log);
void custody_log_close(struct custody_log *log);

#endif /* KREDACT_TOOLS_CUSTODY_LOG_H */
