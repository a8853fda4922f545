// SPDX-License-Identifier: GPL-2.0
/*
 * The module-free mode: what is tagged in its maps is not in cores, whatever kind
 * of memory it is; where it cannot be zeroed the dump is killed, and nothing of
 * the page is in the file. Each core has a control: a secret that is not tagged,
 * and that has to be in there if the dump was not killed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"
#include "store.h"

#define SECRET	64
#define HUGE	(2ul << 20)
#define STACK	(16 * PAGE)

/* Shared with children, and not dumped. */
struct shared {
	uint8_t secret[2][SECRET];
	uint8_t *mem;
	pid_t child;
	int error;
};

enum { TAGGED, PLAIN };

static struct shared *shared;

/* Not by memcpy(), which leaves what it copied in vector registers, and so in the notes. */
static void put(void *to, unsigned int which)
{
	fill_secret(to, SECRET, 700 + which);
}

static void put_both(uint8_t *mem)
{
	put(mem + 100, TAGGED);
	put(mem + PAGE + 100, PLAIN);
}

/* How a process ended, and what is in its core. */
struct outcome {
	int signal;
	bool has_core;		/* with at least an ELF header */
	unsigned int tagged;
	unsigned int plain;
};

static struct outcome judge(pid_t pid)
{
	struct outcome o = {};
	struct core core;
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		return o;
	o.signal = WTERMSIG(status);
	o.has_core = core_load(&core, pid);
	if (core.bytes) {
		o.tagged = core_count(&core, shared->secret[TAGGED], SECRET);
		o.plain = core_count(&core, shared->secret[PLAIN], SECRET);
		core_free(&core);
	}
	return o;
}

static pid_t start(void (*run)(void))
{
	pid_t pid = fork();

	if (!pid) {
		run();
		die_of_segv();
	}
	return pid;
}

FIXTURE(free) {
	struct store *store;
	struct free_counters before;
	struct free_event event;
	int events;
};

static void on_dump(const struct free_event *event, void *arg)
{
	FIXTURE_DATA(free) *self = arg;

	self->event = *event;
	self->events++;
}

static bool open_store(FIXTURE_DATA(free) *self, struct free_opts opts)
{
	enum free_why why;

	opts.dumped = on_dump;
	opts.arg = self;
	opts.log = stderr;
	self->store = store_open(&opts, &why);
	return self->store && !free_read_counters(store_mode(self->store), &self->before);
}

static struct free_counters counted(FIXTURE_DATA(free) *self)
{
	struct free_counters now = {};

	free_read_counters(store_mode(self->store), &now);
	return now;
}

FIXTURE_SETUP(free)
{
	int i;

	core_pattern_save();
	shared = shared_pages(1);
	ASSERT_NE(NULL, shared);
	ASSERT_EQ(0, madvise(shared, PAGE, MADV_DONTDUMP));
	for (i = 0; i < 2; i++)
		put(shared->secret[i], i);
	shared->mem = pages(2);
	ASSERT_TRUE(open_store(self, (struct free_opts){}));
}

FIXTURE_TEARDOWN(free)
{
	if (self->store) {
		EXPECT_EQ(0, free_missed(store_mode(self->store)));
		EXPECT_EQ(0, counted(self).unkillable);
	}
	store_close(self->store);
	core_pattern_restore();
}

/* The page was zeroed: a whole core without the secret. */
#define KEPT(o)									\
	do {									\
		EXPECT_EQ(SIGSEGV, (o).signal);					\
		EXPECT_TRUE((o).has_core);					\
		EXPECT_EQ(0, (o).tagged);					\
		EXPECT_LE(1, (o).plain);					\
	} while (0)

