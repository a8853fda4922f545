// SPDX-License-Identifier: GPL-2.0
/*
 * Seals that a daemon makes of dumps of the module-free mode: where they lie, what they list,
 * and what kredact-verify says of them and of cores that are not theirs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"
#include "sidecar.h"
#include "store.h"

#define KEY		"/tmp/kredact.key"
#define OTHER_KEY	"/tmp/kredact.other"
#define SEALS		"/tmp/kredact.seals"
#define HOME		"/tmp/kredact.home"
#define USER		1000
/* At 32 in a piece of 280 bytes, the ring has room for some 119,000. */
#define FEW		20000
#define MANY		140000

FIXTURE(sidecar) {
	struct store *store;
	struct sidecar *seals;
	struct sidecar_made made;
	int error;
	int dumps;
	bool complete;
	size_t ranges;
	struct free_range first;
	uint8_t *mem;
};

static void on_listed(const struct free_dump *dump, void *arg)
{
	FIXTURE_DATA(sidecar) *self = arg;
	struct complaint why = { "" };

	self->dumps++;
	self->complete = dump->complete;
	self->ranges = dump->nr_ranges;
	self->first = dump->nr_ranges ? dump->ranges[0] : (struct free_range){};
	self->error = sidecar_write(self->seals, dump, &self->made, &why);
	printf("# %s: %s%s\n", self->made.path, self->error ? why.text : "sealed",
	       self->made.bound ? ", with a digest" : "");
}

static bool open_store(FIXTURE_DATA(sidecar) *self, unsigned int max_pages)
{
	struct free_opts opts = { .listed = on_listed, .arg = self, .log = stderr,
				  .max_pages = max_pages };
	enum free_why why;

	self->store = store_open(&opts, &why);
	return self->store;
}

static bool make_key(const char *path, unsigned int seed)
{
	uint8_t key[32];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	bool written;

	fill_secret(key, sizeof(key), seed);
	written = fd >= 0 && write(fd, key, sizeof(key)) == sizeof(key);
	close(fd);
	return written;
}

FIXTURE_SETUP(sidecar)
{
	struct sidecar_opts opts = { .dir = SEALS };
	struct complaint why = { "" };
	struct keyfile key;

	core_pattern_save();
	ASSERT_TRUE(make_key(KEY, 1) && make_key(OTHER_KEY, 2));
	ASSERT_EQ(0, system("rm -rf " SEALS " " HOME));
	ASSERT_EQ(0, mkdir(SEALS, 0700));
	ASSERT_EQ(0, mkdir(HOME, 0700));
	ASSERT_EQ(0, chown(HOME, USER, USER));
	ASSERT_EQ(0, keyfile_load(&key, KEY, true, &why));
	opts.key = &key;
	self->seals = sidecar_open(&opts, &why);
	ASSERT_NE(NULL, self->seals) TH_LOG("%s", why.text);
	keyfile_wipe(&key);
	self->mem = pages(8);
	ASSERT_TRUE(open_store(self, 0));
}

FIXTURE_TEARDOWN(sidecar)
{
	if (self->store)
		EXPECT_EQ(0, free_missed(store_mode(self->store)));
	store_close(self->store);
	sidecar_close(self->seals);
	core_pattern_restore();
}

/* A child that does @run to the memory and dies; and what is told of it. */
static pid_t crash_of(FIXTURE_DATA(sidecar) *self, void (*run)(uint8_t *mem))
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		run(self->mem);
		die_of_segv();
	}
	waitpid(pid, &status, 0);
	while (!self->dumps && free_poll(store_mode(self->store), 5000) > 0)
		;
	return pid;
}

/* Three pages, two of them neighbours, and one without a tag. */
static void tagged(uint8_t *mem)
{
	store_tag(mem + PAGE - 10, 20);
	store_tag(mem + 3 * PAGE, 1);
	fill_secret(mem + PAGE - 10, 20, 3);
	fill_secret(mem + 2 * PAGE, 20, 4);
	fill_secret(mem + 3 * PAGE, 20, 5);
}

static void read_only(uint8_t *mem)
{
	tagged(mem);
	mprotect(mem, PAGE, PROT_READ);
}

static const char *core_of(pid_t pid)
{
	static char path[64];

	snprintf(path, sizeof(path), "/tmp/kredact.core.%d", pid);
	return path;
}

