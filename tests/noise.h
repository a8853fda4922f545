/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random numbers that are the same in each run: George Marsaglia's xorshift64.
 */
#ifndef KREDACT_TESTS_NOISE_H
#define KREDACT_TESTS_NOISE_H

#include <stddef.h>
#include <string.h>

#include <linux/types.h>

static __u64 random_state = 88172645463325252ULL;

static inline __u64 random_u64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static inline void random_fill(void *to, size_t len)
{
	__u8 *bytes = to;
	size_t i;

	for (i = 0; i < len; i += 8) {
		__u64 value = random_u64();

		memcpy(bytes + i, &value, len - i < 8 ? len - i : 8);
	}
}

#endif /* KREDACT_TESTS_NOISE_H */
