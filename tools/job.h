/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The audit of one dump, from its name to its verdict.
 */
#ifndef KREDACT_TOOLS_JOB_H
#define KREDACT_TOOLS_JOB_H

#include "dump.h"
#include "clean.h"
#include "options.h"
#include "resolver.h"

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
