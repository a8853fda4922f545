// SPDX-License-Identifier: GPL-2.0
/*
 * Saving the dump: see save.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "save.h"

#define DISK		"/dev/vda"
#define DISK_WAIT_MS	10000
#define ROOT		"/disk"
#define OUT		ROOT "/out"
#define PART		65536u

/* As tests/vm/init.c: the modules that reach the disk, in their order. */
static int insert_modules(void)
{
	FILE *list = fopen("/modules.list", "re");
	char path[256];
	int fd, error = list ? 0 : -errno;

	while (list && !error && fgets(path, sizeof(path), list)) {
		path[strcspn(path, "\n")] = '\0';
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			error = -errno;
		if (fd >= 0)
			close(fd);
	}
	if (list)
		fclose(list);
	return error;
}

/**
 * save_mount() - make the disk of the kernel that crashed ready
 *
 * Return: 0 or a negative errno.
 */
int save_mount(void)
{
	const struct timespec tick = { .tv_nsec = 1000000 };
	int ms, error = insert_modules();

	for (ms = 0; !error && access(DISK, F_OK); ms++) {
		if (ms == DISK_WAIT_MS)
			return -ENODEV;
		nanosleep(&tick, NULL);
	}
	if (error)
		return error;
	mkdir(ROOT, 0755);
	if (mount(DISK, ROOT, "ext4", MS_NOATIME, NULL))
		return -errno;
	return mkdir(OUT, 0755) && errno != EEXIST ? -errno : 0;
}

static bool is_zero(const char *bytes, size_t len)
{
	return !*bytes && !memcmp(bytes, bytes + 1, len - 1);
}

/**
 * save_file() - copy a file
 * @from:	open for reading
 * @len:	its bytes
 * @name:	of the copy in /out, which has holes where there are zeros
 *
 * Return: bytes that were written, or a negative errno.
 */
int64_t save_file(int from, uint64_t len, const char *name)
{
	static char part[PART];
	char path[256];
	uint64_t at = 0, written = 0;
	ssize_t got;
	int to, error = 0;

	snprintf(path, sizeof(path), OUT "/%s", name);
	to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	for (; at < len && !error; at += got) {
		got = pread(from, part, len - at < PART ? len - at : PART, at);
		if (got <= 0) {
			error = got ? -errno : -EIO;
		} else if (!is_zero(part, got)) {
			if (pwrite(to, part, got, at) != got)
				error = errno ? -errno : -EIO;
			written += got;
		}
	}
	if (!error && (ftruncate(to, len) || fsync(to)))
		error = -errno;
	close(to);
	return error ? error : (int64_t)written;
}
