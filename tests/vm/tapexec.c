// SPDX-License-Identifier: GPL-2.0
/*
 * tapexec - run one test program under a time limit, and tell the host about it
 *
 *	tapexec NAME SECONDS PROGRAM [ARGUMENT...]
 *
 * Standard output gets, one line each:
 *
 *	run NAME
 *	tap NAME TEXT		for each line that the program wrote
 *	end NAME HOW MS		HOW: "exit N", "signal N" or "timeout SECONDS"
 *
 * No program can forge a line of another kind or of another name. The program
 * leads a process group of its own, which is killed as a whole once the program
 * has ended or run out of time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* A process that outlives the program may hold the pipe: wait so long for its end. */
#define DRAIN_MS	500

/* Longer lines are divided, so that a line on the channel has an upper bound. */
#define LINE_MAX_LEN	1000

struct output {
	const char *name;
	size_t len;
	char line[LINE_MAX_LEN + 1];
};

static void __attribute__((noreturn)) fail(const char *what)
{
	perror(what);
	exit(125);
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void flush_line(struct output *out)
{
	out->line[out->len] = '\0';
	printf("tap %s %s\n", out->name, out->line);
	fflush(stdout);
	out->len = 0;
}

static void add_output(struct output *out, const char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = buf[i];

		if (c == '\n') {
			flush_line(out);
			continue;
		}
		if (out->len == LINE_MAX_LEN)
			flush_line(out);
		out->line[out->len++] = c == '\t' || (c >= ' ' && c != 0x7f) ? c : '?';
	}
}

static pid_t start(char **argv, int *rd)
{
	int fds[2], null;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		fail("tapexec: pipe");
	pid = fork();
	if (pid < 0)
		fail("tapexec: fork");
	if (!pid) {
		setsid();
		null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
		    dup2(fds[1], STDOUT_FILENO) < 0 || dup2(fds[1], STDERR_FILENO) < 0)
			_exit(126);
		execv(argv[0], argv);
		fprintf(stderr, "tapexec: cannot run %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	close(fds[1]);
	*rd = fds[0];
	return pid;
}

/*
 * Pass output on until the program has ended and its pipe is closed, or
 * @limit_ms is over. Returns false in the second case.
 */
static bool watch(struct output *out, int rd, int pidfd, long limit_ms)
{
	struct pollfd pfd[2] = {
		{ .fd = rd, .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
	};
	long deadline = now_ms() + limit_ms;
	bool ended = false;
	char buf[4096];
	ssize_t n;
	long left;

	while (pfd[0].fd >= 0 || pfd[1].fd >= 0) {
		left = deadline - now_ms();
		if (left <= 0)
			return ended;
		if (poll(pfd, 2, left) < 0 && errno != EINTR)
			fail("tapexec: poll");
		if (pfd[0].revents) {
			n = read(rd, buf, sizeof(buf));
			if (n > 0)
				add_output(out, buf, n);
			else if (n == 0 || errno != EINTR)
				pfd[0].fd = -1;
		}
		if (pfd[1].revents) {
			ended = true;
			pfd[1].fd = -1;
			deadline = now_ms() + DRAIN_MS;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	static struct output out;
	long seconds, begin;
	int rd, pidfd, status;
	bool in_time;
	char *end;
	pid_t pid;

	if (argc < 4) {
		fprintf(stderr, "usage: tapexec NAME SECONDS PROGRAM [ARGUMENT...]\n");
		return 125;
	}
	out.name = argv[1];
	seconds = strtol(argv[2], &end, 10);
	if (*end || seconds <= 0 || seconds > 86400) {
		fprintf(stderr, "tapexec: %s: not a number of seconds\n", argv[2]);
		return 125;
	}

	/* It must be known who was running if the program takes the kernel down. */
	printf("run %s\n", out.name);
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	begin = now_ms();
	pid = start(argv + 3, &rd);
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0)
		fail("tapexec: pidfd_open");
	in_time = watch(&out, rd, pidfd, seconds * 1000);
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);	/* it may not lead a group yet */
	if (waitpid(pid, &status, 0) != pid)
		fail("tapexec: waitpid");
	if (out.len)
		flush_line(&out);

	if (!in_time)
		printf("end %s timeout %ld", out.name, seconds);
	else if (WIFSIGNALED(status))
		printf("end %s signal %d", out.name, WTERMSIG(status));
	else
		printf("end %s exit %d", out.name, WEXITSTATUS(status));
	printf(" %ld\n", now_ms() - begin);
	return fflush(stdout) ? 125 : 0;
}
