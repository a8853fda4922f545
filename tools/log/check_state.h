/* SPDX-License-Identifier: GPL-2.0 */
/* Between check.c and check_lines.c. */
#ifndef KREDACT_TOOLS_LOG_CHECK_STATE_H
#define KREDACT_TOOLS_LOG_CHECK_STATE_H

#include "check.h"

/**
 * struct expected - a checkpoint that was published
 * @seq:	of its line; @hash: of all of the line
 * @realtime_ns: when
 * @log:	which log
 * @worth:	of its signature
 * @met:	the log has a line of that number
 */
struct expected {
	u64 seq;
	u8 hash[LINE_HASH_LEN];
	u64 realtime_ns;
	char log[CHECKPOINT_LOG_LEN + 1];
	enum checkpoint_worth worth;
	bool met;
};

/**
 * struct check - where checking stands
 * @opts:	how
 * @result:	so far
 * @segment:	that is read; @line: of it, from 1 on
 * @segment_first: number of its first line
 * @tree:	of its lines before this one
 * @closed_tree: of the segment before; @closed_first: number of its first line
 * @begun:	there was a line; @last: the stamp of the last one
 * @head:	hash of the last line, whatever it was
 * @first_prev:	what the first line of all was chained to
 * @after_fault: the last line was none
 * @torn:	the last bytes are no whole line
 * @last_was_checkpoint: and is trusted, or nobody is
 * @log:	name of the log
 * @checkpoint_lines: as the log says of itself; @checkpoint_s: likewise
 * @unsigned_ns: time of the first line after the last signature
 * @retired:	what the last line of its kind says: up to @retired_seq, of hash @retired_head
 * @expected:	@nr_expected checkpoints; @next_expected: the next one that may come
 */
struct check {
	struct check_opts opts;
	struct check_result result;
	u64 segment;
	u64 line;
	u64 segment_first;
	struct merkle tree;
	struct merkle closed_tree;
	u64 closed_first;
	bool begun;
	struct line_stamp last;
	u8 head[LINE_HASH_LEN];
	u8 first_prev[LINE_HASH_LEN];
	bool after_fault;
	bool torn;
	bool last_was_checkpoint;
	char log[CHECKPOINT_LOG_LEN + 1];
	u64 checkpoint_lines;
	u64 checkpoint_s;
	u64 unsigned_ns;
	u64 retired_seq;
	u8 retired_head[LINE_HASH_LEN];
	struct expected *expected;
	size_t nr_expected;
	size_t next_expected;
};

__attribute__((format(printf, 5, 6)))
void check_say(struct check *check, enum check_level level, enum check_kind kind, u64 seq,
	       const char *format, ...);
void check_own(struct check *check, const struct line *line);

#endif /* KREDACT_TOOLS_LOG_CHECK_STATE_H */
