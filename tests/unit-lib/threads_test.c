// SPDX-License-Identifier: GPL-2.0
/*
 * The allocator under threads and forks: no object in two hands, nothing lost when a
 * thread ends, and a child of a program with threads goes on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include "common.h"
#include "internal.h"

#define THREADS	4
#define OBJECTS	300
#define STEPS	30000

/* Each object is filled with a byte of its owner's, and checked before it goes. */
struct object {
	unsigned char *p;
	size_t len;
	unsigned char fill;
};

static size_t some_length(uint64_t *seed)
{
	uint64_t r = next_random(seed);

	if (r % 500 == 0)
		return 32000 + (r >> 16) % 100000;
	if (r % 20 == 0)
		return (r >> 16) % 20000;
	return (r >> 16) % 400;
}

static long churn(uint64_t seed, int steps)
{
	struct object *o = calloc(OBJECTS, sizeof(*o));
	long bad = 0;

	must(o, "calloc");
	for (int step = 0; step < steps; step++) {
		struct object *x = &o[next_random(&seed) % OBJECTS];
		size_t len = some_length(&seed);

		if (x->p && !all_bytes(x->p, x->len, x->fill))
			bad++;
		if (x->p && next_random(&seed) % 4 == 0) {
			size_t kept = len < x->len ? len : x->len;

			x->p = kredact_realloc(x->p, len + 1);
			if (!x->p || !all_bytes(x->p, kept, x->fill))
				bad++;
		} else {
			kredact_free(x->p);
			x->p = kredact_alloc(len + 1);
			if (!x->p || !all_bytes(x->p, len + 1, 0))
				bad++;
		}
		if (!x->p)
			break;
		x->len = len + 1;
		x->fill = (unsigned char)(1 + next_random(&seed) % 255);
		memset(x->p, x->fill, x->len);
	}
	for (int i = 0; i < OBJECTS; i++) {
		if (o[i].p && !all_bytes(o[i].p, o[i].len, o[i].fill))
			bad++;
		kredact_free(o[i].p);
	}
	free(o);
	return bad;
}

static void *churner(void *arg)
{
	return (void *)churn((uintptr_t)arg, STEPS);
}

static void test_churn(void)
{
	pthread_t t[THREADS];
	long bad = 0;
	void *ret;

	for (long i = 0; i < THREADS; i++)
		must(!pthread_create(&t[i], NULL, churner, (void *)(i * 77 + 1)), "pthread_create");
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], &ret);
		bad += (long)ret;
	}
	ok_eq(bad, 0, "random sizes in four threads: all contents are right");
}

/* What one allocates another frees. */
enum { RING = 256, MESSAGES = 100000 };
static void *ring[RING];
static unsigned int head, tail;

