// SPDX-License-Identifier: GPL-2.0
/*
 * Memory to tag and to crash with: see arena.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"

#define LABEL	"piece"
#define STACK	(16 * PAGE)

struct arena *arena;

bool arena_make(void)
{
	unsigned int i;

	arena = shared_pages(1);
	if (!arena || madvise(arena, PAGE, MADV_DONTDUMP))
		return false;
	arena->mem = pages(ARENA);
	for (i = 0; i < SECRETS; i++)
		put(arena->secret[i], i);
	return arena->mem && !pipe(arena->ready) && !pipe(arena->go) && kredact_fd() >= 0;
}

void fail(const char *why, long error)
{
	if (!arena->error) {
		arena->error = error ?: -1;
		snprintf(arena->why, sizeof(arena->why), "%s", why);
	}
}

uint8_t *page(unsigned int nr)
{
	return arena->mem + nr * PAGE;
}

void put(uint8_t *at, unsigned int which)
{
	fill_secret(at, SECRET, 400 + which);
}

void put_on_page(unsigned int nr, unsigned int which)
{
	put(page(nr) + 100, which);
}

uint64_t tag(void *at, size_t len, uint32_t flags)
{
	uint64_t handle;
	int ret = reg(at, len, flags, LABEL, &handle);

	if (ret)
		fail("register", ret);
	return handle;
}

uint64_t tagged(void *at, size_t len)
{
	struct kredact_query q;
	int ret = query(at, len, &q);

	if (ret)
		fail("query", ret);
	return ret ? 0 : q.tagged;
}

void expect_tagged(void *at, size_t len, uint64_t bytes)
{
	uint64_t now = tagged(at, len);

	if (now != bytes)
		fail("bytes that are tagged", now);
}

void fresh(void *at, size_t len)
{
	if (mmap(at, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
		 MAP_FIXED_NOREPLACE, -1, 0) != at)
		fail("mmap", -errno);
}

uint8_t *piece(unsigned int which)
{
	return page(which) + 100;
}

void put_pieces(void)
{
	unsigned int i;

	for (i = 0; i < PIECES; i++)
		put(piece(i), i);
}

void tag_pieces(void)
{
	tag(piece(WHOLE), SECRET, 0);
	tag(piece(EXACT), SECRET, KREDACT_EXACT);
	put_pieces();
}

bool pieces_are_tagged(void)
{
	return tagged(piece(WHOLE), SECRET) == SECRET && tagged(piece(EXACT), SECRET) == SECRET &&
	       !tagged(piece(PLAIN), SECRET);
}

static const char *wrong(const struct core *core, pid_t pid, unsigned int ranges)
{
	const struct kredact_seal_header *seal = core_seal(core);
	const uint8_t *at = core_at(core, (uintptr_t)arena->mem, PIECES * PAGE);
	char label[KREDACT_LABEL_MAX + 1];

	if (!at || !all_zero(at, PAGE) || core_count(core, arena->secret[WHOLE], SECRET))
		return "the piece that is tagged whole";
	if (!all_zero(at + (piece(EXACT) - arena->mem), SECRET) ||
	    core_count(core, arena->secret[EXACT], SECRET))
		return "the piece that is tagged exactly";
	if (memcmp(at + (piece(PLAIN) - arena->mem), arena->secret[PLAIN], SECRET))
		return "the piece that is not tagged";
	if (!seal || seal->tgid != (uint32_t)pid)
		return "the seal";
	if (core_seal_counts(core)->ranges != ranges || core_seal_counts(core)->pages_left_out)
		return "the seal's numbers";
	if (!core_seal_has(core, (uintptr_t)piece(WHOLE), SECRET, 0, label) ||
	    strcmp(label, LABEL) ||
	    !core_seal_has(core, (uintptr_t)piece(EXACT), SECRET, KREDACT_EXACT, label) ||
	    strcmp(label, LABEL))
		return "the seal's ranges";
	return "";
}

const char *pieces_wrong(pid_t pid, unsigned int ranges, struct kredact_seal_header *seal)
{
	struct core core;
	const char *what;

	if (arena->error)
		return arena->why;
	what = core_load(&core, pid) ? wrong(&core, pid, ranges) : "no core";
	if (seal && !*what)
		*seal = *core_seal(&core);
	core_free(&core);
	return what;
}

void nothing(void *arg)
{
}

bool died(pid_t pid)
{
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGSEGV && WCOREDUMP(status);
}

void tell(int fd)
{
	if (write(fd, "", 1) != 1)
		fail("write", -errno);
}

void await(int fd)
{
	char byte;

	if (read(fd, &byte, 1) != 1)
		fail("read", -errno);
}

bool run_thread(pthread_t *thread, void *(*run)(void *arg))
{
	pthread_attr_t attr;

	return !pthread_attr_init(&attr) && !pthread_attr_setstacksize(&attr, STACK) &&
	       !pthread_create(thread, &attr, run, NULL);
}

pid_t clone_vm(int (*run)(void *arg))
{
	uint8_t *stack = pages(STACK / PAGE);

	return stack ? clone(run, stack + STACK, CLONE_VM | SIGCHLD, NULL) : -1;
}
