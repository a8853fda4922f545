// SPDX-License-Identifier: GPL-2.0
/*
 * The record of a seal that tells what policy programs decided: see seal_reader.h.
 */
#include <inttypes.h>
#include <stdio.h>

#include "seal_reader.h"

#define FORCED	(KREDACT_FORCE_PAGES | KREDACT_FORCE_REGISTERS | KREDACT_FORCE_HUNT | \
		 KREDACT_FORCE_STRICT)

/* Of a dump that was dropped there is no seal. */
#define FLAGS	(FORCED | KREDACT_RULES_EXEMPT | KREDACT_RULES_REFUSED)

/**
 * seal_read_rules() - read the record of the rules
 * @seal:	takes them
 * @at:		offset of the payload
 * @len:	of the payload
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG or -EIO.
 */
int seal_read_rules(struct seal *seal, u64 at, u64 len, struct complaint *why)
{
	struct seal_rules *rules = &seal->rules;
	struct kredact_seal_rules raw;

	if (seal->has_rules)
		return complain(why, -EBADMSG, "the seal has two records of policy programs");
	if (len != sizeof(raw))
		return complain(why, -EBADMSG, "record of policy programs of %" PRIu64 " bytes", len);
	if (input_read(seal->in, at, &raw, sizeof(raw), why))
		return -EIO;
	seal->has_rules = true;
	rules->flags = le32toh(raw.flags);
	rules->mappings = le32toh(raw.mappings);
	if (raw.reserved[0] || raw.reserved[1])
		return complain(why, -EBADMSG,
				"a reserved member of the record of policy programs is not zero");
	if (rules->flags & ~FLAGS || !(rules->flags || rules->mappings))
		return complain(why, -EBADMSG, "policy programs decided what there is not: %#x",
				rules->flags);
	return 0;
}

/**
 * seal_check_rules() - do the rules of a seal agree with the rest of it?
 * @seal:	all its records but the last are read
 * @why:	text of an error
 *
 * Return: 0 or -EBADMSG.
 */
int seal_check_rules(const struct seal *seal, struct complaint *why)
{
	const struct seal_policy *policy = &seal->policy;
	u32 flags = seal->rules.flags;

	if (!seal->has_rules)
		return 0;
	if (!seal->has_policy)
		return complain(why, -EBADMSG, "the seal tells of policy programs but has no policy");
	if ((flags & KREDACT_FORCE_REGISTERS && policy->registers != KREDACT_REGISTERS_ALL) ||
	    (flags & KREDACT_FORCE_HUNT && policy->hunt != KREDACT_HUNT_ALL) ||
	    (flags & KREDACT_FORCE_STRICT && !policy->strict))
		return complain(why, -EBADMSG, "policy programs forced what the policy does not have");
	if (flags & KREDACT_RULES_EXEMPT && flags & ~KREDACT_RULES_EXEMPT)
		return complain(why, -EBADMSG, "a dump that is exempted was to lose more");
	return 0;
}

/**
 * seal_rules_text() - what policy programs decided, for people
 * @text:	takes it
 * @size:	bytes there
 * @rules:	the record
 */
void seal_rules_text(char *text, size_t size, const struct seal_rules *rules)
{
	snprintf(text, size, "%s%s%s%s%s%s%s%s%u mappings left out",
		 rules->flags & KREDACT_RULES_EXEMPT ? "EXEMPTED: not redacted; " : "",
		 rules->flags & KREDACT_RULES_REFUSED ? "an exemption was refused; " : "",
		 rules->flags & FORCED ? "forced by programs:" : "",
		 rules->flags & KREDACT_FORCE_PAGES ? " whole pages;" : "",
		 rules->flags & KREDACT_FORCE_REGISTERS ? " registers;" : "",
		 rules->flags & KREDACT_FORCE_HUNT ? " hunt;" : "",
		 rules->flags & KREDACT_FORCE_STRICT ? " strict;" : "",
		 rules->flags & FORCED ? " " : "", rules->mappings);
}
