// SPDX-License-Identifier: GPL-2.0
/*
 * --cert: every kind of file, and what kredact-verify says and returns, as it is
 * installed, sandbox included.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/stat.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "plain_rsa.h"
#include "run.h"
#include "keyscan.h"
#include "tap.h"

#define ROOM	(2u << 20)

static EVP_PKEY *rsa, *ec, *ed;
static struct outcome outcome;
static char *program;

static void store(const char *name, int (*encode)(const EVP_PKEY *, unsigned char **),
		  const EVP_PKEY *key)
{
	u8 *der = NULL;
	int len = encode(key, &der);

	write_file(name, der, len);
	OPENSSL_free(der);
}

static X509 *certificate(EVP_PKEY *key)
{
	X509 *cert = X509_new();

	X509_set_pubkey(cert, key);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	if (!X509_sign(cert, key, key == ed ? NULL : EVP_sha256()))
		abort();
	return cert;
}

static void make_files(void)
{
	X509 *certs[2] = { certificate(rsa), certificate(ec) };
	X509_REQ *request = X509_REQ_new();
	FILE *file = fopen("chain.pem", "w");
	u8 *der = NULL, base64[1024], n[256], n64[512], x[65], x64[128];
	char json[4096];
	BIGNUM *number = NULL;
	size_t len;
	u32 i;

	PEM_write_X509(file, certs[0]);
	PEM_write_X509(file, certs[1]);
	fclose(file);
	file = fopen("cert.der", "w");
	i2d_X509_fp(file, certs[0]);
	fclose(file);
	X509_REQ_set_pubkey(request, ed);
	X509_REQ_sign(request, ed, NULL);
	file = fopen("request.pem", "w");
	PEM_write_X509_REQ(file, request);
	fclose(file);
	store("public.der", i2d_PUBKEY, ec);
	file = fopen("public.pem", "w");
	PEM_write_PUBKEY(file, rsa);
	fclose(file);
	len = i2d_PUBKEY(ec, &der);
	EVP_EncodeBlock(base64, der, len);
	snprintf(json, sizeof(json), "{\"operators\": [{\"logs\": [{\"key\": \"%s\"}]}]}", base64);
	write_file("logs.json", json, strlen(json));
	OPENSSL_free(der);
	EVP_PKEY_get_bn_param(rsa, OSSL_PKEY_PARAM_RSA_N, &number);
	EVP_EncodeBlock(n64, n, BN_bn2bin(number, n));
	BN_free(number);
	EVP_PKEY_get_octet_string_param(ec, OSSL_PKEY_PARAM_PUB_KEY, x, sizeof(x), &len);
	for (i = 0; i < 2; i++)
		EVP_EncodeBlock(x64 + 64 * i, x + 1 + 32 * i, 32);
	snprintf(json, sizeof(json), "{\"keys\": [{\"kty\": \"RSA\", \"n\": \"%s\", "
		 "\"e\": \"AQAB\"}, {\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": \"%s\", "
		 "\"y\": \"%s\"}, {\"kty\": \"oct\", \"k\": \"AAAA\"}]}", n64, x64, x64 + 64);
	/* The alphabet of URLs, without padding. */
	for (i = len = 0; json[i]; i++)
		if (json[i] != '=')
			json[len++] = json[i] == '+' ? '-' : json[i] == '/' ? '_' : json[i];
	write_file("set.json", json, len);
	write_file("text", "no key at all", 13);
	X509_free(certs[0]);
	X509_free(certs[1]);
	X509_REQ_free(request);
}

static void verify(const char *cert, const char *dump)
{
	char option[64];

	snprintf(option, sizeof(option), "--cert=%s", cert);
	run(&outcome, (char *[]){ program, "--no-key", option, (char *)dump, NULL });
}

static void put_dump(const char *name, const EVP_PKEY *key)
{
	u8 *bytes = malloc(ROOM), number[1024];
	BIGNUM *value = NULL;
	size_t len = 32;

	fill_random(bytes, ROOM / 16, 5);
	memset(bytes + ROOM / 16, 0, ROOM - ROOM / 16);
	if (key == ed) {
		EVP_PKEY_get_raw_private_key(key, bytes + 80000, &len);
		EVP_PKEY_get_raw_public_key(key, bytes + 80032, &len);
	} else if (key) {
		EVP_PKEY_get_bn_param(key, key == rsa ? OSSL_PKEY_PARAM_RSA_FACTOR1 :
				      OSSL_PKEY_PARAM_PRIV_KEY, &value);
		len = key == rsa ? BN_num_bytes(value) : 32;
		BN_bn2lebinpad(value, number, len);
		memcpy(bytes + 80000, number, len);
		BN_free(value);
	}
	write_file(name, bytes, ROOM);
	free(bytes);
}

static bool says(const char *text)
{
	return strstr(outcome.out, text);
}

static void test_found(void)
{
	static const struct { const char *cert, *dump; u32 keys, found; } cases[] = {
		{ "chain.pem", "dump-rsa", 2, 1 }, { "chain.pem", "dump-ec", 2, 1 },
		{ "cert.der", "dump-rsa", 1, 1 }, { "public.pem", "dump-rsa", 1, 1 },
		{ "public.der", "dump-ec", 1, 1 }, { "request.pem", "dump-ed", 1, 1 },
		{ "set.json", "dump-rsa", 2, 1 }, { "set.json", "dump-ec", 2, 1 },
		{ "logs.json", "dump-ec", 1, 1 },
	};
	char text[96];
	u32 i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		verify(cases[i].cert, cases[i].dump);
		snprintf(text, sizeof(text), "of %u public key%s, the private half of %u is here",
			 cases[i].keys, cases[i].keys == 1 ? "" : "s", cases[i].found);
		ok(outcome.status == 1 && says(text) && is_tidy(outcome.out, false), "%s, %s: %s",
		   cases[i].cert, cases[i].dump, text);
		verify(cases[i].cert, "dump-none");
		ok(outcome.status == 2 && says("no private half found"), "%s: not there",
		   cases[i].cert);
	}
}

static void test_refused(void)
{
	verify("text", "dump-none");
	ok(outcome.status == 3 && strstr(outcome.err, "no public key"), "no key in it: 3");
	verify("missing", "dump-none");
	ok(outcome.status == 3, "a missing file: 3");
	run(&outcome, (char *[]){ program, "--cert=public.pem", "--no-scan", "dump-none", NULL });
	ok(outcome.status == 3, "with --no-scan: 3");
	run(&outcome, (char *[]){ program, "--no-key", "--json", "--cert=public.pem", "dump-rsa",
				  NULL });
	ok(outcome.status == 1 && says("\"spki_sha256\"") && says("\"found\": true"), "--json");
}

int main(void)
{
	char folder[] = "/tmp/kredact-cert.XXXXXX", command[64];

	program = (char *)beside("../../bin/kredact-verify");
	if (!mkdtemp(folder) || chdir(folder))
		abort();
	rsa = plain_rsa(2048);
	ec = EVP_EC_gen("P-256");
	ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	make_files();
	put_dump("dump-none", NULL);
	put_dump("dump-rsa", rsa);
	put_dump("dump-ec", ec);
	put_dump("dump-ed", ed);
	test_found();
	test_refused();
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(ed);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) || tap_end();
}
