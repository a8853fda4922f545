// SPDX-License-Identifier: GPL-2.0
/*
 * Giving up privileges: see cell.h.
 *
 * capset() is a system call that the C library has no function for; libcap would be a
 * library for one call.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cell.h"
#include "sort.h"

#define KEEP_MOST	16u

static bool number_after(const void *a, const void *b, const void *arg)
{
	(void)arg;
	return *(const int *)a > *(const int *)b;
}

/**
 * cell_close_others() - close all but some descriptors
 * @keep:	these; negative ones are passed over
 * @nr:		how many, at most 15; standard error stays as well
 */
void cell_close_others(const int *keep, u32 nr)
{
	int sorted[KEEP_MOST], next = 0;
	u32 i, kept = 0;

	for (i = 0; i < nr && kept < KEEP_MOST - 1; i++)
		if (keep[i] >= 0)
			sorted[kept++] = keep[i];
	sorted[kept++] = STDERR_FILENO;
	sort_heap(sorted, kept, sizeof(*sorted), number_after, NULL);
	for (i = 0; i < kept; i++) {
		if (sorted[i] > next)
			close_range(next, sorted[i] - 1, 0);
		next = max(next, sorted[i] + 1);
	}
	close_range(next, ~0U, 0);
}

/* An unknown capability ends the list. */
static int drop_bounds(u64 keep, struct complaint *why)
{
	unsigned long cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			return complain(why, -errno, "cannot give up capability %lu: %s", cap,
					strerror(errno));
	return 0;
}

static int set_capabilities(u64 keep, struct complaint *why)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	int error = syscall(SYS_capget, &header, data);
	u32 i;

	/* What it does not have, as in a unit, it does not get. */
	for (i = 0; i < 2; i++, keep >>= 32) {
		data[i].permitted &= keep;
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	if (error || syscall(SYS_capset, &header, data))
		return complain(why, -errno, "cannot give up capabilities: %s", strerror(errno));
	return 0;
}

/**
 * cell_keep_capabilities() - give up all capabilities but some, for ever
 * @keep:	a bit for each that stays
 * @why:	text of an error
 *
 * Who is not root has none to give up.
 *
 * Return: 0 or a negative errno.
 */
int cell_keep_capabilities(u64 keep, struct complaint *why)
{
	int error = geteuid() ? 0 : drop_bounds(keep, why);

	return error || geteuid() ? error : set_capabilities(keep, why);
}

/**
 * cell_enter() - become somebody without privileges
 * @uid, @gid:	who
 * @why:	text of an error
 *
 * Who is not root stays who he is.
 *
 * Return: 0 or a negative errno.
 */
int cell_enter(uid_t uid, gid_t gid, struct complaint *why)
{
	int error;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return complain(why, -errno, "cannot switch off dumps: %s", strerror(errno));
	if (geteuid())
		return 0;
	if (!uid || !gid)
		return complain(why, -EINVAL, "root is nobody without privileges");
	error = drop_bounds(0, why);
	if (error)
		return error;
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return complain(why, -errno, "cannot become user %u: %s", (unsigned int)uid,
				strerror(errno));
	/* A change of the user makes it dumpable as sysctl fs.suid_dumpable says. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return complain(why, -errno, "cannot switch off dumps: %s", strerror(errno));
	return set_capabilities(0, why);
}
