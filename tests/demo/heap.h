/* SPDX-License-Identifier: GPL-2.0 */
/* OpenSSL's heap, with kredact or without. */
#ifndef DEMO_HEAP_H
#define DEMO_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/**
 * heap_use_kredact - put all that OpenSSL allocates into kredact_alloc() memory
 *
 * To be called before OpenSSL's first allocation, which is to say first thing in main().
 *
 * Return: 0, or -1 if OpenSSL has allocated memory already.
 */
int heap_use_kredact(void);

/**
 * struct heap_use - what heap_record_end() saw
 * @buffers:	buffers allocated since heap_record_begin() and not freed
 * @bytes:	their bytes
 * @covered:	KREDACT_COVER_* that hold for every byte of every one of them
 * @uncovered:	buffers that nothing covers
 */
struct heap_use {
	size_t buffers;
	size_t bytes;
	unsigned int covered;
	size_t uncovered;
};

/**
 * heap_record_begin - keep track of OpenSSL's buffers from here on
 *
 * For one thread, before others are started: the records have no lock. Does
 * nothing without heap_use_kredact().
 */
void heap_record_begin(void);

/**
 * heap_record_end - stop, and ask what covers those that are still there
 * @use:	out
 *
 * Return: 0, or -1 when there were too many buffers to keep track of.
 */
int heap_record_end(struct heap_use *use);

/**
 * heap_run_aside - run a function where nothing of it stays behind
 * @fn:		the function
 * @arg:	its argument
 * @registered:	the stack is kredact_alloc() memory, which is wiped when freed
 *
 * Code that copies a key leaves pieces of it on the stack and in vector
 * registers. Threads inherit the registers of the one that starts them, and a
 * core has all of those in its notes: reading keys in main() puts up to 64
 * bytes of them there once for each thread. So it is done in a thread that ends.
 *
 * Return: 0, or an errno.
 */
int heap_run_aside(void (*fn)(void *arg), void *arg, bool registered);

#endif /* DEMO_HEAP_H */
