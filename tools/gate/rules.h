/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rules of the gate, each with a name of its own: Documentation/gate.rst lists them.
 */
#ifndef KREDACT_TOOLS_GATE_RULES_H
#define KREDACT_TOOLS_GATE_RULES_H

#include "text.h"

/* In the order in which they are looked at. */
enum gate_rule {
	GATE_USER,
	GATE_SOURCE,
	GATE_QUARANTINE,
	GATE_SIZE,
	GATE_DESTINATION,
	GATE_CHANGED,
	GATE_MISSING,
	GATE_UNREADABLE,
	GATE_UNTRUSTED,
	GATE_REVOKED,
	GATE_ROLE,
	GATE_KEY_TIME,
	GATE_THRESHOLD,
	GATE_EXPIRED,
	GATE_FUTURE,
	GATE_AGE,
	GATE_OTHER_BYTES,
	GATE_REPLAYED,
	GATE_VERIFIER,
	GATE_SEAL,
	GATE_CHECKS,
	GATE_FINDINGS,
	GATE_LABELS,
	GATE_LOG,
	GATE_RULES,
};

/**
 * struct outcome_of - what a rule came to
 * @asked:	it was looked at
 * @passed:	it lets the dump pass
 * @excepted:	it does not, and was set aside by persons
 * @why:	why it does not
 */
struct outcome_of {
	bool asked;
	bool passed;
	bool excepted;
	struct complaint why;
};

/**
 * struct decision - what all rules came to; zeroed at first
 * @rules:	each of them
 */
struct decision {
	struct outcome_of rules[GATE_RULES];
};

struct json_object;

void rule_pass(struct decision *decision, enum gate_rule rule);
void rule_fail(struct decision *decision, enum gate_rule rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool rule_failed(const struct decision *decision, enum gate_rule rule);
bool decision_allows(const struct decision *decision);
bool decision_is_final(const struct decision *decision, const bool *excepted);
const char *rule_word(enum gate_rule rule);
bool rule_of_word(const char *word, enum gate_rule *rule);
bool rule_can_be_excepted(enum gate_rule rule);
struct json_object *decision_json(const struct decision *decision);
void decision_text(const struct decision *decision, char *text, size_t room);

#endif /* KREDACT_TOOLS_GATE_RULES_H */
