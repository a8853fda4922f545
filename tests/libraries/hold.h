/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs hold_LIBRARY have in common, whose keys "kredact watch" is to tag.
 *
 *	hold_LIBRARY KEYS held|freed
 *
 * The program reads its keys from files, hands them to the library, wipes what it has of
 * them itself, and uses them. Then it crashes: with the keys, or after it had the library
 * free them. It knows nothing of kredact.
 */
#ifndef LIBRARIES_HOLD_H
#define LIBRARIES_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hold_file {
	uint8_t *bytes;
	size_t len;
};

/**
 * hold_begin - read the command line
 *
 * Return: are the keys freed before the crash? Ends the program if it is wrong.
 */
bool hold_begin(int argc, char **argv);

/**
 * hold_read - a file of KEYS
 *
 * Its bytes pass through no other memory of this process. Ends the program on errors.
 */
struct hold_file hold_read(const char *name);

/* Wipe all that was read. */
void hold_forget(void);

/* End the program with a message, and without a core, if @good is not so. */
void hold_need(bool good, const char *what);

/* The last call before this is one, and not a jump. */
#define HOLD_RETURN()	asm volatile("" : : : "memory")

/* Die of SIGSEGV. */
_Noreturn void hold_crash(void);

#endif /* LIBRARIES_HOLD_H */
