// SPDX-License-Identifier: GPL-2.0
/*
 * Cleaned copies: all that was found is zero in them and nothing else is changed, they
 * open as before, and there is none of what could not be read. What is stated of them
 * is true, and signed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "fixture.h"
#include "run.h"
#include "tap.h"

#define EVIL	"Zq9"

static char *programs[2];	/* installed, sanitized */
static struct outcome outcome;
static u8 secret[40];

#define VERIFY(program, ...) run(&outcome, (char *const[]){ programs[program], __VA_ARGS__, NULL })

static bool exists(const char *path)
{
	struct stat stat;

	return !lstat(path, &stat);
}

static void forget(void)
{
	unlink("clean");
	unlink("clean.tmp");
	unlink("clean.kredact-redacted.json");
	unlink("clean.kredact-redacted.json.tmp");
}

static bool nothing_left(void)
{
	return !exists("clean") && !exists("clean.tmp") &&
	       !exists("clean.kredact-redacted.json") &&
	       !exists("clean.kredact-redacted.json.tmp");
}

static u8 *read_all(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY);
	struct stat stat;
	u8 *bytes;

	if (fd < 0 || fstat(fd, &stat))
		return calloc(*len = 1, 1);
	bytes = malloc(stat.st_size + 1);
	*len = stat.st_size;
	if (read(fd, bytes, stat.st_size) != stat.st_size)
		abort();
	bytes[stat.st_size] = '\0';
	close(fd);
	return bytes;
}

static struct json_object *member(struct json_object *from, const char *name)
{
	return json_object_object_get(from, name);
}

/* The statement of "clean"; @signature takes where its signature is verified. */
static struct json_object *statement(const char *public, bool *verified)
{
	size_t len, got, payload_len;
	u8 *text = read_all("clean.kredact-redacted.json", &len), *payload, *signature;
	struct json_object *envelope = json_tokener_parse((char *)text), *root, *first;
	const char *base64 = json_object_get_string(member(envelope, "payload"));
	char *encoded = NULL;
	int encoded_len;
	EVP_PKEY *key = NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	FILE *file;

	payload_len = 3 * strlen(base64) / 4;
	payload = calloc(1, payload_len + 4);
	EVP_DecodeBlock(payload, (const u8 *)base64, strlen(base64));
	root = json_tokener_parse((char *)payload);
	*verified = false;
	first = json_object_array_get_idx(member(envelope, "signatures"), 0);
	file = public ? fopen(public, "r") : NULL;
	if (file)
		key = PEM_read_PUBKEY(file, NULL, NULL, NULL);
	if (file)
		fclose(file);
	if (key && first) {
		base64 = json_object_get_string(member(first, "sig"));
		signature = calloc(1, strlen(base64));
		got = EVP_DecodeBlock(signature, (const u8 *)base64, strlen(base64));
		got -= strchr(base64, '=') ? strlen(strchr(base64, '=')) : 0;
		encoded_len = asprintf(&encoded, "DSSEv1 28 application/vnd.in-toto+json %zu %s",
				       strlen((char *)payload), payload);
		*verified = EVP_DigestVerifyInit(context, NULL, EVP_PKEY_is_a(key, "ED25519") ?
						 NULL : EVP_sha256(), NULL, key) > 0 &&
			    EVP_DigestVerify(context, signature, got, (u8 *)encoded,
					     encoded_len) > 0;
		free(signature);
		free(encoded);
	}
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	json_object_put(envelope);
	free(payload);
	free(text);
	return root;
}

static bool sha256_is(struct json_object *digest, const char *path)
{
	char hex[65];
	u8 sha256[32];
	size_t len;
	u8 *bytes = read_all(path, &len);
	u32 i;

	EVP_Digest(bytes, len, sha256, NULL, EVP_sha256(), NULL);
	for (i = 0; i < 32; i++)
		sprintf(hex + 2 * i, "%02x", sha256[i]);
	free(bytes);
	return !strcmp(json_object_get_string(member(digest, "sha256")), hex);
}

/* Is the copy the source with zeros in @nr places, which are sorted? */
static bool only_zeroed(const char *source, const u64 (*places)[2], u32 nr)
{
	size_t len, copy_len, at;
	u8 *before = read_all(source, &len), *after = read_all("clean", &copy_len);
	bool right = len == copy_len;
	u32 i = 0;

	for (at = 0; right && at < len; at++) {
		while (i < nr && at >= places[i][0] + places[i][1])
			i++;
		right = after[at] == (i < nr && at >= places[i][0] ? 0 : before[at]);
		if (!right)
			printf("# differs at %#zx\n", at);
	}
	free(before);
	free(after);
	return right;
}

