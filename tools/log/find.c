// SPDX-License-Identifier: GPL-2.0
/*
 * Finding lines of a log: see find.h.
 *
 * An index only says where to look: each line that it names is read, and has to have the
 * terms. Of ends_only the lines between the first and the last are counted unread.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <json-c/json.h>
#include <zstd.h>

#include "find.h"
#include "index.h"

/* Where a search stands within a segment that has an index. */
struct look {
	const struct find_query *query;
	find_take *take;
	void *arg;
	struct find_result *result;
	struct index *index;
	int fd;
	u32 frame;		/* that @text is of; UINT32_MAX: none */
	u32 line;		/* of the segment, that begins at @at */
	size_t at;
	size_t len;
	bool goes_on;
	char text[SEGMENT_FRAME_MAX];
	char packed[ZSTD_COMPRESSBOUND(SEGMENT_FRAME_MAX)];
};

/**
 * find_add() - add a term to those of which a line has to have one
 * @group:	has room for FIND_TERMS
 * @kind:	of the term
 * @value:	of the term, which stays the caller's
 */
void find_add(struct find_group *group, enum term_kind kind, const char *value)
{
	size_t len = strlen(value);

	if (group->count < FIND_TERMS && len <= TERM_VALUE_MAX)
		group->any[group->count++] = (struct term){ kind, value, len };
}

/* Which groups a line has a term of. */
struct match {
	const struct find_query *query;
	u32 has;
};

static int compare_terms(const void *a, const void *b)
{
	const struct term *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->value, y->value, x->len);
}

/**
 * find_sort() - put terms in order, for @more of a group
 * @terms:	terms
 * @count:	how many
 */
void find_sort(struct term *terms, size_t count)
{
	qsort(terms, count, sizeof(*terms), compare_terms);
}

static bool group_has(const struct find_group *group, const struct term *term)
{
	unsigned int i;

	for (i = 0; i < group->count; i++)
		if (!compare_terms(&group->any[i], term))
			return true;
	return group->nr_more &&
	       bsearch(term, group->more, group->nr_more, sizeof(*term), compare_terms);
}

static void on_term(void *arg, const struct term *term)
{
	struct match *match = arg;
	unsigned int i;

	for (i = 0; i < match->query->count; i++)
		if (group_has(&match->query->all[i], term))
			match->has |= 1u << i;
}

/* What the event alone decides is decided without a parser of JSON. */
static bool event_matches(const struct find_query *query, const struct line *line)
{
	struct match match = { .query = query };
	unsigned int i, j;

	terms_of(line, NULL, on_term, &match);
	for (i = 0; i < query->count; i++) {
		const struct find_group *group = &query->all[i];

		for (j = 0; j < group->count; j++)
			if (group->any[j].kind != TERM_EVENT && group->any[j].kind != TERM_FAMILY)
				break;
		if (j == group->count && !group->nr_more && !(match.has & 1u << i))
			return false;
	}
	return true;
}

/* How much of a value JSON has as it is. */
static size_t plain_len(const struct term *term)
{
	size_t end = term->len, n;

	if (term->kind == TERM_START)
		return strcspn(term->value, ":");
	/* The folder, and the name in it, may be two members. */
	if (term->kind == TERM_PATH && strrchr(term->value, '/'))
		end = (size_t)(strrchr(term->value, '/') - term->value);
	for (n = 0; n < end; n++)
		if ((u8)term->value[n] < ' ' || term->value[n] == '"' || term->value[n] == '\\')
			break;
	return n;
}

/* Does the line have the bytes at all? */
static bool may_match(const struct find_query *query, const char *text, size_t len)
{
	unsigned int i, j;

	for (i = 0; i < query->count; i++) {
		const struct find_group *group = &query->all[i];

		for (j = 0; j < group->count; j++) {
			const struct term *term = &group->any[j];
			size_t n = plain_len(term);

			if (!n || memmem(text, len, term->value, n))
				break;
		}
		if (j == group->count && !group->nr_more)
			return false;
	}
	return true;
}

