/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The encoder of seals (include/uapi/linux/kredact_seal.h).
 *
 * It streams: each call hands finished bytes to the caller's write function,
 * which puts them into the core and into the HMAC. Nothing is kept, so that a
 * seal over a million ranges takes no memory.
 */
#ifndef KREDACT_CORE_SEAL_H
#define KREDACT_CORE_SEAL_H

#include <linux/kredact_seal.h>

#include "platform.h"

/**
 * struct kr_seal - a seal being written
 * @write:	takes the next bytes; false if they could not be written
 * @arg:	first argument of @write
 * @core_len:	offset of the seal in its file; of a sidecar, bytes of the core
 * @len:	bytes so far
 * @records:	records so far
 * @failed:	a write failed; nothing more is written
 */
struct kr_seal {
	bool (*write)(void *arg, const void *data, u32 len);
	void *arg;
	u64 core_len;
	u64 len;
	u32 records;
	bool failed;
};

void kr_seal_begin(struct kr_seal *seal, struct kredact_seal_header *header);
void kr_seal_label(struct kr_seal *seal, u32 id, const void *text, u32 len);
void kr_seal_ranges(struct kr_seal *seal, const struct kredact_seal_range *ranges, u32 nr);
void kr_seal_left_out(struct kr_seal *seal, const struct kredact_seal_left_out *entries, u32 nr);
void kr_seal_policy(struct kr_seal *seal, const struct kredact_seal_policy *policy);
void kr_seal_copies(struct kr_seal *seal, const struct kredact_seal_copy *copies, u32 nr);
void kr_seal_hunt(struct kr_seal *seal, const struct kredact_seal_hunt *hunt);
void kr_seal_rules(struct kr_seal *seal, const struct kredact_seal_rules *rules);
void kr_seal_prints(struct kr_seal *seal, const struct kredact_seal_prints *head,
		    const struct kredact_seal_print *prints, u32 nr, const u8 *bitmap, u32 len);
void kr_seal_sidecar(struct kr_seal *seal, const struct kredact_seal_sidecar *sidecar);
void kr_seal_counts(struct kr_seal *seal, const struct kredact_seal_counts *counts);
bool kr_seal_end(struct kr_seal *seal);

#endif /* KREDACT_CORE_SEAL_H */
