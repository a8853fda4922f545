// SPDX-License-Identifier: GPL-2.0
/*
 * Core dumps: tagged pages are left out of them, and a seal is appended.
 *
 * dump_user_range() asks get_dump_page() for each page. Without a page it
 * leaves a hole, which reads as zeros: so are tagged pages, and whatever is in
 * doubt. Of a page with KREDACT_EXACT ranges only, a copy of ours is written
 * in which these bytes are zero. The memory of the process never changes.
 *
 * A page that has no tag where it is dumped may still be tagged at another
 * address, or by another process that shares it: its frame tells (frame.c).
 *
 * All threads of the process have stopped by then, but a process that shares
 * its mm without being a thread (CLONE_VM) has not: tags are looked up before
 * the page is taken, and again if any moved or went since.
 */
#include <linux/binfmts.h>
#include <linux/coredump.h>
#include <linux/hashtable.h>
#include <linux/highmem.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/static_call.h>
#include <linux/uaccess.h>

#include "kredact.h"

/* How often a look-up is repeated that others make stale before the page is left out. */
#define LOOKUP_TRIES	8

DEFINE_STATIC_CALL_RET0(original_get_dump_page, get_dump_page);

void kredact_dump_page_set_original(unsigned long address)
{
	static_call_update(original_get_dump_page, (typeof(&get_dump_page))address);
}

static struct page *kredact_original_page(unsigned long addr)
{
	return static_call(original_get_dump_page)(addr);
}

/*
 * The dumps that are being written. Nothing but list operations is done under
 * this lock, so nobody can die with it.
 */
static DEFINE_HASHTABLE(dumps, 6);
static DEFINE_SPINLOCK(dumps_lock);

