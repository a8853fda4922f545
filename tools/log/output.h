/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where lines go besides the log: journald, syslog, the audit of the kernel. Each has a
 * queue and a thread of its own, so that one that hangs keeps neither the log nor another.
 */
#ifndef KREDACT_TOOLS_LOG_OUTPUT_H
#define KREDACT_TOOLS_LOG_OUTPUT_H

#include "logd_conf.h"
#include "line.h"

struct output;

/**
 * struct output_kind - how lines get to one of them
 * @name:	of it
 * @open:	returns a socket, or a negative errno
 * @send:	sends a line; returns 0 or a negative errno
 */
struct output_kind {
	const char *name;
	int (*open)(const char *to);
	int (*send)(int fd, const struct line *line, const char *text, size_t len);
};

extern const struct output_kind output_journald;
extern const struct output_kind output_syslog;
extern const struct output_kind output_audit;

struct output *output_start(const struct output_kind *kind, const struct logd_output_conf *conf);
void output_put(struct output *output, const struct line *line, const char *text, size_t len);
u64 output_undelivered(struct output *output);
void output_stop(struct output *output);

int output_socket(int family, int type, int protocol);
int output_unix(const char *path);

#endif /* KREDACT_TOOLS_LOG_OUTPUT_H */
