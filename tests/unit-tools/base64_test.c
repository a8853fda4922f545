// SPDX-License-Identifier: GPL-2.0
/*
 * Private keys in base64 without lines of PEM: of every type, written in every way, at every
 * place, and without their beginning.
 */
#define _GNU_SOURCE
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "scanned.h"
#include "tap.h"

#define ROOM	32768u
#define DER	"rsa-der,ec-der"

/* A key in DER, what of it is secret, and how that is called. */
struct key {
	u8 *der;
	int len;
	u32 first;
	u32 nr;
	const char *word;
	bool proven;
};

static char text[4 * ROOM];

/* Where in @key->der the @nr bytes of a number are. */
static void find(struct key *key, const BIGNUM *number, u32 nr)
{
	u8 bytes[2048], *at;

	BN_bn2binpad(number, bytes, nr);
	at = memmem(key->der, key->len, bytes, nr);
	if (!at)
		abort();
	key->first = at - key->der;
	key->nr = nr;
}

static void to_pkcs8(EVP_PKEY *pkey, struct key *key)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);

	key->der = NULL;
	key->len = i2d_PKCS8_PRIV_KEY_INFO(info, &key->der);
	PKCS8_PRIV_KEY_INFO_free(info);
}

static void to_der(EVP_PKEY *pkey, struct key *key, bool pkcs8)
{
	if (pkcs8) {
		to_pkcs8(pkey, key);
	} else {
		key->der = NULL;
		key->len = i2d_PrivateKey(pkey, &key->der);
	}
}

static void made_rsa(EVP_PKEY *pkey, struct key *key, bool pkcs8)
{
	BIGNUM *d = NULL;

	to_der(pkey, key, pkcs8);
	EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_D, &d);
	find(key, d, BN_num_bytes(d));
	key->nr = key->len - key->first;
	key->word = "rsa-private-key";
	key->proven = true;
	BN_free(d);
}

static void made_ec(EVP_PKEY *pkey, struct key *key, bool pkcs8)
{
	BIGNUM *scalar = NULL;

	to_der(pkey, key, pkcs8);
	EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &scalar);
	find(key, scalar, (EVP_PKEY_get_bits(pkey) + 7) / 8);
	key->word = "ec-private-key";
	key->proven = true;
	BN_free(scalar);
}

static void made_raw(EVP_PKEY *pkey, struct key *key)
{
	u8 bytes[64];
	size_t len = sizeof(bytes);

	to_pkcs8(pkey, key);
	EVP_PKEY_get_raw_private_key(pkey, bytes, &len);
	key->first = (u8 *)memmem(key->der, key->len, bytes, len) - key->der;
	key->nr = len;
	key->word = "ec-private-key";
	key->proven = false;
}

static void drop(EVP_PKEY *pkey, struct key *key)
{
	OPENSSL_free(key->der);
	EVP_PKEY_free(pkey);
}

/* Letters before the letter that holds bit @bit, each line of @width ended by @newline. */
static u32 letters_before(u32 letter, u32 width, const char *newline)
{
	return letter + letter / width * strlen(newline);
}

/*
 * Writes @key in lines of @width, each ended by @newline, between @before and a quote; takes
 * what is to be seen. Returns the length.
 */
static u32 written(const struct key *key, u32 width, const char *newline, const char *before,
		   struct seen *seen)
{
	u32 nr = (key->len + 2) / 3 * 4, i, len, last;
	char *plain = malloc(nr + 1);

	EVP_EncodeBlock((u8 *)plain, key->der, key->len);
	len = sprintf(text, "%s", before);
	seen->word = key->word;
	seen->proven = key->proven;
	seen->first = len + letters_before(key->first * 8 / 6, width, newline);
	/* The last letter with a bit of it. */
	last = ((key->first + key->nr) * 8 - 1) / 6;
	seen->len = len + letters_before(last, width, newline) + 1 - seen->first;
	for (i = 0; i < nr; i++) {
		text[len++] = plain[i];
		if ((i + 1) % width == 0)
			len += sprintf(text + len, "%s", newline);
	}
	free(plain);
	text[len++] = '"';
	return len;
}

static bool one_line_is_seen(const struct key *key)
{
	struct seen seen;
	u32 len = written(key, ROOM, "", "{\"key\": \"", &seen);

	return text_everywhere(text, len, DER, &seen);
}

