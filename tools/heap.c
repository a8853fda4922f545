// SPDX-License-Identifier: GPL-2.0
/*
 * The heap of glibc's main arena: see heap.h.
 *
 * Chunks of its heap follow one another from the first byte of the mapping, each with its
 * own size and the flag that the one before it is in use. A mapping in which that walk
 * ends at its very end is a heap; chance does not make one. Only 64-bit, little-endian.
 */
#include "heap.h"

#define CHUNK_HEAD	16u		/* size of the one before it, own size and flags */
#define CHUNK_MIN	32u
#define PREV_IN_USE	1u
#define FLAGS		7u
#define CHUNKS_MIN	2u		/* fewer prove nothing */
#define STEPS_MAX	(1ULL << 24)

/* Size of the chunk at @at, with its flags; 0 if there is none. */
static u64 chunk_at(struct core *core, const struct core_segment *segment, u64 at)
{
	u64 offset = at - segment->vaddr, size;
	struct complaint ignored;
	u8 head[8];

	if (segment->filesz < CHUNK_HEAD || offset > segment->filesz - CHUNK_HEAD ||
	    input_read(core->in, segment->offset + offset + 8, head, sizeof(head), &ignored))
		return 0;
	size = core_word(core, head);
	if ((size & ~(u64)FLAGS) < CHUNK_MIN || (size & 8) || (size & FLAGS & ~PREV_IN_USE) ||
	    (size & ~(u64)FLAGS) > segment->filesz - offset)
		return 0;
	return size;
}

/* Every second mark goes, to make room. */
static void thin_out(struct heap *heap)
{
	u32 i;

	for (i = 0; i < HEAP_MARKS / 2; i++)
		heap->marks[i] = heap->marks[2 * i];
	heap->nr_marks = HEAP_MARKS / 2;
	heap->every *= 2;
}

static bool prove(struct heap *heap, struct core *core, const struct core_segment *segment)
{
	u64 at = segment->vaddr, end = at + segment->filesz, chunks, size;

	heap->every = 1;
	heap->nr_marks = 0;
	/* Nothing is before the first chunk: it says "in use" so that nobody looks. */
	if (segment->filesz != segment->memsz ||
	    !(chunk_at(core, segment, at) & PREV_IN_USE))
		return false;
	for (chunks = 0; at < end; at += size & ~(u64)FLAGS, chunks++) {
		if (++heap->steps > STEPS_MAX)
			return false;
		size = chunk_at(core, segment, at);
		if (!size)
			return false;
		if (chunks % heap->every)
			continue;
		if (heap->nr_marks == HEAP_MARKS)
			thin_out(heap);
		if (chunks % heap->every == 0)
			heap->marks[heap->nr_marks++] = at;
	}
	return chunks >= CHUNKS_MIN;
}

/* The last mark at or below @vaddr. */
static u64 mark_below(const struct heap *heap, u64 vaddr)
{
	u32 low = 0, high = heap->nr_marks;

	while (high - low > 1) {
		u32 middle = low + (high - low) / 2;

		if (heap->marks[middle] <= vaddr)
			low = middle;
		else
			high = middle;
	}
	return heap->marks[low];
}

/**
 * heap_find() - which piece of the heap is an address in?
 * @heap:	remembers the last segment
 * @core:	the core
 * @segment:	of @core; writable memory of no file
 * @vaddr:	in @segment, in the dump
 * @chunk:	takes the piece
 *
 * Return: false if @segment is not proven to be a heap.
 */
bool heap_find(struct heap *heap, struct core *core, const struct core_segment *segment, u64 vaddr,
	       struct heap_chunk *chunk)
{
	u64 at, size, next, end = segment->vaddr + segment->filesz;

	if (!core->is64 || core->encoding != 1)
		return false;
	if (heap->segment != segment) {
		heap->segment = segment;
		heap->proven = prove(heap, core, segment);
	}
	if (!heap->proven)
		return false;
	for (at = mark_below(heap, vaddr); ; at = next) {
		if (++heap->steps > STEPS_MAX)
			return false;
		size = chunk_at(core, segment, at);
		next = at + (size & ~(u64)FLAGS);
		if (!size || vaddr < next)
			break;
	}
	if (!size)
		return false;
	/* A chunk that is in use has the first word of the next one, too. */
	*chunk = (struct heap_chunk){
		.start = at + CHUNK_HEAD,
		.len = next - at - CHUNK_HEAD + (next < end ? 8 : 0),
		.top = next == end,
		.freed = next < end && !(chunk_at(core, segment, next) & PREV_IN_USE),
	};
	return true;
}
