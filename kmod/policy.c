// SPDX-License-Identifier: GPL-2.0
/*
 * The policy: what the administrator wants of dumps of tagged processes, and what
 * registrations ask for on top of it.
 */
#include <linux/seqlock.h>

#include "kredact.h"

/* Replaced as a whole: a dump never sees half of a new one. */
static DEFINE_SEQLOCK(policy_lock);
static struct kredact_policy policy = {
	.hunt = KREDACT_HUNT_ALL,
	.run = KREDACT_RUN_DEFAULT,
	.registers = KREDACT_REGISTERS_ALL,
	.unhunted = KREDACT_UNHUNTED_WRITABLE,
};

/**
 * kredact_policy_get() - the administrator's policy
 * @to:		out, but for its size
 */
void kredact_policy_get(struct kredact_policy *to)
{
	u32 size = to->size;
	unsigned int seq;

	do {
		seq = read_seqbegin(&policy_lock);
		*to = policy;
	} while (read_seqretry(&policy_lock, seq));
	to->size = size;
}

/**
 * kredact_policy_set() - replace the administrator's policy
 * @from:	by any caller who may
 *
 * Return: 0, or -EINVAL, then nothing has changed.
 */
int kredact_policy_set(const struct kredact_policy *from)
{
	struct kredact_policy was;

	if (from->flags || from->reserved || from->hunt > KREDACT_HUNT_ALL ||
	    from->run < KREDACT_RUN_MIN || from->run > KREDACT_RUN_MAX ||
	    from->registers > KREDACT_REGISTERS_ALL ||
	    from->unhunted > KREDACT_UNHUNTED_TAGGED || from->strict > 1)
		return -EINVAL;
	write_seqlock(&policy_lock);
	was = policy;
	policy = *from;
	write_sequnlock(&policy_lock);
	was.size = from->size;
	if (memcmp(&was, from, sizeof(was)))
		kredact_event_policy(&was, from, kredact_rules_may_exempt(),
				     kredact_rules_may_exempt());
	return 0;
}

/**
 * kredact_policy_raise() - what registrations of a process ask for beyond a policy
 * @to:		from kredact_policy_get()
 * @wants:	their flags
 */
void kredact_policy_raise(struct kredact_policy *to, u32 wants)
{
	if (wants & KREDACT_REGS)
		to->registers = KREDACT_REGISTERS_ALL;
	if (wants & KREDACT_STRICT)
		to->strict = 1;
}

/**
 * kredact_policy_hunts() - are copies of a range hunted?
 * @by:		the policy
 * @flags:	of the range
 * @label:	of the range, or 0
 */
bool kredact_policy_hunts(const struct kredact_policy *by, u32 flags, u32 label)
{
	u32 hunt = READ_ONCE(by->hunt);

	if (flags & KREDACT_NOHUNT)
		return false;
	return hunt == KREDACT_HUNT_ALL || (hunt == KREDACT_HUNT_LABELLED && label) ||
	       (flags & (KREDACT_HUNT | KREDACT_GROUP));
}

/**
 * kredact_policy_coverage() - what the policy in force adds to a range's coverage
 * @flags:	of the range
 * @label:	of the range, or 0
 * @len:	bytes
 * @wants:	flags of all registrations of the process
 *
 * Return: KREDACT_COVER_*.
 */
u32 kredact_policy_coverage(u32 flags, u32 label, u64 len, u32 wants)
{
	u32 coverage = 0;

	/* Each by itself: it may be another policy by the time that the caller is told. */
	if (len >= READ_ONCE(policy.run) && kredact_policy_hunts(&policy, flags, label))
		coverage |= KREDACT_COVER_COPIES;
	if (READ_ONCE(policy.registers) == KREDACT_REGISTERS_ALL || (wants & KREDACT_REGS))
		coverage |= KREDACT_COVER_REGS;
	return coverage;
}
