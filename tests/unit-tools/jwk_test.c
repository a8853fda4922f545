// SPDX-License-Identifier: GPL-2.0
/*
 * JSON Web Keys: made by OpenSSL and written in several ways; public ones, broken ones, and
 * those of the standards.
 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "scan/effort.h"
#include "scanned.h"
#include "tap.h"

static char text[65536], other[65536];
static u32 len;

__attribute__((format(printf, 1, 2)))
static void add(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	len += vsprintf(text + len, format, args);
	va_end(args);
}

/* In the alphabet of URLs, without padding. */
static void add_base64(const u8 *bytes, u32 nr)
{
	u32 i, end = len + EVP_EncodeBlock((u8 *)text + len, bytes, nr);

	for (i = len; i < end; i++)
		text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
	while (text[end - 1] == '=')
		end--;
	text[end] = '\0';
	len = end;
}

static void add_number(const EVP_PKEY *key, const char *member, const char *name, u32 bytes)
{
	BIGNUM *number = NULL;
	u8 to[1024];

	EVP_PKEY_get_bn_param(key, name, &number);
	if (!bytes)
		bytes = BN_num_bytes(number);
	BN_bn2binpad(number, to, bytes);
	add("\"%s\":\"", member);
	add_base64(to, bytes);
	add("\",");
	BN_clear_free(number);
}

/* From the value of @first to the end of that of @last. */
static struct seen place(const char *kind, const char *first, const char *last, bool proven)
{
	const char *from = strstr(text, first) + strlen(first);
	const char *end = strchr(strstr(text, last) + strlen(last), '"');

	return (struct seen){ kind, from - text, end - from, proven };
}

static void make_rsa(const EVP_PKEY *key, bool primes, bool private)
{
	len = 0;
	add("{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"2026\",\"key_ops\":[\"sign\",\"verify\"],");
	add_number(key, "n", OSSL_PKEY_PARAM_RSA_N, 0);
	add_number(key, "e", OSSL_PKEY_PARAM_RSA_E, 0);
	if (private)
		add_number(key, "d", OSSL_PKEY_PARAM_RSA_D, 0);
	if (primes) {
		add_number(key, "p", OSSL_PKEY_PARAM_RSA_FACTOR1, 0);
		add_number(key, "q", OSSL_PKEY_PARAM_RSA_FACTOR2, 0);
	}
	add("\"use\":\"sig\"}]}");
}

static void test_rsa(void)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	struct seen seen;
	char *at;

	make_rsa(key, true, true);
	seen = place("jwk-private", "\"d\":\"", "\"q\":\"", true);
	ok(text_everywhere(text, len, "jwk", &seen), "RSA with its primes");
	at = text + seen.first + seen.len - 20;
	*at = *at == '3' ? '4' : '3';
	ok(nothing(text, len, "jwk"), "another prime: nothing");
	make_rsa(key, false, true);
	seen = place("jwk-private", "\"d\":\"", "\"d\":\"", true);
	ok(text_seen(text, len, "jwk", &seen), "RSA without primes");
	text[seen.first + 9] ^= 1;
	ok(nothing(text, len, "jwk"), "another exponent: nothing");
	make_rsa(key, false, false);
	ok(nothing(text, len, "jwk"), "a public key: nothing");
	EVP_PKEY_free(key);
}

static EVP_PKEY *make_ec(const char *curve, u32 bytes)
{
	EVP_PKEY *key = EVP_EC_gen(curve);

	len = 0;
	add("{");
	add_number(key, "d", OSSL_PKEY_PARAM_PRIV_KEY, bytes);
	add_number(key, "x", OSSL_PKEY_PARAM_EC_PUB_X, bytes);
	add_number(key, "y", OSSL_PKEY_PARAM_EC_PUB_Y, bytes);
	add("\"crv\":\"%s\",\"kty\":\"EC\",\"ext\":true}", curve);
	return key;
}

static void test_ec(void)
{
	static const struct {
		const char *curve;
		u32 bytes;
	} curves[] = { { "P-256", 32 }, { "P-384", 48 }, { "P-521", 66 }, { "secp256k1", 32 } };
	struct seen seen;
	u32 i;

	for (i = 0; i < 4; i++) {
		EVP_PKEY_free(make_ec(curves[i].curve, curves[i].bytes));
		seen = place("jwk-private", "\"d\":\"", "\"d\":\"", true);
		ok(text_seen(text, len, "jwk", &seen), "%s", curves[i].curve);
		text[seen.first + 5] ^= 1;
		ok(nothing(text, len, "jwk"), "%s, another number: nothing", curves[i].curve);
	}
}

