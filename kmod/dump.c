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
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "kredact.h"

/*
 * The dumps that are being written. Nothing but list operations is done under
 * this lock, so nobody can die with it.
 */
static DEFINE_HASHTABLE(dumps, 6);
static DEFINE_SPINLOCK(dumps_lock);

/* A table of more of them is broken. */
#define DUMPS_MAX	65536

/* How many of them lose more than what is tagged. */
static atomic_t redacting;

/* Return: false if nothing is to be written. */
static bool kredact_dump_begin(struct kredact_dump *dump)
{
	const struct core_thread *thread;
	u64 ranges = 0;

	/* The threads that wait for the dump to end are on a list; who else uses the mm runs. */
	for (thread = &current->signal->core_state->dumper; thread; thread = thread->next)
		dump->stopped++;
	dump->kmm = kredact_mm_find(current->mm);
	if (dump->kmm)
		ranges = U64_MAX;
	if (dump->kmm && kredact_lock_tags(dump->kmm, dump)) {
		ranges = kr_set_nr(&dump->kmm->set);
		dump->serial = kr_set_serial(&dump->kmm->set);
		dump->epoch = dump->kmm->epoch;
		spin_unlock(&dump->kmm->lock);
	}
	kredact_policy_get(&dump->policy);
	/* Who has registered nothing loses no register but those that show a secret. */
	if (dump->kmm)
		kredact_policy_raise(&dump->policy, READ_ONCE(dump->kmm->wants));
	else
		dump->policy.registers = min(dump->policy.registers, KREDACT_REGISTERS_MATCHING);
	spin_lock(&dumps_lock);
	hash_add(dumps, &dump->node, (unsigned long)dump->task);
	spin_unlock(&dumps_lock);
	if (!kredact_rules_begin(dump, ranges))
		return false;
	kredact_hunt_begin(dump);
	kredact_reduce_begin(dump);
	if (dump->redacts)
		atomic_inc(&redacting);
	return true;
}

static void kredact_dump_end(struct kredact_dump *dump)
{
	spin_lock(&dumps_lock);
	hash_del(&dump->node);
	spin_unlock(&dumps_lock);
	if (dump->redacts)
		atomic_dec(&redacting);
	kredact_reduce_end(dump);
	kredact_hunt_end(dump);
}

/**
 * kredact_dump_find() - the dump that this thread writes
 *
 * Return: NULL if there is none, or it is not written by elf_core_dump().
 */
struct kredact_dump *kredact_dump_find(void)
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
 * kredact_dumps_wipe() - wipe what dumps know of secrets, on a machine that has crashed
 *
 * In any context, with no lock. Return: bytes that were zeroed.
 */
u64 kredact_dumps_wipe(void)
{
	struct kredact_search *search;
	struct kredact_dump *dump;
	struct hlist_node *at;
	u32 left = DUMPS_MAX;
	struct page *copy;
	u64 bytes = 0;
	int bucket;

	for (bucket = 0; bucket < HASH_SIZE(dumps); bucket++) {
		for (at = READ_ONCE(dumps[bucket].first); at && left; left--) {
			dump = hlist_entry(at, struct kredact_dump, node);
			if (!get_kernel_nofault(search, &dump->search) && search)
				bytes += kredact_secrets_wipe(search);
			/* What it shows of a page may be all that is left out of it later. */
			if (!get_kernel_nofault(copy, &dump->copy) && copy &&
			    kredact_wipe(page_address(copy), PAGE_SIZE))
				bytes += PAGE_SIZE;
			if (get_kernel_nofault(at, &at->next))
				break;
		}
	}
	return bytes;
}

/**
 * kredact_dump_find_vma() - the mapping that a dumped page belongs to
 * @dump:	any
 * @addr:	of the page
 *
 * Pages come in the order of the mappings, so it is this one or the next.
 *
 * Return: NULL if the page is not to be dumped.
 */
