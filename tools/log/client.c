// SPDX-License-Identifier: GPL-2.0
/*
 * The emitting side of the audit log: see client.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <json-c/json.h>

#include "client.h"

/* A disk that does not answer for so long is one that has failed. */
#define TIMEOUT_S	30

struct log_client {
	int fd;
	struct sockaddr_un to;
};

static int join(struct log_client *client, struct complaint *why)
{
	const struct timeval timeout = { .tv_sec = TIMEOUT_S };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), error = 0;

	if (fd < 0)
		return complain(why, -errno, "%s", strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) ||
	    connect(fd, (struct sockaddr *)&client->to, sizeof(client->to))) {
		error = complain(why, -errno, "%s: %s", client->to.sun_path, strerror(errno));
		close(fd);
		return error;
	}
	client->fd = fd;
	return 0;
}

static void leave(struct log_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
}

/**
 * log_open() - begin to write to the log
 * @out:	takes the connection, to be released by log_close()
 * @socket:	of kredact-logd; NULL: LOG_SOCKET
 * @why:	text of an error
 *
 * Return: 0, -ENAMETOOLONG, -ENOMEM, or that of connect().
 */
int log_open(struct log_client **out, const char *socket, struct complaint *why)
{
	struct log_client *client;
	int error;

	*out = NULL;
	socket = socket ?: LOG_SOCKET;
	client = calloc(1, sizeof(*client));
	if (!client)
		return complain(why, -ENOMEM, "out of memory");
	client->fd = -1;
	client->to.sun_family = AF_UNIX;
	if (strlen(socket) >= sizeof(client->to.sun_path)) {
		free(client);
		return complain(why, -ENAMETOOLONG, "%s", strerror(ENAMETOOLONG));
	}
	strcpy(client->to.sun_path, socket);
	error = join(client, why);
	if (error) {
		free(client);
		return error;
	}
	*out = client;
	return 0;
}

/* A log that was restarted has closed the connection; nothing was sent through it then. */
static int send_text(struct log_client *client, const char *text, struct complaint *why)
{
	size_t len = strlen(text);
	int tries, error = 0;
	ssize_t n;

	if (len > LOG_MESSAGE_MAX)
		return complain(why, -EMSGSIZE, "longer than a message of the log");
	for (tries = 0; tries < 2; tries++) {
		if (client->fd < 0) {
			error = join(client, why);
			if (error)
				return error;
		}
		do {
			n = send(client->fd, text, len, MSG_NOSIGNAL);
		} while (n < 0 && errno == EINTR);
		if (n >= 0)
			return 0;
		error = complain(why, -errno, "%s: %s", client->to.sun_path, strerror(errno));
		leave(client);
		if (error != -EPIPE && error != -ECONNRESET && error != -ENOTCONN)
			break;
	}
	return error;
}

static int read_ack(struct json_object *answer, struct log_ack *ack, struct complaint *why)
{
	struct json_object *seq, *when, *hash, *error, *text;

	if (json_object_object_get_ex(answer, "error", &text)) {
		int number = json_object_object_get_ex(answer, "errno", &error) ?
			     json_object_get_int(error) : 0;

		return complain(why, number > 0 && number < 4096 ? -number : -EIO, "%s",
				json_object_get_string(text));
	}
	if (!json_object_object_get_ex(answer, "seq", &seq) ||
	    !json_object_object_get_ex(answer, "realtime_ns", &when) ||
	    !json_object_object_get_ex(answer, "hash", &hash) ||
	    json_object_get_string_len(hash) != sizeof(ack->hash) - 1)
		return complain(why, -EPROTO, "not an answer of the log");
	ack->seq = json_object_get_uint64(seq);
	ack->realtime_ns = json_object_get_uint64(when);
	strcpy(ack->hash, json_object_get_string(hash));
	return 0;
}

/* Without an answer nobody knows whether the line is there: the caller has to take it as lost. */
static int receive(struct log_client *client, struct log_ack *ack, struct complaint *why)
{
	struct json_object *answer;
	char text[1024];
	int error;
	ssize_t n;

	do {
		n = recv(client->fd, text, sizeof(text) - 1, 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0) {
		error = !n ? ECONNRESET : errno == EAGAIN ? ETIMEDOUT : errno;
		leave(client);
		return complain(why, -error, "no answer from the log: %s", strerror(error));
	}
	text[n] = '\0';
	answer = json_tokener_parse(text);
	if (!json_object_is_type(answer, json_type_object)) {
		error = complain(why, -EPROTO, "not an answer of the log");
		leave(client);
	} else {
		error = read_ack(answer, ack, why);
	}
	json_object_put(answer);
	return error;
}

/**
 * log_put() - write a line
 * @client:	from log_open()
 * @event:	"family.what"
 * @members:	an object, the line's "data"; it is taken over, also on an error
 * @ack:	takes the number of the line, after it was brought to the disk; NULL: not waited
 *		for, and nobody says if the log refuses it
 * @why:	text of an error
 *
 * Return: 0; otherwise the line must be taken as not written: -EACCES if this sender may not
 * write such a line, -EINVAL, -EMSGSIZE, -ENOSPC, -ETIMEDOUT, -ECONNRESET, or another one.
 */
int log_put(struct log_client *client, const char *event, struct json_object *members,
	    struct log_ack *ack, struct complaint *why)
{
	struct json_object *message = json_object_new_object(), *name, *wanted;
	const char *text = NULL;
	int error;

	name = json_object_new_string(event);
	wanted = json_object_new_boolean(ack != NULL);
	if (message && name && wanted && members &&
	    !json_object_object_add(message, "event", name) &&
	    !json_object_object_add(message, "ack", wanted) &&
	    !json_object_object_add(message, "data", members))
		text = json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN |
						      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		error = send_text(client, text, why);
	else
		error = complain(why, -ENOMEM, "out of memory");
	if (!error && ack)
		error = receive(client, ack, why);
	json_object_put(message);
	return error;
}

/**
 * log_close() - end it
 * @client:	from log_open(), or NULL
 */
void log_close(struct log_client *client)
{
	if (!client)
		return;
	leave(client);
	free(client);
}
