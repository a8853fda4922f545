/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Key material that was seen by its structure: what, where, how sure.
 */
#ifndef KREDACT_TOOLS_SIGHTING_H
#define KREDACT_TOOLS_SIGHTING_H

#include <stdarg.h>

#include "text.h"

/* What is listed one by one, in 22 MiB at most; all is counted. */
#define SIGHTINGS_LISTED	131072u
#define SIGHTING_DIGEST_LEN	16u
#define SIGHTING_KINDS		128u

/* What a kind of sighting means for the verdict. */
enum weight {
	WEIGHT_KEY,		/* key material: the dump is not clean */
	WEIGHT_NOTE,		/* worth a line, and no reason against the dump */
};

/**
 * struct kind - a kind of key material; one static object each
 * @word:	its stable name in reports for programs: "aes-schedule"
 * @text:	for people: "AES key schedule"
 * @advice:	what to do about it, one sentence
 * @weight:	what it means
 * @published:	everybody has each byte of it, as a hash of them all says: what else is seen of
 *		the same bytes is no key either
 */
struct kind {
	const char *word;
	const char *text;
	const char *advice;
	enum weight weight;
	bool published;
};

/**
 * struct sighting - one contiguous piece of key material
 * @kind:	what it is
 * @proven:	arithmetically (p * q = n, a whole key schedule, k * G = Q); otherwise the
 *		structure says so
 * @offset:	first byte in the file
 * @len:	bytes: those that must be gone for the dump to be clean
 * @vaddr:	its address, if @mapped
 * @mapped:	it is in a segment
 * @joined:	it goes on in a segment that is elsewhere in the file
 * @digest:	HMAC-SHA-256 of its bytes, cut; equal pieces have equal ones
 * @detail:	a few words more: size, order, which part, which public key; never secret
 */
struct sighting {
	const struct kind *kind;
	bool proven;
	bool mapped;
	bool joined;
	u64 offset;
	u64 vaddr;
	u32 len;
	u8 digest[SIGHTING_DIGEST_LEN];
	char detail[112];
};

/**
 * struct sightings - all that was seen
 * @list:	by offset, once sightings_sort() was called; no two of one kind and place, unless
 *		the second one is longer
 * @reach:	for each entry, the furthest end of it and those before it that count for
 *		sightings_cover()
 * @sorted:	entries that are in order, and have @reach
 * @nr:		entries in @list, at most SIGHTINGS_LISTED
 * @room:	entries that @list has room for
 * @lost:	those beyond, of any weight
 * @keys:	in all, of WEIGHT_KEY
 * @notes:	in all, of WEIGHT_NOTE
 * @kinds:	kinds that were seen
 * @counts:	of each of them
 * @nr_kinds:	entries in @kinds
 *
 * Not for several threads at once.
 */
struct sightings {
	struct sighting *list;
	u64 *reach;
	u32 sorted;
	u32 nr;
	u32 room;
	u64 lost;
	u64 keys;
	u64 notes;
	const struct kind *kinds[SIGHTING_KINDS];
	u64 counts[SIGHTING_KINDS];
	u32 nr_kinds;
};

int sightings_init(struct sightings *all);
void sightings_free(struct sightings *all);
void sightings_add(struct sightings *all, const struct sighting *sighting);
void sightings_sort(struct sightings *all);
bool sightings_cover(struct sightings *all, u64 offset, u32 len);
void sightings_summary(const struct sightings *all, enum weight weight, char *text, size_t room);

#endif /* KREDACT_TOOLS_SIGHTING_H */
