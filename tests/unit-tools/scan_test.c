// SPDX-License-Identifier: GPL-2.0
/*
 * The engine of the scan: windows, zeros, holes, seams, threads, and a file that ends
 * too soon.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* AES_set_encrypt_key() is old, and what we want. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/aes.h>
#include <openssl/crypto.h>

#include "run.h"
#include "scan/memory.h"
#include "scan/reader.h"
#include "scan/sighting.h"
#include "scan/sweep.h"
#include "tap.h"

#define MIB	(1u << 20)
#define SIZE	(9u * MIB + 12345)

/* What the windows of a sweep were; one for all threads. */
struct seen {
	pthread_mutex_t lock;
	const u8 *file;
	u64 size;
	u8 *looked;		/* how often each byte was a candidate */
	u32 windows;
	u32 seams;
	u32 wrong;
	u64 seam_at;
	int shorten;		/* a descriptor */
	struct input *in;
};

static u8 *file;
static u64 state = 0x082efa98ec4e6c89ULL;

static u64 next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void take(void *arg, const struct window *window)
{
	struct seen *seen = arg;
	u64 at, before, after;

	pthread_mutex_lock(&seen->lock);
	seen->windows++;
	if (window->seam) {
		seen->seams++;
		seen->seam_at = window->offset + window->seam;
	} else {
		before = min(window->offset + window->begin, (u64)SCAN_BEFORE);
		after = min(seen->size - (window->offset + window->end), (u64)SCAN_AFTER);
		seen->wrong += window->begin >= window->end || window->end > window->len ||
			       window->begin < before || window->len - window->end < after ||
			       memcmp(window->bytes, seen->file + window->offset, window->len);
		for (at = window->begin; at < window->end; at++)
			seen->looked[window->offset + at]++;
	}
	if (seen->shorten && ftruncate(seen->shorten, MIB))
		abort();
	pthread_mutex_unlock(&seen->lock);
}

static int sweep(struct seen *seen, int fd, const struct core *core, u32 threads, bool holes,
		 struct complaint *why)
{
	struct sweep *all = sweep_new(threads);
	struct input in;
	int error;

	seen->looked = calloc(1, seen->size + 1);
	if (!all || !seen->looked || input_open(&in, fd, holes, why))
		abort();
	error = sweep_run(all, &in, core, take, seen, why);
	input_close(&in);
	sweep_free(all);
	return error;
}

static struct seen seen_new(u64 size)
{
	return (struct seen){ .lock = PTHREAD_MUTEX_INITIALIZER, .file = file, .size = size };
}

/* Is each byte a candidate once, or no candidate because only zeros follow for long? */
static u32 missed(const struct seen *seen)
{
	u64 at = seen->size, zeros = 0;
	u32 wrong = 0;

	while (at--) {
		zeros = seen->file[at] ? 0 : zeros + 1;
		if (seen->looked[at] > 1 || (!seen->looked[at] && zeros < SCAN_BEFORE &&
					     at + zeros < seen->size - 1))
			wrong++;
	}
	return wrong;
}

static void test_windows(void)
{
	u32 threads, wrong = 0, all = 0, round;
	struct complaint why;
	int fd, error;
	u64 at;

	for (at = 0; at < SIZE; at++)
		file[at] = 1 + next_random() % 255;
	for (round = 0; round < 12; round++) {
		u64 size = round < 6 ? SIZE - round * MIB - next_random() % 70000 :
				       next_random() % 200000;

		fd = memory_file(file, size);
		for (threads = 1; threads < 4; threads++) {
			struct seen seen = seen_new(size);

			error = sweep(&seen, fd, NULL, threads, true, &why);
			for (at = 0; at < size && seen.looked[at] == 1; at++)
				;
			wrong += error || seen.wrong || at != size;
			all += seen.windows;
			free(seen.looked);
		}
		close(fd);
	}
	ok(!wrong && all > 200, "each byte is looked at once, with what is around it (%u windows)",
	   all);
}

static void test_zeros(void)
{
	u32 round, i, wrong = 0, skipped = 0;
	struct complaint why;
	u64 at, len;
	int fd;

	for (round = 0; round < 8; round++) {
		struct seen seen = seen_new(SIZE);

		memset(file, 0, SIZE);
		for (i = 0; i < 30; i++) {
			len = next_random() % (round % 2 ? 300000 : 300);
			at = next_random() % (SIZE - len);
			/* often at the edges of what is read at once */
			if (i % 3 == 0)
				at = (at & ~(u64)(SWEEP_CHUNK - 1)) + next_random() % 3;
			memset(file + at, 0x77, min(len, SIZE - at));
		}
		fd = memory_file(file, SIZE);
		wrong += sweep(&seen, fd, NULL, 2, true, &why) || seen.wrong || missed(&seen);
		for (at = 0; at < SIZE; at++)
			skipped += !seen.looked[at];
		free(seen.looked);
		close(fd);
	}
	ok(!wrong && skipped > MIB, "long zeros are passed over, what follows them is not (%u)",
	   skipped);
}

