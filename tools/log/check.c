// SPDX-License-Identifier: GPL-2.0
/*
 * Checking a log: see check.h. What single lines must be is here; check_lines.c has what the
 * log's own lines say.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "check_state.h"

#define EXPECTED_MAX	100000u

/**
 * check_kind_word() - a word for what was found
 * @kind:	of a finding
 *
 * Return: the word.
 */
const char *check_kind_word(enum check_kind kind)
{
	static const char *const words[CHECK_KINDS] = {
		[CHECK_FORM] = "form", [CHECK_CHAIN] = "changed", [CHECK_MISSING] = "missing",
		[CHECK_ORDER] = "order", [CHECK_SEGMENT] = "segment", [CHECK_TREE] = "tree",
		[CHECK_SIGNATURE] = "signature", [CHECK_UNSIGNED] = "unsigned",
		[CHECK_CLOCK] = "clock", [CHECK_TRUNCATED] = "truncated", [CHECK_TORN] = "torn",
		[CHECK_LOST] = "lost", [CHECK_RETIRED] = "retired",
	};

	return words[kind];
}

/**
 * check_level_word() - a word for how bad it is
 * @level:	of a finding
 *
 * Return: the word.
 */
const char *check_level_word(enum check_level level)
{
	static const char *const words[] = { "note", "unsure", "changed" };

	return words[level];
}

/**
 * check_new() - begin to check
 * @opts:	how; copied
 * @why:	text of an error
 *
 * Return: for check_free(), or NULL.
 */
struct check *check_new(const struct check_opts *opts, struct complaint *why)
{
	struct check *check = calloc(1, sizeof(*check));

	if (!check) {
		complaint_set(why, "out of memory");
		return NULL;
	}
	check->opts = *opts;
	check->checkpoint_lines = 10000;
	check->checkpoint_s = 60;
	return check;
}

/**
 * check_say() - tell that something was found, at the line that is looked at
 * @check:	from check_new()
 * @level:	how bad it is
 * @kind:	what it is
 * @seq:	number of the line, or 0
 * @...:	format and arguments as of printf(), for people
 */
void check_say(struct check *check, enum check_level level, enum check_kind kind, u64 seq,
	       const char *format, ...)
{
	struct check_finding finding = {
		.level = level,
		.kind = kind,
		.segment = check->segment,
		.line = check->line,
		.seq = seq,
	};
	va_list args;

	va_start(args, format);
	vsnprintf(finding.text, sizeof(finding.text), format, args);
	va_end(args);
	check->result.findings[level]++;
	check->opts.found(check->opts.arg, &finding);
}

