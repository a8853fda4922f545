// SPDX-License-Identifier: GPL-2.0
/*
 * The reader of minidumps: see minidump.h.
 *
 * The same memory may be in several streams (the stack of a thread is also in the list of
 * memory) or overlap: an address has the value of the first. All streams of a kind count,
 * so that none can hide behind another.
 */
#include <elf.h>
#include <inttypes.h>

#include "minidump.h"

#define VERSION			0xa793u
#define STREAMS_MAX		4096u
#define MODULES_MAX		65536u		/* that are looked at in one look-up */
#define ENTRIES_MAX		(4 * CORE_SEGMENTS_MAX)	/* of all lists of memory */
#define NAME_MAX_BYTES		4096u

enum {
	STREAM_THREADS = 3,
	STREAM_MODULES = 4,
	STREAM_MEMORY = 5,
	STREAM_EXCEPTION = 6,
	STREAM_SYSTEM = 7,
	STREAM_MEMORY64 = 9,
	STREAM_MISC = 15,
};

#define HEADER_LEN		32u
#define ENTRY_LEN		12u
#define THREAD_LEN		48u
#define MODULE_LEN		108u
#define MEMORY_LEN		16u

/* Goes over all streams: @take is called for each. */
struct stream {
	u32 type;
	u64 offset;
	u64 len;
};

typedef int (*stream_fn)(void *arg, struct core *core, const struct stream *stream,
			 struct complaint *why);

static int for_streams(struct core *core, stream_fn take, void *arg, struct complaint *why)
{
	u8 header[HEADER_LEN], entry[ENTRY_LEN];
	struct complaint also;
	struct stream stream;
	int error, first = 0;
	u32 nr, i;
	u64 at;

	if (input_read(core->in, 0, header, sizeof(header), why))
		return complain(why, -EBADMSG, "truncated: the header of the minidump");
	nr = core_u32(core, header + 8);
	at = core_u32(core, header + 12);
	if (nr > STREAMS_MAX)
		first = complain(why, -EBADMSG, "a minidump of %u streams; %u are read", nr,
				 STREAMS_MAX);
	nr = min(nr, STREAMS_MAX);
	for (i = 0; i < nr; i++, at += ENTRY_LEN) {
		error = input_read(core->in, at, entry, sizeof(entry), first ? &also : why);
		if (error == -EBADMSG && !first)
			complaint_set(why, "truncated: the directory of the minidump");
		if (error)
			return first ? first : error;
		stream.type = core_u32(core, entry);
		stream.len = core_u32(core, entry + 4);
		stream.offset = core_u32(core, entry + 8);
		error = take(arg, core, &stream, first ? &also : why);
		if (error == -ENOMEM)
			return error;
		first = first ? first : error;
	}
	return first;
}

/* Reads the number of entries of a list, which may be padded before the first. */
static int list_begin(struct core *core, const struct stream *stream, u32 entry, u64 *at, u32 *nr,
		      struct complaint *why)
{
	u8 count[4];

	*nr = 0;
	if (stream->len < sizeof(count) ||
	    input_read(core->in, stream->offset, count, sizeof(count), why))
		return complain(why, -EBADMSG, "truncated: stream %u of the minidump",
				stream->type);
	*nr = core_u32(core, count);
	*at = stream->offset + 4;
	if (stream->len == 8 + *nr * (u64)entry)
		*at += 4;
	if ((stream->len - 4) / entry < *nr) {
		*nr = (stream->len - 4) / entry;
		return complain(why, -EBADMSG, "stream %u of the minidump is shorter than its list",
				stream->type);
	}
	return 0;
}

static int add_described(struct core *core, const u8 *at, struct complaint *why)
{
	struct core_segment segment = {
		.vaddr = core_u64(core, at),
		.memsz = core_u32(core, at + 8),
		.offset = core_u32(core, at + 12),
	};

	segment.filesz = segment.memsz;
	return core_add(core, &segment, why);
}

/* Descriptors of memory are in a list of their own, and in that of threads. */
static int read_described(struct core *core, const struct stream *stream, u32 entry, u32 within,
			  u64 *budget, struct complaint *why)
{
	u8 bytes[THREAD_LEN];
	struct complaint also;
	int error, first;
	u32 i, nr;
	u64 at;

	first = list_begin(core, stream, entry, &at, &nr, why);
	if (nr > *budget && !first)
		first = complain(why, -EBADMSG, "a minidump of more than %u pieces of memory",
				 ENTRIES_MAX);
	nr = min((u64)nr, *budget);
	*budget -= nr;
	for (i = 0; i < nr; i++, at += entry) {
		error = input_read(core->in, at, bytes, entry, first ? &also : why);
		if (error)
			return first ? first : error;
		error = add_described(core, bytes + within, first ? &also : why);
		if (error == -ENOMEM)
			return error;
		first = first ? first : error;
		if (core->nr_segments == CORE_SEGMENTS_MAX)
			break;
	}
	return first;
}

