// SPDX-License-Identifier: GPL-2.0
/*
 * Private keys that are no secrets: see published.h.
 *
 * Named by their SHA-256, cut: of what the lines of PEM hold, or of "d", "x" or "k" of a
 * JSON Web Key or of libgcrypt. Those of libraries are in the text of each process that uses them.
 */
#include <pthread.h>

#include <openssl/evp.h>

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
