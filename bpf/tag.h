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

#include "free.h"
#include "probe.h"
#include "table.h"

struct tagger;

/* Who makes the tags, and where they are. */
enum tag_backend {
	TAG_AUTO,	/* the first of these that can be */
	TAG_MODULE,	/* the programs call the module: a buffer has its tag before its key */
	TAG_DAEMON,	/* tag_poll() calls it: there is a window */
	TAG_MAP,	/* there is no module: they are in maps, and BPF redacts (free.h) */
};

/**
 * struct tag_filter - whose buffers are tagged: those of processes that meet all of this
 * @libraries:	sonames of the table, or paths of files whose names are, up to a NULL;
 *		or NULL: all libraries of the table that this machine has
 * @pid:	this process only, in the initial pid namespace; 0: every process that
 *		uses the libraries, also those that start later
 * @comm:	processes of this name only (the first thread's, at most
 *		PROBE_COMM_LEN - 1 bytes), or NULL
 * @exe:	processes of this executable only, or NULL
 * @cgroups:	folders of cgroups (version 2), up to a NULL: processes in and below them
 *		only; or NULL
 * @unit:	the name of a cgroup's folder, of PROBE_NAME_LEN - 1 bytes at most, wherever
 *		it is, and whether it is there already: processes below it only; or NULL
 * @thorough:	also what costs more, as the table says: keys of symmetric ciphers
 * @exact:	zero the buffers only, not their pages; TAG_MAP zeroes pages
 */
struct tag_filter {
	const char *const *libraries;
	pid_t pid;
	const char *comm;
	const char *exe;
	const char *const *cgroups;
	const char *unit;
	bool thorough;
	bool exact;
};

/**
 * struct tag_opts - what to watch
 * @table:	probes
 * @filters:	a buffer is tagged if one of them lets it; PROBE_FILTERS at most
 * @nr_filters:	how many
 * @backend:	who makes the tags
 * @patient:	libraries, executables and functions that are not there are left out
 * @pins:	folder in which all of it is pinned (pins.h), so that it goes on when the
 *		process ends, and in which it is taken up again; or NULL
 * @dumped:	TAG_MAP: as in struct free_opts; @listed: likewise
 * @arg:	for both
 * @log:	where libbpf's and the verifier's messages go, or NULL
 */
struct tag_opts {
	const struct table *table;
	const struct tag_filter *filters;
	unsigned int nr_filters;
	enum tag_backend backend;
	bool patient;
	const char *pins;
	void (*dumped)(const struct free_event *event, void *arg);
	void (*listed)(const struct free_dump *dump, void *arg);
	void *arg;
	FILE *log;
};

/* Why tag_open() failed. */
enum tag_why {
	TAG_OK,
	TAG_NO_PERMISSION,	/* BPF programs cannot be loaded by this user */
	TAG_NO_BTF,		/* the kernel has no BTF */
	TAG_NO_MODULE,		/* kredact.ko is not in the kernel */
	TAG_NO_FREE,		/* nor can BPF do without: free_possible() knows why */
	TAG_NO_KFUNC,		/* it has no functions for BPF programs */
	TAG_NO_CALL,		/* uprobe programs may not call them on this kernel */
	TAG_NO_LOAD,		/* they may, and the program was refused all the same */
	TAG_NO_LIBRARY,		/* none of the libraries is there, or in the table */
	TAG_NO_FUNCTION,	/* one of the table, which is not optional, is not there */
	TAG_NO_EXE,		/* no such executable */
	TAG_NO_CGROUP,		/* no such cgroup */
	TAG_NO_ATTACH,		/* an uprobe could not be set */
	TAG_NO_PINS,		/* the folder of pins cannot be used */
	TAG_NO_MEMORY,
};

/**
 * tag_open - load the programs and attach them
 * @opts:	what to watch; read during the call only, but for @log and @arg, which have to
 *		stay until tag_close()
 * @before:	a tagger that this one takes the place of, or NULL. From the return on it is
 *		good for tag_close() only; if the call fails it goes on as it was
 * @why:	out: TAG_OK, or why it failed
 * @what:	out: the library, function, executable or cgroup that it failed at, for the
 *		caller to free(), or NULL
 *
 * From the return on, buffers that the libraries are given for secrets are tagged. Those
 * from before are not. Not thread-safe: libbpf has one print function for the process.
 *
 * Return: for the caller to tag_close(), or NULL with errno set.
 */
struct tagger *tag_open(const struct tag_opts *opts, struct tagger *before, enum tag_why *why,
			char **what);

/**
 * tag_choose - the backend that tag_open() would take
 * @wanted:	TAG_AUTO, or the only one that will do
 * @why:	out: TAG_OK, or why none can be
 *
 * Return: TAG_MODULE, TAG_DAEMON or TAG_MAP; TAG_AUTO if none can be.
 */
enum tag_backend tag_choose(enum tag_backend wanted, enum tag_why *why);

/**
 * tag_why_str - that, for people
 *
 * Return: a text in static memory, without a full stop.
 */
const char *tag_why_str(enum tag_why why);

/**
 * tag_backend - who makes the tags
 *
 * Return: TAG_MODULE, TAG_DAEMON or TAG_MAP.
 */
enum tag_backend tag_backend(const struct tagger *t);

/**
 * tag_text - what a backend is, for people
 * @backend:	one of tag_choose()
 *
 * Return: a text in static memory, without a full stop.
 */
const char *tag_text(enum tag_backend backend);

/**
 * tag_print_libraries - what is watched
 * @t:	from tag_open()
 * @to:	where a line for each library goes: its file, and how many functions are probed
 */
void tag_print_libraries(const struct tagger *t, FILE *to);

/**
 * tag_file - a file that probes are in
 *
 * Return: its path, or NULL if there are no more than @i.
 */
const char *tag_file(const struct tagger *t, unsigned int i);

/**
 * tag_is_stale - have libraries or executables been replaced, or come?
 * @t:		from tag_open()
 * @opts:	as it was given
 *
 * Return: whether tag_open() would set other probes now.
 */
bool tag_is_stale(const struct tagger *t, const struct tag_opts *opts);

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
 * Tags that were made stay until their memory is unmapped or its process ends. With TAG_MAP
 * nothing is redacted any more.
 */
void tag_close(struct tagger *t);

/**
 * tag_leave - end, but leave what is pinned at work
 * @t:		from tag_open() with @pins. Descriptors stay open until the process ends
 */
void tag_leave(struct tagger *t);

#endif /* KREDACT_BPF_TAG_H */
