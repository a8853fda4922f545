// SPDX-License-Identifier: GPL-2.0
/*
 * States of ChaCha20 and Salsa20, and secrets of TLS sessions, made by hand: what is one
 * and what only looks like it. What libraries really keep is in tests/contexts.
 */
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "run.h"
#include "scan/scan.h"
#include "scan/simd.h"
#include "tap.h"

#define ROOM	200000u
#define PLACE	1008u

static u64 state = 0x452821e638d01377ULL;
static u8 bytes[ROOM];

static void fill(u8 *to, u64 len)
{
	while (len--) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		*to++ = state >> 24;
	}
}

/* Is one piece of this kind seen, at that place, and nothing else? NULL: is nothing seen? */
static bool sees(const char *kind, u64 offset, u32 len)
{
	struct scan_options options = { .only = "chacha,session", .threads = 1 };
	int fd = memory_file(bytes, ROOM);
	const struct sightings *all;
	struct complaint why;
	struct scan *scan = scan_new(&options, &why);
	struct input in;
	bool is;

	if (!scan || input_open(&in, fd, true, &why) || scan_run(scan, &in, NULL, &why))
		abort();
	all = scan_sightings(scan);
	is = kind ? all->nr == 1 && !strcmp(all->list[0].kind->word, kind) &&
		    all->list[0].offset == offset && all->list[0].len == len : !all->nr;
	if (!is)
		printf("# %u seen, the first: %s, %s\n", all->nr,
		       all->nr ? all->list[0].kind->word : "none",
		       all->nr ? all->list[0].detail : "");
	input_close(&in);
	close(fd);
	scan_free(scan);
	return is;
}

static void put(u32 at, const void *what, u32 len)
{
	memcpy(bytes + PLACE + at, what, len);
}

static void put_u64(u32 at, u64 value)
{
	put(at, &value, sizeof(value));
}

static void test_chacha(void)
{
	fill(bytes, ROOM);
	put(0, "expand 32-byte k", 16);
	put_u64(48, 5);
	ok(sees("chacha20-state", PLACE + 16, 32), "constants, a key, a counter");
	put_u64(48, 1u << 24);
	ok(sees(NULL, 0, 0), "not with a counter that is none");
	put_u64(48, 5);
	memset(bytes + PLACE + 16, 0x40, 24);
	ok(sees(NULL, 0, 0), "not with a key that is none");
	put(16, "the letters of a message and 1234", 32);
	ok(sees(NULL, 0, 0), "nor with text");
	fill(bytes, ROOM);
	put(0, "expand 16-byte k", 16);
	put(32, bytes + PLACE + 16, 16);
	put_u64(48, 0);
	ok(sees("chacha20-state", PLACE + 16, 32), "a short key, which is there twice");
	bytes[PLACE + 40]++;
	ok(sees(NULL, 0, 0), "not if it is there once");
	fill(bytes, ROOM);
	memcpy(bytes + ROOM - 64, "expand 32-byte k", 16);
	memset(bytes + ROOM - 16, 0, 16);
	ok(sees("chacha20-state", ROOM - 48, 32), "at the end of a file");
	memcpy(bytes + ROOM - 63, "expand 32-byte k", 16);
	ok(sees(NULL, 0, 0), "not beyond it");
}

static void test_salsa(void)
{
	fill(bytes, ROOM);
	put(0, "expa", 4);
	put(20, "nd 3", 4);
	put(40, "2-by", 4);
	put(60, "te k", 4);
	ok(sees("salsa20-state", PLACE, 64), "four constants on the diagonal");
	bytes[PLACE + 62]++;
	ok(sees(NULL, 0, 0), "not three");
}

static void test_openssl(void)
{
	fill(bytes, ROOM);
	memset(bytes + PLACE, 0, 128);
	put_u64(8, 32);
	put_u64(16, 12);
	put_u64(24, 1);
	put_u64(8 + 96, 0x7f0012345678);
	put_u64(8 + 152, 1);
	put_u64(8 + 232, 16);
	ok(sees("chacha20-state", PLACE + 128, 32), "a context of OpenSSL 3");
	put_u64(16, 13);
	ok(sees(NULL, 0, 0), "not with a nonce that ChaCha20 has not");
	put_u64(16, 12);
	put_u64(8 + 232, 65);
	ok(sees(NULL, 0, 0), "nor with more buffered than the buffer has");
}

