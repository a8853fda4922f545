// SPDX-License-Identifier: GPL-2.0
/*
 * Threads register, move, divide, end and unmap ranges at the moment at which
 * their process crashes; so do children that they fork, and processes that
 * share the mm without being threads, which crash while the others go on. The
 * rule: memory that was tagged before a secret was written to it, and wiped
 * before the tag ended, never shows the secret.
 *
 * $KREDACT_SECONDS is how long it takes. Everything is small, so that a crash
 * takes milliseconds also where the processor is emulated: small stacks, no
 * malloc(), and only anonymous memory is dumped.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"

#define VICTIMS		3	/* at the same time */
#define THREADS		4	/* of each */
#define PAGES		6	/* of each thread */
#define STACK		(16 * PAGE)
#define TOKEN		16
#define CORE_MAX	(8 << 20)

/* The last byte of a token; all others are the same, so that one search finds both. */
#define SECRET_KIND	'S'
#define CONTROL_KIND	'C'

/* Told by the victims. */
struct shared {
	int error;
	unsigned int line;
	unsigned int registered;
	unsigned int random;
};

static struct shared *shared;
static pthread_barrier_t all_there;
/* One page with a token, one with a token and a secret that is tagged exactly. */
static uint8_t *control;
static uint8_t *stacks;
/* How many more crashes of other kinds a victim may have. */
static int forks, sharers;

static void fail_at(unsigned int line, int error)
{
	__atomic_store_n(&shared->line, line, __ATOMIC_RELAXED);
	__atomic_store_n(&shared->error, error ?: -1, __ATOMIC_RELAXED);
}

#define fail(error) fail_at(__LINE__, error)

static void write_token(uint8_t *to, uint8_t kind)
{
	fill_secret(to, TOKEN - 1, 1);
	to[TOKEN - 1] = kind;
}

/* At both ends of each page. */
static void write_secrets(uint8_t *mem, int first, int end)
{
	for (; first < end; first++) {
		write_token(mem + first * PAGE, SECRET_KIND);
		write_token(mem + (first + 1) * PAGE - TOKEN, SECRET_KIND);
	}
}

static void wipe(uint8_t *mem)
{
	volatile uint8_t *at = mem;
	size_t i, j;

	for (i = 0; i < PAGES; i++) {
		for (j = 0; j < TOKEN; j++) {
			at[i * PAGE + j] = 0;
			at[(i + 1) * PAGE - 1 - j] = 0;
		}
	}
}

