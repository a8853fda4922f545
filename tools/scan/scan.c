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

#include "scan.h"

#define CHUNK		(1u << 20)
#define DETECTORS	64u

/**
 * struct scan - see scan.h
 * @key:	of the digests
 * @use:	detectors of this scan
 * @states:	theirs
 * @nr:		how many
 * @in:		while it runs: the file, for reading at random
 * @core:	its segments, or NULL
 * @buffer:	a window's bytes
 * @lock:	guards @sightings and @in
 * @sightings:	what was reported
 */
struct scan {
	u8 key[SCAN_KEY_LEN];
	const struct detector *use[DETECTORS];
	void *states[DETECTORS];
	u32 nr;
	struct input *in;
	const struct core *core;
	u8 *buffer;
	pthread_mutex_t lock;
	struct sightings sightings;
};

static bool wanted(const char *only, const char *name)
{
	size_t len = strlen(name);
	const char *at = only;

	for (; at; at = strchr(at, ',')) {
		at += at != only;
		if (!strncmp(at, name, len) && (!at[len] || at[len] == ','))
			return true;
	}
	return !only;
}

static int known(const char *only, struct complaint *why)
{
	size_t len;
	u32 i;

	for (; only && *only; only += len + !!only[len]) {
		len = strcspn(only, ",");
		for (i = 0; detectors[i]; i++)
			if (strlen(detectors[i]->name) == len &&
			    !strncmp(detectors[i]->name, only, len))
				break;
		if (!detectors[i])
			return complain(why, -EINVAL, "no detector is called %.*s", (int)len, only);
	}
	return 0;
}

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
	scan->buffer = malloc(SCAN_BEFORE + CHUNK + SCAN_AFTER);
	if (!scan->buffer || sightings_init(&scan->sightings) || known(options->only, why) ||
	    make_key(scan, options, why))
		goto fail;
	for (i = 0; detectors[i]; i++) {
		if (!wanted(options->only, detectors[i]->name))
			continue;
		scan->use[scan->nr] = detectors[i];
		if (detectors[i]->open) {
			scan->states[scan->nr] = detectors[i]->open(scan, why);
			if (!scan->states[scan->nr])
				goto fail;
		}
		scan->nr++;
	}
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
	while (scan->nr--)
		if (scan->use[scan->nr]->close)
			scan->use[scan->nr]->close(scan->states[scan->nr]);
	if (scan->buffer)
		OPENSSL_cleanse(scan->buffer, SCAN_BEFORE + CHUNK + SCAN_AFTER);
	free(scan->buffer);
	sightings_free(&scan->sightings);
	pthread_mutex_destroy(&scan->lock);
	OPENSSL_cleanse(scan->key, sizeof(scan->key));
	free(scan);
}

static void look(struct scan *scan, const struct window *window)
{
	u32 i;

	for (i = 0; i < scan->nr; i++)
		scan->use[i]->look(scan, scan->states[i], window);
}

/* Reads what the file has, with zeros for holes. */
static int read_bytes(struct input *in, u64 offset, u8 *to, u64 len, struct complaint *why)
{
	u64 part;
	int error;

	for (; len; offset += part, to += part, len -= part) {
		bool hole = input_is_hole(in, offset, &part);

		part = min(part, len);
		if (hole) {
			memset(to, 0, part);
			continue;
		}
		error = input_read(in, offset, to, part, why);
		if (error)
			return error;
	}
	return 0;
}

static int look_at_file(struct scan *scan, struct complaint *why)
{
	struct window window = { .bytes = scan->buffer };
	u64 size = scan->in->size, at, next, hole, last;
	int error;

	for (at = 0; at < size; at = next) {
		next = min(at + CHUNK, size);
		if (input_is_hole(scan->in, at, &hole)) {
			next = at + hole;
			continue;
		}
		window.offset = at - min(at, (u64)SCAN_BEFORE);
		last = min(next + SCAN_AFTER, size);
		window.len = last - window.offset;
		window.begin = at - window.offset;
		window.end = next - window.offset;
		error = read_bytes(scan->in, window.offset, scan->buffer, window.len, why);
		if (error)
			return error;
		look(scan, &window);
	}
	return 0;
}

