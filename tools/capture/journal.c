// SPDX-License-Identifier: GPL-2.0
/*
 * Messages to journald: see journal.h.
 *
 * Its native protocol (systemd, "Native Journal Protocol"): one datagram with lines NAME=VALUE,
 * and NAME, a newline, 64 bits of length and the value where this has newlines. libsystemd
 * would be a library for one sendmsg(), in a program that the kernel starts as root.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "journal.h"

static void put_field(FILE *out, const struct journal_field *field)
{
	size_t len = strlen(field->value);
	u64 size = htole64(len);

	if (!strchr(field->value, '\n')) {
		fprintf(out, "%s=%s\n", field->name, field->value);
		return;
	}
	fprintf(out, "%s\n", field->name);
	fwrite(&size, sizeof(size), 1, out);
	fwrite(field->value, len, 1, out);
	fputc('\n', out);
}

/**
 * journal_send() - send a message
 * @fields:	of it, ended by one without a name
 *
 * It is not waited for: the log is kredact-logd's, this is for people.
 *
 * Return: false if there is no journald, or it does not take it.
 */
bool journal_send(const struct journal_field *fields)
{
	const char *path = secure_getenv("KREDACT_JOURNAL") ?: JOURNAL_SOCKET;
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	bool sent = false;
	int fd;

	if (!out)
		return false;
	for (; fields->name; fields++)
		if (fields->value && *fields->value)
			put_field(out, fields);
	fputs("SYSLOG_IDENTIFIER=kredact\n", out);
	fd = fclose(out) ? -1 : socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (fd >= 0) {
		sent = sendto(fd, text, len, MSG_NOSIGNAL, (struct sockaddr *)&to,
			      sizeof(to)) == (ssize_t)len;
		close(fd);
	}
	free(text);
	return sent;
}

/**
 * journal_trouble() - tell that something went wrong
 * @program:	which
 * @about:	what it is about, or NULL
 * @text:	what
 *
 * On standard error as well, which a program that the kernel starts does not have.
 */
void journal_trouble(const char *program, const char *about, const char *text)
{
	char message[400];

	snprintf(message, sizeof(message), "%s: %s%s%s", program, about ?: "", about ? ": " : "",
		 text);
	fprintf(stderr, "%s\n", message);
	journal_send((const struct journal_field[]){
		{ "MESSAGE", message }, { "MESSAGE_ID", JOURNAL_TROUBLE_ID }, { "PRIORITY", "4" },
		{ "KREDACT_DUMP", about }, { NULL, NULL },
	});
}
