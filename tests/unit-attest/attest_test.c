// SPDX-License-Identifier: GPL-2.0
/*
 * kredact attest and kredact verify-attestation: what is attested is what the verifier said of
 * these very bytes; each reason not to believe an attestation is one. Each refusal has beside it
 * the same without its reason.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>
#include <openssl/evp.h>

#include "attest/moment.h"
#include "fixture.h"
#include "forge.h"
#include "run.h"
#include "tap.h"

#define NOBODY	65534
#define VALID	"roles = [ \"attest\" ];"

static char *kredact;
static struct outcome outcome;

#define KREDACT(...) run(&outcome, (char *const[]){ kredact, __VA_ARGS__, NULL })
#define CHECK(...) KREDACT("verify-attestation", "x.jsonl", "--trust", "trust", __VA_ARGS__)

static bool said(int status, const char *text)
{
	bool good = outcome.status == status && strstr(outcome.err, text);

	if (!good)
		printf("# status %d, %s", outcome.status, outcome.err);
	return good;
}

static void make_dumps(void)
{
	struct fixture fixture;

	fixture_init(&fixture);
	write_file("seal.key", fixture.key, sizeof(fixture.key));
	fixture_build(&fixture);
	write_file("good", fixture.bytes, fixture.len);
	fixture.bytes[fixture.seal_at + 20] ^= 1;
	write_file("forged", fixture.bytes, fixture.len);
	write_file("bare", fixture.bytes, fixture.core_end);
	fixture.bytes[fixture.seal_at + 20] ^= 1;
	memcpy(fixture_at(&fixture, 0x11123), "Zq9", 3);
	write_file("dirty", fixture.bytes, fixture.len);
	fixture_free(&fixture);
}

static struct json_object *payload(const char *path)
{
	struct attestation a;
	struct complaint why;
	struct json_object *predicate = NULL;

	if (!attestation_load(&a, AT_FDCWD, path, NULL, &why))
		predicate = json_object_get(a.predicate);
	else
		printf("# %s: %s\n", path, why.text);
	attestation_free(&a);
	return predicate;
}

static const char *text_of(struct json_object *from, const char *name)
{
	return json_object_get_string(json_object_object_get(from, name)) ?: "";
}

static void test_verdicts(void)
{
	static const struct {
		const char *dump;
		int status;
		const char *finding;
	} cases[] = { { "good", 0, NULL }, { "dirty", 1, "registered" }, { "forged", 2, NULL },
		      { "bare", 2, NULL } };
	struct json_object *predicate, *findings, *seal;
	char name[64];
	u32 i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		KREDACT("attest", (char *)cases[i].dump, "--key", "a.pem", "--seal-key", "seal.key");
		ok(said(cases[i].status, ""), "%s: attested with the verifier's status %d",
		   cases[i].dump, cases[i].status);
		snprintf(name, sizeof(name), "%s.intoto.jsonl", cases[i].dump);
		KREDACT("verify-attestation", name, "--dump", (char *)cases[i].dump, "--trust",
			"trust");
		ok(said(cases[i].status, "") && strstr(outcome.out, "signed by    a"),
		   "%s: verified, with the same status", cases[i].dump);
		predicate = payload(name);
		findings = json_object_object_get(predicate, "findings");
		ok(json_object_array_length(findings) == !!cases[i].finding &&
		   (!cases[i].finding || !strcmp(cases[i].finding, text_of(
			json_object_array_get_idx(findings, 0), "kind"))),
		   "%s: what was found is counted by its kind", cases[i].dump);
		if (!i) {
			seal = json_object_object_get(predicate, "seal");
			ok(strlen(text_of(seal, "hmac")) == 64 && strlen(text_of(seal, "key_id")) == 32 &&
			   json_object_array_length(json_object_object_get(seal, "labels")) &&
			   json_object_get_boolean(json_object_object_get(predicate, "leased")),
			   "the seal is named, and the file was under a lease");
		}
		json_object_put(predicate);
	}
	KREDACT("attest", "good", "--key", "a.pem", "--seal-key", "seal.key");
	ok(said(2, "exists already"), "an attestation that is there stays");
	KREDACT("attest", "good", "--key", "a.pem", "--seal-key", "seal.key", "--label",
		"ec scalar", "-o", "label.jsonl");
	ok(said(0, ""), "a label that the seal names");
	KREDACT("attest", "good", "--key", "a.pem", "--seal-key", "seal.key", "--label",
		"ec scalar", "--label", "other key", "-o", "no-label.jsonl");
	predicate = payload("no-label.jsonl");
	ok(said(2, "") && !strcmp(text_of(predicate, "verdict"), "unverified"),
	   "one that it does not name: it cannot be verified, and that is attested");
	json_object_put(predicate);
}

static void test_schema(const char *schema, const char *validator)
{
	struct json_object *predicate = payload("dirty.intoto.jsonl");
	const char *text = json_object_to_json_string(predicate);

	write_file("predicate", text, strlen(text));
	run(&outcome, (char *const[]){ "python3", (char *)validator, (char *)schema, "predicate",
				       NULL });
	ok(said(0, ""), "the predicate is as its schema says");
	json_object_object_del(predicate, "findings");
	text = json_object_to_json_string(predicate);
	write_file("predicate", text, strlen(text));
	run(&outcome, (char *const[]){ "python3", (char *)validator, (char *)schema, "predicate",
				       NULL });
	ok(said(1, ""), "which asks for findings");
	json_object_put(predicate);
}

static void test_names(void)
{
	if (symlink("good", "link") || mkfifo("fifo", 0600))
		abort();
	KREDACT("attest", "link", "--key", "a.pem", "--unsealed");
	ok(said(2, "symbolic link"), "a symbolic link is not followed");
	KREDACT("attest", "fifo", "--key", "a.pem", "--unsealed");
	ok(said(2, "not a regular file"), "nor a pipe waited for");
	KREDACT("attest", "missing", "--key", "a.pem");
	ok(said(2, "No such file"), "no dump");
	chmod("a.pem", 0644);
	KREDACT("attest", "good", "--key", "a.pem");
	ok(said(3, "accessible to others"), "a key that others can read");
	chmod("a.pem", 0600);
	chmod("a.pub", 0600);
	KREDACT("attest", "good", "--key", "a.pub");
	ok(said(3, "no private key"), "a public key does not sign");
	KREDACT("attest", "good");
	ok(said(3, "who signs"), "nobody signs");
	KREDACT("attest", "good", "--key", "a.pem", "--seal-key", "missing", "-o", "x.jsonl");
	ok(said(2, "No such file"), "no key of the seal");
}

static void test_trust(void)
{
	struct forged forged = { .path = "good", .keys = { "a.pem" } };
	u64 now = moment_now();

	forge_file(&forged, "x.jsonl");
	CHECK("--dump", "good");
	ok(said(0, ""), "control: trusted, of this dump");
	CHECK("--dump", "dirty");
	ok(said(2, "of other bytes"), "of another dump");
	CHECK("--dump", "link");
	ok(said(2, "symbolic link"), "a dump that is a symbolic link");
	KREDACT("verify-attestation", "x.jsonl", "--trust", "empty");
	ok(said(2, "no signature is that of a trusted key"), "nobody is trusted");
	forged.keys[0] = "b.pem";
	forge_file(&forged, "x.jsonl");
	CHECK("--quiet");
	ok(said(2, "the key that signed it is revoked"), "a revoked key");
	forged.keys[1] = "a.pem";
	forge_file(&forged, "x.jsonl");
	CHECK("--quiet");
	ok(said(0, ""), "and beside it one that is not");
	CHECK("--threshold", "2");
	ok(said(2, "too few trusted keys"), "which are not two");
	forged.keys[0] = "a.pem";
	forge_file(&forged, "x.jsonl");
	CHECK("--threshold", "2");
	ok(said(2, "too few trusted keys"), "nor is one that has signed twice");
	forged.keys[0] = "p384.pem";
	forge_file(&forged, "x.jsonl");
	CHECK("--threshold", "2");
	ok(said(0, ""), "two keys, of Ed25519 and P-384, are");
	forged.keys[1] = NULL;
	forged.keys[0] = "approver.pem";
	forge_file(&forged, "x.jsonl");
	CHECK("--quiet");
	ok(said(2, "may not sign this"), "a key of another role");
	forged.keys[0] = "old.pem";
	forge_file(&forged, "x.jsonl");
	CHECK("--quiet");
	ok(said(2, "not valid at that time"), "a key that is no longer used");
	forged.time = 1750000000;
	forge_file(&forged, "x.jsonl");
	CHECK("--quiet");
	ok(said(0, ""), "what it signed in its time stands");
	forged.keys[0] = "stranger.pem";
	forge_file(&forged, "x.jsonl");
	CHECK("--quiet");
	ok(said(2, "no signature is that of a trusted key"), "a key that nobody knows");
	forged.keys[0] = "a.pem";
	forged.time = now - 7200;
	forged.valid_for = 3600;
	forge_file(&forged, "x.jsonl");
	CHECK("--quiet");
	ok(said(2, "has expired"), "it has expired");
	forged.valid_for = 10800;
	forge_file(&forged, "x.jsonl");
	CHECK("--quiet");
	ok(said(0, ""), "it has not yet");
	forged.time = now + 3600;
	forge_file(&forged, "x.jsonl");
	CHECK("--quiet");
	ok(said(2, "of the future"), "it is of the future");
}

/* Other statements under a good signature, and a good statement under another's. */
static void test_statements(void)
{
	struct forged forged = { .path = "good", .keys = { "a.pem" } };
	char *envelope = forge(&forged), *payload_at;
	struct complaint why;
	struct attestation a;
	size_t len;

	if (attestation_read(&a, envelope, strlen(envelope), &why))
		abort();
	forge_sign(a.envelope.payload, "a.pem", "x.jsonl");
	CHECK("--quiet");
	ok(said(0, ""), "control: the same payload, signed");
	payload_at = strstr(a.envelope.payload, "urn:kredact:attestation:v1");
	payload_at[strlen("urn:kredact:attestation:v")] = '2';
	forge_sign(a.envelope.payload, "a.pem", "x.jsonl");
	CHECK("--quiet");
	ok(said(2, "its predicate is not"), "a predicate of another version");
	payload_at[strlen("urn:kredact:attestation:v")] = '1';
	payload_at = strstr(a.envelope.payload, "\"detectors\":\"all\"");
	memcpy(payload_at, "\"detectors\":\"aes\"", 17);
	forge_sign(a.envelope.payload, "a.pem", "x.jsonl");
	CHECK("--quiet");
	ok(said(2, "its rules are not those"), "rules that their digest does not fit");
	memcpy(payload_at, "\"detectors\":\"all\"", 17);
	payload_at = strstr(a.envelope.payload, "\"status\":0");
	memcpy(payload_at, "\"status\":7", 10);
	forge_sign(a.envelope.payload, "a.pem", "x.jsonl");
	CHECK("--quiet");
	ok(said(2, "what the verifier said"), "a status that there is not");
	attestation_free(&a);
	len = strlen(envelope);
	payload_at = strstr(envelope, "\"payload\":\"") + 40;
	*payload_at = *payload_at == 'A' ? 'B' : 'A';
	write_file("x.jsonl", envelope, len);
	CHECK("--quiet");
	ok(outcome.status == 2, "a payload that was changed: %s", outcome.err);
	free(envelope);
}

