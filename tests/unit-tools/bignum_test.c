// SPDX-License-Identifier: GPL-2.0
/*
 * Big numbers behind the headers of libraries: made by hand, and by the libraries of
 * Debian in live processes.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "scan/curve.h"
#include "scan/header.h"
#include "scan/noise.h"
#include "scan/rsa.h"
#include "scan/simd.h"
#include "keyscan.h"
#include "plain_rsa.h"
#include "tap.h"

#define BASE	0x7f0000100000ULL
#define DETECT	"bignum,known"
#define WORDS	4096u
#define SEEN	65536u

static EVP_PKEY *rsa, *ec;
static struct fixture_segment segment = { .vaddr = BASE, .filesz = 64 * PAGE };
static struct fixture fixture;
static u64 next;

static void store(u64 vaddr, u64 word)
{
	memcpy(fixture_at(&fixture, vaddr), &word, 8);
}

/* The header of @layout for @nr limbs; @limbs is where they are, or where to put them. */
static u64 put_header(enum layout layout, u64 limbs, u64 nr)
{
	u64 at = next;

	switch (layout) {
	case LAYOUT_OPENSSL:
		store(at, limbs);
		store(at + 8, nr | (nr + 1) << 32);
		store(at + 16, 1ULL << 32);
		break;
	case LAYOUT_GMP:
		store(at, (nr + 1) | nr << 32);
		store(at + 8, limbs);
		break;
	case LAYOUT_GCRYPT:
		store(at, nr | nr << 32);
		store(at + 8, 0);
		store(at + 16, limbs);
		break;
	case LAYOUT_MBEDTLS2:
		store(at, 1 | 0x5555555500000000ULL);
		store(at + 8, nr);
		store(at + 16, limbs);
		break;
	case LAYOUT_MBEDTLS3:
		store(at, limbs);
		store(at + 8, 1 | nr << 16);
		break;
	default:
		store(at, nr | 65ULL << 32);
		limbs = at + 8;
		at += 8 * nr;
	}
	next = at + 64;
	return limbs;
}

static void put_number(enum layout layout, const char *name, u32 flip)
{
	BIGNUM *number = NULL;
	u8 bytes[1024] = { 0 };
	u64 limbs;
	u32 nr;

	if (!EVP_PKEY_get_bn_param(rsa, name, &number))
		abort();
	nr = (BN_num_bytes(number) + 7) / 8;
	BN_bn2lebinpad(number, bytes, 8 * nr);
	BN_free(number);
	bytes[40] ^= flip;
	limbs = put_header(layout, BASE + 0x20000 + (next - BASE) * 4, nr);
	memcpy(fixture_at(&fixture, limbs), bytes, 8 * nr);
}

static void begin(void)
{
	fixture_init(&fixture);
	fixture.segments = &segment;
	fixture.nr_segments = 1;
	fixture.nr_ranges = 0;
	fixture.no_seal = true;
	fixture_build(&fixture);
	next = BASE + 0x100;
}

static void test_layout(enum layout layout)
{
	begin();
	put_number(layout, OSSL_PKEY_PARAM_RSA_N, 0);
	put_number(layout, OSSL_PKEY_PARAM_RSA_FACTOR2, 0);
	put_number(layout, OSSL_PKEY_PARAM_RSA_EXPONENT1, 0);
	scan_made(fixture.bytes, fixture.len, DETECT, NULL);
	ok(count_of("rsa-prime") == 1 && count_of("rsa-crt") == 1, "%s: modulus, prime, and "
	   "what follows from it", number_layout(layout));
	fixture_free(&fixture);
	begin();
	put_number(layout, OSSL_PKEY_PARAM_RSA_N, 0);
	put_number(layout, OSSL_PKEY_PARAM_RSA_D, 0);
	scan_made(fixture.bytes, fixture.len, DETECT, NULL);
	ok(count_of("rsa-private-exponent") == 1, "%s: modulus and exponent",
	   number_layout(layout));
	fixture_free(&fixture);
	begin();
	put_number(layout, OSSL_PKEY_PARAM_RSA_N, 0);
	put_number(layout, OSSL_PKEY_PARAM_RSA_FACTOR1, 4);
	put_number(layout, OSSL_PKEY_PARAM_RSA_D, 1);
	ok(!scan_made(fixture.bytes, fixture.len, DETECT, NULL)->keys, "%s: one bit of each "
	   "changed, and there is nothing", number_layout(layout));
	fixture_free(&fixture);
}

