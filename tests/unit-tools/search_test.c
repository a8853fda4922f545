// SPDX-License-Identifier: GPL-2.0
/*
 * The search against an oracle that compares every byte with every byte.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include "run.h"
#include "scan/simd.h"
#include "search.h"
#include "tap.h"

#define HITS	200000u

struct found {
	u64 offset;
	u32 len;
	u32 from;
	u32 secret;
	u32 reversed;
};

static struct found found[HITS], expected[HITS];
static u32 nr_found, nr_expected;
static u64 state = 0x243f6a8885a308d3ULL;

static u64 next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void take(void *arg, const struct hit *hit)
{
	(void)arg;
	if (nr_found < HITS)
		found[nr_found++] = (struct found){ hit->offset, hit->len, hit->from, hit->secret,
						    hit->reversed };
}

static int compare(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return memcmp(x, y, sizeof(*x));
}

/* All maximal runs of one pattern, along every diagonal. */
static void oracle(const u8 *data, u32 len, const u8 *pattern, u32 pattern_len, u32 shortest,
		   u32 secret, u32 reversed)
{
	bool whole = !shortest || shortest >= pattern_len;
	u32 least = whole ? pattern_len : shortest;
	int64_t diagonal;

	for (diagonal = -(int64_t)pattern_len; diagonal < len; diagonal++) {
		u32 i, run = 0;

		for (i = 0; i <= pattern_len; i++) {
			int64_t at = diagonal + i;
			bool same = i < pattern_len && at >= 0 && at < len &&
				    data[at] == pattern[i];

			if (same) {
				run++;
				continue;
			}
			if (run >= least && nr_expected < HITS &&
			    (whole || memcmp(pattern + i - run, pattern + i - run + 1, run - 1)))
				expected[nr_expected++] = (struct found){ at - run, run, i - run,
									  secret, reversed };
			run = 0;
		}
	}
}

static void search_bytes(struct search *search, int fd, bool holes)
{
	struct complaint why;
	struct input in;

	nr_found = 0;
	if (search_prepare(search, &why) || input_open(&in, fd, holes, &why) ||
	    search_run(search, &in, NULL, take, NULL, &why))
		abort();
	input_close(&in);
	search_free(search);
}

/* Few different bytes, many zeros: everything nearly matches. */
static void dull_bytes(u8 *to, u32 len, u32 letters, u32 zeros)
{
	u32 i;

	for (i = 0; i < len; i++)
		to[i] = next_random() % 100 < zeros ? 0 : next_random() % letters;
}

static bool one_round(u32 letters, u32 zeros)
{
	u32 len = next_random() % 3000, nr = 1 + next_random() % 4, shortest, i, j, total = 0;
	u8 data[3000], secrets[4][80], reversed[80];
	u32 lens[4];
	struct search *search;
	struct complaint why;
	bool reverse = next_random() & 1;
	int fd;

	shortest = next_random() & 1 ? 8 + next_random() % 20 : 0;
	dull_bytes(data, len, letters, zeros);
	simd_limit(next_random() & 1 ? SIMD_AVX512 : SIMD_NONE);
	search = search_new(shortest, reverse);
	nr_expected = 0;
	for (i = 0; i < nr; i++) {
		lens[i] = 8 + next_random() % 72;
		do
			dull_bytes(secrets[i], lens[i], letters, zeros);
		while (!memmem(secrets[i], lens[i], "\1", 1));
		/* planted, so that there is something to find */
		for (j = 0; j < 3 && len > lens[i]; j++)
			memcpy(data + next_random() % (len - lens[i]), secrets[i], lens[i]);
		if (search_add(search, secrets[i], lens[i], &why))
			abort();
		total++;
	}
	for (i = 0; i < total; i++) {
		oracle(data, len, secrets[i], lens[i], shortest, i, 0);
		for (j = 0; j < lens[i]; j++)
			reversed[j] = secrets[i][lens[i] - 1 - j];
		if (reverse && memcmp(reversed, secrets[i], lens[i]))
			oracle(data, len, reversed, lens[i], shortest, i, 1);
	}
	fd = memory_file(data, len);
	search_bytes(search, fd, true);
	close(fd);
	simd_limit(SIMD_AVX512);
	qsort(found, nr_found, sizeof(*found), compare);
	qsort(expected, nr_expected, sizeof(*expected), compare);
	if (nr_found == nr_expected && !memcmp(found, expected, nr_found * sizeof(*found)))
		return true;
	printf("# %u found, %u expected, shortest %u, reverse %d\n", nr_found, nr_expected,
	       shortest, reverse);
	return false;
}

static void test_oracle(void)
{
	static const struct { u32 letters, zeros; } kinds[] = {
		{ 256, 0 }, { 2, 0 }, { 2, 90 }, { 3, 50 }, { 256, 95 }, { 2, 99 },
	};
	u32 kind, round, hits;

	for (kind = 0; kind < sizeof(kinds) / sizeof(*kinds); kind++) {
		bool same = true;

		for (round = 0, hits = 0; round < 150 && same; round++) {
			same = one_round(kinds[kind].letters, kinds[kind].zeros);
			hits += nr_found;
		}
		ok(same && hits > 100, "oracle: %u letters, %u%% zeros: %u runs, all the same",
		   kinds[kind].letters, kinds[kind].zeros, hits);
	}
}