static void test_sessions(void)
{
	fill(bytes, ROOM);
	memset(bytes + PLACE, 0, 400);
	put_u64(0, 0x303);
	put_u64(8, 48);
	fill(bytes + PLACE + 80, 48);
	put_u64(8 + 328, 32);
	ok(sees("tls-session", PLACE + 80, 48), "a session of OpenSSL");
	put_u64(0, 0x305);
	ok(sees(NULL, 0, 0), "not of a version that does not exist");
	put_u64(0, 0x303);
	bytes[PLACE + 80 + 48 + 100] = 1;
	ok(sees(NULL, 0, 0), "nor with something behind its master secret");

	fill(bytes, ROOM);
	put_u64(0, 0x7f0012345678);
	put_u64(8, 0x7f0012345688);
	put(16 + 48 + 64 - 8, "DOWNGRD\1", 8);
	bytes[PLACE + 16 + 48 + 64 + 32] = 32;
	ok(sees("tls-session", PLACE + 16, 48), "a connection of GnuTLS");
	put_u64(8, 0x1122334455667788);
	ok(sees(NULL, 0, 0), "not without its pointers");
}

static void expand(const EVP_MD *hash, u32 len, const u8 *secret, u8 *to)
{
	u8 info[100] = { 0, len, 13, 't', 'l', 's', '1', '3', ' ', 'd', 'e', 'r', 'i', 'v', 'e',
			 'd', len };

	EVP_Digest("", 0, info + 17, NULL, hash, NULL);
	info[17 + len] = 1;
	HMAC(hash, secret, len, info, 18 + len, to, NULL);
}

static void test_tls13(void)
{
	static const u8 zeros[64];
	const EVP_MD *hashes[] = { EVP_sha256(), EVP_sha384() };
	u8 secret[64], derived[64];
	u32 i, len;

	for (i = 0; i < 2; i++) {
		len = i ? 48 : 32;
		fill(bytes, ROOM);
		memset(bytes + PLACE, 0, 3 * 64);
		fill(bytes + PLACE + 64, len);
		HMAC(hashes[i], zeros, len, zeros, len, secret, NULL);
		put(0, secret, len);
		expand(hashes[i], len, bytes + PLACE + 64, derived);
		HMAC(hashes[i], derived, len, zeros, len, secret, NULL);
		ok(sees(NULL, 0, 0), "the early secret, which everyone can compute, is nothing");
		put(128, secret, len);
		ok(sees("tls13-secrets", PLACE + 64, 704),
		   "secrets that follow from each other are (%u bytes)", len);
		bytes[PLACE + 64]++;
		ok(sees(NULL, 0, 0), "not if one is another");
		bytes[PLACE + 64]--;
		bytes[PLACE + 127]++;
		ok(sees(NULL, 0, 0), "nor if one is longer");
	}
}

static void put_hex(u32 at, u32 len)
{
	static const char hex[] = "0123456789abcdef";
	u8 random[50];
	u32 i;

	fill(random, sizeof(random));
	for (i = 0; i < len; i++)
		bytes[PLACE + at + i] = hex[random[i / 2] >> 4 * (i % 2) & 15];
}

static void test_log(void)
{
	memset(bytes, ' ', ROOM);
	put(0, "CLIENT_RANDOM ", 14);
	put_hex(14, 64);
	put_hex(79, 96);
	ok(sees("tls-key-log", PLACE, 175), "a line of a key log");
	bytes[PLACE + 100] = 'g';
	ok(sees(NULL, 0, 0), "not with a letter that is no digit");
	put_hex(79, 97);
	ok(sees(NULL, 0, 0), "nor with one digit more");
	memset(bytes + PLACE + 79, '0', 96);
	ok(sees(NULL, 0, 0), "nor zeros");
}

int main(void)
{
	int level;

	test_chacha();
	test_salsa();
	for (level = SIMD_NONE; level <= SIMD_AVX512; level++) {
		simd_limit(level);
		test_openssl();
		test_sessions();
	}
	test_tls13();
	test_log();
	return tap_end();
}