/* What headers_find() has seen. */
struct list {
	struct place places[SEEN];
	u32 nr;
};

static void collect(void *arg, const struct place *place, const u8 *limbs)
{
	struct list *list = arg;

	(void)limbs;
	if (list->nr < SEEN)
		list->places[list->nr++] = *place;
}

static void find_headers(struct list *list, enum simd level, const u64 *words, u32 nr, u64 end)
{
	struct headers headers = { BASE, BASE + (1 << 20), collect, list };
	struct window window = { .bytes = (const u8 *)words, .len = 8ul * nr, .end = end };

	list->nr = 0;
	simd_limit(level);
	headers_find(&headers, &window, 0, end);
	simd_limit(SIMD_AVX512);
}

/* Words that headers are made of, in any order: each path sees the same. */
static void test_paths(void)
{
	static const u64 some[] = {
		4ULL << 32 | 4, 5ULL << 32 | 4, 16, 16ULL << 32 | 8, 1, 1 | 16 << 16, 0, 1ULL << 32,
		BASE + 4096, BASE + 8, BASE + (1 << 20), BASE + 7, 300ULL << 32 | 300, 3,
	};
	struct list *portable = malloc(sizeof(*portable)), *wide = malloc(sizeof(*wide));
	u32 wrong = 0, nr = 0, round, level, i;
	static u64 words[WORDS];

	for (round = 0; round < 100; round++) {
		fill_random((u8 *)words, sizeof(words), round + 1);
		for (i = 0; i < WORDS; i++)
			if (words[i] >> 60 < round % 16)
				words[i] = some[(words[i] >> 32) % (sizeof(some) / 8)];
		find_headers(portable, SIMD_NONE, words, WORDS, 8 * WORDS - round);
		for (level = SIMD_AVX2; level <= SIMD_AVX512; level++) {
			find_headers(wide, level, words, WORDS, 8 * WORDS - round);
			wrong += portable->nr != wide->nr ||
				 memcmp(portable->places, wide->places,
					wide->nr * sizeof(*wide->places));
		}
		nr += wide->nr;
	}
	ok(!wrong && nr > 10000, "%u headers are seen by each path", nr);
	free(portable);
	free(wide);
}

/* One header at each place around the borders of blocks, and up to the end of what there is. */
static void test_places(void)
{
	struct list *list = malloc(sizeof(*list));
	u32 missed = 0, at, level, nr = 400;
	static u64 words[WORDS];

	for (level = SIMD_NONE; level <= SIMD_AVX512; level++) {
		for (at = 1; at + 5 <= nr; at++) {
			memset(words, 0, 8 * nr);
			words[at] = 4 | 65ULL << 32;
			fill_random((u8 *)&words[at + 1], 32, at);
			find_headers(list, level, words, nr, 8 * nr);
			missed += list->nr != 1 || list->places[0].at != 8 * (at + 1) ||
				  list->places[0].layout != LAYOUT_INLINE;
			memset(words, 0, 8 * nr);
			words[at - 1] = BASE + 8 * at;
			words[at] = 16 | 17ULL << 32;
			find_headers(list, level, words, nr, 8 * nr);
			missed += list->nr != 1 || list->places[0].layout != LAYOUT_OPENSSL;
			words[at - 1] = 0;
			words[at] = 17 | 16ULL << 32;
			words[at + 1] = BASE + 8 * at;
			find_headers(list, level, words, nr, 8 * nr);
			missed += list->nr != 1 || list->places[0].layout != LAYOUT_GMP;
			words[at + 1] = 0;
			words[at + 2] = BASE + 8 * at;
			find_headers(list, level, words, nr, 8 * nr);
			missed += list->nr != 1 || list->places[0].layout != LAYOUT_GCRYPT;
		}
	}
	ok(!missed, "headers at each place of a block, and up to the end: %u missed", missed);
	free(list);
}

