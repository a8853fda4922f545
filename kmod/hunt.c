// SPDX-License-Identifier: GPL-2.0
/*
 * The hunt: copies of registered bytes are zeroed in the pages of a dump.
 *
 * A copy may go over the end of a page. So the page that follows in the dump is
 * looked at ahead (ahead.c), and the end of the one before is kept.
 */
#include <linux/bitmap.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "kredact.h"

/* Copies that a seal names: 2 MiB of them. */
#define COPIES_MIN	64
#define COPIES_MAX	65536

/* The last bytes before, and the first behind, a border between two pages. */
static inline u32 kredact_edge(const struct kredact_search *search)
{
	return search->policy.run - 1;
}

/* Where a scan goes on in the page: what is found at @from there is at @from + @base. */
struct kredact_found {
	struct kredact_search *search;
	int base;
};

/* Notes a copy on the page. */
static void kredact_add_found(struct kredact_search *search, u32 from, u32 end,
			      const struct kr_copy *copy)
{
	struct kr_copy *last = search->nr_found ? &search->found[search->nr_found - 1] : NULL;

	/* One of the border and one of the page may be the same. */
	if (last && last->owner == copy->owner && last->reversed == copy->reversed &&
	    from <= last->from + last->len && end >= last->from) {
		end = max(end, last->from + last->len);
		last->from = min(from, last->from);
		last->len = end - last->from;
		return;
	}
	if (search->nr_found == ARRAY_SIZE(search->found)) {
		search->overflow = true;
		return;
	}
	search->found[search->nr_found++] = (struct kr_copy) {
		.from = from,
		.len = end - from,
		.owner = copy->owner,
		.reversed = copy->reversed,
	};
}

/* What is found may lie on the page only in part; what is behind it is for the next one. */
static void kredact_found(void *arg, const struct kr_copy *copy)
{
	const struct kredact_found *found = arg;
	struct kredact_search *search = found->search;
	int from = found->base + (int)copy->from, end = from + (int)copy->len;
	int size = PAGE_SIZE;

	if (end > size && search->nr_carried < ARRAY_SIZE(search->carried)) {
		search->carried[search->nr_carried] = *copy;
		search->carried[search->nr_carried].from = max(from, size) - size;
		search->carried[search->nr_carried++].len = end - max(from, size);
	}
	if (max(from, 0) < min(end, size))
		kredact_add_found(search, max(from, 0), min(end, size), copy);
}

static void kredact_scan(struct kredact_search *search, const u8 *text, u32 len, const u8 *ahead,
			 int base)
{
	struct kredact_found found = { .search = search, .base = base };

	kr_hunt_scan(&search->index, text, len, ahead, kredact_found, &found);
}

/* Searches the border between the page whose end is kept and @behind; @base: of its first byte. */
static void kredact_hunt_edge(struct kredact_search *search, const u8 *behind, int base)
{
	u32 edge = kredact_edge(search);

	if (!kr_hunt_may_cross(&search->index, search->edge + KR_RUN_MAX, behind))
		return;
	memcpy(search->edge + KR_RUN_MAX, behind, KR_RUN_MAX);
	kredact_scan(search, search->edge + KR_RUN_MAX - edge, 2 * edge, NULL, base - (int)edge);
}

/*
 * Copies over the border to the page before. It was searched when that page was written,
 * if this is still the page that was looked at then.
 */
static void kredact_find_at_begin(struct kredact_search *search, const u8 *text)
{
	const struct kr_copy *copy = search->carried;
	u32 nr = search->nr_carried;

	search->nr_carried = 0;
	if (!search->has_tail)
		return;
	if (!search->is_ahead) {
		kredact_hunt_edge(search, text, 0);
		return;
	}
	for (; nr--; copy++)
		kredact_add_found(search, copy->from, copy->from + copy->len, copy);
}

/* Finds all copies on a page, also those that begin before it or end behind it. */
static void kredact_find_copies(struct kredact_dump *dump, const u8 *text, struct page *next)
{
	struct kredact_search *search = dump->search;
	const u8 *head = next ? kmap_local_page(next) : NULL;

	kredact_find_at_begin(search, text);
	kredact_scan(search, text, PAGE_SIZE, head, 0);
	memcpy(search->edge, text + PAGE_SIZE - KR_RUN_MAX, KR_RUN_MAX);
	search->has_tail = true;
	if (next) {
		kredact_hunt_edge(search, head, PAGE_SIZE);
		kunmap_local(head);
	}
}

/* Room for one more copy in the seal; without it, its bytes are zeroed all the same. */
static bool kredact_copies_grow(struct kredact_search *search)
{
	u32 room = max_t(u32, COPIES_MIN, 2 * search->room_copies);
	struct kredact_seal_copy *copies;

	if (search->nr_copies < search->room_copies)
		return true;
	if (room > COPIES_MAX)
		return false;
	copies = kvmalloc_array(room, sizeof(*copies), KREDACT_GFP_DUMP);
	if (!copies)
		return false;
	if (search->nr_copies)
		memcpy(copies, search->copies, search->nr_copies * sizeof(*copies));
	kvfree(search->copies);
	search->copies = copies;
	search->room_copies = room;
	return true;
}

/**
 * kredact_note_copy() - a copy was found, and zeroed
 * @dump:	with a search
 * @addr:	its first byte, or its offset in the file
 * @copy:	the rest
 * @flags:	KREDACT_COPY_NOTE or 0
 */
