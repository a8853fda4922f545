// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps that others have written: see scan.h.
 *
 * A dump was judged before if its attestation lies beside it, is ours, and is not older than
 * the last change of the dump or of its attributes, which nobody can set back.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/kredact_seal.h>

#include "attest/attestation.h"
#include "attest/still.h"
#include "journal.h"
#include "scan.h"

/**
 * struct found - a dump in a folder
 * @keeper:	what is done with it by
 * @dir:	the folder, ...
 * @path:	... and its name
 * @name:	of the dump
 * @fd:		the dump
 * @stat:	when it was found
 */
struct found {
	struct keeper *keeper;
	int dir;
	const char *path;
	const char *name;
	int fd;
	struct stat stat;
};

static bool ends_in(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return len > suffix_len && !strcmp(name + len - suffix_len, suffix);
}

static bool not_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec >= b->tv_nsec;
}

static bool judged_before(const struct found *found)
{
	char sidecar[400];
	struct stat stat;

	snprintf(sidecar, sizeof(sidecar), "%.255s" ATTESTATION_SUFFIX, found->name);
	return !fstatat(found->dir, sidecar, &stat, AT_SYMLINK_NOFOLLOW) &&
	       S_ISREG(stat.st_mode) && stat.st_uid == geteuid() &&
	       not_before(&stat.st_ctim, &found->stat.st_ctim);
}

static int tell(const struct found *found, const char *text)
{
	char path[4096];
	char *about;

	snprintf(path, sizeof(path), "%s/%s", found->path, found->name);
	about = text_escaped(path);
	journal_trouble(found->keeper->program, about, text);
	free(about);
	return -EIO;
}

/* What stays where it is: lines of the log, attributes, and last the attestation. */
static int keep_there(const struct found *found, struct dump *dump, const char *attestation,
		      struct complaint *why)
{
	struct keeper *keeper = found->keeper;
	bool clean = !dump->verdict.examination.status;
	char sidecar[400];
	int error;

	error = keeper_tell(keeper, "dump.verified", dump, dump->verdict.why.text, why);
	if (!error)
		error = keeper_tell(keeper, "dump.attested", dump, NULL, why);
	if (!error && clean)
		error = keeper_tell(keeper, "dump.stored", dump, NULL, why);
	if (error)
		return error;
	keeper_mark(dump, attestation);
	snprintf(sidecar, sizeof(sidecar), "%.255s" ATTESTATION_SUFFIX, found->name);
	return sidecar_link(found->dir, found->path, sidecar, attestation,
			    found->stat.st_mode & 0666, found->stat.st_gid, why);
}

static int place(const struct found *found, const struct judge *judge, struct dump *dump,
		 struct scanned *scanned, struct complaint *why)
{
	struct keeper *keeper = found->keeper;
	bool clean = !dump->verdict.examination.status;
	struct complaint unattested;
	char *attestation, path[4096];
	int error;

	error = keeper_tell(keeper, "dump.captured", dump, NULL, why);
	if (error)
		return error;
	attestation = keeper_attest(keeper, judge, dump, &unattested);
	if (attestation && (clean || !keeper->settings->move)) {
		error = keep_there(found, dump, attestation, why);
		snprintf(path, sizeof(path), "%s/%s", found->path, found->name);
		if (!error)
			keeper_show(dump, path);
		if (!error)
			*(clean ? &scanned->clean : &scanned->marked) += 1;
		free(attestation);
		return error;
	}
	free(attestation);
	if (clean)
		return complain(why, -EPERM, "it is clean, but there is no attestation: %.150s",
				unattested.text);
	error = store_take(&keeper->store, found->dir, found->name, &dump->fd, dump->name, why);
	if (error)
		return error;
	dump->folder = NULL;
	error = keeper_finish(keeper, judge, dump, why);
	scanned->moved += !error;
	return error;
}

/* Judges what is in an open file. Return: 0, or a negative errno if it cannot begin. */
static int judge_file(struct keeper *keeper, struct judge *judge, struct dump *dump,
		      const char *cut, struct complaint *why)
{
	struct complaint also;
	int error;

	judge->stream = (struct stream){ .in = dump->fd, .file = -1, .tee = -1 };
	if (lseek(dump->fd, 0, SEEK_SET))
		return complain(why, -errno, "%s", strerror(errno));
	error = judge_begin(judge, keeper->settings, why);
	if (error)
		return error;
	judge_streamed(judge, &dump->verdict, &also);
	if (cut && !*dump->verdict.streamed.cut.text)
		complaint_set(&dump->verdict.streamed.cut, "%s", cut);
	judge_end(judge, &dump->verdict);
	return 0;
}

