// SPDX-License-Identifier: GPL-2.0
/*
 * Custody by fanotify, where BPF cannot be used. A notice has the process's number
 * only. It is looked up in /proc; if it is gone by then, it is said to be whoever
 * opened a dump under the same number, and not identified.
 *
 * With opts->ask a second group is asked for permission to open. It always permits,
 * but the process waits for that, so that it is there to be looked up. This is not
 * the default: a watch that hangs keeps all who open dumps waiting, and Debian
 * taints a kernel in which it is used.
 *
 * A descriptor of O_PATH stays open for each file: it tells the present path and
 * the number of names.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "custody_backend.h"
#include "custody_proc.h"
#include "kernel.h"

#define ASKED		(FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM)
#define OPENED		(FAN_OPEN | FAN_OPEN_EXEC)
#define NOTIFIED	(FAN_ACCESS | FAN_MODIFY | FAN_ATTRIB | FAN_MOVE_SELF)

#define NR_SEEN		32	/* processes per file whose reads are not told again */
#define NR_OPENERS	64

struct handle {
	fsid_t fsid;
	union {
		struct file_handle fh;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	};
};

struct seen {
	pid_t pid;
	__u64 mask;
};

struct known {
	int fd;
	dev_t dev;
	ino_t ino;
	nlink_t names;
	bool marked;
	char id[CUSTODY_ID_LEN + 1];
	char *path;
	struct handle handle;
	struct seen seen[NR_SEEN];
	unsigned int next_seen;
};

struct state {
	int asked, notified;	/* groups; @asked: -1 if openers do not wait */
	__u64 notices;
	struct known **list;
	size_t nr;
	struct custody_proc openers[NR_OPENERS];
	unsigned int next_opener;
	int given;
};

static const char *const blind[] = {
	"the time of an event: it is that of its reading",
	"who does something, if the process ends at once (with --ask: but for an open)",
	"results, flags of an open, threads",
	"what was refused",
	"mappings, and reads through them; on 6.1 also splice",
	"how many names a file has got and lost, if one process did both at once",
	"the new name of a link",
	"a file after its last name is gone",
	"marks that are made outside the folders",
	"the file system's device, read without the file system",
	NULL
};

static int handle_of(int fd, struct handle *h)
{
	struct statfs fs;
	int mount;

	memset(h, 0, sizeof(*h));
	h->fh.handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(fd, "", &h->fh, &mount, AT_EMPTY_PATH) || fstatfs(fd, &fs))
		return -errno;
	h->fsid = fs.f_fsid;
	return 0;
}

static struct known *find_handle(const struct state *s, const struct fanotify_event_info_fid *fid)
{
	const struct file_handle *fh = (const void *)fid->handle;
	size_t i;

	for (i = 0; i < s->nr; i++) {
		const struct handle *h = &s->list[i]->handle;

		if (!memcmp(&h->fsid, &fid->fsid, sizeof(h->fsid)) &&
		    h->fh.handle_bytes == fh->handle_bytes &&
		    h->fh.handle_type == fh->handle_type &&
		    !memcmp(h->fh.f_handle, fh->f_handle, fh->handle_bytes))
			return s->list[i];
	}
	return NULL;
}

static struct known *find_inode(const struct state *s, const struct stat *st)
{
	size_t i;

	for (i = 0; i < s->nr; i++)
		if (s->list[i]->ino == st->st_ino && s->list[i]->dev == st->st_dev)
			return s->list[i];
	return NULL;
}

/* The path as it is now. Return: for free(), or NULL. */
static char *path_now(int fd)
{
	char name[CUSTODY_FD_NAME], path[PATH_MAX];
	ssize_t len;

	len = readlink(custody_fd_name(fd, name), path, sizeof(path) - 1);
	if (len < 0)
		return NULL;
	path[len] = '\0';
	return strdup(path);
}

