/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scans of a few bytes at all kinds of places of a file, and what must be seen.
 */
#ifndef KREDACT_TESTS_SCANNED_H
#define KREDACT_TESTS_SCANNED_H

#include <stdlib.h>
#include <unistd.h>

#include "mapped.h"
#include "run.h"
#include "scan/scan.h"

#define SCANNED_WINDOW	(1u << 20)	/* a multiple of what the engine looks at at once */
#define SCANNED_ROOM	(2 * SCANNED_WINDOW)
#define SCANNED_FILL	0xa5

/* What the last scan saw. */
static struct sighting scanned[16];
static u64 scanned_nr, scanned_keys, scanned_notes;

static u8 scanned_bytes[SCANNED_ROOM];

/* Scans by the detectors named in @only, or by all. Returns what the scan did. */
static inline int scan_tried(const void *bytes, size_t len, const char *only,
			     const struct core *core, struct complaint *why)
{
	struct scan_options options = { .only = only };
	struct scan *scan = scan_new(&options, why);
	int fd = memory_file(bytes, len), error;
	const struct sightings *all;
	struct input in;

	if (!scan || input_open(&in, fd, true, why))
		abort();
	error = scan_run(scan, &in, core, why);
	all = scan_sightings(scan);
	scanned_keys = all->keys;
	scanned_notes = all->notes;
	for (scanned_nr = 0; scanned_nr < all->nr && scanned_nr < 16; scanned_nr++)
		scanned[scanned_nr] = all->list[scanned_nr];
	input_close(&in);
	close(fd);
	scan_free(scan);
	return error;
}

/* Likewise; ends the test if it fails. */
static inline void scan_these(const void *bytes, size_t len, const char *only,
			      const struct core *core)
{
	struct complaint why;

	if (scan_tried(bytes, len, only, core, &why)) {
		fprintf(stderr, "%s\n", why.text);
		exit(1);
	}
}

/**
 * struct seen - what must be seen
 * @word:	kind; NULL: nothing
 * @first:	index of its first byte
 * @len:	its bytes
 * @proven:	by arithmetic or a checksum
 */
struct seen {
	const char *word;
	u32 first;
	u32 len;
	bool proven;
};

/* That, at that offset, and nothing else? */
static inline bool scanned_is(const struct seen *seen, u64 offset)
{
	if (!seen->word)
		return !scanned_nr;
	if (scanned_nr == 1 && !strcmp(scanned[0].kind->word, seen->word) &&
	    scanned[0].offset == offset + seen->first && scanned[0].len == seen->len &&
	    scanned[0].proven == seen->proven)
		return true;
	printf("# %u seen, the first: %s at %u, %u bytes, %s, %s\n", (u32)scanned_nr,
	       scanned_nr ? scanned[0].kind->word : "none",
	       scanned_nr ? (u32)(scanned[0].offset - offset) : 0,
	       scanned_nr ? scanned[0].len : 0,
	       scanned_nr && scanned[0].proven ? "proven" : "not proven",
	       scanned_nr ? scanned[0].detail : "");
	return false;
}

static inline bool seen_at(const void *piece, u32 len, const char *only, const struct seen *seen,
			   u64 offset, u64 total)
{
	memset(scanned_bytes, SCANNED_FILL, total);
	memcpy(scanned_bytes + offset, piece, len);
	scan_these(scanned_bytes, total, only, NULL);
	return scanned_is(seen, offset);
}

/* Two segments, neighbours in memory, with something between them in the file. */
static inline bool seen_across(const void *piece, u32 len, const char *only,
			       const struct seen *seen, u32 before)
{
	struct core_segment segments[] = {
		{ 0x10000, 0x20000, 0x1000, 0x20000 }, { 0x30000, 0x20000, 0x40000, 0x20000 },
	};
	struct core core;
	u32 i, nr = 0;

	core_map(&core, segments, 2, 0x60000);
	memset(scanned_bytes, SCANNED_FILL, 0x60000);
	memcpy(scanned_bytes + 0x21000 - before, piece, before);
	memcpy(scanned_bytes + 0x40000, (const u8 *)piece + before, len - before);
	scan_these(scanned_bytes, 0x60000, only, &core);
	core_close(&core);
	/* The halves may look like something, too: what is seen of them does not count. */
	scanned_keys = 0;
	for (i = 0; i < scanned_nr; i++) {
		if (!scanned[i].joined)
			continue;
		scanned_keys += scanned[i].kind->weight == WEIGHT_KEY;
		scanned[0] = scanned[i];
		nr++;
	}
	scanned_nr = nr;
	return scanned_is(seen, 0x21000 - before) && scanned[0].mapped &&
	       scanned[0].vaddr == 0x30000 - before + seen->first;
}

/* At the beginning and the end of a file, across windows, and across a seam. */
static inline bool seen_everywhere(const void *piece, u32 len, const char *only,
				   const struct seen *seen)
{
	const u64 window = SCANNED_WINDOW;
	const u64 places[] = { 0, 1, window - 1, window - 3, window - len / 2, window - len + 1,
			       window - len, window, window - seen->first - 1 };
	u32 i;

	for (i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (!seen_at(piece, len, only, seen, places[i], places[i] + len + 70000)) {
			printf("# at %#lx\n", (long)places[i]);
			return false;
		}
	if (!seen_at(piece, len, only, seen, 777, 777 + len)) {
		puts("# at the end");
		return false;
	}
	return seen_across(piece, len, only, seen, seen->first + seen->len / 2) &&
	       seen_across(piece, len, only, seen, seen->first + 1);
}

static inline bool nothing(const void *piece, u32 len, const char *only)
{
	static const struct seen none;

	return seen_at(piece, len, only, &none, 100, 1000 + len);
}

/* UTF-16 of either order; returns its length. */
static inline u32 widened(const char *text, u32 len, bool big, u8 *to)
{
	u32 i;

	for (i = 0; i < len; i++) {
		to[2 * i + !big] = 0;
		to[2 * i + big] = text[i];
	}
	return 2 * len;
}

/* As text of one byte a letter, and of UTF-16 of both orders; at one place, or everywhere. */
static inline bool text_is_seen(const char *text, u32 len, const char *only,
				const struct seen *seen, bool everywhere)
{
	static u8 wide[200000];
	struct seen twice = *seen;
	u32 big, nr;

	if (!(everywhere ? seen_everywhere(text, len, only, seen) :
			   seen_at(text, len, only, seen, 77, 1000 + len)))
		return false;
	for (big = 0; big < 2; big++) {
		twice.first = 2 * seen->first + big;
		twice.len = 2 * seen->len - 1;
		nr = widened(text, len, big, wide);
		if (!(everywhere ? seen_everywhere(wide, nr, only, &twice) :
				   seen_at(wide, nr, only, &twice, 77, 1000 + nr))) {
			printf("# UTF-16, %s endian\n", big ? "big" : "little");
			return false;
		}
	}
	return true;
}

static inline bool text_everywhere(const char *text, u32 len, const char *only,
				   const struct seen *seen)
{
	return text_is_seen(text, len, only, seen, true);
}

static inline bool text_seen(const char *text, u32 len, const char *only, const struct seen *seen)
{
	return text_is_seen(text, len, only, seen, false);
}

#endif /* KREDACT_TESTS_SCANNED_H */
