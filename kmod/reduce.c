// SPDX-License-Identifier: GPL-2.0
/*
 * What a page of a dump loses besides what is tagged and its copies: registers in signal
 * frames, and in strict mode all that walking stacks does not need.
 */
#include <linux/highmem.h>
#include <linux/mm.h>

#include "kredact.h"

/**
 * kredact_reduce_begin() - get ready for the pages of a dump
 * @dump:	after kredact_hunt_begin()
 *
 * Where there is no memory for that, pages are left out later. May sleep.
 */
void kredact_reduce_begin(struct kredact_dump *dump)
{
	bool frames = dump->policy.registers != KREDACT_REGISTERS_NONE;

	if (!dump->redacts)
		return;
	if (frames)
		kredact_sigframes_begin(dump);
	if (frames || dump->policy.strict)
		kredact_strict_begin(dump, dump->cprm);
}

/**
 * kredact_reduce_end() - the dump is over
 * @dump:	any
 */
void kredact_reduce_end(struct kredact_dump *dump)
{
	kredact_sigframes_end(dump);
	kredact_strict_end(dump);
}

/* Are there signal frames in a page, or parts of some? */
static bool kredact_find_frames(struct kredact_dump *dump, unsigned long addr, struct page *page)
{
	struct page *next = kredact_page_behind(dump, addr);
	const u8 *text = kmap_local_page(page), *head = NULL;
	bool any;

	if (next)
		head = kmap_local_page(next);
	any = kredact_sigframes_page(dump, addr, text, head);
	if (head)
		kunmap_local(head);
	kunmap_local(text);
	return any;
}

/**
 * kredact_reduce_page() - zero what else a page loses
 * @dump:	the dump
 * @addr:	its address
 * @page:	as the hunt leaves it. The reference is taken over
 * @failure:	out: KREDACT_LEFT_OUT_* if it must be left out, or 0
 *
 * May sleep. Return: it, or a copy in its place, with a reference; NULL if that failed.
 */
struct page *kredact_reduce_page(struct kredact_dump *dump, unsigned long addr,
				 struct page *page, u32 *failure)
{
	bool frames = dump->policy.registers != KREDACT_REGISTERS_NONE &&
		      kredact_is_writable(dump, addr);
	bool strict = kredact_strict_covers(dump, addr);
	struct page *copy;
	u8 *to;

	*failure = KREDACT_LEFT_OUT_NOMEM;
	if ((frames && !dump->sigframes) || (strict && !dump->strict))
		goto leave_out;
	*failure = 0;
	if (frames)
		frames = kredact_find_frames(dump, addr, page);
	if (!frames && !strict)
		return page;
	copy = kredact_own_copy(dump, page, failure);
	if (*failure)
		goto leave_out;
	to = kmap_local_page(copy);
	if (frames)
		kredact_sigframes_zero(dump, to);
	if (strict)
		dump->hunted.strict_bytes += kr_strict_page(dump->strict, to);
	kunmap_local(to);
	return copy;

leave_out:
	put_page(page);
	return NULL;
}
