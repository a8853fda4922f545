/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lines of /proc/self/mountinfo (proc(5)): what is mounted where.
 */
#ifndef KREDACT_BPF_MOUNTINFO_H
#define KREDACT_BPF_MOUNTINFO_H

#include <stdbool.h>

#include <linux/types.h>

#define MOUNTINFO	"/proc/self/mountinfo"

/**
 * struct mount - a line; the texts are in it
 * @id:		of the mount
 * @dev:	of the file system, as the kernel has it: kernel_dev()
 * @root:	what of it is mounted
 * @point:	where
 * @type:	of the file system
 */
struct mount {
	unsigned long long id;
	__u32 dev;
	char *root;
	char *point;
	char *type;
};

bool mount_parse(struct mount *mount, char *line);

#endif /* KREDACT_BPF_MOUNTINFO_H */
