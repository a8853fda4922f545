// SPDX-License-Identifier: GPL-2.0
/*
 * kredact-verify as it is installed: options, exit status, reports, sandbox,
 * memory and time; and the same under the sanitizers where that says more.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "fixture.h"
#include "run.h"
#include "tap.h"

static char *programs[2];	/* installed, sanitized */
static struct outcome outcome;
#define SECRET_LEN	40

static u8 secret[SECRET_LEN + 1];	/* terminated: one test uses it as a label */

#define VERIFY(program, ...) run(&outcome, (char *const[]){ programs[program], __VA_ARGS__, NULL })

static void write_fixture(const char *path, const struct fixture *fixture)
{
	write_file(path, fixture->bytes, fixture->len);
}

static bool says(const char *text)
{
	return strstr(outcome.out, text);
}

static bool tidy(bool color)
{
	return is_tidy(outcome.out, color);
}

static void test_usage(void)
{
	static char *const wrong[][4] = {
		{ NULL }, { "--seal=a", "b", "c" }, { "--format=a.out", "good" },
		{ "--max-size=0", "good" }, { "--max-size=1X", "good" }, { "--max-size=16777216T", "good" },
		{ "--max-size=-1", "good" }, { "--seal=a", "--unsealed", "good" }, { "--frob", "good" }, { "--key" },
		{ "--key=key", "--no-key", "good" }, { "--key=missing", "good" },
		{ "--key=short", "good" }, { "--secret=zeros", "good" },
		{ "--secret=short", "good" }, { "--secret=missing", "good" },
		{ "--secret=.", "good" }, { "--secret-min=8", "good" },
		{ "--secret=secret", "--secret-min=7", "good" },
		{ "--secret=secret", "--secret-min=-9", "good" },
		{ "--secret=secret", "--secret-min=9x", "good" }, { "--color=maybe", "good" },
	};
	u32 i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		VERIFY(0, wrong[i][0], wrong[i][1], wrong[i][2]);
		ok(outcome.status == 3 && !*outcome.out && *outcome.err, "wrong usage: %s %s",
		   wrong[i][0] ? wrong[i][0] : "nothing", wrong[i][1] ? wrong[i][1] : "");
	}
	VERIFY(0, "--help");
	ok(!outcome.status && says("Usage: "), "--help");
	VERIFY(0, "--version");
	ok(!outcome.status && says("kredact-verify " KREDACT_VERSION), "--version");
}

static void test_reports(int program)
{
	struct json_object *root, *item;

	VERIFY(program, "--key=key", "good");
	ok(!outcome.status && says("CLEAN") && !says("\033") && !*outcome.err && tidy(false),
	   "good: 0, says so, no colours in a pipe");
	ok(says("signd, pid 4711, thread 4712, user 1000") && says("11 SIGSEGV") &&
	   says("2023-11-14 22:13:20 UTC") && says("Linux 6.12.9-test, kredact 0.1.0") &&
	   says("rsa private key: 2 ranges, 514 bytes") && says("ec scalar: 3 ranges, 34 bytes") &&
	   says("(no label): 1 range, 12.0 KiB"), "good: tells what the seal says");
	VERIFY(program, "--key=key", "--color=always", "good");
	ok(!outcome.status && says("\033[1;32mCLEAN\033[0m") && tidy(true), "colours when wanted");
	VERIFY(program, "--key=key", "--quiet", "good");
	ok(!outcome.status && !*outcome.out, "--quiet says nothing");
	VERIFY(program, "--no-key", "good");
	ok(!outcome.status && says("unauthenticated") && tidy(false), "--no-key: 0, says so");
	VERIFY(program, "good");
	ok(outcome.status == 2 && says("CANNOT BE VERIFIED") && says("no key given") && tidy(false),
	   "no key: 2");
	VERIFY(program, "--key=other", "good");
	ok(outcome.status == 2 && says("wrong key"), "wrong key: 2");
	VERIFY(program, "--key=key", "dirty");
	ok(outcome.status == 1 && says("KEY MATERIAL FOUND") && says("0x11123") &&
	   says("handle 0x101, rsa private key") && says("/usr/lib/signd") && !says("Zq") &&
	   tidy(false), "a byte that is not zero: 1, says where, not what");
	VERIFY(program, "dirty");
	ok(outcome.status == 1 && says("cannot be verified"), "found, without a key: 1, says both");
	VERIFY(program, "--key=key", "--json", "dirty");
	root = json_tokener_parse(outcome.out);
	ok(outcome.status == 1 && root, "--json is JSON");
	item = json_object_object_get(root, "verdict");
	ok(item && !strcmp(json_object_get_string(item), "key-material-found"), "--json: verdict");
	item = json_object_object_get(root, "findings");
	item = json_object_array_get_idx(item, 0);
	ok(item && !strcmp(json_object_get_string(json_object_object_get(item, "address")),
			   "0x11123") &&
	   json_object_get_int(json_object_object_get(item, "bytes")) == 2, "--json: finding");
	item = json_object_object_get(json_object_object_get(root, "seal"), "labels");
	ok(item && json_object_array_length(item) == 3, "--json: labels");
	json_object_put(root);
	VERIFY(program, "--key=key", "hostile");
	ok(!outcome.status && tidy(false) && says("\\x1b[2J"),
	   "hostile labels do not reach a terminal");
	VERIFY(program, "--key=key", "--json", "hostile");
	root = json_tokener_parse(outcome.out);
	ok(!outcome.status && root, "nor JSON");
	json_object_put(root);
	VERIFY(program, "--key=key", "nothing-here");
	ok(outcome.status == 2 && *outcome.err, "a missing file: 2");
	VERIFY(program, "--key=key", "empty");
	ok(outcome.status == 2 && *outcome.err && !*outcome.out, "an empty directory: 2");
	VERIFY(program, "--key=key", "/dev/zero");
	ok(outcome.status == 2 && *outcome.err, "a device: 2");
	VERIFY(program, "--key=key", "key");
	ok(outcome.status == 2 && says("not an ELF core"), "not a core: 2");
	VERIFY(program, "--key=key", "--no-sandbox", "good");
	ok(!outcome.status && says("without the sandbox"), "--no-sandbox: says so");
}

