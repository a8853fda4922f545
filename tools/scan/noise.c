// SPDX-License-Identifier: GPL-2.0
/*
 * Can bytes be random: see noise.h.
 */
#include "noise.h"

/* Of random bytes, how many different ones there are on average, in 1/65536. */
static u32 expected(u32 len)
{
	u32 different = 0;

	for (len = min(len, 2048U); len; len--)
		different += 65536 - different / 256;
	return different;
}

/**
 * noise_like() - can these bytes be random?
 * @bytes:	some bytes
 * @len:	how many
 *
 * By how many different ones there are: seven tenths of what is expected, or eight if
 * there are more than 64 bytes. Of random bytes less than one in 10^6 fails.
 *
 * Return: false if they are text, code, pointers, small integers, a table, a pattern.
 */
bool noise_like(const u8 *bytes, u32 len)
{
	u64 seen[4] = { 0 };
	u32 i, different;

	for (i = 0; i < len; i++)
		seen[bytes[i] / 64] |= 1ULL << bytes[i] % 64;
	different = __builtin_popcountll(seen[0]) + __builtin_popcountll(seen[1]) +
		    __builtin_popcountll(seen[2]) + __builtin_popcountll(seen[3]);
	return different >= (expected(len) >> 16) * (len > 64 ? 8 : 7) / 10;
}
