// SPDX-License-Identifier: GPL-2.0
/*
 * Keys of elliptic curves: DER, bare scalars of given keys, Ed25519 beside its public key.
 */
#define _GNU_SOURCE
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "scan/comb.h"
#include "scan/simd.h"
#include "scan/sweep.h"
#include "keyscan.h"
#include "tap.h"

#define ROOM	(3u << 20)
#define ALL	"ec-der,walk,raw,known"

static u8 *bytes;

static EVP_PKEY *make(const char *curve)
{
	EVP_PKEY *key = EVP_EC_gen(curve);

	if (!key)
		abort();
	return key;
}

/* The scalar, as long as the curve has it. */
static void scalar_of(const EVP_PKEY *key, u8 *to, u32 len)
{
	BIGNUM *d = NULL;

	if (!EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &d) ||
	    BN_bn2binpad(d, to, len) < 0)
		abort();
	BN_clear_free(d);
}

static struct questions *ask(const EVP_PKEY *key, int nid)
{
	struct questions *all = questions_new();
	u8 point[CURVE_POINT_MAX];
	size_t len;

	if (!EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
					     &len) ||
	    !questions_add_ec(all, nid, point, len, "test"))
		abort();
	return all;
}

/* Below @prime: anything, or a number next to 0, to a power of two or to the prime. */
static void some_number(BIGNUM *to, const BIGNUM *prime, u32 i)
{
	BN_rand_range(to, prime);
	if (i % 4 == 1) {
		BN_set_word(to, i / 4 % 3);
	} else if (i % 4 == 2) {
		BN_zero(to);
		BN_set_bit(to, i / 4 % (BN_num_bits(prime) - 1));
		BN_sub_word(to, i / 8 % 2);
	} else if (i % 4 == 3) {
		BN_copy(to, prime);
		BN_sub_word(to, 1 + i / 4 % 3);
	}
}

static bool differs(const u64 *made, const BIGNUM *expected, u32 len)
{
	u64 right[FIELD_LIMBS];

	BN_bn2lebinpad(expected, (u8 *)right, len);
	return memcmp(made, right, len);
}

/* Products, sums and differences, as OpenSSL has them; the result may be an operand. */
static void test_field(void)
{
	BIGNUM *a = BN_new(), *b = BN_new(), *radix = BN_new(), *expected = BN_new();
	u64 x[FIELD_LIMBS], y[FIELD_LIMBS], made[FIELD_LIMBS];
	BN_CTX *ctx = BN_CTX_new();
	const struct curve *curve;
	u32 wrong = 0, i;

	curves_init();
	for (curve = curves; curve->name; curve++) {
		const BIGNUM *prime = EC_GROUP_get0_field(curve->group);
		struct field field;
		u32 len;

		wrong += !field_init(&field, prime);
		len = 8 * field.limbs;
		BN_zero(radix);
		BN_set_bit(radix, 8 * len);
		BN_nnmod(radix, radix, prime, ctx);
		BN_mod_inverse(radix, radix, prime, ctx);
		for (i = 0; i < 4000; i++) {
			some_number(a, prime, i);
			some_number(b, prime, i / 4 + i / 64);
			BN_bn2lebinpad(a, (u8 *)x, len);
			BN_bn2lebinpad(b, (u8 *)y, len);
			field_mul(&field, made, x, y);
			BN_mod_mul(expected, a, b, prime, ctx);
			BN_mod_mul(expected, expected, radix, prime, ctx);
			wrong += differs(made, expected, len);
			field_add(&field, made, x, y);
			BN_mod_add(expected, a, b, prime, ctx);
			wrong += differs(made, expected, len);
			memcpy(made, y, len);
			field_sub(&field, made, x, made);
			BN_mod_sub(expected, a, b, prime, ctx);
			wrong += differs(made, expected, len);
		}
	}
	ok(!wrong, "products, sums and differences are those of OpenSSL");
	BN_free(a);
	BN_free(b);
	BN_free(radix);
	BN_free(expected);
	BN_CTX_free(ctx);
}