/* Neighbours in memory that are not neighbours in the file: see search.c. */
static int look_at_seams(struct scan *scan, struct complaint *why)
{
	const struct core *core = scan->core;
	struct window window = { .bytes = scan->buffer };
	u64 before, after;
	int error;
	u32 i;

	for (i = 0; core && i + 1 < core->nr_segments; i++) {
		const struct core_segment *left = &core->segments[i], *right = left + 1;

		if (left->filesz != left->memsz || right->vaddr - left->vaddr != left->memsz ||
		    right->offset - left->offset == left->filesz)
			continue;
		before = min(left->filesz, (u64)SCAN_AFTER);
		after = min(right->filesz, (u64)SCAN_AFTER);
		if (!before || !after)
			continue;
		window.offset = left->offset + left->filesz - before;
		window.seam = before;
		window.seam_offset = right->offset;
		window.len = before + after;
		window.end = before;
		error = read_bytes(scan->in, window.offset, scan->buffer, before, why);
		if (!error)
			error = read_bytes(scan->in, right->offset, scan->buffer + before, after,
					   why);
		if (error)
			return error;
		look(scan, &window);
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
 * Return: 0, -EIO (also when the file became shorter), -ENOMEM.
 */
int scan_run(struct scan *scan, struct input *in, const struct core *core, struct complaint *why)
{
	int error, failed;
	u32 i;

	scan->in = in;
	scan->core = core;
	error = look_at_file(scan, why);
	if (!error)
		error = look_at_seams(scan, why);
	/* What was gathered is resolved even if the file ended too soon. */
	for (i = 0; i < scan->nr; i++) {
		struct complaint other;

		failed = scan->use[i]->resolve ?
			 scan->use[i]->resolve(scan, scan->states[i], &other) : 0;
		if (failed && !error) {
			error = failed;
			*why = other;
		}
	}
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

static void add(struct scan *scan, struct sighting *sighting, const void *bytes,
		const char *format, va_list args)
{
	u8 digest[EVP_MAX_MD_SIZE] = { 0 };

	vsnprintf(sighting->detail, sizeof(sighting->detail), format, args);
	HMAC(EVP_sha256(), scan->key, sizeof(scan->key), bytes, sighting->len, digest, NULL);
	memcpy(sighting->digest, digest, sizeof(sighting->digest));
	pthread_mutex_lock(&scan->lock);
	sightings_add(&scan->sightings, sighting);
	pthread_mutex_unlock(&scan->lock);
}

/**
 * window_place() - where a byte of a window is in the file
 * @window:	the window
 * @at:		index of the byte
 * @offset:	takes its place
 *
 * Return: true if the byte comes after the seam.
 */
bool window_place(const struct window *window, u64 at, u64 *offset)
{
	bool after = window->seam && at >= window->seam;

	*offset = after ? window->seam_offset + (at - window->seam) : window->offset + at;
	return after;
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
 * For any thread. In a window with a seam only what lies across it counts.
 */
void scan_report(struct scan *scan, const struct window *window, u64 at, u32 len,
		 const struct kind *kind, bool proven, const char *format, ...)
{
	struct sighting sighting = { .kind = kind, .proven = proven, .len = len };
	va_list args;

	if (window->seam && (at >= window->seam || at + len <= window->seam))
		return;
	sighting.joined = window->seam;
	window_place(window, at, &sighting.offset);
	sighting.mapped = scan_vaddr(scan, sighting.offset, &sighting.vaddr);
	va_start(args, format);
	add(scan, &sighting, window->bytes + at, format, args);
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
	add(scan, &sighting, bytes, format, args);
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
	struct complaint ignored;
	bool done;

	if (offset > scan->in->size || scan->in->size - offset < len)
		return false;
	pthread_mutex_lock(&scan->lock);
	done = !read_bytes(scan->in, offset, to, len, &ignored);
	pthread_mutex_unlock(&scan->lock);
	return done;
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
	for (i = core_segment_from(core, vaddr); len;
	     i++, vaddr += part, bytes += part, len -= part) {
		const struct core_segment *segment = &core->segments[i];

		if (i == core->nr_segments || vaddr < segment->vaddr ||
		    vaddr - segment->vaddr >= segment->filesz)
			return false;
		part = min(len, segment->filesz - (vaddr - segment->vaddr));
		if (!scan_bytes(scan, segment->offset + (vaddr - segment->vaddr), bytes, part))
			return false;
	}
	return true;
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
