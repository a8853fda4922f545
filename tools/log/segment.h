/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A segment of the audit log: a file of lines, or the same compressed. Its bytes may be
 * anything: they are read in pieces, and no line is longer than LOG_LINE_MAX.
 */
#ifndef KREDACT_TOOLS_LOG_SEGMENT_H
#define KREDACT_TOOLS_LOG_SEGMENT_H

#include <sys/types.h>

#include "line.h"

#define SEGMENT_NAME_LEN	40u
/* Bytes of lines in a frame of a compressed segment; the last line goes beyond. */
#define SEGMENT_FRAME		(256u * 1024)
#define SEGMENT_FRAME_MAX	(SEGMENT_FRAME + LOG_LINE_MAX)

enum segment_kind {
	SEGMENT_PLAIN,
	SEGMENT_PACKED,
	SEGMENT_INDEX,
};

/**
 * struct segment - which files there are of a segment
 * @number:	of it, from 1 on
 * @has:	for each kind, whether there is such a file
 * @bytes:	likewise, how large it is
 */
struct segment {
	u64 number;
	bool has[3];
	u64 bytes[3];
};

/**
 * struct segments - the segments in a folder, in order
 * @list:	of them
 * @count:	how many
 */
struct segments {
	struct segment *list;
	size_t count;
};

struct segment_reader;

void segment_name(char *to, u64 number, enum segment_kind kind);
int segments_list(struct segments *segments, int dir, struct complaint *why);
void segments_free(struct segments *segments);
int segment_open(struct segment_reader **out, int dir, const struct segment *segment,
		 struct complaint *why);
int segment_take(struct segment_reader **out, int fd, struct complaint *why);
u64 segment_skip(struct segment_reader *reader, u64 bytes);
int segment_next(struct segment_reader *reader, const char **line, size_t *len,
		 struct complaint *why);
void segment_close(struct segment_reader *reader);

#endif /* KREDACT_TOOLS_LOG_SEGMENT_H */
