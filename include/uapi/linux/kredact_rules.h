/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * kredact: what BPF programs of the administrator decide about core dumps.
 *
 * A program of type fmod_ret is attached to one of two functions of kredact.ko, which
 * are called when a dump begins:
 *
 *	SEC("fmod_ret.s/kredact_policy_dump")
 *	int BPF_PROG(rule, const struct kredact_dump_view *view, int ret)
 *
 *	SEC("fmod_ret.s/kredact_policy_mapping")
 *	int BPF_PROG(rule, const struct kredact_dump_view *view,
 *		     const struct kredact_mapping_view *mapping, int ret)
 *
 * The first is called once, by the thread that dumps, and before anything is written. 0:
 * the dump is written; anything else: it is not, and the kernel's log says so. The
 * second follows, once for each mapping that the dump has. 0: it is written; anything
 * else: it is left out, as if coredump_filter did not name it. What is not 0 ends the
 * call: programs that were attached to the same function and have not run yet will not.
 *
 * What programs ask for only ever adds up to more that a dump loses. The one
 * exception is kredact_bpf_exempt().
 *
 * Needs Linux 6.12, and a kredact.ko built with BTF. Programs that call
 * kredact_bpf_range() have to be sleepable (fmod_ret.s).
 * Documentation/policy-programs.rst has more, bpf/examples two examples.
 */
#ifndef _UAPI_LINUX_KREDACT_RULES_H
#define _UAPI_LINUX_KREDACT_RULES_H

#ifdef __bpf__
#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif
/* Members are found by name when a program is loaded: later modules may have more. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#else
#include <linux/types.h>
#endif

/**
 * struct kredact_dump_view - what a program is told of a dump
 * @ranges:	registrations of the process, or their parts; 0 if it uses no kredact, all
 *		bits set if they cannot be read
 * @cgroup:	id of its cgroup (of version 2): the number of the folder's inode
 * @tgid:	process, in the initial pid namespace
 * @tid:	thread that dumps, likewise
 * @uid:	its real user, in the initial user namespace
 * @signo:	signal that caused the dump
 * @hunt:	the policy without any program: KREDACT_HUNT_OFF ...
 * @registers:	likewise, KREDACT_REGISTERS_NONE ...
 * @strict:	likewise, 0 or 1
 * @reserved:	0
 * @comm:	name of the thread, NUL-terminated
 */
struct kredact_dump_view {
	__u64 ranges;
	__u64 cgroup;
	__u32 tgid;
	__u32 tid;
	__u32 uid;
	__u32 signo;
	__u32 hunt;
	__u32 registers;
	__u32 strict;
	__u32 reserved;
	char comm[16];
};

/* Flags of a mapping. */
#define KREDACT_MAPPING_READ	(1U << 0)
#define KREDACT_MAPPING_WRITE	(1U << 1)
#define KREDACT_MAPPING_EXEC	(1U << 2)
#define KREDACT_MAPPING_SHARED	(1U << 3)
#define KREDACT_MAPPING_FILE	(1U << 4)	/* of a file: @dev and @ino tell which */

/**
 * struct kredact_mapping_view - what a program is told of a mapping
 * @start:	its first byte
 * @len:	bytes of it that the dump has
 * @ino:	inode of its file, or 0
 * @dev:	device of its file, or 0: the major number shifted left by 20, and the minor
 * @flags:	KREDACT_MAPPING_*
 */
struct kredact_mapping_view {
	__u64 start;
	__u64 len;
	__u64 ino;
	__u32 dev;
	__u32 flags;
};

#ifdef __bpf__
#pragma clang attribute pop
#endif

/**
 * struct kredact_rule_range - a registration, for kredact_bpf_range()
 * @addr:	first byte
 * @len:	bytes
 * @handle:	the registration; see struct kredact_register
 * @flags:	KREDACT_EXACT, KREDACT_HUNT, KREDACT_GROUP, KREDACT_NOHUNT
 * @label:	id of its label, or 0
 * @place:	where the module goes on: all zero to begin with, else left alone
 */
struct kredact_rule_range {
	__u64 addr;
	__u64 len;
	__u64 handle;
	__u32 flags;
	__u32 label;
	__u64 place[2];
};

/* What kredact_bpf_force() may be asked for. */
#define KREDACT_FORCE_PAGES	(1U << 0)	/* whole pages, also with KREDACT_EXACT */
#define KREDACT_FORCE_REGISTERS	(1U << 1)	/* KREDACT_REGISTERS_ALL */
#define KREDACT_FORCE_HUNT	(1U << 2)	/* KREDACT_HUNT_ALL */
#define KREDACT_FORCE_STRICT	(1U << 3)	/* keep only what stack walking needs */

#ifdef __bpf__

/**
 * kredact_bpf_range() - the next registration of the process that is dumped
 * @view:	of the dump
 * @range:	all zero before the first call; then as the last call left it
 *
 * In the order of addresses. Only in sleepable programs.
 *
 * Return: 0; -ENOENT: there are no more; -EBUSY: they cannot be read; -EINVAL:
 * @view is not of this dump.
 */
extern int kredact_bpf_range(const struct kredact_dump_view *view,
			     struct kredact_rule_range *range) __attribute__((section(".ksyms")));

/**
 * kredact_bpf_label() - the text of a label
 * @view:	of the dump
 * @label:	its id, from a struct kredact_rule_range
 * @text:	takes it, without a terminating NUL; the rest is zero
 * @text__sz:	bytes there, KREDACT_LABEL_MAX or more
 *
 * Return: its length; -ENOENT: no such label; -EINVAL: @text__sz is too small, or @view is
 * not of this dump.
 */
extern int kredact_bpf_label(const struct kredact_dump_view *view, __u32 label,
			     char *text, __u32 text__sz) __attribute__((section(".ksyms")));

/**
 * kredact_bpf_force() - the dump loses more
 * @view:	of the dump
 * @what:	KREDACT_FORCE_*; adds to what was asked for before
 *
 * Return: 0; -EINVAL: a bit is unknown, then everything that is known is forced, or @view
 * is not of this dump.
 */
extern int kredact_bpf_force(const struct kredact_dump_view *view,
			     __u32 what) __attribute__((section(".ksyms")));

/**
 * kredact_bpf_drop_dump() - no dump is written
 * @view:	of the dump
 *
 * The same as a return value that is not 0, but programs that have not run yet do run.
 *
 * Return: 0, or -EINVAL: @view is not of this dump.
 */
extern int kredact_bpf_drop_dump(const struct kredact_dump_view *view)
	__attribute__((section(".ksyms")));

/**
 * kredact_bpf_exempt() - write the dump with what its process has registered
 * @view:	of the dump
 *
 * Its tags, copies of them, and registers are not redacted; what others have registered
 * is. The kernel's log and the seal say so. To load a program that calls this takes
 * CAP_SYS_ADMIN, and the administrator must have allowed it (the module's parameter
 * "exemptions"). It is void, and logged, if any program asks for something stricter.
 *
 * Return: 0; -EPERM: not allowed; -ENOENT: the process has registered nothing; -EXDEV: what
 * it has registered is for other processes, too (KREDACT_GROUP); -EINVAL: @view is not of
 * this dump.
 */
extern int kredact_bpf_exempt(const struct kredact_dump_view *view)
	__attribute__((section(".ksyms")));

#endif /* __bpf__ */

#endif /* _UAPI_LINUX_KREDACT_RULES_H */
