// SPDX-License-Identifier: GPL-2.0
/*
 * Private keys in DER: see privkey.h.
 */
#include "privkey.h"

#define INTEGERS	9u
#define MODULUS_MIN	48u	/* bytes */
#define ZEROS_MAX	4u	/* at the beginning of a scalar, that some leave out */
#define SECRET_LEAST	16u	/* bytes of it that make what is cut short a finding */

enum { INTEGER = 0x02, BITS = 0x03, OCTETS = 0x04, OID = 0x06, SEQUENCE = 0x30, TAG_0 = 0xa0,
       TAG_1 = 0xa1, TAG_1_PRIMITIVE = 0x81 };

static const struct {
	const char *name;
	const char *oid;
	u32 len;
	bool rsa;
	bool curve;		/* is a parameter */
} algorithms[] = {
	{ "RSA", "\x2a\x86\x48\x86\xf7\x0d\1\1\1", 9, true, false },
	{ "RSA-PSS", "\x2a\x86\x48\x86\xf7\x0d\1\1\x0a", 9, true, false },
	{ "EC", "\x2a\x86\x48\xce\x3d\2\1", 7, false, true },
	{ "DSA", "\x2a\x86\x48\xce\x38\4\1", 7, false, false },
	{ "DH", "\x2a\x86\x48\x86\xf7\x0d\1\3\1", 9, false, false },
};

/**
 * element_next() - take an element
 * @wire:	moves on
 * @element:	takes it
 *
 * Return: false if there is no whole head of one.
 */
bool element_next(struct wire *wire, struct element *element)
{
	u64 head = 2, len, i;

	if (wire->len < 2 || (wire->bytes[0] & 0x1f) == 0x1f)
		return false;
	len = wire->bytes[1];
	if (len & 0x80) {
		head += len & 0x7f;
		if (head < 3 || head > 6 || wire->len < head)
			return false;
		for (len = 0, i = 2; i < head; i++)
			len = len << 8 | wire->bytes[i];
	}
	element->tag = wire->bytes[0];
	element->in.bytes = wire->bytes + head;
	element->cut = len > wire->len - head;
	element->in.len = element->cut ? wire->len - head : len;
	wire->bytes += head + element->in.len;
	wire->len -= head + element->in.len;
	return true;
}

/**
 * element_is() - take an element of a tag
 * @wire:	moves on if there is an element
 * @tag:	which
 * @element:	takes it
 *
 * Return: false if it is another one, or none.
 */
bool element_is(struct wire *wire, u8 tag, struct element *element)
{
	return wire->len && *wire->bytes == tag && element_next(wire, element);
}

static struct octets number(const struct element *element)
{
	struct octets n = { element->in.bytes, element->in.len };

	while (n.len && !*n.bytes) {
		n.bytes++;
		n.len--;
	}
	return n;
}

/* A small non-negative integer, or -1. */
static int version(struct wire *wire)
{
	struct element element;

	if (!element_is(wire, INTEGER, &element) || element.in.len != 1 ||
	    *element.in.bytes & 0x80)
		return -1;
	return *element.in.bytes;
}

/* What is there of the elements from @first on. */
static void cut(struct privkey *key, const struct element *elements, u32 first, u32 nr)
{
	u32 i;

	for (key->secret = 0, i = first; i < nr; i++)
		key->secret += elements[i].in.len;
	key->state = key->secret < SECRET_LEAST ? PRIVKEY_NOT : PRIVKEY_CUT;
}

/* After the version: n, e, d, p, q, d mod p - 1, d mod q - 1, 1/q; or p, q, g, y, x. */
static void integers(struct wire *wire, struct privkey *key, bool truncated)
{
	struct element elements[INTEGERS];
	u32 nr, i;

	for (nr = 0; nr < INTEGERS && element_is(wire, INTEGER, &elements[nr]); nr++)
		;
	for (i = 0; i < nr && !elements[i].cut; i++)
		if (!number(&elements[i]).len)
			return;
	if (nr < 2 || number(&elements[0]).len < MODULUS_MIN)
		return;
	key->bits = 8 * number(&elements[0]).len -
		    __builtin_clz((u32)*number(&elements[0]).bytes << 24);
	if (number(&elements[1]).len > 8) {
		key->type = "DSA";
		if (truncated) {
			cut(key, elements, 4, nr);
		} else if (nr == 5) {
			key->state = PRIVKEY_CLEAR;
			key->proof = proof_dsa(number(&elements[0]), number(&elements[2]),
					       number(&elements[3]), number(&elements[4]));
		}
		return;
	}
	key->type = "RSA";
	if (truncated) {
		cut(key, elements, 2, nr);
	} else if (nr >= 8) {
		key->state = PRIVKEY_CLEAR;
		key->proof = proof_rsa(number(&elements[0]), number(&elements[3]),
				       number(&elements[4]));
	}
}

static const char *curve_type(enum ecc curve)
{
	return curve == ECC_UNKNOWN ? "EC, curve not named" : ecc_name(curve);
}

/* As long as the curve has it, or without zeros at its beginning, as OpenSSL reads it. */
static bool is_scalar(u32 len, enum ecc curve)
{
	if (curve == ECC_UNKNOWN)
		return len >= 20 && len <= 72;
	return len <= ecc_bytes(curve) && len + ZEROS_MAX >= ecc_bytes(curve);
}