static void test_folder(void)
{
	struct forged forged = { .path = "good", .keys = { "a.pem" } };

	forge_file(&forged, "x.jsonl");
	forge_trust("odd", "a", VALID);
	KREDACT("verify-attestation", "x.jsonl", "--trust", "odd");
	ok(said(0, ""), "control: a folder with a key");
	forge_trust("odd", "b", VALID "\nrevoked = true;");
	KREDACT("verify-attestation", "x.jsonl", "--trust", "odd");
	ok(said(2, "odd/b.conf:3: revoked is not known"), "a setting that is not known, by its line");
	forge_trust("odd", "b", "roles = \"judge\";");
	KREDACT("verify-attestation", "x.jsonl", "--trust", "odd");
	ok(said(2, "odd/b.conf:2: a role is"), "a role that there is not");
	forge_trust("odd", "b", VALID "\nnot_after = \"2026-02-30T00:00:00Z\";");
	KREDACT("verify-attestation", "x.jsonl", "--trust", "odd");
	ok(said(2, "odd/b.conf:3: not_after is no moment"), "a day that there is not");
	forge_trust("odd", "b", VALID);
	chmod("odd/b.conf", 0622);
	KREDACT("verify-attestation", "x.jsonl", "--trust", "odd");
	ok(said(2, "others may change it"), "a file that others may change");
	chmod("odd/b.conf", 0600);
	chmod("odd", 0777);
	KREDACT("verify-attestation", "x.jsonl", "--trust", "odd");
	ok(said(2, "others may change it"), "a folder that others may change");
	chmod("odd", 0755);
	KREDACT("verify-attestation", "x.jsonl", "--trust", "odd");
	ok(said(0, ""), "all is well again");
}

