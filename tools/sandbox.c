// SPDX-License-Identifier: GPL-2.0
/*
 * The sandbox: see sandbox.h.
 *
 * What remains is reading a few files, writing to others that were opened before,
 * asking for symbols, memory that is not executable, and the end. Anything else kills the
 * process, so that a bug cannot turn a dump into a program.
 */
#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sandbox.h"

/* All memory of the process: the parsers stay below it by their own limits. */
#define MEMORY_MAX	(256ULL << 20)

#if defined(__SANITIZE_ADDRESS__)
/* The sanitizers' runtime reserves address space, and looks at itself when it reports. */
#define SANITIZED	true
static const int runtime_calls[] = {
	SCMP_SYS(clock_gettime), SCMP_SYS(close), SCMP_SYS(getpid), SCMP_SYS(getrandom),
	SCMP_SYS(gettid), SCMP_SYS(madvise), SCMP_SYS(mprotect), SCMP_SYS(newfstatat),
	SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(prctl), SCMP_SYS(readlink), SCMP_SYS(read),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(sched_yield),
	SCMP_SYS(sigaltstack), SCMP_SYS(clone), SCMP_SYS(wait4), SCMP_SYS(ptrace),
	SCMP_SYS(getdents64), SCMP_SYS(prlimit64), SCMP_SYS(tgkill), SCMP_SYS(pipe2),
	SCMP_SYS(process_vm_readv), SCMP_SYS(sched_getaffinity), SCMP_SYS(write),
};
#else
#define SANITIZED	false
static const int runtime_calls[] = { SCMP_SYS(madvise) };
#endif

/* What needs no look at its arguments. */
static const int plain_calls[] = {
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(futex), SCMP_SYS(exit),
	SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn),
};

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

static int add_input(scmp_filter_ctx filter, int fd)
{
	int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(pread64), 1,
				     SCMP_A0_32(SCMP_CMP_EQ, (u32)fd));

	return error ? error : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(lseek), 1,
						SCMP_A0_32(SCMP_CMP_EQ, (u32)fd));
}

static int add_output(scmp_filter_ctx filter, int fd)
{
	int error = 0;

	if (!SANITIZED)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
					 SCMP_A0_32(SCMP_CMP_EQ, (u32)fd));
	return error ? error : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(pwrite64), 1,
						SCMP_A0_32(SCMP_CMP_EQ, (u32)fd));
}

/* To a socket that has an other end, no address can be given. */
static int add_resolver(scmp_filter_ctx filter, int fd)
{
	int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 2,
				     SCMP_A0_32(SCMP_CMP_EQ, (u32)fd),
				     SCMP_A4(SCMP_CMP_EQ, 0));

	return error ? error : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(recvfrom), 1,
						SCMP_A0_32(SCMP_CMP_EQ, (u32)fd));
}

static int add_rules(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
	u32 i;
	int error;

	error = allow(filter, plain_calls, sizeof(plain_calls) / sizeof(*plain_calls));
	if (!error)
		error = allow(filter, runtime_calls,
			      sizeof(runtime_calls) / sizeof(*runtime_calls));
	for (i = 0; i < sandbox->nr_inputs && !error; i++)
		error = add_input(filter, sandbox->inputs[i]);
	for (i = 0; i < sandbox->nr_outputs && !error; i++)
		error = add_output(filter, sandbox->outputs[i]);
	if (!error && sandbox->resolver >= 0)
		error = add_resolver(filter, sandbox->resolver);
	if (!error && !SANITIZED)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
					 SCMP_A0_32(SCMP_CMP_EQ, STDOUT_FILENO));
	if (!error && !SANITIZED)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
					 SCMP_A0_32(SCMP_CMP_EQ, STDERR_FILENO));
	/* Memory that is backed by no file and cannot be executed. */
	if (!error)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
					 SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
					 SCMP_A3_32(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS,
						    MAP_ANONYMOUS));
	return error;
}

/**
 * sandbox_enter() - give up everything that parsing does not need
 * @sandbox:	the only files that can be used from here on
 * @why:	text of an error
 *
 * Return: 0, or a negative errno if the kernel has no seccomp filters or the
 * limit of memory cannot be set.
 */
int sandbox_enter(const struct sandbox *sandbox, struct complaint *why)
{
	const struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };
	scmp_filter_ctx filter;
	int error;

	if (!SANITIZED && setrlimit(RLIMIT_AS, &memory))
		return complain(why, -errno, "cannot limit memory: %s", strerror(errno));
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
