// SPDX-License-Identifier: GPL-2.0
/*
 * The scan for key material by its structure: see scan.h.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "detectors.h"
#include "effort.h"
#include "lengths.h"
#include "memory.h"
#include "needle.h"
#include "question.h"
#include "reader.h"
#include "sweep.h"
#include "wide.h"

#define DETECTORS	64u

/**
 * struct scan - see scan.h
 * @key:	of the digests
 * @use:	detectors of this scan
 * @states:	theirs
 * @nr:		how many
 * @lengths:	numbers of those that want to be told of lengths
 * @nr_lengths:	how many
 * @needles:	literals of them all
 * @has_needles: there are some
 * @questions:	public keys
 * @own_questions: the scan releases them
 * @in:		while it runs: the file
 * @reader:	reads it at random
 * @core:	its segments, or NULL
 * @phases:	bits in which addresses in @core are not as places in the file
 * @sweep:	its threads
 * @skipped:	there is base64 that was not looked at: see base64_hit()
 * @settled:	all windows were looked at, and @coded is in @sightings, but for parts of others
 * @lock:	guards @sightings and @coded
 * @sightings:	what was reported
 * @coded:	likewise, of base64: what turns out to be a part of another one is dropped
 */
struct scan {
	u8 key[SCAN_KEY_LEN];
	const struct detector *use[DETECTORS];
	void *states[DETECTORS];
	u32 nr;
	u32 lengths[DETECTORS];
	u32 nr_lengths;
	struct needles *needles;
	bool has_needles;
	struct questions *questions;
	bool own_questions;
	struct input *in;
	struct reader reader;
	const struct core *core;
	u64 phases;
	struct sweep *sweep;
	bool skipped;
	bool settled;
	pthread_mutex_t lock;
	struct sightings sightings;
	struct sightings coded;
};

/* Makes the key of the digests; OpenSSL then has loaded what HMAC needs. */
static int make_key(struct scan *scan, const struct scan_options *options, struct complaint *why)
{
	static const u8 use[] = "kredact: digests of what a scan saw";
	u8 random[SCAN_KEY_LEN];
	bool done;

	done = RAND_bytes(random, sizeof(random)) == 1 &&
	       HMAC(EVP_sha256(), options->key_len ? options->key : random,
		    options->key_len ? (int)options->key_len : (int)sizeof(random), use,
		    sizeof(use), scan->key, NULL);
	OPENSSL_cleanse(random, sizeof(random));
	return done ? 0 : complain(why, -EINVAL, "OpenSSL cannot compute HMAC-SHA-256");
}

/**
 * scan_new() - make a scan ready
 * @options:	what is wanted
 * @why:	text of an error
 *
 * To be called before the sandbox closes.
 *
 * Return: to be released by scan_free(), or NULL: no memory, an unknown detector, or
 * OpenSSL failed.
 */
struct scan *scan_new(const struct scan_options *options, struct complaint *why)
{
	struct scan *scan = calloc(1, sizeof(*scan));
	u32 i;

	complaint_set(why, "out of memory");
	if (!scan)
		return NULL;
	pthread_mutex_init(&scan->lock, NULL);
	reader_init(&scan->reader);
	scan->sweep = sweep_new(options->threads);
	scan->needles = needles_new();
	scan->own_questions = !options->questions;
	scan->questions = scan->own_questions ? questions_new() : options->questions;
	if (!scan->sweep || !scan->needles || !scan->questions ||
	    sightings_init(&scan->sightings) || sightings_init(&scan->coded) ||
	    detectors_known(options->only, why) || make_key(scan, options, why))
		goto fail;
	for (i = 0; detectors[i]; i++) {
		if (!detector_wanted(options->only, detectors[i]->name))
			continue;
		scan->use[scan->nr] = detectors[i];
		if (detectors[i]->open) {
			scan->states[scan->nr] = detectors[i]->open(scan, why);
			if (!scan->states[scan->nr])
				goto fail;
		}
		scan->has_needles |= !!detectors[i]->needles;
		if (detectors[i]->length)
			scan->lengths[scan->nr_lengths++] = scan->nr;
		scan->nr++;
		if (needles_add(scan->needles, detectors[i]->needles, scan->states[scan->nr - 1],
				why))
			goto fail;
	}
	needles_prepare(scan->needles);
	return scan;

fail:
	scan_free(scan);
	return NULL;
}