/* Does the attestation say of the first bytes of the file what is true of them? */
static bool attests_prefix(const char *path, const char *attestation)
{
	static u8 bytes[1 << 20];
	u8 sha256[32];
	struct complaint why;
	struct attestation a;
	int fd = open(path, O_RDONLY);
	bool good;

	good = fd >= 0 && !attestation_load(&a, AT_FDCWD, attestation, NULL, &why) &&
	       a.bytes <= sizeof(bytes) && pread(fd, bytes, a.bytes, 0) == (ssize_t)a.bytes &&
	       EVP_Digest(bytes, a.bytes, sha256, NULL, EVP_sha256(), NULL) &&
	       !memcmp(sha256, a.sha256, 32);
	close(fd);
	attestation_free(&a);
	return good;
}

/* A process that appends to a file, again and again. */
static pid_t race(const char *path, bool keep_open)
{
	int ends[2], fd;
	pid_t pid;
	char c;

	if (pipe(ends))
		abort();
	pid = fork();
	if (pid) {
		close(ends[1]);
		if (read(ends[0], &c, 1) != 1)
			abort();
		close(ends[0]);
		return pid;
	}
	for (fd = -1; ; usleep(300)) {
		if (fd < 0)
			fd = open(path, O_WRONLY | O_APPEND);
		if (fd < 0 || write(fd, "x", 1) != 1 || write(ends[1], "x", 1) != 1)
			_exit(1);
		if (!keep_open) {
			close(fd);
			fd = -1;
		}
	}
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void copy(const char *from, const char *to)
{
	run(&outcome, (char *const[]){ "cp", (char *)from, (char *)to, NULL });
}

static void test_growing(void)
{
	u32 refused = 0, wrong = 0, odd = 0, i;
	pid_t pid;
	int fd;

	copy("good", "grows");
	fd = open("grows", O_WRONLY);
	KREDACT("attest", "grows", "--key", "a.pem", "--unsealed", "-o", "g.jsonl");
	ok(said(2, "open for writing"), "a dump that someone has open for writing");
	close(fd);
	KREDACT("attest", "grows", "--key", "a.pem", "--unsealed", "-o", "g.jsonl");
	ok(said(0, ""), "and has not any more");
	pid = race("grows", true);
	unlink("g.jsonl");
	KREDACT("attest", "grows", "--key", "a.pem", "--unsealed", "-o", "g.jsonl");
	ok(said(2, "open for writing") && access("g.jsonl", F_OK), "a dump that grows");
	stop(pid);
	pid = race("grows", false);
	for (i = 0; i < 6; i++) {
		unlink("g.jsonl");
		KREDACT("attest", "grows", "--key", "a.pem", "--unsealed", "-o", "g.jsonl");
		refused += outcome.status == 2;
		odd += outcome.status && !strstr(outcome.err, "writ") &&
		       !strstr(outcome.err, "grew");
		wrong += !access("g.jsonl", F_OK) && !attests_prefix("grows", "g.jsonl");
	}
	stop(pid);
	ok(refused && !odd && !wrong, "one that grows now and then: refused %u times of 6, and "
	   "never attested to be what it was not", refused);
}

/* Somebody who may read the dump, and may not ask for a lease. */
static void test_without_lease(void)
{
	struct json_object *predicate;
	char *const argv[] = { "setpriv", "--reuid=65534", "--clear-groups", kredact, "attest",
			       "grows", "--key", "nobody.pem", "--unsealed", "-o",
			       "theirs/g.jsonl", NULL };
	u32 refused = 0, i;
	pid_t pid;

	if (geteuid()) {
		printf("ok %u - SKIP needs root\n", ++tap_tests);
		return;
	}
	copy("good", "grows");
	chmod("grows", 0644);
	copy("a.pem", "nobody.pem");
	if (chown("nobody.pem", NOBODY, NOBODY) || chmod("nobody.pem", 0600) ||
	    mkdir("theirs", 0700) || chown("theirs", NOBODY, NOBODY) || chmod(".", 0755))
		abort();
	run(&outcome, argv);
	predicate = payload("theirs/g.jsonl");
	ok(said(0, "") && !json_object_get_boolean(json_object_object_get(predicate, "leased")),
	   "control: without a lease, and it says so");
	json_object_put(predicate);
	for (i = 0; i < 3; i++) {
		unlink("theirs/g.jsonl");
		pid = race("grows", false);
		run(&outcome, argv);
		stop(pid);
		refused += said(2, "grew") || said(2, "written to");
	}
	ok(refused == 3, "a dump that grows is seen without a lease");
}

int main(void)
{
	static char folder[] = "/tmp/attest_test.XXXXXX";
	char *schema = realpath("Documentation/kredact-attestation.schema.json", NULL);
	char *validator = realpath("tests/unit-tools/validate.py", NULL);

	kredact = (char *)beside("kredact");
	if (!schema || !validator || !mkdtemp(folder) || chdir(folder))
		return 1;
	/* The engines of OpenSSL are never unloaded, nor is what they keep. */
	setenv("ASAN_OPTIONS", "detect_leaks=1", 1);
	make_dumps();
	forge_key("a", "ed25519");
	forge_key("b", "ed25519");
	forge_key("p384", "P-384");
	forge_key("old", "P-256");
	forge_key("approver", "ed25519");
	forge_key("stranger", "ed25519");
	mkdir("empty", 0755);
	forge_trust("trust", "a", VALID);
	forge_trust("trust", "b", VALID "\nrevoked_at = \"2026-01-01T00:00:00Z\";");
	forge_trust("trust", "p384", VALID);
	forge_trust("trust", "old", VALID "\nnot_before = \"2025-01-01T00:00:00Z\";\n"
		    "not_after = \"2026-01-01T00:00:00Z\";");
	forge_trust("trust", "approver", "roles = \"approve\";");
	test_verdicts();
	test_schema(schema, validator);
	test_names();
	test_trust();
	test_statements();
	test_folder();
	test_growing();
	test_without_lease();
	if (chdir("/"))
		return 1;
	run(&outcome, (char *const[]){ "rm", "-rf", folder, NULL });
	free(schema);
	free(validator);
	return tap_end();
}
