/* SPDX-License-Identifier: GPL-2.0 */
/* The signing service's keys: loading them, signing and verifying with them. */
#ifndef DEMO_KEYS_H
#define DEMO_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#define KEYS_SIG_MAX	512	/* longest signature, in bytes (RSA-4096) */

/**
 * keys_load_private - read a private key from a PEM file
 *
 * The file's text passes through memory of OpenSSL's allocator only, and is
 * wiped before it is freed: no stdio buffer holds it.
 *
 * Return: the key, which the caller frees with EVP_PKEY_free(), or NULL after
 * a message on stderr.
 */
EVP_PKEY *keys_load_private(const char *path);

/**
 * keys_load_public - read a public key from a PEM file (SubjectPublicKeyInfo)
 *
 * Return: as keys_load_private().
 */
EVP_PKEY *keys_load_public(const char *path);

/**
 * keys_sign - sign a message
 * @pkey:	the key; several threads may sign with the same one
 * @scheme:	WIRE_RSA_PSS_SHA256 ...
 * @sig:	KEYS_SIG_MAX bytes
 * @sig_len:	out: bytes of the signature
 *
 * Return: 0, -EINVAL if the key does not sign by that scheme, -EIO if OpenSSL failed.
 */
int keys_sign(EVP_PKEY *pkey, int scheme, const void *msg, size_t len, uint8_t *sig,
	      size_t *sig_len);

/**
 * keys_verify - check a signature
 *
 * Return: 0 if it is @pkey's over the message, -EBADMSG if it is not, else as keys_sign().
 */
int keys_verify(EVP_PKEY *pkey, int scheme, const void *msg, size_t len, const uint8_t *sig,
		size_t sig_len);

#endif /* DEMO_KEYS_H */
