/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is tagged in a process, as the module tells it, and sums of it.
 */
#ifndef KREDACT_TOOLS_TAGGED_H
#define KREDACT_TOOLS_TAGGED_H

#include <stdbool.h>
#include <sys/types.h>

#include <linux/kredact.h>

#include "platform.h"

struct json_object;

/* Who can have made a tag: KREDACT_BY_*. */
#define TAGGED_BY	3u

/**
 * struct tagged_sums - sums of tags; all zero at first
 * @nr:		tags
 * @bytes:	bytes that are tagged, each counted once
 * @pinned:	likewise, on pages that are pinned
 * @by:		tags by who made them
 * @nr_labels:	labels that occur
 * @end:	behind the bytes that are in @bytes, and in @pinned
 * @labels:	a tree of these
 * @no_memory:	for more of them
 */
struct tagged_sums {
	u64 nr;
	u64 bytes;
	u64 pinned;
	u64 by[TAGGED_BY];
	u64 nr_labels;
	u64 end[2];
	void *labels;
	bool no_memory;
};

/**
 * tagged_open() - the device, for tagged_read()
 *
 * Return: a descriptor, or a negative errno.
 */
int tagged_open(void);

/**
 * tagged_read() - go through the tags of a process, by their addresses
 * @device:	from tagged_open()
 * @pid:	the process
 * @pidfd:	out: a descriptor of it for the caller to close, or -1
 * @mm:		out: number of its address space, 0 if that never had a tag
 * @visit:	called for each tag
 * @arg:	for @visit
 *
 * Return: 0, or a negative errno: see tagged_why().
 */
int tagged_read(int device, pid_t pid, int *pidfd, u64 *mm,
		void (*visit)(void *arg, const struct kredact_tag *tag), void *arg);

/**
 * tagged_why() - why something failed, for people
 * @error:	a negative errno of tagged_open() or tagged_read()
 *
 * Return: a text in static memory, without a full stop.
 */
const char *tagged_why(int error);

/**
 * tagged_is_pinned() - are the pages of a tag pinned?
 */
bool tagged_is_pinned(const struct kredact_tag *tag);

/**
 * tagged_add() - take a tag into the sums
 * @sums:	of tags with lower or the same addresses
 * @tag:	the next
 */
void tagged_add(struct tagged_sums *sums, const struct kredact_tag *tag);

/**
 * tagged_sums_free() - give back what is in sums
 * @sums:	its numbers stay
 */
void tagged_sums_free(struct tagged_sums *sums);

/**
 * tagged_by_word() - the name of who made a tag
 * @by:		KREDACT_BY_*
 *
 * Return: a word in static memory; "unknown" of a later module.
 */
const char *tagged_by_word(u32 by);

/**
 * tagged_json() - sums for a program
 * @sums:	the sums
 * @to:		an object, which gets members
 */
void tagged_json(const struct tagged_sums *sums, struct json_object *to);

#endif /* KREDACT_TOOLS_TAGGED_H */
