// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that crash while core_pattern is a socket: what kredact-capture makes of what the
 * kernel gives it. core_pattern is of the whole machine, so this is none of the native tests; it
 * is another one for a moment only, and what it was even if this is killed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scene.h"
#include "tap.h"

#define PATTERN		"/proc/sys/kernel/core_pattern"
#define OWN_CGROUP	"cgroup2/kredact-capture@crash.service"
#define MOMENT_MS	1000
#define STORED		"dump.captured dump.verified dump.attested dump.stored"
#define UNATTESTED	"dump.captured dump.verified dump.quarantined"
#define QUARANTINED	"dump.captured dump.verified dump.attested dump.quarantined"

/**
 * struct crash - a process that has crashed, and what the kernel has connected
 * @pid:	its number
 * @start_ns:	when it began
 * @fd:		the connection; -1: there was none
 */
struct crash {
	pid_t pid;
	char start_ns[32];
	int fd;
};

static int listener;

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool fine = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return fine;
}

static bool read_text(const char *path, char *text, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, room - 1);

	if (fd >= 0)
		close(fd);
	text[got > 0 ? got : 0] = '\0';
	return got > 0;
}

/* A process that changes it, until @from is closed, or a moment is over. Does not return. */
static void change_pattern(const char *pattern, int ready, int from)
{
	struct pollfd end = { from, POLLIN, 0 };
	char before[256];
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	if (!read_text(PATTERN, before, sizeof(before)) || !write_text(PATTERN, pattern) ||
	    write(ready, "", 1) != 1)
		_exit(1);
	poll(&end, 1, MOMENT_MS);
	_exit(!write_text(PATTERN, before));
}

/*
 * A process of another user and with a name of its own, not one that ASan watches. Its core has
 * 1 MB of environment, and fits into no socket.
 */
static pid_t start(bool own)
{
	static char large[100000], *const environment[] = {
		large, large, large, large, large, large, large, large, large, large, NULL };
	char pid[16], program[] = "a b;$x", stat[64];
	pid_t child = fork();
	u32 i;

	if (!child) {
		memset(large, 'x', sizeof(large) - 1);
		if (setgroups(0, NULL) || setresgid(8, 8, 8) || setresuid(7, 7, 7))
			_exit(1);
		execle(program, program, "30", NULL, environment);
		_exit(1);
	}
	snprintf(pid, sizeof(pid), "%d", child);
	snprintf(stat, sizeof(stat), "/proc/%d/comm", child);
	for (i = 0; i < 500; i++) {
		read_text(stat, outcome.out, sizeof(outcome.out));
		if (!strcmp(outcome.out, "a b;$x\n"))
			break;
		usleep(10000);
	}
	if (own && !write_text(OWN_CGROUP "/cgroup.procs", pid))
		printf("# no cgroup\n");
	return child;
}

/* Return: true if the kernel has connected. */
static bool crash(struct crash *crash, const char *prefix, int signal, bool own)
{
	struct pollfd come = { listener, POLLIN, 0 };
	char pattern[256], byte;
	int ready[2], stop[2], status;
	struct ucred who;
	socklen_t len = sizeof(who);
	pid_t changer;

	crash->pid = start(own);
	shell("set -- $(sed 's/.*) //' /proc/%d/stat) && printf %%s ${20}0000000", crash->pid);
	snprintf(crash->start_ns, sizeof(crash->start_ns), "%.31s", outcome.out);
	snprintf(pattern, sizeof(pattern), "%s%s/dump.sock", prefix, getenv("SCENE"));
	if (pipe2(ready, O_CLOEXEC) || pipe2(stop, O_CLOEXEC))
		exit(1);
	changer = fork();
	if (!changer) {
		close(stop[1]);
		change_pattern(pattern, ready[1], stop[0]);
	}
	close(ready[1]);
	close(stop[0]);
	if (read(ready[0], &byte, 1) == 1)
		kill(crash->pid, signal);
	crash->fd = poll(&come, 1, MOMENT_MS) == 1 ? accept(listener, NULL, NULL) : -1;
	close(stop[1]);
	close(ready[0]);
	waitpid(changer, &status, 0);
	if (status)
		printf("Bail out! " PATTERN " may not be what it was\n");
	/* Somebody else may crash at the same time. */
	if (crash->fd >= 0 && (getsockopt(crash->fd, SOL_SOCKET, SO_PEERCRED, &who, &len) ||
			       who.pid != crash->pid)) {
		printf("# process %d has crashed as well\n", (int)who.pid);
		close(crash->fd);
		crash->fd = -1;
	}
	return !status && crash->fd >= 0;
}

