// SPDX-License-Identifier: GPL-2.0
/* Cgroups, by what people call them: see cgroup.h. */
#define _GNU_SOURCE
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroup.h"

#define ROOT		"/sys/fs/cgroup"
#define ROOT_HYBRID	"/sys/fs/cgroup/unified"
#define ID_LEAST	12
#define MOST_OPEN	16

/* nftw() has no argument for its callback. */
static struct {
	const char *wanted;
	bool (*matches)(const char *name);
	int (*found)(const char *path, void *arg);
	void *arg;
} search;

uint64_t cgroup_id(const char *folder)
{
	struct stat st;

	return !stat(folder, &st) && S_ISDIR(st.st_mode) ? st.st_ino : 0;
}

static bool is_unit(const char *name)
{
	size_t len = strlen(search.wanted);

	return !strncmp(name, search.wanted, len) && (!name[len] || !strcmp(name + len, ".service"));
}

static bool has_id(const char *name)
{
	return strstr(name, search.wanted);
}

static bool is_name(const char *name)
{
	return !strcmp(name, search.wanted);
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	return type == FTW_D && search.matches(path + ftw->base) ?
	       search.found(path, search.arg) : 0;
}

static int each(const char *wanted, bool (*matches)(const char *name),
		int (*found)(const char *path, void *arg), void *arg)
{
	struct stat st;

	search.wanted = wanted;
	search.matches = matches;
	search.found = found;
	search.arg = arg;
	return nftw(stat(ROOT_HYBRID, &st) ? ROOT : ROOT_HYBRID, visit, MOST_OPEN, FTW_PHYS);
}

static int take_first(const char *path, void *arg)
{
	char **to = arg;

	*to = strdup(path);
	return 1;
}

static char *first(const char *wanted, bool (*matches)(const char *name))
{
	char *path = NULL;

	each(wanted, matches, take_first, &path);
	return path;
}

char *cgroup_of_unit(const char *name)
{
	return first(name, is_unit);
}

char *cgroup_of_container(const char *id)
{
	size_t len = strlen(id);

	if (len < ID_LEAST || strspn(id, "0123456789abcdef") != len)
		return NULL;
	return first(id, has_id);
}

int cgroup_each(const char *name, int (*found)(const char *path, void *arg), void *arg)
{
	int ret = each(name, is_name, found, arg);

	/* No cgroups here. */
	return ret < 0 ? 0 : ret;
}
