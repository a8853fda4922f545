// SPDX-License-Identifier: GPL-2.0
/*
 * The public keys that checkpoints are checked with: see log_keys.h.
 *
 * A file has public keys or certificates as PEM; of a folder, all files *.pem are read. A
 * certificate stands for its key only: nobody asks who issued it, or until when.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "log_keys.h"

#define FILE_MAX	65536

struct log_key {
	EVP_PKEY *key;
	u8 id[DIGEST_LEN];
};

struct log_keys {
	struct log_key list[LOG_KEYS_MAX];
	unsigned int count;
};

static int add_key(struct log_keys *keys, EVP_PKEY *key, struct complaint *why)
{
	struct log_key *to = &keys->list[keys->count];
	u8 *der = NULL;
	int len;

	if (!key || (!EVP_PKEY_is_a(key, "ED25519") && !EVP_PKEY_is_a(key, "EC"))) {
		EVP_PKEY_free(key);
		return complain(why, -EINVAL, "neither Ed25519 nor EC");
	}
	len = keys->count < LOG_KEYS_MAX ? i2d_PUBKEY(key, &der) : 0;
	if (len <= 0 || !EVP_Digest(der, (size_t)len, to->id, NULL, EVP_sha256(), NULL)) {
		EVP_PKEY_free(key);
		OPENSSL_free(der);
		return complain(why, -E2BIG, "more than %u keys, or OpenSSL cannot write one",
				LOG_KEYS_MAX);
	}
	OPENSSL_free(der);
	to->key = key;
	keys->count++;
	return 0;
}

/* One block of PEM after the other; private keys are none of what may lie here. */
static int add_blocks(struct log_keys *keys, BIO *bio, struct complaint *why)
{
	unsigned char *bytes;
	char *name, *header;
	int error = 0;
	long len;

	while (!error && PEM_read_bio(bio, &name, &header, &bytes, &len)) {
		const unsigned char *at = bytes;

		if (!strcmp(name, PEM_STRING_PUBLIC)) {
			error = add_key(keys, d2i_PUBKEY(NULL, &at, len), why);
		} else if (!strcmp(name, PEM_STRING_X509)) {
			X509 *cert = d2i_X509(NULL, &at, len);

			error = add_key(keys, cert ? X509_get_pubkey(cert) : NULL, why);
			X509_free(cert);
		} else {
			error = complain(why, -EINVAL, "neither a public key nor a certificate");
		}
		OPENSSL_clear_free(bytes, (size_t)len);
		OPENSSL_free(name);
		OPENSSL_free(header);
	}
	ERR_clear_error();
	return error;
}

static int add_file(struct log_keys *keys, int dir, const char *path, struct complaint *why)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), error;
	unsigned int before = keys->count;
	struct complaint what;
	char text[FILE_MAX];
	struct stat stat;
	ssize_t n = -1;
	BIO *bio;

	if (fd < 0)
		return complain(why, -errno, "%s: %s", path, strerror(errno));
	if (!fstat(fd, &stat) && S_ISREG(stat.st_mode))
		n = pread(fd, text, sizeof(text), 0);
	close(fd);
	if (n < 0 || n == FILE_MAX)
		return complain(why, -EINVAL, "%s: not a regular file of less than %d bytes", path,
				FILE_MAX);
	bio = BIO_new_mem_buf(text, (int)n);
	error = bio ? add_blocks(keys, bio, &what) : complain(&what, -ENOMEM, "out of memory");
	BIO_free(bio);
	if (!error && keys->count == before)
		error = complain(&what, -EINVAL, "no public key in it");
	return error ? complain(why, error, "%s: %s", path, what.text) : 0;
}

static int add_folder(struct log_keys *keys, int fd, struct complaint *why)
{
	struct dirent *entry;
	int error = 0;
	DIR *dir = fdopendir(fd);

	if (!dir) {
		close(fd);
		return complain(why, -errno, "%s", strerror(errno));
	}
	while (!error && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);

		if (len > 4 && *entry->d_name != '.' && !strcmp(entry->d_name + len - 4, ".pem"))
			error = add_file(keys, dirfd(dir), entry->d_name, why);
	}
	closedir(dir);
	return error;
}

/**
 * log_keys_load() - read public keys
 * @out:	takes them, for log_keys_free()
 * @path:	a file, or a folder
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int log_keys_load(struct log_keys **out, const char *path, struct complaint *why)
{
	struct log_keys *keys = calloc(1, sizeof(*keys));
	int fd, error;

	*out = NULL;
	if (!keys)
		return complain(why, -ENOMEM, "out of memory");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	error = fd >= 0 ? add_folder(keys, fd, why) : add_file(keys, AT_FDCWD, path, why);
	if (error) {
		log_keys_free(keys);
		return error;
	}
	*out = keys;
	return 0;
}

/**
 * log_keys_count() - how many keys there are
 * @keys:	from log_keys_load(), or NULL
 *
 * Return: their number.
 */
unsigned int log_keys_count(const struct log_keys *keys)
{
	return keys ? keys->count : 0;
}

static EVP_PKEY *find(const struct log_keys *keys, const u8 *id)
{
	unsigned int i;

	for (i = 0; i < log_keys_count(keys); i++)
		if (!memcmp(keys->list[i].id, id, DIGEST_LEN))
			return keys->list[i].key;
	return NULL;
}

/**
 * log_keys_has() - is a key among them
 * @keys:	from log_keys_load(), or NULL
 * @id:		SHA-256 of its public half
 *
 * Return: true if it is.
 */
bool log_keys_has(const struct log_keys *keys, const u8 *id)
{
	return find(keys, id) != NULL;
}

/**
 * log_keys_verify() - check a signature
 * @keys:	from log_keys_load()
 * @id:		of a key that is among them
 * @text:	what was signed
 * @len:	of it
 * @signature:	of signer_sign()
 * @signature_len: of it
 *
 * Return: true if the key made it.
 */
bool log_keys_verify(const struct log_keys *keys, const u8 *id, const void *text, size_t len,
		     const u8 *signature, size_t signature_len)
{
	EVP_PKEY *key = find(keys, id);
	EVP_MD_CTX *context = key ? EVP_MD_CTX_new() : NULL;
	bool good;

	good = context && EVP_DigestVerifyInit(context, NULL, EVP_PKEY_is_a(key, "EC") ?
					       EVP_sha256() : NULL, NULL, key) > 0 &&
	       EVP_DigestVerify(context, signature, signature_len, text, len) > 0;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return good;
}

/**
 * log_keys_free() - release keys
 * @keys:	from log_keys_load(), or NULL
 */
void log_keys_free(struct log_keys *keys)
{
	unsigned int i;

	for (i = 0; i < log_keys_count(keys); i++)
		EVP_PKEY_free(keys->list[i].key);
	free(keys);
}
