/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whom a process of a test becomes.
 */
#ifndef KREDACT_SELFTEST_BECOME_H
#define KREDACT_SELFTEST_BECOME_H

#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#define NOBODY	65534

static inline void as_root(void)
{
}

static inline void drop_to_nobody(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		_exit(99);
}

/* Nobody's, and as dumpable as a program that nobody had started. */
static inline void as_nobody(void)
{
	drop_to_nobody();
	prctl(PR_SET_DUMPABLE, 1);
}

static inline void as_nobody_undumpable(void)
{
	drop_to_nobody();
	prctl(PR_SET_DUMPABLE, 0);
}

static inline void in_user_namespace(void)
{
	as_nobody();
	if (unshare(CLONE_NEWUSER))
		_exit(98);
	prctl(PR_SET_DUMPABLE, 1);
}

#endif /* KREDACT_SELFTEST_BECOME_H */
