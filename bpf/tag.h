/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tagging the key buffers of programs that know nothing of kredact: loads
 * kredact_tag.bpf.c and attaches it to a libcrypto. Needs CAP_BPF, CAP_PERFMON
 * and CAP_SYS_PTRACE, which root has.
 */
#ifndef KREDACT_BPF_TAG_H
#define KREDACT_BPF_TAG_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <linux/types.h>

#include "tag_shared.h"

struct tagger;

/**
 * struct tag_opts - what to watch
 * @library:	path of libcrypto.so.3, or a name to look for where libraries are.
 *		It stands for the file: programs in a container with a libcrypto
 *		of their own are not watched by the host's.
 * @pid:	this process only, in the initial pid namespace; 0: every process
 *		that uses the library, also those that start later
 * @comm:	of those, processes of this name only (the first thread's, at most
 *		TAG_COMM_LEN - 1 bytes); NULL: every name
 * @exact:	zero the buffers only, not their pages
 * @log:	where libbpf's and the verifier's messages go, or NULL
 */
struct tag_opts {
	const char *library;
	pid_t pid;
	const char *comm;
	bool exact;
	FILE *log;
};

/* Why tag_open() failed. */
enum tag_why {
	TAG_OK,
	TAG_NO_PERMISSION,	/* BPF programs cannot be loaded by this user */
	TAG_NO_BTF,		/* the kernel has no BTF */
	TAG_NO_MODULE,		/* kredact.ko is not in the kernel */
	TAG_NO_KFUNC,		/* it has no functions for BPF programs */
	TAG_NO_CALL,		/* uprobe programs may not call them on this kernel */
	TAG_NO_LOAD,		/* they may, and the program was refused all the same */
	TAG_NO_LIBRARY,		/* no such file, or not one of OpenSSL 3 */
	TAG_NO_ATTACH,		/* an uprobe could not be set */
	TAG_NO_MEMORY,
};

/**
 * tag_open - load the program and attach it
 * @opts:	what to watch; read during the call only, but for @log, which has to
 *		stay open until tag_close()
 * @why:	out: TAG_OK, or why it failed
 *
 * From the return on, buffers that OpenSSL allocates for secrets are tagged.
 * Those that it had allocated before are not. Not thread-safe: libbpf has one
 * print function for the process.
 *
 * Return: for the caller to tag_close(), or NULL with errno set.
 */
struct tagger *tag_open(const struct tag_opts *opts, enum tag_why *why);

/**
 * tag_why_str - that, for people
 *
 * Return: a text in static memory, without a full stop.
 */
const char *tag_why_str(enum tag_why why);

/**
 * tag_read_counters - what was done since tag_open()
 * @out:	counters, each read by itself
 */
void tag_read_counters(const struct tagger *t, struct tag_counters *out);

/**
 * tag_close - detach and unload
 * @t:		from tag_open(), or NULL
 *
 * Tags that were made stay until their memory is unmapped or its process ends.
 */
void tag_close(struct tagger *t);

#endif /* KREDACT_BPF_TAG_H */
