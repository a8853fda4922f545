// SPDX-License-Identifier: GPL-2.0
/*
 * Paths for people. The kernel's program gives names up to the root of a file
 * system; where that is mounted is known here. So a path is that of the watcher's
 * mount namespace, whatever root or namespace the file was reached through.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "custody_backend.h"
#include "mountinfo.h"

/* A mount, and the line that its texts are in. */
struct mounted {
	struct mount mount;
	char *line;
};

struct custody_mounts {
	FILE *file;
	struct mounted *list;
	size_t nr;
};

static void forget(struct custody_mounts *m)
{
	while (m->nr) {
		m->nr--;
		free(m->list[m->nr].line);
	}
	free(m->list);
	m->list = NULL;
}

static void load(struct custody_mounts *m)
{
	char *line = NULL;
	size_t room = 0;

	forget(m);
	rewind(m->file);
	while (getline(&line, &room, m->file) > 0) {
		struct mounted *list, mounted = { .line = line };

		if (!mount_parse(&mounted.mount, line))
			continue;
		list = realloc(m->list, (m->nr + 1) * sizeof(*list));
		if (!list)
			break;
		m->list = list;
		list[m->nr++] = mounted;
		line = NULL;
		room = 0;
	}
	free(line);
}

struct custody_mounts *custody_mounts_open(void)
{
	struct custody_mounts *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->file = fopen(MOUNTINFO, "re");
	if (!m->file) {
		free(m);
		return NULL;
	}
	load(m);
	return m;
}

void custody_mounts_close(struct custody_mounts *m)
{
	if (!m)
		return;
	forget(m);
	fclose(m->file);
	free(m);
}

const char *custody_join(const struct custody_path *from, char *to, size_t room)
{
	size_t at = room - 1, len = from->len, end;

	if (len > sizeof(from->names))
		len = sizeof(from->names);
	to[at] = '\0';
	/* The first name is the last of the path. */
	for (end = 0; end < len;) {
		size_t n = strnlen(from->names + end, len - end);

		if (n + 1 > at)
			break;
		at -= n;
		memcpy(to + at, from->names + end, n);
		to[--at] = '/';
		end += n + 1;
	}
	if (from->cut || end < len) {
		if (at >= 3)
			at -= 3;
		memcpy(to + at, "...", 3);
	}
	if (!to[at])
		to[--at] = '/';
	return to + at;
}

/* The rest of @path below @root, or NULL. */
static const char *below(const char *path, const char *root)
{
	size_t len = strlen(root);

	if (len == 1)
		return path;
	if (strncmp(path, root, len) || (path[len] && path[len] != '/'))
		return NULL;
	return path + len;
}

/* Return: the path, in @to; NULL if there is none. Not mounted here: "(MAJOR:MINOR)/...". */
const char *custody_mounts_path(struct custody_mounts *m, const struct custody_path *from,
				char *to, size_t room)
{
	struct pollfd changed = { .fd = fileno(m->file), .events = POLLPRI };
	char joined[PATH_MAX];
	const struct mount *best = NULL;
	const char *path, *rest = NULL, *point;
	size_t i;

	if (!from->dev)
		return NULL;
	if (poll(&changed, 1, 0) > 0)
		load(m);
	path = custody_join(from, joined, sizeof(joined));
	if (*path == '/') {
		for (i = 0; i < m->nr; i++) {
			const struct mount *mount = &m->list[i].mount;
			const char *r;

			if (mount->dev != from->dev)
				continue;
			r = below(path, mount->root);
			if (r && (!best || strlen(mount->root) > strlen(best->root))) {
				best = mount;
				rest = r;
			}
		}
	}
	if (!best) {
		snprintf(to, room, "(%u:%u)%s", from->dev >> 20, from->dev & 0xfffff, path);
		return to;
	}
	point = best->point[1] ? best->point : "";
	snprintf(to, room, "%s%s", point, *rest || *point ? rest : "/");
	return to;
}
