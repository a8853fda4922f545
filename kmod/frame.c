// SPDX-License-Identifier: GPL-2.0
/*
 * Frames: the physical pages that are pinned since somebody tagged them.
 *
 * What is tagged by address in one process has other addresses, and other
 * processes, that lead to the same memory (shared mappings, memfds, a file
 * mapped twice). Dumps ask here for each page that nothing else says anything
 * about. A frame is here for as long as a pin keeps it from being anything else.
 *
 * Which frames these are is also in maps of one bit for each, for the end of the
 * machine: they can be read without a lock whatever a processor was doing when it was
 * stopped, since a bit is set or it is not, and a map is never taken out of the list
 * again while the module is loaded.
 */
#include <crypto/sha2.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "kredact.h"

#define MAP_WORDS	KREDACT_PANIC_MAP_WORDS
#define MAP_FRAMES	((unsigned long)KREDACT_PANIC_MAP_FRAMES)
/* A digest takes them in parts. */
#define MAP_PART	256
#define ENDED_BITS	8

/**
 * struct frame_map - which frames of some 128 MiB of memory are pinned
 * @next:	physical address of another map, or 0
 * @first:	number of the frame of the first bit
 * @bits:	1 for a frame that is pinned
 *
 * A struct kredact_panic_map to who reads the dump of this machine.
 */
struct frame_map {
	phys_addr_t next;
	unsigned long first;
	unsigned long bits[MAP_WORDS];
};

/* By page frame number: how many pins. */
static DEFINE_XARRAY_FLAGS(frames, XA_FLAGS_ACCOUNT);

/* How many pins have ended, of all frames that share a slot. */
static u32 ended[1 << ENDED_BITS];

/* All maps, by what they begin with divided by MAP_FRAMES; and as a list. */
static DEFINE_XARRAY(maps);
static struct frame_map *maps_head;
static unsigned long nr_maps;

/* The map that follows one, which can be read, or NULL. Return: false if it cannot. */
static bool kredact_frame_map_next(struct frame_map **map)
{
	phys_addr_t next;

	if (get_kernel_nofault(next, &(*map)->next))
		return false;
	*map = next ? __va(next) : NULL;
	return true;
}

/* The map with the bit of a frame, or NULL if there is none yet. */
static struct frame_map *kredact_frame_map(unsigned long pfn)
{
	return xa_load(&maps, pfn / MAP_FRAMES);
}

/* Makes sure that a frame has a bit. May sleep. */
static int kredact_frame_map_make(unsigned long pfn)
{
	struct frame_map *map, *old;

	if (kredact_frame_map(pfn))
		return 0;
	BUILD_BUG_ON(sizeof(*map) != PAGE_SIZE ||
		     sizeof(*map) != sizeof(struct kredact_panic_map) ||
		     offsetof(struct frame_map, bits) != offsetof(struct kredact_panic_map, bits));
	map = (struct frame_map *)get_zeroed_page(GFP_KERNEL);
	if (!map)
		return -ENOMEM;
	map->first = pfn - pfn % MAP_FRAMES;
	old = xa_cmpxchg(&maps, pfn / MAP_FRAMES, NULL, map, GFP_KERNEL);
	if (old) {
		free_page((unsigned long)map);
		return xa_err(old);
	}
	xa_lock(&maps);
	map->next = maps_head ? __pa(maps_head) : 0;
	/* Whoever reads the list finds it whole, at any moment. */
	smp_store_release(&maps_head, map);
	WRITE_ONCE(nr_maps, nr_maps + 1);
	xa_unlock(&maps);
	return 0;
}

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
	int ret;

	ret = kredact_frame_map_make(pfn);
	if (ret)
		return ret;
	for (;; old = seen) {
		seen = xa_cmpxchg(&frames, pfn, old,
				  xa_mk_value(old ? xa_to_value(old) + 1 : 1), GFP_KERNEL);
		if (xa_is_err(seen))
			return xa_err(seen);
		if (seen == old)
			break;
	}
	/* After it was counted: who takes the last pin away has cleared it before. */
	set_bit(pfn % MAP_FRAMES, kredact_frame_map(pfn)->bits);
	atomic64_inc(&kredact_stats.pins);
	return 0;
}