/* After the version: the secret, [0] the curve, [1] the point. */
static void sec1(struct wire *wire, enum ecc curve, struct privkey *key)
{
	struct element secret, field, inner;
	struct octets point = { NULL, 0 };

	if (!element_is(wire, OCTETS, &secret))
		return;
	while (!secret.cut && element_next(wire, &field) && !field.cut) {
		if (field.tag == TAG_0 && element_is(&field.in, OID, &inner))
			curve = ecc_of_oid(inner.in.bytes, inner.in.len);
		if (field.tag == TAG_1 && element_is(&field.in, BITS, &inner) && inner.in.len > 1)
			point = (struct octets){ inner.in.bytes + 1, inner.in.len - 1 };
	}
	key->type = curve_type(curve);
	key->secret = secret.in.len;
	if (secret.cut && key->secret >= SECRET_LEAST) {
		key->state = PRIVKEY_CUT;
	} else if (!secret.cut && is_scalar(key->secret, curve)) {
		key->state = PRIVKEY_CLEAR;
		key->proof = proof_ecc(curve, number(&secret), point);
	}
}

/* RFC 8410: the secret is a string in the string; the point may follow as [1]. */
static void raw(struct wire *wire, struct element *string, enum ecc curve, struct privkey *key)
{
	struct element inner, field;
	struct octets point = { NULL, 0 };

	if (!element_is(&string->in, OCTETS, &inner))
		return;
	while (!inner.cut && element_next(wire, &field) && !field.cut)
		if (field.tag == TAG_1_PRIMITIVE && field.in.len > 1)
			point = (struct octets){ field.in.bytes + 1, field.in.len - 1 };
	key->type = ecc_name(curve);
	key->secret = inner.in.len;
	if (inner.cut && key->secret >= SECRET_LEAST) {
		key->state = PRIVKEY_CUT;
	} else if (!inner.cut && key->secret == ecc_bytes(curve)) {
		key->state = PRIVKEY_CLEAR;
		key->proof = proof_ecc(curve, (struct octets){ inner.in.bytes, inner.in.len },
					 point);
	}
}

/* Others: their structure is that of PKCS#8, and that is all. */
static void other(struct element *string, struct privkey *key)
{
	key->secret = string->in.len;
	if (key->secret >= SECRET_LEAST)
		key->state = string->cut ? PRIVKEY_CUT : PRIVKEY_CLEAR;
}

static void pkcs8(struct wire *wire, struct wire algorithm, struct privkey *key)
{
	struct element oid, parameter, string, sequence;
	enum ecc curve;
	u32 i;

	if (!element_is(&algorithm, OID, &oid) || oid.cut || !element_is(wire, OCTETS, &string))
		return;
	key->type = "of another algorithm";
	curve = ecc_of_oid(oid.in.bytes, oid.in.len);
	if (curve >= ECC_ED25519) {
		raw(wire, &string, curve, key);
		return;
	}
	for (i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++)
		if (algorithms[i].len == oid.in.len &&
		    !memcmp(algorithms[i].oid, oid.in.bytes, oid.in.len))
			break;
	if (i == sizeof(algorithms) / sizeof(*algorithms)) {
		other(&string, key);
		return;
	}
	key->type = algorithms[i].name;
	if (!algorithms[i].rsa && !algorithms[i].curve) {
		other(&string, key);
		return;
	}
	if (!element_is(&string.in, SEQUENCE, &sequence) || version(&sequence.in) < 0)
		return;
	curve = ECC_UNKNOWN;
	if (element_is(&algorithm, OID, &parameter))
		curve = ecc_of_oid(parameter.in.bytes, parameter.in.len);
	if (algorithms[i].rsa)
		integers(&sequence.in, key, sequence.cut);
	else
		sec1(&sequence.in, curve, key);
}

/**
 * privkey_read() - read a private key
 * @bytes:	its DER
 * @len:	bytes that are there; what follows the key does not matter
 * @key:	takes what it says
 */
void privkey_read(const u8 *bytes, u64 len, struct privkey *key)
{
	struct wire wire = { bytes, len };
	struct element whole, inner, oid;

	*key = (struct privkey){ .state = PRIVKEY_NOT, .type = "", .proof = PROOF_NONE };
	if (!element_is(&wire, SEQUENCE, &whole))
		return;
	wire = whole.in;
	if (element_is(&wire, SEQUENCE, &inner)) {
		/* An algorithm, and what was encrypted with it: nothing else fits in. */
		if (element_is(&inner.in, OID, &oid) && element_is(&wire, OCTETS, &inner) &&
		    !wire.len)
			key->state = PRIVKEY_ENCRYPTED;
		return;
	}
	if (version(&wire) < 0 || !wire.len)
		return;
	if (*wire.bytes == INTEGER)
		integers(&wire, key, whole.cut);
	else if (*wire.bytes == OCTETS)
		sec1(&wire, ECC_UNKNOWN, key);
	else if (element_is(&wire, SEQUENCE, &inner) && !inner.cut)
		pkcs8(&wire, inner.in, key);
}
