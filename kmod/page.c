// SPDX-License-Identifier: GPL-2.0
/*
 * Pages: what becomes of one page on its way into a dump.
 *
 * It is left out where it is tagged, written as a copy in which the registered
 * bytes are zero where only these are (KREDACT_EXACT), and left out where
 * anything is in doubt. A page that has no tag where it is dumped may still be
 * tagged at another address, or by another process: its frame tells (frame.c).
 *
 * The threads of the process have stopped by then. Who shares its whole mm
 * without being a thread (CLONE_VM), or this page only, has not: what he tags,
 * and writes, next may be on a page that was taken already. Where that is
 * possible a copy is written, if nothing was tagged until it was made.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
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

/**
 * kredact_original_page() - the page at an address, as the kernel would dump it
 * @addr:	in current->mm
 *
 * May sleep. Return: with a reference, or NULL.
 */
struct page *kredact_original_page(unsigned long addr)
{
	return static_call(original_get_dump_page)(addr);
}

static void kredact_leave_out(struct kredact_dump *dump, unsigned long addr, u32 reason)
{
	u32 last;

	atomic64_inc(reason == KREDACT_LEFT_OUT_SHARED ? &kredact_stats.pages_shared :
							 &kredact_stats.pages_left_out);
	if (!dump)
		return;
	last = dump->nr_left_out - 1;
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

/*
 * What is tagged on a page; the lock is held, and not for as many ranges as somebody may have
 * laid on top of each other.
 */
static enum page_tag kredact_page_tag(struct kredact_mm *kmm, const struct kredact_dump *dump,
				      unsigned long addr)
{
	u64 last = (u64)addr + PAGE_SIZE - 1;
	const struct kr_range *range;
	enum page_tag tag = PAGE_PLAIN;
	u32 nr = 0;

	if (kredact_rules_lift(dump))
		return PAGE_PLAIN;
	for (range = kr_first_in(&kmm->set, addr, last); range;
	     range = kr_next_in(&kmm->set, range, addr, last)) {
		if (!(range->flags & KREDACT_EXACT) || kredact_rules_whole(dump) ||
		    ++nr > KREDACT_PAGE_RANGES)
			return PAGE_WHOLE;
		tag = PAGE_EXACT;
	}
	return tag;
}

/**
 * kredact_page_is_shared() - is a frame pinned in any place but this one?
 * @kmm:	tags of the process that has it here, or NULL
 * @addr:	where
 * @page:	held by the caller
 */
bool kredact_page_is_shared(struct kredact_mm *kmm, unsigned long addr, struct page *page)
{
	unsigned long pins;

	/* After what was copied of it. */
	smp_rmb();
	pins = kredact_frame_pins(page);
	return pins > (pins && kmm && kredact_pin_is_own(kmm, addr, page) ? 1 : 0);
}

/* May anyone write to a page while it is dumped? */
static bool kredact_page_is_live(struct kredact_dump *dump, struct page *page)
{
	return !PageAnon(page) || !dump || kredact_mm_is_live(dump);
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

/**
 * __kredact_lock_tags() - take the lock of the tags; if it is not to be had, no page is
 *	written any more
 * @kmm:	the tags
 * @dump:	the dump, or NULL
 *
 * Return: false if it was not.
 */
bool __kredact_lock_tags(struct kredact_mm *kmm, struct kredact_dump *dump)
{
	if (__kredact_mm_trylock(kmm))
		return true;
	if (dump)
		dump->flags |= KREDACT_SEAL_ALL_LEFT_OUT;
	return false;
}

/*
 * Redacts a copy by the tags that there are now: 0, or why the copy may not be
 * written. @epoch is that of the look-up that led here.
 */
static u32 kredact_redact(struct kredact_mm *kmm, struct kredact_dump *dump, unsigned long addr,
			  u8 *copy, u32 epoch, u64 *zeroed)
{
	u32 failure = 0;

	if (!kredact_lock_tags(kmm, dump))
		return KREDACT_LEFT_OUT_LOOKUP;
	if (kmm->epoch != epoch || kredact_page_tag(kmm, dump, addr) == PAGE_WHOLE)
		failure = KREDACT_LEFT_OUT_LOOKUP;
	else if (!kredact_rules_lift(dump))
		*zeroed = kredact_zero_ranges(kmm, addr, copy);
	spin_unlock(&kmm->lock);
	return failure;
}

/*
 * Is a page that was got still where it was? If not, its tags may be elsewhere, too; only a
 * tag that is new can have been set there without a change of the epoch.
 */
static bool kredact_page_stays(struct kredact_mm *kmm, unsigned long addr, u64 serial,
			       struct page *page)
{
	struct page *now;

	if (READ_ONCE(kmm->set.serial) == serial)
		return true;
	now = kredact_original_page(addr);
	if (now)
		put_page(now);
	return now == page;
}

/* The copy that is written instead of a page, or NULL, and why. */
static struct page *kredact_redacted_copy(struct kredact_mm *kmm, struct kredact_dump *dump,
					  unsigned long addr, struct page *page, u32 epoch,
					  u64 serial, u32 *failure)
{
	struct page *copy = kredact_copy_page(dump);
	u32 ended = kredact_frame_ended(page);
	u8 *from, *to;
	u64 zeroed = 0;

	*failure = KREDACT_LEFT_OUT_NOMEM;
	if (!copy)
		return NULL;
	*failure = 0;
	to = kmap_local_page(copy);
	from = kmap_local_page(page);
	if (copy_mc_to_kernel(to, from, PAGE_SIZE))
		*failure = KREDACT_LEFT_OUT_UNREADABLE;
	kunmap_local(from);
	/* Before the tags are looked up: if it comes back later, they do, and the epoch tells. */
	if (!*failure && kmm && !kredact_page_stays(kmm, addr, serial, page))
		*failure = KREDACT_LEFT_OUT_LOOKUP;
	if (!*failure && kmm)
		*failure = kredact_redact(kmm, dump, addr, to, epoch, &zeroed);
	else if (!*failure && kredact_mm_find(current->mm))
		*failure = KREDACT_LEFT_OUT_LOOKUP;
	if (!*failure && kredact_page_is_shared(kmm, addr, page))
		*failure = KREDACT_LEFT_OUT_SHARED;
	/* Of whom it was tagged meanwhile, he may have put a secret there and wiped it. */
	if (!*failure && kredact_frame_ended(page) != ended)
		*failure = KREDACT_LEFT_OUT_LOOKUP;
	if (*failure)
		memset(to, 0, PAGE_SIZE);
	kunmap_local(to);
	if (*failure) {
		put_page(copy);
		return NULL;
	}
	if (dump && zeroed) {
		dump->counts.pages_copied++;
		dump->counts.bytes_zeroed += zeroed;
	}
	return copy;
}

/**
 * kredact_own_copy() - a page of ours with what another one shows
 * @dump:	the dump
 * @page:	that one; its reference is taken over unless this fails
 * @failure:	out: KREDACT_LEFT_OUT_*, or 0
 *
 * May sleep. Return: @page itself if it is ours already, else a copy.
 */
struct page *kredact_own_copy(struct kredact_dump *dump, struct page *page, u32 *failure)
{
	struct page *copy;
	u8 *from, *to;

	*failure = 0;
	if (page == dump->copy)
		return page;
	copy = kredact_copy_page(dump);
	if (!copy) {
		*failure = KREDACT_LEFT_OUT_NOMEM;
		return NULL;
	}
	to = kmap_local_page(copy);
	from = kmap_local_page(page);
	if (copy_mc_to_kernel(to, from, PAGE_SIZE))
		*failure = KREDACT_LEFT_OUT_UNREADABLE;
	kunmap_local(from);
	kunmap_local(to);
	put_page(*failure ? copy : page);
	return *failure ? NULL : copy;
}

/*
 * The page at an address as its tags leave it: with a reference for the caller to
 * drop, or NULL for a hole.
 */
static struct page *kredact_tagged_page(struct kredact_dump *dump, unsigned long addr)
{
	u32 epoch = 0, failure = KREDACT_LEFT_OUT_LOOKUP;
	struct page *page, *copy;
	struct kredact_mm *kmm;
	enum page_tag tag;
	u64 serial;
	int tries;

	for (tries = 0; tries < LOOKUP_TRIES && failure == KREDACT_LEFT_OUT_LOOKUP; tries++) {
		if (dump && (dump->flags & KREDACT_SEAL_ALL_LEFT_OUT))
			break;
		tag = PAGE_PLAIN;
		kmm = kredact_dump_tags(dump);
		serial = kmm ? READ_ONCE(kmm->set.serial) : 0;
		if (kmm && !kredact_ahead_is_clear(dump, kmm, addr, &epoch)) {
			if (!kredact_lock_tags(kmm, dump))
				break;
			epoch = kmm->epoch;
			tag = kredact_page_tag(kmm, dump, addr);
			spin_unlock(&kmm->lock);
		}
		if (tag == PAGE_WHOLE) {
			if (dump)
				dump->counts.pages_zeroed++;
			return NULL;
		}
		if (!kredact_ahead_take(dump, addr, epoch, &page))
			page = kredact_original_page(addr);
		if (!page)
			return NULL;
		if (kmm && READ_ONCE(kmm->epoch) != epoch) {
			put_page(page);
			continue;
		}
		if (kredact_page_is_shared(kmm, addr, page)) {
			put_page(page);
			failure = KREDACT_LEFT_OUT_SHARED;
			break;
		}
		if (tag == PAGE_PLAIN && !kredact_page_is_live(dump, page))
			return page;
		copy = kredact_redacted_copy(kmm, dump, addr, page, epoch, serial, &failure);
		put_page(page);
		if (copy)
			return copy;
	}
	kredact_leave_out(dump, addr, failure);
	return NULL;
}

/**
 * kredact_filter_page() - the page at an address, as it may be dumped
 * @dump:	the dump, or NULL
 * @addr:	the first byte of a page, in current->mm
 *
 * May sleep. Return: a page with a reference for the caller to drop, or NULL
 * for a hole.
 */
struct page *kredact_filter_page(struct kredact_dump *dump, unsigned long addr)
{
	struct page *page = kredact_tagged_page(dump, addr);
	u32 failure;

	if (!dump || !dump->redacts)
		return page;
	page = kredact_hunt_page(dump, addr, page, &failure);
	if (page)
		page = kredact_reduce_page(dump, addr, page, &failure);
	if (failure)
		kredact_leave_out(dump, addr, failure);
	return page;
}
