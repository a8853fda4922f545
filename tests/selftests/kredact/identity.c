// SPDX-License-Identifier: GPL-2.0
/*
 * A core of a tagged process is byte for byte that of the same process
 * untagged, except in the tagged pages and for the seal at its end.
 *
 * "The same process" twice: two children of one parent, forked with the same
 * pid on the same CPU, that run the same instructions. What they must do
 * differently (tag, or tag and untag) they read from memory that is not dumped.
 * The notes count CPU time; these fields are compared as equal.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"

#define MEMORY	64
#define TAGGED	20

struct hidden {
	struct kredact_register reg;
	struct {
		long cmd;
		void *arg;
	} calls[2];
	struct kredact_unregister unreg;
	struct kredact_query query;
	int fd;
	int twin;
	char path[64], kept[3][64];
};

/* Those that count follow one whose loop had no round before it. */
enum { WITHOUT, CONTROL, WITH, KEPT, FIRST_KEPT = 1 };

/* Registers hold nothing of what was done when the signal comes. */
static _Noreturn void run_twin(struct hidden *hidden)
{
	int i;

	for (i = 0; i < 2; i++) {
		hidden->unreg.handle = hidden->reg.handle;
		syscall(SYS_ioctl, hidden->fd, hidden->calls[i].cmd, hidden->calls[i].arg);
	}
	asm volatile("xor %%eax, %%eax\n\txor %%ecx, %%ecx\n\txor %%edx, %%edx\n\t"
		     "xor %%esi, %%esi\n\txor %%edi, %%edi\n\txor %%r8d, %%r8d\n\t"
		     "xor %%r9d, %%r9d\n\txor %%r10d, %%r10d\n\txor %%r11d, %%r11d\n\t"
		     "movl $1, 8" ::: "memory");
	__builtin_unreachable();
}

static pid_t fork_with_pid(pid_t pid)
{
	pid_t tids[] = { pid };
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)tids,
		.set_tid_size = 1,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

/*
 * Nothing of the parent may change from one twin to the next but what is
 * hidden, not even the arguments of a call, which leave traces on the stack:
 * so the files move up by one place each time.
 */
static bool make_twin(struct hidden *hidden, pid_t pid)
{
	pid_t child = fork_with_pid(pid);
	int status;

	if (child == 0)
		run_twin(hidden);
	rename(hidden->kept[1], hidden->kept[0]);
	rename(hidden->kept[2], hidden->kept[1]);
	return child == pid && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       !rename(hidden->path, hidden->kept[2]);
}

static void mask_cpu_times(struct core *core)
{
	const Elf64_Ehdr *ehdr = (void *)core->bytes;
	const Elf64_Phdr *phdr = (void *)(core->bytes + ehdr->e_phoff);
	uint8_t *at = core->bytes + phdr->p_offset, *end = at + phdr->p_filesz;

	while (at < end) {
		const Elf64_Nhdr *note = (void *)at;
		prstatus_t *status;

		at += sizeof(*note) + ((note->n_namesz + 3) & ~3);
		if (note->n_type == NT_PRSTATUS) {
			status = (void *)at;
			memset(&status->pr_utime, 0, sizeof(status->pr_utime));
			memset(&status->pr_stime, 0, sizeof(status->pr_stime));
			memset(&status->pr_cutime, 0, sizeof(status->pr_cutime));
			memset(&status->pr_cstime, 0, sizeof(status->pr_cstime));
		}
		at += (note->n_descsz + 3) & ~3;
	}
}

TEST(identical_but_for_tagged_pages)
{
	struct hidden *hidden = shared_pages(1);
	uint8_t *mem = pages(MEMORY), *tagged = mem + TAGGED * PAGE;
	struct core with, without, control;
	const struct kredact_seal_header *seal;
	size_t offset, differences = 0, outside = 0, i;
	cpu_set_t cpus;
	pid_t pid;

	core_pattern_save();
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(cpus), &cpus));
	ASSERT_EQ(0, madvise(hidden, PAGE, MADV_DONTDUMP));
	fill_secret(mem, MEMORY * PAGE, 1);
	*hidden = (struct hidden){
		.reg = {
			.size = sizeof(hidden->reg),
			.addr = (uintptr_t)tagged + 10,
			.len = 3 * PAGE,
		},
		.unreg.size = sizeof(hidden->unreg),
		.query = {
			.size = sizeof(hidden->query),
			.addr = (uintptr_t)tagged,
			.len = 1,
		},
		.fd = kredact_fd(),
	};
	hidden->calls[0].cmd = KREDACT_IOC_REGISTER;
	hidden->calls[0].arg = &hidden->reg;

	pid = fork();
	if (pid == 0)
		_exit(0);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));

	sprintf(hidden->path, "/tmp/kredact.core.%d", pid);
	for (i = 0; i < KEPT; i++)
		sprintf(hidden->kept[i], "/tmp/kredact.core.%d", -1 - (int)i);
	for (hidden->twin = 0; hidden->twin < FIRST_KEPT + KEPT; hidden->twin++) {
		if (hidden->twin == FIRST_KEPT + WITH) {
			hidden->calls[1].cmd = KREDACT_IOC_QUERY;
			hidden->calls[1].arg = &hidden->query;
		} else {
			hidden->calls[1].cmd = KREDACT_IOC_UNREGISTER;
			hidden->calls[1].arg = &hidden->unreg;
		}
		ASSERT_TRUE(make_twin(hidden, pid));
	}
	core_pattern_restore();
	ASSERT_EQ(1, hidden->query.tagged);
	ASSERT_TRUE(core_load(&without, -1 - WITHOUT));
	ASSERT_TRUE(core_load(&control, -1 - CONTROL));
	ASSERT_TRUE(core_load(&with, -1 - WITH));

	mask_cpu_times(&without);
	mask_cpu_times(&control);
	mask_cpu_times(&with);
	seal = core_seal(&with);
	ASSERT_NE(NULL, seal);
	/* The untagged twin had tags once: its seal says that it has none now. */
	ASSERT_NE(NULL, core_seal(&without));
	EXPECT_EQ(0, core_seal_counts(&without)->ranges);
	EXPECT_EQ(1, core_seal_counts(&with)->ranges);
	ASSERT_EQ(core_seal(&without)->core_len, seal->core_len);

	/* The method itself: two untagged twins differ nowhere. */
	ASSERT_EQ(core_seal(&control)->core_len, seal->core_len);
	for (i = 0; i < seal->core_len; i++)
		differences += control.bytes[i] != without.bytes[i];
	EXPECT_EQ(0, differences);

	differences = 0;
	offset = core_at(&with, (uintptr_t)tagged, 4 * PAGE) - with.bytes;
	for (i = 0; i < seal->core_len; i++) {
		if (with.bytes[i] == without.bytes[i])
			continue;
		if (i >= offset && i < offset + 4 * PAGE)
			differences++;
		else if (!outside++)
			TH_LOG("first difference outside of tagged pages at %zu", i);
	}
	/* Secrets have no zero bytes: all of the four pages differ. */
	EXPECT_EQ(4 * PAGE, differences);
	EXPECT_EQ(0, outside);
	EXPECT_TRUE(all_zero(with.bytes + offset, 4 * PAGE));
}

TEST_HARNESS_MAIN