static void kredact_dump_begin(struct kredact_dump *dump)
{
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

static void kredact_leave_out(struct kredact_dump *dump, unsigned long addr, u32 reason)
{
	u32 last = dump->nr_left_out - 1;

	dump->counts.pages_left_out++;
	if (dump->nr_left_out && dump->left_out[last].reason == reason &&
	    dump->left_out[last].addr + dump->left_out[last].len == addr) {
		dump->left_out[last].len += PAGE_SIZE;
	} else if (dump->nr_left_out < KREDACT_LEFT_OUT_MAX) {
		dump->left_out[++last].addr = addr;
		dump->left_out[last].len = PAGE_SIZE;
		dump->left_out[last].reason = reason;
		dump->nr_left_out++;
	} else {
		dump->counts.left_out_lost++;
	}
}

enum page_tag {
	PAGE_PLAIN,	/* nothing on it is tagged */
	PAGE_EXACT,	/* some bytes of it are */
	PAGE_WHOLE,	/* leave it out */
};

/* What is tagged on a page; the lock is held. */
static enum page_tag kredact_page_tag(struct kredact_mm *kmm, unsigned long addr)
{
	u64 last = (u64)addr + PAGE_SIZE - 1;
	const struct kr_range *range;
	enum page_tag tag = PAGE_PLAIN;

	for (range = kr_first_in(&kmm->set, addr, last); range;
	     range = kr_next_in(&kmm->set, range, addr, last)) {
		if (!(range->flags & KREDACT_EXACT))
			return PAGE_WHOLE;
		tag = PAGE_EXACT;
	}
	return tag;
}

/* Zeroes the tagged bytes in a copy of a page; the lock is held. */
static u64 kredact_zero_ranges(struct kredact_mm *kmm, unsigned long addr, u8 *copy)
{
	u64 last = (u64)addr + PAGE_SIZE - 1, zeroed = 0, done = addr;
	const struct kr_range *range;

	for (range = kr_first_in(&kmm->set, addr, last); range;
	     range = kr_next_in(&kmm->set, range, addr, last)) {
		u64 from = max(range->start, done), to = min(range->last, last);

		/* In order of their start: what overlaps is counted once. */
		if (from > to)
			continue;
		memset(copy + (from - addr), 0, to - from + 1);
		zeroed += to - from + 1;
		done = to + 1;
	}
	return zeroed;
}

/*
 * The page at an address, unless its frame is pinned in another place. Pins of
 * this place are the caller's business.
 */
static struct page *kredact_unshared_page(struct kredact_mm *kmm, struct kredact_dump *dump,
					  unsigned long addr)
{
	struct page *page = kredact_original_page(addr);
	unsigned long pins = page ? kredact_frame_pins(page) : 0;

	if (pins && kmm && kredact_pin_is_own(kmm, addr, page))
		pins--;
	if (!pins)
		return page;
	put_page(page);
	atomic64_inc(&kredact_stats.pages_shared);
	if (dump)
		kredact_leave_out(dump, addr, KREDACT_LEFT_OUT_SHARED);
	return NULL;
}

/*
 * A page to write a copy into. The kernel drops its reference after writing;
 * ours remains, so that one page serves the whole dump, unless somebody (a
 * pipe that took the page, say) still holds it.
 */
static struct page *kredact_copy_page(struct kredact_dump *dump)
{
	struct page *page = dump ? dump->copy : NULL;

	if (page && page_count(page) != 1) {
		put_page(page);
		page = NULL;
	}
	if (!page)
		page = alloc_page(GFP_KERNEL | __GFP_NOWARN);
	if (!dump)
		return page;
	dump->copy = page;
	if (page)
		get_page(page);
	return page;
}

/* Takes a page with exact ranges and gives the copy that is written instead. */
static struct page *kredact_redacted_copy(struct kredact_mm *kmm, struct kredact_dump *dump,
					  unsigned long addr, struct page *page, u32 epoch,
					  u32 *failure)
{
	struct page *copy = kredact_copy_page(dump);
	u8 *from, *to;
	u64 zeroed = 0;
	bool locked;

	if (!copy) {
		*failure = KREDACT_LEFT_OUT_NOMEM;
		return NULL;
	}
	to = kmap_local_page(copy);
	from = kmap_local_page(page);
	if (copy_mc_to_kernel(to, from, PAGE_SIZE))
		*failure = KREDACT_LEFT_OUT_UNREADABLE;
	kunmap_local(from);
	locked = kredact_mm_trylock(kmm);
	if (locked) {
		zeroed = kredact_zero_ranges(kmm, addr, to);
		if (kmm->epoch != epoch || kredact_page_tag(kmm, addr) == PAGE_WHOLE)
			*failure = KREDACT_LEFT_OUT_LOOKUP;
		spin_unlock(&kmm->lock);
	} else {
		*failure = KREDACT_LEFT_OUT_LOOKUP;
	}
	if (*failure)
		memset(to, 0, PAGE_SIZE);
	kunmap_local(to);
	if (*failure) {
		put_page(copy);
		return NULL;
	}
	if (dump) {
		dump->counts.pages_copied++;
		dump->counts.bytes_zeroed += zeroed;
	}
	return copy;
}

static struct page *kredact_filter_page(struct kredact_mm *kmm, struct kredact_dump *dump,
					unsigned long addr)
{
	u32 epoch, failure = KREDACT_LEFT_OUT_LOOKUP;
	struct page *page, *copy;
	enum page_tag tag;
	int tries;

	if (dump && (dump->flags & KREDACT_SEAL_ALL_LEFT_OUT))
		goto leave_out;
	for (tries = 0; tries < LOOKUP_TRIES; tries++) {
		if (!kredact_mm_trylock(kmm)) {
			if (dump)
				dump->flags |= KREDACT_SEAL_ALL_LEFT_OUT;
			goto leave_out;
		}
		epoch = kmm->epoch;
		tag = kredact_page_tag(kmm, addr);
		spin_unlock(&kmm->lock);

		if (tag == PAGE_WHOLE) {
			if (dump)
				dump->counts.pages_zeroed++;
			return NULL;
		}
		page = kredact_unshared_page(kmm, dump, addr);
		if (!page)
			return NULL;
		if (READ_ONCE(kmm->epoch) != epoch) {
			put_page(page);
			continue;
		}
		if (tag == PAGE_PLAIN)
			return page;
		failure = 0;
		copy = kredact_redacted_copy(kmm, dump, addr, page, epoch, &failure);
		put_page(page);
		if (copy)
			return copy;
		break;
	}
leave_out:
	if (dump)
		kredact_leave_out(dump, addr, failure);
	atomic64_inc(&kredact_stats.pages_left_out);
	return NULL;
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
	struct kredact_mm *kmm = kredact_mm_find(current->mm);
	struct page *page;

	if (kmm)
		page = kredact_filter_page(kmm, kredact_dump_find(), addr & PAGE_MASK);
	else if (atomic64_read(&kredact_stats.pins))
		page = kredact_unshared_page(NULL, kredact_dump_find(), addr & PAGE_MASK);
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
	dump.kmm = kredact_mm_find(current->mm);
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