static void test_secrets(int program)
{
	VERIFY(program, "--key=key", "--secret=secret", "good");
	ok(!outcome.status && says("not found in the file"), "a secret that is not there: 0");
	VERIFY(program, "--key=key", "--secret=secret", "secret-plain");
	ok(outcome.status == 1 && says("found 1 time") && says("address 0x20300") &&
	   says("in no registered range") && says("bytes 0 to 39") && tidy(false),
	   "in a segment: 1");
	VERIFY(program, "--key=key", "--secret=secret", "--json", "secret-plain");
	ok(outcome.status == 1 && says("\"address\": \"0x20300\"") && says("\"hits_total\": 1"),
	   "likewise as JSON");
	VERIFY(program, "--key=key", "--secret=secret", "secret-reversed");
	ok(outcome.status == 1 && says("of the reversed secret"), "reversed: 1");
	VERIFY(program, "--key=key", "--secret=secret", "--no-reverse", "secret-reversed");
	ok(!outcome.status, "reversed, and not wanted: 0");
	VERIFY(program, "--key=key", "--secret=secret", "secret-part");
	ok(!outcome.status, "a part of it, and only the whole counts: 0");
	VERIFY(program, "--key=key", "--secret=secret", "--secret-min=16", "secret-part");
	ok(outcome.status == 1 && says("bytes 7 to 26"), "a part of it counts: 1");
	VERIFY(program, "--key=key", "--secret=secret", "secret-notes");
	ok(outcome.status == 1 && says("in no segment"), "in the notes: 1");
	VERIFY(program, "--key=key", "--secret=secret", "secret-tail");
	ok(outcome.status == 1 && says("in no segment") && says("cannot be verified"),
	   "after the seal: 1, and cannot be verified");
	VERIFY(program, "--key=key", "--secret=secret", "secret-label");
	ok(outcome.status == 1 && says("in no segment"), "in a label of the seal: 1");
	VERIFY(program, "--key=key", "--secret=secret", "secret-segments");
	ok(outcome.status == 1 && says("found 1 time"), "across two segments: 1");
	VERIFY(program, "--key=key", "--secret=secret", "secret-joined");
	ok(outcome.status == 1 && says("found 1 time") && says("across two segments") &&
	   says("address 0x11fec"), "across two segments that are apart in the file: 1");
	VERIFY(program, "--key=key", "--secret=secret", "secret-range");
	ok(outcome.status == 1 && says(", in a registered range"), "in a registered range: 1");
	VERIFY(program, "--secret=secret", "no-seal");
	ok(outcome.status == 2 && says("no seal"), "no seal, no secret found: 2");
	VERIFY(program, "--secret=other", "--secret=secret", "no-seal-secret");
	ok(outcome.status == 1 && says("secret             secret"),
	   "no seal, second secret found: 1");
}

