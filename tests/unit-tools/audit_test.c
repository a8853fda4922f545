// SPDX-License-Identifier: GPL-2.0
/*
 * The audit of cores and seals that are good, damaged, foreign or hostile.
 * In this process, under ASan and UBSan.
 */
#include <elf.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../kmod/core/seal.h"
#include "audited.h"
#include "tap.h"

static void test_good(void)
{
	struct fixture fixture;

	fixture_init(&fixture);
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN, "a good core is clean");
	ok(audit.zeros.zero == 3 * PAGE + 32 + 0x1f00 + 2 && audit.zeros.absent == 0x1100 &&
	   !audit.zeros.dirty, "zero and absent bytes are counted");
	ok(audit.seal.nr_labels == 2 && audit.seal.nr_ranges == 6 && audit.notes.threads == 2 &&
	   audit.notes.pid == FIXTURE_PID && audit.seal.counts.pages_zeroed == 3,
	   "seal and notes are read");
	fixture.is32 = true;
	fixture.seal_flags = KREDACT_SEAL_COMPAT;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN && audit.notes.pid == FIXTURE_PID,
	   "a good 32-bit core is clean");
	fixture.seal_flags = 0;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_MATCH),
	   "a 32-bit core with the seal of a 64-bit one is not");
}

static void test_key(void)
{
	struct fixture fixture;

	fixture_init(&fixture);
	fixture_build(&fixture);
	ok(audit_fixture(&fixture, WITHOUT_KEY) == VERDICT_UNVERIFIED &&
	   failed_only(CHECK_AUTHENTICITY), "no key: cannot be verified");
	ok(audit_fixture(&fixture, NO_KEY) == VERDICT_CLEAN &&
	   audit.checks[CHECK_AUTHENTICITY].state == CHECK_NOT_DONE,
	   "explicitly no key: clean, authenticity not checked");
	ok(audit_fixture(&fixture, WITH_WRONG_KEY) == VERDICT_UNVERIFIED &&
	   failed_only(CHECK_AUTHENTICITY), "wrong key: cannot be verified");
	fixture.bytes[fixture.len - 1] ^= 1;
	ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_UNVERIFIED &&
	   failed_only(CHECK_AUTHENTICITY), "wrong HMAC: cannot be verified");
	fixture.seal_flags = KREDACT_SEAL_KEY_BOOT;
	ok(audit_made(&fixture, WITHOUT_KEY) == VERDICT_UNVERIFIED &&
	   failed_only(CHECK_AUTHENTICITY), "key of the boot: cannot be verified");
	ok(audit_made(&fixture, NO_KEY) == VERDICT_CLEAN, "key of the boot, none wanted: clean");
}

static void test_seal(void)
{
	const char *const long_label[] = { "x", "y", "z" };
	struct fixture fixture;
	u32 i;

	fixture_init(&fixture);
	fixture.no_seal = true;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && !audit.seal.present,
	   "no seal: cannot be verified");
	fixture_build(&fixture);
	fixture_put(&fixture, "something else", 14);
	ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_UNVERIFIED, "other bytes than a seal");
	fixture_free(&fixture);

	fixture_init(&fixture);
	fixture_build(&fixture);
	fixture_put(&fixture, "xyz", 3);
	ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && audit.seal.trailing == 3 &&
	   failed_only(CHECK_SEAL), "bytes after the seal: cannot be verified; all else is");
	fixture_free(&fixture);

	fixture_build(&fixture);
	fixture_seal(&fixture);
	ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_UNVERIFIED, "two seals");
	fixture_free(&fixture);

	fixture.no_seal = true;
	fixture_build(&fixture);
	fixture_put(&fixture, NULL, 8);
	fixture_seal(&fixture);
	ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_SEAL),
	   "bytes between core and seal");
	fixture_free(&fixture);

	for (i = 1; i < 8; i++) {
		struct fixture_segment odd[] = { { .vaddr = 0x20000, .filesz = 2 * PAGE + i } };

		fixture_init(&fixture);
		fixture.segments = odd;
		fixture.nr_segments = 1;
		fixture_build(&fixture);
		ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_CLEAN, "%u bytes of padding: clean",
		   8 - i);
		fixture.bytes[fixture.core_end] = 1;
		ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_UNVERIFIED,
		   "the padding is not zero");
		fixture_free(&fixture);
	}

	fixture_init(&fixture);
	fixture.unknown = true;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN && audit.seal.unknown == 1,
	   "a record of an unknown type is passed over and counted");
	fixture_init(&fixture);
	fixture.counts_first = true;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED, "counts that are not the last");
	fixture_init(&fixture);
	fixture.seal_version = 2;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && !audit.seal.readable,
	   "a seal of version 2");
	fixture_init(&fixture);
	fixture.seal_flags = KREDACT_SEAL_ALL_LEFT_OUT;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_SEAL),
	   "the module could not read its tags");
	fixture_init(&fixture);
	fixture.labels = long_label;
	fixture.nr_labels = 3;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN && audit.seal.nr_labels == 3,
	   "a label without ranges");
	fixture.nr_labels = 1;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED, "a range with an unknown label");
}

