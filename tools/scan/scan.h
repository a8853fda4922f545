/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scan for key material that nobody registered, by its structure.
 *
 * The file is looked at once, in windows, by every detector; then each detector
 * may resolve what it gathered: follow pointers through the segments, and prove.
 * A detector reports only what is confirmed by arithmetic or by a structure that
 * chance does not make; entropy alone is never a sighting.
 */
#ifndef KREDACT_TOOLS_SCAN_H
#define KREDACT_TOOLS_SCAN_H

#include "core.h"
#include "search.h"
#include "sighting.h"

/* Bytes that a window has around its candidates, where the file has them. */
#define SCAN_BEFORE	4096u
#define SCAN_AFTER	65536u
/* How far behind a seam something may be that says what lies before it. */
#define SCAN_BEHIND	16384u
#define SCAN_KEY_LEN	32u
#define SCAN_THREADS	16u	/* at most */

struct letters;

/**
 * struct window - a part of the file
 * @bytes:	the bytes
 * @len:	how many
 * @begin:	index of the first byte at which a candidate may begin
 * @end:	index after the last one; what is around them is for context
 * @offset:	of @bytes[0] in the file
 * @seam:	0, or the index from which on the bytes come from @seam_offset, since two
 *		segments that are neighbours in memory are not so in the file; what lies
 *		on one side of it may be reported, too, as from any other window
 * @seam_offset: of @bytes[@seam] in the file
 * @wide:	text of UTF-16: each byte is a letter, and stands for two bytes of the file
 * @text:	NULL, or @bytes are what its letters say in base64, from @first on
 * @first:	index of a letter of @text
 *
 * At least SCAN_BEFORE bytes are before @begin and SCAN_AFTER after @end, unless the
 * file begins or ends there, or the memory around a seam does. A window never begins a
 * structure twice: each byte of the file is a candidate in one window that has no seam, or
 * in none: of a long run of zeros only the last SCAN_BEFORE bytes or so are candidates.
 */
struct window {
	const u8 *bytes;
	u64 len;
	u64 begin;
	u64 end;
	u64 offset;
	u64 seam;
	u64 seam_offset;
	bool wide;
	const struct letters *text;
	s64 first;
};

/**
 * struct extent - a place in the file
 * @offset:	first byte
 * @len:	how many; of text there are more than what it says has
 * @joined:	it goes on in a segment that is elsewhere in the file
 * @form:	words to add to the detail of a sighting, or ""
 */
struct extent {
	u64 offset;
	u32 len;
	bool joined;
	const char *form;
};

struct scan;
struct needle;
struct question;
struct questions;

/**
 * struct detector - finds one family of keys; one static object each
 * @name:	one word, for --detect and tests
 * @open:	makes the state of one scan; NULL: none is needed. Before the sandbox:
 *		what libraries load behind our back is to be loaded here
 * @needles:	literals that it wants to be told of, see needle.h; NULL: none
 * @look:	looks at a window; called by several threads at once, in any order, with
 *		half a MiB of stack at most. NULL: the needles are all
 * @length:	is told of words that may be the length of a key, see lengths.h; called
 *		like @look. NULL: not of interest
 * @resolve:	called once when all windows were looked at, by one thread; NULL: nothing
 *		to do. May read the dump at random: scan_memory(), scan_bytes()
 * @close:	releases the state, and erases secrets in it
 */
struct detector {
	const char *name;
	void *(*open)(struct scan *scan, struct complaint *why);
	const struct needle *needles;
	void (*look)(struct scan *scan, void *state, const struct window *window);
	void (*length)(struct scan *scan, void *state, const struct window *window, u64 at,
		       u64 len);
	int (*resolve)(struct scan *scan, void *state, struct complaint *why);
	void (*close)(void *state);
};

/* All detectors; a NULL ends them. */
extern const struct detector *const detectors[];

/**
 * struct scan_options - what is wanted
 * @only:	names of detectors, separated by commas; NULL: all
 * @key:	of the digests: the auditor's, so that they can be compared between dumps
 * @key_len:	its bytes; 0: a random key of this run
 * @threads:	that look; 0: one for each processor
 * @questions:	public keys whose private halves are searched for, to which those of the
 *		dump are added; borrowed. NULL: the scan has its own
 */
struct scan_options {
	const char *only;
	const u8 *key;
	size_t key_len;
	u32 threads;
	struct questions *questions;
};

struct scan *scan_new(const struct scan_options *options, struct complaint *why);
void scan_free(struct scan *scan);
void scan_start(struct scan *scan);
int scan_run(struct scan *scan, struct input *in, const struct core *core, struct complaint *why);
const struct sightings *scan_sightings(const struct scan *scan);

/* For detectors. */
void scan_report(struct scan *scan, const struct window *window, u64 at, u32 len,
		 const struct kind *kind, bool proven, const char *format, ...)
	__attribute__((format(printf, 7, 8)));
void scan_report_extent(struct scan *scan, const struct extent *extent, const void *bytes,
			u32 len, const struct kind *kind, bool proven, const char *format, ...)
	__attribute__((format(printf, 7, 8)));
void scan_report_memory(struct scan *scan, u64 vaddr, const void *bytes, u32 len,
			const struct kind *kind, bool proven, const char *format, ...)
	__attribute__((format(printf, 7, 8)));
bool scan_memory(struct scan *scan, u64 vaddr, void *to, u64 len);
bool scan_bytes(struct scan *scan, u64 offset, void *to, u64 len);
bool scan_vaddr(const struct scan *scan, u64 offset, u64 *vaddr);
bool scan_offset(const struct scan *scan, u64 vaddr, u64 *offset);
void scan_span(const struct scan *scan, u64 *first, u64 *end);
struct questions *scan_questions(const struct scan *scan);
u64 scan_aligned(const struct scan *scan, const struct window *window, u64 at, u32 alignment,
		 u64 *end);
bool scan_is_partial(const struct scan *scan);
bool scan_reported(struct scan *scan, struct question *question, u64 offset, u32 len);
void scan_skipped(struct scan *scan);
int scan_search(struct scan *scan, struct search *search, search_hit_fn hit, void *arg,
		struct complaint *why);
bool window_place(const struct window *window, u64 at, u64 *offset);
bool window_crosses(const struct window *window, u64 at, u64 len);
void window_extent(const struct window *window, u64 at, u32 len, struct extent *extent);

#endif /* KREDACT_TOOLS_SCAN_H */
