// SPDX-License-Identifier: GPL-2.0
/*
 * What a seal says of the hunt for copies: read, checked against itself and
 * against the core, and reported. Under ASan and UBSan in this process; the reports
 * by kredact-verify as it is installed, and by the sanitized one.
 */
#include <json-c/json.h>

#include "audited.h"
#include "tap.h"

static char *programs[2];	/* installed, sanitized */
static struct outcome outcome;

#define VERIFY(program, ...) run(&outcome, (char *const[]){ programs[program], __VA_ARGS__, NULL })

/* What the fixture's hunt found. */
static void test_copies(void)
{
	static const struct { u64 addr; u32 copy; } dirty[] = {
		{ 0x10021, 0 }, { 0x10040, 0 }, { 0x10110, 1 }, { 0x50fff, 2 }, { 0x51000, 3 },
		{ 0x51813, 4 },
	};
	static const u64 allowed[] = { 0x10020, 0x10041, 0x50ff4, 0x51005, 0x517ff, 0x51814 };
	struct fixture fixture;
	const struct finding *finding = &audit.copy_findings[0];
	u32 i;

	fixture_init(&fixture);
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN && !audit.seal.has_hunt &&
	   audit.checks[CHECK_COPIES].state == CHECK_NOT_DONE,
	   "a module from before the hunt: clean, copies not checked");
	fixture_hunt(&fixture, NULL, 0);
	fixture_build(&fixture);
	ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_CLEAN && !audit.seal.unknown &&
	   audit.checks[CHECK_COPIES].state == CHECK_PASSED, "a hunt: clean, copies checked");
	ok(audit.seal.nr_copies == FIXTURE_COPIES && audit.copies.memory_zeros.zero == 85 &&
	   audit.copies.notes_zeros.zero == 24 && audit.copies.of_others == 1 &&
	   audit.copies.nr_listed == FIXTURE_COPIES, "they are counted and listed");
	ok(audit.seal.policy.hunt == KREDACT_HUNT_ALL && audit.seal.policy.run == 16 &&
	   audit.seal.policy.registers == KREDACT_REGISTERS_ALL && !audit.seal.policy.strict &&
	   audit.seal.hunt.bytes == 12345 && audit.seal.hunt.bytes_plain == 67 &&
	   audit.seal.hunt.register_bytes == 2688 && audit.seal.hunt.frames == 1 &&
	   audit.seal.hunt.frame_bytes == 832, "policy and sums are read");
	for (i = 0; i < sizeof(dirty) / sizeof(*dirty); i++)
		ok(with_byte(&fixture, dirty[i].addr) == VERDICT_FOUND && !audit.nr_findings &&
		   audit.nr_copy_findings == 1 && finding->first == dirty[i].addr &&
		   finding->range.addr == fixture.copies[dirty[i].copy].addr &&
		   finding->range.handle == fixture.copies[dirty[i].copy].handle &&
		   finding->dirty == 1 &&
		   fixture.bytes + finding->offset == fixture_at(&fixture, dirty[i].addr),
		   "not zero at %#llx: found in copy %u", (unsigned long long)dirty[i].addr,
		   dirty[i].copy);
	for (i = 0; i < sizeof(allowed) / sizeof(*allowed); i++)
		ok(with_byte(&fixture, allowed[i]) == VERDICT_CLEAN,
		   "a neighbour at %#llx may be anything", (unsigned long long)allowed[i]);
	for (i = 0; i < 26; i++) {
		u32 at = FIXTURE_NOTE - 1 + i;
		bool inside = i && i < 25;

		fixture.bytes[at] = 7;
		ok(audit_fixture(&fixture, WITH_KEY) == (inside ? VERDICT_FOUND : VERDICT_CLEAN) &&
		   (!inside || (audit.nr_copy_findings == 1 && finding->offset == at)),
		   "a byte in a note, at %d: %s", (int)i - 1, inside ? "found" : "clean");
		fixture.bytes[at] = 0;
	}
	fixture.bytes[FIXTURE_NOTE] = 7;
	fixture.bytes[fixture.len - 1] ^= 1;
	ok(with_byte(&fixture, 0x51001) == VERDICT_FOUND && audit_unverified(&audit) &&
	   audit.nr_copy_findings == 2, "in both, and no good HMAC: found outweighs");
	fixture_free(&fixture);
}