static void test_match(void)
{
	struct fixture fixture;

	fixture_init(&fixture);
	fixture.seal_pid++;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_MATCH),
	   "the seal of another process");
	fixture_init(&fixture);
	fixture.no_process = true;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_MATCH),
	   "a core that does not name its process");
}

static void test_truncated(bool hunted)
{
	u32 clean = 0, tried = 0;
	struct fixture fixture;
	u64 len;

	fixture_init(&fixture);
	if (hunted)
		fixture_hunt(&fixture, NULL, 0);
	fixture_build(&fixture);
	for (len = 0; len < fixture.len; len += len < 1500 || len + 1500 > fixture.len ? 1 : 997) {
		clean += audit_bytes(fixture.bytes, len, fixture.key, WITH_KEY) !=
			 VERDICT_UNVERIFIED;
		tried++;
	}
	ok(!clean && tried > 2000, "cut off at %u places%s: never clean", tried,
	   hunted ? ", with a hunt" : "");
	fixture_free(&fixture);
}

static void test_flipped(bool hunted)
{
	static const u8 flips[] = { 0x01, 0x80, 0xff };
	u32 clean = 0, tried = 0, found = 0, i;
	struct fixture fixture;
	u64 at;

	fixture_init(&fixture);
	if (hunted)
		fixture_hunt(&fixture, NULL, 0);
	fixture_build(&fixture);
	for (at = fixture.seal_at; at < fixture.len; at++) {
		for (i = 0; i < sizeof(flips); i++) {
			enum verdict verdict;

			fixture.bytes[at] ^= flips[i];
			verdict = audit_fixture(&fixture, WITH_KEY);
			fixture.bytes[at] ^= flips[i];
			clean += verdict == VERDICT_CLEAN;
			found += verdict == VERDICT_FOUND;
			tried++;
		}
	}
	ok(!clean && tried > 1500, "each of %u changed bytes of the seal: never clean", tried);
	ok(found && found < tried / 3, "%u of them pointed at bytes that are not zero", found);
	ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_CLEAN, "changed back, it is clean");
	fixture_free(&fixture);
}

static void test_dirty(void)
{
	static const struct { u64 addr, handle; int64_t offset; } dirty[] = {
		{ 0x11000, 0x101, -0x100 }, { 0x11100, 0x101, 0 }, { 0x11fff, 0x101, 0xeff },
		{ 0x12000, 0x102, -0xfff }, { 0x12fff, 0x102, 0 }, { 0x13000, 0x102, 1 },
		{ 0x13fff, 0x102, 0x1000 },
		{ 0x20010, 0x103, 0 }, { 0x2002f, 0x103, 31 },
		{ 0x20100, 0x104, 0 }, { 0x21fff, 0x104, 0x1eff },
		{ 0x50000, 0x105, 0 }, { 0x52fff, 0x106, 0 },
	};
	static const u64 allowed[] = { 0x10fff, 0x2000f, 0x20030, 0x200ff, 0x50001, 0x52ffe };
	struct fixture fixture;
	u32 i;

	fixture_init(&fixture);
	fixture_build(&fixture);
	for (i = 0; i < sizeof(dirty) / sizeof(*dirty); i++)
		ok(with_byte(&fixture, dirty[i].addr) == VERDICT_FOUND && audit.nr_findings == 1 &&
		   audit.findings[0].first == dirty[i].addr && audit.findings[0].dirty == 1 &&
		   audit.findings[0].range.handle == dirty[i].handle &&
		   audit.findings[0].offsets[0] == dirty[i].offset && audit.zeros.dirty == 1 &&
		   fixture.bytes + audit.findings[0].offset == fixture_at(&fixture, dirty[i].addr),
		   "not zero at %#llx: found in range %#llx", (unsigned long long)dirty[i].addr,
		   (unsigned long long)dirty[i].handle);
	for (i = 0; i < sizeof(allowed) / sizeof(*allowed); i++)
		ok(with_byte(&fixture, allowed[i]) == VERDICT_CLEAN,
		   "a neighbour at %#llx may be anything", (unsigned long long)allowed[i]);
	with_byte(&fixture, 0x11100);
	ok(!strcmp(audit.findings[0].mapping, "/usr/lib/signd"), "the mapping is named");
	with_byte(&fixture, 0x50000);
	ok(!strcmp(audit.findings[0].mapping, "\\x1b[31m"), "a hostile name is escaped");
	fixture.bytes[fixture.len - 1] ^= 1;
	ok(with_byte(&fixture, 0x11100) == VERDICT_FOUND && audit_unverified(&audit),
	   "found in a core that cannot be verified: found outweighs");
	fixture_free(&fixture);
}

