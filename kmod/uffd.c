// SPDX-License-Identifier: GPL-2.0
/*
 * UFFDIO_MOVE: userfaultfd moves pages from one address to another.
 *
 * It holds mmap_lock for reading only, or the locks of the two mappings, so a
 * dump by a process that shares the mm may look at any moment between: both
 * places are tagged before, and the old one no longer after. Pinned pages are
 * not moved (EBUSY, as for any pinned page).
 */
#include <linux/mm.h>
#include <linux/static_call.h>

#include "kredact.h"

typedef ssize_t move_pages_fn(struct userfaultfd_ctx *ctx, unsigned long dst, unsigned long src,
			      unsigned long len, u64 mode);

extern move_pages_fn kredact_uffd_prototype;

DEFINE_STATIC_CALL_RET0(original_move_pages, kredact_uffd_prototype);

void kredact_uffd_set_original(unsigned long address)
{
	static_call_update(original_move_pages, (move_pages_fn *)address);
}

/* Tags the new place like the old one. tag_mutex is held: there are no new ranges meanwhile. */
static int kredact_uffd_tag(struct kredact_mm *kmm, unsigned long dst, unsigned long src,
			    unsigned long len)
{
	struct mm_struct *mm = kmm->notifier.mm;
	u32 missing = 0;
	int ret;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	do {
		ret = kredact_user_has_room(kmm->user, missing) ?
		      kredact_mm_reserve(kmm, missing, GFP_KERNEL_ACCOUNT) : -ENOMEM;
		if (ret)
			break;
		spin_lock(&kmm->lock);
		missing = kr_copy(&kmm->set, src, (u64)src + len - 1, dst);
		kmm->epoch++;
		kredact_mm_recharge(kmm);
		spin_unlock(&kmm->lock);
	} while (missing);
	mmap_read_unlock(mm);
	return ret;
}

static void kredact_uffd_untag(struct kredact_mm *kmm, unsigned long src, unsigned long len)
{
	mmap_read_lock(kmm->notifier.mm);
	kredact_mm_drop(kmm, src, (u64)src + len - 1);
	mmap_read_unlock(kmm->notifier.mm);
}

/**
 * kredact_uffd_move() - replacement: pages change their address
 * @ctx:	the userfaultfd; its mm is kept by the caller
 * @dst:	first byte of the new place
 * @src:	first byte of the old place
 * @len:	bytes, whole pages
 * @mode:	UFFDIO_MOVE_MODE_*
 *
 * Return: bytes that were moved, or an error if there are none.
 */
ssize_t kredact_uffd_move(struct userfaultfd_ctx *ctx, unsigned long dst, unsigned long src,
			  unsigned long len, u64 mode)
{
	int token = kredact_hook_enter();
	struct kredact_mm *kmm = kredact_mm_find(kredact_uffd_mm(ctx));
	ssize_t moved = 0;

	if (!kmm || !len) {
		moved = static_call(original_move_pages)(ctx, dst, src, len, mode);
		goto leave;
	}
	mutex_lock(&kmm->tag_mutex);
	moved = kredact_uffd_tag(kmm, dst, src, len);
	if (!moved)
		moved = static_call(original_move_pages)(ctx, dst, src, len, mode);
	if (moved > 0)
		kredact_uffd_untag(kmm, src, moved);
	mutex_unlock(&kmm->tag_mutex);
leave:
	kredact_hook_leave(token);
	return moved;
}

/* Runs into a stub: there is no userfaultfd here. */
bool kredact_uffd_selftest(void)
{
	return static_call(original_move_pages)(NULL, 0, 0, 0, 0) == 1;
}
