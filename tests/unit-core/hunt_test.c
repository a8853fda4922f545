// SPDX-License-Identifier: GPL-2.0
/*
 * The hunter against an oracle that compares everything with everything.
 */
#include "hunt_fixture.h"

/* Parts of a secret of each length, at each alignment, against both ends of the memory. */
static void test_planted(u32 run)
{
	struct fixture f;
	u8 secret[80], memory[256], part[80];
	u32 len, at, order, from, before, after, nr, whole = 0;

	begin(&f, run);
	fill_from(secret, sizeof(secret), 256);
	add(&f, secret, sizeof(secret));
	for (len = 1; len <= sizeof(secret); len++)
		for (at = 0; at < 64 && !failures; at++)
			for (order = 0; order < 2; order++) {
				from = random_below(sizeof(secret) - len + 1);
				memcpy(part, secret + from, len);
				if (order)
					reverse(part, len);
				fill_from(memory, sizeof(memory), 256);
				memcpy(memory + at, part, len);
				/* What is beside the part must not go on with the secret. */
				before = from - !!from;
				after = (from + len) % sizeof(secret);
				memory[at + len] = ~secret[order ? before : after];
				if (at)
					memory[at - 1] = ~secret[order ? after : before];
				nr = len < run ? 0 : len;
				EXPECT(check(&f, memory, sizeof(memory)) == nr);
				EXPECT(check(&f, memory, at + len) == nr);
				/* What begins before the memory is found from its start on. */
				whole += check(&f, memory + at + len / 3, 200 - at - len / 3) > 0;
			}
	EXPECT((whole > 500) == (run <= 32));
	end(&f);
}

/* Each part of a secret, with one byte changed before, in, or after it. */
static void test_partial(void)
{
	struct fixture f;
	u8 secret[48], memory[128];
	u32 from, to, change;

	begin(&f, 16);
	fill_from(secret, sizeof(secret), 256);
	add(&f, secret, sizeof(secret));
	for (from = 0; from < sizeof(secret); from++)
		for (to = from + 1; to <= sizeof(secret) && !failures; to++) {
			fill_from(memory, sizeof(memory), 256);
			memcpy(memory + 32, secret + from, to - from);
			check(&f, memory, sizeof(memory));
			change = 32 + random_below(to - from);
			memory[change] ^= 1 << random_below(8);
			check(&f, memory, sizeof(memory));
		}
	end(&f);
}

static void test_random(u32 rounds)
{
	u32 hits = 0, checks = 0;

	while (rounds-- && !failures)
		checks += random_round(rounds & 1 ? 20 : KR_RUN_MAX, 6, 300, &hits);
	printf("# copies in %u of %u\n", hits, checks);
	EXPECT(hits > checks / 4 && hits < checks);
}

/* A long secret in parts of any size counts, and finds, what it does as a whole. */
static void test_parts(void)
{
	static u8 secret[400];
	struct fixture f;
	u32 part, kind, run;

	for (part = 1; part < 90; part += 1 + part / 16)
		for (kind = 0; kind < 7 && !failures; kind++) {
			run = KR_RUN_MIN + random_below(KR_RUN_MAX - KR_RUN_MIN + 1);
			make(secret, sizeof(secret), kind);
			begin(&f, run);
			add_in_parts(&f, secret, sizeof(secret), part);
			check_counts(&f);
			check(&f, secret, sizeof(secret));
			reverse(secret, sizeof(secret));
			check(&f, secret, sizeof(secret));
			end(&f);
		}
}

static void count(void *arg, const struct kr_copy *copy)
{
	*(u32 *)arg += copy->len;
}

static u32 scan(const struct kr_hunt *hunt, const u8 *memory, u32 len)
{
	u32 nr = 0;

	kr_hunt_scan(hunt, memory, len, NULL, count, &nr);
	return nr;
}

