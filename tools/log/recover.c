// SPDX-License-Identifier: GPL-2.0
/*
 * Where a log stands when it is opened: its last segment is read as a whole.
 *
 * A crash leaves a torn end: bytes after the last line that chains, with no line in them.
 * They were never acknowledged, and are cut off. If there are lines in them, somebody has
 * changed the file: then it stays as it is, for an auditor, and a new segment begins.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <json-c/json.h>

#include "writer.h"

/* What is left behind the last line that chains. */
struct rest {
	u64 bytes;
	bool has_lines;
};

static bool absorb(struct writer_state *state, const char *text, size_t len,
		   const struct line *line)
{
	u8 leaf[LINE_HASH_LEN];

	if (!merkle_leaf(text, len, leaf) || !merkle_add(&state->tree, leaf) ||
	    !line_hash(text, len, state->head))
		return false;
	state->size += len;
	if (!line)
		return true;
	state->seq = line->stamp.seq;
	state->last_ns = line->stamp.realtime_ns;
	if (!state->first_seq) {
		state->first_seq = state->seq;
		state->began_ns = state->last_ns;
	}
	if (line_is(line, "log.checkpoint"))
		state->signed_seq = state->seq;
	return true;
}

/* The first line of a segment says to which log it belongs. */
static void read_id(struct writer *writer, const struct line *line)
{
	struct json_object *data = line_json(line->data, line->data_len), *id;

	if (json_object_object_get_ex(data, "log", &id) &&
	    json_object_get_string_len(id) == WRITER_ID_LEN)
		strcpy(writer->id, json_object_get_string(id));
	json_object_put(data);
}

static int read_lines(struct writer *writer, struct segment_reader *reader,
		      struct writer_state *all, struct rest *rest, struct complaint *why)
{
	struct writer_state *good = &writer->now;
	const char *text;
	int got = 0;
	size_t len;

	while ((got = segment_next(reader, &text, &len, why)) > 0) {
		struct line line;
		bool is_line = line_read(&line, text, len) == LINE_GOOD;

		if (!absorb(all, text, len, is_line ? &line : NULL))
			return complain(why, -EIO, "OpenSSL cannot compute SHA-256");
		if (!rest->bytes && is_line && (!good->size || (line.stamp.seq == good->seq + 1 &&
		    !memcmp(line.stamp.prev, good->head, LINE_HASH_LEN)))) {
			if (!good->size)
				read_id(writer, &line);
			*good = *all;
			continue;
		}
		rest->bytes += len;
		rest->has_lines |= is_line;
	}
	return got;
}

static int cut(struct writer *writer, const struct segment *segment, const struct rest *rest,
	       struct complaint *why)
{
	char name[SEGMENT_NAME_LEN];

	segment_name(name, segment->number, SEGMENT_PLAIN);
	writer->fd = openat(writer->opts.dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (writer->fd < 0)
		return complain(why, -errno, "%s: %s", name, strerror(errno));
	if (rest->bytes && ftruncate(writer->fd, (off_t)writer->now.size))
		return complain(why, -errno, "%s: %s", name, strerror(errno));
	writer->repaired += rest->bytes;
	/* What was written before a kill need not have been on the disk. */
	return fdatasync(writer->fd) ? complain(why, -errno, "%s: %s", name, strerror(errno)) : 0;
}

/* Return: 1 if nothing is in it that counts, and it is gone. */
static int read_segment(struct writer *writer, const struct segment *segment,
			struct complaint *why)
{
	struct writer_state all = { .segment = segment->number };
	struct segment_reader *reader;
	struct rest rest = { 0 };
	char name[SEGMENT_NAME_LEN];
	int error;

	writer->now = all;
	error = segment_open(&reader, writer->opts.dir, segment, why);
	if (error)
		return error;
	error = read_lines(writer, reader, &all, &rest, why);
	segment_close(reader);
	if (error && error != -EBADMSG)
		return error;
	if (error == -EBADMSG || rest.has_lines ||
	    (!writer->now.size && rest.bytes > LOG_LINE_MAX)) {
		writer->damaged = true;
		writer->now = all;
		return 0;
	}
	if (!segment->has[SEGMENT_PLAIN])
		return 0;
	if (writer->now.size)
		return cut(writer, segment, &rest, why);
	writer->repaired += rest.bytes;
	segment_name(name, segment->number, SEGMENT_PLAIN);
	if (unlinkat(writer->opts.dir, name, 0))
		return complain(why, -errno, "%s: %s", name, strerror(errno));
	return 1;
}

/**
 * recover() - find where a log stands, and cut off a torn end
 * @writer:	with its options; takes the state, and the segment to go on with if there is one
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int recover(struct writer *writer, struct complaint *why)
{
	struct segments segments;
	int error = segments_list(&segments, writer->opts.dir, why);
	size_t i = segments.count;

	writer->now = (struct writer_state){ 0 };
	while (!error && i) {
		error = read_segment(writer, &segments.list[--i], why);
		if (error <= 0)
			break;
		error = 0;
		/* A number is not given twice, unless all are gone. */
		writer->now = (struct writer_state){ 0 };
	}
	segments_free(&segments);
	writer->synced = writer->now;
	return error;
}
