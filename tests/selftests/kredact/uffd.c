// SPDX-License-Identifier: GPL-2.0
/*
 * UFFDIO_MOVE: pages get another address, and their tags with them; also where the two places
 * overlap, which the kernel does not mind, and where it moves only some, or none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "core.h"
#include "kselftest_harness.h"

#define SECRET	64
#define PINNED	(KREDACT_COVER_SWAP | KREDACT_COVER_SHARED)

/* Told by a child; not dumped. */
struct shared {
	int error;
	int moved;
	uint8_t *tagged, *plain;
	uint8_t secret[2][SECRET];
};

static struct shared *shared;

FIXTURE(uffd) {
	struct core core;
};

FIXTURE_SETUP(uffd)
{
	if (!uffd_can_move())
		SKIP(return, "this kernel has no UFFDIO_MOVE (6.8)");
	core_pattern_save();
	ASSERT_LE(0, kredact_fd());
	shared = shared_pages(1);
	ASSERT_NE(NULL, shared);
	ASSERT_EQ(0, madvise(shared, PAGE, MADV_DONTDUMP));
	fill_secret(shared->secret[0], SECRET, 200);
	fill_secret(shared->secret[1], SECRET, 201);
}

FIXTURE_TEARDOWN(uffd)
{
	if (shared) {
		core_free(&self->core);
		core_pattern_restore();
	}
}

#define FOUND(i)	core_count(&self->core, shared->secret[i], SECRET)

static void moved_by_uffd(void *arg)
{
	uint8_t *src = pages(4), *dst = pages(4);

	shared->tagged = dst;
	shared->plain = src;
	fill_secret(src + PAGE + 100, SECRET, 200);
	fill_secret(src, SECRET, 201);
	shared->error = reg(src + PAGE + 100, SECRET, KREDACT_NOPIN, NULL, NULL) ?:
			uffd_move(dst, src, 4 * PAGE);
	/* New content at the old place is nobody's. */
	fill_secret(src + PAGE, SECRET, 201);
}

TEST_F(uffd, takes_tags_along)
{
	uint8_t *a = pages(1), *b = pages(1);
	struct kredact_query q;
	pid_t pid;

	b[0] = 1;
	pid = crash(moved_by_uffd, NULL);
	ASSERT_EQ(0, shared->error);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(core_load(&self->core, pid));
	EXPECT_EQ(0, FOUND(0));
	EXPECT_EQ(2, FOUND(1));
	EXPECT_TRUE(core_seal_has(&self->core, (uintptr_t)shared->tagged + PAGE + 100, SECRET, 0,
				  NULL));
	EXPECT_EQ(1, core_seal_counts(&self->core)->ranges);

	/* What is pinned stays. */
	ASSERT_EQ(0, reg(b, 1, KREDACT_PIN, NULL, NULL));
	ASSERT_EQ(0, madvise(a, PAGE, MADV_DONTNEED));
	EXPECT_EQ(-EBUSY, uffd_move(a, b, PAGE));
	ASSERT_EQ(0, query(b, 1, &q));
	EXPECT_EQ(PINNED, q.coverage & PINNED);
}

/* Upwards by a page: the kernel carries the first page all the way. */
static void moved_up(void *arg)
{
	uint8_t *mem = pages(80);

	shared->tagged = mem + 64 * PAGE;
	fill_secret(mem + 100, SECRET, 200);
	shared->error = reg(mem + 100, SECRET, KREDACT_NOPIN, NULL, NULL);
	shared->moved = uffd_move(mem + PAGE, mem, 64 * PAGE);
}

/* Downwards by a page: both of two pages come to the place before theirs. */
static void moved_down(void *arg)
{
	uint8_t *mem = pages(80);

	shared->tagged = mem;
	fill_secret(mem + PAGE + 100, SECRET, 201);
	fill_secret(mem + 2 * PAGE + 100, SECRET, 200);
	shared->error = reg(mem + PAGE + 100, SECRET, KREDACT_NOPIN, NULL, NULL) ?:
			reg(mem + 2 * PAGE + 100, SECRET, KREDACT_NOPIN, NULL, NULL);
	shared->moved = uffd_move(mem, mem + PAGE, 2 * PAGE);
}

TEST_F(uffd, places_that_overlap)
{
	pid_t pid = crash(moved_up, NULL);

	ASSERT_EQ(0, shared->error);
	ASSERT_LT(0, pid);
	TH_LOG("64 pages up by one: %d", shared->moved);
	ASSERT_TRUE(core_load(&self->core, pid));
	EXPECT_EQ(0, FOUND(0));
	EXPECT_EQ(1, core_seal_counts(&self->core)->ranges);
	if (!shared->moved)
		EXPECT_TRUE(core_seal_has(&self->core, (uintptr_t)shared->tagged + 100, SECRET, 0,
					  NULL));
	core_free(&self->core);

	pid = crash(moved_down, NULL);
	ASSERT_EQ(0, shared->error);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, shared->moved);
	ASSERT_TRUE(core_load(&self->core, pid));
	EXPECT_EQ(0, FOUND(0));
	EXPECT_EQ(0, FOUND(1));
	EXPECT_EQ(2, core_seal_counts(&self->core)->ranges);
	EXPECT_TRUE(core_seal_has(&self->core, (uintptr_t)shared->tagged + 100, SECRET, 0, NULL));
	EXPECT_TRUE(core_seal_has(&self->core, (uintptr_t)shared->tagged + PAGE + 100, SECRET, 0,
				  NULL));
}

/* What was tagged for pages that did not come is tagged no more; what was so before, is. */
TEST_F(uffd, leaves_no_tags_behind)
{
	uint8_t *src = pages(4), *dst = pages(4);
	struct kredact_info before, after;
	struct kredact_query q;
	int i;

	memset(src, 1, 4 * PAGE);
	ASSERT_EQ(0, reg(src + 100, SECRET, KREDACT_NOPIN, NULL, NULL));
	ASSERT_EQ(0, reg(src + 2 * PAGE + 100, SECRET, KREDACT_NOPIN, NULL, NULL));
	dst[0] = 1;
	ASSERT_EQ(0, info(&before));
	for (i = 0; i < 100; i++)
		EXPECT_EQ(-EEXIST, uffd_move(dst, src, 4 * PAGE));
	ASSERT_EQ(0, query(dst, 4 * PAGE, &q));
	EXPECT_EQ(0, q.tagged);
	/* The first page comes, the second finds its place taken. */
	ASSERT_EQ(0, madvise(dst, PAGE, MADV_DONTNEED));
	dst[PAGE] = 1;
	uffd_move(dst, src, 4 * PAGE);
	ASSERT_EQ(0, query(dst, 4 * PAGE, &q));
	EXPECT_EQ(PAGE, q.tagged);
	ASSERT_EQ(0, query(src, 4 * PAGE, &q));
	EXPECT_EQ(PAGE, q.tagged);
	ASSERT_EQ(0, reg(dst + 3 * PAGE, 1, KREDACT_NOPIN, NULL, NULL));
	uffd_move(dst + PAGE, src + PAGE, 3 * PAGE);
	ASSERT_EQ(0, query(dst + 3 * PAGE, PAGE, &q));
	EXPECT_EQ(PAGE, q.tagged);
	/* Beside tags of its own the new place keeps those that came in vain. */
	ASSERT_EQ(0, info(&after));
	EXPECT_GE(before.ranges + 2, after.ranges);
}

TEST_HARNESS_MAIN
