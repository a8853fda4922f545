// SPDX-License-Identifier: GPL-2.0
/* kredact watch: tag the key buffers of programs that know nothing of kredact. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "../bpf/cgroup.h"
#include "../bpf/tag.h"
#include "commands.h"
#include "tagging.h"

/* How often an option can be given. */
#define MANY		32

static void usage(FILE *to)
{
	fputs("usage: kredact watch [WHAT...] [WHOM...] [--thorough] [--exact]\n"
	      "                     [--backend NAME] [--verbose]\n"
	      "Tags the key buffers of programs left as they are, until interrupted.\n"
	      "What is probed (default: all of the table that this machine has):\n"
	      "  --library NAME    a library of the table, or the path of one\n"
	      "  --probes DIR      the table's folder instead of " TABLE_ADMIN_DIR "\n"
	      "Whose calls count (default: everybody's):\n"
	      "  --pid N           this process\n"
	      "  --comm NAME       processes of this name\n"
	      "  --exe PATH        processes of this executable\n"
	      "  --unit NAME       processes of this active unit of systemd\n"
	      "  --container ID    processes of this container\n"
	      "  --cgroup PATH     processes below this folder of cgroups\n"
	      "Options:\n"
	      "  --thorough        also keys of symmetric ciphers, which costs more\n"
	      "  --exact           zero the buffers in a dump, not their pages\n"
	      "  --backend NAME    module (the kernel calls it, no window), daemon (this program\n"
	      "                    calls it: a window), map (there is none, BPF redacts), or auto:\n"
	      "                    the first that can be, which is the default\n"
	      "  --verbose         libbpf's messages, too\n"
	      "--library, --unit, --container and --cgroup can be given several times.\n"
	      "Prints \"watching\" once it is at work. Exit code 0, 1 on an error, 2 if this\n"
	      "kernel or its kredact.ko cannot do it, 3 for wrong usage.\n", to);
}

static int explain(enum tag_why why, const char *what)
{
	int err = errno;

	switch (why) {
	case TAG_NO_BTF:
	case TAG_NO_MODULE:
	case TAG_NO_FREE:
	case TAG_NO_KFUNC:
	case TAG_NO_CALL:
		fprintf(stderr, "kredact watch: %s%s%s.\n%s", tag_why_str(why),
			why == TAG_NO_FREE ? ": " : "",
			why == TAG_NO_FREE ? what ?: free_why_str(free_possible()) : "",
			why == TAG_NO_KFUNC || why == TAG_NO_CALL ?
			"That needs Linux 6.12 or later with BTF; --backend daemon does not.\n" : "");
		return EXIT_CANNOT;
	case TAG_NO_LIBRARY:
	case TAG_NO_FUNCTION:
	case TAG_NO_EXE:
	case TAG_NO_CGROUP:
		fprintf(stderr, "kredact watch: %s%s%s\n", what ?: "", what ? ": " : "",
			tag_why_str(why));
		return EXIT_FAILED;
	default:
		fprintf(stderr, "kredact watch: %s%s%s (%s)\n", what ?: "", what ? ": " : "",
			tag_why_str(why), strerror(err));
		return EXIT_FAILED;
	}
}

static bool parse_pid(const char *text, pid_t *pid)
{
	char *end;
	long n = strtol(text, &end, 10);

	*pid = (pid_t)n;
	return end != text && !*end && n > 0 && n == *pid;
}

static bool parse_backend(const char *text, enum tag_backend *backend)
{
	static const char *const names[] = { "auto", "module", "daemon", "map" };
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]))
			continue;
		*backend = i;
		return true;
	}
	return false;
}

/* What the options say. */
struct request {
	struct tag_opts opts;
	struct tag_filter filter;
	const char *probes;
	const char *libraries[MANY + 1];
	const char *cgroups[MANY + 1];
	char *owned[MANY];
	unsigned int nr_libraries;
	unsigned int nr_cgroups;
	unsigned int nr_owned;
};

