// SPDX-License-Identifier: GPL-2.0
/*
 * The store and the quarantine: see store.h.
 *
 * Each step is one system call that happens or does not, and what a later one relies on is
 * on the disk before it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "attest/attestation.h"
#include "attest/publish.h"
#include "store.h"

static const struct {
	const char *word;
	const char *group;
	mode_t mode;
} kinds[STORES] = {
	[STORE_CLEAN] = { "store", "kredact-dumps", 0640 },
	[STORE_QUARANTINE] = { "quarantine", "kredact-quarantine", 0600 },
};

/**
 * where_word() - the name of a folder
 * @where:	which
 *
 * Return: "store" or "quarantine".
 */
const char *where_word(enum where where)
{
	return kinds[where].word;
}

static int open_folder(struct store *store, enum where where, struct complaint *why)
{
	const char *path = store->paths[where];
	const struct group *group = getgrnam(kinds[where].group);
	struct stat stat;

	store->groups[where] = group ? group->gr_gid : getegid();
	store->dirs[where] = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (store->dirs[where] < 0 || fstat(store->dirs[where], &stat))
		return complain(why, -errno, "%s: %s", path, strerror(errno));
	/* Names in it are ours only where nobody else can make any. */
	if (stat.st_uid != geteuid() || (stat.st_mode & 022))
		return complain(why, -EPERM, "%s: others may write to it (mode %04o, user %u)",
				path, (unsigned int)stat.st_mode & 07777,
				(unsigned int)stat.st_uid);
	if (where == STORE_QUARANTINE && (stat.st_mode & 07))
		return complain(why, -EPERM, "%s: all may look into it (mode %04o)", path,
				(unsigned int)stat.st_mode & 07777);
	return 0;
}

/**
 * store_open() - open both folders
 * @store:	takes the state; store_close() releases it, also after an error
 * @settings:	where they are; outlives @store
 * @why:	text of an error
 *
 * Return: 0, -EPERM (others may write there), -EXDEV (two mounts), or another
 * negative errno.
 */
int store_open(struct store *store, const struct settings *settings, struct complaint *why)
{
	struct statx stats[STORES];
	int error;

	*store = (struct store){
		.paths = { settings->store, settings->quarantine },
		.dirs = { -1, -1 },
		.quotas = { &settings->store_quota, &settings->quarantine_quota },
	};
	error = open_folder(store, STORE_QUARANTINE, why);
	if (!error)
		error = open_folder(store, STORE_CLEAN, why);
	if (error)
		return error;
	/* A sandbox of systemd makes mounts of folders, between which nothing can be renamed. */
	if (statx(store->dirs[0], "", AT_EMPTY_PATH, STATX_MNT_ID, &stats[0]) ||
	    statx(store->dirs[1], "", AT_EMPTY_PATH, STATX_MNT_ID, &stats[1]) ||
	    stats[0].stx_mnt_id != stats[1].stx_mnt_id)
		return complain(why, -EXDEV, "%s and %s are not on one mount", store->paths[0],
				store->paths[1]);
	return 0;
}

/**
 * store_close() - close them
 * @store:	from store_open()
 */
void store_close(struct store *store)
{
	u32 i;

	for (i = 0; i < STORES; i++)
		if (store->dirs[i] >= 0)
			close(store->dirs[i]);
}

/**
 * store_new() - an empty file without a name
 * @store:	open
 * @why:	text of an error
 *
 * It is locked until all have closed it, so that nobody takes it for one that was left
 * behind.
 *
 * Return: a descriptor, which is the caller's, or a negative errno.
 */
