// SPDX-License-Identifier: GPL-2.0
/* Custody of dump files: chooses the means, and puts the parts together. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "custody_backend.h"

static const char *const op_names[CUSTODY_OPS] = {
	[CUSTODY_OPEN] = "open",
	[CUSTODY_EXEC] = "exec",
	[CUSTODY_READ] = "read",
	[CUSTODY_WRITE] = "write",
	[CUSTODY_MMAP] = "mmap",
	[CUSTODY_RENAME] = "rename",
	[CUSTODY_LINK] = "link",
	[CUSTODY_UNLINK] = "unlink",
	[CUSTODY_ATTRIB] = "attrib",
	[CUSTODY_MARK] = "mark",
	[CUSTODY_UNMARK] = "unmark",
};

const char *custody_op_name(enum custody_op op)
{
	return op < CUSTODY_OPS ? op_names[op] : "unknown";
}

static __u64 clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (__u64)now.tv_sec * 1000000000 + (__u64)now.tv_nsec;
}

__u64 custody_boottime(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

__u64 custody_realtime(__u64 boot_ns)
{
	return clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME) + boot_ns;
}

int custody_wait_for(struct custody *c, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

void custody_note(struct custody *c, const char *what, const char *id, const char *path,
		  const char *format, ...)
{
	char text[CUSTODY_WHY];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	c->sink.note(c->sink.arg, what, id, path, text);
}

static int try_backend(struct custody *c, const struct custody_backend *backend,
		       const struct custody_opts *opts, char *why)
{
	int err;

	c->backend = backend;
	err = backend->open(c, opts, why);
	if (err) {
		backend->close(c);
		c->backend = NULL;
	}
	return err;
}

static int choose(struct custody *c, const struct custody_opts *opts, char *why)
{
	int err;

	if (opts->how == CUSTODY_FANOTIFY) {
		snprintf(c->why, sizeof(c->why), "it was asked for");
		return try_backend(c, &custody_fanotify, opts, why);
	}
	err = try_backend(c, &custody_bpf, opts, why);
	if (!err) {
		snprintf(c->why, sizeof(c->why), "%s", opts->how == CUSTODY_BPF ?
			 "it was asked for" : "it sees most, and this kernel has it");
		return 0;
	}
	if (opts->how == CUSTODY_BPF)
		return err;
	snprintf(c->why, sizeof(c->why), "not bpf: %.200s", why);
	return try_backend(c, &custody_fanotify, opts, why);
}

struct custody *custody_open(const struct custody_opts *opts, char *why)
{
	struct custody *c = calloc(1, sizeof(*c));
	struct custody_about about;
	int err = -ENOMEM;

	*why = '\0';
	if (!c)
		goto fail;
	c->sink = opts->sink;
	c->self = getpid();
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (c->epoll < 0) {
		err = -errno;
		goto fail;
	}
	c->mounts = custody_mounts_open();
	if (!c->mounts) {
		err = -errno;
		snprintf(why, CUSTODY_WHY, "/proc/self/mountinfo: %s", strerror(errno));
		goto fail;
	}
	err = choose(c, opts, why);
	if (err)
		goto fail;
	about.backend = c->backend->name;
	about.why = c->why;
	about.blind = c->backend->blind;
	c->sink.start(c->sink.arg, &about);
	c->dirs = custody_dirs_open(c, opts, why);
	if (c->dirs)
		return c;
	err = -errno;
fail:
	if (!*why)
		snprintf(why, CUSTODY_WHY, "%s", strerror(-err));
	custody_close(c);
	errno = -err;
	return NULL;
}

size_t custody_known(const struct custody *c)
{
	return c->known;
}

int custody_fd(const struct custody *c)
{
	return c->epoll;
}

int custody_poll(struct custody *c)
{
	custody_dirs_poll(c);
	return c->backend->poll(c);
}

void custody_close(struct custody *c)
{
	if (!c)
		return;
	if (c->backend) {
		if (c->dirs)
			c->backend->poll(c);
		c->backend->close(c);
	}
	custody_dirs_close(c->dirs);
	custody_mounts_close(c->mounts);
	if (c->epoll >= 0)
		close(c->epoll);
	free(c);
}
