/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * kredact: ioctls of /dev/kredact.
 *
 * Every argument struct begins with its own size. The kernel copies it with
 * copy_struct_from_user(): a caller built against an older header gets zeros
 * for the members that it does not know, a caller built against a newer one is
 * refused with E2BIG when it sets a member that this module does not know.
 * Nothing in the kernel changes when a call fails, but for two things: a label
 * that nobody had used before stays known, and charged; and a key stays
 * installed whose id could not be told (EFAULT at the very end).
 *
 * A file descriptor of /dev/kredact carries no authority over memory: calls act
 * on the mm of the caller, or with KREDACT_PIDFD on one that the caller might
 * ptrace, and what they registered stays when the descriptor is closed. Tags
 * end with unregister, munmap, exec and exit.
 *
 * Errnos that every call can return:
 *   EFAULT      the argument struct, or memory it points to, is not accessible
 *   EINVAL      size is below *_SIZE_VER0, a flag is unknown, or a reserved
 *               member is not zero
 *   E2BIG       size is above what this module knows and the tail is not zero,
 *               or above one page
 *   ENOTTY      no such call
 *   EINTR       a signal came before anything was done; call again
 *
 * and those with a pidfd (EINVAL: a pidfd without KREDACT_PIDFD):
 *   EBADF       it is no pidfd
 *   ESRCH       the process has gone, or has no memory of its own (a kernel thread)
 *   EACCES      the caller may not attach to it (PTRACE_MODE_ATTACH_REALCREDS); to list
 *               its tags, may not read it (PTRACE_MODE_READ_REALCREDS)
 */
#ifndef _UAPI_LINUX_KREDACT_H
#define _UAPI_LINUX_KREDACT_H

#include <linux/ioctl.h>
#include <linux/kredact_events.h>
#include <linux/types.h>

#define KREDACT_DEVICE		"/dev/kredact"
#define KREDACT_ABI_VERSION	1

/* Longest label, in bytes; a label has no terminating NUL and may not hold one. */
#define KREDACT_LABEL_MAX	64

/* Longest range of one registration, in bytes. */
#define KREDACT_LEN_MAX		(1ULL << 40)

/* Most ranges in one KREDACT_IOC_REGISTER_BATCH. */
#define KREDACT_BATCH_MAX	65536U

/* Length of a seal key, in bytes. */
#define KREDACT_KEY_MIN		32U
#define KREDACT_KEY_MAX		64U

/* Of ranges on one page: more than it has bytes, and it is zeroed whole, KREDACT_EXACT or not. */
#define KREDACT_PAGE_RANGES	4096U

/* Flags of a registration. */
#define KREDACT_EXACT		(1U << 0)	/* zero these bytes only, not their pages */
#define KREDACT_PIN		(1U << 1)	/* fail unless all its pages can be pinned */
#define KREDACT_NOPIN		(1U << 2)	/* do not pin them */
/* Flag of every call that has a pidfd: act on that process, not on the caller. */
#define KREDACT_PIDFD		(1U << 3)
/*
 * What a registration asks for beyond the administrator's policy (struct
 * kredact_policy); it can only ask for more. The last three hold for every dump
 * of the process, and of its children, from then on.
 */
#define KREDACT_HUNT		(1U << 4)	/* hunt copies of it, whatever the policy */
#define KREDACT_GROUP		(1U << 5)	/* also in dumps of all processes of this user */
#define KREDACT_REGS		(1U << 6)	/* zero registers as with KREDACT_REGISTERS_ALL */
#define KREDACT_STRICT		(1U << 7)	/* keep only what stack walking needs */
/*
 * The other way: leave the range out, but hunt nothing of it, whatever the policy. For memory
 * in which secrets are among much else, copies of which are to stay. Not with KREDACT_HUNT or
 * KREDACT_GROUP.
 */
#define KREDACT_NOHUNT		(1U << 8)

/*
 * What covers a range. A bit is set only where it holds for every byte of the
 * range; a module sets no bit for what it does not do.
 */