void kredact_note_copy(struct kredact_dump *dump, u64 addr, const struct kr_copy *copy, u32 flags)
{
	struct kredact_search *search = dump->search;

	dump->hunted.copies++;
	if (!kredact_copies_grow(search)) {
		dump->hunted.copies_lost++;
		return;
	}
	if (copy->reversed)
		flags |= KREDACT_COPY_REVERSED;
	if (copy->owner & KREDACT_OWNER_OTHERS)
		flags |= KREDACT_COPY_OTHERS;
	search->copies[search->nr_copies++] = (struct kredact_seal_copy) {
		.addr = cpu_to_le64(addr),
		.len = cpu_to_le64(copy->len),
		.handle = cpu_to_le64(copy->owner & ~KREDACT_OWNER_OTHERS),
		.flags = cpu_to_le32(flags),
	};
}

/* Zeroes what was found, in a page of ours. */
static void kredact_zero_copies(struct kredact_dump *dump, unsigned long addr, u8 *to)
{
	struct kredact_search *search = dump->search;
	const struct kr_copy *copy;

	bitmap_zero(search->zeroed, PAGE_SIZE);
	for (copy = search->found; copy < search->found + search->nr_found; copy++) {
		memset(to + copy->from, 0, copy->len);
		bitmap_set(search->zeroed, copy->from, copy->len);
		kredact_note_copy(dump, addr + copy->from, copy, 0);
	}
	dump->hunted.copy_bytes += bitmap_weight(search->zeroed, PAGE_SIZE);
}

/**
 * kredact_is_writable() - may something have been written to this memory?
 * @dump:	any
 * @addr:	of a page
 *
 * Copies, and stacks, are only where it may.
 *
 * Return: true if it may.
 */
bool kredact_is_writable(struct kredact_dump *dump, unsigned long addr)
{
	const struct core_vma_metadata *meta = kredact_dump_vma(dump, addr);

	return !meta || !meta->file || (meta->flags & VM_WRITE);
}

/**
 * kredact_hunt_page() - zero the copies in a page
 * @dump:	with a search
 * @addr:	its address
 * @page:	as the tags leave it; NULL for a hole. The reference is taken over
 * @failure:	out: KREDACT_LEFT_OUT_* if it must be left out, or 0
 *
 * May sleep. Return: it, or a copy in its place, with a reference; NULL for a hole.
 */
struct page *kredact_hunt_page(struct kredact_dump *dump, unsigned long addr, struct page *page,
			       u32 *failure)
{
	struct kredact_search *search = dump->search;
	struct page *copy = page, *next;
	u8 *text;

	*failure = 0;
	if (!page || dump->hunted.unindexed) {
		if (search)
			search->has_tail = false;
		if (page && dump->policy.unhunted == KREDACT_UNHUNTED_WRITABLE &&
		    kredact_is_writable(dump, addr))
			*failure = KREDACT_LEFT_OUT_UNHUNTED;
		goto out;
	}
	search->nr_found = 0;
	search->overflow = false;
	if (search->index.memory) {
		next = kredact_page_next(dump, addr);
		text = kmap_local_page(page);
		kredact_find_copies(dump, text, next);
		kunmap_local(text);
	}
	if (search->overflow)
		*failure = KREDACT_LEFT_OUT_UNHUNTED;
	if (*failure || !search->nr_found)
		goto out;
	copy = kredact_own_copy(dump, page, failure);
	if (*failure)
		goto out;
	text = kmap_local_page(copy);
	kredact_zero_copies(dump, addr, text);
	kunmap_local(text);
out:
	if (!*failure)
		return copy;
	put_page(page);
	return NULL;
}

/**
 * kredact_hunt_begin() - get ready to search a dump
 * @dump:	with its tags and its policy
 *
 * What cannot be searched is left out later: dump->hunted.unindexed. May sleep.
 */
void kredact_hunt_begin(struct kredact_dump *dump)
{
	bool grouped = kredact_user_has_groups(current_uid());
	/* An exempted process shows its own secrets, and so those of its family. */
	struct kredact_mm *kmm = kredact_rules_lift(dump) ? NULL : dump->kmm;
	struct kredact_search *search;

	if (!dump->kmm && !grouped && !dump->rules && !dump->nr_unwanted)
		return;
	dump->redacts = true;
	search = kvzalloc(sizeof(*search), KREDACT_GFP_DUMP);
	dump->search = search;
	if (!search) {
		dump->hunted.unindexed = KREDACT_UNINDEXED_NOMEM;
	} else if (dump->flags & KREDACT_SEAL_ALL_LEFT_OUT) {
		dump->hunted.unindexed = KREDACT_UNINDEXED_LOOKUP;
	} else {
		search->policy = dump->policy;
		dump->hunted.unindexed = kredact_secrets_index(search, kmm, dump->serial);
		dump->hunted.ranges = search->nr_secrets;
		dump->hunted.bytes = search->index.bytes;
		dump->hunted.bytes_plain = search->index.bytes_plain;
	}
	if (dump->hunted.unindexed)
		atomic64_inc(&kredact_stats.hunts_failed);
	else if (search->index.memory)
		dump->hunt = &search->index;
	kredact_prints_begin(dump, kmm);
}

/**
 * kredact_hunt_end() - the dump is over: wipe what it was searched by
 * @dump:	after kredact_hunt_begin()
 */
void kredact_hunt_end(struct kredact_dump *dump)
{
	struct kredact_search *search = dump->search;

	atomic64_add(dump->hunted.copies, &kredact_stats.copies);
	atomic64_add(dump->hunted.copy_bytes, &kredact_stats.copy_bytes);
	kredact_prints_end(dump);
	if (!search)
		return;
	kredact_ahead_forget(&search->ahead);
	kredact_secrets_forget(search);
	kvfree(search->copies);
	kvfree_sensitive(search, sizeof(*search));
	dump->search = NULL;
	dump->hunt = NULL;
}
