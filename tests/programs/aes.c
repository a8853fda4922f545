// SPDX-License-Identifier: GPL-2.0
/* AES key schedules: see aes.h. Plain and slow; FIPS 197 has the names. */
#include <string.h>

#include "aes.h"

static uint8_t double_of(uint8_t a)
{
	return (uint8_t)(a << 1 ^ (a & 0x80 ? 0x1b : 0));
}

static uint8_t product(uint8_t a, uint8_t b)
{
	uint8_t p = 0;

	for (; b; b >>= 1, a = double_of(a))
		if (b & 1)
			p ^= a;
	return p;
}

/* The S-box from its definition: the inverse in GF(2^8), then an affine map. */
static uint8_t sub_byte(uint8_t a)
{
	uint8_t inverse = 1, r;
	int i;

	/* a^254 */
	for (i = 0; i < 254; i++)
		inverse = product(inverse, a);
	r = inverse;
	for (i = 0; i < 4; i++) {
		inverse = (uint8_t)(inverse << 1 | inverse >> 7);
		r ^= inverse;
	}
	return r ^ 0x63;
}

size_t aes_schedule(const uint8_t *key, size_t len, uint8_t *out)
{
	size_t words = len / 4, total = 4 * (words + 7), i, j;
	uint8_t rcon = 1;

	memcpy(out, key, len);
	for (i = words; i < total; i++) {
		uint8_t t[4];

		memcpy(t, out + 4 * (i - 1), 4);
		if (i % words == 0) {
			uint8_t first = t[0];

			t[0] = sub_byte(t[1]) ^ rcon;
			t[1] = sub_byte(t[2]);
			t[2] = sub_byte(t[3]);
			t[3] = sub_byte(first);
			rcon = double_of(rcon);
		} else if (words > 6 && i % words == 4) {
			for (j = 0; j < 4; j++)
				t[j] = sub_byte(t[j]);
		}
		for (j = 0; j < 4; j++)
			out[4 * i + j] = out[4 * (i - words) + j] ^ t[j];
	}
	return 4 * total;
}

void aes_inverse(const uint8_t *schedule, size_t len, uint8_t *out)
{
	static const uint8_t row[4] = { 14, 11, 13, 9 };
	size_t rounds = len / 16, r, c, i, j;

	for (r = 0; r < rounds; r++) {
		const uint8_t *from = schedule + 16 * (rounds - 1 - r);
		uint8_t *to = out + 16 * r;

		if (r == 0 || r == rounds - 1) {
			memcpy(to, from, 16);
			continue;
		}
		for (c = 0; c < 16; c += 4)
			for (i = 0; i < 4; i++) {
				to[c + i] = 0;
				for (j = 0; j < 4; j++)
					to[c + i] ^= product(from[c + j], row[(j + 4 - i) % 4]);
			}
	}
}

void aes_swap(uint8_t *schedule, size_t len)
{
	size_t i;

	for (i = 0; i + 4 <= len; i += 4) {
		uint8_t a = schedule[i], b = schedule[i + 1];

		schedule[i] = schedule[i + 3];
		schedule[i + 1] = schedule[i + 2];
		schedule[i + 2] = b;
		schedule[i + 3] = a;
	}
}