#define KREDACT_COVER_CORE	(1U << 0)	/* core dumps of this process */
#define KREDACT_COVER_FORK	(1U << 1)	/* core dumps of children forked from now on */
#define KREDACT_COVER_MREMAP	(1U << 2)	/* the tag moves with mremap() */
#define KREDACT_COVER_SHARED	(1U << 3)	/* core dumps of others that map the page */
#define KREDACT_COVER_SWAP	(1U << 4)	/* pinned: not in swap, not merged by KSM */
#define KREDACT_COVER_PANIC	(1U << 5)	/* the dump of a kernel that panicked */
#define KREDACT_COVER_READERS	(1U << 6)	/* ptrace, /proc/PID/mem, process_vm_readv */
#define KREDACT_COVER_COPIES	(1U << 7)	/* copies elsewhere in the dump are hunted */
#define KREDACT_COVER_REGS	(1U << 8)	/* registers in the core's notes */

/* Bits 16 and up are set by libkredact for what it did itself in userspace. */
#define KREDACT_COVER_USER_SHIFT	16

/**
 * struct kredact_register - tag one range of the caller's memory
 * @size:	in: sizeof(struct kredact_register)
 * @flags:	in: KREDACT_EXACT, KREDACT_PIN or KREDACT_NOPIN, KREDACT_PIDFD,
 *		KREDACT_HUNT, KREDACT_GROUP, KREDACT_REGS, KREDACT_STRICT, KREDACT_NOHUNT
 * @addr:	in: first byte, any alignment
 * @len:	in: bytes, 1 to KREDACT_LEN_MAX
 * @label:	in: address of @label_len bytes, or 0
 * @label_len:	in: 0 to KREDACT_LABEL_MAX
 * @coverage:	out: KREDACT_COVER_* that hold for the range
 * @handle:	out: names this registration in this process and in children
 *		forked from it; never 0, below 2^63, not used again while the mm lives
 * @pidfd:	in: the process, with KREDACT_PIDFD
 * @reserved:	in: 0
 *
 * Ranges may overlap; each registration ends on its own.
 *
 * Pages are pinned (FOLL_LONGTERM) where that is possible, which brings them in
 * if they were not there yet, and where it is, @coverage has
 * KREDACT_COVER_SWAP and KREDACT_COVER_SHARED. They count against RLIMIT_MEMLOCK
 * (VmPin in /proc/PID/status); CAP_IPC_LOCK lifts the limit where KREDACT_PIN
 * asks for them. A pin holds as long as a range touches its page. It is lost, and
 * KREDACT_IOC_QUERY says so, with the page itself: MADV_DONTNEED, truncation,
 * hole punching. Children have copies, which are not pinned. Where a process
 * maps a page that another one has pinned, its dumps leave it out whole, also
 * with KREDACT_EXACT.
 *
 * Errors, besides those of every call:
 *   EINVAL        @len is 0, the label holds a NUL, KREDACT_PIN and KREDACT_NOPIN
 *                 are both set
 *   ENAMETOOLONG  @label_len is above KREDACT_LABEL_MAX
 *   EFBIG         @len is above KREDACT_LEN_MAX
 *   EOVERFLOW     @addr + @len wraps around
 *   EADDRNOTAVAIL the range leaves the address space that belongs to userspace
 *   ENXIO         a page of the range is not mapped
 *   EOPNOTSUPP    a page of the range is device memory (VM_IO, VM_PFNMAP)
 *   EDQUOT        the user's limit on ranges and labels is reached
 *   ENOSPC        the process has as many ranges or labels as one mm can have
 *   ENOMEM        the kernel has no memory for the tag
 *   EBUSY         the system is about to hibernate (and the module refuses images with tags)
 *   ENOLCK        KREDACT_PIN: RLIMIT_MEMLOCK is reached
 *   EAGAIN        KREDACT_PIN: a page cannot be pinned (not writable by any means,
 *                 no access, not there in a userfaultfd area, no memory)
 */
