/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mark by which a dump file is known: the extended attribute
 * trusted.kredact.custody, with the text "v1 ID TIME". ID is 32 hexadecimal
 * digits, drawn at random; TIME is when it was marked, in nanoseconds since 1970.
 *
 * The namespace trusted.* is that of CAP_SYS_ADMIN in the initial user namespace:
 * nobody else can set, remove or even see it. security.* would be open to all
 * readers, and to the root of a container on its own file systems.
 */
#ifndef KREDACT_BPF_CUSTODY_MARK_H
#define KREDACT_BPF_CUSTODY_MARK_H

#include <linux/types.h>

#include "custody_shared.h"

/**
 * struct custody_mark - a mark, read
 * @id:		with a NUL
 * @realtime_ns: when the file was marked
 */
struct custody_mark {
	char id[CUSTODY_ID_LEN + 1];
	__u64 realtime_ns;
};

#define CUSTODY_FD_NAME	32	/* bytes of what custody_fd_name() makes */

/**
 * custody_fd_name - a path of an open file
 * @to:		CUSTODY_FD_NAME bytes
 *
 * For calls that take no descriptor of O_PATH.
 *
 * Return: @to.
 */
const char *custody_fd_name(int fd, char *to);

/**
 * custody_mark_read - the mark of an open file
 * @fd:		of it; may be of O_PATH
 * @mark:	out
 *
 * Return: 0; -ENODATA: it has none (or the caller may not see it); -EBADMSG: one
 * that is not understood; -EOPNOTSUPP: its file system has no such attributes.
 */
int custody_mark_read(int fd, struct custody_mark *mark);

/**
 * custody_mark_set - mark a regular file
 * @fd:		of it; may be of O_PATH
 * @mark:	out: the mark that it has now, fresh or from before
 *
 * Return: 1 if it is marked now, 0 if it was before, else a negative errno.
 */
int custody_mark_set(int fd, struct custody_mark *mark);

/**
 * custody_mark_remove - remove the mark
 *
 * Return: 0 or a negative errno.
 */
int custody_mark_remove(int fd);

#endif /* KREDACT_BPF_CUSTODY_MARK_H */
