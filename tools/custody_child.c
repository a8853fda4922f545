// SPDX-License-Identifier: GPL-2.0
/* Custody as a child of kredactd: see custody_child.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "custody_child.h"
#include "custody_watch.h"
#include "daemon.h"

/* Seconds until one that has failed is started again. */
#define AGAIN	10

static void start(struct custody_child *child)
{
	struct custody_opts opts = child->config->custody;
	const pid_t parent = getpid();

	child->pid = fork();
	if (child->pid < 0) {
		say("custody: %s", strerror(errno));
		child->wait = AGAIN;
	}
	if (child->pid)
		return;
	/* Or the probes of its parent would stay as long as this. */
	close_range(STDERR_FILENO + 1, ~0U, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	_exit(custody_watch(&opts, child->config->log));
}

void custody_child_set(struct custody_child *child, const struct config *config)
{
	custody_child_end(child);
	child->config = config->custody.nr_dirs ? config : NULL;
	if (child->config)
		start(child);
}

void custody_child_reap(struct custody_child *child)
{
	int status;

	if (child->pid < 0 || waitpid(child->pid, &status, WNOHANG) != child->pid)
		return;
	child->pid = -1;
	child->wait = AGAIN;
	if (WIFSIGNALED(status))
		say("custody has died of signal %d: it begins again", WTERMSIG(status));
	else
		say("custody has ended with status %d: it is tried again", WEXITSTATUS(status));
}

void custody_child_tick(struct custody_child *child)
{
	if (child->config && child->pid < 0 && (!child->wait || !--child->wait))
		start(child);
}

void custody_child_end(struct custody_child *child)
{
	end_child(&child->pid);
}