struct kredact_register {
	__u32 size;
	__u32 flags;
	__aligned_u64 addr;
	__aligned_u64 len;
	__aligned_u64 label;
	__u32 label_len;
	__u32 coverage;
	__aligned_u64 handle;
	__u32 pidfd;
	__u32 reserved;
};
#define KREDACT_REGISTER_SIZE_VER0	48
#define KREDACT_REGISTER_SIZE_VER1	56	/* adds pidfd */

/**
 * struct kredact_unregister - end one registration
 * @size:	in: sizeof(struct kredact_unregister)
 * @flags:	in: KREDACT_PIDFD or 0
 * @handle:	in: from KREDACT_IOC_REGISTER or a batch
 * @pidfd:	in: the process, with KREDACT_PIDFD
 * @reserved:	in: 0
 *
 * The caller must have wiped the memory first: from here on it is dumped.
 *
 * Errors: ENOENT: no such registration in this process (it may have ended with munmap);
 * EBUSY: it is another process, and is being dumped: what was tagged stays so.
 */
struct kredact_unregister {
	__u32 size;
	__u32 flags;
	__aligned_u64 handle;
	__u32 pidfd;
	__u32 reserved;
};
#define KREDACT_UNREGISTER_SIZE_VER0	16
#define KREDACT_UNREGISTER_SIZE_VER1	24	/* adds pidfd */

/**
 * struct kredact_range - one range of a batch
 * @addr:	in: first byte
 * @len:	in: bytes
 * @handle:	out: as in struct kredact_register
 */
struct kredact_range {
	__aligned_u64 addr;
	__aligned_u64 len;
	__aligned_u64 handle;
};

/**
 * struct kredact_batch - tag many ranges in one call, all of them or none
 * @size:	in: sizeof(struct kredact_batch)
 * @flags:	in: flags of every registration of the batch
 * @ranges:	in: address of an array of struct kredact_range
 * @nr:		in: its length, 1 to KREDACT_BATCH_MAX
 * @label_len:	in: as in struct kredact_register; one label for the batch
 * @label:	in: likewise
 * @coverage:	out: KREDACT_COVER_* that hold for every range
 * @failed:	out, also when the call fails: index of the first range that
 *		could not be tagged, or @nr
 * @pidfd:	in: the process, with KREDACT_PIDFD
 * @reserved:	in: 0
 *
 * Errors: those of struct kredact_register, and EINVAL when @nr is 0, E2BIG
 * when it is above KREDACT_BATCH_MAX.
 */
struct kredact_batch {
	__u32 size;
	__u32 flags;
	__aligned_u64 ranges;
	__u32 nr;
	__u32 label_len;
	__aligned_u64 label;
	__u32 coverage;
	__u32 failed;
	__u32 pidfd;
	__u32 reserved;
};
#define KREDACT_BATCH_SIZE_VER0		40
#define KREDACT_BATCH_SIZE_VER1		48	/* adds pidfd */

/**
 * struct kredact_query - what covers a range
 * @size:	in: sizeof(struct kredact_query)
 * @flags:	in: KREDACT_PIDFD or 0
 * @addr:	in: first byte
 * @len:	in: bytes, 1 to KREDACT_LEN_MAX
 * @tagged:	out: bytes of the range that a dump would show as zeros
 * @nr:		out: registrations that touch the range; one that munmap or mremap
 *		divided counts once for each part
 * @coverage:	out: KREDACT_COVER_* that hold for all of it; 0 unless @tagged == @len
 * @pidfd:	in: the process, with KREDACT_PIDFD
 * @reserved:	in: 0
 *
 * Errors: EINVAL, EFBIG, EOVERFLOW as in struct kredact_register.
 */
struct kredact_query {
	__u32 size;
	__u32 flags;
	__aligned_u64 addr;
	__aligned_u64 len;
	__aligned_u64 tagged;
	__u32 nr;
	__u32 coverage;
	__u32 pidfd;
	__u32 reserved;
};
#define KREDACT_QUERY_SIZE_VER0		40
#define KREDACT_QUERY_SIZE_VER1		48	/* adds pidfd */