static void test_points(void)
{
	struct curve *curve;
	u32 wrong = 0, tried = 0, i;
	u8 point[CURVE_POINT_MAX], expected[CURVE_POINT_MAX];

	curves_init();
	for (curve = curves; curve->name; curve++) {
		EC_POINT *made = EC_POINT_new(curve->group);
		BIGNUM *k = BN_new();

		for (i = 0; i < 12; i++, tried++) {
			const BIGNUM *order = EC_GROUP_get0_order(curve->group);

			if (i < 4)		/* 1, 2, 256, order - 1 */
				BN_set_word(k, i < 2 ? i + 1 : 256);
			else
				BN_rand_range(k, order);
			if (i == 3)
				BN_sub(k, order, BN_value_one());
			EC_POINT_mul(curve->group, made, k, NULL, NULL, NULL);
			EC_POINT_point2oct(curve->group, made, POINT_CONVERSION_UNCOMPRESSED,
					   expected, sizeof(expected), NULL);
			if (curve_public(curve, k, point) &&
			    !memcmp(point, expected, 1 + 2 * curve->bytes))
				continue;
			printf("# %s, scalar %u\n", curve->name, i);
			wrong++;
		}
		wrong += curve_public(curve, EC_GROUP_get0_order(curve->group), point);
		BN_free(k);
		EC_POINT_free(made);
	}
	ok(!wrong && tried == 108, "points of %u scalars are those of OpenSSL", tried);
}

/* Many at once share divisions; each is what it is alone. */
static void test_many_points(u32 nr, u32 total)
{
	u64 *scalars = calloc(nr, 8 * COMB_SCALAR), *points = calloc(nr, 8 * COMB_POINT);
	const struct curve *curve;
	u32 wrong = 0, i, j;

	for (curve = curves; curve->name; curve++) {
		const BIGNUM *order = EC_GROUP_get0_order(curve->group);
		u8 point[CURVE_POINT_MAX], *x;
		BIGNUM *k = BN_new();

		for (i = 0; i < nr; i++) {
			if (i < 3)		/* 1, 2, order - 1 */
				BN_set_word(k, i + 1);
			else
				BN_rand_range(k, order);
			if (i == 2)
				BN_sub(k, order, BN_value_one());
			BN_bn2lebinpad(k, (u8 *)(scalars + i * COMB_SCALAR), 8 * COMB_SCALAR);
		}
		wrong += !curve_points(curve, scalars, nr, total, points);
		for (i = 0; i < nr; i++) {
			x = (u8 *)(points + i * COMB_POINT);
			BN_lebin2bn((u8 *)(scalars + i * COMB_SCALAR), 8 * COMB_SCALAR, k);
			wrong += !curve_public(curve, k, point);
			for (j = 0; j < curve->bytes; j++)
				if (x[j] != point[curve->bytes - j] ||
				    x[8 * FIELD_LIMBS + j] != point[2 * curve->bytes - j])
					break;
			wrong += j < curve->bytes;
		}
		BN_free(k);
	}
	ok(!wrong, "points of %u scalars of %u are those of each", nr, total);
	free(scalars);
	free(points);
}

static void test_der(const char *name, int nid)
{
	const struct curve *curve = curve_of_nid(nid);
	EVP_PKEY *key = make(name);
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	u8 *der = NULL, *wrapped = NULL, *spki = NULL, scalar[CURVE_BYTES_MAX], *at;
	int len = i2d_PrivateKey(key, &der), wrapped_len, spki_len;

	scalar_of(key, scalar, curve->bytes);
	wrapped_len = i2d_PKCS8_PRIV_KEY_INFO(info, &wrapped);
	spki_len = i2d_PUBKEY(key, &spki);
	fill_random(bytes, ROOM, nid);
	memcpy(bytes + (1 << 20) - 20, der, len);
	memcpy(bytes + (2 << 20) + 1, wrapped, wrapped_len);
	scan_made(bytes, ROOM, "ec-der", NULL);
	at = memmem(der, len, scalar, curve->bytes);
	ok(proven("ec-private-key", (1 << 20) - 20 + (at - der), curve->bytes) &&
	   count_of("ec-private-key") == 2, "%s: SEC 1, and PKCS #8", name);
	bytes[(1 << 20) - 20 + (at - der) + 5] ^= 1;
	at = memmem(wrapped, wrapped_len, scalar, curve->bytes);
	bytes[(2 << 20) + 1 + (at - wrapped) + 7] ^= 0x10;
	ok(!scan_made(bytes, ROOM, "ec-der", NULL)->keys, "%s: one bit of the scalars changed",
	   name);
	/* without the public half: first by its structure, then by a key that is elsewhere */
	fill_random(bytes, ROOM, nid + 1);
	EVP_PKEY_set_int_param(key, OSSL_PKEY_PARAM_EC_INCLUDE_PUBLIC, 0);
	OPENSSL_free(der);
	der = NULL;
	len = i2d_PrivateKey(key, &der);
	memcpy(bytes + 4097, der, len);
	at = memmem(der, len, scalar, curve->bytes);
	scan_made(bytes, ROOM, "ec-der", NULL);
	ok(seen("ec-private-key", 4097 + (at - der), curve->bytes) &&
	   !proven("ec-private-key", 4097 + (at - der), curve->bytes),
	   "%s: no public half: by its structure", name);
	memcpy(bytes + 2000003, spki, spki_len);
	scan_made(bytes, ROOM, "ec-der", NULL);
	ok(proven("ec-private-key", 4097 + (at - der), curve->bytes),
	   "%s: proven by a public key elsewhere", name);
	memset(bytes + 4096, 0, 1000);
	ok(!scan_made(bytes, ROOM, "ec-der", NULL)->keys, "%s: a public key is none", name);
	PKCS8_PRIV_KEY_INFO_free(info);
	OPENSSL_free(der);
	OPENSSL_free(wrapped);
	OPENSSL_free(spki);
	EVP_PKEY_free(key);
}

