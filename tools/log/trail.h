/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The trail of a key: its registrations, the dumps of processes that had it, and what
 * became of these.
 */
#ifndef KREDACT_TOOLS_LOG_TRAIL_H
#define KREDACT_TOOLS_LOG_TRAIL_H

#include "find.h"

#define TRAIL_EVENTS	200000u
#define TRAIL_KEYS	20000u
#define TRAIL_GAPS	4096u
#define TRAIL_TABLE	65536u	/* places for TRAIL_KEYS, a power of two */

/* What is known of a dump, best first. */
enum trail_verdict {
	TRAIL_FOUND,		/* key material was found in it */
	TRAIL_UNVERIFIED,	/* nobody could say, or did */
	TRAIL_CLEAN,
};

/**
 * struct trail_event - a line of the trail
 * @seq:	its number; @realtime_ns: when
 * @event:	its name
 * @data:	what it says
 * @dump:	number of the dump it is about; -1: of none
 */
struct trail_event {
	u64 seq;
	u64 realtime_ns;
	char event[LOG_EVENT_MAX + 1];
	struct json_object *data;
	int dump;
};

/* Something that names a dump. Those of the same dump have the same root. */
struct trail_key {
	enum term_kind kind;
	char *value;
	u32 root;
	bool looked_up;
	int dump;
};

/**
 * struct trail_gap - a time in which nobody wrote the log
 * @from_ns:	last line before; @to_ns: first line after
 */
struct trail_gap {
	u64 from_ns;
	u64 to_ns;
};

/**
 * struct trail - what there is of a key
 * @scans:	indexes are not used
 * @registrations: lines with the label about registrations
 * @first_registration_ns: time of the first of them; @last_registration_ns: of the last one
 * @events:	@nr_events lines about dumps, in order
 * @keys:	@nr_keys names of dumps
 * @table:	where in @keys a key is, plus one, by its hash
 * @dumps:	how many dumps
 * @verdicts:	of each dump
 * @full:	there is more than was looked at
 * @first:	line of the log; @last: line of it
 * @gaps:	@nr_gaps of them, of @gap_ns in all
 * @lost:	lines that the log could not write; @retired: lines that it has no more
 * @segments:	of the log; @scanned: those without an index, @broken: those that cannot be read
 */
struct trail {
	bool scans;
	u64 registrations;
	u64 first_registration_ns;
	u64 last_registration_ns;
	struct trail_event *events;
	size_t nr_events;
	struct trail_key *keys;
	size_t nr_keys;
	u32 *table;
	int dumps;
	enum trail_verdict *verdicts;
	bool full;
	struct line_stamp first;
	struct line_stamp last;
	struct trail_gap *gaps;
	size_t nr_gaps;
	u64 gap_ns;
	u64 lost;
	u64 retired;
	u64 segments;
	u64 scanned;
	u64 broken;
};

int trail_follow(struct trail *trail, int dir, const char *label, bool scans,
		 struct complaint *why);
void trail_free(struct trail *trail);

#endif /* KREDACT_TOOLS_LOG_TRAIL_H */
