/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory for processes to tag and to crash with, secrets to put there, and what
 * such processes tell the test.
 */
#ifndef KREDACT_SELFTEST_ARENA_H
#define KREDACT_SELFTEST_ARENA_H

#include <pthread.h>

#include "core.h"

#define SECRET	64
#define SECRETS	8
#define ARENA	64

/**
 * struct arena - shared by a test and its children, and not dumped
 * @mem:	ARENA pages, private to each of them
 * @to:		where memory came to lie in a child
 * @error:	what went wrong first in a child: an errno or any other number
 * @why:	likewise
 * @stop:	tells threads to end
 * @ready:	a pipe for tell() and await()
 * @go:		likewise
 * @pids:	of children's children
 * @secret:	what put() writes, to look for in cores
 */
struct arena {
	uint8_t *mem;
	uint8_t *to;
	int error;
	char why[64];
	bool stop;
	int ready[2], go[2];
	pid_t pids[8];
	uint8_t secret[SECRETS][SECRET];
};

extern struct arena *arena;

/* To begin with. */
bool arena_make(void);

void fail(const char *why, long error);

uint8_t *page(unsigned int nr);

/* Secrets, in their place, or on a page and away from its start. */
void put(uint8_t *at, unsigned int which);
void put_on_page(unsigned int nr, unsigned int which);

/* reg() and query() that do not fail, or tell. */
uint64_t tag(void *at, size_t len, uint32_t flags);
uint64_t tagged(void *at, size_t len);
void expect_tagged(void *at, size_t len, uint64_t bytes);

/* New memory where nothing is mapped. */
void fresh(void *at, size_t len);

/*
 * Three pieces, each on a page of its own and with the secret of that number:
 * one is tagged whole, one byte by byte, and one is not.
 */
enum { WHOLE, EXACT, PLAIN, PIECES };

uint8_t *piece(unsigned int which);
void put_pieces(void);
void tag_pieces(void);
bool pieces_are_tagged(void);

/*
 * What is wrong in the core of a reaped process that had them tagged, and
 * @ranges ranges in all; "" if nothing. Its seal's header goes to @seal, if given.
 */
const char *pieces_wrong(pid_t pid, unsigned int ranges, struct kredact_seal_header *seal);

/* For crash(): nothing but that. */
void nothing(void *arg);

/* Reaps a process: did it die of SIGSEGV, and leave a core? */
bool died(pid_t pid);

/* One byte, by which processes wait for each other. */
void tell(int fd);
void await(int fd);

/* With a stack that is small, and so is the core: a thread; a process in the same mm. */
bool run_thread(pthread_t *thread, void *(*run)(void *arg));
pid_t clone_vm(int (*run)(void *arg));

/*
 * For tests whose fixture has a @core: crash(), and then look at the core, which
 * has @nr tags, and @shared pages that are tagged at another address.
 */
#define CRASH_SHARED(run, arg, nr, shared)						\
	do {										\
		pid_t child = crash(run, arg);						\
		ASSERT_EQ(0, arena->error) TH_LOG("%s: %d", arena->why, arena->error);	\
		ASSERT_LT(0, child);							\
		ASSERT_TRUE(core_load(&self->core, child));				\
		ASSERT_NE(NULL, core_seal(&self->core));				\
		EXPECT_EQ(nr, core_seal_counts(&self->core)->ranges);			\
		EXPECT_EQ(shared, core_seal_counts(&self->core)->pages_left_out);	\
	} while (0)
#define CRASH(run, arg, nr)	CRASH_SHARED(run, arg, nr, 0)

#define HIDDEN(i)	EXPECT_EQ(0, core_count(&self->core, arena->secret[i], SECRET))
#define SHOWN(i)	EXPECT_EQ(1, core_count(&self->core, arena->secret[i], SECRET))
#define NAMED(at, len, flags)								\
	EXPECT_TRUE(core_seal_has(&self->core, (uintptr_t)(at), len, flags, NULL))
#define ZERO(at, len)									\
	do {										\
		const uint8_t *bytes = core_at(&self->core, (uintptr_t)(at), len);	\
		ASSERT_NE(NULL, bytes);							\
		EXPECT_TRUE(all_zero(bytes, len));					\
	} while (0)

#endif /* KREDACT_SELFTEST_ARENA_H */