/* Random limbs are numbers, and so are the constants of curves; code, text, tables are not. */
static void test_noise(void)
{
	static const char text[] = "-----BEGIN CERTIFICATE-----\nMIIB";
	static const u8 code[] = {
		0x48, 0x89, 0xe5, 0x41, 0x57, 0x49, 0x89, 0xff, 0x41, 0x56, 0x48, 0x8d, 0x3d, 0x1c,
		0x92, 0x03, 0x00, 0x41, 0x55, 0x41, 0x54, 0x53, 0x48, 0x83, 0xec, 0x18, 0x48, 0x8b,
		0x07, 0xe8, 0x66, 0xf5,
	};
	u32 refused = 0, tried = 0, constants = 0, nr;
	u8 limbs[72] = { 0 }, table[64];
	const struct curve *curve;
	BIGNUM *p = BN_new();

	for (nr = 4; nr <= 9; nr++)
		for (; tried < nr * 50000; tried++) {
			fill_random(limbs, 8 * nr, tried + 1);
			refused += !noise_limbs(limbs, nr);
		}
	ok(!refused, "of %u random numbers %u are refused", tried, refused);
	curves_init();
	for (curve = curves; curve->name; curve++) {
		if (strncmp(curve->name, "brainpool", 9))
			continue;
		EC_GROUP_get_curve(curve->group, p, NULL, NULL, NULL);
		BN_bn2lebinpad(p, limbs, curve->bytes);
		constants += noise_limbs(limbs, curve->bytes / 8);
		BN_bn2lebinpad(EC_GROUP_get0_order(curve->group), limbs, curve->bytes);
		constants += noise_limbs(limbs, curve->bytes / 8);
	}
	ok(constants == 6, "primes and orders of Brainpool's curves are numbers");
	for (nr = 0; nr < sizeof(table); nr++)
		table[nr] = nr;
	ok(!noise_limbs((const u8 *)text, 4) && !noise_limbs(code, 4) && !noise_limbs(table, 8),
	   "text, code and a table are none");
	BN_free(p);
}

/* A scalar, and its point in projective coordinates, among @nr other numbers of wolfSSL. */
static void test_projective(u32 nr, bool kept)
{
	u32 each = 64, i, size = 4096 + (nr + 3) * each + 8192;
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	BIGNUM *number[3] = { NULL, NULL, BN_new() }, *p = BN_new();
	struct complaint why = { "" };
	BN_CTX *ctx = BN_CTX_new();
	u8 *bytes = malloc(size);
	int error;

	fill_random(bytes, size, 1);
	curves_init();
	EC_GROUP_get_curve(curve_of_nid(NID_X9_62_prime256v1)->group, p, NULL, NULL, NULL);
	EVP_PKEY_get_bn_param(pkey, "priv", &number[0]);
	EVP_PKEY_get_bn_param(pkey, "qx", &number[1]);
	BN_rand_range(number[2], p);
	BN_mod_mul(number[1], number[1], number[2], p, ctx);
	BN_mod_mul(number[1], number[1], number[2], p, ctx);
	for (i = 0; i < nr + 3; i++) {
		u8 *at = bytes + 4096 + i * each;
		u32 counts[2] = { 4, 4 };

		memcpy(at, counts, 8);
		memset(at + 40, 0, 24);
		if (i < 3)
			BN_bn2lebinpad(number[i], at + 8, 32);
	}
	error = scan_tried(bytes, size, "bignum", NULL, &why);
	ok(kept ? !error && proven("ec-scalar", 4096 + 8, 32) :
		  error == -E2BIG && strstr(why.text, "projective"),
	   "a point in projective coordinates among %u numbers: %s", nr,
	   kept ? "the scalar is seen" : "too many, and it says so");
	for (i = 0; i < 3; i++)
		BN_clear_free(number[i]);
	BN_free(p);
	BN_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	free(bytes);
}

static void test_sieve(void)
{
	static const u64 squares[] = { 53 * 53, 59 * 59, 3, 2 };
	BIGNUM *n = NULL;
	u64 limbs[33] = { 0 }, carry;
	u32 i;

	EVP_PKEY_get_bn_param(rsa, OSSL_PKEY_PARAM_RSA_N, &n);
	BN_bn2lebinpad(n, (u8 *)limbs, 8 * 32);
	ok(rsa_sieve(limbs, 32) && !rsa_sieve(&squares[0], 1) && rsa_sieve(&squares[1], 1) &&
	   !rsa_sieve(&squares[2], 1) && !rsa_sieve(&squares[3], 1), "a modulus may be one");
	for (i = 0, carry = 0; i < 33; i++) {
		unsigned __int128 product = (unsigned __int128)limbs[i] * 47 + carry;

		limbs[i] = (u64)product;
		carry = (u64)(product >> 64);
	}
	ok(!rsa_sieve(limbs, 33), "47 times a modulus is none");
	BN_free(n);
}

static void send_key(int fd, EVP_PKEY *key)
{
	u8 *der = NULL;
	u32 len = i2d_PrivateKey(key, &der);

	if (write(fd, &len, sizeof(len)) != sizeof(len) || write(fd, der, len) != (ssize_t)len)
		abort();
	OPENSSL_free(der);
}

