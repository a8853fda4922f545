/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reader of the seal that follows a core, or lies beside it: Documentation/seal-format.rst.
 */
#ifndef KREDACT_TOOLS_SEAL_READER_H
#define KREDACT_TOOLS_SEAL_READER_H

#include <linux/kredact.h>
#include <linux/kredact_rules.h>
#include <linux/kredact_seal.h>

#include "input.h"

#define SEAL_LEN_MAX	(1ULL << 30)	/* 32 million ranges */
#define SEAL_LABELS_MAX	65536u
#define SEAL_REASONS	6u		/* KREDACT_LEFT_OUT_*, 0 is any other */

/**
 * struct seal_label - a label and what is registered under it
 * @id:		its number
 * @len:	bytes in @text
 * @ranges:	ranges that name it
 * @bytes:	sum of their lengths
 * @copies:	copies of them that the seal names: set by copies_check()
 * @copy_bytes:	sum of their lengths
 * @text:	as the process gave it: not to be trusted, not terminated
 */
struct seal_label {
	u32 id;
	u32 len;
	u64 ranges;
	u64 bytes;
	u64 copies;
	u64 copy_bytes;
	char text[KREDACT_LABEL_MAX];
};

/**
 * struct seal_range - a registered range, in the byte order of this machine
 * @addr:	first byte
 * @last:	last byte
 * @handle:	the registration
 * @flags:	KREDACT_EXACT, KREDACT_HUNT, KREDACT_GROUP, KREDACT_NOHUNT
 * @label:	id of a label, or 0
 */
struct seal_range {
	u64 addr;
	u64 last;
	u64 handle;
	u32 flags;
	u32 label;
};

/**
 * struct seal_left_out - pages that the dump left out
 * @addr:	first byte
 * @last:	last byte
 * @reason:	KREDACT_LEFT_OUT_*
 */
struct seal_left_out {
	u64 addr;
	u64 last;
	u32 reason;
};

/**
 * struct seal_copy - registered bytes that were found elsewhere, and zeroed
 * @addr:	first byte, or with KREDACT_COPY_NOTE its offset in the file
 * @last:	last byte, likewise
 * @handle:	the registration
 * @flags:	KREDACT_COPY_*
 */
struct seal_copy {
	u64 addr;
	u64 last;
	u64 handle;
	u32 flags;
};

/**
 * struct seal_policy - what the dump was written by
 * @hunt, @run, @registers, @unhunted, @strict: as in struct kredact_seal_policy
 */
struct seal_policy {
	u32 hunt;
	u32 run;
	u32 registers;
	u32 unhunted;
	u32 strict;
};

/**
 * struct seal_hunt - sums over the hunt
 * @ranges, @bytes, @bytes_plain, @copies, @copy_bytes, @copies_lost,
 * @register_bytes, @frames, @frame_bytes, @strict_bytes, @unindexed: as in
 * struct kredact_seal_hunt
 */
struct seal_hunt {
	u64 ranges;
	u64 bytes;
	u64 bytes_plain;
	u64 copies;
	u64 copy_bytes;
	u64 copies_lost;
	u64 register_bytes;
	u64 frames;
	u64 frame_bytes;
	u64 strict_bytes;
	u32 unindexed;
};

/**
 * struct seal_rules - what policy programs decided
 * @flags, @mappings: as in struct kredact_seal_rules
 */
struct seal_rules {
	u32 flags;
	u32 mappings;
};

/**
 * struct seal_sidecar - what the daemon knows that made a sidecar
 * @flags, @killed, @sha256: as in struct kredact_seal_sidecar
 */
struct seal_sidecar {
	u32 flags;
	u32 killed;
	u8 sha256[32];
};

/**
 * struct seal_prints - the fingerprints, but for themselves
 * @salt, @bytes, @missing, @pieces, @blocks, @bits, @failure: as in struct kredact_seal_prints
 * @at:		where they are in the file
 */
struct seal_prints {
	u8 salt[16];
	u64 bytes;
	u64 missing;
	u32 pieces;
	u32 blocks;
	u32 bits;
	u32 failure;
	u64 at;
};

/**
 * struct seal_visitor - takes what a seal lists, one by one
 * @arg:	first argument of the functions
 * @range:	takes a range, or NULL
 * @left_out:	takes left-out pages, or NULL
 * @copy:	takes a copy, or NULL
 *
 * The functions return 0 or a negative errno, which ends the visit.
 */
struct seal_visitor {
	void *arg;
	int (*range)(void *arg, const struct seal_range *range, struct complaint *why);
	int (*left_out)(void *arg, const struct seal_left_out *pages, struct complaint *why);
	int (*copy)(void *arg, const struct seal_copy *copy, struct complaint *why);
};

