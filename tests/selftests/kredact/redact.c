// SPDX-License-Identifier: GPL-2.0
/*
 * Tagged pages in core dumps: what is zeroed and what is not, and that a tag
 * follows its memory. In every test an untagged secret of the same kind is
 * found in the same core (the positive control).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"

#define SECRET	64

/* What a child and its parent share; its first part is never dumped. */
struct shared {
	uint8_t *mem;
	uint8_t *other;
	int error;
};

FIXTURE(redact) {
	struct shared *shared;
	struct core core;
	uint8_t secret[8][SECRET];
};

FIXTURE_SETUP(redact)
{
	unsigned int i;

	core_pattern_save();
	tags_only();
	ASSERT_LE(0, kredact_fd());
	self->shared = shared_pages(1);
	ASSERT_NE(NULL, self->shared);
	ASSERT_EQ(0, madvise(self->shared, PAGE, MADV_DONTDUMP));
	self->shared->mem = pages(16);
	ASSERT_NE(NULL, self->shared->mem);
	for (i = 0; i < 8; i++)
		fill_secret(self->secret[i], SECRET, i);
	/* The test's own copies are not what is tested. */
	ASSERT_EQ(0, reg(self->secret, sizeof(self->secret), KREDACT_EXACT, NULL, NULL));
}

FIXTURE_TEARDOWN(redact)
{
	core_free(&self->core);
	core_pattern_restore();
}

#define CRASH(run)									\
	do {										\
		pid_t pid = crash(run, self->shared);					\
		ASSERT_LT(0, pid);							\
		ASSERT_EQ(0, self->shared->error);					\
		ASSERT_TRUE(core_load(&self->core, pid));				\
	} while (0)

#define FOUND(i)	core_count(&self->core, self->secret[i], SECRET)
#define AT(addr, len)	core_at(&self->core, (uintptr_t)(addr), len)

static void whole_and_exact(void *arg)
{
	struct shared *s = arg;
	uint8_t *m = s->mem;

	fill_secret(m + 100, SECRET, 0);
	fill_secret(m + 1000, SECRET, 1);
	fill_secret(m + PAGE + 100, SECRET, 2);
	fill_secret(m + PAGE + 1000, SECRET, 3);
	fill_secret(m + 4 * PAGE - 32, SECRET, 4);
	fill_secret(m + 6 * PAGE, SECRET, 5);
	s->error = reg(m + 100, SECRET, 0, "whole", NULL) ?:
		   reg(m + PAGE + 100, SECRET, KREDACT_EXACT, "exact", NULL) ?:
		   reg(m + 4 * PAGE - 32, SECRET, KREDACT_EXACT, NULL, NULL);
}

TEST_F(redact, pages_and_bytes)
{
	const struct kredact_seal_header *seal;
	const struct kredact_seal_counts *counts;
	uint8_t *m = self->shared->mem;
	char label[KREDACT_LABEL_MAX + 1];

	CRASH(whole_and_exact);
	/* A page tagged whole is zeroed whole. */
	EXPECT_EQ(0, FOUND(0));
	EXPECT_EQ(0, FOUND(1));
	EXPECT_TRUE(all_zero(AT(m, PAGE), PAGE));
	/* Exactly these bytes, and not their neighbours, also across two pages. */
	EXPECT_EQ(0, FOUND(2));
	EXPECT_EQ(1, FOUND(3));
	EXPECT_TRUE(all_zero(AT(m + PAGE + 100, SECRET), SECRET));
	EXPECT_EQ(0, FOUND(4));
	EXPECT_TRUE(all_zero(AT(m + 4 * PAGE - 32, SECRET), SECRET));
	EXPECT_EQ(1, FOUND(5));

	seal = core_seal(&self->core);
	ASSERT_NE(NULL, seal);
	EXPECT_EQ(SIGSEGV, seal->signo);
	EXPECT_EQ(PAGE, seal->page_size);
	EXPECT_TRUE(core_seal_has(&self->core, (uintptr_t)m + 100, SECRET, 0, label));
	EXPECT_STREQ("whole", label);
	EXPECT_TRUE(core_seal_has(&self->core, (uintptr_t)m + PAGE + 100, SECRET, KREDACT_EXACT,
				  label));
	EXPECT_STREQ("exact", label);
	counts = core_seal_counts(&self->core);
	ASSERT_NE(NULL, counts);
	EXPECT_EQ(4, counts->ranges);
	EXPECT_EQ(1, counts->pages_zeroed);
	EXPECT_LE(2 * SECRET, counts->bytes_zeroed);
	EXPECT_EQ(0, counts->pages_left_out);
}

