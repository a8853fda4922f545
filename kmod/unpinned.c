// SPDX-License-Identifier: GPL-2.0
/*
 * What is tagged when the machine has crashed, and not pinned: pages of children, of those
 * who reached RLIMIT_MEMLOCK, of memfd_secrets. They are found as the processor finds
 * them, by page tables.
 *
 * A set of ranges may be in the middle of a change. So its tree is not used: all nodes are
 * looked at one by one, and those that are in use tell their range. Page tables are sound
 * at any moment, since the processor reads them at any moment. What is read is read by
 * means that survive a fault.
 */
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>
#include <asm/cpu_entry_area.h>
#include <asm/fpu/types.h>

#include "kredact.h"

/* Threads that are looked at; a list of more is broken. */
#define THREADS_MAX	(4U << 20)

/**
 * struct tags_walk - a walk of page tables
 * @pgd:	of the mm
 * @visit:	called with each frame, or KREDACT_WALK_ABSENT; false ends the walk
 * @arg:	for it
 */
struct tags_walk {
	pgd_t *pgd;
	bool (*visit)(void *arg, unsigned long pfn);
	void *arg;
};

/*
 * What maps one address: the first frame, and with @size how much of the memory from the
 * address on is mapped by the same entry. KREDACT_WALK_ABSENT: it is somewhere, but not
 * mapped; 0: there is nothing.
 */
static unsigned long kredact_walk_one(const struct tags_walk *walk, u64 addr, u64 *size)
{
	pgd_t pgd, *pgdp = pgd_offset_pgd(walk->pgd, addr);
	p4d_t p4d, *p4dp = (p4d_t *)&pgd;
	pud_t pud, *pudp;
	pmd_t pmd, *pmdp;
	pte_t pte, *ptep;

	*size = PGDIR_SIZE;
	if (get_kernel_nofault(pgd, pgdp))
		return 0;
	if (pgtable_l5_enabled()) {
		if (pgd_none(pgd) || pgd_bad(pgd))
			return 0;
		p4dp = (p4d_t *)pgd_page_vaddr(pgd) + p4d_index(addr);
	}
	*size = P4D_SIZE;
	if (get_kernel_nofault(p4d, p4dp) || p4d_none(p4d) || p4d_bad(p4d))
		return 0;
	pudp = p4d_pgtable(p4d) + pud_index(addr);
	*size = PUD_SIZE;
	if (get_kernel_nofault(pud, pudp) || pud_none(pud))
		return 0;
	if (pud_leaf(pud))
		return pud_present(pud) ? pud_pfn(pud) : KREDACT_WALK_ABSENT;
	if (pud_bad(pud))
		return 0;
	pmdp = pud_pgtable(pud) + pmd_index(addr);
	*size = PMD_SIZE;
	if (get_kernel_nofault(pmd, pmdp) || pmd_none(pmd))
		return 0;
	/* While a huge page is divided its entry has no bit "present", but still its frame. */
	if (pmd_leaf(pmd))
		return pmd_present(pmd) ? pmd_pfn(pmd) : KREDACT_WALK_ABSENT;
	if (!pmd_present(pmd))
		return KREDACT_WALK_ABSENT;
	if (pmd_bad(pmd))
		return 0;
	ptep = (pte_t *)pmd_page_vaddr(pmd) + pte_index(addr);
	*size = PAGE_SIZE;
	if (get_kernel_nofault(pte, ptep) || pte_none(pte))
		return 0;
	return pte_present(pte) ? pte_pfn(pte) : KREDACT_WALK_ABSENT;
}

/* Goes through one range. */
static bool kredact_walk_range(const struct tags_walk *walk, u64 addr, u64 last)
{
	u64 size, next;
	unsigned long pfn;

	for (addr &= PAGE_MASK; addr <= last; addr = next) {
		pfn = kredact_walk_one(walk, addr, &size);
		next = pfn ? addr + PAGE_SIZE : (addr & -size) + size;
		if (pfn && pfn != KREDACT_WALK_ABSENT)
			pfn += (addr & (size - 1)) >> PAGE_SHIFT;
		/* Also where there is nothing: it takes time. */
		if (!walk->visit(walk->arg, pfn))
			return false;
	}
	return true;
}

/* Goes through the ranges of one chunk of nodes. */
static bool kredact_walk_chunk(const struct tags_walk *walk, const struct kr_range *chunk)
{
	struct kr_range range;
	u32 i;

	for (i = 0; i < KR_CHUNK_NODES; i++) {
		if (copy_from_kernel_nofault(&range, chunk + i, sizeof(range)))
			return true;
		if (!range.handle || (range.flags & KR_FLAG_DETACHED) ||
		    range.start > range.last || range.last >= TASK_SIZE_MAX)
			continue;
		if (!kredact_walk_range(walk, range.start, range.last))
			return false;
	}
	return true;
}

