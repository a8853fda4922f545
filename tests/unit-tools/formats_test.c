// SPDX-License-Identifier: GPL-2.0
/*
 * Minidumps, kernel dumps, raw memory and cores whose segments are in disorder: what is
 * planted in them is found, and what contradicts itself is not called clean.
 */
#include <elf.h>
#include <inttypes.h>

#include "formats.h"
#include "minidump.h"
#include "opened.h"
#include "tap.h"

#define PAGES		64u
#define SECRET_LEN	48u

static u8 memory[PAGES * PAGE];
static u8 secret[SECRET_LEN];
static bool present[PAGES];

/* Half of it pages of a pattern, half of noise. */
static void fill_memory(void)
{
	u64 state = 88172645463325252ULL;
	u32 i;

	for (i = 0; i < sizeof(memory); i++) {
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		memory[i] = i / PAGE % 2 ? state >> 56 : 0x40 + i / 64 % 32;
	}
	for (i = 0; i < SECRET_LEN; i++)
		secret[i] = 0x81 + 7 * i % 91;
	for (i = 0; i < PAGES; i++)
		present[i] = i % 7 != 3;
}

static void plant(u64 at)
{
	memcpy(memory + at, secret, SECRET_LEN);
}

static struct opened unsealed(void)
{
	return (struct opened){
		.secret = secret,
		.secret_len = SECRET_LEN,
		.unsealed = true,
	};
}

/* Is the secret found once, at this address? */
static bool found_at(const struct opened *how, u64 vaddr)
{
	const struct hit *hit = &how->audit.hits[0].hit;

	return how->audit.hits_total == 1 && hit->mapped && hit->vaddr == vaddr;
}

static void test_minidump(void)
{
	struct piece pieces[] = {
		{ 0x7ffc00000000ULL, memory, 2 * PAGE },
		{ 0x10000, memory + 4 * PAGE, 3 * PAGE },
		{ 0x20000, memory + 8 * PAGE, PAGE },
	};
	struct opened how = unsealed();
	struct fixture file = { 0 };
	char name[64];
	u32 pass;

	for (pass = 0; pass < 2; pass++) {
		fill_memory();
		format_minidump(&file, pieces, 3, pass);
		ok(audit_dump(&how, file.bytes, file.len) == VERDICT_CLEAN &&
		   how.audit.core.format == CORE_MINIDUMP && how.audit.core.sound &&
		   how.audit.core.machine == EM_X86_64, "minidump%s: clean: %s",
		   pass ? ", 64-bit list" : "", said(&how, CHECK_STRUCTURE));
		ok(how.audit.notes.threads == 1 && how.audit.notes.signo == SIGSEGV_NUMBER &&
		   how.audit.notes.tid == FIXTURE_PID + 1 && how.audit.notes.pid == FIXTURE_PID &&
		   !strcmp(how.audit.notes.comm, "signd"), "it tells its process");
		how.unsealed = false;
		ok(audit_dump(&how, file.bytes, file.len) == VERDICT_UNVERIFIED,
		   "if a seal is expected: %s", said(&how, CHECK_SEAL));
		how.unsealed = true;
		file.len = 0;
		plant(PAGE - 20);
		format_minidump(&file, pieces, 3, pass);
		ok(audit_dump(&how, file.bytes, file.len) == VERDICT_FOUND &&
		   found_at(&how, 0x7ffc00000000ULL + PAGE - 20), "a secret on the stack is found");
		fill_memory();
		file.len = 0;
		/* Two pieces that follow one another in memory, in this order in the file only. */
		pieces[1].vaddr = 0x7ffc00000000ULL - 3 * PAGE;
		memcpy(memory + 7 * PAGE - 20, secret, 20);
		memcpy(memory, secret + 20, SECRET_LEN - 20);
		format_minidump(&file, pieces, 3, pass);
		ok(audit_dump(&how, file.bytes, file.len) == VERDICT_FOUND &&
		   found_at(&how, 0x7ffc00000000ULL - 20) && how.audit.hits[0].hit.joined,
		   "across two pieces that are apart in the file, too");
		pieces[1].vaddr = 0x10000;
		file.len = 0;
	}
	fill_memory();
	format_minidump(&file, pieces, 3, false);
	how.audit.core = (struct core){ 0 };
	{
		int fd = memory_file(file.bytes, file.len);
		struct complaint why;
		struct input in;
		struct core core;

		if (input_open(&in, fd, true, &why) || core_open(&core, &in, &why))
			abort();
		ok(minidump_mapping(&core, 0x400fff, name, sizeof(name)) &&
		   !strcmp(name, "/usr/sbin/signd") &&
		   !minidump_mapping(&core, 0x401000, name, sizeof(name)), "its module is named");
		core_close(&core);
		input_close(&in);
		close(fd);
	}
	fixture_free(&file);
}

