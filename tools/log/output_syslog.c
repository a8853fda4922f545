// SPDX-License-Identifier: GPL-2.0
/*
 * Lines as messages of syslog (RFC 5424), to a socket of this machine: a relay there takes
 * them further. The message is the line of the log, so that it can be verified.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "output.h"

#define FACILITY	13	/* log audit */
#define INFO		6
#define WARNING		4

static int open_udp(const char *to)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	char host[64];
	const char *port = strrchr(to, ':');
	bool is_six = *to == '[';
	int fd, error;

	if (!port || (size_t)(port - to) >= sizeof(host))
		return -EINVAL;
	if (is_six && port[-1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)(port - to) - 2, to + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)(port - to), to);
	four.sin_port = six.sin6_port = htons((u16)atoi(port + 1));
	if (inet_pton(is_six ? AF_INET6 : AF_INET, host, is_six ? (void *)&six.sin6_addr :
		      (void *)&four.sin_addr) != 1)
		return -EINVAL;
	fd = output_socket(is_six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		return fd;
	error = is_six ? connect(fd, (struct sockaddr *)&six, sizeof(six)) :
		connect(fd, (struct sockaddr *)&four, sizeof(four));
	if (!error)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

static int open_socket(const char *to)
{
	return strncmp(to, "udp:", 4) ? output_unix(to + strlen("unix:")) : open_udp(to + 4);
}

static int send_line(int fd, const struct line *line, const char *text, size_t len)
{
	bool bad = line_is(line, "log.lost") || line_is(line, "log.refused");
	char when[LINE_TIME_LEN + 1], host[256] = "-", *message;
	int n, error = 0;

	gethostname(host, sizeof(host) - 1);
	line_time(when, line->stamp.realtime_ns);
	/* A time has six digits of a second there, and MSGID 32 bytes. */
	n = asprintf(&message, "<%d>1 %.26sZ %s kredact-log %d %.*s "
		     "[kredact@32473 seq=\"%llu\" event=\"%.*s\"] %.*s", FACILITY * 8 +
		     (bad ? WARNING : INFO), when, *host ? host : "-", getpid(),
		     (int)min(line->event_len, (size_t)32), line->event,
		     (unsigned long long)line->stamp.seq, (int)line->event_len, line->event,
		     (int)len - 1, text);
	if (n < 0)
		return -ENOMEM;
	if (send(fd, message, (size_t)n, MSG_NOSIGNAL) < 0)
		error = -errno;
	free(message);
	return error;
}

const struct output_kind output_syslog = { "syslog", open_socket, send_line };
