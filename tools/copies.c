// SPDX-License-Identifier: GPL-2.0
/*
 * The copies that a seal names: see copies.h.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "copies.h"

/* Goes over the copies, and then over the ranges. */
struct gatherer {
	struct copies *copies;
	struct core *core;
};

static void sift(struct owner *at, u32 root, u32 nr)
{
	struct owner value = at[root];
	u32 child;

	while ((child = 2 * root + 1) < nr) {
		if (child + 1 < nr && at[child].handle < at[child + 1].handle)
			child++;
		if (at[child].handle <= value.handle)
			break;
		at[root] = at[child];
		root = child;
	}
	at[root] = value;
}

/* As spans are sorted, and for the same reasons; then each handle is there once. */
static void owners_sort(struct owners *owners)
{
	struct owner *at = owners->at;
	u32 i, to = 0;

	if (!owners->nr)
		return;
	for (i = owners->nr / 2; i--;)
		sift(at, i, owners->nr);
	for (i = owners->nr; i-- > 1;) {
		struct owner most = at[0];

		at[0] = at[i];
		at[i] = most;
		sift(at, 0, i);
	}
	for (i = 1; i < owners->nr; i++) {
		if (at[i].handle == at[to].handle) {
			at[to].copies += at[i].copies;
			at[to].bytes += at[i].bytes;
		} else {
			at[++to] = at[i];
		}
	}
	owners->nr = to + 1;
}

static int owners_grow(struct owners *owners, struct complaint *why)
{
	u32 room = owners->room ? owners->room * 2 : 64;
	struct owner *grown;

	if (room > OWNERS_MAX)
		return complain(why, -E2BIG, "copies of more than %u registrations", OWNERS_MAX / 2);
	grown = realloc(owners->at, room * sizeof(*grown));
	if (!grown)
		return complain(why, -ENOMEM, "out of memory for %u registrations", room);
	owners->at = grown;
	owners->room = room;
	return 0;
}

static int owners_add(struct owners *owners, u64 handle, u64 bytes, struct complaint *why)
{
	struct owner *tail = owners->nr ? &owners->at[owners->nr - 1] : NULL;
	int error;

	if (tail && tail->handle == handle) {
		tail->copies++;
		tail->bytes += bytes;
		return 0;
	}
	if (owners->nr == owners->room) {
		owners_sort(owners);
		/* Half of it must be free again, or sorting would never end. */
		if (owners->nr >= owners->room / 2) {
			error = owners_grow(owners, why);
			if (error)
				return error;
		}
	}
	owners->at[owners->nr++] = (struct owner){ .handle = handle, .copies = 1, .bytes = bytes };
	return 0;
}

static struct owner *owners_find(const struct owners *owners, u64 handle)
{
	u32 low = 0, high = owners->nr;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (owners->at[middle].handle < handle)
			low = middle + 1;
		else
			high = middle;
	}
	return low < owners->nr && owners->at[low].handle == handle ? &owners->at[low] : NULL;
}

static bool is_in_notes(const struct core *core, const struct seal_copy *copy)
{
	u32 i;

	for (i = 0; i < core->nr_notes; i++) {
		const struct core_notes *notes = &core->notes[i];

		if (copy->addr >= notes->offset && copy->last - notes->offset < notes->len)
			return true;
	}
	return false;
}

static int gather_copy(void *arg, const struct seal_copy *copy, struct complaint *why)
{
	struct gatherer *gatherer = arg;
	struct copies *copies = gatherer->copies;
	bool note = copy->flags & KREDACT_COPY_NOTE;
	int error;

	if (note && gatherer->core->sound && !is_in_notes(gatherer->core, copy))
		return complain(why, -EBADMSG, "the seal names a copy in a note at offset %#" PRIx64
				", where the core has none", copy->addr);
	if (copies->nr_listed < COPIES_LISTED)
		copies->listed[copies->nr_listed++] = *copy;
	error = spans_add(note ? &copies->notes : &copies->memory, copy->addr, copy->last, why);
	if (error)
		return error;
	if (copy->flags & KREDACT_COPY_OTHERS) {
		copies->of_others++;
		return 0;
	}
	return owners_add(&copies->owners, copy->handle, copy->last - copy->addr + 1, why);
}

static int gather_range(void *arg, const struct seal_range *range, struct complaint *why)
{
	struct gatherer *gatherer = arg;
	struct owner *owner = owners_find(&gatherer->copies->owners, range->handle);

	(void)why;
	if (owner && !owner->known) {
		owner->known = true;
		owner->label = range->label;
	}
	return 0;
}

/* Whose are they? */
static int name_owners(struct copies *copies, struct seal *seal, struct complaint *why)
{
	struct gatherer gatherer = { .copies = copies };
	const struct seal_visitor ranges = { &gatherer, gather_range, NULL, NULL };
	struct seal_label *label;
	int error;
	u32 i;

	error = copies->owners.nr ? seal_visit(seal, &ranges, why) : 0;
	for (i = 0; !error && i < copies->owners.nr; i++) {
		const struct owner *owner = &copies->owners.at[i];

		if (!owner->known)
			return complain(why, -EBADMSG, "the seal names copies of handle %#" PRIx64
					", of which it has no range", owner->handle);
		label = owner->label ? seal_label(seal, owner->label) : &seal->unlabelled;
		label->copies += owner->copies;
		label->copy_bytes += owner->bytes;
	}
	return error;
}

