// SPDX-License-Identifier: GPL-2.0
/*
 * Secret keys of OpenPGP (RFC 4880, 6637, 9580), version 4: packets in ASCII armour, and
 * packet bodies in memory, which are known by what the public half has at a fixed place: the
 * exponent 65537 or the name of a curve. Old keys of DSA and Elgamal are found in armour.
 */
#include <stdio.h>

#include <openssl/crypto.h>

#include "detectors.h"
#include "effort.h"
#include "letters.h"
#include "proof.h"

static const struct kind kind_secret = {
	.word = "pgp-secret",
	.text = "OpenPGP secret key",
	.advice = "register the buffers that secret keys are read and exported through",
	.weight = WEIGHT_KEY,
};

static const struct kind kind_encrypted = {
	.word = "pgp-encrypted",
	.text = "encrypted OpenPGP secret key",
	.advice = "as good as its passphrase",
	.weight = WEIGHT_NOTE,
};

#define HEAD		6u	/* bytes: version, time, algorithm */
#define MPI_MAX		2048u	/* bytes */
#define MPIS		6u
#define PACKETS		64u	/* in one armour */
#define TAG_SECRET_KEY	5u
#define TAG_SECRET_SUBKEY 7u

enum {
	ALG_RSA = 1, ALG_RSA_ENCRYPT, ALG_RSA_SIGN, ALG_ELGAMAL = 16, ALG_DSA, ALG_ECDH, ALG_ECDSA,
	ALG_EDDSA = 22, ALG_X25519 = 25, ALG_X448, ALG_ED25519, ALG_ED448,
};

/* What a packet says: @secret and @secret_len are the place of the secret numbers. */
struct pgp_key {
	const char *type;
	u32 bits;
	bool encrypted;
	bool proven;
	u32 secret;
	u32 secret_len;
};

/**
 * struct packet - what is left of a packet
 * @at:		next byte
 * @left:	how many
 */
struct packet {
	const u8 *at;
	u64 left;
};

static bool take(struct packet *packet, u64 len, struct octets *octets)
{
	if (packet->left < len)
		return false;
	*octets = (struct octets){ packet->at, len };
	packet->at += len;
	packet->left -= len;
	return true;
}

/* A number with its length in bits, which must be right. */
static bool mpi(struct packet *packet, struct octets *number)
{
	struct octets head;
	u32 bits;

	if (!take(packet, 2, &head))
		return false;
	bits = head.bytes[0] << 8 | head.bytes[1];
	return bits && (bits + 7) / 8 <= MPI_MAX && take(packet, (bits + 7) / 8, number) &&
	       *number->bytes && (u32)(32 - __builtin_clz(*number->bytes)) == (bits - 1) % 8 + 1;
}

static bool mpis(struct packet *packet, struct octets *numbers, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		if (!mpi(packet, &numbers[i]))
			return false;
	return true;
}

/* Curves that OpenPGP has its own names for. */
static enum ecc curve_of(struct octets oid)
{
	static const u8 ed25519[] = { 0x2b, 6, 1, 4, 1, 0xda, 0x47, 0x0f, 1 };
	static const u8 x25519[] = { 0x2b, 6, 1, 4, 1, 0x97, 0x55, 1, 5, 1 };

	if (oid.len == sizeof(ed25519) && !memcmp(oid.bytes, ed25519, oid.len))
		return ECC_ED25519;
	if (oid.len == sizeof(x25519) && !memcmp(oid.bytes, x25519, oid.len))
		return ECC_X25519;
	return ecc_of_oid(oid.bytes, oid.len);
}

/* An object identifier and a point; ECDH has its parameters after them. */
static bool curve_point(struct packet *packet, u8 algorithm, enum ecc *curve, struct octets *point)
{
	struct octets len, oid, parameters;

	if (!take(packet, 1, &len) || !take(packet, *len.bytes, &oid) || !mpi(packet, point))
		return false;
	*curve = curve_of(oid);
	return *curve && (algorithm != ALG_ECDH || (take(packet, 1, &len) && *len.bytes == 3 &&
						take(packet, 3, &parameters)));
}

/* Numbers lose their leading zeros, and that of X25519 has its bytes the other way round. */
static enum proof prove_point(enum ecc curve, struct octets secret, struct octets point)
{
	u8 padded[80] = { 0 };
	u32 len = ecc_bytes(curve), i;
	enum proof proof;

	if (secret.len > len)
		return PROOF_WRONG;
	memcpy(padded + len - secret.len, secret.bytes, secret.len);
	if (curve == ECC_ED25519 || curve == ECC_X25519) {
		/* 0x40 says that the point is raw. */
		if (point.len != len + 1 || *point.bytes != 0x40)
			return PROOF_WRONG;
		point.bytes++;
		point.len--;
	}
	for (i = 0; curve == ECC_X25519 && i < len / 2; i++) {
		u8 byte = padded[i];

		padded[i] = padded[len - 1 - i];
		padded[len - 1 - i] = byte;
	}
	proof = proof_ecc(curve, (struct octets){ padded, len }, point);
	OPENSSL_cleanse(padded, sizeof(padded));
	return proof;
}

