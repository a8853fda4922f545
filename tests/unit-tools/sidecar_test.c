// SPDX-License-Identifier: GPL-2.0
/*
 * Seals of a daemon: that they are made where they belong, that the audit takes them for what
 * they are, and that none that is cut off, changed, forged or of another core gives a clean one.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "../../kmod/core/seal.h"
#include "audited.h"
#include "sidecar.h"
#include "tap.h"

static struct fixture fixture;		/* the core: no seal in it, two ranges zero */
static struct keyfile key;
static struct sidecar *sidecar;
static struct sidecar_made made;
static struct complaint why;
static struct free_dump dump;
static u8 sealed[1 << 14];		/* the last seal */
static size_t sealed_len;

static const struct fixture_range zero[] = {
	{ 0x11000, 2 * PAGE, 1, 0, 0 },
	{ 0x50000, PAGE, 2, 0, 0 },
};

static struct free_range tagged[] = { { 0x11000, 2 * PAGE }, { 0x50000, PAGE } };

static void load(const char *path)
{
	FILE *file = fopen(path, "r");

	sealed_len = file ? fread(sealed, 1, sizeof(sealed), file) : 0;
	if (file)
		fclose(file);
}

/* Where a file is in its file system, and in which: from what the kernel says of its mount. */
static void locate(const char *name, struct free_event *event, char *path, size_t room)
{
	char root[256], point[256], line[1024], full[PATH_MAX];
	unsigned int major, minor;
	unsigned long long id;
	struct statx stat;
	FILE *mounts = fopen("/proc/self/mountinfo", "r");

	if (!mounts || !realpath(name, full) ||
	    statx(AT_FDCWD, name, 0, STATX_MNT_ID | STATX_INO, &stat))
		abort();
	while (fgets(line, sizeof(line), mounts)) {
		if (sscanf(line, "%llu %*u %u:%u %255s %255s", &id, &major, &minor, root, point) != 5 ||
		    id != stat.stx_mnt_id)
			continue;
		event->dev = major << 20 | minor;
		event->ino = stat.stx_ino;
		snprintf(path, room, "%s%s", strcmp(root, "/") ? root : "",
			 full + (strcmp(point, "/") ? strlen(point) : 0));
	}
	fclose(mounts);
}

static void make_core(const char *name)
{
	static char path[1024];

	write_file(name, fixture.bytes, fixture.len);
	dump = (struct free_dump){
		.event = {
			.tgid = FIXTURE_PID, .ns_tgid = FIXTURE_PID, .tid = FIXTURE_PID + 1,
			.uid = 1000, .signo = SIGSEGV_NUMBER, .start_ns = 12345,
			.pages_tagged = 3, .pages_zeroed = 3, .size = fixture.len,
			.file = FREE_FILE_REGULAR, .comm = "signd",
		},
		.ranges = tagged,
		.nr_ranges = 2,
		.complete = true,
		.path = path,
	};
	locate(name, &dump.event, path, sizeof(path));
}

static int seal(void)
{
	int error;

	why.text[0] = '\0';
	error = sidecar_write(sidecar, &dump, &made, &why);
	load(made.path);
	return error;
}

/* Audits a core with a seal beside it. */
static enum verdict audit_pair(const void *core, size_t core_len, const void *bytes, size_t len,
			       enum with with)
{
	int fds[2] = { memory_file(core, core_len), memory_file(bytes, len) };
	u8 other[32] = { 9 };
	const u8 *with_key = with == WITH_WRONG_KEY ? other : key.key;

	memset(&audit, 0, sizeof(audit));
	if (input_open(&audit.in, fds[0], true, &why) ||
	    input_open(&audit.sidecar, fds[1], true, &why))
		abort();
	audit.has_sidecar = true;
	audit.digest = digest_new();
	if (with == WITH_KEY || with == WITH_WRONG_KEY) {
		audit.mac = mac_new(with_key, 32);
		fixture_key_id(with_key, audit.key_id);
	}
	audit.no_key = with == NO_KEY;
	audit_run(&audit);
	audit_close(&audit);
	close(fds[0]);
	close(fds[1]);
	return audit_verdict(&audit);
}

static enum verdict audit_sealed(enum with with)
{
	return audit_pair(fixture.bytes, fixture.len, sealed, sealed_len, with);
}