static void test_overlapping(void)
{
	static const struct fixture_range ranges[] = {
		{ 0x50800, 16, 0x901, KREDACT_EXACT, 0 },	/* not sorted */
		{ 0x11000, 64, 0x902, KREDACT_EXACT, 0 },
		{ 0x11020, 64, 0x903, KREDACT_EXACT, 0 },	/* overlaps */
		{ 0x11060, 32, 0x904, KREDACT_EXACT, 0 },	/* touches */
		{ 0x11000, 64, 0x905, KREDACT_EXACT, 0 },	/* the same again */
		{ 0x50810, 16, 0x906, KREDACT_EXACT, 0 },
		{ 0x1f000, 0x2000, 0x907, 0, 0 },		/* begins where nothing is */
		{ 0x90000, 0x2000, 0x908, 0, 0 },		/* nothing is there at all */
		{ 0xfffffffffffff000ULL, 0x1000, 0x909, 0, 0 },	/* last page */
	};
	struct fixture fixture;

	fixture_init(&fixture);
	fixture.ranges = ranges;
	fixture.nr_ranges = sizeof(ranges) / sizeof(*ranges) - 1;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN && audit.zeros.bytes ==
	   128 + 32 + 0x4000 && audit.zeros.absent == 0x3000, "overlapping, unsorted, absent");
	fixture_build(&fixture);
	ok(with_byte(&fixture, 0x11030) == VERDICT_FOUND && audit.findings_total == 3 &&
	   audit.zeros.dirty == 1, "a byte in three ranges is three findings and one byte");
	ok(with_byte(&fixture, 0x5081f) == VERDICT_FOUND && audit.nr_findings == 1 &&
	   audit.findings[0].range.handle == 0x906, "a byte in the last of two that touch");
	ok(with_byte(&fixture, 0x20000) == VERDICT_FOUND, "a range that begins before its segment");
	fixture_free(&fixture);
	ok(fixture.ranges[8].addr + fixture.ranges[8].len == 0, "the last page of all addresses");
	fixture.nr_ranges++;
	fixture.zero = false;
	fixture.ranges += 8;
	fixture.nr_ranges = 1;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN && audit.zeros.absent == PAGE,
	   "is no overflow");
}

static void test_left_out(void)
{
	static const struct fixture_left_out pages[] = {
		{ 0x10000, PAGE, KREDACT_LEFT_OUT_NOMEM },
		{ 0x51000, PAGE, KREDACT_LEFT_OUT_UNREADABLE },
		{ 0x70000, 3 * PAGE, 77 },
	};
	static const struct fixture_left_out shared = { 0x10000, PAGE, KREDACT_LEFT_OUT_SHARED };
	struct fixture fixture;

	fixture_init(&fixture);
	fixture.left_out = pages;
	fixture.nr_left_out = 3;
	fixture.lost = 5;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_RANGES),
	   "pages that were left out are in the dump");
	fixture_build(&fixture);
	memset(fixture_at(&fixture, 0x10000), 0, PAGE);
	memset(fixture_at(&fixture, 0x51000), 0, PAGE);
	ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_CLEAN && audit.seal.left_out[1] == 1 &&
	   audit.seal.left_out[3] == 1 && audit.seal.left_out[0] == 3 &&
	   audit.seal.counts.left_out_lost == 5, "left-out pages are counted by reason");
	fixture_free(&fixture);

	/* A process that registered nothing, and shares what another one did. */
	fixture_init(&fixture);
	fixture.nr_ranges = 0;
	fixture.left_out = &shared;
	fixture.nr_left_out = 1;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_RANGES),
	   "a page that another process has tagged is in the dump");
	fixture_build(&fixture);
	memset(fixture_at(&fixture, shared.addr), 0, PAGE);
	ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_CLEAN && !audit.seal.nr_ranges &&
	   audit.seal.left_out[KREDACT_LEFT_OUT_SHARED] == 1,
	   "it is left out, and the seal has no range: clean");
	fixture_free(&fixture);
}