static bool prove_sum(const u8 *from, const struct packet *packet)
{
	u32 sum = 0;
	const u8 *at;

	if (packet->left < 2)
		return false;
	for (at = from; at < packet->at; at++)
		sum += *at;
	return (sum & 0xffff) == (u32)(packet->at[0] << 8 | packet->at[1]);
}

/* How the secret numbers are stored: 0 is in clear, false is nothing that is known. */
static bool usage(struct packet *packet, bool *encrypted)
{
	struct octets octets;
	u8 how;

	if (!take(packet, 1, &octets))
		return false;
	how = *octets.bytes;
	*encrypted = how;
	if (!how)
		return true;
	if (how < 253)
		return how <= 13 && packet->left >= 16;
	/* Cipher, and how the key is made from the passphrase; 101 is GnuPG's own. */
	return take(packet, 2, &octets) && octets.bytes[0] <= 13 &&
	       (octets.bytes[1] <= 4 || octets.bytes[1] == 101);
}

static bool numbers(struct packet *packet, u8 algorithm, struct pgp_key *key, const u8 *bytes)
{
	struct octets f[MPIS], g[MPIS], point, secret;
	enum proof proof = PROOF_NONE;
	enum ecc curve = ECC_UNKNOWN;
	u32 public = 0, private = 0;

	switch (algorithm) {
	case ALG_RSA:
	case ALG_RSA_ENCRYPT:
	case ALG_RSA_SIGN:
		key->type = "RSA";
		public = 2;
		private = 4;
		break;
	case ALG_ELGAMAL:
		key->type = "Elgamal";
		public = 3;
		private = 1;
		break;
	case ALG_DSA:
		key->type = "DSA";
		public = 4;
		private = 1;
		break;
	case ALG_ECDH:
	case ALG_ECDSA:
	case ALG_EDDSA:
		if (!curve_point(packet, algorithm, &curve, &point))
			return false;
		private = 1;
		break;
	case ALG_X25519:
	case ALG_X448:
	case ALG_ED25519:
	case ALG_ED448:
		curve = algorithm == ALG_X25519 ? ECC_X25519 : algorithm == ALG_X448 ? ECC_X448 :
			algorithm == ALG_ED25519 ? ECC_ED25519 : ECC_ED448;
		if (!take(packet, ecc_bytes(curve), &point))
			return false;
		break;
	default:
		return false;
	}
	if (!mpis(packet, f, public) || (public && f[0].len < 64))
		return false;
	if (curve)
		key->type = ecc_name(curve);
	else
		key->bits = 8 * (f[0].len - 1) + 32 - __builtin_clz(*f[0].bytes);
	if (!usage(packet, &key->encrypted))
		return false;
	if (key->encrypted)
		return true;
	secret.bytes = packet->at;
	key->secret = packet->at - bytes;
	if (private ? !mpis(packet, g, private) : !take(packet, ecc_bytes(curve), &g[0]))
		return false;
	key->secret_len = packet->at - bytes - key->secret;
	if (algorithm <= ALG_RSA_SIGN)
		proof = proof_rsa(f[0], g[1], g[2]);
	else if (algorithm == ALG_DSA)
		proof = proof_dsa(f[0], f[2], f[3], g[0]);
	else if (algorithm == ALG_ELGAMAL)
		proof = proof_dsa(f[0], f[1], f[2], g[0]);
	else if (private)
		proof = prove_point(curve, g[0], point);
	else
		proof = proof_ecc(curve, g[0], point);
	key->proven = proof == PROOF_DONE;
	return key->proven || prove_sum(secret.bytes, packet);
}

static bool read_key(const u8 *bytes, u64 len, struct pgp_key *key)
{
	struct packet packet = { bytes, len };
	struct octets head;

	*key = (struct pgp_key){ 0 };
	return take(&packet, HEAD, &head) && *head.bytes == 4 &&
	       numbers(&packet, head.bytes[5], key, bytes);
}

static const char *words(const struct pgp_key *key, char *text, size_t room)
{
	if (key->bits)
		snprintf(text, room, "%s, %u bits", key->type, key->bits);
	else
		snprintf(text, room, "%s", key->type);
	return text;
}

static void look_at(struct scan *scan, const struct window *window, u64 at)
{
	struct pgp_key key;
	char text[48];

	if (!read_key(window->bytes + at, window->len - at, &key))
		return;
	if (key.encrypted)
		scan_report(scan, window, at, HEAD, &kind_encrypted, false, "%s",
			    words(&key, text, sizeof(text)));
	else
		scan_report(scan, window, at + key.secret, key.secret_len, &kind_secret,
			    key.proven, "%s", words(&key, text, sizeof(text)));
}

/* The algorithm and the name of a curve. */
static void found_curve(struct scan *scan, void *state, const struct window *window, u64 at,
			const struct needle *needle)
{
	(void)state;
	(void)needle;
	if (at >= HEAD - 1)
		look_at(scan, window, at - (HEAD - 1));
}

