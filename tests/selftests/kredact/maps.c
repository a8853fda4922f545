// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings that end, and what comes to their place; mappings whose protection
 * changes. What is mapped over old tags is nobody's secret: it is in the core,
 * and not in the seal.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arena.h"
#include "kselftest_harness.h"

FIXTURE(maps) {
	struct core core;
};

FIXTURE_SETUP(maps)
{
	core_pattern_save();
	ASSERT_TRUE(arena_make());
	/* All kinds of mappings are dumped. */
	ASSERT_EQ(0, write_file("/proc/self/coredump_filter", "0x7f"));
}

FIXTURE_TEARDOWN(maps)
{
	core_free(&self->core);
	core_pattern_restore();
}

static void unmap_ends(void *arg)
{
	unsigned int i;

	tag(page(0) + 8, 4 * PAGE - 16, KREDACT_EXACT);
	tag(page(8) + 8, 4 * PAGE - 16, 0);
	tag(page(3) + 1000, 100, 0);
	if (munmap(page(0), PAGE) || munmap(page(3), PAGE) || munmap(page(8), 2 * PAGE))
		fail("munmap", -errno);
	fresh(page(0), PAGE);
	fresh(page(3), PAGE);
	fresh(page(8), 2 * PAGE);
	for (i = 0; i < 4; i++) {
		put_on_page(i, i);
		put_on_page(8 + i, 4 + i);
	}
	expect_tagged(page(0), 4 * PAGE, 2 * PAGE);
	expect_tagged(page(8), 4 * PAGE, 2 * PAGE);
}

TEST_F(maps, munmap_of_start_and_end)
{
	CRASH(unmap_ends, NULL, 2);
	SHOWN(0);
	HIDDEN(1);
	HIDDEN(2);
	SHOWN(3);
	SHOWN(4);
	SHOWN(5);
	HIDDEN(6);
	HIDDEN(7);
	NAMED(page(1), 2 * PAGE, KREDACT_EXACT);
	NAMED(page(10), 2 * PAGE - 8, 0);
}

static void protections(void *arg)
{
	tag(page(0) + 100, 2 * PAGE, 0);
	tag(page(3) + 100, SECRET, KREDACT_EXACT);
	put_on_page(0, 0);
	put_on_page(3, 1);
	/* Mappings divide and merge. */
	if (mprotect(page(0), 4 * PAGE, PROT_NONE) || mprotect(page(1), PAGE, PROT_READ) ||
	    mprotect(page(2), PAGE, PROT_READ | PROT_EXEC))
		fail("mprotect", -errno);
	expect_tagged(page(0), 5 * PAGE, 3 * PAGE + SECRET);
	if (mprotect(page(0), 4 * PAGE, PROT_READ) ||
	    mprotect(page(0), 4 * PAGE, PROT_READ | PROT_WRITE))
		fail("mprotect", -errno);
	expect_tagged(page(0), 5 * PAGE, 3 * PAGE + SECRET);
	put_on_page(1, 2);
	put(page(3) + 1000, 3);
}

TEST_F(maps, mprotect_and_back)
{
	CRASH(protections, NULL, 2);
	HIDDEN(0);
	HIDDEN(1);
	HIDDEN(2);
	SHOWN(3);
	NAMED(page(0) + 100, 2 * PAGE, 0);
	NAMED(page(3) + 100, SECRET, KREDACT_EXACT);
}

/* The mapping on the second page of a range gives way to another. */
static void anonymous_over(uint8_t *at)
{
	if (mmap(at, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		 -1, 0) != at)
		fail("mmap", -errno);
}

static void file_over(uint8_t *at)
{
	int fd = memfd_create("kredact", 0);

	if (fd < 0 || ftruncate(fd, PAGE) ||
	    mmap(at, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != at)
		fail("mmap", -errno);
}

static void shm_over(uint8_t *at)
{
	int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);

	if (id < 0 || shmat(id, at, SHM_REMAP) != at || shmctl(id, IPC_RMID, NULL))
		fail("shmat", -errno);
}

static void unmap_and_map(uint8_t *at)
{
	if (munmap(at, PAGE))
		fail("munmap", -errno);
	fresh(at, PAGE);
}

static void (*const laid_over[])(uint8_t *at) = {
	anonymous_over, file_over, shm_over, unmap_and_map,
};

static void lay_over(void *arg)
{
	void (*const *over)(uint8_t *at) = arg;
	unsigned int i;

	tag(page(0) + 8, 3 * PAGE - 16, 0);
	tag(page(1) + 100, SECRET, KREDACT_EXACT);
	for (i = 0; i < 3; i++)
		put_on_page(i, i);
	(*over)(page(1));
	put_on_page(1, 3);
	expect_tagged(page(0), 3 * PAGE, 2 * PAGE);
	expect_tagged(page(1), PAGE, 0);
}

TEST_F(maps, laid_over)
{
	unsigned int i;

	for (i = 0; i < sizeof(laid_over) / sizeof(laid_over[0]); i++) {
		CRASH(lay_over, (void *)&laid_over[i], 2);
		HIDDEN(0);
		HIDDEN(1);
		HIDDEN(2);
		SHOWN(3);
		NAMED(page(0) + 8, PAGE - 8, 0);
		NAMED(page(2), PAGE - 8, 0);
		core_free(&self->core);
	}
}

static void brk_again(void *arg)
{
	uint8_t *end = sbrk(8 * PAGE), *at;

	at = (uint8_t *)(((uintptr_t)end + PAGE - 1) & -PAGE);
	tag(at, 4 * PAGE, 0);
	tag(at + 2 * PAGE + 100, SECRET, KREDACT_EXACT);
	put(at + PAGE, 0);
	put(at + 2 * PAGE + 100, 1);
	if (brk(at + 2 * PAGE) || brk(at + 6 * PAGE))
		fail("brk", -errno);
	put(at + 2 * PAGE + 100, 2);
	put(at + 5 * PAGE, 3);
	expect_tagged(at, 6 * PAGE, 2 * PAGE);
	arena->to = at;
}

TEST_F(maps, brk_shrinks_and_grows)
{
	CRASH(brk_again, NULL, 1);
	HIDDEN(0);
	HIDDEN(1);
	SHOWN(2);
	SHOWN(3);
	NAMED(arena->to, 2 * PAGE, 0);
}

static void file_pages(void *arg)
{
	uint8_t *mem = shared_pages(4);
	unsigned int i;

	tag(mem, 2 * PAGE, 0);
	for (i = 0; i < 4; i++)
		put(mem + i * PAGE, i);
	/* The fourth page of the file is seen at the second place as well. */
	if (syscall(SYS_remap_file_pages, mem + PAGE, PAGE, 0, 3, 0))
		fail("remap_file_pages", -errno);
	expect_tagged(mem, 4 * PAGE, PAGE);
	arena->to = mem;
}

TEST_F(maps, remap_file_pages)
{
	CRASH(file_pages, NULL, 1);
	HIDDEN(0);
	/* The second page is mapped nowhere any more. */
	HIDDEN(1);
	SHOWN(2);
	EXPECT_EQ(2, core_count(&self->core, arena->secret[3], SECRET));
	NAMED(arena->to, PAGE, 0);
}

TEST_HARNESS_MAIN