static void test_good(void)
{
	make_core("core");
	ok(!seal() && made.beside && made.bound && !strcmp(strrchr(made.path, '/'),
							   "/core.kredact-seal"),
	   "a seal beside the core: %s", why.text);
	ok(audit_sealed(WITH_KEY) == VERDICT_CLEAN && audit.seal.beside &&
	   audit.seal.nr_ranges == 2 && audit.seal.range_bytes == 3 * PAGE &&
	   audit.seal.counts.pages_zeroed == 3 && audit.zeros.zero == 3 * PAGE,
	   "with its core and key: clean");
	ok(audit_sealed(WITHOUT_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_AUTHENTICITY),
	   "no key: cannot be verified");
	ok(audit_sealed(WITH_WRONG_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_AUTHENTICITY),
	   "wrong key: cannot be verified");
	ok(audit_sealed(NO_KEY) == VERDICT_CLEAN &&
	   audit.checks[CHECK_AUTHENTICITY].state == CHECK_NOT_DONE, "explicitly no key: clean");
}

static void test_other_core(void)
{
	u8 *byte = fixture_at(&fixture, 0x10010);

	*byte ^= 1;
	ok(audit_sealed(WITH_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_MATCH),
	   "a byte of the core changed: %s", audit.checks[CHECK_MATCH].text.text);
	ok(audit_sealed(NO_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_MATCH),
	   "likewise without a key");
	*byte ^= 1;
	byte = fixture_at(&fixture, 0x50100);
	*byte = 1;
	ok(audit_sealed(WITH_KEY) == VERDICT_FOUND && audit_unverified(&audit),
	   "one in a tagged page: found");
	*byte = 0;
	ok(audit_pair(fixture.bytes, fixture.len - PAGE, sealed, sealed_len, WITH_KEY) ==
	   VERDICT_UNVERIFIED, "a core that is cut off");
	fixture_put(&fixture, "x", 1);
	ok(audit_sealed(WITH_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_MATCH),
	   "a core that something follows");
	fixture.len--;
}

/* Whatever is done to a seal, it is not the one that was made. */
static void test_changed(void)
{
	u8 bytes[sizeof(sealed)];
	size_t i, clean = 0;
	struct fixture whole;

	for (i = 0; i < sealed_len; i++)
		clean += audit_pair(fixture.bytes, fixture.len, sealed, i, WITH_KEY) ==
			 VERDICT_CLEAN;
	ok(!clean, "cut off at any of its %zu bytes: never clean", sealed_len);
	for (i = 0; i < sealed_len; i++) {
		sealed[i] ^= 1 << i % 8;
		clean += audit_sealed(WITH_KEY) == VERDICT_CLEAN;
		sealed[i] ^= 1 << i % 8;
	}
	ok(!clean, "any of them changed: never clean");
	memcpy(bytes, sealed, sealed_len);
	bytes[sealed_len] = 0;
	ok(audit_pair(fixture.bytes, fixture.len, bytes, sealed_len + 1, WITH_KEY) ==
	   VERDICT_UNVERIFIED, "a byte after it");
	/* Into the core, as if the kernel had made it; and the kernel's beside it. */
	fixture_put(&fixture, sealed, sealed_len);
	ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && audit.seal.present &&
	   !audit.seal.readable, "put into the core: %s", audit.checks[CHECK_SEAL].text.text);
	fixture.len -= sealed_len;
	whole = fixture;
	whole.no_seal = false;
	whole.bytes = NULL;
	whole.room = 0;
	fixture_build(&whole);
	ok(audit_fixture(&whole, WITH_KEY) == VERDICT_CLEAN, "control: a seal of the kernel");
	ok(audit_pair(fixture.bytes, fixture.len, whole.bytes + whole.seal_at,
		      whole.len - whole.seal_at, WITH_KEY) == VERDICT_UNVERIFIED &&
	   !audit.seal.readable, "beside the core: %s", audit.checks[CHECK_SEAL].text.text);
	ok(audit_pair(whole.bytes, whole.len, "nothing", 7, WITH_KEY) == VERDICT_CLEAN,
	   "a core with a seal of its own needs none beside it");
	fixture_free(&whole);
}

