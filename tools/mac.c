// SPDX-License-Identifier: GPL-2.0
/*
 * HMAC-SHA-256 over a part of a file: see mac.h.
 */
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "mac.h"

struct mac {
	EVP_MAC *type;
	EVP_MAC_CTX *context;
};

/**
 * mac_new() - make ready to compute one HMAC
 * @key:	the key; not needed any more after the call
 * @len:	its bytes
 *
 * To be called before the sandbox closes, since OpenSSL may read files.
 *
 * Return: to be released by mac_free(), or NULL if OpenSSL cannot.
 */
struct mac *mac_new(const void *key, size_t len)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_END,
	};
	struct mac *mac = calloc(1, sizeof(*mac));

	if (!mac)
		return NULL;
	mac->type = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (!mac->type)
		goto fail;
	mac->context = EVP_MAC_CTX_new(mac->type);
	if (!mac->context || !EVP_MAC_init(mac->context, key, len, params))
		goto fail;
	return mac;

fail:
	mac_free(mac);
	return NULL;
}

/**
 * mac_free() - release an HMAC
 * @mac:	from mac_new(), or NULL
 */
void mac_free(struct mac *mac)
{
	if (!mac)
		return;
	EVP_MAC_CTX_free(mac->context);
	EVP_MAC_free(mac->type);
	free(mac);
}

/**
 * mac_make() - the HMAC of two pieces of memory, one after the other
 * @mac:	from mac_new(); can be used once
 * @first:	the first
 * @first_len:	its bytes
 * @second:	the second
 * @second_len:	its bytes
 * @out:	MAC_LEN bytes
 *
 * Return: false if OpenSSL cannot.
 */
bool mac_make(struct mac *mac, const void *first, size_t first_len, const void *second,
	      size_t second_len, u8 *out)
{
	size_t got = 0;

	return EVP_MAC_update(mac->context, first, first_len) &&
	       EVP_MAC_update(mac->context, second, second_len) &&
	       EVP_MAC_final(mac->context, out, &got, MAC_LEN) && got == MAC_LEN;
}

static bool take(void *arg, const void *bytes, size_t len)
{
	return EVP_MAC_update(arg, bytes, len);
}

/**
 * mac_check() - does a part of a file have this HMAC?
 * @mac:	from mac_new(); can be used once
 * @in:		the file
 * @offset:	first byte
 * @len:	how many
 * @expected:	MAC_LEN bytes
 * @equal:	takes the answer; compared in constant time
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG, -EIO, or -EINVAL if OpenSSL failed.
 */
int mac_check(struct mac *mac, struct input *in, u64 offset, u64 len, const u8 *expected,
	      bool *equal, struct complaint *why)
{
	u8 computed[MAC_LEN];
	size_t got = 0;
	int error;

	*equal = false;
	error = input_feed(in, offset, len, take, mac->context, why);
	if (error)
		return error;
	if (!EVP_MAC_final(mac->context, computed, &got, sizeof(computed)) || got != MAC_LEN)
		return complain(why, -EINVAL, "OpenSSL cannot compute the HMAC");
	*equal = !CRYPTO_memcmp(computed, expected, MAC_LEN);
	return 0;
}
