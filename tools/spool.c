// SPDX-License-Identifier: GPL-2.0
/*
 * The spool: see spool.h.
 *
 * AES-256-CTR, counted by the offset. Each page is written once, so that no part of the
 * key stream is used twice. A page of which the file has only zeros is one of zeros: that
 * a page encrypts to zeros is as likely as guessing the key, many times over. So holes
 * need no list, whatever the file system makes of them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "spool.h"

#define PAGE		4096u
#define BUFFER		(64 * PAGE)
#define KEY_LEN		32u
#define BLOCK		16u

/* Part of what is free that others keep. */
#define RESERVE		16u

/**
 * struct spool - see spool.h
 * @fd:		the file
 * @most:	bytes that it may stand for
 * @room:	bytes that it may take
 * @size:	bytes that it stands for
 * @stored:	bytes that it takes
 * @end:	where the last page ends that it has
 * @key:	of all pages
 * @cipher:	fetched, so that no file is needed later
 * @buffer:	BUFFER bytes, from a multiple of PAGE on
 * @filled:	how many of them are there
 * @packet:	BUFFER bytes, encrypted
 */
struct spool {
	int fd;
	u64 most;
	u64 room;
	u64 size;
	u64 stored;
	u64 end;
	u8 key[KEY_LEN];
	EVP_CIPHER *cipher;
	u8 *buffer;
	size_t filled;
	u8 *packet;
};

/* A file that has no name, or none any more. */
static int open_unlinked(struct complaint *why)
{
	const char *directory = getenv("TMPDIR");
	char *path;
	int fd;

	if (!directory || *directory != '/')
		directory = "/var/tmp";
	fd = open(directory, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		if (asprintf(&path, "%s/kredact-XXXXXX", directory) < 0)
			return complain(why, -ENOMEM, "out of memory");
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			unlink(path);
		free(path);
	}
	if (fd < 0)
		return complain(why, -errno, "no temporary file in %.100s: %s", directory,
				strerror(errno));
	return fd;
}

/**
 * spool_new() - make an empty spool
 * @most:	bytes that it may stand for
 * @why:	text of an error
 *
 * Return: to be released by spool_free(), or NULL.
 */
struct spool *spool_new(u64 most, struct complaint *why)
{
	struct spool *spool = calloc(1, sizeof(*spool));
	struct statvfs statvfs;

	if (!spool) {
		complaint_set(why, "out of memory");
		return NULL;
	}
	spool->most = most;
	spool->buffer = malloc(BUFFER);
	spool->packet = malloc(BUFFER);
	spool->cipher = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
	spool->fd = open_unlinked(why);
	if (spool->fd < 0)
		goto fail;
	complaint_set(why, "no memory, randomness or AES for a temporary file");
	if (!spool->buffer || !spool->packet || !spool->cipher || fstatvfs(spool->fd, &statvfs) ||
	    getrandom(spool->key, KEY_LEN, 0) != KEY_LEN)
		goto fail;
	spool->room = statvfs.f_bavail * statvfs.f_frsize;
	spool->room -= spool->room / RESERVE;
	return spool;
fail:
	spool_free(spool);
	return NULL;
}

/**
 * spool_free() - release a spool and erase its key
 * @spool:	from spool_new(), or NULL
 */
void spool_free(struct spool *spool)
{
	if (!spool)
		return;
	if (spool->fd >= 0)
		close(spool->fd);
	OPENSSL_cleanse(spool->key, sizeof(spool->key));
	if (spool->buffer)
		OPENSSL_cleanse(spool->buffer, BUFFER);
	free(spool->buffer);
	free(spool->packet);
	EVP_CIPHER_free(spool->cipher);
	free(spool);
}

/**
 * spool_fd() - the file of a spool
 * @spool:	open
 *
 * Return: a descriptor, which stays the spool's.
 */
int spool_fd(const struct spool *spool)
{
	return spool->fd;
}

/**
 * spool_file_max() - how long its file can become
 * @spool:	open
 *
 * Return: bytes, for RLIMIT_FSIZE.
 */
u64 spool_file_max(const struct spool *spool)
{
	return spool->most < UINT64_MAX / 2 ? spool->most + PAGE : UINT64_MAX / 2;
}

static bool all_zero(const u8 *bytes, size_t len)
{
	return !len || (!*bytes && !memcmp(bytes, bytes + 1, len - 1));
}

/* @offset is a multiple of PAGE, and of BLOCK with it. @to may be @from. */
static int run_cipher(const struct spool *spool, u64 offset, u8 *to, const u8 *from, size_t len,
		      struct complaint *why)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	u8 counter[BLOCK] = { 0 };
	u64 block = htobe64(offset / BLOCK);
	int done = 0;
	bool fine;

	memcpy(counter + 8, &block, sizeof(block));
	fine = ctx && EVP_EncryptInit_ex2(ctx, spool->cipher, spool->key, counter, NULL) == 1 &&
	       EVP_EncryptUpdate(ctx, to, &done, from, len) == 1 && (size_t)done == len;
	EVP_CIPHER_CTX_free(ctx);
	return fine ? 0 : complain(why, -ENOMEM, "OpenSSL cannot encrypt");
}

static int store(struct spool *spool, u64 offset, const u8 *bytes, size_t len,
		 struct complaint *why)
{
	size_t done = 0;
	ssize_t put;
	int error;

