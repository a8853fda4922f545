// SPDX-License-Identifier: GPL-2.0
/*
 * Private keys that are no secrets: see published.h.
 *
 * Named by their SHA-256, cut: of what the lines of PEM hold, or of "d", "x" or "k" of a
 * JSON Web Key or of libgcrypt. Those of libraries are in the text of each process that uses them.
 */
#include <pthread.h>

#include <openssl/evp.h>

#include "proof.h"
#include "published.h"

static const struct {
	u64 digest;
	const char *where;
} list[] = {
	{ 0x87e288dc7dbc29a2, "GnuTLS" },
	{ 0xd245e52c341a7664, "GnuTLS" },
	{ 0x0294b4406902e33b, "GnuTLS" },
	{ 0x60c323abe4854b03, "GnuTLS" },
	{ 0x995b8d5b08ac126a, "GnuTLS" },
	{ 0x09416ba3e0782523, "GnuTLS" },
	{ 0x7e38af7715bbb425, "GnuTLS" },
	{ 0x458022ddcb5598b3, "GnuTLS" },
	{ 0x09f1c1a4680df80b, "GnuTLS" },
	{ 0x2859ff03b44c8f0e, "GnuTLS" },
	{ 0xc9af85bb77cb430f, "Mbed TLS" },
	{ 0x1820853c99779f8e, "Mbed TLS" },
	{ 0x557e06381c7e6448, "Mbed TLS" },
	{ 0x916591fe3a480392, "Mbed TLS" },
	{ 0x15a9e43d93c7a393, "libgcrypt" },
	{ 0xa423b8a24b7ea31f, "libgcrypt" },
	{ 0xb70385660302dca8, "RFC 6979" },
	{ 0x4e6af0221e03f890, "XML Security Library" },
	{ 0x43e4b74131385aec, "RFC 7517" },
	{ 0xcfcef6cfb631f2a3, "RFC 7515" },
	{ 0xc8ecc9361a05e285, "RFC 7515" },
	{ 0xa5af5bade2a1fc01, "RFC 8037" },
};

/* Named by the SHA-256 of their public half (SubjectPublicKeyInfo), cut. */
static const u64 halves[] = {
	/* what "openssl speed" signs with */
	0x7055066ee3969c25, 0x0ea7caf9dd07fd79, 0xa6fdc2c6d07aa877, 0x01e67e56244b43b6,
	0xadadc3246bb48305, 0xd2d8c7d1de1e118e, 0xcebf59a465ccd9c4,
	/* what GnuTLS tests itself with */
	0x5a9214aa789ffe02,
	/* the test certificates of Mbed TLS 2.28 */
	0x370346c0864770da, 0x6703a04285f61bf2, 0xc6cb6d1e322b2e4e, 0x26b0f4b5b3b8ef8f,
	0x6452839ebf371b9a, 0x0d47bb32995c4f37,
	/* "RSA TESTING KEY" in programs of Google Cloud's tools, written in Go */
	0x389f9ede520dbc33,
	/* in the program of Chromium */
	0xc98993ec4f77b499,
};

static const struct kind kind_published = {
	.word = "published-key",
	.text = "published private key",
	.advice = "make sure that nothing trusts this key: everybody has it",
	.weight = WEIGHT_NOTE,
};

static EVP_MD *sha256;

static void load(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

/**
 * published_init() - make the hash ready
 *
 * To be called before the sandbox closes. It stays to the end of the process.
 *
 * Return: false if OpenSSL cannot.
 */
bool published_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	return !pthread_once(&once, load) && sha256;
}

/**
 * published_open() - for a detector that has no state of its own
 * @scan:	not used
 * @why:	text of an error
 *
 * Return: something that is not NULL; NULL if OpenSSL has no curves or no SHA-256.
 */
void *published_open(struct scan *scan, struct complaint *why)
{
	if (published_init())
		return proof_open(scan, why);
	complaint_set(why, "OpenSSL has no SHA-256");
	return NULL;
}

/**
 * published() - does everybody have this key?
 * @bytes:	the key
 * @len:	how many
 *
 * Return: who published it, or NULL.
 */
const char *published(const void *bytes, u32 len)
{
	u8 digest[EVP_MAX_MD_SIZE];
	u64 cut = 0;
	u32 i;

	if (!published_init() || EVP_Digest(bytes, len, digest, NULL, sha256, NULL) != 1)
		return NULL;
	for (i = 0; i < 8; i++)
		cut = cut << 8 | digest[i];
	for (i = 0; i < sizeof(list) / sizeof(*list); i++)
		if (list[i].digest == cut)
			return list[i].where;
	return NULL;
}

/**
 * published_question() - does everybody have the private half?
 * @question:	the public one
 *
 * Return: true if so; but not for who asks for it.
 */
bool published_question(const struct question *question)
{
	u64 cut = 0;
	u32 i;

	for (i = 0; i < 8; i++)
		cut = cut << 8 | question->id[i];
	for (i = 0; i < sizeof(halves) / sizeof(*halves); i++)
		if (halves[i] == cut && !question->given)
			return true;
	return false;
}

/**
 * published_kind() - what a private key is, in numbers or in DER
 * @question:	its public half
 * @kind:	of it, if it is a secret
 *
 * Return: @kind, or that of a key that everybody has.
 */
const struct kind *published_kind(const struct question *question, const struct kind *kind)
{
	return published_question(question) ? &kind_published : kind;
}
