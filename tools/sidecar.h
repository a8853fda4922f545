/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The seal that a daemon makes where the kernel makes none: of a dump of the module-free
 * mode, beside its core. Documentation/seal-format.rst, Documentation/module-free.rst.
 */
#ifndef KREDACT_TOOLS_SIDECAR_H
#define KREDACT_TOOLS_SIDECAR_H

#include <limits.h>

#include "../bpf/dump.h"
#include "keyfile.h"

struct sidecar;

/**
 * struct sidecar_opts - how to do it
 * @key:	of the HMAC: keyfile_load(); copied
 * @dir:	for seals that cannot lie beside their core, since that went to a pipe, or is not
 *		to be found; belongs to this user, and nobody else may write to it
 */
struct sidecar_opts {
	const struct keyfile *key;
	const char *dir;
};

/**
 * struct sidecar_made - a seal that was made
 * @beside:	it lies beside its core
 * @bound:	it has the digest of the core, and so is of no other file
 * @path:	of its file
 */
struct sidecar_made {
	bool beside;
	bool bound;
	char path[PATH_MAX];
};

struct sidecar *sidecar_open(const struct sidecar_opts *opts, struct complaint *why);
int sidecar_write(struct sidecar *s, const struct free_dump *dump, struct sidecar_made *made,
		  struct complaint *why);
void sidecar_close(struct sidecar *s);

#endif /* KREDACT_TOOLS_SIDECAR_H */
