// SPDX-License-Identifier: GPL-2.0
/*
 * What is packed, and the spool that it is unpacked into: the same bytes come out, nothing
 * of them is in the file, and what is damaged, cut off or too large is told.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <sys/stat.h>

#include "formats.h"
#include "opened.h"
#include "spool.h"
#include "tap.h"

#define LEN	(3u << 20)

static u8 *noise(u32 len)
{
	u64 state = 88172645463325252ULL;
	u8 *bytes = malloc(len);
	u32 i;

	for (i = 0; i < len; i++) {
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		/* Of four parts, one is zeros. */
		bytes[i] = i >> 18 & 3 ? state >> 56 : 0;
	}
	return bytes;
}

/* In pieces of any size, and out again from anywhere. */
static void test_spool(void)
{
	u8 *bytes = noise(LEN), *back = malloc(LEN);
	struct complaint why;
	struct spool *spool = spool_new(LEN + 1, &why);
	struct input in, other;
	struct stat stat;
	u64 at, part, len, holes = 0, wrong = 0, shown = 0;
	u32 i;

	for (at = 0; at < LEN; at += part) {
		part = min((u64)LEN - at, at * 7919 % 300000 + 1);
		if (spool_add(spool, bytes + at, part, &why))
			abort();
	}
	ok(!spool_add(spool, "\1", 1, &why) && spool_add(spool, "\1", 1, &why) == -E2BIG,
	   "what is too much is refused: %s", why.text);
	ok(!spool_input(spool, &in, &why) && in.size == LEN + 1, "it is as long as it should be");
	for (i = 0; i < 2000; i++) {
		at = i * 15485863ULL % LEN;
		part = min(LEN - at, i * 104729ULL % (i % 10 ? 9000 : 2000000) + 1);
		wrong += input_read(&in, at, back, part, &why) || memcmp(back, bytes + at, part);
	}
	ok(!wrong, "2000 parts of it are as they were");
	for (at = 0; at < LEN; at += len)
		holes += input_is_hole(&in, at, &len) ? len : 0;
	ok(holes == LEN / 4, "%" PRIu64 " bytes are holes", holes);
	ok(!input_share(&other, &in, &why) && !input_read(&other, LEN - 5, back, 6, &why) &&
	   !memcmp(back, bytes + LEN - 5, 5) && back[5] == 1, "another reader reads the same");
	if (fstat(spool_fd(spool), &stat) || pread(spool_fd(spool), back, LEN, 0) != LEN)
		abort();
	for (i = 0; i + 16 < LEN; i += 16)
		shown += i >> 18 & 3 && memmem(back + i, 16, bytes + i, 8);
	ok(!shown && !stat.st_nlink && (u64)stat.st_blocks * 512 < LEN, "its file has no name, no "
	   "byte of it, and no zeros");
	input_close(&other);
	input_close(&in);
	spool_free(spool);
	free(bytes);
	free(back);
}

static void test_no_room(void)
{
	struct complaint why;
	struct spool *spool;

	setenv("TMPDIR", "/nowhere", 1);
	spool = spool_new(1, &why);
	ok(!spool, "no temporary file: %s", why.text);
	unsetenv("TMPDIR");
}

/* Writes a file, and packs it by a program. */
static void pack(struct fixture *to, const struct fixture *from, const char *command)
{
	char line[200];
	struct stat stat;
	FILE *file;

	write_file("plain", from->bytes, from->len);
	snprintf(line, sizeof(line), "%s < plain > packed", command);
	if (system(line))
		abort();
	file = fopen("packed", "r");
	if (!file || fstat(fileno(file), &stat))
		abort();
	to->len = 0;
	fixture_put(to, NULL, stat.st_size);
	if (fread(to->bytes, 1, to->len, file) != to->len)
		abort();
	fclose(file);
}

