// SPDX-License-Identifier: GPL-2.0
/*
 * Secret keys of small programs: age and nostr (Bech32, BIP-173), minisign and signify
 * (base64 of a fixed structure), and WireGuard (a label, or netlink's attributes).
 */
#define _GNU_SOURCE
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "detectors.h"
#include "letters.h"
#include "proof.h"

#define KEY(name, which, what) \
	static const struct kind name = { \
		.word = which, .text = what, .weight = WEIGHT_KEY, \
		.advice = "register the buffers that keys are read through", \
	}

KEY(kind_age, "age-secret", "secret key of age");
KEY(kind_nostr, "nostr-secret", "secret key of nostr");
KEY(kind_minisign, "minisign-secret", "secret key of minisign");
KEY(kind_signify, "signify-secret", "secret key of signify");
KEY(kind_wireguard, "wireguard-private", "private key of WireGuard");

static const struct kind kind_encrypted = {
	.word = "signing-encrypted",
	.text = "encrypted secret key of minisign or signify",
	.advice = "as good as its passphrase",
	.weight = WEIGHT_NOTE,
};

static const struct kind kind_example = {
	.word = "wireguard-example",
	.text = "private key of WireGuard's manual",
	.advice = "none",
	.weight = WEIGHT_NOTE,
};

#define BECH32_MAX	90u
#define MINISIGN_LEN	158u	/* bytes */
#define MINISIGN_SECRET	62u	/* where the seed is in it: Ed, KDF, B2, salt, limits, number */
#define SIGNIFY_LEN	104u
#define SIGNIFY_SECRET	40u	/* Ed, BK, rounds, salt, checksum, number */
#define SIGNIFY_SUM	24u
#define CURVE_LEN	32u
#define NEAR		4096u	/* bytes before and after a private key */
#define ATTRIBUTE	4u	/* head of one of netlink */

static EVP_MD *sha512;

/* The checksum of BIP-173 over what is before and after the last 1. */
static bool bech32(const char *text, u32 len)
{
	static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	static const u32 generator[] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
					 0x2a1462b3 };
	const char *one = memrchr(text, '1', len);
	u32 head = one ? one - text : 0, sum = 1, i, k, top, value;

	for (i = 0; one && i < 2 * head + 1 + (len - head - 1); i++) {
		if (i < head) {
			value = (text[i] | 0x20) >> 5;
		} else if (i == head) {
			value = 0;
		} else if (i <= 2 * head) {
			value = (text[i - head - 1] | 0x20) & 31;
		} else {
			const char *at = memchr(alphabet, text[i - head] | 0x20, 32);

			if (!at)
				return false;
			value = at - alphabet;
		}
		top = sum >> 25;
		sum = (sum & 0x1ffffff) << 5 ^ value;
		for (k = 0; k < 5; k++)
			sum ^= top >> k & 1 ? generator[k] : 0;
	}
	return one && sum == 1;
}

static void found_bech32(struct scan *scan, void *state, const struct window *window, u64 at,
			 const struct needle *needle)
{
	struct letters text = { window, at };
	bool age = letter(&text, 0) == 'A';
	u32 len = age ? 74 : 63;
	char word[BECH32_MAX + 1];

	(void)state;
	if (letters_run(&text, 0, len + 1, ALPHABET_WORD "-") == len &&
	    letters_copy(&text, 0, len, word) == len && bech32(word, len))
		letters_report(scan, &text, needle->len, len - needle->len,
			       age ? &kind_age : &kind_nostr, true, "its checksum is right");
	OPENSSL_cleanse(word, sizeof(word));
}

/* A seed and its public half, one after the other. */
static bool pair(const u8 *bytes)
{
	return proof_ecc(ECC_ED25519, (struct octets){ bytes, CURVE_LEN },
			 (struct octets){ bytes + CURVE_LEN, CURVE_LEN }) == PROOF_DONE;
}

static void report_body(struct scan *scan, const struct letters *text, const struct body *body,
			const struct kind *kind, bool proven)
{
	letters_report(scan, text, body->first, body->end - body->first, kind, proven, "%s", "");
}

static void found_minisign(struct scan *scan, void *state, const struct window *window, u64 at,
			   const struct needle *needle)
{
	struct letters text = { window, at };
	struct body body;

	(void)state;
	(void)needle;
	body_decode(&body, &text, 0);
	if (body.len >= MINISIGN_LEN && letters_begin(&text, 0)) {
		if (body.bytes[2])
			report_body(scan, &text, &body, &kind_encrypted, false);
		else if (pair(body.bytes + MINISIGN_SECRET))
			report_body(scan, &text, &body, &kind_minisign, true);
	}
	body_erase(&body);
}

