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
#include "kernel.h"

struct mount {
	__u32 dev;
	char *root;
	char *point;
};

struct custody_mounts {
	FILE *file;
	struct mount *list;
	size_t nr;
};

/* A space, a tab, a line end and a backslash are octal in there. */
static void unescape(char *text)
{
	char *to = text;

	while (*text) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] && text[3]) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				       (text[3] - '0'));
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

static void forget(struct custody_mounts *m)
{
	while (m->nr) {
		m->nr--;
		free(m->list[m->nr].root);
		free(m->list[m->nr].point);
	}
	free(m->list);
	m->list = NULL;
}

static void load(struct custody_mounts *m)
{
	unsigned int major, minor;
	char *line = NULL;
	size_t room = 0;

	forget(m);
	rewind(m->file);
	while (getline(&line, &room, m->file) > 0) {
		struct mount *list, *at;
		char *root, *point;

		if (sscanf(line, "%*u %*u %u:%u %ms %ms", &major, &minor, &root, &point) != 4)
			continue;
		list = realloc(m->list, (m->nr + 1) * sizeof(*list));
		if (!list) {
			free(root);
			free(point);
			break;
		}
		m->list = list;
		at = &list[m->nr++];
		at->dev = kernel_dev(major, minor);
		at->root = root;
		at->point = point;
		unescape(root);
		unescape(point);
	}
	free(line);
}

struct custody_mounts *custody_mounts_open(void)
{
	struct custody_mounts *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->file = fopen("/proc/self/mountinfo", "re");
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
			const char *r;

			if (m->list[i].dev != from->dev)
				continue;
			r = below(path, m->list[i].root);
			if (r && (!best || strlen(m->list[i].root) > strlen(best->root))) {
				best = &m->list[i];
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
