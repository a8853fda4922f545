// SPDX-License-Identifier: GPL-2.0
/*
 * Another handler: see tee.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tee.h"

#define STEP_NS		10000000L
#define PIPE_SIZE	(1 << 20)

/* Does not return. It is root as it would be if the kernel had started it. */
static void child(char *const *arguments, int in)
{
	static char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	int null = open("/dev/null", O_RDWR);

	if (dup2(in, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0)
		_exit(126);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	signal(SIGPIPE, SIG_DFL);
	execve(arguments[0], arguments, environment);
	_exit(127);
}

/**
 * tee_start() - start the other handler
 * @settings:	has its arguments
 * @specifiers:	what is put in place of %P and so on
 * @pid:	takes it; 0 if there is none
 * @why:	text of an error
 *
 * To be called before privileges are given up.
 *
 * Return: the end of a pipe that its standard input is the other end of, -1 if there is
 * none, or another negative errno.
 */
int tee_start(const struct settings *settings, const struct specifiers *specifiers, pid_t *pid,
	      struct complaint *why)
{
	char *arguments[CAPTURE_WORDS + 1] = { NULL };
	int ends[2], error = 0;
	u32 i;

	*pid = 0;
	if (!settings->tee[0])
		return -1;
	for (i = 0; settings->tee[i] && !error; i++) {
		arguments[i] = specifiers_expand(specifiers, settings->tee[i]);
		if (!arguments[i])
			error = complain(why, -ENOMEM, "out of memory");
	}
	if (!error && pipe2(ends, O_CLOEXEC))
		error = complain(why, -errno, "%s", strerror(errno));
	if (!error) {
		fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
		*pid = fork();
		if (!*pid)
			child(arguments, ends[0]);
		if (*pid < 0)
			error = complain(why, -errno, "%s", strerror(errno));
		close(ends[0]);
		if (error)
			close(ends[1]);
	}
	for (i = 0; i < CAPTURE_WORDS; i++)
		free(arguments[i]);
	return error ? error : ends[1];
}

/**
 * tee_wait() - wait for its end
 * @pid:	from tee_start(); 0: there is none
 * @seconds:	as long as that; it goes on then, without being waited for
 * @why:	takes what was wrong with it; empty if nothing was
 *
 * While it is waited for, the crashed process is in /proc for it.
 */
void tee_wait(pid_t pid, u64 seconds, struct complaint *why)
{
	const struct timespec step = { 0, STEP_NS };
	u64 steps = seconds * (1000000000ULL / STEP_NS);
	int status = 0;
	pid_t done;

	why->text[0] = '\0';
	if (pid <= 0)
		return;
	while (!(done = waitpid(pid, &status, WNOHANG)) && steps--)
		nanosleep(&step, NULL);
	if (!done)
		complaint_set(why, "it has not ended after %llu seconds",
			      (unsigned long long)seconds);
	else if (WIFSIGNALED(status))
		complaint_set(why, "it was killed by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		complaint_set(why, "it ended with status %d", WEXITSTATUS(status));
}