/* Every member of header, directory and lists is something else. */
static void test_minidump_hostile(void)
{
	static const u32 values[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0, 4096 };
	struct piece pieces[] = {
		{ 0x7ffc00000000ULL, memory, 512 }, { 0x10000, memory + 4 * PAGE, 512 },
	};
	struct opened how = unsealed();
	u64 clean = 0, others = 0, at;
	struct fixture file = { 0 };
	u32 pass, i;

	fill_memory();
	for (pass = 0; pass < 2; pass++) {
		file.len = 0;
		format_minidump(&file, pieces, 2, pass);
		for (at = 0; at < file.len - 1024; at += at < 104 ? 4 : 12) {
			for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
				u32 before, value = htole32(values[i]);

				memcpy(&before, file.bytes + at, 4);
				memcpy(file.bytes + at, &value, 4);
				if (audit_dump(&how, file.bytes, file.len) == VERDICT_CLEAN)
					clean++;
				else
					others++;
				memcpy(file.bytes + at, &before, 4);
			}
		}
	}
	ok(clean > 50 && others > 50, "each member of a minidump changed: %" PRIu64
	   " times harmless, %" PRIu64 " times refused", clean, others);
	fixture_free(&file);
}

/* Streams without end, of entries that are nothing, in a file that has them as a hole. */
static void test_minidump_endless(void)
{
	struct piece piece = { 0x10000, memory, 64 };
	static const u32 types[] = { 3, 4, 5, 9 };
	struct fixture file = { 0 };
	struct complaint why;
	struct notes notes;
	struct input in;
	struct core core;
	u32 i, value;
	char name[8];
	int fd;

	format_minidump(&file, &piece, 1, false);
	value = htole32(4000);
	memcpy(file.bytes + 8, &value, 4);
	value = htole32(file.len);
	memcpy(file.bytes + 12, &value, 4);
	for (i = 0; i < 4000; i++) {
		const u32 entry[3] = {
			htole32(types[i % 4]), htole32(0xf0000000), htole32(0x10000),
		};

		fixture_put(&file, entry, sizeof(entry));
	}
	value = htole32(0x04000000);
	fixture_put(&file, NULL, 0x10000 - file.len);
	fixture_put(&file, &value, 4);
	fd = memory_file(file.bytes, file.len);
	if (ftruncate(fd, 0xf1000000) || input_open(&in, fd, true, &why))
		abort();
	alarm(100);
	ok(core_open(&core, &in, &why) && !core.sound, "endless lists: %s", why.text);
	ok(!notes_read(&notes, &core, &why) &&
	   !notes_mapping(&notes, &core, 0x123456789, name, sizeof(name)),
	   "and that takes no more than some seconds");
	alarm(0);
	core_close(&core);
	input_close(&in);
	close(fd);
	fixture_free(&file);
}

/* Cut off, with something after it, with a piece that is written again, or too often. */
static void test_flattened_hostile(struct fixture *flat)
{
	struct opened how = unsealed();
	u64 clean = 0, len, end = flat->len - 16, big[2] = { htobe64(200), htobe64(4) };
	u32 i;

	for (len = 0; len < flat->len; len += flat->len - len < 4041 ? 1 : 4001) {
		if (flat->len - len > 40 && flat->len - len < 4001)
			continue;
		audit_dump(&how, flat->bytes, len);
		clean += !audit_unverified(&how.audit);
	}
	ok(!clean, "flattened and cut off: never without doubt: %s", said(&how, CHECK_STRUCTURE));
	fixture_put(flat, "x", 1);
	audit_dump(&how, flat->bytes, flat->len);
	ok(audit_unverified(&how.audit), "something after it: %s", said(&how, CHECK_STRUCTURE));
	/* The name of the machine's domain is none of our business. */
	for (i = 0; i < 40; i++) {
		flat->len = end + 20 * i;
		fixture_put(flat, big, 16);
		fixture_put(flat, "name", 4);
		fixture_put(flat, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16);
		audit_dump(&how, flat->bytes, flat->len);
		clean += !audit_unverified(&how.audit);
	}
	ok(clean >= 10 && clean < 20, "a piece written again, %" PRIu64 " times; then: %s", clean,
	   said(&how, CHECK_STRUCTURE));
}

