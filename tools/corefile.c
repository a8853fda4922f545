// SPDX-License-Identifier: GPL-2.0
/*
 * The file that the kernel wrote a core to: see corefile.h.
 *
 * Its process is gone, and with it the working directory and the root that core_pattern was
 * meant in. What stays is the path inside its file system, which this process may have
 * mounted elsewhere, or not at all. Users may write to directories on the way: so no symbolic
 * link is followed, no mount crossed, and what is found must have the inode of the core.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../bpf/mountinfo.h"
#include "corefile.h"

/* As the kernel has it: 20 bits of minor number. */
#define DEV_MAJOR(dev)	((dev) >> 20)
#define DEV_MINOR(dev)	((dev) & ((1u << 20) - 1))

static bool is_mount(int fd, unsigned long long id)
{
	struct statx stat;

	return !statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &stat) &&
	       stat.stx_mask & STATX_MNT_ID && stat.stx_mnt_id == id;
}

static int open_beneath(int dir, const char *path, u64 flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_XDEV,
	};

	return syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

/* Is it here? @path has no slash at its beginning. */
static bool open_in(struct corefile *file, int root, u64 ino, const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX] = ".";

	if (slash)
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	file->name = slash ? slash + 1 : path;
	file->dir = open_beneath(root, dir, O_RDONLY | O_DIRECTORY);
	if (file->dir < 0)
		return false;
	file->fd = open_beneath(file->dir, file->name, O_RDONLY);
	if (file->fd >= 0 && !fstat(file->fd, &file->stat) && S_ISREG(file->stat.st_mode) &&
	    file->stat.st_ino == ino)
		return true;
	corefile_close(file);
	return false;
}

static bool open_on(struct corefile *file, const struct mount *mount, u64 ino, const char *path)
{
	size_t len = strcmp(mount->root, "/") ? strlen(mount->root) : 0;
	bool found;
	int root;

	if (strncmp(path, mount->root, len) || path[len] != '/' || strlen(path) >= PATH_MAX)
		return false;
	root = open(mount->point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return false;
	/* Something else may be mounted over it. */
	found = is_mount(root, mount->id) && open_in(file, root, ino, path + len + 1);
	close(root);
	return found;
}

/**
 * corefile_open() - find a core
 * @file:	takes it; corefile_close() releases it, needed after success only
 * @dev:	of its file system, as the kernel has it: struct free_event
 * @ino:	its inode number
 * @path:	in its file system, beginning with a slash; outlives @file
 * @why:	text of an error
 *
 * A file system that is run by a process (FUSE) is not looked at: that process could let
 * this one wait for ever.
 *
 * Return: 0, -ENOENT: this process has it nowhere, or it is not there any more; -errno.
 */
int corefile_open(struct corefile *file, u32 dev, u64 ino, const char *path,
		  struct complaint *why)
{
	FILE *mounts = fopen(MOUNTINFO, "re");
	char *line = NULL;
	bool found = false;
	size_t room = 0;

	*file = (struct corefile){ .dir = -1, .fd = -1 };
	if (!mounts)
		return complain(why, -errno, "%s: %s", MOUNTINFO, strerror(errno));
	while (!found && getline(&line, &room, mounts) > 0) {
		struct mount mount;

		if (mount_parse(&mount, line) && mount.dev == dev && strncmp(mount.type, "fuse", 4))
			found = open_on(file, &mount, ino, path);
	}
	free(line);
	fclose(mounts);
	if (!found)
		return complain(why, -ENOENT, "the core (device %u:%u, inode %llu) is not to be "
				"found", DEV_MAJOR(dev), DEV_MINOR(dev), (unsigned long long)ino);
	return 0;
}

/**
 * corefile_close() - release what corefile_open() took
 * @file:	not usable afterwards
 */
void corefile_close(struct corefile *file)
{
	if (file->fd >= 0)
		close(file->fd);
	if (file->dir >= 0)
		close(file->dir);
	file->fd = -1;
	file->dir = -1;
}
