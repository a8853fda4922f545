// SPDX-License-Identifier: GPL-2.0
/* OpenSSL's heap, with kredact or without. */
#include <errno.h>
#include <pthread.h>

#include <openssl/crypto.h>

#include <kredact.h>

#include "heap.h"

/*
 * Loading a key allocates a few hundred buffers that live on, most of them
 * OpenSSL's own tables.
 */
#define HEAP_RECORDS	16384

#define ASIDE_STACK	(256 * 1024)

static struct {
	const void *addr;
	size_t len;
} records[HEAP_RECORDS];
static size_t nr_records;
static bool recording, overflowed;

static void record_add(const void *addr, size_t len)
{
	if (!recording || !addr || !len)
		return;
	if (nr_records == HEAP_RECORDS) {
		overflowed = true;
		return;
	}
	records[nr_records].addr = addr;
	records[nr_records++].len = len;
}

static void record_del(const void *addr)
{
	size_t i;

	if (!recording)
		return;
	/* From the end: most buffers are freed soon. */
	for (i = nr_records; i-- > 0;) {
		if (records[i].addr == addr) {
			records[i] = records[--nr_records];
			return;
		}
	}
}

static void *heap_malloc(size_t len, const char *file, int line)
{
	void *p = kredact_alloc(len);

	(void)file;
	(void)line;
	record_add(p, len);
	return p;
}

static void *heap_realloc(void *old, size_t len, const char *file, int line)
{
	void *p;

	(void)file;
	(void)line;
	p = kredact_realloc(old, len);
	if (p || !len) {
		record_del(old);
		record_add(p, len);
	}
	return p;
}

static void heap_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	record_del(p);
	kredact_free(p);
}

int heap_use_kredact(void)
{
	return CRYPTO_set_mem_functions(heap_malloc, heap_realloc, heap_free) ? 0 : -1;
}

void heap_record_begin(void)
{
	nr_records = 0;
	overflowed = false;
	recording = true;
}

int heap_record_end(struct heap_use *use)
{
	unsigned int flags;
	size_t i;

	recording = false;
	*use = (struct heap_use){ .buffers = nr_records, .covered = nr_records ? ~0U : 0 };
	for (i = 0; i < nr_records; i++) {
		use->bytes += records[i].len;
		if (kredact_protection(records[i].addr, records[i].len, &flags))
			flags = 0;
		use->covered &= flags;
		if (!flags)
			use->uncovered++;
	}
	return overflowed ? -1 : 0;
}

struct aside {
	void (*fn)(void *arg);
	void *arg;
};

static void *aside_main(void *arg)
{
	const struct aside *a = arg;

	a->fn(a->arg);
	return NULL;
}

int heap_run_aside(void (*fn)(void *arg), void *arg, bool registered)
{
	struct aside a = { .fn = fn, .arg = arg };
	pthread_attr_t attr;
	void *stack = NULL;
	pthread_t t;
	int err;

	err = pthread_attr_init(&attr);
	if (err)
		return err;
	if (registered) {
		stack = kredact_alloc(ASIDE_STACK);
		err = stack ? pthread_attr_setstack(&attr, stack, ASIDE_STACK) : errno;
	}
	if (!err)
		err = pthread_create(&t, &attr, aside_main, &a);
	if (!err)
		err = pthread_join(t, NULL);
	kredact_free(stack);
	pthread_attr_destroy(&attr);
	return err;
}
