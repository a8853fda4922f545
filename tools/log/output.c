// SPDX-License-Identifier: GPL-2.0
/*
 * Where lines go besides the log: see output.h.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "output.h"

#define QUEUE_LINES	8192u
#define QUEUE_BYTES	(16u << 20)
#define SEND_S		1	/* that a line may take before it is given up */
#define END_S		2	/* that the rest of a queue may take at the end */

struct item {
	struct item *next;
	size_t len;
	char text[];
};

struct output {
	const struct output_kind *kind;
	struct logd_events events;
	char to[256];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct item *first;
	struct item **last;
	unsigned int lines;
	size_t bytes;
	u64 undelivered;
	bool ends;
	time_t ends_at;
	int fd;
	bool told;
};

/**
 * output_socket() - a socket that does not wait long
 * @family:	of it
 * @type:	of it
 * @protocol:	of it
 *
 * Return: the socket, or a negative errno.
 */
int output_socket(int family, int type, int protocol)
{
	const struct timeval timeout = { .tv_sec = SEND_S };
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	return fd;
}

/**
 * output_unix() - a connection to a datagram socket
 * @path:	of it
 *
 * Return: the socket, or a negative errno.
 */
int output_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = output_socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

/* Its end may have been restarted: tried twice. */
static int deliver(struct output *output, const struct item *item)
{
	struct line line;
	int tries, error = 0;

	if (line_read(&line, item->text, item->len) != LINE_GOOD)
		return -EINVAL;
	for (tries = 0; tries < 2; tries++) {
		if (output->fd < 0)
			output->fd = output->kind->open(output->to);
		if (output->fd < 0)
			return output->fd;
		error = output->kind->send(output->fd, &line, item->text, item->len);
		if (error != -ECONNREFUSED && error != -ENOTCONN && error != -ECONNRESET &&
		    error != -EPIPE)
			break;
		close(output->fd);
		output->fd = -1;
	}
	return error;
}

static struct item *take(struct output *output)
{
	struct item *item;

	while (!output->first && !output->ends)
		pthread_cond_wait(&output->wake, &output->lock);
	item = output->first;
	if (!item)
		return NULL;
	output->first = item->next;
	if (!output->first)
		output->last = &output->first;
	output->lines--;
	output->bytes -= item->len;
	return item;
}

static void *run(void *arg)
{
	struct output *output = arg;
	struct item *item;

	pthread_mutex_lock(&output->lock);
	while ((item = take(output))) {
		bool late = output->ends && time(NULL) > output->ends_at;
		int error = -ETIMEDOUT;

		pthread_mutex_unlock(&output->lock);
		if (!late)
			error = deliver(output, item);
		free(item);
		pthread_mutex_lock(&output->lock);
		output->undelivered += error != 0;
		if (error && !output->told)
			fprintf(stderr, "kredact-logd: lines do not get to %s: %s\n",
				output->kind->name, strerror(-error));
		output->told = error != 0;
	}
	pthread_mutex_unlock(&output->lock);
	return NULL;
}

/**
 * output_start() - begin to send lines somewhere
 * @kind:	where
 * @conf:	which, and the address; texts of the events stay
 *
 * Return: for output_stop(), or NULL.
 */
struct output *output_start(const struct output_kind *kind, const struct logd_output_conf *conf)
{
	struct output *output = calloc(1, sizeof(*output));

	if (!output)
		return NULL;
	output->kind = kind;
	output->events = conf->events;
	snprintf(output->to, sizeof(output->to), "%s", conf->to ?: "");
	output->last = &output->first;
	output->fd = -1;
	pthread_mutex_init(&output->lock, NULL);
	pthread_cond_init(&output->wake, NULL);
	if (!pthread_create(&output->thread, NULL, run, output))
		return output;
	free(output);
	return NULL;
}

/**
 * output_put() - send a line, some time
 * @output:	from output_start(), or NULL
 * @line:	the line
 * @text:	all of it
 * @len:	of @text
 *
 * Without room in the queue it is counted as undelivered.
 */
void output_put(struct output *output, const struct line *line, const char *text, size_t len)
{
	struct item *item;

	if (!output || !logd_events_have(&output->events, line->event, line->event_len))
		return;
	item = malloc(sizeof(*item) + len);
	if (item) {
		item->next = NULL;
		item->len = len;
		memcpy(item->text, text, len);
	}
	pthread_mutex_lock(&output->lock);
	if (!item || output->lines == QUEUE_LINES || output->bytes + len > QUEUE_BYTES) {
		output->undelivered++;
		free(item);
	} else {
		*output->last = item;
		output->last = &item->next;
		output->lines++;
		output->bytes += len;
		pthread_cond_signal(&output->wake);
	}
	pthread_mutex_unlock(&output->lock);
}

/**
 * output_undelivered() - lines that did not get there
 * @output:	from output_start(), or NULL
 *
 * Return: how many.
 */
u64 output_undelivered(struct output *output)
{
	u64 count;

	if (!output)
		return 0;
	pthread_mutex_lock(&output->lock);
	count = output->undelivered;
	pthread_mutex_unlock(&output->lock);
	return count;
}

/**
 * output_stop() - end it, when its queue is empty or nobody takes what is in it
 * @output:	from output_start(), or NULL
 */
void output_stop(struct output *output)
{
	if (!output)
		return;
	pthread_mutex_lock(&output->lock);
	output->ends = true;
	output->ends_at = time(NULL) + END_S;
	pthread_cond_signal(&output->wake);
	pthread_mutex_unlock(&output->lock);
	pthread_join(output->thread, NULL);
	if (output->fd >= 0)
		close(output->fd);
	free(output);
}