static const struct {
	const char *command;
	bool checked;		/* damage is always noticed */
	u32 step;		/* from one length at which it is cut off to the next */
} packers[] = {
	{ "gzip -c", true, 1 }, { "xz -c", true, 1 }, { "lz4 -q -c", true, 1 },
	{ "zstd -q -c", true, 1 }, { "xz -9 -c", true, 37 }, { "xz --check=sha256 -c", true, 37 },
	{ "lz4 -q -c --no-frame-crc", false, 37 }, { "zstd -q -c --no-check", false, 37 },
	{ "zstd -q -c -19 --long=27", true, 37 },
};

static const u8 secret[] = "the secret that is in the middle, 48 bytes long.";

static void build(struct fixture *fixture, bool with_secret)
{
	static const struct fixture_range range = { 0x10000, 32, 0x101, KREDACT_EXACT, 1 };
	static struct fixture_segment segment = { .vaddr = 0x10000, .filesz = 3000 };

	fixture_init(fixture);
	fixture->segments = &segment;
	fixture->nr_segments = 1;
	fixture->ranges = &range;
	fixture->nr_ranges = 1;
	fixture_build(fixture);
	if (with_secret)
		memcpy(fixture_at(fixture, 0x10000 + 1500), secret, sizeof(secret) - 1);
}

static void test_packers(void)
{
	struct opened how = { .secret = secret, .secret_len = sizeof(secret) - 1 };
	struct fixture good, bad, packed = { 0 }, two = { 0 };
	u64 at, len, clean, changed, tried;
	u32 i;

	build(&good, false);
	build(&bad, true);
	how.key = good.key;
	for (i = 0; i < sizeof(packers) / sizeof(*packers); i++) {
		const char *command = packers[i].command;

		pack(&packed, &bad, command);
		ok(audit_dump(&how, packed.bytes, packed.len) == VERDICT_FOUND &&
		   how.audit.hits[0].hit.vaddr == 0x10000 + 1500 && !audit_unverified(&how.audit),
		   "%s: a secret in it is found", command);
		pack(&packed, &good, command);
		ok(audit_dump(&how, packed.bytes, packed.len) == VERDICT_CLEAN &&
		   how.audit.packed, "and without it: clean");
		how.secret = NULL;
		for (len = clean = 0; len < packed.len; len += packers[i].step)
			clean += audit_dump(&how, packed.bytes, len) == VERDICT_CLEAN;
		ok(!clean, "cut off at each %u. of %" PRIu64 " lengths: never clean",
		   packers[i].step, packed.len);
		for (at = changed = tried = 0; at < packed.len; at += 7, tried++) {
			packed.bytes[at] ^= 0x20;
			changed += audit_dump(&how, packed.bytes, packed.len) == VERDICT_CLEAN;
			packed.bytes[at] ^= 0x20;
		}
		/* Some bits mean nothing: time and system of gzip, codes that nothing uses. */
		ok(packers[i].checked ? changed <= 8 : changed < tried / 4,
		   "each seventh byte changed: %" PRIu64 " of %" PRIu64 " times clean", changed, tried);
		how.secret = secret;
		two.len = 0;
		fixture_put(&two, packed.bytes, packed.len);
		fixture_put(&two, "garbage", 7);
		ok(audit_dump(&how, two.bytes, two.len) == VERDICT_UNVERIFIED &&
		   how.audit.checks[CHECK_STRUCTURE].state == CHECK_FAILED, "something after it: %s",
		   said(&how, CHECK_STRUCTURE));
		two.len = packed.len;
		fixture_put(&two, NULL, 1000);
		ok(audit_dump(&how, two.bytes, two.len) == VERDICT_CLEAN, "zeros after it: clean");
	}
	fixture_free(&good);
	fixture_free(&bad);
	fixture_free(&packed);
	fixture_free(&two);
}

