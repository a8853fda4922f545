// SPDX-License-Identifier: GPL-2.0
/*
 * The record of a seal that has the fingerprints: see seal_reader.h. They themselves are read
 * by fingerprints.c, once the seal is known to be genuine.
 */
#include <inttypes.h>

#include "copies.h"
#include "prints.h"
#include "seal_reader.h"

#define LEN_MAX	(16ULL << 20)	/* twice what the module writes */

/* Where there are none, nothing else may be said of them. */
static bool is_none(const struct kredact_seal_prints *raw)
{
	struct kredact_seal_prints none = { .failure = raw->failure };

	return !memcmp(raw, &none, sizeof(none));
}

/**
 * seal_read_prints() - read the record of fingerprints
 * @seal:	being opened
 * @at:		payload of the record
 * @len:	its bytes
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG or -EIO.
 */
int seal_read_prints(struct seal *seal, u64 at, u64 len, struct complaint *why)
{
	struct seal_prints *prints = &seal->prints;
	struct kredact_seal_prints raw;
	bool agree;
	u64 nr;

	if (seal->has_prints)
		return complain(why, -EBADMSG, "the seal has fingerprints twice");
	if (len < sizeof(raw) || len > LEN_MAX)
		return complain(why, -EBADMSG, "fingerprints of %" PRIu64 " bytes", len);
	if (input_read(seal->in, at, &raw, sizeof(raw), why))
		return -EIO;
	seal->has_prints = true;
	memcpy(prints->salt, raw.salt, sizeof(prints->salt));
	prints->bytes = le64toh(raw.bytes);
	prints->missing = le64toh(raw.missing);
	prints->pieces = le32toh(raw.pieces);
	prints->blocks = le32toh(raw.blocks);
	prints->bits = le32toh(raw.bits);
	prints->failure = le32toh(raw.failure);
	prints->at = at + sizeof(raw);
	if (raw.reserved[0] || raw.reserved[1])
		return complain(why, -EBADMSG, "a reserved member of the fingerprints is not zero");
	nr = (u64)prints->pieces + prints->blocks;
	agree = prints->bits % 64 == 0 && !prints->bits == !prints->pieces &&
		prints->bytes == (u64)prints->pieces * KR_PIECE + (u64)prints->blocks * KR_BLOCK;
	if (prints->failure ? !is_none(&raw) : !agree)
		return complain(why, -EBADMSG, "the fingerprints contradict themselves: %u pieces, "
				"%u blocks, %u bits, failure %u", prints->pieces, prints->blocks,
				prints->bits, prints->failure);
	if (len != sizeof(raw) + nr * sizeof(struct kredact_seal_print) + prints->bits / 8)
		return complain(why, -EBADMSG, "%" PRIu64 " fingerprints and %u bits in %" PRIu64
				" bytes", nr, prints->bits, len);
	return 0;
}

/**
 * seal_check_prints() - are they there where there can be any?
 * @seal:	all its records are read
 * @why:	text of an error
 *
 * Return: 0 or -EBADMSG.
 */
int seal_check_prints(const struct seal *seal, struct complaint *why)
{
	if (seal->has_prints && !seal->has_hunt)
		return complain(why, -EBADMSG, "the seal has fingerprints but tells of no hunt");
	if (seal->has_prints && seal->flags & KREDACT_SEAL_KEY_BOOT)
		return complain(why, -EBADMSG, "the seal has fingerprints, but its key nobody has");
	return 0;
}

/**
 * seal_unprinted_text() - why a seal has no fingerprints
 * @failure:	KREDACT_UNINDEXED_* or KREDACT_UNPRINTED_*
 *
 * Return: a few words.
 */
const char *seal_unprinted_text(u32 failure)
{
	return failure == KREDACT_UNPRINTED_KEY ? "another key was installed during the dump" :
						  unindexed_reason(failure);
}