/**
 * find_scan_line() - is it one of the lines
 * @query:	what is looked for
 * @text:	a line, or anything
 * @len:	of it
 * @take:	is told if it is; returns false if that is enough
 * @arg:	for it
 * @goes_on:	takes what @take returned
 *
 * Return: true if it is.
 */
bool find_scan_line(const struct find_query *query, const char *text, size_t len, find_take *take,
		    void *arg, bool *goes_on)
{
	struct match match = { .query = query };
	struct find_hit hit = { .text = text, .len = len };
	struct line line;

	if (!may_match(query, text, len) || line_read(&line, text, len) == LINE_FORM)
		return false;
	if (line.stamp.realtime_ns < query->since_ns || line.stamp.realtime_ns >= query->until_ns ||
	    line.stamp.seq <= query->after_seq || !event_matches(query, &line))
		return false;
	hit.line = &line;
	hit.data = line_json(line.data, line.data_len);
	terms_of(&line, hit.data, on_term, &match);
	if (match.has == (1u << query->count) - 1)
		*goes_on = take(arg, &hit);
	json_object_put(hit.data);
	return match.has == (1u << query->count) - 1;
}

static int scan(int dir, const struct segment *segment, struct look *look, struct complaint *why)
{
	struct segment_reader *reader;
	const char *text;
	size_t len;
	int got = segment_open(&reader, dir, segment, why);

	if (got)
		return got;
	while (look->goes_on && (got = segment_next(reader, &text, &len, why)) > 0)
		look->result->hits += find_scan_line(look->query, text, len, look->take, look->arg,
						     &look->goes_on);
	segment_close(reader);
	look->result->scanned++;
	return got < 0 ? got : 0;
}

