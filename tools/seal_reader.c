// SPDX-License-Identifier: GPL-2.0
/*
 * Reader of the seal: see seal_reader.h.
 *
 * A seal is found twice: forwards, where the core ends according to its own
 * headers, and backwards, from the trailer in the last bytes of the file. Both
 * ways must lead to the same bytes, or the file is not what the module wrote.
 * Every member that must be zero is checked: no byte of a seal goes unread.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "seal_reader.h"

#define SLOTS		(2 * SEAL_LABELS_MAX)
#define BATCH		256u
#define KNOWN_FLAGS	(KREDACT_SEAL_KEY_BOOT | KREDACT_SEAL_COMPAT | KREDACT_SEAL_ALL_LEFT_OUT | \
			 KREDACT_SEAL_DAEMON)
#define RANGE_FLAGS	(KREDACT_EXACT | KREDACT_HUNT | KREDACT_GROUP | KREDACT_NOHUNT)
#define RECORD_LEN	sizeof(struct kredact_seal_record)

static bool all_zero(const void *bytes, size_t len)
{
	const u8 *byte = bytes;
	u8 sum = 0;

	while (len--)
		sum |= *byte++;
	return !sum;
}

/* Text of a fixed length: after its first NUL there are only NULs. */
static bool padded(const void *text, size_t len)
{
	size_t used = strnlen(text, len);

	return all_zero((const char *)text + used, len - used);
}

static u64 padding(u64 len)
{
	return -len % KREDACT_SEAL_ALIGN;
}

static bool has_magic(struct seal *seal, u64 offset, const char *magic)
{
	struct complaint why;
	char found[8];

	return !input_read(seal->in, offset, found, sizeof(found), &why) &&
	       !memcmp(found, magic, sizeof(found));
}

static int read_header(struct seal *seal, struct complaint *why)
{
	struct kredact_seal_header *header = &seal->header;

	if (input_read(seal->in, seal->offset, header, sizeof(*header), why))
		return complain(why, -EBADMSG, "the seal is cut off in its header");
	if (le16toh(header->version) != KREDACT_SEAL_VERSION)
		return complain(why, -EBADMSG, "seal of version %u; this program reads version %u",
				le16toh(header->version), KREDACT_SEAL_VERSION);
	seal->flags = le32toh(header->flags);
	seal->core_len = le64toh(header->core_len);
	seal->realtime_ns = le64toh(header->realtime_ns);
	seal->boottime_ns = le64toh(header->boottime_ns);
	seal->start_ns = le64toh(header->start_ns);
	seal->tgid = le32toh(header->tgid);
	seal->tid = le32toh(header->tid);
	seal->ns_tgid = le32toh(header->ns_tgid);
	seal->uid = le32toh(header->uid);
	seal->signo = le32toh(header->signo);
	seal->page_size = le32toh(header->page_size);
	seal->abi = le32toh(header->abi);
	if (le16toh(header->header_len) != sizeof(*header))
		return complain(why, -EBADMSG, "seal header of %u bytes",
				le16toh(header->header_len));
	if (seal->flags & ~KNOWN_FLAGS)
		return complain(why, -EBADMSG, "unknown flags in the seal: %#x", seal->flags);
	if (seal->beside != !!(seal->flags & KREDACT_SEAL_DAEMON))
		return complain(why, -EBADMSG, seal->beside ?
				"a seal of the kernel belongs into its core, not beside it" :
				"a seal of a daemon belongs beside its core, not into it");
	if (seal->page_size < 4096 || seal->page_size > 1 << 20 ||
	    seal->page_size & (seal->page_size - 1))
		return complain(why, -EBADMSG, "page size %u in the seal", seal->page_size);
	if (header->reserved0 || !all_zero(header->reserved1, sizeof(header->reserved1)))
		return complain(why, -EBADMSG, "reserved members of the seal header are not zero");
	if (!padded(header->comm, sizeof(header->comm)) ||
	    !padded(header->module, sizeof(header->module)) ||
	    !padded(header->release, sizeof(header->release)))
		return complain(why, -EBADMSG, "a name in the seal header is not padded by zeros");
	if (!seal->beside && seal->core_len != seal->offset)
		return complain(why, -EBADMSG, "the seal is at offset %" PRIu64
				" but says %" PRIu64, seal->offset, seal->core_len);
	return 0;
}

static u32 *label_slot(struct seal *seal, u32 id)
{
	u32 slot = id * 2654435769u % SLOTS;

	while (seal->slots[slot] && seal->labels[seal->slots[slot] - 1].id != id)
		slot = (slot + 1) % SLOTS;
	return &seal->slots[slot];
}