static void test_told(void)
{
	make_core("core");
	dump.complete = false;
	ok(!seal() && audit_sealed(WITH_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_SEAL),
	   "ranges were lost: %s", audit.checks[CHECK_SEAL].text.text);
	dump.complete = true;
	dump.event.reason = FREE_UNWRITABLE;
	ok(!seal() && audit_sealed(WITH_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_SEAL),
	   "the dump was killed: %s", audit.checks[CHECK_SEAL].text.text);
	dump.event.reason = FREE_KEPT;
	dump.event.ns_tgid++;
	ok(!seal() && audit_sealed(WITH_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_MATCH),
	   "another process: %s", audit.checks[CHECK_MATCH].text.text);
	dump.event.ns_tgid--;
	dump.event.flags = FREE_COMPAT;
	ok(!seal() && audit_sealed(WITH_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_MATCH),
	   "a 32-bit one");
	dump.event.flags = 0;
	dump.nr_ranges = 0;
	ok(!seal() && audit_sealed(WITH_KEY) == VERDICT_CLEAN && !audit.seal.nr_ranges,
	   "nothing was tagged any more: clean");
}

static void test_stream(void)
{
	make_core("core");
	dump.event.file = FREE_FILE_STREAM;
	ok(!seal() && !made.beside && !made.bound && !strncmp(made.path, "seals/", 6) &&
	   strstr(made.path, "-4711-12345.kredact-seal"), "a core to a pipe: %s", made.path);
	ok(audit_sealed(WITH_KEY) == VERDICT_CLEAN, "clean: %s",
	   audit.checks[CHECK_MATCH].text.text);
	dump.event.size++;
	ok(!seal() && audit_sealed(WITH_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_MATCH),
	   "another length");
	dump.event.size--;
	dump.event.signo = 6;
	ok(!seal() && audit_sealed(WITH_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_MATCH),
	   "another signal");
	dump.event.file = FREE_FILE_NONE;
	ok(seal() == -ENODATA, "no core, no seal");
}

static bool aside(void)
{
	return !seal() && !made.beside && !strncmp(made.path, "seals/", 6);
}

static void test_in_the_way(void)
{
	struct stat stat;
	char name[256];

	make_core("core");
	unlink("core.kredact-seal");
	write_file("victim", "precious", 8);
	ok(!symlink("victim", "core.kredact-seal") && aside() && made.bound,
	   "a symbolic link in the way: the seal lies elsewhere");
	ok(!lstat("core.kredact-seal", &stat) && S_ISLNK(stat.st_mode) &&
	   !lstat("victim", &stat) && stat.st_size == 8, "link and file are as they were");
	ok(audit_sealed(WITH_KEY) == VERDICT_CLEAN, "and it is as good");
	unlink("core.kredact-seal");
	ok(!mkdir("core.kredact-seal", 0700) && aside(), "a directory in the way");
	rmdir("core.kredact-seal");
	write_file("core.kredact-seal", "of an earlier core", 18);
	ok(!seal() && made.beside && sealed_len > 256, "an earlier seal is replaced");
	ok(!lstat("core.kredact-seal", &stat) && stat.st_mode == (S_IFREG | 0600) &&
	   stat.st_uid == geteuid(), "mode 0600, owner of the core");
	memset(name, 'n', 250);
	name[250] = '\0';
	make_core(name);
	ok(aside() && made.bound, "a name that is too long for a suffix");
	ok(system("test -z \"$(find . -name '.kredact-seal*')\"") == 0, "nothing is left behind");
}

static void test_not_found(void)
{
	char *slash;

	make_core("core");
	dump.event.ino++;
	ok(aside() && !made.bound, "another inode than the core's");
	make_core("core");
	dump.event.dev++;
	ok(aside() && !made.bound, "another device");
	make_core("core");
	dump.path = NULL;
	ok(aside() && !made.bound, "no path");
	if (mkdir("real", 0700) || symlink("real", "link"))
		abort();
	make_core("real/core");
	ok(!seal() && made.beside, "control: in a directory");
	make_core("link/core");
	slash = strstr(dump.path, "/real/core");
	if (!slash)
		abort();
	memcpy(slash, "/link/core", 10);
	ok(aside() && !made.bound, "a symbolic link on the way");
	make_core("core");
	dump.event.size--;
	ok(seal() == -ESTALE, "a core that has grown since: %s", why.text);
}