/* One piece of the file, divided among addresses. */
static int read_memory64(struct core *core, const struct stream *stream, u64 *budget,
			 struct complaint *why)
{
	u8 bytes[MEMORY_LEN];
	struct core_segment segment = { 0 };
	struct complaint also;
	int error, first = 0;
	u64 nr, i, at = stream->offset + 16;

	if (stream->len < 16 || input_read(core->in, stream->offset, bytes, 16, why))
		return complain(why, -EBADMSG, "truncated: stream %u of the minidump",
				stream->type);
	nr = core_u64(core, bytes);
	segment.offset = core_u64(core, bytes + 8);
	if ((stream->len - 16) / MEMORY_LEN < nr) {
		nr = (stream->len - 16) / MEMORY_LEN;
		first = complain(why, -EBADMSG, "stream %u of the minidump is shorter than its "
				 "list", stream->type);
	}
	if (nr > *budget && !first)
		first = complain(why, -EBADMSG, "a minidump of more than %u pieces of memory",
				 ENTRIES_MAX);
	nr = min(nr, *budget);
	*budget -= nr;
	for (i = 0; i < nr && core->nr_segments < CORE_SEGMENTS_MAX; i++, at += MEMORY_LEN) {
		error = input_read(core->in, at, bytes, MEMORY_LEN, first ? &also : why);
		if (error)
			return first ? first : error;
		segment.vaddr = core_u64(core, bytes);
		segment.memsz = core_u64(core, bytes + 8);
		segment.filesz = segment.memsz;
		error = core_add(core, &segment, first ? &also : why);
		if (error == -ENOMEM)
			return error;
		first = first ? first : error;
		if (UINT64_MAX - segment.offset < segment.filesz)
			break;
		segment.offset += segment.filesz;
	}
	return first;
}

static int read_system(struct core *core, const struct stream *stream, struct complaint *why)
{
	static const struct {
		u16 architecture;
		u16 machine;
		bool is64;
	} known[] = {
		{ 0, EM_386, false }, { 1, EM_MIPS, false }, { 3, EM_PPC, false },
		{ 5, EM_ARM, false }, { 9, EM_X86_64, true }, { 12, EM_AARCH64, true },
		{ 0x8001, EM_SPARCV9, true }, { 0x8002, EM_PPC64, true },
		{ 0x8003, EM_AARCH64, true }, { 0x8004, EM_MIPS, true },
	};
	u8 bytes[2];
	u32 i;

	if (stream->len < 2 || input_read(core->in, stream->offset, bytes, sizeof(bytes), why))
		return complain(why, -EBADMSG, "truncated: stream %u of the minidump",
				stream->type);
	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (known[i].architecture == core_u16(core, bytes)) {
			core->machine = known[i].machine;
			core->is64 = known[i].is64;
		}
	}
	return 0;
}

static int read_stream(void *arg, struct core *core, const struct stream *stream,
		       struct complaint *why)
{
	/* A type of 0 is an unused entry. */
	if (stream->type && !core_within(core, stream->offset, stream->len))
		return complain(why, -EBADMSG, "truncated: stream %u of the minidump is not wholly "
				"in the file", stream->type);
	switch (stream->type) {
	case STREAM_MEMORY:
		return read_described(core, stream, MEMORY_LEN, 0, arg, why);
	case STREAM_THREADS:
		return read_described(core, stream, THREAD_LEN, 24, arg, why);
	case STREAM_MEMORY64:
		return read_memory64(core, stream, arg, why);
	case STREAM_SYSTEM:
		return read_system(core, stream, why);
	}
	return 0;
}

/**
 * minidump_read() - read the directory of a minidump
 * @core:	@in set; takes the map
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG (not a minidump, truncated, damaged), -EIO or -ENOMEM.
 */
int minidump_read(struct core *core, struct complaint *why)
{
	struct complaint also;
	u8 header[HEADER_LEN];
	u64 budget = ENTRIES_MAX;
	int error, error_too;

	core->is64 = true;
	core->encoding = ELFDATA2LSB;
	if (core->in->size < sizeof(header) ||
	    input_read(core->in, 0, header, sizeof(header), why))
		return complain(why, -EBADMSG, "not a minidump, or cut off in its header");
	if (memcmp(header, "MDMP", 4) || core_u16(core, header + 4) != VERSION)
		return complain(why, -EBADMSG, "not a minidump, or of a version that is unknown");
	core->phnum = core_u32(core, header + 8);
	core_within(core, 0, sizeof(header));
	error = for_streams(core, read_stream, &budget, why);
	if (error == -ENOMEM)
		return error;
	error_too = core_settle(core, true, error ? &also : why);
	if (!error && !error_too && !core->nr_segments)
		return complain(why, -EBADMSG, "a minidump without memory");
	return error ? error : error_too;
}

