// SPDX-License-Identifier: GPL-2.0
/*
 * A log for tests: see ledger.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger.h"

#define CLIENTS	32

static void answer(int fd, int file, bool full)
{
	static const char no[] = "{\"errno\":28,\"error\":\"No space left on device\"}";
	static char message[1 << 17];
	char yes[200];
	ssize_t len = recv(fd, message, sizeof(message), 0);
	static unsigned int seq;

	if (len <= 0) {
		close(fd);
		return;
	}
	if (full) {
		send(fd, no, strlen(no), MSG_NOSIGNAL);
		return;
	}
	message[len] = '\n';
	if (write(file, message, len + 1) != len + 1)
		abort();
	snprintf(yes, sizeof(yes), "{\"seq\":%u,\"realtime_ns\":1,\"hash\":\"%064u\"}", seq, seq);
	seq++;
	send(fd, yes, strlen(yes), MSG_NOSIGNAL);
}

static void serve(int listener, int file, bool full)
{
	struct pollfd polled[CLIENTS] = { { .fd = listener, .events = POLLIN } };
	u32 nr = 1, i;

	while (poll(polled, nr, -1) > 0) {
		for (i = 1; i < nr; i++) {
			if (!polled[i].revents)
				continue;
			answer(polled[i].fd, file, full);
			if (fcntl(polled[i].fd, F_GETFD) < 0)
				polled[i--] = polled[--nr];
		}
		if (polled[0].revents && nr < CLIENTS)
			polled[nr++] = (struct pollfd){ .fd = accept(listener, NULL, NULL),
							.events = POLLIN };
	}
}

/**
 * ledger_start() - start it
 * @socket:	where it listens
 * @file:	takes a line for each message
 * @full:	says that the disk is full
 *
 * Return: its process, to be ended by ledger_stop().
 */
pid_t ledger_start(const char *socket_path, const char *file, bool full)
{
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int out = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	pid_t pid;

	unlink(socket_path);
	strcpy(name.sun_path, socket_path);
	if (listener < 0 || out < 0 || bind(listener, (struct sockaddr *)&name, sizeof(name)) ||
	    listen(listener, CLIENTS))
		abort();
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(listener, out, full);
		_exit(0);
	}
	close(listener);
	close(out);
	return pid;
}

/**
 * ledger_stop() - end it
 * @pid:	from ledger_start()
 * @socket:	as for that
 */
void ledger_stop(pid_t pid, const char *socket)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(socket);
}

/**
 * ledger_count() - lines in the log
 * @file:	as for ledger_start()
 * @event:	name of the event
 * @text:	that the line has, too
 *
 * Return: how many.
 */
u32 ledger_count(const char *file, const char *event, const char *text)
{
	static char line[1 << 17];
	FILE *in = fopen(file, "r");
	u32 nr = 0;

	while (in && fgets(line, sizeof(line), in))
		nr += strstr(line, event) && strstr(line, text);
	if (in)
		fclose(in);
	return nr;
}
