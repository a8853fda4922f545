// SPDX-License-Identifier: GPL-2.0
/*
 * The records of a seal that tell of the hunt for copies: see seal_reader.h.
 *
 * They are the module's word, and not to be taken for it: what they say must be
 * possible, and must agree with itself, or the seal is damaged.
 */
#include <inttypes.h>

#include "seal_reader.h"

#define BATCH		256u
#define NOTE_MAX	UINT32_MAX	/* bytes of a note: its header has 32 bits for them */
#define COPY_FLAGS	(KREDACT_COPY_REVERSED | KREDACT_COPY_OTHERS | KREDACT_COPY_NOTE)

/**
 * seal_read_policy() - read the record of the policy
 * @seal:	takes it
 * @at:		offset of the payload
 * @len:	of the payload
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG or -EIO.
 */
int seal_read_policy(struct seal *seal, u64 at, u64 len, struct complaint *why)
{
	struct seal_policy *policy = &seal->policy;
	struct kredact_seal_policy raw;

	if (seal->has_policy)
		return complain(why, -EBADMSG, "the seal has two policies");
	if (len != sizeof(raw))
		return complain(why, -EBADMSG, "policy of %" PRIu64 " bytes", len);
	if (input_read(seal->in, at, &raw, sizeof(raw), why))
		return -EIO;
	seal->has_policy = true;
	policy->hunt = le32toh(raw.hunt);
	policy->run = le32toh(raw.run);
	policy->registers = le32toh(raw.registers);
	policy->unhunted = le32toh(raw.unhunted);
	policy->strict = le32toh(raw.strict);
	if (raw.reserved[0] || raw.reserved[1] || raw.reserved[2])
		return complain(why, -EBADMSG, "a reserved member of the policy is not zero");
	if (policy->run < KREDACT_RUN_MIN || policy->run > KREDACT_RUN_MAX)
		return complain(why, -EBADMSG, "policy with a least run of %u bytes", policy->run);
	if (policy->hunt > KREDACT_HUNT_ALL || policy->registers > KREDACT_REGISTERS_ALL ||
	    policy->unhunted > KREDACT_UNHUNTED_TAGGED || policy->strict > 1)
		return complain(why, -EBADMSG, "the policy has a value that there is not: hunt %u, "
				"registers %u, unhunted %u, strict %u", policy->hunt,
				policy->registers, policy->unhunted, policy->strict);
	return 0;
}

/**
 * seal_read_hunt() - read the record of the sums over the hunt
 * @seal:	takes them
 * @at:		offset of the payload
 * @len:	of the payload
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG or -EIO.
 */
int seal_read_hunt(struct seal *seal, u64 at, u64 len, struct complaint *why)
{
	struct seal_hunt *hunt = &seal->hunt;
	struct kredact_seal_hunt raw;

	if (seal->has_hunt)
		return complain(why, -EBADMSG, "the seal has the sums of two hunts");
	if (len != sizeof(raw))
		return complain(why, -EBADMSG, "sums over the hunt of %" PRIu64 " bytes", len);
	if (input_read(seal->in, at, &raw, sizeof(raw), why))
		return -EIO;
	seal->has_hunt = true;
	hunt->ranges = le64toh(raw.ranges);
	hunt->bytes = le64toh(raw.bytes);
	hunt->bytes_plain = le64toh(raw.bytes_plain);
	hunt->copies = le64toh(raw.copies);
	hunt->copy_bytes = le64toh(raw.copy_bytes);
	hunt->copies_lost = le64toh(raw.copies_lost);
	hunt->register_bytes = le64toh(raw.register_bytes);
	hunt->frames = le64toh(raw.frames);
	hunt->frame_bytes = le64toh(raw.frame_bytes);
	hunt->strict_bytes = le64toh(raw.strict_bytes);
	hunt->unindexed = le32toh(raw.unindexed);
	if (raw.reserved[0] || raw.reserved[1] || raw.reserved[2] || raw.reserved[3] ||
	    raw.reserved[4])
		return complain(why, -EBADMSG,
				"a reserved member of the sums over the hunt is not zero");
	return 0;
}

/* One in memory is named once for each page; one in a note lies before the seal. */
static int decode_copy(const struct seal *seal, const struct kredact_seal_copy *raw,
		       struct seal_copy *copy, struct complaint *why)
{
	u64 len = le64toh(raw->len), page_mask = seal->page_size - 1;
	bool fits;

	copy->addr = le64toh(raw->addr);
	copy->last = copy->addr + len - 1;
	copy->handle = le64toh(raw->handle);
	copy->flags = le32toh(raw->flags);
	if (!copy->handle || copy->flags & ~COPY_FLAGS || raw->reserved)
		return complain(why, -EBADMSG, "damaged entry of the copy at %#" PRIx64,
				copy->addr);
	if (copy->flags & KREDACT_COPY_NOTE)
		fits = len <= NOTE_MAX && copy->addr <= seal->core_len &&
		       len <= seal->core_len - copy->addr;
	else
		fits = len <= page_mask + 1 - (copy->addr & page_mask);
	if (!len || !fits)
		return complain(why, -EBADMSG, "copy of %" PRIu64 " bytes at %s%#" PRIx64, len,
				copy->flags & KREDACT_COPY_NOTE ? "offset " : "", copy->addr);
	return 0;
}

