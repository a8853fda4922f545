// SPDX-License-Identifier: GPL-2.0
/*
 * Copies of registered bytes, anywhere in a dump, do not get into it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core.h"
#include "policy.h"
#include "runs.h"
#include "kselftest_harness.h"

#define RUN	16
#define SECRET	64

extern char **environ;

/* What the child that crashes shares with the test that looks at its core. */
struct scene {
	uint8_t secret[SECRET];		/* registered by the child, in @reg */
	uint8_t twin[SECRET];		/* registered by nobody: the control */
	uint8_t text[SECRET];
	uint8_t *reg;			/* one page of its own */
	uint8_t *mem;			/* eight pages to plant copies in */
	uint32_t flags;
	const char *label;
	int failed;
};

FIXTURE(hunt) {
	struct scene *scene;
	struct kredact_policy policy;
	struct core core;
};

FIXTURE_SETUP(hunt)
{
	struct scene *scene;

	memset(&self->core, 0, sizeof(self->core));
	ASSERT_EQ(0, policy_get(&self->policy));
	core_pattern_save();
	/* What the test knows must not be in the memory of the one that crashes. */
	scene = shared_pages(1);
	ASSERT_NE(NULL, scene);
	ASSERT_EQ(0, madvise(scene, PAGE, MADV_DONTDUMP));
	fill_secret(scene->secret, SECRET, 41);
	fill_secret(scene->twin, SECRET, 42);
	scene->reg = pages(1);
	scene->mem = pages(8);
	ASSERT_NE(NULL, scene->reg);
	ASSERT_NE(NULL, scene->mem);
	self->scene = scene;
}

FIXTURE_TEARDOWN(hunt)
{
	core_free(&self->core);
	policy_set(&self->policy);
	core_pattern_restore();
}

static void registered(struct scene *scene)
{
	/* Nothing but this loop touches it: memcpy() would leave it in vector registers. */
	for (int i = 0; i < SECRET; i++)
		((volatile uint8_t *)scene->reg)[i] = scene->secret[i];
	scene->failed = reg(scene->reg, SECRET, scene->flags, scene->label, NULL);
}

static void plant(uint8_t *to, const uint8_t *from, int len, bool reversed)
{
	volatile uint8_t *out = to;

	for (int i = 0; i < len; i++)
		out[i] = from[reversed ? len - 1 - i : i];
}

/* Runs @run in a child that crashes, and loads its core. */
#define CRASH(run)								\
	do {									\
		pid_t pid = crash(run, self->scene);				\
		ASSERT_LT(0, pid);						\
		ASSERT_EQ(0, self->scene->failed);				\
		ASSERT_TRUE(core_load(&self->core, pid));			\
		ASSERT_NE(NULL, core_seal(&self->core));			\
	} while (0)

#define LONGEST(of)	longest_run(self->core.bytes, self->core.len, of, SECRET)

/* At every alignment, in both orders, over borders of pages. */
static void plant_many(void *arg)
{
	struct scene *scene = arg;
	int i;

	for (i = 0; i < 32; i++) {
		plant(scene->mem + 200 * i + i, scene->secret, SECRET, i & 1);
		plant(scene->mem + 200 * i + i + 80, scene->twin, SECRET, i & 1);
	}
	registered(scene);
}

TEST_F(hunt, every_alignment_and_order)
{
	const struct kredact_seal_hunt *sums;
	int i;

	CRASH(plant_many);
	EXPECT_GT(RUN, LONGEST(self->scene->secret));
	EXPECT_EQ(SECRET, LONGEST(self->scene->twin));
	sums = seal_hunt(&self->core);
	ASSERT_NE(NULL, sums);
	EXPECT_EQ(1, sums->ranges);
	EXPECT_EQ(SECRET, sums->bytes);
	EXPECT_EQ(0, sums->bytes_plain);
	EXPECT_EQ(32 * SECRET, sums->copy_bytes);
	EXPECT_LE(32, sums->copies);
	EXPECT_EQ(0, sums->copies_lost);
	EXPECT_EQ(0, sums->unindexed);
	for (i = 0; i < 32; i++)
		EXPECT_TRUE(seal_has_copy(&self->core, (uintptr_t)self->scene->mem + 200 * i + i,
					  SECRET, i & 1 ? KREDACT_COPY_REVERSED : 0));
}