/* Flags of ranges that tell what was asked for. */
static void test_range_flags(void)
{
	struct fixture_range range = { 0x11100, 0x200, 0x101, 0, 1 };
	struct fixture fixture;
	u32 bit;

	for (bit = 0; bit < 32; bit++) {
		const u32 known = KREDACT_EXACT | KREDACT_HUNT | KREDACT_GROUP |
				  KREDACT_NOHUNT;

		range.flags = 1U << bit;
		fixture_init(&fixture);
		fixture.ranges = &range;
		fixture.nr_ranges = 1;
		ok((audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN) == !!(known & range.flags),
		   "flag %#x of a range is %s", range.flags,
		   known & range.flags ? "known" : "refused");
	}
	range.flags = KREDACT_NOHUNT | KREDACT_HUNT;
	fixture_init(&fixture);
	fixture.ranges = &range;
	fixture.nr_ranges = 1;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED,
	   "that its copies are hunted, and are not, is refused");
}

static void test_many_segments(void)
{
	const u32 nr = 100000;
	struct fixture_segment *segments = calloc(nr, sizeof(*segments));
	struct fixture fixture;
	u32 i, pass;

	for (i = 0; i < nr; i++) {
		segments[i].vaddr = 0x10000 + i * 2 * PAGE;
		segments[i].filesz = 16;
	}
	fixture_init(&fixture);
	fixture.xnum = true;
	fixture.segments = segments;
	fixture.nr_segments = nr;
	for (pass = 0; pass < 2; pass++) {
		fixture.is32 = pass;
		fixture.seal_flags = pass ? KREDACT_SEAL_COMPAT : 0;
		fixture_build(&fixture);
		ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_CLEAN &&
		   audit.core.phnum == nr + 1, "%u segments, %s bits: clean", nr,
		   pass ? "32" : "64");
		ok(with_byte(&fixture, 0x12003) == VERDICT_FOUND && audit.nr_findings == 1,
		   "a byte in one of them is found");
		fixture_free(&fixture);
	}
	free(segments);
}

