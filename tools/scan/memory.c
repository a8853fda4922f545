// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that was not there: see memory.h.
 */
#include <stdlib.h>

#include <openssl/crypto.h>

#include "memory.h"

static bool lost;

/**
 * memory_lost() - an allocation has failed, and nobody else will say so
 *
 * For any thread.
 */
void memory_lost(void)
{
	__atomic_store_n(&lost, true, __ATOMIC_RELAXED);
}

/**
 * memory_was_lost() - has an allocation failed?
 *
 * Return: true if so, in this process, be it only one of OpenSSL.
 */
bool memory_was_lost(void)
{
	return __atomic_load_n(&lost, __ATOMIC_RELAXED);
}

static void *take(size_t size, const char *file, int line)
{
	void *taken = size ? malloc(size) : NULL;

	(void)file;
	(void)line;
	if (size && !taken)
		memory_lost();
	return taken;
}

static void *resize(void *old, size_t size, const char *file, int line)
{
	void *taken;

	(void)file;
	(void)line;
	if (!size) {
		free(old);
		return NULL;
	}
	taken = realloc(old, size);
	if (!taken)
		memory_lost();
	return taken;
}

static void release(void *old, const char *file, int line)
{
	(void)file;
	(void)line;
	free(old);
}

/**
 * memory_watch() - be told of each allocation of OpenSSL that fails
 *
 * To be called before anything else of OpenSSL.
 *
 * Return: false if that is too late.
 */
bool memory_watch(void)
{
	return CRYPTO_set_mem_functions(take, resize, release) == 1;
}
