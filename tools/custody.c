// SPDX-License-Identifier: GPL-2.0
/* kredact custody: mark dump files, and record who does what to them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../bpf/custody.h"
#include "../bpf/custody_mark.h"
#include "commands.h"
#include "custody_watch.h"
#include "text.h"

#define MAX_DIRS	64

static int usage(FILE *to)
{
	fputs("usage: kredact custody mark FILE...     make dump files known\n"
	      "       kredact custody unmark FILE...   forget them\n"
	      "       kredact custody list DIR...      what is marked in and below folders\n"
	      "       kredact custody watch [OPTION]...\n"
	      "Records who opens, reads, copies, renames or removes marked files, until\n"
	      "interrupted.\n"
	      "  --log FILE      append to FILE (default: standard output)\n"
	      "  --dir DIR       marked files in and below DIR; may be given again\n"
	      "  --adopt         mark every file that is or appears there\n"
	      "  --backend HOW   auto, bpf or fanotify (default: auto)\n"
	      "  --ask           fanotify: who opens a dump waits until it is looked up\n"
	      "  --ring KIB      room for events of bpf, a power of two (default: 8192)\n"
	      "  --verbose       libbpf's messages, too\n"
	      "The log has a line with \"op\":\"ready\" once it is at work. Exit code 0, 1 on an\n"
	      "error, 2 if this kernel cannot do it, 3 for wrong usage.\n", to);
	return to == stdout ? 0 : EXIT_USAGE;
}

static int failed(const char *path, int err)
{
	const char *why = strerror(-err);

	if (err == -EOPNOTSUPP)
		why = "its file system has no extended attributes of the kind trusted";
	else if (err == -ENODATA)
		why = "it is not marked (only root sees marks)";
	else if (err == -EBADMSG)
		why = "it has a mark of another version";
	else if (err == -EINVAL)
		why = "it is not a regular file";
	fprintf(stderr, "kredact custody: %s: %s\n", path, why);
	return EXIT_FAILED;
}

static int mark_file(const char *path, bool set)
{
	struct custody_mark mark;
	int fd, err;

	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return failed(path, -errno);
	err = set ? custody_mark_set(fd, &mark) : custody_mark_remove(fd);
	close(fd);
	if (err < 0)
		return failed(path, err);
	if (set)
		printf("%s %s%s\n", mark.id, path, err ? "" : " (it was marked before)");
	return 0;
}

static int list_dir(int dir_fd, const char *path)
{
	struct dirent *e;
	int status = 0;
	DIR *dir;

	dir = fdopendir(dir_fd);
	if (!dir) {
		close(dir_fd);
		return failed(path, -errno);
	}
	while ((e = readdir(dir))) {
		struct custody_mark mark;
		char *name = NULL, when[40], text[TEXT_ESCAPED(4096)];
		struct stat st;
		int fd, err = 0;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		fd = openat(dirfd(dir), e->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			continue;	/* gone again */
		if (asprintf(&name, "%s/%s", path, e->d_name) < 0) {
			close(fd);
			status = failed(path, -ENOMEM);
			break;
		}
		if (fstat(fd, &st))
			err = -errno;
		else if (S_ISREG(st.st_mode))
			err = custody_mark_read(fd, &mark);
		if (!err && S_ISREG(st.st_mode)) {
			text_time(when, sizeof(when), mark.realtime_ns);
			text_escape(text, sizeof(text), name, strlen(name));
			printf("%s %s %s\n", mark.id, when, text);
		} else if (!err && S_ISDIR(st.st_mode)) {
			int sub = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			if (sub < 0 ? failed(name, -errno) : list_dir(sub, name))
				status = EXIT_FAILED;
		} else if (err && err != -ENODATA) {
			status = failed(name, err);
		}
		free(name);
		close(fd);
	}
	closedir(dir);
	return status;
}

static int list(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? failed(path, -errno) : list_dir(fd, path);
}

static bool parse_how(const char *text, enum custody_how *how)
{
	static const char *const names[] = { "auto", "bpf", "fanotify" };
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(text, names[i])) {
			*how = i;
			return true;
		}
	}
	return false;
}

static bool parse_ring(const char *text, unsigned int *kib)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*kib = (unsigned int)n;
	return *text >= '0' && *text <= '9' && !*end && n >= 4 && n <= 1 << 20 && !(n & (n - 1));
}

static int cmd_custody_watch(int argc, char **argv)
{
	static const struct option options[] = {
		{ "log", required_argument, NULL, 'l' },
		{ "dir", required_argument, NULL, 'd' },
		{ "adopt", no_argument, NULL, 'a' },
		{ "backend", required_argument, NULL, 'b' },
		{ "ask", no_argument, NULL, 'q' },
		{ "ring", required_argument, NULL, 'r' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct custody_opts opts = { .how = CUSTODY_AUTO };
	const char *log = NULL;
	char *dirs[MAX_DIRS];
	int opt;

	optind = 1;
	opts.dirs = dirs;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'l':
			log = optarg;
			break;
		case 'd':
			if (opts.nr_dirs == MAX_DIRS) {
				fprintf(stderr, "kredact custody: at most %d folders\n", MAX_DIRS);
				return EXIT_USAGE;
			}
			dirs[opts.nr_dirs++] = optarg;
			break;
		case 'a':
			opts.adopt = true;
			break;
		case 'b':
			if (!parse_how(optarg, &opts.how)) {
				fprintf(stderr, "kredact custody: auto, bpf or fanotify\n");
				return EXIT_USAGE;
			}
			break;
		case 'q':
			opts.ask = true;
			break;
		case 'r':
			if (!parse_ring(optarg, &opts.ring_kib)) {
				fprintf(stderr, "kredact custody: a power of two, 4 at least\n");
				return EXIT_USAGE;
			}
			break;
		case 'v':
			opts.log = stderr;
			break;
		case 'h':
			return usage(stdout);
		default:
			return usage(stderr);
		}
	}
	if (optind != argc || (opts.adopt && !opts.nr_dirs))
		return usage(stderr);
	return custody_watch(&opts, log);
}

int cmd_custody(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int i, status = 0;

	if (!strcmp(what, "watch"))
		return cmd_custody_watch(argc - 1, argv + 1);
	if (!strcmp(what, "--help"))
		return usage(stdout);
	if (argc < 3 || (strcmp(what, "mark") && strcmp(what, "unmark") && strcmp(what, "list")))
		return usage(stderr);
	for (i = 2; i < argc; i++) {
		int err = !strcmp(what, "list") ? list(argv[i]) :
			  mark_file(argv[i], !strcmp(what, "mark"));

		if (err)
			status = err;
	}
	return status;
}
