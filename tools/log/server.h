/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The socket of kredact-logd: connections, their messages, and the answers.
 */
#ifndef KREDACT_TOOLS_LOG_SERVER_H
#define KREDACT_TOOLS_LOG_SERVER_H

#include "logd_conf.h"
#include "writer.h"

#define SERVER_FAMILIES	32u

/**
 * struct server_count - lines of a family of events
 * @family:	"dump", say
 * @lines:	on the disk since the start
 */
struct server_count {
	char family[LOG_EVENT_MAX + 1];
	u64 lines;
};

/**
 * struct server_counts - what kredact-logd counts
 * @families:	@nr_families of them; the last one is of all others, if there are too many
 * @refused:	messages that were none, or not the sender's to send
 * @connections: that are open
 */
struct server_counts {
	struct server_count families[SERVER_FAMILIES];
	unsigned int nr_families;
	u64 refused;
	unsigned int connections;
};

struct server;

struct server *server_new(const struct logd_conf *conf, struct writer *writer, int epoll);
int server_listen(struct server *server, int fd, struct complaint *why);
int server_bind(struct server *server, const char *path, struct complaint *why);
void server_reconfigure(struct server *server, const struct logd_conf *conf);
int server_handle(struct server *server, void *which, struct complaint *why);
int server_commit(struct server *server, struct complaint *why);
int server_tick(struct server *server, struct complaint *why);
int server_drain(struct server *server, struct complaint *why);
void server_count_line(struct server *server, const struct line *line);
const struct server_counts *server_counts(const struct server *server);
void server_free(struct server *server);

#endif /* KREDACT_TOOLS_LOG_SERVER_H */