static void put_secret(struct fixture *fixture, u64 vaddr, const u8 *bytes, u32 len)
{
	memcpy(fixture_at(fixture, vaddr), bytes, len);
}

static void make_secret_files(void)
{
	const char *const secret_label[] = { (const char *)secret, "b" };
	struct fixture_segment apart[] = {
		{ .vaddr = 0x10000, .filesz = 2 * PAGE },
		{ .vaddr = 0x12000, .filesz = 2 * PAGE, .gap = PAGE },
	};
	struct fixture_segment joined[] = {
		{ .vaddr = 0x10000, .filesz = 2 * PAGE },
		{ .vaddr = 0x12000, .filesz = 2 * PAGE },
	};
	static const struct fixture_range page = { 0x10000, 1, 0x1, 0, 0 };
	u8 reversed[SECRET_LEN];
	struct fixture fixture;
	u32 i;

	for (i = 0; i < SECRET_LEN; i++) {
		secret[i] = 0x81 + 7 * i % 91;
		reversed[SECRET_LEN - 1 - i] = secret[i];
	}
	write_file("secret", secret, SECRET_LEN);
	fixture_init(&fixture);
	fixture_build(&fixture);
	fixture.ranges = &page;
	fixture.nr_ranges = 1;
	fixture_build(&fixture);
	put_secret(&fixture, 0x20300, secret, SECRET_LEN);
	write_fixture("secret-plain", &fixture);
	put_secret(&fixture, 0x20300, reversed, SECRET_LEN);
	write_fixture("secret-reversed", &fixture);
	fixture_build(&fixture);
	put_secret(&fixture, 0x20300, secret + 7, 20);
	write_fixture("secret-part", &fixture);
	fixture_build(&fixture);
	/* inside the first thread's status, past what is read of it */
	memcpy(fixture.bytes + 344 + 20 + 200, secret, SECRET_LEN);
	write_fixture("secret-notes", &fixture);
	fixture_build(&fixture);
	fixture_put(&fixture, secret, SECRET_LEN);
	write_fixture("secret-tail", &fixture);
	fixture_build(&fixture);
	put_secret(&fixture, 0x10800, secret, SECRET_LEN);
	write_fixture("secret-range", &fixture);
	fixture.labels = secret_label;
	fixture_build(&fixture);
	write_fixture("secret-label", &fixture);
	fixture_free(&fixture);
	fixture_init(&fixture);
	fixture.segments = joined;
	fixture.nr_segments = 2;
	fixture.nr_ranges = 1;
	fixture.ranges = &page;
	fixture_build(&fixture);
	memcpy(fixture.bytes + joined[1].offset - 20, secret, SECRET_LEN);
	write_fixture("secret-segments", &fixture);
	fixture.segments = apart;
	fixture_build(&fixture);
	memcpy(fixture_at(&fixture, 0x12000 - 20), secret, 20);
	memcpy(fixture_at(&fixture, 0x12000), secret + 20, 20);
	write_fixture("secret-joined", &fixture);
	fixture_free(&fixture);
	fixture_init(&fixture);
	fixture.no_seal = true;
	fixture_build(&fixture);
	write_fixture("no-seal", &fixture);
	put_secret(&fixture, 0x50100, secret, SECRET_LEN);
	write_fixture("no-seal-secret", &fixture);
	fixture_free(&fixture);
}

