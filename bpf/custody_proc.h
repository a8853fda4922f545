/* SPDX-License-Identifier: GPL-2.0 */
/* Who a process is, by /proc: for fanotify, which tells its number only. */
#ifndef KREDACT_BPF_CUSTODY_PROC_H
#define KREDACT_BPF_CUSTODY_PROC_H

#include <limits.h>
#include <sys/types.h>

#include "custody.h"

/**
 * struct custody_proc - a process
 * @who:	points into @exe and @cgroup
 */
struct custody_proc {
	struct custody_who who;
	char exe[PATH_MAX];
	char cgroup[PATH_MAX];
};

void custody_proc_clear(struct custody_proc *p, pid_t pid);
int custody_proc_read(struct custody_proc *p, pid_t pid);

#endif /* KREDACT_BPF_CUSTODY_PROC_H */