/* Neither more nor less than the copy is zeroed, wherever the border of pages is. */
static void plant_at_borders(void *arg)
{
	struct scene *scene = arg;
	int i;

	memset(scene->mem, 0xa5, 8 * PAGE);
	for (i = 1; i < 8; i++)
		plant(scene->mem + i * PAGE - 9 * i, scene->secret, SECRET, i & 1);
	/* Its first bytes are behind a page that can neither be read nor written. */
	mprotect(scene->mem + 3 * PAGE, PAGE, PROT_NONE);
	mprotect(scene->mem + 5 * PAGE, PAGE, PROT_READ);
	registered(scene);
}

TEST_F(hunt, borders_of_pages_and_mappings)
{
	const uint8_t *mem;
	int i, j;

	CRASH(plant_at_borders);
	EXPECT_GT(RUN, LONGEST(self->scene->secret));
	for (i = 1; i < 8; i++) {
		for (j = -9 * i - 8; j < -9 * i + SECRET + 8; j++) {
			mem = core_at(&self->core, (uintptr_t)self->scene->mem + i * PAGE + j, 1);
			ASSERT_NE(NULL, mem);
			EXPECT_EQ(j < -9 * i || j >= -9 * i + SECRET ? 0xa5 : 0, *mem)
				TH_LOG("border %d, byte %d", i, j);
		}
	}
}

static void plant_pieces(void *arg)
{
	struct scene *scene = arg;
	int i;

	memset(scene->mem, 0xa5, 8 * PAGE);
	/* 15 bytes are no copy, 16 are; the bytes on both sides do not go on. */
	for (i = 0; i + RUN <= SECRET; i++) {
		plant(scene->mem + 100 * i, scene->secret + i, RUN - 1, i & 1);
		plant(scene->mem + 100 * i + 50, scene->secret + i, RUN, i & 1);
	}
	registered(scene);
}

TEST_F(hunt, pieces_of_the_least_length)
{
	uint8_t want[RUN];
	const uint8_t *mem;
	int i, j;

	CRASH(plant_pieces);
	EXPECT_EQ(RUN - 1, LONGEST(self->scene->secret));
	for (i = 0; i + RUN <= SECRET; i++) {
		mem = core_at(&self->core, (uintptr_t)self->scene->mem + 100 * i, 100);
		ASSERT_NE(NULL, mem);
		for (j = 0; j < RUN - 1; j++)
			want[j] = self->scene->secret[i + (i & 1 ? RUN - 2 - j : j)];
		EXPECT_EQ(0, memcmp(mem, want, RUN - 1));
		EXPECT_TRUE(all_zero(mem + 50, RUN));
		EXPECT_EQ(0xa5, mem[49]);
		EXPECT_EQ(0xa5, mem[50 + RUN]);
	}
}

/* Where a program has copies without knowing: arguments, environment, a freed chunk. */
static void plant_anywhere(void *arg)
{
	struct scene *scene = arg;
	uint8_t *chunk = malloc(4096), *image = malloc(4096), stack[SECRET];
	char *args = program_invocation_name;

	plant(chunk + 1001, scene->secret, SECRET, false);
	plant(image + 1003, scene->twin, SECRET, false);
	free(chunk);
	plant(stack, scene->secret, SECRET, true);
	plant((uint8_t *)environ[0], scene->secret, RUN + 4, false);
	/* NT_PRPSINFO shows the first bytes of the arguments. */
	plant((uint8_t *)args, scene->secret, strlen(args) < RUN ? 0 : RUN, false);
	registered(scene);
}

TEST_F(hunt, heap_stack_arguments_environment)
{
	CRASH(plant_anywhere);
	EXPECT_GT(RUN, LONGEST(self->scene->secret));
	EXPECT_EQ(SECRET, LONGEST(self->scene->twin));
	EXPECT_LE(RUN, strlen(program_invocation_name));
	EXPECT_TRUE(seal_has_copy_in_note(&self->core));
}

/* Two copies on a page of which registered bytes are zeroed too. */
static void plant_beside(void *arg)
{
	struct scene *scene = arg;

	scene->flags = KREDACT_EXACT;
	memset(scene->reg, 0xa5, PAGE);
	plant(scene->reg + 1000, scene->secret, SECRET, false);
	plant(scene->reg + 2001, scene->secret, SECRET, true);
	registered(scene);
}

