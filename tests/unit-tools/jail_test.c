// SPDX-License-Identifier: GPL-2.0
/*
 * The child that reads dumps, its parent, and what the sandbox lets it do: whatever
 * happens in there, the parent says so and no status is 0 that should not be.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jail.h"
#include "run.h"
#include "tap.h"

static int end_well(void *arg, int broker)
{
	(void)broker;
	broker_progress(BROKER_SEARCHING, 1 << 30, 3);
	broker_complain("a word\033[2J");
	return *(int *)arg;
}

static int leave(void *arg, int broker)
{
	(void)broker;
	_exit(*(int *)arg);
}

static int die(void *arg, int broker)
{
	(void)broker;
	signal(*(int *)arg, SIG_DFL);
	raise(*(int *)arg);
	return 0;
}

/* What a child says that an attacker has taken over. */
static int talk(void *arg, int broker)
{
	struct broker_message message = { .type = *(int *)arg, .len = 4 };
	u8 huge[4096] = { BROKER_COMPLAINT };

	switch (*(int *)arg) {
	case 0:
		send(broker, huge, sizeof(huge), 0);
		break;
	case 1:
		send(broker, "x", 1, 0);
		break;
	case 2:
		broker_conclude(0);
		break;
	case 3:
		message.verdict.status = 7;
		send(broker, &message, 12, 0);
		break;
	case 4:
		broker_conclude(2);
		_exit(0);
	default:
		send(broker, &message, 12, 0);
	}
	return 0;
}

/* Has only what it was given, and reads it. */
static int look(void *arg, int broker)
{
	int fd, open_fds = 0;
	char byte;

	for (fd = 0; fd < 1000; fd++)
		open_fds += fcntl(fd, F_GETFD) >= 0;
	return pread(*(int *)arg, &byte, 1, 0) == 1 && open_fds == 3 && broker > 0 &&
	       fcntl(1, F_GETFD) >= 0 ? 0 : 1;
}

static int try(int (*task)(void *arg, int broker), int arg, struct complaint *why)
{
	struct jail jail = { .run = task, .arg = &arg };
	struct progress progress;

	if (task == look) {
		jail.files[0] = arg;
		jail.nr_files = 1;
	} else {
		jail.errors = true;
	}
	progress_begin(&progress, true, false, "test");
	return jail_run(&jail, &progress, why);
}

static void test_jail(void)
{
	static const int signals[] = { SIGSEGV, SIGKILL, SIGSYS, SIGBUS, SIGABRT, SIGXFSZ };
	struct complaint why;
	int i, fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	for (i = 0; i < 3; i++)
		ok(try(end_well, i, &why) == i && !*why.text, "a child that ends with %d", i);
	ok(!try(look, fd, &why), "it has what it was given, and nothing else");
	for (i = 0; i < 4; i++)
		ok(try(leave, i, &why) == 2 && *why.text, "one that leaves with %d: %s", i,
		   why.text);
	for (i = 0; i < 6; i++)
		ok(try(die, signals[i], &why) == 2 && strstr(why.text, "signal"), "killed: %s",
		   why.text);
	for (i = 0; i < 6; i++)
		ok(try(talk, i, &why) == 2 && *why.text, "one that talks nonsense (%d): %s", i,
		   why.text);
	close(fd);
}

/* The same program without the sanitizers, whose runtime needs more. */
static void test_sandbox(void)
{
	static const struct {
		char *what;
		bool allowed;
	} tries[] = {
		{ "nothing", true }, { "thread", true }, { "read", true }, { "map", true },
		{ "spool", true }, { "sort", true },
		{ "fork", false }, { "vfork", false }, { "exec", false }, { "open", false },
		{ "socket", false }, { "map-write", false }, { "map-exec", false },
		{ "map-other", false }, { "protect-exec", false }, { "read-other", false },
		{ "write-input", false }, { "write-error", false }, { "clone", false },
		{ "kill", false }, { "ptrace", false }, { "ioctl", false },
	};
	static struct outcome outcome;
	static char *program;
	u32 i;

	program = (char *)beside("sandboxed");
	for (i = 0; i < sizeof(tries) / sizeof(*tries); i++) {
		run(&outcome, (char *const[]){ program, tries[i].what, NULL });
		ok(outcome.status == (tries[i].allowed ? 0 : 256 + SIGSYS), "%s: %s (%d)",
		   tries[i].what, tries[i].allowed ? "allowed" : "ends it", outcome.status);
	}
	run(&outcome, (char *const[]){ program, "memory", NULL });
	ok(!outcome.status, "more than 256 MiB: refused");
	run(&outcome, (char *const[]){ program, "length", NULL });
	ok(!outcome.status, "a file that grows too long: refused");
}

int main(void)
{
	test_jail();
	test_sandbox();
	return tap_end();
}