static void test_unhunted(void)
{
	static const struct fixture_left_out pages = { 0x70000, 3 * PAGE,
						       KREDACT_LEFT_OUT_UNHUNTED };
	struct fixture fixture;
	u32 reason;

	fixture_init(&fixture);
	fixture_hunt(&fixture, (struct fixture_copy [1]){ }, 0);
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN &&
	   audit.checks[CHECK_COPIES].state == CHECK_PASSED, "hunted, and none found");
	fixture.left_out = &pages;
	fixture.nr_left_out = 1;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN &&
	   audit.seal.left_out[KREDACT_LEFT_OUT_UNHUNTED] == 3,
	   "hunted but for some pages, which are left out");
	for (reason = 1; reason < 6; reason++) {
		fixture.hunt[HUNT_UNINDEXED] = reason;
		fixture.hunt[HUNT_RANGES] = 0;
		fixture.hunt[HUNT_BYTES] = 0;
		fixture.hunt[HUNT_PLAIN] = 0;
		ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN &&
		   audit.checks[CHECK_COPIES].state == CHECK_NOT_DONE &&
		   strstr(audit.checks[CHECK_COPIES].text.text, "left out"),
		   "not indexed: %s", audit.checks[CHECK_COPIES].text.text);
	}
	fixture.policy[POLICY_UNHUNTED] = KREDACT_UNHUNTED_TAGGED;
	fixture.policy[POLICY_REGISTERS] = KREDACT_REGISTERS_NONE;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN &&
	   audit.checks[CHECK_COPIES].state == CHECK_NOT_DONE &&
	   strstr(audit.checks[CHECK_COPIES].text.text, "may be in the core"),
	   "not indexed, and nothing left out: %s", audit.checks[CHECK_COPIES].text.text);
	fixture_hunt(&fixture, (struct fixture_copy [1]){ }, 0);
	fixture.policy[POLICY_HUNT] = KREDACT_HUNT_OFF;
	fixture.hunt[HUNT_RANGES] = 0;
	fixture.hunt[HUNT_BYTES] = 0;
	fixture.hunt[HUNT_PLAIN] = 0;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN &&
	   audit.checks[CHECK_COPIES].state == CHECK_NOT_DONE, "hunting is off: not checked");
	fixture_hunt(&fixture, NULL, 0);
	fixture.hunt[HUNT_FRAMES] = 0;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN,
	   "the end of a signal frame, whose beginning is not in the dump");
	fixture.hunt[HUNT_COPIES] += 9;
	fixture.hunt[HUNT_LOST] = 9;
	fixture.hunt[HUNT_COPY_BYTES] += 200;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN &&
	   strstr(audit.checks[CHECK_COPIES].text.text, "15 found by the module, 6 named"),
	   "copies that the seal does not name are told");
	fixture_init(&fixture);
	fixture.left_out = &pages;
	fixture.nr_left_out = 1;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && !audit.seal.readable,
	   "pages left out of a hunt that there was not");
}

