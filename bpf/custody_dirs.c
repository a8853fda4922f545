// SPDX-License-Identifier: GPL-2.0
/*
 * Folders in which dumps appear: what is in and below them when the watch begins,
 * and what comes into them afterwards, as inotify tells.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "custody_backend.h"

#define MASK	(IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_MOVE_SELF | IN_ONLYDIR)
#define DEPTH	16	/* folders below each other */

struct dir {
	int wd;
	int depth;
	char *path;
};

struct custody_dirs {
	int inotify;
	bool adopt;
	struct dir *list;
	size_t nr;
};

static int add(struct custody *c, struct custody_dirs *d, int fd, const char *path, int depth);

/* A regular file: is it marked, or shall it be? */
static void consider(struct custody *c, int fd, const char *path, bool adopt)
{
	struct custody_mark mark;
	bool fresh = false;
	int err;

	err = custody_mark_read(fd, &mark);
	if (err == -ENODATA) {
		if (!adopt)
			return;
		err = custody_mark_set(fd, &mark);
		fresh = err == 1;
	}
	if (err >= 0)
		err = c->backend->know(c, fd, &mark);
	if (err < 0) {
		custody_note(c, "error", NULL, path, "it is not watched: %s", strerror(-err));
		return;
	}
	if (err)
		c->known++;
	if (fresh || err)
		custody_note(c, fresh ? "adopt" : "known", mark.id, path, "%s",
			     fresh ? "marked by the watcher" : "it has a mark");
}

static void add_entry(struct custody *c, struct custody_dirs *d, const struct dir *in, int dir_fd,
		      const char *name, bool adopt)
{
	char path[PATH_MAX];
	int depth = in->depth;
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", in->path, name);
	fd = dir_fd < 0 ? open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC) :
			  openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;		/* gone again */
	if (fstat(fd, &st))
		goto out;
	if (S_ISREG(st.st_mode))
		consider(c, fd, path, adopt);
	else if (S_ISDIR(st.st_mode) && depth + 1 < DEPTH)
		add(c, d, fd, path, depth + 1);
	else if (S_ISDIR(st.st_mode))
		custody_note(c, "error", NULL, path, "too deep, it is not watched");
out:
	close(fd);
}

/* Everything in a folder. */
static int scan(struct custody *c, struct custody_dirs *d, const char *path, int depth)
{
	struct dir in = { .path = (char *)path, .depth = depth };
	struct dirent *e;
	DIR *dir;

	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((e = readdir(dir)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			add_entry(c, d, &in, dirfd(dir), e->d_name, d->adopt);
	closedir(dir);
	return 0;
}

/* inotify first: what comes while the folder is read is seen twice, not never. */
static int add(struct custody *c, struct custody_dirs *d, int fd, const char *path, int depth)
{
	struct dir *list;
	char name[CUSTODY_FD_NAME];
	size_t i;
	int wd, err;

	wd = inotify_add_watch(d->inotify, custody_fd_name(fd, name), MASK);
	if (wd < 0) {
		err = -errno;
		goto fail;
	}
	for (i = 0; i < d->nr; i++)
		if (d->list[i].wd == wd)
			return 0;
	list = realloc(d->list, (d->nr + 1) * sizeof(*list));
	if (!list) {
		err = -ENOMEM;
		goto fail;
	}
	d->list = list;
	list[d->nr].wd = wd;
	list[d->nr].depth = depth;
	list[d->nr].path = strdup(path);
	if (!list[d->nr].path) {
		err = -ENOMEM;
		goto fail;
	}
	d->nr++;
	err = scan(c, d, path, depth);
	if (!err)
		return 0;
fail:
	custody_note(c, "error", NULL, path, "the folder is not watched: %s", strerror(-err));
	return err;
}

struct custody_dirs *custody_dirs_open(struct custody *c, const struct custody_opts *opts,
				       char *why)
{
	struct custody_dirs *d = calloc(1, sizeof(*d));
	size_t i;

	if (!d) {
		snprintf(why, CUSTODY_WHY, "not enough memory");
		return NULL;
	}
	d->adopt = opts->adopt;
	d->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (d->inotify < 0) {
		snprintf(why, CUSTODY_WHY, "inotify: %s", strerror(errno));
		goto fail;
	}
	for (i = 0; i < opts->nr_dirs; i++) {
		char *path = realpath(opts->dirs[i], NULL);
		int fd, err;

		fd = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
		err = fd < 0 ? -errno : add(c, d, fd, path, 0);
		if (fd >= 0)
			close(fd);
		free(path);
		if (err) {
			snprintf(why, CUSTODY_WHY, "%.180s: %s", opts->dirs[i], strerror(-err));
			errno = -err;
			goto fail;
		}
	}
	if (!custody_wait_for(c, d->inotify))
		return d;
	snprintf(why, CUSTODY_WHY, "epoll: %s", strerror(errno));
fail:
	i = (size_t)errno;
	custody_dirs_close(d);
	errno = (int)i;
	return NULL;
}

/* inotify has lost something: everything is looked at again. */
static void rescan(struct custody *c, struct custody_dirs *d)
{
	size_t i, nr = d->nr;

	custody_note(c, "error", NULL, NULL, "inotify's queue was full: looking at all folders");
	for (i = 0; i < nr; i++)
		scan(c, d, d->list[i].path, d->list[i].depth);
}

static void handle(struct custody *c, struct custody_dirs *d, const struct inotify_event *ev)
{
	struct dir in;
	size_t i;

	if (ev->mask & IN_Q_OVERFLOW) {
		rescan(c, d);
		return;
	}
	for (i = 0; i < d->nr; i++)
		if (d->list[i].wd == ev->wd)
			break;
	if (i == d->nr)
		return;
	/* The list may grow, but its paths stay where they are. */
	in = d->list[i];
	if (ev->mask & IN_MOVE_SELF) {
		custody_note(c, "error", NULL, in.path,
			     "the folder was moved: what comes into it is not seen any more");
		inotify_rm_watch(d->inotify, ev->wd);
	} else if (ev->mask & IN_IGNORED) {
		free(in.path);
		d->list[i] = d->list[--d->nr];
	} else if (ev->len) {
		/* A change of an attribute may be a mark; it is no reason to make one. */
		add_entry(c, d, &in, -1, ev->name,
			  d->adopt && (ev->mask & (IN_CREATE | IN_MOVED_TO)));
	}
}

void custody_dirs_poll(struct custody *c)
{
	char buf[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	struct custody_dirs *d = c->dirs;
	ssize_t len;
	char *at;

	while ((len = read(d->inotify, buf, sizeof(buf))) > 0) {
		for (at = buf; at < buf + len;) {
			const struct inotify_event *ev = (const void *)at;

			handle(c, d, ev);
			at += sizeof(*ev) + ev->len;
		}
	}
}

void custody_dirs_close(struct custody_dirs *d)
{
	if (!d)
		return;
	while (d->nr)
		free(d->list[--d->nr].path);
	free(d->list);
	if (d->inotify >= 0)
		close(d->inotify);
	free(d);
}