/* The same bytes of two pages, again and again; on the first one once too often. */
static void piled(void *arg)
{
	struct shared *s = arg;
	unsigned int i;

	fill_secret(s->mem, SECRET, 0);
	fill_secret(s->mem + 1000, SECRET, 1);
	fill_secret(s->mem + PAGE, SECRET, 2);
	fill_secret(s->mem + PAGE + 1000, SECRET, 3);
	for (i = 0; i <= KREDACT_PAGE_RANGES && !s->error; i++) {
		s->error = reg(s->mem, SECRET, KREDACT_EXACT | KREDACT_NOPIN, NULL, NULL);
		if (i < KREDACT_PAGE_RANGES && !s->error)
			s->error = reg(s->mem + PAGE, SECRET, KREDACT_EXACT | KREDACT_NOPIN, NULL,
				       NULL);
	}
}

TEST_F_TIMEOUT(redact, more_ranges_than_bytes, 120)
{
	uint8_t *m = self->shared->mem;

	CRASH(piled);
	EXPECT_TRUE(all_zero(AT(m, PAGE), PAGE));
	EXPECT_EQ(0, FOUND(2));
	EXPECT_EQ(1, FOUND(3));
	EXPECT_EQ(1, core_seal_counts(&self->core)->pages_zeroed);
}

static void nothing(void *arg)
{
	struct shared *s = arg;

	fill_secret(s->mem, SECRET, 6);
}

TEST_F(redact, untagged_process_is_untouched)
{
	uint64_t handle;

	/* The parent of this one is tagged; a fresh program is not. */
	ASSERT_EQ(0, reg(self->shared->mem, 1, 0, NULL, &handle));
	ASSERT_EQ(0, unreg(handle));
	CRASH(nothing);
	EXPECT_EQ(1, FOUND(6));
}

static void unregistered(void *arg)
{
	struct shared *s = arg;
	uint64_t a, b;

	fill_secret(s->mem, SECRET, 0);
	fill_secret(s->mem + PAGE, SECRET, 1);
	s->error = reg(s->mem, SECRET, 0, NULL, &a) ?: reg(s->mem, PAGE, 0, NULL, &b) ?:
		   unreg(a) ?: reg(s->mem + PAGE, SECRET, 0, NULL, &a) ?: unreg(a);
}

TEST_F(redact, each_registration_ends_on_its_own)
{
	CRASH(unregistered);
	EXPECT_EQ(0, FOUND(0));
	EXPECT_EQ(1, FOUND(1));
}

TEST_F(redact, children_inherit)
{
	uint64_t handle;

	ASSERT_EQ(0, reg(self->shared->mem, SECRET, 0, "parent", &handle));
	ASSERT_EQ(0, reg(self->shared->mem + PAGE, SECRET, 0, "parent", NULL));
	fill_secret(self->shared->mem, SECRET, 0);
	fill_secret(self->shared->mem + PAGE, SECRET, 1);
	fill_secret(self->shared->mem + 2 * PAGE, SECRET, 2);
	/* What the parent ends after the fork goes on in the child. */
	CRASH(nothing);
	EXPECT_EQ(0, FOUND(0));
	EXPECT_EQ(0, FOUND(1));
	EXPECT_EQ(1, FOUND(2));
	EXPECT_EQ(0, FOUND(6));
	EXPECT_TRUE(core_seal_has(&self->core, (uintptr_t)self->shared->mem, SECRET, 0, NULL));
	ASSERT_EQ(0, unreg(handle));
}

static void grandchild(void *arg)
{
	struct shared *s = arg;
	pid_t pid = crash(nothing, s);

	s->error = pid > 0 ? 0 : -1;
	/* The handle of the grandparent ends the tag here, and only here. */
	s->error = s->error ?: unreg(*(uint64_t *)(s + 1));
	s->other = (void *)(uintptr_t)pid;
	fill_secret(s->mem, SECRET, 0);
}

TEST_F(redact, handles_work_in_children_on_their_own_copy)
{
	uint64_t *handle = (uint64_t *)(self->shared + 1);
	struct kredact_query q;
	struct core core;

	ASSERT_EQ(0, reg(self->shared->mem, SECRET, 0, NULL, handle));
	fill_secret(self->shared->mem, SECRET, 0);
	CRASH(grandchild);
	EXPECT_EQ(1, FOUND(0));
	ASSERT_TRUE(core_load(&core, (uintptr_t)self->shared->other));
	EXPECT_EQ(0, core_count(&core, self->secret[0], SECRET));
	EXPECT_EQ(0, core_count(&core, self->secret[6], SECRET));
	core_free(&core);
	EXPECT_EQ(0, query(self->shared->mem, SECRET, &q));
	EXPECT_EQ(SECRET, q.tagged);
}

static void *register_in_thread(void *arg)
{
	struct shared *s = arg;

	fill_secret(s->mem, SECRET, 0);
	s->error = reg(s->mem, SECRET, 0, NULL, NULL);
	return NULL;
}