static int wrong(const char *format, const char *what)
{
	fprintf(stderr, "kredact watch: ");
	fprintf(stderr, format, what);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

static int add_cgroup(struct request *r, int opt, const char *name)
{
	char *path;

	if (r->nr_cgroups == MANY)
		return wrong("more than 32 of %s and the like", name);
	if (opt == 'g') {
		r->cgroups[r->nr_cgroups++] = name;
		return 0;
	}
	path = opt == 'u' ? cgroup_of_unit(name) : cgroup_of_container(name);
	if (!path) {
		fprintf(stderr, "kredact watch: %s: no such %s is active here\n", name,
			opt == 'u' ? "unit" : "container");
		return EXIT_FAILED;
	}
	r->owned[r->nr_owned++] = path;
	r->cgroups[r->nr_cgroups++] = path;
	return 0;
}

/* One option. Return: 0, or the exit code. */
static int take_option(struct request *r, int opt, const char *arg)
{
	switch (opt) {
	case 'l':
		if (r->nr_libraries == MANY)
			return wrong("%s is the 33rd library", arg);
		r->libraries[r->nr_libraries++] = arg;
		return 0;
	case 'P':
		r->probes = arg;
		return 0;
	case 'p':
		return parse_pid(arg, &r->filter.pid) ? 0 : wrong("%s is not a process", arg);
	case 'c':
		if (!*arg || strlen(arg) >= PROBE_COMM_LEN)
			return wrong("%s: a name has 1 to 15 bytes", arg);
		r->filter.comm = arg;
		return 0;
	case 'x':
		r->filter.exe = arg;
		return 0;
	case 'u':
	case 'C':
	case 'g':
		return add_cgroup(r, opt, arg);
	case 'e':
		r->filter.exact = true;
		return 0;
	case 't':
		r->filter.thorough = true;
		return 0;
	case 'b':
		return parse_backend(arg, &r->opts.backend) ? 0 :
		       wrong("%s: a backend is auto, module, daemon or map", arg);
	case 'v':
		r->opts.log = stderr;
		return 0;
	default:
		usage(stderr);
		return EXIT_USAGE;
	}
}

/* Until a signal comes. */
static void work(struct tagger *tagger, const sigset_t *stop)
{
	struct pollfd fds[2] = {
		{ .fd = signalfd(-1, stop, SFD_CLOEXEC), .events = POLLIN },
		{ .fd = tag_fd(tagger), .events = POLLIN },
	};

	while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
		if (fds[1].revents)
			tag_poll(tagger);
		if (fds[0].revents)
			break;
	}
	close(fds[0].fd);
}

static int watch(struct request *r)
{
	struct table table = { 0 };
	struct tag_counters counters;
	struct tagger *tagger;
	enum tag_why why;
	sigset_t stop;
	char *what;
	int ret;

	if (table_read_dirs(&table, TABLE_DIR, r->probes ?: TABLE_ADMIN_DIR, stderr)) {
		table_free(&table);
		return EXIT_FAILED;
	}
	r->opts.table = &table;
	r->opts.filters = &r->filter;
	r->opts.nr_filters = 1;
	r->opts.dumped = tagging_print_dump;
	r->filter.libraries = r->nr_libraries ? r->libraries : NULL;
	r->filter.cgroups = r->nr_cgroups ? r->cgroups : NULL;

	/* Blocked first: a signal that comes while the probes are being set is not lost. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, NULL);

	tagger = tag_open(&r->opts, NULL, &why, &what);
	table_free(&table);
	if (!tagger) {
		ret = explain(why, what);
		free(what);
		return ret;
	}
	tag_print_libraries(tagger, stdout);
	puts(tag_text(tag_backend(tagger)));
	if (tag_backend(tagger) == TAG_DAEMON)
		tagging_hurry();
	puts("watching");
	fflush(stdout);
	work(tagger, &stop);
	tag_read_counters(tagger, &counters);
	tag_close(tagger);
	tagging_report(&counters, stdout);
	return 0;
}

int cmd_watch(int argc, char **argv)
{
	static const struct option options[] = {
		{ "library", required_argument, NULL, 'l' },
		{ "probes", required_argument, NULL, 'P' },
		{ "pid", required_argument, NULL, 'p' },
		{ "comm", required_argument, NULL, 'c' },
		{ "exe", required_argument, NULL, 'x' },
		{ "unit", required_argument, NULL, 'u' },
		{ "container", required_argument, NULL, 'C' },
		{ "cgroup", required_argument, NULL, 'g' },
		{ "exact", no_argument, NULL, 'e' },
		{ "thorough", no_argument, NULL, 't' },
		{ "backend", required_argument, NULL, 'b' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct request request = { 0 };
	int opt, ret = 0;

	optind = 1;
	while (!ret && (opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'h') {
			usage(stdout);
			return 0;
		}
		ret = take_option(&request, opt, optarg);
	}
	if (!ret && optind != argc) {
		usage(stderr);
		ret = EXIT_USAGE;
	}
	if (!ret)
		ret = watch(&request);
	while (request.nr_owned)
		free(request.owned[--request.nr_owned]);
	return ret;
}
