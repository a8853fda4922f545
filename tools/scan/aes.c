// SPDX-License-Identifier: GPL-2.0
/*
 * AES key schedules, by the recurrence that makes them (FIPS 197, 5.2):
 * w[i] = w[i - n] ^ f(w[i - 1]), where f is the identity but at every n-th word.
 */
#include "detectors.h"

static const struct kind kind = {
	.word = "aes-schedule",
	.text = "AES key schedule",
	.advice = "register the cipher context, or free it before the process can crash",
	.weight = WEIGHT_KEY,
};

/* The S-box, made from its definition: inverse in GF(2^8), then an affine map. */
static u8 sbox[256];

static void make_sbox(void)
{
	u8 p = 1, q = 1, x;

	do {
		p ^= p << 1 ^ (p & 0x80 ? 0x1b : 0);	/* times 3 */
		q ^= q << 1;				/* divided by 3 */
		q ^= q << 2;
		q ^= q << 4;
		q ^= q & 0x80 ? 0x09 : 0;
		x = q ^ (q << 1 | q >> 7) ^ (q << 2 | q >> 6) ^ (q << 3 | q >> 5) ^
		    (q << 4 | q >> 4);
		sbox[p] = x ^ 0x63;
	} while (p != 1);
	sbox[0] = 0x63;
}

static void *open_aes(struct scan *scan, struct complaint *why)
{
	(void)scan;
	(void)why;
	make_sbox();
	return sbox;
}

static u32 load(const u8 *at)
{
	u32 word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static u32 substitute(u32 word)
{
	return sbox[word & 255] | (u32)sbox[word >> 8 & 255] << 8 |
	       (u32)sbox[word >> 16 & 255] << 16 | (u32)sbox[word >> 24] << 24;
}

/* Is the schedule of a key of @n words at @at? In the order of its bytes, as FIPS 197 has it. */
static bool whole(const u8 *at, u32 n)
{
	u32 words = 4 * (n + 7), i, word;
	u8 rcon = 1;

	for (i = n; i < words; i++) {
		word = load(at + 4 * (i - 1));
		if (i % n == 0) {
			word = substitute(word >> 8 | word << 24) ^ rcon;
			rcon = rcon << 1 ^ (rcon & 0x80 ? 0x1b : 0);
		} else if (n > 6 && i % n == 4) {
			word = substitute(word);
		}
		if (load(at + 4 * i) != (word ^ load(at + 4 * (i - n))))
			return false;
	}
	return true;
}

static void look(struct scan *scan, void *state, const struct window *window)
{
	u64 at = (window->begin + 3) & ~3ULL;
	u32 n;

	(void)state;
	for (; at < window->end; at += 4)
		for (n = 4; n <= 8; n += 2)
			if (window->len - at >= 16 * (n + 7) && whole(window->bytes + at, n))
				scan_report(scan, window, at, 16 * (n + 7), &kind, true,
					    "AES-%u, encryption", 32 * n);
}

const struct detector detect_aes = {
	.name = "aes",
	.open = open_aes,
	.look = look,
};
