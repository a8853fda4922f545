// SPDX-License-Identifier: GPL-2.0
/*
 * The search for copies by fingerprints: against trying all places, where it is done, where
 * it is not, and what is told of it. Under ASan and UBSan in this process; the reports by
 * kredact-verify as it is installed, and by the sanitized one.
 */
#include <json-c/json.h>

#include "../noise.h"
#include "audited.h"
#include "prints.h"
#include "tap.h"

#define TEXT	320000u		/* two chunks, and a part of the third */
#define SECRETS	3u

static u8 long_secret[96], other_secret[64], short_secret[24];
static const struct fixture_print secrets[SECRETS] = {
	{ long_secret, sizeof(long_secret), 0x101 },
	{ other_secret, sizeof(other_secret), 0x777 | KREDACT_PRINT_OTHERS },
	{ short_secret, sizeof(short_secret), 0x103 },
};

static struct outcome outcome;
static u8 text[TEXT], wanted[TEXT], found[TEXT];
static void put(u8 *to, const u8 *from, u32 len, bool reversed)
{
	u32 i;

	for (i = 0; i < len; i++)
		to[i] = from[reversed ? len - 1 - i : i];
}

static bool is_copy(const u8 *at, const u8 *from, u32 len)
{
	u8 reverse[32];

	put(reverse, from, len, true);
	return !memcmp(at, from, len) || !memcmp(at, reverse, len);
}

/* Marks what is a piece or a block, by trying all places: which secret, from 1. */
static void try_all(u32 len)
{
	u32 at, i, j, unit;

	memset(wanted, 0, len);
	for (i = 0; i < SECRETS; i++) {
		unit = secrets[i].len < 32 ? 16 : 32;
		for (j = 0; j + unit <= secrets[i].len && (unit == 32 || !j); j += unit)
			for (at = 0; at + unit <= len; at++)
				if (is_copy(text + at, secrets[i].bytes + j, unit))
					memset(wanted + at, i + 1, unit);
	}
}

static void mark(void *arg, const struct print_hit *hit)
{
	u32 i;

	(void)arg;
	for (i = 0; i < SECRETS; i++)
		if (hit->handle == (secrets[i].owner & ~KREDACT_PRINT_OTHERS) &&
		    hit->others == !!(secrets[i].owner & KREDACT_PRINT_OTHERS))
			memset(found + hit->offset, i + 1, hit->len);
}

/* Are the bytes that a search finds in the text the ones that there are to be found? */
static bool search_is_right(const struct fixture *fixture, u32 len, enum hasher_way way)
{
	int record = memory_file(fixture->prints, fixture->prints_len);
	int fd = memory_file(text, len);
	struct seal seal = { .prints.at = 64 };
	struct fingerprints *prints;
	struct complaint why;
	struct input in, from;
	bool done;

	if (input_open(&in, fd, true, &why) || input_open(&from, record, true, &why))
		abort();
	seal.in = &from;
	memcpy(seal.prints.salt, fixture->prints, 16);
	seal.prints.pieces = fixture->prints[32];
	seal.prints.blocks = fixture->prints[36];
	seal.prints.bits = 64 * seal.prints.pieces;
	prints = fingerprints_new(fixture->key, sizeof(fixture->key), way);
	memset(found, 0, len);
	done = !fingerprints_load(prints, &seal, &why) &&
	       !fingerprints_run(prints, &in, NULL, mark, NULL, &why);
	fingerprints_free(prints);
	input_close(&in);
	input_close(&from);
	close(fd);
	close(record);
	try_all(len);
	return done && !memcmp(found, wanted, len);
}

static u32 count_wanted(u32 len)
{
	u32 i, nr = 0;

	for (i = 0; i < len; i++)
		nr += wanted[i] != 0;
	return nr;
}

