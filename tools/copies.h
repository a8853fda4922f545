/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The copies that a seal names: whose bytes they were, and that they are zero.
 */
#ifndef KREDACT_TOOLS_COPIES_H
#define KREDACT_TOOLS_COPIES_H

#include "ranges.h"
#include "seal_reader.h"

/* Most registrations with copies; the module names 65536 copies at most. */
#define OWNERS_MAX	(1u << 20)

/* Copies that are shown one by one; all are counted. */
#define COPIES_LISTED	256u

/**
 * struct owner - a registration of which there are copies
 * @handle:	the registration
 * @copies:	copies of its bytes
 * @bytes:	sum of their lengths
 * @label:	its label, or 0
 * @known:	the seal lists a range of it
 */
struct owner {
	u64 handle;
	u64 copies;
	u64 bytes;
	u32 label;
	bool known;
};

/**
 * struct owners - a set of them
 * @at:		after sorting in ascending order of handles, each once
 * @nr:		how many
 * @room:	how many @at has room for
 */
struct owners {
	struct owner *at;
	u32 nr;
	u32 room;
};

/**
 * struct copies - the copies of a seal; zeroed before its use
 * @memory:	addresses that they had
 * @notes:	offsets in the file of those in notes
 * @memory_zeros: whether @memory is zero
 * @notes_zeros: whether @notes is
 * @owners:	registrations of the process that has the seal
 * @of_others:	copies of what other processes have registered
 * @listed:	the first copies
 * @nr_listed:	how many
 * @file:	the whole core as one segment, whose addresses are offsets in the file
 */
struct copies {
	struct spans memory;
	struct spans notes;
	struct zeros memory_zeros;
	struct zeros notes_zeros;
	struct owners owners;
	u64 of_others;
	struct seal_copy listed[COPIES_LISTED];
	u32 nr_listed;
	struct core_segment file;
};

int copies_check(struct copies *copies, struct seal *seal, struct core *core,
		 struct complaint *why);
u32 copies_label(const struct copies *copies, const struct seal_copy *copy);
struct core copies_file(struct copies *copies, const struct core *core);
void copies_free(struct copies *copies);

const char *unindexed_reason(u32 reason);
const char *unhunted_consequence(u32 unhunted);

#endif /* KREDACT_TOOLS_COPIES_H */
