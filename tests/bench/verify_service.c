// SPDX-License-Identifier: GPL-2.0
/*
 * verify_service MIB TEXT KEYS: a service of OpenSSL under way, whose core is searched.
 *
 * With "bignum" for KEYS its keys (RSA-2048, RSA-3072, P-256) are nowhere but in big
 * numbers; with "serial" they are serialised as well: DER and PEM. It has cipher contexts,
 * and a heap of MIB MiB: text from the file TEXT, random bytes, small objects, and pages
 * that were never touched. It says where the private numbers are: NAME ADDRESS BYTES.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

static void need(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "verify_service: %s failed\n", what);
	exit(1);
}

static uint64_t draw(uint64_t most)
{
	static uint64_t state = 0xbe5466cf34e90c6cULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % most;
}

/* struct bignum_st begins with the pointer to its limbs, and how many it has. */
static void say(const char *name, const BIGNUM *number)
{
	void *limbs;
	int nr;

	memcpy(&limbs, number, sizeof(limbs));
	memcpy(&nr, (const char *)number + sizeof(limbs), sizeof(nr));
	printf("%s %#lx %u\n", name, (unsigned long)limbs, 8 * nr);
}

static void sign(EVP_PKEY *key)
{
	unsigned char message[32] = { 1 }, signature[1024];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = sizeof(signature);

	need(ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	     EVP_DigestSign(ctx, signature, &len, message, sizeof(message)) == 1, "signing");
	EVP_MD_CTX_free(ctx);
}

/* As it is in files, and in what was read from one. */
static void serialise(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	BIO *bio = BIO_new(BIO_s_mem());

	need(bio && i2d_PrivateKey(key, &der) > 0 &&
	     PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1, "serialising");
}

/* Keys of the old kind: those of providers are the same numbers, but hide them. */
static void rsa(int bits, const char *name, int serial)
{
	const BIGNUM *n, *e, *d, *p, *q;
	EVP_PKEY *key = EVP_PKEY_new();
	BIGNUM *exponent = BN_new();
	char text[40];
	RSA *made = RSA_new();

	need(key && made && BN_set_word(exponent, RSA_F4) &&
	     RSA_generate_key_ex(made, bits, exponent, NULL) && EVP_PKEY_set1_RSA(key, made),
	     "RSA");
	sign(key);
	RSA_get0_key(made, &n, &e, &d);
	RSA_get0_factors(made, &p, &q);
	snprintf(text, sizeof(text), "%s-d", name);
	say(text, d);
	snprintf(text, sizeof(text), "%s-p", name);
	say(text, p);
	snprintf(text, sizeof(text), "%s-q", name);
	say(text, q);
	if (serial)
		serialise(key);
}

static void ec(int serial)
{
	EC_KEY *made = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
	EVP_PKEY *key = EVP_PKEY_new();

	need(key && made && EC_KEY_generate_key(made) == 1 && EVP_PKEY_set1_EC_KEY(key, made),
	     "EC");
	sign(key);
	say("p256-d", EC_KEY_get0_private_key(made));
	if (serial)
		serialise(key);
}

static void context(const char *name, int encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned char key[64], iv[16] = { 1 };

	need(ctx && getrandom(key, sizeof(key), 0) == sizeof(key) &&
	     EVP_CipherInit_ex(ctx, EVP_get_cipherbyname(name), NULL, key, iv, encrypt), name);
	OPENSSL_cleanse(key, sizeof(key));
}

/* Objects of all sizes, of text, random bytes, and pointers, and some empty pages. */
static void fill(size_t mib, const char *text, size_t text_len)
{
	size_t total = 0, len, i;
	unsigned char *last = NULL;

	while (total < mib << 20) {
		uint64_t kind = draw(16);
		unsigned char *object;

		len = kind < 8 ? 16 + draw(240) : kind < 12 ? 1024 + draw(8192) :
		      65536 + draw(1 << 20);
		object = malloc(len);
		need(!!object, "malloc");
		total += len;
		if (kind < 8) {
			memset(object, 0, len);
			memcpy(object, &last, sizeof(last));
			memcpy(object + 8, &len, sizeof(len));
			last = object;
		} else if (kind < 14 && text_len > len) {
			memcpy(object, text + draw(text_len - len), len);
		} else if (kind < 15) {
			for (i = 0; i + 256 <= len; i += 256)
				need(getrandom(object + i, 256, 0) == 256, "getrandom");
		}
		/* the rest stays as it was mapped */
	}
}

int main(int argc, char **argv)
{
	int serial = argc > 3 && !strcmp(argv[3], "serial");
	size_t text_len, mib = argc > 3 ? strtoul(argv[1], NULL, 10) : 0;
	char *text = malloc(32 << 20);
	FILE *from = mib ? fopen(argv[2], "r") : NULL;

	need(text && from, "reading TEXT");
	text_len = fread(text, 1, 32 << 20, from);
	fclose(from);
	fill(mib / 2, text, text_len);
	rsa(2048, "rsa2048", serial);
	rsa(3072, "rsa3072", serial);
	ec(serial);
	context("AES-128-GCM", 1);
	context("AES-192-CTR", 1);
	context("AES-256-GCM", 1);
	context("AES-128-CBC", 0);
	context("AES-256-CBC", 0);
	fill(mib - mib / 2, text, text_len);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
