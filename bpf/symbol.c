// SPDX-License-Identifier: GPL-2.0
/* Where functions are in a library's or a program's file: see symbol.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbol.h"

#define DEBUG_DIR	"/usr/lib/debug/.build-id"
#define BUILD_ID_MOST	64

struct elf_file {
	int fd;
	Elf *elf;
};

static int open_elf(struct elf_file *file, const char *path)
{
	int err;

	file->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0)
		return -errno;
	elf_version(EV_CURRENT);
	file->elf = elf_begin(file->fd, ELF_C_READ_MMAP, NULL);
	if (file->elf && elf_kind(file->elf) == ELF_K_ELF)
		return 0;
	err = -ELIBBAD;
	elf_end(file->elf);
	close(file->fd);
	return err;
}

static void close_elf(struct elf_file *file)
{
	elf_end(file->elf);
	close(file->fd);
}

/* The place in the file of an address in memory. */
static bool to_offset(Elf *elf, __u64 address, __u64 *offset)
{
	size_t nr, i;
	GElf_Phdr phdr;

	if (elf_getphdrnum(elf, &nr))
		return false;
	for (i = 0; i < nr; i++) {
		if (!gelf_getphdr(elf, i, &phdr) || phdr.p_type != PT_LOAD ||
		    !(phdr.p_flags & PF_X) || address < phdr.p_vaddr ||
		    address - phdr.p_vaddr >= phdr.p_filesz)
			continue;
		*offset = address - phdr.p_vaddr + phdr.p_offset;
		return true;
	}
	return false;
}

static void add_place(struct symbol *symbol, __u64 offset)
{
	unsigned int i;

	for (i = 0; i < symbol->nr; i++)
		if (symbol->offset[i] == offset)
			return;
	if (symbol->nr < SYMBOL_PLACES)
		symbol->offset[symbol->nr++] = offset;
}

/* One table of symbols. @loaded is the file that its addresses are of. */
static void read_table(Elf *elf, Elf_Scn *scn, const GElf_Shdr *shdr, Elf *loaded,
		       struct symbol *symbols, const bool *wanted, size_t nr)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t count = data && shdr->sh_entsize ? data->d_size / shdr->sh_entsize : 0, i, k;

	for (i = 0; i < count; i++) {
		const char *name;
		GElf_Sym sym;
		__u64 offset;

		if (!gelf_getsym(data, i, &sym) || sym.st_shndx == SHN_UNDEF ||
		    GELF_ST_TYPE(sym.st_info) != STT_FUNC)
			continue;
		name = elf_strptr(elf, shdr->sh_link, sym.st_name);
		for (k = 0; name && k < nr; k++)
			if (wanted[k] && !strcmp(name, symbols[k].name) &&
			    to_offset(loaded, sym.st_value, &offset))
				add_place(&symbols[k], offset);
	}
}

/* Those of the symbols that have no place yet, in all tables of a file. */
static void read_tables(Elf *elf, Elf *loaded, struct symbol *symbols, size_t nr)
{
	bool *wanted = calloc(nr, sizeof(*wanted));
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t i;

	for (i = 0; wanted && i < nr; i++)
		wanted[i] = !symbols[i].nr;
	while (wanted && (scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &shdr) &&
		    (shdr.sh_type == SHT_DYNSYM || shdr.sh_type == SHT_SYMTAB))
			read_table(elf, scn, &shdr, loaded, symbols, wanted, nr);
	free(wanted);
}

/* Where the debugging symbols of a file are, by its build id. */
static bool debug_path(Elf *elf, char *path, size_t len)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	while ((scn = elf_nextscn(elf, scn))) {
		size_t at = 0, next, name, desc;
		Elf_Data *data;
		GElf_Nhdr note;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_NOTE)
			continue;
		data = elf_getdata(scn, NULL);
		for (; data && (next = gelf_getnote(data, at, &note, &name, &desc)); at = next) {
			const unsigned char *id = (const unsigned char *)data->d_buf + desc;
			size_t used, i;

			if (note.n_type != NT_GNU_BUILD_ID || note.n_descsz < 2 ||
			    note.n_descsz > BUILD_ID_MOST)
				continue;
			used = snprintf(path, len, DEBUG_DIR "/%02x/", id[0]);
			for (i = 1; i < note.n_descsz; i++)
				used += snprintf(path + used, len - used, "%02x", id[i]);
			snprintf(path + used, len - used, ".debug");
			return true;
		}
	}
	return false;
}

/* The code of one section that a symbol's patterns may stand for. */
static void match_section(Elf_Scn *scn, const GElf_Shdr *shdr, Elf *elf, struct symbol *symbol)
{
	size_t first = -shdr->sh_addr & (PATTERN_ALIGN - 1), at;
	Elf_Data *data = elf_getdata(scn, NULL);
	const struct pattern *p;
	__u64 offset;

	if (!data || !data->d_buf)
		return;
	for (p = symbol->patterns; p < symbol->patterns + symbol->nr_patterns; p++)
		for (at = first; (at = pattern_find(p, data->d_buf, data->d_size, at)) <
		     data->d_size; at += PATTERN_ALIGN)
			if (to_offset(elf, shdr->sh_addr + at, &offset))
				add_place(symbol, offset);
}

static void match_code(Elf *elf, struct symbol *symbol)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &shdr) && shdr.sh_type == SHT_PROGBITS &&
		    (shdr.sh_flags & SHF_EXECINSTR))
			match_section(scn, &shdr, elf, symbol);
	symbol->ambiguous = symbol->nr > 1;
	if (symbol->ambiguous)
		symbol->nr = 0;
}

int symbol_find(const char *path, struct symbol *symbols, size_t nr)
{
	char debug[sizeof(DEBUG_DIR) + 2 * BUILD_ID_MOST + 16];
	struct elf_file file, with_debug;
	bool all = true;
	size_t i;
	int err;

	for (i = 0; i < nr; i++) {
		symbols[i].nr = 0;
		symbols[i].ambiguous = false;
	}
	err = open_elf(&file, path);
	if (err)
		return err;
	read_tables(file.elf, file.elf, symbols, nr);
	for (i = 0; i < nr; i++)
		all &= symbols[i].nr > 0;
	if (!all && debug_path(file.elf, debug, sizeof(debug)) && !open_elf(&with_debug, debug)) {
		read_tables(with_debug.elf, file.elf, symbols, nr);
		close_elf(&with_debug);
	}
	for (i = 0; i < nr; i++)
		if (!symbols[i].nr)
			match_code(file.elf, &symbols[i]);
	close_elf(&file);
	return 0;
}

const char *const symbol_dirs[] = {
	"/usr/local/lib", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/lib",
	"/usr/lib64", "/usr/lib", NULL
};

char *symbol_library(const char *name)
{
	const char *const *dir;
	char path[PATH_MAX];
	char *found;

	if (strchr(name, '/'))
		return realpath(name, NULL);
	for (dir = symbol_dirs; *dir; dir++) {
		snprintf(path, sizeof(path), "%s/%s", *dir, name);
		found = realpath(path, NULL);
		if (found)
			return found;
	}
	return NULL;
}