/* The dump was killed before the page, for @why. */
#define KILLED(o, why)								\
	do {									\
		EXPECT_EQ(SIGKILL, (o).signal);					\
		EXPECT_EQ(0, (o).tagged);					\
		EXPECT_EQ(1, counted(self).killed[why]);			\
		EXPECT_LE(1, free_poll(store_mode(self->store), 1000));		\
		EXPECT_EQ(why, self->event.reason);				\
	} while (0)

static void untagged(void)
{
	put_both(shared->mem);
}

TEST_F(free, control_nothing_is_tagged)
{
	struct outcome o = judge(start(untagged));

	EXPECT_EQ(SIGSEGV, o.signal);
	EXPECT_EQ(1, o.tagged);
	EXPECT_EQ(1, o.plain);
	EXPECT_EQ(0, counted(self).pages_zeroed);
	EXPECT_EQ(0, free_poll(store_mode(self->store), 0));
}

static void tagged(void)
{
	store_tag(shared->mem + 100, SECRET);
	put_both(shared->mem);
}

TEST_F(free, tagged_page_is_zero)
{
	pid_t pid = start(tagged);
	struct outcome o = judge(pid);

	KEPT(o);
	EXPECT_EQ(1, counted(self).tags);
	EXPECT_EQ(1, counted(self).pages_zeroed);
	ASSERT_EQ(1, free_poll(store_mode(self->store), 1000));
	EXPECT_EQ(pid, self->event.tgid);
	EXPECT_EQ(FREE_KEPT, self->event.reason);
	EXPECT_EQ(1, self->event.pages_tagged);
	EXPECT_EQ(1, self->event.pages_zeroed);
}

static void tag_ended(void)
{
	tagged();
	store_untag(shared->mem + 100);
}

TEST_F(free, tag_that_ended_does_nothing)
{
	struct outcome o = judge(start(tag_ended));

	EXPECT_EQ(1, o.tagged);
	EXPECT_EQ(1, o.plain);
	EXPECT_EQ(1, counted(self).untags);
	EXPECT_EQ(0, counted(self).pages_zeroed);
}

/* Two tags on a page, of which one ends; one that is replaced by a longer one. */
static void overlapping(void)
{
	tagged();
	store_tag(shared->mem + 3000, 10);
	store_untag(shared->mem + 100);
}

static void replaced(void)
{
	uint8_t *mem = pages(3);

	store_tag(mem + 100, 10);
	store_tag(mem + 100, PAGE);
	put(mem + PAGE, TAGGED);
	put(mem + 2 * PAGE, PLAIN);
}

/* One that is followed by a shorter one was not wiped, and stays when that one ends. */
static void shortened(void)
{
	uint8_t *mem = pages(3);

	store_tag(mem + 100, PAGE);
	store_tag(mem + 100, 10);
	store_untag(mem + 100);
	put(mem + PAGE, TAGGED);
	put(mem + 2 * PAGE, PLAIN);
}

TEST_F(free, tags_overlap)
{
	struct outcome o = judge(start(overlapping));

	KEPT(o);
	EXPECT_EQ(1, counted(self).untags);
	o = judge(start(replaced));
	KEPT(o);
	o = judge(start(shortened));
	KEPT(o);
}

/* A secret over the edge of two pages. */
static void two_pages(void)
{
	uint8_t *mem = pages(3);

	store_tag(mem + PAGE - SECRET / 2, SECRET);
	put(mem + PAGE - SECRET / 2, TAGGED);
	put(mem + 2 * PAGE, PLAIN);
}

TEST_F(free, both_pages_of_a_range)
{
	struct outcome o = judge(start(two_pages));

	KEPT(o);
	EXPECT_EQ(2, counted(self).pages_zeroed);
}

static void *wait_forever(void *arg)
{
	store_tag(arg, SECRET);
	put(arg, TAGGED);
	shared->error++;
	for (;;)
		pause();
	return NULL;
}

