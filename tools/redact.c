// SPDX-License-Identifier: GPL-2.0
/*
 * A cleaned copy of a dump, the part in the sandbox: see redact.h.
 *
 * The copy has the length and the holes of the dump. Nothing is moved, so that offsets,
 * addresses and the seal stay as they are; the HMAC of a seal is over the seal only. If
 * anything was not read, or not listed, there is no copy: it would claim too much.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "redact.h"

#define COPY_LEN	65536u
#define RECORDS_AT_ONCE	512u

/**
 * struct zeroing - the work
 * @redact:	what is wanted
 * @audit:	what was found
 * @cuts:	what is to be zeroed, as offsets in the file
 * @buffer:	records that are not yet written
 * @buffered:	how many
 * @records:	how many in all
 */
struct zeroing {
	struct redact *redact;
	struct audit *audit;
	struct spans cuts;
	struct redact_record buffer[RECORDS_AT_ONCE];
	u32 buffered;
	u64 records;
};

/**
 * redact_word() - why a place was zeroed
 * @why:	the reason
 *
 * Return: one word.
 */
const char *redact_word(enum redact_why why)
{
	static const char *const words[REDACT_WHYS] = {
		[REDACT_REGISTERED] = "registered",
		[REDACT_LEFT_OUT] = "left-out",
		[REDACT_COPY] = "copy",
		[REDACT_SECRET] = "secret",
		[REDACT_KEY] = "key",
		[REDACT_NOTE] = "note",
	};

	return words[why];
}

static int write_at(int fd, u64 offset, const void *bytes, u64 len, struct complaint *why)
{
	const u8 *from = bytes;
	ssize_t put;

	for (; len; from += put, offset += put, len -= put) {
		put = pwrite(fd, from, len, offset);
		if (put < 0 && errno == EINTR)
			put = 0;
		else if (put <= 0)
			return complain(why, -EIO, "cannot be written: %s",
					put ? strerror(errno) : "no progress");
	}
	return 0;
}

static int flush_records(struct zeroing *work, struct complaint *why)
{
	u64 at = sizeof(struct redact_header) +
		 (work->records - work->buffered) * sizeof(*work->buffer);
	int error = write_at(work->redact->list, at, work->buffer,
			     work->buffered * sizeof(*work->buffer), why);

	work->buffered = 0;
	return error;
}

static int add_record(struct zeroing *work, const struct redact_record *record,
		      struct complaint *why)
{
	int error;

	if (work->records == REDACT_MAX)
		return complain(why, -E2BIG, "more than %u places would have to be zeroed",
				REDACT_MAX);
	error = spans_add(&work->cuts, record->offset, record->offset + record->len - 1, why);
	if (error)
		return error;
	work->buffer[work->buffered++] = *record;
	work->records++;
	return work->buffered == RECORDS_AT_ONCE ? flush_records(work, why) : 0;
}

/* First and last byte of [at, last] of the file that are not zero. */
static int trim(struct input *in, u64 at, u64 last, struct span *span, bool *dirty,
		struct complaint *why)
{
	const u8 *bytes;
	u64 len, i;
	int error;

	*dirty = false;
	for (; at <= last; at += len) {
		error = input_window(in, at, last - at + 1, &bytes, &len, why);
		if (error)
			return error;
		for (i = 0; bytes && i < len; i++) {
			if (!bytes[i])
				continue;
			span->last = at + i;
			if (!*dirty)
				span->start = at + i;
			*dirty = true;
		}
	}
	return 0;
}

/* Zeroes what is not zero of bytes of the file; @record tells why. */
static int cut_bytes(struct zeroing *work, struct redact_record *record, u64 first, u64 last,
		     struct complaint *why)
{
	const struct core *core = &work->audit->core;
	const struct core_segment *segment;
	struct span span = { 0 };
	bool dirty;
	int error;

	error = trim(&work->audit->in, first, last, &span, &dirty, why);
	if (error || !dirty)
		return error;
	segment = core_segment_of_offset(core, span.start);
	record->offset = span.start;
	record->len = span.last - span.start + 1;
	record->mapped = !!segment;
	record->vaddr = segment ? segment->vaddr + (span.start - segment->offset) : 0;
	return add_record(work, record, why);
}

static int cut_spans(struct zeroing *work, const struct spans *spans, enum redact_why reason,
		     struct complaint *why)
{
	struct redact_record record = { .why = reason };
	int error = 0;
	u32 i;

	for (i = 0; !error && i < spans->nr; i++)
		error = cut_bytes(work, &record, spans->at[i].start, spans->at[i].last, why);
	return error;
}

static int cut_memory(struct zeroing *work, const struct spans *addresses, enum redact_why reason,
		      struct complaint *why)
{
	struct spans bytes = { 0 };
	int error = 0;
	u32 i;

	for (i = 0; !error && i < addresses->nr; i++)
		error = spans_add_memory(&bytes, &work->audit->core, addresses->at[i].start,
					 addresses->at[i].last, why);
	if (!error)
		error = cut_spans(work, &bytes, reason, why);
	spans_free(&bytes);
	return error;
}

static int cut_sighting(struct zeroing *work, const struct sighting *sighting,
			struct complaint *why)
{
	struct redact_record record = {
		.why = sighting->kind->weight == WEIGHT_KEY ? REDACT_KEY : REDACT_NOTE,
	};
	struct spans bytes = { 0 };
	int error = 0;
	u32 i;

