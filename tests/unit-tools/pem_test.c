// SPDX-License-Identifier: GPL-2.0
/*
 * Private keys in PEM: every type, every way to write them down, parts of them, and what
 * looks like them.
 */
#define _GNU_SOURCE
#include <openssl/dsa.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "scan/effort.h"
#include "scanned.h"
#include "tap.h"

#define ROOM	65536u

static char pem[ROOM], other[3 * ROOM];
static u8 inner[ROOM + 128];
static u32 pem_len;

static void take(BIO *bio)
{
	pem_len = BIO_read(bio, pem, ROOM - 1);
	pem[pem_len] = '\0';
	BIO_free(bio);
}

static void write_pkcs8(EVP_PKEY *key, const char *password)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PKCS8PrivateKey(bio, key, password ? EVP_aes_256_cbc() : NULL, NULL, 0, NULL,
				      (void *)password);
	take(bio);
}

static void write_traditional(EVP_PKEY *key, const char *password)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey_traditional(bio, key, password ? EVP_aes_128_cbc() : NULL, NULL,
					     0, NULL, (void *)password);
	take(bio);
}

/* Between the lines of BEGIN and END. */
static struct seen body(const char *text, const char *word, bool proven)
{
	const char *first = strchr(text, '\n') + 1, *end = strstr(text, "\n-----END");

	return (struct seen){ word, first - text, end - first, proven };
}

static void test_types(EVP_PKEY *rsa)
{
	static const char *const curves[] = { "P-256", "P-384", "P-521", "secp256k1",
					      "brainpoolP256r1" };
	static const char *const raw[] = { "ED25519", "X25519", "ED448", "X448" };
	struct seen seen;
	EVP_PKEY *key;
	u32 i;

	write_pkcs8(rsa, NULL);
	seen = body(pem, "pem-private", true);
	ok(text_everywhere(pem, pem_len, "pem", &seen), "RSA, PKCS#8: everywhere, and in UTF-16");
	write_traditional(rsa, NULL);
	seen = body(pem, "pem-private", true);
	ok(text_everywhere(pem, pem_len, "pem", &seen), "RSA, PKCS#1");
	for (i = 0; i < sizeof(curves) / sizeof(*curves); i++) {
		key = EVP_EC_gen(curves[i]);
		write_pkcs8(key, NULL);
		seen = body(pem, "pem-private", true);
		ok(seen_at(pem, pem_len, "pem", &seen, 7, 9000), "%s, PKCS#8: proven", curves[i]);
		write_traditional(key, NULL);
		seen = body(pem, "pem-private", true);
		ok(seen_at(pem, pem_len, "pem", &seen, 7, 9000), "%s, SEC 1: proven", curves[i]);
		EVP_PKEY_free(key);
	}
	for (i = 0; i < sizeof(raw) / sizeof(*raw); i++) {
		key = EVP_PKEY_Q_keygen(NULL, NULL, raw[i]);
		write_pkcs8(key, NULL);
		seen = body(pem, "pem-private", false);
		ok(seen_at(pem, pem_len, "pem", &seen, 7, 9000), "%s: without its public half",
		   raw[i]);
		EVP_PKEY_free(key);
	}
}

static EVP_PKEY *make_dsa(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_DSA, NULL);
	EVP_PKEY *parameters = NULL, *key = NULL;

	EVP_PKEY_paramgen_init(context);
	EVP_PKEY_CTX_set_dsa_paramgen_bits(context, 1024);
	EVP_PKEY_paramgen(context, &parameters);
	EVP_PKEY_CTX_free(context);
	context = EVP_PKEY_CTX_new(parameters, NULL);
	EVP_PKEY_keygen_init(context);
	EVP_PKEY_keygen(context, &key);
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(parameters);
	return key;
}

static void test_dsa(void)
{
	EVP_PKEY *key = make_dsa();
	struct seen seen;

	write_traditional(key, NULL);
	seen = body(pem, "pem-private", true);
	ok(seen_at(pem, pem_len, "pem", &seen, 7, 9000), "DSA: proven");
	write_pkcs8(key, NULL);
	seen = body(pem, "pem-private", false);
	ok(seen_at(pem, pem_len, "pem", &seen, 7, 9000), "DSA, PKCS#8: without its public half");
	EVP_PKEY_free(key);
}

/* Writes the text with each newline as @newline. */
static u32 rewritten(const char *newline, const char *before)
{
	u32 len = sprintf(other, "%s", before);
	const char *at;

	for (at = pem; *at; at++)
		len += *at == '\n' ? sprintf(other + len, "%s%s", newline, before) :
				     sprintf(other + len, "%c", *at);
	return len;
}

