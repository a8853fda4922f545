// SPDX-License-Identifier: GPL-2.0
/*
 * kredact gate: each reason to refuse is seen with its own name, is logged, and leaves nothing; the
 * same dump passes without it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attest/moment.h"
#include "ledger.h"
#include "run.h"
#include "site.h"
#include "tap.h"

static char *kredact, debug[512];
static struct outcome outcome;
static pid_t ledger;

#define GATE(dump, ...) run(&outcome, (char *const[]){ kredact, "gate", "--config", "gate.conf", \
						       ##__VA_ARGS__, dump, debug, NULL })

static const struct forged fine = { .path = "prod/good", .label = SITE_LABEL,
				    .authenticated = true, .keys = { "a.pem" } };

static bool is_empty(void)
{
	return !system("test -z \"$(ls -A debug)\"");
}

static void attest(const struct forged *forged)
{
	char path[256];

	snprintf(path, sizeof(path), "%s.intoto.jsonl", forged->path);
	forge_file(forged, path);
}

/* Refused by this rule and no other; logged; nothing in the store. */
static void refused(const char *rule, const char *text, const char *what)
{
	char line[128], *first = strstr(outcome.err, "refused: ");
	bool good;

	snprintf(line, sizeof(line), "refused: %s: ", rule);
	good = outcome.status == 1 && first == strstr(outcome.err, line) && first &&
	       !strstr(first + 9, "refused: ") && strstr(outcome.err, text) && is_empty();
	ok(good, "%s: %s", rule, what);
	if (!good)
		printf("# status %d: %s", outcome.status, outcome.err);
	snprintf(line, sizeof(line), "\"rule\":\"%s\",\"passed\":false", rule);
	if (strcmp(rule, "log"))
		ok(ledger_count("log", "gate.refused", line), "%s: it is in the log", rule);
}

static void passed(const char *what)
{
	bool good = !outcome.status && exists("debug/good") &&
		    exists("debug/good.intoto.jsonl");

	ok(good, "passed: %s", what);
	if (!good)
		printf("# status %d: %s", outcome.status, outcome.err);
	site_reset();
}

static void restart_ledger(bool full)
{
	if (ledger > 0)
		ledger_stop(ledger, "log.sock");
	ledger = ledger_start("log.sock", "log", full);
}

static void test_passes(void)
{
	char path[600];
	struct stat stat;

	site_policy("", NULL);
	attest(&fine);
	GATE("prod/good");
	ok(!outcome.status && same_file("prod/good", "debug/good") &&
	   same_file("prod/good.intoto.jsonl", "debug/good.intoto.jsonl") &&
	   !lstat("debug/good", &stat) && (stat.st_mode & 07777) == 0640,
	   "an attested clean dump passes, with its attestation: %s", outcome.err);
	snprintf(path, sizeof(path), "\"path\":\"%.*s/prod/good\"", (int)strlen(debug) - 6, debug);
	ok(ledger_count("log", "gate.allowed", path) == 1 &&
	   ledger_count("log", "gate.allowed", SITE_LABEL) == 1,
	   "it is logged with its labels, and where it was");
	GATE("prod/good");
	ok(outcome.status == 1 && strstr(outcome.err, "refused: destination: there is a good"),
	   "what is there is not replaced");
	unlink("debug/good");
	unlink("debug/good.intoto.jsonl");
	GATE("prod/good");
	refused("attestation-replayed", "it was used before", "again");
	unlink("prod/again");
	if (link("prod/good", "prod/again") || unlink("prod/good"))
		abort();
	GATE("prod/again", "--attestation", "prod/good.intoto.jsonl");
	refused("attestation-replayed", "it was used", "under another name");
	if (rename("prod/again", "prod/good"))
		abort();
	site_reset();
	GATE("prod/good", "--remove");
	ok(!outcome.status && exists("debug/good") && !exists("prod/good") &&
	   !exists("prod/good.intoto.jsonl"), "--remove removes it where it was");
	if (system("cp debug/good prod/good"))
		abort();
	attest(&fine);
	site_reset();
}