/**
 * scan_free() - release a scan
 * @scan:	from scan_new(), or NULL
 */
void scan_free(struct scan *scan)
{
	if (!scan)
		return;
	sweep_free(scan->sweep);
	while (scan->nr--)
		if (scan->use[scan->nr]->close)
			scan->use[scan->nr]->close(scan->states[scan->nr]);
	needles_free(scan->needles);
	if (scan->own_questions)
		questions_free(scan->questions);
	sightings_free(&scan->sightings);
	sightings_free(&scan->coded);
	reader_close(&scan->reader);
	pthread_mutex_destroy(&scan->lock);
	OPENSSL_cleanse(scan->key, sizeof(scan->key));
	free(scan);
}

/**
 * scan_start() - make the threads of a scan
 * @scan:	from scan_new()
 *
 * scan_run() does it; for a sandbox that has no threads it is called before that
 * closes, which then has to hold for all threads.
 */
void scan_start(struct scan *scan)
{
	sweep_start(scan->sweep);
}

static void tell_length(void *arg, const struct window *window, u64 at, u64 len)
{
	struct scan *scan = arg;
	u32 i, nr;

	for (i = 0; i < scan->nr_lengths; i++) {
		nr = scan->lengths[i];
		scan->use[nr]->length(scan, scan->states[nr], window, at, len);
	}
}

static void look(void *arg, const struct window *window)
{
	struct scan *scan = arg;
	u32 i;

	if (scan->has_needles) {
		needles_look(scan->needles, scan, window);
		wide_look(scan->needles, scan, window);
	}
	if (scan->nr_lengths)
		lengths_look(scan, window, tell_length, scan);
	for (i = 0; i < scan->nr; i++)
		if (scan->use[i]->look)
			scan->use[i]->look(scan, scan->states[i], window);
}

/* What was seen in base64 counts if it is no part of what was seen otherwise. */
static int settle(struct scan *scan, struct complaint *why)
{
	struct sightings *coded = &scan->coded;
	u32 i;

	sightings_sort(&scan->sightings);
	sightings_sort(coded);
	for (i = 0; i < coded->nr; i++)
		if (!sightings_cover(&scan->sightings, coded->list[i].offset, coded->list[i].len))
			sightings_add(&scan->sightings, &coded->list[i]);
	scan->settled = true;
	if (!scan->skipped && !coded->lost)
		return 0;
	return complain(why, -E2BIG, "there is more base64 like that of keys than can be decoded");
}

/* All was tried, and who has proven that a private half is there has said where. */
static int judged(struct scan *scan, struct complaint *why)
{
	u32 i;

	/* What OpenSSL could not compute then is not known to be no key. */
	if (memory_was_lost())
		return complain(why, -ENOMEM, "out of memory");
	if (effort_spent())
		return complain(why, -E2BIG,
				"there is more that looks like keys than can be tried");
	if (questions_lost(scan->questions))
		return complain(why, -E2BIG, "there are more public keys than can be kept");
	for (i = 0; i < questions_nr(scan->questions); i++) {
		const struct question *question = questions_get(scan->questions, i);

		if (question->nr_parts && !question->places)
			return complain(why, -EBADMSG,
					"the private half of the %s is there, in a form that is not found",
					question->text);
	}
	return 0;
}

