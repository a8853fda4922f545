/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel says through coredump sockets, and takes. The headers of Debian 12 do not have
 * it, newer ones do; so all names are our own.
 *
 * Linux 6.16: core_pattern "@PATH" (a9194f88782a "coredump: add coredump socket"), and whether
 * a process dumps (1d8db6fd698d "pidfs, coredump: add PIDFD_INFO_COREDUMP"). 6.17: "@@PATH",
 * with requests ("coredump: allow for flexible coredump handling"). 6.19: the signal
 * (036375522be8). See include/uapi/linux/pidfd.h and coredump.h there.
 */
#ifndef KREDACT_CAPTURE_COREDUMP_ABI_H
#define KREDACT_CAPTURE_COREDUMP_ABI_H

#include <linux/ioctl.h>

#include "platform.h"

/* SO_PEERPIDFD, since 6.5: a pidfd of who has connected. */
#define ABI_PEERPIDFD		77

/* In @mask: what is asked for, and what there is. */
#define ABI_INFO_PID		(1ULL << 0)
#define ABI_INFO_CREDS		(1ULL << 1)
#define ABI_INFO_EXIT		(1ULL << 3)
#define ABI_INFO_COREDUMP	(1ULL << 4)
#define ABI_INFO_SIGNAL		(1ULL << 6)

/* In @coredump_mask; the other bits also tell how it would dump, if it did. */
#define ABI_COREDUMPED		(1u << 0)

/**
 * struct abi_info - struct pidfd_info, as long as it was in 6.16
 * @mask:	ABI_INFO_
 * @cgroupid:	of its cgroup
 * @pid, @tgid, @ppid: as numbers here
 * @ruid:	and the others: its users and groups
 * @exit_code:	if it has ended
 * @coredump_mask: ABI_COREDUMPED
 * @coredump_signal: why it dumps; 0 before 6.19
 */
struct abi_info {
	u64 mask;
	u64 cgroupid;
	u32 pid, tgid, ppid;
	u32 ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	s32 exit_code;
	u32 coredump_mask;
	u32 coredump_signal;
};

/* PIDFD_GET_INFO; the length of what is asked for is in its number. */
#define ABI_GET_INFO		_IOWR(0xFF, 11, struct abi_info)

/* In @mask of both: what the kernel can, and what it is to do. */
#define ABI_KERNEL		(1ULL << 0)	/* write the core */
#define ABI_REJECT		(1ULL << 2)	/* write none */
#define ABI_WAIT		(1ULL << 3)	/* keep the process until we close */

#define ABI_REQUEST_MOST	4096u		/* ours: it has 16 now */

/**
 * struct abi_request - what comes first after "@@"
 * @size:	of all of it, which may become more
 * @size_ack:	of the answer that it knows
 * @mask:	ABI_KERNEL and so on
 */
struct abi_request {
	u32 size;
	u32 size_ack;
	u64 mask;
};

/**
 * struct abi_answer - what it waits for then
 * @size:	of this
 * @spare:	0
 * @mask:	one of ABI_KERNEL and ABI_REJECT, perhaps ABI_WAIT
 */
struct abi_answer {
	u32 size;
	u32 spare;
	u64 mask;
};

/* And what it says to that: a u32, 0 if it does so. */
#define ABI_MARK_DONE		0u

#endif /* KREDACT_CAPTURE_COREDUMP_ABI_H */
