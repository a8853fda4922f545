// SPDX-License-Identifier: GPL-2.0
/*
 * Reader of ELF cores: see core.h.
 *
 * Segments must be in ascending order and disjoint, in memory and in the file,
 * as the kernel and gdb write them. That is what keeps a hostile core from
 * having one byte read a million times, and an address from having two values.
 */
#include <elf.h>
#include <inttypes.h>
#include <libelf.h>
#include <stdlib.h>

#include "core.h"

#define PHDR_BATCH	256u

/* Bytes from the file to structs of this machine, in place. */
static bool translate(const struct core *core, void *data, size_t len, Elf_Type type)
{
	Elf_Data both = {
		.d_buf = data,
		.d_type = type,
		.d_version = EV_CURRENT,
		.d_size = len,
	};

	return core->is64 ? elf64_xlatetom(&both, &both, core->encoding) :
			    elf32_xlatetom(&both, &both, core->encoding);
}

static u64 from_file(const struct core *core, const void *at, size_t len)
{
	const u8 *byte = at;
	u64 value = 0;
	size_t i;

	for (i = 0; i < len; i++)
		value = value << 8 | byte[core->encoding == ELFDATA2LSB ? len - 1 - i : i];
	return value;
}

/**
 * core_u16() - a 16-bit integer of a note
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
 * core_u32() - a 32-bit integer of a note
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
 * core_word() - an unsigned long of the process, out of a note
 * @core:	tells its size and the byte order
 * @at:		4 or 8 bytes, any alignment
 *
 * Return: its value.
 */
u64 core_word(const struct core *core, const void *at)
{
	return from_file(core, at, core->is64 ? 8 : 4);
}

static int read_ident(struct core *core, struct complaint *why)
{
	u8 ident[EI_NIDENT] = { 0 };

	if (core->in->size < sizeof(ident))
		return complain(why, -EBADMSG, "not an ELF core: only %" PRIu64 " bytes",
				core->in->size);
	if (input_read(core->in, 0, ident, sizeof(ident), why))
		return -EIO;
	if (!memcmp(ident, "\x28\xb5\x2f\xfd", 4) || !memcmp(ident, "\x04\x22\x4d\x18", 4) ||
	    !memcmp(ident, "\xfd" "7zXZ", 5) || !memcmp(ident, "\x1f\x8b", 2))
		return complain(why, -EBADMSG, "not an ELF core but a compressed file: "
				"unpack it first");
	if (memcmp(ident, ELFMAG, SELFMAG))
		return complain(why, -EBADMSG, "not an ELF core: no ELF header");
	if (ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64)
		return complain(why, -EBADMSG, "ELF class %u is unknown", ident[EI_CLASS]);
	if (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB)
		return complain(why, -EBADMSG, "ELF encoding %u is unknown", ident[EI_DATA]);
	core->is64 = ident[EI_CLASS] == ELFCLASS64;
	core->encoding = ident[EI_DATA];
	return 0;
}

static int read_ehdr(struct core *core, Elf64_Ehdr *ehdr, struct complaint *why)
{
	union {
		Elf32_Ehdr e32;
		Elf64_Ehdr e64;
	} raw;
	size_t len = core->is64 ? sizeof(raw.e64) : sizeof(raw.e32);

	if (input_read(core->in, 0, &raw, len, why))
		return complain(why, -EBADMSG, "the ELF header is cut off");
	if (!translate(core, &raw, len, ELF_T_EHDR))
		return complain(why, -EBADMSG, "the ELF header cannot be read");
	if (core->is64) {
		*ehdr = raw.e64;
	} else {
		*ehdr = (Elf64_Ehdr){
			.e_type = raw.e32.e_type,
			.e_machine = raw.e32.e_machine,
			.e_version = raw.e32.e_version,
			.e_phoff = raw.e32.e_phoff,
			.e_shoff = raw.e32.e_shoff,
			.e_phentsize = raw.e32.e_phentsize,
			.e_phnum = raw.e32.e_phnum,
			.e_shentsize = raw.e32.e_shentsize,
			.e_shnum = raw.e32.e_shnum,
		};
	}
	if (ehdr->e_version != EV_CURRENT)
		return complain(why, -EBADMSG, "ELF version %u is unknown", ehdr->e_version);
	if (ehdr->e_type != ET_CORE)
		return complain(why, -EBADMSG, "an ELF file of type %u, not a core", ehdr->e_type);
	core->machine = ehdr->e_machine;
	return 0;
}