static void test_source(void)
{
	int fd;

	if (symlink("good", "prod/link") || symlink("prod", "way"))
		abort();
	attest(&(struct forged){ .path = "prod/link", .keys = { "a.pem" } });
	GATE("prod/link");
	refused("source", "a symbolic link is in its path", "a symbolic link");
	GATE("way/good");
	refused("source", "a symbolic link is in its path", "a folder that is one");
	unlink("prod/link.intoto.jsonl");
	if (mkfifo("prod/fifo", 0600))
		abort();
	GATE("prod/fifo", "--attestation", "prod/good.intoto.jsonl");
	refused("source", "not a regular file", "a pipe, which is not waited for");
	if (link("prod/good", "prod/quarantine/good"))
		abort();
	GATE("prod/good");
	refused("source", "it has 2 names", "another name, in the quarantine");
	if (rename("prod/quarantine/good", "prod/quarantine/other") || unlink("prod/good") ||
	    rename("prod/quarantine/other", "prod/quarantine/good"))
		abort();
	GATE("prod/quarantine/good", "--attestation", "prod/good.intoto.jsonl");
	refused("quarantine", "it is in the quarantine", "from the quarantine");
	if (rename("prod/quarantine/good", "prod/good"))
		abort();
	if (setxattr("prod/good", "user.kredact.quarantine", "1", 1, 0)) {
		printf("ok %u - SKIP no extended attributes here\n", ++tap_tests);
	} else {
		GATE("prod/good");
		refused("quarantine", "it is marked", "marked");
		removexattr("prod/good", "user.kredact.quarantine");
	}
	fd = open("prod/good", O_WRONLY);
	GATE("prod/good");
	refused("source-changed", "open for writing", "someone may write to it");
	close(fd);
	GATE("prod/missing");
	ok(outcome.status == 1 && strstr(outcome.err, "refused: source: No such file"),
	   "source: no such file");
	GATE("prod/good");
	passed("when nothing of that is so");
}

static void test_policy(void)
{
	char text[200];

	site_policy("", "users = [ \"daemon\" ];");
	GATE("prod/good");
	snprintf(text, sizeof(text), "%s may not", site_user());
	refused("user", text, "a user whom the policy does not name");
	snprintf(text, sizeof(text), "groups = [ \"%s\" ];", site_group());
	site_policy("", text);
	GATE("prod/good");
	passed("by a group");
	site_policy("max_bytes = 1000;", NULL);
	GATE("prod/good");
	refused("size", "more than 1000", "too large");
	site_policy("max_bytes = 1000000;", NULL);
	GATE("prod/good");
	passed("large enough");
	site_policy("", NULL);
	run(&outcome, (char *const[]){ kredact, "gate", "--config", "gate.conf", "prod/good",
				       "/tmp", NULL });
	refused("destination", "/tmp is none of the policy's", "a folder that it does not name");
	site_policy("verifier = { program = \"/bin/false\"; };", NULL);
	GATE("prod/good");
	refused("verifier", "", "the verifier says nothing");
	site_policy("verifier = { program = \"/no/such\"; };", NULL);
	GATE("prod/good");
	refused("verifier", "", "there is no verifier");
	site_policy("labels = { forbidden = [ \"" SITE_LABEL "\" ]; };", NULL);
	GATE("prod/good");
	refused("labels", SITE_LABEL, "a label that is forbidden");
	site_policy("labels = { allowed = [ \"" SITE_LABEL "\" ]; };", NULL);
	GATE("prod/good");
	refused("labels", "rsa private key", "a label that is not among the allowed");
	site_policy("labels = { allowed = [ \"" SITE_LABEL "\", \"rsa private key\" ]; "
		    "forbidden = [ \"other\" ]; };", NULL);
	GATE("prod/good");
	passed("both labels are allowed");
	if (!geteuid()) {
		site_policy("verifier = { user = \"nobody\"; };", NULL);
		chmod("seal.key", 0600);
		GATE("prod/good");
		passed("the verifier is nobody, and root's files are closed");
	}
	site_policy("", NULL);
}

