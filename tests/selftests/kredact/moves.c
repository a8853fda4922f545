// SPDX-License-Identifier: GPL-2.0
/*
 * mremap: mappings that move, grow and shrink. A tag is where its memory is, and
 * nowhere else. What is asked each time: the bytes in the core, what
 * KREDACT_IOC_QUERY said before the crash, and the ranges that the seal names.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "kselftest_harness.h"

#define HUGE	(2ul << 20)
#define FIXED	(MREMAP_MAYMOVE | MREMAP_FIXED)

static uint8_t *move(void *from, size_t old_len, size_t new_len, int flags, void *to)
{
	uint8_t *moved = mremap(from, old_len, new_len, flags, to);

	if (moved == MAP_FAILED || ((flags & MREMAP_FIXED) && moved != to))
		fail("mremap", -errno);
	return moved;
}

static void expect_failure(int error, void *from, size_t old_len, size_t new_len, int flags,
			   void *to)
{
	if (mremap(from, old_len, new_len, flags, to) != MAP_FAILED)
		fail("mremap did not fail", error);
	else if (errno != error)
		fail("mremap failed differently", -errno);
}

FIXTURE(moves) {
	struct core core;
};

FIXTURE_SETUP(moves)
{
	core_pattern_save();
	ASSERT_TRUE(arena_make());
	/* All kinds of mappings are dumped. */
	ASSERT_EQ(0, write_file("/proc/self/coredump_filter", "0x7f"));
}

FIXTURE_TEARDOWN(moves)
{
	core_free(&self->core);
	core_pattern_restore();
}

static void grow_in_place(void *arg)
{
	if (munmap(page(4), 4 * PAGE))
		fail("munmap", -errno);
	tag(page(1) + 100, SECRET, KREDACT_EXACT);
	tag(page(2), 2 * PAGE, 0);
	move(page(0), 4 * PAGE, 8 * PAGE, 0, NULL);
	put_on_page(1, 0);
	put_on_page(3, 1);
	put_on_page(4, 2);
	put_on_page(7, 3);
	expect_tagged(page(0), 8 * PAGE, SECRET + 2 * PAGE);
}

TEST_F(moves, grow_in_place)
{
	CRASH(grow_in_place, NULL, 2);
	HIDDEN(0);
	HIDDEN(1);
	SHOWN(2);
	SHOWN(3);
	NAMED(page(1) + 100, SECRET, KREDACT_EXACT);
	NAMED(page(2), 2 * PAGE, 0);
}

static void grow_elsewhere(void *arg)
{
	uint8_t *to;

	put_on_page(0, 0);
	put_on_page(1, 1);
	tag(page(0) + 100, SECRET, KREDACT_EXACT);
	tag(page(1) + 8, 200, 0);
	to = move(page(0), 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE, NULL);
	if (to == page(0))
		fail("it has not moved", -1);
	fresh(page(0), 2 * PAGE);
	put_on_page(0, 2);
	put_on_page(1, 3);
	put(to + 2 * PAGE, 4);
	put(to + 3 * PAGE, 5);
	expect_tagged(page(0), 2 * PAGE, 0);
	expect_tagged(to, 4 * PAGE, SECRET + PAGE);
	arena->to = to;
}

TEST_F(moves, grow_elsewhere)
{
	unsigned int i;

	CRASH(grow_elsewhere, NULL, 2);
	HIDDEN(0);
	HIDDEN(1);
	for (i = 2; i < 6; i++)
		SHOWN(i);
	ZERO(arena->to + 100, SECRET);
	ZERO(arena->to + PAGE, PAGE);
	NAMED(arena->to + 100, SECRET, KREDACT_EXACT);
	NAMED(arena->to + PAGE + 8, 200, 0);
}

static void shrink(void *arg)
{
	unsigned int i;

	/* One where it is, and one on its way elsewhere. */
	tag(page(0), 4 * PAGE, 0);
	move(page(0), 4 * PAGE, 2 * PAGE, 0, NULL);
	fresh(page(2), 2 * PAGE);
	tag(page(8) + 8, 4 * PAGE - 16, KREDACT_EXACT);
	put_on_page(8, 6);
	put_on_page(10, 7);
	move(page(8), 4 * PAGE, 2 * PAGE, FIXED, page(16));
	fresh(page(8), 4 * PAGE);
	for (i = 0; i < 4; i++)
		put_on_page(i, i);
	put_on_page(8, 4);
	put_on_page(11, 5);
	expect_tagged(page(0), 4 * PAGE, 2 * PAGE);
	expect_tagged(page(8), 4 * PAGE, 0);
	expect_tagged(page(16), 4 * PAGE, 2 * PAGE - 8);
}

