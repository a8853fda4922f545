// SPDX-License-Identifier: GPL-2.0
/*
 * Sorting in place: see sort.h.
 */
#include "sort.h"

struct heap {
	u8 *at;
	size_t size;
	sort_after_fn after;
	const void *arg;
};

static u8 *element(const struct heap *heap, size_t index)
{
	return heap->at + index * heap->size;
}

static void sift(const struct heap *heap, size_t root, size_t nr)
{
	u8 value[SORT_ELEMENT];
	size_t child;

	memcpy(value, element(heap, root), heap->size);
	while ((child = 2 * root + 1) < nr) {
		if (child + 1 < nr && heap->after(element(heap, child + 1), element(heap, child),
						  heap->arg))
			child++;
		if (!heap->after(element(heap, child), value, heap->arg))
			break;
		memcpy(element(heap, root), element(heap, child), heap->size);
		root = child;
	}
	memcpy(element(heap, root), value, heap->size);
}

/**
 * sort_heap() - sort an array
 * @at:		first element
 * @nr:		how many
 * @size:	bytes of each, at most SORT_ELEMENT
 * @after:	tells the order; elements of which neither comes after the other end in any
 * @arg:	last argument of @after
 */
void sort_heap(void *at, size_t nr, size_t size, sort_after_fn after, const void *arg)
{
	const struct heap heap = { at, size, after, arg };
	u8 most[SORT_ELEMENT];
	size_t i;

	/* What has been written in order, as nearly all is, stays. */
	for (i = 1; i < nr; i++)
		if (after(element(&heap, i - 1), element(&heap, i), arg))
			break;
	if (i >= nr)
		return;
	for (i = nr / 2; i--;)
		sift(&heap, i, nr);
	for (i = nr; i-- > 1;) {
		memcpy(most, at, size);
		memcpy(at, element(&heap, i), size);
		memcpy(element(&heap, i), most, size);
		sift(&heap, 0, i);
	}
}