/* One member of a header is something else. */
static void test_hostile(void)
{
	static const struct {
		const char *what;
		u64 at;
		u64 value;
		u32 len;
	} patches[] = {
		{ "no magic", 0, 0, 4 },
		{ "class", EI_CLASS, 3, 1 },
		{ "encoding", EI_DATA, 0, 1 },
		{ "big-endian", EI_DATA, 2, 1 },
		{ "type", offsetof(Elf64_Ehdr, e_type), ET_EXEC, 2 },
		{ "e_version", offsetof(Elf64_Ehdr, e_version), 0, 4 },
		{ "e_phoff beyond", offsetof(Elf64_Ehdr, e_phoff), 1ULL << 40, 8 },
		{ "e_phoff at the end", offsetof(Elf64_Ehdr, e_phoff), ~0ULL, 8 },
		{ "e_phoff wraps", offsetof(Elf64_Ehdr, e_phoff), 0ULL - 56, 8 },
		{ "e_phnum large", offsetof(Elf64_Ehdr, e_phnum), 0xfffe, 2 },
		{ "e_phnum zero", offsetof(Elf64_Ehdr, e_phnum), 0, 2 },
		{ "e_phnum extended, no section", offsetof(Elf64_Ehdr, e_phnum), PN_XNUM, 2 },
		{ "e_phentsize", offsetof(Elf64_Ehdr, e_phentsize), 32, 2 },
		{ "e_shoff beyond", offsetof(Elf64_Ehdr, e_shoff), 1ULL << 50, 8 },
		{ "e_shoff wraps", offsetof(Elf64_Ehdr, e_shoff), ~0ULL, 8 },
		{ "notes: p_offset", 64 + offsetof(Elf64_Phdr, p_offset), ~0ULL, 8 },
		{ "notes: p_filesz", 64 + offsetof(Elf64_Phdr, p_filesz), ~0ULL, 8 },
		{ "p_offset beyond", 120 + offsetof(Elf64_Phdr, p_offset), 1ULL << 40, 8 },
		{ "p_offset wraps", 120 + offsetof(Elf64_Phdr, p_offset), ~0ULL, 8 },
		{ "p_filesz beyond", 120 + offsetof(Elf64_Phdr, p_filesz), 1ULL << 60, 8 },
		{ "p_filesz wraps", 120 + offsetof(Elf64_Phdr, p_filesz), ~0ULL, 8 },
		{ "p_filesz above p_memsz", 120 + offsetof(Elf64_Phdr, p_memsz), 1, 8 },
		{ "p_memsz overlaps the next", 120 + offsetof(Elf64_Phdr, p_memsz), 1 << 20, 8 },
		{ "p_memsz wraps", 288 + offsetof(Elf64_Phdr, p_memsz), ~0ULL, 8 },
		{ "p_offset overlaps", 176 + offsetof(Elf64_Phdr, p_offset), PAGE, 8 },
		{ "n_namesz", 344, 0xffffffff, 4 },
		{ "n_descsz", 348, 0xffffffff, 4 },
	};
	struct fixture fixture;
	u64 value;
	u32 i;

	for (i = 0; i < sizeof(patches) / sizeof(*patches); i++) {
		fixture_init(&fixture);
		fixture_build(&fixture);
		value = htole64(patches[i].value);
		memcpy(fixture.bytes + patches[i].at, &value, patches[i].len);
		ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_UNVERIFIED &&
		   audit.checks[CHECK_STRUCTURE].state == CHECK_FAILED, "hostile: %s: %s",
		   patches[i].what, audit.checks[CHECK_STRUCTURE].text.text);
		fixture_free(&fixture);
	}
}

/* The kernel writes segments in order. Others do not, but they do not seal either. */
static void test_order(void)
{
	const u64 value = htole64(0x60000);
	struct fixture fixture;

	fixture_init(&fixture);
	fixture_build(&fixture);
	memcpy(fixture.bytes + 120 + offsetof(Elf64_Phdr, p_vaddr), &value, 8);
	ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_UNVERIFIED &&
	   audit.checks[CHECK_STRUCTURE].state == CHECK_PASSED &&
	   audit.checks[CHECK_MATCH].state == CHECK_FAILED && !audit.core.ordered,
	   "p_vaddr descends: %s", audit.checks[CHECK_MATCH].text.text);
	fixture_free(&fixture);
}

/* Nothing that is in a header or a seal makes a parser step out of bounds. */
static void test_random(void)
{
	u64 state = 0x9e3779b97f4a7c15ULL, verdicts[3] = { 0 };
	struct fixture fixture;
	u8 *good;
	u32 i, j;

	fixture_init(&fixture);
	fixture.unknown = true;
	fixture_hunt(&fixture, NULL, 0);
	fixture_build(&fixture);
	good = malloc(fixture.len);
	memcpy(good, fixture.bytes, fixture.len);
	for (i = 0; i < 6000; i++) {
		for (j = 0; j < 1 + i % 4; j++) {
			u64 span = i % 2 ? fixture.len - fixture.seal_at : 1400, at;

			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			at = (i % 2 ? fixture.seal_at : 0) + state % (span - 8);
			if (state >> 60 < 8)
				fixture.bytes[at] = state >> 32;
			else
				memset(fixture.bytes + at, state >> 62 & 1 ? 0xff : 0x7f, 8);
		}
		verdicts[audit_fixture(&fixture, NO_KEY)]++;
		memcpy(fixture.bytes, good, fixture.len);
	}
	ok(verdicts[VERDICT_UNVERIFIED] > 3000 && verdicts[VERDICT_CLEAN] > 10,
	   "6000 random changes, no key: %llu clean, %llu found, %llu cannot be verified",
	   (unsigned long long)verdicts[0], (unsigned long long)verdicts[1],
	   (unsigned long long)verdicts[2]);
	free(good);
	fixture_free(&fixture);
}

static bool append(void *arg, const void *data, u32 len)
{
	fixture_put(arg, data, len);
	return true;
}