/**
 * kredact_tags_walk() - go through the memory that one mm has tagged, after a crash
 * @kmm:	its tags
 * @visit:	called with the number of each frame, with KREDACT_WALK_ABSENT for a page
 *		that is not mapped, and with 0 for nothing at all
 * @arg:	for it
 *
 * In any context, with no lock. Return: false if @visit has ended it.
 */
bool kredact_tags_walk(struct kredact_mm *kmm, bool (*visit)(void *arg, unsigned long pfn),
		       void *arg)
{
	struct tags_walk walk = { .visit = visit, .arg = arg };
	struct kr_range **chunks, *chunk;
	struct mm_struct *mm;
	u32 nr, i;

	if (get_kernel_nofault(mm, &kmm->notifier.mm) || get_kernel_nofault(walk.pgd, &mm->pgd) ||
	    get_kernel_nofault(chunks, &kmm->set.chunks) ||
	    get_kernel_nofault(nr, &kmm->set.nr_chunks))
		return true;
	for (i = 0; i < min(nr, KR_MAX_CHUNKS); i++) {
		if (get_kernel_nofault(chunk, &chunks[i]))
			return true;
		if (chunk && !kredact_walk_chunk(&walk, chunk))
			return false;
	}
	return true;
}

/**
 * kredact_registers_wipe() - zero saved registers, but for what backtraces need
 * @regs:	any address
 */
void kredact_registers_wipe(struct pt_regs *regs)
{
	/* r15 to r12; rbx; r11 to rdi. */
	kredact_wipe(&regs->r15, offsetof(struct pt_regs, bp));
	kredact_wipe(&regs->bx, sizeof(regs->bx));
	kredact_wipe(&regs->r11, offsetof(struct pt_regs, orig_ax) -
		     offsetof(struct pt_regs, r11));
}

/* What a thread had in registers when it was interrupted last. */
static void kredact_thread_wipe(struct task_struct *task)
{
	struct fpstate *fpstate;
	unsigned int size;
	void *stack;

	if (!get_kernel_nofault(fpstate, &task->thread.fpu.fpstate) && fpstate &&
	    !get_kernel_nofault(size, &fpstate->size) && size <= SZ_64K)
		kredact_wipe(&fpstate->regs, size);
	/* As task_pt_regs(). */
	if (!get_kernel_nofault(stack, &task->stack) && stack)
		kredact_registers_wipe((struct pt_regs *)(stack + THREAD_SIZE -
							  TOP_OF_KERNEL_STACK_PADDING) - 1);
}

/* All threads of a process. */
static u64 kredact_process_wipe(struct task_struct *process)
{
	struct signal_struct *signal;
	struct list_head *head, *at;
	u64 nr = 0;

	if (get_kernel_nofault(signal, &process->signal) || !signal)
		return 0;
	head = &signal->thread_head;
	for (at = head; nr < THREADS_MAX; nr++) {
		if (get_kernel_nofault(at, &at->next) || at == head)
			break;
		kredact_thread_wipe(list_entry(at, struct task_struct, thread_node));
	}
	return nr;
}

/*
 * Whoever was interrupted last on a processor has left its registers where that begins, before
 * they went to the thread's own stack.
 */
static void kredact_entry_stacks_wipe(void)
{
	int cpu;

	for_each_online_cpu(cpu) {
		struct entry_stack_page *page = &get_cpu_entry_area(cpu)->entry_stack_page;

		kredact_wipe(&page->stack, sizeof(page->stack));
	}
}

/**
 * kredact_threads_wipe() - zero saved registers of tagged processes, after a crash
 *
 * In any context, with no lock. Registers that are in processors now are in no memory.
 *
 * Return: how many threads.
 */
u64 kredact_threads_wipe(void)
{
	struct list_head *at = &init_task.tasks;
	struct task_struct *process;
	struct mm_struct *mm;
	u32 left;
	u64 nr = 0;

	kredact_entry_stacks_wipe();
	for (left = THREADS_MAX; left; left--) {
		if (get_kernel_nofault(at, &at->next) || at == &init_task.tasks)
			break;
		process = list_entry(at, struct task_struct, tasks);
		if (!get_kernel_nofault(mm, &process->mm) && mm && kredact_mm_is_tagged(mm))
			nr += kredact_process_wipe(process);
	}
	return nr;
}
