/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Search for given bytes, or runs of them, in a whole file.
 *
 * Every 8-byte word of a secret (as far as needed) is in an index; the file is
 * probed every SHORTEST - 7 bytes, where SHORTEST is the shortest run that counts.
 * Any such run then contains a probed word whole, and is found from there.
 */
#ifndef KREDACT_TOOLS_SEARCH_H
#define KREDACT_TOOLS_SEARCH_H

#include "core.h"

#define SECRET_MIN		8u
#define SECRET_MAX		65536u
#define SECRETS_TOTAL_MAX	(1u << 20)	/* bytes of all secrets */

/**
 * struct hit - a run of a secret in the file
 * @offset:	first byte in the file
 * @vaddr:	its address, if @mapped
 * @mapped:	it is in a PT_LOAD
 * @joined:	it is whole in memory, but in two parts of the file: this one and
 *		the beginning of the next segment
 * @reversed:	the bytes are in reverse order
 * @len:	bytes
 * @from:	first byte in the secret (of the reversed one, if @reversed)
 * @secret:	number of the secret, from 0
 */
struct hit {
	u64 offset;
	u64 vaddr;
	bool mapped;
	bool joined;
	bool reversed;
	u32 len;
	u32 from;
	u32 secret;
};

struct search;

/* Takes a hit. */
typedef void (*search_hit_fn)(void *arg, const struct hit *hit);

struct search *search_new(u32 shortest, bool reverse);
void search_free(struct search *search);
void search_reverse(struct search *search, bool reverse);
int search_add(struct search *search, const void *secret, u32 len, struct complaint *why);
int search_prepare(struct search *search, struct complaint *why);
int search_run(struct search *search, struct input *in, const struct core *core, search_hit_fn hit,
	       void *arg, struct complaint *why);

#endif /* KREDACT_TOOLS_SEARCH_H */