/* Whole copies at every alignment, in both orders. */
static void test_alignments(const struct fixture *fixture, enum hasher_way way)
{
	u32 shift, i, at, right = 0, bytes = 0;

	for (shift = 0; shift < 17; shift++) {
		random_fill(text, 4096);
		for (i = 0, at = shift; i < 3 * SECRETS; i++, at += 400 + shift)
			put(text + at, secrets[i % SECRETS].bytes, secrets[i % SECRETS].len, i & 1);
		right += search_is_right(fixture, 4096, way);
		bytes += count_wanted(4096);
	}
	ok(right == 17 && bytes == 17 * (3 * 96 + 3 * 64 + 3 * 16),
	   "copies at each alignment, in both orders: %u of 17 right, %u bytes", right, bytes);
}

/* Parts of a copy: of each length, from each place in it. */
static void test_parts(const struct fixture *fixture, enum hasher_way way)
{
	u32 len, from, at, right = 0, tried = 0, bytes = 0;

	for (len = 15; len <= 80; len++) {
		random_fill(text, 8192);
		for (from = 0, at = 7; from + len <= 96; from++, at += len + 1)
			put(text + at, long_secret + from, len, from & 1);
		right += search_is_right(fixture, 8192, way);
		bytes += count_wanted(8192);
		tried++;
		if (len < 32)
			ok(!count_wanted(8192), "no part of %u bytes is found: control", len);
	}
	ok(right == tried && bytes, "parts of each length: %u of %u right, %u bytes", right, tried,
	   bytes);
}

/* Around the ends of the file, and of what is looked at and read together. */
static void test_borders(const struct fixture *fixture, enum hasher_way way)
{
	static const u32 borders[] = { 0, 8704, 139264, 278528, TEXT };
	u32 i, shift, at, right = 0, bytes = 0;

	for (shift = 0; shift < 96; shift += 5) {
		random_fill(text, TEXT);
		for (i = 0; i < 5; i++) {
			at = borders[i] - min(borders[i], shift + (i == 4 ? 96 : 0));
			put(text + at, long_secret, i ? 96 : 96 - shift, shift & 1);
		}
		put(text + TEXT - 16, short_secret, 16, shift & 1);
		right += search_is_right(fixture, TEXT, way);
		bytes += count_wanted(TEXT);
	}
	ok(right == 20 && bytes > 20 * (3 * 96 + 16), "at borders: %u of 20 right, %u bytes", right,
	   bytes);
	for (i = 0, right = 0; i < 96; i++) {
		memcpy(text, long_secret, 96);
		right += search_is_right(fixture, i, way);
	}
	ok(right == 96, "files of up to 96 bytes: %u of 96 right", right);
}

/* A bitmap that knows all windows makes the search slow, and finds no more. */
static void test_full_bitmap(struct fixture *fixture, enum hasher_way way)
{
	u32 i, bits = 8 * fixture->prints[32], right = 0;
	u8 *bitmap = fixture->prints + fixture->prints_len - bits, saved[256];

	memcpy(saved, bitmap, bits);
	memset(bitmap, 0xff, bits);
	random_fill(text, 20000);
	put(text + 5001, long_secret, 96, false);
	put(text + 7001, other_secret, 64, true);
	right += search_is_right(fixture, 20000, way) && count_wanted(20000) == 160;
	memset(text, 0x41, 20000);
	put(text + 5001, long_secret, 96, false);
	right += search_is_right(fixture, 20000, way) && count_wanted(20000) == 96;
	for (i = 0; i < 20000; i++)
		text[i] = "\x10\x20\x30\x40\x55\x55\x01\x02"[i % 8];
	right += search_is_right(fixture, 20000, way) && !count_wanted(20000);
	memcpy(bitmap, saved, bits);
	ok(right == 3, "a bitmap that knows everything: %u of 3 right", right);
}

static bool not_done(const char *why)
{
	return audit.checks[CHECK_FINGERPRINTS].state == CHECK_NOT_DONE &&
	       !audit.print_hits_total && strstr(audit.checks[CHECK_FINGERPRINTS].text.text, why);
}