static int compare(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/* Lines that have one of the terms. */
static int find_any(const struct index *index, const struct find_group *group,
		    struct index_hits *hits)
{
	size_t i, from, to = 0;
	int error = 0;

	*hits = (struct index_hits){ 0 };
	for (i = 0; !error && i < group->count + group->nr_more; i++) {
		const struct term *term = i < group->count ? &group->any[i] :
					  &group->more[i - group->count];
		struct index_hits more;
		u32 *line;

		error = index_find(index, term, &more);
		if (!error && more.count) {
			line = reallocarray(hits->line, hits->count + more.count, sizeof(*line));
			if (line) {
				hits->line = line;
				memcpy(line + hits->count, more.line, more.count * sizeof(*line));
				hits->count += more.count;
			} else {
				error = -ENOMEM;
			}
		}
		free(more.line);
	}
	if (error || i < 2 || hits->count < 2)
		return error;
	qsort(hits->line, hits->count, sizeof(*hits->line), compare);
	for (from = 0; from < hits->count; from++)
		if (!to || hits->line[to - 1] != hits->line[from])
			hits->line[to++] = hits->line[from];
	hits->count = to;
	return 0;
}

static void intersect(struct index_hits *hits, const struct index_hits *other)
{
	size_t i, j = 0, to = 0;

	for (i = 0; i < hits->count; i++) {
		while (j < other->count && other->line[j] < hits->line[i])
			j++;
		if (j < other->count && other->line[j] == hits->line[i])
			hits->line[to++] = hits->line[i];
	}
	hits->count = to;
}

static int find_all(const struct index *index, const struct find_query *query,
		    struct index_hits *hits)
{
	struct index_hits more;
	unsigned int i;
	int error = 0;

	*hits = (struct index_hits){ 0 };
	for (i = 0; !error && i < query->count; i++) {
		error = find_any(index, &query->all[i], i ? &more : hits);
		if (!i)
			continue;
		if (!error)
			intersect(hits, &more);
		free(more.line);
	}
	return error;
}

static int load_frame(struct look *look, u32 number, struct complaint *why)
{
	const struct index_frame *frame = index_frame(look->index, number);
	size_t len = frame ? le32toh(frame->len) : 0, done = 0, got;

	look->frame = UINT32_MAX;
	if (!frame || len > sizeof(look->packed))
		return complain(why, -EBADMSG, "a frame is longer than frames are");
	while (done < len) {
		ssize_t n = pread(look->fd, look->packed + done, len - done,
				  (off_t)(le64toh(frame->at) + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return complain(why, n ? -errno : -EBADMSG, "a frame cannot be read");
		done += (size_t)n;
	}
	got = ZSTD_decompress(look->text, sizeof(look->text), look->packed, len);
	if (ZSTD_isError(got) || got != le32toh(frame->text_len))
		return complain(why, -EBADMSG, "a frame cannot be unpacked");
	look->frame = number;
	look->line = le32toh(frame->first_line);
	look->at = 0;
	look->len = got;
	return 0;
}

/* Hits come in order, so that a frame is gone through once. */
static int read_hit(struct look *look, u32 wanted, struct complaint *why)
{
	u32 frame = index_frame_of(look->index, wanted);
	const struct index_frame *in = index_frame(look->index, frame);
	const char *start, *end;
	int error;

	if (!in)
		return complain(why, -EBADMSG, "the index names a line that is not there");
	if (le64toh(in->max_ns) < look->query->since_ns ||
	    le64toh(in->min_ns) >= look->query->until_ns)
		return 0;
	if (frame != look->frame || wanted < look->line) {
		error = load_frame(look, frame, why);
		if (error)
			return error;
	}
	for (;;) {
		start = look->text + look->at;
		end = memchr(start, '\n', look->len - look->at);
		if (look->at == look->len)
			return complain(why, -EBADMSG, "the index names a line that is not there");
		end = end ? end + 1 : look->text + look->len;
		if (look->line == wanted)
			break;
		look->line++;
		look->at = (size_t)(end - look->text);
	}
	if (!find_scan_line(look->query, start, (size_t)(end - start), look->take, look->arg,
			    &look->goes_on))
		return 0;
	look->result->hits++;
	return 0;
}

static int look_up(struct look *look, struct complaint *why)
{
	bool counts = look->query->ends_only && !look->query->since_ns &&
		      look->query->until_ns == UINT64_MAX;
	struct index_hits hits;
	size_t i;
	int error = find_all(look->index, look->query, &hits);

	if (error)
		complaint_set(why, error == -ENOMEM ? "out of memory" : "the index is broken");
	look->frame = UINT32_MAX;
	for (i = 0; !error && look->goes_on && i < hits.count; i++) {
		if (counts && i && i < hits.count - 1) {
			look->result->hits += hits.count - 2;
			i = hits.count - 1;
		}
		error = read_hit(look, hits.line[i], why);
	}
	free(hits.line);
	return error;
}

static int find_in(int dir, const struct segment *segment, struct look *look,
		   struct complaint *why)
{
	u64 hits = look->result->hits;
	char name[SEGMENT_NAME_LEN];
	int error;

	/* Without any term all lines are meant. */
	if (!look->query->count || look->query->scans || !segment->has[SEGMENT_PACKED] ||
	    !segment->has[SEGMENT_INDEX] || index_open(&look->index, dir, segment, why))
		return scan(dir, segment, look, why);
	segment_name(name, segment->number, SEGMENT_PACKED);
	look->fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	error = look->fd < 0 ? complain(why, -errno, "%s: %s", name, strerror(errno)) :
		look_up(look, why);
	if (look->fd >= 0)
		close(look->fd);
	index_close(look->index);
	/* A broken index costs time, not truth, unless lines were told already. */
	if (error == -EBADMSG && look->result->hits == hits)
		return scan(dir, segment, look, why);
	return error;
}

/**
 * find_run() - find lines
 * @dir:	of the log
 * @query:	what is looked for
 * @take:	is told of each line, in order; returns false if that is enough
 * @arg:	for it
 * @result:	takes what it took
 * @why:	text of an error
 *
 * Return: 0 or a negative errno. Segments that are broken are counted, and passed over.
 */
int find_run(int dir, const struct find_query *query, find_take *take, void *arg,
	     struct find_result *result, struct complaint *why)
{
	struct look *look = malloc(sizeof(*look));
	struct segments segments = { 0 };
	int error = look ? segments_list(&segments, dir, why) :
		    complain(why, -ENOMEM, "out of memory");
	size_t i;

	*result = (struct find_result){ 0 };
	if (look) {
		look->query = query;
		look->take = take;
		look->arg = arg;
		look->result = result;
		look->goes_on = true;
	}
	for (i = 0; !error && look->goes_on && i < segments.count; i++) {
		result->segments++;
		error = find_in(dir, &segments.list[i], look, why);
		/* Retired while it was looked for: then it is gone. */
		if (error == -EBADMSG)
			result->broken++;
		if (error == -EBADMSG || error == -ENOENT)
			error = 0;
	}
	segments_free(&segments);
	free(look);
	return error;
}

/* The first and the last line of a segment; of one that is not compressed without the middle. */
static int segment_ends(int dir, const struct segment *segment, struct line_stamp *first,
			struct line_stamp *last, struct complaint *why)
{
	struct segment_reader *reader;
	const char *text;
	struct line line;
	bool jumped = false;
	size_t len;
	int got = segment_open(&reader, dir, segment, why);

	if (got)
		return got;
	while ((got = segment_next(reader, &text, &len, why)) > 0) {
		if (line_read(&line, text, len) != LINE_GOOD)
			continue;
		if (!first->seq)
			*first = line.stamp;
		*last = line.stamp;
		if (last == first)
			break;
		if (!jumped && segment->has[SEGMENT_PLAIN] &&
		    segment->bytes[SEGMENT_PLAIN] > 4 * LOG_LINE_MAX)
			segment_skip(reader, segment->bytes[SEGMENT_PLAIN] - 2 * LOG_LINE_MAX);
		jumped = true;
	}
	segment_close(reader);
	return got < 0 ? got : 0;
}

/**
 * find_more() - find lines that were written since
 * @dir:	of the log
 * @tail:	where it was the last time; moved on. At first: the last segment, and 0
 * @query:	what is looked for
 * @take:	as of find_run()
 * @arg:	for it
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int find_more(int dir, struct find_tail *tail, const struct find_query *query, find_take *take,
	      void *arg, struct complaint *why)
{
	const struct segment here = { .number = tail->segment };
	const struct segment next = { .number = tail->segment + 1 };
	struct segment_reader *reader, *other;
	bool goes_on = true, has_next;
	const char *text;
	u64 at = 0;
	size_t len;
	int got;

	/* If there is a next segment now, this one has no more lines than are read now. */
	has_next = !segment_open(&other, dir, &next, why);
	if (has_next)
		segment_close(other);
	got = segment_open(&reader, dir, &here, why);
	if (got)
		return got == -ENOENT && !has_next ? 0 : got;
	at = segment_skip(reader, tail->at);
	while (goes_on && (got = segment_next(reader, &text, &len, why)) > 0) {
		if (text[len - 1] != '\n')
			break;
		at += len;
		if (at > tail->at)
			find_scan_line(query, text, len, take, arg, &goes_on);
	}
	segment_close(reader);
	tail->at = max(at, tail->at);
	if (got >= 0 && goes_on && has_next)
		*tail = (struct find_tail){ tail->segment + 1, 0 };
	return got < 0 ? got : 0;
}

/**
 * find_ends() - where a log begins and ends
 * @dir:	of the log
 * @first:	takes the stamp of its first line; seq 0: there is none
 * @last:	takes that of the last one
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int find_ends(int dir, struct line_stamp *first, struct line_stamp *last, struct complaint *why)
{
	struct line_stamp other = { 0 };
	struct segments segments;
	int error = segments_list(&segments, dir, why);

	memset(first, 0, sizeof(*first));
	memset(last, 0, sizeof(*last));
	if (!error && segments.count)
		error = segment_ends(dir, &segments.list[0], first, first, why);
	if (!error && segments.count)
		error = segment_ends(dir, &segments.list[segments.count - 1], &other, last, why);
	segments_free(&segments);
	return error;
}
