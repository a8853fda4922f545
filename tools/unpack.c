// SPDX-License-Identifier: GPL-2.0
/*
 * From a file or a pipe into a spool: see unpack.h.
 *
 * What is unpacked before something goes wrong is kept: there may be keys in it. That
 * something did go wrong is told, and must end in anything but "clean".
 */
#include <stdlib.h>

#include <openssl/crypto.h>

#include "broker.h"
#include "codec.h"
#include "feed.h"
#include "unpack.h"

#define CHUNK	(256u << 10)

/* One unpacking. */
struct unpacking {
	struct feed *file;
	struct feed *feed;		/* the same, or what is in it */
	u64 size;			/* of the file, 0 if unknown */
	struct spool *spool;
	struct complaint *cut;
	u8 *chunk;
};

static int put(struct unpacking *unpacking, const u8 *bytes, size_t len)
{
	broker_progress(BROKER_UNPACKING, unpacking->file->offset, unpacking->size);
	return spool_add(unpacking->spool, bytes, len, unpacking->cut);
}

/* Why there are no more bytes, where there should be. */
static int end_early(struct unpacking *unpacking, const char *what)
{
	const struct feed *feed = unpacking->feed;

	if (feed->error)
		return complain(unpacking->cut, feed->error, "%s", feed->why.text);
	return complain(unpacking->cut, -EBADMSG, "truncated: the %s data ends in the middle; "
			"what is there was read", what);
}

static int copy(struct unpacking *unpacking)
{
	struct feed *feed = unpacking->feed;
	size_t have;
	int error;

	while ((have = feed_need(feed, 1))) {
		error = put(unpacking, feed_bytes(feed), have);
		if (error)
			return error;
		feed_take(feed, have);
	}
	return feed->error ? end_early(unpacking, "") : 0;
}

static int unpack_frame(struct unpacking *unpacking, struct codec *codec, enum magic magic)
{
	struct feed *feed = unpacking->feed;
	struct codec_step step = { 0 };
	int error = codec_begin(codec, unpacking->cut), error_too;

	while (!error && !step.ended) {
		size_t have = feed_need(feed, 1), made;
		struct complaint also;

		step.in = feed_bytes(feed);
		step.in_len = have;
		step.out = unpacking->chunk;
		step.out_len = CHUNK;
		error = codec_step(codec, &step, unpacking->cut);
		made = CHUNK - step.out_len;
		/* What came out before it failed is there to be read. */
		if (error)
			complaint_set(&also, "%s", unpacking->cut->text);
		error_too = put(unpacking, unpacking->chunk, made);
		if (error)
			*unpacking->cut = also;
		else
			error = error_too;
		feed_take(feed, have - step.in_len);
		if (error || step.ended || made || step.in_len < have)
			continue;
		error = have ? complain(unpacking->cut, -EBADMSG, "damaged: %s data that leads "
					"nowhere", magic_word(magic)) :
			       end_early(unpacking, magic_word(magic));
	}
	return error;
}

/* Zeros after a frame pad it, and hide nothing. */
static void skip_padding(struct feed *feed)
{
	size_t have, zeros;

	while ((have = feed_need(feed, 1))) {
		for (zeros = 0; zeros < have && !feed_bytes(feed)[zeros]; zeros++)
			;
		feed_take(feed, zeros);
		if (zeros < have)
			return;
	}
}

static int unpack_frames(struct unpacking *unpacking, enum magic magic)
{
	struct feed *feed = unpacking->feed;
	struct codec *codec = codec_new(magic, unpacking->cut);
	int error = codec ? 0 : -ENOMEM;

	while (!error) {
		error = unpack_frame(unpacking, codec, magic);
		if (error)
			break;
		skip_padding(feed);
		if (!feed_need(feed, 1))
			break;
		if (magic_of(feed_bytes(feed), feed_need(feed, MAGIC_LEN)) != magic)
			error = complain(unpacking->cut, -EBADMSG, "something follows the %s data "
					 "that was not read", magic_word(magic));
	}
	if (!error && feed->error)
		error = end_early(unpacking, magic_word(magic));
	codec_free(codec);
	return error;
}

static enum magic look(struct feed *feed)
{
	size_t have = feed_need(feed, MAGIC_LEN);

	return magic_of(feed_bytes(feed), have);
}

/* Returns 0, or -ENOMEM: everything else is told by @cut. */
static int unpack_feed(struct unpacking *unpacking, enum magic *packed, struct complaint *why)
{
	struct feed report = { .fd = -1 };
	enum magic magic = look(unpacking->feed);
	int error = 0;

	*packed = magic_is_packed(magic) ? magic : MAGIC_NONE;
	if (magic == MAGIC_APPORT) {
		error = feed_open_report(&report, unpacking->file, why);
		if (error)
			goto out;
		unpacking->feed = &report;
		magic = look(&report);
	}
	if (magic_is_packed(magic) && magic != MAGIC_APPORT)
		unpack_frames(unpacking, magic);
	else
		copy(unpacking);
out:
	feed_close(&report);
	return error;
}

/**
 * unpack() - put what is in a file or a pipe into a spool
 * @fd:		open for reading
 * @regular:	it is a regular file
 * @size:	bytes of it, 0 if that is unknown
 * @spool:	new
 * @packed:	takes how it was packed, MAGIC_NONE if not at all
 * @cut:	takes why not all of it could be unpacked; stays empty if all could
 * @why:	text of an error
 *
 * Frames one after the other are one, as for the tools that make them.
 *
 * Return: 0, also if not all could be unpacked; -ENOMEM.
 */
int unpack(int fd, bool regular, u64 size, struct spool *spool, enum magic *packed,
	   struct complaint *cut, struct complaint *why)
{
	struct feed file;
	struct unpacking unpacking = { &file, &file, size, spool, cut, malloc(CHUNK) };
	int error;

	cut->text[0] = '\0';
	error = feed_open(&file, fd, regular, why);
	if (!error && !unpacking.chunk)
		error = complain(why, -ENOMEM, "out of memory");
	if (!error)
		error = unpack_feed(&unpacking, packed, why);
	if (unpacking.chunk)
		OPENSSL_cleanse(unpacking.chunk, CHUNK);
	free(unpacking.chunk);
	feed_close(&file);
	return error;
}