/**
 * seal_label() - find a label
 * @seal:	open
 * @id:		of a label
 *
 * Return: the label, or NULL if the seal has none of this id.
 */
struct seal_label *seal_label(struct seal *seal, u32 id)
{
	u32 found = *label_slot(seal, id);

	return found ? &seal->labels[found - 1] : NULL;
}

static int read_label(struct seal *seal, u64 at, u64 len, struct complaint *why)
{
	struct kredact_seal_label head;
	struct seal_label *label;
	u32 *slot;

	if (len <= sizeof(head) || len > sizeof(head) + KREDACT_LABEL_MAX)
		return complain(why, -EBADMSG, "label of %" PRIu64 " bytes", len);
	if (input_read(seal->in, at, &head, sizeof(head), why))
		return -EIO;
	if (!head.id || le32toh(head.len) != len - sizeof(head))
		return complain(why, -EBADMSG, "damaged label %u", le32toh(head.id));
	slot = label_slot(seal, le32toh(head.id));
	if (*slot)
		return complain(why, -EBADMSG, "label %u is there twice", le32toh(head.id));
	if (seal->nr_labels == SEAL_LABELS_MAX)
		return complain(why, -EBADMSG, "more than %u labels", SEAL_LABELS_MAX);
	if (!(seal->nr_labels & (seal->nr_labels - 1))) {
		size_t room = seal->nr_labels ? seal->nr_labels * 2 : 1;

		label = realloc(seal->labels, room * sizeof(*label));
		if (!label)
			return complain(why, -ENOMEM, "out of memory for labels");
		seal->labels = label;
	}
	label = &seal->labels[seal->nr_labels];
	*label = (struct seal_label){ .id = le32toh(head.id), .len = le32toh(head.len) };
	if (input_read(seal->in, at + sizeof(head), label->text, label->len, why))
		return -EIO;
	if (memchr(label->text, 0, label->len))
		return complain(why, -EBADMSG, "label %u holds a NUL", label->id);
	*slot = ++seal->nr_labels;
	return 0;
}

static int decode_range(const struct kredact_seal_range *raw, struct seal_range *range,
			struct complaint *why)
{
	u64 len = le64toh(raw->len);

	range->addr = le64toh(raw->addr);
	range->last = range->addr + len - 1;
	range->handle = le64toh(raw->handle);
	range->flags = le32toh(raw->flags);
	range->label = le32toh(raw->label);
	if (!len || len > KREDACT_LEN_MAX || UINT64_MAX - range->addr < len - 1)
		return complain(why, -EBADMSG, "range %#" PRIx64 " of %" PRIu64 " bytes",
				range->addr, len);
	if (!range->handle || range->flags & ~RANGE_FLAGS ||
	    (range->flags & KREDACT_NOHUNT && range->flags & (KREDACT_HUNT | KREDACT_GROUP)))
		return complain(why, -EBADMSG, "damaged entry of the range at %#" PRIx64,
				range->addr);
	return 0;
}

static int decode_left_out(const struct kredact_seal_left_out *raw, u32 page_size,
			   struct seal_left_out *pages, struct complaint *why)
{
	u64 len = le64toh(raw->len);

	pages->addr = le64toh(raw->addr);
	pages->last = pages->addr + len - 1;
	pages->reason = le32toh(raw->reason);
	if (!len || (len | pages->addr) & (page_size - 1) || UINT64_MAX - pages->addr < len - 1)
		return complain(why, -EBADMSG, "left-out pages at %#" PRIx64 " of %" PRIu64
				" bytes", pages->addr, len);
	if (!pages->reason || raw->reserved)
		return complain(why, -EBADMSG, "damaged entry of the left-out pages at %#" PRIx64,
				pages->addr);
	return 0;
}

static int read_ranges(struct seal *seal, u64 at, u64 len, const struct seal_visitor *visitor,
		       struct complaint *why)
{
	struct kredact_seal_range raw[BATCH];
	struct seal_range range;
	int error;
	u64 i, nr;

	if (len % sizeof(raw[0]))
		return complain(why, -EBADMSG, "record of %" PRIu64 " bytes of ranges", len);
	for (; len; at += nr * sizeof(raw[0]), len -= nr * sizeof(raw[0])) {
		nr = min(len / sizeof(raw[0]), (u64)BATCH);
		if (input_read(seal->in, at, raw, nr * sizeof(raw[0]), why))
			return -EIO;
		for (i = 0; i < nr; i++) {
			error = decode_range(&raw[i], &range, why);
			if (!error)
				error = visitor->range(visitor->arg, &range, why);
			if (error)
				return error;
		}
	}
	return 0;
}