/* Registered bytes, copies in memory and in a note, a secret, all of them there. */
static void make_dirty(struct fixture *fixture)
{
	fixture_init(fixture);
	fixture_hunt(fixture, NULL, 0);
	fixture_build(fixture);
	memcpy(fixture_at(fixture, 0x11123), EVIL, 3);
	memcpy(fixture_at(fixture, 0x10025), EVIL, 3);
	memcpy(fixture->bytes + FIXTURE_NOTE + 2, EVIL, 3);
	memcpy(fixture_at(fixture, 0x50900), secret, sizeof(secret));
	write_file("dirty", fixture->bytes, fixture->len);
}

static void test_fixture(int program)
{
	struct json_object *root, *zeroed;
	struct fixture fixture;
	u64 places[4][2];
	bool verified;

	make_dirty(&fixture);
	places[0][0] = FIXTURE_NOTE + 2;
	places[1][0] = fixture_at(&fixture, 0x10025) - fixture.bytes;
	places[2][0] = fixture_at(&fixture, 0x11123) - fixture.bytes;
	places[3][0] = fixture_at(&fixture, 0x50900) - fixture.bytes;
	places[0][1] = places[1][1] = places[2][1] = 3;
	places[3][1] = sizeof(secret);
	forget();
	VERIFY(program, "--key=key", "--secret=secret", "--redact=clean", "dirty");
	ok(outcome.status == 1 && exists("clean") && !exists("clean.tmp") &&
	   strstr(outcome.out, "cleaned copy       49 bytes zeroed, in 4 places"),
	   "registered bytes, copies and a secret: 1, and a copy");
	ok(only_zeroed("dirty", places, 4), "they are zero in it, and nothing else is changed");
	root = statement(NULL, &verified);
	zeroed = member(member(root, "predicate"), "zeroed");
	ok(json_object_array_length(zeroed) == 4 &&
	   !strcmp(json_object_get_string(member(json_object_array_get_idx(zeroed, 0), "because")),
		   "registered") &&
	   !strcmp(json_object_get_string(member(json_object_array_get_idx(zeroed, 0), "address")),
		   "0x11123") && json_object_get_int(member(member(root, "predicate"),
							    "zeroed_bytes")) == 49 && !verified,
	   "the statement lists them; nobody has signed it");
	ok(sha256_is(member(json_object_array_get_idx(member(root, "subject"), 0), "digest"),
		     "clean") &&
	   sha256_is(member(member(member(root, "predicate"), "source"), "digest"), "dirty"),
	   "it has the digests of both files");
	json_object_put(root);
	VERIFY(program, "--key=key", "--secret=secret", "clean");
	ok(!outcome.status && strstr(outcome.out, "CLEAN"),
	   "the copy is clean: the seal of the kernel is still right");
	VERIFY(program, "--key=key", "--secret=secret", "dirty");
	ok(outcome.status == 1, "the dump itself is what it was");
	fixture_free(&fixture);
}

static void test_clean_source(void)
{
	struct fixture fixture;

	fixture_init(&fixture);
	fixture_build(&fixture);
	write_file("good", fixture.bytes, fixture.len);
	forget();
	VERIFY(0, "--key=key", "--redact=clean", "good");
	ok(!outcome.status && only_zeroed("good", NULL, 0), "nothing found: 0, and the same bytes");
	fixture_free(&fixture);
}

static void test_refused(int program)
{
	struct fixture fixture;
	struct stat stat;

	make_dirty(&fixture);
	forget();
	write_file("clean", "mine", 4);
	VERIFY(program, "--key=key", "--redact=clean", "dirty");
	ok(outcome.status == 4 && !lstat("clean", &stat) && stat.st_size == 4 &&
	   !exists("clean.tmp"), "a file of that name is there already: 4, and stays");
	forget();
	write_file("clean.tmp", "theirs", 6);
	VERIFY(program, "--key=key", "--redact=clean", "dirty");
	ok(outcome.status == 4 && !lstat("clean.tmp", &stat) && stat.st_size == 6 &&
	   !exists("clean"), "somebody else's temporary file: 4, and stays");
	forget();
	VERIFY(program, "--key=key", "--redact=missing/clean", "dirty");
	ok(outcome.status == 4 && *outcome.err, "no such folder: 4");
	VERIFY(program, "--key=key", "--sign=sign.pem", "dirty");
	ok(outcome.status == 3, "--sign without --redact: wrong usage");
	VERIFY(program, "--key=key", "--redact=clean", "--sign=key", "dirty");
	ok(outcome.status == 3 && nothing_left(), "not a key in PEM: wrong usage, nothing is left");
	chmod("sign.pem", 0644);
	VERIFY(program, "--key=key", "--redact=clean", "--sign=sign.pem", "dirty");
	ok(outcome.status == 3 && nothing_left(), "a key that others can read: wrong usage");
	chmod("sign.pem", 0600);
	write_file("cut", fixture.bytes, fixture.segments[3].offset + 100);
	VERIFY(program, "--no-key", "--redact=clean", "cut");
	ok(outcome.status == 4 && nothing_left() && strstr(outcome.out, "no clean copy"),
	   "a dump that is cut off: 4, nothing is left");
	memcpy(fixture.bytes + 30, secret, 20);		/* in the ELF header, not read */
	write_file("headers", fixture.bytes, fixture.len);
	VERIFY(program, "--no-key", "--secret=secret", "--secret-min=8", "--redact=clean",
	       "headers");
	ok(outcome.status == 4 && nothing_left(), "a secret in the headers: 4, nothing is left");
	fixture_free(&fixture);
}