/**
 * struct seal - a seal
 * @in:		where it is read from; borrowed
 * @beside:	it is a sidecar, and @in not the core
 * @present:	there is one, if perhaps a damaged one
 * @readable:	its records were read to the trailer, and are in order
 * @offset:	of its header in the file
 * @len:	bytes from the header's first to the trailer's last, if @readable
 * @trailing:	bytes of the file after that
 * @core_len, @realtime_ns, @boottime_ns, @start_ns, @tgid, @tid, @ns_tgid,
 * @uid, @signo, @page_size, @abi, @flags: as in struct kredact_seal_header
 * @header:	the header as it is in the file
 * @hmac:	as in the trailer
 * @labels:	all labels; ranges without one are counted in @unlabelled
 * @nr_labels:	how many
 * @slots:	hash table of their ids: index into @labels, from 1
 * @unlabelled:	what is registered without a label
 * @nr_ranges:	ranges
 * @range_bytes: sum of their lengths
 * @nr_nohunt:	of these, ranges whose copies were not to be hunted (KREDACT_NOHUNT)
 * @nohunt_bytes: sum of their lengths
 * @left_out:	pages left out, by reason
 * @nr_left_out: entries that name them
 * @has_policy:	the module knows policies: before that it hunted nothing
 * @policy:	what the dump was written by, if @has_policy
 * @has_hunt:	the same as @has_policy, if @readable
 * @hunt:	sums over the hunt, if @has_hunt
 * @nr_copies:	copies named
 * @copies_len:	sum of their lengths; what overlaps counts each time
 * @has_rules:	policy programs have asked for something
 * @rules:	what, if @has_rules; else zero
 * @has_sidecar: the same as @beside, if @readable
 * @sidecar:	what its daemon knows, if @has_sidecar
 * @has_prints:	there are fingerprints, or it is said why there are none
 * @prints:	of them, if @has_prints; else zero
 * @unknown:	records of unknown types
 * @counts:	the module's own sums
 */
struct seal {
	struct input *in;
	bool beside;
	bool present;
	bool readable;
	u64 offset;
	u64 len;
	u64 trailing;
	u32 flags;
	u64 core_len;
	u64 realtime_ns;
	u64 boottime_ns;
	u64 start_ns;
	u32 tgid;
	u32 tid;
	u32 ns_tgid;
	u32 uid;
	u32 signo;
	u32 page_size;
	u32 abi;
	struct kredact_seal_header header;
	u8 hmac[KREDACT_SEAL_HMAC_LEN];
	struct seal_label *labels;
	u32 nr_labels;
	u32 *slots;
	struct seal_label unlabelled;
	u64 nr_ranges;
	u64 range_bytes;
	u64 nr_nohunt;
	u64 nohunt_bytes;
	u64 left_out[SEAL_REASONS];
	u64 nr_left_out;
	bool has_policy;
	struct seal_policy policy;
	bool has_hunt;
	struct seal_hunt hunt;
	u64 nr_copies;
	u64 copies_len;
	bool has_rules;
	struct seal_rules rules;
	bool has_sidecar;
	struct seal_sidecar sidecar;
	bool has_prints;
	struct seal_prints prints;
	u64 unknown;
	struct {
		u64 ranges;
		u64 range_bytes;
		u64 pages_zeroed;
		u64 pages_copied;
		u64 bytes_zeroed;
		u64 pages_left_out;
		u64 left_out_lost;
	} counts;
};

int seal_open(struct seal *seal, struct input *in, u64 core_end, struct complaint *why);
int seal_open_sidecar(struct seal *seal, struct input *in, struct complaint *why);
void seal_close(struct seal *seal);
int seal_visit(struct seal *seal, const struct seal_visitor *visitor, struct complaint *why);
struct seal_label *seal_label(struct seal *seal, u32 id);

/* seal_hunt.c: the records of the hunt, for seal_reader.c. */
int seal_read_policy(struct seal *seal, u64 at, u64 len, struct complaint *why);
int seal_read_hunt(struct seal *seal, u64 at, u64 len, struct complaint *why);
int seal_read_copies(struct seal *seal, u64 at, u64 len, const struct seal_visitor *visitor,
		     struct complaint *why);
int seal_count_copy(void *arg, const struct seal_copy *copy, struct complaint *why);
int seal_check_hunt(const struct seal *seal, struct complaint *why);

/* seal_rules.c: the record of policy programs. */
int seal_read_rules(struct seal *seal, u64 at, u64 len, struct complaint *why);
int seal_check_rules(const struct seal *seal, struct complaint *why);
void seal_rules_text(char *text, size_t size, const struct seal_rules *rules);

/* seal_prints.c: the record of fingerprints. */
int seal_read_prints(struct seal *seal, u64 at, u64 len, struct complaint *why);
int seal_check_prints(const struct seal *seal, struct complaint *why);
const char *seal_unprinted_text(u32 failure);

/* seal_sidecar.c: the record of a daemon. */
int seal_read_sidecar(struct seal *seal, u64 at, u64 len, struct complaint *why);
int seal_check_sidecar(const struct seal *seal, struct complaint *why);
const char *seal_killed_text(u32 killed);

#endif /* KREDACT_TOOLS_SEAL_READER_H */
