// SPDX-License-Identifier: GPL-2.0
/*
 * Private keys as SSH writes them: see sshkey.h.
 */
#include "sshkey.h"

#define FIELD_MAX	2056u	/* bytes of a number; RSA of 16384 bits has 2049 */
#define FIELDS		6u

/* The order of what follows the type. */
enum layout { RSA_KEY, DSA_KEY, ECDSA_KEY, EDWARDS_KEY };

static const struct type {
	const char *name;
	enum layout layout;
	enum ecc curve;
	const char *curve_name;
} types[] = {
	{ "ssh-rsa", RSA_KEY, ECC_UNKNOWN, NULL },
	{ "ssh-dss", DSA_KEY, ECC_UNKNOWN, NULL },
	{ "ecdsa-sha2-nistp256", ECDSA_KEY, ECC_P256, "nistp256" },
	{ "ecdsa-sha2-nistp384", ECDSA_KEY, ECC_P384, "nistp384" },
	{ "ecdsa-sha2-nistp521", ECDSA_KEY, ECC_P521, "nistp521" },
	{ "ssh-ed25519", EDWARDS_KEY, ECC_ED25519, NULL },
	{ "ssh-ed448", EDWARDS_KEY, ECC_ED448, NULL },
};

/**
 * wire_u32() - take a number of 32 bits
 * @wire:	moves on
 * @value:	takes it
 *
 * Return: false if there is none.
 */
bool wire_u32(struct wire *wire, u32 *value)
{
	if (wire->len < 4)
		return false;
	*value = (u32)wire->bytes[0] << 24 | wire->bytes[1] << 16 | wire->bytes[2] << 8 |
		 wire->bytes[3];
	wire->bytes += 4;
	wire->len -= 4;
	return true;
}

/**
 * wire_string() - take a string
 * @wire:	moves on
 * @string:	takes it, where it is
 *
 * Return: false if it is not whole.
 */
bool wire_string(struct wire *wire, struct octets *string)
{
	u32 len;

	if (!wire_u32(wire, &len) || len > wire->len)
		return false;
	*string = (struct octets){ wire->bytes, len };
	wire->bytes += len;
	wire->len -= len;
	return true;
}

/**
 * wire_is() - compare a string
 * @string:	from wire_string()
 * @word:	with what
 *
 * Return: true if they are equal.
 */
bool wire_is(struct octets string, const char *word)
{
	return string.len == strlen(word) && !memcmp(string.bytes, word, string.len);
}

static bool take(struct wire *wire, struct octets *fields, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		if (!wire_string(wire, &fields[i]) || !fields[i].len || fields[i].len > FIELD_MAX)
			return false;
	return true;
}

static u32 bits(struct octets n)
{
	while (n.len && !*n.bytes) {
		n.bytes++;
		n.len--;
	}
	return n.len ? 8 * n.len - __builtin_clz((u32)*n.bytes << 24) : 0;
}

static const struct type *type_of(struct wire *wire)
{
	struct octets name;
	u32 i;

	if (!wire_string(wire, &name))
		return NULL;
	for (i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (wire_is(name, types[i].name))
			return &types[i];
	return NULL;
}

/* From the @first secret field to the @last one. */
static void secret(struct sshkey *key, const u8 *bytes, struct octets first, struct octets last)
{
	key->secret = first.bytes - bytes;
	key->secret_len = last.bytes + last.len - first.bytes;
}

/* The second half of an Ed25519 secret is the public key once more. */
static enum proof edwards(const struct type *type, struct octets public, struct octets private,
			  struct sshkey *key)
{
	u32 len = ecc_bytes(type->curve);

	if (public.len != len || (private.len != len && private.len != 2 * len) ||
	    (private.len == 2 * len && memcmp(private.bytes + len, public.bytes, len)))
		return PROOF_WRONG;
	key->bits = type->curve == ECC_ED25519 ? 256 : 456;
	key->secret_len = len;
	return proof_ecc(type->curve, (struct octets){ private.bytes, len }, public);
}

/**
 * sshkey_private() - read the private section of a key
 * @bytes:	from the length of its type on
 * @len:	how many there are
 * @key:	takes what it says
 *
 * Return: true if it is a private key, proven by arithmetic.
 */
bool sshkey_private(const u8 *bytes, u64 len, struct sshkey *key)
{
	struct wire wire = { bytes, len };
	const struct type *type = type_of(&wire);
	struct octets f[FIELDS];

	if (!type)
		return false;
	*key = (struct sshkey){ .type = type->name, .proof = PROOF_WRONG };
	switch (type->layout) {
	case RSA_KEY:		/* n, e, d, 1/q, p, q */
		if (take(&wire, f, 6)) {
			key->bits = bits(f[0]);
			key->proof = proof_rsa(f[0], f[4], f[5]);
			secret(key, bytes, f[2], f[5]);
		}
		break;
	case DSA_KEY:		/* p, q, g, y, x */
		if (take(&wire, f, 5)) {
			key->bits = bits(f[0]);
			key->proof = proof_dsa(f[0], f[2], f[3], f[4]);
			secret(key, bytes, f[4], f[4]);
		}
		break;
	case ECDSA_KEY:
		if (take(&wire, f, 3) && wire_is(f[0], type->curve_name)) {
			key->bits = type->curve == ECC_P521 ? 521 : 8 * ecc_bytes(type->curve);
			key->proof = proof_ecc(type->curve, f[2], f[1]);
			secret(key, bytes, f[2], f[2]);
		}
		break;
	case EDWARDS_KEY:
		if (take(&wire, f, 2)) {
			secret(key, bytes, f[1], f[1]);
			key->proof = edwards(type, f[0], f[1], key);
		}
		break;
	}
	return key->proof == PROOF_DONE;
}

/**
 * sshkey_putty() - read the two halves of a key of PuTTY
 * @public:	the public half, as SSH has it
 * @private:	the private half
 * @key:	takes what they say; @secret is an index in @private
 *
 * Return: true if they belong together, proven by arithmetic.
 */
bool sshkey_putty(struct wire public, struct wire private, struct sshkey *key)
{
	const struct type *type = type_of(&public);
	const u8 *bytes = private.bytes;
	struct octets f[FIELDS], g[FIELDS];

	if (!type)
		return false;
	*key = (struct sshkey){ .type = type->name, .proof = PROOF_WRONG };
	switch (type->layout) {
	case RSA_KEY:		/* e, n; d, p, q, 1/q */
		if (take(&public, f, 2) && take(&private, g, 4)) {
			key->bits = bits(f[1]);
			key->proof = proof_rsa(f[1], g[1], g[2]);
			secret(key, bytes, g[0], g[3]);
		}
		break;
	case DSA_KEY:		/* p, q, g, y; x */
		if (take(&public, f, 4) && take(&private, g, 1)) {
			key->bits = bits(f[0]);
			key->proof = proof_dsa(f[0], f[2], f[3], g[0]);
			secret(key, bytes, g[0], g[0]);
		}
		break;
	case ECDSA_KEY:
		if (take(&public, f, 2) && take(&private, g, 1)) {
			key->bits = type->curve == ECC_P521 ? 521 : 8 * ecc_bytes(type->curve);
			key->proof = proof_ecc(type->curve, g[0], f[1]);
			secret(key, bytes, g[0], g[0]);
		}
		break;
	case EDWARDS_KEY:
		if (take(&public, f, 1) && take(&private, g, 1)) {
			secret(key, bytes, g[0], g[0]);
			key->proof = edwards(type, f[0], g[0], key);
		}
		break;
	}
	return key->proof == PROOF_DONE;
}
