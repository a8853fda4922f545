// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory for the library's own books: addresses and counts, never a key. It is
 * apart from the memory that holds keys, and between guard pages of its own.
 * Users keep lists of what they do not need for the moment; nothing goes back.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include "internal.h"

#define META_BLOCK	((size_t)256 << 10)
#define META_ALIGN	64

pthread_mutex_t kr_meta_lock = PTHREAD_MUTEX_INITIALIZER;

static char *block;
static size_t block_left;

static void *map_guarded(size_t size)
{
	char *p;

	size = kr_align_up(size, kr_page);
	p = mmap(NULL, size + 2 * kr_page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		 -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p + kr_page, size, PROT_READ | PROT_WRITE)) {
		munmap(p, size + 2 * kr_page);
		return NULL;
	}
	return p + kr_page;
}

void *kr_meta_alloc(size_t size)
{
	void *p;

	size = kr_align_up(size, META_ALIGN);
	if (size > META_BLOCK / 4)
		return map_guarded(size);

	pthread_mutex_lock(&kr_meta_lock);
	if (size > block_left) {
		p = map_guarded(META_BLOCK);
		if (!p)
			goto out;
		block = p;
		block_left = META_BLOCK;
	}
	p = block;
	block += size;
	block_left -= size;
out:
	pthread_mutex_unlock(&kr_meta_lock);
	return p;
}
