/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Puts together what the programs tell of dumps in pieces: see free_shared.h.
 */
#ifndef KREDACT_BPF_DUMP_H
#define KREDACT_BPF_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "free_shared.h"

/**
 * struct free_range - pages that were tagged
 * @addr:	of the first byte
 * @len:	bytes
 */
struct free_range {
	__u64 addr;
	__u64 len;
};

/**
 * struct free_dump - a dump that has ended
 * @event:	what its process was, and where the core went
 * @ranges:	pages that were tagged when it ended: ascending, neither overlapping nor
 *		touching
 * @nr_ranges:	how many
 * @complete:	these are all
 * @path:	of a regular file, from the root of its file system, beginning with a slash; or
 *		NULL if it is not known
 */
struct free_dump {
	struct free_event event;
	struct free_range *ranges;
	size_t nr_ranges;
	bool complete;
	char *path;
};

struct dumps;

/**
 * dumps_new - begin to collect
 * @listed:	called when all of a dump has come; what it is given lasts for the call
 * @arg:	for @listed
 *
 * Return: for the caller to dumps_free(), or NULL: no memory.
 */
struct dumps *dumps_new(void (*listed)(const struct free_dump *dump, void *arg), void *arg);

/**
 * dumps_take - take a record of the ring
 * @d:		from dumps_new()
 * @record:	what the programs wrote
 * @size:	its bytes; a record that is too short is passed over
 *
 * Where memory is short, dumps are not @complete.
 *
 * Return: true if it was an event, and so is the first of a dump.
 */
bool dumps_take(struct dumps *d, const void *record, size_t size);

/* Of dumps that have not come whole, nothing is told. */
void dumps_free(struct dumps *d);

#endif /* KREDACT_BPF_DUMP_H */