/**
 * scan_run() - scan a file
 * @scan:	from scan_new(), once
 * @in:		the file: every byte of it, whatever the headers of a core say
 * @core:	its segments, or NULL
 * @why:	text of an error
 *
 * After an error what was seen until then is there.
 *
 * Return: 0, -EBADMSG, -EIO (also when the file became shorter), -ENOMEM, -E2BIG: there was
 * more than can be tried.
 */
int scan_run(struct scan *scan, struct input *in, const struct core *core, struct complaint *why)
{
	struct complaint other;
	int error, failed;
	u32 i;

	scan->in = in;
	scan->core = core;
	for (i = 0; core && i < core->nr_segments; i++)
		scan->phases |= core->segments[i].vaddr - core->segments[i].offset;
	effort_begin(in->size);
	error = sweep_run(scan->sweep, in, core, look, scan, why);
	failed = settle(scan, error ? &other : why);
	error = error ? error : failed;
	/* What was gathered is resolved even if the file ended too soon. */
	for (i = 0; i < scan->nr; i++) {
		if (!scan->use[i]->resolve)
			continue;
		failed = scan->use[i]->resolve(scan, scan->states[i], error ? &other : why);
		error = error ? error : failed;
	}
	failed = judged(scan, error ? &other : why);
	error = error ? error : failed;
	sightings_sort(&scan->sightings);
	return error;
}

/**
 * scan_sightings() - what was seen
 * @scan:	after scan_run()
 *
 * Return: it, sorted; lives as long as @scan.
 */
const struct sightings *scan_sightings(const struct scan *scan)
{
	return &scan->sightings;
}

static void add(struct scan *scan, struct sighting *sighting, const void *bytes, u32 len,
		const char *form, const char *format, va_list args)
{
	struct sightings *all = *form && !scan->settled ? &scan->coded : &scan->sightings;
	u8 digest[EVP_MAX_MD_SIZE] = { 0 };
	size_t said;

	vsnprintf(sighting->detail, sizeof(sighting->detail), format, args);
	said = strlen(sighting->detail);
	snprintf(sighting->detail + said, sizeof(sighting->detail) - said, "%s", form);
	HMAC(EVP_sha256(), scan->key, sizeof(scan->key), bytes, len, digest, NULL);
	memcpy(sighting->digest, digest, sizeof(sighting->digest));
	pthread_mutex_lock(&scan->lock);
	if (!*form || !scan->settled ||
	    !sightings_cover(all, sighting->offset, sighting->len))
		sightings_add(all, sighting);
	pthread_mutex_unlock(&scan->lock);
}

static void report(struct scan *scan, const struct extent *extent, const void *bytes, u32 len,
		   const struct kind *kind, bool proven, const char *format, va_list args)
{
	struct sighting sighting = {
		.kind = kind,
		.proven = proven,
		.joined = extent->joined,
		.offset = extent->offset,
		.len = extent->len,
	};

	sighting.mapped = scan_vaddr(scan, sighting.offset, &sighting.vaddr);
	add(scan, &sighting, bytes, len, extent->form, format, args);
}

/**
 * scan_report() - report key material in a window
 * @scan:	the scan
 * @window:	where it was seen
 * @at:		index of its first byte
 * @len:	bytes of it, all in the window
 * @kind:	what it is
 * @proven:	arithmetically
 * @format:	of a few words more, never secret
 *
 * For any thread. What lies on one side of a seam is told in another window, too, unless
 * what makes it known lies on the other side: of two alike one stays, see sightings_sort().
 */
void scan_report(struct scan *scan, const struct window *window, u64 at, u32 len,
		 const struct kind *kind, bool proven, const char *format, ...)
{
	struct extent extent;
	va_list args;

	window_extent(window, at, len, &extent);
	va_start(args, format);
	report(scan, &extent, window->bytes + at, len, kind, proven, format, args);
	va_end(args);
}

/**
 * scan_report_extent() - report key material that was seen before
 * @scan:	the scan
 * @extent:	where
 * @bytes:	what it is, or says
 * @len:	how many
 * @kind:	what it is
 * @proven:	arithmetically
 * @format:	of a few words more, never secret
 *
 * For any thread.
 */