TEST_F(hunt, beside_exact_ranges)
{
	const uint8_t *mem;
	int i, zeros = 0;

	CRASH(plant_beside);
	EXPECT_GT(RUN, LONGEST(self->scene->secret));
	mem = core_at(&self->core, (uintptr_t)self->scene->reg, PAGE);
	ASSERT_NE(NULL, mem);
	for (i = 0; i < (int)PAGE; i++)
		zeros += mem[i] != 0xa5;
	EXPECT_EQ(3 * SECRET, zeros);
	ASSERT_NE(NULL, seal_hunt(&self->core));
	EXPECT_EQ(2, seal_hunt(&self->core)->copies);
}

/* Zeros and text are in every dump; they do not make holes of it. */
static void plant_plain(void *arg)
{
	static const char text[] = "the reason that the text is not searched for is that it is everywhere";
	struct scene *scene = arg;

	memcpy(scene->reg, text, sizeof(text));
	memcpy(scene->mem, text, sizeof(text));
	memset(scene->reg + 1000, 0x11, 1000);
	memset(scene->mem + 1000, 0x11, 1000);
	plant(scene->reg + 3000, scene->secret, SECRET, false);
	plant(scene->mem + 3000, scene->secret, SECRET, false);
	memcpy(scene->text, text, SECRET);
	scene->failed = reg(scene->reg, PAGE, 0, NULL, NULL);
}

TEST_F(hunt, plain_bytes_are_not_hunted)
{
	const struct kredact_seal_hunt *sums;
	const uint8_t *mem;

	CRASH(plant_plain);
	mem = core_at(&self->core, (uintptr_t)self->scene->mem, PAGE);
	ASSERT_NE(NULL, mem);
	EXPECT_EQ(0, memcmp(mem, self->scene->text, SECRET));
	EXPECT_EQ(0x11, mem[1500]);
	EXPECT_TRUE(all_zero(mem + 3000, SECRET));
	sums = seal_hunt(&self->core);
	ASSERT_NE(NULL, sums);
	EXPECT_EQ(PAGE, sums->bytes + sums->bytes_plain);
	EXPECT_LE(PAGE - SECRET - 64, sums->bytes_plain);
	EXPECT_LE(SECRET, sums->bytes);
}

/* A worker wipes the buffer that it inherited, but not the copy it made. */
static void plant_in_child(void *arg)
{
	struct scene *scene = arg;
	pid_t pid;

	registered(scene);
	if (scene->failed)
		_exit(1);
	pid = fork();
	if (pid) {
		/* The parent lives on until the child has been dumped. */
		waitpid(pid, NULL, 0);
		_exit(0);
	}
	plant(scene->mem + 77, scene->secret, SECRET, true);
	plant(scene->mem + 177, scene->twin, SECRET, true);
	memset(scene->reg, 0, PAGE);
	scene->failed = getpid();
	die_of_segv();
}

TEST_F(hunt, children_that_wiped_theirs)
{
	pid_t pid;

	pid = fork();
	if (!pid)
		plant_in_child(self->scene);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	ASSERT_LT(1, self->scene->failed);
	ASSERT_TRUE(core_load(&self->core, self->scene->failed));
	EXPECT_GT(RUN, LONGEST(self->scene->secret));
	EXPECT_EQ(SECRET, LONGEST(self->scene->twin));
	EXPECT_TRUE(seal_has_copy(&self->core, (uintptr_t)self->scene->mem + 77, SECRET,
				  KREDACT_COPY_REVERSED | KREDACT_COPY_OTHERS));
}

/* One process registers, another one of the same user crashes. */
static pid_t start_owner(struct scene *scene, uint32_t flags, uid_t uid, int *end)
{
	int ready[2], wait[2];
	char byte = 1;
	pid_t pid;

	if (pipe(ready) || pipe(wait))
		return -1;
	pid = fork();
	if (!pid) {
		close(wait[1]);
		scene->flags = flags;
		if (kredact_fd() < 0 || setresuid(uid, uid, uid))
			_exit(1);
		registered(scene);
		byte = !!scene->failed;
		if (write(ready[1], &byte, 1) == 1)
			read(wait[0], &byte, 1);
		_exit(0);
	}
	close(ready[1]);
	close(wait[0]);
	*end = wait[1];
	if (read(ready[0], &byte, 1) != 1 || byte)
		pid = -1;
	close(ready[0]);
	return pid;
}