static int read_left_out(struct seal *seal, u64 at, u64 len, const struct seal_visitor *visitor,
			 struct complaint *why)
{
	struct kredact_seal_left_out raw[BATCH];
	struct seal_left_out pages;
	int error;
	u64 i, nr;

	if (len % sizeof(raw[0]))
		return complain(why, -EBADMSG, "record of %" PRIu64
				" bytes of left-out pages", len);
	for (; len; at += nr * sizeof(raw[0]), len -= nr * sizeof(raw[0])) {
		nr = min(len / sizeof(raw[0]), (u64)BATCH);
		if (input_read(seal->in, at, raw, nr * sizeof(raw[0]), why))
			return -EIO;
		for (i = 0; i < nr; i++) {
			error = decode_left_out(&raw[i], seal->page_size, &pages, why);
			if (!error)
				error = visitor->left_out(visitor->arg, &pages, why);
			if (error)
				return error;
		}
	}
	return 0;
}

/* First visit: everything is counted, to be compared with the module's sums. */
static int count_range(void *arg, const struct seal_range *range, struct complaint *why)
{
	struct seal *seal = arg;
	struct seal_label *label = range->label ? seal_label(seal, range->label) :
						  &seal->unlabelled;
	u64 len = range->last - range->addr + 1;

	if (!label)
		return complain(why, -EBADMSG, "the range at %#" PRIx64 " has the unknown label %u",
				range->addr, range->label);
	label->ranges++;
	label->bytes += len;
	seal->nr_ranges++;
	seal->range_bytes += len;	/* may wrap around, as the module's own sum would */
	if (range->flags & KREDACT_NOHUNT) {
		seal->nr_nohunt++;
		seal->nohunt_bytes += len;
	}
	return 0;
}

static int count_left_out(void *arg, const struct seal_left_out *pages, struct complaint *why)
{
	struct seal *seal = arg;

	(void)why;
	seal->nr_left_out++;
	seal->left_out[pages->reason < SEAL_REASONS ? pages->reason : 0] +=
		(pages->last - pages->addr) / seal->page_size + 1;
	return 0;
}

static int read_counts(struct seal *seal, u64 at, u64 len, struct complaint *why)
{
	struct kredact_seal_counts raw;
	u64 left_out = 0;
	u32 i;

	if (len != sizeof(raw))
		return complain(why, -EBADMSG, "counts of %" PRIu64 " bytes", len);
	if (input_read(seal->in, at, &raw, sizeof(raw), why))
		return -EIO;
	seal->counts.ranges = le64toh(raw.ranges);
	seal->counts.range_bytes = le64toh(raw.range_bytes);
	seal->counts.pages_zeroed = le64toh(raw.pages_zeroed);
	seal->counts.pages_copied = le64toh(raw.pages_copied);
	seal->counts.bytes_zeroed = le64toh(raw.bytes_zeroed);
	seal->counts.pages_left_out = le64toh(raw.pages_left_out);
	seal->counts.left_out_lost = le64toh(raw.left_out_lost);
	if (raw.reserved)
		return complain(why, -EBADMSG, "a reserved member of the counts is not zero");
	if (seal->counts.ranges != seal->nr_ranges || seal->counts.range_bytes != seal->range_bytes)
		return complain(why, -EBADMSG, "the seal counts %" PRIu64 " ranges of %" PRIu64
				" bytes but lists %" PRIu64 " of %" PRIu64, seal->counts.ranges,
				seal->counts.range_bytes, seal->nr_ranges, seal->range_bytes);
	for (i = 0; i < SEAL_REASONS; i++)
		left_out += seal->left_out[i];
	if (seal->counts.left_out_lost > seal->counts.pages_left_out ||
	    seal->counts.pages_left_out - seal->counts.left_out_lost != left_out)
		return complain(why, -EBADMSG, "the seal counts %" PRIu64 " left-out pages, %"
				PRIu64 " of them not listed, but lists %" PRIu64,
				seal->counts.pages_left_out, seal->counts.left_out_lost, left_out);
	return seal_check_hunt(seal, why) ?: seal_check_rules(seal, why) ?:
	       seal_check_prints(seal, why) ?: seal_check_sidecar(seal, why);
}

