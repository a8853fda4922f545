// SPDX-License-Identifier: GPL-2.0
/*
 * Key material that was seen by its structure: see sighting.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sighting.h"
#include "sort.h"

_Static_assert(sizeof(struct sighting) <= SORT_ELEMENT, "sort_heap() takes it");

/* Room to begin with. */
#define SIGHTINGS_ROOM	1024u
/* What is looked through one by one before all is sorted again. */
#define UNSORTED_MAX	8192u

/**
 * sightings_init() - begin with none
 * @all:	to be released by sightings_free()
 *
 * Return: 0 or -ENOMEM.
 */
int sightings_init(struct sightings *all)
{
	*all = (struct sightings){ 0 };
	all->room = SIGHTINGS_ROOM;
	all->list = calloc(all->room, sizeof(*all->list));
	all->reach = calloc(all->room, sizeof(*all->reach));
	return all->list && all->reach ? 0 : -ENOMEM;
}

/**
 * sightings_free() - release what sightings_init() took
 * @all:	not usable afterwards
 */
void sightings_free(struct sightings *all)
{
	free(all->list);
	free(all->reach);
	all->list = NULL;
	all->reach = NULL;
}

static void count(struct sightings *all, const struct kind *kind)
{
	u32 i;

	for (i = 0; i < all->nr_kinds && all->kinds[i] != kind; i++)
		;
	if (i == SIGHTING_KINDS)
		return;
	if (i == all->nr_kinds)
		all->kinds[all->nr_kinds++] = kind;
	all->counts[i]++;
}

static bool grow(struct sightings *all)
{
	u32 room = min(2 * all->room, SIGHTINGS_LISTED);
	struct sighting *grown;
	u64 *reach;

	if (room == all->room)
		return false;
	grown = realloc(all->list, room * sizeof(*grown));
	if (!grown)
		return false;
	all->list = grown;
	reach = realloc(all->reach, room * sizeof(*reach));
	if (!reach)
		return false;
	all->reach = reach;
	all->room = room;
	return true;
}

/**
 * sightings_add() - add one
 * @all:	not yet sorted
 * @sighting:	is copied
 *
 * The list of a full table is sorted first, so that what was reported twice does
 * not take the room of something else.
 */
void sightings_add(struct sightings *all, const struct sighting *sighting)
{
	if (all->nr == all->room && !all->lost)
		sightings_sort(all);
	if (all->nr < all->room || grow(all)) {
		all->list[all->nr++] = *sighting;
		return;
	}
	all->lost++;
	if (sighting->kind->weight == WEIGHT_KEY)
		all->keys++;
	else
		all->notes++;
	count(all, sighting->kind);
}

static bool comes_after(const void *a, const void *b, const void *arg)
{
	const struct sighting *left = a, *right = b;

	(void)arg;
	if (left->offset != right->offset)
		return left->offset > right->offset;
	if (left->kind != right->kind)
		return strcmp(left->kind->word, right->kind->word) > 0;
	if (left->proven != right->proven)
		return right->proven;
	return left->len < right->len;
}

/* Is what else is seen of these bytes the same key? Those of a joined one are elsewhere. */
static bool counts(const struct sighting *sighting)
{
	return !sighting->joined &&
	       (sighting->kind->weight == WEIGHT_KEY || sighting->kind->published);
}

/**
 * sightings_sort() - put in order, drop what is there twice, and count
 * @all:	may be sorted already
 *
 * Of two of one kind at one place the proven one stays, and what is longer than it.
 */
void sightings_sort(struct sightings *all)
{
	u32 i, kept = 0;

	sort_heap(all->list, all->nr, sizeof(*all->list), comes_after, NULL);
	for (i = 0; i < all->nr; i++) {
		if (kept && all->list[kept - 1].offset == all->list[i].offset &&
		    all->list[kept - 1].kind == all->list[i].kind &&
		    all->list[kept - 1].len >= all->list[i].len)
			continue;
		all->reach[kept] = kept ? all->reach[kept - 1] : 0;
		if (counts(&all->list[i]))
			all->reach[kept] = max(all->reach[kept],
					       all->list[i].offset + all->list[i].len);
		all->list[kept++] = all->list[i];
	}
	all->nr = kept;
	all->sorted = kept;
	if (all->lost)
		return;		/* counted one by one from there on */
	all->keys = 0;
	all->notes = 0;
	all->nr_kinds = 0;
	memset(all->counts, 0, sizeof(all->counts));
	for (i = 0; i < all->nr; i++) {
		if (all->list[i].kind->weight == WEIGHT_KEY)
			all->keys++;
		else
			all->notes++;
		count(all, all->list[i].kind);
	}
}

/**
 * sightings_cover() - is that known already, as a part of something longer or as it is?
 * @all:	may be sorted by it
 * @offset:	first byte in the file
 * @len:	how many
 *
 * Return: true if one that is listed, a key or a published one, has all these bytes.
 */
bool sightings_cover(struct sightings *all, u64 offset, u32 len)
{
	u32 low = 0, high, middle, i;

	if (all->nr - all->sorted > UNSORTED_MAX)
		sightings_sort(all);
	/* Of those that begin not after it one reaches its end, or none does. */
	for (high = all->sorted; low < high;) {
		middle = low + (high - low) / 2;
		if (all->list[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low && all->reach[low - 1] >= offset + len)
		return true;
	for (i = all->sorted; i < all->nr; i++)
		if (counts(&all->list[i]) && all->list[i].offset <= offset &&
		    all->list[i].offset + all->list[i].len >= offset + len)
			return true;
	return false;
}

/**
 * sightings_summary() - what was seen, in a line
 * @all:	sorted
 * @weight:	kinds of this weight
 * @text:	takes it: "AES key schedule 3, RSA prime 2"
 * @room:	bytes in @text; what does not fit is cut off
 */
void sightings_summary(const struct sightings *all, enum weight weight, char *text, size_t room)
{
	size_t at = 0;
	u32 i;

	*text = '\0';
	for (i = 0; i < all->nr_kinds && at < room; i++)
		if (all->kinds[i]->weight == weight)
			at += snprintf(text + at, room - at, "%s%s %" PRIu64, at ? ", " : "",
				       all->kinds[i]->text, all->counts[i]);
}