TEST_F(moves, shrink)
{
	unsigned int i;

	CRASH(shrink, NULL, 2);
	HIDDEN(0);
	HIDDEN(1);
	for (i = 2; i < 6; i++)
		SHOWN(i);
	HIDDEN(6);
	/* This one is on no page any more. */
	HIDDEN(7);
	NAMED(page(0), 2 * PAGE, 0);
	NAMED(page(16) + 8, 2 * PAGE - 8, KREDACT_EXACT);
}

static void over_another(void *arg)
{
	tag(page(0) + 100, SECRET, KREDACT_EXACT);
	put_on_page(0, 0);
	put(page(0) + 1000, 1);
	put_on_page(1, 2);
	tag(page(8), 4 * PAGE, 0);
	put_on_page(8, 3);
	put_on_page(11, 4);
	/* A tagged page and one that is not, over the middle of a range. */
	move(page(0), 2 * PAGE, 2 * PAGE, FIXED, page(9));
	expect_tagged(page(8), 4 * PAGE, 2 * PAGE + SECRET);
}

TEST_F(moves, over_another_tagged_mapping)
{
	CRASH(over_another, NULL, 3);
	HIDDEN(0);
	SHOWN(1);
	SHOWN(2);
	HIDDEN(3);
	HIDDEN(4);
	NAMED(page(8), PAGE, 0);
	NAMED(page(9) + 100, SECRET, KREDACT_EXACT);
	NAMED(page(11), PAGE, 0);
}

