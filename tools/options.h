/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The command line of kredact-verify.
 */
#ifndef KREDACT_TOOLS_OPTIONS_H
#define KREDACT_TOOLS_OPTIONS_H

#include "core.h"
#include "report/outputs.h"

#define EXIT_USAGE	3

/**
 * struct options - what the command line says
 * @format:	of the dumps, or CORE_AUTO
 * @unsealed:	no seals are expected
 * @unpacked_max: bytes that a dump may have when unpacked
 * @progress:	0 never, 1 always, 2 on a terminal
 * @verbose:	whole reports also if there are several dumps
 * @seal:	the file with its seal, or NULL: if the core has none, the one beside it
 * @key:	file of the seal key, or NULL
 * @no_key:	do without authenticity
 * @secrets:	files of secrets to search for
 * @names:	their names, escaped
 * @nr_secrets:	how many
 * @shortest:	shortest run of a secret that counts; 0: the whole secret
 * @reverse:	search for reversed secrets, too
 * @scan:	what the scan for keys looks for
 * @no_scan:	do without it
 * @certs:	files of public keys whose private halves are searched for
 * @nr_certs:	how many
 * @outputs:	reports that are wanted
 * @redact:	name of a cleaned copy to write, or NULL
 * @redact_notes: zero in it also what is worth a line only
 * @sign:	file of the key that signs for it, or NULL
 * @color:	0 never, 1 always, 2 for a terminal
 * @quiet, @read_holes, @no_sandbox: likewise options
 */
struct options {
	enum core_format format;
	bool unsealed;
	u64 unpacked_max;
	int progress;
	bool verbose;
	const char *seal;
	const char *key;
	bool no_key;
	const char **secrets;
	char **names;
	u32 nr_secrets;
	u32 shortest;
	bool reverse;
	struct scan_options scan;
	bool no_scan;
	const char **certs;
	u32 nr_certs;
	struct outputs outputs;
	const char *redact;
	bool redact_notes;
	const char *sign;
	int color;
	bool quiet;
	bool read_holes;
	bool no_sandbox;
};

int options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);

__attribute__((format(printf, 1, 2)))
int usage(const char *format, ...);

#endif /* KREDACT_TOOLS_OPTIONS_H */
