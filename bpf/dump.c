// SPDX-License-Identifier: GPL-2.0
/* Puts together what the programs tell of dumps in pieces: see dump.h. */
#include <stdlib.h>
#include <string.h>

#include "dump.h"

#define PAGE_BITS	12
#define RUN_MORE	((1u << FREE_RUN_BITS) - 1)

/* A dump of which pieces are yet to come. */
struct pending {
	struct pending *next;
	struct free_dump dump;
	size_t room;
};

struct dumps {
	struct pending *pending;
	void (*listed)(const struct free_dump *dump, void *arg);
	void *arg;
};

struct dumps *dumps_new(void (*listed)(const struct free_dump *dump, void *arg), void *arg)
{
	struct dumps *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->listed = listed;
	d->arg = arg;
	return d;
}

static void release(struct pending *p)
{
	free(p->dump.ranges);
	free(p->dump.path);
	free(p);
}

static void add_range(struct pending *p, __u64 run)
{
	struct free_dump *dump = &p->dump;
	struct free_range *more;

	if (dump->nr_ranges == p->room) {
		p->room = p->room ? 2 * p->room : FREE_RUNS;
		more = realloc(dump->ranges, p->room * sizeof(*more));
		if (!more) {
			p->room = dump->nr_ranges;
			dump->complete = false;
			return;
		}
		dump->ranges = more;
	}
	dump->ranges[dump->nr_ranges++] = (struct free_range) {
		.addr = run >> FREE_RUN_BITS << PAGE_BITS,
		.len = ((run & RUN_MORE) + 1) << PAGE_BITS,
	};
}

static int by_address(const void *a, const void *b)
{
	const struct free_range *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* No page is told twice, so that none overlap. */
static void merge(struct free_dump *dump)
{
	struct free_range *to = dump->ranges;
	size_t i;

	if (!dump->nr_ranges)
		return;
	qsort(dump->ranges, dump->nr_ranges, sizeof(*dump->ranges), by_address);
	for (i = 1; i < dump->nr_ranges; i++) {
		if (to->addr + to->len == dump->ranges[i].addr)
			to->len += dump->ranges[i].len;
		else
			*++to = dump->ranges[i];
	}
	dump->nr_ranges = to - dump->ranges + 1;
}

/* Names come from the last to the first: one goes before all others. */
static void add_name(struct free_dump *dump, const char *name)
{
	size_t len = strnlen(name, FREE_NAME_LEN), rest = dump->path ? strlen(dump->path) : 0;
	char *path;

	if (dump->event.flags & FREE_NO_PATH)
		return;
	path = malloc(1 + len + rest + 1);
	if (!path || !len || len == FREE_NAME_LEN) {
		dump->event.flags |= FREE_NO_PATH;
		free(path);
		return;
	}
	path[0] = '/';
	memcpy(path + 1, name, len);
	if (rest)
		memcpy(path + 1 + len, dump->path, rest);
	path[1 + len + rest] = '\0';
	free(dump->path);
	dump->path = path;
}

static void hand_over(struct dumps *d, struct pending **at)
{
	struct pending *p = *at;
	struct free_dump *dump = &p->dump;

	*at = p->next;
	merge(dump);
	if (dump->event.flags & FREE_NO_PATH) {
		free(dump->path);
		dump->path = NULL;
	}
	if (d->listed)
		d->listed(dump, d->arg);
	release(p);
}

static void take_event(struct dumps *d, const struct free_event *event)
{
	struct pending *p = calloc(1, sizeof(*p));

	if (!p) {
		/* At least that there was one. */
		struct free_dump bare = { .event = *event };

		bare.event.flags |= FREE_LOST | FREE_NO_PATH;
		if (d->listed)
			d->listed(&bare, d->arg);
		return;
	}
	p->dump.event = *event;
	p->dump.complete = !(event->flags & FREE_LOST);
	p->next = d->pending;
	d->pending = p;
	if (!event->pieces)
		hand_over(d, &d->pending);
}

static void take_piece(struct pending *p, const struct free_record *head)
{
	const struct free_pages *pages = (const void *)head;
	const struct free_name *name = (const void *)head;
	__u32 i;

	if (head->type == FREE_NAME) {
		add_name(&p->dump, name->name);
		return;
	}
	for (i = 0; i < head->nr && i < FREE_RUNS; i++)
		add_range(p, pages->runs[i]);
}

static bool has_size(const struct free_record *head, size_t size)
{
	switch (size < sizeof(*head) ? -1 : (int)head->type) {
	case FREE_EVENT:
		return size >= sizeof(struct free_event);
	case FREE_PAGES:
		return size >= sizeof(struct free_pages);
	case FREE_NAME:
		return size >= sizeof(struct free_name);
	}
	return false;
}

bool dumps_take(struct dumps *d, const void *record, size_t size)
{
	const struct free_record *head = record;
	struct pending **at = &d->pending;

	if (!has_size(head, size))
		return false;
	if (head->type == FREE_EVENT) {
		take_event(d, record);
		return true;
	}
	while (*at && (*at)->dump.event.head.id != head->id)
		at = &(*at)->next;
	if (!*at)
		return false;
	take_piece(*at, head);
	if (!--(*at)->dump.event.pieces)
		hand_over(d, at);
	return false;
}

void dumps_free(struct dumps *d)
{
	struct pending *p;

	if (!d)
		return;
	while ((p = d->pending)) {
		d->pending = p->next;
		release(p);
	}
	free(d);
}
