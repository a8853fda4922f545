// SPDX-License-Identifier: GPL-2.0
/*
 * Cost of one allocation and one free of key memory, in ns: libkredact against
 * libc, libsodium and OpenSSL's secure heap.
 *
 * Rounds are interleaved (each round measures every allocator), and a ratio is taken
 * within a round, so that other load on the machine meets all alike. Printed are
 * medians. The exit code is 1 unless, at 64 bytes, with one thread and with two,
 *
 *	libkredact / sodium_malloc + sodium_free                   <= 1/3
 *	libkredact / OPENSSL_secure_malloc + OPENSSL_secure_free   <= 1
 */
#define _GNU_SOURCE
#include <kredact.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS		21
#define THREADS_MAX	2
#define GATE_LEN	64
#define SECURE_HEAP	(1U << 20)

enum { LIBC, KREDACT, SODIUM, OPENSSL, NR_ALLOCATORS };

static void *libc_alloc(size_t len)
{
	return malloc(len);
}

static void libc_free(void *p)
{
	free(p);
}

static void *openssl_alloc(size_t len)
{
	return OPENSSL_secure_malloc(len);
}

static void openssl_free(void *p)
{
	OPENSSL_secure_free(p);
}

static const struct {
	const char *name;
	void *(*alloc)(size_t len);
	void (*free)(void *p);
	unsigned int loops;	/* some 5 to 20 ms */
} allocators[NR_ALLOCATORS] = {
	[LIBC]    = { "malloc", libc_alloc, libc_free, 200000 },
	[KREDACT] = { "kredact_alloc", kredact_alloc, kredact_free, 200000 },
	[SODIUM]  = { "sodium_malloc", sodium_malloc, sodium_free, 1000 },
	[OPENSSL] = { "OPENSSL_secure", openssl_alloc, openssl_free, 30000 },
};

struct job {
	pthread_barrier_t *start;
	unsigned int which;
	size_t len;
	double ns;
};

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void *run(void *arg)
{
	struct job *job = arg;
	unsigned int loops = allocators[job->which].loops;
	void *(*alloc)(size_t len) = allocators[job->which].alloc;
	void (*release)(void *p) = allocators[job->which].free;
	double begin;
	void *p;

	release(alloc(job->len));
	pthread_barrier_wait(job->start);
	begin = now_ns();
	for (unsigned int i = 0; i < loops; i++) {
		p = alloc(job->len);
		if (!p) {
			fprintf(stderr, "%s: no memory\n", allocators[job->which].name);
			exit(2);
		}
		*(volatile char *)p = 1;
		release(p);
	}
	job->ns = (now_ns() - begin) / loops;
	return NULL;
}

/* Mean of the threads' time for one allocation and one free. */
static double measure(unsigned int which, size_t len, unsigned int threads)
{
	struct job job[THREADS_MAX];
	pthread_t thread[THREADS_MAX];
	pthread_barrier_t start;
	double sum = 0;

	pthread_barrier_init(&start, NULL, threads);
	for (unsigned int i = 0; i < threads; i++) {
		job[i] = (struct job) { .start = &start, .which = which, .len = len };
		if (pthread_create(&thread[i], NULL, run, &job[i])) {
			perror("pthread_create");
			exit(2);
		}
	}
	for (unsigned int i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
		sum += job[i].ns;
	}
	pthread_barrier_destroy(&start);
	return sum / threads;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v)
{
	qsort(v, ROUNDS, sizeof(*v), compare);
	return v[ROUNDS / 2];
}

/* Whether a ratio keeps its limit; says so. */
static int gate(const char *other, unsigned int threads, double ratio, double limit)
{
	int ok = ratio <= limit;

	printf("%s: %zu bytes, %u thread%s: %.4f of %s (limit %.4f)\n", ok ? "met" : "NOT MET",
	       (size_t)GATE_LEN, threads, threads == 1 ? "" : "s", ratio, other, limit);
	return ok;
}

int main(void)
{
	static const size_t lens[] = { 16, 64, 256, 1024, 4096, 16384 };
	static double ns[NR_ALLOCATORS][ROUNDS], to_sodium[ROUNDS], to_openssl[ROUNDS];
	int ok = 1;

	if (sodium_init() < 0 || CRYPTO_secure_malloc_init(SECURE_HEAP, 16) != 1) {
		fprintf(stderr, "libsodium or OpenSSL's secure heap does not start\n");
		return 2;
	}
	printf("libkredact %s, %s\n", kredact_version(),
	       kredact_module() ? "fall-back (no module); the fast path is the same" :
	       "with the module");
	printf("ns for an allocation and a free, median of %d interleaved rounds\n\n", ROUNDS);

	for (unsigned int threads = 1; threads <= THREADS_MAX; threads++) {
		printf("%u thread%s\n%7s", threads, threads == 1 ? "" : "s", "bytes");
		for (unsigned int a = 0; a < NR_ALLOCATORS; a++)
			printf(" %14s", allocators[a].name);
		printf(" %11s %11s\n", "/ sodium", "/ OPENSSL");

		for (size_t l = 0; l < sizeof(lens) / sizeof(lens[0]); l++) {
			double sodium, openssl;

			for (unsigned int r = 0; r < ROUNDS; r++) {
				for (unsigned int a = 0; a < NR_ALLOCATORS; a++)
					ns[a][r] = measure(a, lens[l], threads);
				to_sodium[r] = ns[KREDACT][r] / ns[SODIUM][r];
				to_openssl[r] = ns[KREDACT][r] / ns[OPENSSL][r];
			}
			printf("%7zu", lens[l]);
			for (unsigned int a = 0; a < NR_ALLOCATORS; a++)
				printf(" %14.1f", median(ns[a]));
			sodium = median(to_sodium);
			openssl = median(to_openssl);
			printf(" %11.4f %11.4f\n", sodium, openssl);
			if (lens[l] == GATE_LEN) {
				ok &= gate("sodium", threads, sodium, 1.0 / 3);
				ok &= gate("OPENSSL_secure", threads, openssl, 1.0);
			}
		}
		printf("\n");
		fflush(stdout);
	}
	return !ok;
}
