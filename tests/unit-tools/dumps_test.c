// SPDX-License-Identifier: GPL-2.0
/*
 * kredact-verify as it is installed, on several dumps, stores, standard input and bombs:
 * exit status, lines, memory and time.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "formats.h"
#include "run.h"
#include "tap.h"

#define SECRET_LEN	48u

static char *program;
static struct outcome outcome;
static u8 secret[SECRET_LEN];
static u8 memory[32 * PAGE];

#define VERIFY(...) run(&outcome, (char *const[]){ program, __VA_ARGS__, NULL })

static void shell(const char *format, const char *argument)
{
	char command[4096];

	snprintf(command, sizeof(command), format, program, argument);
	run(&outcome, (char *const[]){ "sh", "-c", command, NULL });
}

static bool says(const char *text)
{
	return strstr(outcome.out, text);
}

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void write_bytes(const char *path, struct fixture *file)
{
	write_file(path, file->bytes, file->len);
	fixture_free(file);
}

static void make_core(const char *path, bool with_secret)
{
	struct fixture fixture;

	fixture_init(&fixture);
	fixture_build(&fixture);
	if (with_secret)
		memcpy(fixture_at(&fixture, 0x51ff0), secret, SECRET_LEN);
	write_file("key", fixture.key, 32);
	write_bytes(path, &fixture);
}

static void make_files(void)
{
	bool present[32];
	struct piece piece = { 0x10000, memory, 8 * PAGE };
	struct fixture file = { 0 };
	u32 i;

	for (i = 0; i < SECRET_LEN; i++)
		secret[i] = 0x81 + 7 * i % 91;
	for (i = 0; i < sizeof(memory); i++)
		memory[i] = i >> 5;
	memset(present, true, sizeof(present));
	write_file("secret", secret, SECRET_LEN);
	make_core("good", false);
	make_core("bad", true);
	memcpy(memory + PAGE - 5, secret, SECRET_LEN);
	format_minidump(&file, &piece, 1, false);
	write_bytes("bad.dmp", &file);
	format_kdump(&file, memory, present, 32, KDUMP_ZLIB);
	write_bytes("bad.kdump", &file);
	format_vmcore(&file, memory, 32);
	write_bytes("bad.vmcore", &file);
	write_file("bad.raw", memory, sizeof(memory));
	write_file("text", "a text\n", 7);
}

/* Each format, packed by each program, from a file and from a pipe, behind the sandbox. */
static void test_formats(void)
{
	static const char *const files[] = { "bad", "bad.dmp", "bad.kdump", "bad.vmcore" };
	static const char *const packers[] = {
		"cat", "gzip -c", "xz -c", "xz -9 -c", "lz4 -q -c", "zstd -q -c",
		"zstd -q --ultra -22 --long=27 -c", "bzip2 -c",
	};
	char command[600];
	u32 i, j;

	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		for (j = 0; j < sizeof(packers) / sizeof(*packers); j++) {
			bool known = strncmp(packers[j], "bzip2", 5);

			snprintf(command, sizeof(command), "%s < %s > packed && '%s' --unsealed "
				 "--no-key --secret=secret packed", packers[j], files[i], program);
			run(&outcome, (char *const[]){ "sh", "-c", command, NULL });
			ok(outcome.status == (known ? 1 : 2) && !*outcome.err &&
			   says("found 1 time in the file") == known &&
			   says("CANNOT BE VERIFIED") != known, "%s of %s: %s", packers[j],
			   files[i], known ? "found" : "not known, and not clean");
			snprintf(command, sizeof(command), "cat packed | '%s' --unsealed --no-key "
				 "--secret=secret -", program);
			run(&outcome, (char *const[]){ "sh", "-c", command, NULL });
			ok(outcome.status == (known ? 1 : 2) &&
			   says("found 1 time in the file") == known, "and from a pipe");
		}
	}
	shell("'%s' --unsealed --secret=%s bad.raw", "secret");
	ok(outcome.status == 1 && says("cannot be verified"), "something unknown: found, and said");
	shell("'%s' --raw --unsealed --secret=%s - < bad.raw", "secret");
	ok(outcome.status == 1 && !says("cannot be verified") && says("standard input"),
	   "raw memory as standard input");
	shell("zstd -qc good | '%s' --key=%s -", "key");
	ok(!outcome.status && says("CLEAN") && says("unpacked (zstd)"), "sealed, and packed: clean");
}

