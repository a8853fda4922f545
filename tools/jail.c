// SPDX-License-Identifier: GPL-2.0
/*
 * A child that reads what is hostile: see jail.h.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail.h"
#include "sort.h"

#define STATUS_UNVERIFIED	2

static bool number_after(const void *a, const void *b, const void *arg)
{
	(void)arg;
	return *(const int *)a > *(const int *)b;
}

/* Closes all but what is kept, the highest descriptors included. */
static void close_others(const struct jail *jail, int broker)
{
	int keep[JAIL_FILES + 3];
	u32 nr = 0, i;
	int next = 0;

	for (i = 0; i < jail->nr_files; i++)
		keep[nr++] = jail->files[i];
	keep[nr++] = broker;
	keep[nr++] = STDOUT_FILENO;
	if (jail->errors)
		keep[nr++] = STDERR_FILENO;
	sort_heap(keep, nr, sizeof(*keep), number_after, NULL);
	for (i = 0; i < nr; i++) {
		if (keep[i] > next)
			close_range(next, keep[i] - 1, 0);
		next = max(next, keep[i] + 1);
	}
	close_range(next, ~0U, 0);
}

/* Does not return. Standard streams are not flushed twice, nor is anything else done. */
static void child(const struct jail *jail, int broker, pid_t parent)
{
	int status;

	/* Nobody would wait for it any more. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(STATUS_UNVERIFIED);
	close_others(jail, broker);
	broker_use(broker);
	status = jail->run(jail->arg, broker);
	if (!broker_conclude(status))
		status = STATUS_UNVERIFIED;
	_exit(status);
}

static void show(const struct broker_message *message, struct progress *progress)
{
	char text[TEXT_ESCAPED(sizeof(message->text))];

	progress_end(progress);
	text_escape(text, sizeof(text), message->text, message->len);
	fprintf(stderr, "kredact-verify: %s\n", text);
}

/* Returns what the child said last, -ENODATA if it did not, -EPROTO for nonsense. */
static int listen_to(int fd, struct progress *progress)
{
	struct broker_message message;
	int got, verdict = -ENODATA;

	while ((got = broker_receive(fd, &message)) > 0) {
		/* A verdict is the last word. */
		if (verdict >= 0)
			return -EPROTO;
		if (message.type == BROKER_PROGRESS)
			progress_update(progress, &message.progress);
		else if (message.type == BROKER_COMPLAINT)
			show(&message, progress);
		else
			verdict = message.verdict.status;
	}
	return got < 0 ? got : verdict;
}

/* What the end of the child means. */
static int judge(int status, int said, struct complaint *why)
{
	const char *name;
	int number;

	if (WIFSIGNALED(status)) {
		number = WTERMSIG(status);
		name = sigabbrev_np(number);
		return complain(why, STATUS_UNVERIFIED, "reading it ended by signal %d (SIG%s)%s",
				number, name ? name : "?", number == SIGSYS ?
				": it did what the sandbox forbids" : number == SIGKILL ?
				": out of memory, or killed by somebody" :
				number == SIGSEGV || number == SIGBUS || number == SIGABRT ?
				": this dump makes the reader fail" : "");
	}
	if (said == -EPROTO)
		return complain(why, STATUS_UNVERIFIED, "reading it went out of control");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != said)
		return complain(why, STATUS_UNVERIFIED, "reading it did not come to its end "
				"(exit status %d)", WEXITSTATUS(status));
	why->text[0] = '\0';
	return said;
}

/**
 * jail_run() - have a child do something, and wait
 * @jail:	what
 * @progress:	begun; shows how far it is
 * @why:	text if the child did not come to its end; else empty
 *
 * Return: the exit status that the child wanted, or 2.
 */
int jail_run(const struct jail *jail, struct progress *progress, struct complaint *why)
{
	pid_t pid, parent = getpid();
	int ends[2], status, said;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return complain(why, STATUS_UNVERIFIED, "cannot start: %s", strerror(errno));
	fflush(NULL);
	pid = fork();
	if (!pid)
		child(jail, ends[1], parent);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return complain(why, STATUS_UNVERIFIED, "cannot start: %s", strerror(errno));
	}
	said = listen_to(ends[0], progress);
	close(ends[0]);
	if (said == -EPROTO || said == -EIO)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return complain(why, STATUS_UNVERIFIED, "lost: %s", strerror(errno));
	progress_end(progress);
	if (said == -EPROTO)
		status = 0;
	return judge(status, said, why);
}