/* Of each, what the seal says is not possible. */
static void test_contradictions(void)
{
	static const struct { const char *what; u64 offset; u64 value; } changes[] = {
#define POLICY(member) (offsetof(struct fixture, policy) + 8 * POLICY_##member)
#define HUNT(member) (offsetof(struct fixture, hunt) + 8 * HUNT_##member)
		{ "hunt 3", POLICY(HUNT), 3 },
		{ "a run of 7", POLICY(RUN), 7 },
		{ "a run of 65", POLICY(RUN), 65 },
		{ "a run of 0", POLICY(RUN), 0 },
		{ "registers 3", POLICY(REGISTERS), 3 },
		{ "unhunted 2", POLICY(UNHUNTED), 2 },
		{ "strict 2", POLICY(STRICT), 2 },
		{ "registers zeroed against the policy", POLICY(REGISTERS), 0 },
		{ "bytes of strict mode, which is off", HUNT(STRICT_BYTES), 1 },
		{ "bytes of no range", HUNT(RANGES), 0 },
		{ "fewer ranges than the policy says", HUNT(RANGES), 5 },
		{ "copies of no bytes", HUNT(BYTES), 0 },
		{ "fewer copies than named", HUNT(COPIES), 5 },
		{ "more copies than named", HUNT(COPIES), 7 },
		{ "no copies, but named", HUNT(COPIES), 0 },
		{ "all copies lost, but named", HUNT(LOST), 6 },
		{ "more copies lost than found", HUNT(LOST), 7 },
		{ "lost copies that make a wrong sum", HUNT(LOST), ~0ULL },
		{ "fewer bytes of copies than named", HUNT(COPY_BYTES), 108 },
		{ "more bytes of copies than named", HUNT(COPY_BYTES), 110 },
		{ "copies without bytes", HUNT(COPY_BYTES), 0 },
		{ "not indexed, but copies", HUNT(UNINDEXED), 1 },
	};
	static const struct { const char *what; struct fixture_copy copy; } copies[] = {
		{ "no bytes", { 0x10400, 0, 0x101, 0 } },
		{ "beyond its page", { 0x10ff0, 17, 0x101, 0 } },
		{ "many pages", { 0x10000, 1ULL << 40, 0x101, 0 } },
		{ "wraps around", { ~0ULL - 7, ~0ULL, 0x101, 0 } },
		{ "no handle", { 0x10400, 16, 0, 0 } },
		{ "a handle of no range", { 0x10400, 16, 0x999, 0 } },
		{ "unknown flag", { 0x10400, 16, 0x101, 8 } },
		{ "where the core has nothing", { 0x15000, 16, 0x101, 0 } },
		{ "where the file has nothing", { 0x22100, 16, 0x101, 0 } },
		{ "in no note", { 0x1000, 16, 0x101, KREDACT_COPY_NOTE } },
		{ "before the notes", { 343, 16, 0x101, KREDACT_COPY_NOTE } },
		{ "a note that wraps around", { ~0ULL - 3, 16, 0x101, KREDACT_COPY_NOTE } },
		{ "a note of 4 GiB", { FIXTURE_NOTE, 1ULL << 32, 0x101, KREDACT_COPY_NOTE } },
	};
	struct fixture fixture;
	u32 i;

	for (i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		fixture_init(&fixture);
		fixture_hunt(&fixture, NULL, 0);
		memcpy((char *)&fixture + changes[i].offset, &changes[i].value, 8);
		ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED, "a seal that says: %s: %s",
		   changes[i].what, audit.checks[audit.seal.readable ? CHECK_COPIES :
						 CHECK_SEAL].text.text);
	}
	for (i = 0; i < sizeof(copies) / sizeof(*copies); i++) {
		fixture_init(&fixture);
		fixture_hunt(&fixture, &copies[i].copy, 1);
		fixture.zero = false;
		fixture.nr_ranges = 1;
		fixture_build(&fixture);
		memset(fixture_at(&fixture, 0x10000), 0, 2 * PAGE);
		ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_UNVERIFIED, "a copy: %s: %s",
		   copies[i].what, audit.checks[audit.seal.readable ? CHECK_COPIES :
						CHECK_SEAL].text.text);
		fixture_free(&fixture);
	}
	for (i = 0; i < 16; i++) {
		fixture_init(&fixture);
		fixture_hunt(&fixture, i & 4 ? (struct fixture_copy [1]){ } : NULL, 0);
		fixture.policies = i % 4 ? i % 4 - 1 : 1;
		fixture.hunts = i & 8 ? 2 : 1;
		ok((audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN) ==
		   (fixture.policies == 1 && fixture.hunts == 1), "%u policies, %u hunts%s",
		   fixture.policies, fixture.hunts, i & 4 ? "" : ", copies");
	}
	for (i = 0; i < 3; i++) {
		fixture_init(&fixture);
		fixture_hunt(&fixture, i ? NULL : (struct fixture_copy [1]){ }, 0);
		fixture.policies = i == 1;
		fixture.hunts = 0;
		ok((audit_made(&fixture, WITH_KEY) == VERDICT_CLEAN) == !i, "%s", i ? i > 1 ?
		   "copies without a hunt" : "a policy without a hunt" : "neither: clean");
	}
	fixture_init(&fixture);
	fixture_hunt(&fixture, NULL, 0);
	fixture.hunt_reserved = 1;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED, "reserved members are not zero");
	fixture.policies = 0;
	fixture.nr_copies = 0;
	ok(audit_made(&fixture, WITH_KEY) == VERDICT_UNVERIFIED, "likewise of the sums alone");
}

