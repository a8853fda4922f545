// SPDX-License-Identifier: GPL-2.0
/*
 * Copies that the hunt was told not to look for are found in the core by the seal's
 * fingerprints, by kredact-verify as it is installed and with the key of the seal.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core.h"
#include "module.h"
#include "policy.h"
#include "kselftest_harness.h"

#define SECRET	64
#define HUGE	(1ul << 20)
#define CORE	"/tmp/prints.core"
#define KEY	"/tmp/prints.key"
#define LIMIT	"/sys/module/kredact/parameters/hunt_memory"

/* What the child that crashes shares with the test that looks at its core. */
struct scene {
	uint8_t secret[SECRET];
	uint8_t *reg;		/* a page of its own */
	uint8_t *mem;		/* eight pages to plant copies in */
	uint8_t *huge;		/* registered by some */
	size_t len;		/* of the secret */
	int copies;
	int failed;
	pid_t other;
};

FIXTURE(prints) {
	struct scene *scene;
	struct kredact_policy policy;
	struct core core;
	char out[65536];
};

static int install_key(uint8_t fill)
{
	uint8_t key[32];
	struct kredact_key install = {
		.size = sizeof(install),
		.key = (uintptr_t)key,
		.key_len = sizeof(key),
	};
	FILE *file = fopen(KEY, "w");

	memset(key, fill, sizeof(key));
	if (!file || fwrite(key, sizeof(key), 1, file) != 1 || fclose(file))
		return -1;
	return ioctl(kredact_fd(), KREDACT_IOC_SET_KEY, &install);
}

FIXTURE_SETUP(prints)
{
	struct scene *scene = shared_pages(1);

	memset(&self->core, 0, sizeof(self->core));
	ASSERT_EQ(0, policy_get(&self->policy));
	core_pattern_save();
	/* What the test knows must not be in the memory of the one that crashes. */
	ASSERT_NE(NULL, scene);
	ASSERT_EQ(0, madvise(scene, PAGE, MADV_DONTDUMP));
	fill_secret(scene->secret, SECRET, 77);
	scene->reg = pages(1);
	scene->mem = pages(8);
	ASSERT_NE(NULL, scene->reg);
	ASSERT_NE(NULL, scene->mem);
	scene->len = SECRET;
	scene->copies = 1;
	self->scene = scene;
	ASSERT_EQ(0, install_key(3));
}

FIXTURE_TEARDOWN(prints)
{
	if (self->scene->other)
		kill(self->scene->other, SIGKILL);
	core_free(&self->core);
	policy_set(&self->policy);
	write_file(LIMIT, "64");
	core_pattern_restore();
	unlink(CORE);
	unlink(KEY);
}

static void plant(uint8_t *to, const uint8_t *from, size_t len, bool reversed)
{
	volatile uint8_t *out = to;

	for (size_t i = 0; i < len; i++)
		out[i] = from[reversed ? len - 1 - i : i];
}

/* At all alignments, in both orders, over borders of pages. */
static void plant_all(struct scene *scene)
{
	for (int i = 0; i < scene->copies; i++)
		plant(scene->mem + 400 * i + i, scene->secret, scene->len, i & 1);
}

static void registered(void *arg)
{
	struct scene *scene = arg;

	plant_all(scene);
	plant(scene->reg, scene->secret, scene->len, false);
	scene->failed = reg(scene->reg, scene->len, 0, "print me", NULL);
}

/* A child that has the secret registered, of which the one that crashes has copies. */
static void registered_by_child(void *arg)
{
	struct scene *scene = arg;
	int ready[2];
	char byte;
	pid_t pid;

	scene->failed = pipe(ready) || reg(scene->reg + 2048, 8, 0, NULL, NULL);
	pid = fork();
	if (!pid) {
		plant(scene->reg, scene->secret, scene->len, false);
		scene->failed |= reg(scene->reg, scene->len, 0, NULL, NULL) != 0;
		write(ready[1], "", 1);
		for (;;)
			pause();
	}
	scene->other = pid;
	scene->failed |= pid < 0 || read(ready[0], &byte, 1) != 1;
	plant_all(scene);
}

