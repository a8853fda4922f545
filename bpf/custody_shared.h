/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the program of custody and its loader share. Both compile this file, so it
 * has no include of its own: the one takes its types from vmlinux.h, the other
 * from <linux/types.h>.
 */
#ifndef KREDACT_BPF_CUSTODY_SHARED_H
#define KREDACT_BPF_CUSTODY_SHARED_H

/* The mark of a dump file, and its value: "v1 ID TIME", see custody_mark.h. */
#define CUSTODY_ATTR		"trusted.kredact.custody"
#define CUSTODY_PREFIX		"v1 "
#define CUSTODY_PREFIX_LEN	3
#define CUSTODY_ID_LEN		32	/* hexadecimal digits */

#define CUSTODY_COMM_LEN	16	/* TASK_COMM_LEN */
#define CUSTODY_NAMES		1024	/* a power of two for the verifier */
#define CUSTODY_NAME_LEN	256	/* NAME_MAX and its NUL */
#define CUSTODY_DEPTH		64	/* folders of a path */
#define CUSTODY_FILES		65536	/* that can be known at a time */

enum custody_op {
	CUSTODY_OPEN,
	CUSTODY_EXEC,
	CUSTODY_READ,		/* the first of a process through one open file */
	CUSTODY_WRITE,		/* likewise */
	CUSTODY_MMAP,		/* likewise */
	CUSTODY_RENAME,
	CUSTODY_LINK,
	CUSTODY_UNLINK,
	CUSTODY_ATTRIB,		/* owner, mode, length, times */
	CUSTODY_MARK,
	CUSTODY_UNMARK,
	CUSTODY_OPS,
};

/* Flags of struct custody_event. */
#define CUSTODY_DELETED		(1U << 0)	/* the file has no name any more */
#define CUSTODY_KTHREAD		(1U << 1)	/* a thread of the kernel did it */
#define CUSTODY_NO_EXE		(1U << 2)	/* no executable could be told */
#define CUSTODY_NO_NS		(1U << 3)	/* nor its namespaces: it is ending */

/**
 * struct custody_key - a file, as long as the machine is up
 * @ino:	inode number
 * @dev:	the kernel's number of the file system
 * @gen:	generation: tells it from a later file with the same number
 */
struct custody_key {
	__u64 ino;
	__u32 dev;
	__u32 gen;
};

/**
 * struct custody_id - the name of a dump
 * @hex:	without a NUL; all NUL if there is none
 */
struct custody_id {
	char hex[CUSTODY_ID_LEN];
};

/**
 * struct custody_path - names from the last one up to the root of the file system
 * @dev:	the file system
 * @len:	bytes of @names
 * @cut:	the names nearest to the root are missing
 * @names:	each with its NUL
 */
struct custody_path {
	__u32 dev;
	__u32 len;
	__u32 cut;
	char names[CUSTODY_NAMES + CUSTODY_NAME_LEN];
};

/**
 * struct custody_event - what was done to a known file, and by whom
 * @boot_ns:	when, by CLOCK_BOOTTIME
 * @start_ns:	when the process was started, likewise
 * @file:	which file
 * @id:		its dump
 * @other_id:	of a rename: the known dump that was replaced
 * @op:		enum custody_op
 * @result:	0 or a negative errno
 * @detail:	CUSTODY_OPEN: f_flags; CUSTODY_MMAP: prot; CUSTODY_ATTRIB: ATTR_*
 * @new_path:	of a rename or link
 *
 * The rest is the thread that did it.
 */
struct custody_event {
	__u64 boot_ns;
	__u64 start_ns;
	struct custody_key file;
	struct custody_id id;
	struct custody_id other_id;
	__u32 op;
	__s32 result;
	__u32 flags;
	__u32 detail;
	__u32 pid;
	__u32 tid;
	__u32 ppid;
	__u32 ns_pid;
	__u32 uid;
	__u32 euid;
	__u32 gid;
	__u32 egid;
	__u32 login_uid;
	__u32 session;
	__u32 pid_ns;
	__u32 mnt_ns;
	char comm[CUSTODY_COMM_LEN];
	struct custody_path path;
	struct custody_path new_path;
	struct custody_path exe;
	struct custody_path cgroup;
};

/**
 * struct custody_counters - since the program was loaded
 * @events:	given to the watcher
 * @lost:	not, since the ring was full or there was no memory
 * @unknown:	files that were marked and are not watched: too many
 */
struct custody_counters {
	__u64 events;
	__u64 lost;
	__u64 unknown;
};

/**
 * struct custody_enrol - the watcher opens a file in order to make it known
 * @on:		it is about to
 * @id:		what to know it as
 * @result:	1: it is known now; 2: it was before; else a negative errno
 * @key:	which file it is
 */
struct custody_enrol {
	__u32 on;
	__s32 result;
	struct custody_id id;
	struct custody_key key;
};

#endif /* KREDACT_BPF_CUSTODY_SHARED_H */
