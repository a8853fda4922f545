// SPDX-License-Identifier: GPL-2.0
/*
 * Does one thing to a file, in a way that shell tools do not offer:
 *
 *   act as UID LOGINUID CGROUP COMMAND...	run a command as somebody, from somewhere
 *   act mmap FILE				read it through a mapping
 *   act copy-range|splice|sendfile FILE TO	copy it without read()
 *   act inherit FILE				open it; a child reads it
 *   act twice FILE				open it once and read it twice
 *   act hold FILE				open it, say so, read it at the end of input
 *   act linger FILE				unlink it, and live for a moment more
 *   act exchange FILE TO			swap two names
 *   act storm N FILE				open and close it N times
 *   act strip FILE				remove the mark
 *   act cost N FILE				nanoseconds of an open and close, N times
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", path);
	close(fd);
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void read_some(int fd)
{
	char buf[64];

	if (pread(fd, buf, sizeof(buf), 0) < 0)
		err(1, "read");
}

static int as(char **arg)
{
	uid_t uid = (uid_t)atoi(arg[0]);
	char procs[512];

	if (strcmp(arg[1], "-"))
		put("/proc/self/loginuid", arg[1]);
	if (strcmp(arg[2], "-")) {
		snprintf(procs, sizeof(procs), "/sys/fs/cgroup%s/cgroup.procs", arg[2]);
		put(procs, "0");
	}
	if (uid && (setgroups(0, NULL) || setgid(uid) || setuid(uid)))
		err(1, "setuid");
	execvp(arg[3], arg + 3);
	err(1, "%s", arg[3]);
}

static int copy(const char *how, const char *from, const char *to)
{
	int in = open_file(from), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int pipes[2];
	ssize_t n;

	if (out < 0)
		err(1, "%s", to);
	if (!strcmp(how, "copy-range")) {
		n = copy_file_range(in, NULL, out, NULL, 4096, 0);
	} else if (!strcmp(how, "sendfile")) {
		n = sendfile(out, in, NULL, 4096);
	} else {
		if (pipe(pipes))
			err(1, "pipe");
		n = splice(in, NULL, pipes[1], NULL, 4096, 0);
		if (n > 0)
			n = splice(pipes[0], NULL, out, NULL, 4096, 0);
	}
	if (n <= 0)
		err(1, "%s", how);
	return 0;
}

static int map(const char *path)
{
	int fd = open_file(path);
	volatile char *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	if (at == MAP_FAILED)
		err(1, "mmap");
	return at[0] < 0;
}

static int inherit(const char *path)
{
	int fd = open_file(path), status;
	pid_t child = fork();

	if (!child) {
		read_some(fd);
		/* Long enough to be looked up by whoever is only notified. */
		usleep(500000);
		_exit(0);
	}
	printf("%d\n", (int)child);
	return child < 0 || waitpid(child, &status, 0) != child || status;
}

static int hold(const char *path)
{
	int fd = open_file(path);

	puts("open");
	fflush(stdout);
	while (getchar() != EOF)
		;
	read_some(fd);
	usleep(500000);
	return 0;
}

static int cost(long n, const char *path)
{
	struct timespec begin, end;
	long i;
	int fd;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (i = 0; i < n; i++) {
		fd = open(path, O_RDONLY);
		if (fd < 0)
			err(1, "%s", path);
		close(fd);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.0f\n", ((double)(end.tv_sec - begin.tv_sec) * 1e9 +
	       (double)(end.tv_nsec - begin.tv_nsec)) / (double)n);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "", *path = argc > 2 ? argv[2] : "";
	int fd;

	if (!strcmp(what, "as") && argc > 5)
		return as(argv + 2);
	if (!strcmp(what, "mmap"))
		return map(path);
	if ((!strcmp(what, "copy-range") || !strcmp(what, "splice") || !strcmp(what, "sendfile")) &&
	    argc == 4)
		return copy(what, path, argv[3]);
	if (!strcmp(what, "inherit"))
		return inherit(path);
	if (!strcmp(what, "twice")) {
		fd = open_file(path);
		read_some(fd);
		read_some(fd);
		return 0;
	}
	if (!strcmp(what, "hold"))
		return hold(path);
	if (!strcmp(what, "linger")) {
		if (unlink(path))
			err(1, "%s", path);
		usleep(500000);
		return 0;
	}
	if (!strcmp(what, "exchange") && argc == 4) {
		if (renameat2(AT_FDCWD, path, AT_FDCWD, argv[3], RENAME_EXCHANGE))
			err(1, "%s", path);
		return 0;
	}
	if ((!strcmp(what, "storm") || !strcmp(what, "cost")) && argc == 4) {
		if (*what == 'c')
			return cost(atol(path), argv[3]);
		for (fd = atoi(path); fd > 0; fd--)
			close(open_file(argv[3]));
		return 0;
	}
	if (!strcmp(what, "strip")) {
		if (removexattr(path, "trusted.kredact.custody"))
			err(1, "%s", path);
		return 0;
	}
	fprintf(stderr, "usage: see act.c\n");
	return 3;
}
