// SPDX-License-Identifier: GPL-2.0
/*
 * Public keys from files: see cert.h. The auditor chose the files, and they are read
 * before the sandbox closes; OpenSSL and json-c parse them.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>
#include <json-c/json_visit.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "cert.h"
#include "scan/curve.h"

/**
 * struct loader - a file that is being loaded
 * @all:	takes its keys
 * @name:	of the file, escaped
 * @found:	keys in it
 * @why:	takes why one cannot be used
 * @error:	of that one
 */
struct loader {
	struct questions *all;
	const char *name;
	u32 found;
	struct complaint *why;
	int error;
};

static bool add_rsa(struct loader *loader, const EVP_PKEY *key)
{
	BIGNUM *n = NULL, *e = NULL;
	bool done;

	done = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) &&
	       EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) &&
	       questions_add_rsa(loader->all, n, e, loader->name);
	BN_free(n);
	BN_free(e);
	return done;
}

static bool add_ec(struct loader *loader, EVP_PKEY *key)
{
	u8 point[CURVE_POINT_MAX];
	char name[64];
	size_t len;

	return EVP_PKEY_get_group_name(key, name, sizeof(name), &len) &&
	       EVP_PKEY_set_utf8_string_param(key,
					      OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
					      "uncompressed") &&
	       EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
					       sizeof(point), &len) &&
	       questions_add_ec(loader->all, OBJ_txt2nid(name), point, len, loader->name);
}

static bool add_raw(struct loader *loader, const EVP_PKEY *key)
{
	u8 public[64];
	size_t len = sizeof(public);

	return EVP_PKEY_get_raw_public_key(key, public, &len) == 1 &&
	       questions_add_raw(loader->all, EVP_PKEY_get_base_id(key), public, loader->name);
}

/* Takes @key over. */
static void add_key(struct loader *loader, EVP_PKEY *key)
{
	bool done = false;

	if (!key)
		return;
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		done = add_rsa(loader, key);
		break;
	case EVP_PKEY_EC:
	case EVP_PKEY_SM2:
		done = add_ec(loader, key);
		break;
	default:
		done = add_raw(loader, key);
		break;
	}
	EVP_PKEY_free(key);
	loader->found++;
	if (!done)
		loader->error = complain(loader->why, -EINVAL, "key %u cannot be searched for: "
					 "its algorithm, curve or length", loader->found);
}

/* DER of a certificate, a request or a public key. */
static bool add_der(struct loader *loader, const u8 *der, long len)
{
	u32 before = loader->found;
	const u8 *at = der;
	X509_REQ *request;
	X509 *cert;

	cert = d2i_X509(NULL, &at, len);
	if (cert)
		add_key(loader, X509_get_pubkey(cert));
	X509_free(cert);
	at = der;
	if (loader->found == before)
		add_key(loader, d2i_PUBKEY(NULL, &at, len));
	at = der;
	request = loader->found == before ? d2i_X509_REQ(NULL, &at, len) : NULL;
	if (request)
		add_key(loader, X509_REQ_get_pubkey(request));
	X509_REQ_free(request);
	at = der;
	if (loader->found == before)
		add_key(loader, d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, len));
	return loader->found != before;
}

static void load_pem(struct loader *loader, const u8 *bytes, size_t len)
{
	BIO *bio = BIO_new_mem_buf(bytes, len);
	char *name, *header;
	u8 *data;
	long size;

	while (bio && PEM_read_bio(bio, &name, &header, &data, &size)) {
		/* A private key has no business here; its public half may be beside it. */
		if (!strstr(name, "PRIVATE"))
			add_der(loader, data, size);
		OPENSSL_clear_free(data, size);
		OPENSSL_free(name);
		OPENSSL_free(header);
	}
	BIO_free(bio);
}

