/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finding lines of a log: by the indexes of its segments, or by reading those that have none.
 */
#ifndef KREDACT_TOOLS_LOG_FIND_H
#define KREDACT_TOOLS_LOG_FIND_H

#include "segment.h"
#include "terms.h"

#define FIND_TERMS	8u
#define FIND_GROUPS	12u

/**
 * struct find_group - terms of which a line has to have one
 * @any:	@count of them
 * @more:	and @nr_more others, which stay the caller's; after find_sort()
 */
struct find_group {
	struct term any[FIND_TERMS];
	unsigned int count;
	const struct term *more;
	size_t nr_more;
};

/**
 * struct find_query - what is looked for
 * @all:	@count groups, of each of which a line has to have one term
 * @since_ns:	no line before; @until_ns: none from then on
 * @after_seq:	no line of this number or a lower one
 * @ends_only:	only the first and the last line of each segment are wanted, and how many
 *		there are between them
 * @scans:	indexes are not used: all lines are read
 */
struct find_query {
	struct find_group all[FIND_GROUPS];
	unsigned int count;
	u64 since_ns;
	u64 until_ns;
	u64 after_seq;
	bool ends_only;
	bool scans;
};

/**
 * struct find_result - what it took
 * @hits:	lines that were found
 * @segments:	that there are; @scanned: of them, read as a whole
 * @broken:	segments that could not be read to the end
 */
struct find_result {
	u64 hits;
	u64 segments;
	u64 scanned;
	u64 broken;
};

struct json_object;

/**
 * struct find_hit - a line that was found
 * @line:	the line; @data: what it says, or NULL
 * @text:	all of it, with its line feed, @len bytes
 */
struct find_hit {
	const struct line *line;
	struct json_object *data;
	const char *text;
	size_t len;
};

typedef bool find_take(void *arg, const struct find_hit *hit);

void find_add(struct find_group *group, enum term_kind kind, const char *value);
void find_sort(struct term *terms, size_t count);
int find_run(int dir, const struct find_query *query, find_take *take, void *arg,
	     struct find_result *result, struct complaint *why);
/**
 * struct find_tail - where the end of a log was, for find_more()
 * @segment:	that is read
 * @at:		bytes of it that were read
 */
struct find_tail {
	u64 segment;
	u64 at;
};

int find_more(int dir, struct find_tail *tail, const struct find_query *query, find_take *take,
	      void *arg, struct complaint *why);
int find_ends(int dir, struct line_stamp *first, struct line_stamp *last, struct complaint *why);
bool find_scan_line(const struct find_query *query, const char *text, size_t len, find_take *take,
		    void *arg, bool *goes_on);

#endif /* KREDACT_TOOLS_LOG_FIND_H */
