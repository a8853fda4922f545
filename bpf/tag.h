/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tagging the key buffers of programs that know nothing of kredact: loads
 * kredact_tag.bpf.c and attaches it to the functions of a table (table.h). Needs
 * CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE, which root has.
 */
#ifndef KREDACT_BPF_TAG_H
#define KREDACT_BPF_TAG_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <linux/types.h>

#include "probe.h"
#include "table.h"

struct tagger;

/* Who makes the tags. */
enum tag_backend {
	TAG_AUTO,	/* the module, where that can be */
	TAG_MODULE,	/* the programs call it: a buffer has its tag before its key */
	TAG_DAEMON,	/* tag_poll() calls it: there is a window */
};

/**
 * struct tag_opts - what to watch
 * @table:	probes; read during the call only
 * @libraries:	sonames of the table, or paths of files whose names are, up to a NULL;
 *		or NULL: all libraries of the table that this machine has
 * @pid:	this process only, in the initial pid namespace; 0: every process that
 *		uses the libraries, also those that start later
 * @comm:	processes of this name only (the first thread's, at most
 *		PROBE_COMM_LEN - 1 bytes), or NULL
 * @exe:	processes of this executable only, or NULL
 * @cgroups:	folders of cgroups (version 2), up to a NULL: processes in and below them
 *		only; or NULL
 * @backend:	who makes the tags
 * @exact:	zero the buffers only, not their pages
 * @log:	where libbpf's and the verifier's messages go, or NULL
 */
struct tag_opts {
	const struct table *table;
	const char *const *libraries;
	pid_t pid;
	const char *comm;
	const char *exe;
	const char *const *cgroups;
	enum tag_backend backend;
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
	TAG_NO_LIBRARY,		/* none of the libraries is there, or in the table */
	TAG_NO_FUNCTION,	/* one of the table, which is not optional, is not there */
	TAG_NO_EXE,		/* no such executable */
	TAG_NO_CGROUP,		/* no such cgroup */
	TAG_NO_ATTACH,		/* an uprobe could not be set */
	TAG_NO_MEMORY,
};

/**
 * tag_open - load the programs and attach them
 * @opts:	what to watch; read during the call only, but for @log, which has to
 *		stay open until tag_close()
 * @why:	out: TAG_OK, or why it failed
 * @what:	out: the library, function, executable or cgroup that it failed at, for the
 *		caller to free(), or NULL
 *
 * From the return on, buffers that the libraries are given for secrets are tagged. Those
 * from before are not. Not thread-safe: libbpf has one print function for the process.
 *
 * Return: for the caller to tag_close(), or NULL with errno set.
 */
struct tagger *tag_open(const struct tag_opts *opts, enum tag_why *why, char **what);

/**
 * tag_why_str - that, for people
 *
 * Return: a text in static memory, without a full stop.
 */
const char *tag_why_str(enum tag_why why);

/**
 * tag_backend - who makes the tags
 *
 * Return: TAG_MODULE or TAG_DAEMON.
 */
enum tag_backend tag_backend(const struct tagger *t);

/**
 * tag_print_libraries - what is watched
 * @t:	from tag_open()
 * @to:	where a line for each library goes: its file, and how many functions are probed
 */
void tag_print_libraries(const struct tagger *t, FILE *to);

/**
 * tag_fd - tells when there is work
 *
 * Return: readable when tag_poll() is to be called; -1 with TAG_MODULE, which needs no work.
 */
int tag_fd(const struct tagger *t);

/**
 * tag_poll - do what there is to do
 */
void tag_poll(struct tagger *t);

#define TAG_WINDOWS	32

/**
 * struct tag_counters - what was done since tag_open()
 * @probe:	by the programs, and with TAG_DAEMON by tag_poll()
 * @windows:	TAG_DAEMON: buffers that had their tag within 2^i microseconds from the probe
 * @longest_ns:	the longest of these
 */
struct tag_counters {
	struct probe_counters probe;
	__u64 windows[TAG_WINDOWS];
	__u64 longest_ns;
};

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
