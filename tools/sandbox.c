// SPDX-License-Identifier: GPL-2.0
/*
 * The sandbox: see sandbox.h.
 *
 * What remains is reading the inputs, writing to standard output, to files that were opened
 * before and to an unlinked one, talking to the parent, asking for symbols, memory that is not
 * executable, threads, and the end. Anything else kills the process, so that a bug cannot
 * turn a dump into a program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <malloc.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sandbox.h"

#define COUNT(array)	(sizeof(array) / sizeof(*(array)))

#if defined(__SANITIZE_ADDRESS__)
/* The sanitizers' runtime reserves address space, and looks at itself when it reports. */
#define SANITIZED	true
static const int runtime_calls[] = {
	SCMP_SYS(close), SCMP_SYS(mprotect), SCMP_SYS(newfstatat),
	SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(prctl), SCMP_SYS(readlink), SCMP_SYS(read),
	SCMP_SYS(rt_sigaction), SCMP_SYS(sigaltstack), SCMP_SYS(clone), SCMP_SYS(wait4),
	SCMP_SYS(ptrace), SCMP_SYS(getdents64), SCMP_SYS(prlimit64), SCMP_SYS(tgkill),
	SCMP_SYS(pipe2), SCMP_SYS(process_vm_readv), SCMP_SYS(write),
};
#else
#define SANITIZED	false
static const int runtime_calls[] = { };
#endif

/*
 * What needs no look at its arguments: memory and the end; threads; and what OpenSSL wants
 * that blinds what it does with points of a curve, and looks whether it was forked.
 */
static const int plain_calls[] = {
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn), SCMP_SYS(clock_gettime),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(set_robust_list), SCMP_SYS(rseq),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield), SCMP_SYS(gettid),
	SCMP_SYS(getpid), SCMP_SYS(getrandom),
};

/* What a thread is made with, and a process is not. */
#define THREAD_FLAGS	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | \
			 CLONE_SYSVSEM)

/**
 * sandbox_privacy() - keep secrets of this process in it
 * @why:	text of an error
 *
 * To be called before the first key or secret is read: from then on neither
 * this process nor what it executes can leave a dump, be traced by its own
 * user, or gain privileges.
 *
 * Return: 0 or a negative errno.
 */
int sandbox_privacy(struct complaint *why)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return complain(why, -errno, "cannot switch off dumps of this process: %s",
				strerror(errno));
	return 0;
}

static int allow(scmp_filter_ctx filter, const int *calls, size_t nr)
{
	int error = 0;

	while (nr-- && !error)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[nr], 0);
	return error;
}

/* A call whose first argument is this file. */
static int allow_fd(scmp_filter_ctx filter, int call, int fd)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
				SCMP_A0_32(SCMP_CMP_EQ, (u32)fd));
}

static int allow_fds(scmp_filter_ctx filter, const int *calls, size_t nr, int fd)
{
	int error = 0;

	while (nr-- && !error)
		error = allow_fd(filter, calls[nr], fd);
	return error;
}

static int add_input(scmp_filter_ctx filter, int fd)
{
	static const int calls[] = { SCMP_SYS(pread64), SCMP_SYS(lseek) };
	int error = allow_fds(filter, calls, COUNT(calls), fd);

	if (!error && !SANITIZED)
		error = allow_fd(filter, SCMP_SYS(read), fd);
	/* Mapped, to be read only. */
	return error ? error : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
						SCMP_A2_32(SCMP_CMP_EQ, PROT_READ),
						SCMP_A4_32(SCMP_CMP_EQ, (u32)fd));
}

static int add_output(scmp_filter_ctx filter, int fd)
{
	int error = SANITIZED ? 0 : allow_fd(filter, SCMP_SYS(write), fd);

	return error ? error : allow_fd(filter, SCMP_SYS(pwrite64), fd);
}

