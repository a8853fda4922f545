// SPDX-License-Identifier: GPL-2.0
/*
 * AES key schedules: made here from FIPS 197 byte by byte, kept in every form at every
 * alignment and edge, and looked for by an oracle that tries every place.
 */
#include <stdlib.h>
#include <unistd.h>

#include "mapped.h"
#include "run.h"
#include "scan/aes.h"
#include "scan/effort.h"
#include "scan/simd.h"
#include "tap.h"

#define FORMS	30u
#define ROOM	(3u << 20)

static u64 state = 0xa4093822299f31d0ULL;
static u8 bytes[ROOM];

static u64 next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void fill(u8 *to, u64 len)
{
	u64 i;

	for (i = 0; i < len; i++)
		to[i] = next_random() >> 24;
}

/* GF(2^8) by its definition. */
static u8 times(u8 a, u8 b)
{
	u8 product = 0;

	for (; b; b >>= 1) {
		if (b & 1)
			product ^= a;
		a = a << 1 ^ (a & 0x80 ? 0x1b : 0);
	}
	return product;
}

static u8 sub(u8 x)
{
	static u8 box[256];
	u32 a, b, i;
	u8 y;

	for (a = 0; !box[0] && a < 256; a++) {
		for (b = 0; a && b < 256 && times(a, b) != 1; b++)
			;
		for (y = 0, i = 0; i < 8; i++)
			y |= ((b >> i ^ b >> (i + 4) % 8 ^ b >> (i + 5) % 8 ^ b >> (i + 6) % 8 ^
			       b >> (i + 7) % 8 ^ 0x63u >> i) & 1) << i;
		if (a)
			box[a] = y;
	}
	box[0] = 0x63;
	return box[x];
}

/* FIPS 197, 5.2, on bytes. */
static void expand(const u8 *key, u32 n, u8 *w)
{
	u8 temp[4], first, rcon = 1;
	u32 i, j;

	memcpy(w, key, 4 * n);
	for (i = n; i < 4 * (n + 7); i++) {
		memcpy(temp, w + 4 * (i - 1), 4);
		if (i % n == 0) {
			first = temp[0];
			for (j = 0; j < 3; j++)
				temp[j] = sub(temp[j + 1]);
			temp[3] = sub(first);
			temp[0] ^= rcon;
			rcon = times(rcon, 2);
		} else if (n > 6 && i % n == 4) {
			for (j = 0; j < 4; j++)
				temp[j] = sub(temp[j]);
		}
		for (j = 0; j < 4; j++)
			w[4 * i + j] = w[4 * (i - n) + j] ^ temp[j];
	}
}

static void inv_mix(u8 *column)
{
	u8 in[4];
	u32 i;

	memcpy(in, column, 4);
	for (i = 0; i < 4; i++)
		column[i] = times(in[i], 14) ^ times(in[(i + 1) % 4], 11) ^
			    times(in[(i + 2) % 4], 13) ^ times(in[(i + 3) % 4], 9);
}

static struct aes_form form_of(u32 number)
{
	/* forward, forward mixed, backward, backward mixed, and the last one rotated */
	u32 order = number / 2 % 5;

	return (struct aes_form){
		.n = 4 + 2 * (number / 10),
		.swapped = number % 2,
		.backward = order > 1,
		.mixed = order == 1 || order > 2,
		.rotated = order == 4,
	};
}

/* The schedule of a key as it is kept in a form; returns its bytes. */
static u32 keep(const u8 *key, const struct aes_form *form, u8 *to)
{
	u32 rounds = form->n + 6, round, place, i;
	u8 w[240], block[16], part[4];

	expand(key, form->n, w);
	for (round = 0; round <= rounds; round++) {
		memcpy(block, w + 16 * round, 16);
		for (i = 0; i < 16; i += 4) {
			if (form->mixed && round && round < rounds)
				inv_mix(block + i);
			memcpy(part, block + i, 4);
			if (form->swapped) {
				block[i] = part[3];
				block[i + 1] = part[2];
				block[i + 2] = part[1];
				block[i + 3] = part[0];
			}
		}
		place = form->backward ? rounds - round : round;
		if (form->rotated)
			place = place ? place - 1 : rounds;
		memcpy(to + 16 * place, block, 16);
	}
	return AES_SIZE(form->n);
}