static int read_trailer(struct seal *seal, u64 at, u64 records, struct complaint *why)
{
	struct kredact_seal_trailer trailer;

	if (input_read(seal->in, at, &trailer, sizeof(trailer), why))
		return complain(why, -EBADMSG, "the seal is cut off in its trailer");
	seal->len = at + sizeof(trailer) - seal->offset;
	seal->trailing = seal->in->size - at - sizeof(trailer);
	memcpy(seal->hmac, trailer.hmac, sizeof(seal->hmac));
	if (le64toh(trailer.seal_len) != seal->len || le64toh(trailer.core_len) != seal->core_len ||
	    le32toh(trailer.version) != KREDACT_SEAL_VERSION || le32toh(trailer.records) != records)
		return complain(why, -EBADMSG, "the trailer of the seal contradicts its header "
				"or its records");
	return 0;
}

static int read_padding(struct seal *seal, u64 at, u64 len, struct complaint *why)
{
	u8 bytes[KREDACT_SEAL_ALIGN];

	if (input_read(seal->in, at, bytes, len, why))
		return -EIO;
	if (!all_zero(bytes, len))
		return complain(why, -EBADMSG, "padding at offset %" PRIu64 " is not zero", at);
	return 0;
}

static int read_record(struct seal *seal, u64 at, u32 type, u64 len,
		       const struct seal_visitor *visitor, struct complaint *why)
{
	bool first = visitor->arg == seal;

	switch (type) {
	case KREDACT_SEAL_LABEL:
		return first ? read_label(seal, at, len, why) : 0;
	case KREDACT_SEAL_RANGES:
		return visitor->range ? read_ranges(seal, at, len, visitor, why) : 0;
	case KREDACT_SEAL_LEFT_OUT:
		return visitor->left_out ? read_left_out(seal, at, len, visitor, why) : 0;
	case KREDACT_SEAL_COUNTS:
		return first ? read_counts(seal, at, len, why) : 0;
	case KREDACT_SEAL_POLICY:
		return first ? seal_read_policy(seal, at, len, why) : 0;
	case KREDACT_SEAL_COPIES:
		return visitor->copy ? seal_read_copies(seal, at, len, visitor, why) : 0;
	case KREDACT_SEAL_HUNT:
		return first ? seal_read_hunt(seal, at, len, why) : 0;
	case KREDACT_SEAL_RULES:
		return first ? seal_read_rules(seal, at, len, why) : 0;
	case KREDACT_SEAL_SIDECAR:
		return first ? seal_read_sidecar(seal, at, len, why) : 0;
	case KREDACT_SEAL_FINGERPRINTS:
		return first ? seal_read_prints(seal, at, len, why) : 0;
	default:
		seal->unknown += first;
		return 0;
	}
}

static int walk(struct seal *seal, const struct seal_visitor *visitor, struct complaint *why)
{
	u64 at = seal->offset + sizeof(struct kredact_seal_header), records = 0, len;
	u64 end = seal->in->size;
	struct kredact_seal_record record;
	bool counted = false;
	int error;

	while (!has_magic(seal, at, KREDACT_SEAL_END)) {
		if (end - at < RECORD_LEN)
			return complain(why, -EBADMSG, "the seal is cut off: it has no trailer");
		if (counted)
			return complain(why, -EBADMSG, "the seal goes on after its counts");
		if (input_read(seal->in, at, &record, sizeof(record), why))
			return -EIO;
		len = le64toh(record.len);
		at += RECORD_LEN;
		if (!record.type || record.reserved)
			return complain(why, -EBADMSG, "damaged header of record %" PRIu64
					" of the seal", records);
		if (end - at < len || end - at - len < padding(len))
			return complain(why, -EBADMSG, "the seal is cut off in record %" PRIu64,
					records);
		if (at + len - seal->offset > SEAL_LEN_MAX)
			return complain(why, -EBADMSG, "the seal is longer than %llu bytes",
					SEAL_LEN_MAX);
		error = read_record(seal, at, le32toh(record.type), len, visitor, why);
		if (!error)
			error = read_padding(seal, at + len, padding(len), why);
		if (error)
			return error;
		counted = le32toh(record.type) == KREDACT_SEAL_COUNTS;
		at += len + padding(len);
		records++;
	}
	if (!counted)
		return complain(why, -EBADMSG, "the seal has no counts at its end");
	return read_trailer(seal, at, records, why);
}