/* The sums of the seal are of bytes that it names, each counted once. */
static int check_bytes(const struct copies *copies, const struct seal_hunt *hunt,
		       struct complaint *why)
{
	u64 named = copies->memory_zeros.bytes + copies->notes_zeros.bytes;

	if (copies->memory_zeros.absent || copies->notes_zeros.absent)
		return complain(why, -EBADMSG, "%" PRIu64 " bytes of copies that the seal says were "
				"zeroed are not in the core", copies->memory_zeros.absent +
				copies->notes_zeros.absent);
	if (named > hunt->copy_bytes || (named < hunt->copy_bytes && !hunt->copies_lost))
		return complain(why, -EBADMSG, "the seal counts %" PRIu64 " bytes of copies but "
				"names %" PRIu64, hunt->copy_bytes, named);
	return 0;
}

/**
 * copies_check() - are the copies of a seal zero in its core?
 * @copies:	takes what is known of them; copies_free() releases it, also after an error
 * @seal:	readable, with a hunt; its labels take the numbers of their copies
 * @core:	any
 * @why:	text of an error
 *
 * What can be read is looked at even after an error: bytes that are not zero are in
 * @memory_zeros and @notes_zeros.
 *
 * Return: 0, -EBADMSG (seal and core contradict each other), -E2BIG, -ENOMEM or -EIO.
 */
int copies_check(struct copies *copies, struct seal *seal, struct core *core,
		 struct complaint *why)
{
	struct gatherer gatherer = { copies, core };
	const struct seal_visitor gather = { &gatherer, NULL, NULL, gather_copy };
	struct core file = copies_file(copies, core);
	struct complaint ignored;
	int error;

	error = seal_visit(seal, &gather, why);
	spans_sort(&copies->memory);
	spans_sort(&copies->notes);
	owners_sort(&copies->owners);
	if (!core->sound)
		return error ?: complain(why, -EBADMSG, "the core cannot be read at these addresses");
	if (!error)
		error = name_owners(copies, seal, why);
	if (zeros_check(&copies->memory_zeros, &copies->memory, core, error ? &ignored : why) ||
	    zeros_check(&copies->notes_zeros, &copies->notes, &file, error ? &ignored : why))
		return error ?: -EIO;
	return error ?: check_bytes(copies, &seal->hunt, why);
}

/**
 * copies_label() - the label of what a copy is of
 * @copies:	after copies_check()
 * @copy:	a copy of the same seal
 *
 * Return: its id, or 0: none, or another process's.
 */
u32 copies_label(const struct copies *copies, const struct seal_copy *copy)
{
	const struct owner *owner = copy->flags & KREDACT_COPY_OTHERS ? NULL :
				    owners_find(&copies->owners, copy->handle);

	return owner ? owner->label : 0;
}

/**
 * copies_file() - a core whose addresses are offsets in its file
 * @copies:	outlives what is returned
 * @core:	the real one
 *
 * Return: a core of one segment, for zeros_check(); nothing to be closed.
 */
struct core copies_file(struct copies *copies, const struct core *core)
{
	copies->file = (struct core_segment){ .memsz = core->end, .filesz = core->end };
	return (struct core){
		.in = core->in,
		.segments = &copies->file,
		.nr_segments = 1,
		.end = core->end,
		.sound = core->sound,
	};
}

/**
 * copies_free() - release what copies_check() took
 * @copies:	lists and sums stay
 */
void copies_free(struct copies *copies)
{
	spans_free(&copies->memory);
	spans_free(&copies->notes);
	free(copies->owners.at);
	copies->owners = (struct owners){ 0 };
}

/**
 * unindexed_reason() - why nothing was hunted
 * @reason:	KREDACT_UNINDEXED_*
 *
 * Return: a few words.
 */
const char *unindexed_reason(u32 reason)
{
	switch (reason) {
	case KREDACT_UNINDEXED_NOMEM:
		return "no memory for the index";
	case KREDACT_UNINDEXED_LIMIT:
		return "more secrets than the index may hold";
	case KREDACT_UNINDEXED_UNREADABLE:
		return "registered memory could not be read";
	case KREDACT_UNINDEXED_LOOKUP:
		return "the tags could not be read";
	default:
		return "another reason";
	}
}

/**
 * unhunted_consequence() - what was done as nothing could be hunted
 * @unhunted:	KREDACT_UNHUNTED_*
 *
 * Return: a few words.
 */
const char *unhunted_consequence(u32 unhunted)
{
	return unhunted == KREDACT_UNHUNTED_WRITABLE ?
	       "all memory that may hold copies was left out" :
	       "copies may be in the core";
}