/* Exit status of kredact-verify, or -1. */
static int verify(const char *key, const char *seal, const char *core)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (seal)
			execlp("kredact-verify", "kredact-verify", "-q", "--key", key, "--seal",
			       seal, core, NULL);
		execlp("kredact-verify", "kredact-verify", "-q", "--key", key, core, NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Changes a byte of a file; twice, and it is as it was. */
static bool flip(const char *path, off_t at)
{
	int fd = open(path, O_RDWR);
	uint8_t byte;
	bool done;

	done = pread(fd, &byte, 1, at) == 1;
	byte ^= 1;
	done &= pwrite(fd, &byte, 1, at) == 1;
	close(fd);
	return done;
}

/* Where in the file is the page? */
static off_t offset_of(const char *path, const void *page)
{
	static uint8_t bytes[1 << 24];
	int fd = open(path, O_RDONLY);
	struct core core = { .bytes = bytes, .len = read(fd, bytes, sizeof(bytes)) };
	const uint8_t *at = core_at(&core, (uintptr_t)page, PAGE);

	close(fd);
	return at ? at - bytes : -1;
}

TEST_F(sidecar, beside_the_core)
{
	const char *core = core_of(crash_of(self, tagged));
	char seal[sizeof(self->made.path)];
	struct stat stat_core, stat_seal;

	ASSERT_EQ(1, self->dumps);
	ASSERT_EQ(0, self->error);
	EXPECT_TRUE(self->complete && self->made.beside && self->made.bound);
	EXPECT_EQ(2, self->ranges);
	EXPECT_EQ((uintptr_t)self->mem, self->first.addr);
	EXPECT_EQ(2 * PAGE, self->first.len);
	snprintf(seal, sizeof(seal), "%s.kredact-seal", core);
	EXPECT_STREQ(seal, self->made.path);
	ASSERT_EQ(0, stat(core, &stat_core));
	ASSERT_EQ(0, lstat(seal, &stat_seal));
	EXPECT_EQ(S_IFREG | 0600, stat_seal.st_mode);
	EXPECT_EQ(stat_core.st_uid, stat_seal.st_uid);
	EXPECT_EQ(0, verify(KEY, NULL, core));
	EXPECT_EQ(0, verify(KEY, seal, core));
	EXPECT_EQ(2, verify(OTHER_KEY, NULL, core));
	unlink(seal);
	EXPECT_EQ(2, verify(KEY, NULL, core));
	unlink(core);
}

TEST_F(sidecar, core_that_was_changed)
{
	const char *core = core_of(crash_of(self, tagged));
	off_t plain, secret;

	ASSERT_EQ(0, self->error);
	plain = offset_of(core, self->mem + 2 * PAGE);
	secret = offset_of(core, self->mem + 3 * PAGE);
	ASSERT_LT(0, plain);
	ASSERT_LT(0, secret);
	ASSERT_TRUE(flip(core, plain + 50));
	EXPECT_EQ(2, verify(KEY, NULL, core));
	ASSERT_TRUE(flip(core, plain + 50));
	EXPECT_EQ(0, verify(KEY, NULL, core));
	ASSERT_TRUE(flip(core, secret));
	EXPECT_EQ(1, verify(KEY, NULL, core));
	ASSERT_TRUE(flip(core, secret));
	ASSERT_TRUE(flip(self->made.path, 300));
	EXPECT_EQ(2, verify(KEY, NULL, core));
	unlink(self->made.path);
	unlink(core);
}

TEST_F(sidecar, seal_of_another_core)
{
	char core[64], seal[sizeof(self->made.path)];

	snprintf(core, sizeof(core), "%s", core_of(crash_of(self, tagged)));
	ASSERT_EQ(0, self->error);
	memcpy(seal, self->made.path, sizeof(seal));
	self->dumps = 0;
	crash_of(self, tagged);
	ASSERT_EQ(0, self->error);
	ASSERT_STRNE(seal, self->made.path);
	EXPECT_EQ(2, verify(KEY, self->made.path, core));
	EXPECT_EQ(0, verify(KEY, seal, core));
}

TEST_F(sidecar, killed_dump)
{
	const char *core = core_of(crash_of(self, read_only));

	ASSERT_EQ(1, self->dumps);
	ASSERT_EQ(0, self->error);
	EXPECT_TRUE(self->made.bound);
	EXPECT_EQ(2, self->ranges);
	EXPECT_EQ(2, verify(KEY, NULL, core));
	unlink(self->made.path);
	unlink(core);
}

TEST_F(sidecar, core_to_a_pipe)
{
	const char *core;

	ASSERT_TRUE(core_pipe_set("#!/bin/sh\nexec cat >/tmp/kredact.core.$1\n"));
	core = core_of(crash_of(self, tagged));
	ASSERT_EQ(1, self->dumps);
	ASSERT_EQ(0, self->error);
	EXPECT_TRUE(self->complete && !self->made.beside && !self->made.bound);
	EXPECT_EQ(0, strncmp(SEALS "/", self->made.path, strlen(SEALS "/")));
	EXPECT_EQ(2, verify(KEY, NULL, core));
	EXPECT_EQ(0, verify(KEY, self->made.path, core));
	EXPECT_EQ(0, truncate(core, 1 << 16));
	EXPECT_EQ(2, verify(KEY, self->made.path, core));
	unlink(core);
}

/* A user, in a directory of his own, to which relative names lead. */
static void as_user(uint8_t *mem)
{
	if (chdir(HOME) || setgid(USER) || setuid(USER) || prctl(PR_SET_DUMPABLE, 1))
		_exit(1);
	tagged(mem);
}

TEST_F(sidecar, owner_of_the_core)
{
	struct stat stat;
	char core[64];

	ASSERT_TRUE(core_pattern_set("my core"));
	crash_of(self, as_user);
	ASSERT_EQ(0, self->error);
	EXPECT_STREQ(HOME "/my core.kredact-seal", self->made.path);
	ASSERT_EQ(0, lstat(self->made.path, &stat));
	EXPECT_EQ(S_IFREG | 0600, stat.st_mode);
	EXPECT_EQ(USER, stat.st_uid);
	EXPECT_EQ(USER, stat.st_gid);
	snprintf(core, sizeof(core), HOME "/my core");
	EXPECT_EQ(0, verify(KEY, NULL, core));
	/* The next core takes the place of this one, and its seal that of its seal. */
	self->dumps = 0;
	crash_of(self, as_user);
	ASSERT_EQ(0, self->error);
	EXPECT_TRUE(self->made.beside);
	EXPECT_EQ(0, verify(KEY, NULL, core));
}

TEST_F(sidecar, links_in_the_way)
{
	struct stat stat;

	ASSERT_TRUE(core_pattern_set("core"));
	ASSERT_EQ(0, system("echo precious >" SEALS "/victim"));
	ASSERT_EQ(0, symlink(SEALS "/victim", HOME "/core.kredact-seal"));
	crash_of(self, as_user);
	ASSERT_EQ(0, self->error);
	EXPECT_TRUE(!self->made.beside && self->made.bound);
	EXPECT_EQ(0, lstat(HOME "/core.kredact-seal", &stat));
	EXPECT_TRUE(S_ISLNK(stat.st_mode));
	EXPECT_EQ(0, system("test \"$(cat " SEALS "/victim)\" = precious"));
	EXPECT_EQ(0, verify(KEY, self->made.path, HOME "/core"));
	/* A file of somebody else is not replaced either. */
	unlink(HOME "/core.kredact-seal");
	ASSERT_EQ(0, system("echo precious >" HOME "/core.kredact-seal"));
	self->dumps = 0;
	crash_of(self, as_user);
	ASSERT_EQ(0, self->error);
	EXPECT_FALSE(self->made.beside);
	EXPECT_EQ(0, system("test \"$(cat " HOME "/core.kredact-seal)\" = precious"));
	EXPECT_EQ(0, system("test -z \"$(find " HOME " -name '.kredact-seal*')\""));
}

/* A mount that nobody else has. */
static void in_namespace(uint8_t *mem)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", HOME, "tmpfs", 0, NULL) || chdir(HOME))
		_exit(1);
	tagged(mem);
}