/* The exponent of RSA: the modulus is before it, as long as its length says. */
static void found_exponent(struct scan *scan, void *state, const struct window *window, u64 at,
			   const struct needle *needle)
{
	u64 len, start;
	u32 bits;

	(void)state;
	(void)needle;
	/* A length takes a fourth of what a letter does. */
	if (!effort_letters(MPI_MAX / 4))
		return;
	for (len = 64; len <= MPI_MAX && len + HEAD + 2 <= at; len++) {
		start = at - len - 2 - HEAD;
		bits = window->bytes[start + HEAD] << 8 | window->bytes[start + HEAD + 1];
		if ((bits + 7) / 8 == len && window->bytes[start] == 4 &&
		    window->bytes[start + 5] >= ALG_RSA && window->bytes[start + 5] <= ALG_RSA_SIGN)
			look_at(scan, window, start);
	}
}

/* The head of a packet, of either format: its tag, or 0 if it is none. */
static u32 packet_head(const u8 *bytes, u64 len, u64 *head, u64 *size)
{
	u32 kind, i;

	if (len < 6 || !(bytes[0] & 0x80))
		return 0;
	*size = 0;
	if (bytes[0] & 0x40) {
		*head = bytes[1] < 192 ? 2 : bytes[1] < 224 ? 3 : 6;
		if (bytes[1] < 192)
			*size = bytes[1];
		else if (bytes[1] < 224)
			*size = ((bytes[1] - 192) << 8) + bytes[2] + 192;
		else if (bytes[1] == 255)
			*size = (u64)bytes[2] << 24 | bytes[3] << 16 | bytes[4] << 8 | bytes[5];
		else
			return 0;
		return bytes[0] & 0x3f;
	}
	kind = bytes[0] & 3;
	if (kind == 3)
		return 0;
	*head = 1 + (1 << kind);
	for (i = 1; i < *head; i++)
		*size = *size << 8 | bytes[i];
	return bytes[0] >> 2 & 0x0f;
}

static bool crc24(const struct body *body)
{
	u32 crc = 0xb704ce, i, k;

	for (i = 0; i < body->len; i++) {
		crc ^= (u32)body->bytes[i] << 16;
		for (k = 0; k < 8; k++) {
			crc <<= 1;
			if (crc & 0x1000000)
				crc ^= 0x1864cfb;
		}
	}
	return (u32)body->sum == (crc & 0xffffff);
}

/* The whole body is reported, once, for all secret keys in it. */
static void found_armour(struct scan *scan, void *state, const struct window *window, u64 at,
			 const struct needle *needle)
{
	struct letters text = { window, at };
	u32 secret = 0, encrypted = 0, proven = 0, i, tag;
	struct pgp_key key, first = { 0 };
	u64 here = 0, head, size;
	struct body body;
	char words_of[48];
	bool ignored;

	(void)state;
	body_decode(&body, &text, letters_headers(&text, needle->len, "", &ignored));
	for (i = 0; i < PACKETS && here < body.len; i++, here += head + size) {
		tag = packet_head(body.bytes + here, body.len - here, &head, &size);
		if (!tag)
			break;
		if ((tag != TAG_SECRET_KEY && tag != TAG_SECRET_SUBKEY) ||
		    !read_key(body.bytes + here + head, body.len - here - head, &key))
			continue;
		if (!first.type)
			first = key;
		encrypted += key.encrypted;
		secret += !key.encrypted;
		proven += key.proven;
	}
	if (secret || encrypted)
		letters_report(scan, &text, body.first, body.end - body.first,
			       secret ? &kind_secret : &kind_encrypted, secret && proven == secret,
			       "armour, %s%s%s", words(&first, words_of, sizeof(words_of)),
			       secret + encrypted > 1 ? ", subkeys" : "",
			       body.sum >= 0 && crc24(&body) ? ", CRC-24 is right" : "");
	body_erase(&body);
}

#define CURVE_NEEDLES(oid) \
	NEEDLE("\x12" oid, found_curve), \
	NEEDLE("\x13" oid, found_curve)

static const struct needle needles[] = {
	NEEDLE("-----BEGIN PGP PRIVATE KEY BLOCK-----", found_armour),
	NEEDLE("\0\x11\1\0\1", found_exponent),
	NEEDLE("\x16\x09\x2b\6\1\4\1\xda\x47\x0f\1", found_curve),
	NEEDLE("\x12\x0a\x2b\6\1\4\1\x97\x55\1\5\1", found_curve),
	CURVE_NEEDLES("\x08\x2a\x86\x48\xce\x3d\3\1\7"),
	CURVE_NEEDLES("\5\x2b\x81\4\0"),
	CURVE_NEEDLES("\x09\x2b\x24\3\3\2\x08\1\1"),
	{ 0 }
};

const struct detector detect_pgp = {
	.name = "pgp",
	.open = proof_open,
	.needles = needles,
};