static void test_open(void)
{
	struct sidecar_opts opts = { .key = &key, .dir = "open" };

	if (mkdir("open", 0700) || chmod("open", 0777))
		abort();
	ok(!sidecar_open(&opts, &why) && errno == EPERM, "others may write: %s", why.text);
	opts.dir = "nowhere";
	ok(!sidecar_open(&opts, &why) && errno == ENOENT, "no directory: %s", why.text);
}

/* What only a program with the key can make, and must not be believed either. */
static bool put(void *arg, const void *data, u32 len)
{
	(void)arg;
	memcpy(sealed + sealed_len, data, len);
	sealed_len += len;
	return true;
}

struct forged {
	u32 header_flags;
	u32 records;
	u32 flags;
	u32 killed;
	bool has_rules;
};

static enum verdict audit_forged(struct forged from)
{
	struct kr_seal to = { .write = put, .core_len = fixture.len };
	struct kredact_seal_sidecar record = { htole32(from.flags), htole32(from.killed), { 0 } };
	struct kredact_seal_rules rules = { .mappings = htole32(1) };
	struct kredact_seal_counts counts = { 0 };
	struct kredact_seal_header header;

	EVP_Digest(fixture.bytes, fixture.len, record.sha256, NULL, EVP_sha256(), NULL);
	fixture_header(&fixture, &header);
	header.flags = htole32(from.header_flags);
	sealed_len = 0;
	kr_seal_begin(&to, &header);
	while (from.records--)
		kr_seal_sidecar(&to, &record);
	if (from.has_rules)
		kr_seal_rules(&to, &rules);
	kr_seal_counts(&to, &counts);
	kr_seal_end(&to);
	HMAC(EVP_sha256(), key.key, key.len, sealed, sealed_len, sealed + sealed_len, NULL);
	sealed_len += 32;
	return audit_sealed(WITH_KEY);
}

static void test_forged(void)
{
	static const struct {
		struct forged forged;
		const char *what;
	} bad[] = {
		{ { KREDACT_SEAL_DAEMON, 0, 1, 0, false }, "without the record" },
		{ { KREDACT_SEAL_DAEMON, 2, 1, 0, false }, "with two" },
		{ { 0, 1, 1, 0, false }, "not a daemon's" },
		{ { KREDACT_SEAL_DAEMON | KREDACT_SEAL_KEY_BOOT, 1, 1, 0, false }, "of the boot key" },
		{ { KREDACT_SEAL_DAEMON, 1, 0, 0, false }, "a digest that is none" },
		{ { KREDACT_SEAL_DAEMON, 1, 5, 0, false }, "an unknown flag" },
		{ { KREDACT_SEAL_DAEMON, 1, 1, 77, false }, "killed for another reason" },
		{ { KREDACT_SEAL_DAEMON, 1, 1, 0, true }, "with rules" },
	};
	u32 i;

	ok(audit_forged((struct forged){ KREDACT_SEAL_DAEMON, 1, 1, 0, false }) == VERDICT_CLEAN,
	   "control: nothing wrong");
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(audit_forged(bad[i].forged) == VERDICT_UNVERIFIED, "%s: %s", bad[i].what,
		   audit.checks[CHECK_SEAL].text.text);
}

static char *programs[2];	/* installed, sanitized */
static struct outcome outcome;

#define VERIFY(...) run(&outcome, (char *const[]){ program, __VA_ARGS__, NULL })