static void plant_only(void *arg)
{
	struct scene *scene = arg;

	plant(scene->mem + 4090, scene->secret, SECRET, false);
	plant(scene->mem + 3000, scene->twin, SECRET, false);
}

TEST_F(hunt, groups_of_a_user)
{
	int end = -1;
	pid_t owner, pid;

	/* Offered to the group. */
	owner = start_owner(self->scene, KREDACT_GROUP, 0, &end);
	ASSERT_LT(0, owner);
	CRASH(plant_only);
	EXPECT_GT(RUN, LONGEST(self->scene->secret));
	EXPECT_EQ(SECRET, LONGEST(self->scene->twin));
	core_free(&self->core);
	close(end);
	ASSERT_EQ(owner, waitpid(owner, NULL, 0));

	/* Not offered; and offered by somebody else. */
	for (int other = 0; other < 2; other++) {
		owner = start_owner(self->scene, other ? KREDACT_GROUP : 0, other ? 65534 : 0,
				    &end);
		ASSERT_LT(0, owner);
		pid = crash(plant_only, self->scene);
		ASSERT_LT(0, pid);
		ASSERT_TRUE(core_load(&self->core, pid));
		EXPECT_EQ(NULL, core_seal(&self->core));
		EXPECT_EQ(SECRET, LONGEST(self->scene->secret));
		core_free(&self->core);
		close(end);
		ASSERT_EQ(owner, waitpid(owner, NULL, 0));
	}
}

static void plant_one(void *arg)
{
	struct scene *scene = arg;

	registered(scene);
	plant(scene->mem + 1, scene->secret, SECRET, false);
}

static int crash_with(struct __test_metadata *_metadata, FIXTURE_DATA(hunt) *self,
		      uint32_t hunt, uint32_t flags, const char *label)
{
	struct kredact_policy policy = self->policy;
	int longest;

	policy.hunt = hunt;
	ASSERT_EQ(0, policy_set(&policy));
	self->scene->flags = flags;
	self->scene->label = label;
	CRASH(plant_one);
	longest = LONGEST(self->scene->secret);
	core_free(&self->core);
	return longest;
}

TEST_F(hunt, policy_says_what_is_hunted)
{
	EXPECT_EQ(SECRET, crash_with(_metadata, self, KREDACT_HUNT_OFF, 0, NULL));
	EXPECT_EQ(SECRET, crash_with(_metadata, self, KREDACT_HUNT_OFF, 0, "key"));
	EXPECT_EQ(SECRET, crash_with(_metadata, self, KREDACT_HUNT_LABELLED, 0, NULL));
	EXPECT_GT(RUN, crash_with(_metadata, self, KREDACT_HUNT_LABELLED, 0, "key"));
	EXPECT_GT(RUN, crash_with(_metadata, self, KREDACT_HUNT_ALL, 0, NULL));
	/* A registration may ask for more. */
	EXPECT_GT(RUN, crash_with(_metadata, self, KREDACT_HUNT_OFF, KREDACT_HUNT, NULL));
	EXPECT_GT(RUN, crash_with(_metadata, self, KREDACT_HUNT_LABELLED, KREDACT_HUNT, NULL));
	/* Or have its own copies left. */
	EXPECT_EQ(SECRET, crash_with(_metadata, self, KREDACT_HUNT_ALL, KREDACT_NOHUNT, NULL));
	EXPECT_EQ(SECRET, crash_with(_metadata, self, KREDACT_HUNT_LABELLED, KREDACT_NOHUNT,
				     "key"));
}

TEST_F(hunt, policy_says_how_long_a_copy_is)
{
	static const uint32_t runs[] = { 8, 11, 16, 23, 40, 64 };
	struct kredact_policy policy = self->policy;
	unsigned int i;

	for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		policy.run = runs[i];
		ASSERT_EQ(0, policy_set(&policy));
		CRASH(plant_pieces);
		if (runs[i] < RUN) {
			EXPECT_GT(runs[i], LONGEST(self->scene->secret));
		} else {
			EXPECT_EQ(runs[i] == RUN ? RUN - 1 : RUN, LONGEST(self->scene->secret));
		}
		core_free(&self->core);
		CRASH(plant_many);
		EXPECT_GT(runs[i], LONGEST(self->scene->secret));
		core_free(&self->core);
	}
}