static void thread_that_exits(void *arg)
{
	struct shared *s = arg;
	pthread_t thread;

	s->error = -1;
	if (!pthread_create(&thread, NULL, register_in_thread, s))
		pthread_join(thread, NULL);
	fill_secret(s->mem + PAGE, SECRET, 1);
	close(kredact_fd());
}

TEST_F(redact, outlives_its_thread_and_descriptor)
{
	CRASH(thread_that_exits);
	EXPECT_EQ(0, FOUND(0));
	EXPECT_EQ(1, FOUND(1));
}

static void unmapped(void *arg)
{
	struct shared *s = arg;
	uint8_t *m = s->mem;
	uint64_t handle;
	int i;

	s->error = reg(m + PAGE + 8, 6 * PAGE, 0, NULL, &handle);
	/* The middle goes, and something else comes to its place. */
	if (munmap(m + 3 * PAGE, 2 * PAGE) ||
	    mmap(m + 3 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != m + 3 * PAGE)
		s->error = -errno;
	for (i = 0; i < 8; i++)
		fill_secret(m + i * PAGE, SECRET, i);
}

TEST_F(redact, munmap_ends_a_part)
{
	uint8_t *m = self->shared->mem;

	CRASH(unmapped);
	EXPECT_EQ(1, FOUND(0));
	EXPECT_EQ(0, FOUND(1));
	EXPECT_EQ(0, FOUND(2));
	EXPECT_EQ(1, FOUND(3));
	EXPECT_EQ(1, FOUND(4));
	EXPECT_EQ(0, FOUND(5));
	EXPECT_EQ(0, FOUND(6));
	EXPECT_EQ(0, FOUND(7));
	EXPECT_TRUE(core_seal_has(&self->core, (uintptr_t)m + PAGE + 8, 2 * PAGE - 8, 0, NULL));
	EXPECT_TRUE(core_seal_has(&self->core, (uintptr_t)m + 5 * PAGE, 2 * PAGE + 8, 0, NULL));
}

static void unmapped_then_unregistered(void *arg)
{
	struct shared *s = arg;
	uint8_t *m = s->mem;
	uint64_t handle;
	struct kredact_query q;

	/* The handle names all parts, also when the first one is gone. */
	s->error = reg(m, 4 * PAGE, 0, NULL, &handle);
	if (munmap(m + PAGE, PAGE) || munmap(m, PAGE))
		s->error = -errno;
	s->error = s->error ?: unreg(handle);
	fill_secret(m + 3 * PAGE, SECRET, 3);
	s->error = s->error ?: query(m + 2 * PAGE, 2 * PAGE, &q) ?: (int)q.tagged;
	/* A registration that munmap ended has no handle any more. */
	if (!s->error && !reg(m + 4 * PAGE, PAGE, 0, NULL, &handle) &&
	    !munmap(m + 4 * PAGE, PAGE) && unreg(handle) != -ENOENT)
		s->error = -1;
}

TEST_F(redact, handle_of_parts)
{
	CRASH(unmapped_then_unregistered);
	EXPECT_EQ(1, FOUND(3));
}

static void moved(void *arg)
{
	struct shared *s = arg;
	uint8_t *m = s->mem, *to = s->other;

	fill_secret(m + 2 * PAGE, SECRET, 0);
	fill_secret(m + 3 * PAGE + 100, SECRET, 1);
	fill_secret(m + 5 * PAGE, SECRET, 2);
	s->error = reg(m + 2 * PAGE, SECRET, 0, NULL, NULL) ?:
		   reg(m + 3 * PAGE + 100, SECRET, KREDACT_EXACT, NULL, NULL) ?:
		   reg(m + 5 * PAGE, SECRET, 0, NULL, NULL);
	if (mremap(m + 2 * PAGE, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		s->error = -errno;
	/* New memory at the old place is nobody's secret. */
	if (mmap(m + 2 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != m + 2 * PAGE)
		s->error = -errno;
	fill_secret(m + 2 * PAGE, SECRET, 3);
	fill_secret(to + PAGE, SECRET, 4);
}

TEST_F(redact, mremap_takes_tags_along)
{
	uint8_t *to = pages(4);

	ASSERT_NE(NULL, to);
	self->shared->other = to;
	CRASH(moved);
	EXPECT_EQ(0, FOUND(0));
	EXPECT_EQ(0, FOUND(1));
	EXPECT_EQ(0, FOUND(2));
	EXPECT_EQ(1, FOUND(3));
	EXPECT_EQ(1, FOUND(4));
	EXPECT_TRUE(all_zero(AT(to, PAGE), PAGE));
	EXPECT_TRUE(all_zero(AT(to + PAGE + 100, SECRET), SECRET));
	EXPECT_TRUE(core_seal_has(&self->core, (uintptr_t)to, SECRET, 0, NULL));
}

static void moved_in_part(void *arg)
{
	struct shared *s = arg;
	uint8_t *m = s->mem, *to = s->other;
	int i;

	for (i = 0; i < 5; i++)
		fill_secret(m + i * PAGE, SECRET, i);
	s->error = reg(m, 5 * PAGE, 0, NULL, NULL);
	/* The old place stays mapped, empty, and is not tagged any more. */
	if (mremap(m + PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
		   to) != to)
		s->error = -errno;
	fill_secret(m + 2 * PAGE, SECRET, 6);
}

TEST_F(redact, mremap_divides_a_range)
{
	int i;

	self->shared->other = pages(2);
	ASSERT_NE(NULL, self->shared->other);
	CRASH(moved_in_part);
	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, FOUND(i)) TH_LOG("secret %d", i);
	EXPECT_EQ(1, FOUND(6));
}

TEST_F(redact, core_to_a_pipe)
{
	ASSERT_TRUE(core_pipe_set("#!/bin/sh\nexec cat > /tmp/kredact.core.$1\n"));
	CRASH(whole_and_exact);
	EXPECT_EQ(0, FOUND(0));
	EXPECT_EQ(0, FOUND(2));
	EXPECT_EQ(1, FOUND(3));
	EXPECT_EQ(1, FOUND(5));
	EXPECT_NE(NULL, core_seal(&self->core));
}

static void limited(void *arg)
{
	struct rlimit limit = { 4 * PAGE, 4 * PAGE };

	whole_and_exact(arg);
	setrlimit(RLIMIT_CORE, &limit);
}

/* The limit stops the pages; a seal that fits behind them says where they end. */
TEST_F(redact, truncated_core_does_not_pass_as_whole)
{
	CRASH(limited);
	EXPECT_EQ(0, FOUND(0));
	EXPECT_EQ(NULL, core_seal(&self->core));
}

TEST_F(redact, full_disk_is_counted)
{
	struct kredact_info before, after;
	pid_t pid;

	ASSERT_EQ(0, mkdir("/tmp/kredact.small", 0700));
	ASSERT_EQ(0, mount("none", "/tmp/kredact.small", "tmpfs", 0, "size=64k"));
	ASSERT_TRUE(core_pattern_set("/tmp/kredact.small/core"));
	ASSERT_EQ(0, info(&before));
	pid = crash(whole_and_exact, self->shared);
	EXPECT_LT(0, pid);
	ASSERT_EQ(0, info(&after));
	EXPECT_EQ(before.seals_failed + 1, after.seals_failed);
	EXPECT_EQ(before.dumps + 1, after.dumps);
	ASSERT_EQ(0, umount2("/tmp/kredact.small", MNT_DETACH));
	rmdir("/tmp/kredact.small");
}

static void run_again(void *arg)
{
	struct shared *s = arg;

	s->error = reg(s->mem, SECRET, 0, NULL, NULL);
	execl("/proc/self/exe", "redact", "--crash-after-exec", NULL);
	_exit(1);
}

TEST_F(redact, exec_ends_tags)
{
	CRASH(run_again);
	/* It fills a page at the same kind of place; see main(). */
	EXPECT_LE(1, FOUND(7));
	EXPECT_EQ(NULL, core_seal(&self->core));
}

TEST_F(redact, compat_process)
{
	char path[256];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 16);
	uint8_t secret[SECRET];
	pid_t pid;
	int status;

	ASSERT_LT(0, len);
	path[len] = 0;
	strcpy(strrchr(path, '/'), "/compat32");
	pid = fork();
	if (!pid) {
		execl(path, "compat32", NULL);
		_exit(127);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status)) TH_LOG("status %x", status);
	ASSERT_EQ(SIGSEGV, WTERMSIG(status));
	ASSERT_TRUE(core_load(&self->core, pid));
	ASSERT_EQ(ELFCLASS32, self->core.bytes[EI_CLASS]);
	memset(secret, 'S', sizeof(secret));
	EXPECT_EQ(0, core_count(&self->core, secret, sizeof(secret)));
	memset(secret, 'P', sizeof(secret));
	EXPECT_LT(0, core_count(&self->core, secret, sizeof(secret)));
	ASSERT_NE(NULL, core_seal(&self->core));
	EXPECT_TRUE(core_seal(&self->core)->flags & KREDACT_SEAL_COMPAT);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--crash-after-exec")) {
		uint8_t *m = pages(16);

		for (int i = 0; m && i < 16; i++)
			fill_secret(m + i * PAGE, SECRET, 7);
		die_of_segv();
	}
	return test_harness_run(argc, argv);
}