/* With what kredact-capture@.service lets it have. Keeps the connection, as systemd does. */
static int serve(const struct crash *crash)
{
	return shell("exec setpriv --no-new-privs --bounding-set "
		     "-all,+chown,+setuid,+setgid,+setpcap,+kill,+sys_ptrace "
		     "'%s' --config capture.conf --socket <&%d", program("kredact-capture"),
		     crash->fd);
}

/* The end of the process. Return: true if it has died of @signal within a second. */
static bool bury(struct crash *crash, int signal, bool dumped)
{
	int status = 0, i;

	for (i = 0; i < 100 && waitpid(crash->pid, &status, WNOHANG) != crash->pid; i++)
		usleep(10000);
	if (i == 100) {
		kill(crash->pid, SIGKILL);
		waitpid(crash->pid, &status, 0);
	}
	if (crash->fd >= 0)
		close(crash->fd);
	return i < 100 && WIFSIGNALED(status) && WTERMSIG(status) == signal &&
	       !!WCOREDUMP(status) == dumped;
}

static bool is_known(const char *dump, const struct crash *crash, const char *signal)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", crash->pid);
	return has_attribute(dump, "pid", pid) && has_attribute(dump, "uid", "7") &&
	       has_attribute(dump, "gid", "8") && has_attribute(dump, "signal", signal);
}

static bool is_described(const char *dump, const struct crash *crash)
{
	char exe[4096];

	read_text("exe", exe, sizeof(exe));
	exe[strcspn(exe, "\n")] = '\0';
	return has_attribute(dump, "comm", "a b;$x") && has_attribute(dump, "exe", exe) &&
	       has_attribute(dump, "start_ns", crash->start_ns);
}

static void test_quarantined(void)
{
	struct crash one;

	scene_clear();
	scene_configure("");
	ok(crash(&one, "@@", SIGSEGV, false), "a process crashes, and the kernel asks");
	ok(serve(&one) == 1 && logged(QUARANTINED), "its core has no seal: into the quarantine");
	ok(is_known("quarantine/core.a_b__x.7.*.zst", &one, "11"), "... pid, user and signal");
	ok(is_described("quarantine/core.*.zst", &one), "... name, executable and start");
	ok(!shell("zstd -dcq quarantine/*.zst >core && readelf -hn core | grep -q 'CORE (Core file)'"
		  " && readelf -n core | grep -q NT_FILE"), "... it is a core");
	ok(bury(&one, SIGSEGV, true), "the process ends when it has been taken");
}

static void test_stored(const char *prefix, const char *what)
{
	struct crash one;

	scene_clear();
	scene_configure("verify = [ \"--unsealed\" ];");
	ok(crash(&one, prefix, SIGQUIT, false) && serve(&one) == 0, "%s: without need of a seal it is stored",
	   what);
	ok(logged(STORED) && count("store/*") == 2 && !count("quarantine/*"), "... and nowhere else");
	ok(is_known("store/core.a_b__x.7.*.zst", &one, "3"), "... pid, user and signal");
	ok(!shell("zstd -dcq store/*.zst >core") && is_whole("store/*.zst", "core"),
	   "... attested");
	ok(bury(&one, SIGQUIT, true), "... the process ends");
}

static void test_waiting(void)
{
	struct crash one;

	scene_clear();
	scene_configure("tee = [\"/bin/sh\", \"-c\", \"cat >tee.out; readlink /proc/$1/exe >tee.exe; "
			"echo \\\"$2\\\" >tee.args\", \"-\", \"%P\", \"%u/%g/%s/%e\"];");
	ok(crash(&one, "@@", SIGABRT, false) && serve(&one) == 1, "another handler");
	ok(!shell("cmp -s tee.exe exe"), "... finds the process when it has all");
	ok(!shell("test \"$(cat tee.args)\" = '7/8/6/a b;$x'"), "... and gets arguments");
	ok(!shell("zstd -dcq quarantine/*.zst | cmp - tee.out"), "... and the bytes");
	bury(&one, SIGABRT, true);
}

