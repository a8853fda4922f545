/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the hunter must find, by brute force and straight from its definition: each place
 * of the memory against each place of each secret, in both orders. Shares nothing with the
 * hunter but the definition.
 */
#ifndef KREDACT_TESTS_HUNT_ORACLE_H
#define KREDACT_TESTS_HUNT_ORACLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline bool oracle_is_plain(const uint8_t *run, unsigned int len)
{
	unsigned int distinct = 0, text = 0, common = 0, least = 4, i, j;

	for (i = 0; i < len; i++) {
		for (j = 0; j < i && run[j] != run[i]; j++)
			;
		distinct += j == i;
		if (i + 4 <= len && (!memcmp(run + i, "\0\0\0\0", 4) ||
				     !memcmp(run + i, "\xff\xff\xff\xff", 4)))
			return true;
		text += !run[i] || run[i] == 9 || run[i] == 10 || (run[i] > 31 && run[i] < 127);
		common += run[i] && strchr(" etaoinsr", run[i]);
	}
	if (len >= 12)
		least = 5;
	if (len >= 16)
		least = 6;
	return distinct < least || (text == len && common >= len - common);
}

/* Marks the bytes of @memory that are in a run of a secret which is not plain. */
static inline void oracle_mark(const uint8_t *memory, unsigned int len, const uint8_t *secret,
			       unsigned int secret_len, unsigned int run, uint8_t *marks)
{
	uint8_t *other = malloc(secret_len + 1);
	unsigned int a, i, order;

	for (i = 0; i < secret_len; i++)
		other[i] = secret[secret_len - 1 - i];
	for (order = 0; order < 2; order++, secret = other)
		for (i = 0; i + run <= secret_len; i++)
			for (a = 0; a + run <= len; a++) {
				/* This alone decides most, and memcmp() is slow under ASan. */
				if (memory[a] != secret[i] || memcmp(memory + a, secret + i, run))
					continue;
				if (oracle_is_plain(secret + i, run))
					break;
				memset(marks + a, 1, run);
			}
	free(other);
}

/* Marks the bytes of a secret that are hunted. */
static inline void oracle_hunted(const uint8_t *secret, unsigned int len, unsigned int run,
				 uint8_t *marks)
{
	unsigned int i;

	memset(marks, 0, len);
	for (i = 0; i + run <= len; i++)
		if (!oracle_is_plain(secret + i, run))
			memset(marks + i, 1, run);
}

#endif /* KREDACT_TESTS_HUNT_ORACLE_H */
