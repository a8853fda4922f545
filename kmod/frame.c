// SPDX-License-Identifier: GPL-2.0
/*
 * Frames: the physical pages that are pinned since somebody tagged them.
 *
 * What is tagged by address in one process has other addresses, and other
 * processes, that lead to the same memory (shared mappings, memfds, a file
 * mapped twice). Dumps ask here for each page that nothing else says anything
 * about. A frame is here for as long as a pin keeps it from being anything else.
 */
#include <linux/mm.h>
#include <linux/xarray.h>

#include "kredact.h"

/* By page frame number: how many pins. */
static DEFINE_XARRAY_FLAGS(frames, XA_FLAGS_ACCOUNT);

/**
 * kredact_frame_add() - another pin of a frame
 * @page:	pinned
 *
 * May sleep. Return: 0 or -ENOMEM.
 */
int kredact_frame_add(struct page *page)
{
	unsigned long pfn = page_to_pfn(page);
	void *old = NULL, *seen;	/* most frames are pinned once */

	for (;; old = seen) {
		seen = xa_cmpxchg(&frames, pfn, old,
				  xa_mk_value(old ? xa_to_value(old) + 1 : 1), GFP_KERNEL);
		if (xa_is_err(seen))
			return xa_err(seen);
		if (seen == old)
			break;
	}
	atomic64_inc(&kredact_stats.pins);
	return 0;
}

/**
 * kredact_frame_remove() - a pin of a frame ends
 * @page:	still pinned
 */
void kredact_frame_remove(struct page *page)
{
	unsigned long pfn = page_to_pfn(page), nr;

	xa_lock(&frames);
	nr = xa_to_value(xa_load(&frames, pfn));
	/* Takes no memory: the entry is there. */
	if (nr > 1)
		__xa_store(&frames, pfn, xa_mk_value(nr - 1), GFP_NOWAIT);
	else
		__xa_erase(&frames, pfn);
	xa_unlock(&frames);
	atomic64_dec(&kredact_stats.pins);
}

/**
 * kredact_frame_pins() - how many pins a frame has, of all processes
 * @page:	held by the caller
 *
 * Takes no lock.
 */
unsigned long kredact_frame_pins(struct page *page)
{
	void *entry;

	/* The page itself tells if it may be. */
	if (!atomic64_read(&kredact_stats.pins) || !folio_maybe_dma_pinned(page_folio(page)))
		return 0;
	entry = xa_load(&frames, page_to_pfn(page));
	return entry ? xa_to_value(entry) : 0;
}
