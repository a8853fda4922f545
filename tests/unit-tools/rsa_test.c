// SPDX-License-Identifier: GPL-2.0
/*
 * RSA keys, as DER and as bare numbers, made by OpenSSL at test time.
 */
#define _GNU_SOURCE
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "keyscan.h"
#include "plain_rsa.h"
#include "scan/effort.h"
#include "scan/simd.h"
#include "scan/sweep.h"
#include "tap.h"

#define ROOM	(3u << 20)
#define ALL	"rsa-der,limbs,known"

/* Numbers of a key, big-endian. */
struct key {
	EVP_PKEY *pkey;
	u8 *der;
	int der_len;
	u8 p[512], d[512];
	u32 p_len, d_len;
	BIGNUM *n, *e;
};

static struct key key, other;
static u8 *bytes;

static u32 number(const struct key *of, const char *name, u8 *to)
{
	BIGNUM *value = NULL;
	u32 len;

	if (!EVP_PKEY_get_bn_param(of->pkey, name, &value))
		abort();
	len = BN_num_bytes(value);
	BN_bn2bin(value, to);
	BN_free(value);
	return len;
}

static void make(struct key *to, u32 bits)
{
	to->pkey = plain_rsa(bits);
	to->der = NULL;
	to->der_len = i2d_PrivateKey(to->pkey, &to->der);
	to->p_len = number(to, OSSL_PKEY_PARAM_RSA_FACTOR1, to->p);
	to->d_len = number(to, OSSL_PKEY_PARAM_RSA_D, to->d);
	to->n = to->e = NULL;
	if (!EVP_PKEY_get_bn_param(to->pkey, OSSL_PKEY_PARAM_RSA_N, &to->n) ||
	    !EVP_PKEY_get_bn_param(to->pkey, OSSL_PKEY_PARAM_RSA_E, &to->e))
		abort();
}

static void drop(struct key *of)
{
	EVP_PKEY_free(of->pkey);
	OPENSSL_free(of->der);
	BN_free(of->n);
	BN_free(of->e);
}

static struct questions *ask(const struct key *of)
{
	struct questions *all = questions_new();

	if (!questions_add_rsa(all, of->n, of->e, "test"))
		abort();
	return all;
}

static void reversed(u8 *to, const u8 *from, u32 len)
{
	while (len--)
		*to++ = from[len];
}

/* From its private exponent to its end. */
static bool seen_der(const struct key *of, u64 at, u32 len)
{
	u8 *d = memmem(of->der, of->der_len, of->d, of->d_len);
	u64 from = d - of->der;

	return proven("rsa-private-key", at + from, len - from);
}

static void test_der(void)
{
	static const u64 places[] = { 0, 7, 12345, (1 << 20) - 1, (1 << 20) - 700, 2 << 20 };
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key.pkey);
	u8 *wrapped = NULL, *spki = NULL;
	u32 i, found = 0, nr = sizeof(places) / sizeof(*places);
	int len, offset;

	for (i = 0; i < nr; i++) {
		fill_random(bytes, ROOM, i + 1);
		memcpy(bytes + places[i], key.der, key.der_len);
		found += scan_made(bytes, ROOM, ALL, NULL)->keys == 1 &&
			 seen_der(&key, places[i], key.der_len);
	}
	ok(found == nr, "PKCS #1: found at %u of %u places, once each", found, nr);
	len = i2d_PKCS8_PRIV_KEY_INFO(info, &wrapped);
	PKCS8_PRIV_KEY_INFO_free(info);
	offset = len - key.der_len;
	fill_random(bytes, ROOM, 9);
	memcpy(bytes + 5001, wrapped, len);
	scan_made(bytes, ROOM, ALL, NULL);
	ok(seen_der(&key, 5001 + offset, key.der_len), "PKCS #8: found");
	OPENSSL_free(wrapped);
	len = i2d_PUBKEY(key.pkey, &spki);
	fill_random(bytes, ROOM, 10);
	memcpy(bytes + 5001, spki, len);
	ok(!scan_made(bytes, ROOM, ALL, NULL)->keys, "a public key is none");
	ok(questions_nr(scan_questions(scanned)) == 1, "but it is known from then on");
	memcpy(bytes + 900001, key.p, key.p_len);
	ok(!scan_made(bytes, ROOM, ALL, NULL)->keys, "a prime without --cert is not searched for");
	OPENSSL_free(spki);
}

