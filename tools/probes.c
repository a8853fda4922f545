// SPDX-License-Identifier: GPL-2.0
/* kredact probes: the table of functions that are given keys. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bpf/table.h"
#include "commands.h"

static void usage(FILE *to)
{
	fputs("usage: kredact probes [--check] [FILE...]\n"
	      "Lists the functions that kredact watch probes: those of the files, or of\n"
	      TABLE_DIR " and " TABLE_ADMIN_DIR ".\n"
	      "  --check   only say what is wrong with the files, by file and line, and which\n"
	      "            functions the libraries of this machine do not have\n"
	      "Exit code 0, 1 if something is wrong, 3 for wrong usage.\n", to);
}

static void print_function(const struct table *t, const struct table_function *f)
{
	unsigned int i, tags = 0, releases = 0;

	for (i = 0; i < f->nr; i++) {
		if (t->probes[f->first + i].action == PROBE_TAG)
			tags++;
		else
			releases++;
	}
	printf("  %-40s %u tagged, %u released%s\n", f->name, tags, releases,
	       f->optional ? ", optional" : "");
}

static bool check_library(const struct table *t, const struct table_library *library)
{
	char *path = symbol_library(library->name);
	struct symbol *symbols;
	bool good = true;
	unsigned int i;

	if (!path) {
		printf("%s: not on this machine\n", library->name);
		return true;
	}
	if (!table_is_for(library, path)) {
		printf("%s: %s is not for this version\n", path, library->from);
		free(path);
		return true;
	}
	symbols = table_symbols(t, library, path);
	if (!symbols) {
		fprintf(stderr, "%s: cannot be read as a library\n", path);
		good = false;
	}
	for (i = 0; symbols && i < library->nr; i++) {
		const struct table_function *f = &t->functions[library->first + i];

		if (f->optional || symbols[i].nr)
			continue;
		fprintf(stderr, "%s: has %s %s\n", path, symbols[i].ambiguous ?
			"more than one place with the code of" : "no", f->name);
		good = false;
	}
	free(symbols);
	free(path);
	return good;
}

int cmd_probes(int argc, char **argv)
{
	static const struct option options[] = {
		{ "check", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	bool check = false, good = true;
	struct table table = { 0 };
	unsigned int i, k;
	int opt;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			check = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc)
		good = !table_read_dirs(&table, TABLE_DIR, TABLE_ADMIN_DIR, stderr);
	for (; optind < argc; optind++)
		good &= !table_read_file(&table, argv[optind], stderr);
	for (i = 0; good && i < table.nr_libraries; i++) {
		const struct table_library *library = &table.libraries[i];

		if (check) {
			good &= check_library(&table, library);
			continue;
		}
		printf("%s (%s)\n", library->name, library->from);
		for (k = 0; k < library->nr; k++)
			print_function(&table, &table.functions[library->first + k]);
	}
	table_free(&table);
	return good ? 0 : EXIT_FAILED;
}
