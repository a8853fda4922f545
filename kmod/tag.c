// SPDX-License-Identifier: GPL-2.0
/*
 * Tagging: what a registration checks, adds, removes and reports.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "kredact.h"

/* Ranges inserted while the lock is held. */
#define INSERT_BATCH	128

/* Steps of a query while the lock is held. */
#define STEPS_LOCKED	256

/* Free nodes beyond those that are wanted, for munmap and mremap to divide ranges. */
#define RESERVE_SLACK	8

/* Is this a range of userspace at all? 0, or an errno of uapi/linux/kredact.h. */
static int kredact_check_range(u64 addr, u64 len)
{
	if (!len)
		return -EINVAL;
	if (len > KREDACT_LEN_MAX)
		return -EFBIG;
	if (addr + len < addr)
		return -EOVERFLOW;
	if (addr + len > TASK_SIZE_MAX)
		return -EADDRNOTAVAIL;
	return 0;
}

/* Is every page of the range mapped, and memory? mmap_lock is held. */
static int kredact_check_mapped(struct mm_struct *mm, u64 addr, u64 len)
{
	struct vm_area_struct *vma;
	u64 end = addr + len;

	for (; addr < end; addr = vma->vm_end) {
		vma = vma_lookup(mm, addr);
		if (!vma)
			return -ENXIO;
		if (vma->vm_flags & (VM_IO | VM_PFNMAP))
			return -EOPNOTSUPP;
	}
	return 0;
}

/* Likewise, for all ranges of a batch. */
static int kredact_check_ranges(struct mm_struct *mm, struct kredact_batch *batch,
				const struct kredact_range *ranges)
{
	int ret = 0;

	for (batch->failed = 0; batch->failed < batch->nr; batch->failed++) {
		ret = kredact_check_mapped(mm, ranges[batch->failed].addr,
					   ranges[batch->failed].len);
		if (ret)
			break;
	}
	return ret;
}

/* Adds ranges that are charged and reserved already: all of them, or none and an error. */
static int kredact_insert(struct kredact_mm *kmm, struct kredact_range *ranges, u32 nr,
			  u32 flags, u32 label)
{
	u32 done = 0, first, end;
	int ret = -ENOMEM;

	while (done < nr) {
		first = done;
		end = min(done + INSERT_BATCH, nr);
		rcu_read_lock();
		if (kredact_hibernating()) {
			rcu_read_unlock();
			ret = -EBUSY;
			goto undo;
		}
		spin_lock(&kmm->lock);
		for (; done < end; done++) {
			struct kredact_range *range = &ranges[done];

			range->handle = kr_insert(&kmm->set, range->addr,
						  range->addr + range->len - 1, flags, label);
			if (!range->handle)
				break;
		}
		kmm->charged += done - first;
		spin_unlock(&kmm->lock);
		atomic64_add(done - first, &kredact_stats.ranges);
		rcu_read_unlock();
		if (done < end)
			goto undo;
	}
	return 0;

undo:
	kredact_user_adjust(kmm->user, -(s64)(nr - done));
	spin_lock(&kmm->lock);
	while (done--)
		kr_remove(&kmm->set, ranges[done].handle);
	kredact_mm_recharge(kmm);
	spin_unlock(&kmm->lock);
	return ret;
}

/* Ends a registration and its pins; mmap_lock is held for reading. */
static int kredact_remove(struct kredact_mm *kmm, u64 handle)
{
	int ret = -ENOENT;
	u64 start, last;
	bool more;

	for (;;) {
		spin_lock(&kmm->lock);
		more = kr_remove_part(&kmm->set, handle, &start, &last);
		kmm->epoch += more;
		kredact_mm_recharge(kmm);
		spin_unlock(&kmm->lock);
		if (!more)
			return ret;
		kredact_unpin_unused(kmm, start, last);
		ret = 0;
	}
}

/* Pins what has been tagged: all of it, or the call fails if it asked for that. */
static int kredact_pin_ranges(struct kredact_mm *kmm, const struct kredact_target *target,
			      struct kredact_batch *batch, struct kredact_range *ranges)
{
	bool demanded = batch->flags & KREDACT_PIN, pinned = true;
	int ret;
	u32 i;

	if (batch->flags & KREDACT_NOPIN)
		return 0;
	for (i = 0; i < batch->nr; i++) {
		ret = kredact_pin(kmm, target, ranges[i].addr, ranges[i].len, demanded);
		if (ret && demanded) {
			batch->failed = i;
			batch->coverage = 0;
			for (i = 0; i < batch->nr; i++)
				kredact_remove(kmm, ranges[i].handle);
			return ret;
		}
		pinned = pinned && !ret;
	}
	if (pinned)
		batch->coverage |= kredact_pinned_coverage();
	return 0;
}

/* What the policy adds to the coverage of each range of a batch. */
static u32 kredact_policy_covers(struct kredact_mm *kmm, const struct kredact_batch *batch,
				 const struct kredact_range *ranges, u32 label)
{
	u64 least = U64_MAX;
	u32 i;

	for (i = 0; i < batch->nr; i++)
		least = min(least, ranges[i].len);
	return kredact_policy_coverage(batch->flags, label, least, kmm->wants);
}

