/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes that come one after the other: of a file or a pipe, or what is in a report of
 * apport, decoded from base64.
 */
#ifndef KREDACT_TOOLS_FEED_H
#define KREDACT_TOOLS_FEED_H

#include "text.h"

#define FEED_BUFFER	(256u << 10)

/**
 * struct feed - a source of bytes
 * @fd:		read from here, by offset if @regular
 * @regular:	it is a regular file
 * @outer:	or the report that holds them
 * @inside:	that has got to the lines of base64
 * @fresh:	and to the beginning of one
 * @quad:	bits of base64 that make no byte yet
 * @bits:	how many
 * @offset:	bytes taken from @fd
 * @ended:	there will be no more
 * @error:	nothing is all right any more, since
 * @why:	this is so
 * @at:		first byte of @buffer that was not taken
 * @have:	bytes in @buffer
 * @buffer:	FEED_BUFFER bytes
 */
struct feed {
	int fd;
	bool regular;
	struct feed *outer;
	bool inside;
	bool fresh;
	u32 quad;
	u32 bits;
	u64 offset;
	bool ended;
	int error;
	struct complaint why;
	size_t at;
	size_t have;
	u8 *buffer;
};

int feed_open(struct feed *feed, int fd, bool regular, struct complaint *why);
int feed_open_report(struct feed *feed, struct feed *outer, struct complaint *why);
void feed_close(struct feed *feed);
size_t feed_need(struct feed *feed, size_t want);
const u8 *feed_bytes(const struct feed *feed);
void feed_take(struct feed *feed, size_t len);

#endif /* KREDACT_TOOLS_FEED_H */