static void found_signify(struct scan *scan, void *state, const struct window *window, u64 at,
			  const struct needle *needle)
{
	struct letters text = { window, at };
	u8 digest[EVP_MAX_MD_SIZE];
	struct body body;
	bool rounds;

	(void)state;
	(void)needle;
	body_decode(&body, &text, 0);
	if (body.len == SIGNIFY_LEN && letters_begin(&text, 0)) {
		rounds = body.bytes[4] || body.bytes[5] || body.bytes[6] || body.bytes[7];
		if (rounds)
			report_body(scan, &text, &body, &kind_encrypted, false);
		else if (EVP_Digest(body.bytes + SIGNIFY_SECRET, 2 * CURVE_LEN, digest, NULL,
				    sha512, NULL) == 1 &&
			 !memcmp(digest, body.bytes + SIGNIFY_SUM, 8) &&
			 pair(body.bytes + SIGNIFY_SECRET))
			report_body(scan, &text, &body, &kind_signify, true);
	}
	body_erase(&body);
}

static bool clamped(const u8 *key)
{
	return !(key[0] & 7) && (key[CURVE_LEN - 1] & 0xc0) == 0x40;
}

/* Is the public half around, raw or in base64? */
static bool public_near(const struct window *window, u64 at, const u8 *private)
{
	u64 from = at - min(at, (u64)NEAR), len = min(window->len - from, 2ULL * NEAR);
	u8 public[CURVE_LEN], text[48];

	if (!proof_public(ECC_X25519, private, public))
		return false;
	EVP_EncodeBlock(text, public, CURVE_LEN);
	return memmem(window->bytes + from, len, public, CURVE_LEN) ||
	       memmem(window->bytes + from, len, text, 43);
}

/* PrivateKey = 43 letters and a '='; wg genkey sets the bits that the curve wants. */
static void found_wireguard(struct scan *scan, void *state, const struct window *window, u64 at,
			    const struct needle *needle)
{
	static const char *const examples[] = { "yAnz5TF+lXXJte14tji3", "oK56DE9Ue9zK76rAc8pB",
						"EEGlnEPYJV//kbvvIqxK" };
	struct letters text = { window, at };
	const struct kind *kind = &kind_wireguard;
	s64 i = needle->len;
	u8 key[CURVE_LEN + 1];
	char word[45];
	u32 k;

	(void)state;
	k = letters_run(&text, i, 16, " \t=:\"'");
	i += k;
	if (!k || letters_run(&text, i, 44, ALPHABET_BASE64) != 43 || letter(&text, i + 43) != '=')
		return;
	letters_copy(&text, i, 43, word);
	for (k = 0; k < sizeof(examples) / sizeof(*examples); k++)
		if (!strncmp(word, examples[k], strlen(examples[k])))
			kind = &kind_example;
	if (base64_tight(word, 43, key) == CURVE_LEN && clamped(key))
		letters_report(scan, &text, i, 44, kind, public_near(window, at, key), "%s",
			       "configuration");
	OPENSSL_cleanse(word, sizeof(word));
	OPENSSL_cleanse(key, sizeof(key));
}

/* WGDEVICE_A_PRIVATE_KEY, and WGDEVICE_A_PUBLIC_KEY after it: what the kernel tells wg. */
static void found_netlink(struct scan *scan, void *state, const struct window *window, u64 at,
			  const struct needle *needle)
{
	static const u8 next[ATTRIBUTE] = { ATTRIBUTE + CURVE_LEN, 0, 4, 0 };
	const u8 *bytes = window->bytes + at;

	(void)state;
	(void)needle;
	if (window->len - at >= 2 * (ATTRIBUTE + CURVE_LEN) &&
	    !memcmp(bytes + ATTRIBUTE + CURVE_LEN, next, ATTRIBUTE) && clamped(bytes + ATTRIBUTE) &&
	    proof_ecc(ECC_X25519, (struct octets){ bytes + ATTRIBUTE, CURVE_LEN },
		      (struct octets){ bytes + 2 * ATTRIBUTE + CURVE_LEN, CURVE_LEN }) ==
		    PROOF_DONE)
		scan_report(scan, window, at + ATTRIBUTE, CURVE_LEN, &kind_wireguard, true,
			    "netlink");
}

static void *open_small(struct scan *scan, struct complaint *why)
{
	(void)scan;
	if (!sha512)
		sha512 = EVP_MD_fetch(NULL, "SHA512", NULL);
	if (sha512 && proof_init())
		return &sha512;
	complaint_set(why, "OpenSSL has no SHA-512 or no elliptic curves");
	return NULL;
}

static const struct needle needles[] = {
	NEEDLE("AGE-SECRET-KEY-1", found_bech32),
	NEEDLE("nsec1", found_bech32),
	NEEDLE("RWQAAEIy", found_minisign),	/* Ed, no KDF, B2 */
	NEEDLE("RWRTY0Iy", found_minisign),	/* Ed, Sc, B2 */
	NEEDLE("RWRCSwAA", found_signify),		/* Ed, BK, few rounds */
	NEEDLE("PrivateKey", found_wireguard),
	NEEDLE("private-key", found_wireguard),
	NEEDLE("private_key", found_wireguard),
	NEEDLE("\x24\0\3\0", found_netlink),
	{ 0 }
};

const struct detector detect_small = {
	.name = "small",
	.open = open_small,
	.needles = needles,
};
