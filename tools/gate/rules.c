// SPDX-License-Identifier: GPL-2.0
/*
 * The rules of the gate: see rules.h.
 */
#include <stdarg.h>
#include <stdio.h>

#include <json-c/json.h>

#include "gate/rules.h"

/* What says which bytes are which, and who said so, is set aside by nobody. */
static const struct {
	const char *word;
	bool exceptable;
} rules[GATE_RULES] = {
	[GATE_USER] = { "user", false },
	[GATE_SOURCE] = { "source", false },
	[GATE_QUARANTINE] = { "quarantine", false },
	[GATE_SIZE] = { "size", true },
	[GATE_DESTINATION] = { "destination", false },
	[GATE_CHANGED] = { "source-changed", false },
	[GATE_MISSING] = { "attestation-missing", false },
	[GATE_UNREADABLE] = { "attestation-unreadable", false },
	[GATE_UNTRUSTED] = { "attestation-untrusted", false },
	[GATE_REVOKED] = { "attestation-key-revoked", false },
	[GATE_ROLE] = { "attestation-key-role", false },
	[GATE_KEY_TIME] = { "attestation-key-time", false },
	[GATE_THRESHOLD] = { "attestation-threshold", false },
	[GATE_EXPIRED] = { "attestation-expired", false },
	[GATE_FUTURE] = { "attestation-future", false },
	[GATE_AGE] = { "attestation-age", true },
	[GATE_OTHER_BYTES] = { "attestation-other-bytes", false },
	[GATE_REPLAYED] = { "attestation-replayed", false },
	[GATE_VERIFIER] = { "verifier", false },
	[GATE_SEAL] = { "seal", true },
	[GATE_CHECKS] = { "checks", true },
	[GATE_FINDINGS] = { "findings", true },
	[GATE_LABELS] = { "labels", true },
	[GATE_LOG] = { "log", false },
};

/**
 * rule_word() - name of a rule
 * @rule:	the rule
 *
 * Return: one word.
 */
const char *rule_word(enum gate_rule rule)
{
	return rules[rule].word;
}

/**
 * rule_of_word() - rule of a name
 * @word:	the name
 * @rule:	takes the rule
 *
 * Return: false if there is none.
 */
bool rule_of_word(const char *word, enum gate_rule *rule)
{
	for (*rule = 0; *rule < GATE_RULES; (*rule)++)
		if (!strcmp(rules[*rule].word, word))
			return true;
	return false;
}

/**
 * rule_can_be_excepted() - may persons set a rule aside?
 * @rule:	the rule
 *
 * Return: true if a policy may let them.
 */
bool rule_can_be_excepted(enum gate_rule rule)
{
	return rules[rule].exceptable;
}

/**
 * rule_pass() - a rule lets the dump pass
 * @decision:	takes that; what has failed before stays so
 * @rule:	the rule
 */
void rule_pass(struct decision *decision, enum gate_rule rule)
{
	struct outcome_of *outcome = &decision->rules[rule];

	if (outcome->asked)
		return;
	outcome->asked = true;
	outcome->passed = true;
}

/**
 * rule_fail() - a rule does not let the dump pass
 * @decision:	takes that; the first reason stays
 * @rule:	the rule
 * @format:	as of printf(): why
 */
void rule_fail(struct decision *decision, enum gate_rule rule, const char *format, ...)
{
	struct outcome_of *outcome = &decision->rules[rule];
	va_list args;

	if (rule_failed(decision, rule))
		return;
	outcome->asked = true;
	outcome->passed = false;
	va_start(args, format);
	vsnprintf(outcome->why.text, sizeof(outcome->why.text), format, args);
	va_end(args);
}

/**
 * rule_failed() - did it?
 * @decision:	so far
 * @rule:	the rule
 *
 * Return: true if it does not let the dump pass.
 */
bool rule_failed(const struct decision *decision, enum gate_rule rule)
{
	return decision->rules[rule].asked && !decision->rules[rule].passed;
}

/**
 * decision_allows() - may the dump pass?
 * @decision:	the decision
 *
 * Return: true if all rules were asked, and each has passed or was set aside.
 */
bool decision_allows(const struct decision *decision)
{
	u32 i;

	for (i = 0; i < GATE_RULES; i++)
		if (!decision->rules[i].asked ||
		    !(decision->rules[i].passed || decision->rules[i].excepted))
			return false;
	return true;
}

/**
 * decision_is_final() - is it refused, whatever comes?
 * @decision:	so far
 * @excepted:	rules that persons may set aside
 *
 * Return: true if a rule has failed that nobody sets aside: nothing more need be read.
 */
bool decision_is_final(const struct decision *decision, const bool *excepted)
{
	u32 i;

	for (i = 0; i < GATE_RULES; i++)
		if (rule_failed(decision, i) && !excepted[i])
			return true;
	return false;
}

/**
 * decision_json() - for the log
 * @decision:	the decision
 *
 * Return: a list of the rules that were looked at, to be released by json_object_put().
 */
struct json_object *decision_json(const struct decision *decision)
{
	struct json_object *list = json_object_new_array(), *item;
	u32 i;

	for (i = 0; i < GATE_RULES; i++) {
		const struct outcome_of *outcome = &decision->rules[i];

		if (!outcome->asked)
			continue;
		item = json_object_new_object();
		json_object_object_add(item, "rule", json_object_new_string(rules[i].word));
		json_object_object_add(item, "passed", json_object_new_boolean(outcome->passed));
		if (outcome->excepted)
			json_object_object_add(item, "excepted", json_object_new_boolean(true));
		json_object_object_add(item, "text", json_object_new_string(outcome->why.text));
		json_object_array_add(list, item);
	}
	return list;
}

/**
 * decision_text() - why a dump may not pass, in a line
 * @decision:	the decision
 * @text:	takes it
 * @room:	in @text
 */
void decision_text(const struct decision *decision, char *text, size_t room)
{
	size_t at = 0;
	u32 i;

	text[0] = '\0';
	for (i = 0; i < GATE_RULES; i++) {
		if (!rule_failed(decision, i) || decision->rules[i].excepted || at >= room)
			continue;
		at += snprintf(text + at, room - at, "%s%s: %s", at ? "; " : "", rules[i].word,
			       decision->rules[i].why.text);
	}
}
