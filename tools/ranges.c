// SPDX-License-Identifier: GPL-2.0
/*
 * The addresses that must be zero: see ranges.h.
 */
#include <stdlib.h>

#include "ranges.h"
#include "sort.h"

/**
 * spans_add() - add addresses to a set
 * @spans:	zeroed before its first use
 * @start:	first byte
 * @last:	last byte, not below @start
 * @why:	text of an error
 *
 * What continues the span added before (the module lists ranges by address,
 * so that is common) makes it longer and takes no memory.
 *
 * Return: 0, -E2BIG or -ENOMEM.
 */
int spans_add(struct spans *spans, u64 start, u64 last, struct complaint *why)
{
	struct span *tail = spans->nr ? &spans->at[spans->nr - 1] : NULL;

	if (tail && start >= tail->start && (!start || start - 1 <= tail->last)) {
		tail->last = max(tail->last, last);
		return 0;
	}
	if (spans->nr == SPANS_MAX)
		return complain(why, -E2BIG, "more than %u ranges", SPANS_MAX);
	if (spans->nr == spans->room) {
		u32 room = spans->room ? spans->room * 2 : 64;
		struct span *grown = realloc(spans->at, room * sizeof(*grown));

		if (!grown)
			return complain(why, -ENOMEM, "out of memory for %u ranges", room);
		spans->at = grown;
		spans->room = room;
	}
	if (spans->nr && start < spans->at[spans->nr - 1].start)
		spans->unsorted = true;
	spans->at[spans->nr++] = (struct span){ start, last };
	return 0;
}

/**
 * spans_add_memory() - add where memory of the process is in the file
 * @spans:	of offsets in the file
 * @core:	the core
 * @start:	first address
 * @last:	last address
 * @why:	text of an error
 *
 * Return: 0, -E2BIG or -ENOMEM.
 */
int spans_add_memory(struct spans *spans, const struct core *core, u64 start, u64 last,
		     struct complaint *why)
{
	u32 i = core_segment_from(core, start);
	int error = 0;

	for (; !error && i < core->nr_segments && core->segments[i].vaddr <= last; i++) {
		const struct core_segment *segment = &core->segments[i];
		u64 from = max(start, segment->vaddr) - segment->vaddr;

		if (from < segment->filesz)
			error = spans_add(spans, segment->offset + from, segment->offset +
					  min(last - segment->vaddr, segment->filesz - 1), why);
	}
	return error;
}

static bool starts_later(const void *a, const void *b, const void *arg)
{
	const struct span *left = a, *right = b;

	(void)arg;
	return left->start > right->start;
}

/**
 * spans_sort() - make a set ready for searching
 * @spans:	complete
 */
void spans_sort(struct spans *spans)
{
	u32 from, to = 0;

	if (!spans->nr)
		return;
	if (spans->unsorted)
		sort_heap(spans->at, spans->nr, sizeof(*spans->at), starts_later, NULL);
	spans->unsorted = false;
	for (from = 1; from < spans->nr; from++) {
		struct span *tail = &spans->at[to], next = spans->at[from];

		if (next.start <= tail->last || next.start - 1 == tail->last)
			tail->last = max(tail->last, next.last);
		else
			spans->at[++to] = next;
	}
	spans->nr = to + 1;
}

/**
 * spans_find() - find an address in a set
 * @spans:	sorted
 * @addr:	an address
 *
 * Return: index of the first span that ends at or above @addr; @nr if none does.
 */