static void test_signed(const char *key, const char *public)
{
	struct json_object *root;
	char option[64];
	bool verified;
	u8 *text;
	size_t len;

	snprintf(option, sizeof(option), "--sign=%s", key);
	forget();
	VERIFY(0, "--key=key", "--secret=secret", "--redact=clean", option, "dirty");
	root = statement(public, &verified);
	ok(outcome.status == 1 && verified &&
	   !strcmp(json_object_get_string(member(root, "_type")),
		   "https://in-toto.io/Statement/v1"), "%s: the signature is right", key);
	json_object_put(root);
	text = read_all("clean.kredact-redacted.json", &len);
	*(strstr((char *)text, "\"payload\":\"") + 60) ^= 1;
	write_file("clean.kredact-redacted.json", text, len);
	free(text);
	root = statement(public, &verified);
	ok(!verified, "%s: and wrong when the statement is changed", key);
	json_object_put(root);
}

/* Holes stay holes, also at the end; all in bounded memory. */
static void test_sparse(void)
{
	struct fixture_segment segments[] = {
		{ .vaddr = 0x10000, .filesz = 4 * PAGE },
	};
	static const struct fixture_range range = { 0x11000, 16, 0x1, KREDACT_EXACT, 0 };
	const u64 hole = 8ULL << 30;
	struct fixture fixture;
	struct stat stat;
	u64 size;
	int fd;

	fixture_init(&fixture);
	fixture.segments = segments;
	fixture.nr_segments = 1;
	fixture.ranges = &range;
	fixture.nr_ranges = 1;
	fixture.no_seal = true;
	fixture_build(&fixture);
	write_file("sparse", fixture.bytes, fixture.len);
	/* The only segment becomes a large one, of which most is a hole. */
	fd = open("sparse", O_RDWR);
	size = htole64(hole);
	if (pwrite(fd, &size, 8, 64 + 56 + 32) != 8 || pwrite(fd, &size, 8, 64 + 56 + 40) != 8 ||
	    pwrite(fd, secret, sizeof(secret), segments[0].offset + hole / 2) != sizeof(secret) ||
	    ftruncate(fd, segments[0].offset + hole))
		abort();
	close(fd);
	forget();
	VERIFY(0, "--no-key", "--secret=secret", "--redact=clean", "sparse");
	ok(outcome.status == 1 && !lstat("clean", &stat) &&
	   (u64)stat.st_size == segments[0].offset + hole && stat.st_blocks < 1024 &&
	   (stat.st_mode & 07777) == 0600, "8 GiB of holes: a copy of %llu KiB, for its owner only",
	   (unsigned long long)stat.st_blocks / 2);
	ok(outcome.max_rss < 200 << 10, "in %ld MiB of memory", outcome.max_rss >> 10);
	VERIFY(0, "--no-key", "--secret=secret", "clean");
	ok(outcome.status == 2 && strstr(outcome.out, "not found in the file"),
	   "and the secret is not in it");
	forget();
	unlink("sparse");
	fixture_free(&fixture);
}

/* More findings than are listed: all of them go. */
static void test_many(void)
{
	const u32 nr = 5000;
	struct fixture_segment segment = { .vaddr = 0x100000, .filesz = nr * 64ULL };
	struct fixture fixture;
	u32 i;

	fixture_init(&fixture);
	fixture.segments = &segment;
	fixture.nr_segments = 1;
	fixture.nr_ranges = 0;
	fixture_build(&fixture);
	for (i = 0; i < nr; i++)
		memcpy(fixture.bytes + segment.offset + 64 * i, secret, sizeof(secret));
	write_file("many", fixture.bytes, fixture.len);
	forget();
	VERIFY(0, "--key=key", "--secret=secret", "--redact=clean", "many");
	ok(outcome.status == 1 && strstr(outcome.out, "found 5000 times") &&
	   strstr(outcome.out, "in 5000 places"), "5000 secrets, of which 256 are listed");
	VERIFY(0, "--key=key", "--secret=secret", "clean");
	ok(!outcome.status, "all of them are gone");
	fixture_free(&fixture);
}