/* A counted UTF-16 string; what is not ASCII becomes a question mark. */
static bool read_name(struct core *core, u64 at, char *name, size_t room)
{
	struct complaint why;
	u8 bytes[NAME_MAX_BYTES];
	u32 len, i;

	if (input_read(core->in, at, bytes, 4, &why))
		return false;
	len = core_u32(core, bytes);
	if (len > sizeof(bytes) || input_read(core->in, at + 4, bytes, len, &why))
		return false;
	for (i = 0; i < len / 2 && i + 1 < room; i++) {
		u16 unit = core_u16(core, bytes + 2 * i);

		name[i] = unit < 0x80 ? unit : '?';
	}
	name[i] = '\0';
	return i;
}

struct wanted {
	u64 vaddr;
	bool any;		/* the first module, which is the program */
	bool found;
	u32 looked_at;
	char *name;
	size_t room;
};

static int find_module(void *arg, struct core *core, const struct stream *stream,
		       struct complaint *why)
{
	struct wanted *wanted = arg;
	u8 bytes[MODULE_LEN];
	u32 i, nr;
	u64 at;

	if (stream->type != STREAM_MODULES || wanted->found)
		return 0;
	if (list_begin(core, stream, MODULE_LEN, &at, &nr, why))
		return 0;
	for (i = 0; i < nr && !wanted->found; i++, at += MODULE_LEN) {
		u64 base;

		if (wanted->looked_at == MODULES_MAX)
			return 0;
		wanted->looked_at++;
		if (input_read(core->in, at, bytes, sizeof(bytes), why))
			return 0;
		base = core_u64(core, bytes);
		if (wanted->any || (wanted->vaddr >= base &&
				    wanted->vaddr - base < core_u32(core, bytes + 8)))
			wanted->found = read_name(core, core_u32(core, bytes + 20), wanted->name,
						  wanted->room);
		if (wanted->any)
			break;
	}
	return 0;
}

/**
 * minidump_mapping() - which module is at an address?
 * @core:	open, a minidump
 * @vaddr:	an address
 * @name:	takes the name, not escaped
 * @room:	size of @name, at least 1
 *
 * Return: false if there is none.
 */
bool minidump_mapping(struct core *core, u64 vaddr, char *name, size_t room)
{
	struct wanted wanted = { .vaddr = vaddr, .name = name, .room = room };
	struct complaint why;

	for_streams(core, find_module, &wanted, &why);
	return wanted.found;
}

static int note_stream(void *arg, struct core *core, const struct stream *stream,
		       struct complaint *why)
{
	struct notes *notes = arg;
	u8 bytes[16];
	u64 at;
	u32 nr;

	if (stream->type != STREAM_THREADS && stream->type != STREAM_EXCEPTION &&
	    stream->type != STREAM_MISC)
		return 0;
	notes->nr++;
	if (stream->type == STREAM_THREADS) {
		if (!list_begin(core, stream, THREAD_LEN, &at, &nr, why))
			notes->threads += nr;
		return 0;
	}
	if (stream->len < sizeof(bytes) ||
	    input_read(core->in, stream->offset, bytes, sizeof(bytes), why))
		return 0;
	if (stream->type == STREAM_EXCEPTION) {
		notes->tid = core_u32(core, bytes);
		notes->signo = core_u32(core, bytes + 8);
	} else if (core_u32(core, bytes + 4) & 1) {
		notes->has_process = true;
		notes->pid = core_u32(core, bytes + 8);
	}
	return 0;
}

/**
 * minidump_notes() - what a minidump says of its process
 * @notes:	takes it
 * @core:	open, a minidump
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG or -EIO.
 */
int minidump_notes(struct notes *notes, struct core *core, struct complaint *why)
{
	char name[256];
	struct wanted program = { .any = true, .name = name, .room = sizeof(name) };
	const char *base;
	int error;

	*notes = (struct notes){ 0 };
	error = for_streams(core, note_stream, notes, why);
	if (!error)
		error = for_streams(core, find_module, &program, why);
	if (program.found) {
		base = strrchr(name, '/');
		base = base ? base + 1 : name;
		memcpy(notes->comm, base, strnlen(base, sizeof(notes->comm)));
	}
	return error;
}
