// SPDX-License-Identifier: GPL-2.0
/*
 * Listing: what is tagged in a process, and who did it.
 *
 * The lock is held for a few ranges at a time, and in between the set may change. So the
 * place of the iteration is a key of the set's order, and what was registered since
 * it began does not count: a list ends however fast its process registers.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "kredact.h"

/* Tags that are told at a time. */
#define LIST_BATCH	16

/* Ranges that are passed over with the lock held once. */
#define STEPS_LOCKED	256

/**
 * struct kredact_listing - one call
 * @mm:		of the process
 * @kmm:	its tags
 * @cursor:	behind the last range that was looked at
 * @serial:	registrations before the first call
 * @ranges:	as they were when they were looked at
 * @tags:	what is told of them
 */
struct kredact_listing {
	struct mm_struct *mm;
	struct kredact_mm *kmm;
	struct kr_cursor cursor;
	u64 serial;
	struct kr_range ranges[LIST_BATCH];
	struct kredact_tag tags[LIST_BATCH];
};

/* The next ranges, @room at most. Return: how many; 0 at the end; -EINTR. */
static int kredact_list_ranges(struct kredact_listing *l, u32 room)
{
	const struct kr_range *range, *last;
	u32 nr = 0, steps;

	do {
		spin_lock(&l->kmm->lock);
		last = NULL;
		range = kr_after(&l->kmm->set, &l->cursor);
		for (steps = 0; range && nr < room && steps < STEPS_LOCKED; steps++) {
			if (kr_is_older(range, l->serial))
				l->ranges[nr++] = *range;
			last = range;
			range = kr_next(&l->kmm->set, range);
		}
		if (last)
			kr_cursor_set(&l->kmm->set, &l->cursor, last);
		spin_unlock(&l->kmm->lock);
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
	} while (range && nr < room);
	return nr;
}

static void kredact_list_tag(struct kredact_listing *l, const struct kr_range *range,
			     struct kredact_tag *tag)
{
	const char *label;

	*tag = (struct kredact_tag) {
		.addr = range->start,
		.len = range->last - range->start + 1,
		.handle = range->handle,
		.flags = range->flags & KREDACT_RANGE_SEALED,
	};
	tag->coverage = KREDACT_COVERAGE |
			kredact_policy_coverage(range->flags, range->label, tag->len,
						READ_ONCE(l->kmm->wants));
	if (kredact_pins_hold(l->kmm, l->mm, range->start, range->last))
		tag->coverage |= kredact_pinned_coverage();
	kredact_maker_tell(READ_ONCE(l->kmm->makers), range->flags, tag);
	label = kredact_label_text(l->kmm->labels, range->label, &tag->label_len);
	if (label)
		memcpy(tag->label, label, tag->label_len);
}

/* Tells up to @room tags. Return: how many, or an error. */
static int kredact_list_some(struct kredact_listing *l, u64 to, u32 room)
{
	int nr = kredact_list_ranges(l, min(room, LIST_BATCH)), i;

	for (i = 0; i < nr; i++)
		kredact_list_tag(l, &l->ranges[i], &l->tags[i]);
	if (nr > 0 && copy_to_user(u64_to_user_ptr(to), l->tags, nr * sizeof(*l->tags)))
		return -EFAULT;
	return nr;
}

/**
 * kredact_list() - tell what is tagged in a process
 * @mm:		of the process
 * @list:	as in uapi/linux/kredact.h
 *
 * May sleep. Return: 0, -EFAULT, -ENOMEM or -EINTR; then @list->place has not changed.
 */
int kredact_list(struct mm_struct *mm, struct kredact_list *list)
{
	struct kredact_mm *kmm = kredact_mm_find(mm);
	u32 wanted = list->nr;
	struct kredact_listing *l;
	int nr = 0;

	list->nr = 0;
	list->mm = kmm ? kmm->id : 0;
	list->ranges = kmm ? READ_ONCE(kmm->set.nr) : 0;
	if (!kmm || !wanted)
		return 0;
	l = kmalloc(sizeof(*l), GFP_KERNEL_ACCOUNT);
	if (!l)
		return -ENOMEM;
	l->mm = mm;
	l->kmm = kmm;
	l->cursor.start = list->place[0];
	l->cursor.index = list->place[1];
	l->serial = list->place[2];
	if (!list->place[0] && !list->place[1] && !list->place[2])
		l->serial = READ_ONCE(kmm->set.serial);
	do {
		nr = kredact_list_some(l, list->tags + list->nr * sizeof(*l->tags),
				       wanted - list->nr);
		if (nr > 0)
			list->nr += nr;
	} while (nr > 0 && list->nr < wanted && !signal_pending(current));
	if (nr >= 0) {
		list->place[0] = l->cursor.start;
		list->place[1] = l->cursor.index;
		list->place[2] = l->serial;
		nr = 0;
	}
	kfree(l);
	return nr;
}
