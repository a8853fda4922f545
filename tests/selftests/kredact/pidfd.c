// SPDX-License-Identifier: GPL-2.0
/*
 * Registering for another process, by its pidfd: allowed exactly where ptrace
 * would be, charged to that process, and of the same effect as its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "become.h"
#include "core.h"
#include "kselftest_harness.h"

#define SECRET	64
#define PINNED	(KREDACT_COVER_SWAP | KREDACT_COVER_SHARED)

/* The script that takes a core says that it runs, and waits. */
#define DUMPING	"/tmp/kredact.dumping"
#define GO	"/tmp/kredact.go"

/* A process that has two secrets and waits for a signal. */
struct victim {
	pid_t pid;
	int pidfd;
};

static uint8_t *mem;

FIXTURE(pidfd) {
	struct core core;
	uint8_t secret[2][SECRET];
	uint64_t handle;
};

FIXTURE_SETUP(pidfd)
{
	core_pattern_save();
	tags_only();
	ASSERT_LE(0, kredact_fd());
	mem = pages(4);
	ASSERT_NE(NULL, mem);
	fill_secret(self->secret[0], SECRET, 300);
	fill_secret(self->secret[1], SECRET, 301);
	/* Not in a child's core. */
	ASSERT_EQ(0, reg(self->secret, sizeof(self->secret), KREDACT_EXACT, NULL, &self->handle));
}

FIXTURE_TEARDOWN(pidfd)
{
	core_free(&self->core);
	core_pattern_restore();
}

static int pidfd_of(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

static void without_memlock(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_MEMLOCK, &none);
}

static bool victim_start(struct victim *v, void (*become)(void))
{
	int ready[2];
	char byte;

	if (pipe(ready))
		return false;
	v->pid = fork();
	if (!v->pid) {
		become();
		fill_secret(mem + 100, SECRET, 300);
		fill_secret(mem + PAGE, SECRET, 301);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(1);
	}
	close(ready[1]);
	v->pidfd = pidfd_of(v->pid);
	if (read(ready[0], &byte, 1) != 1)
		return false;
	close(ready[0]);
	return v->pidfd >= 0;
}

/* Ends it; how it ended. */
static int victim_end(struct victim *v, int signal)
{
	int status = 0;

	kill(v->pid, signal);
	close(v->pidfd);
	return waitpid(v->pid, &status, 0) == v->pid ? status : -1;
}

static int register_for(int pidfd, void *addr, size_t len, uint32_t flags, uint64_t *handle,
			uint32_t *coverage)
{
	struct kredact_register args = {
		.size = sizeof(args),
		.flags = flags | KREDACT_PIDFD,
		.addr = (uintptr_t)addr,
		.len = len,
		.pidfd = pidfd,
	};
	int ret = ioctl(kredact_fd(), KREDACT_IOC_REGISTER, &args) ? -errno : 0;

	if (handle)
		*handle = args.handle;
	if (coverage)
		*coverage = args.coverage;
	return ret;
}

static int unregister_for(int pidfd, uint64_t handle)
{
	struct kredact_unregister args = {
		.size = sizeof(args),
		.flags = KREDACT_PIDFD,
		.handle = handle,
		.pidfd = pidfd,
	};

	return ioctl(kredact_fd(), KREDACT_IOC_UNREGISTER, &args) ? -errno : 0;
}

static int query_for(int pidfd, void *addr, size_t len, struct kredact_query *q)
{
	*q = (struct kredact_query){
		.size = sizeof(*q),
		.flags = KREDACT_PIDFD,
		.addr = (uintptr_t)addr,
		.len = len,
		.pidfd = pidfd,
	};
	return ioctl(kredact_fd(), KREDACT_IOC_QUERY, q) ? -errno : 0;
}