static void test_program(char *program)
{
	struct json_object *root, *item;

	make_core("core");
	ok(!seal() && made.beside, "a seal to verify");
	VERIFY("--key=key", "core");
	ok(!outcome.status && strstr(outcome.out, "CLEAN") &&
	   strstr(outcome.out, "sealed by a daemon, not by the kernel") &&
	   strstr(outcome.out, "core.kredact-seal") && is_tidy(outcome.out, false) && !*outcome.err,
	   "found beside the core: 0, and says what it is");
	VERIFY("--key=key", "--json", "core");
	root = json_tokener_parse(outcome.out);
	item = json_object_object_get(json_object_object_get(root, "seal"), "made_by");
	ok(!outcome.status && item && !strcmp(json_object_get_string(item), "daemon"),
	   "--json: made by a daemon");
	item = json_object_object_get(json_object_object_get(root, "seal"), "sidecar");
	ok(item && json_object_get_boolean(json_object_object_get(item, "complete")) &&
	   !json_object_get_boolean(json_object_object_get(item, "vouches_for_registers")) &&
	   strlen(json_object_get_string(json_object_object_get(item, "sha256"))) == 64,
	   "--json: what it is worth");
	json_object_put(root);
	run(&outcome, (char *const[]){ "zstd", "-q", "-f", "core", "-o", "core.zst", NULL });
	VERIFY("--key=key", "core.zst");
	ok(!outcome.status && strstr(outcome.out, "(SHA-256)") && !*outcome.err,
	   "the core is packed, its seal is not named so: 0");
	run(&outcome, (char *const[]){ "sh", "-c", "printf x >> core && zstd -qf core -o core.zst",
				       NULL });
	VERIFY("--key=key", "core.zst");
	ok(outcome.status == 2, "another core is packed: 2");
	write_file("core", fixture.bytes, fixture.len);
	unlink("core.zst");
	rename("core.kredact-seal", "moved");
	VERIFY("--key=key", "core");
	ok(outcome.status == 2 && strstr(outcome.out, "no seal"), "none there: 2");
	VERIFY("--key=key", "--seal=moved", "core");
	ok(!outcome.status, "--seal: 0");
	VERIFY("--key=other", "--seal=moved", "core");
	ok(outcome.status == 2, "wrong key: 2");
	VERIFY("--key=key", "--seal=missing", "core");
	ok(outcome.status == 2 && *outcome.err, "--seal that is not there: 2");
	VERIFY("--key=key", "--seal=key", "core");
	ok(outcome.status == 2, "--seal that is none: 2");
	VERIFY("--key=key", "--seal=/dev/zero", "core");
	ok(outcome.status == 2 && *outcome.err, "--seal that is a device: 2");
	*fixture_at(&fixture, 0x50100) = 1;
	write_file("core", fixture.bytes, fixture.len);
	*fixture_at(&fixture, 0x50100) = 0;
	VERIFY("--key=key", "--seal=moved", "core");
	ok(outcome.status == 1, "a byte of a tagged page: 1");
}

static void test_beside_sealed(char *program)
{
	struct fixture whole;

	fixture_init(&whole);
	fixture_build(&whole);
	write_file("whole", whole.bytes, whole.len);
	fixture_free(&whole);
	if (mkdir("whole.kredact-seal", 0700))
		abort();
	VERIFY("--key=key", "whole");
	ok(!outcome.status && *outcome.err, "a directory beside a core with its own seal: 0");
	rmdir("whole.kredact-seal");
	VERIFY("--key=key", "--seal=moved", "whole");
	ok(outcome.status == 1 && strstr(outcome.out, "FAIL  match"),
	   "--seal of another core, though it has its own: never clean");
}

int main(void)
{
	char directory[] = "/tmp/kredact-sidecar-test.XXXXXX", command[64];
	struct sidecar_opts opts = { .key = &key, .dir = "seals" };
	u8 other[32] = { 9 };
	int status;

	if (!mkdtemp(directory) || chdir(directory) || mkdir("seals", 0700))
		abort();
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);	/* the sandbox forbids its tracer */
	fixture_init(&fixture);
	fixture.no_seal = true;
	fixture.ranges = zero;
	fixture.nr_ranges = 2;
	fixture.nr_labels = 0;
	fixture_build(&fixture);
	write_file("key", fixture.key, sizeof(fixture.key));
	write_file("other", other, sizeof(other));
	if (keyfile_load(&key, "key", false, &why))
		abort();
	sidecar = sidecar_open(&opts, &why);
	if (!sidecar) {
		printf("Bail out! %s\n", why.text);
		return 1;
	}
	test_good();
	test_other_core();
	test_changed();
	test_told();
	test_stream();
	test_in_the_way();
	test_not_found();
	test_open();
	test_forged();
	programs[0] = (char *)beside("../../bin/kredact-verify");
	programs[1] = (char *)beside("kredact-verify-san");
	test_program(programs[0]);
	test_program(programs[1]);
	test_beside_sealed(programs[0]);
	sidecar_close(sidecar);
	fixture_free(&fixture);
	status = tap_end();
	snprintf(command, sizeof(command), "%s", directory);
	run(&outcome, (char *const[]){ "rm", "-r", command, NULL });
	return status;
}