static void give(struct custody *c, struct known *k, enum custody_op op, const char *new_path,
		 const struct custody_who *who)
{
	struct custody_record rec = { .op = op };
	struct state *s = c->state;

	rec.boot_ns = custody_boottime();
	rec.realtime_ns = custody_realtime(rec.boot_ns);
	memcpy(rec.id, k->id, sizeof(rec.id));
	rec.path = k->path;
	rec.new_path = new_path;
	rec.dev = kernel_dev(major(k->dev), minor(k->dev));
	rec.ino = k->ino;
	rec.deleted = !k->names;
	rec.who = *who;
	c->sink.record(c->sink.arg, &rec);
	s->given++;
}

static void forget(struct state *s, struct known *k)
{
	size_t i;

	for (i = 0; i < s->nr; i++)
		if (s->list[i] == k)
			s->list[i] = s->list[--s->nr];
	close(k->fd);
	free(k->path);
	free(k);
}

static void unwatch(struct state *s, struct known *k)
{
	char name[CUSTODY_FD_NAME];

	custody_fd_name(k->fd, name);
	if (s->asked >= 0)
		fanotify_mark(s->asked, FAN_MARK_REMOVE, ASKED, AT_FDCWD, name);
	fanotify_mark(s->notified, FAN_MARK_REMOVE, s->notices, AT_FDCWD, name);
	forget(s, k);
}

/* Whoever did what is only noticed now. */
static const struct custody_who *look_up(struct state *s, pid_t pid, int pidfd,
					 struct custody_proc *fresh)
{
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	unsigned int i, at;

	/* As long as the process has not ended, nobody else has its number. */
	if (pid && pidfd >= 0 && !custody_proc_read(fresh, pid) && !poll(&ended, 1, 0))
		return &fresh->who;
	for (i = 1; pid && i <= NR_OPENERS; i++) {
		at = (s->next_opener + NR_OPENERS - i) % NR_OPENERS;
		if (s->openers[at].who.pid == (__u32)pid) {
			*fresh = s->openers[at];
			fresh->who.exe = fresh->who.exe ? fresh->exe : NULL;
			fresh->who.cgroup = fresh->who.cgroup ? fresh->cgroup : NULL;
			fresh->who.unidentified =
				"it had ended; what is said is of who opened a dump as this process";
			return &fresh->who;
		}
	}
	custody_proc_clear(fresh, pid);
	fresh->who.unidentified = pid ? "it had ended" : "outside the watcher's namespace";
	return &fresh->who;
}

static bool is_first(struct known *k, pid_t pid, __u64 mask)
{
	struct seen *at = NULL;
	size_t i;

	for (i = 0; i < NR_SEEN; i++)
		if (k->seen[i].pid == pid)
			at = &k->seen[i];
	if (!at) {
		at = &k->seen[k->next_seen];
		k->next_seen = (k->next_seen + 1) % NR_SEEN;
		at->pid = pid;
		at->mask = 0;
	}
	if (at->mask & mask)
		return false;
	at->mask |= mask;
	return true;
}

/* It opens the file anew, so that its reads are told anew. */
static void on_open(struct custody *c, struct known *k, __u64 mask, const struct custody_proc *p)
{
	struct state *s = c->state;
	struct custody_proc *to;
	size_t i;

	for (i = 0; i < NR_SEEN; i++)
		if ((__u32)k->seen[i].pid == p->who.pid)
			k->seen[i].mask = 0;
	give(c, k, mask & (FAN_OPEN_EXEC | FAN_OPEN_EXEC_PERM) ? CUSTODY_EXEC : CUSTODY_OPEN, NULL,
	     &p->who);
	if (p->who.unidentified)
		return;
	to = &s->openers[s->next_opener];
	s->next_opener = (s->next_opener + 1) % NR_OPENERS;
	*to = *p;
}

/* The process is waiting for our permission, so it is what /proc says. */
static void on_asked(struct custody *c, const struct fanotify_event_metadata *ev)
{
	static struct custody_proc fresh;
	struct known *k;
	struct stat st;

	if (ev->pid == c->self || (ev->mask & FAN_Q_OVERFLOW) || fstat(ev->fd, &st))
		return;
	k = find_inode(c->state, &st);
	if (!k)
		return;
	custody_proc_clear(&fresh, ev->pid);
	if (!ev->pid)
		fresh.who.unidentified = "outside the watcher's namespace";
	else if (custody_proc_read(&fresh, ev->pid))
		fresh.who.unidentified = "it had ended";
	on_open(c, k, ev->mask, &fresh);
}

