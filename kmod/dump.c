// SPDX-License-Identifier: GPL-2.0
/*
 * Core dumps: tagged pages are left out of them, and a seal is appended.
 *
 * dump_user_range() asks get_dump_page() for each page. Without a page it
 * leaves a hole, which reads as zeros; page.c decides. The memory of the process
 * never changes.
 */
#include <linux/binfmts.h>
#include <linux/coredump.h>
#include <linux/hashtable.h>
#include <linux/highmem.h>
#include <linux/module.h>
#include <linux/sched/mm.h>

#include "kredact.h"

/*
 * The dumps that are being written. Nothing but list operations is done under
 * this lock, so nobody can die with it.
 */
static DEFINE_HASHTABLE(dumps, 6);
static DEFINE_SPINLOCK(dumps_lock);

static void kredact_dump_begin(struct kredact_dump *dump)
{
	const struct core_thread *thread;

	/* The threads that wait for the dump to end are on a list; who else uses the mm runs. */
	for (thread = &current->signal->core_state->dumper; thread; thread = thread->next)
		dump->stopped++;
	dump->kmm = kredact_mm_find(current->mm);
	if (dump->kmm && kredact_mm_trylock(dump->kmm)) {
		dump->serial = kr_set_serial(&dump->kmm->set);
		dump->epoch = dump->kmm->epoch;
		spin_unlock(&dump->kmm->lock);
	} else if (dump->kmm) {
		dump->flags |= KREDACT_SEAL_ALL_LEFT_OUT;
	}
	spin_lock(&dumps_lock);
	hash_add(dumps, &dump->node, (unsigned long)dump->task);
	spin_unlock(&dumps_lock);
}

static void kredact_dump_end(struct kredact_dump *dump)
{
	spin_lock(&dumps_lock);
	hash_del(&dump->node);
	spin_unlock(&dumps_lock);
}

/* The dump that this thread writes; NULL if it is not by elf_core_dump(). */
static struct kredact_dump *kredact_dump_find(void)
{
	struct kredact_dump *dump;

	spin_lock(&dumps_lock);
	hash_for_each_possible(dumps, dump, node, (unsigned long)current)
		if (dump->task == current)
			break;
	spin_unlock(&dumps_lock);
	return dump;
}

/**
 * kredact_get_dump_page() - replacement: a page is about to be written to a dump
 * @addr:	its address in current->mm
 *
 * Return: a page with a reference for the caller to drop, or NULL for a hole.
 */
struct page *kredact_get_dump_page(unsigned long addr)
{
	int token = kredact_hook_enter();
	struct page *page;

	if (atomic64_read(&kredact_stats.mms))
		page = kredact_filter_page(kredact_dump_find(), addr & PAGE_MASK);
	else
		page = kredact_original_page(addr);
	kredact_hook_leave(token);
	return page;
}

/* insmod's own stack is there. */
bool kredact_dump_page_selftest(void)
{
	struct page *page;

	if (!current->mm)
		return false;
	page = kredact_original_page(current->mm->start_stack & PAGE_MASK);
	if (!page)
		return false;
	put_page(page);
	return true;
}

/*
 * The original is where do_coredump() itself finds it, whichever of the two
 * functions it is.
 */
static int kredact_original_core_dump(struct coredump_params *cprm)
{
	return current->mm->binfmt->core_dump(cprm);
}

/*
 * A seal follows where something is tagged, or was left out since somebody else
 * has tagged it.
 */
static int kredact_sealed_core_dump(struct coredump_params *cprm)
{
	struct kredact_dump dump = { .task = current };
	int dumped;

	kredact_dump_begin(&dump);
	dumped = kredact_original_core_dump(cprm);
	if (dump.kmm || dump.counts.pages_left_out) {
		atomic64_inc(&kredact_stats.dumps);
		if (!dumped || !kredact_seal_write(&dump, cprm))
			atomic64_inc(&kredact_stats.seals_failed);
	}
	kredact_dump_end(&dump);
	atomic64_add(dump.counts.pages_zeroed, &kredact_stats.pages_zeroed);
	atomic64_add(dump.counts.bytes_zeroed, &kredact_stats.bytes_zeroed);
	if (dump.copy) {
		clear_highpage(dump.copy);
		put_page(dump.copy);
	}
	return dumped;
}

/**
 * kredact_elf_core_dump() - replacement: a core is about to be written
 * @cprm:	the kernel's
 *
 * Holds a reference to the module, so that unloading is refused meanwhile: a
 * dump takes as long as its reader pleases.
 *
 * Return: 1 if a core was written.
 */
int kredact_elf_core_dump(struct coredump_params *cprm)
{
	int token = kredact_hook_enter();
	bool held = try_module_get(THIS_MODULE);
	int ret;

	/* Without a reference the module is on its way out: nothing is tagged any more. */
	if (held)
		kredact_hook_leave(token);
	ret = kredact_sealed_core_dump(cprm);
	if (held) {
		token = kredact_hook_enter();
		module_put(THIS_MODULE);
	}
	kredact_hook_leave(token);
	return ret;
}

/* Runs into a stub: a core is not written here. */
bool kredact_core_dump_selftest(void)
{
	return current->mm && kredact_original_core_dump(NULL) == 1;
}