/* More copies than anybody lists, in the worst order. */
static void test_many_copies(void)
{
	const u32 nr = 1200000, nr_ranges = 1000;
	struct fixture_range *ranges = calloc(nr_ranges, sizeof(*ranges));
	struct fixture_copy *copies = calloc(nr, sizeof(*copies));
	struct fixture_segment segments[] = {
		{ .vaddr = 0x100000, .filesz = 4 * PAGE },
		{ .vaddr = 0x10000000, .filesz = 16ULL * nr },
	};
	struct fixture fixture;
	u32 i;

	for (i = 0; i < nr_ranges; i++)
		ranges[i] = (struct fixture_range){
			0x100000 + 16 * i, 16, i + 1, KREDACT_EXACT, 1 + i % 2,
		};
	for (i = 0; i < nr; i++)
		copies[i] = (struct fixture_copy){
			.addr = segments[1].vaddr + 16 * (i * 7919ULL % nr),
			.len = 8,
			.handle = 1 + i * 31ULL % nr_ranges,
		};
	fixture_init(&fixture);
	fixture.segments = segments;
	fixture.nr_segments = 2;
	fixture.ranges = ranges;
	fixture.nr_ranges = nr_ranges;
	fixture_hunt(&fixture, copies, nr);
	fixture_build(&fixture);
	ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_CLEAN && audit.seal.nr_copies == nr &&
	   audit.copies.nr_listed == COPIES_LISTED && audit.copies.memory_zeros.zero == 8ULL * nr,
	   "%u copies of %u registrations, not sorted: clean", nr, nr_ranges);
	ok(with_byte(&fixture, copies[777777].addr + 7) == VERDICT_FOUND &&
	   audit.copy_findings[0].range.handle == copies[777777].handle,
	   "a byte in one of them is found");
	fixture_free(&fixture);
	for (i = 0; i < nr; i++)
		copies[i].handle = 1 + (i * 7919ULL) % nr;
	fixture_build(&fixture);
	ok(audit_fixture(&fixture, WITH_KEY) == VERDICT_UNVERIFIED && failed_only(CHECK_COPIES),
	   "copies of as many registrations: %s", audit.checks[CHECK_COPIES].text.text);
	fixture_free(&fixture);
	free(copies);
	free(ranges);
}

static bool says(const char *text)
{
	return strstr(outcome.out, text);
}

static u64 number_of(struct json_object *object, const char *name)
{
	return json_object_get_uint64(json_object_object_get(object, name));
}

static bool is_text(struct json_object *object, const char *name, const char *text)
{
	struct json_object *item = json_object_object_get(object, name);

	return item && !strcmp(json_object_get_string(item), text);
}

