// SPDX-License-Identifier: GPL-2.0
/*
 * The files of a cleaned copy: see clean.h.
 *
 * The process in the sandbox has read a hostile dump and is not believed: the digests are
 * computed here, over the files as they are, and its list is checked for bounds. Neither
 * the copy nor the statement is ever under its name before it is whole and on the disk.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "attest/envelope.h"
#include "clean.h"
#include "statement.h"

/**
 * clean_open() - make the files
 * @clean:	takes them; to be released by clean_close(), also after an error
 * @path:	name of the copy, which must not exist
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int clean_open(struct clean *clean, const char *path, struct complaint *why)
{
	struct stat stat;

	*clean = (struct clean){ .out = -1, .list = -1 };
	clean->path = strdup(path);
	if (!clean->path ||
	    asprintf(&clean->statement, "%s" CLEAN_SUFFIX, path) < 0 ||
	    asprintf(&clean->statement_temporary, "%s" CLEAN_SUFFIX ".tmp", path) < 0 ||
	    asprintf(&clean->temporary, "%s.tmp", path) < 0) {
		clean->temporary = NULL;
		return complain(why, -ENOMEM, "out of memory");
	}
	if (!lstat(clean->path, &stat) || !lstat(clean->statement, &stat)) {
		free(clean->temporary);
		clean->temporary = NULL;
		return complain(why, -EEXIST, "exists already, or its statement does");
	}
	clean->out = open(clean->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			  0600);
	if (clean->out < 0) {
		int error = errno;

		/* Somebody else's is not ours to remove. */
		free(clean->temporary);
		clean->temporary = NULL;
		if (error == EEXIST)
			return complain(why, -error, "its .tmp exists: someone is at it, or was "
					"interrupted");
		return complain(why, -error, "%s", strerror(error));
	}
	clean->list = memfd_create("kredact-redacted", MFD_CLOEXEC);
	if (clean->list < 0)
		return complain(why, -errno, "%s", strerror(errno));
	return 0;
}

/**
 * clean_close() - release the files; what has no name in the end is removed
 * @clean:	from clean_open(), also after an error
 */
void clean_close(struct clean *clean)
{
	if (clean->temporary)
		unlink(clean->temporary);
	if (clean->out >= 0)
		close(clean->out);
	if (clean->list >= 0)
		close(clean->list);
	free(clean->path);
	free(clean->temporary);
	free(clean->statement);
	free(clean->statement_temporary);
	*clean = (struct clean){ .out = -1, .list = -1 };
}

static bool read_list(int fd, u64 at, void *to, u64 len)
{
	ssize_t got;

	for (; len; at += got, to = (u8 *)to + got, len -= got) {
		got = pread(fd, to, len, at);
		if (got <= 0)
			return false;
	}
	return true;
}

/* Is this what an honest process would have written? */
static bool sane(const struct redact_header *header, const struct redact_record *records)
{
	u64 i;

	for (i = 0; i < CHECKS; i++)
		if (header->checks[i] > CHECK_FAILED)
			return false;
	for (i = 0; i < header->records; i++)
		if (records[i].why >= REDACT_WHYS || records[i].offset >= header->size ||
		    !records[i].len || header->size - records[i].offset < records[i].len)
			return false;
	return header->zeroed <= header->size && header->verdict <= VERDICT_UNVERIFIED;
}

static int take_list(struct clean *clean, struct redact_header *header,
		     struct redact_record **records, struct complaint *why)
{
	*records = NULL;
	if (!read_list(clean->list, 0, header, sizeof(*header)) ||
	    header->magic != REDACT_MAGIC || header->records > REDACT_MAX)
		return complain(why, -EBADMSG, "the copy was not completed");
	*records = calloc(header->records + 1, sizeof(**records));
	if (!*records)
		return complain(why, -ENOMEM, "out of memory");
	if (!read_list(clean->list, sizeof(*header), *records,
		       header->records * sizeof(**records)) || !sane(header, *records))
		return complain(why, -EBADMSG, "the list of what was zeroed is damaged");
	return 0;
}