static void registered_huge(void *arg)
{
	struct scene *scene = arg;
	unsigned long state = 88172645463325252UL;

	for (size_t i = 0; i < scene->len; i += 8) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		memcpy(scene->huge + i, &state, 8);
	}
	scene->failed = reg(scene->huge, scene->len, KREDACT_NOPIN, NULL, NULL);
}

static int hunt(uint32_t whose)
{
	struct kredact_policy policy;

	return policy_get(&policy) ?: (policy.hunt = whose, policy_set(&policy));
}

/* Runs @run in a child that crashes, and loads its core. */
#define CRASH(run)								\
	do {									\
		pid_t crashed = crash(run, self->scene);			\
		ASSERT_LT(0, crashed);						\
		ASSERT_EQ(0, self->scene->failed);				\
		ASSERT_TRUE(core_load(&self->core, crashed));			\
		ASSERT_NE(NULL, core_seal(&self->core));			\
	} while (0)

/* The exit status of kredact-verify, whose report is in self->out. */
static int verify(struct _test_data_prints *self, const char *options)
{
	FILE *file = fopen(CORE, "w");
	char command[256];
	size_t len;
	int status;

	if (!file || fwrite(self->core.bytes, self->core.len, 1, file) != 1 || fclose(file))
		return -1;
	snprintf(command, sizeof(command), "kredact-verify --no-scan %s " CORE " 2>&1", options);
	file = popen(command, "r");
	if (!file)
		return -1;
	len = fread(self->out, 1, sizeof(self->out) - 1, file);
	self->out[len] = 0;
	status = pclose(file);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define SAYS(words)	EXPECT_NE(NULL, strstr(self->out, words)) TH_LOG("%s", self->out)

static const struct kredact_seal_prints *seal_prints(const struct core *core)
{
	const struct kredact_seal_record *record = NULL;

	while ((record = core_seal_record(core, record)))
		if (record->type == KREDACT_SEAL_FINGERPRINTS)
			return (const void *)(record + 1);
	return NULL;
}

TEST_F(prints, copies_that_are_not_hunted)
{
	const struct kredact_seal_prints *prints;

	ASSERT_EQ(0, hunt(KREDACT_HUNT_OFF));
	self->scene->copies = 34;
	CRASH(registered);
	prints = seal_prints(&self->core);
	ASSERT_NE(NULL, prints);
	EXPECT_EQ(2, prints->pieces);
	EXPECT_EQ(0, prints->blocks);
	EXPECT_EQ(SECRET, prints->bytes);
	EXPECT_EQ(0, prints->missing);
	EXPECT_EQ(0, prints->failure);
	EXPECT_EQ(1, verify(self, "--key " KEY));
	SAYS("34 copies of registered secrets, 2176 bytes");
	SAYS("print me");
}

TEST_F(prints, copies_that_are_hunted)
{
	ASSERT_EQ(0, hunt(KREDACT_HUNT_ALL));
	self->scene->copies = 34;
	CRASH(registered);
	EXPECT_EQ(0, verify(self, "--key " KEY));
	SAYS("no copy in the file of 64 registered bytes");
}

TEST_F(prints, no_copies)
{
	ASSERT_EQ(0, hunt(KREDACT_HUNT_OFF));
	self->scene->copies = 0;
	CRASH(registered);
	EXPECT_EQ(0, verify(self, "--key " KEY));
	SAYS("no copy in the file of 64 registered bytes");
}

/* A key of AES-128 is a block, one of AES-256 a piece. */
TEST_F(prints, short_secrets)
{
	static const struct { size_t len; const char *says; } keys[] = {
		{ 16, "5 copies of registered secrets, 80 bytes" },
		{ 24, "5 copies of registered secrets, 80 bytes" },
		{ 32, "5 copies of registered secrets, 160 bytes" },
	};
	unsigned int i;

	ASSERT_EQ(0, hunt(KREDACT_HUNT_OFF));
	for (i = 0; i < 3; i++) {
		self->scene->len = keys[i].len;
		self->scene->copies = 5;
		CRASH(registered);
		EXPECT_EQ(1, verify(self, "--key " KEY));
		SAYS(keys[i].says);
		core_free(&self->core);
	}
	self->scene->len = 15;
	CRASH(registered);
	EXPECT_EQ(0, verify(self, "--key " KEY));
	SAYS("nothing that is registered is long and various enough");
}

TEST_F(prints, of_a_child)
{
	ASSERT_EQ(0, hunt(KREDACT_HUNT_OFF));
	CRASH(registered_by_child);
	EXPECT_EQ(1, verify(self, "--key " KEY));
	SAYS("1 copy of registered secrets, 64 bytes");
	SAYS("of another process");
}

TEST_F(prints, keys)
{
	ASSERT_EQ(0, hunt(KREDACT_HUNT_OFF));
	CRASH(registered);
	EXPECT_EQ(0, verify(self, "--no-key"));
	SAYS("they need the key of the seal");
	/* The salt is another one in each dump. */
	uint8_t salt[16];

	memcpy(salt, seal_prints(&self->core)->salt, sizeof(salt));
	core_free(&self->core);
	CRASH(registered);
	EXPECT_NE(0, memcmp(salt, seal_prints(&self->core)->salt, sizeof(salt)));
	ASSERT_EQ(0, install_key(4));
	EXPECT_EQ(2, verify(self, "--key " KEY));
	SAYS("not used: the seal is not authentic");
}

TEST_F(prints, more_than_the_index_may_hold)
{
	const struct kredact_seal_prints *prints;

	self->scene->huge = pages(HUGE / PAGE);
	ASSERT_NE(NULL, self->scene->huge);
	self->scene->len = HUGE;
	ASSERT_EQ(0, write_file(LIMIT, "1"));
	ASSERT_EQ(0, hunt(KREDACT_HUNT_OFF));
	CRASH(registered_huge);
	prints = seal_prints(&self->core);
	ASSERT_NE(NULL, prints);
	EXPECT_EQ(KREDACT_UNINDEXED_LIMIT, prints->failure);
	EXPECT_EQ(0, prints->pieces);
	EXPECT_EQ(0, verify(self, "--key " KEY));
	SAYS("more secrets than the index may hold");
}

/* What they cost, exact where the clock counts instructions: "make bench" says so. */
static double dump_us(struct scene *scene)
{
	struct timespec start, end;
	char path[64];
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &start);
	pid = crash(registered_huge, scene);
	clock_gettime(CLOCK_MONOTONIC, &end);
	snprintf(path, sizeof(path), "/tmp/kredact.core.%d", pid);
	if (pid < 0 || scene->failed || unlink(path))
		return -1;
	return (end.tv_sec - start.tv_sec) * 1e6 + (end.tv_nsec - start.tv_nsec) / 1e3;
}

