// SPDX-License-Identifier: GPL-2.0
/*
 * Running kredact-verify: see verifier.h.
 *
 * It is a process of its own that has the dump as standard input, the files that it needs as
 * memory that was filled before, and nothing else of ours. What it writes is taken up to a bound.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attest/verifier.h"

#define FIRST_FILE	3
#define FILES		(EXAMINE_CERTS + 2)
#define FILE_MAX	(1u << 30)	/* a seal */
#define ERRORS_MAX	4096u
#define ARGUMENTS	(FILES * 2 + EXAMINE_ARGUMENTS + 12)

/**
 * struct call - a run in the making
 * @path:	the program
 * @argv:	its arguments
 * @nr:		how many
 * @files:	what it is given besides the dump; it sees them as FIRST_FILE and so on
 * @names:	names for them
 * @nr_files:	how many
 */
struct call {
	char path[4096];
	const char *argv[ARGUMENTS];
	u32 nr;
	int files[FILES];
	char names[FILES][24];
	u32 nr_files;
};

static int find_verifier(struct call *call, const char *given, struct complaint *why)
{
	char self[2048];
	ssize_t len;
	char *slash;

	if (given) {
		snprintf(call->path, sizeof(call->path), "%s", given);
		return 0;
	}
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[max(len, (ssize_t)0)] = '\0';
	slash = strrchr(self, '/');
	if (slash) {
		*slash = '\0';
		snprintf(call->path, sizeof(call->path), "%s/kredact-verify", self);
		if (!access(call->path, X_OK))
			return 0;
	}
	snprintf(call->path, sizeof(call->path), "%s", KREDACT_BINDIR "/kredact-verify");
	return access(call->path, X_OK) ? complain(why, -ENOENT, "%s: %s", call->path,
						   strerror(errno)) : 0;
}

/* Files have been opened by who may; the verifier may be someone else. */
static int copy_file(const char *path, struct complaint *why)
{
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), to = -1, error = 0;
	struct stat stat;
	ssize_t put = 0;
	u64 len = 0;

	if (from < 0)
		return complain(why, -errno, "%s: %s", path, strerror(errno));
	if (fstat(from, &stat) || !S_ISREG(stat.st_mode) || stat.st_size > FILE_MAX)
		error = complain(why, -EINVAL, "%s: not a regular file, or too long", path);
	if (!error)
		to = memfd_create("kredact", MFD_CLOEXEC);
	for (; to >= 0 && len < (u64)stat.st_size; len += put) {
		put = sendfile(to, from, NULL, stat.st_size - len);
		if (put <= 0)
			break;
	}
	if (!error && (to < 0 || len != (u64)stat.st_size))
		error = complain(why, -EIO, "%s: cannot be read: %s", path, strerror(errno));
	close(from);
	if (error && to >= 0)
		close(to);
	return error ? error : to;
}

static int give_file(struct call *call, const char *option, const char *path,
		     struct complaint *why)
{
	char *name = call->names[call->nr_files];
	int fd = copy_file(path, why);

	if (fd < 0)
		return fd;
	snprintf(name, sizeof(*call->names), "/proc/self/fd/%u", FIRST_FILE + call->nr_files);
	call->files[call->nr_files++] = fd;
	call->argv[call->nr++] = option;
	call->argv[call->nr++] = name;
	return 0;
}

static int make_call(struct call *call, const struct examine_opts *opts, struct complaint *why)
{
	int error = find_verifier(call, opts->verifier, why);
	u32 i;

	call->argv[call->nr++] = "kredact-verify";
	call->argv[call->nr++] = "--json";
	call->argv[call->nr++] = "--no-progress";
	if (opts->unsealed)
		call->argv[call->nr++] = "--unsealed";
	if (!error && opts->key)
		error = give_file(call, "--key", opts->key, why);
	else
		call->argv[call->nr++] = "--no-key";
	if (!error && opts->seal)
		error = give_file(call, "--seal", opts->seal, why);
	if (!error && opts->nr_certs > EXAMINE_CERTS)
		error = complain(why, -EINVAL, "more than %u certificates", EXAMINE_CERTS);
	for (i = 0; !error && i < opts->nr_certs; i++)
		error = give_file(call, "--cert", opts->certs[i], why);
	if (opts->detect) {
		call->argv[call->nr++] = "--detect";
		call->argv[call->nr++] = opts->detect;
	}
	for (i = 0; !error && opts->arguments && opts->arguments[i]; i++) {
		if (i == EXAMINE_ARGUMENTS)
			error = complain(why, -EINVAL, "too many arguments");
		else
			call->argv[call->nr++] = opts->arguments[i];
	}
	call->argv[call->nr++] = "-";
	call->argv[call->nr] = NULL;
	return error;
}

