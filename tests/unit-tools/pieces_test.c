// SPDX-License-Identifier: GPL-2.0
/*
 * What is left of RSA keys in DER, also in base64: their last numbers, a few of them, one; with
 * their public key somewhere, and without it. And what has such numbers and is no key.
 */
#define _GNU_SOURCE
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "keyscan.h"
#include "scan/der.h"
#include "tap.h"

#define ROOM	(1u << 18)
#define PUBLIC	1000u		/* where the public key is */
#define PIECE	100000u		/* where the piece is */
#define ALL	"rsa-der,rsa-pieces,known"

enum { N, E, D, P, Q, DP, DQ, QINV, NUMBERS };

/* A key; where its numbers begin and end in @der, header included. */
struct key {
	u8 *der, *spki;
	u32 len, spki_len;
	u32 first[NUMBERS], number[NUMBERS], end[NUMBERS];
};

static u8 bytes[ROOM];

static void make_any(struct key *key, u32 bits)
{
	EVP_PKEY *pkey = EVP_RSA_gen(bits);
	struct der rest, sequence, number;
	u32 i;

	memset(key, 0, sizeof(*key));
	key->len = i2d_PrivateKey(pkey, &key->der);
	key->spki_len = i2d_PUBKEY(pkey, &key->spki);
	rest = (struct der){ key->der, key->der + key->len };
	if (!der_next(&rest, DER_SEQUENCE, &sequence) || !der_number(&sequence, &number))
		abort();
	for (i = 0; i < NUMBERS; i++) {
		key->first[i] = sequence.at - key->der;
		if (!der_number(&sequence, &number))
			abort();
		key->number[i] = number.at - key->der;
		key->end[i] = number.end - key->der;
	}
	EVP_PKEY_free(pkey);
}

static void drop(struct key *key)
{
	OPENSSL_free(key->der);
	OPENSSL_free(key->spki);
}

/* One of 128 keys has a number that is a byte shorter: its header is not looked for. */
static void make(struct key *key, u32 bits)
{
	for (make_any(key, bits); key->end[DP] - key->number[DP] != bits / 16 ||
	     key->end[DQ] - key->number[DQ] != bits / 16 ||
	     key->end[QINV] - key->number[QINV] != bits / 16 ||
	     key->end[D] - key->number[D] != bits / 8; make_any(key, bits))
		drop(key);
}

/* Random bytes with @len of a piece; @public: of which key the public half is there. */
static void put(const struct key *public, const void *piece, u32 len)
{
	static u64 seed = 1;

	fill_random(bytes, ROOM, seed++);
	if (public)
		memcpy(bytes + PUBLIC, public->spki, public->spki_len);
	memcpy(bytes + PIECE, piece, len);
}

/* Are numbers @from to @last, which are whole, and nothing else seen? */
static bool seen_numbers(const struct key *key, u32 cut, u32 from, u32 last)
{
	static const char *const kinds[] = { [D] = "rsa-private-exponent", [P] = "rsa-prime",
					     [Q] = "rsa-prime", [DP] = "rsa-crt", [DQ] = "rsa-crt",
					     [QINV] = "rsa-crt" };
	u32 i;

	if (scan_made(bytes, ROOM, ALL, NULL)->keys != last - from + 1) {
		printf("# %u seen\n", (u32)scan_sightings(scanned)->keys);
		return false;
	}
	for (i = from; i <= last; i++)
		if (!proven(kinds[i], PIECE + key->number[i] - cut, key->end[i] - key->number[i]))
			return false;
	return true;
}

