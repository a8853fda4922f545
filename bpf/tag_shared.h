/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tagging program and its loader share. Both compile this file, so it
 * has no include of its own: the one takes its types from vmlinux.h, the other
 * from <linux/types.h>.
 */
#ifndef KREDACT_BPF_TAG_SHARED_H
#define KREDACT_BPF_TAG_SHARED_H

#define TAG_COMM_LEN	16	/* TASK_COMM_LEN */
#define TAG_ERRNOS	256	/* above the highest errno; a power of two for the verifier */

/**
 * struct tag_counters - what the program did, since it was loaded
 * @tagged:	buffers tagged
 * @bytes:	their bytes
 * @untagged:	tags ended, after their buffers had been wiped
 * @kept:	tags not ended, since another thread had the buffer again by then
 * @unread:	BIGNUMs that could not be read from the process, and are not tagged
 * @waited_out:	waits for another thread's end of a tag that took too long
 * @failed:	calls of the module that failed, by errno; 0: an errno above TAG_ERRNOS
 */
struct tag_counters {
	__u64 tagged;
	__u64 bytes;
	__u64 untagged;
	__u64 kept;
	__u64 unread;
	__u64 waited_out;
	__u64 failed[TAG_ERRNOS];
};

_Static_assert(sizeof(struct tag_counters) == 8 * (6 + TAG_ERRNOS), "no padding");

#endif /* KREDACT_BPF_TAG_SHARED_H */
