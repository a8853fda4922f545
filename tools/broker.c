// SPDX-License-Identifier: GPL-2.0
/*
 * Messages to the process that waits: see broker.h.
 */
#define _GNU_SOURCE
#include <sys/socket.h>

#include "broker.h"

#define HEAD		offsetof(struct broker_message, progress)

/* Bytes from one word on progress to the next. */
#define PROGRESS_STEP	(16ULL << 20)

static int broker = -1;
static u64 told;

/**
 * broker_use() - say everything over a socket from now on
 * @fd:		a SOCK_SEQPACKET, or -1 to say nothing
 */
void broker_use(int fd)
{
	broker = fd;
	told = 0;
}

static bool say(const struct broker_message *message, int flags)
{
	ssize_t put;

	do {
		put = send(broker, message, HEAD + message->len, flags | MSG_NOSIGNAL);
	} while (put < 0 && errno == EINTR);
	return put == (ssize_t)(HEAD + message->len);
}

/**
 * broker_progress() - say how far it is, if that is worth a word
 * @stage:	what is being done
 * @done:	bytes that it is done with
 * @total:	bytes that there are, or 0 if unknown
 *
 * By one thread at a time. Costs next to nothing if little has been done since the last
 * time, and never waits.
 */
void broker_progress(enum broker_stage stage, u64 done, u64 total)
{
	struct broker_message message = {
		.type = BROKER_PROGRESS,
		.len = sizeof(message.progress),
		.progress = { .stage = stage, .done = done, .total = total },
	};

	if (broker < 0 || (done >= told && done - told < PROGRESS_STEP))
		return;
	told = done;
	say(&message, MSG_DONTWAIT);
}

/**
 * broker_complain() - have a line printed to standard error
 * @text:	what is cut off if it is too long
 */
void broker_complain(const char *text)
{
	struct broker_message message = { .type = BROKER_COMPLAINT };

	if (broker < 0)
		return;
	message.len = min(strlen(text), sizeof(message.text));
	memcpy(message.text, text, message.len);
	say(&message, 0);
}

/**
 * broker_conclude() - say how it ended
 * @status:	what the exit status is going to be
 *
 * Return: true if that was said.
 */
bool broker_conclude(u32 status)
{
	const struct broker_message message = {
		.type = BROKER_VERDICT,
		.len = sizeof(message.verdict),
		.verdict.status = status,
	};

	return broker >= 0 && say(&message, 0);
}

static bool valid(const struct broker_message *message, ssize_t got)
{
	if (got < (ssize_t)HEAD || message->len != got - HEAD)
		return false;
	switch (message->type) {
	case BROKER_PROGRESS:
		return message->len == sizeof(message->progress) &&
		       message->progress.stage < BROKER_STAGES && !message->progress.reserved;
	case BROKER_COMPLAINT:
		return message->len <= sizeof(message->text);
	case BROKER_VERDICT:
		return message->len == sizeof(message->verdict) && message->verdict.status <= 2;
	}
	return false;
}

/**
 * broker_receive() - take a message
 * @fd:		the other end of the socket
 * @message:	takes it
 *
 * Return: 1 for a message, 0 if there will be no more, -EPROTO if it is none, -EIO.
 */
int broker_receive(int fd, struct broker_message *message)
{
	ssize_t got;

	do {
		/* MSG_TRUNC: the length that it has, not what fits. */
		got = recv(fd, message, sizeof(*message), MSG_TRUNC);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == ECONNRESET ? 0 : -EIO;
	if (!got)
		return 0;
	if (got > (ssize_t)sizeof(*message) || !valid(message, got))
		return -EPROTO;
	return 1;
}
