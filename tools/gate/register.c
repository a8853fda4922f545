// SPDX-License-Identifier: GPL-2.0
/*
 * The register of attestations that were used: see register.h.
 *
 * A record is empty at first, then says for what the attestation is used, just before the dump
 * gets its name, and at last that it has. After a loss of power in between the same dump may be
 * given the same name, and nothing else may be done with it. A lock keeps two gates apart.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/publish.h"
#include "gate/register.h"

#define DONE	"done\n"

static int open_record(const char *state, struct record *record, struct complaint *why)
{
	char *path = NULL;

	if (asprintf(&path, "%s/used", state) < 0)
		return complain(why, -ENOMEM, "out of memory");
	if (mkdir(path, 0700) && errno != EEXIST) {
		free(path);
		return complain(why, -errno, "the register: %s", strerror(errno));
	}
	record->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	free(path);
	if (record->dir >= 0)
		record->fd = openat(record->dir, record->name,
				    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (record->fd < 0 || fsync(record->dir))
		return complain(why, -EIO, "the register: %s", strerror(errno));
	return 0;
}

/* Has another gate its hands on it, or just removed it? */
static bool is_ours(const struct record *record)
{
	struct stat stat;

	return !flock(record->fd, LOCK_EX | LOCK_NB) && !fstat(record->fd, &stat) && stat.st_nlink;
}

static int compare(const struct record *record, const char *purpose, struct complaint *why)
{
	size_t len = strlen(purpose);
	char *text = malloc(len + 2);
	int error = 0;
	ssize_t got;

	if (!text)
		return complain(why, -ENOMEM, "out of memory");
	got = pread(record->fd, text, len + 1, 0);
	if (got < 0)
		error = complain(why, -EALREADY, "its record cannot be read");
	else if (memcmp(text, purpose, min((size_t)got, len)))
		error = complain(why, -EALREADY, "it was used for something else");
	else if ((size_t)got > len)
		error = complain(why, -EALREADY, "it was used before");
	free(text);
	return error;
}

/**
 * register_claim() - may an attestation be used, and for this?
 * @state:	folder of the gate's state
 * @attestation: SHA-256 of its payload
 * @purpose:	a line: which dump is to get which name
 * @record:	takes the record, for register_release() also after an error
 * @why:	text of an error
 *
 * Return: 0, -EALREADY if it was used, or is being used, or another negative errno.
 */
int register_claim(const char *state, const u8 *attestation, const char *purpose,
		   struct record *record, struct complaint *why)
{
	int error;

	*record = (struct record){ .dir = -1, .fd = -1 };
	text_hex(record->name, attestation, DIGEST_LEN);
	error = open_record(state, record, why);
	if (error)
		return error;
	if (is_ours(record))
		return compare(record, purpose, why);
	/* Not to be removed by register_release(). */
	close(record->fd);
	record->fd = -1;
	return complain(why, -EALREADY, "it is being used just now");
}

static int append(int fd, const char *text, u64 at, struct complaint *why)
{
	if (lseek(fd, at, SEEK_SET) < 0)
		return complain(why, -errno, "the register: %s", strerror(errno));
	if (publish_write(fd, text, strlen(text), why))
		return -EIO;
	return fsync(fd) ? complain(why, -errno, "the register: %s", strerror(errno)) : 0;
}

/**
 * register_use() - say what an attestation is used for, on the disk
 * @record:	claimed
 * @purpose:	as for that
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int register_use(struct record *record, const char *purpose, struct complaint *why)
{
	return append(record->fd, purpose, 0, why);
}

/**
 * register_done() - the attestation is used up
 * @record:	claimed, and used
 *
 * That this did not get to the disk does no harm: the name is taken by then.
 */
void register_done(struct record *record)
{
	struct complaint why;
	struct stat stat;

	if (!fstat(record->fd, &stat) && stat.st_size)
		append(record->fd, DONE, stat.st_size, &why);
}

/**
 * register_release() - give a record back; one that was not used leaves nothing
 * @record:	from register_claim()
 */
void register_release(struct record *record)
{
	struct stat stat;

	if (record->fd >= 0) {
		if (!fstat(record->fd, &stat) && !stat.st_size)
			unlinkat(record->dir, record->name, 0);
		close(record->fd);
	}
	if (record->dir >= 0)
		close(record->dir);
	*record = (struct record){ .dir = -1, .fd = -1 };
}
