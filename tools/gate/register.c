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

static int open_record(const char *state, const char *name, struct complaint *why)
{
	char *path = NULL;
	int dir, fd = -1;

	if (asprintf(&path, "%s/used", state) < 0)
		return complain(why, -ENOMEM, "out of memory");
	if (mkdir(path, 0700) && errno != EEXIST) {
		free(path);
		return complain(why, -errno, "the register: %s", strerror(errno));
	}
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir >= 0)
		fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		fd = complain(why, -errno, "the register: %s", strerror(errno));
	else if (fsync(dir)) {
		close(fd);
		fd = complain(why, -errno, "the register: %s", strerror(errno));
	}
	if (dir >= 0)
		close(dir);
	free(path);
	return fd;
}

/**
 * register_claim() - may an attestation be used, and for this?
 * @state:	folder of the gate's state
 * @attestation: SHA-256 of its payload
 * @purpose:	a line: which dump is to get which name
 * @record:	takes the record, to be closed by register_done()
 * @why:	text of an error
 *
 * Return: 0, -EALREADY if it was used, or is being used, or another negative errno.
 */
int register_claim(const char *state, const u8 *attestation, const char *purpose, int *record,
		   struct complaint *why)
{
	char name[2 * DIGEST_LEN + 1], *text = malloc(8192);
	size_t len = strlen(purpose);
	int error = 0;
	ssize_t got;

	*record = -1;
	if (!text)
		return complain(why, -ENOMEM, "out of memory");
	text_hex(name, attestation, DIGEST_LEN);
	*record = open_record(state, name, why);
	if (*record < 0) {
		free(text);
		return *record;
	}
	got = flock(*record, LOCK_EX | LOCK_NB) ? -1 : pread(*record, text, 8192, 0);
	if (got < 0)
		error = complain(why, -EALREADY, errno == EWOULDBLOCK ?
				 "it is being used just now" : "its record cannot be read");
	else if (memcmp(text, purpose, min((size_t)got, len)))
		error = complain(why, -EALREADY, "it was used for something else");
	else if ((size_t)got > len)
		error = complain(why, -EALREADY, "it was used before");
	free(text);
	return error;
}

static int append(int record, const char *text, u64 at, struct complaint *why)
{
	if (lseek(record, at, SEEK_SET) < 0)
		return complain(why, -errno, "the register: %s", strerror(errno));
	if (publish_write(record, text, strlen(text), why))
		return -EIO;
	return fsync(record) ? complain(why, -errno, "the register: %s", strerror(errno)) : 0;
}

/**
 * register_use() - say what an attestation is used for, on the disk
 * @record:	from register_claim()
 * @purpose:	as for that
 * @why:	text of an error
 *
 * Return: 0 or a negative errno.
 */
int register_use(int record, const char *purpose, struct complaint *why)
{
	return append(record, purpose, 0, why);
}

/**
 * register_done() - the attestation is used up
 * @record:	from register_claim()
 *
 * That this did not get to the disk does no harm: the name is taken by then.
 */
void register_done(int record)
{
	struct complaint why;
	struct stat stat;

	if (!fstat(record, &stat) && stat.st_size)
		append(record, DONE, stat.st_size, &why);
}
