// SPDX-License-Identifier: GPL-2.0
/*
 * Can bytes be random: see noise.h.
 */
#include <pthread.h>
#include <stdint.h>

#include "noise.h"

#define DIFFERENT_MAX	2048u		/* bytes from which on all 256 are expected */
#define LIMBS_COUNTED	255u		/* each byte of a sum has room for them */
#define CODE_LIMBS	8u		/* that are enough to know code */

/* Of so many bytes, how many different ones are enough. */
static u8 enough[DIFFERENT_MAX + 1];

/* Of random bytes, how many different ones there are on average, in 1/65536. */
static void make_enough(void)
{
	u32 different = 0, len;

	for (len = 0; len <= DIFFERENT_MAX; len++) {
		enough[len] = (different >> 16) * (len > 64 ? 8 : 7) / 10;
		different += 65536 - different / 256;
	}
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
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	u64 seen[4] = { 0 };
	u32 i, different;

	pthread_once(&once, make_enough);
	for (i = 0; i < len; i++)
		seen[bytes[i] / 64] |= 1ULL << bytes[i] % 64;
	different = __builtin_popcountll(seen[0]) + __builtin_popcountll(seen[1]) +
		    __builtin_popcountll(seen[2]) + __builtin_popcountll(seen[3]);
	return different >= enough[min(len, DIFFERENT_MAX)];
}

/*
 * How much likelier a byte is in Linux programs than among random bytes, as a logarithm, in
 * quarters of a bit, rounded down. Measured where a number could begin, by the other tests
 * here; 1 GiB of programs of Debian for x86-64.
 */
static const int8_t likelier[256] = {
	16, 9, 4, 7, 2, 1, 0, 6, 4, -4, -2, -3, -3, -3, 6, 8,
	4, -5, -6, -5, -6, -5, -8, -1, 2, -8, -8, -8, -7, -6, -3, 0,
	5, -8, -8, -5, 10, -6, -6, -5, 1, -6, -8, -9, -7, -6, -3, -3,
	1, -2, -7, -8, -2, -7, -8, -7, -1, 2, -7, 3, -7, -6, -10, -5,
	2, 2, 0, 5, 8, 7, -6, -5, 16, 10, -7, 1, 7, 7, -7, -6,
	-2, -9, -6, 0, -3, -4, -8, -7, 4, -8, -9, 3, -2, -2, -9, -3,
	-3, 0, -6, -2, -3, 2, -1, -4, -2, 0, -9, -6, -2, -4, -1, 0,
	-1, -8, 2, 2, 5, 1, -5, 4, -4, -7, -9, -5, -5, -8, -9, -8,
	-2, -6, -2, 8, -1, 0, -3, -7, -3, 11, -11, 12, -2, 6, -5, -5,
	-2, -11, -10, -11, -8, -10, -11, -10, -6, -10, -11, -11, -9, -11, -11, -11,
	-4, -11, -11, -11, -10, 2, -10, -11, -6, -11, -11, -11, -10, -11, -11, -10,
	-5, -11, -11, -12, -9, -11, -8, -9, -4, -9, -8, -7, -8, -10, -6, -6,
	0, -6, -8, -1, 3, -2, -6, 7, -3, -8, -10, -10, 1, -10, -9, -10,
	-2, -9, -8, -9, -10, -10, -10, -10, 0, -6, -8, -8, -10, -10, -8, -7,
	0, -9, -9, -8, -5, -8, -9, -9, 5, 0, -10, -6, -7, -9, -9, -8,
	4, -8, -9, -3, -10, -10, -2, -8, 7, -7, -7, -6, -6, -7, -2, 9,
};

/*
 * Are all of them together much likelier in a program? Of random bytes one in 2^24 is, at
 * most, whatever the table has, since its factors are 1 on average, or less.
 */
static bool code(const u8 *bytes, u32 nr)
{
	u32 len = 8 * min(nr, CODE_LIMBS), i;
	s32 sum = 0;

	for (i = 0; i < len; i++)
		sum += likelier[bytes[i]];
	return sum >= 4 * 24;
}

static u64 limb_at(const u8 *bytes, u32 i)
{
	u64 limb;

	memcpy(&limb, bytes + 8 * i, sizeof(limb));
	return limb;
}

/*
 * Of all bytes, is each bit set about as often as not? The sum of the squares of how many
 * more there are than not is that of eight random walks: once in 2 * 10^7 it is more.
 */
static bool even(const u8 *bytes, u32 nr)
{
	u64 sums[8] = { 0 }, squares = 0;
	s32 more;
	u32 i, bit;

	nr = min(nr, LIMBS_COUNTED);
	for (i = 0; i < nr; i++) {
		u64 limb = limb_at(bytes, i);

#pragma GCC unroll 8
		for (bit = 0; bit < 8; bit++)
			sums[bit] += limb >> bit & 0x0101010101010101ULL;
	}
#pragma GCC unroll 8
	for (bit = 0; bit < 8; bit++) {
		u64 pairs = (sums[bit] & 0x00ff00ff00ff00ffULL) +
			    (sums[bit] >> 8 & 0x00ff00ff00ff00ffULL);

		more = 2 * (s32)(pairs * 0x0001000100010001ULL >> 48) - 8 * (s32)nr;
		squares += more * more;
	}
	return squares <= 49ULL * 8 * nr;
}

/* Are few of them the same? Code has some bytes often. Once in 2 * 10^7 there are more. */
static bool differ(const u8 *bytes, u32 nr)
{
	static const u8 most[] = { [3] = 16, [4] = 18, [5] = 22, [6] = 26 };
	u8 count[256] = { 0 };
	u32 i, pairs = 0;

	if (nr >= sizeof(most) || !most[nr])
		return true;
	for (i = 0; i < 8 * nr; i++)
		pairs += count[bytes[i]]++;
	return pairs <= most[nr];
}

/**
 * noise_limbs() - can these limbs be random?
 * @bytes:	they; the highest one may be short
 * @nr:		how many
 *
 * Return: as noise_like(), and false if some limbs are as short as pointers (of up to nine
 * one may be), if this is code, if the bits of all bytes have much in common, or if there is
 * much of few bytes.
 */
bool noise_limbs(const u8 *bytes, u32 nr)
{
	u32 i, low = 0, full = nr;

	for (i = 0; i < nr; i++) {
		low += !(limb_at(bytes, i) >> 48);
		if (low > 1 + nr / 10)
			return false;
	}
	if (nr && !(limb_at(bytes, nr - 1) >> 48))
		full--;
	return !code(bytes, full) && even(bytes, full) && differ(bytes, full) &&
	       noise_like(bytes, 8 * nr);
}
