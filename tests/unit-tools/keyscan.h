/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scans of bytes, in this process.
 */
#ifndef KREDACT_TESTS_KEYSCAN_H
#define KREDACT_TESTS_KEYSCAN_H

#include <stdlib.h>
#include <unistd.h>

#include "fixture.h"
#include "run.h"
#include "scan/question.h"
#include "scan/scan.h"

static struct scan *scanned;	/* the last one, for those who look closer */

/* Forgets the last one. */
static inline void scan_done(void)
{
	scan_free(scanned);
	scanned = NULL;
}

/* Scans by the detectors named in @only; @questions are borrowed. Returns what the scan did. */
static inline int scan_tried(const void *bytes, u64 len, const char *only,
			     struct questions *questions, struct complaint *why)
{
	struct scan_options options = { .only = only, .questions = questions };
	int fd = memory_file(bytes, len), error;
	struct core core = { 0 };
	struct input in;
	bool has_core;

	scan_done();
	if (input_open(&in, fd, true, why))
		abort();
	has_core = !core_open(&core, &in, why);
	scanned = scan_new(&options, why);
	error = scanned ? scan_run(scanned, &in, has_core ? &core : NULL, why) : -ENOMEM;
	core_close(&core);
	input_close(&in);
	close(fd);
	return error;
}

/* Likewise; ends the test if it fails. */
static inline const struct sightings *scan_made(const void *bytes, u64 len, const char *only,
						struct questions *questions)
{
	struct complaint why = { "" };

	if (scan_tried(bytes, len, only, questions, &why)) {
		printf("Bail out! %s\n", why.text);
		exit(1);
	}
	return scan_sightings(scanned);
}

/* The sighting of a kind that begins at @offset and has @len bytes, or NULL. */
static inline const struct sighting *seen(const char *kind, u64 offset, u32 len)
{
	const struct sightings *all = scan_sightings(scanned);
	u32 i;

	for (i = 0; i < all->nr; i++)
		if (!strcmp(all->list[i].kind->word, kind) && all->list[i].offset == offset &&
		    all->list[i].len == len)
			return &all->list[i];
	return NULL;
}

static inline bool proven(const char *kind, u64 offset, u32 len)
{
	const struct sighting *sighting = seen(kind, offset, len);

	return sighting && sighting->proven;
}

/* How many of a kind there are. */
static inline u32 count_of(const char *kind)
{
	const struct sightings *all = scan_sightings(scanned);
	u32 i, nr = 0;

	for (i = 0; i < all->nr; i++)
		nr += !strcmp(all->list[i].kind->word, kind);
	return nr;
}

static inline void fill_random(u8 *to, u64 len, u64 seed)
{
	u64 at, state = seed * 0x9e3779b97f4a7c15ULL + 1;

	for (at = 0; at + 8 <= len; at += 8) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		memcpy(to + at, &state, 8);
	}
}

#endif /* KREDACT_TESTS_KEYSCAN_H */