static void dontunmap(void *arg)
{
	uint8_t *to;

	tag(page(0) + 100, 2 * PAGE, 0);
	tag(page(3) + 100, SECRET, KREDACT_EXACT);
	put_on_page(1, 0);
	put_on_page(3, 1);
	to = move(page(0), 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	expect_tagged(page(0), 4 * PAGE, 0);
	expect_tagged(to, 4 * PAGE, 3 * PAGE + SECRET);
	/* The old place is empty, and there still. */
	if (!all_zero(page(0), 4 * PAGE))
		fail("the old place is not empty", -1);
	if (arg) {
		move(to, 4 * PAGE, 4 * PAGE, FIXED | MREMAP_DONTUNMAP, page(0));
		expect_tagged(page(0), 4 * PAGE, 3 * PAGE + SECRET);
		expect_tagged(to, 4 * PAGE, 0);
		put(to + PAGE, 2);
		put(to + 3 * PAGE + 100, 3);
		arena->to = page(0);
	} else {
		put_on_page(1, 2);
		put_on_page(3, 3);
		arena->to = to;
	}
}

static void check_dontunmap(struct __test_metadata *const _metadata, FIXTURE_DATA(moves) *self,
			    void *back)
{
	CRASH(dontunmap, back, 2);
	HIDDEN(0);
	HIDDEN(1);
	SHOWN(2);
	SHOWN(3);
	NAMED(arena->to + 100, 2 * PAGE, 0);
	NAMED(arena->to + 3 * PAGE + 100, SECRET, KREDACT_EXACT);
}

TEST_F(moves, dontunmap)
{
	check_dontunmap(_metadata, self, NULL);
}

TEST_F(moves, dontunmap_and_back)
{
	check_dontunmap(_metadata, self, self);
}

#define PART	2
#define ALL	6

struct part {
	unsigned int first;
	uint32_t flags;
};

static void move_part(void *arg)
{
	struct part *part = arg;
	unsigned int i;

	tag(page(0) + 8, ALL * PAGE - 16, part->flags);
	for (i = 0; i < ALL; i++)
		put_on_page(i, i);
	move(page(part->first), PART * PAGE, PART * PAGE, FIXED, page(10));
	fresh(page(part->first), PART * PAGE);
	put_on_page(part->first, 6);
	put_on_page(part->first + 1, 7);
	if (part->flags == KREDACT_EXACT) {
		uint64_t edges = 8 * (part->first == 0) + 8 * (part->first == ALL - PART);

		expect_tagged(page(0), ALL * PAGE, (ALL - PART) * PAGE - 16 + edges);
		expect_tagged(page(10), PART * PAGE, PART * PAGE - edges);
	} else {
		expect_tagged(page(0), ALL * PAGE, (ALL - PART) * PAGE);
		expect_tagged(page(10), PART * PAGE, PART * PAGE);
	}
	expect_tagged(page(part->first), PART * PAGE, 0);
}

static void check_part(struct __test_metadata *const _metadata, FIXTURE_DATA(moves) *self,
		       unsigned int first)
{
	uint32_t flags[] = { 0, KREDACT_EXACT };
	unsigned int i, j;

	for (i = 0; i < 2; i++) {
		struct part part = { first, flags[i] };
		size_t start = 8, end = ALL * PAGE - 8;
		size_t from = first * PAGE, to = from + PART * PAGE;

		CRASH(move_part, &part, 1 + (start < from) + (to < end));
		for (j = 0; j < ALL; j++)
			HIDDEN(j);
		SHOWN(6);
		SHOWN(7);
		if (start < from) {
			NAMED(page(0) + start, from - start, flags[i]);
			start = from;
		}
		if (to < end) {
			NAMED(page(0) + to, end - to, flags[i]);
			end = to;
		}
		NAMED(page(10) + (start - from), end - start, flags[i]);
		core_free(&self->core);
	}
}

TEST_F(moves, first_part)
{
	check_part(_metadata, self, 0);
}

TEST_F(moves, middle_part)
{
	check_part(_metadata, self, 2);
}

TEST_F(moves, last_part)
{
	check_part(_metadata, self, 4);
}

static void several(void *arg)
{
	tag(page(1) + 100, 2 * PAGE, KREDACT_EXACT);
	tag(page(2) + 50, 200, KREDACT_EXACT);
	tag(page(2) + 150, 200, 0);
	tag(page(4) - 32, 64, KREDACT_EXACT);
	tag(page(6), 1, 0);
	put_on_page(1, 0);
	put_on_page(2, 1);
	put(page(3) + 200, 2);
	put(page(4) - 32, 3);
	put_on_page(6, 4);
	put_on_page(7, 5);
	move(page(2), 2 * PAGE, 2 * PAGE, FIXED, page(10));
	fresh(page(2), 2 * PAGE);
	put_on_page(2, 6);
	put(page(4) + 32, 7);
	expect_tagged(page(1), PAGE, PAGE - 100);
	expect_tagged(page(2), 2 * PAGE, 0);
	expect_tagged(page(4), PAGE, 32);
	expect_tagged(page(10), PAGE, PAGE);
	expect_tagged(page(11), PAGE, 100 + 32);
}

/* Ranges that overlap, across both ends of what moves, and inside of it. */
TEST_F(moves, several_ranges)
{
	CRASH(several, NULL, 7);
	HIDDEN(0);
	HIDDEN(1);
	SHOWN(2);
	ZERO(page(12) - 32, 32);
	ZERO(page(4), 32);
	HIDDEN(4);
	SHOWN(5);
	SHOWN(6);
	SHOWN(7);
	NAMED(page(1) + 100, PAGE - 100, KREDACT_EXACT);
	NAMED(page(10), PAGE + 100, KREDACT_EXACT);
	NAMED(page(10) + 50, 200, KREDACT_EXACT);
	NAMED(page(10) + 150, 200, 0);
	NAMED(page(12) - 32, 32, KREDACT_EXACT);
	NAMED(page(4), 32, KREDACT_EXACT);
	NAMED(page(6), 1, 0);
}

static void back_again(void *arg)
{
	uint64_t ends = tag(page(0), 6 * PAGE, 0);
	unsigned int i;

	tag(page(20) + 8, 6 * PAGE - 16, KREDACT_EXACT);
	for (i = 0; i < 2; i++) {
		uint8_t *from = page(i ? 22 : 2);

		move(from, 2 * PAGE, 2 * PAGE, FIXED, page(10));
		move(page(10), 2 * PAGE, 2 * PAGE, FIXED, from);
		fresh(page(10), 2 * PAGE);
	}
	expect_tagged(page(0), 6 * PAGE, 6 * PAGE);
	expect_tagged(page(10), 2 * PAGE, 0);
	expect_tagged(page(20), 6 * PAGE, 6 * PAGE - 16);
	/* The parts are one registration. */
	if (unreg(ends))
		fail("unregister", -1);
	expect_tagged(page(0), 6 * PAGE, 0);
	put_on_page(0, 0);
	put_on_page(2, 1);
	put_on_page(5, 2);
	put_on_page(10, 3);
	put_on_page(20, 4);
	put_on_page(22, 5);
	put_on_page(25, 6);
}

TEST_F(moves, back_again)
{
	unsigned int i;

	CRASH(back_again, NULL, 3);
	for (i = 0; i < 4; i++)
		SHOWN(i);
	for (i = 4; i < 7; i++)
		HIDDEN(i);
	NAMED(page(20) + 8, 2 * PAGE - 8, KREDACT_EXACT);
	NAMED(page(22), 2 * PAGE, KREDACT_EXACT);
	NAMED(page(24), 2 * PAGE - 8, KREDACT_EXACT);
}

static void again_and_again(void *arg)
{
	unsigned int at = 0, to, i, random = 1;

	tag(page(0) + 8, 100, 0);
	tag(page(1) + 100, SECRET, KREDACT_EXACT);
	put_on_page(0, 0);
	put_on_page(1, 1);
	put(page(1) + 1000, 2);
	for (i = 0; i < 400; i++) {
		do {
			to = 2 * (rand_r(&random) % (ARENA / 2));
		} while (to == at);
		move(page(at), 2 * PAGE, 2 * PAGE, FIXED, page(to));
		expect_tagged(page(at), 2 * PAGE, 0);
		expect_tagged(page(to), 2 * PAGE, PAGE + SECRET);
		fresh(page(at), 2 * PAGE);
		put_on_page(at, 3);
		at = to;
	}
	expect_tagged(page(0), ARENA * PAGE, PAGE + SECRET);
	arena->to = page(at);
}

TEST_F(moves, again_and_again)
{
	CRASH(again_and_again, NULL, 2);
	HIDDEN(0);
	HIDDEN(1);
	SHOWN(2);
	EXPECT_LT(1, core_count(&self->core, arena->secret[3], SECRET));
	NAMED(arena->to + 8, 100, 0);
	NAMED(arena->to + PAGE + 100, SECRET, KREDACT_EXACT);
}

static bool is_mapped(void *at)
{
	unsigned char resident;

	return !mincore(at, PAGE, &resident);
}

static void failing(void *arg)
{
	tag(page(0) + 8, 2 * PAGE, 0);
	tag(page(4) + 100, SECRET, KREDACT_EXACT);
	tag(page(20), 2 * PAGE, 0);
	put_on_page(0, 0);
	put_on_page(4, 1);
	put_on_page(5, 2);
	if (munmap(page(8), PAGE))
		fail("munmap", -errno);
	expect_failure(ENOMEM, page(0), 2 * PAGE, 3 * PAGE, 0, NULL);
	expect_failure(ENOMEM, page(0), 2 * PAGE, 1ul << 46, MREMAP_MAYMOVE, NULL);
	expect_failure(EINVAL, page(0), 2 * PAGE, 2 * PAGE, MREMAP_FIXED, page(30));
	expect_failure(EINVAL, page(0), 2 * PAGE, 2 * PAGE, FIXED, page(30) + 1);
	expect_failure(EINVAL, page(0), 4 * PAGE, 4 * PAGE, FIXED, page(2));
	expect_failure(EINVAL, page(0) + 1, PAGE, PAGE, FIXED, page(30));
	expect_failure(EINVAL, page(0), PAGE, 2 * PAGE, FIXED | MREMAP_DONTUNMAP, page(30));
	expect_failure(EINVAL, page(0), 0, PAGE, MREMAP_MAYMOVE, NULL);
	expect_failure(EFAULT, page(4), 8 * PAGE, 9 * PAGE, MREMAP_MAYMOVE, NULL);
	expect_tagged(page(0), 3 * PAGE, 3 * PAGE);
	expect_tagged(page(4), 2 * PAGE, SECRET);
	expect_tagged(page(20), 2 * PAGE, 2 * PAGE);
	/* Here the kernel makes room first, and then sees that it cannot move. */
	expect_failure(EFAULT, page(4), 6 * PAGE, 6 * PAGE, FIXED, page(21));
	expect_tagged(page(21), PAGE, is_mapped(page(21)) ? PAGE : 0);
	munmap(page(21), 6 * PAGE);
	fresh(page(21), 6 * PAGE);
	put_on_page(20, 3);
	put_on_page(21, 4);
	put_on_page(26, 5);
	expect_tagged(page(0), 3 * PAGE, 3 * PAGE);
	expect_tagged(page(4), 2 * PAGE, SECRET);
}

TEST_F(moves, failure_changes_nothing)
{
	CRASH(failing, NULL, 3);
	HIDDEN(0);
	HIDDEN(1);
	SHOWN(2);
	HIDDEN(3);
	SHOWN(4);
	SHOWN(5);
	NAMED(page(0) + 8, 2 * PAGE, 0);
	NAMED(page(4) + 100, SECRET, KREDACT_EXACT);
	NAMED(page(20), PAGE, 0);
}

/*
 * The ring of an AIO context may not be moved by a child, which has no such
 * context. The kernel learns that after it has moved the pages, and moves them
 * back.
 */
static void undone(void *ring)
{
	tag(ring + 2000, SECRET, KREDACT_EXACT);
	put(ring + 2000, 0);
	put(ring + 3000, 1);
	expect_failure(EINVAL, ring, PAGE, PAGE, FIXED, page(8));
	expect_tagged(ring, PAGE, SECRET);
	fresh(page(8), PAGE);
	put(page(8) + 2000, 2);
	expect_tagged(page(0), ARENA * PAGE, 0);
}

TEST_F(moves, move_that_is_undone)
{
	aio_context_t ring = 0;

	ASSERT_EQ(0, syscall(SYS_io_setup, 1, &ring));
	CRASH(undone, (void *)ring, 1);
	HIDDEN(0);
	SHOWN(1);
	SHOWN(2);
	ZERO(ring + 2000, SECRET);
	NAMED(ring + 2000, SECRET, KREDACT_EXACT);
	ASSERT_EQ(0, syscall(SYS_io_destroy, ring));
}

static void hugetlb(void *arg)
{
	uint8_t *to = mmap(NULL, 4 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *mem;

	if (write_file("/proc/sys/vm/nr_hugepages", "4"))
		return fail("nr_hugepages", -errno);
	mem = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (mem == MAP_FAILED || to == MAP_FAILED)
		return fail("no huge pages", -errno);
	to = (uint8_t *)(((uintptr_t)to + HUGE - 1) & -HUGE);
	tag(mem + 10 * PAGE, SECRET, 0);
	tag(mem + HUGE + 10 * PAGE, SECRET, KREDACT_EXACT);
	put(mem + 10 * PAGE, 0);
	put(mem + 11 * PAGE, 1);
	put(mem + HUGE + 10 * PAGE, 2);
	put(mem + HUGE + 11 * PAGE, 3);
	expect_failure(EINVAL, mem, 2 * HUGE, 3 * HUGE, MREMAP_MAYMOVE, NULL);
	expect_tagged(mem, 2 * HUGE, PAGE + SECRET);

	move(mem, 2 * HUGE, 2 * HUGE, FIXED, to);
	expect_tagged(mem, 2 * HUGE, 0);
	expect_tagged(to, 2 * HUGE, PAGE + SECRET);
	fresh(mem, 2 * HUGE);
	put(mem + 10 * PAGE, 4);
	arena->to = to;
	if (!arg)
		return;
	move(to, 2 * HUGE, HUGE, 0, NULL);
	expect_tagged(to, 2 * HUGE, PAGE);
	fresh(to + HUGE, HUGE);
	put(to + HUGE + 10 * PAGE, 5);
}

TEST_F(moves, hugetlb)
{
	CRASH(hugetlb, NULL, 2);
	HIDDEN(0);
	SHOWN(1);
	HIDDEN(2);
	SHOWN(3);
	SHOWN(4);
	NAMED(arena->to + 10 * PAGE, SECRET, 0);
	NAMED(arena->to + HUGE + 10 * PAGE, SECRET, KREDACT_EXACT);
	core_free(&self->core);

	CRASH(hugetlb, self, 1);
	HIDDEN(0);
	SHOWN(1);
	SHOWN(4);
	SHOWN(5);
	NAMED(arena->to + 10 * PAGE, SECRET, 0);
	write_file("/proc/sys/vm/nr_hugepages", "0");
}

/* What mremap() makes of a shared mapping and a length of 0: a second one of the same pages. */
static void duplicate(void *arg)
{
	uint8_t *mem = shared_pages(2), *twin;

	tag(mem, PAGE, 0);
	put(mem, 0);
	put(mem + PAGE, 1);
	twin = move(mem, 0, 2 * PAGE, MREMAP_MAYMOVE, NULL);
	if (memcmp(mem, twin, 2 * PAGE))
		fail("not the same pages", -1);
	expect_tagged(mem, 2 * PAGE, PAGE);
	arena->to = mem;
}

TEST_F(moves, duplicate_of_a_shared_mapping)
{
	CRASH_SHARED(duplicate, NULL, 1, 1);
	ZERO(arena->to, PAGE);
	NAMED(arena->to, PAGE, 0);
	/* The twin is another address: it is left out since its frame is pinned. */
	HIDDEN(0);
	EXPECT_EQ(2, core_count(&self->core, arena->secret[1], SECRET));
}

#define BLOCK	(ARENA / 2)
/* With the one range that is tagged whole. */
#define RANGES	16
#define TAGGED	((BLOCK - RANGES + 1) * PAGE + (RANGES - 1) * SECRET)

/* From one half of the arena to the other and back. */
static void *keep_moving(void *arg)
{
	unsigned int at = 0;

	while (!__atomic_load_n(&arena->stop, __ATOMIC_RELAXED)) {
		/* No hole, where somebody else's mapping could come to lie. */
		move(page(at), BLOCK * PAGE, BLOCK * PAGE, FIXED | MREMAP_DONTUNMAP,
		     page(BLOCK - at));
		at = BLOCK - at;
	}
	arena->to = page(at);
	return NULL;
}

static int crash_soon(void *arg)
{
	die_of_segv();
}

/*
 * A process that shares the mm is dumped while a thread of another moves tagged
 * pages. The dump goes to a pipe: it has to wait at every 16 pages, and is then
 * woken amid a move. A seal is there only if nothing moved in all that time.
 */
TEST_F_TIMEOUT(moves, while_another_crashes, 120)
{
	unsigned int rounds = 40, round, found[3] = { 0 }, sealed = 0, left_out, i;
	struct kredact_info before, after;
	uint8_t *control = pages(1);
	pthread_t thread;
	int status;
	pid_t pid;

	/* Small cores: the private memory of the process is enough. */
	ASSERT_EQ(0, write_file("/proc/self/coredump_filter", "1"));
	ASSERT_TRUE(core_pipe_set("#!/bin/sh\nexec cat > /tmp/kredact.core.$1\n"));
	tag(page(0) + 8, (BLOCK - RANGES) * PAGE, 0);
	for (i = 0; i < BLOCK; i++) {
		bool exact = i > BLOCK - RANGES;

		if (exact)
			tag(page(i) + 100, SECRET, KREDACT_EXACT);
		put_on_page(i, exact);
	}
	put(control, 2);
	ASSERT_EQ(0, info(&before));
	ASSERT_TRUE(run_thread(&thread, keep_moving));
	for (round = 0; round < rounds; round++) {
		pid = clone_vm(crash_soon);
		ASSERT_LT(0, pid);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFSIGNALED(status) && WCOREDUMP(status));
		ASSERT_EQ(0, arena->error) TH_LOG("%s: %d", arena->why, arena->error);
		ASSERT_TRUE(core_load(&self->core, pid));
		for (i = 0; i < 3; i++)
			found[i] += core_count(&self->core, arena->secret[i], SECRET);
		if (core_seal(&self->core)) {
			EXPECT_EQ(RANGES, core_seal_counts(&self->core)->ranges);
			sealed++;
		}
		core_free(&self->core);
	}
	arena->stop = true;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	expect_tagged(arena->to, BLOCK * PAGE, TAGGED);
	expect_tagged(page(0), ARENA * PAGE, TAGGED);
	ASSERT_EQ(0, arena->error) TH_LOG("%s: %d", arena->why, arena->error);
	ASSERT_EQ(0, info(&after));
	left_out = after.pages_left_out - before.pages_left_out;
	TH_LOG("%u crashes, %u with a seal, %u pages left out since their tags changed too fast",
	       rounds, sealed, left_out);
	EXPECT_EQ(0, found[0]);
	EXPECT_EQ(0, found[1]);
	EXPECT_LE(rounds, found[2] + left_out);
	EXPECT_LE(rounds / 2, found[2]);
	EXPECT_EQ(rounds, sealed + (after.seals_failed - before.seals_failed));
}

TEST_HARNESS_MAIN
