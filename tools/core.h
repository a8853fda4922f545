/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A dump as a map: which addresses of the process (or of the machine) are where in the
 * input. One reader for each format fills it: elf_core.c, minidump.c, kdump.c.
 */
#ifndef KREDACT_TOOLS_CORE_H
#define KREDACT_TOOLS_CORE_H

#include "input.h"

/* Most segments that are read: 64 MiB of struct core_segment. */
#define CORE_SEGMENTS_MAX	(1u << 21)
#define CORE_NOTES_MAX		16u

/* Bytes of the input that segments of a kernel's dump may show, as a multiple of its size. */
#define CORE_ALIASES_MAX	16u

enum core_format {
	CORE_AUTO,		/* only as a wish */
	CORE_ELF,
	CORE_MINIDUMP,
	CORE_KDUMP,
	CORE_RAW,		/* an address is an offset */
};

/**
 * struct core_segment - addresses that follow one another in the input
 * @vaddr:	first address
 * @memsz:	bytes in memory, not 0
 * @offset:	first byte in the input
 * @filesz:	bytes in the input, at most @memsz; the rest was not dumped
 */
struct core_segment {
	u64 vaddr;
	u64 memsz;
	u64 offset;
	u64 filesz;
};

/**
 * struct core_notes - a PT_NOTE
 * @offset:	first byte in the file
 * @len:	bytes
 * @align:	of names and contents: 4 or 8
 */
struct core_notes {
	u64 offset;
	u64 len;
	u32 align;
};

/**
 * struct core - a dump
 * @in:		where it is read from; borrowed
 * @format:	what it is
 * @segments:	in ascending order of addresses, and disjoint
 * @nr_segments: entries in @segments
 * @by_offset:	those of them that have bytes in the input, as indices, in ascending order of
 *		offsets, and disjoint there
 * @nr_by_offset: entries in @by_offset
 * @phnum:	program headers, of all types; or whatever the format has for them
 * @notes:	segments of notes
 * @nr_notes:	entries in @notes
 * @machine:	EM_*, or 0 if unknown
 * @is64:	ELFCLASS64
 * @encoding:	ELFDATA*
 * @ordered:	the segments came in ascending order of addresses and offsets, as the kernel
 *		writes them
 * @physical:	of a whole machine: several addresses may be the same memory
 * @by_frame:	addresses are physical ones
 * @end:	end of the last thing that the headers name, or 0 if unknown
 * @sound:	all of it was read, is without contradictions and in the input
 */
struct core {
	struct input *in;
	enum core_format format;
	struct core_segment *segments;
	u32 nr_segments;
	u32 *by_offset;
	u32 nr_by_offset;
	u32 phnum;
	struct core_notes notes[CORE_NOTES_MAX];
	u32 nr_notes;
	u16 machine;
	bool is64;
	u8 encoding;
	bool ordered;
	bool physical;
	bool by_frame;
	u64 end;
	bool sound;
};

int core_open(struct core *core, struct input *in, struct complaint *why);
int core_open_as(struct core *core, struct input *in, enum core_format format,
		 struct complaint *why);
int core_open_frames(struct core *core, const struct core *from, struct complaint *why);
void core_close(struct core *core);
u32 core_segment_from(const struct core *core, u64 vaddr);
bool core_segments_join(const struct core_segment *left, const struct core_segment *right);
bool core_segments_part(const struct core_segment *left, const struct core_segment *right);
const struct core_segment *core_segment_beyond(const struct core *core, u64 offset);
const struct core_segment *core_segment_of_offset(const struct core *core, u64 offset);
u64 core_data_end(const struct core *core);
const char *core_format_word(enum core_format format);

u16 core_u16(const struct core *core, const void *at);
u32 core_u32(const struct core *core, const void *at);
u64 core_u64(const struct core *core, const void *at);
u64 core_word(const struct core *core, const void *at);

/* For the readers of the formats. */
int core_add(struct core *core, const struct core_segment *segment, struct complaint *why);
bool core_within(struct core *core, u64 offset, u64 len);
int core_settle(struct core *core, bool overlaps, struct complaint *why);
int core_read_elf(struct core *core, struct complaint *why);

#endif /* KREDACT_TOOLS_CORE_H */
