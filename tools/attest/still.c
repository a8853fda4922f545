// SPDX-License-Identifier: GPL-2.0
/*
 * A watch over a file: see still.h.
 *
 * A read lease is proof: the kernel grants it only while nobody has the file open for
 * writing (a shared mapping counts), and who opens or truncates it waits until the lease is
 * given back, or breaks it. Where there are no leases (other people's files, some file systems),
 * size, inode, mtime and ctime are compared. These are marks of the kernel's tick: a second
 * write within the tick of the first leaves none, so that a file is let to become older than that.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "attest/still.h"

#define TICK_NS		20000000LL	/* two ticks of the slowest kernels (HZ=100) */

static s64 ns_of(const struct timespec *time)
{
	return time->tv_sec * 1000000000LL + time->tv_nsec;
}

/* Has the file a mark of its last change that a new one would differ from? */
static void let_become_old(const struct stat *stat)
{
	struct timespec now, wait = { 0, TICK_NS };

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (ns_of(&now) - ns_of(&stat->st_ctim) < TICK_NS)
		nanosleep(&wait, NULL);
}

/**
 * still_begin() - begin to watch
 * @still:	takes the state
 * @fd:		a regular file; stays the caller's, and open until still_end()
 * @own:	take no lease: the caller has the file open for writing itself
 * @why:	text of an error
 *
 * Return: 0, -EINVAL (not a regular file), -EIO, or -ETXTBSY if someone has it open for writing.
 */
int still_begin(struct still *still, int fd, bool own, struct complaint *why)
{
	*still = (struct still){ .fd = fd };
	if (fstat(fd, &still->before))
		return complain(why, -EIO, "%s", strerror(errno));
	if (!S_ISREG(still->before.st_mode))
		return complain(why, -EINVAL, "not a regular file");
	/* A lease that is broken tells so by a signal, which kills unless it is another one. */
	if (!own && !fcntl(fd, F_SETSIG, SIGURG) && !fcntl(fd, F_SETLEASE, F_RDLCK)) {
		still->leased = true;
	} else if (!own && errno == EAGAIN) {
		return complain(why, -ETXTBSY, "someone has it open for writing");
	}
	let_become_old(&still->before);
	/* What was before the lease, or before the wait, is no matter. */
	if (fstat(fd, &still->before))
		return complain(why, -EIO, "%s", strerror(errno));
	return 0;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/**
 * still_end() - end the watch
 * @still:	from still_begin()
 * @change:	what happened to the file, if something did
 *
 * Return: true if it is what it was.
 */
bool still_end(struct still *still, struct complaint *change)
{
	const struct stat *before = &still->before;
	bool broken = still->leased && fcntl(still->fd, F_GETLEASE) != F_RDLCK;
	struct stat now;
	int error = fstat(still->fd, &now);

	if (still->leased)
		fcntl(still->fd, F_SETLEASE, F_UNLCK);
	change->text[0] = '\0';
	if (error)
		complaint_set(change, "%s", strerror(errno));
	else if (now.st_size > before->st_size)
		complaint_set(change, "it grew by %lld bytes while it was read",
			      (long long)(now.st_size - before->st_size));
	else if (now.st_size < before->st_size)
		complaint_set(change, "it lost %lld bytes while it was read",
			      (long long)(before->st_size - now.st_size));
	else if (!same_time(&now.st_mtim, &before->st_mtim))
		complaint_set(change, "it was written to while it was read");
	else if (broken)
		complaint_set(change, "someone asked to write to it while it was read");
	else if (!still->leased && !same_time(&now.st_ctim, &before->st_ctim))
		complaint_set(change, "its inode was changed while it was read");
	return !*change->text;
}
