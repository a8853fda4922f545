/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of custody.c among themselves. */
#ifndef KREDACT_BPF_CUSTODY_BACKEND_H
#define KREDACT_BPF_CUSTODY_BACKEND_H

#include <limits.h>

#include "custody.h"
#include "custody_mark.h"

/**
 * struct custody_backend - a means to watch files
 * @name:	as in the log
 * @blind:	what it cannot see, up to a NULL
 * @open:	begin; fill @why if it fails. -EOPNOTSUPP: this kernel cannot do it.
 * @know:	watch this file from now on. Return: 1 if it is known now, 0 if it
 *		was before, else a negative errno.
 * @poll:	give what has happened to the sink. Return: how many, or an errno.
 * @close:	undo @open, also a part of it
 *
 * @open adds what is to be waited for with custody_wait_for().
 */
struct custody_backend {
	const char *name;
	const char *const *blind;
	int (*open)(struct custody *c, const struct custody_opts *opts, char *why);
	int (*know)(struct custody *c, int path_fd, const struct custody_mark *mark);
	int (*poll)(struct custody *c);
	void (*close)(struct custody *c);
};

extern const struct custody_backend custody_bpf, custody_fanotify;

struct custody_mounts;
struct custody_dirs;

/**
 * struct custody - a watch
 * @epoll:	what custody_fd() gives
 * @self:	the watcher's process
 * @known:	files that became known to the watcher
 */
struct custody {
	const struct custody_backend *backend;
	void *state;
	struct custody_sink sink;
	struct custody_mounts *mounts;
	struct custody_dirs *dirs;
	int epoll;
	int self;
	size_t known;
	char why[CUSTODY_WHY];
};

int custody_wait_for(struct custody *c, int fd);
void custody_note(struct custody *c, const char *what, const char *id, const char *path,
		  const char *format, ...) __attribute__((format(printf, 5, 6)));
/* CLOCK_REALTIME of a moment of CLOCK_BOOTTIME. */
__u64 custody_realtime(__u64 boot_ns);
__u64 custody_boottime(void);

/* Mounts: from the file system's own paths to those of the watcher (custody_names.c). */
struct custody_mounts *custody_mounts_open(void);
void custody_mounts_close(struct custody_mounts *m);
const char *custody_mounts_path(struct custody_mounts *m, const struct custody_path *from,
				char *to, size_t room);
/* Names from the last one up, without a mount. */
const char *custody_join(const struct custody_path *from, char *to, size_t room);

/* Folders that are looked after (custody_dirs.c). */
struct custody_dirs *custody_dirs_open(struct custody *c, const struct custody_opts *opts,
				       char *why);
void custody_dirs_poll(struct custody *c);
void custody_dirs_close(struct custody_dirs *d);

#endif /* KREDACT_BPF_CUSTODY_BACKEND_H */
