/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one process that has the bytes of a core in its hands: it has no privileges, and
 * gives them to a file, to kredact-verify and to another handler.
 */
#ifndef KREDACT_CAPTURE_STREAM_H
#define KREDACT_CAPTURE_STREAM_H

#include <sys/types.h>

#include "pack.h"

/* What has become of one who was fed. */
enum fed {
	FED_NOT,	/* there was nobody */
	FED_ALL,	/* has got each byte */
	FED_LEFT,	/* did not want any more */
	FED_SLOW,	/* took too long */
	FED_STATES,
};

/**
 * struct stream - what is to be done
 * @in:		the core
 * @file:	where it goes, packed; empty. -1: nowhere
 * @room:	bytes that this may have
 * @most:	bytes of the core that are read for it
 * @level:	of zstd
 * @verify:	standard input of kredact-verify, or -1
 * @tee:	that of another handler, or -1
 * @patience:	seconds that the latter may hold up the others
 * @silence:	seconds without a byte from the kernel
 * @uid, @gid:	who does it; ignored unless this is root
 */
struct stream {
	int in;
	int file;
	u64 room;
	u64 most;
	int level;
	int verify;
	int tee;
	u64 patience;
	u64 silence;
	uid_t uid;
	gid_t gid;
};

/**
 * struct streamed - what has become of it
 * @packed:	what the file is
 * @cut:	why it is not the whole core; empty if it is
 * @verify:	what kredact-verify was given
 * @tee:	likewise the other handler
 */
struct streamed {
	struct packed packed;
	struct complaint cut;
	u32 verify;
	u32 tee;
};

int stream_start(const struct stream *stream, pid_t *pid, struct complaint *why);
int stream_end(int from, pid_t pid, struct streamed *streamed, struct complaint *why);

#endif /* KREDACT_CAPTURE_STREAM_H */
