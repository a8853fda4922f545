// SPDX-License-Identifier: GPL-2.0
/*
 * Files that are whole when they have a name: see publish.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/publish.h"

/**
 * publish_file() - make a file without a name
 * @dir:	folder that is to have it
 * @fd:		takes it, open for reading and writing
 * @mode:	of it, whatever the umask is
 * @why:	text of an error
 *
 * Return: 0 or a negative errno: -EOPNOTSUPP if the file system has no such files.
 */
int publish_file(int dir, int *fd, mode_t mode, struct complaint *why)
{
	*fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	if (*fd < 0)
		return complain(why, -errno, "no file can be made in its folder: %s",
				strerror(errno));
	if (!fchmod(*fd, mode))
		return 0;
	close(*fd);
	*fd = -1;
	return complain(why, -errno, "%s", strerror(errno));
}

/**
 * publish_write() - write all of something
 * @fd:		where to, at its offset
 * @bytes:	what
 * @len:	how many
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int publish_write(int fd, const void *bytes, size_t len, struct complaint *why)
{
	const char *from = bytes;
	ssize_t put;

	for (; len; from += put, len -= put) {
		put = write(fd, from, len);
		if (put < 0 && errno == EINTR)
			put = 0;
		else if (put <= 0)
			return complain(why, put ? -errno : -EIO, "cannot be written: %s",
					put ? strerror(errno) : "no progress");
	}
	return 0;
}

/**
 * publish_link() - give a file its name
 * @fd:		from publish_file(), on the disk
 * @dir:	the folder
 * @name:	in it; what has that name already stays
 * @why:	text of an error
 *
 * Return: 0, -EEXIST, or another negative errno.
 */
int publish_link(int fd, int dir, const char *name, struct complaint *why)
{
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, dir, name, AT_SYMLINK_FOLLOW))
		return complain(why, -errno, "%s", errno == EEXIST ? "exists already" :
				strerror(errno));
	return 0;
}

/**
 * publish() - write a file, and give it its name
 * @path:	its name, which must not exist
 * @bytes:	what is in it
 * @len:	how many
 * @why:	text of an error
 *
 * Return: 0, or a negative errno, after which there is no such file.
 */
int publish(const char *path, const void *bytes, size_t len, struct complaint *why)
{
	char *folder = strdup(path), *name = strdup(path);
	int dir = -1, fd = -1, error = -ENOMEM;

	complaint_set(why, "out of memory");
	if (!folder || !name)
		goto out;
	dir = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	error = dir < 0 ? complain(why, -errno, "its folder: %s", strerror(errno)) :
			  publish_file(dir, &fd, 0644, why);
	if (!error)
		error = publish_write(fd, bytes, len, why);
	if (!error && fsync(fd))
		error = complain(why, -errno, "cannot be written: %s", strerror(errno));
	if (!error)
		error = publish_link(fd, dir, basename(name), why);
	if (!error && fsync(dir))
		error = complain(why, -errno, "its folder: %s", strerror(errno));
out:
	if (fd >= 0)
		close(fd);
	if (dir >= 0)
		close(dir);
	free(folder);
	free(name);
	return error;
}
