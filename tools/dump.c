// SPDX-License-Identifier: GPL-2.0
/*
 * The file of a dump: see dump.h.
 *
 * What needs more than the sandbox has is done before: a temporary file, what libraries
 * make themselves ready with. Of the file only its first bytes are looked at by then.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "dump.h"
#include "unpack.h"

/**
 * dump_prepare() - get ready to read a dump
 * @dump:	takes the state; dump_close() releases it, also after an error
 * @fd:		open for reading; stays the caller's
 * @format:	what it is when unpacked, or CORE_AUTO
 * @unpacked_max: bytes that it may have when unpacked
 * @why:	text of an error
 *
 * Return: 0, -EINVAL (neither a regular file nor a pipe), -EIO, -ENOMEM, or another
 * negative errno if there is no room for a temporary file.
 */
int dump_prepare(struct dump *dump, int fd, enum core_format format, u64 unpacked_max,
		 struct complaint *why)
{
	u8 head[MAGIC_LEN];
	enum magic magic = MAGIC_NONE;
	struct stat stat;
	ssize_t len;

	*dump = (struct dump){
		.fd = fd,
		.format = format,
		.unpacked_max = unpacked_max,
		.file.fd = -1,
		.ordered.fd = -1,
	};
	if (fstat(fd, &stat))
		return complain(why, -EIO, "cannot be examined: %s", strerror(errno));
	dump->regular = S_ISREG(stat.st_mode);
	if (!dump->regular && !S_ISFIFO(stat.st_mode) && !S_ISSOCK(stat.st_mode))
		return complain(why, -EINVAL, "neither a regular file nor a pipe");
	if (dump->regular) {
		dump->size = stat.st_size;
		len = pread(fd, head, sizeof(head), 0);
		if (len < 0)
			return complain(why, -EIO, "%s", strerror(errno));
		magic = magic_of(head, len);
	}
	if (!dump->regular || magic_is_packed(magic)) {
		dump->spool = spool_new(unpacked_max, why);
		return dump->spool ? 0 : -EIO;
	}
	return 0;
}

static int open_spooled(struct dump *dump, struct input *in, struct complaint *why)
{
	struct complaint cut, full = { "" };
	int error;

	error = unpack(dump->fd, dump->regular, dump->size, dump->spool, &dump->packed, &cut, why);
	if (error)
		return error;
	error = spool_input(dump->spool, in, &full);
	if (error && error != -ENOSPC) {
		*why = full;
		return error;
	}
	in->cut = *cut.text ? cut : full;
	return 0;
}

static bool is_kdump(struct input *in, enum core_format format)
{
	u8 head[MAGIC_LEN];
	struct complaint why;
	size_t len = min(in->size, (u64)sizeof(head));

	return format == CORE_KDUMP ||
	       (format == CORE_AUTO && !input_read(in, 0, head, len, &why) &&
		magic_of(head, len) == MAGIC_KDUMP);
}

static int open_kdump(struct dump *dump, struct input *in, struct complaint *why)
{
	struct input *file = &dump->file;
	int error;

	if (flat_is(file)) {
		dump->flat = flat_new();
		if (!dump->flat)
			return complain(why, -ENOMEM, "out of memory");
		error = flat_open(dump->flat, file, &dump->ordered, why);
		if (error)
			return error;
		file = &dump->ordered;
	}
	dump->kdump = kdump_new();
	if (!dump->kdump)
		return complain(why, -ENOMEM, "out of memory");
	return kdump_open(dump->kdump, file, dump->unpacked_max, in, why);
}

/* Releases what open_kdump() took. */
static void close_kdump(struct dump *dump)
{
	kdump_free(dump->kdump);
	input_close(&dump->ordered);
	flat_free(dump->flat);
	dump->kdump = NULL;
	dump->flat = NULL;
}

/*
 * The memory that a kernel dump is of takes the place of its file. If it cannot be read,
 * the file is at least searched as it is.
 */
static int open_memory(struct dump *dump, struct input *in, struct complaint *why)
{
	struct complaint cut = in->cut;
	int error;

	dump->file = *in;
	*in = (struct input){ .fd = -1 };
	error = open_kdump(dump, in, why);
	if (error) {
		input_close(in);
		close_kdump(dump);
		*in = dump->file;
		dump->file = (struct input){ .fd = -1 };
		in->cut = *why;
	}
	if (*cut.text)
		in->cut = cut;
	return error == -ENOMEM ? error : 0;
}

/**
 * dump_open() - make an input of a dump
 * @dump:	prepared; outlives @in
 * @in:		takes the state; input_close() releases it, also after an error
 * @skip_holes:	as for input_open_sized()
 * @why:	text of an error
 *
 * Works in the sandbox. What cannot be read to its end is read as far as it goes, and
 * @in->cut says so.
 *
 * Return: 0, -EBADMSG, -EIO, -EINVAL or -ENOMEM.
 */
int dump_open(struct dump *dump, struct input *in, bool skip_holes, struct complaint *why)
{
	int error;

	*in = (struct input){ .fd = -1 };
	error = dump->spool ? open_spooled(dump, in, why) :
		input_open_sized(in, dump->fd, dump->size, skip_holes, why);
	if (!error && is_kdump(in, dump->format))
		error = open_memory(dump, in, why);
	return error;
}

/**
 * dump_close() - release what a dump took
 * @dump:	its input is closed
 */
void dump_close(struct dump *dump)
{
	close_kdump(dump);
	input_close(&dump->file);
	spool_free(dump->spool);
	dump->spool = NULL;
}