/* A key whose scalar begins with a zero, in DER without it. Returns its length. */
static u32 make_short(const char *name, u32 len, bool public, u8 *to, u8 *scalar)
{
	EVP_PKEY *key = NULL;
	u8 *der = NULL, *at;
	u32 total, header;

	do {
		EVP_PKEY_free(key);
		key = make(name);
		scalar_of(key, scalar, len);
	} while (*scalar);
	EVP_PKEY_set_int_param(key, OSSL_PKEY_PARAM_EC_INCLUDE_PUBLIC, public);
	total = i2d_PrivateKey(key, &der);
	at = memmem(der, total, scalar, len);
	header = der[1] == 0x81 ? 3 : 2;
	memcpy(to, der, total);
	to[header - 1]--;
	to[at - der - 1]--;
	memmove(to + (at - der), to + (at - der) + 1, total - (at - der) - 1);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return total - 1;
}

static void test_short(const char *name, int nid)
{
	const u32 len = curve_of_nid(nid)->bytes;
	u8 der[300], pem[600], scalar[CURVE_BYTES_MAX], *at;
	u32 total, nr;

	total = make_short(name, len, true, der, scalar);
	at = memmem(der, total, scalar + 1, len - 1);
	fill_random(bytes, ROOM, nid);
	memcpy(bytes + 5003, der, total);
	scan_made(bytes, ROOM, ALL, NULL);
	ok(proven("ec-private-key", 5003 + (at - der), len - 1), "%s: a scalar without its zero",
	   name);
	memset(bytes, '\n', ROOM);
	nr = sprintf((char *)pem, "-----BEGIN EC PRIVATE KEY-----\n");
	nr += EVP_EncodeBlock(pem + nr, der, total);
	nr += sprintf((char *)pem + nr, "\n-----END EC PRIVATE KEY-----\n");
	memcpy(bytes + 5003, pem, nr);
	scan_made(bytes, ROOM, "pem", NULL);
	/* That detector has no P-224 to prove it by. */
	ok(scan_sightings(scanned)->keys == 1 &&
	   scan_sightings(scanned)->list[0].proven == (nid != NID_secp224r1),
	   "%s: likewise, in PEM", name);
	scan_made(bytes, ROOM, "ec-der", NULL);
	ok(count_of("ec-private-key") == 1, "%s: likewise, in base64", name);
	total = make_short(name, len, false, der, scalar);
	at = memmem(der, total, scalar + 1, len - 1);
	fill_random(bytes, ROOM, nid);
	memcpy(bytes + 5003, der, total);
	scan_made(bytes, ROOM, ALL, NULL);
	ok(seen("ec-private-key", 5003 + (at - der), len - 1), "%s: likewise, no public half",
	   name);
}