static void test_pieces(const struct key *key, u32 bits)
{
	u32 from, right = 0, nr = 0;

	/* What comes before a number is gone, and its end is there. */
	for (from = D; from <= DQ; from++) {
		put(key, key->der + key->first[from], key->len - key->first[from]);
		right += seen_numbers(key, key->first[from], from, QINV);
		nr++;
	}
	/* What comes behind it is gone, too, but for two bytes of a header. */
	for (from = D; from <= DQ; from++) {
		put(key, key->der + key->first[from],
		    key->first[from + 1] + 3 - key->first[from]);
		right += seen_numbers(key, key->first[from], from, from);
		nr++;
	}
	ok(right == nr, "RSA-%u: %u of %u pieces, by the public key", bits, right, nr);
	put(NULL, key->der + key->first[P], key->len - key->first[P]);
	ok(seen_numbers(key, key->first[P], P, QINV), "RSA-%u: both primes, no public key", bits);
	put(NULL, key->der + key->first[DP], key->len - key->first[DP]);
	ok(!scan_made(bytes, ROOM, ALL, NULL)->keys, "RSA-%u: no prime and no public key: nothing",
	   bits);
}

/* In base64, on one line, at each of four places of a group of letters. */
static void test_base64(const struct key *key)
{
	u32 len = key->len, cut, i, first, right = 0, nr = 0;
	char *text = malloc(2 * len);
	u8 *shifted = malloc(len + 3);

	for (cut = 0; cut < 12; cut++) {
		i = cut % 3;
		memset(shifted, 0x55, 3);
		memcpy(shifted + i, key->der, len);
		EVP_EncodeBlock((u8 *)text, shifted, len + i);
		/* The letters of the last four numbers, and a few before them. */
		first = (key->first[Q] + i) * 4 / 3 - cut / 3 - 4;
		put(key, text + first, strcspn(text, "=") - first);
		scan_made(bytes, ROOM, ALL, NULL);
		right += count_of("rsa-prime") >= 1 && count_of("rsa-crt") == 3;
		nr++;
	}
	ok(right == nr, "in base64, %u of %u pieces", right, nr);
	free(text);
	free(shifted);
}

/*
 * From q on, in lines of @width; in UTF-16 if @wide. What is seen of it is all from its
 * first letter to its last one.
 */
static bool lines_are_seen(const struct key *key, u32 width, bool wide)
{
	u32 shift = (3 - key->first[Q] % 3) % 3, from = (key->first[Q] + shift) / 3 * 4;
	u32 nr = 0, i, first, last;
	char *text = malloc(2 * key->len), *at = (char *)bytes + PIECE;
	u8 *shifted = calloc(key->len + 2, 1);

	memcpy(shifted + shift, key->der, key->len);
	EVP_EncodeBlock((u8 *)text, shifted, key->len + shift);
	put(key, "", 0);
	for (i = from; text[i] && text[i] != '='; i++) {
		at[nr++] = text[i];
		if (wide)
			at[nr++] = '\0';
		if ((i - from + 1) % width == 0) {
			at[nr++] = '\n';
			if (wide)
				at[nr++] = '\0';
		}
	}
	memset(at + nr, 0, 8);
	first = (key->number[Q] - key->first[Q]) * 8 / 6;
	last = ((key->end[Q] - key->first[Q]) * 8 - 1) / 6;
	first += first / width;
	last += last / width;
	free(text);
	free(shifted);
	scan_made(bytes, ROOM, ALL, NULL);
	return wide ? proven("rsa-prime", PIECE + 2 * first, 2 * (last - first) + 1) :
		      proven("rsa-prime", PIECE + first, last - first + 1);
}

static void test_lines(const struct key *key)
{
	static const u32 widths[] = { 8, 12, 15, 16, 64, 4000 };
	u32 i, right = 0, nr = 0;

	for (i = 0; i < sizeof(widths) / sizeof(*widths); i++) {
		right += lines_are_seen(key, widths[i], false);
		right += lines_are_seen(key, widths[i], true);
		nr += 2;
	}
	ok(right == nr, "in lines of any length, and in UTF-16: %u of %u", right, nr);
}

