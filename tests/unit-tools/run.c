// SPDX-License-Identifier: GPL-2.0
/*
 * Files and programs for tests: see run.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

static void must(bool condition, const char *what)
{
	if (condition)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void put_all(int fd, const void *bytes, size_t len)
{
	const char *from = bytes;
	ssize_t put;

	for (; len; from += put, len -= put) {
		put = write(fd, from, len);
		must(put > 0, "write");
	}
}

/**
 * memory_file() - a file that is nowhere
 * @bytes:	its content
 * @len:	how many
 *
 * Return: a descriptor, to be closed by the caller.
 */
int memory_file(const void *bytes, size_t len)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	must(fd >= 0, "memfd_create");
	put_all(fd, bytes, len);
	return fd;
}

/**
 * write_file() - write a file, replacing it
 * @path:	its name
 * @bytes:	its content
 * @len:	how many
 */
void write_file(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0, path);
	put_all(fd, bytes, len);
	must(!close(fd), path);
}

/**
 * beside() - name of a file, from the directory of the test program
 * @path:	relative to it
 *
 * Return: valid to the end of the program.
 */
const char *beside(const char *path)
{
	char self[2048], *full, *slash;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	must(len > 0, "/proc/self/exe");
	self[len] = '\0';
	slash = strrchr(self, '/');
	*slash = '\0';
	must(asprintf(&full, "%s/%s", self, path) > 0, "asprintf");
	return full;
}

static void take_back(int fd, char *to, size_t room)
{
	ssize_t len = pread(fd, to, room - 1, 0);

	must(len >= 0, "pread");
	to[len] = '\0';
	close(fd);
}

/**
 * run() - run a program
 * @outcome:	takes how it ended
 * @argv:	its arguments; argv[0] is looked for in PATH
 */
void run(struct outcome *outcome, char *const argv[])
{
	int out = memory_file("", 0), err = memory_file("", 0), status;
	struct timespec begin, end;
	struct rusage usage;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	pid = fork();
	must(pid >= 0, "fork");
	if (!pid) {
		if (dup2(out, 1) < 0 || dup2(err, 2) < 0)
			_exit(126);
		execvp(argv[0], argv);
		_exit(127);
	}
	must(wait4(pid, &status, 0, &usage) == pid, "wait4");
	clock_gettime(CLOCK_MONOTONIC, &end);
	outcome->status = WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
	outcome->max_rss = usage.ru_maxrss;
	outcome->seconds = end.tv_sec - begin.tv_sec + (end.tv_nsec - begin.tv_nsec) / 1e9;
	outcome->cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
		       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	take_back(out, outcome->out, sizeof(outcome->out));
	take_back(err, outcome->err, sizeof(outcome->err));
}

/**
 * run_gcore() - have gdb write the core of a process that lives
 * @outcome:	takes what gdb said
 * @program:	starts, says "ready" and waits; it is killed afterwards
 * @core:	file for it
 *
 * Return: true if the program said so.
 */
bool run_gcore(struct outcome *outcome, const char *program, const char *core)
{
	char line[80] = "", number[16], command[128];
	int ends[2];
	pid_t pid;
	bool ready;

	must(!pipe(ends), "pipe");
	pid = fork();
	must(pid >= 0, "fork");
	if (!pid) {
		dup2(ends[1], STDOUT_FILENO);
		execl(program, program, NULL);
		_exit(127);
	}
	close(ends[1]);
	ready = read(ends[0], line, sizeof(line)) > 0 && !strncmp(line, "ready", 5);
	snprintf(number, sizeof(number), "%d", pid);
	snprintf(command, sizeof(command), "gcore %s", core);
	run(outcome, (char *const[]){ "gdb", "-batch", "-p", number, "-ex", command, NULL });
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ends[0]);
	return ready;
}

/**
 * is_tidy() - may this be shown to anybody?
 * @text:	of a report
 * @color:	with colours
 *
 * Return: true if no line is wider than 78 columns, and no byte is a control.
 */
bool is_tidy(const char *text, bool color)
{
	const char *c;
	u32 column = 0;

	for (c = text; *c; c++) {
		if (*c == '\n') {
			column = 0;
			continue;
		}
		if (color && *c == 033) {
			c = strchr(c, 'm');
			continue;
		}
		if (*c < ' ' || *c > '~' || ++column > 78)
			return false;
	}
	return true;
}