TEST_F(pidfd, has_the_effect_of_its_own)
{
	struct victim v, control;
	struct kredact_query q;
	uint32_t coverage;
	uint64_t handle;

	ASSERT_TRUE(victim_start(&v, as_root));
	ASSERT_TRUE(victim_start(&control, as_root));
	ASSERT_EQ(0, register_for(v.pidfd, mem + 100, SECRET, 0, &handle, &coverage));
	EXPECT_EQ(PINNED, coverage & PINNED);
	ASSERT_EQ(0, query_for(v.pidfd, mem + 100, SECRET, &q));
	EXPECT_EQ(SECRET, q.tagged);
	EXPECT_EQ(coverage, q.coverage);
	/* In that process, and in no other that has the same address. */
	ASSERT_EQ(0, query_for(control.pidfd, mem + 100, SECRET, &q));
	EXPECT_EQ(0, q.tagged);
	ASSERT_EQ(0, query(mem + 100, SECRET, &q));
	EXPECT_EQ(0, q.tagged);
	EXPECT_EQ(-ENOENT, unregister_for(control.pidfd, handle));

	EXPECT_TRUE(WCOREDUMP(victim_end(&v, SIGSEGV)));
	ASSERT_TRUE(core_load(&self->core, v.pid));
	EXPECT_EQ(0, core_count(&self->core, self->secret[0], SECRET));
	EXPECT_EQ(1, core_count(&self->core, self->secret[1], SECRET));
	EXPECT_TRUE(core_seal_has(&self->core, (uintptr_t)mem + 100, SECRET, 0, NULL));
	core_free(&self->core);
	EXPECT_TRUE(WCOREDUMP(victim_end(&control, SIGSEGV)));
	ASSERT_TRUE(core_load(&self->core, control.pid));
	EXPECT_EQ(1, core_count(&self->core, self->secret[0], SECRET));
}

TEST_F(pidfd, batch_and_unregister)
{
	struct kredact_range ranges[2] = {
		{ (uintptr_t)mem + 100, SECRET }, { (uintptr_t)mem + PAGE, SECRET },
	};
	struct kredact_batch batch = {
		.size = sizeof(batch),
		.flags = KREDACT_PIDFD | KREDACT_EXACT,
		.ranges = (uintptr_t)ranges,
		.nr = 2,
		.label = (uintptr_t)"for another",
		.label_len = 11,
	};
	char label[KREDACT_LABEL_MAX + 1];
	struct victim v;

	ASSERT_TRUE(victim_start(&v, as_nobody));
	batch.pidfd = v.pidfd;
	ASSERT_EQ(0, ioctl(kredact_fd(), KREDACT_IOC_REGISTER_BATCH, &batch));
	EXPECT_EQ(2, batch.failed);
	ASSERT_EQ(0, unregister_for(v.pidfd, ranges[1].handle));
	EXPECT_EQ(-ENOENT, unregister_for(v.pidfd, ranges[1].handle));
	victim_end(&v, SIGSEGV);
	ASSERT_TRUE(core_load(&self->core, v.pid));
	EXPECT_EQ(0, core_count(&self->core, self->secret[0], SECRET));
	EXPECT_EQ(1, core_count(&self->core, self->secret[1], SECRET));
	EXPECT_TRUE(core_seal_has(&self->core, (uintptr_t)mem + 100, SECRET, KREDACT_EXACT, label));
	EXPECT_STREQ("for another", label);
}

/* Who ends tags for others may be late: what was tagged at the crash is so in the core. */
TEST_F(pidfd, no_tag_ends_during_a_dump)
{
	uint64_t handle[2];
	struct victim v;
	int status, tries;

	unlink(DUMPING);
	unlink(GO);
	ASSERT_EQ(0, mkfifo(GO, 0600));
	ASSERT_TRUE(core_pipe_set("#!/bin/sh\ntouch " DUMPING "\ncat " GO "\n"
				  "exec cat > /tmp/kredact.core.$1\n"));
	ASSERT_TRUE(victim_start(&v, as_root));
	ASSERT_EQ(0, register_for(v.pidfd, mem + 100, SECRET, KREDACT_EXACT, &handle[0], NULL));
	ASSERT_EQ(0, register_for(v.pidfd, mem + PAGE, SECRET, KREDACT_EXACT, &handle[1], NULL));
	ASSERT_EQ(0, unregister_for(v.pidfd, handle[1]));
	kill(v.pid, SIGSEGV);
	for (tries = 0; tries < 500 && access(DUMPING, F_OK); tries++)
		usleep(10000);
	/* Its script waits, and so does the dump. */
	EXPECT_EQ(-EBUSY, unregister_for(v.pidfd, handle[0]));
	ASSERT_EQ(0, write_file(GO, ""));
	close(v.pidfd);
	ASSERT_EQ(v.pid, waitpid(v.pid, &status, 0));
	EXPECT_TRUE(WCOREDUMP(status));
	ASSERT_TRUE(core_load(&self->core, v.pid));
	EXPECT_EQ(0, core_count(&self->core, self->secret[0], SECRET));
	EXPECT_EQ(1, core_count(&self->core, self->secret[1], SECRET));
	EXPECT_TRUE(core_seal_has(&self->core, (uintptr_t)mem + 100, SECRET, KREDACT_EXACT, NULL));
	unlink(DUMPING);
	unlink(GO);
}

