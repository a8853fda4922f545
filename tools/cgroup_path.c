// SPDX-License-Identifier: GPL-2.0
/*
 * A cgroup by its number: the kernel finds the folder, as long as there is one.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_path.h"

/* The kernel's FILEID_KERNFS: a handle of a file of kernfs is its number. */
#define HANDLE_KERNFS	0xfe

union handle {
	struct file_handle handle;
	char room[sizeof(struct file_handle) + sizeof(u64)];
};

/**
 * cgroup_path() - the path of a cgroup, from the root of all
 * @id:		its number, as of struct kredact_event_process
 * @to:		CGROUP_PATH_LEN bytes
 *
 * Needs CAP_DAC_READ_SEARCH. Return: @to, or NULL if it is gone, or not to be had.
 */
const char *cgroup_path(u64 id, char *to)
{
	static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	union handle handle = { .handle = { .handle_bytes = sizeof(id),
					    .handle_type = HANDLE_KERNFS } };
	char link[64];
	ssize_t len = -1;
	size_t i, skip = 0;
	int root, fd;

	memcpy(handle.handle.f_handle, &id, sizeof(id));
	for (i = 0; i < sizeof(roots) / sizeof(*roots) && len < 0; i++) {
		root = open(roots[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (root < 0)
			continue;
		fd = open_by_handle_at(root, &handle.handle, O_PATH | O_CLOEXEC);
		close(root);
		if (fd < 0)
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = readlink(link, to, CGROUP_PATH_LEN - 1);
		close(fd);
		skip = strlen(roots[i]);
	}
	if (len < (ssize_t)skip || strncmp(to, "/sys/fs/cgroup", strlen("/sys/fs/cgroup")))
		return NULL;
	to[len] = '\0';
	/* One that was removed meanwhile has " (deleted)" behind it: better than nothing. */
	memmove(to, to + skip, (size_t)len - skip + 1);
	return *to ? to : strcpy(to, "/");
}
