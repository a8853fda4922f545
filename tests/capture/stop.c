// SPDX-License-Identifier: GPL-2.0
/*
 * Linked into the programs under test: they are killed before a chosen step, as by a loss of
 * power. Steps are the system calls that change what others see: names, modes,
 * what is on the disk, and lines of the log. KREDACT_STOP=N is the step; KREDACT_STREAM_STOP=N
 * that of the process that has the bytes.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static pid_t first;
static long steps, wanted, child_wanted;

__attribute__((constructor)) static void begin(void)
{
	first = getpid();
	wanted = atol(getenv("KREDACT_STOP") ?: "0");
	child_wanted = atol(getenv("KREDACT_STREAM_STOP") ?: "0");
}

static void step(void)
{
	if (++steps == (getpid() == first ? wanted : child_wanted))
		kill(getpid(), SIGKILL);
}

/* A call, and what it is to the linker (--wrap). */
#define STEP(type, name, parameters, ...)		\
	type __real_##name parameters;			\
	type __wrap_##name parameters;			\
	type __wrap_##name parameters			\
	{						\
		step();					\
		return __real_##name(__VA_ARGS__);	\
	}

STEP(int, linkat, (int from, const char *path, int to, const char *name, int flags),
     from, path, to, name, flags)
STEP(int, renameat2, (int from, const char *path, int to, const char *name, unsigned int flags),
     from, path, to, name, flags)
STEP(int, unlinkat, (int dir, const char *name, int flags), dir, name, flags)
STEP(int, fsync, (int fd), fd)
STEP(int, fdatasync, (int fd), fd)
STEP(int, fchown, (int fd, uid_t uid, gid_t gid), fd, uid, gid)
STEP(int, fchmod, (int fd, mode_t mode), fd, mode)
STEP(ssize_t, send, (int fd, const void *bytes, size_t len, int flags), fd, bytes, len, flags)