static void test_written(void)
{
	static const struct {
		const char *newline;
		const char *before;
		const char *name;
	} ways[] = {
		{ "\r\n", "", "CRLF" }, { "\\n", "", "\\n" }, { "\\\\n", "", "\\\\n" },
		{ "\\r\\n", "", "\\r\\n" }, { "%0A", "", "%0A" }, { "%0D%0a", "", "%0D%0A" },
		{ "\n", "    ", "indented" }, { "\n\n", "", "empty lines" }, { " ", "", "spaces" },
		{ "\\n\"\n", "\t\"", "a string in C" }, { "&#10;", "", "XML" },
		{ "\\u000a", "", "\\u000a" }, { "\\\n", "", "continued lines" },
	};
	struct seen seen;
	u32 i, len, first;

	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		len = rewritten(ways[i].newline, ways[i].before);
		first = strstr(other, "MII") - other;
		seen = (struct seen){ "pem-private", first, strstr(other, "-----END") - other - first,
				      true };
		/* What ends the last line does not belong to it. */
		seen.len -= strlen(ways[i].newline) + strlen(ways[i].before);
		ok(text_everywhere(other, len, "pem", &seen), "newlines as %s", ways[i].name);
	}
}

/* The body broken after @width letters; 0: not at all. */
static void test_width(u32 width)
{
	struct seen seen;
	u32 len, column = 0;
	const char *at;

	len = sprintf(other, "-----BEGIN RSA PRIVATE KEY-----\n");
	seen = (struct seen){ "pem-private", len, 0, true };
	for (at = strchr(pem, '\n'); *at && *at != '-'; at++) {
		if (*at == '\n')
			continue;
		other[len++] = *at;
		if (width && ++column % width == 0)
			other[len++] = '\n';
	}
	seen.len = len - seen.first - (other[len - 1] == '\n');
	len += sprintf(other + len, "\n-----END RSA PRIVATE KEY-----\n");
	ok(seen_everywhere(other, len, "pem", &seen), "lines of %u letters", width);
}

static void test_escaped_url(void)
{
	struct seen seen = { "pem-private", 0, 0, true };
	u32 len = 0;
	char *at;

	for (at = pem; *at; at++) {
		if (strchr(" \n+/=", *at))
			len += sprintf(other + len, "%%%02X", *at);
		else
			other[len++] = *at;
	}
	other[len] = '\0';
	seen.first = strstr(other, "MII") - other;
	seen.len = strstr(other, "%0A-----END") - other - seen.first;
	ok(text_everywhere(other, len, "pem", &seen), "escaped for a URL");
}

/* As in Secrets and configurations of Kubernetes. */
static void test_encoded(void)
{
	static const char certificate[] = "-----BEGIN CERTIFICATE-----\nMIIB\n"
					  "-----END CERTIFICATE-----\n";
	const struct seen plain = body(pem, "pem-private", true);
	u32 len, before, right = 0;

	for (before = 0; before < sizeof(certificate); before++) {
		struct seen seen = plain;
		u32 first = before + plain.first, label = sprintf(other, "client-key-data: ");

		/* The letters that have a part in the body. */
		seen.first = label + 8 * first / 6;
		seen.len = label + (8 * (first + plain.len) - 1) / 6 + 1 - seen.first;
		memcpy(inner, certificate + sizeof(certificate) - 1 - before, before);
		memcpy(inner + before, pem, pem_len);
		len = label + EVP_EncodeBlock((u8 *)other + label, inner, before + pem_len);
		len += sprintf(other + len, "\n");
		right += before ? seen_at(other, len, "pem", &seen, 7, 9000) :
				  text_everywhere(other, len, "pem", &seen);
	}
	ok(right == before, "in base64 once more, also behind a certificate, %u of %u", right,
	   before);
	len = sprintf(other, "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==");
	ok(nothing(other, len, "pem"), "a certificate in base64 once more: nothing");
}

static void test_cut(void)
{
	struct seen seen = body(pem, "pem-private-cut", false);
	char *end = strstr(pem, "-----END");
	u32 len = seen.len;

	seen.len = 65 * 12 + 64;
	ok(seen_at(pem, seen.first + seen.len, "pem", &seen, 50, 5000), "RSA, its end overwritten");
	ok(nothing(pem, seen.first + 65 * 5, "pem"), "only the modulus is left: nothing");
	seen.first += 65 * 4;
	seen.len = len - 65 * 4;
	memset(pem, SCANNED_FILL, seen.first - 1);
	ok(seen_at(pem, pem_len, "pem", &seen, 50, 5000), "RSA, its beginning overwritten");
	pem[seen.first - 1] = '-';
	ok(seen_at(pem, pem_len, "pem", &seen, 50, 5000),
	   "likewise, with a '-' before what is left");
	memcpy(pem + seen.first - 28, "-----BEGIN PRIVATE KEY-----\n", 28);
	ok(seen_at(pem, pem_len, "pem", &seen, 50, 5000), "with a line of BEGIN before it");
	memset(end - 300, SCANNED_FILL, 40);
	seen.first = end - 260 - pem;
	ok(!nothing(pem, pem_len, "pem") && scanned_nr == 1 &&
	   scanned[0].offset >= 100 + seen.first && scanned[0].offset < 100 + seen.first + 4,
	   "a hole: what is after it, if one of its numbers is whole");
	memset(end - 200, 'A', 190);
	ok(nothing(pem, pem_len, "pem"), "base64 of no numbers before a line of END: nothing");
}