/* Flags in struct kredact_info. */
#define KREDACT_INFO_KEY_INSTALLED	(1U << 0)	/* seals use the administrator's key */
#define KREDACT_INFO_BPF		(1U << 1)	/* BPF programs can tag (needs 6.12) */

/**
 * struct kredact_info - state of the module and the caller's own numbers
 * @size:		in: sizeof(struct kredact_info)
 * @abi:		out: KREDACT_ABI_VERSION of the module
 * @flags:		out: KREDACT_INFO_*
 * @coverage:		out: KREDACT_COVER_* that a registration of plain
 *			anonymous memory gets, within RLIMIT_MEMLOCK
 * @key_id:		out: names the key that seals are made with
 * @my_ranges:		out: registrations of the caller's mm, or their parts
 * @user_ranges:	out: what is charged to the caller's user: 1 for each
 *			registration, 3 for each label, also those that children
 *			inherited
 * @user_limit:		out: how much that may be
 * @mms:		out: address spaces that have tags
 * @ranges:		out: registrations in all of them
 * @kernel_bytes:	out: kernel memory that they take
 * @dumps:		out: core dumps that got a seal, or should have, since the module
 *			was loaded
 * @pages_zeroed:	out: pages left out of them whole
 * @bytes_zeroed:	out: bytes zeroed in pages that were kept (KREDACT_EXACT)
 * @pages_left_out:	out: pages left out since something failed
 * @seals_failed:	out: seals that could not be written (disk full, size limit)
 * @pins:		out: pages pinned now, in all processes
 * @pages_shared:	out: pages left out since another process has pinned them
 * @copies:		out: copies of registered bytes found in dumps, and zeroed
 * @copy_bytes:		out: bytes of them
 * @hunts_failed:	out: dumps whose secrets could not be indexed
 */
struct kredact_info {
	__u32 size;
	__u32 abi;
	__u32 flags;
	__u32 coverage;
	__u8 key_id[16];
	__aligned_u64 my_ranges;
	__aligned_u64 user_ranges;
	__aligned_u64 user_limit;
	__aligned_u64 mms;
	__aligned_u64 ranges;
	__aligned_u64 kernel_bytes;
	__aligned_u64 dumps;
	__aligned_u64 pages_zeroed;
	__aligned_u64 bytes_zeroed;
	__aligned_u64 pages_left_out;
	__aligned_u64 seals_failed;
	__aligned_u64 pins;
	__aligned_u64 pages_shared;
	__aligned_u64 copies;
	__aligned_u64 copy_bytes;
	__aligned_u64 hunts_failed;
};
#define KREDACT_INFO_SIZE_VER0		120
#define KREDACT_INFO_SIZE_VER1		136	/* adds pins, pages_shared */
#define KREDACT_INFO_SIZE_VER2		160	/* adds copies, copy_bytes, hunts_failed */

/**
 * struct kredact_key - install the key that seals are made with
 * @size:	in: sizeof(struct kredact_key)
 * @flags:	in: 0
 * @key:	in: address of @key_len bytes
 * @key_len:	in: KREDACT_KEY_MIN to KREDACT_KEY_MAX
 * @reserved:	in: 0
 * @key_id:	out: the first 16 bytes of SHA-256("kredact key id" || key)
 *
 * Replaces the key for every dump that begins after the call.
 *
 * Errors: EPERM without CAP_SYS_ADMIN in the initial user namespace; EINVAL
 * for a length outside the limits; ENOMEM.
 */
struct kredact_key {
	__u32 size;
	__u32 flags;
	__aligned_u64 key;
	__u32 key_len;
	__u32 reserved;
	__u8 key_id[16];
};
#define KREDACT_KEY_SIZE_VER0		40

/* Which registrations are hunted for copies. */
#define KREDACT_HUNT_OFF		0U	/* those with KREDACT_HUNT or KREDACT_GROUP */
#define KREDACT_HUNT_LABELLED		1U	/* and those with a label */
#define KREDACT_HUNT_ALL		2U	/* and all others, but for KREDACT_NOHUNT */