static void test_attestations(void)
{
	struct forged odd = fine;
	u64 now = moment_now();

	unlink("prod/good.intoto.jsonl");
	GATE("prod/good");
	refused("attestation-missing", "there is none", "without one");
	write_file("prod/good.intoto.jsonl", "{}", 2);
	GATE("prod/good");
	refused("attestation-unreadable", "payloadType", "something else");
	odd.keys[0] = "stranger.pem";
	attest(&odd);
	GATE("prod/good");
	refused("attestation-untrusted", "no signature", "a key that nobody knows");
	odd.keys[0] = "b.pem";
	attest(&odd);
	GATE("prod/good");
	refused("attestation-key-revoked", "revoked", "a revoked key");
	odd.keys[0] = "p1.pem";
	attest(&odd);
	GATE("prod/good");
	refused("attestation-key-role", "may not sign", "a key of another role");
	odd.keys[0] = "old.pem";
	attest(&odd);
	GATE("prod/good");
	refused("attestation-key-time", "not valid at that time", "a key after its time");
	odd.keys[0] = "a.pem";
	site_policy("threshold = 2;", NULL);
	attest(&odd);
	GATE("prod/good");
	refused("attestation-threshold", "too few", "one signature of two");
	site_policy("", NULL);
	odd.time = now - 7200;
	odd.valid_for = 3600;
	attest(&odd);
	GATE("prod/good");
	refused("attestation-expired", "it has expired at", "after its time");
	odd.time = now + 7200;
	attest(&odd);
	GATE("prod/good");
	refused("attestation-future", "it says to be of", "before its time");
	odd.valid_for = 0;
	odd.time = now - 7200;
	attest(&odd);
	site_policy("max_age_hours = 1;", NULL);
	GATE("prod/good");
	refused("attestation-age", "more than 1 hours ago", "too old");
	site_policy("max_age_hours = 3;", NULL);
	GATE("prod/good");
	passed("not too old");
	site_policy("", NULL);
	attest(&fine);
	GATE("prod/forged", "--attestation", "prod/good.intoto.jsonl");
	refused("attestation-other-bytes", "other bytes", "a changed byte");
	GATE("prod/good");
	passed("the same attestation with its own dump");
}

static void test_contents(void)
{
	struct forged odd = fine;

	odd.path = "prod/planted";
	attest(&odd);
	GATE("prod/planted");
	refused("findings", "registered: 1, by the gate's own", "a key that the attestation denies");
	odd.path = "prod/good";
	odd.findings = "hits_total";
	odd.count = 3;
	attest(&odd);
	GATE("prod/good");
	refused("findings", "secret: 3, by the attestation", "found by who attests");
	site_policy("findings = ( { kind = \"secret\"; most = 2; } );", NULL);
	GATE("prod/good");
	refused("findings", "secret: 3", "more than is tolerated");
	site_policy("findings = ( { kind = \"secret\"; most = 3; } );", NULL);
	GATE("prod/good");
	passed("as many as are tolerated");
	site_policy("", NULL);
	odd = fine;
	odd.path = "prod/forged";
	attest(&odd);
	GATE("prod/forged");
	refused("checks", "authenticity: failed", "a seal that was changed");
	odd.path = "prod/bare";
	attest(&odd);
	GATE("prod/bare");
	refused("seal", "", "a seal that was removed");
	site_policy("checks = [ \"structure\", \"keys\" ];", NULL);
	GATE("prod/bare");
	ok(!outcome.status && exists("debug/bare"), "none is asked for: it passes");
	site_reset();
	site_policy("", NULL);
	attest(&fine);
}

static void test_log(void)
{
	ledger_stop(ledger, "log.sock");
	ledger = -1;
	GATE("prod/good");
	refused("log", "log.sock", "nobody takes it");
	restart_ledger(true);
	GATE("prod/good");
	refused("log", "", "its disk is full");
	restart_ledger(false);
	GATE("prod/good");
	passed("the log works");
}

static void test_full(void)
{
	if (mount("tmpfs", "debug", "tmpfs", 0, "size=32k")) {
		printf("ok %u - SKIP cannot mount\n", ++tap_tests);
		return;
	}
	GATE("prod/good");
	refused("destination", "it cannot be copied: cannot be written: No space", "no room");
	umount("debug");
	GATE("prod/good");
	passed("room enough, and the same attestation");
}

static void approve(const char *key, const char *rule, const char *dump)
{
	run(&outcome, (char *const[]){ kredact, "gate", "approve", "--rule", (char *)rule,
				       "--reason", "incident 12", "--key", (char *)key, "--state",
				       "state", (char *)dump, NULL });
	if (outcome.status)
		printf("# %s", outcome.err);
}

