/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module-free mode: tags in BPF maps, redaction by BPF alone. Loads
 * kredact_free.bpf.c. Needs CAP_SYS_ADMIN, CAP_BPF and CAP_PERFMON, no lockdown,
 * and BTF. Documentation/module-free.rst tells what it does not cover.
 */
#ifndef KREDACT_BPF_FREE_H
#define KREDACT_BPF_FREE_H

#include <stdio.h>
#include <linux/types.h>

#include "dump.h"

struct bpf_object;
struct free_mode;

/**
 * struct free_opts - how to do it
 * @max_processes:	address spaces that may have tags, 0: 8192
 * @max_pages:		pages that may have tags at some time, in all of them, 0: 65536
 * @max_ranges:		tags whose end is noted; others end with their process. 0: 65536
 * @dumped:		called by free_poll() for each dump of a process with tags, or NULL
 * @arg:		for @dumped
 * @log:		where libbpf's and the verifier's messages go, or NULL
 */
struct free_opts {
	__u32 max_processes;
	__u32 max_pages;
	__u32 max_ranges;
	const char *pins;
	void (*dumped)(const struct free_event *event, void *arg);
	void (*listed)(const struct free_dump *dump, void *arg);
	void *arg;
	FILE *log;
};

/* Why it cannot be done. */
enum free_why {
	FREE_OK,
	FREE_NO_PERMISSION,	/* BPF programs cannot be loaded by this user */
	FREE_NO_BTF,		/* the kernel has no BTF */
	FREE_LOCKED_DOWN,	/* a program may not write into a process's memory */
	FREE_PREEMPTED,		/* the kernel preempts programs, and then skips others */
	FREE_NO_HOOK,		/* a function that has to be hooked is not there, or another one */
	FREE_NO_LOAD,		/* the kernel refused the programs */
	FREE_NO_ATTACH,		/* a program could not be attached */
	FREE_NO_PINS,		/* the folder of pins cannot be used */
	FREE_NO_MEMORY,
};

/**
 * free_possible - could it be done here?
 *
 * Looks at what the kernel says of itself, and loads nothing: free_open() may fail
 * all the same.
 *
 * Return: FREE_OK, or why not.
 */
enum free_why free_possible(void);

/**
 * free_open - load the programs and attach them
 * @opts:	how; read during the call only, but for @log and @arg
 * @why:	out: FREE_OK, or why it failed
 *
 * From the return on, what is tagged in the maps is kept out of core dumps. Open it
 * before a program that tags is attached. Not thread-safe: see tag_open().
 *
 * Return: for the caller to free_close(), or NULL with errno set.
 */
struct free_mode *free_open(const struct free_opts *opts, enum free_why *why);

/**
 * free_share - let another object's programs tag
 * @f:		from free_open()
 * @object:	made from a program that includes pages.bpf.h, open and not yet loaded
 *
 * Return: 0, or -errno; -ENOENT: it has not all of the maps of pages.bpf.h.
 */
int free_share(struct free_mode *f, struct bpf_object *object);

/**
 * free_fd - tells when an event is there
 *
 * Return: readable when free_poll() has something to hand on.
 */
int free_fd(const struct free_mode *f);

/**
 * free_poll - hand on the events of dumps that have ended
 * @f:		from free_open()
 * @ms:		how long to wait for one; 0: not at all, -1: until there is one
 *
 * Return: how many there were, or -errno; -EINTR for a signal.
 */
int free_poll(struct free_mode *f, int ms);

/**
 * free_read_counters - what was done since free_open()
 * @f:		from free_open()
 * @out:	counters, each read by itself
 *
 * Return: 0, or -errno.
 */
int free_read_counters(const struct free_mode *f, struct free_counters *out);

/**
 * free_missed - how often the kernel did not run a program that it should have run
 * @f:		from free_open()
 *
 * Return: a number; if it is not 0, tagged pages may be in dumps.
 */
unsigned long long free_missed(const struct free_mode *f);

/* For people: a text in static memory, without a full stop. */
const char *free_why_str(enum free_why why);
const char *free_reason_str(enum free_reason reason);

/**
 * free_close - detach and unload
 * @f:		from free_open(), or NULL
 *
 * Nothing is redacted afterwards, and all tags are forgotten, unless it is pinned: then all
 * of it stays.
 */
void free_close(struct free_mode *f);

#endif /* KREDACT_BPF_FREE_H */