/* A scalar alone, in both orders; then with one bit changed, and for another key. */
static void test_bare(const char *name, int nid)
{
	const struct curve *curve = curve_of_nid(nid);
	EVP_PKEY *key = make(name), *other = make(name);
	struct questions *all = ask(key, nid);
	u64 here = (1 << 20) - 8, there = 2000000;
	u8 scalar[CURVE_BYTES_MAX];
	u32 i, len = curve->bytes;

	scalar_of(key, scalar, len);
	memset(bytes, 0, ROOM);
	memcpy(bytes + here, scalar, len);
	for (i = 0; i < len; i++)
		bytes[there + i] = scalar[len - 1 - i];
	scan_made(bytes, ROOM, "walk", all);
	ok(proven("ec-scalar", here, len) && proven("ec-scalar", there, len) &&
	   count_of("ec-scalar") == 2, "%s: a bare scalar, in either order", name);
	bytes[here + 20] ^= 1;
	bytes[there + 20] ^= 0x80;
	scan_done();
	questions_free(all);
	all = ask(key, nid);
	ok(!scan_made(bytes, ROOM, "walk", all)->keys, "%s: not with a bit changed", name);
	scan_done();
	questions_free(all);
	all = ask(other, nid);
	memcpy(bytes + here, scalar, len);
	ok(!scan_made(bytes, ROOM, "walk", all)->keys, "%s: not of another key", name);
	scan_done();
	questions_free(all);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

/* As text is: six bits in each byte. */
static void fill_plain(u8 *to, u32 len, u64 seed)
{
	u32 i;

	fill_random(to, len, seed);
	for (i = 0; i < len; i++)
		to[i] = ' ' + to[i] % 64;
}

/*
 * Scalars at the edges of the file, of pages, of what frequencies are counted in and of
 * windows, at each alignment, between text and random bytes; by each path, in either order.
 */
static void test_places(const char *name, int nid, enum simd level)
{
	const u32 len = curve_of_nid(nid)->bytes, size = 3 * SWEEP_WINDOW / 2, edge = SWEEP_WINDOW;
	const u32 places[] = { 0, 4096 - len, 8192, 16384 - 5, 3 * 16384 + 1, edge - 2 * len,
			       edge - len + 1, edge + 100, edge + 16384 - 1, edge + 20001,
			       edge + 24002, edge + 28003, edge + 32004, edge + 36005,
			       edge + 40006, edge + 44007, edge + 60000, size - len };
	const u32 nr = sizeof(places) / sizeof(*places);
	EVP_PKEY *key = make(name);
	u8 scalar[CURVE_BYTES_MAX];
	u32 way, i, j, missed = 0, others = 0;

	scalar_of(key, scalar, len);
	simd_limit(level);
	for (way = 0; way < 2; way++) {
		struct questions *all = ask(key, nid);

		fill_plain(bytes, size, nid);
		fill_random(bytes + edge + 56000, 8000, nid);
		for (i = 0; i < nr; i++)
			for (j = 0; j < len; j++)
				bytes[places[i] + j] = scalar[(i + way) % 2 ? j : len - 1 - j];
		scan_made(bytes, size, "walk", all);
		for (i = 0; i < nr; i++)
			missed += !proven("ec-scalar", places[i], len);
		others += count_of("ec-scalar") - nr;
		scan_done();
		questions_free(all);
	}
	simd_limit(SIMD_AVX512);
	ok(!missed && !others, "%s, %s: at %u places, in either order", name,
	   level == SIMD_NONE ? "portable" : "vectors", nr);
	EVP_PKEY_free(key);
}

/* Two points are asked for at once; a scalar lies across two segments. */
static void test_two(enum simd level)
{
	struct fixture_segment apart[] = {
		{ .vaddr = 0x10000, .filesz = 0x10000 },
		{ .vaddr = 0x20000, .filesz = 0x8000, .gap = 0x1000 },
	};
	EVP_PKEY *key[2] = { make("P-256"), make("P-256") };
	struct questions *all = ask(key[0], NID_X9_62_prime256v1);
	struct fixture fixture;
	u8 point[CURVE_POINT_MAX], scalar[32];
	size_t len;
	u32 i;

	EVP_PKEY_get_octet_string_param(key[1], OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
					&len);
	questions_add_ec(all, NID_X9_62_prime256v1, point, len, "test");
	simd_limit(level);
	fixture_init(&fixture);
	fixture.segments = apart;
	fixture.nr_segments = 2;
	fixture.no_seal = true;
	fixture.nr_ranges = 0;
	fixture_build(&fixture);
	scalar_of(key[0], scalar, 32);
	for (i = 0; i < 32; i++)
		*fixture_at(&fixture, 0x10000 + 3001 + i) = scalar[i];
	scalar_of(key[1], scalar, 32);
	for (i = 0; i < 32; i++)
		*fixture_at(&fixture, 0x20000 - 9 + i) = scalar[i];
	scan_made(fixture.bytes, fixture.len, "walk", all);
	ok(count_of("ec-scalar") == 2 && questions_get(all, 0)->nr_parts &&
	   questions_get(all, 1)->nr_parts, "two keys, one of them across two segments");
	scan_done();
	simd_limit(SIMD_AVX512);
	questions_free(all);
	fixture_free(&fixture);
	EVP_PKEY_free(key[0]);
	EVP_PKEY_free(key[1]);
}

/* The public key is somewhere; its copy at 900000 has the seed near it, at each distance. */
static void test_distances(const u8 *private, const u8 *public)
{
	static const s32 distances[] = { -128, -127, -100, -45, -36, -33, 33, 36, 45, 99, 127,
					 128 };
	u32 i, missed = 0, total = sizeof(distances) / sizeof(*distances);

	for (i = 0; i < total; i++) {
		fill_random(bytes + 899000, 2000, i);
		memcpy(bytes + 900000, public, 32);
		memcpy(bytes + 900000 + distances[i], private, 32);
		scan_made(bytes, ROOM, ALL, NULL);
		missed += !proven("edwards-key", 900000 + distances[i], 32);
	}
	memcpy(bytes + ROOM - 32, private, 32);
	memcpy(bytes + ROOM - 101, public, 32);
	scan_made(bytes, ROOM, ALL, NULL);
	missed += !proven("edwards-key", ROOM - 32, 32);
	ok(!missed, "Ed25519: a seed within 128 bytes of its public key, at any place");
	fill_random(bytes + 899000, 2000, i);
	fill_random(bytes + ROOM - 1000, 1000, i);
}

static void test_raw(int nid)
{
	static const char prefix[] = "\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20";
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, raw_key_name(nid));
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	size_t len = raw_key_len(nid), public_len = len;
	u8 private[57], public[57], *der = NULL;
	int der_len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);

	EVP_PKEY_get_raw_private_key(key, private, &len);
	EVP_PKEY_get_raw_public_key(key, public, &public_len);
	fill_random(bytes, ROOM, nid);
	memcpy(bytes + 5003, der, der_len);
	scan_made(bytes, ROOM, ALL, NULL);
	ok(seen("ec-private-key", 5003 + der_len - len, len), "%s: PKCS #8", raw_key_name(nid));
	memset(bytes + 5003 + der_len - len, 0, len);
	ok(!scan_made(bytes, ROOM, ALL, NULL)->keys, "%s: a template", raw_key_name(nid));
	if (nid == NID_ED25519) {
		/* as libsodium and OpenSSH have it; the public key is elsewhere once more */
		memcpy(bytes + 70001, prefix, sizeof(prefix) - 1);
		memcpy(bytes + 70001 + sizeof(prefix) - 1, public, 32);
		memcpy(bytes + 900003, private, 32);
		memcpy(bytes + 900035, public, 32);
		scan_made(bytes, ROOM, ALL, NULL);
		ok(proven("edwards-key", 900003, 32), "Ed25519: seed and public key");
		bytes[900003] ^= 1;
		ok(!scan_made(bytes, ROOM, ALL, NULL)->keys, "Ed25519: another seed");
		test_distances(private, public);
	}
	PKCS8_PRIV_KEY_INFO_free(info);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

