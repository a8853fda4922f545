// SPDX-License-Identifier: GPL-2.0
/*
 * ChaCha20 and Salsa20: states as the algorithms define them, and contexts of OpenSSL,
 * which keeps no constants.
 *
 * The constants are in the code of each library, too, so they are not enough: a key and
 * a small counter have to follow. Nothing here can be proven without what was encrypted.
 */
#include "detectors.h"
#include "needle.h"
#include "random.h"

#define STATE		64u
#define KEY		32u
#define COUNTER_MAX	(1u << 24)	/* blocks: 1 GiB with one nonce */

/* From the key's length in OpenSSL's context to the key, and what is between them. */
#define OPENSSL_KEY	120u
#define OPENSSL_HW	96u
#define OPENSSL_BUFFERED (OPENSSL_KEY + KEY + 16 + 64)

static const struct kind chacha_kind = {
	.word = "chacha20-state",
	.text = "ChaCha20 state",
	.advice = "register the cipher context, or erase it before the process can crash",
	.weight = WEIGHT_KEY,
};

static const struct kind salsa_kind = {
	.word = "salsa20-state",
	.text = "Salsa20 state",
	.advice = "register the cipher context, or erase it before the process can crash",
	.weight = WEIGHT_KEY,
};

static u32 u32_at(const u8 *at)
{
	u32 word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static u64 u64_at(const u8 *at)
{
	u64 word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* A counter of 32 bits in RFC 8439, of 64 bits in the original. */
static bool counts(const u8 *at)
{
	return u32_at(at) < COUNTER_MAX;
}

/* "expand 32-byte k", or "expand 16-byte k" and the key twice; key, counter, nonce. */
static bool is_chacha(const u8 *state, bool longer)
{
	return counts(state + 16 + KEY) && looks_random(state + 16, longer ? KEY : KEY / 2) &&
	       (longer || !memcmp(state + 16, state + 16 + KEY / 2, KEY / 2));
}

/* Salsa20 by diagonals, as libgcrypt has it: the counter is in two places. */
static bool is_skewed_salsa(const u8 *state)
{
	static const u8 words[] = { 4, 5, 7, 9, 10, 12, 14, 15 };
	u8 key[KEY];
	u32 i;

	for (i = 0; i < sizeof(words); i++)
		memcpy(key + 4 * i, state + 4 * words[i], 4);
	return counts(state + 24) && !u32_at(state + 44) && looks_random(key, KEY);
}

static void constant(struct scan *scan, void *state, const struct window *window, u64 at,
		     const struct needle *needle)
{
	const u8 *bytes = window->bytes + at;
	bool longer = bytes[7] == '3';

	(void)state;
	if (window->len - at < STATE)
		return;
	if (is_chacha(bytes, longer))
		scan_report(scan, window, at + needle->len, KEY, &chacha_kind, false,
			    "%u-bit key, after its constants", longer ? 256 : 128);
	else if (longer && is_skewed_salsa(bytes))
		scan_report(scan, window, at, STATE, &salsa_kind, false,
			    "256-bit key, by diagonals");
}

/* "expa", "nd 3", "2-by", "te k" are on the diagonal of the state. */
static void diagonal(struct scan *scan, void *state, const struct window *window, u64 at,
		     const struct needle *needle)
{
	u8 key[KEY];
	u64 first;

	(void)state;
	(void)needle;
	if (at < 40 || window->len - at < STATE - 40)
		return;
	first = at - 40;
	if (memcmp(window->bytes + first, "expa", 4) ||
	    memcmp(window->bytes + first + 20, "nd 3", 4) ||
	    memcmp(window->bytes + first + 60, "te k", 4))
		return;
	memcpy(key, window->bytes + first + 4, KEY / 2);
	memcpy(key + KEY / 2, window->bytes + first + 44, KEY / 2);
	if (looks_random(key, KEY))
		scan_report(scan, window, first, STATE, &salsa_kind, false, "256-bit key");
}

/*
 * struct prov_cipher_ctx_st and what follows it in OpenSSL 3: mode, keylen, ivlen,
 * blocksize, bufsz, ..., hw, ks, libctx; key, counter, buf, partial_len.
 */
static void length(struct scan *scan, void *state, const struct window *window, u64 at, u64 len)
{
	const u8 *bytes = window->bytes + at;
	u64 iv_len, hw;

	(void)state;
	if (len != KEY || at < 8 || window->len - at < OPENSSL_BUFFERED + 4)
		return;
	iv_len = u64_at(bytes + 8);
	hw = u64_at(bytes + OPENSSL_HW);
	if (u32_at(bytes - 8) || (iv_len != 12 && iv_len != 16) || u64_at(bytes + 16) != 1 ||
	    u64_at(bytes + 24) || !hw || hw % 8 || hw >> 48 || u64_at(bytes + OPENSSL_HW + 8) ||
	    u32_at(bytes + OPENSSL_BUFFERED) > 64 || !counts(bytes + OPENSSL_KEY + KEY) ||
	    !looks_random(bytes + OPENSSL_KEY, KEY))
		return;
	scan_report(scan, window, at + OPENSSL_KEY, KEY, &chacha_kind, false,
		    "256-bit key, in a context of OpenSSL");
}

static const struct needle needles[] = {
	NEEDLE("expand 32-byte k", constant),
	NEEDLE("expand 16-byte k", constant),
	NEEDLE("2-by", diagonal),
	{ 0 }
};

const struct detector detect_chacha = {
	.name = "chacha",
	.needles = needles,
	.length = length,
};
