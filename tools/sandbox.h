/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hostile input is parsed in a process that can do almost nothing.
 */
#ifndef KREDACT_TOOLS_SANDBOX_H
#define KREDACT_TOOLS_SANDBOX_H

#include "text.h"

/*
 * All memory of the process, as address space (RLIMIT_AS): the parsers stay below it by
 * their own limits. Mapped windows of an input and stacks of threads count as well, and
 * together must stay below SANDBOX_WINDOWS: a thread's stack is what
 * pthread_attr_setstacksize() says, 8 MiB if nothing. There is one arena of malloc for
 * all threads, since each further one would reserve 64 MiB.
 */
#define SANDBOX_MEMORY		(256ULL << 20)
#define SANDBOX_WINDOWS		(64ULL << 20)

/* The sanitizers' runtime reports where the program itself has nothing to say. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_NEEDS_STDERR	true
#else
#define SANDBOX_NEEDS_STDERR	false
#endif

#define SANDBOX_INPUTS		4u
#define SANDBOX_OUTPUTS		20u

/**
 * struct sandbox - what remains
 * @inputs:	files that can be read, sought and mapped for reading
 * @nr_inputs:	how many
 * @outputs:	files that can be written to, at their end or anywhere; standard output always
 *		can
 * @nr_outputs:	how many
 * @streams:	these can be waited for, closed, and brought to the disk
 * @spool:	a file that can be written, too, or -1
 * @broker:	a socket to the parent, or -1
 * @resolver:	a socket to one who can be asked for symbols, or -1
 * @file_max:	bytes that a file can grow to, 0 for no limit
 */
struct sandbox {
	int inputs[SANDBOX_INPUTS];
	u32 nr_inputs;
	int outputs[SANDBOX_OUTPUTS];
	u32 nr_outputs;
	bool streams;
	int spool;
	int broker;
	int resolver;
	u64 file_max;
};

int sandbox_privacy(struct complaint *why);
int sandbox_enter(const struct sandbox *sandbox, struct complaint *why);

#endif /* KREDACT_TOOLS_SANDBOX_H */
