// SPDX-License-Identifier: GPL-2.0
/*
 * Does this look like random bytes? See random.h.
 */
#include "random.h"

/**
 * looks_random() - are bytes neither text, nor small numbers, nor pointers?
 * @bytes:	they
 * @len:	16 to 64 of them
 *
 * Return: true if they could be a key; of real ones one in ten million fails.
 */
bool looks_random(const u8 *bytes, u32 len)
{
	u64 seen[4] = { 0 };
	u32 i, different = 0, high = 0;

	for (i = 0; i < len; i++) {
		u64 *word = &seen[bytes[i] / 64], bit = 1ULL << bytes[i] % 64;

		different += !(*word & bit);
		*word |= bit;
		high += bytes[i] >> 7;
	}
	return different >= len * 5 / 8 && high > 1 && len - high > 1;
}