/* Names, the mark or something else has changed. */
static void on_attrib(struct custody *c, struct known *k, const struct custody_who *who)
{
	struct custody_mark mark;
	nlink_t before = k->names;
	struct stat st;
	int err;

	if (fstat(k->fd, &st))
		return;
	k->names = st.st_nlink;
	err = custody_mark_read(k->fd, &mark);
	if (k->names < before) {
		give(c, k, CUSTODY_UNLINK, NULL, who);
	} else if (k->names > before) {
		give(c, k, CUSTODY_LINK, NULL, who);
	} else if (k->marked && err == -ENODATA) {
		give(c, k, CUSTODY_UNMARK, NULL, who);
		k->marked = false;
	} else if (!err && strcmp(mark.id, k->id)) {
		strcpy(k->id, mark.id);
		give(c, k, CUSTODY_MARK, NULL, who);
	} else {
		give(c, k, CUSTODY_ATTRIB, NULL, who);
	}
	/* The descriptor must not keep the blocks of a file that was removed. */
	if (!k->names || !k->marked)
		unwatch(c->state, k);
}

static void on_notified(struct custody *c, const struct fanotify_event_metadata *ev,
			const struct fanotify_event_info_fid *fid, int pidfd)
{
	static struct custody_proc fresh;
	struct state *s = c->state;
	const struct custody_who *who;
	struct known *k;
	char *path;

	k = fid ? find_handle(s, fid) : NULL;
	if (!k || ev->pid == c->self)
		return;
	who = look_up(s, ev->pid, pidfd, &fresh);
	if (ev->mask & OPENED)
		on_open(c, k, ev->mask, &fresh);
	if ((ev->mask & FAN_ACCESS) && is_first(k, ev->pid, FAN_ACCESS))
		give(c, k, CUSTODY_READ, NULL, who);
	if ((ev->mask & FAN_MODIFY) && is_first(k, ev->pid, FAN_MODIFY))
		give(c, k, CUSTODY_WRITE, NULL, who);
	if (ev->mask & FAN_MOVE_SELF) {
		path = path_now(k->fd);
		give(c, k, CUSTODY_RENAME, path, who);
		if (path) {
			free(k->path);
			k->path = path;
		}
	}
	if (ev->mask & FAN_ATTRIB)
		on_attrib(c, k, who);
}

static int read_asked(struct custody *c)
{
	struct fanotify_event_metadata buf[64], *ev;
	struct state *s = c->state;
	ssize_t len;

	if (s->asked < 0)
		return 0;
	while ((len = read(s->asked, buf, sizeof(buf))) > 0) {
		for (ev = buf; FAN_EVENT_OK(ev, len); ev = FAN_EVENT_NEXT(ev, len)) {
			struct fanotify_response yes = { .fd = ev->fd, .response = FAN_ALLOW };

			if (ev->mask & FAN_Q_OVERFLOW)
				c->sink.lost(c->sink.arg, 0, "the queue of opens was full");
			on_asked(c, ev);
			if (ev->fd < 0)
				continue;
			if (write(s->asked, &yes, sizeof(yes)) < 0)
				custody_note(c, "error", NULL, NULL, "permission: %s",
					     strerror(errno));
			close(ev->fd);
		}
	}
	return len < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;
}

static void on_notice(struct custody *c, const struct fanotify_event_metadata *ev)
{
	const char *at = (const char *)ev + ev->metadata_len;
	const char *end = (const char *)ev + ev->event_len;
	const struct fanotify_event_info_fid *fid = NULL;
	int pidfd = -1;

	while (at < end) {
		const struct fanotify_event_info_header *h = (const void *)at;
		const struct fanotify_event_info_pidfd *p = (const void *)at;

		if (h->info_type == FAN_EVENT_INFO_TYPE_FID)
			fid = (const void *)at;
		else if (h->info_type == FAN_EVENT_INFO_TYPE_PIDFD)
			pidfd = p->pidfd;
		at += h->len;
	}
	if (ev->mask & FAN_Q_OVERFLOW)
		c->sink.lost(c->sink.arg, 0, "the queue of notices was full");
	else
		on_notified(c, ev, fid, pidfd);
	if (pidfd >= 0)
		close(pidfd);
}