/**
 * seal_read_copies() - read a record of copies
 * @seal:	its header is read
 * @at:		offset of the payload
 * @len:	of the payload
 * @visitor:	@copy takes them
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG, -EIO or what @visitor returned.
 */
int seal_read_copies(struct seal *seal, u64 at, u64 len, const struct seal_visitor *visitor,
		     struct complaint *why)
{
	struct kredact_seal_copy raw[BATCH];
	struct seal_copy copy;
	int error;
	u64 i, nr;

	if (len % sizeof(raw[0]))
		return complain(why, -EBADMSG, "record of %" PRIu64 " bytes of copies", len);
	for (; len; at += nr * sizeof(raw[0]), len -= nr * sizeof(raw[0])) {
		nr = min(len / sizeof(raw[0]), (u64)BATCH);
		if (input_read(seal->in, at, raw, nr * sizeof(raw[0]), why))
			return -EIO;
		for (i = 0; i < nr; i++) {
			error = decode_copy(seal, &raw[i], &copy, why);
			if (!error)
				error = visitor->copy(visitor->arg, &copy, why);
			if (error)
				return error;
		}
	}
	return 0;
}

/**
 * seal_count_copy() - of the first visit: everything is counted
 * @arg:	struct seal
 * @copy:	a copy
 * @why:	not used
 *
 * Return: 0.
 */
int seal_count_copy(void *arg, const struct seal_copy *copy, struct complaint *why)
{
	struct seal *seal = arg;

	(void)why;
	seal->nr_copies++;
	/* 2^25 copies fit into a seal, of at most 2^32 bytes. */
	seal->copies_len += copy->last - copy->addr + 1;
	return 0;
}

static int check_sums(const struct seal *seal, struct complaint *why)
{
	const struct seal_hunt *hunt = &seal->hunt;

	if (hunt->copies_lost > hunt->copies ||
	    hunt->copies - hunt->copies_lost != seal->nr_copies)
		return complain(why, -EBADMSG, "the seal counts %" PRIu64 " copies, %" PRIu64
				" of them not named, but names %" PRIu64, hunt->copies,
				hunt->copies_lost, seal->nr_copies);
	if (!hunt->copy_bytes != !hunt->copies ||
	    (!hunt->copies_lost && hunt->copy_bytes > seal->copies_len))
		return complain(why, -EBADMSG, "the seal counts %" PRIu64 " bytes of %" PRIu64
				" copies but names %" PRIu64, hunt->copy_bytes, hunt->copies,
				seal->copies_len);
	if (!hunt->ranges && (hunt->bytes || hunt->bytes_plain))
		return complain(why, -EBADMSG, "the seal says that bytes of no range were hunted");
	if (hunt->copies && (!hunt->bytes || hunt->unindexed))
		return complain(why, -EBADMSG, "the seal names copies but says that nothing was "
				"hunted");
	return 0;
}

static int check_obedience(const struct seal *seal, struct complaint *why)
{
	const struct seal_policy *policy = &seal->policy;
	const struct seal_hunt *hunt = &seal->hunt;
	u64 all = seal->nr_ranges - seal->nr_nohunt;

	if (policy->hunt == KREDACT_HUNT_ALL && !hunt->unindexed && hunt->ranges < all)
		return complain(why, -EBADMSG, "by its policy all %" PRIu64 " ranges were hunted, "
				"by its sums %" PRIu64, all, hunt->ranges);
	if (policy->registers == KREDACT_REGISTERS_NONE && !hunt->unindexed &&
	    (hunt->register_bytes || hunt->frame_bytes))
		return complain(why, -EBADMSG, "registers were zeroed against the policy");
	if (!policy->strict && hunt->strict_bytes)
		return complain(why, -EBADMSG, "the seal has bytes of strict mode, which was off");
	return 0;
}

/**
 * seal_check_hunt() - does what a seal says of the hunt agree with itself?
 * @seal:	all its records but the last are read
 * @why:	text of an error
 *
 * A module from before the hunt writes none of its records. Any later one writes
 * policy and sums, or neither (nothing to hunt by).
 *
 * Return: 0 or -EBADMSG.
 */
int seal_check_hunt(const struct seal *seal, struct complaint *why)
{
	if (seal->has_policy != seal->has_hunt)
		return complain(why, -EBADMSG, seal->has_policy ?
				"the seal has a policy but no sums over the hunt" :
				"the seal has sums over a hunt but no policy");
	if (!seal->has_hunt && seal->nr_copies)
		return complain(why, -EBADMSG, "the seal names copies but tells of no hunt");
	if (!seal->has_hunt && seal->left_out[KREDACT_LEFT_OUT_UNHUNTED])
		return complain(why, -EBADMSG, "pages were left out of a hunt that the seal does "
				"not tell of");
	if (!seal->has_hunt)
		return 0;
	return check_sums(seal, why) ?: check_obedience(seal, why);
}