/* Memory of each size: what does not fit changes nothing, what fits is found after a move. */
static void test_memory(void)
{
	u8 secret[64];
	struct fixture f;
	u32 i, had, used;

	begin(&f, 16);
	EXPECT(scan(&f.hunt, secret, sizeof(secret)) == 0);
	EXPECT(!kr_hunt_has_word(&f.hunt, secret, 4));
	memset(secret, 0, sizeof(secret));
	EXPECT(kr_hunt_add(&f.hunt, secret, sizeof(secret), 0, 1) == 0);
	EXPECT(f.hunt.bytes == 0 && f.hunt.bytes_plain == sizeof(secret));
	f.hunt.bytes_plain = 0;
	for (i = 0; i < 600 && !failures; i++) {
		fill_from(secret, sizeof(secret), 256);
		had = f.hunt.bytes;
		used = f.hunt.used;
		while (kr_hunt_add(&f.hunt, secret, 33, 0, i)) {
			EXPECT(f.hunt.bytes == had && f.hunt.bytes_plain == 0);
			EXPECT(f.hunt.used == used && scan(&f.hunt, secret, 33) == 0);
			grow(&f, f.size + 1 + random_below(i < 100 ? 40 : 400));
		}
		EXPECT(f.hunt.bytes == had + 33);
		EXPECT(scan(&f.hunt, secret, sizeof(secret)) == 33);
	}
	/* All that was promised fits. */
	EXPECT(f.hunt.used == 600 * 33);
	grow(&f, 800 * 33);
	for (; i < 800; i++) {
		fill_from(secret, sizeof(secret), 256);
		EXPECT(kr_hunt_add(&f.hunt, secret, 33, 0, i) == 0);
	}
	fill_from(secret, sizeof(secret), 256);
	EXPECT(kr_hunt_add(&f.hunt, secret, 33, 0, i) == -ENOSPC);
	EXPECT(kr_hunt_move(&f.hunt, secret, sizeof(secret)) == secret);
	EXPECT(kr_hunt_size(~0u) == SIZE_MAX && kr_hunt_size(1u << 30) != SIZE_MAX);
	end(&f);
}

/* The sizes that the filter depends on: no window is lost when it changes its kind. */
static void test_large(void)
{
	const u32 nr = 2000, len = 100;
	u8 *secrets = malloc(nr * len), *memory = calloc(1, 4096);
	struct fixture f;
	u32 i, at;

	begin(&f, 16);
	fill_from(secrets, nr * len, 256);
	for (i = 0; i < nr && !failures; i++) {
		add_part(&f, secrets + i * len, len, 0, i, max(f.size / 4, 100u));
		for (at = i % 16; at + len < 4096; at += len + 1 + random_below(20))
			memcpy(memory + at, secrets + random_below(i + 1) * len, len);
		EXPECT(scan(&f.hunt, memory, 4096) >= 3000);
		fill_from(memory, 4096, 256);
		EXPECT(scan(&f.hunt, memory, 4096) == 0);
	}
	EXPECT(f.hunt.fine.words);
	for (i = 0; i < nr; i++) {
		EXPECT(scan(&f.hunt, secrets + i * len + 84, 16) == 16);
		EXPECT(scan(&f.hunt, secrets + i * len, 15) == 0);
	}
	free(secrets);
	free(memory);
	end(&f);
}

/* Secrets that have windows with the place of zeros in a filter: these are told apart. */
static void test_zeros(void)
{
	static u8 memory[4096];
	struct fixture f;
	u8 secret[64];
	u32 window = 1;

	begin(&f, 16);
	grow(&f, 3000);
	while (kr_coarse_hash(window) >> f.hunt.shift)
		window++;
	fill_from(secret, sizeof(secret), 256);
	memcpy(secret + 30, &window, sizeof(window));
	add(&f, secret, sizeof(secret));
	EXPECT(f.hunt.coarse && f.hunt.coarse[0]);
	EXPECT(check(&f, memory, sizeof(memory)) == 0);
	memcpy(memory + 4096 - 40, secret + 20, 40);
	EXPECT(check(&f, memory, sizeof(memory)) == 40);

	grow(&f, 40000);
	EXPECT(f.hunt.fine.words && f.hunt.factors == 0);
	while (window * f.hunt.fine.factor >> f.hunt.fine.shift ||
	       window * f.hunt.fine.factor % 32)
		window++;
	fill_from(secret, sizeof(secret), 256);
	memcpy(secret + 30, &window, sizeof(window));
	add(&f, secret, sizeof(secret));
	EXPECT(f.hunt.factors > 0);
	memcpy(memory + 1000, secret + 25, 16);
	EXPECT(check(&f, memory, sizeof(memory)) == 40 + 16);
	grow(&f, 50000);
	EXPECT(f.hunt.factors > 0);
	EXPECT(check(&f, memory, sizeof(memory)) == 40 + 16);
	EXPECT(!kr_fine_has(f.hunt.fine, 0) && !kr_fine_has(f.hunt.fine, ~0u));
	end(&f);
}