const struct core_vma_metadata *kredact_dump_find_vma(struct kredact_dump *dump,
						      unsigned long addr)
{
	const struct core_vma_metadata *meta = &dump->cprm->vma_meta[dump->vma];
	int i, nr = dump->cprm->vma_count;

	for (i = 0; i < nr; i++) {
		if (addr - meta->start < meta->dump_size) {
			dump->vma = meta - dump->cprm->vma_meta;
			return meta;
		}
		if (++meta == dump->cprm->vma_meta + nr)
			meta = dump->cprm->vma_meta;
	}
	return NULL;
}

/**
 * kredact_dump_page_is_idle() - is there nothing that a page could show?
 *
 * Return: true if nobody has tagged anything, and no dump is searched.
 */
bool notrace kredact_dump_page_is_idle(void)
{
	return !atomic64_read(&kredact_stats.mms) && !atomic_read(&redacting);
}

/* Memory is the last of a core, and lies there as it is in the mappings: it has just begun. */
static void kredact_dump_measure(struct kredact_dump *dump)
{
	const struct coredump_params *cprm = dump->cprm;
	int i;

	dump->core_end = cprm->pos + cprm->to_skip;
	for (i = 0; i < cprm->vma_count; i++)
		dump->core_end += cprm->vma_meta[i].dump_size;
}

/* What has become of it. @dumped: the kernel thinks that there is a core. */
static u32 kredact_dump_finish(struct kredact_dump *dump, bool dumped)
{
	bool whole = dump->cprm->pos + dump->cprm->to_skip >= dump->core_end;
	bool sealed = dumped && kredact_seal_write(dump, dump->cprm);

	atomic64_inc(&kredact_stats.dumps);
	if (!sealed)
		atomic64_inc(&kredact_stats.seals_failed);
	if (!dumped)
		return KREDACT_DUMP_FAILED;
	if (!whole)
		return KREDACT_DUMP_CUT;
	return sealed ? KREDACT_DUMP_SEALED : KREDACT_DUMP_UNSEALED;
}

/**
 * kredact_get_dump_page() - replacement: a page is about to be written to a dump
 * @addr:	its address in current->mm
 *
 * Return: a page with a reference for the caller to drop, or NULL for a hole.
 */
struct page *kredact_get_dump_page(unsigned long addr)
{
	struct kredact_dump *dump = kredact_dump_find();
	struct page *page;
	int token;

	/* A dump that is known keeps the module from going. */
	if (dump) {
		if (!dump->core_end)
			kredact_dump_measure(dump);
		return kredact_filter_page(dump, addr & PAGE_MASK);
	}
	token = kredact_hook_enter();
	page = kredact_filter_page(NULL, addr & PAGE_MASK);
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
	struct kredact_dump dump = {
		.task = current,
		.cprm = cprm,
		.begun_ns = ktime_get_boottime_ns(),
	};
	u32 outcome = KREDACT_DUMP_REFUSED;
	int dumped = 0;

	if (!kredact_dump_begin(&dump))
		goto end;
	dumped = kredact_original_core_dump(cprm);
	outcome = 0;
	if (dump.redacts || dump.counts.pages_left_out)
		outcome = kredact_dump_finish(&dump, dumped);
end:
	kredact_dump_end(&dump);
	if (outcome)
		kredact_event_dump(&dump, outcome);
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
 * Return: 1 if a core was written.
 */
int kredact_elf_core_dump(struct coredump_params *cprm)
{
	int token = kredact_hook_enter();
	bool held = kredact_hook_pause(token);
	int ret;

	ret = kredact_sealed_core_dump(cprm);
	kredact_hook_leave(kredact_hook_resume(token, held));
	return ret;
}

/* Runs into a stub: a core is not written here. */
bool kredact_core_dump_selftest(void)
{
	return current->mm && kredact_original_core_dump(NULL) == 1;
}