static int make_statement(struct clean *clean, int source, const char *name, struct signer *signer,
			  char **envelope, struct complaint *why)
{
	struct statement statement = { .source = name };
	struct redact_record *records = NULL;
	char *base = NULL, *escaped = NULL, *text;
	struct redact_header header;
	u64 size, out_size;
	struct timespec now;
	int error;

	error = take_list(clean, &header, &records, why);
	if (!error)
		error = digest_fd(source, &size, statement.source_sha256, why);
	if (!error)
		error = digest_fd(clean->out, &out_size, statement.out_sha256, why);
	if (!error && out_size != header.size)
		error = complain(why, -EBADMSG, "the copy is not as long as the dump");
	if (error)
		goto out;
	base = strdup(clean->path);
	escaped = base ? malloc(TEXT_ESCAPED(strlen(base))) : NULL;
	error = escaped ? 0 : complain(why, -ENOMEM, "out of memory");
	if (error)
		goto out;
	text_escape(escaped, TEXT_ESCAPED(strlen(base)), basename(base), strlen(basename(base)));
	clock_gettime(CLOCK_REALTIME, &now);
	statement.realtime_ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	statement.out = escaped;
	statement.header = &header;
	statement.records = records;
	text = statement_text(&statement);
	complaint_set(why, "out of memory");
	*envelope = text ? envelope_make(text, &signer, !!signer, true, why) : NULL;
	error = *envelope ? 0 : -EIO;
	free(text);
out:
	free(records);
	free(escaped);
	free(base);
	return error;
}

static int write_file(const char *path, const char *text, struct complaint *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	size_t len = strlen(text);
	ssize_t put = 0;

	if (fd < 0)
		return complain(why, -errno, "%s: %s", CLEAN_SUFFIX ".tmp", strerror(errno));
	for (; len && (put >= 0 || errno == EINTR); text += max(put, 0), len -= max(put, 0))
		put = write(fd, text, len);
	if (len || fsync(fd)) {
		complaint_set(why, "the statement cannot be written: %s", strerror(errno));
		close(fd);
		unlink(path);
		return -EIO;
	}
	close(fd);
	return 0;
}

/* So that the names survive a loss of power, too. */
static void sync_folder(const char *path)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(copy);
}

/* Gives a file its name, if nobody else has it. */
static int name_file(const char *from, const char *to, struct complaint *why)
{
	int error = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

	/* Not every file system can do that; those that cannot have links, or nothing. */
	if (error && errno == EINVAL)
		error = link(from, to) || unlink(from);
	return error ? complain(why, -errno, "%s", strerror(errno)) : 0;
}

/**
 * clean_commit() - vouch for the copy, and give it its name
 * @clean:	after redact_run(), in whatever process
 * @source:	the dump, as it was given
 * @name:	its name, escaped
 * @signer:	signs the statement, or NULL
 * @why:	text of an error
 *
 * The statement gets its name first: a copy without one is never there.
 *
 * Return: 0 or a negative errno, after which there is neither copy nor statement.
 */
int clean_commit(struct clean *clean, int source, const char *name, struct signer *signer,
		 struct complaint *why)
{
	char *envelope = NULL;
	int error;

	error = make_statement(clean, source, name, signer, &envelope, why);
	if (!error && fsync(clean->out))
		error = complain(why, -errno, "%s", strerror(errno));
	if (!error)
		error = write_file(clean->statement_temporary, envelope, why);
	if (error)
		goto out;
	error = name_file(clean->statement_temporary, clean->statement, why);
	if (error) {
		unlink(clean->statement_temporary);
		goto out;
	}
	error = name_file(clean->temporary, clean->path, why);
	if (error) {
		unlink(clean->statement);
		goto out;
	}
	free(clean->temporary);
	clean->temporary = NULL;
	sync_folder(clean->path);
out:
	free(envelope);
	return error;
}
