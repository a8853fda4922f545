// SPDX-License-Identifier: GPL-2.0
/*
 * Unpacking: see codec.h.
 *
 * libarchive would be one library for the four, but does not look at the CRC of gzip: a
 * damaged dump must not pass for one that was read.
 */
#include <stdlib.h>

#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "codec.h"

/* What a frame may make us remember: xz -9 and zstd --ultra -22 need 65 and 128 MiB. */
#define XZ_MEMORY	(128ULL << 20)
#define ZSTD_WINDOW	27

/**
 * struct codec - see codec.h
 * @magic:	which
 * @zlib, @xz, @lz4, @zstd: the state of the one that it is
 */
struct codec {
	enum magic magic;
	union {
		z_stream zlib;
		lzma_stream xz;
		LZ4F_dctx *lz4;
		ZSTD_DCtx *zstd;
	};
};

/**
 * codec_new() - get ready to unpack
 * @magic:	MAGIC_GZIP, MAGIC_XZ, MAGIC_LZ4 or MAGIC_ZSTD
 * @why:	text of an error
 *
 * Return: to be released by codec_free(), or NULL.
 */
struct codec *codec_new(enum magic magic, struct complaint *why)
{
	struct codec *codec = calloc(1, sizeof(*codec));
	bool fine = codec;

	if (codec) {
		codec->magic = magic;
		if (magic == MAGIC_GZIP)
			fine = inflateInit2(&codec->zlib, 16 + MAX_WBITS) == Z_OK;
		else if (magic == MAGIC_LZ4)
			fine = !LZ4F_isError(LZ4F_createDecompressionContext(&codec->lz4,
									     LZ4F_VERSION));
		else if (magic == MAGIC_ZSTD)
			fine = (codec->zstd = ZSTD_createDCtx()) &&
			       !ZSTD_isError(ZSTD_DCtx_setParameter(codec->zstd,
								    ZSTD_d_windowLogMax,
								    ZSTD_WINDOW));
	}
	if (fine)
		return codec;
	complaint_set(why, "out of memory for unpacking");
	codec_free(codec);
	return NULL;
}

/**
 * codec_free() - release a codec
 * @codec:	from codec_new(), or NULL
 */
void codec_free(struct codec *codec)
{
	if (!codec)
		return;
	if (codec->magic == MAGIC_GZIP)
		inflateEnd(&codec->zlib);
	else if (codec->magic == MAGIC_XZ)
		lzma_end(&codec->xz);
	else if (codec->magic == MAGIC_LZ4)
		LZ4F_freeDecompressionContext(codec->lz4);
	else if (codec->magic == MAGIC_ZSTD)
		ZSTD_freeDCtx(codec->zstd);
	free(codec);
}

static int fail(const struct codec *codec, const char *text, struct complaint *why)
{
	return complain(why, -EBADMSG, "damaged: %s: %.100s", magic_word(codec->magic), text);
}

/**
 * codec_begin() - begin a frame
 * @codec:	new, or at the end of a frame
 * @why:	text of an error
 *
 * Return: 0 or -ENOMEM.
 */
int codec_begin(struct codec *codec, struct complaint *why)
{
	bool fine = true;

	if (codec->magic == MAGIC_GZIP)
		fine = inflateReset(&codec->zlib) == Z_OK;
	else if (codec->magic == MAGIC_XZ)
		fine = lzma_stream_decoder(&codec->xz, XZ_MEMORY, LZMA_TELL_UNSUPPORTED_CHECK) ==
		       LZMA_OK;
	else if (codec->magic == MAGIC_LZ4)
		LZ4F_resetDecompressionContext(codec->lz4);
	else if (codec->magic == MAGIC_ZSTD)
		ZSTD_DCtx_reset(codec->zstd, ZSTD_reset_session_only);
	return fine ? 0 : complain(why, -ENOMEM, "out of memory for unpacking");
}

static int step_gzip(struct codec *codec, struct codec_step *step, struct complaint *why)
{
	z_stream *zlib = &codec->zlib;
	int status;

	zlib->next_in = (u8 *)step->in;
	zlib->avail_in = min(step->in_len, (size_t)1 << 30);
	zlib->next_out = step->out;
	zlib->avail_out = min(step->out_len, (size_t)1 << 30);
	status = inflate(zlib, Z_NO_FLUSH);
	step->in_len -= zlib->next_in - step->in;
	step->in = zlib->next_in;
	step->out_len -= zlib->next_out - step->out;
	step->out = zlib->next_out;
	step->ended = status == Z_STREAM_END;
	/* Nothing to do is for the caller to see. */
	if (status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR)
		return 0;
	return fail(codec, zlib->msg ? zlib->msg : "cannot be unpacked", why);
}

static int step_xz(struct codec *codec, struct codec_step *step, struct complaint *why)
{
	lzma_stream *xz = &codec->xz;
	lzma_ret status;

	xz->next_in = step->in;
	xz->avail_in = step->in_len;
	xz->next_out = step->out;
	xz->avail_out = step->out_len;
	status = lzma_code(xz, LZMA_RUN);
	step->in = xz->next_in;
	step->in_len = xz->avail_in;
	step->out = xz->next_out;
	step->out_len = xz->avail_out;
	step->ended = status == LZMA_STREAM_END;
	switch (status) {
	case LZMA_OK:
	case LZMA_STREAM_END:
	case LZMA_BUF_ERROR:
		return 0;
	case LZMA_MEM_ERROR:
	case LZMA_MEMLIMIT_ERROR:
		return fail(codec, "needs too much memory", why);
	case LZMA_UNSUPPORTED_CHECK:
		return fail(codec, "its integrity check is not supported", why);
	default:
		return fail(codec, "cannot be unpacked", why);
	}
}

static int step_lz4(struct codec *codec, struct codec_step *step, struct complaint *why)
{
	size_t in_len = step->in_len, out_len = step->out_len, status;

	status = LZ4F_decompress(codec->lz4, step->out, &out_len, step->in, &in_len, NULL);
	if (LZ4F_isError(status))
		return fail(codec, LZ4F_getErrorName(status), why);
	step->in += in_len;
	step->in_len -= in_len;
	step->out += out_len;
	step->out_len -= out_len;
	step->ended = !status;
	return 0;
}

static int step_zstd(struct codec *codec, struct codec_step *step, struct complaint *why)
{
	ZSTD_inBuffer in = { step->in, step->in_len, 0 };
	ZSTD_outBuffer out = { step->out, step->out_len, 0 };
	size_t status = ZSTD_decompressStream(codec->zstd, &out, &in);

	step->in += in.pos;
	step->in_len -= in.pos;
	step->out += out.pos;
	step->out_len -= out.pos;
	if (ZSTD_isError(status))
		return fail(codec, ZSTD_getErrorName(status), why);
	step->ended = !status;
	return 0;
}

/**
 * codec_step() - unpack a bit
 * @codec:	begun, and the frame has not ended
 * @step:	what goes in and out; if neither moves, more input is needed
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG if the frame is damaged.
 */
int codec_step(struct codec *codec, struct codec_step *step, struct complaint *why)
{
	step->ended = false;
	switch (codec->magic) {
	case MAGIC_GZIP:
		return step_gzip(codec, step, why);
	case MAGIC_XZ:
		return step_xz(codec, step, why);
	case MAGIC_LZ4:
		return step_lz4(codec, step, why);
	default:
		return step_zstd(codec, step, why);
	}
}
