/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of probes: which functions of which libraries are given keys, and where the
 * keys are. Files in the format of libconfig, one for each library:
 *
 *	library = "libcrypto.so.3";
 *	probes = (
 *		{ function = "CRYPTO_secure_malloc"; tag = "result"; bytes = "arg1"; },
 *		{ function = "CRYPTO_secure_clear_free"; release = "arg1"; }
 *	);
 *
 * Documentation/bpf.rst describes them. An administrator's file stands for the one of the
 * same name that came with kredact.
 */
#ifndef KREDACT_BPF_TABLE_H
#define KREDACT_BPF_TABLE_H

#include <stdbool.h>
#include <stdio.h>
#include <linux/types.h>

#include "probe.h"
#include "symbol.h"

#define TABLE_DIR	"/usr/share/kredact/probes.d"
#define TABLE_ADMIN_DIR	"/etc/kredact/probes.d"

/**
 * struct table_function - a function and its probes, which are one after another
 * @name:	symbol
 * @first:	index of its first probe
 * @nr:		how many it has, 1 to PROBE_MOST
 * @patterns:	how its code may begin, where it has no symbol
 * @nr_patterns: how many of these
 * @returns:	its return is probed
 * @optional:	not in each version of the library
 */
struct table_function {
	char *name;
	unsigned int first;
	unsigned int nr;
	struct pattern *patterns;
	unsigned int nr_patterns;
	bool returns;
	bool optional;
};

/**
 * struct table_library - a library or a program
 * @name:	its soname, or an absolute path
 * @from:	the file of the table that has it
 * @program:	probed only for processes of this name, or NULL
 * @has:	only in files that have this function, or NULL
 * @lacks:	only in files that do not have this one, or NULL
 * @thorough:	only where that is asked for: its functions are called often
 * @first:	index of its first function; they are one after another
 * @nr:		how many it has
 */
struct table_library {
	char *name;
	char *from;
	char *program;
	char *has;
	char *lacks;
	bool thorough;
	unsigned int first;
	unsigned int nr;
};

struct table {
	struct table_library *libraries;
	struct table_function *functions;
	struct key_probe *probes;
	unsigned int nr_libraries;
	unsigned int nr_functions;
	unsigned int nr_probes;
};

/**
 * table_read_file - add what a file has
 * @t:		a table, all zero at first
 * @path:	the file
 * @errors:	where to say what is wrong, with the file and the line
 *
 * Return: 0, or -1; then @t is good for table_free() only.
 */
int table_read_file(struct table *t, const char *path, FILE *errors);

/**
 * table_read_dirs - add what all files *.conf of two directories have
 * @t:		a table, all zero at first
 * @dir:	that of the package
 * @admin:	that of the administrator, need not be there
 * @errors:	likewise
 *
 * Return: 0, or -1; all files are looked at before that.
 */
int table_read_dirs(struct table *t, const char *dir, const char *admin, FILE *errors);

/**
 * table_is_for - is a library of the table meant to be this version of it?
 * @library:	one of the table
 * @path:	a file
 *
 * Return: whether the file has the function @has and lacks the function @lacks; true, too,
 * for a file that cannot be read, of which table_symbols() tells more.
 */
bool table_is_for(const struct table_library *library, const char *path);

/**
 * table_symbols - look for the functions of a library in a file
 * @t:		the table
 * @library:	one of it
 * @path:	the file
 *
 * Return: @library->nr symbols in the order of its functions, for the caller to free();
 * NULL, with errno set, if the file is none or there is no memory.
 */
struct symbol *table_symbols(const struct table *t, const struct table_library *library,
			     const char *path);

/**
 * table_free - give back what is in a table
 * @t:	from table_read_file() and table_read_dirs()
 */
void table_free(struct table *t);

#endif /* KREDACT_BPF_TABLE_H */