static void make_files(void)
{
	static const char *const hostile[] = { "\033[2J\033]0;owned\a\"\\\n", "\xc3\x28 \xff" };
	struct fixture fixture;

	fixture_init(&fixture);
	fixture_build(&fixture);
	write_fixture("good", &fixture);
	write_file("key", fixture.key, sizeof(fixture.key));
	write_file("short", "123", 3);
	write_file("zeros", "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
	write_file("other", "another key, another secret, 32+ bytes", 38);
	put_secret(&fixture, 0x11123, (const u8 *)"Zq", 2);
	write_fixture("dirty", &fixture);
	fixture_free(&fixture);
	fixture_init(&fixture);
	fixture.labels = hostile;
	fixture_build(&fixture);
	write_fixture("hostile", &fixture);
	fixture_free(&fixture);
	make_secret_files();
	if (mkdir("empty", 0700))
		abort();
}

/* Every byte of the seal, by the program itself. */
static void test_flipped(void)
{
	u32 wrong = 0, tried = 0;
	struct fixture fixture;
	u64 at;

	fixture_init(&fixture);
	fixture_hunt(&fixture, NULL, 0);
	fixture_build(&fixture);
	for (at = fixture.seal_at; at < fixture.len; at++, tried++) {
		fixture.bytes[at] ^= 0x10;
		write_fixture("flipped", &fixture);
		fixture.bytes[at] ^= 0x10;
		VERIFY(0, "--key=key", "--quiet", "flipped");
		wrong += outcome.status != 2 && outcome.status != 1;
	}
	ok(!wrong && tried > 500, "each of %u bytes of the seal changed: 1 or 2", tried);
	fixture_free(&fixture);
}

/* A million ranges, of 16 bytes each in 64. */
static void test_million(void)
{
	const u32 nr = 1000000;
	struct fixture_range *ranges = calloc(nr, sizeof(*ranges));
	struct fixture_copy *copies = calloc(nr, sizeof(*copies));
	struct fixture_segment segment = { .vaddr = 0x7f0000000000ULL, .filesz = 64ULL * nr };
	struct fixture fixture;
	u32 i, pass;

	fixture_init(&fixture);
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < nr; i++)
			/* in order as the module writes them, then in the worst one */
			ranges[pass ? (i * 7919ULL) % nr : i] = (struct fixture_range){
				.addr = segment.vaddr + 64ULL * i,
				.len = 16,
				.handle = i + 1,
				.flags = KREDACT_EXACT,
				.label = 1 + i % 2,
			};
		fixture.segments = &segment;
		fixture.nr_segments = 1;
		fixture.ranges = ranges;
		fixture.nr_ranges = nr;
		for (i = 0; pass && i < nr; i++)
			copies[i] = (struct fixture_copy){
				.addr = segment.vaddr + 64 * ((i * 7919ULL) % nr) + 32,
				.len = 17,
				.handle = 1 + i % 100000,
			};
		if (pass)
			fixture_hunt(&fixture, copies, nr);
		fixture_build(&fixture);
		write_fixture("million", &fixture);
		VERIFY(0, "--key=key", "--secret=secret", "million");
		ok(!outcome.status && says("500000 ranges") && outcome.max_rss < 256 * 1024,
		   "a million ranges%s: clean, %.1f s, at most %ld MiB",
		   pass ? " and as many copies, not sorted" : "",
		   outcome.seconds, outcome.max_rss / 1024);
		*fixture_at(&fixture, segment.vaddr + 64ULL * 777777 + 15) = 1;
		write_fixture("million", &fixture);
		VERIFY(0, "--key=key", "million");
		ok(outcome.status == 1 && says("handle 0xbde32"), "a byte in one of them: found");
	}
	fixture_free(&fixture);
	free(copies);
	free(ranges);
	unlink("million");
}

