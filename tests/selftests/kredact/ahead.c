// SPDX-License-Identifier: GPL-2.0
/*
 * Pages are got ahead of their turn, several at once: whatever lies among them, each one is
 * in the core as it would be by itself, and copies over their borders are found. What takes
 * no space in a core takes none.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"

#define PAGES	100
#define ROUNDS	40
#define SECRET	64

/* What a page is. */
enum kind {
	KEPT,		/* nothing special */
	NONE,		/* PROT_NONE; dumped like any other */
	HOLE,		/* not there */
	EXACT,		/* some bytes of it are tagged */
	WHOLE,		/* tagged */
	SKIPPED,	/* not to be dumped */
	NR_KINDS,
};

/* Where tagged bytes are on a page of kind EXACT, and how many. */
#define EXACT_AT	2000
#define EXACT_LEN	100

/* Shared with the child that crashes, and not dumped. */
struct scene {
	uint8_t secret[SECRET];
	enum kind kinds[PAGES];
	uint8_t *reg;
	uint8_t *mem;
	int failed;
};

FIXTURE(ahead) {
	struct scene *scene;
	struct core core;
};

FIXTURE_SETUP(ahead)
{
	memset(&self->core, 0, sizeof(self->core));
	core_pattern_save();
	self->scene = shared_pages(1);
	ASSERT_NE(NULL, self->scene);
	ASSERT_EQ(0, madvise(self->scene, PAGE, MADV_DONTDUMP));
	fill_secret(self->scene->secret, SECRET, 7);
	self->scene->reg = pages(1);
	self->scene->mem = pages(PAGES);
	ASSERT_NE(NULL, self->scene->reg);
	ASSERT_NE(NULL, self->scene->mem);
}

FIXTURE_TEARDOWN(ahead)
{
	core_free(&self->core);
	core_pattern_restore();
}

static bool is_plain(enum kind kind)
{
	return kind == KEPT || kind == NONE || kind == EXACT;
}

/* A copy lies over the border before a page if there is memory on both of its sides. */
static bool has_copy(const struct scene *scene, int page)
{
	return page > 0 && page < PAGES && is_plain(scene->kinds[page - 1]) &&
	       is_plain(scene->kinds[page]);
}

/* Bytes of it before the border. */
static int before_border(int page)
{
	return 1 + page * 7 % (SECRET - 1);
}

static void plant(uint8_t *to, const uint8_t *from)
{
	volatile uint8_t *out = to;

	for (int i = 0; i < SECRET; i++)
		out[i] = from[i];
}

static void make(struct scene *scene, int page)
{
	uint8_t *at = scene->mem + page * PAGE;

	switch (scene->kinds[page]) {
	case NONE:
		scene->failed |= mprotect(at, PAGE, PROT_NONE);
		break;
	case HOLE:
		scene->failed |= madvise(at, PAGE, MADV_DONTNEED);
		break;
	case EXACT:
		scene->failed |= reg(at + EXACT_AT, EXACT_LEN, KREDACT_EXACT, NULL, NULL);
		break;
	case WHOLE:
		scene->failed |= reg(at, PAGE, 0, NULL, NULL);
		break;
	case SKIPPED:
		scene->failed |= madvise(at, PAGE, MADV_DONTDUMP);
		break;
	default:
		break;
	}
}

static void crash_with_all(void *arg)
{
	struct scene *scene = arg;
	int i;

	plant(scene->reg, scene->secret);
	scene->failed = reg(scene->reg, SECRET, 0, NULL, NULL);
	for (i = 0; i < PAGES; i++)
		memset(scene->mem + i * PAGE, 1 + i, PAGE);
	for (i = 0; i < PAGES; i++)
		if (has_copy(scene, i))
			plant(scene->mem + i * PAGE - before_border(i), scene->secret);
	for (i = 0; i < PAGES; i++)
		make(scene, i);
}