/* Lengths of a modulus that DER has in one byte. */
static void test_small(void)
{
	static const u32 sizes[] = { 512, 640, 768, 896 };
	struct key small;
	u32 i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		make(&small, sizes[i]);
		fill_random(bytes, ROOM, i + 1);
		memcpy(bytes + 12345, small.der, small.der_len);
		ok(scan_made(bytes, ROOM, ALL, NULL)->keys == 1 &&
		   seen_der(&small, 12345, small.der_len), "RSA-%u in DER", sizes[i]);
		memset(bytes, '\n', ROOM);
		EVP_EncodeBlock(bytes + 12345, small.der, small.der_len);
		ok(scan_made(bytes, ROOM, ALL, NULL)->keys == 1, "RSA-%u in base64", sizes[i]);
		drop(&small);
	}
}

static void test_near_misses(void)
{
	u8 old_n[512], new_n[512], *at;
	u32 len = BN_bn2bin(other.n, new_n), i, wrong = 0;

	BN_bn2bin(key.n, old_n);
	fill_random(bytes, ROOM, 3);
	memcpy(bytes + 4096, key.der, key.der_len);
	/* the modulus of the other key: nothing in it agrees any more */
	memcpy(memmem(bytes, ROOM, old_n, len), new_n, len);
	ok(!scan_made(bytes, ROOM, ALL, NULL)->keys, "numbers that do not agree are no key");
	for (i = 0; i < 2; i++) {
		fill_random(bytes, ROOM, 4 + i);
		memcpy(bytes + 4096, key.der, key.der_len);
		bytes[4096 + i] ^= 1;
		wrong += scan_made(bytes, ROOM, ALL, NULL)->keys != 0;
	}
	ok(!wrong, "a header that is wrong makes it none");
	fill_random(bytes, ROOM, 8);
	memcpy(bytes + 4096, key.der, key.der_len);
	at = memmem(bytes, ROOM, key.p, key.p_len);
	at[17] ^= 4;
	ok(scan_made(bytes, ROOM, ALL, NULL)->keys, "one prime is damaged, the other proves it");
}

/* A number alone, in either order, at every alignment. */
static void test_bare(const struct key *of, u32 bits)
{
	struct questions *all;
	u32 i, primes = 0, exponents = 0, misses = 0, len = of->d_len;

	for (i = 0; i < 8; i++) {
		u64 at = 777 * i + 4096 + (i & 1 ? (1 << 20) - 4200 - 777 * i : 0) + i;

		all = ask(of);
		fill_random(bytes, ROOM, i + 20);
		if (i & 2)
			reversed(bytes + at, of->p, of->p_len);
		else
			memcpy(bytes + at, of->p, of->p_len);
		scan_made(bytes, ROOM, "limbs,known", all);
		primes += proven("rsa-prime", at, of->p_len) && questions_get(all, 0)->nr_parts;
		bytes[at + of->p_len / 2] ^= 1 << i;
		scan_done();
		questions_free(all);
		all = ask(of);
		misses += scan_made(bytes, ROOM, "limbs,known", all)->keys;
		scan_done();
		questions_free(all);
		all = ask(of);
		fill_random(bytes, ROOM, i + 40);
		if (i & 2)
			reversed(bytes + at, of->d, len);
		else
			memcpy(bytes + at, of->d, len);
		scan_made(bytes, ROOM, "limbs,known", all);
		exponents += count_of("rsa-private-exponent") == 1;
		scan_done();
		questions_free(all);
	}
	ok(primes == 8, "RSA-%u: a bare prime is found, %u of 8", bits, primes);
	ok(!misses, "RSA-%u: one bit of it changed, and it is not", bits);
	ok(exponents == 8, "RSA-%u: a bare exponent is found, %u of 8", bits, exponents);
}

static void test_parts(void)
{
	struct questions *all = ask(&key);
	const struct sighting *half;

	fill_random(bytes, ROOM, 60);
	reversed(bytes + 8000, key.d, key.d_len);
	memset(bytes + 8000, 0xaa, 16);		/* what free() of the C library overwrites */
	scan_made(bytes, ROOM, "limbs,known", all);
	half = count_of("rsa-private-exponent") == 1 ? scan_sightings(scanned)->list : NULL;
	/* An exponent may be some bits shorter than its modulus. */
	ok(half && !half->proven && half->offset + half->len == 8000 + key.d_len &&
	   half->len + 8 > key.d_len / 2,
	   "an exponent that lost its lowest bytes: its upper half");
	scan_done();
	questions_free(all);
	all = ask(&other);
	fill_random(bytes, ROOM, 61);
	memcpy(bytes + 8000, key.p, key.p_len);
	memcpy(bytes + 9000, key.d, key.d_len);
	ok(!scan_made(bytes, ROOM, "limbs,known", all)->keys, "numbers of another key are not");
	scan_done();
	questions_free(all);
	fill_random(bytes, ROOM, 62);
	memcpy(bytes + 4096, key.der, key.der_len);
	memcpy(bytes + 1500001, key.p + 30, 40);
	bytes[1500000] = ~key.p[29];		/* what is random may go on by chance */
	bytes[1500041] = ~key.p[70];
	reversed(bytes + 2500000, key.d, key.d_len);
	scan_made(bytes, ROOM, ALL, NULL);
	ok(proven("rsa-prime", 1500001, 40), "a key is known: 40 bytes of its prime elsewhere");
	ok(proven("rsa-private-exponent", 2500000, key.d_len), "and its exponent, reversed");
}

