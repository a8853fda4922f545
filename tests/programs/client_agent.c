// SPDX-License-Identifier: GPL-2.0
/*
 * client_agent ssh SOCKET: asks ssh-agent for signatures, with each of its keys in turn.
 * client_agent gpg SOCKET GRIPS: likewise gpg-agent, with the keys named in the file GRIPS.
 *
 * Agents crash, and others come in their place: this one goes on until it is killed.
 * After its first signature from each agent it says "signed" on stdout.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define RETRY_US	3000
#define KEYS_MAX	8
#define MESSAGE_MAX	65536

/* OpenSSH's PROTOCOL.agent. */
#define SSH_REQUEST_IDENTITIES	11
#define SSH_IDENTITIES		12
#define SSH_SIGN_REQUEST	13
#define SSH_SIGN_RESPONSE	14
#define SSH_RSA_SHA2_256	2

static uint8_t buffer[MESSAGE_MAX];
static bool told;

static void signature(void)
{
	if (told)
		return;
	told = true;
	puts("signed");
	fflush(stdout);
}

static int connect_to(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(sun.sun_path) || fd < 0)
		exit(EXIT_FAILURE);
	strcpy(sun.sun_path, path);
	if (!connect(fd, (struct sockaddr *)&sun, sizeof(sun)))
		return fd;
	close(fd);
	return -1;
}

static bool send_all(int fd, const void *bytes, size_t len)
{
	return send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, 4);
	return be32toh(value);
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	value = htobe32(value);
	memcpy(at, &value, 4);
	return at + 4;
}

/* One request of ssh-agent's. Return: bytes of the reply in buffer, or 0. */
static size_t ssh_exchange(int fd, const uint8_t *request, size_t len)
{
	uint8_t head[4];
	size_t n;

	put32(head, (uint32_t)len);
	if (!send_all(fd, head, 4) || !send_all(fd, request, len) ||
	    recv(fd, head, 4, MSG_WAITALL) != 4)
		return 0;
	n = get32(head);
	if (n > sizeof(buffer) || recv(fd, buffer, n, MSG_WAITALL) != (ssize_t)n)
		return 0;
	return n;
}

static void ssh_session(int fd)
{
	static uint8_t blobs[MESSAGE_MAX], request[MESSAGE_MAX];
	uint32_t nr, i, lens[KEYS_MAX];
	uint8_t *at, *keys[KEYS_MAX];
	uint64_t count = 0;

	request[0] = SSH_REQUEST_IDENTITIES;
	if (!ssh_exchange(fd, request, 1) || buffer[0] != SSH_IDENTITIES)
		return;
	memcpy(blobs, buffer, sizeof(blobs));
	nr = get32(blobs + 1);
	if (!nr || nr > KEYS_MAX)
		return;
	for (at = blobs + 5, i = 0; i < nr; i++) {
		lens[i] = get32(at);
		keys[i] = at + 4;
		at = keys[i] + lens[i];
		at += 4 + get32(at);
	}
	for (i = 0; ; i = (i + 1) % nr) {
		request[0] = SSH_SIGN_REQUEST;
		at = put32(request + 1, lens[i]);
		memcpy(at, keys[i], lens[i]);
		at = put32(at + lens[i], 32);
		memset(at, 0, 32);
		memcpy(at, &count, sizeof(count));
		count++;
		at = put32(at + 32, SSH_RSA_SHA2_256);
		if (!ssh_exchange(fd, request, (size_t)(at - request)) ||
		    buffer[0] != SSH_SIGN_RESPONSE)
			return;
		signature();
	}
}

/* One command of gpg-agent's. Return: whether it said OK. */
static bool gpg_command(int fd, const char *command)
{
	ssize_t n, have = 0;

	if (command && !send_all(fd, command, strlen(command)))
		return false;
	for (;;) {
		uint8_t *line = buffer, *end;

		n = recv(fd, buffer + have, sizeof(buffer) - (size_t)have, 0);
		if (n <= 0)
			return false;
		have += n;
		while ((end = memchr(line, '\n', (size_t)(buffer + have - line)))) {
			if (!memcmp(line, "OK", 2) || !memcmp(line, "ER", 2))
				return line[0] == 'O';
			line = end + 1;
		}
		have = buffer + have - line;
		memmove(buffer, line, (size_t)have);
	}
}

static void gpg_session(int fd, char (*grips)[64], unsigned int nr)
{
	unsigned int i = 0, count = 0;
	char command[256];

	if (!gpg_command(fd, NULL))
		return;
	for (;; i = (i + 1) % nr) {
		snprintf(command, sizeof(command), "SIGKEY %s\n", grips[i]);
		if (!gpg_command(fd, command))
			return;
		snprintf(command, sizeof(command), "SETHASH --hash=sha256 %064X\n", ++count);
		if (!gpg_command(fd, command) || !gpg_command(fd, "PKSIGN\n"))
			return;
		signature();
	}
}

int main(int argc, char **argv)
{
	char grips[KEYS_MAX][64];
	unsigned int nr = 0;
	bool gpg = argc == 4 && !strcmp(argv[1], "gpg");
	FILE *file;

	if (!gpg && (argc != 3 || strcmp(argv[1], "ssh"))) {
		fputs("usage: client_agent ssh SOCKET | gpg SOCKET GRIPS\n", stderr);
		return 2;
	}
	if (gpg) {
		file = fopen(argv[3], "r");
		while (file && nr < KEYS_MAX && fscanf(file, "%63s", grips[nr]) == 1)
			nr++;
		if (!nr)
			return EXIT_FAILURE;
	}
	for (;; usleep(RETRY_US)) {
		int fd = connect_to(argv[2]);

		if (fd < 0)
			continue;
		told = false;
		if (gpg)
			gpg_session(fd, grips, nr);
		else
			ssh_session(fd);
		close(fd);
	}
}
