// SPDX-License-Identifier: GPL-2.0
/*
 * How fast kredact-verify searches a core by fingerprints: 128 MiB in memory, of random bytes
 * that no zeros help to pass over, and of a mixture in which a third is zero. The fingerprints
 * are those of 1 to 10,000 secrets of 256 bytes (pieces), and of keys of 16 bytes (blocks,
 * which are looked for at each byte). Each way to hash is measured that this machine knows.
 * What is measured is time of the processor, the best of three: with reading, and without,
 * which is the difference to a search for nothing.
 *
 * The exit code is 1 unless 1,000 secrets of 256 bytes are searched for in random bytes at
 * 3 GB/s or more, without reading, on a machine with AES-NI; and nothing is found.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "../noise.h"
#include "fingerprints.h"

#define SIZE	(128ul << 20)
#define PART	(1ul << 20)
#define TRIES	3
#define LEAST	3.0	/* GB/s */

static u64 hits;

/* A third each of zeros, of pointers and small numbers, and of random bytes. */
static void fill_mixed(void *to, size_t len)
{
	u8 *at = to;
	u64 word;
	size_t i;

	for (; len; at += PART, len -= PART) {
		switch (random_u64() % 3) {
		case 0:
			memset(at, 0, PART);
			break;
		case 1:
			for (i = 0; i < PART; i += 8) {
				word = random_u64();
				word = word & 3 ? 0x7f52c0000000 + (word >> 32 & ~7u) : word >> 48;
				memcpy(at + i, &word, 8);
			}
			break;
		default:
			random_fill(at, PART);
		}
	}
}

static int make_file(void (*fill)(void *at, size_t len))
{
	int fd = memfd_create("core", 0);
	u8 *bytes;

	if (fd < 0 || ftruncate(fd, SIZE))
		abort();
	bytes = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		abort();
	fill(bytes, SIZE);
	munmap(bytes, SIZE);
	return fd;
}

/* Fingerprints of nothing that there is: as good as any to search for. */
static int make_seal(struct seal *seal, struct input *in, u32 pieces, u32 blocks)
{
	size_t len = (pieces + blocks) * sizeof(struct kredact_seal_print) + 8 * pieces;
	int fd = memfd_create("seal", 0);
	u8 *bytes = malloc(len);
	struct complaint why;
	u32 i;

	random_fill(bytes, len);
	/* As full as KR_WINDOWS of KR_PIECE_BITS make it: 1 - e^(-17/64) of the bits. */
	memset(bytes + len - 8 * pieces, 0, 8 * pieces);
	for (i = 0; i < KR_WINDOWS * pieces; i++) {
		u64 bit = random_u64() % (64ull * pieces);

		bytes[len - 8 * pieces + bit / 8] |= 1u << bit % 8;
	}
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || input_open(in, fd, false, &why))
		abort();
	free(bytes);
	*seal = (struct seal){
		.in = in,
		.prints = { .pieces = pieces, .blocks = blocks, .bits = 64 * pieces },
	};
	return fd;
}

static void count(void *arg, const struct print_hit *hit)
{
	(void)arg;
	hits += hit->len;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

/* Seconds, the best of a few. */
static double measure(int core, enum hasher_way way, u32 pieces, u32 blocks)
{
	struct fingerprints *prints;
	double best = 1e9, took;
	struct input in, file;
	struct complaint why;
	struct seal seal;
	int fd, i;

	fd = make_seal(&seal, &file, pieces, blocks);
	for (i = 0; i < TRIES; i++) {
		prints = fingerprints_new("0123456789abcdef", 16, way);
		if (!prints || fingerprints_load(prints, &seal, &why) ||
		    input_open(&in, core, false, &why))
			abort();
		took = now();
		if (fingerprints_run(prints, &in, NULL, count, NULL, &why))
			abort();
		took = now() - took;
		best = took < best ? took : best;
		input_close(&in);
		fingerprints_free(prints);
	}
	input_close(&file);
	close(fd);
	return best;
}

/* One line; returns the speed in random bytes, without reading. */
static double row(const int *cores, const double *reading, enum hasher_way way, u32 pieces,
		  u32 blocks)
{
	static const char *const ways[] = { "OpenSSL", "AES-NI", "VAES" };
	double took[2];
	u32 i;

	for (i = 0; i < 2; i++)
		took[i] = measure(cores[i], way, pieces, blocks);
	printf("%-8s %6u %-7s %7.2f %7.2f %9.2f %7.2f\n", ways[way], pieces ? pieces : blocks,
	       pieces ? "pieces" : "blocks", SIZE / took[0] / 1e9, SIZE / took[1] / 1e9,
	       SIZE / (took[0] - reading[0]) / 1e9, SIZE / (took[1] - reading[1]) / 1e9);
	fflush(stdout);
	return SIZE / (took[0] - reading[0]) / 1e9;
}

int main(void)
{
	const int cores[2] = { make_file(random_fill), make_file(fill_mixed) };
	static const u32 secrets[] = { 1, 100, 1000, 10000 };
	enum hasher_way way;
	double reading[2];
	bool slow = false;
	u32 i;

	for (i = 0; i < 2; i++)
		reading[i] = measure(cores[i], HASHER_OPENSSL, 0, 0);
	printf("                    with reading, GB/s    without, GB/s\n"
	       "                         random   mixed    random   mixed\n"
	       "reading                 %7.2f %7.2f\n", SIZE / reading[0] / 1e9,
	       SIZE / reading[1] / 1e9);
	for (way = 0; way <= hasher_best(); way++) {
		for (i = 0; i < 4; i++) {
			double speed = row(cores, reading, way, 8 * secrets[i], 0);

			slow |= way == hasher_best() && way && secrets[i] == 1000 && speed < LEAST;
		}
		row(cores, reading, way, 0, 1000);
	}
	if (hits)
		printf("found what there is not\n");
	if (slow)
		printf("slower than %.0f GB/s\n", LEAST);
	return slow || hits;
}
