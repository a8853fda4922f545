// SPDX-License-Identifier: GPL-2.0
/*
 * Compression of closed segments: see pack.h.
 *
 * The compressed file has frames of whole lines, so that one line can be read without those
 * before it; any zstd reads it. The plain file goes when the other one was read again and
 * has the same bytes.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <zstd.h>

#include "index.h"
#include "pack.h"

#define LEVEL		6
#define PACKED_ROOM	ZSTD_COMPRESSBOUND(SEGMENT_FRAME_MAX)

/* A file that is being made: nobody takes it for a segment before it has its name. */
static int make_file(int dir, u64 number, enum segment_kind kind, char *name, struct complaint *why)
{
	int fd;

	snprintf(name, SEGMENT_NAME_LEN, ".new-%llu-%d", (unsigned long long)number, (int)kind);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	return fd < 0 ? complain(why, -errno, "%s: %s", name, strerror(errno)) : fd;
}

static int name_file(int dir, int fd, const char *from, u64 number, enum segment_kind kind,
		     struct complaint *why)
{
	char to[SEGMENT_NAME_LEN];

	segment_name(to, number, kind);
	if (fsync(fd) || renameat(dir, from, dir, to))
		return complain(why, -errno, "%s: %s", to, strerror(errno));
	return 0;
}

/* What goes through one segment. */
struct packing {
	ZSTD_CCtx *context;
	EVP_MD_CTX *digest;
	struct index_maker *maker;
	int fd;
	u64 at;
	size_t len;
	char text[SEGMENT_FRAME_MAX];
	char packed[PACKED_ROOM];
};

