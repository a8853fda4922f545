/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Search for copies of registered secrets by the fingerprints of the seal, without the
 * secrets: see kmod/core/prints.h.
 */
#ifndef KREDACT_TOOLS_FINGERPRINTS_H
#define KREDACT_TOOLS_FINGERPRINTS_H

#include "core.h"
#include "hasher.h"
#include "seal_reader.h"

/**
 * struct print_hit - a copy, or the pieces of one
 * @offset:	first byte in the file
 * @vaddr:	its address, if @mapped
 * @mapped:	a segment has it
 * @joined:	it lies across two segments that are neighbours in memory only
 * @others:	another process has registered these bytes
 * @len:	bytes that are sure: more of the secret may be around them
 * @handle:	the registration
 */
struct print_hit {
	u64 offset;
	u64 vaddr;
	bool mapped;
	bool joined;
	bool others;
	u64 len;
	u64 handle;
};

typedef void (*print_hit_fn)(void *arg, const struct print_hit *hit);

struct fingerprints;

struct fingerprints *fingerprints_new(const void *key, size_t len, enum hasher_way way);
void fingerprints_free(struct fingerprints *prints);
int fingerprints_load(struct fingerprints *prints, const struct seal *seal, struct complaint *why);
int fingerprints_run(struct fingerprints *prints, struct input *in, const struct core *core,
		     print_hit_fn hit, void *arg, struct complaint *why);

#endif /* KREDACT_TOOLS_FINGERPRINTS_H */
