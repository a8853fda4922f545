/* SPDX-License-Identifier: GPL-2.0 */
/* The configuration of kredact-logd: see logd.conf(5). */
#ifndef KREDACT_TOOLS_LOG_CONF_H
#define KREDACT_TOOLS_LOG_CONF_H

#include <libconfig.h>
#include <stdio.h>
#include <sys/types.h>

#include "client.h"

#define LOGD_CONF	"/etc/kredact/logd.conf"
#define LOG_DIR		"/var/log/kredact"
#define LOG_TRUST	"/etc/kredact/trust/log"
#define LOGD_MOST	32u	/* of anything in one list */

/**
 * struct logd_events - events that are meant
 * @list:	names, or "family.*", or "*"
 * @count:	how many
 */
struct logd_events {
	const char *list[LOGD_MOST];
	unsigned int count;
};

/**
 * struct logd_senders - who may send what
 * @events:	what
 * @uids:	who: these users, @nr_uids of them
 * @gids:	and who is in these groups, @nr_gids of them
 */
struct logd_senders {
	struct logd_events events;
	uid_t uids[LOGD_MOST];
	unsigned int nr_uids;
	gid_t gids[LOGD_MOST];
	unsigned int nr_gids;
};

/* Where lines go besides the log. */
enum logd_output {
	OUTPUT_JOURNALD,
	OUTPUT_SYSLOG,
	OUTPUT_AUDIT,
	OUTPUTS,
};

/**
 * struct logd_output_conf - one of them
 * @on:		lines go there
 * @to:		address, of syslog: "unix:PATH", "udp:ADDRESS:PORT"
 * @events:	which
 */
struct logd_output_conf {
	bool on;
	const char *to;
	struct logd_events events;
};

/**
 * struct logd_conf - what kredact-logd is to do
 * @dir:	folder of the log
 * @socket:	where it listens, unless systemd does
 * @key:	private key for checkpoints, or NULL
 * @metrics:	file for Prometheus, or NULL
 * @checkpoint_lines: see struct writer_opts, as the next five
 * @senders:	@nr_senders of them
 * @outputs:	of enum logd_output
 * @file:	texts belong to it
 */
struct logd_conf {
	const char *dir;
	const char *socket;
	const char *key;
	const char *metrics;
	u64 checkpoint_lines;
	u64 checkpoint_s;
	u64 rotate_bytes;
	u64 rotate_s;
	u64 retain_s;
	u64 retain_bytes;
	struct logd_senders senders[LOGD_MOST];
	unsigned int nr_senders;
	struct logd_output_conf outputs[OUTPUTS];
	config_t file;
};

struct logd_conf *logd_conf_load(const char *path, FILE *errors);
void logd_conf_free(struct logd_conf *conf);
bool logd_events_have(const struct logd_events *events, const char *event, size_t len);

#endif /* KREDACT_TOOLS_LOG_CONF_H */
