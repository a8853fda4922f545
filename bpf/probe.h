/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tagging programs and their loader share: probes, what they do at a call of
 * a library's function, and counters. Both compile this file, so it has no include of
 * its own: the one takes its types from vmlinux.h, the other from <linux/types.h>.
 */
#ifndef KREDACT_BPF_PROBE_H
#define KREDACT_BPF_PROBE_H

#define PROBE_COMM_LEN	16	/* TASK_COMM_LEN */
#define PROBE_ERRNOS	256	/* above the highest errno; a power of two for the verifier */
#define PROBE_READS	3	/* of memory, in one value */
#define PROBE_ARGS	6	/* that are passed in registers */
#define PROBE_MOST	8	/* for one function */
#define PROBES_MAX	1024	/* in one program */
#define PROBE_LABEL_LEN	64	/* KREDACT_LABEL_MAX */
#define PROBE_LIBRARIES	64	/* of the table: a bit for each */
#define PROBE_FILTERS	64	/* likewise */
#define PROBE_NAME_LEN	64	/* of a cgroup's folder, with its NUL */

/* What a value is made from. Arguments are 1 to PROBE_ARGS. */
#define PROBE_NUMBER	0
#define PROBE_RESULT	(PROBE_ARGS + 1)

/**
 * struct probe_value - a number that is found in a call
 * @base:	PROBE_NUMBER (0), an argument, or PROBE_RESULT
 * @nr_reads:	how often memory of the process is read at the address so far
 * @size:	of each read, in bytes: 1, 2, 4 or 8; what is read is unsigned
 * @add:	to the address before each read, and at the end, to the value
 * @by:		an argument that is a further factor of the value, or 0
 * @times:	factor of the value, before the last @add
 */
struct probe_value {
	__u8 base;
	__u8 nr_reads;
	__u8 size[PROBE_READS];
	__u8 by;
	__u8 pad[2];
	__s32 add[PROBE_READS + 1];
	__u32 times;
};

enum probe_action {
	PROBE_TAG,		/* from now on the bytes are secret */
	PROBE_RELEASE,		/* the function wipes and frees what begins at @address */
};

/**
 * struct key_probe - what is done at each call of a function
 * @action:	what
 * @at_return:	PROBE_TAG at the return of the function, not at its entry
 * @address:	of the secret
 * @length:	in bytes; for PROBE_TAG
 * @when:	not done if this value has no bit of @mask
 * @mask:	0: done always
 * @most:	a length above this is none: what was read is not what was thought
 * @label:	of the tag: library and function, up to a NUL
 * @flags:	of the tag, besides those of a filter: KREDACT_NOHUNT or 0
 */
struct key_probe {
	__u32 action;
	__u32 at_return;
	struct probe_value address;
	struct probe_value length;
	struct probe_value when;
	__u32 flags;
	__u64 mask;
	__u64 most;
	char label[PROBE_LABEL_LEN];
};

/*
 * The cookie of an uprobe: the library, which probes, and whether the return of the call
 * is probed, too.
 */
#define PROBE_COOKIE(library, first, nr, returns)					\
	((__u64)(library) << 32 | (__u64)(first) << 16 | (nr) << 8 | (returns))
#define PROBE_COOKIE_LIBRARY(cookie)		((__u32)((cookie) >> 32))
#define PROBE_COOKIE_FIRST(cookie)		((__u32)(cookie) >> 16)
#define PROBE_COOKIE_NR(cookie)			((__u32)(cookie) >> 8 & 0xff)
#define PROBE_COOKIE_RETURNS(cookie)		((cookie) & 1)

/**
 * struct probe_filter - whose calls count: those of processes that have all of this
 * @tgid:	this process only, in the initial pid namespace; 0: every process
 * @flags:	of a tag: KREDACT_EXACT or 0
 * @exe:	inode of an executable; 0: every executable
 * @exe_dev:	its device, as the kernel has it
 * @in_cgroup:	1: below one of the cgroups that have this filter's bit
 * @libraries:	of the table, a bit for each
 * @comm:	processes of this name only; "": every name
 */
struct probe_filter {
	__u32 tgid;
	__u32 flags;
	__u64 exe;
	__u32 exe_dev;
	__u32 in_cgroup;
	__u64 libraries;
	char comm[PROBE_COMM_LEN];
};

/**
 * struct probe_settings - what the loader sets before the programs are loaded
 * @nr:		filters; a call counts if one of them lets it
 * @in_cgroup:	one of them asks for cgroups
 */
struct probe_settings {
	__u32 nr;
	__u32 in_cgroup;
	struct probe_filter filters[PROBE_FILTERS];
};

/**
 * struct probe_counters - what the programs did, since they were loaded
 * @tagged:	buffers tagged
 * @bytes:	their bytes
 * @untagged:	tags ended, after their buffers had been wiped
 * @kept:	tags not ended, since another thread had the buffer again by then
 * @unread:	values that could not be read from the process: buffers without a tag
 * @refused:	lengths above what the table allows: likewise
 * @forgotten:	calls whose return was not met, since a thread had too many of them
 * @waited_out:	waits for another thread's end of a tag that took too long
 * @lost:	events for which the ring had no room, cgroups for which the map had none:
 *		buffers without a tag
 * @failed:	calls of the module that failed, by errno; 0: an errno above PROBE_ERRNOS
 */
struct probe_counters {
	__u64 tagged;
	__u64 bytes;
	__u64 untagged;
	__u64 kept;
	__u64 unread;
	__u64 refused;
	__u64 forgotten;
	__u64 waited_out;
	__u64 lost;
	__u64 failed[PROBE_ERRNOS];
};

/**
 * struct probe_event - a tag that the daemon is to make or to end
 * @ns:		when, of the monotonic clock
 * @start_ns:	when the process was started, of the clock that goes on in suspend: its
 *		number may be another's by the time that this is read
 * @addr:	first byte
 * @len:	bytes; 0: end it
 * @tgid:	process, in the initial pid namespace
 * @flags:	of the tag
 * @label:	of the tag
 */
struct probe_event {
	__u64 ns;
	__u64 start_ns;
	__u64 addr;
	__u64 len;
	__u32 tgid;
	__u32 flags;
	char label[PROBE_LABEL_LEN];
};

_Static_assert(sizeof(struct probe_value) == 28, "no padding");
_Static_assert(sizeof(struct key_probe) == 176, "no padding");
_Static_assert(sizeof(struct probe_counters) == 8 * (9 + PROBE_ERRNOS), "no padding");

#endif /* KREDACT_BPF_PROBE_H */
