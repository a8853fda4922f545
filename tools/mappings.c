// SPDX-License-Identifier: GPL-2.0
/*
 * The mapped files of a process: see mappings.h.
 *
 * The table is read once and has to be in order, as the kernel and gdb write it. The
 * headers of programs and libraries are read where they are in the dump, within their
 * first page.
 */
#include <elf.h>
#include <stdlib.h>

#include "mappings.h"

#define FIRST_PAGE	4096u
#define NAME_MAX_LEN	4096u		/* PATH_MAX */
#define PHDRS_MAX	64u

/* Mappings that are looked back at for the beginning of a module. */
#define LOOK_BACK	64u

/* Entries: start, end, offset in pages. */
static bool read_entries(struct mappings *mappings, const struct notes *notes, u64 page_size)
{
	struct core *core = mappings->core;
	u32 word = core->is64 ? 8 : 4, i;
	struct complaint ignored;
	u8 entry[24];

	for (i = 0; i < mappings->nr; i++) {
		struct mapping *mapping = &mappings->at[i];
		u64 end;

		if (input_read(core->in, notes->files + (2 + 3ULL * i) * word, entry, 3 * word,
			       &ignored))
			return false;
		mapping->start = core_word(core, entry);
		end = core_word(core, entry + word);
		mapping->last = end - 1;
		mapping->pgoff = core_word(core, entry + 2 * word) * page_size;
		if (mapping->start >= end || (i && mapping->start <= mapping[-1].last))
			return false;
	}
	return true;
}

/* Where each name begins; they follow one another, each with a NUL at its end. */
static bool find_names(struct mappings *mappings, u64 at)
{
	struct complaint ignored;
	const u8 *bytes;
	u64 len, i, begin = at;
	u32 nr = 0;

	for (; at < mappings->names_end && nr < mappings->nr; at += len) {
		if (input_window(mappings->core->in, at, mappings->names_end - at, &bytes, &len,
				 &ignored))
			return false;
		for (i = 0; i < len && nr < mappings->nr; i++) {
			if (at + i - begin > NAME_MAX_LEN)
				return false;
			if (bytes && bytes[i])
				continue;
			mappings->at[nr++].name_at = begin;
			begin = at + i + 1;
		}
	}
	return nr == mappings->nr;
}

/**
 * mappings_read() - read the table of mapped files
 * @mappings:	takes it; to be released by mappings_free()
 * @notes:	from notes_read()
 * @core:	the same core; borrowed
 *
 * NT_FILE is: count, page size, count times (start, end, offset), names. A table that is
 * not in order counts as none: it serves to tell places, and is no reason against a dump.
 */
void mappings_read(struct mappings *mappings, const struct notes *notes, struct core *core)
{
	u32 word = core->is64 ? 8 : 4;
	struct complaint ignored;
	u8 head[16];
	u64 count;

	*mappings = (struct mappings){ .core = core };
	if (!notes->files || notes->files_len < 2 * word ||
	    input_read(core->in, notes->files, head, 2 * word, &ignored))
		return;
	count = core_word(core, head);
	if (count > MAPPINGS_MAX || count > (notes->files_len - 2 * word) / (3 * word))
		return;
	mappings->at = calloc(count ? count : 1, sizeof(*mappings->at));
	if (!mappings->at)
		return;
	mappings->nr = count;
	mappings->names_end = notes->files + notes->files_len;
	if (!read_entries(mappings, notes, core_word(core, head + word)) ||
	    !find_names(mappings, notes->files + (2 + 3 * count) * word))
		mappings->nr = 0;
}

/**
 * mappings_free() - release what mappings_read() took
 * @mappings:	not usable afterwards
 */
void mappings_free(struct mappings *mappings)
{
	free(mappings->at);
	mappings->at = NULL;
	mappings->nr = 0;
}

