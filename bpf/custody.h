/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Custody of dump files: who opened, read, renamed or removed the ones that are
 * marked (custody_mark.h). Records are given to the caller's sink, who keeps
 * them. Needs CAP_SYS_ADMIN, CAP_DAC_READ_SEARCH and, for BPF, CAP_BPF and
 * CAP_PERFMON; root has them.
 */
#ifndef KREDACT_BPF_CUSTODY_H
#define KREDACT_BPF_CUSTODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <linux/types.h>

#include "custody_shared.h"

struct custody;

#define CUSTODY_WHY		256	/* bytes of a text that says why */
#define CUSTODY_NOBODY		(~0U)	/* a login uid or session that is not set */

/* What takes the records. */
enum custody_how {
	CUSTODY_AUTO,		/* BPF if it can be, else fanotify */
	CUSTODY_BPF,
	CUSTODY_FANOTIFY,
};

/**
 * struct custody_who - the thread that did it
 * @unidentified: NULL, or what is not known of it and why: then what is 0, NULL
 *		or CUSTODY_NOBODY below is not known
 * @start_ns:	when its process was started, by CLOCK_BOOTTIME; 0: not known
 * @pid:	its process, in the initial pid namespace (fanotify: in the watcher's)
 * @tid:	0: not known
 * @ns_pid:	the process in its own pid namespace
 * @login_uid:	whom it logged in as, or CUSTODY_NOBODY; @session: of audit, likewise
 * @pid_ns:	inode number of the namespace, as in /proc/PID/ns; @mnt_ns: likewise
 * @exe:	path of its executable
 * @cgroup:	path of its cgroup (version 2) from the root of all
 */
struct custody_who {
	const char *unidentified;
	__u64 start_ns;
	__u32 pid, tid, ppid, ns_pid;
	__u32 uid, euid, gid, egid;
	__u32 login_uid, session;
	__u32 pid_ns, mnt_ns;
	bool kthread;
	char comm[CUSTODY_COMM_LEN + 1];
	const char *exe;
	const char *cgroup;
};

/* What @unidentified says most often. */
#define CUSTODY_IS_KTHREAD	"a thread of the kernel: on whose behalf is not known"
#define CUSTODY_HAS_NO_EXE	"no executable"

/**
 * struct custody_record - what was done to a known file
 * @realtime_ns: when, by CLOCK_REALTIME
 * @boot_ns:	likewise, by CLOCK_BOOTTIME
 * @id:		which dump, or ""
 * @other_id:	which known dump a rename has replaced, or ""
 * @path:	as the watcher sees it; before a rename
 * @new_path:	of a rename or link, else NULL
 * @dev:	the kernel's number of the file system; @ino: of the file
 * @has_result:	whether @result (0 or a negative errno) is known
 * @detail:	see struct custody_event
 * @deleted:	the file has no name any more
 */
struct custody_record {
	enum custody_op op;
	__u64 realtime_ns, boot_ns;
	char id[CUSTODY_ID_LEN + 1];
	char other_id[CUSTODY_ID_LEN + 1];
	const char *path;
	const char *new_path;
	__u32 dev;
	__u64 ino;
	bool has_result;
	int result;
	__u32 detail;
	bool deleted;
	struct custody_who who;
};

/**
 * struct custody_about - how it is done
 * @backend:	"bpf" or "fanotify"
 * @why:	why this one
 * @blind:	what it cannot see, up to a NULL
 */
struct custody_about {
	const char *backend;
	const char *why;
	const char *const *blind;
};

/**
 * struct custody_sink - who keeps the records
 * @start:	once, before all others: how it is done
 * @record:	something was done
 * @lost:	@n things were done that are not recorded (0: nobody counted them)
 * @note:	the watcher did or met something: "known", "adopt", "error". @id and
 *		@path may be NULL.
 *
 * Called by custody_open(), custody_poll() and custody_close() only. What they
 * are given lives as long as the call.
 */
struct custody_sink {
	void (*start)(void *arg, const struct custody_about *about);
	void (*record)(void *arg, const struct custody_record *rec);
	void (*lost)(void *arg, __u64 n, const char *why);
	void (*note)(void *arg, const char *what, const char *id, const char *path,
		     const char *text);
	void *arg;
};

/**
 * struct custody_opts - what to watch
 * @how:	by which means
 * @dirs:	folders; marked files in and below them are known from the start,
 *		and when they appear; @nr_dirs: how many
 * @adopt:	mark what appears in them, and what is in them now
 * @ask:	fanotify only: who opens a known file waits until it has been looked up.
 *		Debian's kernels are tainted by that.
 * @ring_kib:	room for events that wait for custody_poll(), a power of two and 4
 *		at least; 0: 8192. BPF only.
 * @sink:	who keeps the records
 * @log:	where libbpf's and the verifier's messages go, or NULL
 */
struct custody_opts {
	enum custody_how how;
	char *const *dirs;
	size_t nr_dirs;
	bool adopt;
	bool ask;
	unsigned int ring_kib;
	struct custody_sink sink;
	FILE *log;
};

/**
 * custody_open - begin to watch
 * @opts:	read during the call; @sink has to stay until custody_close()
 * @why:	takes a text of at most CUSTODY_WHY bytes if it fails
 *
 * Not thread-safe, and once at a time in a process. The caller's own accesses are
 * not recorded.
 *
 * Return: for the caller to custody_close(), or NULL with errno set: EOPNOTSUPP if
 * this kernel cannot do it.
 */
struct custody *custody_open(const struct custody_opts *opts, char *why);

/**
 * custody_known - how many files were found, adopted or marked in the folders so far
 */
size_t custody_known(const struct custody *c);

/**
 * custody_fd - what to wait for
 *
 * Return: a descriptor that poll() finds readable if custody_poll() has work.
 */
int custody_fd(const struct custody *c);

/**
 * custody_poll - give what has happened to the sink
 *
 * Does not wait.
 *
 * Return: how many records were given, or a negative errno.
 */
int custody_poll(struct custody *c);

/**
 * custody_close - end it; gives what is left to the sink
 * @c:		from custody_open(), or NULL
 *
 * Marks stay.
 */
void custody_close(struct custody *c);

/**
 * custody_op_name - "open", "read", ...
 *
 * Return: a text in static memory.
 */
const char *custody_op_name(enum custody_op op);

#endif /* KREDACT_BPF_CUSTODY_H */