static void with_threads(void)
{
	uint8_t *mem = pages(4);
	pthread_t thread;
	int i;

	shared->error = 0;
	for (i = 0; i < 4; i++)
		pthread_create(&thread, NULL, wait_forever, mem + i * PAGE);
	while (*(volatile int *)&shared->error < 4)
		usleep(1000);
	put_both(pages(2));
	tagged();
}

TEST_F(free, tags_of_other_threads)
{
	/* One of the plain pages' neighbours has a secret in an untagged page. */
	struct outcome o = judge(start(with_threads));

	EXPECT_EQ(SIGSEGV, o.signal);
	EXPECT_EQ(1, o.tagged);
	EXPECT_EQ(2, o.plain);
	EXPECT_EQ(5, counted(self).pages_zeroed);
}

/* Only the parent tells who it is: both have the same place for that. */
static pid_t fork_child(void)
{
	pid_t pid = fork();

	if (pid)
		shared->child = pid;
	return pid;
}

/* A child that has written to the page since, and so has a page of its own. */
static void fork_and_write(void)
{
	tagged();
	if (!fork_child()) {
		put(shared->mem + 1000, TAGGED);
		for (;;)
			pause();
	}
	usleep(50000);
	put(shared->mem + 2000, TAGGED);
}

TEST_F(free, child_with_its_own_page)
{
	struct outcome o;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	o = judge(start(fork_and_write));
	KEPT(o);
	kill(shared->child, SIGSEGV);
	o = judge(shared->child);
	KEPT(o);
	EXPECT_LE(1, counted(self).inherited);
	EXPECT_EQ(2, counted(self).pages_zeroed);
}

/* A child whose page is still its parent's: nobody may write to it. */
static void fork_and_crash(void)
{
	tagged();
	if (!fork_child()) {
		for (;;)
			pause();
	}
}

TEST_F(free, page_shared_by_fork)
{
	struct outcome o;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	o = judge(start(fork_and_crash));
	KILLED(o, FREE_UNWRITABLE);
	kill(shared->child, SIGSEGV);
	o = judge(shared->child);
	EXPECT_EQ(SIGKILL, o.signal);
	EXPECT_EQ(0, o.tagged);
}

/* The tag ends in the parent after the fork: the child has a copy of the secret. */
static void fork_and_end(void)
{
	tag_ended();
	if (!fork_child()) {
		put(shared->mem + 1000, TAGGED);
		for (;;)
			pause();
	}
	usleep(50000);
	_exit(0);
}

TEST_F(free, ended_tags_are_inherited)
{
	struct outcome o;
	pid_t pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = start(fork_and_end);
	waitpid(pid, NULL, 0);
	kill(shared->child, SIGSEGV);
	o = judge(shared->child);
	KEPT(o);
}

static void zero_page(void)
{
	volatile uint8_t *mem = pages(1);

	put_both(shared->mem);
	put(shared->mem + 100, PLAIN);
	store_tag((void *)mem, PAGE);
	(void)mem[5];
	store_tag(pages(1), PAGE);
}

TEST_F(free, zero_page_and_untouched_memory)
{
	struct outcome o = judge(start(zero_page));

	KEPT(o);
	EXPECT_EQ(2, counted(self).tags);
}

static void huge_page(void)
{
	uint8_t *mem = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	mem = (uint8_t *)(((uintptr_t)mem + HUGE - 1) & -HUGE);
	if (madvise(mem, HUGE, MADV_HUGEPAGE))
		shared->error = errno;
	store_tag(mem + 77 * PAGE + 100, SECRET);
	put(mem + 77 * PAGE + 100, TAGGED);
	put(mem + 78 * PAGE + 100, PLAIN);
}

TEST_F(free, huge_page)
{
	struct outcome o;

	shared->error = 0;
	o = judge(start(huge_page));
	KEPT(o);
	EXPECT_EQ(0, shared->error);
	EXPECT_EQ(1, counted(self).pages_zeroed);
}

static void read_only(void)
{
	tagged();
	mprotect(shared->mem, PAGE, PROT_READ);
}