TEST_F(pidfd, of_the_caller)
{
	int pidfd = pidfd_of(getpid());
	struct kredact_query q;
	uint64_t handle;

	ASSERT_EQ(0, register_for(pidfd, mem, 10, 0, &handle, NULL));
	ASSERT_EQ(0, query(mem, 10, &q));
	EXPECT_EQ(10, q.tagged);
	EXPECT_EQ(0, unreg(handle));
}

FIXTURE(who) {
};

FIXTURE_VARIANT(who) {
	void (*caller)(void);
	void (*target)(void);
	int allowed;
};

FIXTURE_VARIANT_ADD(who, root_for_root) {
	.caller = as_root, .target = as_root, .allowed = 1 };
FIXTURE_VARIANT_ADD(who, root_for_a_user) {
	.caller = as_root, .target = as_nobody, .allowed = 1 };
FIXTURE_VARIANT_ADD(who, root_for_one_that_is_not_dumpable) {
	.caller = as_root, .target = as_nobody_undumpable, .allowed = 1 };
FIXTURE_VARIANT_ADD(who, root_for_a_user_namespace) {
	.caller = as_root, .target = in_user_namespace, .allowed = 1 };
FIXTURE_VARIANT_ADD(who, user_for_himself) {
	.caller = as_nobody, .target = as_nobody, .allowed = 1 };
FIXTURE_VARIANT_ADD(who, user_for_root) {
	.caller = as_nobody, .target = as_root };
FIXTURE_VARIANT_ADD(who, user_for_one_that_is_not_dumpable) {
	.caller = as_nobody, .target = as_nobody_undumpable };
FIXTURE_VARIANT_ADD(who, root_of_a_user_namespace_for_root) {
	.caller = in_user_namespace, .target = as_root };
FIXTURE_VARIANT_ADD(who, root_of_a_user_namespace_for_its_user_outside) {
	.caller = in_user_namespace, .target = as_nobody_undumpable };

FIXTURE_SETUP(who)
{
	core_pattern_save();
	ASSERT_LE(0, kredact_fd());
	mem = pages(4);
	ASSERT_NE(NULL, mem);
}

FIXTURE_TEARDOWN(who)
{
	core_pattern_restore();
}

/* The caller asks the kernel, by ptrace itself, and kredact: 0 if both agree with the table. */
static int ask_both(const struct victim *v, void (*become)(void), int allowed)
{
	struct kredact_query q;
	int traced, registered;
	uint64_t handle = 1;

	become();
	registered = register_for(v->pidfd, mem, 10, 0, &handle, NULL);
	if (registered != (allowed ? 0 : -EACCES))
		return 2;
	if (query_for(v->pidfd, mem, 10, &q) != registered)
		return 3;
	if (unregister_for(v->pidfd, handle) != registered)
		return 4;
	traced = ptrace(PTRACE_SEIZE, v->pid, NULL, NULL) ? -errno : 0;
	if (traced != (allowed ? 0 : -EPERM))
		return 5;
	return 0;
}

TEST_F(who, may_where_ptrace_may)
{
	struct victim v;
	int status;
	pid_t pid;

	ASSERT_TRUE(victim_start(&v, variant->target));
	pid = fork();
	if (!pid)
		_exit(ask_both(&v, variant->caller, variant->allowed));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_TRUE(WIFEXITED(status));
	victim_end(&v, SIGKILL);
}

