// SPDX-License-Identifier: GPL-2.0
/*
 * What the programs keep_LIBRARY have in common: see keep.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "keep.h"

void keep_need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s failed\n", what);
	exit(1);
}

void keep_random(void *to, size_t len)
{
	keep_need(getrandom(to, len, 0) == (ssize_t)len, "getrandom");
}

void keep_expect(unsigned int nr, const char *kind, const char *detail)
{
	printf("%u\t%s\t%s\n", nr, kind, detail);
}

void *keep_new(size_t len)
{
	/* As aligned as contexts of ciphers may want it. */
	void *new = aligned_alloc(64, (len + 63) & ~(size_t)63);

	keep_need(new, "aligned_alloc");
	return new;
}

void keep_sleep(void)
{
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
