// SPDX-License-Identifier: GPL-2.0
/*
 * From the kernel to all who want the core: see stream.h.
 *
 * Whoever is fed gets each byte or is given up: what is slow is waited for as long as its
 * patience lasts, counted over the whole core. The file has the core in any case.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "cell.h"
#include "sandbox.h"
#include "stream.h"

#define CHUNK		(256u << 10)

/* kredact-verify may take its time, since the verdict is what all this is about. */
#define VERIFY_PATIENCE	3600u

/**
 * struct mouth - who is fed
 * @fd:		a pipe that does not block; -1 when there is nobody any more
 * @at:		bytes of the chunk that were taken
 * @patience_ms: that is left
 * @fed:	what has become of it
 */
struct mouth {
	int fd;
	size_t at;
	u64 patience_ms;
	enum fed fed;
};

enum { VERIFY, TEE, MOUTHS };

static u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

static void mouth_open(struct mouth *mouth, int fd, u64 patience)
{
	mouth->fd = fd;
	mouth->patience_ms = patience * 1000;
	mouth->fed = fd < 0 ? FED_NOT : FED_ALL;
}

static void mouth_close(struct mouth *mouth, enum fed fed)
{
	if (mouth->fd < 0)
		return;
	close(mouth->fd);
	mouth->fd = -1;
	mouth->fed = fed;
}

static void mouth_feed(struct mouth *mouth, const u8 *chunk, size_t len)
{
	ssize_t put;

	while (mouth->fd >= 0 && mouth->at < len) {
		put = write(mouth->fd, chunk + mouth->at, len - mouth->at);
		if (put >= 0)
			mouth->at += put;
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			mouth_close(mouth, FED_LEFT);
	}
}

/* Until all have the chunk, or are given up. */
static void feed(struct mouth *mouths, const u8 *chunk, size_t len)
{
	struct pollfd polls[MOUTHS];
	u64 before = now_ms(), now, waited;
	int i, hungry, wait;

	for (i = 0; i < MOUTHS; i++)
		mouths[i].at = 0;
	for (;;) {
		hungry = 0;
		wait = 1000;
		for (i = 0; i < MOUTHS; i++) {
			mouth_feed(&mouths[i], chunk, len);
			polls[i] = (struct pollfd){ -1, POLLOUT, 0 };
			if (mouths[i].fd < 0 || mouths[i].at == len)
				continue;
			polls[i].fd = mouths[i].fd;
			wait = min((u64)wait, mouths[i].patience_ms);
			hungry++;
		}
		if (!hungry)
			return;
		poll(polls, MOUTHS, wait);
		now = now_ms();
		waited = now - before;
		before = now;
		for (i = 0; i < MOUTHS; i++) {
			if (polls[i].fd < 0)
				continue;
			if (mouths[i].patience_ms <= waited)
				mouth_close(&mouths[i], FED_SLOW);
			else
				mouths[i].patience_ms -= waited;
		}
	}
}

/* Returns bytes, 0 at the end, or a negative errno. */
static ssize_t next(const struct stream *stream, u8 *chunk, size_t room, struct complaint *why)
{
	struct pollfd poll_in = { stream->in, POLLIN, 0 };
	size_t have = 0;
	ssize_t got;
	int ready;

	/* A pipe gives 64 KiB at most. */
	while (have < room) {
		ready = poll(&poll_in, 1, min(stream->silence, (u64)86400) * 1000);
		if (ready < 0 && errno == EINTR)
			continue;
		if (!ready)
			return complain(why, -ETIMEDOUT, "nothing came for %llu seconds",
					(unsigned long long)stream->silence);
		got = read(stream->in, chunk + have, room - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return complain(why, -errno, "cannot be read: %s", strerror(errno));
		if (!got)
			break;
		have += got;
	}
	return have;
}

/* Into the file, as far as there is room and the limit allows. Return: false if not all. */
static bool keep(struct pack *pack, const u8 *chunk, size_t len, u64 *left, bool *fine,
		 struct complaint *cut)
{
	size_t part = min((u64)len, *left);

	*fine = !pack_add(pack, chunk, part, cut);
	*left -= part;
	if (*fine && part < len)
		complaint_set(cut, "it has more bytes than are kept");
	return *fine && part == len;
}

static void copy(const struct stream *stream, struct pack *pack, struct mouth *mouths, u8 *chunk,
		 struct streamed *end)
{
	bool whole = true, fine = true;
	struct complaint also;
	u64 left = stream->most;
	ssize_t got;

	/* Who is teed to gets all, also what has no place any more. */
	while (whole || mouths[TEE].fd >= 0) {
		got = next(stream, chunk, CHUNK, whole ? &end->cut : &also);
		if (got < 0)
			whole = false;
		if (got <= 0)
			break;
		if (whole && !keep(pack, chunk, got, &left, &fine, &end->cut)) {
			whole = false;
			mouth_close(&mouths[VERIFY], FED_LEFT);
		}
		feed(mouths, chunk, got);
	}
	/* What was cut off is a whole frame of less, unless it was the file that failed. */
	if (pack_end(pack, fine, &end->packed, whole ? &end->cut : &also))
		mouth_close(&mouths[VERIFY], FED_LEFT);
}

/* The pipes of those who are fed must not block; nobody else writes to them. */
static void unblock(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFL, O_NONBLOCK);
}