/* 64 GiB, nearly all of it a hole. */
static void test_sparse(void)
{
	const u64 huge = 64ULL << 30;
	struct fixture_segment segments[] = {
		{ .vaddr = 0x100000000ULL, .filesz = PAGE },
		{ .vaddr = 0x200000000ULL, .filesz = PAGE },
	};
	const struct fixture_range range = { 0x100000000ULL, huge, 0x77, 0, 1 };
	struct fixture fixture, head;
	u64 phdr = 64 + 56, value;
	int fd, pass;

	/* The first segment is made longer by a hole in the file. */
	fixture_init(&fixture);
	fixture.segments = segments;
	fixture.nr_segments = 2;
	fixture.nr_ranges = 0;
	fixture.no_seal = true;
	fixture_build(&fixture);
	head = fixture;
	memset(fixture_at(&fixture, segments[0].vaddr), 0, PAGE);
	value = htole64(huge);
	memcpy(fixture.bytes + phdr + 32, &value, 8);
	memcpy(fixture.bytes + phdr + 40, &value, 8);
	value = htole64(segments[1].offset + huge - PAGE);
	memcpy(fixture.bytes + phdr + 56 + 8, &value, 8);
	value = htole64(range.addr + huge);
	memcpy(fixture.bytes + phdr + 56 + 16, &value, 8);
	for (pass = 0; pass < 2; pass++) {
		u64 seal_at = segments[1].offset + huge;
		struct fixture seal = { 0 };

		fd = open("sparse", O_RDWR | O_CREAT | O_TRUNC, 0600);
		if (fd < 0 || pwrite(fd, head.bytes, segments[1].offset, 0) < 0)
			abort();
		if (pass && pwrite(fd, "secret key", 10, segments[0].offset + huge / 2) != 10)
			abort();
		if (pwrite(fd, head.bytes + segments[1].offset, PAGE,
			   segments[1].offset + huge - PAGE) != PAGE)
			abort();
		/* The seal is made at a small offset, then its offsets are put right. */
		fixture_init(&seal);
		seal.ranges = &range;
		seal.nr_ranges = 1;
		fixture_seal(&seal);
		seal_at = segments[1].offset + huge;
		value = htole64(seal_at);
		memcpy(seal.bytes + 16, &value, 8);
		memcpy(seal.bytes + seal.len - 64 + 16, &value, 8);
		if (pwrite(fd, seal.bytes, seal.len, seal_at) != (ssize_t)seal.len)
			abort();
		close(fd);
		fixture_free(&seal);
		VERIFY(0, "--no-key", "--secret=secret", "sparse");
		ok(outcome.status == (pass ? 1 : 0) && outcome.max_rss < 256 * 1024 &&
		   outcome.seconds < 20 && (pass || says("64.0 GiB zero")),
		   "64 GiB with a hole: %s, %.2f s, at most %ld MiB", pass ? "found" : "clean",
		   outcome.seconds, outcome.max_rss / 1024);
	}
	ok(says("10 bytes that are not zero") && says("0x900000000"),
	   "the only bytes in 64 GiB are found");
	unlink("sparse");
	fixture_free(&fixture);
}

/* Headers that claim much more than there is, in a file that has it as a hole. */
static void test_hostile_memory(void)
{
	struct fixture fixture;
	u64 value;
	u32 phnum;

	fixture_init(&fixture);
	fixture.xnum = true;
	fixture_build(&fixture);
	/* sh_info: the most segments that are read, all PT_NULL or PT_LOAD of nothing */
	for (phnum = 1u << 21; phnum; phnum = phnum == 1u << 21 ? 0xffffffff : 0) {
		value = htole64(fixture.core_end + 4096 - fixture.core_end % 8);
		memcpy(fixture.bytes + 32, &value, 8);
		phnum = htole32(phnum);
		memcpy(fixture.bytes + fixture.core_end - 64 + 44, &phnum, 4);
		phnum = le32toh(phnum);
		write_fixture("claims", &fixture);
		if (truncate("claims", 300ULL << 30))
			abort();
		VERIFY(0, "--key=key", "claims");
		ok(outcome.status == 2 && outcome.max_rss < 256 * 1024,
		   "%u segments claimed: 2, at most %ld MiB, %.2f s", phnum, outcome.max_rss / 1024,
		   outcome.seconds);
	}
	unlink("claims");
	fixture_free(&fixture);
}

