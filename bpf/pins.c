// SPDX-License-Identifier: GPL-2.0
/* What stays in the kernel when its process ends: see pins.h. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/magic.h>

#include "pins.h"

#define BPF_FS		"/sys/fs/bpf"
#define MOST_OPEN	8
#define MOST_MAPS	64
#define END_TRIES	600
#define END_PAUSE_US	50000

static bool is_bpf_fs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && fs.f_type == BPF_FS_MAGIC;
}

static int make_dir(const char *path)
{
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

int pins_begin(const char *pins)
{
	char path[PATH_MAX];
	int err;

	if (!is_bpf_fs(BPF_FS) && mount("bpf", BPF_FS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC,
					"mode=0700"))
		return -errno;
	err = make_dir(pins);
	if (err)
		return err;
	if (!is_bpf_fs(pins))
		return -ENOTSUP;
	snprintf(path, sizeof(path), "%s/maps", pins);
	return make_dir(path);
}

int pins_share(const char *pins, struct bpf_object *object, const char *const *names)
{
	char path[PATH_MAX], *c;
	int err = 0;

	for (; *names && !err; names++) {
		struct bpf_map *map = bpf_object__find_map_by_name(object, *names);

		if (!map)
			continue;
		snprintf(path, sizeof(path), "%s/maps/%s", pins, *names);
		/* This file system has no dots in its names. */
		for (c = strrchr(path, '/'); *c; c++)
			if (*c == '.')
				*c = '_';
		err = bpf_map__set_pin_path(map, path);
	}
	return err;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path) ? -errno : 0;
}

static int remove_all(const char *path)
{
	int err = nftw(path, remove_one, MOST_OPEN, FTW_DEPTH | FTW_PHYS);

	/* nftw() has its own errors, and those of its callback. */
	if (err == -1)
		err = -errno;
	return err == -ENOENT ? 0 : err;
}

/* All folders of a kind, but for one. */
static int remove_others(const char *kind_path, const char *but)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir = opendir(kind_path);
	int err = 0;

	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, but))
			continue;
		snprintf(path, sizeof(path), "%s/%s", kind_path, entry->d_name);
		err = remove_all(path);
	}
	closedir(dir);
	return err;
}

int pins_keep(const char *pins, const char *kind, const int *links, unsigned int nr)
{
	char kind_path[PATH_MAX / 2], path[PATH_MAX], start[40];
	struct timespec now;
	unsigned int i;
	int err;

	clock_gettime(CLOCK_BOOTTIME, &now);
	snprintf(start, sizeof(start), "%lld_%09ld", (long long)now.tv_sec, now.tv_nsec);
	snprintf(kind_path, sizeof(kind_path), "%s/%s", pins, kind);
	snprintf(path, sizeof(path), "%s/%s", kind_path, start);
	err = make_dir(kind_path);
	if (!err)
		err = make_dir(path);
	for (i = 0; i < nr && !err; i++) {
		snprintf(path, sizeof(path), "%s/%s/%u", kind_path, start, i);
		err = bpf_obj_pin(links[i], path) ? -errno : 0;
	}
	if (!err)
		return remove_others(kind_path, start);
	snprintf(path, sizeof(path), "%s/%s", kind_path, start);
	remove_all(path);
	return err;
}

static unsigned int counted;

static int count_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path;
	(void)st;
	(void)ftw;
	counted += type == FTW_F;
	return 0;
}

unsigned int pins_count(const char *pins, const char *kind)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", pins, kind);
	counted = 0;
	nftw(path, count_one, MOST_OPEN, FTW_PHYS);
	return counted;
}

int pins_drop(const char *pins, const char *kind)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", pins, kind);
	return remove_all(path);
}

/* Does a program use one of these maps? */
static bool uses(int fd, const __u32 *maps, unsigned int nr)
{
	__u32 its[MOST_MAPS], size = sizeof(struct bpf_prog_info);
	struct bpf_prog_info info = { .nr_map_ids = MOST_MAPS, .map_ids = (uintptr_t)its };
	unsigned int i, k;

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return false;
	for (i = 0; i < info.nr_map_ids && i < MOST_MAPS; i++)
		for (k = 0; k < nr; k++)
			if (its[i] == maps[k])
				return true;
	return false;
}

static bool maps_are_used(const __u32 *maps, unsigned int nr)
{
	bool used = false;
	__u32 id = 0;
	int fd;

	while (!used && !bpf_prog_get_next_id(id, &id)) {
		fd = bpf_prog_get_fd_by_id(id);
		if (fd < 0)
			continue;
		used = uses(fd, maps, nr);
		close(fd);
	}
	return used;
}

/* The numbers of the maps that are pinned. */
static unsigned int find_maps(const char *pins, __u32 *maps)
{
	char path[PATH_MAX];
	unsigned int nr = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/maps", pins);
	dir = opendir(path);
	while (dir && nr < MOST_MAPS && (entry = readdir(dir))) {
		struct bpf_map_info info = {};
		__u32 size = sizeof(info);
		int fd;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/maps/%s", pins, entry->d_name);
		fd = bpf_obj_get(path);
		if (fd < 0)
			continue;
		if (!bpf_obj_get_info_by_fd(fd, &info, &size))
			maps[nr++] = info.id;
		close(fd);
	}
	if (dir)
		closedir(dir);
	return nr;
}

int pins_end(const char *pins)
{
	__u32 maps[MOST_MAPS];
	unsigned int nr = find_maps(pins, maps), tries;
	int err = remove_all(pins);

	/*
	 * The kernel takes programs away one after another, some time after they have no name:
	 * also those that a process before this one has replaced.
	 */
	for (tries = 0; !err && maps_are_used(maps, nr); tries++) {
		if (tries == END_TRIES)
			return -ETIMEDOUT;
		usleep(END_PAUSE_US);
	}
	return err;
}
