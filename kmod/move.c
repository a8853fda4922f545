// SPDX-License-Identifier: GPL-2.0
/*
 * mremap: tags follow the memory to its new place.
 *
 * move_page_tables() announces the old place as unmapped; here, where both
 * places are known and mmap_lock is held for writing, that announcement is
 * ignored and the ranges are moved instead. A move that fails half-way is
 * undone by the kernel with a second call, which moves them back.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/static_call.h>

#include "kredact.h"

typedef unsigned long move_page_tables_fn(struct vm_area_struct *vma, unsigned long old_addr,
					  struct vm_area_struct *new_vma, unsigned long new_addr,
					  unsigned long len, KREDACT_MOVE_TAIL_PARAMS);

/* mm/internal.h declares it from 6.12 on, out of reach for a module. */
extern move_page_tables_fn kredact_move_prototype;

DEFINE_STATIC_CALL_RET0(original_move_page_tables, kredact_move_prototype);

void kredact_move_set_original(unsigned long address)
{
	static_call_update(original_move_page_tables, (move_page_tables_fn *)address);
}

static void kredact_move_tags(struct kredact_mm *kmm, unsigned long from, unsigned long to,
			      unsigned long len)
{
	u32 kept;

	spin_lock(&kmm->lock);
	kr_move(&kmm->set, from, (u64)from + len - 1, to, &kept);
	kmm->epoch++;
	kredact_mm_recharge(kmm);
	spin_unlock(&kmm->lock);
}

/* Free nodes for the ranges that the ends of the interval divide. */
static void kredact_move_prepare(struct kredact_mm *kmm, unsigned long from, unsigned long len)
{
	u64 ends[] = { from, (u64)from + len - 1 };
	const struct kr_range *range;
	u32 nr = 0;
	int i;

	spin_lock(&kmm->lock);
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		for (range = kr_first_in(&kmm->set, ends[i], ends[i]); range;
		     range = kr_next_in(&kmm->set, range, ends[i], ends[i]))
			nr++;
	spin_unlock(&kmm->lock);
	/* Where there are none, kr_move() tags both places and all between. */
	if (kredact_user_has_room(kmm->user, nr))
		kredact_mm_reserve(kmm, nr, GFP_KERNEL_ACCOUNT);
}

/**
 * kredact_move_page_tables() - replacement: pages change their address
 * @vma:	mapping of the old place
 * @old_addr:	first byte
 * @new_vma:	mapping of the new place
 * @new_addr:	first byte
 * @len:	bytes
 *
 * Return: bytes that were moved.
 */
unsigned long kredact_move_page_tables(struct vm_area_struct *vma, unsigned long old_addr,
				       struct vm_area_struct *new_vma, unsigned long new_addr,
				       unsigned long len, KREDACT_MOVE_TAIL_PARAMS)
{
	int token = kredact_hook_enter();
	struct kredact_mm *kmm = len ? kredact_mm_find(vma->vm_mm) : NULL;
	unsigned long moved;

	if (kmm) {
		kredact_move_prepare(kmm, old_addr, len);
		WRITE_ONCE(kmm->mover, current);
	}
	moved = static_call(original_move_page_tables)(vma, old_addr, new_vma, new_addr, len,
						       KREDACT_MOVE_TAIL_ARGS);
	if (kmm) {
		WRITE_ONCE(kmm->mover, NULL);
		if (moved) {
			kredact_move_tags(kmm, old_addr, new_addr, moved);
			kredact_pins_move(kmm, old_addr, new_addr, moved);
		}
	}
	kredact_hook_leave(token);
	return moved;
}

/* Moving nothing touches nothing. */
bool kredact_move_selftest(void)
{
	return !static_call(original_move_page_tables)(NULL, 0, NULL, 0, 0, KREDACT_MOVE_TAIL_NONE);
}
