/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checkpoints of the audit log: what is signed, and by whose key.
 */
#ifndef KREDACT_TOOLS_LOG_CHECKPOINT_H
#define KREDACT_TOOLS_LOG_CHECKPOINT_H

#include "merkle.h"
#include "../signer.h"

#define CHECKPOINT_LOG_LEN	32u

/**
 * struct checkpoint - a statement: so long was the log, and this was in it
 * @log:	name of the log
 * @segment:	number of the segment that the tree is of
 * @first_seq:	number of its first line
 * @tree_size:	lines of the segment in the tree; the checkpoint is the next one
 * @root:	head of the tree
 * @head_seq:	number of the last of these lines
 * @head:	hash of that line
 * @realtime_ns: when
 * @has_key:	it is signed
 * @key:	the name of the key: SHA-256 of its public half
 * @signature:	@signature_len bytes
 */
struct checkpoint {
	char log[CHECKPOINT_LOG_LEN + 1];
	u64 segment;
	u64 first_seq;
	u64 tree_size;
	u8 root[LINE_HASH_LEN];
	u64 head_seq;
	u8 head[LINE_HASH_LEN];
	u64 realtime_ns;
	bool has_key;
	u8 key[DIGEST_LEN];
	u8 signature[SIGNATURE_MAX];
	size_t signature_len;
};

/* What a signature is worth. */
enum checkpoint_worth {
	CHECKPOINT_UNSIGNED,
	CHECKPOINT_TRUSTED,
	CHECKPOINT_FOREIGN,	/* its key is not trusted */
	CHECKPOINT_FALSE,	/* it is not the key's */
};

struct log_keys;

struct json_object *checkpoint_write(struct checkpoint *checkpoint, struct signer *signer,
				     struct complaint *why);
bool checkpoint_read(struct checkpoint *checkpoint, const char *data, size_t len);
enum checkpoint_worth checkpoint_check(const struct checkpoint *checkpoint,
				       const struct log_keys *keys);

#endif /* KREDACT_TOOLS_LOG_CHECKPOINT_H */
