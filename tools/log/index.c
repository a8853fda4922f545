// SPDX-License-Identifier: GPL-2.0
/*
 * The index of a segment, for those who read it: see index.h. It may have been tampered
 * with: whatever is in it, nothing outside of it is read.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index.h"

struct index {
	const u8 *bytes;
	size_t size;
	struct index_head head;
	const struct index_frame *frames;
	const struct index_term *terms;
	const u8 *postings;
};

/* Return: whether the parts are as long as the file is. */
static bool lay_out(struct index *index)
{
	u64 frames, terms, left = index->size;

	if (left < sizeof(index->head))
		return false;
	memcpy(&index->head, index->bytes, sizeof(index->head));
	left -= sizeof(index->head);
	frames = (u64)le32toh(index->head.frames) * sizeof(*index->frames);
	if (frames > left)
		return false;
	left -= frames;
	terms = (u64)le32toh(index->head.terms) * sizeof(*index->terms);
	if (terms > left || left - terms != le64toh(index->head.postings))
		return false;
	index->frames = (const void *)(index->bytes + sizeof(index->head));
	index->terms = (const void *)(index->frames + le32toh(index->head.frames));
	index->postings = (const u8 *)(index->terms + le32toh(index->head.terms));
	return true;
}

/* Frames follow each other, without a gap, to the end of the file. */
static bool frames_ok(const struct index *index, u64 packed)
{
	u64 at = 0, text = 0;
	u32 i, line = 0;

	for (i = 0; i < le32toh(index->head.frames); i++) {
		const struct index_frame *frame = &index->frames[i];

		if (le64toh(frame->at) != at || le32toh(frame->text_len) > SEGMENT_FRAME_MAX ||
		    le32toh(frame->first_line) < line || (!i && le32toh(frame->first_line)))
			return false;
		at += le32toh(frame->len);
		text += le32toh(frame->text_len);
		line = le32toh(frame->first_line);
	}
	return at == packed && text == le64toh(index->head.text) &&
	       line <= le32toh(index->head.lines);
}

/**
 * index_open() - open the index of a compressed segment
 * @out:	takes it, for index_close()
 * @dir:	of the log
 * @segment:	of segments_list()
 * @why:	text of an error
 *
 * Return: 0, -ENOENT if there is none, -EBADMSG if it is none of this segment, or another
 * negative errno.
 */
int index_open(struct index **out, int dir, const struct segment *segment, struct complaint *why)
{
	char name[SEGMENT_NAME_LEN];
	struct index *index;
	struct stat stat;
	void *bytes;
	int fd;

	*out = NULL;
	segment_name(name, segment->number, SEGMENT_INDEX);
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return complain(why, -errno, "%s: %s", name, strerror(errno));
	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode) || !stat.st_size ||
	    (u64)stat.st_size > SIZE_MAX / 2) {
		close(fd);
		return complain(why, -EBADMSG, "%s: no index", name);
	}
	bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (bytes == MAP_FAILED)
		return complain(why, -EBADMSG, "%s: no index", name);
	index = calloc(1, sizeof(*index));
	if (!index) {
		munmap(bytes, (size_t)stat.st_size);
		return complain(why, -ENOMEM, "out of memory");
	}
	index->bytes = bytes;
	index->size = (size_t)stat.st_size;
	if (!lay_out(index) || memcmp(index->head.magic, INDEX_MAGIC, 8) ||
	    le64toh(index->head.segment) != segment->number ||
	    le64toh(index->head.packed) != segment->bytes[SEGMENT_PACKED] ||
	    !frames_ok(index, segment->bytes[SEGMENT_PACKED])) {
		index_close(index);
		return complain(why, -EBADMSG, "%s: no index of this segment", name);
	}
	*out = index;
	return 0;
}

/**
 * index_head() - its beginning
 * @index:	from index_open()
 *
 * Return: the head, which stays the index's.
 */
const struct index_head *index_head(const struct index *index)
{
	return &index->head;
}

/**
 * index_frame() - a frame
 * @index:	from index_open()
 * @number:	from 0 on
 *
 * Return: the frame, which stays the index's, or NULL behind the last one.
 */
const struct index_frame *index_frame(const struct index *index, u32 number)
{
	return number < le32toh(index->head.frames) ? &index->frames[number] : NULL;
}

/**
 * index_frame_of() - in which frame a line is
 * @index:	from index_open()
 * @line:	of the segment, from 0 on
 *
 * Return: the number of the last frame that begins with this line or an earlier one.
 */
u32 index_frame_of(const struct index *index, u32 line)
{
	u32 low = 0, high = le32toh(index->head.frames);

	while (high - low > 1) {
		u32 middle = low + (high - low) / 2;

		if (le32toh(index->frames[middle].first_line) <= line)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static const struct index_term *find(const struct index *index, u64 hash)
{
	u32 low = 0, high = le32toh(index->head.terms);

	while (low < high) {
		u32 middle = low + (high - low) / 2;
		u64 has = le64toh(index->terms[middle].hash);

		if (has == hash)
			return &index->terms[middle];
		if (has < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/**
 * index_find() - which lines have a term
 * @index:	from index_open()
 * @term:	a term
 * @hits:	takes them; the caller frees @hits->line
 *
 * Return: 0, -ENOMEM, or -EBADMSG if the index is broken.
 */
int index_find(const struct index *index, const struct term *term, struct index_hits *hits)
{
	const struct index_term *found = find(index, term_hash(term));
	u32 count = found ? le32toh(found->count) : 0, i;
	u64 at, left, line = 0;

	*hits = (struct index_hits){ 0 };
	if (!count)
		return 0;
	at = le64toh(found->at);
	left = le64toh(index->head.postings);
	if (at > left || le32toh(found->len) > left - at || count > le32toh(found->len) ||
	    count > le32toh(index->head.lines))
		return -EBADMSG;
	left = le32toh(found->len);
	hits->line = malloc(count * sizeof(*hits->line));
	if (!hits->line)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		unsigned int shift = 0;
		u64 step = 0;
		u8 byte;

		do {
			if (!left || shift > 28)
				return -EBADMSG;
			byte = index->postings[at++];
			left--;
			step |= (u64)(byte & 0x7f) << shift;
			shift += 7;
		} while (byte & 0x80);
		line += step;
		/* The first one counts from 0, the others from the one before. */
		if (line >= le32toh(index->head.lines) || (i && !step))
			return -EBADMSG;
		hits->line[i] = (u32)line;
	}
	hits->count = count;
	return 0;
}

/**
 * index_close() - close it
 * @index:	from index_open(), or NULL
 */
void index_close(struct index *index)
{
	if (!index)
		return;
	munmap((void *)index->bytes, index->size);
	free(index);
}