/* The same object, as others write it. */
static void test_written(void)
{
	struct seen seen;
	u32 nr = 0, i, first;

	EVP_PKEY_free(make_ec("P-256", 32));
	seen = place("jwk-private", "\"d\":\"", "\"d\":\"", true);
	for (i = 0; i < len; i++)
		nr += text[i] == '"' ? sprintf(other + nr, "\\\"") :
				       sprintf(other + nr, "%c", text[i]);
	first = strstr(other, "d\\\":\\\"") + 6 - other;
	seen.first = first;
	ok(text_seen(other, nr, "jwk", &seen), "a string in JSON");
	for (i = 0, nr = 0; i < len; i++)
		nr += sprintf(other + nr, text[i] == ',' ? ",\n    " : text[i] == ':' ? " : " : "%c",
			      text[i]);
	seen.first = strstr(other, "\"d\" : \"") + 7 - other;
	ok(text_seen(other, nr, "jwk", &seen), "indented");
	for (i = 0; i < len; i++)
		other[i] = text[i] == '"' ? '\'' : text[i];
	seen.first = strstr(other, "'d':'") + 5 - other;
	ok(text_seen(other, len, "jwk", &seen), "as Python prints it");
}

/* Members before "kty" that are not only letters, and long ones. */
static void test_before(void)
{
	static const char *const ids[] = { "a}b", "]a", "{", "[{", "\\\"}", "\\\\", "a\\/b}", "'" };
	struct seen seen;
	u32 i, nr, chain, escaped, right = 0;

	for (i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		EVP_PKEY_free(make_ec("P-256", 32));
		nr = sprintf(other, "{\"kid\":\"%s\",\"x5t\":[\"%s\",[{}]],", ids[i], ids[i]);
		seen = place("jwk-private", "\"d\":\"", "\"d\":\"", true);
		seen.first += nr - 1;
		memcpy(other + nr, text + 1, len - 1);
		nr += len - 1;
		right += text_seen(other, nr, "jwk", &seen);
		/* As a string in JSON. */
		for (len = 0, escaped = 0; len < nr; len++)
			escaped += sprintf(text + escaped, "%s%c",
					   strchr("\"\\", other[len]) ? "\\" : "", other[len]);
		seen.first = strstr(text, "\"d\\\":\\\"") + 7 - text;
		right += text_seen(text, escaped, "jwk", &seen);
	}
	ok(right == 2 * i, "braces, brackets, quotes and backslashes in strings: %u of %u", right,
	   2 * i);
	for (chain = 3900; chain < 24000; chain += chain < 4300 ? 1 : 6000) {
		EVP_PKEY_free(make_ec("P-256", 32));
		nr = sprintf(other, "{\"x5c\":[\"");
		memset(other + nr, 'M', chain);
		nr += chain;
		nr += sprintf(other + nr, "\"],");
		seen = place("jwk-private", "\"d\":\"", "\"d\":\"", true);
		seen.first += nr - 1;
		memcpy(other + nr, text + 1, len - 1);
		nr += len - 1;
		if (!(chain % 2000 ? seen_at(other, nr, "jwk", &seen, 7, 9000 + nr) :
				     seen_everywhere(other, nr, "jwk", &seen)))
			break;
	}
	ok(chain >= 24000, "certificates before it: once, of whatever length");
}

/* What names a key again and again: some milliseconds are enough, or it says that they are not. */
static void test_effort(void)
{
	static const struct {
		const char *piece;
		bool little;
	} pieces[] = {
		{ "\"kty", true }, { "{\"kty\":[", true }, { "{\"kty\":", true },
		{ "{\"kty\":[{\"x\":1},", true }, { "[\"a\",\"x5c\":\"b\"],", true },
		{ "\"kty\": ", false }, { "\"x5c\":\"\",", false },
	};
	const u64 least = effort_least;
	struct complaint why = { "" };
	u32 i, piece;
	int error;

	effort_least = 10000000;
	for (i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		piece = strlen(pieces[i].piece);
		for (len = 0; len + piece < sizeof(text); len += piece)
			memcpy(text + len, pieces[i].piece, piece);
		error = scan_tried(text, len, "jwk", NULL, &why);
		ok(error == (pieces[i].little ? 0 : -E2BIG) && !scanned_nr, "%s, many times: %s",
		   pieces[i].piece, error ? why.text : "seen");
	}
	effort_least = least;
}

static void test_raw(const char *type, u32 bytes)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, type);
	size_t nr = 64;
	struct seen seen;
	u8 raw[64];

	len = 0;
	add("{\"kty\":\"OKP\",\"crv\":\"%c%s\",\"d\":\"", *type, *type == 'E' ? "d25519" : type + 1);
	EVP_PKEY_get_raw_private_key(key, raw, &nr);
	add_base64(raw, bytes);
	add("\",\"x\":\"");
	nr = 64;
	EVP_PKEY_get_raw_public_key(key, raw, &nr);
	add_base64(raw, bytes);
	add("\"}");
	seen = place("jwk-private", "\"d\":\"", "\"d\":\"", true);
	ok(text_seen(text, len, "jwk", &seen), "%s", type);
	text[seen.first + 3] ^= 1;
	ok(nothing(text, len, "jwk"), "%s, another seed: nothing", type);
	EVP_PKEY_free(key);
}

