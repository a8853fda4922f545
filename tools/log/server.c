// SPDX-License-Identifier: GPL-2.0
/*
 * The socket of kredact-logd: see server.h.
 *
 * Whoever connects may be hostile: messages are bounded by the kernel's queue and by
 * LOG_MESSAGE_MAX, each connection has its turn, and nobody is waited for. While a group is
 * written to the disk the next one gathers in the sockets; a sender that is too fast waits.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <json-c/json.h>

#include "sender.h"
#include "server.h"

#define BACKLOG		512
#define LISTENERS	4u
#define CONNECTIONS	1024u
#define OF_A_USER	256u	/* connections of a user who is not root */
#define TURN		256	/* messages of a connection before others have their turn */
#define ACKS		8192u	/* that wait for a commit */
#define GROUP_MAX	(8u << 20)
#define REFUSED_S	60	/* between two lines about what was refused */

/**
 * struct peer - a connection, or a socket that listens
 * @fd:		of it
 * @listens:	it is one that listens
 * @gone:	to be released after the answers
 * @sender:	at its other end
 * @next:	connection
 */
struct peer {
	int fd;
	bool listens;
	bool gone;
	struct sender sender;
	struct peer *next;
};

/* An answer that waits until its line is on the disk. */
struct answer {
	struct peer *to;
	struct log_ack ack;
};

struct server {
	const struct logd_conf *conf;
	struct writer *writer;
	int epoll;
	struct peer listeners[LISTENERS];
	unsigned int nr_listeners;
	struct peer *peers;
	bool some_gone;
	struct answer *answers;
	unsigned int nr_answers;
	struct server_counts counts;
	u64 refused_told;
	u64 refused_ns;
	char message[LOG_MESSAGE_MAX + 1];
};

/**
 * server_new() - make a server
 * @conf:	stays until server_reconfigure() or server_free()
 * @writer:	of the log
 * @epoll:	where it waits; events are for server_handle()
 *
 * Return: for server_free(), or NULL if there is no memory.
 */
struct server *server_new(const struct logd_conf *conf, struct writer *writer, int epoll)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		return NULL;
	server->answers = calloc(ACKS, sizeof(*server->answers));
	if (!server->answers) {
		free(server);
		return NULL;
	}
	server->conf = conf;
	server->writer = writer;
	server->epoll = epoll;
	return server;
}

static int wait_for(struct server *server, struct peer *peer)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };

	return epoll_ctl(server->epoll, EPOLL_CTL_ADD, peer->fd, &event);
}

/**
 * server_listen() - take connections from a socket that listens
 * @server:	from server_new()
 * @fd:		taken over, also on an error
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int server_listen(struct server *server, int fd, struct complaint *why)
{
	struct peer *peer = &server->listeners[server->nr_listeners];
	socklen_t len = sizeof(int);
	int type = 0, listens = 0;

	if (server->nr_listeners == LISTENERS) {
		close(fd);
		return complain(why, -E2BIG, "more than %u sockets", LISTENERS);
	}
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) || type != SOCK_SEQPACKET ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) || !listens) {
		close(fd);
		return complain(why, -EINVAL, "not a listening socket of SOCK_SEQPACKET");
	}
	*peer = (struct peer){ .fd = fd, .listens = true };
	if (wait_for(server, peer)) {
		close(fd);
		return complain(why, -errno, "%s", strerror(errno));
	}
	server->nr_listeners++;
	return 0;
}

/**
 * server_bind() - make a socket, and listen
 * @server:	from server_new()
 * @path:	of the socket; what is left of an earlier one is removed
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int server_bind(struct server *server, const char *path, struct complaint *why)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat stat;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return complain(why, -ENAMETOOLONG, "%s: %s", path, strerror(ENAMETOOLONG));
	strcpy(address.sun_path, path);
	if (!lstat(path, &stat) && S_ISSOCK(stat.st_mode))
		unlink(path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return complain(why, -errno, "%s", strerror(errno));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || chmod(path, 0660) ||
	    listen(fd, BACKLOG)) {
		int error = complain(why, -errno, "%s: %s", path, strerror(errno));

		close(fd);
		return error;
	}
	return server_listen(server, fd, why);
}

/**
 * server_reconfigure() - go by another configuration
 * @server:	from server_new()
 * @conf:	stays from now on
 */