static void hunted(struct fixture *fixture)
{
	static const struct fixture_copy no_copy;

	fixture_init(fixture);
	fixture_hunt(fixture, &no_copy, 0);
}

static void printed(struct fixture *fixture)
{
	hunted(fixture);
	fixture_prints(fixture, secrets, SECRETS);
}

static void test_audit(void)
{
	struct fixture fixture;
	u32 refused = 0, i;
	u8 *at;

	hunted(&fixture);
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN && not_done("the seal has none"),
	   "a seal without fingerprints: clean, not used");
	printed(&fixture);
	fixture_build(&fixture);
	ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_CLEAN && !audit.seal.unknown &&
	   audit.checks[CHECK_FINGERPRINTS].state == CHECK_PASSED, "no copy: clean, %s",
	   audit.checks[CHECK_FINGERPRINTS].text.text);
	at = fixture_at(&fixture, 0x10123);
	put(at, long_secret, 96, false);
	put(at + 100, short_secret, 24, false);
	put(at + 130, other_secret + 32, 32, true);
	ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_FOUND && audit.print_hits_total == 3 &&
	   audit.print_bytes == 96 + 16 + 32 && !audit_unverified(&audit), "copies: %s",
	   audit.checks[CHECK_FINGERPRINTS].text.text);
	ok(audit.print_hits[0].hit.vaddr == 0x10123 && audit.print_hits[0].hit.len == 96 &&
	   audit.print_hits[0].hit.offset == (u64)(at - fixture.bytes) &&
	   audit.print_hits[0].hit.handle == 0x101 && !audit.print_hits[0].hit.others &&
	   audit.print_hits[0].label && audit.print_hits[1].hit.vaddr == 0x10123 + 100 &&
	   audit.print_hits[2].hit.others && audit.print_hits[2].hit.handle == 0x777 &&
	   !audit.print_hits[2].label, "where, and whose, they are");
	ok(audit_fixture(&fixture, WITHOUT_KEY) == VERDICT_UNVERIFIED &&
	   not_done("need the key"), "without a key: not used");
	ok(audit_fixture(&fixture, NO_KEY) == VERDICT_CLEAN && not_done("need the key"),
	   "--no-key: not used");
	ok(audit_fixture(&fixture, WITH_WRONG_KEY) == VERDICT_UNVERIFIED &&
	   not_done("not authentic"), "with a wrong key: not used");
	/* Each byte of the record, which is the third but one. */
	for (i = 0; i < fixture.prints_len; i++) {
		u8 *byte = fixture.bytes + fixture.len - 64 - 80 - fixture.prints_len + i;

		*byte ^= 1 << i % 8;
		refused += audit_fixture(&fixture, WITH_KEY) == VERDICT_UNVERIFIED &&
			   !audit.print_hits_total;
		*byte ^= 1 << i % 8;
	}
	ok(refused == fixture.prints_len, "a changed record is not used: %u of %u", refused,
	   (u32)fixture.prints_len);
	ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_FOUND, "but the right one is");
	fixture_free(&fixture);
	free(fixture.prints);
}

/* Two segments that follow each other in memory, and not in the file. */
static void test_seam(void)
{
	static struct fixture_segment segments[] = {
		{ .vaddr = 0x10000, .filesz = PAGE },
		{ .vaddr = 0x11000, .filesz = PAGE, .gap = PAGE },
	};
	const struct print_hit *last = &audit.print_hits[1].hit;
	struct fixture fixture;
	u32 in_first, right = 0;

	printed(&fixture);
	fixture.segments = segments;
	fixture.nr_segments = 2;
	fixture.nr_ranges = 0;
	fixture.nr_labels = 0;
	fixture_build(&fixture);
	for (in_first = 0; in_first <= 64; in_first++) {
		memset(fixture_at(&fixture, 0x10000), 0x55, PAGE);
		memset(fixture_at(&fixture, 0x11000), 0x55, PAGE);
		memcpy(fixture_at(&fixture, 0x10000) + PAGE - in_first, other_secret, in_first);
		memcpy(fixture_at(&fixture, 0x11000), other_secret + in_first, 64 - in_first);
		right += audit_fixture(&fixture, WITH_KEY) == VERDICT_FOUND &&
			 audit.print_bytes == 64 && !audit.print_hits[0].hit.joined &&
			 (in_first % 32 == 0 || (last->joined && last->len == 32 &&
						 last->vaddr == 0x11000 - in_first % 32));
	}
	ok(right == 65, "across two segments: %u of 65 right", right);
	fixture_free(&fixture);
	free(fixture.prints);
}