void scan_report_extent(struct scan *scan, const struct extent *extent, const void *bytes,
			u32 len, const struct kind *kind, bool proven, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(scan, extent, bytes, len, kind, proven, format, args);
	va_end(args);
}

/**
 * scan_report_memory() - report key material by its address
 * @scan:	the scan, in its resolve phase
 * @vaddr:	first byte, read by scan_memory()
 * @bytes:	its @len bytes
 * @len:	how many
 * @kind:	what it is
 * @proven:	arithmetically
 * @format:	of a few words more, never secret
 */
void scan_report_memory(struct scan *scan, u64 vaddr, const void *bytes, u32 len,
			const struct kind *kind, bool proven, const char *format, ...)
{
	struct sighting sighting = { .kind = kind, .proven = proven, .len = len, .vaddr = vaddr };
	u64 last;
	va_list args;

	sighting.mapped = scan_offset(scan, vaddr, &sighting.offset);
	if (!sighting.mapped)
		return;
	sighting.joined = !scan_offset(scan, vaddr + len - 1, &last) ||
			  last - sighting.offset != len - 1;
	va_start(args, format);
	add(scan, &sighting, bytes, len, "", format, args);
	va_end(args);
}

/**
 * scan_bytes() - read the file at random
 * @scan:	while it runs
 * @offset:	first byte
 * @to:		takes @len bytes
 * @len:	how many
 *
 * For any thread.
 *
 * Return: true if the file has them all.
 */
bool scan_bytes(struct scan *scan, u64 offset, void *to, u64 len)
{
	return reader_copy(&scan->reader, scan->in, offset, to, len);
}

/**
 * scan_memory() - read the memory of the process at random
 * @scan:	while it runs
 * @vaddr:	first address
 * @to:		takes @len bytes
 * @len:	how many
 *
 * For any thread.
 *
 * Return: true if the dump has them all.
 */
bool scan_memory(struct scan *scan, u64 vaddr, void *to, u64 len)
{
	const struct core *core = scan->core;
	u8 *bytes = to;
	u64 part;
	u32 i;

	if (!core)
		return false;
	for (i = core_segment_from(core, vaddr); len; i++) {
		const struct core_segment *segment = &core->segments[i];

		if (i == core->nr_segments || vaddr < segment->vaddr ||
		    vaddr - segment->vaddr >= segment->filesz)
			return false;
		part = min(len, segment->filesz - (vaddr - segment->vaddr));
		if (!scan_bytes(scan, segment->offset + (vaddr - segment->vaddr), bytes, part))
			return false;
		vaddr += part;
		bytes += part;
		len -= part;
	}
	return true;
}

/**
 * scan_questions() - public keys that were given, or found so far
 * @scan:	the scan
 *
 * Return: they; live as long as @scan.
 */
struct questions *scan_questions(const struct scan *scan)
{
	return scan->questions;
}

/* What addresses are more than places in the file, modulo @alignment, and up to where. */
static u64 phase(const struct scan *scan, u64 place, u32 alignment, u64 *end)
{
	const struct core_segment *segment;

	segment = scan->phases & (alignment - 1) ? core_segment_beyond(scan->core, place) : NULL;
	if (!segment || segment->offset > place) {
		*end = segment ? segment->offset : ~0ULL;
		return 0;
	}
	*end = segment->offset + segment->filesz;
	return (segment->vaddr - segment->offset) & (alignment - 1);
}

/**
 * scan_aligned() - the first candidate of a window whose address is aligned
 * @scan:	while it runs
 * @window:	a window, not of what base64 says
 * @at:		index of the first byte that may be one
 * @alignment:	a power of two
 * @end:	takes up to where others follow it in steps of @alignment: there memory begins
 *		that is aligned otherwise, or the window ends
 *
 * Segments begin at pages of memory, or anywhere in a minidump, and anywhere in the file.
 *
 * Return: its index; what is in no segment is aligned in the file.
 */
