// SPDX-License-Identifier: GPL-2.0
/*
 * A segment of the audit log: see segment.h.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "segment.h"

/* Segments of a folder, at most: 400 days of one a minute. */
#define SEGMENTS_MAX	600000u
#define PIECE		65536u
#define ROOM		(LOG_LINE_MAX + PIECE)

static const char *const endings[] = { ".jsonl", ".jsonl.zst", ".index" };

struct segment_reader {
	int fd;
	ZSTD_DStream *unpack;	/* NULL: not compressed */
	bool ended;		/* the file has no more bytes */
	bool within;		/* of a frame */
	ZSTD_inBuffer in;
	char packed[PIECE];
	size_t at, len;		/* of what is unpacked */
	char text[ROOM];
};

/**
 * segment_name() - the name of a file of a segment
 * @to:		takes SEGMENT_NAME_LEN bytes
 * @number:	of the segment
 * @kind:	of the file
 */
void segment_name(char *to, u64 number, enum segment_kind kind)
{
	snprintf(to, SEGMENT_NAME_LEN, "segment-%010" PRIu64 "%s", number, endings[kind]);
}

static bool parse_name(const char *name, u64 *number, enum segment_kind *kind)
{
	char again[SEGMENT_NAME_LEN], *end;

	if (strncmp(name, "segment-", 8) || name[8] < '0' || name[8] > '9')
		return false;
	*number = strtoull(name + 8, &end, 10);
	for (*kind = SEGMENT_PLAIN; *kind <= SEGMENT_INDEX; ++*kind) {
		segment_name(again, *number, *kind);
		if (*number && !strcmp(name, again))
			return true;
	}
	return false;
}