static int scan_file(const struct found *found, struct scanned *scanned)
{
	struct judge judge = { 0 };
	struct dump dump = { .fd = found->fd, .folder = found->path };
	struct complaint why, change;
	char seal[4400];
	struct still still;
	int error;

	snprintf(dump.name, sizeof(dump.name), "%.230s", found->name);
	crash_load(&dump.crash, found->fd);
	/* Who is not done with it will be, and that will be seen. */
	error = still_begin(&still, found->fd, false, &why);
	if (error == -ETXTBSY) {
		scanned->busy++;
		return 0;
	}
	if (error)
		return tell(found, why.text);
	snprintf(seal, sizeof(seal), "%s/%s" KREDACT_SIDECAR_SUFFIX, found->path, found->name);
	if (!access(seal, F_OK))
		judge.opts.seal = seal;
	error = judge_file(found->keeper, &judge, &dump, NULL, &why);
	if (!still_end(&still, &change)) {
		/* The verdict is on bytes that are not there any more. */
		scanned->busy++;
		tell(found, change.text);
		error = 0;
	} else {
		if (!error)
			error = place(found, &judge, &dump, scanned, &why);
		if (error)
			tell(found, why.text);
	}
	judgement_free(&dump.verdict);
	return error;
}

static bool is_wanted(struct found *found, struct scanned *scanned)
{
	found->fd = openat(found->dir, found->name,
			   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (found->fd < 0 || fstat(found->fd, &found->stat) || !S_ISREG(found->stat.st_mode)) {
		if (errno == ELOOP)
			tell(found, "it is a symbolic link");
		return false;
	}
	if (judged_before(found)) {
		scanned->done++;
		return false;
	}
	/* What has another name elsewhere may be anybody's, who can write to it there. */
	if (found->stat.st_nlink == 1)
		return true;
	tell(found, "it has several names");
	scanned->failed++;
	return false;
}

static void scan_name(struct keeper *keeper, int dir, const char *path, const char *name,
		      struct scanned *scanned)
{
	struct found found = { keeper, dir, path, name, -1, { 0 } };

	errno = 0;
	if (is_wanted(&found, scanned) && scan_file(&found, scanned))
		scanned->failed++;
	if (found.fd >= 0)
		close(found.fd);
}

/**
 * scan_folder() - judge all dumps in a folder that were not yet
 * @keeper:	open
 * @path:	of the folder
 * @pattern:	that names of dumps have
 * @scanned:	takes counts
 * @why:	text of an error
 *
 * Names that begin with a dot are of dumps that somebody still writes (systemd-coredump's).
 *
 * Return: 0, or a negative errno if the folder cannot be read.
 */
int scan_folder(struct keeper *keeper, const char *path, const char *pattern,
		struct scanned *scanned, struct complaint *why)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		complaint_set(why, "%s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return -EIO;
	}
	while ((entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (*name == '.' || ends_in(name, ATTESTATION_SUFFIX) ||
		    ends_in(name, KREDACT_SIDECAR_SUFFIX) || fnmatch(pattern, name, 0))
			continue;
		scan_name(keeper, fd, path, name, scanned);
	}
	closedir(dir);
	return 0;
}

static int finish_pending(struct keeper *keeper, const char *pending, struct scanned *scanned,
			  struct complaint *why)
{
	struct dump dump = { .where = STORE_QUARANTINE };
	struct judge judge = { 0 };
	int error;

	dump.fd = openat(keeper->store.dirs[STORE_QUARANTINE], pending,
			 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (dump.fd < 0)
		return errno == ENOENT ? 0 : complain(why, -errno, "%s", strerror(errno));
	/* Somebody is about to finish it. */
	if (flock(dump.fd, LOCK_EX | LOCK_NB)) {
		scanned->busy++;
		close(dump.fd);
		return 0;
	}
	snprintf(dump.name, sizeof(dump.name), "%.*s",
		 (int)(strlen(pending) - strlen(STORE_PENDING)), pending);
	crash_load(&dump.crash, dump.fd);
	error = judge_file(keeper, &judge, &dump, strstr(dump.name, ".cut.") ?
			   "when it was captured" : NULL, why);
	if (!error)
		error = keeper_finish(keeper, &judge, &dump, why);
	if (!error)
		*(dump.where == STORE_CLEAN ? &scanned->clean : &scanned->moved) += 1;
	judgement_free(&dump.verdict);
	close(dump.fd);
	return error;
}

/**
 * scan_pending() - finish what was left pending
 * @keeper:	open
 * @scanned:	takes counts
 * @why:	text of the last error
 *
 * By a loss of power, by a handler that was killed, or since the log could not be reached.
 *
 * Return: 0, or the last negative errno.
 */
int scan_pending(struct keeper *keeper, struct scanned *scanned, struct complaint *why)
{
	struct complaint one;
	struct stored *list;
	int error, result;
	u32 nr, i;

	result = store_list(&keeper->store, STORE_QUARANTINE, &list, &nr, why);
	for (i = 0; !result && i < nr; i++) {
		if (!list[i].pending)
			continue;
		error = finish_pending(keeper, list[i].name, scanned, &one);
		if (!error)
			continue;
		scanned->failed++;
		journal_trouble(keeper->program, list[i].name, one.text);
	}
	free(list);
	if (!result)
		result = store_tidy(&keeper->store, why);
	return result;
}