TEST_F(pidfd, that_is_none)
{
	struct kredact_register old = {
		.size = KREDACT_REGISTER_SIZE_VER0,
		.flags = KREDACT_PIDFD,
		.addr = (uintptr_t)mem,
		.len = 1,
		.pidfd = pidfd_of(getpid()),
	};
	struct kredact_register args = { .size = sizeof(args), .addr = (uintptr_t)mem, .len = 1 };
	int file = open("/dev/null", O_RDONLY), dead;
	pid_t pid;

	EXPECT_EQ(-EBADF, register_for(-1, mem, 1, 0, NULL, NULL));
	EXPECT_EQ(-EBADF, register_for(4000, mem, 1, 0, NULL, NULL));
	EXPECT_EQ(-EBADF, register_for(file, mem, 1, 0, NULL, NULL));
	EXPECT_EQ(-EBADF, register_for(kredact_fd(), mem, 1, 0, NULL, NULL));

	/* One that has died, and that nobody has waited for; then one that is no more. */
	pid = fork();
	if (!pid)
		_exit(0);
	dead = pidfd_of(pid);
	ASSERT_EQ(0, waitid(P_PID, pid, NULL, WEXITED | WNOWAIT));
	EXPECT_EQ(-ESRCH, register_for(dead, mem, 1, 0, NULL, NULL));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(-ESRCH, register_for(dead, mem, 1, 0, NULL, NULL));
	/* kthreadd */
	EXPECT_EQ(-ESRCH, register_for(pidfd_of(2), mem, 1, 0, NULL, NULL));

	/* The member and the flag go together. */
	args.pidfd = pidfd_of(getpid());
	EXPECT_EQ(-1, ioctl(kredact_fd(), KREDACT_IOC_REGISTER, &args));
	EXPECT_EQ(EINVAL, errno);
	args.flags = KREDACT_PIDFD;
	args.reserved = 1;
	EXPECT_EQ(-1, ioctl(kredact_fd(), KREDACT_IOC_REGISTER, &args));
	EXPECT_EQ(EINVAL, errno);
	args.reserved = 0;
	EXPECT_EQ(0, ioctl(kredact_fd(), KREDACT_IOC_REGISTER, &args));
	/* A caller of the first version has no member for it: descriptor 0 is no process. */
	EXPECT_EQ(-1, ioctl(kredact_fd(), KREDACT_IOC_REGISTER, &old));
	EXPECT_EQ(EBADF, errno);
}

TEST_F(pidfd, target_is_charged)
{
	struct kredact_info before, after;
	struct kredact_query q;
	uint32_t coverage;
	struct victim v;

	/* A child of a tagged process would inherit the account, too. */
	ASSERT_EQ(0, unreg(self->handle));
	ASSERT_TRUE(victim_start(&v, as_nobody));
	ASSERT_EQ(0, info(&before));
	ASSERT_EQ(0, register_for(v.pidfd, mem, SECRET, 0, NULL, &coverage));
	ASSERT_EQ(0, info(&after));
	EXPECT_EQ(before.user_ranges, after.user_ranges);
	EXPECT_EQ(before.my_ranges, after.my_ranges);
	EXPECT_EQ(before.pins + 1, after.pins);
	victim_end(&v, SIGKILL);

	/* Its RLIMIT_MEMLOCK counts, unless root insists. */
	ASSERT_TRUE(victim_start(&v, without_memlock));
	ASSERT_EQ(0, register_for(v.pidfd, mem, SECRET, 0, NULL, &coverage));
	EXPECT_EQ(0, coverage & PINNED);
	ASSERT_EQ(0, query_for(v.pidfd, mem, SECRET, &q));
	EXPECT_EQ(SECRET, q.tagged);
	ASSERT_EQ(0, register_for(v.pidfd, mem, SECRET, KREDACT_PIN, NULL, &coverage));
	EXPECT_EQ(PINNED, coverage & PINNED);
	victim_end(&v, SIGKILL);
}

/* Processes end, and call exec, while somebody registers for them. */
TEST_F_TIMEOUT(pidfd, of_processes_that_end, 180)
{
	unsigned int done = 0, late = 0, i;

	for (i = 0; i < 100; i++) {
		pid_t pid = fork();
		int pidfd, ret;

		if (!pid) {
			if (i & 1)
				execl("/proc/self/exe", "pidfd", "--exit", NULL);
			_exit(0);
		}
		pidfd = pidfd_of(pid);
		do {
			ret = register_for(pidfd, mem, 4 * PAGE, 0, NULL, NULL);
			done += !ret;
		} while (!ret);
		EXPECT_TRUE(ret == -ESRCH || ret == -ENXIO || ret == -EACCES) TH_LOG("%d", ret);
		late += ret == -ESRCH;
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		close(pidfd);
	}
	TH_LOG("%u registrations, %u processes had gone", done, late);
	EXPECT_LT(0, done);
	EXPECT_LT(0, late);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--exit"))
		return 0;
	return test_harness_run(argc, argv);
}
