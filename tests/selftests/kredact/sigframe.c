// SPDX-License-Identifier: GPL-2.0
/*
 * Signal frames in cores: of a handler that runs, on the stack and on one of its own, in
 * a handler of another signal, at every place in a page, and of one that has
 * returned. The registers in them are found in the core of an untagged process
 * (the positive control).
 */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "arena.h"
#include "load.h"
#include "policy.h"
#include "runs.h"
#include "kselftest_harness.h"

#define FRAMES		3
#define ALT_STACK	(16 * PAGE)

/**
 * struct run - what a process does that crashes in a handler, or behind it
 * @tag:	it registers the secret
 * @alternate:	the handler has a stack of its own, at whose end so many bytes are unused;
 *		-1: it has none
 * @nested:	handlers, each called amid the one before
 * @returns:	the last one returns before the crash
 * @level:	of the processor
 * @ran:	handlers that were called
 * @context:	of the handlers that ran
 * @general:	as they found them there
 * @load:	registers when they were called
 */
struct run {
	bool tag;
	int alternate;
	int nested;
	bool returns;
	int level;
	int ran;
	ucontext_t *context[FRAMES];
	greg_t general[FRAMES][NGREG];
	struct load load[FRAMES];
};

FIXTURE(sigframe) {
	struct run *run;
	struct core core;
};

FIXTURE_SETUP(sigframe)
{
	size_t len = (sizeof(*self->run) + PAGE - 1) & -PAGE;
	unsigned int i;

	core_pattern_save();
	ASSERT_TRUE(arena_make());
	self->run = shared_pages(len / PAGE);
	ASSERT_NE(NULL, self->run);
	ASSERT_EQ(0, madvise(self->run, len, MADV_DONTDUMP));
	self->run->level = load_level();
	self->run->alternate = -1;
	self->run->nested = 1;
	for (i = 0; i < FRAMES; i++) {
		struct load *load = &self->run->load[i];

		fill_secret(load, sizeof(*load), 800 + i);
		memcpy(&load->general[R12], arena->secret[0] + 8 * i, 8);
		memcpy(&load->general[BP], arena->secret[0] + 8 * i + 3, 8);
		memcpy(&load->general[CX], arena->secret[0] + 8 * i + 30, 8);
	}
}

FIXTURE_TEARDOWN(sigframe)
{
	core_free(&self->core);
	core_pattern_restore();
}

static struct run *the_run;

static void on_trap(int signo, siginfo_t *info, void *context)
{
	struct run *run = the_run;
	int nr = run->ran++;

	(void)signo;
	(void)info;
	run->context[nr] = context;
	memcpy(run->general[nr], run->context[nr]->uc_mcontext.gregs, sizeof(run->general[nr]));
	if (run->ran < run->nested)
		load_and_trap(&run->load[run->ran], run->level);
	if (!run->returns)
		die_of_segv();
}

static void crash_in_handler(void *arg)
{
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_NODEFER };
	stack_t stack = { .ss_size = ALT_STACK };

	the_run = arg;
	the_run->ran = 0;
	put(page(0), 0);
	if (the_run->tag)
		tag(page(0), SECRET, KREDACT_EXACT);
	if (the_run->alternate >= 0) {
		stack.ss_sp = mmap(NULL, ALT_STACK, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		stack.ss_size -= the_run->alternate;
		if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL))
			fail("stack", 0);
		action.sa_flags |= SA_ONSTACK;
	}
	if (sigaction(SIGTRAP, &action, NULL))
		fail("sigaction", 0);
	/* Who calls it first, when registers are loaded, has the dynamic linker save them. */
	signal(SIGSEGV, SIG_DFL);
	load_and_trap(&the_run->load[0], the_run->level);
}

/* How many of the values that were in vector registers the core shows, anywhere. */
static unsigned int shown(const struct core *core, const struct run *run, unsigned int *total)
{
	unsigned int nr = 0;
	int i, j;

	*total = 0;
	for (i = 0; i < run->nested; i++) {
		const struct load *load = &run->load[i];

		for (j = 0; j < 8; j++, ++*total)
			nr += !!core_count(core, load->mmx[j], 8);
		for (j = 0; j < 16; j++, ++*total)
			nr += !!core_count(core, load->vector[j], 16);
		for (j = 0; run->level >= LEVEL_AVX && j < 16; j++, ++*total)
			nr += !!core_count(core, load->vector[j] + 16, 16);
		for (j = 0; run->level == LEVEL_AVX512 && j < 16; j++, ++*total)
			nr += !!core_count(core, load->vector[j] + 32, 32);
	}
	return nr;
}

