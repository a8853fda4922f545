// SPDX-License-Identifier: GPL-2.0
/*
 * seeds DIRECTORY: writes what the fuzzers begin with, a directory for each target, from
 * the fixtures of the unit tests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture_machine.h"
#include "run.h"

static u8 memory[8 * PAGE];
static const bool present[8] = { true, true, false, true, false, false, true, true };

static void put(const char *target, const char *name, struct fixture *fixture)
{
	char path[200];

	mkdir(target, 0777);
	snprintf(path, sizeof(path), "%s/%s", target, name);
	write_file(path, fixture->bytes, fixture->len);
}

static void make_cores(void)
{
	static struct fixture_segment segments[] = {
		{ .vaddr = 0x10000, .filesz = 256 },
		{ .vaddr = 0x20000, .filesz = 128, .memsz = 4096 },
		{ .vaddr = 0x50000, .filesz = 64 },
	};
	static const struct fixture_range ranges[] = {
		{ 0x10010, 32, 0x101, KREDACT_EXACT, 1 }, { 0x20010, 16, 0x103, KREDACT_EXACT, 2 },
	};
	static const struct fixture_copy copies[] = {
		{ 0x10080, 17, 0x101, 0 }, { 0x50000, 20, 0x103, KREDACT_COPY_REVERSED },
	};
	static const struct fixture_left_out left_out = { 0x20000, PAGE, 1 };
	struct fixture fixture;
	char name[32];
	u32 i;

	for (i = 0; i < 32; i++) {
		fixture_init(&fixture);
		fixture.segments = segments;
		fixture.nr_segments = 3;
		fixture.ranges = ranges;
		fixture.nr_ranges = 2;
		fixture.is32 = i & 1;
		fixture.seal_flags = i & 1 ? KREDACT_SEAL_COMPAT : 0;
		fixture.xnum = i & 2;
		if (i & 4)
			fixture_hunt(&fixture, copies, 2);
		fixture.unknown = i & 8;
		fixture.rules = !!(i & 8);
		fixture.left_out = &left_out;
		fixture.nr_left_out = !!(i & 16);
		fixture_build(&fixture);
		snprintf(name, sizeof(name), "core%u", i);
		put("seal", name, &fixture);
		fixture.len = fixture.core_end;
		put("elf", name, &fixture);
		fixture_free(&fixture);
		if (i & 3)
			continue;
		fixture_init(&fixture);
		fixture.ranges = ranges;
		fixture.nr_ranges = 2;
		fixture.seal_flags = KREDACT_SEAL_DAEMON;
		fixture_seal(&fixture);
		snprintf(name, sizeof(name), "beside%u", i);
		put("seal", name, &fixture);
		fixture_free(&fixture);
	}
	fixture = (struct fixture){ 0 };
	format_vmcore(&fixture, memory, 4);
	put("elf", "vmcore", &fixture);
	fixture_free(&fixture);
}

static void make_dumps(void)
{
	static const int hows[] = { KDUMP_PLAIN, KDUMP_ZLIB, KDUMP_LZO, KDUMP_SNAPPY, KDUMP_ZSTD };
	const struct piece pieces[] = {
		{ 0x7ffc00000000ULL, memory, 64 }, { 0x10000, memory + 128, 64 },
		{ 0x10020, memory + 256, 64 },
	};
	struct fixture fixture = { 0 }, flat = { 0 };
	char name[32];
	u32 i;

	for (i = 0; i < 4; i++) {
		fixture.len = 0;
		format_minidump(&fixture, pieces, 1 + i / 2 * 2, i % 2);
		snprintf(name, sizeof(name), "dump%u", i);
		put("minidump", name, &fixture);
	}
	for (i = 0; i < sizeof(hows) / sizeof(*hows); i++) {
		fixture.len = 0;
		format_kdump(&fixture, memory, present, 8, hows[i]);
		snprintf(name, sizeof(name), "dump%u", i);
		put("kdump", name, &fixture);
		snprintf(name, sizeof(name), "flat%u", i);
		flat.len = 0;
		format_flattened(&flat, &fixture);
		put("kdump", name, &flat);
	}
	fixture_free(&fixture);
	fixture_free(&flat);
}

/* A note with few frames in few pages: what is small is soon changed. */
static void make_machines(void)
{
	static struct machine_fixture made;
	char name[32];
	u32 kind;

	for (kind = 0; kind < MACHINE_KINDS; kind++) {
		machine_make(&made, kind);
		memset(made.memory, 0, NOTE_PAGE * PAGE);
		memset(made.memory + FIRST_PINNED * PAGE, 0,
		       sizeof(made.memory) - FIRST_PINNED * PAGE);
		machine_write(&made, kind);
		snprintf(name, sizeof(name), "machine%u", kind);
		put(kind ? "kdump" : "elf", name, &made.file);
	}
	fixture_free(&made.file);
}

static void pack(const char *command, const char *name)
{
	char line[300];

	snprintf(line, sizeof(line), "%s < elf/core0 > unpack/%s", command, name);
	if (system(line))
		exit(1);
}

static void make_packed(void)
{
	struct fixture gzip = { 0 }, report = { 0 };

	format_gzip(&gzip, memory, 3000);
	put("unpack", "gzip", &gzip);
	format_apport(&report, gzip.bytes, gzip.len);
	put("unpack", "apport", &report);
	format_gzip(&gzip, memory, 300);
	put("unpack", "members", &gzip);
	report.len = 0;
	fixture_put(&report, "\x51\x2a\x4d\x18\3\0\0\0abc", 11);
	format_zstd(&report, memory, 9000);
	format_zstd(&report, memory, 100);
	put("unpack", "frames", &report);
	pack("cat", "plain");
	pack("xz -c", "xz");
	pack("xz -0 --check=crc32 -c", "xz-crc32");
	pack("lz4 -q -c", "lz4");
	pack("lz4 -q -9 -BD --content-size -c", "lz4-linked");
	pack("zstd -q -c", "zstd");
	pack("zstd -q -19 --no-check -c", "zstd-19");
	fixture_free(&gzip);
	fixture_free(&report);
}

int main(int argc, char **argv)
{
	u32 i;

	if (argc != 2 || (mkdir(argv[1], 0777) && errno != EEXIST) || chdir(argv[1]))
		return 1;
	for (i = 0; i < sizeof(memory); i++)
		memory[i] = i % 3 ? i >> 4 : i * 31;
	make_cores();
	make_dumps();
	make_machines();
	make_packed();
	return 0;
}
