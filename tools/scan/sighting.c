// SPDX-License-Identifier: GPL-2.0
/*
 * Key material that was seen by its structure: see sighting.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sighting.h"

static int compare(const void *a, const void *b)
{
	const struct sighting *left = a, *right = b;

	if (left->offset != right->offset)
		return left->offset < right->offset ? -1 : 1;
	if (left->kind != right->kind)
		return strcmp(left->kind->word, right->kind->word);
	if (left->proven != right->proven)
		return left->proven ? -1 : 1;
	return left->len == right->len ? 0 : left->len > right->len ? -1 : 1;
}

/**
 * sightings_init() - begin with none
 * @all:	to be released by sightings_free()
 *
 * Return: 0 or -ENOMEM.
 */
int sightings_init(struct sightings *all)
{
	*all = (struct sightings){ 0 };
	all->list = calloc(SIGHTINGS_LISTED, sizeof(*all->list));
	if (!all->list)
		return -ENOMEM;
	/* The first time qsort() asks for the size of memory, which the sandbox does not tell. */
	qsort(all->list, SIGHTINGS_LISTED, sizeof(*all->list), compare);
	return 0;
}

/**
 * sightings_free() - release what sightings_init() took
 * @all:	not usable afterwards
 */
void sightings_free(struct sightings *all)
{
	free(all->list);
	all->list = NULL;
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
	if (all->nr == SIGHTINGS_LISTED)
		sightings_sort(all);
	if (all->nr < SIGHTINGS_LISTED) {
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

/**
 * sightings_sort() - put in order, drop what is there twice, and count
 * @all:	may be sorted already
 *
 * Of two of one kind at one place the proven one stays, then the longer one.
 */
void sightings_sort(struct sightings *all)
{
	u32 i, kept = 0;

	qsort(all->list, all->nr, sizeof(*all->list), compare);
	for (i = 0; i < all->nr; i++) {
		if (kept && all->list[kept - 1].offset == all->list[i].offset &&
		    all->list[kept - 1].kind == all->list[i].kind)
			continue;
		all->list[kept++] = all->list[i];
	}
	all->nr = kept;
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