/* Base64, with either alphabet and with or without padding. Returns bytes, or -1. */
static int decode(const char *text, u8 *to, size_t room)
{
	size_t len = strlen(text), i;
	int got, pad;
	char *copy;

	for (; len && text[len - 1] == '='; len--)
		;
	pad = -len % 4;
	if (!len || pad == 3 || (len + pad) / 4 * 3 > room)
		return -1;
	copy = malloc(len + pad + 1);
	if (!copy)
		return -1;
	for (i = 0; i < len; i++)
		copy[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
	memset(copy + len, '=', pad);
	got = EVP_DecodeBlock(to, (u8 *)copy, len + pad);
	free(copy);
	return got < 0 ? -1 : got - pad;
}

static int member(struct json_object *object, const char *name, u8 *to, size_t room)
{
	struct json_object *value = json_object_object_get(object, name);

	return json_object_is_type(value, json_type_string) ?
	       decode(json_object_get_string(value), to, room) : -1;
}

static const char *word(struct json_object *object, const char *name)
{
	struct json_object *value = json_object_object_get(object, name);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

/* RFC 7518, 6.2 and 6.3; RFC 8037. */
static bool add_jwk(struct loader *loader, struct json_object *object)
{
	static const struct { const char *name; int nid; } names[] = {
		{ "P-256", NID_X9_62_prime256v1 }, { "P-384", NID_secp384r1 },
		{ "P-521", NID_secp521r1 }, { "secp256k1", NID_secp256k1 },
		{ "Ed25519", NID_ED25519 }, { "Ed448", NID_ED448 }, { "X25519", NID_X25519 },
		{ "X448", NID_X448 },
	};
	u8 first[RSA_BITS_MAX / 8 + 8], second[128];
	const char *curve = word(object, "crv");
	int len, other, nid = 0;
	bool done = false;
	size_t i;

	if (!strcmp(word(object, "kty"), "RSA")) {
		BIGNUM *n, *e;

		len = member(object, "n", first, sizeof(first));
		other = member(object, "e", second, sizeof(second));
		n = len > 0 ? BN_bin2bn(first, len, NULL) : NULL;
		e = other > 0 ? BN_bin2bn(second, other, NULL) : NULL;
		done = n && e && questions_add_rsa(loader->all, n, e, loader->name);
		BN_free(n);
		BN_free(e);
		return done;
	}
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(curve, names[i].name))
			nid = names[i].nid;
	len = member(object, "x", first + 1, CURVE_BYTES_MAX + 4);
	if (raw_key_len(nid))
		return len == (int)raw_key_len(nid) &&
		       questions_add_raw(loader->all, nid, first + 1, loader->name);
	if (len <= 0)
		return false;
	other = member(object, "y", first + 1 + len, CURVE_BYTES_MAX + 4);
	first[0] = 4;
	return other == len &&
	       questions_add_ec(loader->all, nid, first, 1 + 2 * len, loader->name);
}

static int visit(struct json_object *object, int flags, struct json_object *parent,
		 const char *key, size_t *index, void *arg)
{
	static u8 der[CERT_FILE_MAX / 4];
	struct loader *loader = arg;
	int len;

	(void)parent;
	(void)index;
	if (flags == JSON_C_VISIT_SECOND)
		return JSON_C_VISIT_RETURN_CONTINUE;
	if (json_object_is_type(object, json_type_object) && *word(object, "kty")) {
		loader->found++;
		if (strcmp(word(object, "kty"), "oct") && !add_jwk(loader, object))
			loader->error = complain(loader->why, -EINVAL, "key %u of the set cannot "
						 "be searched for", loader->found);
	} else if (key && !strcmp(key, "key") &&
		   json_object_is_type(object, json_type_string)) {
		len = decode(json_object_get_string(object), der, sizeof(der));
		if (len > 0)
			add_der(loader, der, len);
	}
	return JSON_C_VISIT_RETURN_CONTINUE;
}

static void load_json(struct loader *loader, const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *root = NULL;

	if (tokener)
		root = json_tokener_parse_ex(tokener, text, len);
	if (root)
		json_c_visit(root, 0, visit, loader);
	json_object_put(root);
	json_tokener_free(tokener);
}

static u8 *read_file(const char *path, size_t *len, struct complaint *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat stat;
	u8 *bytes = NULL;
	ssize_t got = 0;

	if (fd < 0 || fstat(fd, &stat)) {
		complaint_set(why, "%s", strerror(errno));
	} else if (!S_ISREG(stat.st_mode) || !stat.st_size || stat.st_size > CERT_FILE_MAX) {
		complaint_set(why, "not a regular file of 1 byte to %u MiB", CERT_FILE_MAX >> 20);
	} else {
		bytes = malloc(stat.st_size);
		for (*len = 0; bytes && *len < (size_t)stat.st_size; *len += got) {
			got = read(fd, bytes + *len, stat.st_size - *len);
			if (got <= 0)
				break;
		}
		if (!bytes || got < 0)
			complaint_set(why, "%s", strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	if (bytes && got < 0) {
		free(bytes);
		bytes = NULL;
	}
	return bytes;
}

/**
 * cert_load() - take the public keys of a file as questions
 * @all:	the questions
 * @path:	of the file: PEM, DER or JSON
 * @name:	of the file, escaped
 * @why:	text of an error
 *
 * Return: 0, -EINVAL if there is no key in it, or one that cannot be searched for, -EIO.
 */
int cert_load(struct questions *all, const char *path, const char *name, struct complaint *why)
{
	struct loader loader = { .all = all, .name = name, .why = why };
	size_t len, at = 0;
	u8 *bytes = read_file(path, &len, why);

	if (!bytes)
		return -EIO;
	while (at < len && (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\r' ||
			    bytes[at] == '\t'))
		at++;
	if (at < len && (bytes[at] == '{' || bytes[at] == '['))
		load_json(&loader, (char *)bytes, len);
	else if (len && bytes[0] == 0x30)
		add_der(&loader, bytes, len);
	else
		load_pem(&loader, bytes, len);
	free(bytes);
	if (loader.error)
		return loader.error;
	return loader.found ? 0 : complain(why, -EINVAL, "no public key in it");
}