/* Which register values a dump of a tagged process loses. */
#define KREDACT_REGISTERS_NONE		0U
#define KREDACT_REGISTERS_MATCHING	1U	/* those that show bytes of a registration */
#define KREDACT_REGISTERS_ALL		2U	/* and all of the FPU and vector registers */

/* What a dump lacks if the secrets could not be indexed. */
#define KREDACT_UNHUNTED_WRITABLE	0U	/* all but read-only mappings of files */
#define KREDACT_UNHUNTED_TAGGED		1U	/* tagged pages only: copies may be in it */

/* The least length of a run that is a copy, in bytes. */
#define KREDACT_RUN_MIN			8U
#define KREDACT_RUN_MAX			64U
#define KREDACT_RUN_DEFAULT		16U

/**
 * struct kredact_policy - what happens to dumps of tagged processes
 * @size:	in: sizeof(struct kredact_policy)
 * @flags:	in: 0
 * @hunt:	KREDACT_HUNT_OFF ...
 * @run:	least length of a copy, KREDACT_RUN_MIN to KREDACT_RUN_MAX
 * @registers:	KREDACT_REGISTERS_NONE ...
 * @unhunted:	KREDACT_UNHUNTED_WRITABLE ...
 * @strict:	1: of writable private memory only what stack walking needs is kept
 * @reserved:	in: 0
 *
 * KREDACT_IOC_GET_POLICY tells it to anybody; KREDACT_IOC_SET_POLICY replaces
 * it for every dump that begins after the call.
 *
 * Errors: EPERM from KREDACT_IOC_SET_POLICY without CAP_SYS_ADMIN in the initial user
 * namespace; EINVAL for a value that is not listed.
 */
struct kredact_policy {
	__u32 size;
	__u32 flags;
	__u32 hunt;
	__u32 run;
	__u32 registers;
	__u32 unhunted;
	__u32 strict;
	__u32 reserved;
};
#define KREDACT_POLICY_SIZE_VER0	32

/* Who made a tag. */
#define KREDACT_BY_SELF		0U	/* the process, or the one that it was forked from */
#define KREDACT_BY_OTHER	1U	/* another process, with a pidfd */
#define KREDACT_BY_BPF		2U	/* a BPF program, in the process */

/* Length of a process's name, with its terminating NUL. */
#define KREDACT_COMM_LEN	16

/**
 * struct kredact_tag - what is known of one tag
 * @addr:	first byte
 * @len:	bytes
 * @handle:	of the registration; munmap and mremap may have made several tags of one
 * @flags:	KREDACT_EXACT, KREDACT_HUNT, KREDACT_GROUP, KREDACT_NOHUNT
 * @coverage:	KREDACT_COVER_* that hold for it
 * @by:		KREDACT_BY_*
 * @by_pid:	KREDACT_BY_OTHER: the process that made it, in the caller's pid namespace;
 *		0 if it is not there, or not known any more
 * @by_uid:	its real user at that time, in the caller's user namespace; -1 if not known
 * @label_len:	bytes of @label, or 0
 * @by_comm:	name of that process at that time, with a NUL; empty if not known
 * @label:	no NUL; what is not used is 0
 */
struct kredact_tag {
	__aligned_u64 addr;
	__aligned_u64 len;
	__aligned_u64 handle;
	__u32 flags;
	__u32 coverage;
	__u32 by;
	__u32 by_pid;
	__u32 by_uid;
	__u32 label_len;
	__u8 by_comm[KREDACT_COMM_LEN];
	__u8 label[KREDACT_LABEL_MAX];
};

