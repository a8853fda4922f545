// SPDX-License-Identifier: GPL-2.0
/*
 * kredact-gated: takes dumps over HTTP, behind a web server, and lets them pass the gate.
 *
 * This file starts its two halves: see gated_decide.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon.h"
#include "gate/gated_decide.h"
#include "gate/gated_http.h"

#define EXIT_USAGE	3
#define SYSTEMD_FIRST	3

/**
 * struct start - what the command line says
 * @config:	file of the policy
 * @socket:	where to listen; NULL: systemd has done that
 * @user:	whom the half that speaks HTTP runs as, or NULL
 * @front:	whom the web server runs as, or NULL
 */
struct start {
	const char *config;
	const char *socket;
	const char *user;
	const char *front;
};

static int usage(void)
{
	fputs("Usage: kredact-gated [--config FILE] [--socket PATH] [--user USER] [--front USER]\n",
	      stderr);
	return EXIT_USAGE;
}

static int parse(struct start *start, int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "socket", required_argument, NULL, 's' },
		{ "user", required_argument, NULL, 'u' },
		{ "front", required_argument, NULL, 'f' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "V", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			start->config = optarg;
			break;
		case 's':
			start->socket = optarg;
			break;
		case 'u':
			start->user = optarg;
			break;
		case 'f':
			start->front = optarg;
			break;
		case 'V':
			puts("kredact-gated " KREDACT_VERSION);
			exit(fflush(stdout) ? 1 : 0);
		default:
			return usage();
		}
	}
	return optind == argc ? 0 : usage();
}

static int listen_at(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || strlen(path) >= sizeof(name.sun_path))
		return -1;
	strcpy(name.sun_path, path);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) || chmod(path, 0660) ||
	    listen(fd, SOMAXCONN)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* One socket from systemd, meant for this process. */
static int from_systemd(void)
{
	const char *pid = getenv("LISTEN_PID"), *nr = getenv("LISTEN_FDS");

	if (!pid || !nr || strtol(pid, NULL, 10) != getpid() || strcmp(nr, "1"))
		return -1;
	fcntl(SYSTEMD_FIRST, F_SETFL, O_NONBLOCK);
	fcntl(SYSTEMD_FIRST, F_SETFD, FD_CLOEXEC);
	return SYSTEMD_FIRST;
}

/* The half that speaks HTTP gives up what it does not need. */
static bool give_up(const char *user)
{
	const struct passwd *entry = user ? getpwnam(user) : NULL;
	const struct rlimit none = { 0, 0 };

	if (user && (!entry || setgroups(0, NULL) ||
		     setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) ||
		     setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid)))
		return false;
	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !setrlimit(RLIMIT_CORE, &none) &&
	       !prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* Does not return. */
static void speak(const struct start *start, const struct policy *policy, int listener, int decider,
		  uid_t front, pid_t parent)
{
	struct gated gated = { .policy = policy, .decider = decider, .front = front };
	struct complaint why = { "cannot become its user" };
	int error = -EPERM;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (give_up(start->user)) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		error = store_open(&gated.store, &policy->uploads, &why);
	}
	if (!error && getppid() == parent)
		error = http_serve(&gated, listener, &why);
	if (error)
		fprintf(stderr, "kredact-gated: %s\n", why.text);
	store_close(&gated.store);
	exit(error ? 1 : 0);
}

static uid_t uid_of(const char *name, bool *known)
{
	const struct passwd *entry = name ? getpwnam(name) : NULL;

	*known = !name || entry;
	return entry ? entry->pw_uid : (uid_t)-1;
}

static int run(const struct start *start, const struct policy *policy)
{
	int listener = start->socket ? listen_at(start->socket) : from_systemd(), ends[2];
	pid_t pid, self = getpid();
	bool known;
	uid_t front = uid_of(start->front, &known);

	if (!policy->uploads.incoming || !policy->subjects.nr) {
		fprintf(stderr, "kredact-gated: %s has no uploads, or no subjects who may\n",
			start->config);
		return 1;
	}
	if (listener < 0 || !known ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
		fprintf(stderr, "kredact-gated: %s\n", known ? "no socket to listen at" :
			"there is no such user in front");
		return 1;
	}
	fflush(NULL);
	pid = fork();
	if (!pid) {
		close(ends[0]);
		speak(start, policy, listener, ends[1], front, self);
	}
	close(ends[1]);
	close(listener);
	if (pid < 0)
		return 1;
	notify("READY=1");
	return decide_serve(ends[0], start->config, pid);
}

int main(int argc, char **argv)
{
	struct start start = { .config = POLICY_FILE };
	struct policy *policy;
	int status = parse(&start, argc, argv);

	if (status)
		return status;
	policy = policy_load(start.config, stderr);
	if (!policy)
		return 1;
	status = run(&start, policy);
	policy_free(policy);
	return status;
}
