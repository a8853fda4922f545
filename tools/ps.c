// SPDX-License-Identifier: GPL-2.0
/*
 * kredact ps: which processes have something tagged.
 *
 * An address space does not know its processes, so each process in /proc is asked for its
 * tags, by a pidfd: what is shown is of the process that had the number then. The module
 * says how many address spaces there are in all.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <json-c/json.h>

#include "../bpf/custody_proc.h"
#include "commands.h"
#include "custody_unit.h"
#include "tagged.h"
#include "text.h"

/* An address space that was seen, and the first process that has it. */
struct space {
	u64 mm;
	pid_t pid;
};

/* What is shown. */
struct listing {
	int device;
	struct json_object *json;	/* an array; NULL: lines of text */
	struct space *spaces;
	unsigned int nr_spaces;
	unsigned int nr_shown;
};

static u64 count_spaces(int device)
{
	struct kredact_info info = { .size = sizeof(info) };

	return ioctl(device, KREDACT_IOC_INFO, &info) ? 0 : info.mms;
}

static void add(void *arg, const struct kredact_tag *tag)
{
	tagged_add(arg, tag);
}

/* The first process that was seen with an address space, now known: or 0 without memory. */
static pid_t note_space(struct listing *l, u64 mm, pid_t pid)
{
	struct space *more;
	unsigned int i;

	for (i = 0; i < l->nr_spaces; i++)
		if (l->spaces[i].mm == mm)
			return l->spaces[i].pid;
	more = reallocarray(l->spaces, l->nr_spaces + 1, sizeof(*more));
	if (!more)
		return 0;
	l->spaces = more;
	l->spaces[l->nr_spaces++] = (struct space){ mm, pid };
	return pid;
}

static const char *user_name(u32 uid, char *to, size_t room)
{
	const struct passwd *user = getpwuid(uid);

	if (user)
		text_escape(to, room, user->pw_name, strlen(user->pw_name));
	else
		snprintf(to, room, "%u", uid);
	return to;
}

/* Where it belongs to: its unit, or else its container or cgroup. */
static const char *where(const char *cgroup, char *to)
{
	return custody_unit(cgroup, to) ?: custody_container(cgroup, to) ?: cgroup ?: "-";
}

static void by_words(const struct tagged_sums *sums, char *to, size_t room)
{
	u32 i;

	*to = '\0';
	for (i = 0; i < TAGGED_BY; i++)
		if (sums->by[i])
			snprintf(to + strlen(to), room - strlen(to), "%s%s", *to ? "," : "",
				 tagged_by_word(i));
}

static void print_row(struct listing *l, const struct custody_proc *p, pid_t first,
		      const struct tagged_sums *sums)
{
	char comm[TEXT_ESCAPED(CUSTODY_COMM_LEN)], unit[CUSTODY_UNIT_LEN];
	char place[TEXT_ESCAPED(512)], user[64], bytes[24], pinned[24], by[24];
	const char *at = where(p->who.cgroup, unit);

	if (!l->nr_shown)
		printf("%7s %-12s %-15s %8s %10s %10s %-14s %6s %s\n", "PID", "USER", "COMM",
		       "RANGES", "BYTES", "PINNED", "BY", "LABELS", "UNIT");
	text_escape(comm, sizeof(comm), p->who.comm, strlen(p->who.comm));
	text_escape(place, sizeof(place), at, strlen(at));
	printf("%7u %-12s %-15s ", p->who.pid, user_name(p->who.uid, user, sizeof(user)), comm);
	if (first != (pid_t)p->who.pid) {
		printf("%53s", "");
		printf("%s (memory of %d)\n", place, (int)first);
		return;
	}
	text_size(bytes, sizeof(bytes), sums->bytes);
	text_size(pinned, sizeof(pinned), sums->pinned);
	by_words(sums, by, sizeof(by));
	printf("%8" PRIu64 " %10s %10s %-14s %6" PRIu64 " %s\n", sums->nr, bytes, pinned, by,
	       sums->nr_labels, place);
}

static void add_text(struct json_object *to, const char *name, const char *value)
{
	char text[TEXT_ESCAPED(512)];

	if (value)
		text_escape(text, sizeof(text), value, strlen(value));
	json_object_object_add(to, name, value ? json_object_new_string(text) : NULL);
}

