/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences between the kernels that kredact is built for, each with the
 * commit or release that made it. The only place with version tests.
 */
#ifndef KREDACT_COMPAT_H
#define KREDACT_COMPAT_H

#define pr_fmt(fmt) "kredact: " fmt

#include <linux/elf.h>
#include <linux/ftrace.h>
#include <linux/hugetlb_inline.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/mmu_context.h>
#include <linux/module.h>
#include <linux/userfaultfd_k.h>
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

/* 6.4, "module: replace module_layout with module_memory". Not for code that is __init. */
static inline bool kredact_within_text(unsigned long addr)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	const struct module_memory *text = &THIS_MODULE->mem[MOD_TEXT];

	return addr - (unsigned long)text->base < text->size;
#else
	const struct module_layout *core = &THIS_MODULE->core_layout;

	return addr - (unsigned long)core->base < core->text_size;
#endif
}

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

/* 6.5, "mm/gup: remove vmas parameter from get_user_pages_remote()", and its sibling. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define KREDACT_GUP_TAIL(locked)	(locked)
#else
#define KREDACT_GUP_TAIL(locked)	NULL, (locked)
#endif

/*
 * 6.4, "x86/mm: Untag addresses for LAM": bits of an address that are not part of it. Up to
 * there x86 has none.
 */
static inline unsigned long kredact_untagged(struct mm_struct *mm, unsigned long addr)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	addr &= mm_untag_mask(mm);
#endif
	return addr;
}

/*
 * 6.2, "mm/gup: reliable R/O long-term pinning in COW mappings". Before it, a pin
 * for reading takes the page of zeros or of the file, which the next write
 * replaces; one for writing has the process's own page made first.
 */
static inline unsigned int kredact_pin_flags(const struct vm_area_struct *vma)
{
	unsigned int flags = FOLL_LONGTERM | FOLL_FORCE;

	if (LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0) && is_cow_mapping(vma->vm_flags))
		flags |= FOLL_WRITE;
	return flags;
}

/*
 * Up to 6.2, "hugetlb: remove duplicate mmu notifications", hugetlbfs announces
 * what it only discards (MADV_DONTNEED, truncation) like an munmap. A mapping
 * that munmap ends has left the tree by then.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
static inline bool kredact_only_discards(const struct mmu_notifier_range *range)
{
	return range->vma && is_vm_hugetlb_page(range->vma) &&
	       mtree_load(&range->mm->mm_mt, range->start) == range->vma;
}
#else
static inline bool kredact_only_discards(const struct mmu_notifier_range *range)
{
	return false;
}
#endif

/* 6.8, "userfaultfd: UFFDIO_MOVE uABI". */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0) && IS_ENABLED(CONFIG_USERFAULTFD)
#define KREDACT_HAVE_UFFD_MOVE	1
static inline struct mm_struct *kredact_uffd_mm(const struct userfaultfd_ctx *ctx)
{
	return ctx->mm;
}
#else
#define KREDACT_HAVE_UFFD_MOVE	0
struct userfaultfd_ctx;
static inline struct mm_struct *kredact_uffd_mm(const struct userfaultfd_ctx *ctx)
{
	return NULL;
}
#endif

/*
 * 6.9, "crash: split vmcoreinfo exporting code out from crash_core.c", and "crash: split crash
 * dumping code out from kexec_core.c". A kernel without them starts no capture kernel.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
#include <linux/vmcore_info.h>
#define KREDACT_HAVE_CRASH	(IS_ENABLED(CONFIG_CRASH_DUMP) && IS_ENABLED(CONFIG_VMCORE_INFO))
#else
#include <linux/crash_core.h>
#define KREDACT_HAVE_CRASH	(IS_ENABLED(CONFIG_KEXEC_CORE) && IS_ENABLED(CONFIG_CRASH_CORE))
#endif

/* A task that has this memory; under RCU. Without memory cgroups, nobody knows. */
static inline struct task_struct *kredact_mm_owner(const struct mm_struct *mm)
{
#ifdef CONFIG_MEMCG
	return rcu_dereference(mm->owner);
#else
	return NULL;
#endif
}

/* 6.6, "x86: Add PTRACE interface for shadow stack". */
#ifndef NT_X86_SHSTK
#define NT_X86_SHSTK	0x204
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