static void test_types(EVP_PKEY *rsa)
{
	static const char *const curves[] = { "P-224", "P-256", "P-384", "P-521", "secp256k1",
					      "brainpoolP512r1" };
	static const char *const raw[] = { "ED25519", "X25519", "ED448", "X448" };
	struct key key;
	EVP_PKEY *pkey;
	u32 i, pkcs8;

	for (pkcs8 = 0; pkcs8 < 2; pkcs8++) {
		made_rsa(rsa, &key, pkcs8);
		ok(one_line_is_seen(&key), "RSA, %s: everywhere, and in UTF-16",
		   pkcs8 ? "PKCS#8" : "PKCS#1");
		OPENSSL_free(key.der);
	}
	for (i = 0; i < sizeof(curves) / sizeof(*curves); i++) {
		pkey = EVP_EC_gen(curves[i]);
		for (pkcs8 = 0; pkcs8 < 2; pkcs8++) {
			made_ec(pkey, &key, pkcs8);
			ok(one_line_is_seen(&key), "%s, %s", curves[i],
			   pkcs8 ? "PKCS#8" : "SEC 1");
			OPENSSL_free(key.der);
		}
		EVP_PKEY_free(pkey);
	}
	for (i = 0; i < sizeof(raw) / sizeof(*raw); i++) {
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, raw[i]);
		made_raw(pkey, &key);
		ok(one_line_is_seen(&key), "%s, PKCS#8", raw[i]);
		drop(pkey, &key);
	}
}

static void test_lines(EVP_PKEY *rsa)
{
	static const struct {
		u32 width;
		const char *newline;
		const char *before;
		const char *name;
	} ways[] = {
		{ 64, "\n", "", "lines of 64" },
		{ 64, "\n", "TE KEY-----\n", "what is left of a line of BEGIN" },
		{ 76, "\r\n", "key:\r\n", "lines of 76, CRLF" },
		{ 64, "\n    ", "key: |\n    ", "indented" },
		{ 64, "\\n", "\"key\": \"", "\\n" },
		{ 64, "\\n", "\"key\": \"\\n", "\\n, also before it" },
		{ 64, "\\u000a", "\"key\": \"\\u000a", "\\u000a, also before it" },
		{ 64, "%0A", "key=%0A", "%0A, also before it" },
		{ 64, "&#10;", "<key>", "XML" },
		{ 4, "\n", "", "lines of 4: the header is found in none" },
	};
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	struct seen seen;
	struct key key;
	u32 i, len;

	for (i = 0; i + 1 < sizeof(ways) / sizeof(*ways); i++) {
		made_rsa(rsa, &key, true);
		len = written(&key, ways[i].width, ways[i].newline, ways[i].before, &seen);
		ok(text_seen(text, len, DER, &seen), "RSA, %s", ways[i].name);
		OPENSSL_free(key.der);
		made_ec(pkey, &key, true);
		len = written(&key, ways[i].width, ways[i].newline, ways[i].before, &seen);
		ok(text_seen(text, len, DER, &seen), "P-256, %s", ways[i].name);
		OPENSSL_free(key.der);
	}
	made_rsa(rsa, &key, true);
	len = written(&key, ways[i].width, ways[i].newline, ways[i].before, &seen);
	ok(nothing(text, len, DER), "RSA, %s", ways[i].name);
	drop(pkey, &key);
}

/* free() overwrote the first 16 letters, here with other letters; more of them are before. */
static void test_beginnings(EVP_PKEY *rsa)
{
	static const char *const before[] = { "", "x", "xy", "xyz", "wxyz" };
	EVP_PKEY *pkey = EVP_EC_gen("P-384");
	struct seen seen;
	struct key key;
	u32 i, len, at, right = 0;

	for (i = 0; i < 5; i++) {
		made_ec(pkey, &key, true);
		len = written(&key, ROOM, "", before[i], &seen);
		at = strlen(before[i]);
		memcpy(text + at, "AbCdEfGhIjKlMnOp", 16);
		right += text_seen(text, len, DER, &seen);
		OPENSSL_free(key.der);
		made_rsa(rsa, &key, true);
		len = written(&key, ROOM, "", before[i], &seen);
		memcpy(text + at, "AbCdEfGhIjKlMnOp", 16);
		right += text_seen(text, len, DER, &seen);
		OPENSSL_free(key.der);
	}
	ok(right == 10, "PKCS#8 that lost its beginning, behind letters of any number");
	EVP_PKEY_free(pkey);
}

