/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs of the module-free mode and their loader share. Both compile
 * this file, so it has no include of its own: see tag_shared.h.
 */
#ifndef KREDACT_BPF_FREE_SHARED_H
#define KREDACT_BPF_FREE_SHARED_H

#define FREE_COMM_LEN	16	/* TASK_COMM_LEN */

/* Why a dump was killed. */
enum free_reason {
	FREE_KEPT,		/* it was not */
	FREE_MARKED,		/* a tag of the process could not be stored: dump nothing */
	FREE_UNWRITABLE,	/* the page is read-only, shared by fork, or was swapped */
	FREE_NOT_PRIVATE,	/* the page may belong to others: shared memory, files, KSM */
	FREE_SHARED_MM,		/* a process that goes on living has the same memory */
	FREE_NOT_ZERO,		/* what is about to be written is not what was zeroed */
	FREE_PREEMPTIBLE,	/* the kernel was switched to preempt=full or lazy meanwhile */
	FREE_REASONS
};

/**
 * struct free_counters - what was done, since the programs were loaded
 * @ids:		address spaces that had a tag
 * @tags:		calls of pages_tag() that stored their tag
 * @tags_lost:		calls that could not; the process was marked "dump nothing"
 * @untags:		tags ended
 * @sticky:		tags that end with the process only, since their length was not stored
 * @inherited:		pages tagged in children, since they were in the parent
 * @moved:		pages tagged at the place that mremap moved them to
 * @marked:		marks "dump nothing"
 * @marked_all:		marks that fell into a place in use: it now stands for every process there
 * @pages_zeroed:	pages zeroed in dying processes
 * @unkillable:		dumps that had to be killed, and could not be: those of PID 1
 * @events_lost:	dumps whose event found no room
 * @killed:		dumps killed, by reason
 */
struct free_counters {
	__u64 ids;
	__u64 tags;
	__u64 tags_lost;
	__u64 untags;
	__u64 sticky;
	__u64 inherited;
	__u64 moved;
	__u64 marked;
	__u64 marked_all;
	__u64 pages_zeroed;
	__u64 unkillable;
	__u64 events_lost;
	__u64 killed[FREE_REASONS];
};

/**
 * struct free_event - the dump of a process that had tags has ended
 * @ns:			when, since the boot
 * @start_ns:		when the process was started
 * @tgid:		of the process, in the initial pid namespace
 * @reason:		FREE_KEPT, or why the dump was killed
 * @pages_tagged:	pages with a tag at some time
 * @pages_zeroed:	pages zeroed in this dump
 * @comm:		name of the thread that dumped
 */
struct free_event {
	__u64 ns;
	__u64 start_ns;
	__u32 tgid;
	__u32 reason;
	__u64 pages_tagged;
	__u64 pages_zeroed;
	char comm[FREE_COMM_LEN];
};

#endif /* KREDACT_BPF_FREE_SHARED_H */
