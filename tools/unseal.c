// SPDX-License-Identifier: GPL-2.0
/*
 * kredact unseal: debuggers of an administrator see what is tagged in a process, for some
 * time and with a line in the kernel's log.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/kredact.h>

#include "commands.h"

#define DEFAULT_SECONDS	600u

static void usage(FILE *to)
{
	fprintf(to, "Usage: kredact unseal --pid PID --reason TEXT [--for TIME | --end]\n"
		"Lets debuggers that have CAP_SYS_PTRACE read what is tagged in a process.\n"
		"The kernel's log says who did, and why. Dumps are redacted as always.\n"
		"  --pid PID      the process\n"
		"  --reason TEXT  for the log, at most %u bytes\n"
		"  --for TIME     in seconds, or with s, m or h behind it (10m; 24h at most)\n"
		"  --end          no longer\n", KREDACT_REASON_MAX);
}

/* A number from @least to @most, and what comes behind it. */
static int parse(const char *text, unsigned long least, unsigned long most, unsigned long *value,
		 char **rest)
{
	errno = 0;
	*value = strtoul(text, rest, 10);
	return *text < '0' || *text > '9' || errno || *value < least || *value > most ? -EINVAL : 0;
}

static int parse_time(const char *text, unsigned long *seconds)
{
	static const struct {
		const char *suffix;
		unsigned int seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 } };
	char *rest;
	size_t i;

	if (parse(text, 1, KREDACT_UNSEAL_MAX, seconds, &rest))
		return -EINVAL;
	for (i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(rest, units[i].suffix))
			continue;
		*seconds *= units[i].seconds;
		return *seconds > KREDACT_UNSEAL_MAX ? -EINVAL : 0;
	}
	return -EINVAL;
}

static int unseal(unsigned long pid, unsigned long seconds, const char *reason)
{
	struct kredact_unseal args = {
		.size = sizeof(args),
		.flags = KREDACT_PIDFD,
		.seconds = seconds,
		.reason = (uintptr_t)reason,
		.reason_len = strlen(reason),
	};
	int device, pidfd, ret = EXIT_FAILED;

	pidfd = syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (pidfd < 0) {
		fprintf(stderr, "kredact unseal: process %lu: %s\n", pid, strerror(errno));
		return ret;
	}
	device = open(KREDACT_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0) {
		fprintf(stderr, "kredact unseal: %s: %s\n", KREDACT_DEVICE, strerror(errno));
		goto close_pidfd;
	}
	args.pidfd = pidfd;
	if (!ioctl(device, KREDACT_IOC_UNSEAL, &args))
		ret = 0;
	else if (errno == ESRCH)
		fprintf(stderr, "kredact unseal: nothing is tagged in process %lu\n", pid);
	else if (errno == EPERM)
		fputs("kredact unseal: needs CAP_SYS_PTRACE in the initial user namespace\n", stderr);
	else
		fprintf(stderr, "kredact unseal: process %lu: %s\n", pid, strerror(errno));
	close(device);
close_pidfd:
	close(pidfd);
	return ret;
}

/**
 * cmd_unseal() - kredact unseal
 * @argc:	of the command
 * @argv:	likewise
 *
 * Return: an exit status.
 */
int cmd_unseal(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pid", required_argument, NULL, 'p' },
		{ "reason", required_argument, NULL, 'r' },
		{ "for", required_argument, NULL, 'f' },
		{ "end", no_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned long pid = 0, seconds = DEFAULT_SECONDS;
	const char *reason = NULL;
	bool bad = false, end = false, timed = false;
	char *rest;
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			bad |= parse(optarg, 1, INT32_MAX, &pid, &rest) || *rest;
			break;
		case 'r':
			reason = optarg;
			break;
		case 'f':
			timed = true;
			bad |= parse_time(optarg, &seconds);
			break;
		case 'e':
			end = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			bad = true;
		}
	}
	if (bad || optind != argc || !pid || !reason || !*reason ||
	    strlen(reason) > KREDACT_REASON_MAX || (end && timed)) {
		usage(stderr);
		return EXIT_USAGE;
	}
	return unseal(pid, end ? 0 : seconds, reason);
}
