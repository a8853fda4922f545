/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The emitting side of the audit log: how a program writes a line of it.
 *
 * The protocol is that of the socket (SOCK_SEQPACKET): one JSON object a message,
 *
 *	{"event":"dump.stored","ack":true,"data":{...}}
 *
 * and, if it asked for that, one message back when the line is chained and on the disk,
 * {"seq":7,"realtime_ns":...,"hash":"<SHA-256 of the line>"}, or {"errno":28,"error":"..."}.
 * Answers come in the order of the messages.
 */
#ifndef KREDACT_TOOLS_LOG_CLIENT_H
#define KREDACT_TOOLS_LOG_CLIENT_H

#include "text.h"

#define LOG_SOCKET	"/run/kredact/log.sock"
/* Bytes of a message at most, and of the name of an event. */
#define LOG_MESSAGE_MAX	65536u
#define LOG_EVENT_MAX	64u

struct json_object;
struct log_client;

/**
 * struct log_ack - what the log says of a line that is on the disk
 * @seq:	its number
 * @realtime_ns: when it was chained
 * @hash:	SHA-256 of the line, in hexadecimal
 */
struct log_ack {
	u64 seq;
	u64 realtime_ns;
	char hash[65];
};

int log_open(struct log_client **out, const char *socket, struct complaint *why);
int log_put(struct log_client *client, const char *event, struct json_object *members,
	    struct log_ack *ack, struct complaint *why);
void log_close(struct log_client *client);

#endif /* KREDACT_TOOLS_LOG_CLIENT_H */
