// SPDX-License-Identifier: GPL-2.0
/*
 * What is read in windows: see input.h.
 *
 * pread() and not mmap(): a file that somebody shortens meanwhile is then an
 * error and not a SIGBUS, and its pages do not count as memory of the reader.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input.h"

#define PAGE	4096u

/**
 * input_buffer() - memory to read files into
 * @len:	its bytes
 *
 * At the beginning of a page: the kernel copies from its cache two to three times as fast to a
 * multiple of INPUT_ALIGN as to where malloc() begins (measured: 15 GB/s and 5).
 *
 * Return: to be released by free(), or NULL if there is no memory.
 */
u8 *input_buffer(u64 len)
{
	return aligned_alloc(PAGE, (len + PAGE - 1) / PAGE * PAGE);
}

static int take_buffer(struct input *in, struct complaint *why)
{
	in->buffer = input_buffer(INPUT_BUFFER);
	return in->buffer ? 0 : complain(why, -ENOMEM, "out of memory");
}

/* Who reads so much at once has a buffer of his own. */
#define DIRECT	(1u << 16)

/**
 * input_open() - begin to read a file
 * @in:		takes the state; input_close() releases it, also after an error
 * @fd:		open for reading; stays the caller's
 * @skip_holes:	trust SEEK_DATA of the file system; otherwise every byte is read
 * @why:	text of an error
 *
 * Return: 0, -EINVAL (not a regular file), -EIO or -ENOMEM.
 */
int input_open(struct input *in, int fd, bool skip_holes, struct complaint *why)
{
	struct stat stat;

	*in = (struct input){ .fd = fd };
	if (fstat(fd, &stat))
		return complain(why, -EIO, "cannot be examined: %s", strerror(errno));
	if (!S_ISREG(stat.st_mode))
		return complain(why, -EINVAL, "not a regular file");
	return input_open_sized(in, fd, stat.st_size, skip_holes, why);
}

/**
 * input_open_sized() - begin to read a regular file of which the size is known
 * @in:		takes the state; input_close() releases it, also after an error
 * @fd:		open for reading; stays the caller's
 * @size:	its bytes
 * @skip_holes:	as for input_open()
 * @why:	text of an error
 *
 * Return: 0 or -ENOMEM.
 */
int input_open_sized(struct input *in, int fd, u64 size, bool skip_holes, struct complaint *why)
{
	*in = (struct input){ .fd = fd, .skip_holes = skip_holes, .size = size };
	return take_buffer(in, why);
}

/**
 * input_open_source() - begin to read something else than a file
 * @in:		takes the state; input_close() releases it, also after an error
 * @source:	reads it
 * @arg:	first argument of its functions; outlives @in
 * @size:	bytes that there are
 * @why:	text of an error
 *
 * Return: 0 or -ENOMEM.
 */
int input_open_source(struct input *in, const struct input_source *source, void *arg, u64 size,
		      struct complaint *why)
{
	*in = (struct input){
		.fd = -1,
		.source = source,
		.source_arg = arg,
		.skip_holes = true,
		.size = size,
	};
	return take_buffer(in, why);
}

/**
 * input_share() - let another thread read the same
 * @in:		takes the state, with a buffer of its own; input_close() releases it, also
 *		after an error
 * @from:	open, and outlives @in; may be in use
 * @why:	text of an error
 *
 * Return: 0 or -ENOMEM.
 */
int input_share(struct input *in, const struct input *from, struct complaint *why)
{
	/* Nothing of what its own thread may be changing. */
	*in = (struct input){
		.fd = from->fd,
		.source = from->source,
		.source_arg = from->source_arg,
		.skip_holes = from->skip_holes,
		.size = from->size,
	};
	return take_buffer(in, why);
}

/**
 * input_close() - release what input_open() took
 * @in:		not usable afterwards
 */
void input_close(struct input *in)
{
	free(in->buffer);
	in->buffer = NULL;
}

