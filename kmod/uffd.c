// SPDX-License-Identifier: GPL-2.0
/*
 * UFFDIO_MOVE: userfaultfd moves pages from one address to another.
 *
 * It holds mmap_lock for reading only, or the locks of the two mappings, so a
 * dump by a process that shares the mm may look at any moment between: both
 * places are tagged before, and the old one no longer after. Pinned pages are
 * not moved (EBUSY, as for any pinned page).
 *
 * The kernel does not mind places that overlap, and moves one page after the
 * other, upwards: then it is asked for no more at once than makes two places.
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

/**
 * struct kredact_uffd_piece - a piece of a move
 * @dst:	first byte of the new place
 * @src:	first byte of the old place, which does not overlap it
 * @len:	bytes
 * @epoch:	of the tags, when the new place had got those of the old one
 * @own:	it had some of its own
 */
struct kredact_uffd_piece {
	unsigned long dst;
	unsigned long src;
	unsigned long len;
	u32 epoch;
	bool own;
};

/* Tags the new place like the old one. tag_mutex is held: there are no new ranges meanwhile. */
static int kredact_uffd_tag(struct kredact_mm *kmm, struct kredact_uffd_piece *piece)
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
		piece->own = kr_first_in(&kmm->set, piece->dst, (u64)piece->dst + piece->len - 1);
		missing = kr_copy(&kmm->set, piece->src, (u64)piece->src + piece->len - 1,
				  piece->dst);
		piece->epoch = ++kmm->epoch;
		kredact_mm_recharge(kmm);
		spin_unlock(&kmm->lock);
	} while (missing);
	mmap_read_unlock(mm);
	return ret;
}

/* Ends what is tagged in vain: where pages were, and where none came to. */
static void kredact_uffd_untag(struct kredact_mm *kmm, const struct kredact_uffd_piece *piece,
			       unsigned long moved)
{
	mmap_read_lock(kmm->notifier.mm);
	/* After any other change there may be another tag of that place: then all stay. */
	if (moved < piece->len && !piece->own && READ_ONCE(kmm->epoch) == piece->epoch)
		kredact_mm_drop(kmm, piece->dst + moved, (u64)piece->dst + piece->len - 1);
	if (moved)
		kredact_mm_drop(kmm, piece->src, (u64)piece->src + moved - 1);
	mmap_read_unlock(kmm->notifier.mm);
}

static ssize_t kredact_uffd_move_piece(struct kredact_mm *kmm, struct userfaultfd_ctx *ctx,
				       struct kredact_uffd_piece *piece, u64 mode)
{
	ssize_t moved;
	int ret;

	ret = kredact_uffd_tag(kmm, piece);
	if (ret)
		return ret;
	moved = static_call(original_move_pages)(ctx, piece->dst, piece->src, piece->len, mode);
	kredact_uffd_untag(kmm, piece, max_t(ssize_t, moved, 0));
	return moved;
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
	unsigned long apart = dst > src ? dst - src : src - dst;
	int token = kredact_hook_enter();
	struct kredact_mm *kmm = kredact_mm_find(kredact_uffd_mm(ctx));
	struct kredact_uffd_piece piece;
	ssize_t moved = 0, ret;

	/* To where they are no page can move. */
	if (!kmm || !len || !apart) {
		moved = static_call(original_move_pages)(ctx, dst, src, len, mode);
		goto leave;
	}
	ret = mutex_lock_killable(&kmm->tag_mutex);
	if (ret) {
		moved = ret;
		goto leave;
	}
	do {
		piece = (struct kredact_uffd_piece){
			.dst = dst + moved,
			.src = src + moved,
			.len = min(len - moved, apart),
		};
		ret = kredact_uffd_move_piece(kmm, ctx, &piece, mode);
		if (ret > 0)
			moved += ret;
	} while (ret == (ssize_t)piece.len && moved < len && !fatal_signal_pending(current));
	mutex_unlock(&kmm->tag_mutex);
	if (!moved)
		moved = ret;
leave:
	kredact_hook_leave(token);
	return moved;
}

/* Runs into a stub: there is no userfaultfd here. */
bool kredact_uffd_selftest(void)
{
	return static_call(original_move_pages)(NULL, 0, 0, 0, 0) == 1;
}
