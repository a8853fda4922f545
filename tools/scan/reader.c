// SPDX-License-Identifier: GPL-2.0
/*
 * Reads a file here and there: see reader.h.
 */
#include <openssl/crypto.h>

#include "reader.h"

/**
 * reader_init() - make ready
 * @reader:	to be released by reader_close(); for one file
 */
void reader_init(struct reader *reader)
{
	pthread_mutex_init(&reader->lock, NULL);
	reader->last = 0;
	reader->have = 0;
}

/**
 * reader_close() - release a reader, and erase what it read
 * @reader:	from reader_init()
 */
void reader_close(struct reader *reader)
{
	pthread_mutex_destroy(&reader->lock);
	OPENSSL_cleanse(reader->bytes, sizeof(reader->bytes));
}

static bool has(const struct reader *reader, u64 offset, u64 len)
{
	return offset >= reader->at && offset - reader->at <= reader->have &&
	       reader->have - (offset - reader->at) >= len;
}

static void fill(struct reader *reader, const struct input *in, u64 offset)
{
	struct complaint ignored;
	u64 len;

	reader->have = 0;
	if (offset >= in->size)
		return;
	len = min(in->size - offset, (u64)READER_BLOCK);
	if (input_read_at(in, offset, reader->bytes, len, &ignored))
		return;
	reader->at = offset;
	reader->have = len;
}

/**
 * reader_copy() - copy bytes of a file
 * @reader:	of this file
 * @in:		the file
 * @offset:	first byte
 * @to:		takes @len bytes
 * @len:	how many
 *
 * For any thread. Nothing is read ahead for who does not go on from where the last one was.
 *
 * Return: false if the file does not have them.
 */
bool reader_copy(struct reader *reader, const struct input *in, u64 offset, void *to, u64 len)
{
	struct complaint ignored;
	bool done = false;

	if (len <= READER_BLOCK && !pthread_mutex_trylock(&reader->lock)) {
		if (!has(reader, offset, len) && offset >= reader->last &&
		    offset - reader->last < READER_BLOCK)
			fill(reader, in, offset);
		reader->last = offset;
		done = has(reader, offset, len);
		if (done)
			memcpy(to, reader->bytes + (offset - reader->at), len);
		pthread_mutex_unlock(&reader->lock);
	}
	return done || !input_read_at(in, offset, to, len, &ignored);
}
