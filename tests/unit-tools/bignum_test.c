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

#include "scan/number.h"
#include "keyscan.h"
#include "plain_rsa.h"
#include "tap.h"

#define BASE	0x7f0000100000ULL
#define DETECT	"bignum,known"

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

int main(void)
{
	enum layout layout;

	rsa = plain_rsa(2048);
	ec = EVP_EC_gen("P-256");
	for (layout = LAYOUT_OPENSSL; layout <= LAYOUT_INLINE; layout++)
		test_layout(layout);
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
