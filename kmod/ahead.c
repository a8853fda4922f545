// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that are got ahead of their turn.
 *
 * What lies over the end of a page is seen only with the page that follows. It is
 * looked at ahead, and with it as many more as the page tables have at hand: for all
 * of them together that takes little more than for one. A page is used when its turn
 * comes, unless anything has happened since that makes it doubtful.
 */
#include <linux/mm.h>

#include "kredact.h"

static void kredact_ahead_drop(struct kredact_ahead *ahead, u32 nr)
{
	ahead->addr += (unsigned long)nr << PAGE_SHIFT;
	ahead->nr -= nr;
	for (; nr; nr--, ahead->first++)
		if (ahead->pages[ahead->first])
			put_page(ahead->pages[ahead->first]);
}

/**
 * kredact_ahead_forget() - let go of all pages that were got ahead
 * @ahead:	any
 */
void kredact_ahead_forget(struct kredact_ahead *ahead)
{
	kredact_ahead_drop(ahead, ahead->nr);
}

/*
 * The page that follows @addr in the file, and how many follow in the same mapping, at
 * most; 0 if none does.
 */
static unsigned long kredact_ahead_next(struct kredact_dump *dump, unsigned long addr, u32 *nr)
{
	const struct core_vma_metadata *meta = kredact_dump_vma(dump, addr);
	const struct core_vma_metadata *end = dump->cprm->vma_meta + dump->cprm->vma_count;
	unsigned long left;

	if (!meta)
		return 0;
	addr += PAGE_SIZE;
	left = meta->start + meta->dump_size - addr;
	while (!left) {
		if (++meta == end)
			return 0;
		addr = meta->start;
		left = meta->dump_size;
	}
	*nr = min_t(unsigned long, left >> PAGE_SHIFT, KREDACT_AHEAD_MAX);
	return addr;
}

/*
 * How many pages from @addr on are mapped, and a dump has them: those with an owner, as the
 * walk of the page tables that takes no lock finds them. The huge page of zeros has none.
 */
static u32 kredact_ahead_walk(unsigned long addr, u32 most, struct page **pages)
{
	int got = get_user_pages_fast_only(addr, most, 0, pages), nr = 0;

	while (nr < got && (PageAnon(pages[nr]) || page_folio(pages[nr])->mapping))
		nr++;
	while (got > nr)
		put_page(pages[--got]);
	return nr;
}

/*
 * Gets pages from @addr on. Where that walk finds none, the kernel is asked for one as it
 * would ask itself: holes, what is swapped, what is protected, what belongs to a device.
 */
static void kredact_ahead_fill(struct kredact_dump *dump, unsigned long addr, u32 most)
{
	struct kredact_mm *kmm = kredact_dump_tags(dump);
	struct kredact_ahead *ahead = &dump->search->ahead;

	kredact_ahead_forget(ahead);
	ahead->addr = addr;
	ahead->first = 0;
	ahead->epoch = 0;
	ahead->clear = false;
	if (kmm && kredact_lock_tags(kmm, dump)) {
		ahead->epoch = kmm->epoch;
		ahead->serial = kr_set_serial(&kmm->set);
		ahead->clear = !kr_first_in(&kmm->set, addr, addr + most * PAGE_SIZE - 1);
		spin_unlock(&kmm->lock);
	}
	if (!kredact_mm_is_live(dump))
		ahead->nr = kredact_ahead_walk(addr, most, ahead->pages);
	if (!ahead->nr) {
		ahead->pages[0] = kredact_original_page(addr);
		ahead->nr = 1;
	}
}

/* The page that follows @addr in the file, if it is @behind, or anywhere if that is 0. */
static struct page *kredact_ahead_look(struct kredact_dump *dump, unsigned long addr,
				       unsigned long behind)
{
	struct kredact_ahead *ahead = &dump->search->ahead;
	unsigned long next;
	u32 nr;

	/* Nearly always it is the first of those that are there. */
	if (!ahead->nr || ahead->addr != addr + PAGE_SIZE) {
		next = kredact_ahead_next(dump, addr, &nr);
		if (!next || (behind && next != behind))
			return NULL;
		if (!ahead->nr || ahead->addr != next)
			kredact_ahead_fill(dump, next, nr);
	}
	return ahead->pages[ahead->first];
}

/**
 * kredact_page_next() - the page that follows another one in the file
 * @dump:	with a search
 * @addr:	of that one, whose turn it is
 *
 * May sleep. Return: the page, without a reference, until the next one is looked at;
 * NULL if there is none, or a hole.
 */
struct page *kredact_page_next(struct kredact_dump *dump, unsigned long addr)
{
	return kredact_ahead_look(dump, addr, 0);
}

/**
 * kredact_page_behind() - the page behind another one in memory
 * @dump:	any
 * @addr:	of that one, whose turn it is
 *
 * May sleep. Return: as kredact_page_next(); NULL, too, if it is not dumped.
 */
struct page *kredact_page_behind(struct kredact_dump *dump, unsigned long addr)
{
	return dump->search ? kredact_ahead_look(dump, addr, addr + PAGE_SIZE) : NULL;
}

/**
 * kredact_ahead_is_clear() - was there no tag on a page when it was got ahead, nor since?
 * @dump:	any
 * @kmm:	its tags
 * @addr:	whose turn it is
 * @epoch:	out: of the tags then, and now
 *
 * Return: true if there was none; false if that is not known.
 */
bool kredact_ahead_is_clear(struct kredact_dump *dump, struct kredact_mm *kmm,
			    unsigned long addr, u32 *epoch)
{
	const struct kredact_ahead *ahead;

	if (!dump || !dump->search)
		return false;
	ahead = &dump->search->ahead;
	if (!ahead->clear || (addr - ahead->addr) >> PAGE_SHIFT >= ahead->nr ||
	    ahead->serial != READ_ONCE(kmm->set.serial) || ahead->epoch != READ_ONCE(kmm->epoch))
		return false;
	*epoch = ahead->epoch;
	return true;
}

/**
 * kredact_ahead_take() - the page at an address, if it was got ahead
 * @dump:	any
 * @addr:	whose turn it is
 * @epoch:	of the tags now
 * @page:	out: with a reference, or NULL for a hole
 *
 * Return: false if it was not, or may be another one by now.
 */
bool kredact_ahead_take(struct kredact_dump *dump, unsigned long addr, u32 epoch,
			struct page **page)
{
	struct kredact_search *search = dump ? dump->search : NULL;
	struct kredact_ahead *ahead;
	unsigned long skip;

	if (!search)
		return false;
	search->is_ahead = false;
	ahead = &search->ahead;
	skip = (addr - ahead->addr) >> PAGE_SHIFT;
	if (skip >= ahead->nr || ahead->epoch != epoch || kredact_mm_is_live(dump)) {
		kredact_ahead_forget(ahead);
		return false;
	}
	/* Those of tagged pages had no turn. */
	if (skip)
		kredact_ahead_drop(ahead, skip);
	*page = ahead->pages[ahead->first++];
	ahead->addr += PAGE_SIZE;
	ahead->nr--;
	/* Others may write to a page that is not the process's own. */
	search->is_ahead = *page && PageAnon(*page);
	return true;
}