static int compare(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* Names come in any order, several of each segment: gathered, sorted, and joined. */
static int gather(struct segments *segments, DIR *dir, struct complaint *why)
{
	struct dirent *entry;
	size_t room = 0;

	while ((entry = readdir(dir))) {
		struct segment *new;
		enum segment_kind kind;
		struct stat stat;
		u64 number;

		if (!parse_name(entry->d_name, &number, &kind))
			continue;
		if (fstatat(dirfd(dir), entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(stat.st_mode))
			continue;
		if (segments->count == room) {
			if (room >= SEGMENTS_MAX)
				return complain(why, -E2BIG, "too many segments");
			room = room ? 2 * room : 64;
			new = realloc(segments->list, room * sizeof(*new));
			if (!new)
				return complain(why, -ENOMEM, "out of memory");
			segments->list = new;
		}
		new = &segments->list[segments->count++];
		*new = (struct segment){ .number = number };
		new->has[kind] = true;
		new->bytes[kind] = (u64)stat.st_size;
	}
	return 0;
}

static void join(struct segments *segments)
{
	size_t from, to = 0;
	int kind;

	qsort(segments->list, segments->count, sizeof(*segments->list), compare);
	for (from = 1; from < segments->count; from++) {
		struct segment *next = &segments->list[from], *last = &segments->list[to];

		if (next->number != last->number) {
			segments->list[++to] = *next;
			continue;
		}
		for (kind = 0; kind < 3; kind++) {
			last->has[kind] |= next->has[kind];
			last->bytes[kind] += next->bytes[kind];
		}
	}
	segments->count = to + 1;
	/* An index without its segment is nothing. */
	for (from = to = 0; from < segments->count; from++)
		if (segments->list[from].has[SEGMENT_PLAIN] ||
		    segments->list[from].has[SEGMENT_PACKED])
			segments->list[to++] = segments->list[from];
	segments->count = to;
}

/**
 * segments_list() - find the segments of a folder
 * @segments:	takes them, to be released by segments_free(), also on an error
 * @dir:	the folder, which stays open
 * @why:	text of an error
 *
 * Return: 0, or a negative errno.
 */
int segments_list(struct segments *segments, int dir, struct complaint *why)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	*segments = (struct segments){ 0 };
	if (!list) {
		error = complain(why, -errno, "%s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return error;
	}
	error = gather(segments, list, why);
	closedir(list);
	if (!error && segments->count)
		join(segments);
	return error;
}

/**
 * segments_free() - release a list
 * @segments:	from segments_list()
 */
void segments_free(struct segments *segments)
{
	free(segments->list);
	*segments = (struct segments){ 0 };
}

/**
 * segment_take() - read lines from a file
 * @out:	takes the reader, for segment_close()
 * @fd:		of the file, from where it stands; taken over, also on an error
 * @why:	text of an error
 *
 * Whether it is compressed is seen from its first bytes.
 *
 * Return: 0 or a negative errno.
 */
int segment_take(struct segment_reader **out, int fd, struct complaint *why)
{
	struct segment_reader *reader = malloc(sizeof(*reader));
	static const u8 magic[] = { 0x28, 0xb5, 0x2f, 0xfd };
	size_t have = 0;
	ssize_t n = 0;

	*out = NULL;
	if (!reader) {
		close(fd);
		return complain(why, -ENOMEM, "out of memory");
	}
	reader->fd = fd;
	reader->unpack = NULL;
	reader->ended = reader->within = false;
	reader->at = reader->len = 0;
	while (have < sizeof(magic)) {
		n = read(fd, reader->packed + have, PIECE - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	if (n < 0) {
		n = complain(why, -errno, "%s", strerror(errno));
		segment_close(reader);
		return (int)n;
	}
	reader->in = (ZSTD_inBuffer){ reader->packed, have, 0 };
	if (have >= sizeof(magic) && !memcmp(reader->packed, magic, sizeof(magic))) {
		reader->unpack = ZSTD_createDStream();
		if (!reader->unpack || ZSTD_isError(ZSTD_DCtx_setParameter(reader->unpack,
							ZSTD_d_windowLogMax, 23))) {
			segment_close(reader);
			return complain(why, -ENOMEM, "out of memory");
		}
	}
	*out = reader;
	return 0;
}

/**
 * segment_open() - read the lines of a segment
 * @out:	takes the reader, for segment_close()
 * @dir:	folder of the segment
 * @segment:	of segments_list(); a plain file goes before a compressed one
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int segment_open(struct segment_reader **out, int dir, const struct segment *segment,
		 struct complaint *why)
{
	char name[SEGMENT_NAME_LEN];
	int fd;

	*out = NULL;
	segment_name(name, segment->number, SEGMENT_PLAIN);
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	/* It may have been compressed since the folder was read. */
	if (fd < 0 && errno == ENOENT) {
		segment_name(name, segment->number, SEGMENT_PACKED);
		fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	}
	if (fd < 0)
		return complain(why, -errno, "%s: %s", name, strerror(errno));
	return segment_take(out, fd, why);
}

/**
 * segment_skip() - go on elsewhere, if that costs nothing
 * @reader:	from segment_open()
 * @bytes:	where, from the beginning on
 *
 * Return: @bytes, or 0 if the segment is compressed: then it goes on where it is.
 */
u64 segment_skip(struct segment_reader *reader, u64 bytes)
{
	if (reader->unpack || lseek(reader->fd, (off_t)bytes, SEEK_SET) < 0)
		return 0;
	reader->in.pos = reader->in.size;
	reader->at = reader->len = 0;
	reader->ended = false;
	return bytes;
}

/* More packed bytes. Return: 0 if there are none, or a negative errno. */
static int refill(struct segment_reader *reader, struct complaint *why)
{
	ssize_t n;

	do {
		n = read(reader->fd, reader->packed, PIECE);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return complain(why, -errno, "%s", strerror(errno));
	reader->in = (ZSTD_inBuffer){ reader->packed, (size_t)n, 0 };
	return n > 0;
}

/* More text behind what there is; there is room for it. */
static int more(struct segment_reader *reader, struct complaint *why)
{
	ZSTD_outBuffer out = { reader->text, ROOM, reader->len };
	size_t hint;
	int got;

	if (reader->in.pos == reader->in.size) {
		got = refill(reader, why);
		if (got < 0)
			return got;
		if (!got && reader->within)
			return complain(why, -EBADMSG, "ends within a frame of zstd");
		reader->ended = !got;
		if (!got)
			return 0;
	}
	if (!reader->unpack) {
		size_t n = min(reader->in.size - reader->in.pos, ROOM - reader->len);

		memcpy(reader->text + reader->len, reader->packed + reader->in.pos, n);
		reader->in.pos += n;
		reader->len += n;
		return 0;
	}
	hint = ZSTD_decompressStream(reader->unpack, &out, &reader->in);
	if (ZSTD_isError(hint))
		return complain(why, -EBADMSG, "zstd: %s", ZSTD_getErrorName(hint));
	reader->within = hint != 0;
	reader->len = out.pos;
	return 0;
}

/**
 * segment_next() - the next line
 * @reader:	from segment_open()
 * @line:	takes it; stays until the next call
 * @len:	takes its length, with the line feed. What is too long for a line comes in pieces,
 *		and what the last line has left too: without one
 * @why:	text of an error
 *
 * Return: 1, 0 at the end, or a negative errno: -EBADMSG if it cannot be unpacked.
 */
int segment_next(struct segment_reader *reader, const char **line, size_t *len,
		 struct complaint *why)
{
	size_t looked = 0;
	int error;

	for (;;) {
		size_t have = reader->len - reader->at;
		char *start = reader->text + reader->at;
		char *end = memchr(start + looked, '\n', have - looked);

		if (end)
			have = (size_t)(end - start) + 1;
		if (end || have >= LOG_LINE_MAX || reader->ended) {
			*line = start;
			*len = min(have, (size_t)LOG_LINE_MAX);
			reader->at += *len;
			return *len > 0;
		}
		looked = have;
		if (reader->at) {
			memmove(reader->text, start, have);
			reader->at = 0;
			reader->len = have;
		}
		error = more(reader, why);
		if (error)
			return error;
	}
}

/**
 * segment_close() - end reading
 * @reader:	from segment_open(), or NULL
 */
void segment_close(struct segment_reader *reader)
{
	if (!reader)
		return;
	ZSTD_freeDStream(reader->unpack);
	close(reader->fd);
	free(reader);
}
