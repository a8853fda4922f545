/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the verifier lets through: programs that are nothing but a call of the module, made
 * by hand, so that the module's BTF can be found by one user and used by another.
 */
#ifndef KREDACT_TEST_VERIFIER_H
#define KREDACT_TEST_VERIFIER_H

#include <stdint.h>

enum verifier_hook {
	HOOK_DUMP,	/* fmod_ret of kredact_policy_dump() */
	HOOK_ELSEWHERE,	/* fentry of it: a program that cannot have a say */
};

/* Loads a program that calls @kfunc with its view: 0, or -errno. */
int verifier_load(enum verifier_hook hook, const char *kfunc);
/* The same by a process without the capabilities of the mask. */
int verifier_load_as(uint64_t without, enum verifier_hook hook, const char *kfunc);

/* 0, or -errno. */
int drop_capabilities(uint64_t mask);

#endif /* KREDACT_TEST_VERIFIER_H */
