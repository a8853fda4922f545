// SPDX-License-Identifier: GPL-2.0
/*
 * A dump as a map: see core.h.
 *
 * In the map no address has two values, and no byte of the input two addresses (but for
 * the dump of a machine, and there not without bound). That is what keeps a hostile dump
 * from having one byte read a million times.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>

#include "core.h"
#include "magic.h"
#include "minidump.h"
#include "sort.h"

static u64 from_file(const struct core *core, const void *at, size_t len)
{
	const u8 *byte = at;
	u64 value = 0;
	size_t i;

	for (i = 0; i < len; i++)
		value = value << 8 | byte[core->encoding == ELFDATA2MSB ? i : len - 1 - i];
	return value;
}

/**
 * core_u16() - a 16-bit integer of the dump
 * @core:	tells the byte order
 * @at:		2 bytes, any alignment
 *
 * Return: its value.
 */
u16 core_u16(const struct core *core, const void *at)
{
	return from_file(core, at, 2);
}

/**
 * core_u32() - a 32-bit integer of the dump
 * @core:	tells the byte order
 * @at:		4 bytes, any alignment
 *
 * Return: its value.
 */
u32 core_u32(const struct core *core, const void *at)
{
	return from_file(core, at, 4);
}

/**
 * core_u64() - a 64-bit integer of the dump
 * @core:	tells the byte order
 * @at:		8 bytes, any alignment
 *
 * Return: its value.
 */
u64 core_u64(const struct core *core, const void *at)
{
	return from_file(core, at, 8);
}

/**
 * core_word() - an unsigned long of the process
 * @core:	tells its size and the byte order
 * @at:		4 or 8 bytes, any alignment
 *
 * Return: its value.
 */
u64 core_word(const struct core *core, const void *at)
{
	return from_file(core, at, core->is64 ? 8 : 4);
}

/**
 * core_within() - are these bytes in the input?
 * @core:	being read; if so they count towards its end
 * @offset:	first byte
 * @len:	how many
 *
 * Return: true if all are.
 */
bool core_within(struct core *core, u64 offset, u64 len)
{
	if (offset > core->in->size || core->in->size - offset < len)
		return false;
	core->end = max(core->end, offset + len);
	return true;
}

/**
 * core_add() - add a segment to the map
 * @core:	being read
 * @segment:	what the dump says; of its bytes, those count that are there
 * @why:	text of an error
 *
 * Return: 0; -EBADMSG if it cannot be as it says: what can be is added all the same;
 * -ENOMEM.
 */
int core_add(struct core *core, const struct core_segment *segment, struct complaint *why)
{
	struct core_segment *at;
	u32 nr = core->nr_segments;
	int error = 0;

	if (nr == CORE_SEGMENTS_MAX)
		return complain(why, -EBADMSG, "more than %u segments", CORE_SEGMENTS_MAX);
	/* The array doubles at each power of two. */
	if (!(nr & (nr - 1))) {
		u64 room = nr ? nr * 2ULL : 1;
		struct core_segment *grown = realloc(core->segments, room * sizeof(*grown));

		if (!grown)
			return complain(why, -ENOMEM, "out of memory for %u segments", nr);
		core->segments = grown;
	}
	at = &core->segments[nr];
	*at = *segment;
	if (at->filesz > at->memsz) {
		error = complain(why, -EBADMSG, "the segment at %#" PRIx64
				 " is longer in the file than in memory", at->vaddr);
		at->filesz = at->memsz;
	}
	if (at->memsz && UINT64_MAX - at->vaddr < at->memsz - 1) {
		error = complain(why, -EBADMSG, "the segment at %#" PRIx64 " wraps around",
				 at->vaddr);
		at->memsz = UINT64_MAX - at->vaddr;
		at->filesz = min(at->filesz, at->memsz);
	}
	if (!core_within(core, at->offset, at->filesz)) {
		error = complain(why, -EBADMSG, "truncated: the segment at %#" PRIx64
				 " is not wholly in the file", at->vaddr);
		at->filesz = at->offset < core->in->size ? core->in->size - at->offset : 0;
	}
	if (at->memsz)
		core->nr_segments++;
	return error;
}

static bool address_after(const void *a, const void *b, const void *arg)
{
	const struct core_segment *left = a, *right = b;

	(void)arg;
	if (left->vaddr != right->vaddr)
		return left->vaddr > right->vaddr;
	return left->offset > right->offset;
}

static bool offset_after(const void *a, const void *b, const void *arg)
{
	const struct core_segment *segments = arg;
	const u32 *left = a, *right = b;

	if (segments[*left].offset != segments[*right].offset)
		return segments[*left].offset > segments[*right].offset;
	return *left > *right;
}