	if (spool->room - spool->stored < len)
		return complain(why, -ENOSPC, "unpacked, it does not fit into the temporary files' "
				"file system: %" PRIu64 " bytes are there, of %" PRIu64
				" that are free", spool->stored, spool->room);
	error = run_cipher(spool, offset, spool->packet, bytes, len, why);
	while (!error && done < len) {
		put = pwrite(spool->fd, spool->packet + done, len - done, offset + done);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return complain(why, -ENOSPC, "the temporary file cannot be written: %s",
					put ? strerror(errno) : "full");
		done += put;
	}
	spool->stored += len;
	spool->end = offset + len;
	return error;
}

/* Writes the runs of pages that are not zero. */
static int flush(struct spool *spool, struct complaint *why)
{
	u64 base = spool->size - spool->filled;
	size_t at, end, len;
	int error = 0;

	memset(spool->buffer + spool->filled, 0, -spool->filled % PAGE);
	len = spool->filled + -spool->filled % PAGE;
	for (at = 0; at < len && !error; at = end) {
		bool zero = all_zero(spool->buffer + at, PAGE);

		for (end = at + PAGE; end < len; end += PAGE)
			if (all_zero(spool->buffer + end, PAGE) != zero)
				break;
		if (!zero)
			error = store(spool, base + at, spool->buffer + at, end - at, why);
	}
	spool->filled = 0;
	return error;
}

/**
 * spool_add() - add what comes next
 * @spool:	open
 * @bytes:	what it is
 * @len:	how many
 * @why:	text of an error
 *
 * Return: 0, -E2BIG (more than it may stand for), -ENOSPC, -ENOMEM. What was added before
 * can be read all the same.
 */
int spool_add(struct spool *spool, const void *bytes, size_t len, struct complaint *why)
{
	const u8 *from = bytes;
	char size[24];
	size_t part;
	int error;

	if (spool->most - spool->size < len) {
		text_size(size, sizeof(size), spool->most);
		return complain(why, -E2BIG, "unpacked, it has more than %s: see --max-size", size);
	}
	for (; len; from += part, len -= part) {
		part = min(len, (size_t)BUFFER - spool->filled);
		if (!spool->filled && part >= PAGE && all_zero(from, part - part % PAGE)) {
			part -= part % PAGE;
			spool->size += part;
			continue;
		}
		memcpy(spool->buffer + spool->filled, from, part);
		spool->filled += part;
		spool->size += part;
		if (spool->filled == BUFFER) {
			error = flush(spool, why);
			if (error)
				return error;
		}
	}
	return 0;
}

static int spool_read_pages(const struct spool *spool, u64 offset, u8 *to, size_t len,
			    struct complaint *why)
{
	size_t have = 0, at, end;
	ssize_t got;
	int error = 0;

	while (have < len) {
		got = pread(spool->fd, to + have, len - have, offset + have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return complain(why, -EIO, "the temporary file cannot be read: %s",
					strerror(errno));
		if (!got)
			break;
		have += got;
	}
	if (have < len && offset + have < spool->end)
		return complain(why, -EIO, "the temporary file became shorter");
	memset(to + have, 0, len - have);
	for (at = 0; at < len && !error; at = end) {
		bool zero = all_zero(to + at, PAGE);

		for (end = at + PAGE; end < len; end += PAGE)
			if (all_zero(to + end, PAGE) != zero)
				break;
		if (!zero)
			error = run_cipher(spool, offset + at, to + at, to + at, end - at, why);
	}
	return error;
}

static int spool_read(void *arg, u64 offset, u8 *to, u64 len, struct complaint *why)
{
	const struct spool *spool = arg;
	u8 pages[4 * PAGE];
	u64 part, skip;
	int error = 0;

	for (; len; offset += part, to += part, len -= part) {
		skip = offset % PAGE;
		if (!skip && len >= PAGE) {
			part = min(len - len % PAGE, (u64)1 << 20);
			error = spool_read_pages(spool, offset, to, part, why);
		} else {
			part = min(len, sizeof(pages) - skip);
			error = spool_read_pages(spool, offset - skip, pages, sizeof(pages), why);
			memcpy(to, pages + skip, part);
		}
		if (error)
			break;
	}
	OPENSSL_cleanse(pages, sizeof(pages));
	return error;
}

static bool spool_extent(void *arg, u64 offset, u64 *end)
{
	const struct spool *spool = arg;
	off_t data, hole;

	*end = UINT64_MAX;
	data = lseek(spool->fd, offset, SEEK_DATA);
	if (data < 0)
		return errno == ENXIO;
	if ((u64)data > offset) {
		*end = data;
		return true;
	}
	hole = lseek(spool->fd, offset, SEEK_HOLE);
	if (hole > data)
		*end = hole;
	return false;
}

/**
 * spool_input() - read what is in a spool
 * @spool:	nothing can be added from here on; outlives @in
 * @in:		takes the state; input_close() releases it, also after an error
 * @why:	text of an error
 *
 * Return: 0, -ENOSPC or -ENOMEM; @in can be read after -ENOSPC.
 */
int spool_input(struct spool *spool, struct input *in, struct complaint *why)
{
	static const struct input_source source = { spool_read, spool_extent };
	struct complaint also;
	int error, error_too;

	error = flush(spool, why);
	if (error && error != -ENOSPC)
		return error;
	error_too = input_open_source(in, &source, spool, spool->size, error ? &also : why);
	return error_too ? error_too : error;
}