/* With its lines it is seen once, whole; in any way that these are written. */
static void test_announced(EVP_PKEY *rsa)
{
	static const char *const lines[] = {
		"-----BEGIN PRIVATE KEY-----\n", "-----BEGIN PRIVATE KEY-----\r\n    ",
		"-----BEGIN PRIVATE KEY-----\\n", "-----BEGIN PRIVATE KEY-----\\\\n",
		"-----BEGIN PRIVATE KEY-----\\u000a", "-----BEGIN+PRIVATE+KEY-----%0A",
		"-----BEGIN%20PRIVATE%20KEY-----%0A",
	};
	u32 i, len, right = 0;
	struct seen seen;
	struct key key;

	made_rsa(rsa, &key, true);
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		len = written(&key, ROOM, "", lines[i], &seen);
		scan_these(text, len, "pem,rsa-pieces,known," DER, NULL);
		right += scanned_nr == 1 && !strcmp(scanned[0].kind->word, "pem-private");
	}
	ok(right == i, "with a line of BEGIN: once, by the detector of PEM");
	/* Its beginning is lost, also so far that the rest looks like the line. */
	for (i = 1; i < 27; i++) {
		len = written(&key, 64, "\n", "-----BEGIN PRIVATE KEY-----\n", &seen);
		memset(text, 0, i);
		if (!text_seen(text, len, DER, &seen))
			break;
	}
	ok(i == 27, "with a part of it, %u of 26", i - 1);
	len = written(&key, 64, "\n", "-----END PRIVATE KEY-----\n", &seen);
	ok(text_seen(text, len, "pem," DER, &seen), "behind the end of another one");
	len = written(&key, 64, "\n", "-----BEGIN PRIVATE KEY-----\n", &seen);
	memcpy(text + 28, "AbCdEfGh", 8);
	ok(text_seen(text, len, "pem," DER, &seen), "with its line, and no beginning");
	OPENSSL_free(key.der);
}

static void test_others(EVP_PKEY *rsa)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct key key = { .word = "none" };
	struct seen seen;
	u32 len, i;

	key.len = i2d_PUBKEY(rsa, &key.der);
	len = written(&key, 64, "\n", "", &seen);
	ok(nothing(text, len, DER), "a public key of RSA: nothing");
	OPENSSL_free(key.der);
	key.der = NULL;
	key.len = i2d_PUBKEY(pkey, &key.der);
	len = written(&key, 64, "\n", "", &seen);
	ok(nothing(text, len, DER), "a public key of Ed25519: nothing");
	drop(pkey, &key);
	made_rsa(rsa, &key, false);
	key.der[key.first + 40] ^= 1;
	memset(key.der + key.first + 256, 0x55, key.len - key.first - 256);
	len = written(&key, 64, "\n", "", &seen);
	ok(nothing(text, len, DER), "numbers that do not agree: nothing");
	OPENSSL_free(key.der);
	key.der = malloc(ROOM / 2);
	key.len = ROOM / 2;
	for (i = 0; i < ROOM / 2; i++)
		key.der[i] = rand();
	len = written(&key, 64, "\n", "", &seen);
	ok(nothing(text, len, NULL), "random bytes: nothing");
	free(key.der);
}

/* What stands before it is no part of it, and none of its letters are taken for that. */
static void test_before(EVP_PKEY *rsa)
{
	static const char *const before[] = {
		"key %s\n", "key %s ", "C:\\u ", "key s\n", "%2B", "%2", "\\", "\\u00", "abc%0A",
		"&#10;", "a\n", "\"\n",
	};
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	u32 i, len, gap, right = 0, nr = 0;
	char line[700];
	struct seen seen;
	struct key key;

	for (i = 0; i < sizeof(before) / sizeof(*before); i++) {
		made_ec(pkey, &key, true);
		len = written(&key, 64, "\n", before[i], &seen);
		if (!text_seen(text, len, DER, &seen))
			printf("# behind %s\n", before[i]);
		else
			right++;
		nr++;
		OPENSSL_free(key.der);
		made_rsa(rsa, &key, true);
		len = written(&key, 64, "\n", before[i], &seen);
		right += text_seen(text, len, DER, &seen);
		nr++;
		OPENSSL_free(key.der);
	}
	ok(right == nr, "behind what looks like an escape, %u of %u", right, nr);
	right = 0;
	made_ec(pkey, &key, true);
	for (gap = 500; gap < 530; gap++) {
		memset(line, ' ', sizeof(line));
		memcpy(line, "abcd", 4);
		line[4 + gap] = '\0';
		len = written(&key, 64, "\n", line, &seen);
		right += seen_at(text, len, DER, &seen, 77, 5000);
	}
	ok(right == 30, "behind letters far away, %u of 30", right);
	drop(pkey, &key);
}

/* Many needles in a little text: some are looked at, and the scan says that not all were. */
static void test_many(void)
{
	static const char *const all[] = { "AoGA", "KBg ", "AoGBAoGB", "AgEAAoIC", "CAQEEICA" };
	u32 i, j, len = 1u << 20, right = 0;
	char *many = malloc(len);
	struct complaint why;
	int error;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
		for (j = 0; j < len; j++)
			many[j] = all[i][j % strlen(all[i])];
		error = scan_tried(many, len, NULL, NULL, &why);
		if (!scanned_keys && (!error || strstr(why.text, "base64")))
			right++;
		else
			printf("# %s: %s\n", all[i], error ? why.text : "something is seen");
	}
	ok(right == i, "a MiB of needles: nothing, or it says that it is too much");
	free(many);
}

int main(void)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048);

	test_types(rsa);
	test_lines(rsa);
	test_beginnings(rsa);
	test_announced(rsa);
	test_others(rsa);
	test_before(rsa);
	test_many();
	EVP_PKEY_free(rsa);
	return tap_end();
}
