/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cores and seals made from parameters. The bytes are put together by hand,
 * independently of the module's encoder and of libelf.
 */
#ifndef KREDACT_TESTS_FIXTURE_H
#define KREDACT_TESTS_FIXTURE_H

#include <linux/kredact.h>
#include <linux/kredact_seal.h>

#include "platform.h"

#define FIXTURE_PID	4711
#define SIGSEGV_NUMBER	11
#define PAGE		4096ULL

/**
 * struct fixture_segment - a PT_LOAD
 * @vaddr:	its address
 * @filesz:	bytes in the file, filled with FIXTURE_FILL
 * @memsz:	bytes in memory, 0: as @filesz
 * @gap:	bytes between it and what is before it in the file
 * @offset:	out: where it is in the file
 */
struct fixture_segment {
	u64 vaddr;
	u64 filesz;
	u64 memsz;
	u64 gap;
	u64 offset;
};

#define FIXTURE_FILL	0x55

/* In the first thread's status, past what is read of it, if there are four segments. */
#define FIXTURE_NOTE	564
#define FIXTURE_COPIES	6u

struct fixture_range {
	u64 addr;
	u64 len;
	u64 handle;
	u32 flags;
	u32 label;
};

struct fixture_left_out {
	u64 addr;
	u64 len;
	u32 reason;
};

struct fixture_copy {
	u64 addr;
	u64 len;
	u64 handle;
	u32 flags;
};

/* Members of the record of the policy. */
enum { POLICY_HUNT, POLICY_RUN, POLICY_REGISTERS, POLICY_UNHUNTED, POLICY_STRICT, POLICY_MEMBERS };

/* Members of the record of the hunt; the last has 32 bits. */
enum { HUNT_RANGES, HUNT_BYTES, HUNT_PLAIN, HUNT_COPIES, HUNT_COPY_BYTES, HUNT_LOST,
       HUNT_REGISTER_BYTES, HUNT_FRAMES, HUNT_FRAME_BYTES, HUNT_STRICT_BYTES, HUNT_UNINDEXED,
       HUNT_MEMBERS };

/**
 * struct fixture_print - a secret that has fingerprints
 * @bytes:	the secret: pieces of 32 bytes; or, if it is shorter, a block of 16
 * @len:	its length
 * @owner:	handle, perhaps with KREDACT_PRINT_OTHERS
 */
struct fixture_print {
	const u8 *bytes;
	u32 len;
	u64 owner;
};

/**
 * struct fixture - parameters, and the file made from them
 * @is32:	an i386 core
 * @xnum:	the number of segments is in section header 0
 * @pid:	of the core
 * @no_process:	without NT_PRPSINFO
 * @no_seal:	without a seal
 * @seal_pid:	of the seal
 * @seal_flags:	of the seal
 * @seal_version: of the seal
 * @key:	32 bytes
 * @labels:	texts of labels 1, 2, ...
 * @prints:	payload of the record of fingerprints; NULL: without one
 * @prints_len:	its bytes
 * @prints_twice: write it twice
 * @zero:	fill the ranges with zeros, as the module does
 * @policies:	records of the policy
 * @hunts:	records of the hunt
 * @policy:	members of each of the former
 * @hunt:	members of each of the latter
 * @hunt_reserved: a reserved member of them
 * @copies:	the copies that the seal names; zeroed with @zero
 * @nr_copies:	how many
 * @rules:	records of the rules
 * @rule_flags:	in each of them
 * @rule_mappings: likewise
 * @rule_reserved: likewise
 * @unknown:	add a record of an unknown type
 * @counts_first: the counts come before the ranges
 * @lost:	left-out pages that no record names
 * @bytes:	out: the file
 * @len:	out: its length
 * @core_end:	out: end of the last segment or section header
 * @seal_at:	out: offset of the seal
 */
struct fixture {
	bool is32;
	bool xnum;
	u32 pid;
	bool no_process;
	bool no_seal;
	u32 seal_pid;
	u32 seal_flags;
	u16 seal_version;
	u8 key[32];
	const char *const *labels;
	u32 nr_labels;
	struct fixture_segment *segments;
	u32 nr_segments;
	const struct fixture_range *ranges;
	u32 nr_ranges;
	const struct fixture_left_out *left_out;
	u32 nr_left_out;
	u64 lost;
	u32 policies;
	u32 hunts;
	u64 policy[POLICY_MEMBERS];
	u64 hunt[HUNT_MEMBERS];
	u32 hunt_reserved;
	const struct fixture_copy *copies;
	u32 nr_copies;
	u32 rules;
	u32 rule_flags;
	u32 rule_mappings;
	u32 rule_reserved;
	u8 *prints;
	u64 prints_len;
	bool prints_twice;
	bool zero;
	bool unknown;
	bool counts_first;
	u8 *bytes;
	u64 len;
	u64 room;
	u64 core_end;
	u64 seal_at;
};

void fixture_init(struct fixture *fixture);
void fixture_hunt(struct fixture *fixture, const struct fixture_copy *copies, u32 nr);
void fixture_prints(struct fixture *fixture, const struct fixture_print *secrets, u32 nr);
void fixture_build(struct fixture *fixture);
void fixture_seal(struct fixture *fixture);
void fixture_free(struct fixture *fixture);
void fixture_put(struct fixture *fixture, const void *bytes, u64 len);
u8 *fixture_at(struct fixture *fixture, u64 vaddr);
void fixture_header(const struct fixture *fixture, struct kredact_seal_header *header);
void fixture_key_id(const u8 *key, u8 *id);

/* Numbers as little-endian formats have them. */
static inline void put16(struct fixture *fixture, u16 value)
{
	value = htole16(value);
	fixture_put(fixture, &value, 2);
}

static inline void put32(struct fixture *fixture, u32 value)
{
	value = htole32(value);
	fixture_put(fixture, &value, 4);
}

static inline void put64(struct fixture *fixture, u64 value)
{
	value = htole64(value);
	fixture_put(fixture, &value, 8);
}

#endif /* KREDACT_TESTS_FIXTURE_H */
