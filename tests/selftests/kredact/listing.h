/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lists of what is tagged, and processes that have something tagged.
 */
#ifndef KREDACT_SELFTEST_LISTING_H
#define KREDACT_SELFTEST_LISTING_H

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"

#define MANY	20000u

/* What list_all() has read. */
static struct kredact_tag tags[MANY + 1];

static inline int pidfd_of(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

/* A list that begins; of the caller if @pidfd is 0. */
static inline struct kredact_list begin(int pidfd)
{
	return (struct kredact_list){
		.size = sizeof(struct kredact_list),
		.flags = pidfd ? KREDACT_PIDFD : 0,
		.pidfd = pidfd,
	};
}

static inline int next(struct kredact_list *list, struct kredact_tag *to, unsigned int room)
{
	list->tags = (uintptr_t)to;
	list->nr = room;
	return ioctl(kredact_fd(), KREDACT_IOC_LIST, list) ? -errno : 0;
}

/* All of it, so many at a time: how many there are, or -errno. */
static inline int list_all(int pidfd, unsigned int step, struct kredact_list *list)
{
	unsigned int nr = 0;
	int ret;

	*list = begin(pidfd);
	do {
		ret = next(list, tags + nr, MANY + 1 - nr < step ? MANY + 1 - nr : step);
		if (ret)
			return ret;
		nr += list->nr;
	} while (list->nr && nr <= MANY);
	return nr;
}

static inline int register_for(int pidfd, void *at, const char *label, uint64_t *handle)
{
	struct kredact_register args = {
		.size = sizeof(args),
		.flags = KREDACT_PIDFD | KREDACT_EXACT | KREDACT_NOPIN,
		.addr = (uintptr_t)at,
		.len = SECRET,
		.label = (uintptr_t)label,
		.label_len = label ? strlen(label) : 0,
		.pidfd = pidfd,
	};
	int ret = ioctl(kredact_fd(), KREDACT_IOC_REGISTER, &args) ? -errno : 0;

	if (handle)
		*handle = args.handle;
	return ret;
}

static inline int batch(uint8_t *at, size_t step, unsigned int nr, struct kredact_range *ranges)
{
	struct kredact_batch args = {
		.size = sizeof(args),
		.flags = KREDACT_EXACT | KREDACT_NOPIN,
		.ranges = (uintptr_t)ranges,
		.nr = nr,
	};
	unsigned int i;

	for (i = 0; i < nr; i++)
		ranges[i] = (struct kredact_range){ (uintptr_t)at + i * step, 1, 0 };
	return ioctl(kredact_fd(), KREDACT_IOC_REGISTER_BATCH, &args) ? -errno : 0;
}

/* Runs what it is to become, says so, and waits to be killed. */
static inline pid_t start(void (*become)(void))
{
	pid_t pid = fork();

	if (!pid) {
		become();
		tell(arena->ready[1]);
		for (;;)
			pause();
	}
	await(arena->ready[0]);
	return pid;
}

static inline void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

#endif /* KREDACT_SELFTEST_LISTING_H */