static void test_exceptions(void)
{
	struct forged bare = fine;

	bare.path = "prod/bare";
	attest(&bare);
	site_policy("exceptions = { rules = [ \"seal\" ]; };", NULL);
	approve("p1.pem", "seal", "prod/bare");
	GATE("prod/bare");
	refused("seal", "", "one person's approval of two");
	approve("a.pem", "seal", "prod/bare");
	GATE("prod/bare");
	refused("seal", "", "the other has attested it");
	approve("p2.pem", "findings", "prod/bare");
	GATE("prod/bare");
	refused("seal", "", "the other has approved something else");
	site_reset();
	approve("p1.pem", "seal", "prod/bare");
	approve("p2.pem", "seal", "prod/good");
	GATE("prod/bare");
	refused("seal", "", "the other has approved another dump");
	site_reset();
	approve("p1.pem", "seal", "prod/bare");
	approve("stranger.pem", "seal", "prod/bare");
	GATE("prod/bare");
	refused("seal", "", "the other is nobody");
	approve("p2.pem", "seal", "prod/bare");
	site_policy("exceptions = { rules = [ \"labels\" ]; };", NULL);
	GATE("prod/bare");
	refused("seal", "", "the policy lets nobody set that aside");
	site_policy("exceptions = { rules = [ \"seal\" ]; persons = 3; };", NULL);
	GATE("prod/bare");
	refused("seal", "", "the policy asks for three");
	site_policy("exceptions = { rules = [ \"seal\" ]; };", NULL);
	GATE("prod/bare");
	ok(!outcome.status && exists("debug/bare") && strstr(outcome.out, "set aside seal"),
	   "two persons have set it aside: it passes");
	ok(ledger_count("log", "gate.exception", "\"approver\":{\"name\":\"p1\"}") == 1 &&
	   ledger_count("log", "gate.exception", "\"reason\":\"incident 12\"") == 2,
	   "both are in the log, with their reason");
	run(&outcome, (char *const[]){ kredact, "gate", "approve", "--rule",
				       "attestation-untrusted", "--reason", "x", "--key", "p1.pem",
				       "prod/bare", NULL });
	ok(outcome.status == 3, "trust is set aside by nobody");
	site_reset();
	site_policy("", NULL);
}

static void bad_policy(const char *settings, const char *text)
{
	site_policy(settings, NULL);
	run(&outcome, (char *const[]){ kredact, "gate", "--check", "--config", "gate.conf", NULL });
	ok(outcome.status == 2 && strstr(outcome.err, text), "policy: %s", text);
	if (!strstr(outcome.err, text))
		printf("# %d: %s", outcome.status, outcome.err);
}

static void test_policies(void)
{
	bad_policy("max_agee_hours = 3;", "gate.conf:7: max_agee_hours is not known");
	bad_policy("max_age_hours = 0;", "gate.conf:7: max_age_hours is a number");
	bad_policy("max_bytes = \"1G\";", "gate.conf:7: max_bytes is a number");
	bad_policy("mode = \"0777\";", "gate.conf:7: mode is a text");
	bad_policy("exceptions = { rules = [ \"log\" ]; };", "nobody can set aside log");
	bad_policy("exceptions = { rules = [ \"logg\" ]; };", "there is no rule logg");
	bad_policy("exceptions = { persons = 1; };", "persons is a number from 2");
	bad_policy("findings = ( { kind = \"rsa\"; } );", "a finding needs kind and most");
	bad_policy("labels = { forbiden = [ ]; };", "forbiden is not known");
	bad_policy("uploads = { destination = \"/x\"; };", "none of destinations");
	bad_policy("verifier = { user = \"nosuchuser\"; };", "there is no user nosuchuser");
	site_policy("", NULL);
	run(&outcome, (char *const[]){ kredact, "gate", "--check", "--config", "gate.conf", NULL });
	ok(!outcome.status, "a policy without mistakes");
}

/* The packaged one, and with all that is commented out in it. */
static void test_example(const char *example)
{
	static const char *const comments[] = { "", "s|^#\\([^ ]\\)|\\1|;" };
	char line[1024];
	u32 i;

	for (i = 0; i < 2; i++) {
		snprintf(line, sizeof(line), "sed -e '%s' -e 's|\"kredact-verify\"|\"nobody\"|; "
			 "s|\"kredact-dumps\"|\"root\"|; s|/etc/kredact/trust|%.*s/trust|' %s >gate.conf",
			 comments[i], (int)strlen(debug) - 6, debug, example);
		if (system(line))
			abort();
		run(&outcome, (char *const[]){ kredact, "gate", "--check", "--config", "gate.conf",
					       NULL });
		ok(!outcome.status, "the example %s is right: %s", i ? "with all its comments" :
		   "as it is", outcome.err);
	}
}

int main(void)
{
	static char folder[] = "/tmp/gate_test.XXXXXX";

	char *example = realpath("packaging/gate.conf", NULL);

	kredact = (char *)beside("../unit-attest/kredact");
	if (!example || !mkdtemp(folder))
		return 1;
	chmod(folder, 0755);
	site_make(folder);
	snprintf(debug, sizeof(debug), "%s/debug", folder);
	restart_ledger(false);
	test_passes();
	test_source();
	test_policy();
	test_attestations();
	test_contents();
	test_log();
	test_full();
	test_exceptions();
	test_policies();
	test_example(example);
	ledger_stop(ledger, "log.sock");
	if (chdir("/"))
		return 1;
	run(&outcome, (char *const[]){ "rm", "-rf", folder, NULL });
	free(example);
	return tap_end();
}