/* By a process of its own: who has the device open keeps the module from going. */
static int install_key_apart(void)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(install_key(3) ? 1 : 0);
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

FIXTURE(cost) {
	struct scene *scene;
};

FIXTURE_SETUP(cost)
{
	self->scene = shared_pages(1);
	ASSERT_NE(NULL, self->scene);
	self->scene->huge = pages(HUGE / PAGE);
	ASSERT_NE(NULL, self->scene->huge);
	core_pattern_save();
}

FIXTURE_TEARDOWN(cost)
{
	core_pattern_restore();
	unlink(KEY);
}

TEST_F_TIMEOUT(cost, of_a_dump, 300)
{
	static const size_t sizes[] = { PAGE, 960 << 10 };
	double us[2];
	int i, with;

	for (i = 0; i < 2; i++) {
		self->scene->len = sizes[i];
		for (with = 0; with < 2; with++) {
			/* With the random key that it comes with, it makes none. */
			ASSERT_EQ(0, module_remove_soon(KREDACT));
			ASSERT_EQ(0, module_insert(KREDACT, ""));
			ASSERT_EQ(0, with ? install_key_apart() : 0);
			us[with] = dump_us(self->scene);
			ASSERT_LT(0, us[with]);
		}
		TH_LOG("%zu random bytes registered: %.0f us, with fingerprints %.0f us",
		       sizes[i], us[0], us[1]);
		/* For each byte 125 instructions; 91 were measured, and dumps differ. */
		if (getenv("KREDACT_ICOUNT"))
			EXPECT_GE(2000 + sizes[i] / 8, us[1] - us[0]);
	}
}

TEST_HARNESS_MAIN