static int end_frame(struct packing *packing, struct complaint *why)
{
	size_t len = ZSTD_compressCCtx(packing->context, packing->packed, sizeof(packing->packed),
				       packing->text, packing->len, LEVEL), done = 0;
	int error;

	if (ZSTD_isError(len))
		return complain(why, -EIO, "zstd: %s", ZSTD_getErrorName(len));
	while (done < len) {
		ssize_t n = pwrite(packing->fd, packing->packed + done, len - done,
				   (off_t)(packing->at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return complain(why, n ? -errno : -ENOSPC, "%s",
					strerror(n ? errno : ENOSPC));
		done += (size_t)n;
	}
	error = index_maker_frame(packing->maker, packing->at, len, packing->text, packing->len,
				  why);
	packing->at += len;
	packing->len = 0;
	return error;
}

static int pack_lines(struct packing *packing, struct segment_reader *reader,
		      struct complaint *why)
{
	const char *text;
	size_t len;
	int got, error = 0;

	while (!error && (got = segment_next(reader, &text, &len, why)) > 0) {
		EVP_DigestUpdate(packing->digest, text, len);
		memcpy(packing->text + packing->len, text, len);
		packing->len += len;
		if (packing->len >= SEGMENT_FRAME)
			error = end_frame(packing, why);
	}
	if (!error && got < 0)
		return got;
	if (!error && packing->len)
		error = end_frame(packing, why);
	return error;
}

/* What was written is read again before what it was made of goes. */
static int compare(struct packing *packing, struct complaint *why)
{
	u8 one[EVP_MAX_MD_SIZE], two[EVP_MAX_MD_SIZE];
	struct segment_reader *reader;
	const char *text;
	unsigned int len = 0;
	size_t n;
	int fd, got;

	EVP_DigestFinal_ex(packing->digest, one, &len);
	EVP_DigestInit_ex(packing->digest, EVP_sha256(), NULL);
	fd = dup(packing->fd);
	if (fd < 0 || lseek(fd, 0, SEEK_SET) || segment_take(&reader, fd, why))
		return complain(why, -EIO, "%s", strerror(errno));
	while ((got = segment_next(reader, &text, &n, why)) > 0)
		EVP_DigestUpdate(packing->digest, text, n);
	segment_close(reader);
	EVP_DigestFinal_ex(packing->digest, two, &len);
	if (got < 0)
		return got;
	return memcmp(one, two, len) ? complain(why, -EIO, "what was compressed reads otherwise") :
	       0;
}

static int pack_open(struct packing *packing, int dir, u64 number, struct segment_reader *reader,
		     struct complaint *why)
{
	char name[SEGMENT_NAME_LEN], index_name[SEGMENT_NAME_LEN], plain[SEGMENT_NAME_LEN];
	int error, index = -1;

	packing->fd = make_file(dir, number, SEGMENT_PACKED, name, why);
	if (packing->fd < 0)
		return packing->fd;
	error = pack_lines(packing, reader, why);
	if (!error)
		error = compare(packing, why);
	if (!error) {
		index = make_file(dir, number, SEGMENT_INDEX, index_name, why);
		error = index < 0 ? index : index_maker_write(packing->maker, index, why);
	}
	if (!error)
		error = name_file(dir, index, index_name, number, SEGMENT_INDEX, why);
	if (!error)
		error = name_file(dir, packing->fd, name, number, SEGMENT_PACKED, why);
	if (!error && fsync(dir))
		error = complain(why, -errno, "%s", strerror(errno));
	segment_name(plain, number, SEGMENT_PLAIN);
	if (!error && unlinkat(dir, plain, 0))
		error = complain(why, -errno, "%s: %s", plain, strerror(errno));
	if (error) {
		unlinkat(dir, name, 0);
		if (index >= 0)
			unlinkat(dir, index_name, 0);
	}
	if (index >= 0)
		close(index);
	close(packing->fd);
	return error;
}

/**
 * pack_segment() - compress a segment, and make its index
 * @dir:	of the log
 * @number:	of a segment that is closed
 * @why:	text of an error
 *
 * Return: 0 or a negative errno: then the plain file is as it was.
 */
int pack_segment(int dir, u64 number, struct complaint *why)
{
	const struct segment segment = { .number = number };
	struct packing *packing = malloc(sizeof(*packing));
	struct segment_reader *reader = NULL;
	int error;

	if (!packing)
		return complain(why, -ENOMEM, "out of memory");
	packing->at = packing->len = 0;
	packing->context = ZSTD_createCCtx();
	packing->digest = EVP_MD_CTX_new();
	packing->maker = index_maker_new(number);
	if (!packing->context || !packing->digest || !packing->maker ||
	    !EVP_DigestInit_ex(packing->digest, EVP_sha256(), NULL))
		error = complain(why, -ENOMEM, "out of memory");
	else
		error = segment_open(&reader, dir, &segment, why);
	if (!error)
		error = pack_open(packing, dir, number, reader, why);
	segment_close(reader);
	index_maker_free(packing->maker);
	EVP_MD_CTX_free(packing->digest);
	ZSTD_freeCCtx(packing->context);
	free(packing);
	return error;
}

/* Frames of a compressed segment, which need not be ours. */
static int index_frames(struct index_maker *maker, const char *bytes, size_t size,
			struct complaint *why)
{
	char *text = malloc(SEGMENT_FRAME_MAX);
	size_t at = 0;
	int error = 0;

	if (!text)
		return complain(why, -ENOMEM, "out of memory");
	while (!error && at < size) {
		size_t len = ZSTD_findFrameCompressedSize(bytes + at, size - at), text_len = 0;

		if (!ZSTD_isError(len))
			text_len = ZSTD_decompress(text, SEGMENT_FRAME_MAX, bytes + at, len);
		if (ZSTD_isError(len) || ZSTD_isError(text_len))
			error = complain(why, -EBADMSG, "not compressed as a segment is");
		else
			error = index_maker_frame(maker, at, len, text, text_len, why);
		at += len;
	}
	free(text);
	return error;
}

/**
 * pack_index() - make the index of a compressed segment
 * @dir:	of the log
 * @number:	of the segment
 * @to:		an empty file
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int pack_index(int dir, u64 number, int to, struct complaint *why)
{
	struct index_maker *maker = index_maker_new(number);
	char name[SEGMENT_NAME_LEN];
	struct stat stat;
	void *bytes;
	int fd, error;

	segment_name(name, number, SEGMENT_PACKED);
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &stat) || !S_ISREG(stat.st_mode) || !stat.st_size) {
		error = complain(why, fd < 0 ? -errno : -EBADMSG, "%s: not a segment", name);
		goto out;
	}
	bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED || !maker) {
		error = complain(why, -ENOMEM, "out of memory");
		goto out;
	}
	error = index_frames(maker, bytes, (size_t)stat.st_size, why);
	munmap(bytes, (size_t)stat.st_size);
	if (!error)
		error = index_maker_write(maker, to, why);
out:
	index_maker_free(maker);
	if (fd >= 0)
		close(fd);
	return error;
}

/**
 * pack_reindex() - make the index of a compressed segment anew, in its place
 * @dir:	of the log
 * @number:	of the segment
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int pack_reindex(int dir, u64 number, struct complaint *why)
{
	char name[SEGMENT_NAME_LEN];
	int fd = make_file(dir, number, SEGMENT_INDEX, name, why), error;

	if (fd < 0)
		return fd;
	error = pack_index(dir, number, fd, why);
	if (!error)
		error = name_file(dir, fd, name, number, SEGMENT_INDEX, why);
	if (error)
		unlinkat(dir, name, 0);
	close(fd);
	return error;
}
