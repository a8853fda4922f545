// SPDX-License-Identifier: GPL-2.0
/*
 * Names of public keys: see spki.h. The encoding is canonical (RFC 5280, RFC 3279,
 * RFC 5480, RFC 8410), so that a key has one name, whatever form it was found in.
 */
#include <openssl/evp.h>

#include "spki.h"

#define SPKI_MAX	(RSA_BITS_MAX / 8 * 2 + 64)

/* DER that is written from its end to its beginning. */
struct writer {
	u8 bytes[SPKI_MAX];
	u32 at;
};

static void put(struct writer *writer, const void *bytes, u32 len)
{
	writer->at -= len;
	memcpy(writer->bytes + writer->at, bytes, len);
}

/* A header for all that was written since @end. */
static void put_header(struct writer *writer, u8 tag, u32 end)
{
	u32 len = end - writer->at;
	u8 header[4] = { tag, len };

	if (len < 128)
		put(writer, header, 2);
	else if (len < 256)
		put(writer, (u8[]){ tag, 0x81, len }, 3);
	else
		put(writer, (u8[]){ tag, 0x82, len >> 8, len }, 4);
}

static void put_integer(struct writer *writer, const BIGNUM *number)
{
	u8 bytes[RSA_BITS_MAX / 8 + 1] = { 0 };
	u32 len = BN_num_bytes(number), end = writer->at;

	BN_bn2bin(number, bytes + 1);
	if (bytes[1] & 0x80)
		put(writer, bytes, len + 1);
	else
		put(writer, bytes + 1, len);
	put_header(writer, 2, end);
}

/* The end of a SubjectPublicKeyInfo, with the bits that were written since @end. */
static void finish(struct writer *writer, const u8 *algorithm, u32 len, u8 *id)
{
	u32 end = sizeof(writer->bytes);

	put(writer, "", 1);
	put_header(writer, 3, end);
	put(writer, algorithm, len);
	put_header(writer, 0x30, end);
	EVP_Digest(writer->bytes + writer->at, end - writer->at, id, NULL, EVP_sha256(), NULL);
}

/**
 * spki_id_rsa() - name a public key of RSA
 * @n:		modulus, at most RSA_BITS_MAX bits
 * @e:		public exponent, at most 256 bits
 * @id:		takes the SHA-256 of its SubjectPublicKeyInfo
 */
void spki_id_rsa(const BIGNUM *n, const BIGNUM *e, u8 *id)
{
	static const u8 algorithm[] = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05";
	struct writer writer = { .at = sizeof(writer.bytes) };

	put_integer(&writer, e);
	put_integer(&writer, n);
	put_header(&writer, 0x30, sizeof(writer.bytes));
	finish(&writer, algorithm, sizeof(algorithm), id);
}

/**
 * spki_id_ec() - name a point
 * @curve:	its curve
 * @point:	uncompressed
 * @len:	its bytes
 * @id:		takes the SHA-256 of its SubjectPublicKeyInfo
 */
void spki_id_ec(const struct curve *curve, const u8 *point, u32 len, u8 *id)
{
	static const u8 ec[] = { 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6 };
	struct writer writer = { .at = sizeof(writer.bytes) };
	u8 algorithm[2 + sizeof(ec) + 1 + 16];

	algorithm[0] = 0x30;
	algorithm[1] = sizeof(ec) + 1 + curve->oid_len;
	memcpy(algorithm + 2, ec, sizeof(ec));
	algorithm[2 + sizeof(ec)] = curve->oid_len;
	memcpy(algorithm + 3 + sizeof(ec), curve->oid, curve->oid_len);
	put(&writer, point, len);
	finish(&writer, algorithm, 3 + sizeof(ec) + curve->oid_len, id);
}

/* The last byte of the object identifier; X25519, X448, Ed25519, Ed448 follow each other. */
static u8 raw_oid(int nid)
{
	return nid == NID_X25519 ? 110 : nid == NID_X448 ? 111 : nid == NID_ED25519 ? 112 : 113;
}

/**
 * spki_id_raw() - name a public key of Ed25519 and the like
 * @nid:	of the algorithm
 * @key:	raw_key_len(@nid) bytes
 * @id:		takes the SHA-256 of its SubjectPublicKeyInfo
 */
void spki_id_raw(int nid, const u8 *key, u8 *id)
{
	const u8 algorithm[] = { 0x30, 5, 6, 3, 0x2b, 0x65, raw_oid(nid) };
	struct writer writer = { .at = sizeof(writer.bytes) };

	put(&writer, key, raw_key_len(nid));
	finish(&writer, algorithm, sizeof(algorithm), id);
}
