/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs keep_LIBRARY have in common: each loads an RSA key and one of P-256
 * through a library, as DER, from its standard input; says so, and waits for its end.
 *
 *	keep_LIBRARY held|freed < RSA_LEN RSA EC_LEN EC
 *
 * With "freed" the keys are freed by the library's own functions first.
 */
#ifndef KREDACT_TESTS_KEEP_H
#define KREDACT_TESTS_KEEP_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct keep_der {
	uint8_t bytes[4096];
	uint32_t len;
};

static inline void keep_need(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s\n", what);
	exit(1);
}

/* Not through stdio, whose buffer would keep a copy. */
static inline void keep_read(struct keep_der *der)
{
	keep_need(read(0, &der->len, sizeof(der->len)) == sizeof(der->len) &&
		  der->len <= sizeof(der->bytes) &&
		  read(0, der->bytes, der->len) == (ssize_t)der->len, "no key to read");
}

static inline void keep_forget(struct keep_der *der)
{
	explicit_bzero(der, sizeof(*der));
}

static inline int keep_freed(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "freed");
}

static inline void keep_wait(void)
{
	keep_need(write(1, "r", 1) == 1, "nobody listens");
	pause();
}

#endif /* KREDACT_TESTS_KEEP_H */
