// SPDX-License-Identifier: GPL-2.0
/*
 * kredact gate beside others: processes that exchange the dump for a link while it is opened, that
 * write to it while it is read, that let the same dump pass at the same time; and a gate that is
 * killed at any instant.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger.h"
#include "run.h"
#include "site.h"
#include "tap.h"

static char *kredact, debug[512];
static struct outcome outcome;

#define GATE(dump, ...) run(&outcome, (char *const[]){ kredact, "gate", "--config", "gate.conf", \
						       ##__VA_ARGS__, dump, debug, NULL })

static const struct forged fine = { .path = "prod/good", .label = SITE_LABEL,
				    .authenticated = true, .keys = { "a.pem" } };

/* A process that does something again and again; it has done it once when this returns. */
static pid_t keep_doing(void (*what)(void))
{
	int ends[2];
	pid_t pid;
	char c;

	if (pipe(ends))
		abort();
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		what();
		if (write(ends[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			what();
	}
	close(ends[1]);
	if (read(ends[0], &c, 1) != 1)
		abort();
	close(ends[0]);
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Now the dump, now a link to one in the quarantine, under the same name. */
static void exchange(void)
{
	renameat2(AT_FDCWD, "prod/race", AT_FDCWD, "prod/decoy", RENAME_EXCHANGE);
	usleep(50);
}

static void test_links(void)
{
	u32 refused = 0, passed = 0, wrong = 0, i;
	pid_t pid;

	if (system("cp prod/good prod/race; cp prod/planted prod/quarantine/secret") ||
	    symlink("quarantine/secret", "prod/decoy"))
		abort();
	pid = keep_doing(exchange);
	for (i = 0; i < 40 && (i < 10 || !refused || !passed); i++) {
		site_reset();
		forge_file(&fine, "race.jsonl");
		GATE("prod/race", "--attestation", "race.jsonl");
		refused += outcome.status == 1 && strstr(outcome.err, "source: a symbolic link");
		passed += !outcome.status;
		wrong += exists("debug/race") && !same_file("debug/race", "prod/good");
		wrong += outcome.status && !strstr(outcome.err, "source: ");
	}
	stop(pid);
	ok(refused && passed && !wrong, "a name that is now a dump and now a link: %u refused, %u "
	   "passed, and never what the link leads to", refused, passed);
	site_reset();
}

static void append(void)
{
	int fd = open("prod/grows", O_WRONLY | O_APPEND);

	if (fd < 0 || write(fd, "x", 1) != 1)
		_exit(1);
	close(fd);
	usleep(200);
}

static void test_growing(void)
{
	struct forged forged = fine;
	u32 refused = 0, wrong = 0, i;
	pid_t pid;

	forged.path = "prod/grows";
	if (system("cp prod/good prod/grows"))
		abort();
	forge_file(&forged, "grows.jsonl");
	pid = keep_doing(append);
	for (i = 0; i < 5; i++) {
		GATE("prod/grows", "--attestation", "grows.jsonl");
		refused += outcome.status == 1 && (strstr(outcome.err, "source-changed: ") ||
						   strstr(outcome.err, "attestation-other-bytes: "));
		wrong += exists("debug/grows");
	}
	stop(pid);
	ok(refused == 5 && !wrong, "a dump that grows is refused, %u times of 5", refused);
	ok(ledger_count("log", "gate.refused", "\"rule\":\"source-changed\",\"passed\":false"),
	   "and that it grew is in the log");
	forge_file(&forged, "grows.jsonl");
	GATE("prod/grows", "--attestation", "grows.jsonl");
	ok(outcome.status == 1 && strstr(outcome.err, "seal: ") && !strstr(outcome.err, "changed"),
	   "when it grows no more, its trailing bytes are the reason: %s", outcome.err);
	site_reset();
}

/* Two gates with one attestation, for two names. */
static void test_twice(void)
{
	char *const argv[2][9] = {
		{ kredact, "gate", "--config", "gate.conf", "--attestation", "race.jsonl",
		  "prod/one", debug, NULL },
		{ kredact, "gate", "--config", "gate.conf", "--attestation", "race.jsonl",
		  "prod/two", debug, NULL },
	};
	u32 both = 0, one = 0, i, j;
	int status, good;
	pid_t pids[2];

	if (system("cp prod/good prod/one; cp prod/good prod/two"))
		abort();
	for (i = 0; i < 5; i++) {
		forge_file(&fine, "race.jsonl");
		for (j = 0; j < 2; j++) {
			pids[j] = fork();
			if (!pids[j]) {
				int null = open("/dev/null", O_WRONLY);

				dup2(null, 1);
				dup2(null, 2);
				execv(argv[j][0], argv[j]);
				_exit(127);
			}
		}
		for (j = 0, good = 0; j < 2; j++) {
			waitpid(pids[j], &status, 0);
			good += WIFEXITED(status) && !WEXITSTATUS(status);
		}
		one += good == 1 && exists("debug/one") != exists("debug/two");
		both += good == 2 || (exists("debug/one") && exists("debug/two"));
		site_reset();
	}
	ok(one == 5 && !both, "one attestation at two gates at once: one passes, %u times of 5", one);
}

/* Whole, with its attestation, or not there; and what nobody has a name for is gone. */
static bool is_sound(void)
{
	bool dump = exists("debug/good"), attestation = exists("debug/good.intoto.jsonl");

	return dump ? attestation && same_file("debug/good", "prod/good") : true;
}

static void test_killed(void)
{
	u32 killed = 0, sound = 0, finished = 0, tries = 12, i;
	double took;
	int status;
	pid_t pid;

	/* As long as it takes here and now, so that there is something to kill. */
	forge_file(&fine, "prod/good.intoto.jsonl");
	GATE("prod/good");
	took = outcome.seconds;
	site_reset();
	for (i = 0; i < tries; i++) {
		forge_file(&fine, "prod/good.intoto.jsonl");
		pid = fork();
		if (!pid) {
			dup2(open("/dev/null", O_WRONLY), 2);
			dup2(2, 1);
			execl(kredact, kredact, "gate", "--config", "gate.conf", "prod/good", debug,
			      NULL);
			_exit(127);
		}
		usleep((useconds_t)(took * 1e6 * i / tries));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		killed += WIFSIGNALED(status);
		sound += is_sound();
		/* It can be done again with the same attestation, if it was not done. */
		if (!exists("debug/good"))
			GATE("prod/good");
		finished += is_sound() && exists("debug/good");
		site_reset();
	}
	ok(killed && sound == tries && finished == tries, "killed %u times of %u: never half a "
	   "dump, and each could be finished", killed, tries);
}

/* The same, and at the one instant that matters most. */
static void test_interrupted(void)
{
	char purpose[700], hex[65], name[200];
	struct complaint why;
	struct attestation a;
	u8 sha256[32];

	forge_file(&fine, "prod/good.intoto.jsonl");
	if (attestation_load(&a, AT_FDCWD, "prod/good.intoto.jsonl", sha256, &why))
		abort();
	text_hex(hex, sha256, 32);
	snprintf(name, sizeof(name), "state/used/%s", hex);
	text_hex(hex, a.sha256, 32);
	attestation_free(&a);
	mkdir("state/used", 0700);
	snprintf(purpose, sizeof(purpose), "%s %s/good\n", hex, debug);
	write_file(name, purpose, strlen(purpose));
	if (system("cp prod/good.intoto.jsonl debug/"))
		abort();
	GATE("prod/good");
	ok(!outcome.status && is_sound() && exists("debug/good"), "with the attestation linked and "
	   "not the dump: it is finished: %s", outcome.err);
	unlink("debug/good");
	unlink("debug/good.intoto.jsonl");
	snprintf(purpose, sizeof(purpose), "%s %s/other\n", hex, debug);
	write_file(name, purpose, strlen(purpose));
	GATE("prod/good");
	ok(outcome.status == 1 && strstr(outcome.err, "attestation-replayed: it was used for"),
	   "with the record of another name: refused");
	site_reset();
}

int main(void)
{
	static char folder[] = "/tmp/race_test.XXXXXX";
	pid_t ledger;

	kredact = (char *)beside("../unit-attest/kredact");
	if (!mkdtemp(folder))
		return 1;
	chmod(folder, 0755);
	site_make(folder);
	snprintf(debug, sizeof(debug), "%s/debug", folder);
	ledger = ledger_start("log.sock", "log", false);
	site_policy("", NULL);
	test_links();
	test_growing();
	test_twice();
	test_killed();
	test_interrupted();
	ledger_stop(ledger, "log.sock");
	if (chdir("/"))
		return 1;
	run(&outcome, (char *const[]){ "rm", "-rf", folder, NULL });
	return tap_end();
}
