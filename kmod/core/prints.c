// SPDX-License-Identifier: GPL-2.0
/*
 * Makes fingerprints of what is in the index of secrets: see prints.h.
 */
#include "prints.h"

/* Where the pieces of a stretch are: from its first byte that is not 0, one after the other. */
struct kr_cut {
	const u8 *bytes;
	u32 pieces;
	u32 blocks;
};

/* What is beside a secret in its buffer is mostly zero, and not so beside a copy. */
static struct kr_cut kr_cut(const struct kr_hunt *hunt, const struct kr_secret *secret)
{
	struct kr_cut cut = { .bytes = hunt->text + secret->at };
	u32 len = secret->len;

	for (; len && !*cut.bytes; cut.bytes++)
		len--;
	while (len && !cut.bytes[len - 1])
		len--;
	cut.pieces = len / KR_PIECE;
	cut.blocks = !cut.pieces && len >= KR_BLOCK;
	return cut;
}

/**
 * kr_prints_measure() - how many fingerprints there are to be
 * @prints:	what is set up
 * @hunt:	an index of secrets
 * @most:	bytes that they may take
 *
 * Return: bytes that they take, for kr_prints_make(). What has no room is missing.
 */
size_t kr_prints_measure(struct kr_prints *prints, const struct kr_hunt *hunt, size_t most)
{
	const size_t each = sizeof(*prints->prints), piece = each + KR_PIECE_BITS / 8;
	size_t size = 0;
	u32 i, room;

	memset(prints, 0, sizeof(*prints));
	for (i = 0; i < hunt->nr_secrets; i++) {
		struct kr_cut cut = kr_cut(hunt, &hunt->secrets[i]);
		u32 bytes = 0;

		room = (most - size) / (cut.pieces ? piece : each);
		if (cut.pieces <= room && cut.blocks <= room) {
			prints->pieces += cut.pieces;
			prints->blocks += cut.blocks;
			size += cut.pieces * piece + cut.blocks * each;
			bytes = cut.pieces * KR_PIECE + cut.blocks * KR_BLOCK;
		} else {
			/* The secrets that follow shall not be taken in its stead. */
			most = size;
		}
		prints->bytes += bytes;
		prints->missing += hunt->secrets[i].len - bytes;
	}
	prints->bits = prints->pieces * KR_PIECE_BITS;
	return size;
}

static void kr_hash(struct kr_hasher *hasher, bool tags, u32 nr)
{
	u32 i;

	memcpy(hasher->out, hasher->in, nr * sizeof(hasher->in[0]));
	hasher->encrypt(hasher->arg, tags, hasher->out, nr);
	for (i = 0; i < nr; i++) {
		hasher->out[i].low ^= hasher->in[i].low;
		hasher->out[i].high ^= hasher->in[i].high;
	}
}

static void kr_mark_windows(struct kr_prints *prints, const u8 *piece, struct kr_hasher *hasher)
{
	u32 i, bit;

	for (i = 0; i < KR_WINDOWS; i++)
		hasher->in[i] = kr_block_at(piece + i);
	kr_hash(hasher, false, KR_WINDOWS);
	for (i = 0; i < KR_WINDOWS; i++) {
		bit = kr_window_bit(hasher->out[i].low, prints->bits);
		prints->bitmap[bit / 8] |= 1u << bit % 8;
	}
}

static void kr_put_print(struct kredact_seal_print *print, const struct kr_hasher *hasher,
			 u64 owner)
{
	__le64 tag = cpu_to_le64(hasher->out[0].low);

	memcpy(print->tag, &tag, sizeof(print->tag));
	print->owner = cpu_to_le64(owner);
}

static void kr_tag_piece(struct kredact_seal_print *print, const u8 *piece,
			 struct kr_hasher *hasher, u64 owner)
{
	struct kr_block second;

	kr_piece_at(piece, &hasher->in[0], &second);
	kr_hash(hasher, true, 1);
	hasher->in[0].low = hasher->out[0].low ^ second.low;
	hasher->in[0].high = hasher->out[0].high ^ second.high;
	kr_hash(hasher, true, 1);
	kr_put_print(print, hasher, owner);
}

/**
 * kr_prints_make() - make them
 * @prints:	after kr_prints_measure()
 * @hunt:	the same index, unchanged
 * @memory:	zeroed; as much as was said
 * @hasher:	with the keys
 */
void kr_prints_make(struct kr_prints *prints, const struct kr_hunt *hunt, void *memory,
		    struct kr_hasher *hasher)
{
	struct kredact_seal_print *piece, *block, *end;
	u32 i, nr;

	prints->prints = memory;
	piece = prints->prints;
	block = piece + prints->pieces;
	end = block + prints->blocks;
	prints->bitmap = (u8 *)end;
	for (i = 0; i < hunt->nr_secrets && (piece < prints->prints + prints->pieces ||
					     block < end); i++) {
		const struct kr_secret *secret = &hunt->secrets[i];
		struct kr_cut cut = kr_cut(hunt, secret);

		for (nr = 0; nr < cut.pieces; nr++, cut.bytes += KR_PIECE) {
			kr_mark_windows(prints, cut.bytes, hasher);
			kr_tag_piece(piece++, cut.bytes, hasher, secret->owner);
		}
		if (cut.blocks) {
			hasher->in[0] = kr_block_at(cut.bytes);
			kr_hash(hasher, true, 1);
			kr_put_print(block++, hasher, secret->owner);
		}
	}
}
