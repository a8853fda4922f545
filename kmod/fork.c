// SPDX-License-Identifier: GPL-2.0
/*
 * Fork: the child has the same secrets in the same places.
 *
 * Subscriptions of mmu_notifier are not inherited, and the tracepoint
 * sched_process_fork runs with preemption off, so the tags are copied where
 * dup_mmap() calls uprobe_dup_mmap(): the parent's mmap_lock is held for
 * writing, the child's mm is complete but empty, and sleeping is allowed.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/coredump.h>
#include <linux/static_call.h>
#include <linux/uprobes.h>

#include "kredact.h"

DEFINE_STATIC_CALL_NULL(original_uprobe_dup_mmap, uprobe_dup_mmap);

void kredact_fork_set_original(unsigned long address)
{
	static_call_update(original_uprobe_dup_mmap, (typeof(&uprobe_dup_mmap))address);
}

/*
 * A child whose tags could not be copied (no memory, or its user may have no
 * more) must not be dumped at all, until it calls exec. A change of its user,
 * and prctl(), would make it dumpable again; but without a format there is no
 * dump, neither of it nor of its own children. dup_mm() takes the reference to
 * the format's module after this, and not if there is none.
 */
static void kredact_forbid_dump(struct mm_struct *mm)
{
	set_mask_bits(&mm->flags, MMF_DUMPABLE_MASK, SUID_DUMP_DISABLE);
	mm->binfmt = NULL;
}

/*
 * MADV_DONTFORK: the child has nothing mapped there, so nothing would ever be
 * unmapped and end the tag, and what it maps there itself is not secret.
 */
static void kredact_forget_uncopied(struct kredact_mm *child, struct mm_struct *oldmm)
{
	VMA_ITERATOR(vmi, oldmm, 0);
	struct vm_area_struct *vma;

	for_each_vma(vmi, vma)
		if (vma->vm_flags & VM_DONTCOPY)
			kredact_mm_drop(child, vma->vm_start, vma->vm_end - 1);
}

/**
 * kredact_uprobe_dup_mmap() - replacement: an mm is being copied
 * @oldmm:	the parent's, locked for writing
 * @newmm:	the child's, known to nobody yet
 */
void kredact_uprobe_dup_mmap(struct mm_struct *oldmm, struct mm_struct *newmm)
{
	int token = kredact_hook_enter();
	struct kredact_mm *parent, *child;

	static_call(original_uprobe_dup_mmap)(oldmm, newmm);
	parent = kredact_mm_find(oldmm);
	if (parent && oldmm != newmm && kr_set_nr(&parent->set)) {
		mmap_write_lock_nested(newmm, SINGLE_DEPTH_NESTING);
		child = kredact_mm_inherit_locked(newmm, parent);
		if (IS_ERR(child)) {
			kredact_forbid_dump(newmm);
			pr_warn_ratelimited("%s[%d]: a child's tags could not be copied (%ld): it will not be dumped\n",
					    current->comm, current->pid, PTR_ERR(child));
		} else {
			kredact_event_forked(parent, oldmm, child);
			kredact_forget_uncopied(child, oldmm);
		}
		mmap_write_unlock(newmm);
	}
	kredact_hook_leave(token);
}

/* Copying the flags of an mm to itself changes nothing. */
bool kredact_fork_selftest(void)
{
	if (!current->mm)
		return false;
	static_call(original_uprobe_dup_mmap)(current->mm, current->mm);
	return true;
}
