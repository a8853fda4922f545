// SPDX-License-Identifier: GPL-2.0
/* Folders of cgroups, by what people call them: see cgroup.h. */
#define _GNU_SOURCE
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"

#define ROOT		"/sys/fs/cgroup"
#define ROOT_HYBRID	"/sys/fs/cgroup/unified"
#define ID_LEAST	12
#define MOST_OPEN	16

/* nftw() has no argument for its callback. */
static const char *wanted;
static bool (*matches)(const char *name);
static char *found;

static bool is_unit(const char *name)
{
	size_t len = strlen(wanted);

	return !strncmp(name, wanted, len) && (!name[len] || !strcmp(name + len, ".service"));
}

static bool has_id(const char *name)
{
	return strstr(name, wanted);
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	if (type != FTW_D || !matches(path + ftw->base))
		return 0;
	found = strdup(path);
	return 1;
}

static char *search(const char *name, bool (*match)(const char *))
{
	wanted = name;
	matches = match;
	found = NULL;
	if (nftw(ROOT_HYBRID, visit, MOST_OPEN, FTW_PHYS) != 1)
		nftw(ROOT, visit, MOST_OPEN, FTW_PHYS);
	return found;
}

char *cgroup_of_unit(const char *name)
{
	return search(name, is_unit);
}

char *cgroup_of_container(const char *id)
{
	size_t len = strlen(id);

	if (len < ID_LEAST || strspn(id, "0123456789abcdef") != len)
		return NULL;
	return search(id, has_id);
}