static int read_notified(struct custody *c)
{
	char buf[8192] __attribute__((aligned(__alignof__(struct fanotify_event_metadata))));
	const struct fanotify_event_metadata *ev;
	struct state *s = c->state;
	ssize_t len;

	while ((len = read(s->notified, buf, sizeof(buf))) > 0)
		for (ev = (const void *)buf; FAN_EVENT_OK(ev, len); ev = FAN_EVENT_NEXT(ev, len))
			on_notice(c, ev);
	return len < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;
}

static int fanotify_backend_open(struct custody *c, const struct custody_opts *opts, char *why)
{
	struct state *s = calloc(1, sizeof(*s));
	struct rlimit files;
	int err;

	if (!s)
		return -ENOMEM;
	c->state = s;
	s->asked = -1;
	s->notices = opts->ask ? NOTIFIED : NOTIFIED | OPENED;
	/* One for each known file. */
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	s->notified = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_FID |
				    FAN_REPORT_PIDFD, O_RDONLY);
	if (s->notified >= 0 && opts->ask)
		s->asked = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK,
					 O_RDONLY | O_CLOEXEC | O_NOATIME | O_LARGEFILE);
	if (s->notified < 0 || (opts->ask && s->asked < 0)) {
		err = errno == ENOSYS || errno == EINVAL ? -EOPNOTSUPP : -errno;
		snprintf(why, CUSTODY_WHY, "fanotify: %s", strerror(errno));
		return err;
	}
	err = custody_wait_for(c, s->notified);
	if (!err && opts->ask)
		err = custody_wait_for(c, s->asked);
	return err;
}

static int fanotify_backend_know(struct custody *c, int path_fd, const struct custody_mark *mark)
{
	struct state *s = c->state;
	struct known **list, *k;
	char name[CUSTODY_FD_NAME];
	struct stat st;
	int err;

	if (fstat(path_fd, &st))
		return -errno;
	k = find_inode(s, &st);
	if (k)
		return 0;
	list = realloc(s->list, (s->nr + 1) * sizeof(*list));
	k = calloc(1, sizeof(*k));
	if (list)
		s->list = list;
	if (!list || !k) {
		free(k);
		return -ENOMEM;
	}
	list[s->nr++] = k;
	k->dev = st.st_dev;
	k->ino = st.st_ino;
	k->names = st.st_nlink;
	k->marked = true;
	strcpy(k->id, mark->id);
	k->fd = fcntl(path_fd, F_DUPFD_CLOEXEC, 3);
	if (k->fd < 0)
		goto fail;
	k->path = path_now(k->fd);
	err = handle_of(k->fd, &k->handle);
	if (err) {
		errno = -err;
		goto fail;
	}
	custody_fd_name(k->fd, name);
	if (!fanotify_mark(s->notified, FAN_MARK_ADD, s->notices, AT_FDCWD, name) &&
	    (s->asked < 0 || !fanotify_mark(s->asked, FAN_MARK_ADD, ASKED, AT_FDCWD, name)))
		return 1;
fail:
	err = -errno;
	if (k->fd >= 0)
		unwatch(s, k);
	else
		forget(s, k);
	return err;
}

static int fanotify_backend_poll(struct custody *c)
{
	struct state *s = c->state;
	int err;

	s->given = 0;
	err = read_asked(c);
	if (!err)
		err = read_notified(c);
	return err ?: s->given;
}

static void fanotify_backend_close(struct custody *c)
{
	struct state *s = c->state;

	c->state = NULL;
	if (!s)
		return;
	while (s->nr)
		forget(s, s->list[0]);
	free(s->list);
	/* Whoever still waits for permission gets it by this. */
	if (s->asked >= 0)
		close(s->asked);
	if (s->notified >= 0)
		close(s->notified);
	free(s);
}

const struct custody_backend custody_fanotify = {
	.name = "fanotify",
	.blind = blind,
	.open = fanotify_backend_open,
	.know = fanotify_backend_know,
	.poll = fanotify_backend_poll,
	.close = fanotify_backend_close,
};