/* Index of the first mapping that ends at or above @vaddr. */
static u32 find_from(const struct mappings *mappings, u64 vaddr)
{
	u32 low = 0, high = mappings->nr;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (mappings->at[middle].last < vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/**
 * mappings_find() - which file was mapped at an address?
 * @mappings:	from mappings_read()
 * @vaddr:	the address
 *
 * Return: the mapping, or NULL.
 */
const struct mapping *mappings_find(const struct mappings *mappings, u64 vaddr)
{
	u32 i = find_from(mappings, vaddr);

	return i < mappings->nr && mappings->at[i].start <= vaddr ? &mappings->at[i] : NULL;
}

/**
 * mappings_name() - the name of a mapped file
 * @mappings:	from mappings_read()
 * @mapping:	one of them
 * @name:	takes the name, not escaped; what does not fit is cut off
 * @room:	size of @name, at least 1
 *
 * Return: true if all of it fits.
 */
bool mappings_name(const struct mappings *mappings, const struct mapping *mapping, char *name,
		   size_t room)
{
	u64 most = min(mappings->names_end - mapping->name_at, (u64)room);
	struct complaint ignored;
	size_t len;

	*name = '\0';
	if (input_read(mappings->core->in, mapping->name_at, name, most, &ignored))
		return false;
	len = strnlen(name, most);
	if (len < most)
		return true;
	name[room - 1] = '\0';
	return false;
}

/* Reads memory of the process that is whole in one segment. */
static bool read_memory(struct core *core, u64 vaddr, void *to, u64 len)
{
	u32 i = core_segment_from(core, vaddr);
	const struct core_segment *segment = &core->segments[i];
	struct complaint ignored;

	if (i == core->nr_segments || vaddr < segment->vaddr ||
	    vaddr - segment->vaddr >= segment->filesz ||
	    segment->filesz - (vaddr - segment->vaddr) < len)
		return false;
	return !input_read(core->in, segment->offset + (vaddr - segment->vaddr), to, len, &ignored);
}

static void read_build_id(struct module *module, const struct core *core, const u8 *page,
			  u64 offset, u64 len)
{
	u64 name_len, desc_len, used;
	const u8 *note;

	if (offset > FIRST_PAGE || FIRST_PAGE - offset < len)
		return;
	for (note = page + offset; len >= 12; note += used, len -= used) {
		name_len = core_u32(core, note);
		desc_len = core_u32(core, note + 4);
		/* 32-bit lengths: these sums cannot overflow. */
		used = 12 + ((name_len + 3) & ~3ULL) + ((desc_len + 3) & ~3ULL);
		if (used > len)
			return;
		if (core_u32(core, note + 8) == NT_GNU_BUILD_ID && name_len == 4 &&
		    !memcmp(note + 12, "GNU", 4) && desc_len && desc_len <= BUILD_ID_MAX) {
			memcpy(module->build_id, note + 16, desc_len);
			module->build_id_len = desc_len;
			return;
		}
	}
}

/* Of a program header: type, offset, address, and sizes in file and in memory. */
static void read_phdr(const struct core *core, const u8 *at, Elf64_Phdr *phdr)
{
	u32 word = core->is64 ? 8 : 4;

	phdr->p_type = core_u32(core, at);
	at += core->is64 ? 8 : 4;
	phdr->p_offset = core_word(core, at);
	phdr->p_vaddr = core_word(core, at + word);
	phdr->p_filesz = core_word(core, at + 3 * word);
	phdr->p_memsz = core_word(core, at + 4 * word);
}

/* What the ELF header in the first page says of a module that begins there. */
static bool read_module(struct module *module, struct core *core, u64 base)
{
	u32 ehsize = core->is64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr), phnum, i;
	u32 phsize = core->is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	u64 phoff, low = ~0ULL, high = 0;
	u8 page[FIRST_PAGE];
	Elf64_Phdr phdr;

	if (!read_memory(core, base, page, sizeof(page)) || memcmp(page, ELFMAG, SELFMAG) ||
	    page[EI_CLASS] != (core->is64 ? ELFCLASS64 : ELFCLASS32) ||
	    page[EI_DATA] != core->encoding)
		return false;
	phoff = core_word(core, page + (core->is64 ? 32 : 28));
	phnum = core_u16(core, page + (core->is64 ? 56 : 44));
	if (phoff < ehsize || phoff > FIRST_PAGE || phnum > PHDRS_MAX ||
	    (FIRST_PAGE - phoff) / phsize < phnum)
		return false;
	for (i = 0; i < phnum; i++) {
		read_phdr(core, page + phoff + i * phsize, &phdr);
		if (phdr.p_type == PT_NOTE && !module->build_id_len)
			read_build_id(module, core, page, phdr.p_offset, phdr.p_filesz);
		if (phdr.p_type != PT_LOAD || !phdr.p_memsz || phdr.p_vaddr > ~0ULL - phdr.p_memsz)
			continue;
		low = min(low, phdr.p_vaddr & ~(u64)(FIRST_PAGE - 1));
		high = max(high, phdr.p_vaddr + phdr.p_memsz - 1);
	}
	if (low > high || high - low > ~0ULL - base)
		return false;
	module->base = base;
	module->last = base + (high - low);
	return true;
}

/**
 * mappings_module() - in which program or library is an address?
 * @mappings:	from mappings_read()
 * @vaddr:	the address; may be in memory that begins where its file ends (.bss)
 * @module:	takes what is known of it
 *
 * Return: false if the dump does not tell.
 */
bool mappings_module(const struct mappings *mappings, u64 vaddr, struct module *module)
{
	u32 i = find_from(mappings, vaddr), tries;

	if (i == mappings->nr || mappings->at[i].start > vaddr) {
		if (!i)
			return false;
		i--;
	}
	for (tries = 0; tries < LOOK_BACK; tries++, i--) {
		const struct mapping *mapping = &mappings->at[i];

		*module = (struct module){ 0 };
		if (!mapping->pgoff && read_module(module, mappings->core, mapping->start)) {
			if (vaddr > module->last)
				return false;
			if (!mappings_name(mappings, mapping, module->name, sizeof(module->name)))
				*module->name = '\0';
			return true;
		}
		if (!i)
			return false;
	}
	return false;
}