/* Are just the general registers with parts of the secret zero in all frames? */
static const char *general_wrong(const struct core *core, const struct run *run, bool tagged)
{
	static char why[48];
	int i, j;

	for (i = 0; i < run->nested; i++) {
		const greg_t *was = run->general[i];
		const uint8_t *at = core_at(core, (uintptr_t)run->context[i]->uc_mcontext.gregs,
					    sizeof(run->general[i]));

		if (!at)
			return "no frame";
		for (j = 0; j < NGREG; j++) {
			bool goes = tagged && (j == REG_R12 || j == REG_RBP || j == REG_RCX);
			greg_t now;

			memcpy(&now, at + j * sizeof(now), sizeof(now));
			if (now == (goes ? 0 : was[j]))
				continue;
			snprintf(why, sizeof(why), "frame %d, register %d: %llx", i, j, now);
			return why;
		}
	}
	return "";
}

#define CRASH_RUN(tags)									\
	do {										\
		pid_t pid;								\
											\
		self->run->tag = tags;							\
		pid = crash(crash_in_handler, self->run);				\
		ASSERT_EQ(0, arena->error) TH_LOG("%s: %d", arena->why, arena->error);	\
		ASSERT_LT(0, pid);							\
		core_free(&self->core);							\
		ASSERT_TRUE(core_load(&self->core, pid));				\
		ASSERT_EQ(self->run->nested, self->run->ran);				\
	} while (0)

#define EXPECT_REDACTED()								\
	do {										\
		unsigned int total;							\
											\
		CRASH_RUN(false);							\
		EXPECT_EQ(shown(&self->core, self->run, &total), total);		\
		EXPECT_STREQ("", general_wrong(&self->core, self->run, false));		\
		CRASH_RUN(true);							\
		EXPECT_EQ(0, shown(&self->core, self->run, &total));			\
		EXPECT_STREQ("", general_wrong(&self->core, self->run, true));		\
		ASSERT_NE(NULL, seal_hunt(&self->core));				\
		EXPECT_LE(self->run->nested, seal_hunt(&self->core)->frames);		\
		EXPECT_LT(0, seal_hunt(&self->core)->frame_bytes);			\
		EXPECT_EQ(0, core_seal_counts(&self->core)->pages_left_out);		\
	} while (0)

TEST_F(sigframe, on_the_stack)
{
	EXPECT_REDACTED();
}

TEST_F(sigframe, nested)
{
	self->run->nested = FRAMES;
	EXPECT_REDACTED();
}

TEST_F(sigframe, nested_on_another_stack)
{
	self->run->nested = FRAMES;
	self->run->alternate = 0;
	EXPECT_REDACTED();
}

/* The frame goes over the end of a page, in each of its parts. */
TEST_F(sigframe, every_place_in_a_page)
{
	for (self->run->alternate = 0; self->run->alternate < (int)PAGE;
	     self->run->alternate += 192)
		EXPECT_REDACTED();
}

/* Nothing was written over the frame yet. */
TEST_F(sigframe, handler_has_returned)
{
	unsigned int total;

	self->run->returns = true;
	self->run->alternate = 0;
	CRASH_RUN(false);
	EXPECT_EQ(shown(&self->core, self->run, &total), total);
	CRASH_RUN(true);
	EXPECT_EQ(0, shown(&self->core, self->run, &total));
	ASSERT_NE(NULL, seal_hunt(&self->core));
	EXPECT_LE(1, seal_hunt(&self->core)->frames);
}

TEST_F(sigframe, policy_none)
{
	struct kredact_policy policy;
	unsigned int total;

	ASSERT_EQ(0, policy_get(&policy));
	policy.registers = KREDACT_REGISTERS_NONE;
	policy.hunt = KREDACT_HUNT_OFF;
	ASSERT_EQ(0, policy_set(&policy));
	CRASH_RUN(true);
	policy.registers = KREDACT_REGISTERS_ALL;
	policy.hunt = KREDACT_HUNT_ALL;
	ASSERT_EQ(0, policy_set(&policy));
	EXPECT_EQ(shown(&self->core, self->run, &total), total);
	EXPECT_STREQ("", general_wrong(&self->core, self->run, false));
	ASSERT_NE(NULL, seal_hunt(&self->core));
	EXPECT_EQ(0, seal_hunt(&self->core)->frames);
}

TEST_HARNESS_MAIN