static void test_holes(void)
{
	const u64 size = 40ULL * MIB, places[] = { 0, 5 * MIB - 1, 6 * MIB, 24 * MIB,
						   34 * MIB - 10, size - 1 };
	struct seen seen;
	struct complaint why;
	u32 i, wrong = 0;
	int fd = memory_file("", 0);

	free(file);
	file = calloc(1, size);
	if (!file || ftruncate(fd, size))
		abort();
	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		file[places[i]] = 1;
		if (pwrite(fd, "\1", 1, places[i]) != 1)
			abort();
	}
	seen = seen_new(size);
	wrong = sweep(&seen, fd, NULL, 2, true, &why) || seen.wrong || missed(&seen);
	ok(!wrong && seen.windows < 20, "holes are passed over, what follows them is not (%u)",
	   seen.windows);
	free(seen.looked);
	seen = seen_new(size);
	wrong = sweep(&seen, fd, NULL, 1, false, &why) || seen.wrong || missed(&seen);
	ok(!wrong, "the same if holes are read");
	free(seen.looked);
	close(fd);
}

/* Exabytes of hole take no time. */
static void test_huge(void)
{
	struct sweep *all = sweep_new(1);
	struct complaint why;
	struct seen seen = { .lock = PTHREAD_MUTEX_INITIALIZER };
	char path[] = "/tmp/kredact-huge-XXXXXX";
	struct input in;
	int fd = mkstemp(path), error = 1;

	unlink(path);
	seen.file = file;
	seen.looked = calloc(1, 16);
	/* What is there is zero, and so no candidate. */
	if (!ftruncate(fd, 8LL << 40) && pwrite(fd, "\0", 1, 5LL << 40) == 1 &&
	    !input_open(&in, fd, true, &why)) {
		seen.size = in.size;
		error = sweep_run(all, &in, NULL, take, &seen, &why);
		input_close(&in);
	}
	ok(!error && !seen.windows, "8 TiB of hole take no time");
	sweep_free(all);
	free(seen.looked);
	close(fd);
}

static void test_seams(void)
{
	/* joined; with a gap in memory; next to each other in the file; beyond the end */
	struct core_segment segments[] = {
		{ 0x10000, 0x1000, 0x1000, 0x1000 }, { 0x11000, 0x1000, 0x8000, 0x1000 },
		{ 0x13000, 0x1000, 0xa000, 0x1000 }, { 0x14000, 0x1000, 0xb000, 0x1000 },
		{ 0x15000, 0x1000, 1 << 30, 0x1000 },
	};
	struct core core = { .segments = segments, .nr_segments = 5, .is64 = true };
	struct seen seen = seen_new(0x20000);
	struct complaint why;
	int fd = memory_file(file, 0x20000), error;

	error = sweep(&seen, fd, &core, 2, true, &why);
	ok(!error && seen.seams == 1 && seen.seam_at == 0x2000,
	   "a seam where memory goes on and the file does not");
	free(seen.looked);
	close(fd);
}

static void test_shorter(void)
{
	struct seen seen = seen_new(SIZE);
	struct complaint why = { "" };
	u32 threads;

	memset(file, 0x33, SIZE);
	for (threads = 1; threads < 3; threads++) {
		int fd = memory_file(file, SIZE);

		complaint_set(&why, "%s", "");
		seen.shorten = fd;
		ok(sweep(&seen, fd, NULL, threads, true, &why) == -EIO && *why.text,
		   "a file that becomes shorter is an error: %s", why.text);
		free(seen.looked);
		close(fd);
	}
}

/* A start of its own, and threads that never had anything to do. */
static void test_idle(void)
{
	struct sweep *all = sweep_new(3);

	sweep_start(all);
	sweep_start(all);
	sweep_free(all);
	ok(true, "threads end that had nothing to do");
}