/* Is [offset, offset + len) in the file? Counts towards the end of the core. */
static bool within(struct core *core, u64 offset, u64 len)
{
	if (offset > core->in->size || core->in->size - offset < len)
		return false;
	core->end = max(core->end, offset + len);
	return true;
}

/* Section header 0 holds what is too large for the ELF header. */
static int read_extended(struct core *core, const Elf64_Ehdr *ehdr, u32 *phnum,
			 struct complaint *why)
{
	union {
		Elf32_Shdr s32;
		Elf64_Shdr s64;
	} raw;
	size_t len = core->is64 ? sizeof(raw.s64) : sizeof(raw.s32);
	u64 shnum = ehdr->e_shnum;

	*phnum = ehdr->e_phnum;
	if (!ehdr->e_shoff && *phnum == PN_XNUM)
		return complain(why, -EBADMSG, "the number of segments is in a section header "
				"that is missing");
	if (!ehdr->e_shoff)
		return 0;
	if (ehdr->e_shentsize != len)
		return complain(why, -EBADMSG, "section headers of %u bytes", ehdr->e_shentsize);
	if (input_read(core->in, ehdr->e_shoff, &raw, len, why))
		return complain(why, -EBADMSG, "truncated: the section headers are missing");
	if (!translate(core, &raw, len, ELF_T_SHDR))
		return complain(why, -EBADMSG, "section header 0 cannot be read");
	if (*phnum == PN_XNUM)
		*phnum = core->is64 ? raw.s64.sh_info : raw.s32.sh_info;
	if (!shnum)
		shnum = core->is64 ? raw.s64.sh_size : raw.s32.sh_size;
	if (shnum > UINT32_MAX || !within(core, ehdr->e_shoff, shnum * len))
		return complain(why, -EBADMSG, "truncated: the section headers are missing");
	return 0;
}

static int add_segment(struct core *core, const Elf64_Phdr *phdr, struct complaint *why)
{
	const struct core_segment *last = NULL;
	u32 nr = core->nr_segments;

	/* The array doubles at each power of two. */
	if (!(nr & (nr - 1))) {
		u64 room = nr ? nr * 2ULL : 1;
		struct core_segment *grown = realloc(core->segments, room * sizeof(*grown));

		if (!grown)
			return complain(why, -ENOMEM, "out of memory for %u segments", nr);
		core->segments = grown;
	}
	if (nr)
		last = &core->segments[nr - 1];
	if (phdr->p_filesz > phdr->p_memsz)
		return complain(why, -EBADMSG, "the segment at %#" PRIx64
				" is longer in the file than in memory", phdr->p_vaddr);
	if (phdr->p_memsz && UINT64_MAX - phdr->p_vaddr < phdr->p_memsz - 1)
		return complain(why, -EBADMSG, "the segment at %#" PRIx64 " wraps around",
				phdr->p_vaddr);
	if (last && (phdr->p_vaddr < last->vaddr || phdr->p_vaddr - last->vaddr < last->memsz))
		return complain(why, -EBADMSG, "the segment at %#" PRIx64
				" overlaps or precedes the one before it", phdr->p_vaddr);
	if (last && (phdr->p_offset < last->offset || phdr->p_offset - last->offset < last->filesz))
		return complain(why, -EBADMSG, "the segment at %#" PRIx64
				" overlaps or precedes another in the file", phdr->p_vaddr);
	core->segments[nr] = (struct core_segment){
		.vaddr = phdr->p_vaddr,
		.memsz = phdr->p_memsz,
		.offset = phdr->p_offset,
		.filesz = phdr->p_filesz,
	};
	core->nr_segments++;
	if (!within(core, phdr->p_offset, phdr->p_filesz))
		return complain(why, -EBADMSG, "truncated: the segment at %#" PRIx64
				" is not wholly in the file", phdr->p_vaddr);
	return 0;
}

static int add_notes(struct core *core, const Elf64_Phdr *phdr, struct complaint *why)
{
	if (core->nr_notes == CORE_NOTES_MAX)
		return complain(why, -EBADMSG, "more than %u segments of notes", CORE_NOTES_MAX);
	if (!within(core, phdr->p_offset, phdr->p_filesz))
		return complain(why, -EBADMSG, "truncated: the notes are not wholly in the file");
	core->notes[core->nr_notes++] = (struct core_notes){
		.offset = phdr->p_offset,
		.len = phdr->p_filesz,
		.align = phdr->p_align == 8 ? 8 : 4,
	};
	return 0;
}

