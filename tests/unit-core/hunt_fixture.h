/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests and the fuzzer of the hunter share: an index with the secrets that are in
 * it, random secrets and memory, and a search that is compared with the oracle. Memory and
 * secrets are blocks of their exact size, so that the sanitiser sees what is read beyond.
 */
#ifndef KREDACT_TESTS_HUNT_FIXTURE_H
#define KREDACT_TESTS_HUNT_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include "../noise.h"
#include "expect.h"
#include "hunt.h"
#include "hunt_oracle.h"

#define MOST_SECRETS	64

struct secret {
	u8 *bytes;
	u32 len;
	u64 owner;
};

/* An index, the secrets that are in it, and how much memory it has got so far. */
struct fixture {
	struct kr_hunt hunt;
	struct secret secrets[MOST_SECRETS];
	u32 nr;
	u32 size;
};

static u32 random_below(u32 limit)
{
	return (random_u64() >> 16) % limit;
}

/* A function, as min() may evaluate its arguments twice. */
static u32 at_most(u32 value, u32 most)
{
	return value < most ? value : most;
}

static void fill_from(u8 *bytes, u32 len, u32 alphabet)
{
	while (len--)
		*bytes++ = random_u64() >> 32 & (alphabet - 1);
}

static void begin(struct fixture *f, u32 run)
{
	memset(f, 0, sizeof(*f));
	kr_hunt_init(&f->hunt, run);
}

static void end(struct fixture *f)
{
	while (f->nr)
		free(f->secrets[--f->nr].bytes);
	free(f->hunt.memory);
}

static void grow(struct fixture *f, u32 to)
{
	size_t size = kr_hunt_size(to);
	void *memory = calloc(1, size), *old = f->hunt.memory;

	EXPECT(kr_hunt_move(&f->hunt, memory, size) == old);
	free(old);
	f->size = to;
}

/* Adds a part; grows by @step bytes whenever there is no room. */
static void add_part(struct fixture *f, const u8 *bytes, u32 len, u32 again, u64 owner, u32 step)
{
	u8 *copy = malloc(len + !len);
	int rounds = 0;

	memcpy(copy, bytes, len);
	while (kr_hunt_add(&f->hunt, copy, len, again, owner)) {
		EXPECT(rounds++ < 10000);
		grow(f, f->size + step);
	}
	free(copy);
}

static struct secret *keep(struct fixture *f, const u8 *bytes, u32 len)
{
	struct secret *secret = &f->secrets[f->nr++];

	secret->bytes = malloc(len + !len);
	memcpy(secret->bytes, bytes, len);
	secret->len = len;
	secret->owner = 1000 + f->nr;
	return secret;
}

static void add(struct fixture *f, const u8 *bytes, u32 len)
{
	struct secret *secret = keep(f, bytes, len);

	add_part(f, bytes, len, 0, secret->owner, len + 1);
}

/* In parts that overlap by run - 1 bytes, as callers read a long range. */
static void add_in_parts(struct fixture *f, const u8 *bytes, u32 len, u32 part)
{
	struct secret *secret = keep(f, bytes, len);
	u32 at = 0, again = 0, most;

	while (at < len) {
		most = min(part, len - at);
		add_part(f, bytes + at - again, again + most, again, secret->owner, 128);
		at += most;
		again = min(at, f->hunt.run - 1);
	}
}

struct result {
	const struct fixture *f;
	const u8 *memory;
	u32 len;
	u32 last;	/* end of the copy before */
	u32 nr;
	u8 *marks;
};

/* Each byte of a copy is in a run of its owner's, in the order that is said. */
static bool is_from(const struct result *r, u32 at, const struct kr_copy *copy)
{
	u32 i, j, a, run = r->f->hunt.run;
	bool is = false;

	for (i = 0; i < r->f->nr && !is; i++) {
		const struct secret *s = &r->f->secrets[i];
		u8 *other;

		if (s->owner != copy->owner)
			continue;
		other = malloc(s->len + 1);
		for (j = 0; j < s->len; j++)
			other[j] = s->bytes[copy->reversed ? s->len - 1 - j : j];
		for (j = 0; j + run <= s->len; j++)
			for (a = at < run ? 0 : at - run + 1; a <= at && a + run <= r->len; a++)
				if (other[j] == r->memory[a] &&
				    !memcmp(other + j, r->memory + a, run))
					is = true;
		free(other);
	}
	return is;
}

static void found(void *arg, const struct kr_copy *copy)
{
	struct result *r = arg;

	EXPECT(copy->len && copy->from >= r->last && copy->from + copy->len <= r->len);
	r->last = copy->from + copy->len;
	r->nr++;
	if (r->last > r->len)
		return;
	memset(r->marks + copy->from, 1, copy->len);
	EXPECT(is_from(r, copy->from, copy));
	EXPECT(is_from(r, copy->from + copy->len - 1, copy));
}

/* Where a copy goes over @at in the memory, that must not be ruled out. */
static void check_border(const struct fixture *f, u8 *memory, u32 len, u32 at)
{
	u32 edge = f->hunt.run - 1, from = at < edge ? 0 : at - edge, i;
	u8 marks[2 * KR_RUN_MAX] = { 0 };

	if (kr_hunt_may_cross(&f->hunt, memory + at, memory + at))
		return;
	for (i = 0; i < f->nr; i++)
		oracle_mark(memory + from, at_most(at + edge, len) - from, f->secrets[i].bytes,
			    f->secrets[i].len, f->hunt.run, marks);
	EXPECT(!memchr(marks, 1, sizeof(marks)));
}