static struct scan *scan_fd(int fd, const struct core *core)
{
	struct scan_options options = { .only = "aes", .threads = 1 };
	struct complaint why;
	struct scan *scan = scan_new(&options, &why);
	struct input in;

	if (!scan || input_open(&in, fd, true, &why) || scan_run(scan, &in, core, &why))
		abort();
	input_close(&in);
	return scan;
}

static struct scan *scan_these(const void *these, u64 len)
{
	int fd = memory_file(these, len);
	struct scan *scan = scan_fd(fd, NULL);

	close(fd);
	return scan;
}

static bool seen(const struct sightings *all, u32 nr, u64 offset, u32 len)
{
	return all->nr > nr && all->list[nr].offset == offset && all->list[nr].len == len &&
	       all->list[nr].proven && !strcmp(all->list[nr].kind->word, "aes-schedule");
}

/* One schedule and nothing else. */
static bool only(const void *these, u64 len, u64 offset, u32 size)
{
	struct scan *scan = scan_these(these, len);
	const struct sightings *all = scan_sightings(scan);
	bool is = all->nr == 1 && all->keys == 1 && seen(all, 0, offset, size);

	if (!is)
		printf("# %u seen, not one of %u bytes at %lu of %lu\n", all->nr, size,
		       (long)offset, (long)len);
	scan_free(scan);
	return is;
}

/* Schedules that OpenSSL and the standard make: the maker above is right. */
static void test_maker(void)
{
	static const u8 key[16] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
				    0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c };
	static const u8 last[16] = { 0xd0, 0x14, 0xf9, 0xa8, 0xc9, 0xee, 0x25, 0x89,
				     0xe1, 0x3f, 0x0c, 0xc8, 0xb6, 0x63, 0x0c, 0xa6 };
	u8 made[240];

	expand(key, 4, made);
	ok(!memcmp(made + 160, last, 16), "the test makes the schedule of FIPS 197, A.1");
}

static void test_forms(void)
{
	u8 key[32];
	u32 number, at, size, wrong = 0;

	for (number = 0; number < FORMS; number++) {
		struct aes_form form = form_of(number);

		/* Every place relative to the samples, and to both ends of a file. */
		for (at = number % 2; at < 140; at += 2) {
			fill(bytes, 2000);
			fill(key, sizeof(key));
			size = keep(key, &form, bytes + at);
			wrong += !only(bytes, at + size + (at % 3 ? next_random() % 300 : 0), at,
				       size);
		}
	}
	ok(!wrong, "each of %u forms at all distances of the samples, at the end of a file too", FORMS);
}

static void test_edges(void)
{
	u32 number, delta, size, wrong = 0;
	u64 edges[] = { 256 << 10, 1 << 20, 2 << 20 }, at;
	u8 key[32], kept[240], i;

	for (number = 0; number < FORMS; number += 7) {
		struct aes_form form = form_of(number);

		for (i = 0; i < 3; i++) {
			for (delta = 1; delta < AES_SIZE(form.n); delta += 61) {
				memset(bytes, 0xa5, sizeof(bytes));
				fill(key, sizeof(key));
				size = keep(key, &form, kept);
				at = edges[i] - delta;
				memcpy(bytes + at, kept, size);
				wrong += !only(bytes, at + size + 5, at, size);
			}
		}
	}
	ok(!wrong, "across the edges of windows and of what is read at once");
}

static void test_dull_keys(void)
{
	u32 number, dull, at, size, wrong = 0;
	u8 key[32];

	for (number = 0; number < FORMS; number++) {
		struct aes_form form = form_of(number);

		for (dull = 0; dull < 4; dull++) {
			/* zeros, one bit, one byte repeated, zeros but for the last word */
			memset(key, dull == 2 ? 0x11 : 0, sizeof(key));
			key[0] |= dull == 1 ? 0x80 : 0;
			key[4 * form.n - 1] |= dull == 3 ? 1 : 0;
			for (at = 4096; at < 4096 + 128; at += 5) {
				memset(bytes, 0, 10000);
				size = keep(key, &form, bytes + at);
				wrong += !only(bytes, 10000, at, size);
			}
		}
	}
	ok(!wrong, "of dull keys, between zeros");
}