static void test_not(EVP_PKEY *rsa)
{
	struct seen seen;
	char *at;
	u32 len;

	write_pkcs8(rsa, "secret");
	seen = body(pem, "pem-encrypted", false);
	ok(text_everywhere(pem, pem_len, "pem", &seen) && scanned_notes == 1 && !scanned_keys,
	   "encrypted, PKCS#8: a note");
	write_traditional(rsa, "secret");
	seen = body(pem, "pem-encrypted", false);
	at = strstr(pem, "\n\n") + 2;
	seen.len -= at - pem - seen.first;
	seen.first = at - pem;
	ok(text_everywhere(pem, pem_len, "pem", &seen) && !scanned_keys,
	   "encrypted, as OpenSSL did it before: a note");
	write_traditional(rsa, NULL);
	seen = body(pem, "pem-private", true);
	at = strchr(pem, '\n') + 1;
	len = sprintf(other, "%.*sComment: UNENCRYPTED\n\n", (int)(at - pem), pem);
	seen.first = len;
	len += sprintf(other + len, "%s", at);
	ok(text_seen(other, len, "pem", &seen), "in clear, whatever a comment says");
	/* One bit of the modulus: still what the structure says, and no more. */
	at = pem + 100;
	*at = *at == 'A' ? 'B' : 'A';
	seen = body(pem, "pem-private", false);
	ok(seen_at(pem, pem_len, "pem", &seen, 9, 5000), "a changed modulus: not proven");
	memcpy(strchr(pem, '\n') + 1, "AAAA", 4);
	seen.word = "pem-private-cut";
	ok(seen_at(pem, pem_len, "pem", &seen, 9, 5000), "its head is no DER: what is left of it");
	at = strstr(pem, "-----END");
	memset(at - 200, 'A', 199);
	ok(nothing(pem, pem_len, "pem"), "no DER, and no numbers: nothing");
	pem_len = sprintf(pem, "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n");
	ok(nothing(pem, pem_len, "pem"), "lines of BEGIN and END in documentation: nothing");
	pem_len = sprintf(pem, "PRIVATE KEY-----");
	ok(nothing(pem, pem_len, "pem"), "a literal of a library: nothing");
}

/*
 * Lines full of those of BEGIN, and then a body: it is not read for each of them, so that
 * letters of the file once or twice are enough effort.
 */
static void test_effort(void)
{
	static const char begin[] = "-----BEGIN PRIVATE KEY-----X:";
	const u64 least = effort_least;
	struct complaint why = { "" };
	u32 len = 0, i, line;

	for (line = 0; line < 30; line++) {
		len += sprintf(other + len, "X:");
		for (i = 0; i < 34; i++)
			len += sprintf(other + len, "%s", begin);
		len += sprintf(other + len, "\n");
	}
	for (i = 0; i < 34000; i++)
		other[len++] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(i + i / 26) % 26];
	effort_least = 0;
	ok(!scan_tried(other, len, "pem", NULL, &why) && !scanned_nr,
	   "many lines of BEGIN, and one body: with little effort");
	ok(!scan_tried(other, len, "pgp", NULL, &why) && !scanned_nr, "likewise of OpenPGP");
	effort_least = least;
}

static void test_public(EVP_PKEY *rsa)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *at;

	PEM_write_bio_PUBKEY(bio, rsa);
	take(bio);
	ok(nothing(pem, pem_len, "pem"), "a public key: nothing");
	/* Even where someone calls it private. */
	while ((at = strstr(pem, "PUBLIC KEY")))
		memcpy(at, "PRIVATE KEY-----\n", 16);
	ok(nothing(pem, pem_len, "pem"), "a public key with a wrong label: nothing");
}

/* What OpenSSL does with points of these curves needs random numbers, in the sandbox, too. */
static void test_sandbox(char *program)
{
	static const char *const curves[] = { "P-256", "P-384", "P-521", "secp256k1" };
	static struct outcome outcome;
	char name[] = "/tmp/kredact-pem-XXXXXX";
	int fd = mkstemp(name);
	u32 i;

	for (i = 0; i < sizeof(curves) / sizeof(*curves); i++) {
		EVP_PKEY *key = EVP_EC_gen(curves[i]);

		write_traditional(key, NULL);
		EVP_PKEY_free(key);
		write_file(name, pem, pem_len);
		run(&outcome, (char *const[]){ program, "--no-key", "--json", name, NULL });
		ok(outcome.status == 1 && strstr(outcome.out, "\"kind\": \"pem-private\"") &&
		   strstr(outcome.out, "\"sandboxed\": true"), "%s: proven in the sandbox",
		   curves[i]);
	}
	close(fd);
	unlink(name);
}

int main(void)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	char *program = (char *)beside("../../bin/kredact-verify");

	test_types(rsa);
	test_dsa();
	write_traditional(rsa, NULL);
	test_written();
	test_width(0);
	test_width(76);
	test_width(63);
	test_width(4);
	test_escaped_url();
	test_encoded();
	test_cut();
	test_not(rsa);
	test_public(rsa);
	test_effort();
	EVP_PKEY_free(rsa);
	test_sandbox(program);
	free(program);
	return tap_end();
}
