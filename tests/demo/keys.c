// SPDX-License-Identifier: GPL-2.0
/* The signing service's keys: loading them, signing and verifying with them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "keys.h"
#include "wire.h"

#define KEYS_FILE_MAX	(64 * 1024)

struct text {
	char *data;
	size_t len;
};

static void text_free(struct text *t)
{
	OPENSSL_clear_free(t->data, t->len);
	t->data = NULL;
}

/* read(), not stdio: the buffer of a FILE would keep the key's text after fclose(). */
static int text_read(const char *path, struct text *t)
{
	struct stat st;
	size_t got = 0;
	int fd, ret = -1;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		goto out_close;
	}
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > KEYS_FILE_MAX) {
		fprintf(stderr, "%s: not a key file\n", path);
		goto out_close;
	}
	t->len = (size_t)st.st_size;
	t->data = OPENSSL_malloc(t->len);
	if (!t->data) {
		fprintf(stderr, "%s: out of memory\n", path);
		goto out_close;
	}
	while (got < t->len) {
		ssize_t n = read(fd, t->data + got, t->len - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			fprintf(stderr, "%s: %s\n", path, n ? strerror(errno) : "file shrank");
			text_free(t);
			goto out_close;
		}
		got += (size_t)n;
	}
	ret = 0;

out_close:
	if (fd >= 0)
		close(fd);
	return ret;
}

static EVP_PKEY *load(const char *path,
		      EVP_PKEY *(*parse)(BIO *, EVP_PKEY **, pem_password_cb *, void *))
{
	EVP_PKEY *pkey = NULL;
	struct text text;
	BIO *bio;

	if (text_read(path, &text))
		return NULL;
	bio = BIO_new_mem_buf(text.data, (int)text.len);
	if (bio)
		pkey = parse(bio, NULL, NULL, (void *)"");
	if (!pkey) {
		fprintf(stderr, "%s: not a key in PEM without a pass phrase\n", path);
		ERR_print_errors_fp(stderr);
	}
	BIO_free(bio);
	text_free(&text);
	return pkey;
}

EVP_PKEY *keys_load_private(const char *path)
{
	return load(path, PEM_read_bio_PrivateKey);
}

EVP_PKEY *keys_load_public(const char *path)
{
	return load(path, PEM_read_bio_PUBKEY);
}

/* Does a key of this kind sign by this scheme? */
static int scheme_fits(EVP_PKEY *pkey, int scheme)
{
	switch (scheme) {
	case WIRE_RSA_PSS_SHA256:
	case WIRE_RSA_PKCS1_SHA256:
		return EVP_PKEY_is_a(pkey, "RSA");
	case WIRE_ECDSA_SHA256:
		return EVP_PKEY_is_a(pkey, "EC");
	default:
		return 0;
	}
}

static int set_padding(EVP_PKEY_CTX *ctx, int scheme)
{
	switch (scheme) {
	case WIRE_RSA_PSS_SHA256:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) > 0;
	case WIRE_RSA_PKCS1_SHA256:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
	default:
		return 1;
	}
}

int keys_sign(EVP_PKEY *pkey, int scheme, const void *msg, size_t len, uint8_t *sig,
	      size_t *sig_len)
{
	EVP_PKEY_CTX *pctx;
	EVP_MD_CTX *ctx;
	int ret = -EIO;

	if (!scheme_fits(pkey, scheme) || EVP_PKEY_get_size(pkey) > KEYS_SIG_MAX)
		return -EINVAL;
	ctx = EVP_MD_CTX_new();
	*sig_len = KEYS_SIG_MAX;
	if (ctx && EVP_DigestSignInit_ex(ctx, &pctx, "SHA256", NULL, NULL, pkey, NULL) == 1 &&
	    set_padding(pctx, scheme) && EVP_DigestSign(ctx, sig, sig_len, msg, len) == 1)
		ret = 0;
	else
		ERR_clear_error();
	EVP_MD_CTX_free(ctx);
	return ret;
}

int keys_verify(EVP_PKEY *pkey, int scheme, const void *msg, size_t len, const uint8_t *sig,
		size_t sig_len)
{
	EVP_PKEY_CTX *pctx;
	EVP_MD_CTX *ctx;
	int ret = -EIO;

	if (!scheme_fits(pkey, scheme))
		return -EINVAL;
	ctx = EVP_MD_CTX_new();
	if (ctx && EVP_DigestVerifyInit_ex(ctx, &pctx, "SHA256", NULL, NULL, pkey, NULL) == 1 &&
	    set_padding(pctx, scheme))
		ret = EVP_DigestVerify(ctx, sig, sig_len, msg, len) == 1 ? 0 : -EBADMSG;
	ERR_clear_error();
	EVP_MD_CTX_free(ctx);
	return ret;
}
