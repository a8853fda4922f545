// SPDX-License-Identifier: GPL-2.0
/*
 * What a seal says of policy programs: read, and checked against itself. An exempted
 * core is never clean.
 */
#include "audited.h"
#include "tap.h"

static void with_rules(struct fixture *fixture, u32 flags, u32 mappings)
{
	fixture_init(fixture);
	fixture_hunt(fixture, NULL, 0);
	fixture->rules = 1;
	fixture->rule_flags = flags;
	fixture->rule_mappings = mappings;
}

static void test_good(void)
{
	static const u32 flags[] = {
		KREDACT_FORCE_PAGES, KREDACT_FORCE_REGISTERS, KREDACT_FORCE_HUNT,
		KREDACT_RULES_REFUSED,
	};
	struct fixture fixture;
	u32 i;

	for (i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		with_rules(&fixture, flags[i], 0);
		ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN && audit.seal.has_rules &&
		   audit.seal.rules.flags == flags[i] && !audit.seal.unknown, "flags %#x: clean",
		   flags[i]);
	}
	with_rules(&fixture, 0, 2);
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN && audit.seal.rules.mappings == 2,
	   "mappings that are left out: clean");
}

static void test_exempted(void)
{
	struct fixture fixture;

	with_rules(&fixture, KREDACT_RULES_EXEMPT, 0);
	fixture_build(&fixture);
	ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && audit.seal.readable &&
	   failed_only(CHECK_SEAL), "exempted, and nothing in it: %s",
	   audit.checks[CHECK_SEAL].text.text);
	ok(with_byte(&fixture, 0x11110) == VERDICT_FOUND && audit_unverified(&audit),
	   "exempted, and something in it: found");
	fixture_free(&fixture);
}

static void test_contradictions(void)
{
	struct fixture fixture;
	u32 bit;

	for (bit = 0; bit < 32; bit++) {
		if (bit < 3 || bit == 6)
			continue;
		with_rules(&fixture, 1u << bit, 0);
		ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED, "flags %#x: %s", 1u << bit,
		   audit.checks[CHECK_SEAL].text.text);
	}
	with_rules(&fixture, 0, 0);
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED, "nothing was asked for");
	with_rules(&fixture, KREDACT_RULES_EXEMPT | KREDACT_FORCE_PAGES, 0);
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && !audit.seal.readable,
	   "exempted, and forced");
	with_rules(&fixture, KREDACT_FORCE_REGISTERS, 0);
	fixture.policy[POLICY_REGISTERS] = KREDACT_REGISTERS_MATCHING;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED, "registers forced, but kept");
	with_rules(&fixture, KREDACT_FORCE_HUNT, 0);
	fixture.policy[POLICY_HUNT] = KREDACT_HUNT_OFF;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED, "the hunt forced, but off");
	with_rules(&fixture, KREDACT_FORCE_PAGES, 0);
	fixture.rules = 2;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED, "two records");
	with_rules(&fixture, KREDACT_FORCE_PAGES, 0);
	fixture.rule_reserved = 1;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED, "a reserved member is not zero");
	fixture_init(&fixture);
	fixture.rules = 1;
	fixture.rule_flags = KREDACT_FORCE_PAGES;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED, "rules without a policy");
}

int main(void)
{
	test_good();
	test_exempted();
	test_contradictions();
	return tap_end();
}
