// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's question: see request.h.
 *
 * After "@@" in core_pattern it asks, after "@" it does not. A core begins with "\x7fELF", which
 * is no size that a request may have, so that the first four bytes tell which it is; whoever
 * wrote core_pattern need not tell us as well.
 */
#include <sys/socket.h>
#include <sys/time.h>

#include "coredump_abi.h"
#include "request.h"

/* Return: 0, or a negative errno if not all of it came. */
static int take(int fd, void *to, size_t len, int flags, struct complaint *why)
{
	ssize_t got = recv(fd, to, len, MSG_WAITALL | flags);

	if (got < 0)
		return complain(why, -errno, "the kernel does not ask: %s", strerror(errno));
	if ((size_t)got < len)
		return complain(why, -EPIPE, "the kernel has asked half a question");
	return 0;
}

static int read_request(int fd, u32 size, struct abi_request *request, struct complaint *why)
{
	u8 all[ABI_REQUEST_MOST];
	int error = take(fd, all, size, 0, why);

	if (error)
		return error;
	memcpy(request, all, sizeof(*request));
	if (request->size_ack < sizeof(struct abi_answer) || !(request->mask & ABI_KERNEL))
		return complain(why, -EPROTO, "the kernel does not offer to write a core");
	return 0;
}

/* Only what the kernel has offered may be asked of it. */
static int write_answer(int fd, const struct abi_request *request, bool wanted,
			struct complaint *why)
{
	struct abi_answer answer = { .size = sizeof(answer) };
	u32 mark;
	int error;

	if (wanted)
		answer.mask = ABI_KERNEL | (request->mask & ABI_WAIT);
	else if (request->mask & ABI_REJECT)
		answer.mask = ABI_REJECT;
	else
		return 0;
	if (send(fd, &answer, sizeof(answer), MSG_NOSIGNAL) != sizeof(answer))
		return complain(why, -EPIPE, "the kernel does not want an answer");
	error = take(fd, &mark, sizeof(mark), 0, why);
	if (!error && mark != ABI_MARK_DONE)
		error = complain(why, -EPROTO, "the kernel does not like the answer (%u)", mark);
	return error;
}

/**
 * request_answer() - say whether a core is wanted, if the kernel asks
 * @fd:		a coredump socket, of which nothing was read yet
 * @wanted:	take it; the process stays until @fd is closed then, if the kernel asked
 * @why:	text of an error
 *
 * Return: 0, and the core is next, if it is @wanted; or a negative errno.
 */
int request_answer(int fd, bool wanted, struct complaint *why)
{
	const struct timeval patience = { REQUEST_SECONDS, 0 }, forever = { 0, 0 };
	struct abi_request request;
	u32 size;
	int error = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		return complain(why, -errno, "no socket: %s", strerror(errno));
	/* A core may be shorter than that, if somebody kills the process. */
	if (recv(fd, &size, sizeof(size), MSG_WAITALL | MSG_PEEK) == sizeof(size) &&
	    size >= sizeof(request) && size <= ABI_REQUEST_MOST) {
		error = read_request(fd, size, &request, why);
		if (!error)
			error = write_answer(fd, &request, wanted, why);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof(forever));
	return error;
}
