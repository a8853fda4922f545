// SPDX-License-Identifier: GPL-2.0
/*
 * Units and containers, by the names that systemd and the container engines give
 * to cgroups. Whoever may make cgroups can choose such a name: the path of the
 * cgroup is in the log as well.
 */
#include <stdbool.h>
#include <string.h>

#include "custody_unit.h"

#define ID_LEN	64	/* hexadecimal digits of a container's id */

/* The next name of a path, or NULL: moves *path behind it. */
static const char *next(const char **path, size_t *len)
{
	const char *name = *path + strspn(*path, "/");

	*len = strcspn(name, "/");
	*path = name + *len;
	return *len ? name : NULL;
}

static bool ends_with(const char *name, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && !memcmp(name + len - n, end, n);
}

static const char *copy(char *to, const char *from, size_t len)
{
	if (len >= CUSTODY_UNIT_LEN)
		len = CUSTODY_UNIT_LEN - 1;
	memcpy(to, from, len);
	to[len] = '\0';
	return to;
}

/**
 * custody_unit() - the innermost unit of systemd
 * @cgroup:	path of a cgroup, or NULL
 * @to:		CUSTODY_UNIT_LEN bytes
 *
 * Return: @to with its name, or NULL if there is none.
 */
const char *custody_unit(const char *cgroup, char *to)
{
	static const char *const ends[] = { ".service", ".scope", ".socket", ".mount", ".swap" };
	const char *name, *found = NULL;
	size_t len, i;

	while (cgroup && (name = next(&cgroup, &len)))
		for (i = 0; i < sizeof(ends) / sizeof(*ends); i++)
			if (ends_with(name, len, ends[i]))
				found = copy(to, name, len);
	return found;
}

/* "nginx" of "machine-nginx.scope", say. */
static const char *between(const char *name, size_t len, const char *begin, const char *end,
			   char *to)
{
	size_t b = strlen(begin), e = strlen(end);

	if (len <= b + e || memcmp(name, begin, b) || memcmp(name + len - e, end, e))
		return NULL;
	return copy(to, name + b, len - b - e);
}

/**
 * custody_container() - the innermost container
 * @cgroup:	path of a cgroup, or NULL
 * @to:		CUSTODY_UNIT_LEN bytes
 *
 * Docker, podman, containerd and CRI-O have a name with 64 hexadecimal digits in
 * it; LXC and systemd-nspawn have one that they begin in a way of their own.
 *
 * Return: @to with its id or name, or NULL if there is none.
 */
const char *custody_container(const char *cgroup, char *to)
{
	static const char digits[] = "0123456789abcdef";
	const char *name, *found = NULL, *f;
	size_t len, i;

	while (cgroup && (name = next(&cgroup, &len))) {
		for (i = 0; i + ID_LEN <= len; i++) {
			/* No more than these: strspn() stops at the first that is none. */
			size_t n = strspn(name + i, digits);

			if (n == ID_LEN) {
				found = copy(to, name + i, ID_LEN);
				break;
			}
			i += n;
		}
		f = between(name, len, "lxc.payload.", "", to);
		if (!f)
			f = between(name, len, "machine-", ".scope", to);
		if (f)
			found = f;
	}
	return found;
}