/* Primes of many lengths at the edges of file and windows, in either order, by either path. */
static void test_places(u32 bits)
{
	const u32 size = 3 * SWEEP_WINDOW / 2, edge = SWEEP_WINDOW;
	u32 level, i, missed = 0, more = 0;
	struct key made;

	make(&made, bits);
	for (level = 0; level < 2; level++) {
		const u32 len = made.p_len;
		const u32 places[] = { 0, 4096 - len / 2, edge - 2 * len, edge - len + 1,
				       edge + 1, edge + 2 * len, size - len };
		const u32 nr = sizeof(places) / sizeof(*places);
		struct questions *all = ask(&made);

		simd_limit(level ? SIMD_AVX512 : SIMD_NONE);
		fill_random(bytes, size, bits);
		for (i = 0; i < nr; i++) {
			if ((i + level) % 2)
				reversed(bytes + places[i], made.p, len);
			else
				memcpy(bytes + places[i], made.p, len);
		}
		scan_made(bytes, size, "limbs", all);
		for (i = 0; i < nr; i++)
			missed += !proven("rsa-prime", places[i], len);
		more += count_of("rsa-prime") - nr;
		scan_done();
		questions_free(all);
	}
	simd_limit(SIMD_AVX512);
	ok(!missed && !more, "RSA-%u: a prime at 7 places, by vectors and without", bits);
	drop(&made);
}

/* Likewise exponents; one that is shorter than the modulus only with the highest byte first. */
static void test_exponents(u32 bits, bool shorter)
{
	const u32 size = 3 * SWEEP_WINDOW / 2, edge = SWEEP_WINDOW, len = bits / 8 - shorter;
	const u32 places[] = { 0, 4096 - len / 2, edge - 2 * len, edge - len + 1, edge + 1,
			       edge + 2 * len, size - len };
	const u32 nr = sizeof(places) / sizeof(*places);
	u32 level, i, missed = 0, more = 0;
	struct key made;

	for (make(&made, bits); made.d_len != len; make(&made, bits))
		drop(&made);
	for (level = 0; level < 2; level++) {
		struct questions *all = ask(&made);

		simd_limit(level ? SIMD_AVX512 : SIMD_NONE);
		fill_random(bytes, size, bits);
		for (i = 0; i < nr; i++) {
			if (shorter || (i + level) % 2)
				memcpy(bytes + places[i], made.d, len);
			else
				reversed(bytes + places[i], made.d, len);
		}
		scan_made(bytes, size, "limbs", all);
		for (i = 0; i < nr; i++)
			missed += !proven("rsa-private-exponent", places[i], len);
		more += count_of("rsa-private-exponent") - nr;
		scan_done();
		questions_free(all);
	}
	simd_limit(SIMD_AVX512);
	ok(!missed && !more, "RSA-%u: an exponent of %u bytes at 7 places, by vectors and without",
	   bits, len);
	drop(&made);
}

/* Two segments that are neighbours in memory, and apart in the file. */
static void test_seam(void)
{
	struct fixture_segment apart[] = {
		{ .vaddr = 0x10000, .filesz = 2 * PAGE },
		{ .vaddr = 0x12000, .filesz = 2 * PAGE, .gap = PAGE },
	};
	struct fixture fixture;
	u32 i, joined = 0;

	fixture_init(&fixture);
	fixture.segments = apart;
	fixture.nr_segments = 2;
	fixture.no_seal = true;
	fixture.nr_ranges = 0;
	fixture_build(&fixture);
	for (i = 0; i < (u32)key.der_len; i++)
		*fixture_at(&fixture, 0x12000 - 900 + i) = key.der[i];
	scan_made(fixture.bytes, fixture.len, ALL, NULL);
	for (i = 0; i < scan_sightings(scanned)->nr; i++)
		joined += !strcmp(scan_sightings(scanned)->list[i].kind->word,
				  "rsa-private-key") && scan_sightings(scanned)->list[i].joined;
	ok(count_of("rsa-private-key") == 1 && joined == 1,
	   "across two segments that are apart in the file");
	fixture_free(&fixture);
}

