// SPDX-License-Identifier: GPL-2.0
/*
 * Pins: the pages of tagged ranges stay where they are, out of swap and out of
 * same-page merging, and their frames are known (see frame.c).
 *
 * Each mm has a table of its pins by page number. Whether a pin is still wanted
 * is not counted but looked up: it is as long as a range touches the page.
 * Pins are added with tag_mutex and mmap_lock held, and moved with mmap_lock
 * held for writing.
 *
 * A pin of FOLL_LONGTERM makes an anonymous page the mm's own, and fork then
 * copies it for the child at once, so the pin names the page that the process
 * sees until it discards that page itself.
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/magic.h>
#include <linux/sched/signal.h>
#include <linux/xarray.h>

#include "kredact.h"

/* Pages that are asked for at a time; their pointers are on the stack. */
#define PIN_BATCH	32

/* Bytes that are looked at with mmap_lock held once; a power of two. */
#define HOLD_BATCH	(1ULL << 21)

static bool kredact_vma_is_secret(struct vm_area_struct *vma)
{
	return vma->vm_file && file_inode(vma->vm_file)->i_sb->s_magic == SECRETMEM_MAGIC;
}

/* Gives a pin back that is no longer in the table. */
static void kredact_pin_end(struct mm_struct *mm, struct page *page)
{
	kredact_frame_remove(page);
	unpin_user_page(page);
	atomic64_dec(&mm->pinned_vm);
}

/* Takes over a pin and its charge, also when it fails. */
static int kredact_pin_add(struct kredact_mm *kmm, unsigned long index, struct page *page)
{
	struct mm_struct *mm = kmm->notifier.mm;
	struct page *old;
	int ret = -EAGAIN;

	/* The page of zeros, or of firmware, is nobody's secret. */
	if (!PageReserved(page))
		ret = kredact_frame_add(page);
	if (ret) {
		unpin_user_page(page);
		atomic64_dec(&mm->pinned_vm);
		return ret;
	}
	old = xa_store(&kmm->pins, index, page, GFP_KERNEL);
	if (xa_is_err(old)) {
		kredact_pin_end(mm, page);
		return xa_err(old);
	}
	/* The same page for another range, or one that the process has discarded. */
	if (old)
		kredact_pin_end(mm, old);
	return 0;
}

static int kredact_pin_charge(const struct kredact_target *target, unsigned long nr, bool demanded)
{
	if (atomic64_add_return(nr, &target->mm->pinned_vm) <= target->memlock >> PAGE_SHIFT)
		return 0;
	if (demanded && capable(CAP_IPC_LOCK))
		return 0;
	atomic64_sub(nr, &target->mm->pinned_vm);
	return -ENOLCK;
}

/* Pins up to PIN_BATCH pages of one mapping. Return: how many, or an error. */
static long kredact_pin_some(struct kredact_mm *kmm, const struct kredact_target *target,
			     struct vm_area_struct *vma, unsigned long addr, unsigned long nr,
			     bool demanded)
{
	unsigned int flags = kredact_pin_flags(vma);
	struct page *pages[PIN_BATCH];
	long got, i, added;
	int ret;

	/*
	 * Who cannot write to a page cannot call it his secret, and the dumps of
	 * others need it (a library's code).
	 */
	if (!(vma->vm_flags & VM_MAYWRITE))
		return -EAGAIN;
	/* With mmap_lock held nobody can wait for a page that userspace has to bring. */
	if (userfaultfd_armed(vma))
		flags |= FOLL_NOFAULT;
	nr = min3(nr, (vma->vm_end - addr) >> PAGE_SHIFT, (unsigned long)PIN_BATCH);
	ret = kredact_pin_charge(target, nr, demanded);
	if (ret)
		return ret;
	got = pin_user_pages_remote(target->mm, addr, nr, flags, pages, KREDACT_GUP_TAIL(NULL));
	atomic64_sub(nr - max(got, 0L), &target->mm->pinned_vm);
	if (got <= 0)
		return -EAGAIN;
	for (i = 0, added = 0; i < got; i++) {
		ret = kredact_pin_add(kmm, (addr >> PAGE_SHIFT) + i, pages[i]);
		added += !ret;
	}
	return added == got ? got : -EAGAIN;
}

/**
 * kredact_pin() - pin the pages of a range
 * @kmm:	where it is tagged already
 * @target:	its mm, with mmap_lock held for reading
 * @addr:	first byte; the whole range is mapped
 * @len:	bytes
 * @demanded:	the caller wants pins or nothing: CAP_IPC_LOCK lifts RLIMIT_MEMLOCK
 *
 * May sleep, and brings pages in. Whatever it has pinned when it fails stays
 * so, until kredact_unpin_unused() or the end of the range.
 *
 * Return: 0, -ENOLCK when RLIMIT_MEMLOCK is reached, -EINTR when the caller is
 * being killed, -EAGAIN otherwise.
 */
int kredact_pin(struct kredact_mm *kmm, const struct kredact_target *target, u64 addr, u64 len,
		bool demanded)
{
	u64 end = PAGE_ALIGN(addr + len);
	struct vm_area_struct *vma;
	long got;

	/* A range beyond the limit shall not even begin to fill the memory. */
	if (!demanded && end - addr > target->memlock)
		return -ENOLCK;
	for (addr &= PAGE_MASK; addr < end; addr += got * PAGE_SIZE) {
		if (fatal_signal_pending(current))
			return -EINTR;
		vma = vma_lookup(target->mm, addr);
		if (!vma)
			return -EAGAIN;
		/* Never in swap, never in anyone's dump: the kernel sees to it. */
		if (kredact_vma_is_secret(vma)) {
			got = (vma->vm_end - addr) >> PAGE_SHIFT;
			continue;
		}
		got = kredact_pin_some(kmm, target, vma, addr, (end - addr) >> PAGE_SHIFT,
				       demanded);
		if (got < 0)
			return got;
		cond_resched();
	}
	return 0;
}