int store_new(const struct store *store, struct complaint *why)
{
	int fd = openat(store->dirs[STORE_QUARANTINE], ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	complaint_set(why, "%s: no new file: %s", store->paths[STORE_QUARANTINE],
		      strerror(errno));
	if (fd >= 0)
		close(fd);
	return -errno ?: -EIO;
}

/**
 * store_free() - how much is free
 * @store:	open
 *
 * Return: bytes of the file system beyond those that are to stay free, in the stricter of the
 * two.
 */
u64 store_free(const struct store *store)
{
	u64 keep = max(store->quotas[0]->keep_free, store->quotas[1]->keep_free);
	struct statvfs statvfs;
	u64 is_free;

	if (fstatvfs(store->dirs[STORE_QUARANTINE], &statvfs))
		return 0;
	is_free = (u64)statvfs.f_bavail * statvfs.f_frsize;
	return is_free > keep ? is_free - keep : 0;
}

/**
 * store_room() - how large a new file may become
 * @store:	open
 *
 * Return: bytes that are free, but no more than the quotas allow.
 */
u64 store_room(const struct store *store)
{
	return min(store_free(store), min(store->quotas[0]->bytes, store->quotas[1]->bytes));
}

/**
 * store_sync() - have the names in a folder on the disk
 * @store:	open
 * @where:	which folder
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int store_sync(const struct store *store, enum where where, struct complaint *why)
{
	if (fsync(store->dirs[where]))
		return complain(why, -errno, "%s: %s", store->paths[where], strerror(errno));
	return 0;
}

static bool exists(int dir, const char *name)
{
	struct stat stat;

	return !fstatat(dir, name, &stat, AT_SYMLINK_NOFOLLOW);
}

/**
 * store_pend() - name a file that is all there
 * @store:	open
 * @fd:		from store_new(), on the disk
 * @stem:	name that it is to have, ...
 * @suffix:	... and the end of it
 * @name:	takes STORE_NAME bytes: the name that it will have, which is free in both
 *		folders; it is pending under it until store_settle()
 * @why:	text of an error
 *
 * Return: 0, or a negative errno.
 */
int store_pend(const struct store *store, int fd, const char *stem, const char *suffix,
	       char *name, struct complaint *why)
{
	char pending[STORE_SIDECAR], again[12] = "";
	int error = -EEXIST;
	u32 i;

	complaint_set(why, "a thousand dumps have this name");
	for (i = 1; error == -EEXIST && i < 1000; i++) {
		if (i > 1)
			snprintf(again, sizeof(again), ".%u", i);
		snprintf(name, STORE_NAME, "%.*s%s%s",
			 (int)(STORE_NAME - 1 - sizeof(again) - strlen(suffix)), stem, again,
			 suffix);
		snprintf(pending, sizeof(pending), "%s" STORE_PENDING, name);
		if (!exists(store->dirs[STORE_CLEAN], name) &&
		    !exists(store->dirs[STORE_QUARANTINE], name))
			error = publish_link(fd, store->dirs[STORE_QUARANTINE], pending, why);
	}
	return error ? error : store_sync(store, STORE_QUARANTINE, why);
}

static bool same_file(int fd, int dir, const char *name)
{
	struct stat one, other;

	return !fstat(fd, &one) && !fstatat(dir, name, &other, AT_SYMLINK_NOFOLLOW) &&
	       one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

/* The kernel copies: no byte of it gets into this process. */
static int copy_in(const struct store *store, int from, const char *stem, char *name,
		   struct complaint *why)
{
	int to = store_new(store, why), error = 0;
	struct stat stat;
	off_t done = 0;

	if (to < 0)
		return to;
	if (fstat(from, &stat))
		error = complain(why, -errno, "%s", strerror(errno));
	while (!error && done < stat.st_size)
		if (sendfile(to, from, &done, min((u64)(stat.st_size - done), 1ULL << 30)) <= 0)
			error = complain(why, -EIO, "cannot be copied: %s", strerror(errno));
	if (!error && fsync(to))
		error = complain(why, -errno, "cannot be copied: %s", strerror(errno));
	if (!error)
		error = store_pend(store, to, stem, "", name, why);
	if (!error)
		return to;
	close(to);
	return error;
}

/**
 * store_take() - move a dump from elsewhere into the quarantine
 * @store:	open
 * @dir:	folder that it is in
 * @from:	its name there
 * @fd:		the dump, which must not change; a copy takes its place if that is on another
 *		file system
 * @name:	takes STORE_NAME bytes, as store_pend(); it is pending there
 * @why:	text of an error
 *
 * Return: 0, -ESTALE (what has the name is another file), or another negative errno.
 */
int store_take(const struct store *store, int dir, const char *from, int *fd, char *name,
	       struct complaint *why)
{
	int to = store->dirs[STORE_QUARANTINE], copy;
	char pending[STORE_SIDECAR];

	snprintf(name, STORE_NAME, "%.230s", from);
	snprintf(pending, sizeof(pending), "%s" STORE_PENDING, name);
	if (exists(store->dirs[STORE_CLEAN], name) || exists(to, name))
		return complain(why, -EEXIST, "the stores have one of that name");
	/* Somebody who may read it has it locked: then a copy of it is taken. */
	if (flock(*fd, LOCK_EX | LOCK_NB)) {
		errno = EXDEV;
	} else if (!renameat2(dir, from, to, pending, RENAME_NOREPLACE)) {
		if (!same_file(*fd, to, pending))
			return complain(why, -ESTALE, "it was replaced; what has its name now is "
					"in the quarantine, too");
		return fsync(dir) ? complain(why, -errno, "%s", strerror(errno)) :
				    store_sync(store, STORE_QUARANTINE, why);
	}
	if (errno != EXDEV)
		return complain(why, -errno, "cannot be moved: %s", strerror(errno));
	copy = copy_in(store, *fd, from, name, why);
	if (copy < 0)
		return copy;
	if (same_file(*fd, dir, from) && (unlinkat(dir, from, 0) || fsync(dir)))
		complaint_set(why, "a copy is in the quarantine, the file is still there: %s",
			      strerror(errno));
	dup3(copy, *fd, O_CLOEXEC);
	close(copy);
	return 0;
}

/**
 * sidecar_link() - write a file that is there as a whole or not at all
 * @dir:	folder
 * @path:	of it, for people
 * @name:	of the file; what has it already, from before a power loss, goes
 * @text:	its bytes
 * @mode, @group: of the file
 * @why:	text of an error
 *
 * Return: 0, and it is on the disk; or a negative errno.
 */
int sidecar_link(int dir, const char *path, const char *name, const char *text, mode_t mode,
		 gid_t group, struct complaint *why)
{
	int fd, error = publish_file(dir, &fd, mode, why);

	if (error)
		return error;
	error = publish_write(fd, text, strlen(text), why);
	if (!error && (fchown(fd, -1, group) || fsync(fd) ||
		       (unlinkat(dir, name, 0) && errno != ENOENT)))
		error = complain(why, -errno, "%s/%s: %s", path, name, strerror(errno));
	if (!error)
		error = publish_link(fd, dir, name, why);
	if (!error && fsync(dir))
		error = complain(why, -errno, "%s: %s", path, strerror(errno));
	close(fd);
	return error;
}

/**
 * store_sidecar() - put the attestation of a dump where this will be
 * @store:	open
 * @where:	which folder
 * @name:	of the dump
 * @text:	the attestation
 * @why:	text of an error
 *
 * Return: 0, or a negative errno.
 */
int store_sidecar(const struct store *store, enum where where, const char *name,
		  const char *text, struct complaint *why)
{
	char sidecar[STORE_SIDECAR];

	snprintf(sidecar, sizeof(sidecar), "%s" ATTESTATION_SUFFIX, name);
	return sidecar_link(store->dirs[where], store->paths[where], sidecar, text,
			    kinds[where].mode, store->groups[where], why);
}

/**
 * store_settle() - give a dump its name
 * @store:	open
 * @where:	in which folder
 * @fd:		the dump
 * @name:	from store_pend()
 * @why:	text of an error
 *
 * Return: 0, or a negative errno.
 */
int store_settle(const struct store *store, enum where where, int fd, const char *name,
		 struct complaint *why)
{
	int from = store->dirs[STORE_QUARANTINE], to = store->dirs[where];
	char pending[STORE_SIDECAR];
	int error;

	snprintf(pending, sizeof(pending), "%s" STORE_PENDING, name);
	/* Still in the quarantine, where nobody can open it. */
	if (fchown(fd, geteuid(), store->groups[where]) || fchmod(fd, kinds[where].mode) ||
	    fsync(fd) || renameat2(from, pending, to, name, RENAME_NOREPLACE))
		return complain(why, -errno, "%s/%s: %s", store->paths[where], name,
				strerror(errno));
	error = store_sync(store, where, why);
	return error || where == STORE_QUARANTINE ? error :
	       store_sync(store, STORE_QUARANTINE, why);
}

/**
 * store_remove() - remove a dump and its attestation
 * @store:	open
 * @where:	from which folder
 * @name:	of the dump
 * @why:	text of an error
 *
 * The dump goes first, so that it is never without its attestation.
 *
 * Return: 0, or a negative errno.
 */
int store_remove(const struct store *store, enum where where, const char *name,
		 struct complaint *why)
{
	char sidecar[STORE_SIDECAR + 20];

	snprintf(sidecar, sizeof(sidecar), "%s" ATTESTATION_SUFFIX, name);
	if (unlinkat(store->dirs[where], name, 0) ||
	    (unlinkat(store->dirs[where], sidecar, 0) && errno != ENOENT))
		return complain(why, -errno, "%s/%s: %s", store->paths[where], name,
				strerror(errno));
	return store_sync(store, where, why);
}

static bool ends_in(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return len > suffix_len && !strcmp(name + len - suffix_len, suffix);
}

/* Return: false if it is no dump. */
static bool look_at(const struct store *store, enum where where, const char *name,
		    struct stored *to)
{
	char sidecar[STORE_SIDECAR + 20];
	struct stat stat;

	if (*name == '.' || ends_in(name, ATTESTATION_SUFFIX) || strlen(name) >= STORE_SIDECAR ||
	    fstatat(store->dirs[where], name, &stat, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(stat.st_mode))
		return false;
	*to = (struct stored){ .where = where, .pending = ends_in(name, STORE_PENDING) };
	snprintf(to->name, sizeof(to->name), "%s", name);
	to->bytes = stat.st_size;
	to->disk = stat.st_blocks * 512ULL;
	to->mtime = stat.st_mtime;
	snprintf(sidecar, sizeof(sidecar), "%s" ATTESTATION_SUFFIX, name);
	if (!fstatat(store->dirs[where], sidecar, &stat, AT_SYMLINK_NOFOLLOW)) {
		to->attested = true;
		to->disk += stat.st_blocks * 512ULL;
	}
	return true;
}

static int oldest_first(const void *a, const void *b)
{
	const struct stored *one = a, *other = b;

	if (one->mtime != other->mtime)
		return one->mtime < other->mtime ? -1 : 1;
	return strcmp(one->name, other->name);
}

/* An attestation whose dump never came under that name. */
static int tidy(const struct store *store, enum where where, const char *sidecar,
		struct complaint *why)
{
	char name[STORE_SIDECAR], pending[STORE_SIDECAR + 20];

	if (strlen(sidecar) >= sizeof(name))
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)(strlen(sidecar) - strlen(ATTESTATION_SUFFIX)),
		 sidecar);
	snprintf(pending, sizeof(pending), "%s" STORE_PENDING, name);
	/* In this order: what is pending no more has its name. */
	if (exists(store->dirs[STORE_QUARANTINE], pending) || exists(store->dirs[where], name) ||
	    !unlinkat(store->dirs[where], sidecar, 0))
		return 0;
	return complain(why, -errno, "%s/%s: %s", store->paths[where], sidecar, strerror(errno));
}

static DIR *open_list(const struct store *store, enum where where, struct complaint *why)
{
	int fd = openat(store->dirs[where], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir)
		return dir;
	complaint_set(why, "%s: %s", store->paths[where], strerror(errno));
	if (fd >= 0)
		close(fd);
	return NULL;
}

/**
 * store_tidy() - remove attestations whose dump is elsewhere, or pending no more
 * @store:	open
 * @why:	text of an error
 *
 * Return: 0, or a negative errno.
 */
int store_tidy(const struct store *store, struct complaint *why)
{
	struct dirent *entry;
	int error = 0;
	DIR *dir;
	u32 i;

	for (i = 0; i < STORES && !error; i++) {
		dir = open_list(store, i, why);
		if (!dir)
			return -EIO;
		while (!error && (entry = readdir(dir)))
			if (ends_in(entry->d_name, ATTESTATION_SUFFIX))
				error = tidy(store, i, entry->d_name, why);
		closedir(dir);
	}
	return error;
}

/**
 * store_list() - the dumps in a folder
 * @store:	open
 * @where:	which folder
 * @list:	takes them, the oldest first; to be released by free()
 * @nr:		takes how many
 * @why:	text of an error
 *
 * Return: 0, or a negative errno.
 */
int store_list(const struct store *store, enum where where, struct stored **list, u32 *nr,
	       struct complaint *why)
{
	DIR *dir = open_list(store, where, why);
	struct dirent *entry;
	struct stored *grown;

	*list = NULL;
	*nr = 0;
	if (!dir)
		return -EIO;
	while ((entry = readdir(dir))) {
		/* The array doubles at each power of two. */
		if (!(*nr & (*nr - 1))) {
			grown = realloc(*list, (*nr ? *nr * 2 : 1) * sizeof(**list));
			if (!grown) {
				closedir(dir);
				free(*list);
				*list = NULL;
				return complain(why, -ENOMEM, "out of memory");
			}
			*list = grown;
		}
		*nr += look_at(store, where, entry->d_name, *list + *nr);
	}
	closedir(dir);
	if (*nr)
		qsort(*list, *nr, sizeof(**list), oldest_first);
	return 0;
}