u32 spans_find(const struct spans *spans, u64 addr)
{
	u32 low = 0, high = spans->nr;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (spans->at[middle].last < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/**
 * spans_touch() - are some of these addresses in a set?
 * @spans:	sorted
 * @start:	first byte
 * @last:	last byte
 *
 * Return: true if at least one is.
 */
bool spans_touch(const struct spans *spans, u64 start, u64 last)
{
	u32 index = spans_find(spans, start);

	return index < spans->nr && spans->at[index].start <= last;
}

/**
 * spans_free() - release a set
 * @spans:	empty afterwards
 */
void spans_free(struct spans *spans)
{
	free(spans->at);
	*spans = (struct spans){ 0 };
}

#define BLOCK	64u

static bool block_is_zero(const u8 *bytes)
{
	u64 words[BLOCK / 8];

	memcpy(words, bytes, sizeof(words));
	return !(words[0] | words[1] | words[2] | words[3] |
		 words[4] | words[5] | words[6] | words[7]);
}

/* Bytes from @first to @last, @nr of which are not zero, the outer ones among them. */
static void note_dirty(struct zeros *zeros, u64 first, u64 last, u32 nr)
{
	struct span *tail = zeros->nr_places ? &zeros->places[zeros->nr_places - 1] : NULL;

	zeros->dirty += nr;
	/* A page is one place: key bytes that happen to be zero do not divide it. */
	if (tail && (first - tail->last < 4096 || zeros->nr_places == DIRTY_MAX))
		tail->last = last;
	else
		zeros->places[zeros->nr_places++] = (struct span){ first, last };
}

/* At most BLOCK bytes, which are not all zero. */
static void note_block(struct zeros *zeros, const u8 *bytes, u32 len, u64 addr)
{
	u32 i, nr = 0, first = len, last = 0;

	for (i = 0; i < len; i++) {
		nr += !!bytes[i];
		first = min(first, bytes[i] ? i : len);
		last = bytes[i] ? i : last;
	}
	if (nr)
		note_dirty(zeros, addr + first, addr + last, nr);
}

static void scan(struct zeros *zeros, const u8 *bytes, u64 len, u64 addr)
{
	u64 i, part;

	for (i = 0; i < len; i += part) {
		part = min(len - i, (u64)BLOCK);
		if (part < BLOCK || !block_is_zero(bytes + i))
			note_block(zeros, bytes + i, part, addr + i);
	}
}

static int check_part(struct zeros *zeros, struct core *core, u64 offset, u64 len, u64 addr,
		      struct complaint *why)
{
	const u8 *bytes;
	u64 part;
	int error;

	for (; len; offset += part, addr += part, len -= part) {
		error = input_window(core->in, offset, len, &bytes, &part, why);
		if (error)
			return error;
		if (bytes)
			scan(zeros, bytes, part, addr);
		zeros->zero += part;	/* less the dirty ones, at the end */
	}
	return 0;
}

/**
 * zeros_check() - are all bytes of a set zero in a core?
 * @zeros:	takes the outcome
 * @spans:	sorted
 * @core:	sound
 * @why:	text of an error
 *
 * Each byte of the file is read at most once, in ascending order.
 *
 * Return: 0 if all was read, whatever was found; -EBADMSG or -EIO.
 */
int zeros_check(struct zeros *zeros, const struct spans *spans, struct core *core,
		struct complaint *why)
{
	u32 segment = 0, i;
	int error;

	*zeros = (struct zeros){ 0 };
	for (i = 0; i < spans->nr; i++)
		zeros->bytes += spans->at[i].last - spans->at[i].start + 1;
	for (i = 0; i < spans->nr && segment < core->nr_segments;) {
		const struct core_segment *at = &core->segments[segment];
		const struct span *span = &spans->at[i];
		u64 start, last;

		/* What ends first is done with; both lists are in ascending order. */
		if (!at->filesz || at->vaddr + (at->filesz - 1) < span->start) {
			segment = max(segment + 1, core_segment_from(core, span->start));
			continue;
		}
		if (span->last < at->vaddr) {
			i = max(i + 1, spans_find(spans, at->vaddr));
			continue;
		}
		start = max(span->start, at->vaddr);
		last = min(span->last, at->vaddr + (at->filesz - 1));
		error = check_part(zeros, core, at->offset + (start - at->vaddr),
				   last - start + 1, start, why);
		if (error)
			return error;
		if (last == span->last)
			i++;
		else
			segment++;
	}
	zeros->absent = zeros->bytes - zeros->zero;
	zeros->zero -= zeros->dirty;
	return 0;
}
