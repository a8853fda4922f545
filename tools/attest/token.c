// SPDX-License-Identifier: GPL-2.0
/*
 * Keys to sign with: see token.h.
 *
 * A file is read by signer.c. Everything else is a URI: OpenSSL's stores take it, with the
 * provider that knows its scheme; for PKCS#11, where there is no provider (Debian 12 has none), the
 * engine of libp11. The private key stays where it is. Nobody is asked for a PIN: it is in the
 * URI (pin-source=file:...).
 */
#define OPENSSL_SUPPRESS_DEPRECATED	/* engines are what Debian 12 has for PKCS#11 */
#include <ctype.h>
#include <stdio.h>

#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#include "attest/token.h"

/* Providers for schemes that OpenSSL itself does not know. */
static const struct {
	const char *scheme;
	const char *provider;
} schemes[] = {
	{ "pkcs11:", "pkcs11" },
	{ "handle:", "tpm2" },
	{ "object:", "tpm2" },
};

static bool has_scheme(const char *name)
{
	size_t len = 0;

	while (isalnum((unsigned char)name[len]) || (len && strchr("+-.", name[len]) && name[len]))
		len++;
	/* Of the registered ones none has one letter, which may be somebody's file "a:b". */
	return len > 1 && name[len] == ':';
}

static const char *provider_of(const char *uri)
{
	size_t i;

	for (i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (!strncmp(uri, schemes[i].scheme, strlen(schemes[i].scheme)))
			return schemes[i].provider;
	return NULL;
}

/* With the provider that has the private half: others would take the public one. */
static EVP_PKEY *load_from_store(const char *uri, const char *provider)
{
	char properties[64];
	OSSL_STORE_CTX *store;
	OSSL_STORE_INFO *info;
	EVP_PKEY *key = NULL;

	snprintf(properties, sizeof(properties), "?provider=%s", provider ? provider : "default");
	store = OSSL_STORE_open_ex(uri, NULL, properties, UI_null(), NULL, NULL, NULL, NULL);
	if (!store)
		return NULL;
	OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY);
	while (!key && !OSSL_STORE_eof(store)) {
		info = OSSL_STORE_load(store);
		if (!info)
			break;
		if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
			key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
	OSSL_STORE_close(store);
	return key;
}

static EVP_PKEY *load_from_engine(const char *uri)
{
	EVP_PKEY *key = NULL;
	ENGINE *engine;

	ENGINE_load_builtin_engines();
	engine = ENGINE_by_id("pkcs11");
	if (!engine)
		return NULL;
	if (ENGINE_init(engine)) {
		key = ENGINE_load_private_key(engine, uri, (UI_METHOD *)UI_null(), NULL);
		/* The key has references of its own. */
		ENGINE_finish(engine);
	}
	ENGINE_free(engine);
	return key;
}

static EVP_PKEY *load(const char *uri, struct complaint *why)
{
	const char *name = provider_of(uri);
	EVP_PKEY *key = NULL;

	if (name && !OSSL_PROVIDER_available(NULL, name)) {
		/* Stays loaded, as the key needs it; so does what OpenSSL has of its own. */
		if (!OSSL_PROVIDER_load(NULL, "default") || !OSSL_PROVIDER_load(NULL, name))
			name = strcmp(name, "pkcs11") ? name : "engine";
	}
	key = name && !strcmp(name, "engine") ? load_from_engine(uri) : load_from_store(uri, name);
	if (!key)
		complaint_set(why, "no private key there%s%s: %s", name ? " by " : "",
			      name ? name : "", ERR_reason_error_string(ERR_peek_last_error()) ?:
			      "it was not found");
	ERR_clear_error();
	return key;
}

/**
 * token_signer() - open a key to sign with
 * @name:	file of a private key as PEM, or a URI (pkcs11:, file:, handle: of the TPM)
 * @why:	text of an error
 *
 * Return: to be released by signer_free(), or NULL.
 */
struct signer *token_signer(const char *name, struct complaint *why)
{
	EVP_PKEY *key;

	if (!has_scheme(name))
		return signer_load(name, why);
	key = load(name, why);
	return key ? signer_of(key, why) : NULL;
}