static void test_several(void)
{
	struct json_object *root;
	char *line, *save;
	u32 lines = 0, objects = 0;

	VERIFY("--key=key", "good", "good");
	ok(!outcome.status && says("CLEAN               good\n") && says("2 dumps: 2 clean"),
	   "two clean dumps: 0");
	VERIFY("--key=key", "good", "missing");
	ok(outcome.status == 2 && *outcome.err && says("CANNOT BE VERIFIED  missing: No such file"),
	   "one that is missing: 2");
	VERIFY("--key=key", "--secret=secret", "good", "text", "bad");
	ok(outcome.status == 1 && says("KEY MATERIAL FOUND  bad: secrets: found 1 time") &&
	   says("CANNOT BE VERIFIED  text") &&
	   says("3 dumps: 1 clean, 1 with key material, 1 that cannot be verified"),
	   "found outweighs what cannot be verified: 1");
	VERIFY("--key=key", "--verbose", "good", "good");
	ok(!outcome.status && says("module says") && says("2 dumps"), "--verbose: whole reports");
	VERIFY("--key=key", "--quiet", "good", "good");
	ok(!outcome.status && !*outcome.out, "--quiet");
	VERIFY("--key=key", "--json", "good", "missing", "bad");
	for (line = strtok_r(outcome.out, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		root = json_tokener_parse(line);
		lines++;
		objects += !!root;
		json_object_put(root);
	}
	ok(outcome.status == 2 && lines == 4 && objects == 4, "--json: a line each, and the sum");
}

/* A report of apport, with the core in it packed by gzip. */
static void write_report(const char *path)
{
	struct fixture core, packed = { 0 }, report = { 0 };

	fixture_init(&core);
	fixture_build(&core);
	format_gzip(&packed, core.bytes, core.len);
	format_apport(&report, packed.bytes, packed.len);
	write_bytes(path, &report);
	fixture_free(&packed);
	fixture_free(&core);
}

static void test_stores(void)
{
	run(&outcome, (char *const[]){ "sh", "-c", "mkdir -p store/coredump store/abrt/ccpp-1 "
		"store/crash/2026 empty && zstd -q good -o store/coredump/core.signd.1000.zst && "
		"lz4 -q good store/coredump/core.signd.1001.lz4 && "
		"cp good store/abrt/ccpp-1/coredump && echo /usr/bin/signd > store/abrt/ccpp-1/cmdline && "
		"cp /bin/true store/abrt/ccpp-1/binary && ln -s ../bad store/link && "
		"touch store/coredump/x.kredact-seal", NULL });
	must(!outcome.status);
	write_report("store/crash/_usr_sbin_signd.1000.crash");
	VERIFY("--key=key", "store");
	ok(!outcome.status && says("4 dumps: 4 clean") && says("4 other files passed over"),
	   "stores of systemd-coredump, ABRT and apport: 4 dumps, and what is none");
	run(&outcome, (char *const[]){ "sh", "-c", "cp bad.kdump store/crash/2026/dump", NULL });
	VERIFY("--key=key", "--secret=secret", "--unsealed", "store");
	ok(outcome.status == 1 && says("KEY MATERIAL FOUND  store/crash/2026/dump") &&
	   says("5 dumps: 4 clean, 1 with"), "a key in one of them: 1");
	VERIFY("--key=key", "empty");
	ok(outcome.status == 2 && strstr(outcome.err, "no dump in this directory"), "an empty one: 2");
	VERIFY("--key=key", "empty", "good");
	ok(outcome.status == 2 && says("CLEAN               good"), "and a clean dump: 2");
}

/* 10 GiB of zeros in 350 KB, the same with a limit, and a file system that is too small. */
static void test_bombs(void)
{
	run(&outcome, (char *const[]){ "sh", "-c", "head -c 1G /dev/zero | zstd -qc > g && "
		"cat g g g g g g g g g g > bomb.zst", NULL });
	must(!outcome.status);
	VERIFY("--raw", "--unsealed", "--secret=secret", "bomb.zst");
	ok(!outcome.status && says("10.0 GiB, unpacked (zstd)") && outcome.seconds < 60 &&
	   outcome.max_rss < 256 * 1024, "10 GiB of zeros: clean, %.1f s, at most %ld MiB",
	   outcome.seconds, outcome.max_rss / 1024);
	VERIFY("--raw", "--unsealed", "--secret=secret", "--max-size=2G", "bomb.zst");
	ok(outcome.status == 2 && says("more than 2.0 GiB: see --max-size") && outcome.seconds < 20,
	   "with --max-size=2G: 2, %.1f s", outcome.seconds);
	run(&outcome, (char *const[]){ "sh", "-c", "mkdir small && "
		"mount -t tmpfs -o size=4m none small 2>/dev/null", NULL });
	if (outcome.status) {
		puts("# no tmpfs can be mounted here: a full file system is not tested");
		return;
	}
	run(&outcome, (char *const[]){ "sh", "-c", "(cat bad; head -c 6M /dev/urandom) | gzip -1 > "
		"large.gz", NULL });
	setenv("TMPDIR", "small", 1);
	VERIFY("--unsealed", "--no-key", "--secret=secret", "large.gz");
	ok(outcome.status == 1 && !says("does not fit"), "TMPDIR that is no absolute path: not used");
	{
		char *path = realpath("small", NULL);

		setenv("TMPDIR", path, 1);
		VERIFY("--unsealed", "--no-key", "--secret=secret", "large.gz");
		ok(outcome.status == 1 && says("does not fit into the temporary") &&
		   says("found 1 time"), "no room for all of it: what there was room for is searched");
		VERIFY("--unsealed", "--no-key", "--secret=key", "large.gz");
		ok(outcome.status == 2, "and if nothing is found there: 2");
		free(path);
	}
	unsetenv("TMPDIR");
	run(&outcome, (char *const[]){ "umount", "small", NULL });
	must(!outcome.status);
}

/* 5 GiB, nearly all of it holes, plain and packed: the limit of memory is 256 MiB. */
static void test_sparse(void)
{
	const u64 huge = 5ULL << 30;
	int fd = open("sparse", O_RDWR | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && !ftruncate(fd, huge) &&
	     pwrite(fd, secret, SECRET_LEN, huge - 12345) == (ssize_t)SECRET_LEN);
	close(fd);
	VERIFY("--raw", "--unsealed", "--secret=secret", "sparse");
	ok(outcome.status == 1 && says("address 0x13fffcfc7") && outcome.max_rss < 256 * 1024,
	   "5 GiB: found, %.1f s, at most %ld MiB", outcome.seconds, outcome.max_rss / 1024);
	run(&outcome, (char *const[]){ "sh", "-c", "zstd -q -1 sparse -o sparse.zst", NULL });
	VERIFY("--raw", "--unsealed", "--secret=secret", "sparse.zst");
	ok(outcome.status == 1 && says("address 0x13fffcfc7") && outcome.max_rss < 256 * 1024,
	   "packed: found, %.1f s, at most %ld MiB", outcome.seconds, outcome.max_rss / 1024);
	unlink("sparse");
}

/* Something kills the child in the middle; meanwhile it is seen how far it is. */
static void test_killed(void)
{
	char path[64], out[4096] = "", page[PAGE] = "";
	int in[2], err[2], status, i;
	pid_t pid, child = 0;
	ssize_t got;
	FILE *file;

	must(!pipe2(in, O_CLOEXEC) && !pipe2(err, O_CLOEXEC));
	pid = fork();
	if (!pid) {
		if (dup2(in[0], 0) || dup2(err[1], 2) != 2 || !freopen("/dev/null", "w", stdout))
			_exit(126);
		execl(program, program, "--progress", "-", NULL);
		_exit(127);
	}
	close(err[1]);
	for (i = 0; i < 26 * 256 * 40; i++) {
		must(write(in[1], page, sizeof(page)) == sizeof(page));
		/* 40 MiB for each twentieth of a second, so that the bar is due. */
		if (i % (40 * 256) == 0)
			usleep(50000);
	}
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "r");
	must(file);
	/* The first one looks up symbols; the last one reads the dump. */
	while (fscanf(file, "%d", &child) == 1)
		;
	must(child);
	fclose(file);
	kill(child, SIGSEGV);
	must(waitpid(pid, &status, 0) == pid);
	while ((got = read(err[0], out + strlen(out), sizeof(out) - strlen(out) - 1)) > 0)
		;
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 2 &&
	   strstr(out, "standard input: reading it ended by signal 11 (SIGSEGV)"),
	   "a child that dies: 2, and it is said");
	ok(strstr(out, "standard input: unpacking "), "and before, how far it was");
	close(in[0]);
	close(in[1]);
	close(err[0]);
}

int main(void)
{
	char directory[] = "/tmp/kredact-dumps-test.XXXXXX";
	int status;

	program = (char *)beside("../../bin/kredact-verify");
	signal(SIGPIPE, SIG_IGN);
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	if (!mkdtemp(directory) || chdir(directory))
		abort();
	make_files();
	test_formats();
	test_several();
	test_stores();
	test_bombs();
	test_sparse();
	test_killed();
	status = tap_end();
	run(&outcome, (char *const[]){ "rm", "-r", directory, NULL });
	return status;
}