static void test_kdump(void)
{
	static const int hows[] = { KDUMP_PLAIN, KDUMP_ZLIB, KDUMP_LZO, KDUMP_SNAPPY, KDUMP_ZSTD };
	struct opened how = unsealed();
	struct fixture file = { 0 }, flat = { 0 };
	u32 i;

	for (i = 0; i < sizeof(hows) / sizeof(*hows); i++) {
		fill_memory();
		file.len = 0;
		format_kdump(&file, memory, present, PAGES, hows[i]);
		ok(audit_dump(&how, file.bytes, file.len) == VERDICT_CLEAN &&
		   how.audit.core.format == CORE_KDUMP && how.audit.core.sound &&
		   how.audit.core.machine == EM_X86_64 && how.audit.in.size == PAGES * PAGE,
		   "kernel dump, method %d: clean: %s", hows[i], said(&how, CHECK_STRUCTURE));
		plant(5 * PAGE - 11);
		file.len = 0;
		format_kdump(&file, memory, present, PAGES, hows[i]);
		ok(audit_dump(&how, file.bytes, file.len) == VERDICT_FOUND &&
		   found_at(&how, 5 * PAGE - 11), "a secret across two pages is found");
		flat.len = 0;
		format_gzip(&flat, file.bytes, file.len);
		ok(audit_dump(&how, flat.bytes, flat.len) == VERDICT_FOUND &&
		   found_at(&how, 5 * PAGE - 11), "also if it is packed once more");
	}
	fill_memory();
	plant(10 * PAGE + 100);		/* a page that the dump does not have */
	file.len = 0;
	format_kdump(&file, memory, present, PAGES, KDUMP_ZLIB);
	ok(audit_dump(&how, file.bytes, file.len) == VERDICT_CLEAN, "what was left out is not there");
	ok(how.audit.core.format == CORE_KDUMP, "and is a kernel dump");
	for (i = 0; i < sizeof(hows) / sizeof(*hows); i++) {
		fill_memory();
		plant(5 * PAGE - 11);
		file.len = 0;
		flat.len = 0;
		format_kdump(&file, memory, present, PAGES, hows[i]);
		format_flattened(&flat, &file);
		ok(audit_dump(&how, flat.bytes, flat.len) == VERDICT_FOUND &&
		   how.audit.core.format == CORE_KDUMP && found_at(&how, 5 * PAGE - 11) &&
		   how.audit.core.sound, "flattened: found: %s", said(&how, CHECK_STRUCTURE));
	}
	how.most = sizeof(memory) / 2;
	ok(audit_dump(&how, file.bytes, file.len) == VERDICT_UNVERIFIED, "too large: %s",
	   said(&how, CHECK_STRUCTURE));
	how.most = 0;
	test_flattened_hostile(&flat);
	fixture_free(&file);
	fixture_free(&flat);
}

/* Cut off anywhere, it is never clean: some lengths of each block. */
static void test_kdump_truncated(void)
{
	struct opened how = unsealed();
	u64 len, clean = 0, tried = 0;
	struct fixture file = { 0 };

	fill_memory();
	format_kdump(&file, memory, present, 12, KDUMP_ZLIB);
	for (len = 0; len < file.len; tried++) {
		clean += audit_dump(&how, file.bytes, len) == VERDICT_CLEAN;
		len += len % PAGE < 8 || file.len - len < 64 ? 1 : 509;
	}
	ok(!clean && tried > 50, "cut off at %" PRIu64 " lengths: never clean", tried);
	fixture_free(&file);
}

static void test_vmcore(void)
{
	struct opened how = unsealed();
	struct fixture file = { 0 };
	const struct core_segment *segment;

	fill_memory();
	plant(PAGE - 9);
	format_vmcore(&file, memory, PAGES);
	ok(audit_dump(&how, file.bytes, file.len) == VERDICT_FOUND && how.audit.core.physical &&
	   how.audit.core.sound && !how.audit.core.ordered &&
	   how.audit.hits_total == 1, "a machine's ELF core: %s", said(&how, CHECK_STRUCTURE));
	fill_memory();
	file.len = 0;
	format_vmcore(&file, memory, PAGES);
	ok(audit_dump(&how, file.bytes, file.len) == VERDICT_CLEAN, "and without the secret: clean");
	{
		int fd = memory_file(file.bytes, file.len);
		struct complaint why;
		struct input in;
		struct core core;
		u32 text, direct;

		if (input_open(&in, fd, true, &why) || core_open(&core, &in, &why))
			abort();
		text = core_segment_from(&core, VMCORE_TEXT + 5);
		direct = core_segment_from(&core, VMCORE_DIRECT + 0x1000005);
		segment = core_segment_of_offset(&core, PAGE + 3 * PAGE);
		ok(text < core.nr_segments && direct < core.nr_segments && direct < text &&
		   core.segments[text].offset == PAGE && core.segments[direct].offset == PAGE &&
		   segment == &core.segments[direct] && core_data_end(&core) == file.len,
		   "both addresses lead to the same bytes");
		core_close(&core);
		input_close(&in);
		close(fd);
	}
	fixture_free(&file);
}

