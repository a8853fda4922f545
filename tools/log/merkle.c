// SPDX-License-Identifier: GPL-2.0
/*
 * The Merkle tree of RFC 6962: see merkle.h.
 *
 *	MTH({}) = SHA-256()
 *	MTH({d}) = SHA-256(0x00 || d)
 *	MTH(D[n]) = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n])), k the largest power of two < n
 */
#include <openssl/evp.h>

#include "merkle.h"

/**
 * merkle_leaf() - the hash of a leaf
 * @text:	a line, with its line feed
 * @len:	of it
 * @hash:	takes LINE_HASH_LEN bytes
 *
 * Return: false if OpenSSL cannot compute it.
 */
bool merkle_leaf(const void *text, size_t len, u8 *hash)
{
	static char bytes[LOG_LINE_MAX + 1];

	if (len >= sizeof(bytes))
		return false;
	bytes[0] = 0;
	memcpy(bytes + 1, text, len);
	return line_hash(bytes, len + 1, hash);
}

static bool node(const u8 *left, const u8 *right, u8 *hash)
{
	u8 bytes[1 + 2 * LINE_HASH_LEN];

	bytes[0] = 1;
	memcpy(bytes + 1, left, LINE_HASH_LEN);
	memcpy(bytes + 1 + LINE_HASH_LEN, right, LINE_HASH_LEN);
	return line_hash(bytes, sizeof(bytes), hash);
}

/**
 * merkle_add() - add a leaf
 * @tree:	all zeros if it is empty
 * @leaf:	from merkle_leaf()
 *
 * Return: false if the tree is full, or OpenSSL fails.
 */
bool merkle_add(struct merkle *tree, const u8 *leaf)
{
	u8 hash[LINE_HASH_LEN];
	unsigned int level;

	memcpy(hash, leaf, LINE_HASH_LEN);
	for (level = 0; tree->leaves >> level & 1; level++)
		if (!node(tree->level[level], hash, hash))
			return false;
	if (level >= MERKLE_LEVELS)
		return false;
	memcpy(tree->level[level], hash, LINE_HASH_LEN);
	tree->leaves++;
	return true;
}

/**
 * merkle_root() - the tree head
 * @tree:	a tree
 * @root:	takes LINE_HASH_LEN bytes
 *
 * Return: false if OpenSSL fails.
 */
bool merkle_root(const struct merkle *tree, u8 *root)
{
	bool some = false;
	unsigned int level;

	if (!tree->leaves)
		return line_hash("", 0, root);
	for (level = 0; level < MERKLE_LEVELS; level++) {
		if (!(tree->leaves >> level & 1))
			continue;
		if (!some)
			memcpy(root, tree->level[level], LINE_HASH_LEN);
		else if (!node(tree->level[level], root, root))
			return false;
		some = true;
	}
	return true;
}

static bool root_of(const u8 (*leaves)[LINE_HASH_LEN], u64 count, u8 *root)
{
	struct merkle tree = { 0 };
	u64 i;

	for (i = 0; i < count; i++)
		if (!merkle_add(&tree, leaves[i]))
			return false;
	return merkle_root(&tree, root);
}

/* The largest power of two below a number, which is 2 or more. */
static u64 split(u64 count)
{
	return 1ull << (63 - __builtin_clzll(count - 1));
}

/**
 * merkle_proof() - the path from a leaf to the root (RFC 6962, 2.1.1)
 * @leaves:	hashes of all leaves
 * @count:	how many
 * @index:	of which leaf
 * @path:	takes MERKLE_LEVELS hashes at most, from the leaf's side on
 * @steps:	takes how many
 *
 * Return: false if there is no such leaf, or OpenSSL fails.
 */
bool merkle_proof(const u8 (*leaves)[LINE_HASH_LEN], u64 count, u64 index,
		  u8 (*path)[LINE_HASH_LEN], unsigned int *steps)
{
	u8 down[MERKLE_LEVELS][LINE_HASH_LEN];
	unsigned int n = 0, i;

	if (index >= count || count >> (MERKLE_LEVELS - 1))
		return false;
	/* From the root down, so the last one is next to the leaf. */
	while (count > 1) {
		u64 left = split(count);
		bool good;

		if (index < left) {
			good = root_of(leaves + left, count - left, down[n]);
			count = left;
		} else {
			good = root_of(leaves, left, down[n]);
			leaves += left;
			count -= left;
			index -= left;
		}
		if (!good)
			return false;
		n++;
	}
	for (i = 0; i < n; i++)
		memcpy(path[i], down[n - 1 - i], LINE_HASH_LEN);
	*steps = n;
	return true;
}

/**
 * merkle_check() - does a path lead from a leaf to the root
 * @leaf:	from merkle_leaf()
 * @index:	of the leaf
 * @count:	of leaves of the tree
 * @path:	from merkle_proof()
 * @steps:	of it
 * @root:	of the tree
 *
 * Return: true if it does.
 */
bool merkle_check(const u8 *leaf, u64 index, u64 count, const u8 (*path)[LINE_HASH_LEN],
		  unsigned int steps, const u8 *root)
{
	u64 last = count - 1;
	u8 hash[LINE_HASH_LEN];
	unsigned int i;

	if (index >= count)
		return false;
	memcpy(hash, leaf, LINE_HASH_LEN);
	for (i = 0; i < steps; i++) {
		if (!last)
			return false;
		if (index & 1 || index == last) {
			if (!node(path[i], hash, hash))
				return false;
			while (!(index & 1) && index) {
				index >>= 1;
				last >>= 1;
			}
		} else if (!node(hash, path[i], hash)) {
			return false;
		}
		index >>= 1;
		last >>= 1;
	}
	return !last && !memcmp(hash, root, LINE_HASH_LEN);
}
