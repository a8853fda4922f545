// SPDX-License-Identifier: GPL-2.0
/*
 * Keys of small programs, of wallets and in PKCS#12: known ones of their descriptions, others
 * made here, and each with one letter or byte changed.
 */
#define _GNU_SOURCE
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "scan/simd.h"
#include "scanned.h"
#include "tap.h"

static char text[4096];
static u8 bytes[16384], raw[2][32];
static u32 len;

/* @word after @before letters; @first and @nr of its letters are the secret. */
static void test_word(const char *name, const char *only, const char *word, const char *kind,
		      u32 first, bool wide)
{
	struct seen seen = { kind, 1 + first, strlen(word) - first, true };
	u32 i, changed = 0;

	len = sprintf(text, " %s\n", word);
	ok(wide ? text_everywhere(text, len, only, &seen) :
		  seen_everywhere(text, len, only, &seen), "%s", name);
	for (i = seen.first; i < seen.first + seen.len; i += 5) {
		char before = text[i];

		text[i] = before == '3' ? '4' : '3';
		changed += nothing(text, len, only);
		text[i] = before;
	}
	ok(changed == (seen.len + 4) / 5, "%s, one letter changed: nothing", name);
	memmove(text + seen.first + 20, text + seen.first + 21, len - seen.first - 20);
	ok(nothing(text, len - 1, only), "%s, one letter less: nothing", name);
}

static void make_raw(const char *type)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, type);
	size_t nr = 32;

	EVP_PKEY_get_raw_private_key(key, raw[0], &nr);
	nr = 32;
	EVP_PKEY_get_raw_public_key(key, raw[1], &nr);
	EVP_PKEY_free(key);
}

static u32 write_body(const char *before, const u8 *from, u32 nr)
{
	len = sprintf(text, "%s", before);
	len += EVP_EncodeBlock((u8 *)text + len, from, nr);
	len += sprintf(text + len, "\n");
	return len - 1 - strlen(before);
}

static void test_minisign(void)
{
	static const char comment[] = "untrusted comment: minisign secret key\n";
	struct seen seen = { "minisign-secret", sizeof(comment) - 1, 0, true };
	u8 file[158] = "Ed\0\0B2";

	make_raw("ED25519");
	memset(file + 6, 0, 32 + 8 + 8);
	memset(file + 54, 0x77, 8);
	memcpy(file + 62, raw, 64);
	seen.len = write_body(comment, file, sizeof(file));
	ok(text_everywhere(text, len, "small", &seen), "minisign");
	file[62] ^= 1;
	write_body(comment, file, sizeof(file));
	ok(nothing(text, len, "small"), "minisign, one bit changed: nothing");
	memcpy(file + 2, "Sc", 2);
	write_body(comment, file, sizeof(file));
	seen.word = "signing-encrypted";
	seen.proven = false;
	ok(text_seen(text, len, "small", &seen) && !scanned_keys, "minisign, encrypted: a note");
}

static void test_signify(void)
{
	static const char comment[] = "untrusted comment: signify secret key\n";
	struct seen seen = { "signify-secret", sizeof(comment) - 1, 0, true };
	u8 file[104] = "EdBK", digest[64];

	memset(file + 8, 0x55, 16);
	memcpy(file + 40, raw, 64);
	SHA512(file + 40, 64, digest);
	memcpy(file + 24, digest, 8);
	seen.len = write_body(comment, file, sizeof(file));
	ok(text_everywhere(text, len, "small", &seen), "signify");
	file[24] ^= 1;
	write_body(comment, file, sizeof(file));
	ok(nothing(text, len, "small"), "signify, another checksum: nothing");
	file[7] = 42;
	write_body(comment, file, sizeof(file));
	seen.word = "signing-encrypted";
	seen.proven = false;
	ok(text_seen(text, len, "small", &seen) && !scanned_keys, "signify, encrypted: a note");
}

static void test_wireguard(void)
{
	static const char before[] = "[Interface]\nPrivateKey = ";
	struct seen seen = { "wireguard-private", sizeof(before) - 1, 44, false };
	static const u8 private[4] = { 36, 0, 3, 0 }, public[4] = { 36, 0, 4, 0 };

	make_raw("X25519");
	raw[0][0] &= 248;
	raw[0][31] = (raw[0][31] & 127) | 64;
	write_body(before, raw[0], 32);
	ok(text_everywhere(text, len, "small", &seen), "WireGuard, a configuration");
	len += sprintf(text + len, "# PublicKey = ");
	len += EVP_EncodeBlock((u8 *)text + len, raw[1], 32);
	seen.proven = true;
	ok(seen_everywhere(text, len, "small", &seen), "proven by the public key near it");
	raw[0][0] |= 1;
	write_body(before, raw[0], 32);
	ok(nothing(text, len, "small"), "not what the curve wants: nothing");
	write_body("PublicKey = ", raw[1], 32);
	ok(nothing(text, len, "small"), "a public key: nothing");
	raw[0][0] &= ~1;
	memcpy(bytes, private, 4);
	memcpy(bytes + 4, raw[0], 32);
	memcpy(bytes + 36, public, 4);
	memcpy(bytes + 40, raw[1], 32);
	seen = (struct seen){ "wireguard-private", 4, 32, true };
	ok(seen_everywhere(bytes, 72, "small", &seen), "WireGuard, netlink");
	bytes[50] ^= 1;
	ok(nothing(bytes, 72, "small"), "WireGuard, another public key: nothing");
	len = sprintf(text, "PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n");
	seen = (struct seen){ "wireguard-example", 13, 44, false };
	ok(text_seen(text, len, "small", &seen) && !scanned_keys, "WireGuard's manual: a note");
}

