// SPDX-License-Identifier: GPL-2.0
/* A malloc for OpenSSL with words of its own before each block, as stunnel has one. */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "hold.h"

struct own {
	size_t len;
	uint64_t magic;
	uint8_t block[];
};

#define MAGIC	0x9e3779b97f4a7c15

static void *own_malloc(size_t len, const char *file, int line)
{
	struct own *own = malloc(sizeof(*own) + len);

	(void)file;
	(void)line;
	if (!own)
		return NULL;
	*own = (struct own){ .len = len, .magic = MAGIC };
	return own->block;
}

static void own_free(void *block, const char *file, int line)
{
	struct own *own = block ? (struct own *)((uint8_t *)block - sizeof(*own)) : NULL;

	(void)file;
	(void)line;
	free(own);
}

static void *own_realloc(void *block, size_t len, const char *file, int line)
{
	struct own *own = block ? (struct own *)((uint8_t *)block - sizeof(*own)) : NULL;
	void *new = own_malloc(len, file, line);

	if (!new || !own)
		return new;
	memcpy(new, block, own->len < len ? own->len : len);
	own_free(block, file, line);
	return new;
}

__attribute__((constructor)) static void begin(void)
{
	hold_need(CRYPTO_set_mem_functions(own_malloc, own_realloc, own_free) == 1,
		  "OpenSSL has allocated before");
}