int main(void)
{
	bytes = malloc(ROOM);
	test_field();
	test_points();
	test_many_points(7, 7);
	test_many_points(7, 1000);
	test_many_points(300, 300);
	test_many_points(300, 1000);
	test_der("P-256", NID_X9_62_prime256v1);
	test_der("P-384", NID_secp384r1);
	test_der("P-521", NID_secp521r1);
	test_der("secp256k1", NID_secp256k1);
	test_short("P-256", NID_X9_62_prime256v1);
	test_short("P-384", NID_secp384r1);
	test_short("P-521", NID_secp521r1);
	test_short("P-224", NID_secp224r1);
	test_bare("P-256", NID_X9_62_prime256v1);
	test_bare("secp256k1", NID_secp256k1);
	test_bare("P-384", NID_secp384r1);
	test_bare("P-521", NID_secp521r1);
	test_places("P-256", NID_X9_62_prime256v1, SIMD_AVX512);
	test_places("P-256", NID_X9_62_prime256v1, SIMD_NONE);
	test_places("secp256k1", NID_secp256k1, SIMD_AVX512);
	test_places("P-521", NID_secp521r1, SIMD_NONE);
	test_two(SIMD_AVX512);
	test_two(SIMD_NONE);
	test_raw(NID_ED25519);
	test_raw(NID_X25519);
	test_raw(NID_ED448);
	test_raw(NID_X448);
	fill_random(bytes, ROOM, 99);
	ok(!scan_made(bytes, ROOM, "ec-der,raw,bignum,known", NULL)->keys,
	   "nothing in random bytes");
	scan_done();
	free(bytes);
	return tap_end();
}