/* One that leads to what everybody has. */
static void in_bind_mount(uint8_t *mem)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mkdir(SEALS "/elsewhere", 0700) || mount(HOME, SEALS "/elsewhere", NULL, MS_BIND, NULL) ||
	    chroot(SEALS "/elsewhere") || chdir("/"))
		_exit(1);
	tagged(mem);
}

TEST_F(sidecar, mount_namespaces)
{
	ASSERT_TRUE(core_pattern_set("/core"));
	crash_of(self, in_bind_mount);
	ASSERT_EQ(0, self->error);
	EXPECT_STREQ(HOME "/core.kredact-seal", self->made.path);
	EXPECT_EQ(0, verify(KEY, NULL, HOME "/core"));
	ASSERT_TRUE(core_pattern_set("core"));
	self->dumps = 0;
	crash_of(self, in_namespace);
	ASSERT_EQ(0, self->error);
	EXPECT_TRUE(!self->made.beside && !self->made.bound);
}

/* Every second page, of memory that is not dumped: each is a range. */
static void scattered(size_t nr)
{
	uint8_t *mem = mmap(NULL, 2 * nr * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t i;

	madvise(mem, 2 * nr * PAGE, MADV_DONTDUMP);
	for (i = 0; i < nr; i++)
		store_tag(mem + 2 * i * PAGE, 1);
}

static void few(uint8_t *mem)
{
	scattered(FEW);
	tagged(mem);
}

static void many(uint8_t *mem)
{
	scattered(MANY);
	tagged(mem);
}

TEST_F(sidecar, many_ranges)
{
	const char *core = core_of(crash_of(self, few));

	ASSERT_EQ(0, self->error);
	EXPECT_TRUE(self->complete);
	EXPECT_EQ(FEW + 2, self->ranges);
	EXPECT_EQ(0, verify(KEY, NULL, core));
	unlink(core);
}

TEST_F_TIMEOUT(sidecar, no_room_in_the_ring, 240)
{
	const char *core;

	store_close(self->store);
	ASSERT_TRUE(open_store(self, MANY + 100));
	core = core_of(crash_of(self, many));
	ASSERT_EQ(0, self->error);
	EXPECT_FALSE(self->complete);
	EXPECT_GT(MANY, self->ranges);
	EXPECT_TRUE(self->made.beside && self->made.bound);
	EXPECT_EQ(2, verify(KEY, NULL, core));
	unlink(core);
}

TEST_HARNESS_MAIN