/* What the core has to show of a page. */
static void expect(const struct scene *scene, int page, uint8_t *want)
{
	int before = before_border(page + 1), behind = SECRET - before_border(page);

	memset(want, is_plain(scene->kinds[page]) ? 1 + page : 0, PAGE);
	if (has_copy(scene, page + 1))
		memset(want + PAGE - before, 0, before);
	if (has_copy(scene, page))
		memset(want, 0, behind);
	if (scene->kinds[page] == EXACT)
		memset(want + EXACT_AT, 0, EXACT_LEN);
}

/* The first page that is not as it has to be, or -1. */
static int first_wrong(const struct scene *scene, const struct core *core)
{
	uint8_t want[PAGE];
	const uint8_t *got;
	int i;

	for (i = 0; i < PAGES; i++) {
		got = core_at(core, (uintptr_t)scene->mem + i * PAGE, PAGE);
		if (scene->kinds[i] == SKIPPED && !got)
			continue;
		expect(scene, i, want);
		if (!got || memcmp(got, want, PAGE))
			return i;
	}
	return -1;
}

TEST_F_TIMEOUT(ahead, whatever_lies_among_them, 600)
{
	struct scene *scene = self->scene;
	unsigned int copies = 0, state = 1;
	int round, wrong, left, i;
	enum kind kind = KEPT;
	pid_t pid;

	for (round = 0; round < ROUNDS; round++) {
		/* Stretches of a kind, some of them longer than what is got at once. */
		for (i = 0, left = 0; i < PAGES; i++, left--) {
			if (!left) {
				left = 1 + rand_r(&state) % (rand_r(&state) % 3 ? 4 : 40);
				kind = rand_r(&state) % 2 ? KEPT : rand_r(&state) % NR_KINDS;
			}
			scene->kinds[i] = kind;
			copies += has_copy(scene, i);
		}
		pid = crash(crash_with_all, scene);
		ASSERT_LT(0, pid);
		ASSERT_EQ(0, scene->failed);
		ASSERT_TRUE(core_load(&self->core, pid));
		ASSERT_NE(NULL, core_seal(&self->core));
		wrong = first_wrong(scene, &self->core);
		EXPECT_EQ(-1, wrong) TH_LOG("round %d: page %d, of kind %d", round, wrong,
					    scene->kinds[wrong]);
		core_free(&self->core);
	}
	TH_LOG("%u copies over borders of %u", copies, ROUNDS * (PAGES - 1));
	EXPECT_LT(ROUNDS * PAGES / 4, copies);
	EXPECT_GT(ROUNDS * PAGES * 3 / 4, copies);
}

#define HUGE	(2ul << 20)

/* Is a page there? The page tables say so (Documentation/admin-guide/mm/pagemap.rst). */
static bool is_present(const void *at)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	pread(fd, &entry, sizeof(entry), (uintptr_t)at / PAGE * sizeof(entry));
	close(fd);
	return entry >> 63;
}

/* Huge pages that were only read: they are one and the same page, of zeros. */
static void read_huge(void *arg)
{
	struct scene *scene = arg;
	uint8_t *at = mmap(NULL, 18 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	int i;

	at += HUGE - (uintptr_t)at % HUGE;
	/* From the page before them, the first is looked at. */
	at[-1] = 1;
	plant(scene->reg, scene->secret);
	scene->failed = madvise(at, 16 * HUGE, MADV_HUGEPAGE) ||
			reg(scene->reg, SECRET, 0, NULL, NULL);
	for (i = 0; i < 16; i++) {
		scene->failed |= ((volatile uint8_t *)at)[i * HUGE];
		scene->failed |= !is_present(at + i * HUGE + HUGE / 2);
	}
}

TEST_F(ahead, zeros_take_no_space)
{
	char path[64];
	struct stat st;
	pid_t pid;

	if (access("/sys/kernel/mm/transparent_hugepage/use_zero_page", F_OK))
		SKIP(return, "this kernel has no huge pages of zeros");
	pid = crash(read_huge, self->scene);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, self->scene->failed);
	snprintf(path, sizeof(path), "/tmp/kredact.core.%d", pid);
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_EQ(0, unlink(path));
	EXPECT_LT(16 * HUGE, st.st_size);
	EXPECT_GT(8 * HUGE, 512ul * st.st_blocks);
}

TEST_HARNESS_MAIN
