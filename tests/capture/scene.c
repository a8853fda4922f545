// SPDX-License-Identifier: GPL-2.0
/*
 * Folders, keys, cores and a log for tests of capturing: see scene.h.
 *
 * The log is a process that takes lines as kredact-logd does, and has them in the file "log".
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fixture.h"
#include "scene.h"

#define LARGE	(768ULL * PAGE)

struct outcome outcome;

static char folder[] = "/var/tmp/kredact-capture.XXXXXX";
static pid_t log_pid;

static void must(bool condition, const char *what)
{
	if (condition)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Takes lines, of all who are connected, for ever. */
static void serve(int listener)
{
	static const char ack[] = "{\"seq\":1,\"realtime_ns\":1,\"hash\":\""
		"0000000000000000000000000000000000000000000000000000000000000000\"}";
	int file = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600), to;
	static char line[65537];
	ssize_t len;

	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		to = accept(listener, NULL, NULL);
		if (to < 0)
			_exit(1);
		if (fork()) {
			close(to);
			continue;
		}
		while ((len = recv(to, line, sizeof(line) - 1, 0)) > 0) {
			line[len] = '\n';
			if (write(file, line, len + 1) != len + 1 ||
			    send(to, ack, strlen(ack), MSG_NOSIGNAL) < 0)
				break;
		}
		_exit(0);
	}
}

static void start_log(void)
{
	struct sockaddr_un name = { AF_UNIX, "log.sock" };
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	must(listener >= 0 && !bind(listener, (struct sockaddr *)&name, sizeof(name)) &&
	     !listen(listener, 16), "log.sock");
	log_pid = fork();
	must(log_pid >= 0, "fork");
	if (!log_pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(listener);
	}
	close(listener);
}

/**
 * scene_begin() - make a folder with all that is needed, and go there
 *
 * Its name is in the environment as SCENE.
 */
void scene_begin(void)
{
	if (geteuid()) {
		puts("1..0 # SKIP who captures dumps is root");
		exit(0);
	}
	must(mkdtemp(folder) && !chdir(folder) && !chmod(folder, 0755), folder);
	must(!mkdir("store", 0750) && !mkdir("quarantine", 0700) && !mkdir("dumps", 0755),
	     "mkdir");
	must(!shell("openssl genpkey -algorithm ed25519 -out sign.key && chmod 600 sign.key"),
	     "openssl");
	setenv("SCENE", folder, 1);
	/* Children that end by _exit() do not look. */
	setenv("ASAN_OPTIONS", "detect_leaks=1", 1);
	setenv("KREDACT_JOURNAL", "journal.sock", 1);
	start_log();
	scene_configure("");
}

/**
 * scene_end() - remove it all
 */
void scene_end(void)
{
	kill(log_pid, SIGKILL);
	waitpid(log_pid, NULL, 0);
	must(!chdir("/"), "/");
	shell("rm -rf %s", folder);
}

/**
 * scene_configure() - write capture.conf
 * @more:	settings besides keys, and in place of folders, the log and the user
 */
void scene_configure(const char *more)
{
	FILE *file = fopen("capture.conf", "w");

	must(file, "capture.conf");
	if (!strstr(more, "store ="))
		fprintf(file, "store = { folder = \"%s/store\"; keep_free = 0; };\n"
			"quarantine = { folder = \"%s/quarantine\"; keep_free = 0; };\n", folder,
			folder);
	if (!strstr(more, "log ="))
		fprintf(file, "log = \"%s/log.sock\";\n", folder);
	if (!strstr(more, "user ="))
		fputs("user = \"nobody\";\n", file);
	fprintf(file, "sign = \"%s/sign.key\";\nkey = \"%s/key\";\n%s\n", folder, folder, more);
	must(!fclose(file), "capture.conf");
}

static void plant_key(u8 *to)
{
	char pem[400] = "";
	int fd;

	must(!shell("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 "
		    "-out planted.pem"), "openssl");
	fd = open("planted.pem", O_RDONLY);
	must(fd >= 0 && read(fd, pem, sizeof(pem) - 1) > 0, "planted.pem");
	close(fd);
	memcpy(to, pem, strlen(pem));
}

static void fill(u8 *bytes, size_t len)
{
	u32 state = 1;

	while (len--) {
		state = state * 1664525 + 1013904223;
		*bytes++ = state >> 24;
	}
}

/**
 * scene_core() - write a core
 * @path:	of it
 * @core:	what is in it
 *
 * The key of its seal is in the file "key".
 */