/**
 * kredact_unpin_unused() - ranges have ended: let go of pages that no other touches
 * @kmm:	tags
 * @addr:	first byte of what ended
 * @last:	last byte
 *
 * May sleep. The caller holds mmap_lock, at least for reading.
 */
void kredact_unpin_unused(struct kredact_mm *kmm, u64 addr, u64 last)
{
	unsigned long index;
	struct page *page;
	bool unused;

	if (xa_empty(&kmm->pins))
		return;
	xa_for_each_range(&kmm->pins, index, page, addr >> PAGE_SHIFT, last >> PAGE_SHIFT) {
		u64 at = (u64)index << PAGE_SHIFT;

		/* Nobody can add a range and find the pin there, to see it go then. */
		spin_lock(&kmm->lock);
		unused = !kr_first_in(&kmm->set, at, at + PAGE_SIZE - 1);
		page = unused ? xa_erase(&kmm->pins, index) : NULL;
		spin_unlock(&kmm->lock);
		if (page)
			kredact_pin_end(kmm->notifier.mm, page);
		cond_resched();
	}
}

/**
 * kredact_unpin() - let go of all pages in an interval
 * @kmm:	tags
 * @addr:	first byte
 * @last:	last byte
 *
 * May sleep.
 */
void kredact_unpin(struct kredact_mm *kmm, u64 addr, u64 last)
{
	unsigned long index;
	struct page *page;

	if (xa_empty(&kmm->pins))
		return;
	xa_for_each_range(&kmm->pins, index, page, addr >> PAGE_SHIFT, last >> PAGE_SHIFT) {
		page = xa_erase(&kmm->pins, index);
		if (page)
			kredact_pin_end(kmm->notifier.mm, page);
		cond_resched();
	}
}

/**
 * kredact_pins_move() - pages have another address now
 * @kmm:	tags
 * @from:	first byte of the old place
 * @to:		first byte of the new one
 * @len:	bytes, whole pages
 *
 * May sleep. The caller holds mmap_lock for writing.
 */
void kredact_pins_move(struct kredact_mm *kmm, unsigned long from, unsigned long to,
		       unsigned long len)
{
	unsigned long first = from >> PAGE_SHIFT, index;
	struct page *page, *old;

	if (xa_empty(&kmm->pins))
		return;
	xa_for_each_range(&kmm->pins, index, page, first, first + (len >> PAGE_SHIFT) - 1) {
		xa_erase(&kmm->pins, index);
		old = xa_store(&kmm->pins, (to >> PAGE_SHIFT) + (index - first), page, GFP_KERNEL);
		if (xa_is_err(old))
			old = page;
		if (old)
			kredact_pin_end(kmm->notifier.mm, old);
		cond_resched();
	}
}

/**
 * kredact_pinned_coverage() - what pins add to the coverage of a range
 */
u32 kredact_pinned_coverage(void)
{
	return KREDACT_COVER_SHARED | KREDACT_COVER_SWAP |
	       (kredact_panic_zeroes() ? KREDACT_COVER_PANIC : 0);
}

/* Is the page at an address pinned, and no other than the one that was? */
static bool kredact_pin_holds(struct kredact_mm *kmm, struct mm_struct *mm, unsigned long addr)
{
	struct page *pinned = xa_load(&kmm->pins, addr >> PAGE_SHIFT), *page;

	if (!pinned || get_user_pages_remote(mm, addr, 1, FOLL_NOFAULT | FOLL_FORCE, &page,
					     KREDACT_GUP_TAIL(NULL)) != 1)
		return false;
	put_page(page);
	return page == pinned;
}

/* Is every page from one to another pinned? mmap_lock is held for reading. */
static bool kredact_pins_hold_all(struct kredact_mm *kmm, struct mm_struct *mm, u64 addr, u64 last)
{
	struct vm_area_struct *vma;

	for (addr &= PAGE_MASK; addr <= last; addr += PAGE_SIZE) {
		if (kredact_pin_holds(kmm, mm, addr))
			continue;
		vma = vma_lookup(mm, addr);
		if (!vma || !kredact_vma_is_secret(vma))
			return false;
		addr = vma->vm_end - PAGE_SIZE;
	}
	return true;
}

/**
 * kredact_pins_hold() - is every page of a range pinned?
 * @kmm:	tags
 * @mm:		its mm
 * @addr:	first byte
 * @last:	last byte
 *
 * May sleep, and takes mmap_lock for some pages at a time. Return: false also if the
 * caller is being killed.
 */
bool kredact_pins_hold(struct kredact_mm *kmm, struct mm_struct *mm, u64 addr, u64 last)
{
	bool hold = true;
	u64 end;

	for (; addr <= last && hold; addr = end + 1) {
		end = min(last, addr | (HOLD_BATCH - 1));
		if (mmap_read_lock_killable(mm))
			return false;
		hold = kredact_pins_hold_all(kmm, mm, addr, end);
		mmap_read_unlock(mm);
		cond_resched();
	}
	return hold;
}

/**
 * kredact_pin_is_own() - is this the page that is pinned at this address?
 * @kmm:	tags
 * @addr:	any
 * @page:	what is there now
 */
bool kredact_pin_is_own(struct kredact_mm *kmm, unsigned long addr, struct page *page)
{
	return xa_load(&kmm->pins, addr >> PAGE_SHIFT) == page;
}
