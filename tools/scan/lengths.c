// SPDX-License-Identifier: GPL-2.0
/*
 * Lengths of keys: see lengths.h.
 */
#include "lengths.h"

#define WORDS	4u
#define BLOCK	4096u

typedef u64 words __attribute__((vector_size(8 * WORDS)));

static u64 word_at(const u8 *at)
{
	u64 word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* Is one of eight words 32 or 48? Both are 48 once the bit of 16 is set. */
static bool any_length(const u8 *at)
{
	words left, right, hit;

	memcpy(&left, at, sizeof(left));
	memcpy(&right, at + sizeof(left), sizeof(right));
	hit = (words)((left | 16) == 48) | (words)((right | 16) == 48);
	return hit[0] | hit[1] | hit[2] | hit[3];
}

/* In [at, end), at multiples of eight. */
static void look_aligned(struct scan *scan, const struct window *window, u64 at, u64 end,
			 length_fn found)
{
	u64 last;

	for (; at < end; at = last) {
		last = min(at + 16 * WORDS, end);
		if (window->len - at >= 16 * WORDS && !any_length(window->bytes + at))
			continue;
		for (; at < last && window->len - at >= 8; at += 8)
			if ((word_at(window->bytes + at) | 16) == 48)
				found(scan, window, at, word_at(window->bytes + at));
	}
}

/* By how much a place in the window has to grow to be aligned, if what is at @at is to go by. */
static u64 misaligned(const struct scan *scan, const struct window *window, u64 at)
{
	u64 vaddr;

	if (!scan_vaddr(scan, window->offset + at, &vaddr))
		vaddr = window->offset + at;
	return (at - vaddr) % 8;
}

/**
 * lengths_look() - tell of all lengths in a window
 * @scan:	the scan
 * @window:	the window
 * @found:	is called for each of them, with its place and value
 *
 * They are aligned to eight bytes in memory, or in a file that is no core. Segments begin
 * at pages of memory, but anywhere in the file.
 */
void lengths_look(struct scan *scan, const struct window *window, length_fn found)
{
	u64 at, end, first, last;

	for (at = window->begin; at < window->end; at = end) {
		end = min(at + BLOCK, window->end);
		first = misaligned(scan, window, at);
		last = misaligned(scan, window, end - 1);
		look_aligned(scan, window, at + (first - at) % 8, end, found);
		if (last != first)
			look_aligned(scan, window, at + (last - at) % 8, end, found);
	}
}