/* Of a good record, one number is changed; it is authentic all the same. */
static void test_refused(void)
{
	static const struct { const char *what; u32 offset, len; u64 value; } changes[] = {
		{ "bytes", 16, 8, 1 }, { "more pieces", 32, 4, 6 }, { "fewer pieces", 32, 4, 4 },
		{ "no pieces", 32, 4, 0 }, { "many pieces", 32, 4, UINT32_MAX },
		{ "more blocks", 36, 4, 2 }, { "many blocks", 36, 4, UINT32_MAX },
		{ "bits that are no multiple of 64", 40, 4, 321 }, { "no bits", 40, 4, 0 },
		{ "more bits", 40, 4, 384 }, { "many bits", 40, 4, 1u << 31 },
		{ "a failure, and fingerprints", 44, 4, 2 }, { "a reserved member", 48, 8, 1 },
		{ "another", 56, 8, 1 },
	};
	struct fixture fixture;
	u64 len;
	u32 i;

	for (i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		printed(&fixture);
		memcpy(fixture.prints + changes[i].offset, &changes[i].value, changes[i].len);
		ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && !audit.seal.readable,
		   "%s: refused", changes[i].what);
		free(fixture.prints);
	}
	for (len = 0; len < 200; len++) {
		printed(&fixture);
		fixture.prints_len = len;
		i = audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && !audit.seal.readable;
		free(fixture.prints);
		if (!i)
			break;
	}
	ok(len == 200, "records that are too short: %u of 200 refused", (u32)len);
	printed(&fixture);
	fixture.prints = realloc(fixture.prints, (16 << 20) + 8);
	memset(fixture.prints, 0, (16 << 20) + 8);
	fixture.prints_len = (16 << 20) + 8;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && !audit.seal.readable,
	   "more than 16 MiB: refused");
	free(fixture.prints);
	printed(&fixture);
	fixture.prints_twice = true;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && !audit.seal.readable,
	   "twice: refused");
	fixture.prints_twice = false;
	fixture.seal_flags = KREDACT_SEAL_KEY_BOOT;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && !audit.seal.readable,
	   "by a key that nobody has: refused");
	fixture.seal_flags = 0;
	fixture.policies = 0;
	fixture.hunts = 0;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && !audit.seal.readable,
	   "without a hunt: refused");
	free(fixture.prints);
}

static void test_none(void)
{
	static const u32 failures[] = { 1, 2, 3, 4, KREDACT_UNPRINTED_KEY, 77 };
	struct fixture fixture;
	u32 i;

	for (i = 0; i < 6; i++) {
		hunted(&fixture);
		fixture.prints = calloc(1, 64);
		fixture.prints_len = 64;
		memcpy(fixture.prints + 44, &failures[i], 4);
		ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN && not_done(""),
		   "none: %s", audit.checks[CHECK_FINGERPRINTS].text.text);
		free(fixture.prints);
	}
	hunted(&fixture);
	fixture.prints = calloc(1, 64);
	fixture.prints_len = 64;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN && not_done("long and various enough"),
	   "none, since no secret has any");
	free(fixture.prints);
}

#define SAYS(words) (strstr(outcome.out, words) != NULL)

