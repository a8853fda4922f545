/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading the stream of events, for tests that look what is in it.
 */
#ifndef KREDACT_SELFTEST_STREAM_H
#define KREDACT_SELFTEST_STREAM_H

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "core.h"

#define EVENTS	8192
static struct kredact_event events[EVENTS];
static unsigned int nr_events;

static inline int stream(unsigned int flags)
{
	struct kredact_events args = { .size = sizeof(args), .flags = flags };
	int fd = ioctl(kredact_fd(), KREDACT_IOC_EVENTS, &args);

	return fd < 0 ? -errno : fd;
}

static inline int stream_nonblock(unsigned int flags)
{
	int fd = stream(flags);

	if (fd >= 0)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

/* All that there is. False unless it is whole records, without a gap in their numbers. */
static inline bool drain(int fd)
{
	const struct kredact_event *last = NULL, *event;
	unsigned int i;
	ssize_t got;

	nr_events = 0;
	do {
		got = read(fd, events + nr_events, sizeof(events) - nr_events * sizeof(*events));
		if (got > 0)
			nr_events += got / sizeof(*events);
	} while (got > 0);
	if (errno != EAGAIN)
		return false;
	for (i = 0; i < nr_events; i++, last = event) {
		event = &events[i];
		if (event->size != sizeof(*event) || event->version != KREDACT_EVENT_VERSION)
			return false;
		if (event->type == KREDACT_EVENT_LOST ?
		    last && event->seq != last->seq + event->lost.count :
		    last && event->seq != last->seq + 1)
			return false;
	}
	return true;
}

/* The nth of a type, from 0. */
static inline const struct kredact_event *nth(unsigned int type, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < nr_events; i++)
		if (events[i].type == type && !n--)
			return &events[i];
	return NULL;
}

static inline bool says(const struct kredact_event *event, const char *text)
{
	return event->text_len == strlen(text) && !memcmp(event->text, text, event->text_len);
}

static inline uint64_t boot_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* Is it this process? */
static inline bool is_self(const struct kredact_event_process *process)
{
	char comm[16] = "";

	prctl(PR_GET_NAME, comm);
	return process->tgid == (uint32_t)getpid() && process->uid == getuid() &&
	       process->start_ns && process->start_ns < boot_ns() &&
	       !strcmp((char *)process->comm, comm);
}

#endif /* KREDACT_SELFTEST_STREAM_H */
