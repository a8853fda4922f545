/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checks that go on after a failure and say where it was.
 */
#ifndef KREDACT_TESTS_EXPECT_H
#define KREDACT_TESTS_EXPECT_H

#include <stdio.h>

static unsigned int failures;

#define EXPECT(condition) do {							\
	if (!(condition)) {							\
		printf("# line %d: %s\n", __LINE__, #condition);		\
		failures++;							\
	}									\
} while (0)

/* A test of its number, whose failed checks count as one. */
#define RUN(number, name, call) do {						\
	failures = 0;								\
	call;									\
	printf("%sok %d - %s\n", failures ? "not " : "", number, name);		\
	failed += !!failures;							\
} while (0)

#endif /* KREDACT_TESTS_EXPECT_H */