static int add_streams(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
	static const int calls[] = { SCMP_SYS(close), SCMP_SYS(fdatasync) };
	int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(poll), 0);
	u32 i;

	for (i = 0; i < sandbox->nr_outputs && !error && !SANITIZED; i++)
		error = allow_fds(filter, calls, COUNT(calls), sandbox->outputs[i]);
	return error || !SANITIZED ? error : allow(filter, calls + 1, 1);
}

static int add_files(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
	static const int spool[] = { SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(lseek) };
	static const int talk[] = { SCMP_SYS(sendto), SCMP_SYS(recvfrom) };
	int error = 0;
	u32 i;

	for (i = 0; i < sandbox->nr_inputs && !error; i++)
		error = add_input(filter, sandbox->inputs[i]);
	for (i = 0; i < sandbox->nr_outputs && !error; i++)
		error = add_output(filter, sandbox->outputs[i]);
	if (!error && sandbox->streams)
		error = add_streams(filter, sandbox);
	if (!error && sandbox->spool >= 0)
		error = allow_fds(filter, spool, COUNT(spool), sandbox->spool);
	if (!error && sandbox->broker >= 0)
		error = allow_fds(filter, talk, COUNT(talk), sandbox->broker);
	if (!error && sandbox->resolver >= 0)
		error = allow_fds(filter, talk, COUNT(talk), sandbox->resolver);
	if (!error && !SANITIZED)
		error = allow_fd(filter, SCMP_SYS(write), STDOUT_FILENO);
	return error;
}

/* clone3() has its flags where a filter cannot see them: the C library does without it. */
static int add_threads(scmp_filter_ctx filter)
{
	int error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	if (!error && !SANITIZED)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
					 SCMP_A0(SCMP_CMP_MASKED_EQ, THREAD_FLAGS | CSIGNAL,
						 THREAD_FLAGS));
	/* The C library's own signal, whose handler comes with the first thread. */
	if (!error && !SANITIZED)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(rt_sigaction), 1,
					 SCMP_A0_32(SCMP_CMP_EQ, __SIGRTMIN + 1));
	if (!error && !SANITIZED)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
					 SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return error;
}

static int add_rules(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
	int error;

	error = allow(filter, plain_calls, COUNT(plain_calls));
	if (!error)
		error = allow(filter, runtime_calls, COUNT(runtime_calls));
	if (!error)
		error = add_files(filter, sandbox);
	if (!error)
		error = add_threads(filter);
	/* Memory that is backed by no file and cannot be executed. */
	if (!error)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
					 SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
					 SCMP_A3_32(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS,
						    MAP_ANONYMOUS));
	return error;
}

static int limit(int resource, u64 most, const char *what, struct complaint *why)
{
	const struct rlimit rlimit = { most, most };

	if (setrlimit(resource, &rlimit))
		return complain(why, -errno, "cannot limit %s: %s", what, strerror(errno));
	return 0;
}

/**
 * sandbox_enter() - give up everything that parsing does not need
 * @sandbox:	what remains
 * @why:	text of an error
 *
 * Files that are not named here are to be closed before.
 *
 * Return: 0, or a negative errno if the kernel has no seccomp filters or the
 * limit of memory cannot be set.
 */
int sandbox_enter(const struct sandbox *sandbox, struct complaint *why)
{
	scmp_filter_ctx filter;
	int error = 0;

	mallopt(M_ARENA_MAX, 1);
	/* A file that grows too long is then an error like any other. */
	signal(SIGXFSZ, SIG_IGN);
	if (sandbox->file_max)
		error = limit(RLIMIT_FSIZE, sandbox->file_max, "the size of files", why);
	if (!error && !SANITIZED)
		error = limit(RLIMIT_AS, SANDBOX_MEMORY, "memory", why);
	if (error)
		return error;
	filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (!filter)
		return complain(why, -ENOMEM, "out of memory for the sandbox");
	error = add_rules(filter, sandbox);
	if (!error)
		error = seccomp_load(filter);
	seccomp_release(filter);
	if (error)
		return complain(why, error, "cannot set up the sandbox: %s", strerror(-error));
	return 0;
}