static void *producer(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < MESSAGES; i++) {
		unsigned int *p = kredact_alloc(16 + i % 200);

		must(p, "alloc");
		*p = i;
		while (i - __atomic_load_n(&tail, __ATOMIC_ACQUIRE) == RING)
			sched_yield();
		ring[i % RING] = p;
		__atomic_store_n(&head, i + 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void *consumer(void *arg)
{
	long bad = 0;

	(void)arg;
	for (unsigned int i = 0; i < MESSAGES; i++) {
		while (__atomic_load_n(&head, __ATOMIC_ACQUIRE) == i)
			sched_yield();
		bad += *(unsigned int *)ring[i % RING] != i;
		kredact_free(ring[i % RING]);
		__atomic_store_n(&tail, i + 1, __ATOMIC_RELEASE);
	}
	return (void *)bad;
}

static void test_ring(void)
{
	long before = status_kib("VmLck");
	pthread_t p, c;
	void *bad;

	must(!pthread_create(&p, NULL, producer, NULL) &&
	     !pthread_create(&c, NULL, consumer, NULL), "pthread_create");
	pthread_join(p, NULL);
	pthread_join(c, &bad);
	ok_eq((long)bad, 0, "100,000 objects from one thread to another");
	ok(status_kib("VmLck") < before + 1100, "and no more memory for it than one arena");
}

static size_t central_free(void)
{
	size_t nr = 0;

	for (unsigned int c = 0; c < KR_CLASSES; c++) {
		pthread_mutex_lock(&kr_bins[c].lock);
		nr += kr_bins[c].nr_free;
		pthread_mutex_unlock(&kr_bins[c].lock);
	}
	return nr;
}

static pthread_key_t late_key;

/* Runs after the library's own destructor at least once, as it sets itself again. */
static void late_destructor(void *arg)
{
	void *p = kredact_alloc(64);
	long round = (long)arg;

	must(p, "alloc");
	kredact_free(p);
	if (round < 3)
		pthread_setspecific(late_key, (void *)(round + 1));
}

static void *short_life(void *arg)
{
	void *p[20];

	pthread_setspecific(late_key, (void *)1L);
	for (int i = 0; i < 20; i++)
		p[i] = kredact_alloc(64 + (size_t)(i % 5) * 100);
	for (int i = 0; i < 20; i++)
		if (!arg || i)
			kredact_free(p[i]);
	return arg ? p[0] : NULL;
}

static void test_thread_exit(void)
{
	size_t before, after;
	long locked;
	pthread_t t;
	void *left;

	must(!pthread_key_create(&late_key, late_destructor), "pthread_key_create");
	must(!pthread_create(&t, NULL, short_life, NULL), "pthread_create");
	pthread_join(t, NULL);
	before = central_free();
	locked = status_kib("VmLck");
	for (int i = 0; i < 1000; i++) {
		must(!pthread_create(&t, NULL, short_life, NULL), "pthread_create");
		pthread_join(t, NULL);
	}
	after = central_free();
	ok_eq(after, before, "1,000 threads came and went: every slot is back");
	ok_eq(status_kib("VmLck"), locked, "and no memory is missing");

	must(!pthread_create(&t, NULL, short_life, (void *)1), "pthread_create");
	pthread_join(t, &left);
	ok_eq(central_free(), before - 1, "control: a thread that left one object behind");
	kredact_free(left);
}

/* Threads allocate without pause while others fork; children use all of it. */
static bool stop;

static void *busy(void *arg)
{
	uint64_t seed = (uintptr_t)arg;
	long bad = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		bad += churn(next_random(&seed), 200);
	return (void *)bad;
}

static int child_works(void *arg)
{
	enum { NR = 3000 };
	static void *p[NR];
	long *word;

	(void)arg;
	for (long i = 0; i < NR; i++) {
		p[i] = word = kredact_alloc(40 + (size_t)(i % 3) * 50);
		if (!p[i])
			return 1;
		if (*word)	/* an object of somebody's, or twice the same */
			return 2;
		*word = i + 1;
	}
	for (long i = 0; i < NR; i++)
		if (*(long *)p[i] != i + 1)
			return 3;
	for (long i = 0; i < NR; i++)
		kredact_free(p[i]);
	return churn(99, 300) ? 4 : 0;
}

static void test_fork(void)
{
	pthread_t t[THREADS];
	int failed = 0;
	long bad = 0;
	void *ret;

	for (long i = 0; i < THREADS; i++)
		must(!pthread_create(&t[i], NULL, busy, (void *)(i + 1)), "pthread_create");
	for (int i = 0; i < 100; i++)
		failed += !child_ok(child_works, NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], &ret);
		bad += (long)ret;
	}
	ok_eq(failed, 0, "100 forks of a process with busy threads: each child goes on allocating");
	ok_eq(bad, 0, "and so do the threads");
}

static pthread_barrier_t filled, done;

static void *fills_cache(void *arg)
{
	kredact_free(kredact_alloc(64));
	pthread_barrier_wait(&filled);
	pthread_barrier_wait(&done);
	return arg;
}

static int child_finds(void *arg)
{
	return central_free() > *(size_t *)arg ? 0 : 1;
}

static void test_fork_gives_caches_back(void)
{
	size_t before;
	pthread_t t;

	pthread_barrier_init(&filled, NULL, 2);
	pthread_barrier_init(&done, NULL, 2);
	must(!pthread_create(&t, NULL, fills_cache, NULL), "pthread_create");
	pthread_barrier_wait(&filled);
	before = central_free();
	ok(child_ok(child_finds, &before), "a child gets back what other threads' caches held");
	ok_eq(central_free(), before, "control: the parent does not");
	pthread_barrier_wait(&done);
	pthread_join(t, NULL);
}

/* Two threads free one object at the same moment: one of them must be caught. */
static void *contested;

static void *free_it(void *arg)
{
	pthread_barrier_wait(&filled);
	kredact_free(launder(contested));
	return arg;
}

static int race_to_free(void *arg)
{
	pthread_t a, b;

	for (int i = 0; i < 100; i++) {
		contested = kredact_alloc(*(size_t *)arg);
		if (pthread_create(&a, NULL, free_it, NULL) ||
		    pthread_create(&b, NULL, free_it, NULL))
			return 1;
		pthread_join(a, NULL);
		pthread_join(b, NULL);
	}
	return 2;
}

static void test_race(void)
{
	size_t lens[] = { 64, 100000 };
	char said[4096];
	int status;

	for (int i = 0; i < 2; i++) {
		status = in_child(race_to_free, &lens[i], said, sizeof(said));
		ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
		   strstr(said, "free already"),
		   "two threads free the same object of %zu bytes: one is caught", lens[i]);
	}
}

int main(void)
{
	kr_device_path = "/nonexistent/kredact";
	test_thread_exit();
	test_churn();
	test_ring();
	test_fork_gives_caches_back();
	test_fork();
	test_race();
	return tap_done();
}