/* What is there already takes no room, but counts. */
static void test_again(void)
{
	static u8 secret[50][120], built[240];
	struct fixture f;
	u32 i, j, used;

	begin(&f, 16);
	for (i = 0; i < 50; i++) {
		/* The same header, as keys of one kind have, and a byte that does not count. */
		make(secret[i], sizeof(secret[i]), 0);
		memcpy(secret[i], "0\x82\x04\xbc\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7"
		       "\x0d\x01\x01\x01\x05", 22);
		add(&f, secret[i], sizeof(secret[i]));
	}
	used = f.hunt.used;
	EXPECT(used == 50 * sizeof(secret[0]));
	for (j = 0; j < 200; j++)
		for (i = 0; i < 50; i++)
			EXPECT(!kr_hunt_add(&f.hunt, secret[i] + j % 7, sizeof(secret[i]) - j % 7,
					    0, 7));
	EXPECT(f.hunt.used == used && f.hunt.nr_secrets == 50);
	EXPECT(f.hunt.bytes == 50 * 120 + 200 * 50 * 120 - 50 * (28 * 21 + 0 + 1 + 2 + 3));

	/* Put together from two it is new, but once. */
	memcpy(built, secret[1], 120);
	memcpy(built + 120, secret[2], 120);
	add(&f, built, sizeof(built));
	used += sizeof(built);
	EXPECT(f.hunt.used == used);
	for (i = 0; i < 10; i++)
		EXPECT(!kr_hunt_add(&f.hunt, built, sizeof(built), 0, 7));
	EXPECT(f.hunt.used == used);
	check(&f, built, sizeof(built));
	end(&f);
}

/* Where the words are that must be found; each other word must not be. */
static void test_words(void)
{
	static u8 secret[100];
	struct fixture f;
	u32 round, kind, i, j, len;
	u32 yes = 0;

	for (round = 0; round < 300 && !failures; round++) {
		u8 hunted[100], word[8];

		begin(&f, KR_RUN_MIN + random_below(30));
		kind = random_below(7);
		make(secret, sizeof(secret), kind);
		add(&f, secret, sizeof(secret));
		oracle_hunted(secret, sizeof(secret), f.hunt.run, hunted);
		for (i = 0; i < 400; i++) {
			bool want = false;

			len = 4 << (i & 1);
			make(word, len, i & 2 ? 0 : kind);
			if (i & 4)
				memcpy(word, secret + random_below(sizeof(secret) - len + 1), len);
			if (i & 8)
				reverse(word, len);
			if (random_below(8) == 0)
				word[random_below(len)]++;
			for (j = 0; j + len <= sizeof(secret); j++) {
				u8 other[8];

				if (memchr(hunted + j, 0, len))
					continue;
				memcpy(other, secret + j, len);
				want |= !memcmp(word, other, len);
				reverse(other, len);
				want |= !memcmp(word, other, len);
			}
			for (j = 0; j < len && (!memcmp(word + j, "\0\0\0\0", 4) ||
						!memcmp(word + j, "\xff\xff\xff\xff", 4)); j += 4)
				;
			if (j == len)
				want = false;
			EXPECT(kr_hunt_has_word(&f.hunt, word, len) == want);
			yes += want;
		}
		end(&f);
	}
	EXPECT(yes > 10000 && yes < 100000);
}

/* Where a page's end is, nothing beyond is read; a short buffer is searched as well. */
static void test_boundary(void)
{
	struct fixture f;
	u8 secret[64], memory[64];
	u32 len, at, n;

	begin(&f, 16);
	fill_from(secret, sizeof(secret), 256);
	add(&f, secret, sizeof(secret));
	for (len = 0; len < sizeof(memory); len++) {
		memcpy(memory, secret, len);
		EXPECT(check(&f, memory, len) == (len < 16 ? 0 : len));
	}
	/* 15 bytes on either side of a boundary, as callers put together. */
	for (n = 16; n <= 30; n++)
		for (at = 0; at + n <= 30; at++) {
			fill_from(memory, 30, 256);
			memcpy(memory + at, secret + at, n);
			memory[at + n] = ~secret[at + n];
			if (at)
				memory[at - 1] = ~secret[at - 1];
			EXPECT(check(&f, memory, 30) == n);
		}
	end(&f);
}

