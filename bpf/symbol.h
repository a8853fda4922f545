/* SPDX-License-Identifier: GPL-2.0 */
/* Where functions are in a library's or a program's file. */
#ifndef KREDACT_BPF_SYMBOL_H
#define KREDACT_BPF_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "pattern.h"

/* A function may have several versions, which programs were linked with at different times. */
#define SYMBOL_PLACES	4

/**
 * struct symbol - a function that is looked for
 * @name:	its symbol
 * @patterns:	how its code may begin, if it has no symbol
 * @nr_patterns: how many of these
 * @nr:		out: places found, most often 1
 * @ambiguous:	out: more than one place has such code; then @nr is 0
 * @offset:	out: in the file, bytes
 */
struct symbol {
	const char *name;
	const struct pattern *patterns;
	unsigned int nr_patterns;
	unsigned int nr;
	bool ambiguous;
	__u64 offset[SYMBOL_PLACES];
};

/**
 * symbol_find - find functions in an ELF file
 * @path:	the file
 * @symbols:	which; their @nr is 0 where there is none
 * @nr:		how many
 *
 * Looks into the dynamic and the full table of symbols, for those that are in neither into the
 * file's debugging symbols, if they are installed (/usr/lib/debug/.build-id), and at last
 * for their code, which counts only if just one place has it.
 *
 * Return: 0; -ENOENT and the like if the file cannot be read, -ELIBBAD if it is no ELF file.
 */
int symbol_find(const char *path, struct symbol *symbols, size_t nr);

/* Where Debian's loader looks by default, up to a NULL. */
extern const char *const symbol_dirs[];

/**
 * symbol_library - the file of a library
 * @name:	a soname, or a path
 *
 * Looks in symbol_dirs. It stands for the file: programs in a
 * container with a library of their own have another one.
 *
 * Return: a path without symbolic links for the caller to free(), or NULL.
 */
char *symbol_library(const char *name);

#endif /* KREDACT_BPF_SYMBOL_H */