/* What the module found and zeroed, and what it did not. */
static void test_report(int program)
{
	struct json_object *root, *seal, *item;

	VERIFY(program, "--key=key", "good");
	ok(says("tells of no hunt: copies may be in the") && !says("policy"),
	   "a module from before the hunt: says so");
	VERIFY(program, "--key=key", "hunted");
	ok(!outcome.status && says("6 found by the module, all their bytes are zero") &&
	   says("hunt all, runs of 16 bytes or more; registers all;") && says("12.0 KiB of 7") &&
	   says("67 bytes were not") && says("6 of 109 bytes zeroed") &&
	   says("2688 bytes zeroed in notes, 832 in 1 signal") && is_tidy(outcome.out, false),
	   "a hunt: 0, tells policy and sums");
	ok(says("0x10021, 32 bytes") && says("handle 0x101, rsa private key") &&
	   says("handle 0x7777 of another process") && says("in a note, file offset 0x234") &&
	   says("handle 0x106, ec scalar; in reverse order") &&
	   says("rsa private key: 2 ranges, 514 bytes; 1 copy"), "a hunt: tells the copies");
	VERIFY(program, "--key=key", "--json", "hunted");
	root = json_tokener_parse(outcome.out);
	seal = json_object_object_get(root, "seal");
	item = json_object_object_get(seal, "policy");
	ok(is_text(item, "hunt", "all") && number_of(item, "run") == 16 &&
	   is_text(item, "registers", "all") && is_text(item, "unhunted", "writable") &&
	   !json_object_get_boolean(json_object_object_get(item, "strict")), "--json: policy");
	item = json_object_object_get(seal, "hunt");
	ok(number_of(item, "bytes") == 12345 && number_of(item, "bytes_plain") == 67 &&
	   number_of(item, "copies") == 6 && number_of(item, "copy_bytes") == 109 &&
	   number_of(item, "copies_of_others") == 1 && number_of(item, "frames") == 1 &&
	   !number_of(item, "unindexed"), "--json: hunt");
	item = json_object_object_get(seal, "labels");
	ok(number_of(json_object_array_get_idx(item, 0), "copies") == 1 &&
	   number_of(json_object_array_get_idx(item, 2), "copy_bytes") == 16,
	   "--json: copies of each label");
	item = json_object_object_get(root, "copies");
	ok(json_object_array_length(item) == 6 && number_of(root, "copies_total") == 6 &&
	   is_text(json_object_array_get_idx(item, 0), "address", "0x10021") &&
	   is_text(json_object_array_get_idx(item, 0), "label", "rsa private key") &&
	   number_of(json_object_array_get_idx(item, 5), "offset") == FIXTURE_NOTE &&
	   number_of(json_object_object_get(root, "copied"), "zero") == 109, "--json: copies");
	json_object_put(root);
	VERIFY(program, "--key=key", "copied");
	ok(outcome.status == 1 && says("KEY MATERIAL FOUND") && says("0x10022 (file offset") &&
	   says("0x10021, 32 bytes") && says("in a note (file offset 0x235)") &&
	   says("2 bytes are not zero, in 2 of the copies") && !says("Zq") && is_tidy(outcome.out, false),
	   "copies that are not zero: 1, says where, not what");
	VERIFY(program, "--key=key", "--json", "copied");
	root = json_tokener_parse(outcome.out);
	item = json_object_array_get_idx(json_object_object_get(root, "copy_findings"), 1);
	ok(number_of(root, "copy_findings_total") == 2 && !number_of(root, "findings_total") &&
	   number_of(item, "offset") == FIXTURE_NOTE && number_of(item, "not_zero") == 1 &&
	   json_object_get_boolean(json_object_object_get(item, "note")), "--json: copy findings");
	json_object_put(root);
	VERIFY(program, "--key=key", "unhunted");
	ok(!outcome.status && says("more secrets than the index may hold") &&
	   says("copies were not hunted: they may be in this core") && says("strict on") &&
	   says("registers none") && is_tidy(outcome.out, false), "not hunted: tells why, and what follows");
}

static void write_fixture(const char *path, const struct fixture *fixture)
{
	write_file(path, fixture->bytes, fixture->len);
}

static void make_files(void)
{
	static const struct fixture_copy no_copy;
	struct fixture fixture;

	fixture_init(&fixture);
	fixture_build(&fixture);
	write_fixture("good", &fixture);
	write_file("key", fixture.key, sizeof(fixture.key));
	fixture_free(&fixture);
	fixture_init(&fixture);
	fixture_hunt(&fixture, NULL, 0);
	fixture_build(&fixture);
	write_fixture("hunted", &fixture);
	*fixture_at(&fixture, 0x10022) = 'Z';
	fixture.bytes[FIXTURE_NOTE + 1] = 'q';
	write_fixture("copied", &fixture);
	fixture_free(&fixture);
	fixture_hunt(&fixture, &no_copy, 0);
	fixture.hunt[HUNT_UNINDEXED] = KREDACT_UNINDEXED_LIMIT;
	fixture.policy[POLICY_UNHUNTED] = KREDACT_UNHUNTED_TAGGED;
	fixture.policy[POLICY_REGISTERS] = KREDACT_REGISTERS_NONE;
	fixture.policy[POLICY_STRICT] = 1;
	fixture.hunt[HUNT_STRICT_BYTES] = 4096;
	fixture_build(&fixture);
	write_fixture("unhunted", &fixture);
	fixture_free(&fixture);
}

int main(void)
{
	char directory[] = "/tmp/kredact-copies-test.XXXXXX";
	int program, status;

	test_copies();
	test_unhunted();
	test_contradictions();
	test_many_copies();
	programs[0] = (char *)beside("../../bin/kredact-verify");
	programs[1] = (char *)beside("kredact-verify-san");
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);	/* the sandbox forbids its tracer */
	if (!mkdtemp(directory) || chdir(directory))
		abort();
	make_files();
	for (program = 0; program < 2; program++)
		test_report(program);
	status = tap_end();
	run(&outcome, (char *const[]){ "rm", "-r", directory, NULL });
	return status;
}