/* Fresh memory at a fixed place: from the start on nobody else maps anything anywhere. */
static uint8_t *fresh(uint8_t *at, size_t nr)
{
	void *mem = mmap(at, nr * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (mem != at)
		fail(-errno);
	return at;
}

static uint8_t *move(uint8_t *mem, uint8_t *to, size_t nr, int flags)
{
	void *moved = mremap(mem, nr * PAGE, nr * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | flags, to);

	if (moved != to)
		fail(-errno);
	return to;
}

/* Tags all of it, in one of four ways, pinned or not. */
static int tag(uint8_t *mem, unsigned int how, uint32_t pins, struct kredact_range *ranges)
{
	struct kredact_batch batch = {
		.size = sizeof(batch),
		.flags = pins | (how & 1 ? KREDACT_EXACT : 0),
		.ranges = (uintptr_t)ranges,
		.label = (uintptr_t)"race",
		.label_len = 4,
	};
	uint64_t handle;
	uint32_t i;
	int ret;

	if (how < 2) {
		ret = reg(mem, PAGES * PAGE, batch.flags, "race", &handle);
		ranges[0].handle = handle;
		batch.nr = 1;
	} else {
		/* Only the tokens, two at each edge of a page; or more than all, overlapping. */
		batch.nr = how & 1 ? PAGES + 1 : 4;
		for (i = 0; i < batch.nr; i++) {
			uint8_t *start = mem + i * PAGE - TOKEN, *end = mem + i * PAGE + TOKEN;

			if (!(how & 1)) {
				start = mem + i * PAGE + 100;
				end = start + (PAGES - 3) * PAGE - 200;
			}
			if (start < mem)
				start = mem;
			if (end > mem + PAGES * PAGE)
				end = mem + PAGES * PAGE;
			ranges[i].addr = (uintptr_t)start;
			ranges[i].len = end - start;
		}
		ret = ioctl(kredact_fd(), KREDACT_IOC_REGISTER_BATCH, &batch) ? -errno : 0;
	}
	if (ret)
		fail(ret);
	__atomic_add_fetch(&shared->registered, batch.nr, __ATOMIC_RELAXED);
	return batch.nr;
}

static void advise(uint8_t *mem, int advice)
{
	if (madvise(mem, PAGES * PAGE, advice))
		fail(-errno);
}

/* True if not all of it is tagged any more. */
static bool walk(uint8_t *home, uint8_t *away, unsigned int how)
{
	switch (how) {
	case 0:
		move(home, away, PAGES, 0);
		write_secrets(away, 0, PAGES);
		move(away, fresh(home, PAGES), PAGES, 0);
		fresh(away, PAGES);
		break;
	case 1:
		/* The middle takes a walk. */
		move(home + 2 * PAGE, away, 2, 0);
		write_secrets(away, 0, 2);
		move(away, home + 2 * PAGE, 2, 0);
		fresh(away, PAGES);
		break;
	case 2:
		move(home + PAGE, away + PAGE, 3, MREMAP_DONTUNMAP);
		write_secrets(away, 1, 4);
		move(away + PAGE, home + PAGE, 3, 0);
		fresh(away, PAGES);
		break;
	case 3:
		/* The middle goes: what is there next is not tagged. */
		fresh(home + 2 * PAGE, 2);
		write_secrets(home, 0, 2);
		write_secrets(home, 4, PAGES);
		return true;
	case 4:
		advise(home, MADV_DONTNEED);
		write_secrets(home, 0, PAGES);
		break;
	case 5:
		advise(home, MADV_FREE);
		write_secrets(home, 0, PAGES);
		break;
	case 6:
		advise(home, MADV_PAGEOUT);
		break;
	case 7:
		if (mprotect(home, PAGES * PAGE, PROT_NONE) ||
		    mprotect(home, PAGES * PAGE, PROT_READ | PROT_WRITE))
			fail(-errno);
		break;
	}
	return false;
}

static int crash_now(void *unused)
{
	for (;;)
		*(volatile int *)8 = 1;
	return 0;
}

/* Children of the parent, which waits for them: our own end does not matter to them. */
static void crash_others(uint8_t *stack, unsigned int random)
{
	pid_t pid;

	if (random % 16 == 0 && __atomic_sub_fetch(&forks, 1, __ATOMIC_RELAXED) >= 0) {
		pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
		if (!pid)
			crash_now(NULL);
		if (pid < 0)
			fail(-errno);
	}
	if (random % 16 == 1 && __atomic_sub_fetch(&sharers, 1, __ATOMIC_RELAXED) >= 0 &&
	    clone(crash_now, stack + PAGE, CLONE_VM | CLONE_PARENT | SIGCHLD, NULL) < 0)
		fail(-errno);
}

static void *work(void *arg)
{
	uint8_t *home = pages(PAGES), *away = pages(PAGES), *stack = pages(1);
	unsigned int random = shared->random + (uintptr_t)arg * 7919;
	struct kredact_range ranges[PAGES + 1];
	int nr, i, ret;
	bool holed;

	pthread_barrier_wait(&all_there);
	while (home && away && stack) {
		nr = tag(home, rand_r(&random) % 4, rand_r(&random) & KREDACT_NOPIN, ranges);
		write_secrets(home, 0, PAGES);
		crash_others(stack, rand_r(&random));
		holed = walk(home, away, rand_r(&random) % 10);
		if (rand_r(&random) & 1) {
			wipe(home);
			for (i = 0; i < nr; i++) {
				ret = unreg(ranges[i].handle);
				if (ret && !(holed && ret == -ENOENT))
					fail(ret);
			}
		} else {
			/* The tags go with the mapping. */
			fresh(home, PAGES);
		}
	}
	fail(-ENOMEM);
	return NULL;
}

static void victim(void)
{
	struct timespec some_time = { .tv_nsec = shared->random % 4000000 };
	pthread_attr_t attr;
	pthread_t thread;
	long i;
	int ret;

	forks = 2;
	sharers = 2;
	ret = reg(control + PAGE + 512, TOKEN, KREDACT_EXACT, NULL, NULL);
	if (ret)
		fail(ret);
	write_token(control + PAGE + 512, SECRET_KIND);
	pthread_barrier_init(&all_there, NULL, THREADS + 1);
	pthread_attr_init(&attr);
	for (i = 0; i < THREADS; i++) {
		pthread_attr_setstack(&attr, stacks + i * STACK, STACK);
		ret = pthread_create(&thread, &attr, work, (void *)i);
		if (ret)
			fail(-ret);
	}
	pthread_barrier_wait(&all_there);
	nanosleep(&some_time, NULL);
	crash_now(NULL);
}

struct sums {
	unsigned int crashes, leaks, controls, exact_controls, left_out, sealed;
};

static void judge(const struct core *core, struct sums *sums)
{
	const struct kredact_seal_counts *counts = core_seal_counts(core);
	const uint8_t *at = core->bytes, *end = at + core->len, *page;

	while ((at = memmem(at, end - at, control, TOKEN - 1))) {
		at += TOKEN;
		sums->leaks += at > end || at[-1] != CONTROL_KIND;
	}
	page = core_at(core, (uintptr_t)control, TOKEN);
	sums->controls += page && !memcmp(page, control, TOKEN);
	page = core_at(core, (uintptr_t)control + PAGE, PAGE);
	sums->exact_controls += page && !memcmp(page, control, TOKEN) &&
				all_zero(page + 512, TOKEN);
	/* Where others go on, pages may have to be left out, and a seal cannot vouch for it. */
	sums->left_out += counts && counts->pages_left_out;
	sums->sealed += core_seal(core) != NULL;
	sums->crashes++;
}

FIXTURE(race) {
	struct core core;
	pid_t victims[VICTIMS];
};

FIXTURE_SETUP(race)
{
	core_pattern_save();
	tags_only();
	ASSERT_EQ(0, write_file("/proc/self/coredump_filter", "0x01"));
	ASSERT_LE(0, kredact_fd());
	shared = shared_pages(1);
	control = pages(2);
	stacks = pages(THREADS * STACK / PAGE);
	self->core.bytes = pages(CORE_MAX / PAGE);
	ASSERT_TRUE(shared && control && stacks && self->core.bytes);
	/* No child has a copy of a core. */
	ASSERT_EQ(0, madvise(self->core.bytes, CORE_MAX, MADV_DONTFORK));
	write_token(control, CONTROL_KIND);
	write_token(control + PAGE, CONTROL_KIND);
}

FIXTURE_TEARDOWN(race)
{
	core_pattern_restore();
}

TEST_F_TIMEOUT(race, threads_and_a_crash, 1 << 20)
{
	struct kredact_info before, after;
	time_t end = time(NULL) + atoi(getenv("KREDACT_SECONDS") ?: "8");
	struct sums sums = { 0 };
	bool start = true;
	int status, i;
	pid_t pid;

	ASSERT_EQ(0, info(&before));
	srand(getpid());
	while (1) {
		start = start && time(NULL) < end;
		for (i = 0; i < VICTIMS; i++) {
			if (self->victims[i] || !start)
				continue;
			shared->random = rand();
			self->victims[i] = fork();
			ASSERT_LE(0, self->victims[i]);
			if (!self->victims[i])
				victim();
		}
		pid = waitpid(-1, &status, 0);
		if (pid < 0 && errno == ECHILD)
			break;
		ASSERT_EQ(0, shared->error) TH_LOG("line %u", shared->line);
		ASSERT_TRUE(WIFSIGNALED(status) && WCOREDUMP(status));
		ASSERT_EQ(SIGSEGV, WTERMSIG(status));
		for (i = 0; i < VICTIMS; i++)
			if (self->victims[i] == pid)
				self->victims[i] = 0;
		ASSERT_TRUE(core_read(&self->core, pid, CORE_MAX));
		judge(&self->core, &sums);
	}
	ASSERT_EQ(0, info(&after));
	TH_LOG("total: %u crashes, %u registrations, %u leaks, %u seals, %u of them with pages left out",
	       sums.crashes, shared->registered, sums.leaks, sums.sealed, sums.left_out);
	EXPECT_EQ(0, sums.leaks);
	EXPECT_EQ(sums.crashes, sums.controls);
	EXPECT_LE(sums.crashes, sums.exact_controls + after.pages_left_out - before.pages_left_out);
	EXPECT_EQ(sums.crashes, sums.sealed + after.seals_failed - before.seals_failed);
	EXPECT_LE(sums.crashes / 3, sums.sealed);
	EXPECT_LT(sums.crashes, shared->registered);
}

TEST_HARNESS_MAIN
