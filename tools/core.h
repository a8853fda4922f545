/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reader of ELF cores.
 *
 * libelf translates what is read (class and byte order), but does not read:
 * elf_begin() would allocate tables as large as a hostile header claims.
 */
#ifndef KREDACT_TOOLS_CORE_H
#define KREDACT_TOOLS_CORE_H

#include "input.h"

/* Most program headers that are read: 64 MiB of struct core_segment. */
#define CORE_SEGMENTS_MAX	(1u << 21)
#define CORE_NOTES_MAX		16u

/**
 * struct core_segment - a PT_LOAD
 * @vaddr:	first address
 * @memsz:	bytes in memory
 * @offset:	first byte in the file
 * @filesz:	bytes in the file, at most @memsz; the rest was not dumped
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
 * struct core - a core file
 * @in:		where it is read from; borrowed
 * @segments:	in ascending order of addresses and of offsets
 * @nr_segments: entries in @segments
 * @phnum:	program headers, of all types
 * @notes:	segments of notes
 * @nr_notes:	entries in @notes
 * @machine:	EM_*
 * @is64:	ELFCLASS64
 * @encoding:	ELFDATA*
 * @end:	end of the last thing that the headers name, or 0 if unknown
 * @sound:	all of it was read, is in order and in the file
 */
struct core {
	struct input *in;
	struct core_segment *segments;
	u32 nr_segments;
	u32 phnum;
	struct core_notes notes[CORE_NOTES_MAX];
	u32 nr_notes;
	u16 machine;
	bool is64;
	u8 encoding;
	u64 end;
	bool sound;
};

int core_open(struct core *core, struct input *in, struct complaint *why);
void core_close(struct core *core);
u32 core_segment_from(const struct core *core, u64 vaddr);
const struct core_segment *core_segment_of_offset(const struct core *core, u64 offset);

u16 core_u16(const struct core *core, const void *at);
u32 core_u32(const struct core *core, const void *at);
u64 core_word(const struct core *core, const void *at);

#endif /* KREDACT_TOOLS_CORE_H */
