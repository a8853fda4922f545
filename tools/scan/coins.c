// SPDX-License-Identifier: GPL-2.0
/*
 * Private keys of wallets in Base58Check: the wallet import format, and extended private keys
 * (BIP-32). Four bytes of a double SHA-256 confirm each.
 *
 * The former has no literal, but 51 or 52 letters in a row: of any 16 bytes that begin at a
 * multiple of 32 one lies whole in it, so that no more than half of the bytes is looked at.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "detectors.h"
#include "letters.h"

#ifdef HAVE_SIMD
#include <immintrin.h>
#endif

static const struct kind kind_wif = {
	.word = "wallet-key",
	.text = "private key of a wallet",
	.advice = "move what it holds, and register the buffers of the wallet",
	.weight = WEIGHT_KEY,
};

static const struct kind kind_extended = {
	.word = "wallet-extended-key",
	.text = "extended private key of a wallet",
	.advice = "move what it holds, and register the buffers of the wallet",
	.weight = WEIGHT_KEY,
};

#define STEP		32u
#define BLOCK		16u
#define WIF_LEAST	51u
#define WIF_MOST	52u
#define EXTENDED	111u
#define BYTES_MAX	82u	/* of an extended key, with its sum */
#define SUM		4u

static EVP_MD *sha256;

/* Values of letters, + 1; 0 is none. */
static u8 values[256];

static void make_values(void)
{
	static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
	u32 i;

	for (i = 0; alphabet[i]; i++)
		values[(u8)alphabet[i]] = i + 1;
}

/* Decodes @len letters into exactly @nr bytes, and checks the sum at their end. */
static bool base58check(const u8 *text, u32 len, u8 *bytes, u32 nr)
{
	u8 digest[EVP_MAX_MD_SIZE];
	u32 i, k, carry;

	memset(bytes, 0, nr);
	for (i = 0; i < len; i++) {
		carry = values[text[i]] - 1;
		for (k = nr; k--; carry >>= 8) {
			carry += 58 * bytes[k];
			bytes[k] = carry;
		}
		if (carry)
			return false;
	}
	return EVP_Digest(bytes, nr - SUM, digest, NULL, sha256, NULL) == 1 &&
	       EVP_Digest(digest, 32, digest, NULL, sha256, NULL) == 1 &&
	       !memcmp(digest, bytes + nr - SUM, SUM);
}

/* A version, 32 bytes, and 1 if its public key is the short form. */
static bool is_wif(const u8 *text, u32 len)
{
	u8 bytes[BYTES_MAX];
	u32 nr = 1 + 32 + (len == WIF_MOST) + SUM;
	bool is = base58check(text, len, bytes, nr) && (bytes[0] & 0x80) &&
		  (len == WIF_LEAST || bytes[33] == 1);

	OPENSSL_cleanse(bytes, sizeof(bytes));
	return is;
}

static u32 run(const u8 *at, u64 max)
{
	u32 len;

	for (len = 0; len < max && values[at[len]]; len++)
		;
	return len;
}

/*
 * May all of a block be letters or digits? What this lets through besides them is ':' to '@'
 * and '[' to '`'. A byte below '1' borrows, one above 'z' carries, into its highest bit.
 */
static bool letters_only(const u8 *at)
{
	const u64 ones = 0x0101010101010101ULL;
	u64 a, b;

	memcpy(&a, at, sizeof(a));
	memcpy(&b, at + sizeof(a), sizeof(b));
	return !(((a - '1' * ones) | (a + (0x7f - 'z') * ones) | a |
		  (b - '1' * ones) | (b + (0x7f - 'z') * ones) | b) & 0x80 * ones);
}

#ifdef HAVE_SIMD
/* Are all of a block letters or digits? */
TARGET_AVX2
static inline bool word_avx2(const u8 *at)
{
	const __m128i bytes = _mm_loadu_si128((const void *)at);
	__m128i letters = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
	__m128i digits = _mm_sub_epi8(bytes, _mm_set1_epi8('1'));

	letters = _mm_sub_epi8(letters, _mm_set1_epi8('a'));
	letters = _mm_cmpeq_epi8(letters, _mm_min_epu8(letters, _mm_set1_epi8(25)));
	digits = _mm_cmpeq_epi8(digits, _mm_min_epu8(digits, _mm_set1_epi8(8)));
	return _mm_movemask_epi8(_mm_or_si128(letters, digits)) == 0xffff;
}