static double plain_rate(const char *what, void (*fill)(u8 *bytes, u32 len), u32 run, u32 rounds)
{
	u8 bytes[KR_RUN_MAX];
	u32 i, plain = 0;

	for (i = 0; i < rounds; i++) {
		bool is;

		fill(bytes, run);
		is = kr_run_is_plain(bytes, run);
		EXPECT(is == oracle_is_plain(bytes, run));
		plain += is;
	}
	printf("# plain: %s, runs of %u: %.2e\n", what, run, (double)plain / rounds);
	return (double)plain / rounds;
}

static void fill_random(u8 *bytes, u32 len)
{
	fill_from(bytes, len, 256);
}

static void fill_base64(u8 *bytes, u32 len)
{
	while (len--)
		*bytes++ = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
			   [random_below(64)];
}

static void fill_hex(u8 *bytes, u32 len)
{
	while (len--)
		*bytes++ = "0123456789abcdef"[random_below(16)];
}

static void fill_english(u8 *bytes, u32 len)
{
	static const char text[] =
		"It was a bright cold day in April, and the clocks were striking. A process that "
		"dies leaves its memory behind, and whoever reads the file that is written then "
		"reads what was in it: the names of people, what they said to each other, and the "
		"keys with which they signed. Nobody had thought of that when the first machines "
		"were built, since those who ran them were the same as those who used them.\n"
		"The parts of this text that look like noise are few; most of it consists of "
		"letters that occur often, with spaces between the words.\n";

	memcpy(bytes, text + random_below(sizeof(text) - len), len);
}

static void test_plain(void)
{
	u8 bytes[KR_RUN_MAX] = { 0 };
	u32 run, i, j;

	EXPECT(plain_rate("random", fill_random, 16, 1000000) == 0);
	EXPECT(plain_rate("random", fill_random, 8, 1000000) < 1e-5);
	EXPECT(plain_rate("base64", fill_base64, 16, 300000) < 1e-3);
	EXPECT(plain_rate("base64", fill_base64, 32, 300000) < 1e-5);
	EXPECT(plain_rate("hex", fill_hex, 16, 300000) < 5e-3);
	EXPECT(plain_rate("hex", fill_hex, 32, 300000) < 1e-4);
	EXPECT(plain_rate("English", fill_english, 16, 300000) > 0.9);
	EXPECT(plain_rate("English", fill_english, 32, 300000) > 0.99);

	for (run = KR_RUN_MIN; run <= KR_RUN_MAX; run++) {
		u32 least = run >= 16 ? 6 : run >= 12 ? 5 : 4;

		EXPECT(kr_run_is_plain(bytes, run));
		for (i = 0; i < 8; i++) {
			for (j = 0; j < run; j++)
				bytes[j] = 128 + j % (i + 1);
			EXPECT(kr_run_is_plain(bytes, run) == (i + 1 < least));
		}
		for (i = 0; i + 4 <= run; i++) {
			for (j = 0; j < run; j++)
				bytes[j] = 3 * j;
			bytes[0] = 1;
			memset(bytes + i, i & 1 ? 0xff : 0, 3);
			EXPECT(!kr_run_is_plain(bytes, run) || run < 12);
			bytes[i + 3] = bytes[i];
			EXPECT(kr_run_is_plain(bytes, run));
		}
		for (i = 0; i < 200; i++) {
			bool is;

			make(bytes, run, i % 7);
			is = kr_run_is_plain(bytes, run);
			EXPECT(is == oracle_is_plain(bytes, run));
			reverse(bytes, run);
			EXPECT(is == kr_run_is_plain(bytes, run));
		}
		memset(bytes, 0, sizeof(bytes));
	}
}

static void test_all_planted(void)
{
	static const u32 runs[] = { 8, 9, 12, 16, 17, 31, 32, 64 };
	u32 i;

	for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		test_planted(runs[i]);
}

int main(void)
{
	int failed = 0;

	setbuf(stdout, NULL);
	printf("TAP version 13\n1..11\n");
	RUN(1, "plain is what the definition says, and how often", test_plain());
	RUN(2, "copies at all alignments and of all lengths", test_all_planted());
	RUN(3, "parts of copies, and copies with a change", test_partial());
	RUN(4, "short memory and boundaries", test_boundary());
	RUN(5, "random secrets in random memory", test_random(1000));
	RUN(6, "a secret in parts is what it is as a whole", test_parts());
	RUN(7, "memory of each size", test_memory());
	RUN(8, "filters of each size", test_large());
	RUN(9, "windows that filters take for zeros", test_zeros());
	RUN(10, "what is known already", test_again());
	RUN(11, "words of secrets", test_words());
	return failed ? 1 : 0;
}