/* Keys without primes, whose exponents are wrong: each costs a power. */
static void test_effort(void)
{
	const u64 least = effort_least;
	struct complaint why = { "" };
	const u8 *d = memmem(key.der, key.der_len, key.d, key.d_len);
	u32 len = d + key.d_len - key.der, i, nr = ROOM / len;

	for (i = 0; i < nr; i++) {
		memcpy(bytes + i * len, key.der, len);
		memcpy(bytes + i * len + len / 2 + 50, &i, sizeof(i));
		bytes[(i + 1) * len - 1] ^= 4;
	}
	effort_least = 0;
	ok(scan_tried(bytes, nr * len, ALL, NULL, &why) == -E2BIG &&
	   !scan_sightings(scanned)->keys && strstr(why.text, "looks like keys"), "more than can be tried: it says so");
	effort_least = least;
	ok(!scan_made(bytes, 100 * len, ALL, NULL)->keys, "some of them: tried, and nothing");
	memcpy(bytes, key.der, len);
	ok(scan_made(bytes, 100 * len, ALL, NULL)->keys, "a right one among them");
}

/* Public keys enough to make a private one pass for nothing, if that were not said. */
static void test_questions(void)
{
	static const u8 head[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"
				 "\x03\x4b\x00\x30\x48\x02\x41\x00", tail[] = "\x02\x03\x01\x00\x01";
	const u32 each = sizeof(head) - 1 + 64 + sizeof(tail) - 1, len = QUESTIONS_MAX * each;
	u8 *many = malloc(len + key.der_len), *to = many;
	struct complaint why = { "" };
	u32 i;

	fill_random(many, len, 123);
	for (i = 0; i < QUESTIONS_MAX; i++, to += each) {
		memcpy(to, head, sizeof(head) - 1);
		to[sizeof(head) - 1] |= 0x80;
		to[sizeof(head) - 1 + 63] |= 1;
		memcpy(to + each - (sizeof(tail) - 1), tail, sizeof(tail) - 1);
	}
	ok(!scan_made(many, len, ALL, NULL)->keys &&
	   questions_nr(scan_questions(scanned)) == QUESTIONS_MAX, "as many as can be kept");
	memcpy(to, key.der, key.der_len);
	ok(scan_tried(many, len + key.der_len, ALL, NULL, &why) == -E2BIG &&
	   strstr(why.text, "public keys"), "one more, whose private half is there: it says so");
	free(many);
}

/* By their modulus, whatever the exponent, and of many as of few. */
static void test_find(void)
{
	struct questions *all = questions_new();
	BIGNUM *n = BN_new(), *e = BN_new();
	struct question *question;
	u32 i, right = 0;

	BN_set_word(e, 65537);
	for (i = 0; i < 20000; i++) {
		BN_set_word(n, 1);
		BN_lshift(n, n, 1023);
		BN_add_word(n, 2 * i + 1);
		question = i % 2 ? questions_add_rsa(all, n, e, NULL) : NULL;
		right += questions_find_rsa(all, n) == question;
	}
	BN_set_word(e, 3);
	for (i = 0; i < 20000; i++) {
		BN_set_word(n, 1);
		BN_lshift(n, n, 1023);
		BN_add_word(n, 2 * i + 1);
		question = questions_find_rsa(all, n);
		if (i == 101)
			questions_add_rsa(all, n, e, NULL);
		right += i % 2 ? question && !BN_cmp(question->n, n) &&
				 BN_is_word(question->e, 65537) &&
				 question == questions_find_rsa(all, n) : !question;
	}
	ok(right == 40000, "20000 moduli are found, or not: %u of 40000", right);
	BN_free(n);
	BN_free(e);
	questions_free(all);
}

int main(void)
{
	static struct key third;

	bytes = malloc(ROOM);
	make(&key, 2048);
	make(&other, 2048);
	make(&third, 3072);
	test_der();
	test_small();
	test_near_misses();
	test_bare(&key, 2048);
	test_bare(&third, 3072);
	test_places(1024);
	test_places(1538);
	test_places(3072);
	test_exponents(512, true);
	test_exponents(2048, false);
	test_parts();
	test_seam();
	test_effort();
	test_questions();
	test_find();
	fill_random(bytes, ROOM, 99);
	ok(!scan_made(bytes, ROOM, ALL, NULL)->keys, "nothing in random bytes");
	scan_done();
	drop(&key);
	drop(&other);
	drop(&third);
	free(bytes);
	return tap_end();
}
