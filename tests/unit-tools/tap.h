/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Results in the Test Anything Protocol.
 */
#ifndef KREDACT_TESTS_TAP_H
#define KREDACT_TESTS_TAP_H

#include <stdbool.h>
#include <stdio.h>

static unsigned int tap_tests, tap_failed;

/* One result; a failed one says where it is. */
#define ok(condition, ...) do {							\
	bool tap_passed = (condition);						\
										\
	printf("%sok %u - ", tap_passed ? "" : "not ", ++tap_tests);		\
	printf(__VA_ARGS__);							\
	putchar('\n');								\
	if (!tap_passed) {							\
		printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition);	\
		tap_failed++;							\
	}									\
	fflush(stdout);								\
} while (0)

/* The plan, and the exit status. */
static inline int tap_end(void)
{
	printf("1..%u\n", tap_tests);
	return tap_failed ? 1 : 0;
}

#endif /* KREDACT_TESTS_TAP_H */
