/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences between the kernels that kredact is built for, each with the
 * commit or release that made it. The only place with version tests.
 */
#ifndef KREDACT_COMPAT_H
#define KREDACT_COMPAT_H

#define pr_fmt(fmt) "kredact: " fmt

#include <linux/ftrace.h>
#include <linux/mm.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0) || LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#error "kredact is built and tested for Linux 6.1 to 6.12"
#endif

#ifndef CONFIG_X86_64
#error "kredact is built and tested for x86-64"
#endif

/* 6.2, "ftrace: rename ftrace_instruction_pointer_set() -> ...regs_set_instruction_pointer()". */
#ifndef ftrace_regs_set_instruction_pointer
#define ftrace_regs_set_instruction_pointer ftrace_instruction_pointer_set
#endif

/* 6.7, "mm/mremap: allow moves within the same VMA for stack moves", added for_stack. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#define KREDACT_MOVE_TAIL_PARAMS	bool need_rmap_locks, bool for_stack
#define KREDACT_MOVE_TAIL_ARGS		need_rmap_locks, for_stack
#define KREDACT_MOVE_TAIL_NONE		false, false
#else
#define KREDACT_MOVE_TAIL_PARAMS	bool need_rmap_locks
#define KREDACT_MOVE_TAIL_ARGS		need_rmap_locks
#define KREDACT_MOVE_TAIL_NONE		false
#endif

/*
 * 6.12 gives uprobe programs (BPF_PROG_TYPE_KPROBE) a set of kfuncs in
 * bpf_prog_type_to_kfunc_hook(); before it the type maps to none.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0) && IS_ENABLED(CONFIG_DEBUG_INFO_BTF_MODULES)
#define KREDACT_HAVE_KFUNC		1
#else
#define KREDACT_HAVE_KFUNC		0
#endif

#endif /* KREDACT_COMPAT_H */