static void test_report(const char *program)
{
	struct json_object *root, *list, *item;

	run(&outcome, (char *const[]){ (char *)program, "--key=key", "--no-scan", "clean", NULL });
	ok(outcome.status == 0 && SAYS("no copy in the file of 176 registered bytes") &&
	   is_tidy(outcome.out, false), "%s: clean", program);
	run(&outcome, (char *const[]){ (char *)program, "--key=key", "--no-scan", "leaky", NULL });
	ok(outcome.status == 1 && SAYS("2 copies of registered secrets, 128 bytes") &&
	   SAYS("96 bytes or more, by fingerprint") && SAYS("address 0x10123") &&
	   SAYS("handle 0x101, rsa private key") && SAYS("of another process") &&
	   is_tidy(outcome.out, false), "%s: copies", program);
	run(&outcome, (char *const[]){ (char *)program, "--no-key", "--no-scan", "leaky", NULL });
	ok(outcome.status == 0 && SAYS("they need the key of the seal"), "%s: --no-key", program);
	run(&outcome, (char *const[]){ (char *)program, "--key=key", "--no-scan", "--json", "leaky",
				       NULL });
	root = json_tokener_parse(outcome.out);
	list = json_object_object_get(root, "fingerprint_hits");
	item = json_object_array_get_idx(list, 0);
	ok(json_object_array_length(list) == 2 &&
	   json_object_get_int64(json_object_object_get(item, "bytes")) == 96 &&
	   !strcmp(json_object_get_string(json_object_object_get(item, "handle")), "0x101") &&
	   json_object_get_int64(json_object_object_get(root, "fingerprint_hits_total")) == 2,
	   "%s: --json: copies", program);
	item = json_object_object_get(json_object_object_get(root, "seal"), "fingerprints");
	ok(json_object_get_int64(json_object_object_get(item, "pieces")) == 5 &&
	   json_object_get_int64(json_object_object_get(item, "blocks")) == 1 &&
	   json_object_get_int64(json_object_object_get(item, "bytes_missing")) == 5,
	   "%s: --json: the record", program);
	json_object_put(root);
}

static void make_files(void)
{
	struct fixture fixture;

	printed(&fixture);
	fixture_build(&fixture);
	write_file("key", fixture.key, sizeof(fixture.key));
	write_file("clean", fixture.bytes, fixture.len);
	put(fixture_at(&fixture, 0x10123), long_secret, 96, false);
	put(fixture_at(&fixture, 0x10200), other_secret, 32, true);
	write_file("leaky", fixture.bytes, fixture.len);
	fixture_free(&fixture);
	free(fixture.prints);
}

int main(void)
{
	char directory[] = "/tmp/kredact-prints-test.XXXXXX";
	static char *programs[2];
	struct fixture fixture;
	enum hasher_way way;
	int status, i;

	random_fill(long_secret, sizeof(long_secret));
	random_fill(other_secret, sizeof(other_secret));
	random_fill(short_secret, sizeof(short_secret));
	printed(&fixture);
	for (way = 0; way <= hasher_best(); way++) {
		test_alignments(&fixture, way);
		test_parts(&fixture, way);
		test_borders(&fixture, way);
		test_full_bitmap(&fixture, way);
	}
	free(fixture.prints);
	for (audited_way = 0; audited_way <= hasher_best(); audited_way++) {
		test_audit();
		test_seam();
	}
	audited_way = HASHER_OPENSSL;
	test_refused();
	test_none();
	programs[0] = (char *)beside("../../bin/kredact-verify");
	programs[1] = (char *)beside("kredact-verify-san");
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);	/* the sandbox forbids its tracer */
	if (!mkdtemp(directory) || chdir(directory))
		abort();
	make_files();
	for (i = 0; i < 2; i++)
		test_report(programs[i]);
	status = tap_end();
	run(&outcome, (char *const[]){ "rm", "-r", directory, NULL });
	return status;
}