/* Does not return. The descriptors are moved up first, so that none is in another's way. */
static void child(const struct call *call, int dump, const int *pipes, pid_t parent,
		  const struct examine_opts *opts)
{
	static char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL };
	const int wanted[] = { dump, pipes[0], pipes[1] };
	int moved[FIRST_FILE + FILES];
	u32 i, nr = FIRST_FILE + call->nr_files;
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	for (i = 0; i < nr; i++) {
		moved[i] = fcntl(i < FIRST_FILE ? wanted[i] : call->files[i - FIRST_FILE], F_DUPFD,
				 FIRST_FILE + (int)FILES);
		if (moved[i] < 0)
			_exit(126);
	}
	for (i = 0; i < nr; i++)
		if (dup2(moved[i], i) < 0)
			_exit(126);
	close_range(nr, ~0U, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (opts->become && (setgroups(0, NULL) || setresgid(opts->gid, opts->gid, opts->gid) ||
			     setresuid(opts->uid, opts->uid, opts->uid)))
		_exit(126);
	/* A change of user has cleared it, and the parent may be gone since. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	execve(call->path, (char *const *)call->argv, environment);
	_exit(127);
}

static u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* What comes out of a pipe, up to a bound; what is over it is lost. */
struct taken {
	char *bytes;
	size_t len;
	size_t room;
	size_t most;
	bool lost;
};

/* Takes some of it. Return: false at its end, or if there is no memory for it. */
static bool take(int fd, struct taken *to)
{
	char waste[4096], *grown;
	ssize_t got;

	if (to->len == to->most) {
		got = read(fd, waste, sizeof(waste));
		to->lost = to->lost || got > 0;
		return got > 0;
	}
	if (to->len == to->room) {
		size_t room = min(to->room ? 2 * to->room : 4096, to->most);

		grown = realloc(to->bytes, room);
		to->lost = !grown;
		if (!grown)
			return false;
		to->bytes = grown;
		to->room = room;
	}
	got = read(fd, to->bytes + to->len, to->room - to->len);
	to->len += max(got, (ssize_t)0);
	return got > 0 || (got < 0 && errno == EINTR);
}

/* Reads both pipes to their ends. */
static int listen_to(const int *pipes, struct taken *taken, u32 seconds, struct complaint *why)
{
	u64 end = now_ms() + seconds * 1000ULL, now;
	struct pollfd polled[2] = { { .fd = pipes[0], .events = POLLIN },
				    { .fd = pipes[1], .events = POLLIN } };
	u32 i;

	while (polled[0].fd >= 0 || polled[1].fd >= 0) {
		now = now_ms();
		if (seconds && now >= end)
			return complain(why, -ETIMEDOUT, "the verifier took more than %u seconds",
					seconds);
		if (poll(polled, 2, seconds ? (int)min(end - now, (u64)60000) : -1) < 0) {
			if (errno != EINTR)
				return complain(why, -EIO, "%s", strerror(errno));
			continue;
		}
		for (i = 0; i < 2; i++)
			if (polled[i].revents && !take(pipes[i], &taken[i]))
				polled[i].fd = -1;
	}
	return taken[0].lost ? complain(why, -E2BIG, "the verifier's report is too long") : 0;
}

/* The first line of what it complained of. */
static void first_line(char *text, size_t room, const char *errors, size_t len)
{
	const char *end = len ? memchr(errors, '\n', len) : NULL;

	text_escape(text, room, len ? errors : "", end ? (size_t)(end - errors) : len);
}

static int judge(struct verifier_result *result, int status, const char *errors, size_t len,
		 struct complaint *why)
{
	char text[160];

	first_line(text, sizeof(text), errors, len);
	if (WIFSIGNALED(status))
		return complain(why, -EIO, "the verifier was killed by signal %d", WTERMSIG(status));
	result->status = WEXITSTATUS(status);
	if (result->status > 2)
		return complain(why, result->status == 127 ? -ENOENT : -EIO,
				"the verifier could not do it (exit status %d)%s%s", result->status,
				*text ? ": " : "", text);
	if (!result->len)
		return complain(why, -EIO, "the verifier made no report%s%s", *text ? ": " : "", text);
	return 0;
}

static int run(struct verifier_result *result, const struct call *call, int dump,
	       const struct examine_opts *opts, struct complaint *why)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 }, status = 0, error = 0;
	struct taken taken[2] = { { .most = EXAMINE_REPORT_MAX }, { .most = ERRORS_MAX } };
	pid_t pid = -1, parent = getpid();

	if (!pipe2(out, O_CLOEXEC) && !pipe2(err, O_CLOEXEC))
		pid = fork();
	if (!pid)
		child(call, dump, (const int[]){ out[1], err[1] }, parent, opts);
	if (pid < 0)
		error = complain(why, -EIO, "cannot start the verifier: %s", strerror(errno));
	if (out[1] >= 0)
		close(out[1]);
	if (err[1] >= 0)
		close(err[1]);
	if (!error)
		error = listen_to((const int[]){ out[0], err[0] }, taken, opts->seconds, why);
	if (pid > 0 && error)
		kill(pid, SIGKILL);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	result->report = taken[0].bytes;
	result->len = taken[0].len;
	if (!error)
		error = judge(result, status, taken[1].bytes, taken[1].len, why);
	if (out[0] >= 0)
		close(out[0]);
	if (err[0] >= 0)
		close(err[0]);
	free(taken[1].bytes);
	return error;
}

/**
 * verifier_run() - have a dump verified
 * @result:	takes how it ended; to be released by verifier_free(), also after an error
 * @fd:		the dump
 * @opts:	how
 * @why:	text of an error
 *
 * Return: 0, or a negative errno if there is no verdict.
 */
int verifier_run(struct verifier_result *result, int fd, const struct examine_opts *opts,
		 struct complaint *why)
{
	struct call *call = calloc(1, sizeof(*call));
	int error;
	u32 i;

	*result = (struct verifier_result){ 0 };
	if (!call)
		return complain(why, -ENOMEM, "out of memory");
	error = make_call(call, opts, why);
	if (!error)
		error = run(result, call, fd, opts, why);
	for (i = 0; i < call->nr_files; i++)
		close(call->files[i]);
	free(call);
	return error;
}

/**
 * verifier_free() - release a result
 * @result:	from verifier_run()
 */
void verifier_free(struct verifier_result *result)
{
	free(result->report);
	*result = (struct verifier_result){ 0 };
}