/* Tags and pins; tag_mutex is held, and mmap_lock for reading. */
static int kredact_tag_locked(struct kredact_mm *kmm, const struct kredact_target *target,
			      struct kredact_batch *batch, struct kredact_range *ranges,
			      const char *label)
{
	u32 label_id = 0, flags;
	int ret;

	/* The account, the labels and the set change only after all is known to be right. */
	ret = kredact_check_ranges(target->mm, batch, ranges);
	if (ret)
		return ret;
	ret = kredact_user_charge(kmm->user, batch->nr);
	if (ret)
		return ret;
	if (batch->label_len) {
		ret = kredact_label_id(kmm->labels, label, batch->label_len, &label_id);
		/* A BPF program cannot try again. What has a label is hunted: so is this. */
		if (ret && (batch->flags & KREDACT_MADE_BY_BPF)) {
			if (!(batch->flags & KREDACT_NOHUNT))
				batch->flags |= KREDACT_HUNT;
		} else if (ret) {
			kredact_user_adjust(kmm->user, -(s64)batch->nr);
			return ret;
		}
	}
	flags = batch->flags & KREDACT_RANGE_FLAGS;
	if (target->mm != current->mm)
		flags |= kredact_maker_flags(kmm);
	ret = kredact_insert(kmm, ranges, batch->nr, flags, label_id);
	if (ret)
		return ret;
	if (batch->flags & ~kmm->wants & KREDACT_WANTS) {
		spin_lock(&kmm->lock);
		kredact_mm_want(kmm, batch->flags);
		spin_unlock(&kmm->lock);
	}
	batch->coverage = KREDACT_COVERAGE | kredact_policy_covers(kmm, batch, ranges, label_id);
	return kredact_pin_ranges(kmm, target, batch, ranges);
}

/*
 * Any pending signal interrupts this (mm_take_all_locks()). A BPF program cannot try again: all
 * signals but the one that kills, and leaves no dump, wait meanwhile.
 */
static struct kredact_mm *kredact_first_tag(const struct kredact_target *target, bool by_bpf)
{
	struct kredact_mm *kmm;
	sigset_t all, old;

	if (!by_bpf)
		return kredact_mm_get_or_create(target);
	siginitsetinv(&all, sigmask(SIGKILL));
	sigprocmask(SIG_BLOCK, &all, &old);
	kmm = kredact_mm_get_or_create(target);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return kmm;
}

/**
 * kredact_tag() - tag ranges of a process, all of them or none
 * @target:	the process
 * @batch:	its flags, @nr and @label_len in; @coverage and @failed out
 * @ranges:	address and length in; handle out
 * @label:	text without NUL
 *
 * May sleep. Return: 0, or an errno of KREDACT_IOC_REGISTER.
 */
int kredact_tag(const struct kredact_target *target, struct kredact_batch *batch,
		struct kredact_range *ranges, const char *label)
{
	struct kredact_mm *kmm = kredact_mm_find(target->mm);
	int ret = 0;

	for (batch->failed = 0; batch->failed < batch->nr; batch->failed++) {
		ret = kredact_check_range(ranges[batch->failed].addr, ranges[batch->failed].len);
		if (ret)
			return ret;
	}
	/* A call that fails leaves nothing behind that would hold the module. */
	if (!kmm) {
		if (mmap_read_lock_killable(target->mm))
			return -EINTR;
		ret = kredact_check_ranges(target->mm, batch, ranges);
		mmap_read_unlock(target->mm);
		if (ret)
			return ret;
		kmm = kredact_first_tag(target, batch->flags & KREDACT_MADE_BY_BPF);
		if (IS_ERR(kmm))
			return PTR_ERR(kmm);
	}

	/* Only a look: what cannot be charged shall not take memory either. */
	if (!kredact_user_has_room(kmm->user, batch->nr))
		return -EDQUOT;
	if (mutex_lock_killable(&kmm->tag_mutex))
		return -EINTR;
	ret = mmap_read_lock_killable(target->mm);
	if (ret)
		goto unlock;
	/* A fork by another thread copies the set, which must not grow meanwhile. */
	ret = kredact_mm_reserve(kmm, batch->nr + RESERVE_SLACK, GFP_KERNEL_ACCOUNT);
	if (!ret)
		ret = kredact_tag_locked(kmm, target, batch, ranges, label);
	mmap_read_unlock(target->mm);
unlock:
	mutex_unlock(&kmm->tag_mutex);
	if (!ret)
		kredact_event_tagged(kmm, target->mm, batch, ranges, label);
	return ret;
}

/**
 * kredact_untag() - end a registration
 * @mm:		of the process
 * @handle:	any number
 *
 * May sleep. Return: 0 or -ENOENT.
 */
int kredact_untag(struct mm_struct *mm, u64 handle)
{
	struct kredact_mm *kmm = kredact_mm_find(mm);
	int ret;

	if (!kmm)
		return -ENOENT;
	mmap_read_lock(mm);
	ret = kredact_remove(kmm, handle);
	mmap_read_unlock(mm);
	if (!ret)
		kredact_event_ended(kmm, mm, 1, 0, 0);
	return ret;
}

