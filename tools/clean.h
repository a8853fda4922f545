/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files of a cleaned copy: made before the sandbox, vouched for and named after it.
 */
#ifndef KREDACT_TOOLS_CLEAN_H
#define KREDACT_TOOLS_CLEAN_H

#include "redact.h"
#include "signer.h"

#define CLEAN_SUFFIX	".kredact-redacted.json"

/**
 * struct clean - a cleaned copy in the making
 * @path:	its name in the end
 * @temporary:	its name before
 * @statement:	name of the statement in the end
 * @statement_temporary: its name before
 * @out:	the copy, empty
 * @list:	for the list of what was zeroed; it has no name
 */
struct clean {
	char *path;
	char *temporary;
	char *statement;
	char *statement_temporary;
	int out;
	int list;
};

int clean_open(struct clean *clean, const char *path, struct complaint *why);
int clean_commit(struct clean *clean, int source, const char *name, struct signer *signer,
		 struct complaint *why);
void clean_close(struct clean *clean);

#endif /* KREDACT_TOOLS_CLEAN_H */
