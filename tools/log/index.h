/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The index of a segment: which of its lines have a term, and where they lie in the
 * compressed file. It is derived from the segment and can be made again; what it says is
 * never taken for true before the line itself was read.
 */
#ifndef KREDACT_TOOLS_LOG_INDEX_H
#define KREDACT_TOOLS_LOG_INDEX_H

#include "segment.h"
#include "terms.h"

#define INDEX_MAGIC	"KRLOGIX1"

/**
 * struct index_head - the beginning of an index; all numbers of it are little-endian
 * @magic:	INDEX_MAGIC
 * @segment:	number of the segment
 * @packed:	bytes of its compressed file
 * @text:	bytes of its lines
 * @first_seq:	number of its first line
 * @head:	hash of its last line
 * @lines:	how many there are
 * @frames:	of the compressed file: struct index_frame, after the head
 * @terms:	struct index_term, in order, after the frames
 * @reserved:	0
 * @postings:	bytes of them, after the terms
 */
struct index_head {
	char magic[8];
	__le64 segment;
	__le64 packed;
	__le64 text;
	__le64 first_seq;
	u8 head[LINE_HASH_LEN];
	__le32 lines;
	__le32 frames;
	__le32 terms;
	__le32 reserved;
	__le64 postings;
};

/**
 * struct index_frame - a frame of zstd, with whole lines
 * @at:		where it begins in the compressed file
 * @len:	bytes of it there
 * @text_len:	bytes of its lines
 * @first_line:	of the segment, from 0 on
 * @reserved:	0
 * @min_ns:	time of the earliest line in it; @max_ns: of the latest
 */
struct index_frame {
	__le64 at;
	__le32 len;
	__le32 text_len;
	__le32 first_line;
	__le32 reserved;
	__le64 min_ns;
	__le64 max_ns;
};

/**
 * struct index_term - a term
 * @hash:	from term_hash()
 * @at:		where its postings begin, within the postings
 * @count:	of lines
 * @len:	bytes of postings: differences of line numbers, in groups of seven bits
 */
struct index_term {
	__le64 hash;
	__le64 at;
	__le32 count;
	__le32 len;
};

struct index;
struct index_maker;

/* Lines of a segment, in order, each once. */
struct index_hits {
	u32 *line;
	size_t count;
};

struct index_maker *index_maker_new(u64 segment);
int index_maker_frame(struct index_maker *maker, u64 at, size_t len, const char *text,
		      size_t text_len, struct complaint *why);
int index_maker_write(struct index_maker *maker, int fd, struct complaint *why);
void index_maker_free(struct index_maker *maker);

int index_open(struct index **out, int dir, const struct segment *segment, struct complaint *why);
const struct index_head *index_head(const struct index *index);
const struct index_frame *index_frame(const struct index *index, u32 number);
u32 index_frame_of(const struct index *index, u32 line);
int index_find(const struct index *index, const struct term *term, struct index_hits *hits);
void index_close(struct index *index);

#endif /* KREDACT_TOOLS_LOG_INDEX_H */
