/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What writes the audit log: chains lines, brings them to the disk in groups, and makes
 * checkpoints and segments. One at a time for a folder.
 */
#ifndef KREDACT_TOOLS_LOG_WRITER_H
#define KREDACT_TOOLS_LOG_WRITER_H

#include "merkle.h"
#include "segment.h"
#include "../signer.h"

#define WRITER_ID_LEN	32u
#define NS_PER_S	1000000000ull

/* Two clocks, at once. */
struct writer_now {
	u64 realtime_ns;
	u64 boot_ns;
};

/**
 * struct writer_opts - how a log is written
 * @dir:	folder, which stays open
 * @signer:	signs checkpoints, or NULL
 * @checkpoint_lines: a checkpoint after so many lines
 * @checkpoint_s: or so many seconds, if there were lines
 * @rotate_bytes: a new segment after so many bytes
 * @rotate_s:	or so many seconds
 * @retain_s:	segments go when their last line is older
 * @retain_bytes: or when all of them are larger; 0: whatever they are
 * @now:	what time it is; NULL: by the clocks
 * @line:	is told of each line that is on the disk, or NULL
 * @arg:	for both
 */
struct writer_opts {
	int dir;
	struct signer *signer;
	u64 checkpoint_lines;
	u64 checkpoint_s;
	u64 rotate_bytes;
	u64 rotate_s;
	u64 retain_s;
	u64 retain_bytes;
	void (*now)(void *arg, struct writer_now *now);
	void (*line)(void *arg, const char *text, size_t len);
	void *arg;
};

/**
 * struct writer_state - where the log stands
 * @segment:	number of the segment
 * @size:	bytes in it
 * @began_ns:	when its first line was written
 * @first_seq:	number of that line
 * @seq:	number of the last line
 * @head:	its hash
 * @tree:	of the lines of the segment
 * @signed_seq:	number of the last checkpoint
 * @signed_boot_ns: when it was written, since the boot
 * @last_ns:	when the last line was written
 * @lost:	lines that could not be written, of which the log does not tell yet
 */
struct writer_state {
	u64 segment;
	u64 size;
	u64 began_ns;
	u64 first_seq;
	u64 seq;
	u8 head[LINE_HASH_LEN];
	struct merkle tree;
	u64 signed_seq;
	u64 signed_boot_ns;
	u64 last_ns;
	u64 lost;
};

/**
 * struct writer - an open log; others read it, and call what is below
 * @opts:	how
 * @fd:		of the segment that is written
 * @now:	where the log stands with all lines of the group
 * @synced:	where it stands on the disk
 * @group:	lines that are not on the disk, @group_len bytes of them; room for @group_room
 * @group_lines: of senders, in it
 * @id:		of the log: random, hexadecimal
 * @boot_id:	of this boot
 * @repaired:	bytes of a torn line that were cut off when it was opened
 * @damaged:	the segment before has something in it that is no line
 * @stopped_ns:	time of the last line before it was opened; 0: there was none
 * @failed:	lines that could not be written, ever
 * @bytes:	of all segments, as they lie there
 * @retire_after_ns: by CLOCK_BOOTTIME: no segment goes for its age before
 */
struct writer {
	struct writer_opts opts;
	int fd;
	struct writer_state now;
	struct writer_state synced;
	char *group;
	size_t group_len;
	size_t group_room;
	u64 group_lines;
	char id[WRITER_ID_LEN + 1];
	char boot_id[LINE_BOOT_LEN + 1];
	u64 repaired;
	bool damaged;
	u64 stopped_ns;
	u64 failed;
	u64 bytes;
	u64 retire_after_ns;
};

int writer_open(struct writer **out, const struct writer_opts *opts, struct complaint *why);
int writer_add(struct writer *writer, const char *event, const char *sender, const char *data,
	       struct log_ack *ack, struct complaint *why);
int writer_say(struct writer *writer, const char *event, struct json_object *data,
	       struct complaint *why);
int writer_commit(struct writer *writer, struct complaint *why);
int writer_checkpoint(struct writer *writer, struct complaint *why);
int writer_tick(struct writer *writer, struct complaint *why);
void writer_clocks(const struct writer *writer, struct writer_now *now);
int writer_close(struct writer *writer, struct complaint *why);

/* recover.c */
int recover(struct writer *writer, struct complaint *why);

/* retention.c */
int retention(struct writer *writer, struct complaint *why);

#endif /* KREDACT_TOOLS_LOG_WRITER_H */