/* Many copies of many secrets, at random, against the oracle of runs.c. */
#define SECRETS	20

static unsigned int seed;

static void plant_random(void *arg)
{
	struct scene *scene = arg;
	uint8_t *from;
	int i, len, at;

	srand(seed);
	for (i = 0; i < SECRETS; i++) {
		fill_secret(scene->reg + 200 * i, SECRET, seed + i);
		scene->failed |= reg(scene->reg + 200 * i, SECRET, 0, NULL, NULL);
	}
	for (i = 0; i < 400; i++) {
		from = scene->reg + 200 * (rand() % SECRETS);
		len = 1 + rand() % SECRET;
		at = rand() % (SECRET - len + 1);
		plant(scene->mem + rand() % (8 * PAGE - SECRET), from + at, len, rand() & 1);
	}
}

TEST_F_TIMEOUT(hunt, at_random, 120)
{
	uint8_t secret[SECRET];
	int round, i;

	for (round = 0; round < 10; round++) {
		seed = 1000 * round + getpid();
		CRASH(plant_random);
		for (i = 0; i < SECRETS; i++) {
			fill_secret(secret, SECRET, seed + i);
			EXPECT_GT(RUN, LONGEST(secret)) TH_LOG("seed %u, secret %d", seed, i);
		}
		core_free(&self->core);
	}
}

/* Threads that copy the secret about, in every way a program does, when it crashes. */
static void *copy_about(void *arg)
{
	struct scene *scene = arg;
	unsigned int x = (uintptr_t)&x;
	uint8_t stack[2 * SECRET], *heap;
	size_t at;
	int i;

	for (;;) {
		x = x * 1103515245 + 12345;
		at = (x >> 8) % (8 * PAGE - SECRET);
		memcpy(scene->mem + at, scene->reg, SECRET);
		memcpy(stack + x % SECRET, scene->reg, SECRET);
		heap = malloc(1000 + x % 5000);
		for (i = 0; i < SECRET; i++)
			heap[900 + i] = stack[x % SECRET + SECRET - 1 - i];
		heap = realloc(heap, 6000 + x % 8000);
		memmove(heap + x % 899, heap + 900, SECRET);
		free(heap);
		memset(scene->mem + at, x, SECRET);
	}
	return NULL;
}

static void crash_in_motion(void *arg)
{
	struct scene *scene = arg;
	pthread_t thread;
	int i;

	registered(scene);
	for (i = 0; i < 3; i++)
		scene->failed |= pthread_create(&thread, NULL, copy_about, scene);
	usleep(1000 + rand() % 20000);
}

TEST_F_TIMEOUT(hunt, copies_in_motion, 3600)
{
	const char *seconds = getenv("KREDACT_SECONDS");
	time_t end = time(NULL) + (seconds ? atoi(seconds) : 0);
	unsigned int crashes = 0, copies = 0;

	srand(getpid());
	while (crashes < 20 || time(NULL) < end) {
		rand();
		CRASH(crash_in_motion);
		EXPECT_GT(RUN, LONGEST(self->scene->secret));
		copies += seal_hunt(&self->core)->copies;
		core_free(&self->core);
		crashes++;
	}
	EXPECT_LT(0, copies);
	printf("# total: %u crashes, %u copies found\n", crashes, copies);
}

