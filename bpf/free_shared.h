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

/*
 * What is told of the dump of a process that had tags: an event, and at once after it, among
 * those of other dumps, as many pieces as the event announces: the pages that were tagged
 * when the dump ended, and the names that lead to the core.
 */
enum free_record_type {
	FREE_EVENT,
	FREE_PAGES,
	FREE_NAME,
};

/**
 * struct free_record - what all of them begin with
 * @type:		enum free_record_type
 * @nr:			FREE_PAGES: runs; FREE_NAME: bytes, its NUL included
 * @id:			the same for all that is told of one dump, and for nothing else; 0 if
 *			there is nothing but the event
 */
struct free_record {
	__u32 type;
	__u32 nr;
	__u64 id;
};

/* Where the core went. */
enum free_file {
	FREE_FILE_NONE,		/* nowhere, or the dump ended before the first page */
	FREE_FILE_REGULAR,
	FREE_FILE_STREAM,	/* a pipe: something else knows where it ends up */
};

/* Flags of an event. */
#define FREE_COMPAT	(1u << 0)	/* a 32-bit process */
#define FREE_LOST	(1u << 1)	/* there was no room for all of its pages */
#define FREE_NO_PATH	(1u << 2)	/* likewise for the names, or they are too many */

/**
 * struct free_event - the dump of a process that had tags has ended
 * @head:		FREE_EVENT
 * @ns:			when, since the boot
 * @start_ns:		when the process was started
 * @tgid:		of the process, in the initial pid namespace
 * @tid:		of the thread that dumped, likewise
 * @ns_tgid:		of the process, in its own pid namespace
 * @uid:		real user, in the initial user namespace
 * @signo:		signal that caused the dump
 * @reason:		FREE_KEPT, or why the dump was killed
 * @flags:		FREE_COMPAT, ...
 * @pieces:		of FREE_PAGES and FREE_NAME that follow
 * @pages_tagged:	pages with a tag at some time
 * @pages_zeroed:	pages zeroed in this dump
 * @size:		bytes of the core
 * @ino:		inode of a regular file
 * @dev:		device of its file system, as the kernel has it: 20 bits of minor number
 * @file:		enum free_file
 * @comm:		name of the thread that dumped
 */
struct free_event {
	struct free_record head;
	__u64 ns;
	__u64 start_ns;
	__u32 tgid;
	__u32 tid;
	__u32 ns_tgid;
	__u32 uid;
	__u32 signo;
	__u32 reason;
	__u32 flags;
	__u32 pieces;
	__u64 pages_tagged;
	__u64 pages_zeroed;
	__u64 size;
	__u64 ino;
	__u32 dev;
	__u32 file;
	char comm[FREE_COMM_LEN];
};

#define FREE_RUNS	32	/* of pages, in a piece */
#define FREE_RUN_BITS	12

/**
 * struct free_pages - some of the pages that were tagged
 * @head:		FREE_PAGES
 * @runs:		number of the first page << FREE_RUN_BITS | pages after the first
 */
struct free_pages {
	struct free_record head;
	__u64 runs[FREE_RUNS];
};

#define FREE_NAMES_MAX	64	/* from the root of the file system to the core */
#define FREE_NAME_LEN	256

/**
 * struct free_name - a component of the core's path in its file system, the last one first
 * @head:		FREE_NAME
 * @name:		terminated
 */
struct free_name {
	struct free_record head;
	char name[FREE_NAME_LEN];
};

#endif /* KREDACT_BPF_FREE_SHARED_H */
