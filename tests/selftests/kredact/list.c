// SPDX-License-Identifier: GPL-2.0
/*
 * Listing: everything that is tagged is told, once, with whoever made it, to whoever may
 * read the process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "become.h"
#include "kselftest_harness.h"
#include "listing.h"

#define PINNED	(KREDACT_COVER_SWAP | KREDACT_COVER_SHARED)
#define MAKERS	63u	/* that are known each by itself */

FIXTURE(list) {
};

FIXTURE_SETUP(list)
{
	ASSERT_LE(0, kredact_fd());
	ASSERT_TRUE(arena_make());
	prctl(PR_SET_NAME, "lister");
}

FIXTURE_TEARDOWN(list)
{
}

static void nothing_special(void)
{
}

TEST_F(list, what_there_is)
{
	struct kredact_list list;
	struct rlimit none = { 0, 0 };
	uint64_t handle[4];
	char longest[KREDACT_LABEL_MAX + 1];
	int i;

	ASSERT_EQ(0, list_all(0, 16, &list));
	EXPECT_EQ(0, list.mm);
	EXPECT_EQ(0, list.ranges);

	memset(longest, 'x', KREDACT_LABEL_MAX);
	longest[KREDACT_LABEL_MAX] = 0;
	/* Not in the order of their addresses; the last two at the same one. */
	ASSERT_EQ(0, reg(page(5) + 10, 3 * PAGE, 0, longest, &handle[3]));
	ASSERT_EQ(0, reg(page(1) + 7, 1, KREDACT_EXACT | KREDACT_HUNT, "a key", &handle[0]));
	ASSERT_EQ(0, reg(page(2), 64, KREDACT_NOPIN, NULL, &handle[1]));
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &none));
	ASSERT_EQ(0, reg(page(2), 32, KREDACT_EXACT | KREDACT_GROUP, "a key", &handle[2]));
	ASSERT_EQ(4, list_all(0, 16, &list));
	EXPECT_NE(0, list.mm);
	EXPECT_EQ(4, list.ranges);
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(KREDACT_BY_SELF, tags[i].by);
		EXPECT_EQ(0, tags[i].by_pid);
		EXPECT_EQ((uint32_t)-1, tags[i].by_uid);
		EXPECT_EQ(0, tags[i].by_comm[0]);
		EXPECT_TRUE(tags[i].coverage & KREDACT_COVER_CORE);
	}
	EXPECT_EQ((uintptr_t)page(1) + 7, tags[0].addr);
	EXPECT_EQ(1, tags[0].len);
	EXPECT_EQ(handle[0], tags[0].handle);
	EXPECT_EQ(KREDACT_EXACT | KREDACT_HUNT, tags[0].flags);
	EXPECT_EQ(PINNED, tags[0].coverage & PINNED);
	/* A copy of one byte is none. */
	EXPECT_EQ(0, tags[0].coverage & KREDACT_COVER_COPIES);
	EXPECT_EQ(5, tags[0].label_len);
	EXPECT_STREQ("a key", (char *)tags[0].label);

	EXPECT_EQ((uintptr_t)page(2), tags[1].addr);
	EXPECT_EQ((uintptr_t)page(2), tags[2].addr);
	i = tags[1].handle == handle[1] ? 1 : 2;
	EXPECT_EQ(handle[1], tags[i].handle);
	EXPECT_EQ(64, tags[i].len);
	EXPECT_EQ(0, tags[i].flags);
	EXPECT_EQ(0, tags[i].coverage & PINNED);
	EXPECT_TRUE(tags[i].coverage & KREDACT_COVER_COPIES);
	EXPECT_EQ(0, tags[i].label_len);
	EXPECT_TRUE(all_zero(tags[i].label, KREDACT_LABEL_MAX));
	EXPECT_EQ(handle[2], tags[3 - i].handle);
	EXPECT_EQ(KREDACT_EXACT | KREDACT_GROUP, tags[3 - i].flags);

	EXPECT_EQ((uintptr_t)page(5) + 10, tags[3].addr);
	EXPECT_EQ(3 * PAGE, tags[3].len);
	EXPECT_EQ(PINNED, tags[3].coverage & PINNED);
	EXPECT_EQ(KREDACT_LABEL_MAX, tags[3].label_len);
	EXPECT_EQ(0, memcmp(longest, tags[3].label, KREDACT_LABEL_MAX));

	/* One page of it is not the one that was pinned any more. */
	ASSERT_EQ(0, madvise(page(7), PAGE, MADV_DONTNEED));
	ASSERT_EQ(4, list_all(0, 16, &list));
	EXPECT_EQ(0, tags[3].coverage & PINNED);
}