/* No index, nothing that may hold copies: or copies, if the administrator prefers that. */
TEST_F(hunt, without_an_index)
{
	struct kredact_policy policy = self->policy;
	const struct kredact_seal_left_out *left;
	const struct kredact_seal_hunt *sums;
	struct kredact_info before, after;
	unsigned int i;

	ASSERT_EQ(0, write_file("/sys/module/kredact/parameters/hunt_memory", "0"));
	ASSERT_EQ(0, info(&before));
	CRASH(plant_one);
	EXPECT_GT(RUN, LONGEST(self->scene->secret));
	sums = seal_hunt(&self->core);
	ASSERT_NE(NULL, sums);
	EXPECT_EQ(KREDACT_UNINDEXED_LIMIT, sums->unindexed);
	for (i = 0; (left = core_seal_left_out(&self->core, i)); i++)
		EXPECT_EQ(KREDACT_LEFT_OUT_UNHUNTED, left->reason);
	EXPECT_LT(0, i);
	core_free(&self->core);

	policy.unhunted = KREDACT_UNHUNTED_TAGGED;
	ASSERT_EQ(0, policy_set(&policy));
	CRASH(plant_one);
	EXPECT_EQ(SECRET, LONGEST(self->scene->secret));
	ASSERT_NE(NULL, seal_hunt(&self->core));
	EXPECT_EQ(KREDACT_UNINDEXED_LIMIT, seal_hunt(&self->core)->unindexed);
	EXPECT_EQ(NULL, core_seal_left_out(&self->core, 0));
	ASSERT_EQ(0, info(&after));
	EXPECT_EQ(2, after.hunts_failed - before.hunts_failed);

	ASSERT_EQ(0, write_file("/sys/module/kredact/parameters/hunt_memory", "64"));
}

/* What registers to say, and who may. */
TEST_F(hunt, policy_calls)
{
	struct kredact_policy policy = self->policy, now;
	int status;
	pid_t pid;

	EXPECT_EQ(KREDACT_HUNT_ALL, policy.hunt);
	EXPECT_EQ(KREDACT_RUN_DEFAULT, policy.run);
	EXPECT_EQ(KREDACT_REGISTERS_ALL, policy.registers);
	EXPECT_EQ(KREDACT_UNHUNTED_WRITABLE, policy.unhunted);
	EXPECT_EQ(0, policy.strict);

#define REFUSED(member, value)								\
	do {										\
		policy = self->policy;							\
		policy.member = value;							\
		EXPECT_EQ(-EINVAL, policy_set(&policy));				\
	} while (0)
	REFUSED(hunt, 3);
	REFUSED(run, 7);
	REFUSED(run, 65);
	REFUSED(registers, 3);
	REFUSED(unhunted, 2);
	REFUSED(strict, 2);
	REFUSED(flags, 1);
	REFUSED(reserved, 1);
	policy = self->policy;
	policy.run = 9;
	policy.strict = 1;
	ASSERT_EQ(0, policy_set(&policy));
	ASSERT_EQ(0, policy_get(&now));
	EXPECT_EQ(0, memcmp(&policy, &now, sizeof(now)));
	ASSERT_EQ(0, policy_set(&self->policy));

	pid = fork();
	if (!pid) {
		if (kredact_fd() < 0 || setresuid(65534, 65534, 65534))
			_exit(1);
		_exit(policy_get(&now) || policy_set(&policy) != -EPERM ? 2 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* A caller is told what holds for its range. */
TEST_F(hunt, coverage)
{
	const uint32_t both = KREDACT_COVER_COPIES | KREDACT_COVER_REGS;
	struct kredact_policy policy = self->policy;
	struct kredact_query q;
	uint64_t handle;

	ASSERT_EQ(0, reg(self->scene->reg, SECRET, KREDACT_EXACT, NULL, &handle));
	ASSERT_EQ(0, query(self->scene->reg, SECRET, &q));
	EXPECT_EQ(both, q.coverage & both);
	policy.hunt = KREDACT_HUNT_OFF;
	policy.registers = KREDACT_REGISTERS_MATCHING;
	ASSERT_EQ(0, policy_set(&policy));
	ASSERT_EQ(0, query(self->scene->reg, SECRET, &q));
	EXPECT_EQ(0, q.coverage & both);
	ASSERT_EQ(0, unreg(handle));
	ASSERT_EQ(0, reg(self->scene->reg, SECRET, KREDACT_EXACT | KREDACT_HUNT | KREDACT_REGS,
			 NULL, &handle));
	ASSERT_EQ(0, query(self->scene->reg, SECRET, &q));
	EXPECT_EQ(both, q.coverage & both);
	/* Shorter than any copy. */
	ASSERT_EQ(0, reg(self->scene->reg + 100, 8, KREDACT_EXACT | KREDACT_HUNT, NULL, NULL));
	ASSERT_EQ(0, query(self->scene->reg + 100, 8, &q));
	EXPECT_EQ(KREDACT_COVER_REGS, q.coverage & both);
}

TEST_HARNESS_MAIN
