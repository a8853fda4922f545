// SPDX-License-Identifier: GPL-2.0
/*
 * The key that an auditor signs with: see signer.h.
 *
 * Ed25519, or ECDSA with SHA-256. It is never in a process that reads a dump.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "signer.h"

#define PEM_MAX		16384u

struct signer {
	EVP_PKEY *key;
	const EVP_MD *hash;	/* NULL for Ed25519 */
	u8 id[DIGEST_LEN];
};

/* Takes no pass phrase: there is nobody to ask. */
static int no_phrase(char *text, int room, int writing, void *arg)
{
	(void)text;
	(void)room;
	(void)writing;
	(void)arg;
	return -1;
}

static int read_pem(const char *path, u8 *pem, size_t *len, struct complaint *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), error = 0;
	struct stat stat;
	ssize_t got;

	*len = 0;
	if (fd < 0)
		return complain(why, -errno, "%s", strerror(errno));
	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode)) {
		error = complain(why, -EINVAL, "not a regular file");
	} else if (stat.st_mode & 077) {
		error = complain(why, -EPERM, "accessible to others (mode %04o)",
				 stat.st_mode & 07777);
	} else {
		got = pread(fd, pem, PEM_MAX, 0);
		if (got < 0)
			error = complain(why, -errno, "%s", strerror(errno));
		else if (got == PEM_MAX)
			error = complain(why, -EINVAL, "too long for a key");
		else
			*len = got;
	}
	close(fd);
	return error;
}

/* The name of a key: SHA-256 of its public half, as X.509 has it. */
static int make_id(struct signer *signer, struct complaint *why)
{
	u8 *der = NULL;
	int len = i2d_PUBKEY(signer->key, &der);

	if (len <= 0 || !EVP_Digest(der, len, signer->id, NULL, EVP_sha256(), NULL)) {
		OPENSSL_free(der);
		return complain(why, -EINVAL, "OpenSSL cannot write its public key");
	}
	OPENSSL_free(der);
	return 0;
}

/**
 * signer_of() - sign with a key that is open
 * @key:	taken over, also after an error: of whatever provider or engine
 * @why:	text of an error
 *
 * Return: to be released by signer_free(), or NULL.
 */
struct signer *signer_of(EVP_PKEY *key, struct complaint *why)
{
	struct signer *signer = calloc(1, sizeof(*signer));
	int error = 0;

	if (!signer) {
		EVP_PKEY_free(key);
		complaint_set(why, "out of memory");
		return NULL;
	}
	signer->key = key;
	if (EVP_PKEY_is_a(key, "EC"))
		signer->hash = EVP_sha256();
	else if (!EVP_PKEY_is_a(key, "ED25519"))
		error = complain(why, -EINVAL, "neither Ed25519 nor EC");
	if (!error)
		error = make_id(signer, why);
	ERR_clear_error();
	if (!error)
		return signer;
	signer_free(signer);
	return NULL;
}

/**
 * signer_load() - read the key of an auditor
 * @path:	a private key as PEM, closed to others
 * @why:	text of an error
 *
 * Return: to be released by signer_free(), or NULL.
 */
struct signer *signer_load(const char *path, struct complaint *why)
{
	EVP_PKEY *key = NULL;
	u8 pem[PEM_MAX];
	BIO *bio = NULL;
	size_t len = 0;

	if (!read_pem(path, pem, &len, why)) {
		bio = BIO_new_mem_buf(pem, len);
		if (bio)
			key = PEM_read_bio_PrivateKey(bio, NULL, no_phrase, NULL);
		if (!key)
			complaint_set(why, "no private key in PEM without a pass phrase");
	}
	OPENSSL_cleanse(pem, sizeof(pem));
	BIO_free(bio);
	ERR_clear_error();
	return key ? signer_of(key, why) : NULL;
}

/**
 * signer_free() - release a key, and erase it
 * @signer:	from signer_load(), or NULL
 */
void signer_free(struct signer *signer)
{
	if (!signer)
		return;
	EVP_PKEY_free(signer->key);
	free(signer);
}

/**
 * signer_id() - the name of a key
 * @signer:	from signer_load()
 *
 * Return: SHA-256 of its public half, DIGEST_LEN bytes.
 */
const u8 *signer_id(const struct signer *signer)
{
	return signer->id;
}

/* By the provider of the key: another one that has the algorithm has not the private half. */
static bool begin(struct signer *signer, EVP_MD_CTX *context)
{
	const OSSL_PROVIDER *provider = EVP_PKEY_get0_provider(signer->key);
	char properties[64];

	/* Of an engine. */
	if (!provider)
		return EVP_DigestSignInit(context, NULL, signer->hash, NULL, signer->key) > 0;
	snprintf(properties, sizeof(properties), "?provider=%s", OSSL_PROVIDER_get0_name(provider));
	return EVP_DigestSignInit_ex(context, NULL, signer->hash ? EVP_MD_get0_name(signer->hash) :
				     NULL, NULL, properties, signer->key, NULL) > 0;
}

/**
 * signer_sign() - sign
 * @signer:	from signer_load()
 * @bytes:	what is signed
 * @len:	how many
 * @signature:	takes at most SIGNATURE_MAX bytes
 * @signature_len: takes how many
 * @why:	text of an error
 *
 * Return: 0 or -EINVAL.
 */
int signer_sign(struct signer *signer, const void *bytes, size_t len, u8 *signature,
		size_t *signature_len, struct complaint *why)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done;

	*signature_len = SIGNATURE_MAX;
	done = context && begin(signer, context) &&
	       EVP_DigestSign(context, signature, signature_len, bytes, len) > 0;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return done ? 0 : complain(why, -EINVAL, "OpenSSL cannot sign with this key");
}
