/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A cleaned copy of a dump: all that an audit found is zero in it.
 *
 * This is the part that is done in the sandbox. It has two files, opened before: the copy
 * and a list of what was zeroed, in records of fixed size, for the process outside that
 * vouches for them (clean.h).
 */
#ifndef KREDACT_TOOLS_REDACT_H
#define KREDACT_TOOLS_REDACT_H

#include "audit.h"

#define REDACT_MAGIC	0x6b725a31u
#define REDACT_MAX	(1u << 18)		/* places; more are refused */
#define REDACT_CHECKS	16u

/* Why a place was zeroed. */
enum redact_why {
	REDACT_REGISTERED,
	REDACT_LEFT_OUT,
	REDACT_COPY,
	REDACT_SECRET,
	REDACT_KEY,
	REDACT_NOTE,		/* a sighting that is no key; only if it was asked for */
	REDACT_WHYS,
};

/**
 * struct redact_record - a place that was zeroed
 * @offset:	first byte in the file
 * @len:	bytes; the first and the last were not zero
 * @vaddr:	its address, if @mapped
 * @mapped:	it has one
 * @why:	enum redact_why
 * @kind:	of a sighting: its stable name, cut off, padded with NUL
 * @digest:	of a sighting
 */
struct redact_record {
	u64 offset;
	u64 len;
	u64 vaddr;
	u32 mapped;
	u32 why;
	char kind[32];
	u8 digest[SIGHTING_DIGEST_LEN];
};

/**
 * struct redact_header - the list begins with this, which is written last
 * @magic:	REDACT_MAGIC
 * @verdict:	enum verdict, of the dump as it was
 * @size:	bytes of the dump, and of the copy
 * @records:	records that follow
 * @zeroed:	bytes zeroed; what overlaps counts once
 * @checks:	enum check_state of each check
 */
struct redact_header {
	u32 magic;
	u32 verdict;
	u64 size;
	u64 records;
	u64 zeroed;
	u8 checks[REDACT_CHECKS];
};

/**
 * struct redact - what is wanted, and what came of it
 * @out:	file of the copy
 * @list:	file of the list
 * @notes:	sightings that are no keys are zeroed, too
 * @done:	the copy is complete
 * @why:	otherwise: why not
 * @places:	places that were zeroed
 * @zeroed:	bytes
 */
struct redact {
	int out;
	int list;
	bool notes;
	bool done;
	struct complaint why;
	u64 places;
	u64 zeroed;
};

void redact_run(struct redact *redact, struct audit *audit);
const char *redact_word(enum redact_why why);

#endif /* KREDACT_TOOLS_REDACT_H */
