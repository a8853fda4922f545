/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who sends to the log: what the kernel says of the other end of a connection, never what
 * it says itself.
 */
#ifndef KREDACT_TOOLS_LOG_SENDER_H
#define KREDACT_TOOLS_LOG_SENDER_H

#include <sys/socket.h>

#include "logd_conf.h"

#define SENDER_JSON_MAX	2048u

/**
 * struct sender - the other end of a connection
 * @uid:	that connected
 * @groups:	its groups, @nr_groups of them
 * @pid:	that @json describes
 * @json:	what a line says of it
 */
struct sender {
	uid_t uid;
	gid_t *groups;
	unsigned int nr_groups;
	pid_t pid;
	char json[SENDER_JSON_MAX];
};

bool sender_init(struct sender *sender, int fd);
void sender_free(struct sender *sender);
bool sender_may(const struct sender *sender, const struct logd_conf *conf, const char *event);
const char *sender_json(struct sender *sender, const struct ucred *who);

#endif /* KREDACT_TOOLS_LOG_SENDER_H */