/* Everything that is no schedule but nearly. */
static void test_negative(void)
{
	u32 number, bit, size, wrong = 0;
	struct scan *scan;
	u8 key[32];

	for (number = 0; number < FORMS; number++) {
		struct aes_form form = form_of(number);

		for (bit = 0; bit < 8 * AES_SIZE(form.n); bit += 37) {
			fill(bytes, 1000);
			fill(key, sizeof(key));
			size = keep(key, &form, bytes + 100);
			bytes[100 + bit / 8] ^= 1 << bit % 8;
			scan = scan_these(bytes, 200 + size);
			wrong += scan_sightings(scan)->nr;
			scan_free(scan);
		}
	}
	ok(!wrong, "no schedule with a bit that differs");
	for (bit = 0; bit < 32; bit++)
		key[bit] = bit;
	for (number = 0; number < FORMS; number++) {
		struct aes_form form = form_of(number);

		fill(bytes, 1000);
		keep(key, &form, bytes + 300);
		scan = scan_these(bytes, 1000);
		wrong += scan_sightings(scan)->nr;
		scan_free(scan);
	}
	ok(!wrong, "not the key 00 01 02 ..., which everyone knows");
}

/* All schedules in a buffer, at every place and in every form, the slow way. */
static u32 oracle(u32 len, u64 *places)
{
	u8 key[32], kept[240];
	u32 at, number, nr = 0;

	for (at = 0; at < len; at++) {
		for (number = 0; number < FORMS; number++) {
			struct aes_form form = form_of(number);

			if (len - at < AES_SIZE(form.n))
				continue;
			/* The first words of a forward schedule are its key. */
			aes_key(bytes + at, &form, key);
			if (keep(key, &form, kept) && !memcmp(kept, bytes + at, AES_SIZE(form.n)))
				places[nr++] = at;
		}
	}
	return nr;
}

/* What fulfils a linear relation of schedules everywhere, with schedules in it. */
static void test_adversary(void)
{
	static const u32 thirds[] = { 16, 24, 32 };
	u32 round, i, wrong = 0, found = 0, third, nr, len = 1500, at;
	u64 places[64];
	u8 key[32];

	for (round = 0; round < 24; round++) {
		const struct sightings *all;
		struct aes_form form;
		struct scan *scan;

		third = thirds[round % 3];
		fill(bytes, 64);
		for (i = third; i < len; i++)
			bytes[i] = bytes[i - 4] ^ bytes[i - third];
		for (at = next_random() % 100; at + 240 < len; at += 240 + next_random() % 300) {
			form = form_of(next_random() % FORMS);
			fill(key, sizeof(key));
			keep(key, &form, bytes + at);
		}
		nr = oracle(len, places);
		scan = scan_these(bytes, len);
		all = scan_sightings(scan);
		wrong += all->nr != nr;
		for (i = 0; i < nr && i < all->nr; i++)
			wrong += all->list[i].offset != places[i];
		found += nr;
		scan_free(scan);
	}
	ok(!wrong && found > 48, "as the oracle, where everything is nearly a schedule (%u seen)",
	   found);
}

static void test_seam(void)
{
	struct core_segment segments[] = {
		{ 0x10000, 0x2000, 0x1000, 0x2000 }, { 0x12000, 0x2000, 0x4000, 0x2000 },
	};
	struct core core;
	struct aes_form form = { .n = 8 };
	const struct sightings *all;
	struct scan *scan;
	u8 kept[240], key[32];
	int fd;

	fill(bytes, 0x6000);
	fill(key, sizeof(key));
	keep(key, &form, kept);
	memcpy(bytes + 0x3000 - 100, kept, 100);
	memcpy(bytes + 0x4000, kept + 100, 140);
	core_map(&core, segments, 2, 0x6000);
	fd = memory_file(bytes, 0x6000);
	scan = scan_fd(fd, &core);
	all = scan_sightings(scan);
	ok(all->nr == 1 && seen(all, 0, 0x3000 - 100, 240) && all->list[0].joined &&
	   all->list[0].vaddr == 0x12000 - 100, "across a seam");
	scan_free(scan);
	scan = scan_fd(fd, NULL);
	ok(!scan_sightings(scan)->nr, "and only there");
	scan_free(scan);
	core_close(&core);
	close(fd);
}