void server_reconfigure(struct server *server, const struct logd_conf *conf)
{
	server->conf = conf;
}

static bool has_room(const struct server *server, uid_t uid)
{
	const struct peer *peer;
	unsigned int n = 0;

	if (server->counts.connections >= CONNECTIONS)
		return false;
	for (peer = server->peers; uid && peer; peer = peer->next)
		n += peer->sender.uid == uid;
	return n < OF_A_USER;
}

static bool accept_peer(struct server *server, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), on = 1;
	struct peer *peer;

	if (fd < 0)
		return false;
	peer = calloc(1, sizeof(*peer));
	if (!peer) {
		close(fd);
		return true;
	}
	peer->fd = fd;
	if (!sender_init(&peer->sender, fd) || !has_room(server, peer->sender.uid) ||
	    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) || wait_for(server, peer)) {
		server->counts.refused++;
		sender_free(&peer->sender);
		close(fd);
		free(peer);
		return true;
	}
	peer->next = server->peers;
	server->peers = peer;
	server->counts.connections++;
	return true;
}

static void leave(struct server *server, struct peer *peer)
{
	peer->gone = true;
	server->some_gone = true;
}

static void release_gone(struct server *server)
{
	struct peer **at = &server->peers, *peer;

	if (!server->some_gone)
		return;
	while ((peer = *at)) {
		if (!peer->gone) {
			at = &peer->next;
			continue;
		}
		*at = peer->next;
		close(peer->fd);
		sender_free(&peer->sender);
		free(peer);
		server->counts.connections--;
	}
	server->some_gone = false;
}

/* Nobody is waited for: who does not read answers has no connection any more. */
static void send_answer(struct server *server, struct peer *peer, const char *text)
{
	if (!peer->gone && send(peer->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		leave(server, peer);
}

static void send_error(struct server *server, struct peer *peer, int error, const char *text)
{
	struct json_object *json = json_object_new_object();

	json_object_object_add(json, "errno", json_object_new_int(-error));
	json_object_object_add(json, "error", json_object_new_string(text));
	send_answer(server, peer, json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
	json_object_put(json);
}

/* A message, taken apart. Return: what is wrong with it, or NULL. */
static const char *read_message(struct json_object *message, const char **event,
				struct json_object **data, bool *wants_ack)
{
	unsigned int known = 0;

	*event = NULL;
	*data = NULL;
	*wants_ack = false;
	json_object_object_foreach(message, name, value) {
		if (!strcmp(name, "event") && json_object_is_type(value, json_type_string))
			*event = json_object_get_string(value);
		else if (!strcmp(name, "data") && json_object_is_type(value, json_type_object))
			*data = value;
		else if (!strcmp(name, "ack") && json_object_is_type(value, json_type_boolean))
			*wants_ack = json_object_get_boolean(value);
		else
			continue;
		known++;
	}
	if (!*event || !*data || known != (unsigned int)json_object_object_length(message))
		return "a message has event, data and ack";
	return line_event_ok(*event, strlen(*event)) ? NULL : "not the name of an event";
}

static int take_message(struct server *server, struct peer *peer, size_t len,
			const struct ucred *who, bool *wants_ack, struct complaint *why)
{
	struct json_object *message = line_json(server->message, len), *data;
	struct log_ack ack;
	const char *event, *wrong, *sender;
	int error = 0;

	if (!message)
		return complain(why, -EINVAL, "not an object of JSON");
	wrong = read_message(message, &event, &data, wants_ack);
	/* What is no message says nothing about answers: it has one. */
	*wants_ack |= wrong != NULL;
	sender = wrong ? NULL : sender_json(&peer->sender, who);
	if (wrong)
		error = complain(why, -EINVAL, "%s", wrong);
	else if (!sender || !sender_may(&peer->sender, server->conf, event))
		error = complain(why, -EACCES, "this sender may not send %s", event);
	if (error) {
		server->counts.refused++;
	} else {
		const char *text = json_object_to_json_string_ext(data, JSON_C_TO_STRING_PLAIN |
								  JSON_C_TO_STRING_NOSLASHESCAPE);

		error = text ? writer_add(server->writer, event, sender, text, &ack, why) :
			complain(why, -ENOMEM, "out of memory");
		server->counts.refused += error != 0;
	}
	if (!error && *wants_ack) {
		server->answers[server->nr_answers].to = peer;
		server->answers[server->nr_answers++].ack = ack;
	}
	json_object_put(message);
	return error;
}

/* Return: 0 if there is no message, else its length; more than LOG_MESSAGE_MAX: too long. */
static size_t receive(struct server *server, struct peer *peer, struct ucred *who)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(struct ucred))];	/* and for no descriptors */
	} control;
	struct iovec part = { server->message, LOG_MESSAGE_MAX };
	struct msghdr header = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	const struct cmsghdr *extra;
	ssize_t n;

	n = recvmsg(peer->fd, &header, MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		leave(server, peer);
		return 0;
	}
	who->uid = (uid_t)-1;
	extra = CMSG_FIRSTHDR(&header);
	if (extra && extra->cmsg_level == SOL_SOCKET && extra->cmsg_type == SCM_CREDENTIALS &&
	    extra->cmsg_len == CMSG_LEN(sizeof(*who)))
		memcpy(who, CMSG_DATA(extra), sizeof(*who));
	return (size_t)n;
}

