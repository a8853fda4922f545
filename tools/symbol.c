// SPDX-License-Identifier: GPL-2.0
/*
 * Symbols by build-id: see symbol.h.
 *
 * A query comes from a process that has read a hostile dump. The build-id must be that of
 * the file, and only regular files are opened: the name of another kind of file could do
 * something when it is. Nothing is fetched from a network.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <gelf.h>

#include "symbol.h"

#define DEBUG_FOLDER	"/usr/lib/debug/.build-id"
#define KEPT		16u		/* modules that stay open */

/* A module that was asked for; without @dwfl no file has its build-id. */
struct opened {
	u8 build_id[BUILD_ID_MAX];
	u32 build_id_len;
	Dwfl *dwfl;
	Dwfl_Module *module;
	u64 first;		/* address of its first byte, as libdwfl has placed it */
};

struct symbols {
	char *folder;
	struct opened kept[KEPT];
	u32 nr;
	u32 next;
};

/* libdwfl's own would look for files by names of its own, and ask servers. */
static int no_debuginfo(Dwfl_Module *module, void **userdata, const char *modname, Dwarf_Addr base,
			const char *file, const char *link, GElf_Word crc, char **name)
{
	(void)module;
	(void)userdata;
	(void)modname;
	(void)base;
	(void)file;
	(void)link;
	(void)crc;
	(void)name;
	return -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_debuginfo = no_debuginfo,
	.section_address = dwfl_offline_section_address,
};

/**
 * symbols_new() - make ready to look for symbols
 * @debug_folder: has files of symbols by their build-ids; NULL: the system's
 *
 * Return: to be released by symbols_free(), or NULL.
 */
struct symbols *symbols_new(const char *debug_folder)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	symbols->folder = strdup(debug_folder ? debug_folder : DEBUG_FOLDER);
	if (symbols->folder)
		return symbols;
	free(symbols);
	return NULL;
}

/**
 * symbols_free() - release it
 * @symbols:	from symbols_new(), or NULL
 */
void symbols_free(struct symbols *symbols)
{
	u32 i;

	if (!symbols)
		return;
	for (i = 0; i < symbols->nr; i++)
		dwfl_end(symbols->kept[i].dwfl);
	free(symbols->folder);
	free(symbols);
}

/* Opens a regular file, and touches nothing else. */
static int open_regular(const char *path)
{
	int place = open(path, O_PATH | O_CLOEXEC), fd = -1;
	struct stat stat;
	char self[40];

	if (place < 0)
		return -1;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", place);
	if (!fstat(place, &stat) && S_ISREG(stat.st_mode))
		fd = open(self, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	close(place);
	return fd;
}

static bool has_build_id(Elf *elf, const struct symbol_query *query)
{
	const void *id;

	return dwelf_elf_gnu_build_id(elf, &id) == (ssize_t)query->build_id_len &&
	       !memcmp(id, query->build_id, query->build_id_len);
}

/* Address of the first page of the file in memory, by its own program headers. */
static u64 first_address(Elf *elf)
{
	u64 first = ~0ULL;
	size_t nr, i;
	GElf_Phdr phdr;

	if (elf_getphdrnum(elf, &nr))
		return 0;
	for (i = 0; i < nr; i++)
		if (gelf_getphdr(elf, i, &phdr) && phdr.p_type == PT_LOAD && phdr.p_memsz)
			first = min(first, (u64)phdr.p_vaddr & ~4095ULL);
	return first == ~0ULL ? 0 : first;
}

static bool try_file(struct opened *opened, const struct symbol_query *query, const char *path)
{
	int fd = open_regular(path);
	GElf_Addr bias;
	Elf *elf;

	if (fd < 0)
		return false;
	opened->dwfl = dwfl_begin(&callbacks);
	if (!opened->dwfl) {
		close(fd);
		return false;
	}
	/* Takes the descriptor, if it succeeds. */
	opened->module = dwfl_report_offline(opened->dwfl, "module", path, fd);
	if (!opened->module)
		close(fd);
	dwfl_report_end(opened->dwfl, NULL, NULL);
	elf = opened->module ? dwfl_module_getelf(opened->module, &bias) : NULL;
	if (elf && has_build_id(elf, query) && dwfl_module_getsymtab(opened->module) > 1) {
		opened->first = first_address(elf) + bias;
		return true;
	}
	dwfl_end(opened->dwfl);
	opened->dwfl = NULL;
	opened->module = NULL;
	return false;
}

static struct opened *open_module(struct symbols *symbols, const struct symbol_query *query)
{
	struct opened *opened;
	char hex[2 * BUILD_ID_MAX + 1], *path = NULL;
	bool done = false;
	u32 i;

	for (i = 0; i < symbols->nr; i++)
		if (symbols->kept[i].build_id_len == query->build_id_len &&
		    !memcmp(symbols->kept[i].build_id, query->build_id, query->build_id_len))
			return &symbols->kept[i];
	if (symbols->nr == KEPT) {
		opened = &symbols->kept[symbols->next++ % KEPT];
		dwfl_end(opened->dwfl);
	} else {
		opened = &symbols->kept[symbols->nr++];
	}
	*opened = (struct opened){ .build_id_len = query->build_id_len };
	memcpy(opened->build_id, query->build_id, query->build_id_len);
	text_hex(hex, query->build_id, query->build_id_len);
	if (asprintf(&path, "%s/%.2s/%s.debug", symbols->folder, hex, hex + 2) > 0)
		done = try_file(opened, query, path);
	free(path);
	if (!done && *query->path == '/')
		try_file(opened, query, query->path);
	return opened;
}

/**
 * symbols_find() - which symbol is there?
 * @arg:	from symbols_new()
 * @query:	not trusted
 * @symbol:	takes the answer
 *
 * Return: false if no file of that build-id is here, or it has no symbol there.
 */
bool symbols_find(void *arg, const struct symbol_query *query, struct symbol *symbol)
{
	struct symbols *symbols = arg;
	struct opened *opened;
	const char *name;
	GElf_Off offset;
	GElf_Sym sym;

	if (query->build_id_len < 2 || query->build_id_len > BUILD_ID_MAX ||
	    !memchr(query->path, '\0', sizeof(query->path)))
		return false;
	opened = open_module(symbols, query);
	if (!opened->module || query->offset > ~0ULL - opened->first)
		return false;
	name = dwfl_module_addrinfo(opened->module, opened->first + query->offset, &offset, &sym,
				    NULL, NULL, NULL);
	if (!name)
		return false;
	text_escape(symbol->name, sizeof(symbol->name), name, strlen(name));
	symbol->offset = offset;
	return true;
}