static int compare(const void *a, const void *b)
{
	const struct expected *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* A line of a file that has come from elsewhere: a journal, a syslog, a copy of the log. */
static int expect_line(struct check *check, const char *text, size_t len, struct complaint *why)
{
	const char *start = memmem(text, len, "{\"seq\":", 7);
	struct checkpoint checkpoint;
	struct expected *new;
	char copy[LOG_LINE_MAX + 1];
	struct line line;

	if (!start)
		return 0;
	len -= (size_t)(start - text);
	while (len && start[len - 1] != '}')
		len--;
	memcpy(copy, start, len);
	copy[len++] = '\n';
	if (line_read(&line, copy, len) != LINE_GOOD || !line_is(&line, "log.checkpoint") ||
	    !checkpoint_read(&checkpoint, line.data, line.data_len))
		return 0;
	if (check->nr_expected == EXPECTED_MAX)
		return complain(why, -E2BIG, "more than %u checkpoints", EXPECTED_MAX);
	new = realloc(check->expected, (check->nr_expected + 1) * sizeof(*new));
	if (!new)
		return complain(why, -ENOMEM, "out of memory");
	check->expected = new;
	new += check->nr_expected++;
	new->seq = line.stamp.seq;
	new->realtime_ns = line.stamp.realtime_ns;
	new->met = false;
	memcpy(new->log, checkpoint.log, sizeof(new->log));
	new->worth = checkpoint_check(&checkpoint, check->opts.keys);
	return line_hash(copy, len, new->hash) ? 0 : complain(why, -EIO, "OpenSSL failed");
}

/**
 * check_expect() - take checkpoints that were published: the log must have them
 * @check:	from check_new()
 * @path:	a file with them, one a line, whatever else is in the line before them
 * @why:	text of an error
 *
 * Return: 0, -ENOENT if no checkpoint is in it, or another negative errno.
 */
int check_expect(struct check *check, const char *path, struct complaint *why)
{
	size_t before = check->nr_expected, room = 0;
	FILE *file = fopen(path, "re");
	char *text = NULL;
	int error = 0;
	ssize_t n;

	if (!file)
		return complain(why, -errno, "%s: %s", path, strerror(errno));
	while (!error && (n = getline(&text, &room, file)) > 0)
		if (n < (ssize_t)LOG_LINE_MAX)
			error = expect_line(check, text, (size_t)n, why);
	free(text);
	fclose(file);
	if (!error && check->nr_expected == before)
		return complain(why, -ENOENT, "%s: no checkpoint is in it", path);
	if (!error)
		qsort(check->expected, check->nr_expected, sizeof(*check->expected), compare);
	return error;
}

static void check_expected(struct check *check, u64 seq)
{
	while (check->next_expected < check->nr_expected &&
	       check->expected[check->next_expected].seq < seq)
		check->next_expected++;
	while (check->next_expected < check->nr_expected &&
	       check->expected[check->next_expected].seq == seq) {
		struct expected *expected = &check->expected[check->next_expected++];

		expected->met = true;
		if (memcmp(expected->hash, check->head, LINE_HASH_LEN))
			check_say(check, CHECK_CHANGED, CHECK_TREE, seq,
				  "line %" PRIu64 " is not the checkpoint that was published: the log "
				  "was written anew up to here", seq);
	}
}

static void check_clock(struct check *check, const struct line_stamp *stamp)
{
	const struct line_stamp *last = &check->last;
	s64 real = (s64)(stamp->realtime_ns - last->realtime_ns);
	s64 boot = (s64)(stamp->boot_ns - last->boot_ns), slack;

	if (strcmp(stamp->boot_id, last->boot_id)) {
		if (real < 0)
			check_say(check, CHECK_UNSURE, CHECK_CLOCK, stamp->seq,
				  "the clock is %.3f s behind the line before it, which is of "
				  "another boot", (double)-real / 1e9);
		return;
	}
	if (boot < 0) {
		check_say(check, CHECK_CHANGED, CHECK_CLOCK, stamp->seq,
			  "CLOCK_BOOTTIME goes back by %.3f s, which it cannot", (double)-boot / 1e9);
		return;
	}
	/* A clock that is slewed (NTP) may be off by 500 ppm. */
	slack = (s64)check->opts.tolerance_ns + boot / 2000;
	if (real - boot > slack || boot - real > slack)
		check_say(check, CHECK_UNSURE, CHECK_CLOCK, stamp->seq,
			  "the clock was set %s by %.3f s: %.3f s passed since the line before",
			  real > boot ? "forward" : "back",
			  (double)(real > boot ? real - boot : boot - real) / 1e9,
			  (double)boot / 1e9);
}

static void check_chain(struct check *check, const struct line_stamp *stamp)
{
	u64 expected = check->last.seq + 1;

	if (stamp->seq > expected) {
		check_say(check, CHECK_CHANGED, CHECK_MISSING, stamp->seq,
			  "%" PRIu64 " lines are missing before it: %" PRIu64 " to %" PRIu64,
			  stamp->seq - expected, expected, stamp->seq - 1);
	} else if (stamp->seq < expected) {
		check_say(check, CHECK_CHANGED, CHECK_ORDER, stamp->seq,
			  "line %" PRIu64 " comes after line %" PRIu64
			  ": lines were put in another order, or repeated", stamp->seq,
			  check->last.seq);
	} else if (memcmp(stamp->prev, check->head, LINE_HASH_LEN)) {
		check_say(check, CHECK_CHANGED, CHECK_CHAIN, stamp->seq - 1,
			  "line %" PRIu64 " is not the one that line %" PRIu64 " was chained to: one "
			  "of the two was changed", stamp->seq - 1, stamp->seq);
	}
}

/* The first of all lines: the log's own, or behind segments that are gone. */
static void begin(struct check *check, const struct line_stamp *stamp)
{
	check->result.first_seq = stamp->seq;
	check->result.first_ns = stamp->realtime_ns;
	memcpy(check->first_prev, stamp->prev, LINE_HASH_LEN);
	check->begun = true;
}

static bool hash_line(struct check *check, const char *text, size_t len)
{
	u8 leaf[LINE_HASH_LEN];

	return line_hash(text, len, check->head) && merkle_leaf(text, len, leaf) &&
	       merkle_add(&check->tree, leaf);
}

static void check_piece(struct check *check, const char *text, size_t len)
{
	struct line line;
	enum line_fault fault = line_read(&line, text, len);

	if (check->torn)
		check_say(check, CHECK_CHANGED, CHECK_FORM, check->last.seq + 1,
			  "what lies before this line is too long for one");
	check->after_fault |= check->torn;
	check->torn = false;
	if (text[len - 1] != '\n') {
		check->torn = true;
		return;
	}
	if (fault != LINE_GOOD)
		check_say(check, CHECK_CHANGED, CHECK_FORM, check->begun ? check->last.seq + 1 : 0,
			  fault == LINE_TIME ? "\"time\" and \"realtime_ns\" differ" :
			  "this is no line of a log");
	if (fault == LINE_FORM) {
		check->after_fault = true;
		return;
	}
	if (!check->begun) {
		begin(check, &line.stamp);
	} else {
		/* What a line without form was nobody knows: the next one begins anew. */
		if (!check->after_fault || line.stamp.seq <= check->last.seq)
			check_chain(check, &line.stamp);
		check_clock(check, &line.stamp);
	}
	check->after_fault = false;
	check_own(check, &line);
	check->last = line.stamp;
	check->result.last_ns = line.stamp.realtime_ns;
}

/**
 * check_segment() - check the next segment
 * @check:	from check_new()
 * @reader:	of its lines
 * @number:	of the segment
 * @why:	text of an error
 *
 * Return: 0, or a negative errno if it cannot be read.
 */
int check_segment(struct check *check, struct segment_reader *reader, u64 number,
		  struct complaint *why)
{
	const char *text;
	size_t len;
	int got;

	if (check->torn)
		check_say(check, CHECK_CHANGED, CHECK_FORM, check->last.seq + 1,
			  "the segment does not end with a whole line");
	check->torn = false;
	if (check->segment && number != check->segment + 1)
		check_say(check, CHECK_CHANGED, CHECK_MISSING, 0,
			  "segments %" PRIu64 " to %" PRIu64 " are missing", check->segment + 1,
			  number - 1);
	check->closed_tree = check->tree;
	check->closed_first = check->segment_first;
	check->tree.leaves = 0;
	check->segment = number;
	check->line = 0;
	check->result.segments++;
	while ((got = segment_next(reader, &text, &len, why)) > 0) {
		check->line++;
		check->result.lines++;
		check->result.bytes += len;
		check_piece(check, text, len);
		if (!hash_line(check, text, len))
			return complain(why, -EIO, "OpenSSL cannot compute SHA-256");
		check_expected(check, check->last.seq);
	}
	if (got == -EBADMSG) {
		check_say(check, CHECK_CHANGED, CHECK_SEGMENT, check->last.seq + 1,
			  "the rest of the segment cannot be read: %s", why->text);
		return 0;
	}
	return got;
}

/**
 * check_dir() - check a folder
 * @check:	from check_new()
 * @dir:	of the log
 * @why:	text of an error
 *
 * Return: 0, -ENOENT if there is no log, or another negative errno.
 */
int check_dir(struct check *check, int dir, struct complaint *why)
{
	struct segment_reader *reader;
	struct segments segments;
	int error = segments_list(&segments, dir, why);
	size_t i;

	if (!error && !segments.count)
		error = complain(why, -ENOENT, "no log is there");
	for (i = 0; !error && i < segments.count; i++) {
		error = segment_open(&reader, dir, &segments.list[i], why);
		if (!error)
			error = check_segment(check, reader, segments.list[i].number, why);
		segment_close(reader);
	}
	segments_free(&segments);
	return error;
}

/**
 * check_free() - end checking
 * @check:	from check_new(), or NULL
 */
void check_free(struct check *check)
{
	if (!check)
		return;
	free(check->expected);
	free(check);
}
