// SPDX-License-Identifier: GPL-2.0
/*
 * Retention: segments that are too old, or too many, go. Before they do, a line that is
 * signed and on the disk says which, and what the chain needs of them.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#include <json-c/json.h>

#include "writer.h"

/* A clock that is set to a wrong century must not cost the log: one segment an hour. */
#define PAUSE_NS	(3600 * NS_PER_S)

static u64 total(const struct segments *segments)
{
	u64 bytes = 0;
	size_t i;

	for (i = 0; i < segments->count; i++)
		bytes += segments->list[i].bytes[SEGMENT_PLAIN] +
			 segments->list[i].bytes[SEGMENT_PACKED] +
			 segments->list[i].bytes[SEGMENT_INDEX];
	return bytes;
}

static u64 get_number(struct json_object *from, const char *name)
{
	struct json_object *object;

	return json_object_object_get_ex(from, name, &object) ? json_object_get_uint64(object) : 0;
}

/* What the first line of a segment says of the one before it. NULL: nothing. */
static struct json_object *read_closed(int dir, const struct segment *next, struct complaint *why)
{
	struct json_object *data = NULL, *closed = NULL;
	struct segment_reader *reader;
	const char *text;
	struct line line;
	size_t len;

	if (segment_open(&reader, dir, next, why))
		return NULL;
	if (segment_next(reader, &text, &len, why) > 0 &&
	    line_read(&line, text, len) == LINE_GOOD && line_is(&line, "log.rotated"))
		data = line_json(line.data, line.data_len);
	if (json_object_object_get_ex(data, "closed", &closed))
		json_object_get(closed);
	json_object_put(data);
	segment_close(reader);
	return closed;
}

static void remove_files(int dir, const struct segment *segment)
{
	static const enum segment_kind kinds[] = { SEGMENT_INDEX, SEGMENT_PLAIN, SEGMENT_PACKED };
	char name[SEGMENT_NAME_LEN];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		segment_name(name, segment->number, kinds[i]);
		unlinkat(dir, name, 0);
	}
}

/* Say that it goes; from then on nobody misses it. */
static int retire(struct writer *writer, struct json_object *closed, const char *because,
		  u64 kept_s, struct complaint *why)
{
	struct json_object *data = json_object_new_object();
	int error;

	json_object_object_add(data, "log", json_object_new_string(writer->id));
	json_object_object_add(data, "because", json_object_new_string(because));
	json_object_object_add(data, "kept_s", json_object_new_uint64(kept_s));
	json_object_object_add(data, "retain_s", json_object_new_uint64(writer->opts.retain_s));
	json_object_object_add(data, "retired", json_object_get(closed));
	error = writer_say(writer, "log.retired", data, why);
	if (!error)
		error = writer_checkpoint(writer, why);
	return error ? error : writer_commit(writer, why);
}

/**
 * retention() - let those segments go that have to
 * @writer:	from writer_open(), with an empty group
 * @why:	text of an error
 *
 * Return: 0, or that of writer_commit().
 */
int retention(struct writer *writer, struct complaint *why)
{
	struct segments segments;
	int error = segments_list(&segments, writer->opts.dir, why);
	struct writer_now now;
	size_t i;

	writer_clocks(writer, &now);
	writer->bytes = total(&segments);
	/* The last two stay: the one that is written, and the one that its first line closes. */
	for (i = 0; !error && i + 2 < segments.count; i++) {
		struct segment *oldest = &segments.list[i];
		struct json_object *closed = read_closed(writer->opts.dir, oldest + 1, why);
		u64 last = get_number(closed, "last_realtime_ns");
		u64 kept = now.realtime_ns > last ? (now.realtime_ns - last) / NS_PER_S : 0;
		bool old = kept > writer->opts.retain_s;
		bool large = writer->opts.retain_bytes && writer->bytes > writer->opts.retain_bytes;

		if (closed && (old || large)) {
			error = retire(writer, closed, old ? "age" : "size", kept, why);
			if (!error) {
				remove_files(writer->opts.dir, oldest);
				writer->bytes -= oldest->bytes[0] + oldest->bytes[1] +
						 oldest->bytes[2];
			}
		}
		json_object_put(closed);
		if (!closed || (!old && !large))
			break;
		if (!large) {
			writer->retire_after_ns = now.boot_ns + PAUSE_NS;
			break;
		}
	}
	segments_free(&segments);
	return error;
}
