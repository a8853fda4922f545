// SPDX-License-Identifier: GPL-2.0
/* Tags by way of a daemon: see events.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <linux/kredact.h>

#include "events.h"
#include "kernel.h"

/* The start of a process is told in hundredths of a second. */
#define TICK_NS		10000000ull

/*
 * A tag, in the tree of its process. Those at the same address are each longer than the one
 * before: they were freed without a wipe, as kredact_bpf_tag() has it.
 */
struct made {
	__u64 addr;
	__u64 len;
	__u64 handle;
	struct made *longer;
};

/* A process with tags, in the tree of all. */
struct process {
	__u64 start_ns;
	__u32 tgid;
	int pidfd;
	void *tags;
};

struct events {
	int device;
	int epoll;
	int map;		/* of the ring, which may outlive the object that it came from */
	struct ring_buffer *ring;
	void *processes;
	struct tag_counters counters;
};

static void free_made(void *arg)
{
	struct made *made = arg, *longer;

	for (; made; made = longer) {
		longer = made->longer;
		free(made);
	}
}

static int compare_made(const void *a, const void *b)
{
	const struct made *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

static int compare_processes(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return (x->tgid > y->tgid) - (x->tgid < y->tgid);
}

static void free_process(void *at)
{
	struct process *p = at;

	tdestroy(p->tags, free_made);
	if (p->pidfd >= 0)
		close(p->pidfd);
	free(p);
}

/* The process has gone. Another one may have its number. */
static void drop(struct events *e, struct process *p)
{
	tdelete(p, &e->processes, compare_processes);
	free_process(p);
}

static void fail(struct events *e, int err)
{
	e->counters.probe.failed[err < PROBE_ERRNOS ? err : 0]++;
}

/* Open the process of an event, if it is still the one that has this number. */
static int open_process(const struct probe_event *event)
{
	int pidfd = syscall(SYS_pidfd_open, event->tgid, 0), err;
	struct kernel_process now;

	if (pidfd < 0)
		return -errno;
	/* After the open: what is read is of the process that is open, or of one after it. */
	err = kernel_process(event->tgid, &now);
	if (!err && event->start_ns - now.start_ns < TICK_NS)
		return pidfd;
	close(pidfd);
	return err ?: -ESRCH;
}

/* The process of an event, known from now on; NULL if it has gone or memory has. */
static struct process *find(struct events *e, const struct probe_event *event)
{
	struct process key = { .tgid = event->tgid }, *p, **found;
	struct epoll_event want = { .events = EPOLLIN };

	found = tfind(&key, &e->processes, compare_processes);
	if (found && (*found)->start_ns == event->start_ns)
		return *found;
	if (found)
		drop(e, *found);
	p = calloc(1, sizeof(*p));
	if (!p) {
		fail(e, ENOMEM);
		return NULL;
	}
	p->tgid = event->tgid;
	p->start_ns = event->start_ns;
	p->pidfd = open_process(event);
	want.data.ptr = p;
	if (p->pidfd < 0) {
		fail(e, -p->pidfd);
	} else if (epoll_ctl(e->epoll, EPOLL_CTL_ADD, p->pidfd, &want) ||
		   !tsearch(p, &e->processes, compare_processes)) {
		fail(e, errno);
	} else {
		return p;
	}
	free_process(p);
	return NULL;
}

static void unregister(struct events *e, const struct process *p, __u64 handle)
{
	struct kredact_unregister arg = {
		.size = sizeof(arg),
		.flags = KREDACT_PIDFD,
		.handle = handle,
		.pidfd = p->pidfd,
	};

	if (!ioctl(e->device, KREDACT_IOC_UNREGISTER, &arg))
		e->counters.probe.untagged++;
	else if (errno != ENOENT && errno != ESRCH && errno != EBUSY)
		fail(e, errno);
}

static __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void note_window(struct events *e, __u64 ns)
{
	unsigned int i = 0;

	while (i + 1 < TAG_WINDOWS && ns >= 1000ull << i)
		i++;
	e->counters.windows[i]++;
	if (ns > e->counters.longest_ns)
		e->counters.longest_ns = ns;
}

/*
 * Without its label, if there is no room for that. What has a label is hunted: so is this.
 */
static int reg(const struct events *e, struct kredact_register *arg)
{
	int ret = ioctl(e->device, KREDACT_IOC_REGISTER, arg);

	if (!ret || (errno != EDQUOT && errno != ENOSPC && errno != ENOMEM))
		return ret;
	arg->label_len = 0;
	if (!(arg->flags & KREDACT_NOHUNT))
		arg->flags |= KREDACT_HUNT;
	return ioctl(e->device, KREDACT_IOC_REGISTER, arg);
}

/* The youngest of its address takes the place of those that are not longer. */
static void replace(struct events *e, const struct process *p, struct made **top,
		    struct made *made)
{
	struct made *old;

	while ((old = *top) && old->len <= made->len) {
		unregister(e, p, old->handle);
		*top = old->longer;
		free(old);
	}
	made->longer = old;
	*top = made;
}

static void make(struct events *e, struct process *p, const struct probe_event *event)
{
	struct kredact_register arg = {
		.size = sizeof(arg),
		/* The service asked for nothing, and has its own use for RLIMIT_MEMLOCK. */
		.flags = event->flags | KREDACT_NOPIN | KREDACT_PIDFD,
		.addr = event->addr,
		.len = event->len,
		.label = (uintptr_t)event->label,
		.label_len = strnlen(event->label, PROBE_LABEL_LEN),
		.pidfd = p->pidfd,
	};
	struct made *made, **known;

	if (reg(e, &arg)) {
		fail(e, errno);
		return;
	}
	note_window(e, now_ns() - event->ns);
	e->counters.probe.tagged++;
	e->counters.probe.bytes += event->len;

	made = malloc(sizeof(*made));
	if (!made)	/* The tag stays as long as the memory. */
		return;
	*made = (struct made){ event->addr, event->len, arg.handle, NULL };
	known = tsearch(made, &p->tags, compare_made);
	if (!known)
		free(made);
	else if (*known != made)
		replace(e, p, known, made);
}

static void end(struct events *e, struct process *p, __u64 addr)
{
	struct made key = { .addr = addr }, *made, **known;

	known = tfind(&key, &p->tags, compare_made);
	if (!known)
		return;
	made = *known;
	if (made->longer)
		*known = made->longer;
	else
		tdelete(&key, &p->tags, compare_made);
	unregister(e, p, made->handle);
	free(made);
}

static int handle(void *arg, void *data, size_t len)
{
	const struct probe_event *event = data;
	struct events *e = arg;
	struct process *p = len == sizeof(*event) ? find(e, event) : NULL;

	if (!p)
		return 0;
	if (event->len)
		make(e, p, event);
	else
		end(e, p, event->addr);
	return 0;
}

struct events *events_open(int ring_fd)
{
	struct events *e = calloc(1, sizeof(*e));
	struct epoll_event want = { .events = EPOLLIN };
	int err;

	if (!e)
		return NULL;
	e->map = fcntl(ring_fd, F_DUPFD_CLOEXEC, 0);
	e->epoll = epoll_create1(EPOLL_CLOEXEC);
	e->device = open(KREDACT_DEVICE, O_RDWR | O_CLOEXEC);
	e->ring = ring_buffer__new(e->map, handle, e, NULL);
	if (e->epoll >= 0 && e->device >= 0 && e->ring &&
	    !epoll_ctl(e->epoll, EPOLL_CTL_ADD, ring_buffer__epoll_fd(e->ring), &want))
		return e;
	err = errno;
	events_close(e);
	errno = err;
	return NULL;
}

int events_fd(const struct events *e)
{
	return e->epoll;
}

void events_poll(struct events *e)
{
	struct epoll_event got[16];
	int nr, i;

	/* What the ring has of processes that have gone comes first. */
	ring_buffer__consume(e->ring);
	nr = epoll_wait(e->epoll, got, 16, 0);
	for (i = 0; i < nr; i++)
		if (got[i].data.ptr)
			drop(e, got[i].data.ptr);
}

void events_add_counters(const struct events *e, struct tag_counters *to)
{
	const __u64 *from = (const __u64 *)&e->counters;
	size_t i;

	for (i = 0; i < sizeof(*to) / sizeof(*from); i++)
		((__u64 *)to)[i] += from[i];
}

void events_close(struct events *e)
{
	if (!e)
		return;
	ring_buffer__free(e->ring);
	tdestroy(e->processes, free_process);
	if (e->device >= 0)
		close(e->device);
	if (e->epoll >= 0)
		close(e->epoll);
	if (e->map >= 0)
		close(e->map);
	free(e);
}