/* A joined secret lies in two parts of the file. */
static void test_joined(void)
{
	struct fixture_segment joined[] = {
		{ .vaddr = 0x10000, .filesz = 2 * PAGE },
		{ .vaddr = 0x12000, .filesz = 2 * PAGE, .gap = PAGE },
	};
	struct fixture fixture;

	fixture_init(&fixture);
	fixture.segments = joined;
	fixture.nr_segments = 2;
	fixture.nr_ranges = 0;
	fixture_build(&fixture);
	memcpy(fixture_at(&fixture, 0x11fff) - 19, secret, 20);
	memcpy(fixture_at(&fixture, 0x12000), secret + 20, 20);
	write_file("joined", fixture.bytes, fixture.len);
	forget();
	VERIFY(0, "--key=key", "--secret=secret", "--redact=clean", "joined");
	ok(outcome.status == 1 && strstr(outcome.out, "across two segments"),
	   "a secret across two segments that are apart");
	VERIFY(0, "--key=key", "--secret=secret", "--secret-min=8", "clean");
	ok(!outcome.status, "both its parts are gone");
	fixture_free(&fixture);
}

static char *backtrace(char *program, char *core)
{
	run(&outcome, (char *const[]){ "gdb", "-batch", "-nx", program, core, "-ex",
				       "thread apply all backtrace", NULL });
	return strdup(outcome.out);
}

/* A real process: no keys are left, and gdb sees the same. */
static void test_victim(char *program)
{
	char *before, *after;

	if (!run_gcore(&outcome, program, "victim.core"))
		abort();
	forget();
	VERIFY(0, "--no-key", "--redact=clean", "--sign=sign.pem", "victim.core");
	ok(outcome.status == 1 && strstr(outcome.out, "6 pieces of key material") &&
	   strstr(outcome.out, "in 6 places"), "a core of gdb with six keys is cleaned");
	VERIFY(0, "--no-key", "clean");
	ok(outcome.status == 2 && strstr(outcome.out, "none seen by its structure"),
	   "no key is seen in the copy; without a seal it cannot be verified");
	before = backtrace(program, "victim.core");
	after = backtrace(program, "clean");
	ok(strstr(before, "victim_thread") && strstr(before, "main") && !strcmp(before, after),
	   "gdb shows the same backtraces of both threads");
	free(before);
	free(after);
}

static void make_files(void)
{
	static const char *const make[][12] = {
		{ "openssl", "genpkey", "-algorithm", "ed25519", "-out", "sign.pem" },
		{ "openssl", "pkey", "-in", "sign.pem", "-pubout", "-out", "sign.pub" },
		{ "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
		  "ec_paramgen_curve:P-256", "-out", "ec.pem" },
		{ "openssl", "pkey", "-in", "ec.pem", "-pubout", "-out", "ec.pub" },
	};
	struct fixture fixture;
	u32 i;

	fixture_init(&fixture);
	write_file("key", fixture.key, sizeof(fixture.key));
	for (i = 0; i < sizeof(secret); i++)
		secret[i] = 0x81 + 7 * i % 91;
	write_file("secret", secret, sizeof(secret));
	for (i = 0; i < sizeof(make) / sizeof(*make); i++) {
		run(&outcome, (char *const *)make[i]);
		if (outcome.status)
			abort();
	}
	chmod("sign.pem", 0600);
	chmod("ec.pem", 0600);
}

int main(void)
{
	static char folder[] = "/tmp/redact_test.XXXXXX", *victim;
	int program;

	programs[0] = (char *)beside("../../bin/kredact-verify");
	programs[1] = (char *)beside("kredact-verify-san");
	victim = (char *)beside("victim");
	if (!mkdtemp(folder) || chdir(folder))
		return 1;
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);	/* the sandbox forbids its tracer */
	make_files();
	for (program = 0; program < 2; program++) {
		test_fixture(program);
		test_refused(program);
	}
	test_clean_source();
	test_signed("sign.pem", "sign.pub");
	test_signed("ec.pem", "ec.pub");
	test_sparse();
	test_many();
	test_joined();
	test_victim(victim);
	run(&outcome, (char *const[]){ "rm", "-rf", folder, NULL });
	return tap_end();
}