static int read_phdrs(struct core *core, u64 offset, struct complaint *why)
{
	union {
		Elf32_Phdr p32[PHDR_BATCH];
		Elf64_Phdr p64[PHDR_BATCH];
	} raw;
	size_t size = core->is64 ? sizeof(raw.p64[0]) : sizeof(raw.p32[0]);
	u32 left, i, nr;
	int error;

	for (left = core->phnum; left; left -= nr, offset += nr * size) {
		nr = min(left, PHDR_BATCH);
		error = input_read(core->in, offset, &raw, nr * size, why);
		if (error)
			return error;
		if (!translate(core, &raw, nr * size, ELF_T_PHDR))
			return complain(why, -EBADMSG, "program headers cannot be read");
		for (i = 0; i < nr; i++) {
			Elf64_Phdr phdr;

			if (core->is64)
				phdr = raw.p64[i];
			else
				phdr = (Elf64_Phdr){
					.p_type = raw.p32[i].p_type,
					.p_offset = raw.p32[i].p_offset,
					.p_vaddr = raw.p32[i].p_vaddr,
					.p_filesz = raw.p32[i].p_filesz,
					.p_memsz = raw.p32[i].p_memsz,
					.p_align = raw.p32[i].p_align,
				};
			if (phdr.p_type == PT_LOAD)
				error = add_segment(core, &phdr, why);
			else if (phdr.p_type == PT_NOTE)
				error = add_notes(core, &phdr, why);
			else if (!within(core, phdr.p_offset, phdr.p_filesz))
				error = complain(why, -EBADMSG, "truncated: a segment of type %#x "
						 "is not wholly in the file", phdr.p_type);
			if (error)
				return error;
		}
	}
	return 0;
}

/**
 * core_open() - read the headers of a core
 * @core:	takes the state; core_close() releases it, also after an error
 * @in:		open, and outlives @core
 * @why:	text of an error
 *
 * After an error @core holds what was read before it: segments can be looked
 * up, but @core->sound is false.
 *
 * Return: 0, -EBADMSG (not a core, truncated, damaged), -EIO or -ENOMEM.
 */
int core_open(struct core *core, struct input *in, struct complaint *why)
{
	Elf64_Ehdr ehdr;
	size_t size;
	u32 phnum;
	int error;

	*core = (struct core){ .in = in };
	if (elf_version(EV_CURRENT) == EV_NONE)
		return complain(why, -EINVAL, "libelf is too old");
	error = read_ident(core, why);
	if (error)
		return error;
	error = read_ehdr(core, &ehdr, why);
	if (error)
		return error;
	size = core->is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	within(core, 0, core->is64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr));
	error = read_extended(core, &ehdr, &phnum, why);
	if (error)
		return error;
	if (!phnum)
		return complain(why, -EBADMSG, "a core without segments");
	if (phnum > CORE_SEGMENTS_MAX)
		return complain(why, -EBADMSG, "%u segments are more than this program reads (%u)",
				phnum, CORE_SEGMENTS_MAX);
	if (ehdr.e_phentsize != size)
		return complain(why, -EBADMSG, "program headers of %u bytes", ehdr.e_phentsize);
	if (!within(core, ehdr.e_phoff, phnum * (u64)size))
		return complain(why, -EBADMSG,
				"truncated: the program headers are not in the file");
	core->phnum = phnum;
	error = read_phdrs(core, ehdr.e_phoff, why);
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
	core->segments = NULL;
	core->nr_segments = 0;
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

/**
 * core_segment_of_offset() - find a segment by a place in the file
 * @core:	open
 * @offset:	in the file
 *
 * Return: the segment that has this byte, or NULL.
 */
const struct core_segment *core_segment_of_offset(const struct core *core, u64 offset)
{
	u32 low = 0, high = core->nr_segments;

	while (low < high) {
		u32 middle = low + (high - low) / 2;
		const struct core_segment *segment = &core->segments[middle];

		if (offset < segment->offset)
			high = middle;
		else if (offset - segment->offset < segment->filesz)
			return segment;
		else
			low = middle + 1;
	}
	return NULL;
}