/* A generator of OpenSSL: its state at @drbg, a cipher context, and the block of a cipher. */
static void put_drbg(u64 vaddr, u32 drbg, u64 key_len, u32 use_df, u64 context, const u8 *key)
{
	const u64 block = vaddr + 0x2000;
	struct aes_form form = { .n = 8 };

	fill(bytes, 0x200000);
	memset(bytes + 0x3000, 0, 0x200);
	memcpy(bytes + 0x3000 + 168, &block, 8);
	keep(key, &form, bytes + 0x2000 + 208);
	memcpy(bytes + drbg, &context, 8);
	memcpy(bytes + drbg + 40, &key_len, 8);
	memcpy(bytes + drbg + 48, &use_df, 4);
	memcpy(bytes + drbg + 52, key, 32);
}

static bool is_note(u64 vaddr, bool mapped)
{
	struct core_segment segment = { vaddr, 0x200000, 0, 0x200000 };
	int fd = memory_file(bytes, 0x200000);
	const struct sightings *all;
	struct scan *scan;
	struct core core;
	bool note;

	core_map(&core, &segment, 1, 0x200000);
	scan = scan_fd(fd, mapped ? &core : NULL);
	all = scan_sightings(scan);
	note = all->notes == 1;
	if (all->nr != 1 || all->list[0].offset != 0x2000 + 208 || all->list[0].len != 240 ||
	    all->keys + all->notes != 1)
		abort();
	scan_free(scan);
	core_close(&core);
	close(fd);
	return note;
}

static void test_drbg(void)
{
	const u64 vaddr = 0x550000000000;
	u8 key[32];

	fill(key, sizeof(key));
	put_drbg(vaddr, 0x4000, 32, 1, vaddr + 0x3000, key);
	ok(is_note(vaddr, true), "the schedule of OpenSSL's generator is a note");
	ok(!is_note(vaddr, false), "in a file that is no core it is a key");
	put_drbg(vaddr, 0x4fe0, 32, 1, vaddr + 0x3000, key);
	ok(is_note(vaddr, true), "a note also if a page ends in the state");
	put_drbg(vaddr, 0x4000, 16, 1, vaddr + 0x3000, key);
	ok(!is_note(vaddr, true), "a key if the length is another");
	put_drbg(vaddr, 0x4000, 32, 2, vaddr + 0x3000, key);
	ok(!is_note(vaddr, true), "a key if a flag is none");
	put_drbg(vaddr, 0x4000, 32, 1, vaddr + 0x3000, key);
	bytes[0x3000 + 168 + 1] ^= 0x40;
	ok(!is_note(vaddr, true), "a key if the context points elsewhere");
	put_drbg(vaddr, 0x4000, 32, 1, 0, key);
	ok(!is_note(vaddr, true), "a key if there is no context");
	put_drbg(vaddr, 0x4000, 32, 1, vaddr + 0x3000, key);
	bytes[0x4000 + 52 + 31] ^= 1;
	ok(!is_note(vaddr, true), "a key if the state has another one");
	put_drbg(vaddr, 0x1ff000, 32, 1, vaddr + 0x3000, key);
	ok(!is_note(vaddr, true), "a key if the state is too far away");
}

/* Dwords a, b, a ^ b and so on fulfil relations everywhere: too many to be tried for nothing. */
static void test_effort(void)
{
	struct scan_options options = { .only = "aes", .threads = 1 };
	const u64 least = effort_least;
	struct complaint why = { "" };
	struct scan *scan = scan_new(&options, &why);
	const u32 words[] = { 0x3c81f7a5, 0x9e02d46b, 0x3c81f7a5 ^ 0x9e02d46b };
	struct input in;
	int fd;
	u32 i;

	for (i = 0; i + sizeof(words) <= ROOM; i += sizeof(words))
		memcpy(bytes + i, words, sizeof(words));
	fd = memory_file(bytes, ROOM);
	if (!scan || input_open(&in, fd, true, &why))
		abort();
	effort_least = 0;
	ok(scan_run(scan, &in, NULL, &why) == -E2BIG && !scan_sightings(scan)->nr,
	   "what would be schedules everywhere: %s", why.text);
	effort_least = least;
	input_close(&in);
	close(fd);
	scan_free(scan);
	fill(bytes, ROOM);
	scan = scan_these(bytes, ROOM);
	ok(!scan_sightings(scan)->nr, "random bytes: nothing");
	scan_free(scan);
}

int main(void)
{
	int level;

	test_maker();
	test_drbg();
	test_effort();
	for (level = SIMD_NONE; level <= SIMD_AVX2; level++) {
		simd_limit(level);
		test_forms();
		test_edges();
		test_dull_keys();
		test_negative();
		test_adversary();
		test_seam();
	}
	return tap_end();
}
