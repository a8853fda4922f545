/* SPDX-License-Identifier: GPL-2.0 */
/* Sets the probes of a table at the functions of libraries: see tag.h. */
#ifndef KREDACT_BPF_ATTACH_H
#define KREDACT_BPF_ATTACH_H

#include <stdio.h>

#include "tag.h"

struct attachment;
struct bpf_object;

/**
 * attach - set the probes
 * @opts:	which; read during the call only
 * @object:	loaded, with the programs "enter" and "leave"; has to outlive the attachment
 * @why:	out: TAG_OK, or why not
 * @what:	out: what it failed at, for the caller to free(), or unchanged
 *
 * Return: for the caller to attach_end(), or NULL with errno set.
 */
struct attachment *attach(const struct tag_opts *opts, struct bpf_object *object,
			  enum tag_why *why, char **what);

/**
 * attach_print - a line for each library: its file, and how many functions are probed
 */
void attach_print(const struct attachment *a, FILE *to);

/**
 * attach_end - take the probes away
 * @a:	from attach(), or NULL
 */
void attach_end(struct attachment *a);

#endif /* KREDACT_BPF_ATTACH_H */