static int confine(const struct stream *stream, int report, struct complaint *why)
{
	struct sandbox sandbox = {
		.inputs = { stream->in }, .nr_inputs = 1,
		.outputs = { report },
		.nr_outputs = 1,
		.streams = true,
		.spool = -1, .broker = -1, .resolver = -1,
	};

	if (stream->file >= 0)
		sandbox.outputs[sandbox.nr_outputs++] = stream->file;
	if (stream->verify >= 0)
		sandbox.outputs[sandbox.nr_outputs++] = stream->verify;
	if (stream->tee >= 0)
		sandbox.outputs[sandbox.nr_outputs++] = stream->tee;
	return sandbox_enter(&sandbox, why);
}

/* Does not return. */
static void child(const struct stream *stream, int report, pid_t parent)
{
	int keep[] = { stream->in, stream->file, report, stream->verify, stream->tee };
	struct streamed end = { 0 };
	struct mouth mouths[MOUTHS];
	u8 *chunk = malloc(CHUNK);
	struct pack *pack;

	signal(SIGPIPE, SIG_IGN);
	cell_close_others(keep, sizeof(keep) / sizeof(*keep));
	unblock(stream->verify);
	unblock(stream->tee);
	mouth_open(&mouths[VERIFY], stream->verify, VERIFY_PATIENCE);
	mouth_open(&mouths[TEE], stream->tee, stream->patience);
	pack = pack_new(stream->file, stream->level, stream->room, &end.cut);
	if (!pack || !chunk || cell_enter(stream->uid, stream->gid, &end.cut))
		_exit(1);
	/* After the change of user, which clears it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || confine(stream, report, &end.cut))
		_exit(1);
	copy(stream, pack, mouths, chunk, &end);
	OPENSSL_cleanse(chunk, CHUNK);
	/* After the report: only a whole file may be found clean. */
	end.verify = mouths[VERIFY].fed;
	end.tee = mouths[TEE].fed;
	if (write(report, &end, sizeof(end)) != sizeof(end))
		_exit(1);
	_exit(0);
}

/**
 * stream_start() - have a child do it
 * @stream:	what; its ends of pipes are the child's alone afterwards
 * @pid:	takes the child
 * @why:	text of an error
 *
 * Return: a descriptor for stream_end(), or a negative errno.
 */
int stream_start(const struct stream *stream, pid_t *pid, struct complaint *why)
{
	pid_t parent = getpid();
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC))
		return complain(why, -errno, "cannot start: %s", strerror(errno));
	fflush(NULL);
	*pid = fork();
	error = errno;
	if (!*pid)
		child(stream, ends[1], parent);
	close(ends[1]);
	if (stream->verify >= 0)
		close(stream->verify);
	if (stream->tee >= 0)
		close(stream->tee);
	if (*pid > 0)
		return ends[0];
	close(ends[0]);
	return complain(why, -error, "cannot start: %s", strerror(error));
}

/**
 * stream_end() - wait for it
 * @from:	from stream_start(), closed here
 * @pid:	likewise, waited for here
 * @streamed:	takes what has become of it
 * @why:	text of an error
 *
 * What comes from the child is not trusted: it has read what is hostile.
 *
 * Return: 0, or -EPROTO if it did not come to its end; the file may have anything then.
 */
int stream_end(int from, pid_t pid, struct streamed *streamed, struct complaint *why)
{
	size_t have = 0;
	ssize_t got;
	int status;

	while (have < sizeof(*streamed)) {
		got = read(from, (u8 *)streamed + have, sizeof(*streamed) - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		have += got;
	}
	close(from);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return complain(why, -EPROTO, "lost: %s", strerror(errno));
	if (WIFSIGNALED(status))
		return complain(why, -EPROTO, "who read it ended by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) || have < sizeof(*streamed) || streamed->verify >= FED_STATES ||
	    streamed->tee >= FED_STATES)
		return complain(why, -EPROTO, "who read it did not come to its end");
	streamed->cut.text[sizeof(streamed->cut.text) - 1] = '\0';
	return 0;
}
