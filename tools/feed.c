// SPDX-License-Identifier: GPL-2.0
/*
 * Bytes that come one after the other: see feed.h.
 *
 * A report of apport has lines "Key: value", and for what is binary "Key: base64" and then
 * lines that begin with a blank, each of which is base64 of its own.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "feed.h"

/* Longest line of the report before the core that is looked at as a whole. */
#define LINE_MAX_BYTES	(64u << 10)

static int take_buffer(struct feed *feed, struct complaint *why)
{
	feed->buffer = malloc(FEED_BUFFER);
	return feed->buffer ? 0 : complain(why, -ENOMEM, "out of memory");
}

/**
 * feed_open() - read a file, or a pipe, from its beginning
 * @feed:	takes the state; feed_close() releases it, also after an error
 * @fd:		open for reading; stays the caller's
 * @regular:	it is a regular file: the position of @fd is left alone
 * @why:	text of an error
 *
 * Return: 0 or -ENOMEM.
 */
int feed_open(struct feed *feed, int fd, bool regular, struct complaint *why)
{
	*feed = (struct feed){ .fd = fd, .regular = regular };
	return take_buffer(feed, why);
}

/**
 * feed_open_report() - read the core in a report of apport
 * @feed:	takes the state; feed_close() releases it, also after an error
 * @outer:	the report; outlives @feed
 * @why:	text of an error
 *
 * Return: 0 or -ENOMEM.
 */
int feed_open_report(struct feed *feed, struct feed *outer, struct complaint *why)
{
	*feed = (struct feed){ .fd = -1, .outer = outer };
	return take_buffer(feed, why);
}

/**
 * feed_close() - release a feed
 * @feed:	not usable afterwards
 */
void feed_close(struct feed *feed)
{
	if (feed->buffer)
		OPENSSL_cleanse(feed->buffer, FEED_BUFFER);
	free(feed->buffer);
	feed->buffer = NULL;
}

static int fail(struct feed *feed, int error, const char *what)
{
	feed->error = complain(&feed->why, error, "%s", what);
	feed->ended = true;
	return error;
}

static void read_more(struct feed *feed)
{
	size_t room = FEED_BUFFER - feed->have;
	ssize_t got;

	do {
		if (feed->regular)
			got = pread(feed->fd, feed->buffer + feed->have, room, feed->offset);
		else
			got = read(feed->fd, feed->buffer + feed->have, room);
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		fail(feed, -EIO, strerror(errno));
		return;
	}
	feed->ended = !got;
	feed->have += got;
	feed->offset += got;
}

/* Takes lines of the report up to the one after which the core comes. */
static bool find_core(struct feed *feed)
{
	struct feed *outer = feed->outer;
	bool fresh = true;		/* at the beginning of a line */

	for (;;) {
		size_t have = feed_need(outer, LINE_MAX_BYTES), len;
		const u8 *line = feed_bytes(outer), *end = have ? memchr(line, '\n', have) : NULL;

		if (!have)
			return false;
		len = end ? (size_t)(end - line) : have;
		if (fresh && ((len == 16 && !memcmp(line, "CoreDump: base64", len)) ||
			      (len == 14 && !memcmp(line, "VmCore: base64", len)))) {
			feed_take(outer, len + !!end);
			return true;
		}
		fresh = end;
		feed_take(outer, len + !!end);
	}
}

static int value_of(u8 letter)
{
	if (letter >= 'A' && letter <= 'Z')
		return letter - 'A';
	if (letter >= 'a' && letter <= 'z')
		return letter - 'a' + 26;
	if (letter >= '0' && letter <= '9')
		return letter - '0' + 52;
	return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

/* Decodes a letter; a line that does not begin with a blank is the end. */
static bool decode(struct feed *feed, u8 letter)
{
	int value = value_of(letter);

	if (feed->fresh && letter != ' ') {
		feed->ended = true;
		return false;
	}
	if (feed->fresh || letter == '\n') {
		feed->fresh = letter == '\n';
		feed->bits = 0;
		return true;
	}
	if (letter == '=')
		return true;
	if (value < 0) {
		fail(feed, -EBADMSG, "the report of apport has a line that is no base64");
		return false;
	}
	feed->quad = (feed->quad << 6 | value) & 0xffff;
	feed->bits += 6;
	if (feed->bits >= 8) {
		feed->bits -= 8;
		feed->buffer[feed->have++] = feed->quad >> feed->bits;
	}
	return true;
}

static void decode_more(struct feed *feed)
{
	struct feed *outer = feed->outer;
	size_t have, i;

	if (!feed->inside) {
		if (!find_core(feed)) {
			fail(feed, outer->error ? outer->error : -EBADMSG, outer->error ?
			     outer->why.text : "the report of apport has no core in it");
			return;
		}
		feed->inside = true;
		feed->fresh = true;
	}
	have = feed_need(outer, 1);
	if (!have) {
		feed->ended = true;
		if (outer->error)
			fail(feed, outer->error, outer->why.text);
		return;
	}
	have = min(have, FEED_BUFFER - feed->have);
	for (i = 0; i < have && decode(feed, feed_bytes(outer)[i]); i++)
		;
	feed_take(outer, i);
}

/**
 * feed_need() - have some bytes ready
 * @feed:	open
 * @want:	how many, at most half of FEED_BUFFER
 *
 * Return: how many there are: at least @want, or all that there will ever be. If that is
 * 0, @feed->error tells whether the end is one.
 */
size_t feed_need(struct feed *feed, size_t want)
{
	while (feed->have - feed->at < want && !feed->ended) {
		memmove(feed->buffer, feed->buffer + feed->at, feed->have - feed->at);
		feed->have -= feed->at;
		feed->at = 0;
		if (feed->outer)
			decode_more(feed);
		else
			read_more(feed);
	}
	return feed->have - feed->at;
}

/**
 * feed_bytes() - the bytes that are ready
 * @feed:	after feed_need()
 *
 * Return: their address, valid until the next call.
 */
const u8 *feed_bytes(const struct feed *feed)
{
	return feed->buffer + feed->at;
}

/**
 * feed_take() - be done with bytes
 * @feed:	after feed_need()
 * @len:	how many, at most as many as it returned
 */
void feed_take(struct feed *feed, size_t len)
{
	feed->at += len;
}