TEST_F(list, arguments)
{
	struct kredact_list list, was;
	uint8_t bytes[sizeof(list) + 8] = { 0 };
	struct kredact_list *longer = (void *)bytes;
	struct kredact_tag *last;
	uint8_t *two = pages(2);
	int status;
	pid_t pid;

	put_on_page(0, 0);
	tag(page(0), 10, 0);
	tag(page(1), 10, 0);

	list = begin(0);
	list.size = KREDACT_LIST_SIZE_VER0 - 1;
	EXPECT_EQ(-EINVAL, next(&list, tags, 1));
	list = begin(0);
	list.flags = KREDACT_EXACT;
	EXPECT_EQ(-EINVAL, next(&list, tags, 1));
	list = begin(0);
	list.pidfd = pidfd_of(getpid());
	EXPECT_EQ(-EINVAL, next(&list, tags, 1));
	list.flags = KREDACT_PIDFD;
	EXPECT_EQ(0, next(&list, tags, 1));
	EXPECT_EQ(1, list.nr);
	list = begin(-1);
	EXPECT_EQ(-EBADF, next(&list, tags, 1));
	list = begin(kredact_fd());
	EXPECT_EQ(-EBADF, next(&list, tags, 1));
	/* kthreadd */
	list = begin(pidfd_of(2));
	EXPECT_EQ(-ESRCH, next(&list, tags, 1));
	*longer = begin(0);
	longer->size = sizeof(bytes);
	EXPECT_EQ(0, next(longer, tags, 1));
	bytes[sizeof(list)] = 1;
	EXPECT_EQ(-E2BIG, next(longer, tags, 1));

	/* Only what there is in all. */
	list = begin(0);
	EXPECT_EQ(0, next(&list, NULL, 0));
	EXPECT_EQ(0, list.nr);
	EXPECT_EQ(2, list.ranges);
	EXPECT_EQ(0, list.place[0] | list.place[1] | list.place[2]);

	/* Room for one: what comes behind it is not written to, and not passed over. */
	ASSERT_EQ(0, mprotect(two + PAGE, PAGE, PROT_NONE));
	last = (struct kredact_tag *)(two + PAGE) - 1;
	list = begin(0);
	EXPECT_EQ(0, next(&list, last, 1));
	EXPECT_EQ((uintptr_t)page(0), last->addr);
	was = list;
	EXPECT_EQ(-EFAULT, next(&list, (void *)(two + PAGE), 1));
	EXPECT_EQ(0, list.nr);
	EXPECT_EQ(0, memcmp(was.place, list.place, sizeof(list.place)));
	EXPECT_EQ(0, next(&list, last, 1));
	EXPECT_EQ((uintptr_t)page(1), last->addr);
	EXPECT_EQ(0, next(&list, last, 1));
	EXPECT_EQ(0, list.nr);
	EXPECT_EQ(0, next(&list, last, 1));
	EXPECT_EQ(0, list.nr);
	EXPECT_EQ(-EFAULT, ioctl(kredact_fd(), KREDACT_IOC_LIST, 8) ? -errno : 0);

	/* No place at all. */
	list = begin(0);
	memset(list.place, 0xff, sizeof(list.place));
	EXPECT_EQ(0, next(&list, tags, 2));
	EXPECT_EQ(0, list.nr);

	/* A process that has ended, and is not waited for; then it is gone. */
	pid = fork();
	if (!pid)
		_exit(0);
	list = begin(pidfd_of(pid));
	ASSERT_EQ(0, waitid(P_PID, pid, NULL, WEXITED | WNOWAIT));
	EXPECT_EQ(-ESRCH, next(&list, tags, 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(-ESRCH, next(&list, tags, 1));
}

/* Each exactly once, whatever fits into a call. */
TEST_F_TIMEOUT(list, thousands, 120)
{
	static struct kredact_range ranges[MANY];
	const unsigned int steps[] = { 1, 7, 16, 17, 1000, MANY + 1 };
	struct kredact_list list;
	unsigned int i, s;

	ASSERT_EQ(0, batch(page(0), 2, MANY, ranges));
	for (s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
		ASSERT_EQ(MANY, list_all(0, steps[s], &list)) TH_LOG("%u at a time", steps[s]);
		for (i = 0; i < MANY; i++) {
			ASSERT_EQ(ranges[i].addr, tags[i].addr);
			ASSERT_EQ(ranges[i].handle, tags[i].handle);
		}
	}
}

static uint64_t mm_of(pid_t pid)
{
	struct kredact_list list = begin(pid ? pidfd_of(pid) : 0);

	if (next(&list, NULL, 0))
		list.mm = ~0ull;
	if (pid)
		close(list.pidfd);
	return list.mm;
}

static int wait_in_vm(void *arg)
{
	await(arena->go[0]);
	_exit(0);
}

static void exec_itself(void)
{
	execl("/proc/self/exe", "list", "--wait", NULL);
	_exit(1);
}

TEST_F(list, who_shares_memory)
{
	struct kredact_list list;
	pid_t forked, cloned, execed;
	uint64_t mine;
	char byte;
	int fds[2];

	ASSERT_EQ(0, reg(page(0), SECRET, 0, "inherited", NULL));
	mine = mm_of(0);
	ASSERT_NE(0, mine);
	cloned = clone_vm(wait_in_vm);
	forked = start(nothing_special);
	EXPECT_EQ(mine, mm_of(cloned));
	EXPECT_EQ(mine, mm_of(getpid()));
	EXPECT_NE(mine, mm_of(forked));
	EXPECT_NE(0, mm_of(forked));
	ASSERT_EQ(1, list_all(pidfd_of(forked), 10, &list));
	EXPECT_EQ(KREDACT_BY_SELF, tags[0].by);
	EXPECT_STREQ("inherited", (char *)tags[0].label);
	ASSERT_EQ(1, list_all(pidfd_of(cloned), 10, &list));
	tell(arena->go[1]);
	waitpid(cloned, NULL, 0);
	end(forked);

	/* Whoever calls exec begins anew. */
	ASSERT_EQ(0, pipe(fds));
	execed = fork();
	if (!execed) {
		dup2(fds[1], 1);
		exec_itself();
	}
	ASSERT_EQ(1, read(fds[0], &byte, 1));
	EXPECT_EQ(0, list_all(pidfd_of(execed), 10, &list));
	EXPECT_EQ(0, list.mm);
	end(execed);
}

/* The child of vfork is in its parent's memory until it calls exec or ends. */
TEST_F(list, vfork)
{
	volatile uint64_t mine, theirs = 0;
	pid_t pid;

	tag(page(0), 1, 0);
	mine = mm_of(0);
	pid = vfork();
	if (!pid) {
		theirs = mm_of(0);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(mine, theirs);
}

static void *wait_for_ever(void *arg)
{
	tag(page(0), SECRET, 0);
	tell(arena->ready[1]);
	for (;;)
		pause();
	return NULL;
}

/* The first thread of a process ends before the others: it has tags, and gets more. */
TEST_F(list, first_thread_has_ended)
{
	struct kredact_list list;
	pthread_t thread;
	uint64_t handle;
	char text[64], state = 0;
	int pidfd, tries;
	pid_t pid;
	FILE *file;

	pid = fork();
	if (!pid) {
		run_thread(&thread, wait_for_ever);
		pthread_exit(NULL);
	}
	await(arena->ready[0]);
	snprintf(text, sizeof(text), "/proc/%d/stat", pid);
	for (tries = 0; tries < 500 && state != 'Z'; tries++) {
		file = fopen(text, "r");
		ASSERT_NE(NULL, file);
		ASSERT_EQ(1, fscanf(file, "%*d (%*[^)]) %c", &state));
		fclose(file);
		usleep(10000);
	}
	ASSERT_EQ('Z', state);
	pidfd = pidfd_of(pid);
	ASSERT_EQ(1, list_all(pidfd, 10, &list));
	EXPECT_EQ((uintptr_t)page(0), tags[0].addr);
	ASSERT_EQ(0, register_for(pidfd, page(1), NULL, &handle));
	ASSERT_EQ(2, list_all(pidfd, 10, &list));
	EXPECT_EQ(handle, tags[1].handle);
	end(pid);
	EXPECT_EQ(-ESRCH, list_all(pidfd, 10, &list));
}

static void list_in_namespace(void)
{
	struct kredact_list list;
	int status;
	pid_t pid;

	/* Only children are in the new one. */
	if (unshare(CLONE_NEWPID))
		_exit(1);
	pid = fork();
	if (!pid)
		_exit(list_all(0, 10, &list) != 1 || tags[0].by != KREDACT_BY_OTHER ||
		      tags[0].by_pid || strcmp((char *)tags[0].by_comm, "lister"));
	waitpid(pid, &status, 0);
	_exit(WEXITSTATUS(status));
}

static void wait_and_list(void)
{
	tell(arena->ready[1]);
	await(arena->go[0]);
	list_in_namespace();
}

TEST_F(list, by_another_process)
{
	pid_t me = getpid(), child = start(nothing_special), other;
	struct kredact_list list;
	int pidfd = pidfd_of(child), status;

	ASSERT_EQ(0, register_for(pidfd, page(3), "for another", NULL));
	ASSERT_EQ(1, list_all(pidfd, 10, &list));
	EXPECT_EQ(KREDACT_BY_OTHER, tags[0].by);
	EXPECT_EQ(me, tags[0].by_pid);
	EXPECT_EQ(0, tags[0].by_uid);
	EXPECT_STREQ("lister", (char *)tags[0].by_comm);
	EXPECT_STREQ("for another", (char *)tags[0].label);
	EXPECT_EQ(KREDACT_EXACT, tags[0].flags);

	/* One of another name; it ends, and its pid stays its own. */
	other = fork();
	if (!other) {
		prctl(PR_SET_NAME, "an other one");
		_exit(!!register_for(pidfd, page(2), NULL, NULL));
	}
	ASSERT_EQ(other, waitpid(other, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_EQ(2, list_all(pidfd, 10, &list));
	EXPECT_STREQ("an other one", (char *)tags[0].by_comm);
	EXPECT_STREQ("lister", (char *)tags[1].by_comm);
	end(child);

	/* For oneself by pidfd is not for another. */
	pidfd = pidfd_of(getpid());
	ASSERT_EQ(0, register_for(pidfd, page(0), NULL, NULL));
	ASSERT_EQ(1, list_all(0, 10, &list));
	EXPECT_EQ(KREDACT_BY_SELF, tags[0].by);
	ASSERT_EQ(0, unreg(tags[0].handle));

	/* Who is not in the reader's pid namespace has a name, and no number. */
	child = fork();
	if (!child)
		wait_and_list();
	await(arena->ready[0]);
	ASSERT_EQ(0, register_for(pidfd_of(child), page(3), NULL, NULL));
	tell(arena->go[1]);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

/* Beyond the number that is known each by itself, those of one name are one. */
TEST_F(list, by_many_processes)
{
	pid_t child = start(nothing_special), grandchild, pid;
	int pidfd = pidfd_of(child), status;
	unsigned int i, known = 0, named = 0;
	struct kredact_list list;

	for (i = 0; i < MAKERS + 10; i++) {
		pid = fork();
		if (!pid) {
			if (i == MAKERS + 9)
				prctl(PR_SET_NAME, "too late");
			_exit(!!register_for(pidfd, page(0) + i, NULL, NULL));
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(0, status);
	}
	ASSERT_EQ(0, register_for(pidfd, page(1), NULL, NULL));
	ASSERT_EQ(MAKERS + 11, list_all(pidfd, 1000, &list));
	for (i = 0; i < MAKERS + 11; i++) {
		EXPECT_EQ(KREDACT_BY_OTHER, tags[i].by);
		known += tags[i].by_uid == 0;
		named += !strcmp((char *)tags[i].by_comm, "lister");
	}
	EXPECT_EQ(MAKERS + 10, known);
	EXPECT_EQ(MAKERS + 10, named);
	EXPECT_EQ((uint32_t)-1, tags[MAKERS + 9].by_uid);
	EXPECT_EQ(0, tags[MAKERS + 9].by_comm[0]);

	/* Who registered for the parent did so for what the child has of it. */
	grandchild = fork();
	if (!grandchild) {
		ASSERT_EQ(0, register_for(pidfd_of(getppid()), page(0), "family", NULL));
		_exit(0);
	}
	waitpid(grandchild, NULL, 0);
	pid = start(nothing_special);
	ASSERT_EQ(1, list_all(pidfd_of(pid), 10, &list));
	EXPECT_EQ(KREDACT_BY_OTHER, tags[0].by);
	EXPECT_EQ(0, tags[0].by_uid);
	end(pid);
	end(child);
}

FIXTURE(who) {
};

FIXTURE_VARIANT(who) {
	void (*reader)(void);
	void (*read)(void);
	int allowed;
};

FIXTURE_VARIANT_ADD(who, root_root) {
	.reader = as_root, .read = as_root, .allowed = 1 };
FIXTURE_VARIANT_ADD(who, root_user) {
	.reader = as_root, .read = as_nobody_undumpable, .allowed = 1 };
FIXTURE_VARIANT_ADD(who, root_user_namespace) {
	.reader = as_root, .read = in_user_namespace, .allowed = 1 };
FIXTURE_VARIANT_ADD(who, user_himself) {
	.reader = as_nobody, .read = as_nobody, .allowed = 1 };
FIXTURE_VARIANT_ADD(who, user_not_dumpable) {
	.reader = as_nobody, .read = as_nobody_undumpable };
FIXTURE_VARIANT_ADD(who, user_root) {
	.reader = as_nobody, .read = as_root };
FIXTURE_VARIANT_ADD(who, user_namespace_root) {
	.reader = in_user_namespace, .read = as_root };

FIXTURE_SETUP(who)
{
	ASSERT_LE(0, kredact_fd());
	ASSERT_TRUE(arena_make());
}

FIXTURE_TEARDOWN(who)
{
}

#define PTRACE_SCOPE	"/proc/sys/kernel/yama/ptrace_scope"

/* Readers need what /proc/PID/maps needs, not what PTRACE_ATTACH does: Yama is about that. */
static int look(pid_t child, void (*become)(void), int allowed)
{
	int pidfd = pidfd_of(child), ret, attached;
	struct kredact_list list;

	become();
	ret = list_all(pidfd, 10, &list);
	if (ret != (allowed ? 1 : -EACCES))
		return 1;
	if (!allowed && (list.mm || list.ranges || list.nr))
		return 2;
	attached = register_for(pidfd, page(1), NULL, NULL);
	if (become == as_nobody && !access(PTRACE_SCOPE, F_OK))
		return attached == -EACCES ? 0 : 3;
	return attached == (allowed ? 0 : -EACCES) ? 0 : 4;
}

TEST_F(who, may_read)
{
	bool yama = !write_file(PTRACE_SCOPE, "1");
	pid_t child, pid;
	int status;

	tag(page(0), SECRET, 0);
	child = start(variant->read);
	pid = fork();
	if (!pid)
		_exit(look(child, variant->reader, variant->allowed));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_TRUE(WIFEXITED(status));
	end(child);
	if (yama)
		write_file(PTRACE_SCOPE, "0");
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--wait")) {
		if (write(1, "", 1) == 1)
			pause();
		return 0;
	}
	return test_harness_run(argc, argv);
}
