/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The Merkle tree of RFC 6962 (2.1), over lines of the log as leaves.
 */
#ifndef KREDACT_TOOLS_LOG_MERKLE_H
#define KREDACT_TOOLS_LOG_MERKLE_H

#include "line.h"

#define MERKLE_LEVELS	48u

/**
 * struct merkle - a tree that grows: the roots of its complete subtrees
 * @leaves:	how many leaves it has
 * @level:	for each bit that is set in @leaves, the root of a subtree of so many leaves
 */
struct merkle {
	u64 leaves;
	u8 level[MERKLE_LEVELS][LINE_HASH_LEN];
};

bool merkle_leaf(const void *text, size_t len, u8 *hash);
bool merkle_add(struct merkle *tree, const u8 *leaf);
bool merkle_root(const struct merkle *tree, u8 *root);
bool merkle_proof(const u8 (*leaves)[LINE_HASH_LEN], u64 count, u64 index,
		  u8 (*path)[LINE_HASH_LEN], unsigned int *steps);
bool merkle_check(const u8 *leaf, u64 index, u64 count, const u8 (*path)[LINE_HASH_LEN],
		  unsigned int steps, const u8 *root);

#endif /* KREDACT_TOOLS_LOG_MERKLE_H */
