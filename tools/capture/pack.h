/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes that come one after the other, compressed into a file, with their digests.
 */
#ifndef KREDACT_CAPTURE_PACK_H
#define KREDACT_CAPTURE_PACK_H

#include "digest.h"

struct pack;

/**
 * struct packed - what has become of the bytes
 * @bytes:	before they were packed
 * @stored:	of the file
 * @sha256:	of the former
 * @stored_sha256: of the file
 */
struct packed {
	u64 bytes;
	u64 stored;
	u8 sha256[DIGEST_LEN];
	u8 stored_sha256[DIGEST_LEN];
};

struct pack *pack_new(int fd, int level, u64 room, struct complaint *why);
void pack_free(struct pack *pack);
int pack_add(struct pack *pack, const void *bytes, size_t len, struct complaint *why);
int pack_end(struct pack *pack, bool whole, struct packed *packed, struct complaint *why);

#endif /* KREDACT_CAPTURE_PACK_H */
