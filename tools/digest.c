// SPDX-License-Identifier: GPL-2.0
/*
 * SHA-256 over a file: see digest.h.
 */
#include <stdlib.h>

#include <openssl/evp.h>

#include "digest.h"

struct digest {
	EVP_MD *type;
	EVP_MD_CTX *context;
};

/**
 * digest_new() - make ready to compute digests
 *
 * To be called before the sandbox closes, since OpenSSL may read files.
 *
 * Return: to be released by digest_free(), or NULL if OpenSSL cannot.
 */
struct digest *digest_new(void)
{
	struct digest *digest = calloc(1, sizeof(*digest));

	if (!digest)
		return NULL;
	digest->type = EVP_MD_fetch(NULL, "SHA256", NULL);
	digest->context = EVP_MD_CTX_new();
	if (digest->type && digest->context)
		return digest;
	digest_free(digest);
	return NULL;
}

/**
 * digest_free() - release it
 * @digest:	from digest_new(), or NULL
 */
void digest_free(struct digest *digest)
{
	if (!digest)
		return;
	EVP_MD_CTX_free(digest->context);
	EVP_MD_free(digest->type);
	free(digest);
}

/**
 * digest_begin() - begin a digest of pieces
 * @digest:	from digest_new(); can be used again
 *
 * Return: false if OpenSSL cannot.
 */
bool digest_begin(struct digest *digest)
{
	return EVP_DigestInit_ex2(digest->context, digest->type, NULL);
}

/**
 * digest_add() - the next piece
 * @digest:	after digest_begin()
 * @bytes:	of it
 * @len:	how many
 *
 * Return: false if OpenSSL cannot.
 */
bool digest_add(struct digest *digest, const void *bytes, size_t len)
{
	return EVP_DigestUpdate(digest->context, bytes, len);
}

/**
 * digest_end() - the digest of all pieces
 * @digest:	after digest_begin()
 * @sha256:	takes DIGEST_LEN bytes
 *
 * Return: false if OpenSSL cannot.
 */
bool digest_end(struct digest *digest, u8 *sha256)
{
	unsigned int got = 0;

	return EVP_DigestFinal_ex(digest->context, sha256, &got) && got == DIGEST_LEN;
}

static bool take(void *arg, const void *bytes, size_t len)
{
	return digest_add(arg, bytes, len);
}

/**
 * digest_file() - the digest of a whole file
 * @digest:	from digest_new(); can be used again
 * @in:		the file, with the size that it had when it was opened
 * @sha256:	takes DIGEST_LEN bytes
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG, -EIO, or -EINVAL if OpenSSL failed.
 */
int digest_file(struct digest *digest, struct input *in, u8 *sha256, struct complaint *why)
{
	int error;

	if (!digest_begin(digest))
		return complain(why, -EINVAL, "OpenSSL cannot compute SHA-256");
	error = input_feed(in, 0, in->size, take, digest, why);
	if (error)
		return error;
	if (!digest_end(digest, sha256))
		return complain(why, -EINVAL, "OpenSSL cannot compute SHA-256");
	return 0;
}

/**
 * digest_fd() - the digest of an open file
 * @fd:		a regular file open for reading; stays the caller's
 * @size:	takes how many bytes it has
 * @sha256:	takes DIGEST_LEN bytes
 * @why:	text of an error
 *
 * Return: 0, -ENOMEM, or what input_open() and digest_file() return.
 */
int digest_fd(int fd, u64 *size, u8 *sha256, struct complaint *why)
{
	struct digest *digest = digest_new();
	struct input in = { .fd = -1 };
	int error;

	if (!digest)
		return complain(why, -ENOMEM, "OpenSSL cannot compute SHA-256");
	error = input_open(&in, fd, true, why);
	if (!error) {
		*size = in.size;
		error = digest_file(digest, &in, sha256, why);
		input_close(&in);
	}
	digest_free(digest);
	return error;
}
