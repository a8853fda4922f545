/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checking a log, offline: its chain, its trees, its signatures and its clocks.
 */
#ifndef KREDACT_TOOLS_LOG_CHECK_H
#define KREDACT_TOOLS_LOG_CHECK_H

#include "checkpoint.h"
#include "log_keys.h"
#include "segment.h"

/* How bad something is. */
enum check_level {
	CHECK_NOTE,	/* the log says it of itself, or it is normal */
	CHECK_UNSURE,	/* something cannot be relied on */
	CHECK_CHANGED,	/* the log is not as it was written */
};

/* What it is. */
enum check_kind {
	CHECK_FORM,		/* no line of the log */
	CHECK_CHAIN,		/* a line was changed, or put in */
	CHECK_MISSING,		/* lines are missing */
	CHECK_ORDER,		/* lines are in another order, or there twice */
	CHECK_SEGMENT,		/* a segment is not the one that it should be */
	CHECK_TREE,		/* a checkpoint is not of these lines */
	CHECK_SIGNATURE,	/* not by a trusted key */
	CHECK_UNSIGNED,		/* nobody has signed these lines */
	CHECK_CLOCK,		/* a clock that goes backwards, or jumps */
	CHECK_TRUNCATED,	/* the log ends before a checkpoint that was published */
	CHECK_TORN,		/* the end of the last line is missing */
	CHECK_LOST,		/* the log itself missed something */
	CHECK_RETIRED,		/* segments that are gone */
	CHECK_KINDS,
};

/**
 * struct check_finding - something that was found
 * @level:	how bad it is
 * @kind:	what it is
 * @segment:	in which; 0: in none
 * @line:	of the segment, from 1 on; 0: none in particular
 * @seq:	the number that the line has or should have; 0: none
 * @text:	for people
 */
struct check_finding {
	enum check_level level;
	enum check_kind kind;
	u64 segment;
	u64 line;
	u64 seq;
	char text[320];
};

/**
 * struct check_opts - how to check
 * @keys:	that are trusted, or NULL
 * @tolerance_ns: by how much the clocks may differ between two lines
 * @found:	is told what was found
 * @arg:	for it
 */
struct check_opts {
	const struct log_keys *keys;
	u64 tolerance_ns;
	void (*found)(void *arg, const struct check_finding *finding);
	void *arg;
};

/**
 * struct check_result - what there was
 * @segments:	that were read
 * @lines:	in them
 * @bytes:	in them
 * @first_seq:	number of the first line; @last_seq: of the last one
 * @first_ns:	its time; @last_ns: that of the last one
 * @signed_seq:	number of the last line that a trusted signature covers; 0: none
 * @lost:	lines that the log says it could not write
 * @refused:	messages that it did not take
 * @starts:	of kredact-logd
 * @findings:	of each level
 */
struct check_result {
	u64 segments;
	u64 lines;
	u64 bytes;
	u64 first_seq;
	u64 last_seq;
	u64 first_ns;
	u64 last_ns;
	u64 signed_seq;
	u64 lost;
	u64 refused;
	u64 starts;
	u64 findings[CHECK_CHANGED + 1];
};

struct check;

struct check *check_new(const struct check_opts *opts, struct complaint *why);
int check_expect(struct check *check, const char *path, struct complaint *why);
int check_segment(struct check *check, struct segment_reader *reader, u64 number,
		  struct complaint *why);
int check_dir(struct check *check, int dir, struct complaint *why);
void check_end(struct check *check, struct check_result *result);
void check_free(struct check *check);
const char *check_kind_word(enum check_kind kind);
const char *check_level_word(enum check_level level);

#endif /* KREDACT_TOOLS_LOG_CHECK_H */
