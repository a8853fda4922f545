// SPDX-License-Identifier: GPL-2.0
/*
 * The making of an index: see index.h. The same segment has the same index, byte for byte.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include <json-c/json.h>

#include "index.h"

/* A line that has a term. */
struct pair {
	u64 hash;
	u32 line;
};

struct index_maker {
	struct index_head head;
	struct index_frame *frames;
	size_t nr_frames, room_frames;
	struct pair *pairs;
	size_t nr_pairs, room_pairs;
	struct index_term *terms;
	size_t nr_terms, room_terms;
	u8 *postings;
	size_t nr_postings, room_postings;
	u64 text;
	u64 packed;
	u32 lines;
	bool failed;
};

/* One more of some size. Return: the list, which may have moved, or NULL. */
static void *grow(void *list, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 1024;
	void *new;

	if (count < *room)
		return list;
	new = reallocarray(list, more, size);
	if (new)
		*room = more;
	return new;
}

/**
 * index_maker_new() - begin an index
 * @segment:	number of the segment
 *
 * Return: for index_maker_free(), or NULL.
 */
struct index_maker *index_maker_new(u64 segment)
{
	struct index_maker *maker = calloc(1, sizeof(*maker));

	if (!maker)
		return NULL;
	memcpy(maker->head.magic, INDEX_MAGIC, 8);
	maker->head.segment = htole64(segment);
	return maker;
}

static void add_term(void *arg, const struct term *term)
{
	struct index_maker *maker = arg;
	struct pair *pairs = grow(maker->pairs, maker->nr_pairs, &maker->room_pairs,
				  sizeof(*pairs));

	if (!pairs) {
		maker->failed = true;
		return;
	}
	maker->pairs = pairs;
	pairs[maker->nr_pairs].hash = term_hash(term);
	pairs[maker->nr_pairs++].line = maker->lines;
}

static void add_line(struct index_maker *maker, const char *text, size_t len, u64 *min_ns,
		     u64 *max_ns)
{
	struct json_object *data;
	struct line line;

	if (!line_hash(text, len, maker->head.head))
		maker->failed = true;
	/* What is no line cannot be found; verifying tells of it. */
	if (line_read(&line, text, len) != LINE_GOOD) {
		maker->lines++;
		return;
	}
	if (!maker->head.first_seq)
		maker->head.first_seq = htole64(line.stamp.seq);
	*min_ns = min(*min_ns, line.stamp.realtime_ns);
	*max_ns = max(*max_ns, line.stamp.realtime_ns);
	data = line_json(line.data, line.data_len);
	terms_of(&line, data, add_term, maker);
	json_object_put(data);
	maker->lines++;
}

/**
 * index_maker_frame() - add a frame
 * @maker:	from index_maker_new()
 * @at:		where it begins in the compressed file
 * @len:	of it there
 * @text:	its lines
 * @text_len:	of them
 * @why:	text of an error
 *
 * Return: 0 or -ENOMEM.
 */
int index_maker_frame(struct index_maker *maker, u64 at, size_t len, const char *text,
		      size_t text_len, struct complaint *why)
{
	struct index_frame *frames = grow(maker->frames, maker->nr_frames, &maker->room_frames,
					  sizeof(*frames));
	const char *end = text + text_len;
	u64 min_ns = UINT64_MAX, max_ns = 0;

	if (!frames)
		return complain(why, -ENOMEM, "out of memory");
	maker->frames = frames;
	frames += maker->nr_frames++;
	*frames = (struct index_frame){
		.at = htole64(at),
		.len = htole32((u32)len),
		.text_len = htole32((u32)text_len),
		.first_line = htole32(maker->lines),
	};
	while (text < end) {
		const char *next = memchr(text, '\n', (size_t)(end - text));

		next = next ? next + 1 : end;
		add_line(maker, text, (size_t)(next - text), &min_ns, &max_ns);
		text = next;
	}
	frames->min_ns = htole64(min_ns);
	frames->max_ns = htole64(max_ns);
	maker->text += text_len;
	maker->packed = at + len;
	return maker->failed ? complain(why, -ENOMEM, "out of memory") : 0;
}

static int compare(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static bool add_step(struct index_maker *maker, u32 step)
{
	do {
		u8 *postings = grow(maker->postings, maker->nr_postings, &maker->room_postings, 1);

		if (!postings)
			return false;
		maker->postings = postings;
		postings[maker->nr_postings++] = (u8)((step & 0x7f) | (step > 0x7f ? 0x80 : 0));
		step >>= 7;
	} while (step);
	return true;
}

static bool make_terms(struct index_maker *maker)
{
	struct index_term *term = NULL;
	size_t i, began = 0;

	if (maker->nr_pairs)
		qsort(maker->pairs, maker->nr_pairs, sizeof(*maker->pairs), compare);
	for (i = 0; i < maker->nr_pairs; i++) {
		const struct pair *pair = &maker->pairs[i];
		bool new = !i || pair[-1].hash != pair->hash;

		if (!new && pair[-1].line == pair->line)
			continue;
		if (new) {
			term = grow(maker->terms, maker->nr_terms, &maker->room_terms,
				    sizeof(*term));
			if (!term)
				return false;
			maker->terms = term;
			term += maker->nr_terms++;
			began = maker->nr_postings;
			*term = (struct index_term){ htole64(pair->hash), htole64(began), 0, 0 };
		}
		if (!add_step(maker, new ? pair->line : pair->line - pair[-1].line))
			return false;
		term->count = htole32(le32toh(term->count) + 1);
		term->len = htole32((u32)(maker->nr_postings - began));
	}
	return true;
}

static int put(int fd, const void *bytes, size_t len, struct complaint *why)
{
	const u8 *at = bytes;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return complain(why, n ? -errno : -ENOSPC, "%s",
					strerror(n ? errno : ENOSPC));
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/**
 * index_maker_write() - write the index, after the last frame
 * @maker:	from index_maker_new()
 * @fd:		of an empty file
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int index_maker_write(struct index_maker *maker, int fd, struct complaint *why)
{
	int error;

	if (!make_terms(maker))
		return complain(why, -ENOMEM, "out of memory");
	maker->head.packed = htole64(maker->packed);
	maker->head.text = htole64(maker->text);
	maker->head.lines = htole32(maker->lines);
	maker->head.frames = htole32((u32)maker->nr_frames);
	maker->head.terms = htole32((u32)maker->nr_terms);
	maker->head.postings = htole64(maker->nr_postings);
	error = put(fd, &maker->head, sizeof(maker->head), why);
	if (!error)
		error = put(fd, maker->frames, maker->nr_frames * sizeof(*maker->frames), why);
	if (!error)
		error = put(fd, maker->terms, maker->nr_terms * sizeof(*maker->terms), why);
	if (!error)
		error = put(fd, maker->postings, maker->nr_postings, why);
	return error;
}

/**
 * index_maker_free() - end it
 * @maker:	from index_maker_new(), or NULL
 */
void index_maker_free(struct index_maker *maker)
{
	if (!maker)
		return;
	free(maker->frames);
	free(maker->pairs);
	free(maker->terms);
	free(maker->postings);
	free(maker);
}