static void no_access(void)
{
	tagged();
	mprotect(shared->mem, PAGE, PROT_NONE);
}

TEST_F(free, read_only_page)
{
	struct outcome o = judge(start(read_only));

	KILLED(o, FREE_UNWRITABLE);
}

TEST_F(free, page_without_access)
{
	struct outcome o = judge(start(no_access));

	KILLED(o, FREE_UNWRITABLE);
}

/* Do the page tables have a page there? mincore() would count what is in the swap cache. */
static bool mapped(const void *at)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;
	ssize_t n = pread(fd, &entry, sizeof(entry), (uintptr_t)at / PAGE * sizeof(entry));

	close(fd);
	return n != sizeof(entry) || entry >> 63;
}

/* Swapped out, and read back by the dump. */
static void swapped(void)
{
	tagged();
	madvise(shared->mem, PAGE, MADV_PAGEOUT);
	shared->error = mapped(shared->mem);
}

TEST_F(free, swapped_page)
{
	const char *path = "/out/kredact.swap";
	struct outcome o;

	shared->error = 0;
	ASSERT_EQ(0, system("dd if=/dev/zero of=/out/kredact.swap bs=1M count=16 2>/dev/null && "
			    "chmod 600 /out/kredact.swap && mkswap /out/kredact.swap >/dev/null"));
	ASSERT_EQ(0, swapon(path, 0));
	o = judge(start(swapped));
	EXPECT_EQ(0, shared->error);
	EXPECT_EQ(0, swapoff(path));
	unlink(path);
	EXPECT_EQ(0, o.tagged);
	printf("# swapped: the dump was %s\n", o.signal == SIGKILL ? "killed" : "kept");
}

static void shared_memory(void)
{
	store_tag(shared->mem + 100, SECRET);
	put_both(shared->mem);
}

TEST_F(free, memory_of_others_is_not_changed)
{
	struct outcome o;

	shared->mem = shared_pages(2);
	o = judge(start(shared_memory));
	KILLED(o, FREE_NOT_PRIVATE);
	EXPECT_EQ(0, memcmp(shared->mem + 100, shared->secret[TAGGED], SECRET));
}

static int live_on(void *unused)
{
	for (;;)
		pause();
	return 0;
}

/* By clone() without CLONE_THREAD: the other goes on living with the same memory. */
static void share_mm(void)
{
	tagged();
	shared->child = clone(live_on, pages(STACK / PAGE) + STACK, CLONE_VM | SIGCHLD, NULL);
}

TEST_F(free, process_that_shares_the_mm)
{
	struct outcome o;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	o = judge(start(share_mm));
	KILLED(o, FREE_SHARED_MM);
	kill(shared->child, SIGKILL);
	waitpid(shared->child, NULL, 0);
}