TARGET_AVX2
static u64 skip_avx2(const u8 *bytes, u64 at, u64 end)
{
	while (at < end && !word_avx2(bytes + at))
		at += STEP;
	return at;
}

/* Which of 64 bytes are? */
TARGET_AVX512
static inline u64 words_avx512(const u8 *at)
{
	const __m512i bytes = _mm512_loadu_si512(at);
	__m512i letters = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
	__m512i digits = _mm512_sub_epi8(bytes, _mm512_set1_epi8('1'));

	letters = _mm512_sub_epi8(letters, _mm512_set1_epi8('a'));
	return _mm512_cmple_epu8_mask(letters, _mm512_set1_epi8(25)) |
	       _mm512_cmple_epu8_mask(digits, _mm512_set1_epi8(8));
}

TARGET_AVX512
static u64 skip_avx512(const u8 *bytes, u64 at, u64 end)
{
	u64 others;

	for (; at + 2 * STEP <= end; at += 2 * STEP) {
		others = ~words_avx512(bytes + at);
		if (!(u16)others || !(u16)(others >> STEP))
			break;
	}
	return at;
}
#endif /* HAVE_SIMD */

/* Skips blocks that are not all letters and digits, perhaps. */
static u64 skip(const u8 *bytes, u64 at, u64 end)
{
#ifdef HAVE_SIMD
	enum simd level = simd_level();

	if (level == SIMD_AVX512)
		return skip_avx512(bytes, at, end);
	if (level == SIMD_AVX2)
		return skip_avx2(bytes, at, end);
#endif
	(void)bytes;
	(void)end;
	return at;
}

/* The first block from @at on that is in a word, if it begins before @end. */
static u64 next_word(const u8 *bytes, u64 at, u64 end)
{
	u64 pair_end;

	while (at < end) {
		at = skip(bytes, at, end);
		for (pair_end = min(at + 2 * STEP, end); at < pair_end; at += STEP)
			if (letters_only(bytes + at) && run(bytes + at, BLOCK) == BLOCK)
				return at;
	}
	return at;
}

static void look(struct scan *scan, void *state, const struct window *window)
{
	u64 first = window->seam ? 0 : window->begin, last = window->seam ? window->len :
								 window->end;
	u64 end = window->len < BLOCK ? 0 : min(last + 2 * STEP, window->len - (BLOCK - 1));
	u64 at, start;
	u32 len;

	(void)state;
	for (at = next_word(window->bytes, first + STEP, end); at < end;
	     at = next_word(window->bytes, at + STEP, end)) {
		for (start = at; start && at - start < WIF_MOST && values[window->bytes[start - 1]];
		     start--)
			;
		len = run(window->bytes + start, min(window->len - start, WIF_MOST + 1ULL));
		if (start >= first && start < last && (len == WIF_LEAST || len == WIF_MOST) &&
		    is_wif(window->bytes + start, len))
			scan_report(scan, window, start, len, &kind_wif, true,
				    "its checksum is right");
	}
}

/* The last 33 bytes before the sum are a zero and the key. */
static void found(struct scan *scan, void *state, const struct window *window, u64 at,
		  const struct needle *needle)
{
	u8 bytes[BYTES_MAX];

	(void)state;
	(void)needle;
	if (run(window->bytes + at, min(window->len - at, EXTENDED + 1ULL)) == EXTENDED &&
	    base58check(window->bytes + at, EXTENDED, bytes, BYTES_MAX) && !bytes[45])
		scan_report(scan, window, at, EXTENDED, &kind_extended, true,
			    "its checksum is right");
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

static void *open_coins(struct scan *scan, struct complaint *why)
{
	(void)scan;
	make_values();
	if (!sha256)
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!sha256)
		complaint_set(why, "OpenSSL has no SHA-256");
	return sha256 ? &sha256 : NULL;
}

static const struct needle needles[] = {
	NEEDLE("xprv", found),
	NEEDLE("yprv", found),
	NEEDLE("zprv", found),
	NEEDLE("tprv", found),
	{ 0 }
};

const struct detector detect_coins = {
	.name = "coins",
	.open = open_coins,
	.needles = needles,
	.look = look,
};