/* A number of a key that is known, in base64 and without any header: in lines, and cut. */
static void test_copies(const struct key *key)
{
	u32 len = key->end[P] - key->number[P], i, right = 0;
	u8 shifted[3000], *text;
	char plain[4000];

	for (i = 0; i < 3; i++) {
		memset(shifted, 0x55, sizeof(shifted));
		memcpy(shifted + i, key->der + key->number[P], len);
		EVP_EncodeBlock((u8 *)plain, shifted, len + 3);
		put(NULL, key->der, key->len);
		text = bytes + PIECE + 50000;
		memset(text - 1, 0, 80);	/* what is random may go on by chance */
		memcpy(text, plain + 4, 60);
		text[60] = '\n';
		memcpy(text + 61, plain + 64, 17);
		text[78] = '\n';
		scan_made(bytes, ROOM, ALL, NULL);
		right += proven("rsa-prime", PIECE + 50000, 60) &&
			 proven("rsa-prime", PIECE + 50000 + 61, 17) &&
			 count_of("rsa-prime") == 2 && count_of("rsa-private-key") == 1;
	}
	ok(right == 3, "copies in base64 of a key that is known, %u of 3", right);
}

/* As programs print numbers: digits of either case, in lines, and cut. */
static void test_hex(const struct key *key)
{
	static const char *const formats[] = { "%02x", "%02X" };
	u32 len = 40, i, k, right = 0;
	char text[100];

	for (k = 0; k < 2; k++) {
		for (i = 0; i < len; i++)
			sprintf(text + 2 * i, formats[k], key->der[key->number[DP] + i + 20]);
		text[50] = '\n';
		put(NULL, key->der, key->len);
		memset(bytes + PIECE + 49999, 0, 2 * len + 2);
		memcpy(bytes + PIECE + 50000, text, 2 * len);
		scan_made(bytes, ROOM, ALL, NULL);
		right += proven("rsa-crt", PIECE + 50000, 50) &&
			 proven("rsa-crt", PIECE + 50000 + 51, 29);
	}
	ok(right == 2, "copies in hexadecimal of either case");
}

static void test_others(const struct key *key, const struct key *other)
{
	u32 len = key->len - key->first[DP], i, wrong = 0;
	u8 *piece = malloc(len);

	put(other, key->der + key->first[DP], len);
	ok(!scan_made(bytes, ROOM, ALL, NULL)->keys, "numbers of another key: nothing");
	for (i = 0; i < 8; i++) {
		memcpy(piece, key->der + key->first[DP], len);
		piece[40] ^= 1 << i;
		piece[key->end[DP] - key->first[DP] + 40] ^= 1 << i;
		put(key, piece, len);
		wrong += scan_made(bytes, ROOM, ALL, NULL)->keys;
	}
	ok(!wrong, "d mod p-1 and d mod q-1, one bit of each changed: nothing");
	free(piece);
	put(key, key->der + key->first[DP], key->end[DP] - key->first[DP]);
	ok(!scan_made(bytes, ROOM, ALL, NULL)->keys, "no number behind it: nothing");
	put(key, key->der, key->first[D]);
	ok(!scan_made(bytes, ROOM, ALL, NULL)->keys, "the public numbers of a private key: nothing");
}

static void test_many(const struct key *key)
{
	struct complaint why = { "" };
	const u32 len = key->end[DP] - key->first[DP];
	u8 *many = malloc(8192 * len);
	u32 i;

	/* More numbers than are kept, each behind another one, none twice. */
	for (i = 0; i < 8192; i++) {
		memcpy(many + i * len, key->der + key->first[DP], len);
		memcpy(many + i * len + len / 2, &i, sizeof(i));
	}
	ok(scan_tried(many, 8192 * len, ALL, NULL, &why) == -E2BIG &&
	   strstr(why.text, "numbers in DER"), "more numbers than are kept: it says so");
	free(many);
}

int main(void)
{
	static const u32 lengths[] = { 2048, 3072, 4096 };
	struct key key, other;
	u32 i;

	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		make(&key, lengths[i]);
		test_pieces(&key, lengths[i]);
		drop(&key);
	}
	make(&key, 2048);
	make(&other, 2048);
	test_base64(&key);
	test_lines(&key);
	test_copies(&key);
	test_hex(&key);
	test_others(&key, &other);
	test_many(&key);
	fill_random(bytes, ROOM, 77);
	ok(!scan_made(bytes, ROOM, ALL, NULL)->keys, "nothing in random bytes");
	scan_done();
	drop(&key);
	drop(&other);
	return tap_end();
}