/* As many segments as can be, each of which shows the whole file. */
static void test_overlaps(void)
{
	const u32 nr = 60000;
	struct fixture_segment *segments = calloc(nr, sizeof(*segments));
	struct opened how = unsealed();
	struct fixture fixture;
	u32 pass, i;

	fixture_init(&fixture);
	for (i = 0; i < nr; i++)
		segments[i] = (struct fixture_segment){
			.vaddr = 0x10000ULL * (i + 1),
			.filesz = 64,
		};
	fixture.segments = segments;
	fixture.nr_segments = nr;
	fixture.nr_ranges = 0;
	fixture.no_seal = true;
	fixture_build(&fixture);
	ok(audit_dump(&how, fixture.bytes, fixture.len) == VERDICT_CLEAN, "%u segments: clean", nr);
	for (pass = 0; pass < 2; pass++) {
		u64 value, shown = 0;

		for (i = 0; i < nr; i++) {
			u8 *phdr = fixture.bytes + 64 + 56 * (i + 1);

			value = htole64(0);
			memcpy(phdr + 8, &value, 8);
			value = htole64(pass);
			memcpy(phdr + 24, &value, 8);
			value = htole64(0x10000);
			memcpy(phdr + 32, &value, 8);
			memcpy(phdr + 40, &value, 8);
		}
		ok(audit_dump(&how, fixture.bytes, fixture.len) == VERDICT_UNVERIFIED,
		   "all of them show the same bytes%s: %s", pass ? ", of a machine" : "",
		   said(&how, CHECK_STRUCTURE));
		{
			int fd = memory_file(fixture.bytes, fixture.len);
			struct complaint why;
			struct input in;
			struct core core;

			if (input_open(&in, fd, true, &why) || !core_open(&core, &in, &why))
				abort();
			for (i = 0; i < core.nr_segments; i++)
				shown += core.segments[i].filesz;
			ok(shown <= fixture.len * (pass ? 1 + CORE_ALIASES_MAX : 1),
			   "which show %.1f times the file", shown / (double)fixture.len);
			core_close(&core);
			input_close(&in);
			close(fd);
		}
	}
	fixture_free(&fixture);
	free(segments);
}

/* Segments in any order, of other machines, overlapping in memory. */
static void test_disorder(void)
{
	struct fixture_segment segments[] = {
		{ .vaddr = 0x50000, .filesz = PAGE }, { .vaddr = 0x10000, .filesz = 2 * PAGE },
		{ .vaddr = 0x12000, .filesz = PAGE },
	};
	struct opened how = unsealed();
	struct fixture fixture;
	u16 machine = htole16(EM_AARCH64);

	fill_memory();
	fixture_init(&fixture);
	fixture.segments = segments;
	fixture.nr_segments = 3;
	fixture.nr_ranges = 0;
	fixture.no_seal = true;
	fixture_build(&fixture);
	memcpy(fixture.bytes + 18, &machine, 2);
	ok(audit_dump(&how, fixture.bytes, fixture.len) == VERDICT_CLEAN &&
	   how.audit.core.machine == EM_AARCH64, "segments out of order, arm64: clean");
	memcpy(fixture_at(&fixture, 0x12000) - 5, secret, SECRET_LEN);
	ok(audit_dump(&how, fixture.bytes, fixture.len) == VERDICT_FOUND &&
	   found_at(&how, 0x12000 - 5), "a secret across two of them is found");
	fixture_free(&fixture);
	segments[2].vaddr = 0x11000;
	fixture_build(&fixture);
	memcpy(fixture_at(&fixture, 0x11000), secret, SECRET_LEN);
	ok(audit_dump(&how, fixture.bytes, fixture.len) == VERDICT_FOUND &&
	   audit_unverified(&how.audit), "overlapping: found, and: %s", said(&how, CHECK_STRUCTURE));
	memset(fixture_at(&fixture, 0x11000), 0, SECRET_LEN);
	ok(audit_dump(&how, fixture.bytes, fixture.len) == VERDICT_UNVERIFIED,
	   "without the secret: not clean");
	fixture_free(&fixture);
}