/* Runs the program until it has its keys, and reads a core of it; the caller frees it. */
static u8 *core_of(const char *library, const char *mode, u64 *len)
{
	char path[128], prefix[64], number[16], ready;
	struct outcome outcome;
	int in[2], out[2];
	struct stat stat;
	u8 *bytes;
	FILE *file;
	pid_t pid;

	snprintf(path, sizeof(path), "../keys/keep_%s", library);
	if (pipe(in) || pipe(out))
		abort();
	pid = fork();
	if (!pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl(beside(path), library, mode, NULL);
		_exit(127);
	}
	close(out[1]);
	send_key(in[1], rsa);
	send_key(in[1], ec);
	if (read(out[0], &ready, 1) != 1) {
		printf("Bail out! keep_%s does not start\n", library);
		exit(1);
	}
	snprintf(prefix, sizeof(prefix), "/tmp/kredact-keys.%d", getpid());
	snprintf(number, sizeof(number), "%d", pid);
	run(&outcome, (char *[]){ "gcore", "-o", prefix, number, NULL });
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(in[0]);
	close(in[1]);
	close(out[0]);
	snprintf(path, sizeof(path), "%s.%d", prefix, pid);
	file = fopen(path, "r");
	if (!file || fstat(fileno(file), &stat)) {
		printf("Bail out! no core of keep_%s: %s\n", library, outcome.err);
		exit(1);
	}
	*len = stat.st_size;
	bytes = malloc(*len);
	if (fread(bytes, 1, *len, file) != *len)
		abort();
	fclose(file);
	unlink(path);
	return bytes;
}

static void test_live(const char *library, bool curve, bool wipes)
{
	u64 len;
	u8 *bytes = core_of(library, "held", &len);

	scan_made(bytes, len, DETECT, NULL);
	ok(count_of("rsa-prime") >= 2 && count_of("rsa-private-exponent") >= 1,
	   "%s: primes %u, exponents %u, CRT %u", library, count_of("rsa-prime"),
	   count_of("rsa-private-exponent"), count_of("rsa-crt"));
	if (curve)
		ok(count_of("ec-scalar") >= 1, "%s: scalars %u", library, count_of("ec-scalar"));
	if (!strcmp(library, "openssl")) {
		ok(count_of("ec-scalar") >= 2, "openssl: also one that was made there");
		scan_made(bytes, len, "raw", NULL);
		ok(count_of("edwards-key") == 1, "openssl: Ed25519");
	}
	free(bytes);
	if (!wipes)
		return;
	bytes = core_of(library, "freed", &len);
	scan_made(bytes, len, DETECT, NULL);
	ok(!count_of("rsa-prime") && !count_of("ec-scalar") && !count_of("rsa-private-exponent"),
	   "%s: nothing after the keys were freed, and wiped", library);
	free(bytes);
}

/*
 * Numbers that would all have one hash if that were the sum of their limbs, each times the
 * power of a number that is known: a dump cannot make the table slow.
 */
static void test_hash(void)
{
	const u64 times = 0x9e3779b97f4a7c15ULL;
	static u8 seen_slots[1u << 16];
	struct numbers numbers;
	u32 i, nr = 0, slot;

	ok(numbers_init(&numbers), "numbers, and a random number for their hash");
	for (i = 0; i < 4096; i++) {
		u64 limbs[4] = { i, 0 - times * i, i, 0 - times * i };

		slot = number_hash(limbs, 4) % sizeof(seen_slots);
		nr += !seen_slots[slot];
		seen_slots[slot] = 1;
	}
	/* 3970 by chance, and hardly ever fewer than 3920. */
	ok(nr > 3850, "their hashes are apart: %u of %u", nr, i);
	numbers_free(&numbers);
}

int main(void)
{
	enum layout layout;

	rsa = plain_rsa(2048);
	ec = EVP_EC_gen("P-256");
	for (layout = LAYOUT_OPENSSL; layout <= LAYOUT_INLINE; layout++)
		test_layout(layout);
	test_paths();
	test_places();
	test_noise();
	test_projective(1500, true);
	test_projective(8190, false);
	test_sieve();
	test_hash();
	test_live("openssl", true, true);
	test_live("gcrypt", false, false);
	test_live("mbedtls", true, true);
	test_live("wolfssl", true, true);
	test_live("gnutls", true, false);
	scan_done();
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
	return tap_end();
}