/* The module's own encoder writes the same bytes as the fixture. */
static void test_encoder(void)
{
	struct kredact_seal_header header;
	struct kredact_seal_counts counts = { 0 };
	struct kredact_seal_rules rules = { 0 };
	struct kredact_seal_copy copies[FIXTURE_COPIES];
	struct kredact_seal_policy policy;
	struct kredact_seal_hunt hunt;
	struct kredact_seal_range range;
	struct fixture fixture, other;
	struct kr_seal seal;
	u64 bytes = 0;
	u32 i;

	fixture_init(&fixture);
	fixture.nr_ranges = 1;	/* the fixture has one record for all, so has this */
	fixture_hunt(&fixture, NULL, 0);
	fixture.rules = 1;
	fixture.rule_flags = KREDACT_FORCE_PAGES;
	fixture.rule_mappings = 3;
	fixture_build(&fixture);
	other = (struct fixture){ 0 };
	seal = (struct kr_seal){ .write = append, .arg = &other, .core_len = fixture.seal_at };
	fixture_header(&fixture, &header);
	kr_seal_begin(&seal, &header);
	for (i = 0; i < fixture.nr_labels; i++)
		kr_seal_label(&seal, i + 1, fixture.labels[i], strlen(fixture.labels[i]));
	for (i = 0; i < fixture.nr_ranges; i++) {
		range = (struct kredact_seal_range){
			.addr = htole64(fixture.ranges[i].addr),
			.len = htole64(fixture.ranges[i].len),
			.handle = htole64(fixture.ranges[i].handle),
			.flags = htole32(fixture.ranges[i].flags),
			.label = htole32(fixture.ranges[i].label),
		};
		bytes += fixture.ranges[i].len;
		kr_seal_ranges(&seal, &range, 1);
	}
	policy = (struct kredact_seal_policy){
		.hunt = htole32(fixture.policy[POLICY_HUNT]),
		.run = htole32(fixture.policy[POLICY_RUN]),
		.registers = htole32(fixture.policy[POLICY_REGISTERS]),
		.unhunted = htole32(fixture.policy[POLICY_UNHUNTED]),
		.strict = htole32(fixture.policy[POLICY_STRICT]),
	};
	kr_seal_policy(&seal, &policy);
	for (i = 0; i < FIXTURE_COPIES; i++)
		copies[i] = (struct kredact_seal_copy){
			.addr = htole64(fixture.copies[i].addr),
			.len = htole64(fixture.copies[i].len),
			.handle = htole64(fixture.copies[i].handle),
			.flags = htole32(fixture.copies[i].flags),
		};
	kr_seal_copies(&seal, copies, FIXTURE_COPIES);
	hunt = (struct kredact_seal_hunt){
		.ranges = htole64(fixture.hunt[HUNT_RANGES]),
		.bytes = htole64(fixture.hunt[HUNT_BYTES]),
		.bytes_plain = htole64(fixture.hunt[HUNT_PLAIN]),
		.copies = htole64(fixture.hunt[HUNT_COPIES]),
		.copy_bytes = htole64(fixture.hunt[HUNT_COPY_BYTES]),
		.register_bytes = htole64(fixture.hunt[HUNT_REGISTER_BYTES]),
		.frames = htole64(fixture.hunt[HUNT_FRAMES]),
		.frame_bytes = htole64(fixture.hunt[HUNT_FRAME_BYTES]),
	};
	kr_seal_hunt(&seal, &hunt);
	rules.flags = htole32(fixture.rule_flags);
	rules.mappings = htole32(fixture.rule_mappings);
	kr_seal_rules(&seal, &rules);
	counts.ranges = htole64(fixture.nr_ranges);
	counts.range_bytes = htole64(bytes);
	counts.pages_zeroed = htole64(3);
	counts.pages_copied = htole64(1);
	counts.bytes_zeroed = htole64(7);
	kr_seal_counts(&seal, &counts);
	ok(kr_seal_end(&seal) && other.len + 32 == fixture.len - fixture.seal_at &&
	   !memcmp(other.bytes, fixture.bytes + fixture.seal_at, other.len),
	   "the module's encoder and the fixture agree on each byte");
	fixture_free(&other);
	fixture_free(&fixture);
}

int main(void)
{
	test_good();
	test_key();
	test_seal();
	test_match();
	test_truncated(false);
	test_truncated(true);
	test_flipped(false);
	test_flipped(true);
	test_dirty();
	test_overlapping();
	test_left_out();
	test_range_flags();
	test_many_segments();
	test_hostile();
	test_order();
	test_random();
	test_encoder();
	return tap_end();
}