/* A secret across two frames; frames with zeros between them. */
static void test_frames(void)
{
	struct opened how = { .secret = secret, .secret_len = sizeof(secret) - 1 };
	void (*const format[])(struct fixture *to, const u8 *bytes, u64 len) = {
		format_gzip, format_zstd,
	};
	struct fixture bad, packed = { 0 };
	u64 cut;
	u32 i;

	build(&bad, true);
	how.key = bad.key;
	cut = fixture_at(&bad, 0x10000 + 1520) - bad.bytes;
	for (i = 0; i < 2; i++) {
		packed.len = 0;
		format[i](&packed, bad.bytes, cut);
		if (i)
			fixture_put(&packed, "\x50\x2a\x4d\x18\3\0\0\0abc", 11);
		fixture_put(&packed, NULL, 100 * i);
		format[i](&packed, bad.bytes + cut, bad.len - cut);
		ok(audit_dump(&how, packed.bytes, packed.len) == VERDICT_FOUND &&
		   !audit_unverified(&how.audit), "a secret across two frames is found");
	}
	/* zstd passes over a frame that is to be passed over, also at the very beginning. */
	packed.len = 0;
	fixture_put(&packed, "\x51\x2a\x4d\x18\3\0\0\0abc", 11);
	format_zstd(&packed, bad.bytes, bad.len);
	ok(audit_dump(&how, packed.bytes, packed.len) == VERDICT_FOUND &&
	   !audit_unverified(&how.audit), "after a frame that is to be passed over, too");
	packed.len = 0;
	format_zstd(&packed, bad.bytes, bad.len);
	how.most = bad.len - 1;
	ok(audit_dump(&how, packed.bytes, packed.len) == VERDICT_UNVERIFIED, "a byte too much: %s",
	   said(&how, CHECK_STRUCTURE));
	how.most = bad.len;
	ok(audit_dump(&how, packed.bytes, packed.len) == VERDICT_FOUND, "just as much as may be");
	fixture_free(&bad);
	fixture_free(&packed);
}

static void test_apport(void)
{
	struct opened how = { .secret = secret, .secret_len = sizeof(secret) - 1 };
	struct fixture core, gzip = { 0 }, report = { 0 };
	u64 len, clean = 0;
	u32 pass;

	for (pass = 0; pass < 2; pass++) {
		build(&core, pass);
		how.key = core.key;
		gzip.len = 0;
		report.len = 0;
		format_gzip(&gzip, core.bytes, core.len);
		format_apport(&report, gzip.bytes, gzip.len);
		ok(audit_dump(&how, report.bytes, report.len) == (pass ? VERDICT_FOUND :
		   VERDICT_CLEAN) && how.audit.packed == MAGIC_APPORT &&
		   !audit_unverified(&how.audit), "a report of apport%s: %s",
		   pass ? " with a secret" : "", verdict_word(audit_verdict(&how.audit)));
		fixture_free(&core);
		if (pass)
			break;
		how.secret = NULL;
		/* The last line of base64 ends before two short lines of text. */
		for (len = 0; len + 40 < report.len; len += 3)
			clean += audit_dump(&how, report.bytes, len) == VERDICT_CLEAN;
		ok(!clean, "cut off at each third of %" PRIu64 " lengths: never clean", len);
		how.secret = secret;
	}
	report.len = 0;
	fixture_put(&report, "ProblemType: Crash\nPackage: none\n", 33);
	ok(audit_dump(&how, report.bytes, report.len) == VERDICT_UNVERIFIED, "no core in it: %s",
	   said(&how, CHECK_STRUCTURE));
	fixture_put(&report, "CoreDump: base64\n H4sI*AAA\n", 27);
	ok(audit_dump(&how, report.bytes, report.len) == VERDICT_UNVERIFIED, "no base64: %s",
	   said(&how, CHECK_STRUCTURE));
	fixture_free(&gzip);
	fixture_free(&report);
}

int main(void)
{
	char directory[] = "/tmp/kredact-unpack-test.XXXXXX", command[64];
	int status;

	if (!mkdtemp(directory) || chdir(directory))
		abort();
	test_spool();
	test_no_room();
	/* Thousands of temporary files from here on. */
	setenv("TMPDIR", "/dev/shm", 1);
	test_packers();
	test_frames();
	test_apport();
	status = tap_end();
	snprintf(command, sizeof(command), "rm -r %s", directory);
	return system(command) ? 1 : status;
}