/* Searches memory, compares with the oracle; the number of bytes found. */
static u32 check(const struct fixture *f, const u8 *bytes, u32 len)
{
	u8 *memory = malloc(len + !len), *marks = calloc(1, len + 1), *want = calloc(1, len + 1);
	struct result r = { .f = f, .memory = memory, .len = len, .marks = marks };
	u32 i, nr = 0;

	memcpy(memory, bytes, len);
	kr_hunt_scan(&f->hunt, memory, len, NULL, found, &r);
	for (i = 0; i < f->nr; i++)
		oracle_mark(memory, len, f->secrets[i].bytes, f->secrets[i].len, f->hunt.run, want);
	EXPECT(!memcmp(marks, want, len));
	for (i = 0; i < 3 && len > 2 * KR_WINDOW; i++)
		check_border(f, memory, len, KR_WINDOW + random_below(len - 2 * KR_WINDOW));
	for (i = 0; i < len; i++)
		nr += want[i];
	free(memory);
	free(marks);
	free(want);
	return nr;
}

/* bytes and bytes_plain must be what the oracle says of the secrets, each by itself. */
static void check_counts(const struct fixture *f)
{
	u64 hunted = 0, plain = 0;
	u32 i, j;

	for (i = 0; i < f->nr; i++) {
		const struct secret *s = &f->secrets[i];
		u8 *marks = malloc(s->len + 1);

		oracle_hunted(s->bytes, s->len, f->hunt.run, marks);
		for (j = 0; j < s->len; j++) {
			hunted += marks[j];
			plain += !marks[j];
		}
		free(marks);
	}
	EXPECT(f->hunt.bytes == hunted && f->hunt.bytes_plain == plain);
}

static void reverse(u8 *bytes, u32 len)
{
	u32 i;

	for (i = 0; i < len / 2; i++) {
		u8 byte = bytes[i];

		bytes[i] = bytes[len - 1 - i];
		bytes[len - 1 - i] = byte;
	}
}

/* Bytes of which secrets and memory are made: some have words in common, some are plain. */
static void make(u8 *bytes, u32 len, u32 kind)
{
	static const char text[] = "the signing key is not in there, and neither is another one ";
	u32 i, from, most;

	switch (kind) {
	case 0:
		fill_from(bytes, len, 256);
		break;
	case 1:
		fill_from(bytes, len, 8);
		break;
	case 2:
		fill_from(bytes, len, 2);
		break;
	case 3:
		for (i = 0; i < len; i++)
			bytes[i] = random_below(40) ? (u8)text[i % (sizeof(text) - 1)] :
				   random_u64();
		break;
	case 4:	/* small integers and pointers */
		for (i = 0; i < len; i++)
			bytes[i] = (i & 7) == 4 ? random_below(16) * 16 :
				   (u8[]){ 1, 0, 0, 0, 0, 0x7f, 0xff, 0xff }[i & 7];
		break;
	case 5:	/* zeros and ff in between */
		fill_from(bytes, len, 256);
		for (i = 0; i < len / 16; i++) {
			from = random_below(len);
			most = at_most(1 + random_below(6), len - from);
			memset(bytes + from, i & 1 ? 0xff : 0, most);
		}
		break;
	case 6:	/* repeats itself */
		most = 5 + random_below(30);
		fill_from(bytes, min(most, len), 256);
		for (i = most; i < len; i++)
			bytes[i] = bytes[i - most];
		break;
	}
}

/*
 * One index of random secrets, with memory that is put together from parts of them, in both
 * orders, and a change here and there. Returns the number of searches, and in @hits how
 * many of them found something.
 */
static u32 random_round(u32 most_run, u32 most_secrets, u32 most_len, u32 *hits)
{
	u8 *memory = malloc(2 * most_len), *secret = malloc(most_len);
	u32 i, j, len, from, most, checks = 1 + random_below(8);
	struct fixture f;

	begin(&f, KR_RUN_MIN + random_below(most_run - KR_RUN_MIN + 1));
	for (i = 1 + random_below(most_secrets); i--;) {
		len = 1 + random_below(most_len);
		make(secret, len, random_below(7));
		if (f.nr && random_below(2)) {
			/* has something in common with one before */
			const struct secret *s = &f.secrets[random_below(f.nr)];

			from = random_below(s->len);
			most = at_most(1 + random_below(s->len - from), len);
			memcpy(secret + random_below(len - most + 1), s->bytes + from, most);
		}
		if (random_below(2))
			add(&f, secret, len);
		else
			add_in_parts(&f, secret, len, 1 + random_below(100));
	}
	/* Beyond some 32 KiB the filters are other ones. */
	if (random_below(3) == 0)
		grow(&f, f.size + random_below(100000));
	check_counts(&f);
	for (i = 0; i < checks; i++) {
		len = random_below(2 * most_len);
		make(memory, len, random_below(7));
		for (j = random_below(20); j-- && len;) {
			const struct secret *s = &f.secrets[random_below(f.nr)];
			u32 at = random_below(len);

			from = random_below(s->len);
			most = at_most(1 + random_below(s->len - from), len - at);
			memcpy(memory + at, s->bytes + from, most);
			if (random_below(2))
				reverse(memory + at, most);
			if (!random_below(3))
				memory[random_below(len)] ^= 1 << random_below(8);
		}
		*hits += check(&f, memory, len) > 0;
	}
	end(&f);
	free(memory);
	free(secret);
	return checks;
}

#endif /* KREDACT_TESTS_HUNT_FIXTURE_H */