void scene_core(const char *path, enum core core)
{
	struct fixture_segment segments[5];
	struct fixture fixture;

	fixture_init(&fixture);
	memcpy(segments, fixture.segments, 4 * sizeof(*segments));
	segments[4] = (struct fixture_segment){ .vaddr = 0x100000, .filesz = LARGE };
	fixture.segments = segments;
	fixture.nr_segments = core == CORE_LARGE ? 5 : 4;
	fixture.no_seal = core == CORE_UNSEALED;
	fixture_build(&fixture);
	if (core == CORE_KEY)
		plant_key(fixture_at(&fixture, 0x51000));
	if (core == CORE_LARGE)
		fill(fixture_at(&fixture, 0x100000), LARGE);
	write_file(path, fixture.bytes, fixture.len);
	write_file("key", fixture.key, sizeof(fixture.key));
	fixture_free(&fixture);
}

/**
 * scene_clear() - empty stores and log
 */
void scene_clear(void)
{
	shell("rm -rf store/* quarantine/* dumps/* dumps/.[!.]* && : >>log && truncate -s 0 log");
}

/**
 * may_mount() - can file systems be mounted here?
 *
 * Return: false in a container that may not.
 */
bool may_mount(void)
{
	return !shell("mkdir -p mnt && mount -t tmpfs tmpfs mnt && umount mnt");
}

/**
 * shell() - run a command; &outcome has what came of it
 * @format:	of it
 *
 * Return: its exit status.
 */
int shell(const char *format, ...)
{
	char command[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	run(&outcome, (char *const[]){ "sh", "-c", command, NULL });
	return outcome.status;
}

/**
 * program() - a program under test
 * @name:	of it
 *
 * Return: its path.
 */
const char *program(const char *name)
{
	static char path[4096];
	char *full = (char *)beside(name);

	snprintf(path, sizeof(path), "%s", full);
	free(full);
	return path;
}

/**
 * capture() - have a core captured
 * @core:	file
 * @environment: VARIABLE=VALUE for it, or ""
 *
 * Return: exit status.
 */
int capture(const char *core, const char *environment)
{
	static unsigned int second = 1700000000;

	return shell("cat %s | env %s '%s' --config capture.conf P=999999999 I=1 u=7 g=8 s=11 t=%u "
		     "'e=a b;$x' 'E=!usr!bin!x'", core, environment, program("kredact-capture"),
		     second++);
}

/**
 * kredact() - run a subcommand of kredact
 * @arguments:	of it
 * @environment: VARIABLE=VALUE for it, or ""
 *
 * Return: exit status.
 */
int kredact(const char *arguments, const char *environment)
{
	return shell("env %s '%s' %s", environment, program("kredact"), arguments);
}

/**
 * count() - how many files there are
 * @pattern:	of their names
 *
 * Return: the number.
 */
unsigned int count(const char *pattern)
{
	unsigned int nr = 0;
	glob_t found;

	if (!glob(pattern, 0, NULL, &found))
		nr = found.gl_pathc;
	globfree(&found);
	return nr;
}

/**
 * logged() - are these events in the log, in this order and no others?
 * @words:	their names
 *
 * Return: true if so.
 */
bool logged(const char *words)
{
	size_t len = strlen(words);

	shell("sed 's/^{\"event\":\"\\([^\"]*\\).*/\\1/' log | tr '\\n' ' '");
	if (!strncmp(outcome.out, words, len) && !strcmp(outcome.out + len, len ? " " : ""))
		return true;
	printf("# log: %s\n", outcome.out);
	return false;
}

/**
 * is_whole() - does a dump have all bytes of a core, and does its attestation name it?
 * @dump:	pattern that one name has
 * @core:	file
 *
 * Return: true if so.
 */
bool is_whole(const char *dump, const char *core)
{
	return !shell("set -- %s && test $# = 1 && zstd -dcq \"$1\" | cmp - %s && "
		      "sed 's/.*\"payload\":\"\\([^\"]*\\)\".*/\\1/' \"$1.intoto.jsonl\" | base64 -d | "
		      "grep -q \"$(sha256sum <\"$1\" | cut -d' ' -f1)\"", dump, core);
}

/**
 * has_attribute() - has a file an extended attribute with this value?
 * @dump:	pattern of its name
 * @name:	without "user.kredact."
 * @value:	of it
 *
 * Return: true if so.
 */
bool has_attribute(const char *dump, const char *name, const char *value)
{
	char full[64], is[300];
	ssize_t len = -1;
	glob_t found;

	snprintf(full, sizeof(full), "user.kredact.%s", name);
	if (!glob(dump, 0, NULL, &found))
		len = getxattr(found.gl_pathv[0], full, is, sizeof(is));
	globfree(&found);
	return len == (ssize_t)strlen(value) && !memcmp(is, value, len);
}