static void moved(void)
{
	uint8_t *to = pages(4);

	tagged();
	if (mremap(shared->mem, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		shared->error = errno;
}

TEST_F(free, mremap_takes_tags_along)
{
	struct outcome o;

	shared->error = 0;
	o = judge(start(moved));
	KEPT(o);
	EXPECT_EQ(0, shared->error);
	EXPECT_EQ(1, counted(self).moved);
}

static void moved_by_uffd(void)
{
	uint8_t *to = pages(1);

	tagged();
	shared->error = -uffd_move(to, shared->mem, PAGE);
}

TEST_F(free, uffdio_move_takes_tags_along)
{
	struct outcome o;

	if (!uffd_can_move())
		SKIP(return, "this kernel has no UFFDIO_MOVE");
	o = judge(start(moved_by_uffd));
	KEPT(o);
	EXPECT_EQ(0, shared->error);
	EXPECT_EQ(1, counted(self).moved);
}

static void exec_shell(void)
{
	tagged();
	execl("/bin/sh", "sh", "-c", "kill -SEGV $$", NULL);
}

TEST_F(free, exec_ends_tags)
{
	struct outcome o = judge(start(exec_shell));

	EXPECT_EQ(SIGSEGV, o.signal);
	EXPECT_TRUE(o.has_core);
	EXPECT_EQ(1, counted(self).tags);
	EXPECT_EQ(0, free_poll(store_mode(self->store), 0));
}

TEST_F(free, core_to_a_pipe)
{
	struct outcome o;

	/* The same name as a file would have. */
	ASSERT_TRUE(core_pipe_set("#!/bin/sh\nexec cat >/tmp/kredact.core.$1\n"));
	o = judge(start(untagged));
	EXPECT_EQ(1, o.tagged);
	EXPECT_EQ(1, o.plain);
	o = judge(start(tagged));
	KEPT(o);
	o = judge(start(read_only));
	KILLED(o, FREE_UNWRITABLE);
}

static void many_pages(void)
{
	uint8_t *mem = pages(40);

	tagged();
	store_tag(mem, 40 * PAGE);
	put(mem + 39 * PAGE, TAGGED);
}

TEST_F(free, full_map_of_pages)
{
	struct outcome o;

	store_close(self->store);
	ASSERT_TRUE(open_store(self, (struct free_opts){ .max_pages = 16 }));
	o = judge(start(tagged));
	KEPT(o);
	o = judge(start(many_pages));
	KILLED(o, FREE_MARKED);
	EXPECT_FALSE(o.has_core);
	EXPECT_EQ(1, counted(self).tags_lost);
	/* What it had is free again, and the mark is gone. */
	o = judge(start(tagged));
	KEPT(o);
}

static void fork_many(void)
{
	uint8_t *mem = pages(12);

	store_tag(mem, 12 * PAGE);
	put(mem + 11 * PAGE, TAGGED);
	if (!fork_child())
		for (;;)
			pause();
	_exit(0);
}

TEST_F(free, full_map_at_fork)
{
	struct outcome o;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	store_close(self->store);
	ASSERT_TRUE(open_store(self, (struct free_opts){ .max_pages = 16 }));
	waitpid(start(fork_many), NULL, 0);
	kill(shared->child, SIGSEGV);
	o = judge(shared->child);
	KILLED(o, FREE_MARKED);
	EXPECT_FALSE(o.has_core);
}

TEST_F(free, full_map_of_processes)
{
	struct outcome o;
	pid_t first;

	store_close(self->store);
	ASSERT_TRUE(open_store(self, (struct free_opts){ .max_processes = 1 }));
	first = fork();
	if (!first) {
		tagged();
		for (;;)
			pause();
	}
	usleep(200000);
	o = judge(start(tagged));
	KILLED(o, FREE_MARKED);
	EXPECT_FALSE(o.has_core);
	o = judge(start(untagged));
	EXPECT_EQ(1, o.tagged);
	kill(first, SIGSEGV);
	o = judge(first);
	KEPT(o);
}

static void ranges_used_up(void)
{
	store_tag(shared->mem + 3000, 1);
	store_untag(shared->mem + 3000);
	store_tag(shared->mem + 3100, 1);
	tagged();
	store_untag(shared->mem + 3100);
	store_untag(shared->mem + 100);
}

TEST_F(free, full_map_of_ranges)
{
	struct outcome o;

	store_close(self->store);
	ASSERT_TRUE(open_store(self, (struct free_opts){ .max_ranges = 1 }));
	o = judge(start(ranges_used_up));
	KEPT(o);
	EXPECT_EQ(2, counted(self).sticky);
}

TEST_F(free, living_processes_keep_their_memory)
{
	struct outcome o;

	tagged();
	o = judge(start(untagged));
	EXPECT_EQ(0, o.tagged);
	EXPECT_EQ(0, memcmp(shared->mem + 100, shared->secret[TAGGED], SECRET));
}

TEST_HARNESS_MAIN
