/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the load programs on libraries have in common.
 *
 *	load_LIBRARY WHAT KEYS [register]
 *
 * The program reads the secret bytes of its keys into one buffer each, registers
 * these if it is told to, hands them to the library, and has threads use the keys
 * until it is killed. On stdout it says "place NAME ADDRESS LENGTH" for each
 * buffer and then "ready". What the library does with the bytes is its own affair:
 * those are the copies.
 */
#ifndef PROGRAMS_LOAD_H
#define PROGRAMS_LOAD_H

#include <stddef.h>
#include <stdint.h>

/* A number or a key, as bytes. */
struct load_key {
	uint8_t *bytes;
	size_t len;
};

/**
 * load_begin - read the command line
 *
 * Return: WHAT. Ends the program if the command line is wrong.
 */
const char *load_begin(int argc, char **argv);

/**
 * load_secret - read the file NAME of KEYS into a buffer of its own, and register that
 * @tail:	bytes of room behind it
 *
 * The bytes pass through no other memory of this process. Ends the program on errors.
 */
struct load_key load_secret(const char *name, size_t tail);

/* Likewise for what need not be secret. */
struct load_key load_public(const char *name);

/* Register a place where the library holds a secret, under a name that load_secret() has not. */
void load_place(const char *name, const void *at, size_t len);

/**
 * load_run - have threads work until the program is killed
 * @work:	called again and again with the number of the thread
 */
_Noreturn void load_run(void (*work)(unsigned int thread));

#define LOAD_THREADS	3

/* End the program with a message. */
_Noreturn void load_die(const char *what);

/* Each thread's message to sign or encrypt. */
#define LOAD_MESSAGE	256
const uint8_t *load_message(unsigned int thread);

#endif /* PROGRAMS_LOAD_H */
