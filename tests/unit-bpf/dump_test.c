// SPDX-License-Identifier: GPL-2.0
/* What the module-free mode tells of dumps, in pieces: put together, or known to lack some. */
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "tap.h"

static struct free_dump last;
static struct free_range ranges[64];
static char path[512];
static unsigned int told;

static void on_listed(const struct free_dump *dump, void *arg)
{
	(void)arg;
	told++;
	last = *dump;
	if (dump->nr_ranges)
		memcpy(ranges, dump->ranges, dump->nr_ranges * sizeof(*ranges));
	snprintf(path, sizeof(path), "%s", dump->path ? dump->path : "(none)");
}

static bool event(struct dumps *d, __u64 id, __u32 pieces, __u32 flags)
{
	struct free_event e = {
		.head = { .type = FREE_EVENT, .id = id },
		.tgid = id,
		.pieces = pieces,
		.flags = flags,
	};

	return dumps_take(d, &e, sizeof(e));
}

static void pages(struct dumps *d, __u64 id, unsigned int nr, const __u64 *runs)
{
	struct free_pages p = { .head = { .type = FREE_PAGES, .nr = nr, .id = id } };

	memcpy(p.runs, runs, nr * sizeof(*runs));
	dumps_take(d, &p, sizeof(p));
}

static void name(struct dumps *d, __u64 id, const char *text)
{
	struct free_name n = { .head = { .type = FREE_NAME, .id = id } };

	strncpy(n.name, text, sizeof(n.name));
	dumps_take(d, &n, sizeof(n));
}

#define RUN(first, nr)	((__u64)(first) << FREE_RUN_BITS | ((nr) - 1))

static void test_whole(struct dumps *d)
{
	static const __u64 first[] = { RUN(9, 1), RUN(0x7fffffff0, 4096), RUN(4, 2) };
	static const __u64 second[] = { RUN(6, 3), RUN(1, 1) };

	told = 0;
	ok(event(d, 7, 4, 0), "an event is one");
	ok(!told, "nothing is told before all pieces have come");
	pages(d, 7, 3, first);
	name(d, 7, "core");
	name(d, 7, "home of");
	pages(d, 7, 2, second);
	ok(told == 1 && last.complete && last.event.tgid == 7, "then the dump is told, once");
	ok(last.nr_ranges == 3 && ranges[0].addr == 0x1000 && ranges[0].len == 0x1000 &&
	   ranges[1].addr == 0x4000 && ranges[1].len == 0x6000 &&
	   ranges[2].addr == 0x7fffffff0000 && ranges[2].len == 4096ull * 4096,
	   "runs that touch are one range; in order");
	ok(!strcmp(path, "/home of/core"), "the path: %s", path);
	pages(d, 7, 2, second);
	ok(told == 1, "a piece of nothing is passed over");
}

static void test_mixed(struct dumps *d)
{
	static const __u64 one[] = { RUN(1, 1) }, two[] = { RUN(2, 1) };

	told = 0;
	event(d, 1, 2, 0);
	event(d, 2, 2, 0);
	pages(d, 2, 1, two);
	pages(d, 1, 1, one);
	name(d, 2, "b");
	ok(told == 1 && last.event.tgid == 2 && ranges[0].addr == 0x2000 && !strcmp(path, "/b"),
	   "two dumps at a time: the one that is whole");
	name(d, 1, "a");
	ok(told == 2 && last.event.tgid == 1 && ranges[0].addr == 0x1000 && !strcmp(path, "/a"),
	   "and the other");
	event(d, 3, 0, 0);
	ok(told == 3 && last.complete && !last.nr_ranges && !last.path, "a dump without pieces");
}

static void test_lost(struct dumps *d)
{
	static const __u64 run[] = { RUN(1, 1) };
	char stub[sizeof(struct free_event)] = { 0 };

	told = 0;
	event(d, 4, 1, FREE_LOST);
	pages(d, 4, 1, run);
	ok(told == 1 && !last.complete && last.nr_ranges == 1, "pages that found no room");
	event(d, 5, 1, FREE_NO_PATH);
	name(d, 5, "core");
	ok(told == 2 && last.complete && !last.path, "half a path is none");
	event(d, 6, 1, 0);
	name(d, 6, "");
	ok(told == 3 && !last.path, "nor is one with an empty name");
	ok(!dumps_take(d, stub, sizeof(stub) - 1) && !dumps_take(d, stub, 3) && told == 3,
	   "records that are too short");
	event(d, 8, 3, 0);
	ok(told == 3, "one whose pieces never come is not told");
}

int main(void)
{
	struct dumps *d = dumps_new(on_listed, NULL);

	if (!d)
		return 1;
	test_whole(d);
	test_mixed(d);
	test_lost(d);
	dumps_free(d);
	return tap_end();
}