static int read_fully(const struct input *in, u64 offset, u8 *to, u64 len, struct complaint *why)
{
	if (in->source)
		return in->source->read(in->source_arg, offset, to, len, why);
	while (len) {
		ssize_t got = pread(in->fd, to, len, offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return complain(why, -EIO, "reading at offset %" PRIu64 ": %s", offset,
					strerror(errno));
		if (!got)
			return complain(why, -EIO, "became shorter while it was read");
		to += got;
		offset += got;
		len -= got;
	}
	return 0;
}

static int fill(struct input *in, u64 offset, struct complaint *why)
{
	u64 len;
	int error;

	offset -= offset % INPUT_ALIGN;
	len = min(in->size - offset, (u64)INPUT_BUFFER);
	in->have = 0;
	error = read_fully(in, offset, in->buffer, len, why);
	if (error)
		return error;
	in->at = offset;
	in->have = len;
	return 0;
}

static bool buffered(const struct input *in, u64 offset, u64 len)
{
	return offset >= in->at && offset - in->at <= in->have &&
	       in->have - (offset - in->at) >= len;
}

/**
 * input_read() - copy bytes of the file
 * @in:		open
 * @offset:	first byte
 * @to:		@len bytes
 * @len:	how many
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG when the file does not have them, -EIO.
 */
int input_read(struct input *in, u64 offset, void *to, u64 len, struct complaint *why)
{
	int error;

	if (offset > in->size || in->size - offset < len)
		return complain(why, -EBADMSG, "ends before offset %" PRIu64 " + %" PRIu64,
				offset, len);
	if (!len)
		return 0;
	if (len >= DIRECT && !buffered(in, offset, len))
		return read_fully(in, offset, to, len, why);
	if (!buffered(in, offset, len)) {
		error = fill(in, offset, why);
		if (error)
			return error;
	}
	memcpy(to, in->buffer + (offset - in->at), len);
	return 0;
}

/**
 * input_read_at() - copy bytes from anywhere
 * @in:		open
 * @offset:	first byte
 * @to:		@len bytes
 * @len:	how many
 * @why:	text of an error
 *
 * As input_read(), but for a look here and there: nothing is read that is not asked for,
 * and several threads may do so at the same time.
 *
 * Return: 0, -EBADMSG when the file does not have them, -EIO.
 */
int input_read_at(const struct input *in, u64 offset, void *to, u64 len, struct complaint *why)
{
	if (offset > in->size || in->size - offset < len)
		return complain(why, -EBADMSG, "ends before offset %" PRIu64 " + %" PRIu64,
				offset, len);
	return read_fully(in, offset, to, len, why);
}

/* Learns what the file has at @offset; where that is unknown, it is data. */
static void find_extent(struct input *in, u64 offset)
{
	off_t data, hole;

	in->extent_from = offset;
	in->extent_end = in->size;
	in->extent_hole = false;
	if (!in->skip_holes || in->no_holes)
		return;
	if (in->source) {
		in->extent_hole = in->source->extent(in->source_arg, offset, &in->extent_end);
		in->extent_end = min(in->extent_end, in->size);
		return;
	}
	data = lseek(in->fd, offset, SEEK_DATA);
	if (data < 0 && errno == ENXIO) {
		/* No data up to the end, unless that came nearer: then reading tells. */
		data = lseek(in->fd, 0, SEEK_END);
		in->extent_hole = data >= 0 && (u64)data >= in->size;
	} else if (data < 0) {
		in->no_holes = true;
	} else if ((u64)data > offset) {
		in->extent_hole = true;
		in->extent_end = min((u64)data, in->size);
	} else {
		hole = lseek(in->fd, offset, SEEK_HOLE);
		if (hole > 0 && (u64)hole > offset)
			in->extent_end = min((u64)hole, in->size);
	}
}

/**
 * input_is_hole() - is there a hole in the file?
 * @in:		open
 * @offset:	below the size of the file
 * @len:	takes the bytes from @offset to the end of the hole, or of the data
 *
 * Return: true if all these bytes are zeros that no disk block holds.
 */
bool input_is_hole(struct input *in, u64 offset, u64 *len)
{
	if (offset < in->extent_from || offset >= in->extent_end)
		find_extent(in, offset);
	*len = in->extent_end - offset;
	return in->extent_hole;
}

/**
 * input_window() - look at the next bytes of the file
 * @in:		open
 * @offset:	first byte
 * @most:	bytes that are of interest, at least 1
 * @bytes:	takes their address, valid until the next call on @in; NULL for a
 *		hole, in which all bytes are zero
 * @len:	takes how many there are, 1 to @most
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG when the file ends at or before @offset, -EIO.
 */
int input_window(struct input *in, u64 offset, u64 most, const u8 **bytes, u64 *len,
		 struct complaint *why)
{
	u64 extent;
	int error;

	if (offset >= in->size)
		return complain(why, -EBADMSG, "ends before offset %" PRIu64, offset);
	*bytes = NULL;
	if (input_is_hole(in, offset, &extent)) {
		*len = min(extent, most);
		return 0;
	}
	if (!buffered(in, offset, 1)) {
		error = fill(in, offset, why);
		if (error)
			return error;
	}
	*bytes = in->buffer + (offset - in->at);
	extent = min(extent, in->have - (offset - in->at));
	*len = min(extent, most);
	return 0;
}

/**
 * input_copy() - copy bytes of the file, zeros for its holes
 * @in:		open
 * @offset:	first byte
 * @to:		@len bytes
 * @len:	how many
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG when the file does not have them, -EIO.
 */
int input_copy(struct input *in, u64 offset, u8 *to, u64 len, struct complaint *why)
{
	u64 part;
	int error;

	for (; len; offset += part, to += part, len -= part) {
		bool hole = input_is_hole(in, offset, &part);

		part = min(part, len);
		if (hole) {
			memset(to, 0, part);
			continue;
		}
		error = input_read(in, offset, to, part, why);
		if (error)
			return error;
	}
	return 0;
}

/**
 * input_feed() - hand a part of the file to a function
 * @in:		open
 * @offset:	first byte
 * @len:	how many
 * @take:	takes the next @len bytes; false if it failed
 * @arg:	first argument of @take
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG, -EIO, or -EINVAL if @take failed.
 */
int input_feed(struct input *in, u64 offset, u64 len,
	       bool (*take)(void *arg, const void *bytes, size_t len), void *arg,
	       struct complaint *why)
{
	static const u8 zeros[65536];
	const u8 *bytes;
	u64 part;
	int error;

	for (; len; offset += part, len -= part) {
		error = input_window(in, offset, len, &bytes, &part, why);
		if (error)
			return error;
		if (!bytes) {
			bytes = zeros;
			part = min(part, (u64)sizeof(zeros));
		}
		if (!take(arg, bytes, part))
			return complain(why, -EINVAL, "OpenSSL cannot compute SHA-256");
	}
	return 0;
}