/* The kernel may not write on to somebody who does not read. */
static void test_cut(void)
{
	struct crash one;

	scene_clear();
	scene_configure("most = 1000;");
	ok(crash(&one, "@@", SIGSEGV, false) && serve(&one) == 1, "a core that is too large");
	ok(logged(UNATTESTED) && count("quarantine/core.a_b__x.7.*.cut.zst") == 1,
	   "... is cut off");
	ok(bury(&one, SIGSEGV, true), "... and the process ends");
}

/* Another process with the same number. Return: false if there is none. */
static bool take_number(pid_t number, pid_t *other)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (u64)(unsigned long)&number,
		.set_tid_size = 1,
	};

	*other = syscall(SYS_clone3, &args, sizeof(args));
	if (!*other)
		for (;;)
			pause();
	return *other > 0;
}

/*
 * A kernel that does not ask does not wait: who kills the process ends the core. Its number
 * may be another's then.
 */
static void test_killed(void)
{
	struct crash one;
	bool taken;
	pid_t other;
	int status;

	scene_clear();
	scene_configure("verify = [ \"--unsealed\" ];");
	ok(crash(&one, "@", SIGSEGV, false), "a process crashes");
	kill(one.pid, SIGKILL);
	ok(waitpid(one.pid, &status, 0) == one.pid, "... is killed, and buried");
	taken = take_number(one.pid, &other);
	ok(taken, "... and another has its number");
	ok(serve(&one) == 1 && !count("store/*"), "what there is of it goes to the quarantine");
	ok(logged(QUARANTINED), "... as what the kernel has cut off");
	ok(has_attribute("quarantine/core.unknown.7.*.zst", "uid", "7") &&
	   shell("grep '\"pid\":%d' log | "
		 "grep -e '\"comm\"' -e '\"exe\"' -e start_ns -e '\"signal\"'", one.pid) == 1,
	   "... under its number, but with nothing of the other");
	close(one.fd);
	if (taken) {
		kill(other, SIGKILL);
		waitpid(other, NULL, 0);
	}
}

static void test_own(void)
{
	struct crash one;

	if (shell("mkdir -p cgroup2 && mount -t cgroup2 none cgroup2 && mkdir '%s'", OWN_CGROUP)) {
		printf("ok %u - handlers that crash # SKIP there are no cgroups\n", ++tap_tests);
		return;
	}
	scene_clear();
	scene_configure("");
	ok(crash(&one, "@@", SIGSEGV, true), "a process in the unit of a handler crashes");
	ok(serve(&one) == 4 && logged("") && !count("quarantine/*"), "... it is not taken");
	ok(bury(&one, SIGSEGV, false), "... and the kernel writes no core");
	ok(crash(&one, "@", SIGSEGV, true) && serve(&one) == 4 && !count("quarantine/*"),
	   "nor if the kernel does not ask");
	kill(one.pid, SIGKILL);
	bury(&one, SIGKILL, false);
	shell("rmdir '%s'; umount cgroup2", OWN_CGROUP);
}

static void skip(const char *reason)
{
	printf("1..0 # SKIP %s\n", reason);
	scene_end();
	exit(0);
}

int main(void)
{
	struct sockaddr_un name = { AF_UNIX, "dump.sock" };
	int major = 0, minor = 0;
	struct utsname kernel;
	char before[256], after[256];

	scene_begin();
	uname(&kernel);
	sscanf(kernel.release, "%d.%d", &major, &minor);
	if (shell("grep -q socket /proc/sys/kernel/core_modes"))
		skip("the kernel has no coredump sockets (Linux 6.16)");
	if (major * 1000 + minor < 6017)
		skip("the kernel does not ask before it writes (Linux 6.17)");
	if (!read_text(PATTERN, before, sizeof(before)) || !write_text(PATTERN, before))
		skip("core_pattern cannot be changed");
	/* For the key of seals. */
	scene_core("clean", CORE_CLEAN);
	if (shell("ln -s \"$(command -v sleep)\" 'a b;$x' && readlink -f 'a b;$x' >exe"))
		skip("there is no sleep");
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&name, sizeof(name)) || chmod("dump.sock", 0600) ||
	    listen(listener, 4))
		skip("there is no socket");
	test_quarantined();
	test_stored("@@", "a kernel that asks");
	test_stored("@", "one that does not");
	test_waiting();
	test_cut();
	test_killed();
	test_own();
	ok(read_text(PATTERN, after, sizeof(after)) && !strcmp(before, after),
	   "core_pattern is what it was");
	scene_end();
	return tap_end();
}
