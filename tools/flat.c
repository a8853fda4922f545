// SPDX-License-Identifier: GPL-2.0
/*
 * Flattened files: see flat.h.
 *
 * What is written again counts as it was written last. So that finding out what counts
 * takes no time, no more than OVERLAPS pieces may be at one place.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "flat.h"
#include "sort.h"

#define SIGNATURE	"makedumpfile\0\0\0\0"
#define HEADER		4096u
#define PIECES_MAX	(1u << 21)
#define OVERLAPS	16u

/**
 * struct piece - bytes, and where they belong
 * @to:		offset where they belong
 * @from:	offset where they are; the larger, the later
 * @len:	how many, not 0
 */
struct piece {
	u64 to;
	u64 from;
	u64 len;
};

/**
 * struct flat - a flattened file
 * @file:	it; borrowed
 * @lock:	one thread at a time reads it
 * @pieces:	in ascending order of @to
 * @nr:		entries in @pieces
 */
struct flat {
	struct input *file;
	pthread_mutex_t lock;
	struct piece *pieces;
	u32 nr;
};

/**
 * flat_is() - is this file flattened?
 * @file:	open
 *
 * Return: true if it begins so.
 */
bool flat_is(struct input *file)
{
	char signature[16];
	struct complaint why;

	return !input_read(file, 0, signature, sizeof(signature), &why) &&
	       !memcmp(signature, SIGNATURE, sizeof(signature));
}

/**
 * flat_new() - get ready for a flattened file
 *
 * Return: to be released by flat_free(), or NULL if there is no memory.
 */
struct flat *flat_new(void)
{
	struct flat *flat = calloc(1, sizeof(*flat));

	if (flat)
		pthread_mutex_init(&flat->lock, NULL);
	return flat;
}

/**
 * flat_free() - release a flattened file
 * @flat:	from flat_new(), or NULL
 */
void flat_free(struct flat *flat)
{
	if (!flat)
		return;
	free(flat->pieces);
	pthread_mutex_destroy(&flat->lock);
	free(flat);
}

/*
 * The piece that counts at @offset, or NULL for a hole; @end takes the offset up to which
 * that is so.
 */
static const struct piece *piece_at(const struct flat *flat, u64 offset, u64 *end)
{
	const struct piece *found = NULL, *piece;
	u32 low = 0, high = flat->nr, i;

	/* The first one that begins above it. */
	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (flat->pieces[middle].to <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	*end = low < flat->nr ? flat->pieces[low].to : UINT64_MAX;
	for (i = 0; i <= OVERLAPS && i < low; i++) {
		piece = &flat->pieces[low - 1 - i];
		if (offset - piece->to < piece->len && (!found || piece->from > found->from))
			found = piece;
	}
	if (found)
		*end = min(*end, found->to + found->len);
	return found;
}

static bool flat_extent(void *arg, u64 offset, u64 *end)
{
	return !piece_at(arg, offset, end);
}

static int flat_read(void *arg, u64 offset, u8 *to, u64 len, struct complaint *why)
{
	struct flat *flat = arg;
	u64 part, end;
	int error = 0;

	pthread_mutex_lock(&flat->lock);
	for (; len && !error; offset += part, to += part, len -= part) {
		const struct piece *piece = piece_at(flat, offset, &end);

		part = min(len, end - offset);
		if (piece)
			error = input_read(flat->file, piece->from + (offset - piece->to), to, part,
					   why);
		else
			memset(to, 0, part);
	}
	pthread_mutex_unlock(&flat->lock);
	return error ? -EIO : 0;
}

static int add(struct flat *flat, const struct piece *piece, struct complaint *why)
{
	struct piece *grown;
	u32 nr = flat->nr;

	if (nr == PIECES_MAX)
		return complain(why, -EBADMSG, "a flattened file of more than %u pieces", PIECES_MAX);
	/* The array doubles at each power of two. */
	if (!(nr & (nr - 1))) {
		grown = realloc(flat->pieces, (nr ? nr * 2ULL : 1) * sizeof(*grown));
		if (!grown)
			return complain(why, -ENOMEM, "out of memory for %u pieces", nr);
		flat->pieces = grown;
	}
	flat->pieces[flat->nr++] = *piece;
	return 0;
}

static bool piece_after(const void *a, const void *b, const void *arg)
{
	const struct piece *left = a, *right = b;

	(void)arg;
	return left->to != right->to ? left->to > right->to : left->from > right->from;
}

/* Each piece has its offset and length before it, in big-endian; the last one has -1. */
static int read_pieces(struct flat *flat, u64 *size, struct complaint *why)
{
	struct input *file = flat->file;
	struct piece piece;
	u64 at = HEADER, head[2];
	int error;

	for (*size = 0;; at = piece.from + piece.len) {
		if (input_read(file, at, head, sizeof(head), why))
			return complain(why, -EBADMSG, "truncated: the flattened file has no end");
		piece.to = be64toh(head[0]);
		piece.len = be64toh(head[1]);
		piece.from = at + sizeof(head);
		if (piece.to == UINT64_MAX && piece.len == UINT64_MAX)
			break;
		if (piece.len > file->size - piece.from || piece.to > INT64_MAX)
			return complain(why, -EBADMSG, "truncated or damaged: a piece of the "
					"flattened file is not wholly in it");
		error = piece.len ? add(flat, &piece, why) : 0;
		if (error)
			return error;
		*size = max(*size, piece.len ? piece.to + piece.len : 0);
	}
	if (file->size != at + sizeof(head))
		return complain(why, -EBADMSG, "something follows the flattened file");
	return 0;
}

/* Do all pieces that are at one place lie next to each other in the list? */
static int check_overlaps(const struct flat *flat, struct complaint *why)
{
	u64 reach = 0;
	u32 i;

	for (i = OVERLAPS; i < flat->nr; i++) {
		const struct piece *early = &flat->pieces[i - OVERLAPS];

		if (i > OVERLAPS && flat->pieces[i].to < reach)
			return complain(why, -EBADMSG, "damaged: too much of the flattened file is "
					"written again and again");
		reach = max(reach, early->to + early->len);
	}
	return 0;
}

/**
 * flat_open() - put a flattened file in order
 * @flat:	new
 * @file:	it; outlives @flat
 * @in:		takes the state of an input; input_close() releases it, also after an error,
 *		before @flat
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG, -EIO or -ENOMEM.
 */
int flat_open(struct flat *flat, struct input *file, struct input *in, struct complaint *why)
{
	static const struct input_source source = { flat_read, flat_extent };
	u64 size;
	int error;

	*in = (struct input){ .fd = -1 };
	flat->file = file;
	error = read_pieces(flat, &size, why);
	if (error)
		return error;
	sort_heap(flat->pieces, flat->nr, sizeof(*flat->pieces), piece_after, NULL);
	error = check_overlaps(flat, why);
	return error ? error : input_open_source(in, &source, flat, size, why);
}
