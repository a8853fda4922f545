/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where bytes hold a run of a secret: by brute force, and with no code of the
 * product, which it is there to judge.
 */
#ifndef PROGRAMS_SCAN_H
#define PROGRAMS_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCAN_RUN	16	/* bytes: shorter runs are not told */
#define SCAN_SECRETS	32
#define SCAN_NAME	24

/**
 * struct scan_run - a place at which bytes of a secret are
 * @at:		offset in what was searched
 * @len:	bytes, SCAN_RUN or more
 * @secret:	index of the secret
 * @from:	offset in the secret of the first byte in memory; of the last where @reversed
 * @reversed:	they are in reverse order
 */
struct scan_run {
	size_t at;
	size_t len;
	unsigned int secret;
	unsigned int from;
	bool reversed;
};

/**
 * scan_add - look for a secret from now on
 * @name:	what to call it
 * @len:	SCAN_RUN bytes or more; they are copied
 *
 * Return: its index, or -1 if there is no room.
 */
int scan_add(const char *name, const void *bytes, size_t len);

/**
 * scan_add_aes - look for an AES key and its schedules from now on
 * @name:	what to call the key
 * @key:	16, 24 or 32 bytes
 *
 * Adds five secrets: the key, and NAME/enc, /enc-words, /dec, /dec-words: round keys of
 * encryption and decryption, as bytes and as little-endian words.
 *
 * Return: the index of the key, or -1 if there is no room.
 */
int scan_add_aes(const char *name, const void *key, size_t len);

const char *scan_name(unsigned int secret);
const uint8_t *scan_secret(unsigned int secret, size_t *len);
unsigned int scan_nr(void);

/**
 * scan - find every longest run of SCAN_RUN bytes or more of any secret
 * @bytes:	what to search
 * @len:	bytes of it
 * @from:	search from here, a multiple of 8
 * @to:		to here; a run may begin before @from or end after @to
 * @found:	called for each run, in order of places where it was seen
 *
 * Runs of several secrets may lie over each other. A run is told once, but for runs of
 * which scan() is called for parts.
 */
void scan(const uint8_t *bytes, size_t len, size_t from, size_t to,
	  void (*found)(const struct scan_run *run, void *arg), void *arg);

#endif /* PROGRAMS_SCAN_H */
