// SPDX-License-Identifier: GPL-2.0
/*
 * The module's events on their way to the audit log: see event_child.h.
 *
 * The module keeps what was not confirmed, so nothing is lost when this child, its daemon or
 * the log is restarted: records may come twice then, with the same number. While the log is
 * away they stay in the module's rings, and what does not fit is counted there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "daemon.h"
#include "event_child.h"
#include "event_json.h"
#include "log/client.h"

/* Records that are read, and confirmed, together. */
#define BATCH		64
/* Seconds until it is tried again: to start it, to reach the log. */
#define AGAIN		2
/* Where the child has the stream. */
#define STREAM_FILENO	(STDERR_FILENO + 1)

/* How the log is written to. */
struct sink {
	const char *socket;
	struct log_client *client;
	struct event_teller teller;
	bool away;	/* as was said */
};

/* Stream, or -errno. */
static int open_stream(unsigned int flags)
{
	struct kredact_events args = { .size = sizeof(args), .flags = flags };
	int device = open(KREDACT_DEVICE, O_RDWR | O_CLOEXEC), fd;

	if (device < 0)
		return -errno;
	fd = ioctl(device, KREDACT_IOC_EVENTS, &args);
	if (fd < 0)
		fd = -errno;
	close(device);
	return fd;
}

/* Once, until it is there. An answer is waited for where it matters most, and at the end. */
static void put(struct sink *sink, const char *name, struct json_object *line, bool ack)
{
	struct complaint why = { "" };
	struct log_ack done;
	int err;

	for (;;) {
		err = sink->client ? 0 : log_open(&sink->client, sink->socket, &why);
		if (!err)
			err = log_put(sink->client, name, json_object_get(line),
				      ack ? &done : NULL, &why);
		if (!err || err == -EINVAL || err == -EMSGSIZE)
			break;
		if (!sink->away)
			say("the audit log cannot be written (%s): events wait", why.text);
		sink->away = true;
		sleep(AGAIN);
	}
	if (err)
		say("the audit log does not take %s: %s", name, why.text);
	else if (sink->away)
		say("the audit log is there again");
	sink->away = false;
}

static bool matters(const struct kredact_event *event)
{
	return event->type != KREDACT_EVENT_TAGGED && event->type != KREDACT_EVENT_FORKED &&
	       event->type != KREDACT_EVENT_ENDED;
}

static void put_all(struct sink *sink, const char *records, size_t len)
{
	struct kredact_event event;
	struct json_object *line;
	size_t size;

	for (; (size = event_next(records, len, &event)); records += size, len -= size) {
		line = event_json(&sink->teller, &event);
		if (line && event_name(&event))
			put(sink, event_name(&event), line, matters(&event) || size == len);
		json_object_put(line);
	}
}

/* Until something ends it. */
static int carry(const char *socket, int fd)
{
	static char records[BATCH * sizeof(struct kredact_event)];
	struct sink sink = { .socket = socket };
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	ssize_t got;

	/* It sleeps here, not in read(): a batch that is not closed yet is left to grow. */
	while (poll(&ready, 1, -1) >= 0 || errno == EINTR) {
		got = read(fd, records, sizeof(records));
		if (got < 0 && errno != EINTR)
			break;
		if (got > 0)
			put_all(&sink, records, (size_t)got);
		/* All that is in the log now. */
		got = read(fd, records, 0);
	}
	say("events cannot be read: %s", strerror(errno));
	return 1;
}

static void start(struct event_child *child)
{
	/* Here, not in the child: what this process does next is in the stream. */
	int fd = open_stream(KREDACT_EVENTS_RESUME | KREDACT_EVENTS_KEEP);
	const pid_t parent = getpid();
	sigset_t none;

	child->wait = AGAIN;
	if (fd < 0) {
		if (!child->silent)
			say("nothing of what the module does is in the audit log: %s",
			    fd == -ENOENT ? "there is none" : strerror(-fd));
		child->silent = true;
		return;
	}
	child->silent = false;
	child->pid = fork();
	if (child->pid < 0)
		say("events: %s", strerror(errno));
	if (child->pid) {
		close(fd);
		return;
	}
	dup2(fd, STREAM_FILENO);
	close_range(STREAM_FILENO + 1, ~0U, 0);
	signal(SIGTERM, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	_exit(carry(child->socket, STREAM_FILENO));
}

/**
 * event_child_set() - have it do what a configuration says
 * @child:	pid -1 at first
 * @socket:	of the log, which has to stay until the next call; NULL: no log
 */
void event_child_set(struct event_child *child, const char *socket)
{
	event_child_end(child);
	child->socket = socket;
	child->silent = false;
	if (socket)
		start(child);
}

/**
 * event_child_reap() - a child of this process has ended
 * @child:	perhaps this one
 */
void event_child_reap(struct event_child *child)
{
	int status;

	if (child->pid < 0 || waitpid(child->pid, &status, WNOHANG) != child->pid)
		return;
	child->pid = -1;
	child->wait = AGAIN;
	if (WIFSIGNALED(status))
		say("events: their reader has died of signal %d: it begins again",
		    WTERMSIG(status));
}

/**
 * event_child_try() - if there is none, but there is to be one, begin
 * @child:	from event_child_set()
 */
void event_child_try(struct event_child *child)
{
	if (child->socket && child->pid < 0)
		start(child);
}

/**
 * event_child_tick() - a second has gone by
 * @child:	from event_child_set()
 */
void event_child_tick(struct event_child *child)
{
	if (child->pid < 0 && (!child->wait || !--child->wait))
		event_child_try(child);
}

/**
 * event_child_end() - end it, and wait for that
 * @child:	from event_child_set()
 */
void event_child_end(struct event_child *child)
{
	end_child(&child->pid);
}

/**
 * event_forget() - what the module keeps for the next daemon is not wanted any more
 *
 * Return: 0, also without a module, or -errno.
 */
int event_forget(void)
{
	int fd = open_stream(KREDACT_EVENTS_RESUME);

	if (fd >= 0)
		return close(fd);
	return fd == -ENOENT || fd == -ENOTTY ? 0 : fd;
}