static int serve(struct server *server, struct peer *peer, struct complaint *why)
{
	int turn, error;

	for (turn = 0; turn < TURN && !peer->gone; turn++) {
		struct complaint wrong;
		bool wants_ack = true;
		struct ucred who;
		size_t len;

		if (server->nr_answers == ACKS || server->writer->group_len > GROUP_MAX) {
			error = server_commit(server, why);
			if (error == -ENOTRECOVERABLE)
				return error;
			if (peer->gone)
				break;
		}
		len = receive(server, peer, &who);
		if (!len)
			break;
		if (len > LOG_MESSAGE_MAX) {
			server->counts.refused++;
			send_error(server, peer, -EMSGSIZE, "longer than a message of the log");
			continue;
		}
		error = take_message(server, peer, len, &who, &wants_ack, &wrong);
		if (error && wants_ack) {
			/* Answers come in the order of the messages. */
			if (server_commit(server, why) == -ENOTRECOVERABLE)
				return -ENOTRECOVERABLE;
			send_error(server, peer, error, wrong.text);
		}
	}
	return 0;
}

/**
 * server_handle() - a socket is ready
 * @server:	from server_new()
 * @which:	of the event of epoll
 * @why:	text of an error
 *
 * Return: 0, or -ENOTRECOVERABLE.
 */
int server_handle(struct server *server, void *which, struct complaint *why)
{
	struct peer *peer = which;

	if (peer->listens)
		accept_peer(server, peer->fd);
	else if (!peer->gone)
		return serve(server, peer, why);
	return 0;
}

/**
 * server_commit() - bring lines to the disk, and answer
 * @server:	from server_new()
 * @why:	text of an error
 *
 * Return: as writer_commit().
 */
