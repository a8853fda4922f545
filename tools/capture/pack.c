// SPDX-License-Identifier: GPL-2.0
/*
 * Bytes into a file, compressed: see pack.h.
 *
 * One frame of zstd with its checksum, no block of it larger than what is needed to go on:
 * memory does not depend on the length. The digest of the file is of what write() has
 * taken, also where that was not all.
 */
#include <stdlib.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <zstd.h>

#include "pack.h"

/**
 * struct pack - see pack.h
 * @fd:		the file, borrowed
 * @room:	bytes that it may have
 * @zstd:	compresses
 * @raw:	digest of what is added
 * @file:	digest of the file
 * @out:	@out_len bytes, for a step
 * @packed:	counts
 */
struct pack {
	int fd;
	u64 room;
	ZSTD_CCtx *zstd;
	EVP_MD_CTX *raw;
	EVP_MD_CTX *file;
	u8 *out;
	size_t out_len;
	struct packed packed;
};

/**
 * pack_new() - begin
 * @fd:		an empty file, which stays the caller's; -1: only the digest is wanted
 * @level:	of zstd
 * @room:	bytes that the file may have
 * @why:	text of an error
 *
 * All memory and all algorithms are taken here, before a sandbox.
 *
 * Return: to be released by pack_free(), or NULL.
 */
struct pack *pack_new(int fd, int level, u64 room, struct complaint *why)
{
	struct pack *pack = calloc(1, sizeof(*pack));
	bool fine = pack;

	if (pack) {
		pack->fd = fd;
		pack->room = room;
		pack->zstd = ZSTD_createCCtx();
		pack->raw = EVP_MD_CTX_new();
		pack->file = EVP_MD_CTX_new();
		pack->out_len = ZSTD_CStreamOutSize();
		pack->out = malloc(pack->out_len);
		fine = pack->zstd && pack->raw && pack->file && pack->out &&
		       EVP_DigestInit_ex(pack->raw, EVP_sha256(), NULL) &&
		       EVP_DigestInit_ex(pack->file, EVP_sha256(), NULL) &&
		       !ZSTD_isError(ZSTD_CCtx_setParameter(pack->zstd, ZSTD_c_compressionLevel,
							    level)) &&
		       !ZSTD_isError(ZSTD_CCtx_setParameter(pack->zstd, ZSTD_c_checksumFlag, 1));
	}
	if (fine)
		return pack;
	complaint_set(why, "out of memory for packing");
	pack_free(pack);
	return NULL;
}

/**
 * pack_free() - release it, and erase what it holds of the bytes
 * @pack:	from pack_new(), or NULL
 */
void pack_free(struct pack *pack)
{
	if (!pack)
		return;
	ZSTD_freeCCtx(pack->zstd);
	EVP_MD_CTX_free(pack->raw);
	EVP_MD_CTX_free(pack->file);
	if (pack->out)
		OPENSSL_cleanse(pack->out, pack->out_len);
	free(pack->out);
	free(pack);
}

static int put(struct pack *pack, size_t len, struct complaint *why)
{
	const u8 *from = pack->out;
	ssize_t done;
	size_t part;

	for (; len; from += done, len -= done) {
		part = min((u64)len, pack->room - pack->packed.stored);
		if (!part)
			return complain(why, -ENOSPC, "the dump, packed, has more than the %llu "
					"bytes that are left for it",
					(unsigned long long)pack->room);
		done = write(pack->fd, from, part);
		if (done < 0 && errno == EINTR) {
			done = 0;
			continue;
		}
		if (done <= 0)
			return complain(why, done ? -errno : -ENOSPC, "cannot be written: %s",
					done ? strerror(errno) : "full");
		if (!EVP_DigestUpdate(pack->file, from, done))
			return complain(why, -ENOMEM, "OpenSSL cannot compute SHA-256");
		pack->packed.stored += done;
	}
	return 0;
}

static int compress(struct pack *pack, ZSTD_inBuffer *in, ZSTD_EndDirective how,
		    struct complaint *why)
{
	size_t left;
	int error;

	do {
		ZSTD_outBuffer out = { pack->out, pack->out_len, 0 };

		left = ZSTD_compressStream2(pack->zstd, &out, in, how);
		if (ZSTD_isError(left))
			return complain(why, -ENOMEM, "cannot be packed: %.100s",
					ZSTD_getErrorName(left));
		error = put(pack, out.pos, why);
		if (error)
			return error;
	} while (how == ZSTD_e_end ? left : in->pos < in->size);
	return 0;
}

/**
 * pack_add() - add bytes
 * @pack:	begun; of no use after an error, but for pack_end()
 * @bytes:	what comes next
 * @len:	how many
 * @why:	text of an error
 *
 * Return: 0, -ENOSPC, or another negative errno of write().
 */
int pack_add(struct pack *pack, const void *bytes, size_t len, struct complaint *why)
{
	ZSTD_inBuffer in = { bytes, len, 0 };

	if (!EVP_DigestUpdate(pack->raw, bytes, len))
		return complain(why, -ENOMEM, "OpenSSL cannot compute SHA-256");
	pack->packed.bytes += len;
	return pack->fd < 0 ? 0 : compress(pack, &in, ZSTD_e_continue, why);
}

/**
 * pack_end() - end the frame, and have the file on the disk
 * @pack:	begun
 * @whole:	nothing failed before; else the frame stays as it is
 * @packed:	takes what the file is
 * @why:	text of an error
 *
 * Return: 0, or a negative errno; @packed is true in either case.
 */
int pack_end(struct pack *pack, bool whole, struct packed *packed, struct complaint *why)
{
	ZSTD_inBuffer none = { NULL, 0, 0 };
	int error = whole && pack->fd >= 0 ? compress(pack, &none, ZSTD_e_end, why) : 0;

	if (pack->fd >= 0 && fdatasync(pack->fd) && !error)
		error = complain(why, -errno, "cannot be written: %s", strerror(errno));
	if ((!EVP_DigestFinal_ex(pack->raw, pack->packed.sha256, NULL) ||
	     !EVP_DigestFinal_ex(pack->file, pack->packed.stored_sha256, NULL)) && !error)
		error = complain(why, -ENOMEM, "OpenSSL cannot compute SHA-256");
	*packed = pack->packed;
	return error;
}
