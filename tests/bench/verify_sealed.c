// SPDX-License-Identifier: GPL-2.0
/*
 * verify_sealed FILE MIB: a sealed core in which MIB MiB were registered and are zero,
 * in a thousand ranges, and its key beside it (FILE.key).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fixture.h"
#include "run.h"

#define RANGES	1000u
#define BASE	0x10000000ULL

int main(int argc, char **argv)
{
	u64 len = argc == 3 ? strtoull(argv[2], NULL, 10) << 20 : 0, each = len / RANGES & ~4095ULL;
	struct fixture_segment segments[] = { { .vaddr = BASE, .filesz = len } };
	struct fixture_range ranges[RANGES] = { 0 };
	struct fixture fixture;
	char key[4096];
	u32 i;

	if (!each) {
		fputs("verify_sealed FILE MIB\n", stderr);
		return 2;
	}
	for (i = 0; i < RANGES; i++) {
		ranges[i].addr = BASE + i * each;
		ranges[i].len = i + 1 < RANGES ? each : len - i * each;
		ranges[i].handle = i + 1;
	}
	fixture_init(&fixture);
	fixture.segments = segments;
	fixture.nr_segments = 1;
	fixture.ranges = ranges;
	fixture.nr_ranges = RANGES;
	fixture_build(&fixture);
	write_file(argv[1], fixture.bytes, fixture.len);
	snprintf(key, sizeof(key), "%s.key", argv[1]);
	write_file(key, fixture.key, sizeof(fixture.key));
	fixture_free(&fixture);
	return 0;
}
