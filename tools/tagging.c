// SPDX-License-Identifier: GPL-2.0
/* What those have in common that tag: see tagging.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "tagging.h"

/* The least window that 99 in 100 buffers had, in microseconds. */
static unsigned long long window_99(const struct tag_counters *c)
{
	__u64 all = 0, some = 0;
	unsigned int i;

	for (i = 0; i < TAG_WINDOWS; i++)
		all += c->windows[i];
	for (i = 0; i + 1 < TAG_WINDOWS; i++) {
		some += c->windows[i];
		if (some >= all - all / 100)
			break;
	}
	return 1ull << i;
}

void tagging_report(const struct tag_counters *c, FILE *to)
{
	const struct probe_counters *p = &c->probe;
	const struct {
		__u64 nr;
		const char *what;
	} rare[] = {
		{ p->kept, "buffers were taken again before their tag could end" },
		{ p->unread, "values could not be read: if of a secret, it is NOT tagged" },
		{ p->refused, "buffers were longer than the table allows, and are NOT tagged" },
		{ p->forgotten, "calls had too many others inside them: results NOT tagged" },
		{ p->waited_out, "waits for the end of an older tag took too long" },
		{ p->lost, "events were lost: buffers are NOT tagged" },
	};
	size_t i;

	fprintf(to, "tagged %llu buffers of %llu bytes, ended %llu tags\n",
		(unsigned long long)p->tagged, (unsigned long long)p->bytes,
		(unsigned long long)p->untagged);
	if (c->longest_ns)
		fprintf(to, "window: 99 in 100 within %llu us, the longest %llu us\n", window_99(c),
			(unsigned long long)c->longest_ns / 1000);
	for (i = 0; i < sizeof(rare) / sizeof(rare[0]); i++)
		if (rare[i].nr)
			fprintf(to, "%llu %s\n", (unsigned long long)rare[i].nr, rare[i].what);
	for (i = 0; i < PROBE_ERRNOS; i++)
		if (p->failed[i])
			fprintf(to, "%llu calls of the module failed: %s\n",
				(unsigned long long)p->failed[i],
				i ? strerror((int)i) : "unknown error");
}

void tagging_print_dump(const struct free_event *event, void *arg)
{
	(void)arg;
	printf("dump of process %u (%s): %llu tagged pages were zeroed%s%s\n", event->tgid,
	       event->comm, (unsigned long long)event->pages_zeroed,
	       event->reason == FREE_KEPT ? "" : "; it was killed: ",
	       event->reason == FREE_KEPT ? "" : free_reason_str(event->reason));
	fflush(stdout);
}

void tagging_hurry(void)
{
	struct sched_param param = { .sched_priority = 1 };
	bool hurries = (sched_getscheduler(0) & ~SCHED_RESET_ON_FORK) == SCHED_FIFO;

	/* Its unit may have seen to that, and forbid it from here on. */
	if ((!hurries && sched_setscheduler(0, SCHED_FIFO, &param)) ||
	    mlockall(MCL_CURRENT | MCL_FUTURE))
		fprintf(stderr, "no priority, so windows are longer (%s)\n", strerror(errno));
}