static void test_oct(void)
{
	struct seen seen;
	u8 key[32];
	u32 i;

	for (i = 0; i < 32; i++)
		key[i] = 7 * i + 3;
	len = 0;
	add("{\"kty\":\"oct\",\"alg\":\"A256GCM\",\"k\":\"");
	add_base64(key, 32);
	add("\"}");
	seen = place("jwk-private", "\"k\":\"", "\"k\":\"", false);
	ok(text_seen(text, len, "jwk", &seen), "a symmetric key: by its form");
	text[seen.first + 4] = '"';
	ok(nothing(text, len, "jwk"), "broken JSON: nothing");
	len = 0;
	add("{\"kty\":\"oct\",\"k\":\"AAAA\"}, {\"kty\":\"oct\"}, \"kty\": \"RSA\", {\"kty\":");
	ok(nothing(text, len, "jwk"), "parts of keys: nothing");
}

/* RFC 7517, appendix A.2; its d is known to be published. */
static void test_published(void)
{
	struct seen seen;

	len = 0;
	add("{\"kty\":\"EC\", \"crv\":\"P-256\",\n"
	    "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\",\n"
	    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\",\n"
	    "\"d\":\"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE\",\n\"use\":\"enc\"}");
	seen = place("jwk-published", "\"d\":\"", "\"d\":\"", true);
	ok(text_seen(text, len, "jwk", &seen) && !scanned_keys, "an example of RFC 7517: a note");
}

/* What is between the members of a published key need not be published. */
static void test_inside(void)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	u32 i, keys = 0, notes = 0;
	u8 *der = NULL;
	int nr = i2d_PrivateKey(pkey, &der);

	len = 0;
	add("{\"kty\":\"EC\", \"crv\":\"P-256\",\n"
	    "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\",\n"
	    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\",\n"
	    "\"d\":\"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE\",\n\"other\":[\"");
	len += EVP_EncodeBlock((u8 *)text + len, der, nr);
	add("\"],\n\"k\":\"AA\"}");
	scan_these(text, len, "jwk,ec-der", NULL);
	for (i = 0; i < scanned_nr; i++) {
		keys += !strcmp(scanned[i].kind->word, "ec-private-key") && scanned[i].proven;
		notes += !strcmp(scanned[i].kind->word, "jwk-published");
	}
	ok(scanned_nr == 2 && keys == 1 && notes == 1 && scanned_keys == 1,
	   "a private key between the members of a published one");
	OPENSSL_free(der);
	EVP_PKEY_free(pkey);
}

/* The exponent of a key that libgcrypt tests itself with, in one whose primes are others. */
static void test_mixed(void)
{
	EVP_PKEY *pkey = EVP_RSA_gen(2048);

	len = 0;
	add("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"d\":\""
	    "B--CUAxAOJmTT-mTrFo28U_y3zjPHvMV8gXuTIPtqhmIkPwj3pqpM8r7N7aoqNumdUEZWDNyhzENP_Lx3cDL"
	    "k35w9X91-DPAIYUrYx0rmlIORDGgPFw_y1dC3NhB2fsSdxqhYg3Ow_FYNCYGbtncP3AoxbWSAsiP3yA5bi-g"
	    "7E9aItkAjzBDZzkxvBSlBG1jJzmDJ5AIZ-OcxhstGv4vSOyOHjhhxo0lfXQl9Ob5mr131h8QyhAO_BQ4kHGD"
	    "GzPdacyOq--GDR3CqqhKvq5d_JG8Ek2vD0yO9bvqQ2dR3oQ6gGPoJ6AkRm9EwoYU-TsHMqEA1KDYbVMv4eIs"
	    "dyXkAQ"
	    "\",");
	add_number(pkey, "n", "n", 0);
	add_number(pkey, "p", "rsa-factor1", 0);
	add_number(pkey, "q", "rsa-factor2", 0);
	add("}");
	scan_these(text, len, "jwk", NULL);
	ok(scanned_nr == 1 && scanned_keys == 1, "primes beside a published exponent are a key");
	EVP_PKEY_free(pkey);
}

int main(void)
{
	test_rsa();
	test_ec();
	test_written();
	test_before();
	test_effort();
	test_raw("ED25519", 32);
	test_raw("X25519", 32);
	test_oct();
	test_published();
	test_inside();
	test_mixed();
	return tap_end();
}
