// SPDX-License-Identifier: GPL-2.0
/*
 * The reader of ELF cores, of processes and of machines (vmcore).
 *
 * libelf translates what is read (class and byte order), but does not read: elf_begin()
 * would allocate tables as large as a hostile header claims.
 *
 * Whatever is wrong, the rest is read as far as possible: what is there is searched.
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

static int read_ident(struct core *core, struct complaint *why)
{
	u8 ident[EI_NIDENT] = { 0 };

	if (core->in->size < sizeof(ident))
		return complain(why, -EBADMSG, "not an ELF core: only %" PRIu64 " bytes",
				core->in->size);
	if (input_read(core->in, 0, ident, sizeof(ident), why))
		return -EIO;
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
	if (shnum > UINT32_MAX || !core_within(core, ehdr->e_shoff, shnum * len))
		return complain(why, -EBADMSG, "truncated: the section headers are missing");
	return 0;
}

static int add_segment(struct core *core, const Elf64_Phdr *phdr, struct complaint *why)
{
	const struct core_segment segment = {
		.vaddr = core->by_frame ? phdr->p_paddr : phdr->p_vaddr,
		.memsz = phdr->p_memsz,
		.offset = phdr->p_offset,
		.filesz = phdr->p_filesz,
	};

	/* No process has a physical address. */
	core->physical |= phdr->p_paddr;
	return core_add(core, &segment, why);
}

static int add_notes(struct core *core, const Elf64_Phdr *phdr, struct complaint *why)
{
	if (core->nr_notes == CORE_NOTES_MAX)
		return complain(why, -EBADMSG, "more than %u segments of notes", CORE_NOTES_MAX);
	if (!core_within(core, phdr->p_offset, phdr->p_filesz))
		return complain(why, -EBADMSG, "truncated: the notes are not wholly in the file");
	core->notes[core->nr_notes++] = (struct core_notes){
		.offset = phdr->p_offset,
		.len = phdr->p_filesz,
		.align = phdr->p_align == 8 ? 8 : 4,
	};
	return 0;
}

static int add_phdr(struct core *core, const Elf64_Phdr *phdr, struct complaint *why)
{
	if (phdr->p_type == PT_LOAD)
		return add_segment(core, phdr, why);
	if (phdr->p_type == PT_NOTE)
		return add_notes(core, phdr, why);
	if (!core_within(core, phdr->p_offset, phdr->p_filesz))
		return complain(why, -EBADMSG, "truncated: a segment of type %#x is not wholly in "
				"the file", phdr->p_type);
	return 0;
}

/* The first thing that is wrong is told; but for want of memory the rest is read, too. */
static int read_phdrs(struct core *core, u64 offset, struct complaint *why)
{
	union {
		Elf32_Phdr p32[PHDR_BATCH];
		Elf64_Phdr p64[PHDR_BATCH];
	} raw;
	size_t size = core->is64 ? sizeof(raw.p64[0]) : sizeof(raw.p32[0]);
	struct complaint also;
	int error, first = 0;
	u32 left, i, nr;

	for (left = core->phnum; left; left -= nr, offset += nr * size) {
		nr = min(left, PHDR_BATCH);
		error = input_read(core->in, offset, &raw, nr * size, first ? &also : why);
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
					.p_paddr = raw.p32[i].p_paddr,
					.p_filesz = raw.p32[i].p_filesz,
					.p_memsz = raw.p32[i].p_memsz,
					.p_align = raw.p32[i].p_align,
				};
			error = add_phdr(core, &phdr, first ? &also : why);
			if (error == -ENOMEM)
				return error;
			first = first ? first : error;
		}
	}
	return first;
}

/* Of program headers that are not all in the file, those that are. */
static int read_all_phdrs(struct core *core, u64 offset, size_t size, struct complaint *why)
{
	struct complaint also;
	int error = 0, error_too;

	if (!core_within(core, offset, core->phnum * (u64)size)) {
		error = complain(why, -EBADMSG,
				 "truncated: the program headers are not in the file");
		core->phnum = offset < core->in->size ? (core->in->size - offset) / size : 0;
	}
	error_too = read_phdrs(core, offset, error ? &also : why);
	error = error ? error : error_too;
	if (error_too == -ENOMEM)
		return error;
	error_too = core_settle(core, core->physical, error ? &also : why);
	return error ? error : error_too;
}

/**
 * core_read_elf() - read the headers of an ELF core
 * @core:	@in set; takes the map
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG (not a core, truncated, damaged), -EIO or -ENOMEM.
 */
int core_read_elf(struct core *core, struct complaint *why)
{
	struct complaint also;
	Elf64_Ehdr ehdr;
	size_t size;
	u32 phnum;
	int error, error_too;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return complain(why, -EINVAL, "libelf is too old");
	error = read_ident(core, why);
	if (!error)
		error = read_ehdr(core, &ehdr, why);
	if (error)
		return error;
	size = core->is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	core_within(core, 0, core->is64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr));
	error = read_extended(core, &ehdr, &phnum, why);
	if (error && phnum == PN_XNUM)
		return error;
	if (!phnum)
		return complain(why, -EBADMSG, "a core without segments");
	if (phnum > CORE_SEGMENTS_MAX)
		return complain(why, -EBADMSG, "%u segments are more than this program reads (%u)",
				phnum, CORE_SEGMENTS_MAX);
	if (ehdr.e_phentsize != size)
		return complain(why, -EBADMSG, "program headers of %u bytes", ehdr.e_phentsize);
	core->phnum = phnum;
	error_too = read_all_phdrs(core, ehdr.e_phoff, size, error ? &also : why);
	return error ? error : error_too;
}