u64 scan_aligned(const struct scan *scan, const struct window *window, u64 at, u32 alignment,
		 u64 *end)
{
	u64 place, here, until, next, len;

	len = (window_place(window, at, &place) || !window->seam ? window->len : window->seam) - at;
	here = phase(scan, place, alignment, &until);
	while (until - place < len && phase(scan, until, alignment, &next) == here)
		until = next;
	*end = at + min(until - place, len);
	return at + (-(place + here) & (alignment - 1));
}

/**
 * scan_is_partial() - were only some detectors wanted?
 * @scan:	the scan
 *
 * Return: true if so.
 */
bool scan_is_partial(const struct scan *scan)
{
	return detectors[scan->nr];
}

/**
 * scan_reported() - was this reported already, as a part of something longer or as it is?
 * @scan:	the scan, in its resolve phase
 * @question:	of whose private half it is a part
 * @offset:	first byte in the file
 * @len:	how many
 *
 * A place that was reported counts for @question if there is no other, as for a key in PEM.
 *
 * Return: as sightings_cover().
 */
bool scan_reported(struct scan *scan, struct question *question, u64 offset, u32 len)
{
	if (!sightings_cover(&scan->sightings, offset, len))
		return false;
	if (!question->places)
		question_seen(question);
	return true;
}

/**
 * scan_skipped() - there was something that was not looked at
 * @scan:	the scan
 *
 * For any thread. The scan fails at its end.
 */
void scan_skipped(struct scan *scan)
{
	__atomic_store_n(&scan->skipped, true, __ATOMIC_RELAXED);
}

/**
 * scan_search() - search the whole file for given bytes, once more
 * @scan:	the scan, in its resolve phase
 * @search:	prepared
 * @hit:	is called for each hit
 * @arg:	first argument of @hit
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG or -EIO.
 */
int scan_search(struct scan *scan, struct search *search, search_hit_fn hit, void *arg,
		struct complaint *why)
{
	return search_run(search, scan->in, scan->core, hit, arg, why);
}

/**
 * scan_vaddr() - the address of a byte of the file
 * @scan:	while it runs
 * @offset:	in the file
 * @vaddr:	takes it
 *
 * Return: false if no segment has the byte.
 */
bool scan_vaddr(const struct scan *scan, u64 offset, u64 *vaddr)
{
	const struct core_segment *segment;

	segment = scan->core ? core_segment_of_offset(scan->core, offset) : NULL;
	if (segment)
		*vaddr = segment->vaddr + (offset - segment->offset);
	return segment;
}

/**
 * scan_offset() - the place in the file of an address
 * @scan:	while it runs
 * @vaddr:	the address
 * @offset:	takes the place
 *
 * Return: false if it was not dumped.
 */
bool scan_offset(const struct scan *scan, u64 vaddr, u64 *offset)
{
	const struct core *core = scan->core;
	u32 i = core ? core_segment_from(core, vaddr) : 0;

	if (!core || i == core->nr_segments || vaddr < core->segments[i].vaddr ||
	    vaddr - core->segments[i].vaddr >= core->segments[i].filesz)
		return false;
	*offset = core->segments[i].offset + (vaddr - core->segments[i].vaddr);
	return true;
}

/**
 * scan_span() - between which addresses all is that was dumped
 * @scan:	while it runs
 * @first:	takes the lowest one
 * @end:	takes the end of the last segment; @first if there is none
 */
void scan_span(const struct scan *scan, u64 *first, u64 *end)
{
	const struct core *core = scan->core;
	const struct core_segment *last;

	*first = *end = 0;
	if (!core || !core->nr_segments)
		return;
	last = &core->segments[core->nr_segments - 1];
	*first = core->segments->vaddr;
	*end = last->vaddr + last->filesz;
}
