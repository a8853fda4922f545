/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The audit of one dump, from its name to its verdict.
 */
#ifndef KREDACT_TOOLS_JOB_H
#define KREDACT_TOOLS_JOB_H

#include "dump.h"
#include "clean.h"
#include "report/outputs.h"
#include "resolver.h"

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

/**
 * struct job - one dump after the other, and how it is to be audited
 * @options:	what the command line says
 * @audit:	zero but for what all dumps have in common; the child fills its own copy
 * @resolver:	asked for symbols
 * @report:	how to report; @file is the name of the dump, escaped
 * @dump:	private
 * @sandbox:	private
 * @clean:	private
 * @redact:	private
 */
struct job {
	struct options *options;
	struct audit *audit;
	struct resolver *resolver;
	struct report report;
	struct dump dump;
	struct sandbox sandbox;
	struct clean clean;
	struct redact redact;
};

/* Exit status if a cleaned copy was wanted, and could not be written. */
#define JOB_NO_COPY	4

int job_run(struct job *job, const char *path, struct complaint *why);

#endif /* KREDACT_TOOLS_JOB_H */