/**
 * struct kredact_list - the tags of a process, some at a time
 * @size:	in: sizeof(struct kredact_list)
 * @flags:	in: KREDACT_PIDFD or 0
 * @tags:	in: address of an array of struct kredact_tag
 * @nr:		in: its length; out: how many were told, 0 at the end
 * @pidfd:	in: the process, with KREDACT_PIDFD
 * @place:	in: zeros at first, then as the call before has left it
 * @mm:		out: number of the address space, the same for all processes that share it
 *		(vfork, CLONE_VM), not used again while the module is loaded; 0 if it never
 *		had a tag
 * @ranges:	out: how many tags it has now
 *
 * Tags come by address. They may change between two calls: one that stays in its place is
 * told once; what was registered after the first call is not told; of one that munmap cuts,
 * or that mremap moves, parts may be told twice, and one that moves down may be missed.
 *
 * A call may tell less than fits (it can be interrupted), so only @nr of 0 is the end; with
 * @nr 0 in, it tells @mm and @ranges only. When it fails with EFAULT, @place is as it was.
 *
 * Errors: ENOMEM.
 */
struct kredact_list {
	__u32 size;
	__u32 flags;
	__aligned_u64 tags;
	__u32 nr;
	__u32 pidfd;
	__aligned_u64 place[3];
	__aligned_u64 mm;
	__aligned_u64 ranges;
};
#define KREDACT_LIST_SIZE_VER0		64

#define KREDACT_UNSEAL_MAX	86400U	/* seconds */
#define KREDACT_REASON_MAX	128U

/**
 * struct kredact_unseal - let debuggers see what is tagged in a process, for some time
 * @size:	in: sizeof(struct kredact_unseal)
 * @flags:	in: KREDACT_PIDFD
 * @pidfd:	in: the process
 * @seconds:	in: for how long, at most KREDACT_UNSEAL_MAX; 0 ends it
 * @reason:	in: address of @reason_len bytes
 * @reason_len:	in: 1 to KREDACT_REASON_MAX
 * @reserved:	in: 0
 *
 * Who reads the memory of a process by ptrace, /proc/PID/mem or process_vm_readv() gets zeros
 * where something is tagged. Until this time has passed, or the process calls exec, those who
 * have CAP_SYS_PTRACE in the initial user namespace get what is there. The kernel's log has a
 * line of it, with the caller and @reason. Dumps are redacted as always, and children are not
 * unsealed with their parents.
 *
 * Errors: EPERM without CAP_SYS_PTRACE in the initial user namespace; EINVAL; EFAULT; ESRCH
 * also if nothing was ever tagged in the process.
 */
struct kredact_unseal {
	__u32 size;
	__u32 flags;
	__u32 pidfd;
	__u32 seconds;
	__aligned_u64 reason;
	__u32 reason_len;
	__u32 reserved;
};
#define KREDACT_UNSEAL_SIZE_VER0	32

#define KREDACT_IOC_MAGIC		0xB7
#define KREDACT_IOC_REGISTER		_IOWR(KREDACT_IOC_MAGIC, 0, struct kredact_register)
#define KREDACT_IOC_UNREGISTER		_IOW(KREDACT_IOC_MAGIC, 1, struct kredact_unregister)
#define KREDACT_IOC_REGISTER_BATCH	_IOWR(KREDACT_IOC_MAGIC, 2, struct kredact_batch)
#define KREDACT_IOC_QUERY		_IOWR(KREDACT_IOC_MAGIC, 3, struct kredact_query)
#define KREDACT_IOC_INFO		_IOWR(KREDACT_IOC_MAGIC, 4, struct kredact_info)
#define KREDACT_IOC_SET_KEY		_IOWR(KREDACT_IOC_MAGIC, 5, struct kredact_key)
#define KREDACT_IOC_GET_POLICY		_IOWR(KREDACT_IOC_MAGIC, 6, struct kredact_policy)
#define KREDACT_IOC_SET_POLICY		_IOW(KREDACT_IOC_MAGIC, 7, struct kredact_policy)
#define KREDACT_IOC_LIST		_IOWR(KREDACT_IOC_MAGIC, 8, struct kredact_list)
#define KREDACT_IOC_UNSEAL		_IOW(KREDACT_IOC_MAGIC, 9, struct kredact_unseal)
/* Returns a descriptor: see kredact_events.h. */
#define KREDACT_IOC_EVENTS		_IOW(KREDACT_IOC_MAGIC, 10, struct kredact_events)

#endif /* _UAPI_LINUX_KREDACT_H */
