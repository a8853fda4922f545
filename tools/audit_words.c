// SPDX-License-Identifier: GPL-2.0
/*
 * Words for what an audit found: see audit.h.
 */
#include "audit.h"

/**
 * check_word() - name of a check
 * @name:	the check
 *
 * Return: one word.
 */
const char *check_word(enum check_name name)
{
	static const char *const words[CHECKS] = {
		[CHECK_STRUCTURE] = "structure",
		[CHECK_SEAL] = "seal",
		[CHECK_MATCH] = "match",
		[CHECK_AUTHENTICITY] = "authenticity",
		[CHECK_RANGES] = "ranges",
		[CHECK_COPIES] = "copies",
		[CHECK_FINGERPRINTS] = "fingerprints",
		[CHECK_SECRETS] = "secrets",
		[CHECK_KEYS] = "keys",
		[CHECK_CERTS] = "certs",
	};

	return words[name];
}

/**
 * state_word() - the outcome of a check, for programs
 * @state:	the outcome
 *
 * Return: one word.
 */
const char *state_word(enum check_state state)
{
	static const char *const words[] = {
		[CHECK_NOT_DONE] = "not-done",
		[CHECK_PASSED] = "passed",
		[CHECK_FOUND] = "found",
		[CHECK_FAILED] = "failed",
	};

	return words[state];
}

/**
 * verdict_word() - a verdict for people
 * @verdict:	the verdict
 *
 * Return: a few words in capitals.
 */
const char *verdict_word(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_CLEAN:
		return "CLEAN";
	case VERDICT_FOUND:
		return "KEY MATERIAL FOUND";
	default:
		return "CANNOT BE VERIFIED";
	}
}

/**
 * left_out_reason() - why a page was left out
 * @reason:	KREDACT_LEFT_OUT_*
 *
 * Return: a few words.
 */
const char *left_out_reason(u32 reason)
{
	switch (reason) {
	case KREDACT_LEFT_OUT_NOMEM:
		return "no memory for a redacted copy";
	case KREDACT_LEFT_OUT_LOOKUP:
		return "the tags could not be read";
	case KREDACT_LEFT_OUT_UNREADABLE:
		return "the page could not be read";
	case KREDACT_LEFT_OUT_SHARED:
		return "tagged at another address or by another process";
	case KREDACT_LEFT_OUT_UNHUNTED:
		return "copies could not be hunted there";
	default:
		return "another reason";
	}
}
