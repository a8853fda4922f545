// SPDX-License-Identifier: GPL-2.0
/* The mark of a dump file: see custody_mark.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>

#include "custody_mark.h"

#define VALUE_LEN	80	/* prefix, ID, a space and at most 20 digits */

const char *custody_fd_name(int fd, char *to)
{
	snprintf(to, CUSTODY_FD_NAME, "/proc/self/fd/%d", fd);
	return to;
}

static int parse(const char *value, struct custody_mark *mark)
{
	static const char digits[] = "0123456789abcdef";
	const char *id = value + CUSTODY_PREFIX_LEN;
	char *end;

	if (strncmp(value, CUSTODY_PREFIX, CUSTODY_PREFIX_LEN) ||
	    strspn(id, digits) != CUSTODY_ID_LEN || id[CUSTODY_ID_LEN] != ' ')
		return -EBADMSG;
	memcpy(mark->id, id, CUSTODY_ID_LEN);
	mark->id[CUSTODY_ID_LEN] = '\0';
	id += CUSTODY_ID_LEN + 1;
	errno = 0;
	mark->realtime_ns = strtoull(id, &end, 10);
	if (*id < '0' || *id > '9' || *end || errno)
		return -EBADMSG;
	return 0;
}

int custody_mark_read(int fd, struct custody_mark *mark)
{
	char name[CUSTODY_FD_NAME], value[VALUE_LEN + 1];
	ssize_t len;

	len = getxattr(custody_fd_name(fd, name), CUSTODY_ATTR, value, VALUE_LEN);
	if (len < 0)
		return errno == ERANGE ? -EBADMSG : -errno;
	value[len] = '\0';
	return parse(value, mark);
}

int custody_mark_set(int fd, struct custody_mark *mark)
{
	char name[CUSTODY_FD_NAME], value[VALUE_LEN + 1];
	unsigned char id[CUSTODY_ID_LEN / 2];
	struct timespec now;
	struct stat st;
	size_t i;
	int len;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (getrandom(id, sizeof(id), 0) != sizeof(id))
		return -EIO;
	for (i = 0; i < sizeof(id); i++)
		sprintf(mark->id + 2 * i, "%02x", id[i]);
	clock_gettime(CLOCK_REALTIME, &now);
	mark->realtime_ns = (__u64)now.tv_sec * 1000000000 + (__u64)now.tv_nsec;
	len = snprintf(value, sizeof(value), CUSTODY_PREFIX "%s %" PRIu64, mark->id,
		       (uint64_t)mark->realtime_ns);
	/* Whoever comes second finds the first one's mark: an id is never replaced. */
	if (!setxattr(custody_fd_name(fd, name), CUSTODY_ATTR, value, (size_t)len,
		      XATTR_CREATE))
		return 1;
	if (errno != EEXIST)
		return -errno;
	return custody_mark_read(fd, mark);
}

int custody_mark_remove(int fd)
{
	char name[CUSTODY_FD_NAME];

	return removexattr(custody_fd_name(fd, name), CUSTODY_ATTR) ? -errno : 0;
}