/* An address has the value of the segment that begins first. */
static int part_addresses(struct core *core, bool overlaps, struct complaint *why)
{
	u64 next = 0, skip;
	bool full = false;
	u32 from, to = 0;
	int error = 0;

	sort_heap(core->segments, core->nr_segments, sizeof(*core->segments), address_after, NULL);
	for (from = 0; from < core->nr_segments; from++) {
		struct core_segment segment = core->segments[from];

		if (full || segment.vaddr < next) {
			if (!overlaps && !error)
				error = complain(why, -EBADMSG, "the segment at %#" PRIx64
						 " overlaps another", segment.vaddr);
			skip = next - segment.vaddr;
			if (full || skip >= segment.memsz)
				continue;
			segment.vaddr += skip;
			segment.memsz -= skip;
			skip = min(skip, segment.filesz);
			segment.offset += skip;
			segment.filesz -= skip;
		}
		next = segment.vaddr + segment.memsz;
		full = !next;
		core->segments[to++] = segment;
	}
	core->nr_segments = to;
	return error;
}

/* The bytes of the input that several segments show are those of the first of them. */
static int part_offsets(struct core *core, struct complaint *why)
{
	u64 next = 0, total = 0, most = core->in->size;
	u32 i, to = 0;
	int error = 0;

	if (!core->nr_segments)
		return 0;
	if (most < UINT64_MAX / CORE_ALIASES_MAX)
		most *= CORE_ALIASES_MAX;
	core->by_offset = malloc(core->nr_segments * sizeof(*core->by_offset));
	if (!core->by_offset)
		return complain(why, -ENOMEM, "out of memory for %u segments", core->nr_segments);
	for (i = 0; i < core->nr_segments; i++)
		if (core->segments[i].filesz)
			core->by_offset[core->nr_by_offset++] = i;
	sort_heap(core->by_offset, core->nr_by_offset, sizeof(*core->by_offset), offset_after,
		  core->segments);
	for (i = 0; i < core->nr_by_offset; i++) {
		struct core_segment *segment = &core->segments[core->by_offset[i]];

		if (segment->offset >= next) {
			next = segment->offset + segment->filesz;
			core->by_offset[to++] = core->by_offset[i];
			continue;
		}
		if (core->physical && segment->filesz <= most - total) {
			total += segment->filesz;
			continue;
		}
		segment->filesz = 0;
		if (!error)
			error = complain(why, -EBADMSG, "the segment at %#" PRIx64
					 " overlaps another in the file", segment->vaddr);
	}
	core->nr_by_offset = to;
	return error;
}

/**
 * core_settle() - put the map in order
 * @core:	all segments are added
 * @overlaps:	the format may have several segments with the same addresses: the first one
 *		counts
 * @why:	text of an error
 *
 * Return: 0; -EBADMSG if segments contradict each other (the map is in order all the
 * same); -ENOMEM.
 */
int core_settle(struct core *core, bool overlaps, struct complaint *why)
{
	struct complaint also;
	int error, error_too;
	u32 i;

	core->ordered = true;
	for (i = 1; i < core->nr_segments; i++)
		if (core->segments[i].vaddr < core->segments[i - 1].vaddr ||
		    core->segments[i].offset < core->segments[i - 1].offset)
			core->ordered = false;
	error = part_addresses(core, overlaps, why);
	error_too = part_offsets(core, error ? &also : why);
	return error && error_too != -ENOMEM ? error : error_too;
}

/* Anything can be searched, but what is not known to be a dump is none. */
static int read_raw(struct core *core, struct complaint *why)
{
	const struct core_segment all = {
		.memsz = core->in->size,
		.filesz = core->in->size,
	};
	int error;

	core->is64 = true;
	core->encoding = ELFDATA2LSB;
	if (!core->in->size)
		return complain(why, -EBADMSG, "an empty file");
	error = core_add(core, &all, why);
	return error ? error : core_settle(core, false, why);
}

/**
 * core_open_as() - read the headers of a dump
 * @core:	takes the state; core_close() releases it, also after an error
 * @in:		open, and outlives @core
 * @format:	what it is: CORE_ELF, CORE_MINIDUMP, CORE_RAW or CORE_AUTO
 * @why:	text of an error
 *
 * After an error @core holds what could be read: segments can be looked up, but
 * @core->sound is false.
 *
 * Return: 0, -EBADMSG (not a dump, truncated, damaged), -EIO or -ENOMEM.
 */
int core_open_as(struct core *core, struct input *in, enum core_format format,
		 struct complaint *why)
{
	u8 head[MAGIC_LEN];
	size_t len = min(in->size, (u64)sizeof(head));
	enum magic magic;
	int error;

	*core = (struct core){ .in = in };
	if (input_read(in, 0, head, len, why))
		return -EIO;
	magic = magic_of(head, len);
	if (format == CORE_AUTO)
		core->format = magic == MAGIC_ELF ? CORE_ELF :
			       magic == MAGIC_MINIDUMP ? CORE_MINIDUMP : CORE_RAW;
	else
		core->format = format;
	switch (core->format) {
	case CORE_ELF:
		error = core_read_elf(core, why);
		break;
	case CORE_MINIDUMP:
		error = minidump_read(core, why);
		break;
	default:
		error = read_raw(core, why);
	}
	if (!error && format == CORE_AUTO && magic_is_packed(magic))
		error = complain(why, -EBADMSG, "not an ELF core but a compressed file (%s): unpack "
				 "it first", magic_word(magic));
	else if (!error && format == CORE_AUTO && core->format == CORE_RAW)
		error = complain(why, -EBADMSG, "not an ELF core, and nothing else that is known; "
				 "searched as it is");
	core->sound = !error;
	return error;
}

