// SPDX-License-Identifier: GPL-2.0
/*
 * The dumps that the command line names: see dumps.h.
 *
 * A directory is walked to its end, on its own file system, without following links. What
 * is a dump there is told by its first bytes, not by its name. What is packed counts as
 * one: whether it is will be seen by who unpacks it.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/kredact_seal.h>

#include "dumps.h"
#include "magic.h"

static int add(struct dumps *dumps, const char *path, struct complaint *why)
{
	u32 nr = dumps->nr;
	char **grown;

	if (nr == DUMPS_MAX)
		return complain(why, -E2BIG, "more than %u dumps", DUMPS_MAX);
	/* The array doubles at each power of two. */
	if (!(nr & (nr - 1))) {
		grown = realloc(dumps->paths, (nr ? nr * 2 : 1) * sizeof(*grown));
		if (!grown)
			return complain(why, -ENOMEM, "out of memory");
		dumps->paths = grown;
	}
	dumps->paths[nr] = strdup(path);
	if (!dumps->paths[nr])
		return complain(why, -ENOMEM, "out of memory");
	dumps->nr++;
	return 0;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return len >= suffix_len && !strcmp(name + len - suffix_len, suffix);
}

/* Also true of what cannot be read: who is to audit it will tell. */
static bool is_dump(const char *path)
{
	u8 head[offsetof(Elf64_Ehdr, e_machine)];
	enum magic magic;
	ssize_t len;
	int fd;

	if (has_suffix(path, KREDACT_SIDECAR_SUFFIX))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	if (fd < 0)
		return true;
	len = pread(fd, head, sizeof(head), 0);
	close(fd);
	if (len < 0)
		return true;
	magic = magic_of(head, len);
	/* Programs are no dumps. The type has two bytes, in either order. */
	if (magic == MAGIC_ELF && len == sizeof(head))
		return head[EI_NIDENT] + head[EI_NIDENT + 1] == ET_CORE;
	return magic != MAGIC_NONE;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void tell(struct dumps *dumps, const FTSENT *entry)
{
	char name[TEXT_ESCAPED(255)];

	dumps->failed++;
	text_escape(name, sizeof(name), entry->fts_path, min(strlen(entry->fts_path), (size_t)255));
	fprintf(stderr, "kredact-verify: %s: %s\n", name, strerror(entry->fts_errno));
}

static int walk(struct dumps *dumps, const char *path, struct complaint *why)
{
	char *const roots[] = { (char *)path, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, by_name);
	FTSENT *entry;
	int error = 0;

	if (!fts)
		return complain(why, -errno, "%s", strerror(errno));
	while (!error && (errno = 0, entry = fts_read(fts))) {
		switch (entry->fts_info) {
		case FTS_F:
			if (is_dump(entry->fts_accpath))
				error = add(dumps, entry->fts_path, why);
			else
				dumps->passed_over++;
			break;
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS:
		case FTS_DC:
			tell(dumps, entry);
			break;
		case FTS_D:
		case FTS_DP:
			break;
		default:
			dumps->passed_over++;
		}
	}
	if (!error && errno)
		error = complain(why, -errno, "%s", strerror(errno));
	fts_close(fts);
	return error;
}

/**
 * dumps_add() - add what an argument names
 * @dumps:	zeroed before its first use; dumps_free() releases it
 * @path:	a file, a directory, or "-"
 * @why:	text of an error
 *
 * What cannot be looked at in a directory is told on standard error, and counted.
 *
 * Return: 0, -ENOENT (a directory without a dump), -E2BIG, -ENOMEM, or another negative
 * errno.
 */
int dumps_add(struct dumps *dumps, const char *path, struct complaint *why)
{
	u32 before = dumps->nr;
	struct stat stat_path;
	int error;

	if (!strcmp(path, "-") || stat(path, &stat_path) || !S_ISDIR(stat_path.st_mode))
		return add(dumps, path, why);
	dumps->several = true;
	error = walk(dumps, path, why);
	if (!error && dumps->nr == before)
		error = complain(why, -ENOENT, "no dump in this directory");
	return error;
}

/**
 * dumps_free() - release names
 * @dumps:	empty afterwards
 */
void dumps_free(struct dumps *dumps)
{
	while (dumps->nr)
		free(dumps->paths[--dumps->nr]);
	free(dumps->paths);
	dumps->paths = NULL;
}

/**
 * dumps_open() - open a dump
 * @path:	one of the names
 * @why:	text of an error
 *
 * Return: a descriptor, to be closed by the caller unless it is STDIN_FILENO; or a
 * negative errno.
 */
int dumps_open(const char *path, struct complaint *why)
{
	int fd;

	if (!strcmp(path, "-"))
		return STDIN_FILENO;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? complain(why, -errno, "%s", strerror(errno)) : fd;
}
