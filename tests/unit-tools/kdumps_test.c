// SPDX-License-Identifier: GPL-2.0
/*
 * packaging/kdump/kredact-kdump: of what kdump-tools has saved, clean dumps stay and are
 * attested, and everything else is quarantined.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture_machine.h"
#include "run.h"
#include "tap.h"

static struct machine_fixture made;
static struct outcome outcome;
static char *script;

static void write_script(const char *path, const char *text)
{
	write_file(path, text, strlen(text));
	chmod(path, 0755);
}

/* A crash of the kernel, as kdump-config has saved it. */
static void save(const char *directory, const char *name, u32 kind)
{
	char path[80];

	mkdir("crash", 0755);
	mkdir(directory, 0755);
	machine_write(&made, kind);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	write_file(path, made.file.bytes, made.file.len);
	chmod(path, 0644);
}

static int judge(void)
{
	run(&outcome, (char *const[]){ script, NULL });
	if (outcome.status > 1)
		printf("# %d: %s%s", outcome.status, outcome.out, outcome.err);
	return outcome.status;
}

static int mode_of(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) ? -1 : (int)(stat.st_mode & 07777);
}

static void make_dumps(void)
{
	machine_make(&made, 1);
	save("crash/202611260001", "dump.202611260001", 1);
	machine_make(&made, 0);
	save("crash/202611260002", "vmcore.202611260002", 0);
	save("crash/202611260003", "vmcore-incomplete", 0);
	made.memory[(FIRST_PINNED + 1) * PAGE] = 0x41;
	save("crash/10.0.0.1-202611260004", "vmcore.202611260004", 0);
	machine_make(&made, 2);
	made.note->walked++;
	save("crash/202611260005", "dump.202611260005", 2);
	/* Not of kdump-tools, and one that leads elsewhere. */
	save("crash/other", "dump.1", 2);
	if (symlink("other", "crash/202611260006"))
		abort();
	setenv("KREDACT_KDUMP_DEFAULTS", "./settings", 1);
	write_script("tools", "KDUMP_COREDIR=crash\n");
	setenv("KREDACT_KDUMP_TOOLS", "./tools", 1);
	write_file("key", made.key, sizeof(made.key));
	chmod("key", 0600);
}

static void test_judging(void)
{
	write_script("settings", "SEAL_KEY=key\nVERIFY_ARGS=--no-scan\n");
	ok(judge() == 1, "some are not clean: 1");
	ok(strstr(outcome.out, "0001/dump.202611260001: clean") &&
	   mode_of("crash/202611260001/dump.202611260001") == 0600 &&
	   mode_of("crash/202611260001") == 0700 &&
	   !access("crash/202611260001/dump.202611260001.kredact-report.json", F_OK),
	   "kdump: clean, stays for its owner only, with a report");
	ok(!access("crash/202611260002/vmcore.202611260002.kredact-report.json", F_OK),
	   "a copy of /proc/vmcore: likewise");
	ok(strstr(outcome.out, "not saved to its end") &&
	   mode_of("crash/kredact-quarantine/202611260003/vmcore-incomplete") == 0600 &&
	   access("crash/202611260003", F_OK), "one that is not complete: quarantined");
	ok(strstr(outcome.out, "key material was found") &&
	   !access("crash/kredact-quarantine/10.0.0.1-202611260004/"
		   "vmcore.202611260004.kredact-report.json", F_OK) &&
	   access("crash/10.0.0.1-202611260004", F_OK), "a frame that is not zero: quarantined");
	ok(strstr(outcome.out, "cannot be verified (2)") &&
	   !access("crash/kredact-quarantine/202611260005", F_OK), "a note that was changed: likewise");
	ok(mode_of("crash/kredact-quarantine") == 0700, "that is for its owner only");
	ok(mode_of("crash/other/dump.1") == 0644, "what is not of kdump-tools is left alone");
	ok(!judge() && !*outcome.out, "again: nothing is left to do");
	save("crash/202611260005", "dump.202611260005", 2);
	write_script("settings", "VERIFY_ARGS=--no-scan\n");
	ok(judge() == 1 && !access("crash/kredact-quarantine/202611260005.1", F_OK),
	   "without a key nothing is clean, and nothing in quarantine is replaced");
}

/* A kredact that can attest, or not, or fails at it. */
static void test_attesting(void)
{
	machine_make(&made, 1);
	write_script("settings", "SEAL_KEY=key\nATTEST_KEY=pem\nVERIFY_ARGS=--no-scan\n");
	mkdir("bin", 0755);
	write_script("bin/kredact", "#!/bin/sh\n[ $1 = help ] && echo '  status' && exit\nexit 3\n");
	save("crash/202611260007", "dump.202611260007", 1);
	ok(!judge() && strstr(outcome.out, "does not attest") && strstr(outcome.out, "clean"),
	   "a kredact that cannot attest: clean all the same");
	write_script("bin/kredact", "#!/bin/sh\n[ $1 = help ] && echo '  attest  DUMP' && exit\n"
		     "[ \"$1 $3 $4 $5 $6\" = 'attest --key pem --seal-key key' ] && echo \"$2\" >signed\n");
	save("crash/202611260008", "dump.202611260008", 1);
	ok(!judge() && !access("signed", F_OK), "one that can is asked to");
	write_script("bin/kredact", "#!/bin/sh\n[ $1 = help ] && echo '  attest  DUMP' && exit\nexit 2\n");
	save("crash/202611260009", "dump.202611260009", 1);
	ok(judge() == 1 && strstr(outcome.out, "could not be attested") &&
	   !access("crash/kredact-quarantine/202611260009", F_OK), "one that fails: quarantined");
}

int main(void)
{
	char *tools = (char *)beside("../../bin");
	char directory[] = "/tmp/kdumps-XXXXXX", *path = NULL;

	script = realpath("packaging/kdump/kredact-kdump", NULL);
	if (!script || !mkdtemp(directory) || chdir(directory) ||
	    asprintf(&path, "%s/bin:%s:%s", directory, tools, getenv("PATH")) < 0)
		return 1;
	setenv("PATH", path, 1);
	memset(made.key, 0x6b, sizeof(made.key));
	make_dumps();
	test_judging();
	test_attesting();
	fixture_free(&made.file);
	if (chdir("/"))
		return 1;
	run(&outcome, (char *const[]){ "rm", "-rf", directory, NULL });
	free(tools);
	free(path);
	free(script);
	return tap_end();
}