/* One secret around the first borders of the buffer, in a file of 13 MiB. */
static void test_borders(void)
{
	const u64 len = 13 << 20, first = (256 << 10) + 2 * SECRET_MAX;
	u8 secret[33], *data = calloc(1, len);
	u32 missed = 0, round, i;
	struct complaint why;
	u64 at;
	int fd;

	for (at = 0; at < len; at += 8)
		*(u64 *)(data + at) = next_random() | 1;
	for (i = 0; i < sizeof(secret); i++)
		secret[i] = next_random();
	for (round = 0; round < 80; round++) {
		struct search *search = search_new(0, true);
		u64 base = first * (1 + round % 2) - (round % 2 ? 2 * 33 : 0);

		at = base - 60 + round;
		memcpy(data + at, secret, sizeof(secret));
		fd = memory_file(data, len);
		search_add(search, secret, sizeof(secret), &why);
		search_bytes(search, fd, true);
		close(fd);
		missed += nr_found != 1 || found[0].offset != at;
		data[at] ^= 0xff;
	}
	ok(!missed, "borders of the buffer: none of %u missed", round);
	memcpy(data + len - sizeof(secret), secret, sizeof(secret));
	memcpy(data, secret, sizeof(secret));
	fd = memory_file(data, len);
	struct search *search = search_new(0, true);

	search_add(search, secret, sizeof(secret), &why);
	search_bytes(search, fd, true);
	close(fd);
	ok(nr_found == 2 && !found[0].offset && found[1].offset == len - sizeof(secret),
	   "first and last bytes of the file");
	free(data);
}

/* Secrets that begin or end with zeros lie partly in holes. */
static void test_holes(void)
{
	const u64 size = 3ULL << 30;
	const u64 at[] = { 1ULL << 20, 1ULL << 30, size - 4096 };
	u8 head[40] = { 0 }, tail[40] = { 0 };
	struct search *search = search_new(0, false);
	struct complaint why;
	u32 i, right = 0;
	int fd;

	for (i = 0; i < 20; i++) {
		head[20 + i] = 0xa0 + i;
		tail[i] = 0xc0 + i;
	}
	fd = memory_file("x", 1);
	if (ftruncate(fd, size))
		abort();
	for (i = 0; i < 3; i++) {
		/* @head ends with the first bytes of a page, @tail begins with the last */
		if (pwrite(fd, head + 20, 20, at[i]) != 20 ||
		    pwrite(fd, tail, 20, at[i] + 4096 - 20 - (i == 2 ? 20 : 0)) != 20)
			abort();
	}
	search_add(search, head, sizeof(head), &why);
	search_add(search, tail, sizeof(tail), &why);
	search_bytes(search, fd, true);
	for (i = 0; i < nr_found; i++)
		right += found[i].offset == at[i / 2] + (i % 2 ? 4076 - (i == 5 ? 20 : 0) : -20ULL);
	ok(nr_found == 6 && right == 6, "secrets that lie partly in holes: %u of 6", right);
	close(fd);
}

/* A file and secrets of one word, over and over: nearly every place is the beginning of a run. */
static void test_given_up(void)
{
	const u32 size = 1 << 20;
	static u8 secret[SECRET_MAX];
	struct search *search = search_new(16, false);
	struct complaint why;
	struct input in;
	u8 *data = malloc(size);
	int fd, error;
	u32 i, nr;

	for (nr = 0; nr < SECRETS_TOTAL_MAX / SECRET_MAX; nr++) {
		for (i = 0; i < SECRET_MAX; i++)
			secret[i] = i % 7;
		secret[SECRET_MAX - 1] = 100 + nr;
		search_add(search, secret, SECRET_MAX, &why);
	}
	for (i = 0; i < size; i++)
		data[i] = i % 7;
	fd = memory_file(data, size);
	if (search_prepare(search, &why) || input_open(&in, fd, false, &why))
		abort();
	error = search_run(search, &in, NULL, take, NULL, &why);
	ok(error == -E2BIG, "what repeats itself without end is given up");
	input_close(&in);
	search_free(search);
	close(fd);
	free(data);
}

static void test_refused(void)
{
	struct search *search = search_new(0, true);
	static u8 bytes[SECRET_MAX + 1];
	struct complaint why;
	u32 i;

	ok(search_prepare(search, &why) == -EINVAL, "nothing to search for is refused");
	ok(search_add(search, "1234567", 7, &why) == -EINVAL, "7 bytes are refused");
	ok(search_add(search, bytes, 64, &why) == -EINVAL, "zeros are refused");
	memset(bytes, 1, sizeof(bytes));
	ok(search_add(search, bytes, SECRET_MAX + 1, &why) == -E2BIG, "a long one is refused");
	for (i = 0; !search_add(search, bytes, SECRET_MAX, &why); i++)
		bytes[0]++;
	ok(i == SECRETS_TOTAL_MAX / SECRET_MAX, "many long ones: %u are taken", i);
	search_free(search);
}

int main(void)
{
	test_oracle();
	test_borders();
	test_holes();
	test_given_up();
	test_refused();
	return tap_end();
}
