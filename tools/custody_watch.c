// SPDX-License-Identifier: GPL-2.0
/* Custody until a signal comes: see custody_watch.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "commands.h"
#include "custody_log.h"
#include "custody_watch.h"

/* Until a signal. Return: the signal, or a negative errno. */
static int follow(struct custody *c, struct custody_log *log, int signals)
{
	struct pollfd wait[2] = {
		{ .fd = custody_fd(c), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	struct signalfd_siginfo info;
	int err;

	for (;;) {
		/* The second is for losses, after which the ring may stay silent. */
		if (poll(wait, 2, 1000) < 0 && errno != EINTR)
			return -errno;
		err = custody_poll(c);
		if (err < 0)
			return err;
		err = custody_log_sync(log);
		if (err)
			fprintf(stderr, "kredact custody: the log is not on the disk: %s\n",
				strerror(-err));
		if (read(signals, &info, sizeof(info)) == sizeof(info))
			return (int)info.ssi_signo;
	}
}

int custody_watch(struct custody_opts *opts, const char *path)
{
	char why[CUSTODY_WHY];
	struct custody_log log;
	struct custody *c;
	int err, signals, status = 0;
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	signals = signalfd(-1, &stop, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals < 0) {
		perror("kredact custody: signals");
		return EXIT_FAILED;
	}

	err = custody_log_open(&log, path);
	if (err) {
		fprintf(stderr, "kredact custody: %s: %s\n", path, strerror(-err));
		close(signals);
		return EXIT_FAILED;
	}
	custody_log_sink(&log, &opts->sink);
	c = custody_open(opts, why);
	if (!c) {
		status = errno == EOPNOTSUPP ? EXIT_CANNOT : EXIT_FAILED;
		fprintf(stderr, "kredact custody: %s\n", why);
		goto out;
	}
	custody_log_ready(&log, custody_known(c));
	custody_log_sync(&log);
	err = follow(c, &log, signals);
	custody_close(c);
	custody_log_stop(&log, err);
	custody_log_sync(&log);
	if (err < 0) {
		fprintf(stderr, "kredact custody: %s\n", strerror(-err));
		status = EXIT_FAILED;
	}
	if (log.failed) {
		fprintf(stderr, "kredact custody: %llu lines could not be written to the log\n",
			(unsigned long long)log.failed);
		status = EXIT_FAILED;
	}
out:
	custody_log_close(&log);
	close(signals);
	return status;
}