static void add_object(struct listing *l, const struct custody_proc *p, u64 mm,
		       const struct tagged_sums *sums)
{
	struct json_object *row = json_object_new_object();
	char unit[CUSTODY_UNIT_LEN], user[64];

	json_object_object_add(row, "pid", json_object_new_uint64(p->who.pid));
	add_text(row, "user", user_name(p->who.uid, user, sizeof(user)));
	json_object_object_add(row, "uid", json_object_new_uint64(p->who.uid));
	add_text(row, "comm", p->who.comm);
	json_object_object_add(row, "mm", json_object_new_uint64(mm));
	tagged_json(sums, row);
	add_text(row, "unit", custody_unit(p->who.cgroup, unit));
	add_text(row, "container", custody_container(p->who.cgroup, unit));
	add_text(row, "cgroup", p->who.cgroup);
	json_object_array_add(l->json, row);
}

/* Return: 0, or a negative errno if no process can be asked. */
static int look_at(struct listing *l, pid_t pid)
{
	struct tagged_sums sums = { 0 };
	struct custody_proc p;
	pid_t first;
	int pidfd, ret;
	u64 mm;

	ret = tagged_read(l->device, pid, &pidfd, &mm, add, &sums);
	first = !ret && mm ? note_space(l, mm, pid) : pid;
	if (!first)
		ret = -ENOMEM;
	/* Is the number still its own after all of that was read? */
	if (!ret && sums.nr && !custody_proc_read(&p, pid) &&
	    (!syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) || errno == EPERM)) {
		if (l->json)
			add_object(l, &p, mm, &sums);
		else
			print_row(l, &p, first, &sums);
		l->nr_shown++;
	}
	if (pidfd >= 0)
		close(pidfd);
	tagged_sums_free(&sums);
	/* What has gone, is none or is others' is not shown. */
	return ret == -ESRCH || ret == -EACCES || ret == -EPERM ? 0 : ret;
}

static int look_at_all(struct listing *l)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int ret = 0;

	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name))
			ret = look_at(l, atoi(entry->d_name));
	closedir(dir);
	return ret;
}

static int show(struct listing *l)
{
	struct json_object *root;
	u64 before, after, hidden;
	int ret;

	before = count_spaces(l->device);
	ret = look_at_all(l);
	if (ret)
		return ret;
	after = count_spaces(l->device);
	if (after > before)
		after = before;
	hidden = after > l->nr_spaces ? after - l->nr_spaces : 0;
	if (l->json) {
		root = json_object_new_object();
		json_object_object_add(root, "processes", json_object_get(l->json));
		json_object_object_add(root, "not_shown", json_object_new_uint64(hidden));
		puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
						    JSON_C_TO_STRING_SPACED |
						    JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(root);
		return 0;
	}
	if (!l->nr_shown)
		puts("no process that you may look at has anything tagged");
	if (hidden)
		printf("%" PRIu64 " address space%s with tags %s not shown: of other users, or of "
		       "processes that are not in /proc here\n", hidden, hidden == 1 ? "" : "s",
		       hidden == 1 ? "is" : "are");
	return 0;
}

/**
 * cmd_ps() - print the processes that have something tagged
 * @argc:	length of @argv
 * @argv:	"ps", and perhaps "--json"
 *
 * Return: 0, 1 if the module cannot tell, 3 for wrong arguments.
 */
int cmd_ps(int argc, char **argv)
{
	struct listing l = { 0 };
	int ret;

	if (argc > 2 || (argc == 2 && strcmp(argv[1], "--json"))) {
		fputs("Usage: kredact ps [--json]\n", stderr);
		return EXIT_USAGE;
	}
	l.device = tagged_open();
	ret = l.device;
	if (l.device >= 0) {
		if (argc == 2)
			l.json = json_object_new_array();
		ret = show(&l);
		json_object_put(l.json);
		free(l.spaces);
		close(l.device);
	}
	if (ret < 0)
		fprintf(stderr, "kredact ps: %s\n", tagged_why(ret));
	return ret < 0 ? EXIT_FAILED : 0;
}