	memcpy(record.kind, sighting->kind->word,
	       strnlen(sighting->kind->word, sizeof(record.kind)));
	memcpy(record.digest, sighting->digest, sizeof(record.digest));
	if (!sighting->joined)
		return cut_bytes(work, &record, sighting->offset,
				 sighting->offset + sighting->len - 1, why);
	error = spans_add_memory(&bytes, &work->audit->core, sighting->vaddr,
				 sighting->vaddr + sighting->len - 1, why);
	for (i = 0; !error && i < bytes.nr; i++)
		error = cut_bytes(work, &record, bytes.at[i].start, bytes.at[i].last, why);
	spans_free(&bytes);
	return error;
}

static int cut_sightings(struct zeroing *work, const struct sightings *all, struct complaint *why)
{
	int error = 0;
	u32 i;

	if (all->lost)
		return complain(why, -E2BIG, "more than %u pieces of key material: not all are known "
				"one by one", SIGHTINGS_LISTED);
	for (i = 0; !error && i < all->nr; i++)
		if (all->list[i].len &&
		    (all->list[i].kind->weight == WEIGHT_KEY || work->redact->notes))
			error = cut_sighting(work, &all->list[i], why);
	return error;
}

/* Where the headers end: the first thing that they name. gdb writes notes last. */
static u64 headers_end(const struct core *core)
{
	u64 end = core->in->size;
	u32 i;

	for (i = 0; i < core->nr_notes; i++)
		end = min(end, core->notes[i].offset);
	for (i = 0; i < core->nr_segments; i++)
		if (core->segments[i].filesz)
			end = min(end, core->segments[i].offset);
	return end;
}

static int collect(struct zeroing *work, struct complaint *why)
{
	struct audit *audit = work->audit;
	int error;

	if (audit->checks[CHECK_STRUCTURE].state != CHECK_PASSED)
		return complain(why, -EBADMSG, "the dump is damaged: what cannot be read cannot be "
				"cleaned");
	if (audit->incomplete)
		return complain(why, -EBADMSG, "not all of the dump could be checked: more may be in "
				"it than was found");
	error = cut_memory(work, &audit->spans, REDACT_REGISTERED, why);
	if (!error)
		error = cut_spans(work, &audit->crashed.bytes, REDACT_REGISTERED, why);
	if (!error)
		error = cut_memory(work, &audit->left_out, REDACT_LEFT_OUT, why);
	if (!error)
		error = cut_memory(work, &audit->copies.memory, REDACT_COPY, why);
	if (!error)
		error = cut_spans(work, &audit->copies.notes, REDACT_COPY, why);
	if (!error)
		error = cut_spans(work, &audit->hit_bytes, REDACT_SECRET, why);
	if (!error && audit->scan)
		error = cut_sightings(work, scan_sightings(audit->scan), why);
	if (!error)
		error = flush_records(work, why);
	spans_sort(&work->cuts);
	if (!error && work->cuts.nr && work->cuts.at[0].start < headers_end(&audit->core))
		error = complain(why, -EBADMSG, "a finding is in the headers of the dump, which "
				 "cannot be opened without them");
	return error;
}

/* Zeroes what the cuts have of @bytes, which are at @offset. */
static void apply(const struct spans *cuts, u8 *bytes, u64 offset, u64 len)
{
	u32 i = spans_find(cuts, offset);

	for (; i < cuts->nr && cuts->at[i].start < offset + len; i++) {
		u64 from = max(cuts->at[i].start, offset);
		u64 last = min(cuts->at[i].last, offset + len - 1);

		memset(bytes + (from - offset), 0, last - from + 1);
	}
}

static int copy(struct zeroing *work, struct complaint *why)
{
	struct input *in = &work->audit->in;
	static u8 part[COPY_LEN];
	u64 at, len, end = 0;
	const u8 *bytes;
	int error = 0;

	for (at = 0; !error && at < in->size; at += len) {
		error = input_window(in, at, COPY_LEN, &bytes, &len, why);
		if (error || !bytes)
			continue;
		memcpy(part, bytes, len);
		apply(&work->cuts, part, at, len);
		end = at + len;
		error = write_at(work->redact->out, at, part, len, why);
	}
	OPENSSL_cleanse(part, sizeof(part));
	if (!error && end < in->size)	/* a hole at the end: its last byte makes the length */
		error = write_at(work->redact->out, in->size - 1, "", 1, why);
	return error;
}

/**
 * redact_run() - write the copy and the list
 * @redact:	@out, @list and @notes set, both files empty; takes the outcome
 * @audit:	after audit_run(), with @keep_hits
 *
 * Makes no system calls but reads and seeks of the dump, pwrite() to the two files, and for
 * memory. Without the header, which is written last, the list is void, and so is the copy.
 */
void redact_run(struct redact *redact, struct audit *audit)
{
	struct redact_header header = {
		.magic = REDACT_MAGIC,
		.verdict = audit_verdict(audit),
		.size = audit->in.size,
	};
	struct zeroing *work = calloc(1, sizeof(*work));
	int error;
	u32 i;

	if (!work) {
		complaint_set(&redact->why, "out of memory");
		return;
	}
	work->redact = redact;
	work->audit = audit;
	error = collect(work, &redact->why);
	if (!error)
		error = copy(work, &redact->why);
	for (i = 0; i < work->cuts.nr; i++)
		redact->zeroed += work->cuts.at[i].last - work->cuts.at[i].start + 1;
	redact->places = work->records;
	for (i = 0; i < CHECKS; i++)
		header.checks[i] = audit->checks[i].state;
	header.records = work->records;
	header.zeroed = redact->zeroed;
	if (!error)
		error = write_at(redact->list, 0, &header, sizeof(header), &redact->why);
	redact->done = !error;
	spans_free(&work->cuts);
	free(work);
}