/* Every length of a core that is cut off: never clean, and what is there is searched. */
static void test_truncated(void)
{
	static const struct fixture_range range = { 0x10100, 32, 0x101, KREDACT_EXACT, 1 };
	struct fixture_segment segments[] = {
		{ .vaddr = 0x10000, .filesz = 256 }, { .vaddr = 0x20000, .filesz = 640 },
	};
	struct opened sealed = { .key = NULL }, how = unsealed();
	u64 at, len, clean = 0, missed = 0;
	struct fixture fixture;
	u32 pass;

	fill_memory();
	for (pass = 0; pass < 2; pass++) {
		fixture_init(&fixture);
		fixture.is32 = pass;
		fixture.seal_flags = pass ? KREDACT_SEAL_COMPAT : 0;
		fixture.segments = segments;
		fixture.nr_segments = 2;
		fixture.ranges = &range;
		fixture.nr_ranges = 1;
		fixture_build(&fixture);
		sealed.key = fixture.key;
		ok(audit_dump(&sealed, fixture.bytes, fixture.len) == VERDICT_CLEAN, "whole: clean");
		for (len = 0; len < fixture.len; len++)
			clean += audit_dump(&sealed, fixture.bytes, len) == VERDICT_CLEAN;
		ok(!clean, "cut off at each of %" PRIu64 " lengths: never clean", fixture.len);
		/* Where no seal is expected, a core without one is whole up to its seal. */
		for (len = 0; len < fixture.core_end; len += 3)
			clean += audit_dump(&how, fixture.bytes, len) == VERDICT_CLEAN;
		ok(!clean && audit_dump(&how, fixture.bytes, fixture.core_end) == VERDICT_CLEAN,
		   "nor where no seal is expected, unless it is whole");
		at = fixture_at(&fixture, 0x10000) - fixture.bytes;
		memcpy(fixture.bytes + at + 10, secret, SECRET_LEN);
		for (len = at + 10 + SECRET_LEN; len < fixture.len; len += 11)
			missed += audit_dump(&how, fixture.bytes, len) != VERDICT_FOUND ||
				  !found_at(&how, 0x10000 + 10);
		ok(!missed, "and a secret before the cut is always found, at its address");
		fixture_free(&fixture);
	}
}

static void test_raw(void)
{
	struct opened how = unsealed();

	fill_memory();
	ok(audit_dump(&how, memory, sizeof(memory)) == VERDICT_UNVERIFIED, "nothing known: %s",
	   said(&how, CHECK_STRUCTURE));
	how.format = CORE_RAW;
	ok(audit_dump(&how, memory, sizeof(memory)) == VERDICT_CLEAN, "as raw memory: clean");
	how.secret = NULL;
	ok(audit_dump(&how, memory, sizeof(memory)) == VERDICT_UNVERIFIED,
	   "if nothing is looked for: %s", said(&how, CHECK_SEAL));
	how.secret = secret;
	plant(12345);
	ok(audit_dump(&how, memory, sizeof(memory)) == VERDICT_FOUND && found_at(&how, 12345),
	   "its offset is its address");
	ok(audit_dump(&how, memory, 0) == VERDICT_UNVERIFIED,
	   "nothing at all: %s", said(&how, CHECK_STRUCTURE));
	how.format = CORE_MINIDUMP;
	ok(audit_dump(&how, memory, sizeof(memory)) == VERDICT_FOUND &&
	   audit_unverified(&how.audit), "not what it is said to be: %s",
	   said(&how, CHECK_STRUCTURE));
	how.format = CORE_KDUMP;
	ok(audit_dump(&how, memory, sizeof(memory)) == VERDICT_FOUND &&
	   audit_unverified(&how.audit), "likewise: %s", said(&how, CHECK_STRUCTURE));
}

int main(void)
{
	test_minidump();
	test_minidump_hostile();
	test_minidump_endless();
	test_kdump();
	test_kdump_truncated();
	test_vmcore();
	test_overlaps();
	test_disorder();
	test_truncated();
	test_raw();
	return tap_end();
}
