// SPDX-License-Identifier: GPL-2.0
/*
 * The loop of the half of kredact-gated that speaks HTTP: see gated_http.h.
 *
 * One thread. libmicrohttpd bounds what a connection takes, and how long it may be silent.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "attest/moment.h"
#include "gate/gated_http.h"
#include "gate/gated_sandbox.h"

#define CONNECTIONS	128u
#define CONNECTION_MEM	(128u << 10)
#define SILENCE_S	60u
#define SWEEP_MS	60000

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *bytes,
			      size_t *len, void **state)
{
	struct gated *gated = arg;
	struct request *request = *state;

	(void)version;
	if (!request)
		return request_begin(gated, connection, url, method, (struct request **)state);
	if (*len) {
		if (request_body(gated, request, bytes, *len))
			return MHD_NO;
		*len = 0;
		return MHD_YES;
	}
	return request_answer(gated, connection, request);
}

static void completed(void *arg, struct MHD_Connection *connection, void **state,
		      enum MHD_RequestTerminationCode how)
{
	(void)connection;
	(void)how;
	if (*state)
		request_end(arg, *state);
	*state = NULL;
}

static int next_wait(struct MHD_Daemon *daemon)
{
	MHD_UNSIGNED_LONG_LONG wait;

	if (MHD_get_timeout(daemon, &wait) == MHD_YES && wait < SWEEP_MS)
		return wait;
	return SWEEP_MS;
}

static int loop(struct gated *gated, struct MHD_Daemon *daemon, int signals)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd polled[3] = { { .fd = info->epoll_fd, .events = POLLIN },
				    { .fd = gated->decider, .events = POLLIN },
				    { .fd = signals, .events = POLLIN } };
	u64 swept = 0, now;

	while (!gated->stopped) {
		queue_submit(gated);
		if (poll(polled, 3, next_wait(daemon)) < 0 && errno != EINTR)
			return -errno;
		if (polled[2].revents)
			return 0;
		if (polled[1].revents)
			queue_receive(gated);
		if (MHD_run(daemon) != MHD_YES)
			return -EIO;
		now = moment_now();
		if (now - swept >= SWEEP_MS / 1000) {
			store_sweep(&gated->store, now);
			swept = now;
		}
	}
	return 0;
}

/**
 * http_serve() - take uploads until SIGTERM
 * @gated:	ready
 * @listener:	socket that listens
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int http_serve(struct gated *gated, int listener, struct complaint *why)
{
	struct MHD_Daemon *daemon;
	int error, signals;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		return complain(why, -errno, "%s", strerror(errno));
	daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, handle, gated,
				  MHD_OPTION_LISTEN_SOCKET, listener,
				  MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEM,
				  MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_S,
				  MHD_OPTION_NOTIFY_COMPLETED, completed, gated, MHD_OPTION_END);
	error = daemon ? gated_sandbox_enter(why) :
			 complain(why, -EIO, "libmicrohttpd cannot listen there");
	if (!error) {
		error = loop(gated, daemon, signals);
		complaint_set(why, "%s", strerror(-error));
	}
	if (daemon)
		MHD_stop_daemon(daemon);
	close(signals);
	return error;
}