/**
 * core_open() - read the headers of a dump of any format
 * @core:	takes the state; core_close() releases it, also after an error
 * @in:		open, and outlives @core
 * @why:	text of an error
 *
 * Return: as core_open_as(); -EBADMSG also if the format is not known.
 */
int core_open(struct core *core, struct input *in, struct complaint *why)
{
	return core_open_as(core, in, CORE_AUTO, why);
}

/**
 * core_open_frames() - the map of the dump of a machine by physical addresses
 * @core:	takes the state; core_close() releases it, also after an error
 * @from:	the same dump, open, and an ELF core; its input outlives @core
 * @why:	text of an error
 *
 * Return: as core_open_as().
 */
int core_open_frames(struct core *core, const struct core *from, struct complaint *why)
{
	int error;

	*core = (struct core){ .in = from->in, .format = CORE_ELF, .by_frame = true };
	error = core_read_elf(core, why);
	core->sound = !error;
	return error;
}

/**
 * core_close() - release what core_open() took
 * @core:	not usable afterwards
 */
void core_close(struct core *core)
{
	free(core->segments);
	free(core->by_offset);
	core->segments = NULL;
	core->by_offset = NULL;
	core->nr_segments = 0;
	core->nr_by_offset = 0;
}

/**
 * core_segment_from() - find a segment by address
 * @core:	open
 * @vaddr:	an address
 *
 * Return: index of the first segment that ends above @vaddr; @nr_segments if
 * there is none.
 */
u32 core_segment_from(const struct core *core, u64 vaddr)
{
	u32 low = 0, high = core->nr_segments;

	while (low < high) {
		u32 middle = low + (high - low) / 2;
		const struct core_segment *segment = &core->segments[middle];

		if (vaddr >= segment->vaddr && vaddr - segment->vaddr >= segment->memsz)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool neighbours(const struct core_segment *left, const struct core_segment *right)
{
	return left->filesz == left->memsz && right->vaddr - left->vaddr == left->memsz;
}

/**
 * core_segments_join() - do two segments follow each other in memory and in the file?
 * @left:	a segment, all of which is in the file
 * @right:	the next one
 *
 * Return: true if so.
 */
bool core_segments_join(const struct core_segment *left, const struct core_segment *right)
{
	return neighbours(left, right) && right->offset - left->offset == left->filesz;
}

/**
 * core_segments_part() - do two segments follow each other in memory, but not in the file?
 * @left:	a segment, all of which is in the file
 * @right:	the next one
 *
 * Return: true if so: there is a seam between them.
 */
bool core_segments_part(const struct core_segment *left, const struct core_segment *right)
{
	return neighbours(left, right) && right->offset - left->offset != left->filesz;
}

/**
 * core_segment_beyond() - find the segment at or behind a place in the file
 * @core:	open
 * @offset:	in the file
 *
 * Return: the segment that has this byte, otherwise the first one that begins after it, or NULL.
 */
const struct core_segment *core_segment_beyond(const struct core *core, u64 offset)
{
	u32 low = 0, high = core->nr_by_offset;

	while (low < high) {
		u32 middle = low + (high - low) / 2;
		const struct core_segment *segment = &core->segments[core->by_offset[middle]];

		if (offset < segment->offset || offset - segment->offset < segment->filesz)
			high = middle;
		else
			low = middle + 1;
	}
	return low < core->nr_by_offset ? &core->segments[core->by_offset[low]] : NULL;
}

/**
 * core_segment_of_offset() - find a segment by a place in the file
 * @core:	open
 * @offset:	in the file
 *
 * Return: the segment that has this byte, the first of several, or NULL.
 */
const struct core_segment *core_segment_of_offset(const struct core *core, u64 offset)
{
	const struct core_segment *segment = core_segment_beyond(core, offset);

	return segment && segment->offset <= offset ? segment : NULL;
}

/**
 * core_data_end() - where the memory of the process ends in the file
 * @core:	open
 *
 * Return: offset of the byte after the last one, 0 if there is none.
 */
u64 core_data_end(const struct core *core)
{
	const struct core_segment *last;

	if (!core->nr_by_offset)
		return 0;
	last = &core->segments[core->by_offset[core->nr_by_offset - 1]];
	return last->offset + last->filesz;
}

/**
 * core_format_word() - name of a format, as options have it
 * @format:	a format
 *
 * Return: a word.
 */
const char *core_format_word(enum core_format format)
{
	static const char *const words[] = {
		[CORE_AUTO] = "auto",
		[CORE_ELF] = "elf",
		[CORE_MINIDUMP] = "minidump",
		[CORE_KDUMP] = "kdump",
		[CORE_RAW] = "raw",
	};

	return words[format];
}