/**
 * struct kredact_tally - what a dump shows as zeros of an interval, range after range
 * @from:	first byte
 * @last:	last byte
 * @tagged:	bytes of it that were counted
 * @done:	after the last one of them
 * @page:	where the last range began
 * @on_page:	bytes that were counted there
 */
struct kredact_tally {
	u64 from;
	u64 last;
	u64 tagged;
	u64 done;
	u64 page;
	u64 on_page;
};

/*
 * Counts a range, of those in order that touch a page of the interval. What was counted above
 * its beginning has no gaps; the rest of its page may have some, where ranges are exact.
 */
static void kredact_tally_range(struct kredact_tally *tally, const struct kr_range *range)
{
	u64 first = max(range->start, tally->from), last = min(range->last, tally->last);
	u64 page = first & PAGE_MASK, page_last = min(page | ~PAGE_MASK, tally->last), size;

	if (page != tally->page) {
		first = max(page, tally->from);
		tally->page = page;
		tally->on_page = 0;
		if (tally->done > first)
			tally->on_page = min(tally->done - 1, page_last) - first + 1;
	}
	if (range->flags & KREDACT_EXACT) {
		first = max3(range->start, tally->from, tally->done);
		if (first > last)
			return;
		if (first <= page_last)
			tally->on_page += min(last, page_last) - first + 1;
	} else {
		/* The whole of its pages. */
		size = page_last - max(page, tally->from) + 1;
		tally->tagged += size - tally->on_page;
		tally->on_page = size;
		first = max(page_last + 1, tally->done);
		last = min(range->last | ~PAGE_MASK, tally->last);
		tally->done = max(tally->done, page_last + 1);
		if (first > last)
			return;
	}
	tally->tagged += last - first + 1;
	tally->done = last + 1;
}

/* The next range in order. Now and then others may have the lock meanwhile. */
static const struct kr_range *kredact_next(struct kredact_mm *kmm, const struct kr_range *range,
					   u32 *steps)
{
	struct kr_cursor cursor = { };

	if (++*steps % STEPS_LOCKED)
		return kr_next(&kmm->set, range);
	kr_cursor_set(&kmm->set, &cursor, range);
	spin_unlock(&kmm->lock);
	cond_resched();
	spin_lock(&kmm->lock);
	return kr_after(&kmm->set, &cursor);
}

static u64 kredact_query_tagged(struct kredact_mm *kmm, u64 from, u64 last)
{
	struct kredact_tally tally = { .from = from, .last = last, .done = from, .page = U64_MAX };
	u64 first = from & PAGE_MASK, end = last | ~PAGE_MASK;
	const struct kr_range *range;
	u32 steps = 0;

	spin_lock(&kmm->lock);
	range = kr_first_in(&kmm->set, first, end);
	while (range && range->start <= end && tally.tagged <= last - from) {
		if (range->last >= first)
			kredact_tally_range(&tally, range);
		range = kredact_next(kmm, range, &steps);
	}
	spin_unlock(&kmm->lock);
	return min(tally.tagged, last - from + 1);
}

/* Registrations that touch a range, and what the policy adds to the coverage of them all. */
static u32 kredact_query_nr(struct kredact_mm *kmm, u64 addr, u64 last, u32 *coverage)
{
	const struct kr_range *range;
	u32 nr = 0, steps = 0;

	*coverage = KREDACT_COVER_COPIES | KREDACT_COVER_REGS;

	spin_lock(&kmm->lock);
	range = kr_first_in(&kmm->set, addr, last);
	while (range && range->start <= last) {
		if (range->last >= addr) {
			nr++;
			*coverage &= kredact_policy_coverage(range->flags, range->label,
							     range->last - range->start + 1,
							     kmm->wants);
		}
		range = kredact_next(kmm, range, &steps);
	}
	spin_unlock(&kmm->lock);
	return nr;
}

/**
 * kredact_query() - what covers a range of a process
 * @mm:		of the process
 * @query:	address and length in, the rest out
 *
 * May sleep. Return: 0, or an errno of kredact_check_range().
 */
int kredact_query(struct mm_struct *mm, struct kredact_query *query)
{
	struct kredact_mm *kmm = kredact_mm_find(mm);
	u64 addr = query->addr, last = addr + query->len - 1;
	u32 coverage;
	int ret;

	query->tagged = 0;
	query->nr = 0;
	query->coverage = 0;
	ret = kredact_check_range(addr, query->len);
	if (ret || !kmm)
		return ret;
	query->tagged = kredact_query_tagged(kmm, addr, last);
	query->nr = kredact_query_nr(kmm, addr, last, &coverage);
	if (query->tagged != query->len)
		return 0;
	query->coverage = KREDACT_COVERAGE | coverage;
	if (kredact_pins_hold(kmm, mm, addr, last))
		query->coverage |= kredact_pinned_coverage();
	return 0;
}