/* Many secrets cost little more than one: the bench has figures, this machine may be busy. */
static void test_speed(void)
{
	const u64 len = 512 << 20;
	u64 state = 88172645463325252ULL, i, *bytes = malloc(1 << 20);
	int fd = open("noise", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *argv[120] = { programs[0], "--no-key" };
	char names[100][32];
	double one, least = 1e9, most = 1e9;

	for (i = 0; i < len >> 20; i++) {
		u32 j;

		for (j = 0; j < 1 << 17; j++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			bytes[j] = state;
		}
		if (write(fd, bytes, 1 << 20) != 1 << 20)
			abort();
	}
	for (i = 0; i < 100; i++) {
		snprintf(names[i], sizeof(names[i]), "--secret=s%u", (unsigned int)i);
		bytes[i] ^= 0x1111;
		write_file(names[i] + 9, bytes + i, 32 + i % 200);
		argv[2 + i] = names[i];
	}
	argv[102] = "noise";
	for (i = 0; i < 3; i++) {
		VERIFY(0, "--no-key", names[0], "noise");
		one = outcome.cpu;
		run(&outcome, argv);
		least = one < least ? one : least;
		most = outcome.cpu < most ? outcome.cpu : most;
	}
	ok(outcome.status == 2 && says("not found in the file") && most < 2 * least,
	   "100 secrets in 512 MiB of noise: %.2f times the time of one", most / least);
	if (pwrite(fd, bytes + 99, 32 + 99, len - 700) != 32 + 99)
		abort();
	run(&outcome, argv);
	ok(outcome.status == 1 && says("secret             s99"),
	   "one of them is found near the end");
	close(fd);
	unlink("noise");
	for (i = 0; i < 100; i++)
		unlink(names[i] + 9);
	free(bytes);
}

/* A real process, which holds the secret in its environment, dumped by gdb. */
static void test_gcore(void)
{
	char pid_text[16], core[32], variable[16 + SECRET_LEN];
	struct stat stat;
	pid_t pid;

	snprintf(variable, sizeof(variable), "SECRET=%s", secret);
	pid = fork();
	if (!pid) {
		execve("/bin/sleep", (char *const[]){ "sleep", "600", NULL },
		       (char *const[]){ variable, NULL });
		_exit(127);
	}
	usleep(200000);
	snprintf(pid_text, sizeof(pid_text), "%d", pid);
	snprintf(core, sizeof(core), "core.%d", pid);
	run(&outcome, (char *const[]){ "gcore", "-o", "core", pid_text, NULL });
	ok(!outcome.status && !lstat(core, &stat) && stat.st_size > 10000, "gcore writes a core");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	VERIFY(0, "--secret=secret", core);
	ok(outcome.status == 1 && says("64-bit ELF core") && says("complete") && says("no seal") &&
	   says("sleep, pid"), "it is read, and holds the secret");
	VERIFY(0, "--secret=other", core);
	ok(outcome.status == 2 && says("not found"), "and not another one");
	unlink(core);
}

/* The same process, dumped by this machine's kernel, where that goes to a file. */
static void test_kernel_core(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	char pattern[256] = "", variable[16 + SECRET_LEN];
	FILE *file = fopen("/proc/sys/kernel/core_pattern", "r");
	pid_t pid;
	int status;

	if (!file || !fgets(pattern, sizeof(pattern), file))
		abort();
	fclose(file);
	if (strcmp(pattern, "core\n")) {
		printf("# core_pattern is %.*s: the kernel's own core is not tested\n",
		       (int)strcspn(pattern, "\n"), pattern);
		return;
	}
	snprintf(variable, sizeof(variable), "SECRET=%s", secret);
	pid = fork();
	if (!pid) {
		setrlimit(RLIMIT_CORE, &unlimited);
		execve("/bin/sh", (char *const[]){ "sh", "-c", "kill -ABRT $$", NULL },
		       (char *const[]){ variable, NULL });
		_exit(127);
	}
	waitpid(pid, &status, 0);
	if (!WCOREDUMP(status) || (access("core", F_OK) && errno == ENOENT)) {
		puts("# this kernel writes no core here: not tested");
		return;
	}
	VERIFY(0, "--secret=secret", "core");
	ok(outcome.status == 1 && says("complete") && says("sh, pid") && says("6 SIGABRT"),
	   "the kernel's core is read, and holds the secret");
	VERIFY(0, "--secret=other", "core");
	ok(outcome.status == 2 && says("not found"), "and not another one");
	unlink("core");
}

/* A report that cannot be written is not a clean one. */
static void test_lost_report(void)
{
	char command[4096];

	snprintf(command, sizeof(command), "'%s' --key=key good >/dev/full", programs[0]);
	run(&outcome, (char *const[]){ "sh", "-c", command, NULL });
	ok(outcome.status == 2 && *outcome.err, "the report does not fit: 2");
	snprintf(command, sizeof(command), "'%s' --key=key good >&-", programs[0]);
	run(&outcome, (char *const[]){ "sh", "-c", command, NULL });
	ok(outcome.status == 2, "standard output is closed: 2");
}

int main(void)
{
	char directory[] = "/tmp/kredact-verify-test.XXXXXX", command[64];
	int program, status;

	programs[0] = (char *)beside("../../bin/kredact-verify");
	programs[1] = (char *)beside("kredact-verify-san");
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);	/* the sandbox forbids its tracer */
	if (!mkdtemp(directory) || chdir(directory))
		abort();
	make_files();
	test_usage();
	for (program = 0; program < 2; program++) {
		test_reports(program);
		test_secrets(program);
	}
	test_flipped();
	test_million();
	test_sparse();
	test_hostile_memory();
	test_speed();
	test_gcore();
	test_kernel_core();
	test_lost_report();
	status = tap_end();
	snprintf(command, sizeof(command), "%s", directory);
	run(&outcome, (char *const[]){ "rm", "-r", command, NULL });
	return status;
}
