// SPDX-License-Identifier: GPL-2.0
/*
 * Lines as records of the kernel's audit (AUDIT_USER): number, event and digest of each, which
 * tie the two logs together. What senders say does not go there: its length is limited, and
 * its readers take what looks like a field for one.
 */
#define _GNU_SOURCE
#include <linux/audit.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "output.h"

static int open_socket(const char *to)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int fd = output_socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT), error;

	(void)to;
	if (fd < 0 || !connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	error = -errno;
	close(fd);
	return error;
}

static int send_line(int fd, const struct line *line, const char *text, size_t len)
{
	struct {
		struct nlmsghdr head;
		char text[512];
	} message = { .head = { .nlmsg_type = AUDIT_USER } };
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char rest[sizeof(message)];
	} answer;
	char hash[2 * LINE_HASH_LEN + 1];
	u8 digest[LINE_HASH_LEN];
	ssize_t n;

	if (!line_hash(text, len, digest))
		return -EIO;
	text_hex(hash, digest, sizeof(digest));
	n = snprintf(message.text, sizeof(message.text), "op=kredact-log seq=%llu event=%.*s "
		     "sha256=%s res=success", (unsigned long long)line->stamp.seq,
		     (int)line->event_len, line->event, hash);
	message.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	message.head.nlmsg_len = (u32)NLMSG_LENGTH((size_t)n + 1);
	if (send(fd, &message, message.head.nlmsg_len, MSG_NOSIGNAL) < 0)
		return -errno;
	do {
		n = recv(fd, &answer, sizeof(answer), 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n < sizeof(answer.head) + sizeof(int) || answer.head.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return answer.error.error;
}

const struct output_kind output_audit = { "audit", open_socket, send_line };