static X509 *make_certificate(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);

	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const u8 *)"test", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 1000);
	X509_set_pubkey(certificate, key);
	X509_sign(certificate, key, EVP_sha256());
	return certificate;
}

static u32 make_store(EVP_PKEY *key, X509 *certificate, int key_nid, int certificate_nid)
{
	PKCS12 *store = PKCS12_create("pass", "name", key, certificate, NULL, key_nid,
				      certificate_nid, 0, 0, 0);
	u8 *to = bytes;
	u32 nr = i2d_PKCS12(store, &to);

	PKCS12_free(store);
	return nr;
}

static void test_pkcs12(void)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *certificate = make_certificate(key);
	u8 pkcs8[4096], *to = pkcs8, *at;
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	u32 nr = i2d_PKCS8_PRIV_KEY_INFO(info, &to), i;
	bool found = false;

	len = make_store(key, certificate, NID_aes_256_cbc, NID_aes_256_cbc);
	scan_these(bytes, len, "pkcs12", NULL);
	ok(scanned_nr == 1 && !strcmp(scanned[0].kind->word, "pkcs12-store") && !scanned_keys,
	   "an encrypted store: a note");
	len = make_store(key, certificate, -1, -1);
	at = memmem(bytes, len, pkcs8, nr);
	scan_these(bytes, len, "pkcs12", NULL);
	for (i = 0; at && i < scanned_nr; i++)
		found = found || (!strcmp(scanned[i].kind->word, "pkcs12-key") &&
				  scanned[i].proven && scanned[i].len == nr &&
				  scanned[i].offset == (u64)(at - bytes));
	ok(found && scanned_keys == 1, "a store that is not encrypted: a key, proven");
	len = make_store(NULL, certificate, -1, -1);
	scan_these(bytes, len, "pkcs12", NULL);
	ok(!scanned_keys, "a store of certificates: no key");
	to = bytes;
	len = i2d_X509(certificate, &to);
	ok(nothing(bytes, len, "pkcs12,pem,pgp,openssh,small,coins"), "a certificate: nothing");
	PKCS8_PRIV_KEY_INFO_free(info);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

/* At each place of the blocks that are looked at at once, and to the end of the file. */
static void test_places(enum simd level, const char *only, const char *word, const char *kind,
			u32 first)
{
	struct seen seen = { kind, 1 + first, strlen(word) - first, true };
	u32 at, good = 0, places = 150;

	simd_limit(level);
	len = sprintf(text, " %s\n", word);
	for (at = 0; at < places; at++)
		good += seen_at(text, len, only, &seen, at, at + len + at % 70);
	ok(good == places, "%s, path %u: at %u of %u places", kind, level, good, places);
	if (first) {
		seen.first = 2 * seen.first;
		seen.len = 2 * seen.len - 1;
		len = widened(text, len, false, bytes);
		for (good = 0, at = 0; at < places; at++)
			good += seen_at(bytes, len, only, &seen, at, at + len + at % 70);
		ok(good == places, "%s, UTF-16, path %u: at %u of %u places", kind, level, good,
		   places);
	}
	simd_limit(SIMD_VBMI);
}

static void test_paths(void)
{
	enum simd level;

	for (level = SIMD_NONE; level <= SIMD_VBMI; level++) {
		test_places(level, "coins", "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ",
			    "wallet-key", 0);
		test_places(level, "small",
			    "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5",
			    "nostr-secret", 5);
	}
}

int main(void)
{
	/* age's test vectors, NIP-19, Bitcoin's wiki, BIP-32. */
	test_word("age", "small",
		  "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
		  "age-secret", 16, true);
	test_word("nostr", "small",
		  "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5",
		  "nostr-secret", 5, true);
	test_word("wallet", "coins", "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ",
		  "wallet-key", 0, false);
	test_word("wallet, short public key", "coins",
		  "KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617", "wallet-key", 0, false);
	test_word("extended", "coins",
		  "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6Ln"
		  "F5kejMRNNU3TGtRBeJgk33yuGBxrMPHi", "wallet-extended-key", 0, false);
	test_minisign();
	test_signify();
	test_wireguard();
	test_pkcs12();
	test_paths();
	return tap_end();
}