static u32 *kredact_frame_slot(unsigned long pfn)
{
	return &ended[hash_long(pfn, ENDED_BITS)];
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
	WRITE_ONCE(*kredact_frame_slot(pfn), *kredact_frame_slot(pfn) + 1);
	/* Who does not see the pin any more sees that. */
	smp_wmb();
	/* Takes no memory: the entry is there. */
	if (nr > 1) {
		__xa_store(&frames, pfn, xa_mk_value(nr - 1), GFP_NOWAIT);
	} else {
		__xa_erase(&frames, pfn);
		clear_bit(pfn % MAP_FRAMES, kredact_frame_map(pfn)->bits);
	}
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

/**
 * kredact_frame_ended() - a number that changes when a pin of a frame ends
 * @page:	held by the caller
 *
 * Who copies a page asks for it before, then copies, then asks for pins, then for this again:
 * if it is the same and there was no pin, there was none while it was copied. It also changes,
 * rarely, when that of another frame ends. Takes no lock.
 */
u32 kredact_frame_ended(struct page *page)
{
	u32 nr;

	/* After the pins, which kredact_frame_remove() counts before they are gone. */
	smp_rmb();
	nr = READ_ONCE(*kredact_frame_slot(page_to_pfn(page)));
	/* Before the page is copied. */
	smp_rmb();
	return nr;
}

/**
 * kredact_frame_is_pinned() - has a frame any pin, on a machine that has crashed?
 * @pfn:	number of a frame, any
 */
bool kredact_frame_is_pinned(unsigned long pfn)
{
	static struct frame_map *recent;	/* mostly it is the same one */
	struct frame_map *map = recent ?: READ_ONCE(maps_head);
	unsigned long left = READ_ONCE(nr_maps) + 1, first, word;

	for (; map && left; left--) {
		if (get_kernel_nofault(first, &map->first))
			break;
		if (pfn - first < MAP_FRAMES) {
			recent = map;
			pfn -= first;
			return !get_kernel_nofault(word, &map->bits[pfn / BITS_PER_LONG]) &&
			       word >> pfn % BITS_PER_LONG & 1;
		}
		if (!kredact_frame_map_next(&map))
			break;
		/* Once around. */
		if (!map)
			map = READ_ONCE(maps_head);
	}
	return false;
}

/**
 * kredact_frames_visit() - go through all pinned frames of a machine that has crashed
 * @visit:	called with the number of each
 * @arg:	for it
 *
 * In any context, with no lock, and reading no memory that could fault.
 *
 * Return: false if a map could not be read.
 */
bool kredact_frames_visit(void (*visit)(void *arg, unsigned long pfn), void *arg)
{
	/* What a map says is behind this pointer: dependent loads are in order. */
	struct frame_map *map = READ_ONCE(maps_head);
	unsigned long left = READ_ONCE(nr_maps) + 1, word, first, i, bit;

	for (; map && left; left--) {
		if (get_kernel_nofault(first, &map->first))
			return false;
		for (i = 0; i < MAP_WORDS; i++) {
			if (get_kernel_nofault(word, &map->bits[i]))
				return false;
			for_each_set_bit(bit, &word, BITS_PER_LONG)
				visit(arg, first + i * BITS_PER_LONG + bit);
		}
		if (!kredact_frame_map_next(&map))
			return false;
	}
	return !map;
}

/**
 * kredact_frames_name() - say where the maps are, and what is in them; likewise
 * @address:	out: the physical address of the first, or 0
 * @nr:		out: how many
 * @digest:	out: SHA-256 of all of them
 *
 * Return: false if a map could not be read; then there is no digest.
 */
bool kredact_frames_name(u64 *address, u64 *nr, u8 *digest)
{
	struct frame_map *map = READ_ONCE(maps_head);
	unsigned long left = READ_ONCE(nr_maps) + 1;
	struct sha256_state state;
	u8 part[MAP_PART];
	unsigned int at;

	*address = map ? __pa(map) : 0;
	sha256_init(&state);
	for (*nr = 0; map && left; left--, ++*nr) {
		for (at = 0; at < sizeof(*map); at += sizeof(part)) {
			if (copy_from_kernel_nofault(part, (u8 *)map + at, sizeof(part)))
				return false;
			sha256_update(&state, part, sizeof(part));
		}
		if (!kredact_frame_map_next(&map))
			return false;
	}
	sha256_final(&state, digest);
	return !map;
}

/**
 * kredact_frames_exit() - free the maps: nothing is pinned any more
 */
void kredact_frames_exit(void)
{
	struct frame_map *map = maps_head, *next;

	for (maps_head = NULL; map; map = next) {
		next = map->next ? __va(map->next) : NULL;
		free_page((unsigned long)map);
	}
	xa_destroy(&maps);
}
