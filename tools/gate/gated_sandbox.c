// SPDX-License-Identifier: GPL-2.0
/*
 * The sandbox of the half of kredact-gated that speaks HTTP: see gated_sandbox.h.
 *
 * What remains is serving connections at a socket that is there, talking to the other half,
 * files (of its own user: it is another one), memory that is not executable, and the end. No
 * program is executed, no process made, looked at or signalled, no socket made.
 */
#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>

#include "gate/gated_sandbox.h"

#define COUNT(array)	(sizeof(array) / sizeof(*(array)))

static const int calls[] = {
	/* connections, and the other half */
	SCMP_SYS(accept4), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto),
	SCMP_SYS(sendmsg), SCMP_SYS(shutdown), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(poll), SCMP_SYS(fcntl), SCMP_SYS(close),
	/* files */
	SCMP_SYS(openat), SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(pread64),
	SCMP_SYS(pwrite64), SCMP_SYS(lseek), SCMP_SYS(ftruncate), SCMP_SYS(fsync),
	SCMP_SYS(fdatasync), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(unlinkat),
	SCMP_SYS(renameat), SCMP_SYS(renameat2),
	/* memory, time, the end */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
	SCMP_SYS(clock_gettime), SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group),
};

#if defined(__SANITIZE_ADDRESS__)
/* The sanitizers' runtime looks at itself when it reports. */
static const int runtime_calls[] = {
	SCMP_SYS(mprotect), SCMP_SYS(open), SCMP_SYS(prctl), SCMP_SYS(readlink),
	SCMP_SYS(sigaltstack), SCMP_SYS(prlimit64), SCMP_SYS(tgkill), SCMP_SYS(sched_yield),
};
#else
static const int runtime_calls[] = { };
#endif

static int allow(scmp_filter_ctx filter, const int *list, size_t nr)
{
	int error = 0;

	while (nr-- && !error)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, list[nr], 0);
	return error;
}

/**
 * gated_sandbox_enter() - from here on anything else kills this process
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int gated_sandbox_enter(struct complaint *why)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int error = filter ? allow(filter, calls, COUNT(calls)) : -ENOMEM;

	if (!error)
		error = allow(filter, runtime_calls, COUNT(runtime_calls));
	if (!error)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
					 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!error)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error ? complain(why, error, "no sandbox: %s", strerror(-error)) : 0;
}