int server_commit(struct server *server, struct complaint *why)
{
	unsigned int i;
	char text[256];
	int error = 0;

	if (server->writer->group_len)
		error = writer_commit(server->writer, why);
	for (i = 0; i < server->nr_answers; i++) {
		const struct log_ack *ack = &server->answers[i].ack;

		if (error) {
			send_error(server, server->answers[i].to, error, why->text);
			continue;
		}
		snprintf(text, sizeof(text),
			 "{\"seq\":%llu,\"realtime_ns\":%llu,\"hash\":\"%s\"}",
			 (unsigned long long)ack->seq, (unsigned long long)ack->realtime_ns,
			 ack->hash);
		send_answer(server, server->answers[i].to, text);
	}
	server->nr_answers = 0;
	return error;
}

/* So that it is seen who tries; not so often that it fills the log. */
static int tell_refused(struct server *server, struct complaint *why)
{
	u64 new = server->counts.refused - server->refused_told;
	struct json_object *data;
	struct writer_now now;
	int error;

	writer_clocks(server->writer, &now);
	if (!new || now.boot_ns - server->refused_ns < REFUSED_S * NS_PER_S)
		return 0;
	data = json_object_new_object();
	json_object_object_add(data, "count", json_object_new_uint64(new));
	error = writer_say(server->writer, "log.refused", data, why);
	if (error)
		return error;
	server->refused_ns = now.boot_ns;
	server->refused_told = server->counts.refused;
	return 0;
}

/**
 * server_tick() - what is due from time to time, and the end of connections
 * @server:	from server_new(), after server_commit()
 * @why:	text of an error
 *
 * Return: as writer_commit().
 */
int server_tick(struct server *server, struct complaint *why)
{
	release_gone(server);
	return tell_refused(server, why);
}

/**
 * server_drain() - take what was sent, and nothing more
 * @server:	from server_new()
 * @why:	text of an error
 *
 * Who sends after that is told so by the kernel, and connects to the next one.
 *
 * Return: as writer_commit().
 */
int server_drain(struct server *server, struct complaint *why)
{
	struct peer *peer;
	unsigned int i;
	int error = 0;

	for (i = 0; i < server->nr_listeners; i++)
		while (accept_peer(server, server->listeners[i].fd))
			;
	for (peer = server->peers; peer; peer = peer->next)
		shutdown(peer->fd, SHUT_RD);
	/* A connection that has no more messages reads as ended. */
	for (peer = server->peers; peer && error != -ENOTRECOVERABLE; peer = peer->next)
		while (!peer->gone && error != -ENOTRECOVERABLE)
			error = serve(server, peer, why);
	return error == -ENOTRECOVERABLE ? error : server_commit(server, why);
}

/**
 * server_count_line() - a line is on the disk
 * @server:	from server_new()
 * @line:	that line
 */
void server_count_line(struct server *server, const struct line *line)
{
	struct server_counts *counts = &server->counts;
	const char *dot = memchr(line->event, '.', line->event_len);
	size_t len = (size_t)(dot - line->event);
	unsigned int i;

	for (i = 0; i < counts->nr_families; i++)
		if (!strncmp(counts->families[i].family, line->event, len) &&
		    !counts->families[i].family[len])
			break;
	if (i == counts->nr_families && i < SERVER_FAMILIES) {
		struct server_count *new = &counts->families[counts->nr_families++];

		memcpy(new->family, line->event, len);
		if (i == SERVER_FAMILIES - 1)
			strcpy(new->family, "other");
	}
	counts->families[min(i, SERVER_FAMILIES - 1)].lines++;
}

/**
 * server_counts() - what was counted
 * @server:	from server_new()
 *
 * Return: the counts, which stay the server's.
 */
const struct server_counts *server_counts(const struct server *server)
{
	return &server->counts;
}

/**
 * server_free() - end all connections
 * @server:	from server_new(), or NULL
 */
void server_free(struct server *server)
{
	struct peer *peer;
	unsigned int i;

	if (!server)
		return;
	for (peer = server->peers; peer; peer = peer->next)
		leave(server, peer);
	release_gone(server);
	for (i = 0; i < server->nr_listeners; i++)
		close(server->listeners[i].fd);
	free(server->answers);
	free(server);
}