/* The report of a scan does not depend on how many threads there were. */
static void test_equal(void)
{
	static const u8 key[16] = "sixteen letters";
	struct complaint why;
	AES_KEY schedule;
	struct sighting *list = NULL;
	u32 threads, i, nr = 0, wrong = 0;
	u64 at;
	int fd;

	AES_set_encrypt_key(key, 128, &schedule);
	for (at = 0; at < SIZE; at++)
		file[at] = next_random();
	for (at = 99; at + 176 < SIZE; at += 123457)
		memcpy(file + at, &schedule, 176);
	fd = memory_file(file, SIZE);
	for (threads = 1; threads < 5; threads++) {
		struct scan_options options = {
			.only = "aes", .key = key, .key_len = sizeof(key), .threads = threads,
		};
		struct scan *scan = scan_new(&options, &why);
		const struct sightings *all;
		struct input in;

		if (!scan || input_open(&in, fd, true, &why) || scan_run(scan, &in, NULL, &why))
			abort();
		all = scan_sightings(scan);
		if (threads == 1) {
			nr = all->nr;
			list = calloc(nr + 1, sizeof(*list));
			memcpy(list, all->list, nr * sizeof(*list));
		}
		wrong += all->nr != nr;
		for (i = 0; i < nr && !wrong; i++)
			wrong += list[i].offset != all->list[i].offset ||
				 memcmp(list[i].digest, all->list[i].digest, SIGHTING_DIGEST_LEN);
		input_close(&in);
		scan_free(scan);
	}
	ok(!wrong && nr == 77, "one to four threads see the same (%u)", nr);
	free(list);
	close(fd);
}

/* Reads that go on, go back, skip and end beyond the file are as if nothing were read ahead. */
static void test_reader(void)
{
	static u8 data[5 * READER_BLOCK], got[2 * READER_BLOCK];
	u32 round, wrong = 0, whole = 0, i;
	static struct reader reader;
	struct complaint why;
	struct input in;
	u64 at = 0, len;
	int fd;

	for (i = 0; i < sizeof(data); i++)
		data[i] = next_random() >> 24;
	fd = memory_file(data, sizeof(data));
	if (input_open(&in, fd, false, &why))
		abort();
	reader_init(&reader);
	for (round = 0; round < 20000; round++) {
		bool there;

		len = 1 + next_random() % (round % 50 ? 300 : sizeof(got));
		at = round % 100 ? at + next_random() % 800 - round % 7 * 20 :
				   next_random() % (sizeof(data) + 10);
		there = at < sizeof(data) && sizeof(data) - at >= len;
		memset(got, 0xa5, len);
		wrong += reader_copy(&reader, &in, at, got, len) != there ||
			 (there && memcmp(got, data + at, len));
		whole += there;
	}
	ok(!wrong && whole > 10000 && whole < round, "%u of %u reads at random, all the same",
	   whole, round);
	reader_close(&reader);
	input_close(&in);
	close(fd);
}

/* Of the sanitizer: more than there is is refused, as without it. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static int scan_some(const char **said)
{
	struct scan_options options = { .only = "rsa-der", .threads = 1 };
	static struct complaint why;
	struct scan *scan = scan_new(&options, &why);
	int fd = memory_file(file, 4096), error;
	struct input in;

	if (!scan || input_open(&in, fd, true, &why))
		abort();
	error = scan_run(scan, &in, NULL, &why);
	input_close(&in);
	scan_free(scan);
	close(fd);
	*said = why.text;
	return error;
}

/* The last one: what was lost stays lost. */
static void test_memory(bool watched)
{
	volatile size_t more = 1ul << 62;
	const char *said;

	ok(watched && !scan_some(&said), "memory is watched, and there is enough");
	ok(!OPENSSL_malloc(more) && scan_some(&said) == -ENOMEM &&
	   !strcmp(said, "out of memory"), "an allocation of OpenSSL that fails fails the scan");
}

/* Of one kind at one place: what is proven, and what reaches further, so that all is zeroed. */
static void test_sightings(void)
{
	static const struct kind kind = { .word = "some-key", .text = "some key" };
	static const struct {
		bool proven;
		u32 len;
	} pieces[] = { { false, 32 }, { true, 40 }, { false, 64 }, { true, 48 }, { false, 48 },
		       { false, 64 } };
	struct sightings all;
	u32 i;

	if (sightings_init(&all))
		abort();
	for (i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct sighting sighting = {
			.kind = &kind, .proven = pieces[i].proven, .len = pieces[i].len,
		};

		sightings_add(&all, &sighting);
	}
	sightings_sort(&all);
	ok(all.nr == 2 && all.keys == 2 && all.list[0].proven && all.list[0].len == 48 &&
	   !all.list[1].proven && all.list[1].len == 64,
	   "two of six at one place: the proven one, and the longer one");
	sightings_free(&all);
}

int main(void)
{
	bool watched = memory_watch();

	file = malloc(SIZE);
	if (!file)
		abort();
	test_windows();
	test_zeros();
	test_shorter();
	test_equal();
	test_holes();
	test_huge();
	test_seams();
	test_idle();
	test_reader();
	test_memory(watched);
	test_sightings();
	free(file);
	return tap_end();
}