/* Follows the trailer at the end of the file to the header; 0 if there is none. */
static u64 find_backwards(struct seal *seal)
{
	struct kredact_seal_trailer trailer;
	struct complaint why;
	u64 size = seal->in->size, len;

	if (size < sizeof(trailer) ||
	    input_read(seal->in, size - sizeof(trailer), &trailer, sizeof(trailer), &why) ||
	    memcmp(trailer.magic, KREDACT_SEAL_END, sizeof(trailer.magic)))
		return 0;
	len = le64toh(trailer.seal_len);
	if (len > size || !has_magic(seal, size - len, KREDACT_SEAL_MAGIC))
		return 0;
	return size - len;
}

static int check_gap(struct seal *seal, u64 core_end, struct complaint *why)
{
	if (seal->offset < core_end || seal->offset - core_end >= KREDACT_SEAL_ALIGN)
		return complain(why, -EBADMSG, "the core ends at offset %" PRIu64
				" but the seal begins at %" PRIu64, core_end, seal->offset);
	return read_padding(seal, core_end, seal->offset - core_end, why);
}

/* From the header to the trailer, both of which are there or seem to be. */
static int read_seal(struct seal *seal, struct complaint *why)
{
	const struct seal_visitor count = { seal, count_range, count_left_out, seal_count_copy };
	int error;

	seal->present = true;
	seal->slots = calloc(SLOTS, sizeof(*seal->slots));
	if (!seal->slots)
		return complain(why, -ENOMEM, "out of memory for labels");
	error = read_header(seal, why);
	if (error)
		return error;
	error = walk(seal, &count, why);
	if (error)
		return error;
	seal->readable = true;
	if (seal->trailing)
		return complain(why, -EBADMSG, "%" PRIu64 " unknown bytes follow the seal",
				seal->trailing);
	return 0;
}

/**
 * seal_open() - find and read the seal of a core
 * @seal:	takes the state; seal_close() releases it, also after an error
 * @in:		open, and outlives @seal
 * @core_end:	where the headers say that the core ends, 0 if they are damaged
 * @why:	text of an error
 *
 * After an error @seal->present tells whether there is a damaged seal at all,
 * and @seal->readable whether its ranges can be visited nevertheless.
 *
 * Return: 0, -ENODATA (no seal), -EBADMSG (damaged, cut off, followed by
 * other bytes, of an unknown version, not of this core), -EIO or -ENOMEM.
 */
int seal_open(struct seal *seal, struct input *in, u64 core_end, struct complaint *why)
{
	u64 forwards = core_end + padding(core_end), backwards;
	int error;

	*seal = (struct seal){ .in = in };
	backwards = find_backwards(seal);
	if (!core_end || !has_magic(seal, forwards, KREDACT_SEAL_MAGIC))
		forwards = 0;
	if (!forwards && !backwards) {
		if (core_end && in->size > core_end)
			return complain(why, -ENODATA, "no seal; %" PRIu64
					" unknown bytes follow the core", in->size - core_end);
		return complain(why, -ENODATA, "no seal");
	}
	seal->offset = forwards ? forwards : backwards;
	error = read_seal(seal, why);
	if (error)
		return error;
	if (forwards != backwards && core_end)
		return check_gap(seal, core_end, why) ? -EBADMSG :
		       complain(why, -EBADMSG, "the file does not end with this seal");
	if (!core_end)
		return 0;
	return check_gap(seal, core_end, why);
}

/**
 * seal_open_sidecar() - read a seal that is a file of its own
 * @seal:	takes the state, likewise
 * @in:		all of it is the seal
 * @why:	text of an error
 *
 * Return: as of seal_open().
 */
int seal_open_sidecar(struct seal *seal, struct input *in, struct complaint *why)
{
	*seal = (struct seal){ .in = in, .beside = true };
	if (!has_magic(seal, 0, KREDACT_SEAL_MAGIC))
		return complain(why, -ENODATA, "the file beside the core is no seal");
	return read_seal(seal, why);
}

/**
 * seal_close() - release what seal_open() took
 * @seal:	not usable afterwards
 */
void seal_close(struct seal *seal)
{
	free(seal->labels);
	free(seal->slots);
	seal->labels = NULL;
	seal->slots = NULL;
}

/**
 * seal_visit() - go through all ranges, left-out pages and copies
 * @seal:	readable
 * @visitor:	takes them, in the order of the seal
 * @why:	text of an error
 *
 * Return: 0, -EIO, -EBADMSG (the file has changed) or what a function of
 * @visitor returned.
 */
int seal_visit(struct seal *seal, const struct seal_visitor *visitor, struct complaint *why)
{
	return walk(seal, visitor, why);
}
