// SPDX-License-Identifier: GPL-2.0
/*
 * Wiping memory of a machine that has crashed: nothing here takes a lock, allocates, or
 * depends on the memory being sound.
 */
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <asm/asm.h>
#include <asm/fpu/api.h>

#include "kredact.h"
#include "core/wipe.h"

/**
 * kredact_wipe() - zero memory of the kernel, as far as it can be written
 * @at:		any address; what it points to may have gone
 * @len:	bytes
 *
 * In any context. A fault ends it, by the table of exceptions.
 *
 * Return: true if all of it is zero now.
 */
bool kredact_wipe(void *at, size_t len)
{
	unsigned long words = len / sizeof(u64), bytes = len % sizeof(u64);

	asm volatile("1:	rep stosq\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : "+D" (at), "+c" (words) : "a" (0) : "memory");
	if (words)
		return false;
	asm volatile("1:	rep stosb\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : "+D" (at), "+c" (bytes) : "a" (0) : "memory");
	return !bytes;
}

/*
 * The kernel's own mapping has a hole where a frame belongs to a memfd_secret. Its entry
 * keeps the number of the frame, so the hole can be closed: there is no old translation
 * to be flushed, since none is kept for what is not present.
 */
static bool kredact_map_frame(void *at, unsigned long pfn)
{
	unsigned int level;
	pte_t *pte = lookup_address((unsigned long)at, &level);

	if (!pte || level != PG_LEVEL_4K || pte_present(*pte) || pte_pfn(*pte) != pfn)
		return false;
	native_set_pte(pte, pfn_pte(pfn, PAGE_KERNEL));
	return true;
}

/**
 * kredact_wipe_frame() - zero a frame of memory
 * @pfn:	its number, any
 *
 * In any context. A frame that the hardware has found bad is not touched, and neither is
 * memory that is not the kernel's to give away: its own, the firmware's, a device's.
 *
 * Return: KREDACT_WIPED, or why not.
 */
enum kredact_wiped kredact_wipe_frame(unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);
	void *at = __va(PFN_PHYS(pfn));

	if (!page || PageReserved(page))
		return KREDACT_WIPE_FOREIGN;
	/* Of a page of hugetlbfs the head says whether any part of it is. */
	if (PageHWPoison(page) || PageHWPoison(compound_head(page)))
		return KREDACT_WIPE_POISONED;
	if (kr_wipe_page(at))
		return KREDACT_WIPED;
	if (kredact_map_frame(at, pfn) && kr_wipe_page(at))
		return KREDACT_WIPED_MAPPED;
	return KREDACT_WIPE_FAULT;
}

/* The same for a page, which must not reach into the next one. */
static bool kredact_wipe_page_selftest(void)
{
	u8 *pages = (u8 *)__get_free_pages(GFP_KERNEL, 1);
	bool wiped;

	if (!pages)
		return false;
	memset(pages, 0xa5, 2 * PAGE_SIZE);
	kernel_fpu_begin();
	wiped = kr_wipe_page(pages) && !kr_wipe_page((void *)0x8000000000000000UL) &&
		!kr_wipe_page((void *)-PAGE_SIZE);
	kernel_fpu_end();
	wiped = wiped && !memchr_inv(pages, 0, PAGE_SIZE) &&
		!memchr_inv(pages + PAGE_SIZE, 0xa5, PAGE_SIZE);
	free_pages((unsigned long)pages, 1);
	return wiped;
}

/**
 * kredact_wipe_selftest() - does wiping zero what it shall, and survive a fault?
 *
 * May sleep.
 */
bool kredact_wipe_selftest(void)
{
	u8 bytes[45];

	memset(bytes, 0xa5, sizeof(bytes));
	return kredact_wipe(bytes + 1, sizeof(bytes) - 2) &&
	       !memchr_inv(bytes + 1, 0, sizeof(bytes) - 2) &&
	       bytes[0] == 0xa5 && bytes[sizeof(bytes) - 1] == 0xa5 &&
	       /* no address at all, and one that nothing is mapped at */
	       !kredact_wipe((void *)0x8000000000000000UL, sizeof(u64)) &&
	       !kredact_wipe((void *)-PAGE_SIZE, sizeof(u64)) && kredact_wipe_page_selftest();
}
