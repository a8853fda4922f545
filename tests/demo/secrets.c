// SPDX-License-Identifier: GPL-2.0
/*
 * secrets: write the secret numbers of a private key as files.
 *
 *	secrets KEY.pem DIR
 *
 * RSA: rsa-d.bin, rsa-p.bin, rsa-q.bin, rsa-dp.bin, rsa-dq.bin, rsa-qinv.bin.
 * EC: ec-d.bin. Each holds the number big-endian, as long as the number itself
 * and at least 16 bytes, mode 0600. They tell kredact-verify --secret what must
 * not be in a core; they are as secret as the key.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "keys.h"

/* A shorter string of bytes would be found by chance. */
#define SECRET_MIN	16

struct component {
	const char *param;
	const char *file;
};

static const struct component rsa[] = {
	{ OSSL_PKEY_PARAM_RSA_D, "rsa-d.bin" },
	{ OSSL_PKEY_PARAM_RSA_FACTOR1, "rsa-p.bin" },
	{ OSSL_PKEY_PARAM_RSA_FACTOR2, "rsa-q.bin" },
	{ OSSL_PKEY_PARAM_RSA_EXPONENT1, "rsa-dp.bin" },
	{ OSSL_PKEY_PARAM_RSA_EXPONENT2, "rsa-dq.bin" },
	{ OSSL_PKEY_PARAM_RSA_COEFFICIENT1, "rsa-qinv.bin" },
	{ NULL, NULL }
};

static const struct component ec[] = {
	{ OSSL_PKEY_PARAM_PRIV_KEY, "ec-d.bin" },
	{ NULL, NULL }
};

static int write_file(int dir, const char *name, const unsigned char *buf, size_t len)
{
	size_t done = 0;
	int fd;

	/* A file of an earlier run may be another user's or have another mode. */
	if (unlinkat(dir, name, 0) && errno != ENOENT)
		goto fail;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		goto fail;
	while (done < len) {
		ssize_t n = write(fd, buf + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			close(fd);
			goto fail;
		}
		done += (size_t)n;
	}
	if (close(fd))
		goto fail;
	return 0;

fail:
	fprintf(stderr, "secrets: %s: %s\n", name, strerror(errno));
	return -1;
}

static int write_component(EVP_PKEY *pkey, int dir, const struct component *c)
{
	unsigned char buf[KEYS_SIG_MAX];
	BIGNUM *bn = NULL;
	int len, ret = -1;

	if (EVP_PKEY_get_bn_param(pkey, c->param, &bn) != 1) {
		fprintf(stderr, "secrets: the key has no %s\n", c->param);
		return -1;
	}
	len = BN_num_bytes(bn);
	if (len < SECRET_MIN || (size_t)len > sizeof(buf)) {
		fprintf(stderr, "secrets: %s has %d bytes\n", c->param, len);
		goto out;
	}
	BN_bn2bin(bn, buf);
	ret = write_file(dir, c->file, buf, (size_t)len);
	OPENSSL_cleanse(buf, sizeof(buf));
out:
	BN_clear_free(bn);
	return ret;
}

int main(int argc, char **argv)
{
	const struct component *c;
	EVP_PKEY *pkey;
	int dir, ret = EXIT_FAILURE;

	if (argc != 3) {
		fputs("usage: secrets KEY.pem DIR\n", stderr);
		return 2;
	}
	dir = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		fprintf(stderr, "secrets: %s: %s\n", argv[2], strerror(errno));
		return EXIT_FAILURE;
	}
	pkey = keys_load_private(argv[1]);
	if (!pkey)
		goto out_close;
	if (EVP_PKEY_is_a(pkey, "RSA")) {
		c = rsa;
	} else if (EVP_PKEY_is_a(pkey, "EC")) {
		c = ec;
	} else {
		fprintf(stderr, "secrets: %s: neither RSA nor EC\n", argv[1]);
		goto out_free;
	}
	for (; c->param; c++)
		if (write_component(pkey, dir, c))
			goto out_free;
	ret = EXIT_SUCCESS;

out_free:
	EVP_PKEY_free(pkey);
out_close:
	close(dir);
	return ret;
}
