/* SPDX-License-Identifier: GPL-2.0 */
/* Where the functions of a table are on this machine, and probes at them: see tag.h. */
#ifndef KREDACT_BPF_ATTACH_H
#define KREDACT_BPF_ATTACH_H

#include <stdbool.h>
#include <stdio.h>

#include "tag.h"

struct attachment;
struct bpf_object;

/**
 * attach_plan - find the files whose functions the filters ask for
 * @opts:	read during the call only
 * @masks:	out: for each filter, the libraries of the table that it asks for, a bit each
 * @why:	out: TAG_OK, or why not
 * @what:	out: what it failed at, for the caller to free(), or unchanged
 *
 * Return: for the caller to attach_end(), or NULL with errno set.
 */
struct attachment *attach_plan(const struct tag_opts *opts, __u64 *masks, enum tag_why *why,
			       char **what);

/**
 * attach_set - set the probes
 * @a:		from attach_plan()
 * @opts:	likewise
 * @object:	loaded, with the programs "enter" and "leave"; has to outlive @a
 * @what:	as in attach_plan()
 *
 * Return: TAG_OK, or why not, with errno set.
 */
enum tag_why attach_set(struct attachment *a, const struct tag_opts *opts,
			struct bpf_object *object, char **what);

/**
 * attach_pin - let the probes stay when this process ends
 * @a:		with its probes set
 * @pins:	folder (pins.h): those of a process before are taken away
 *
 * Return: 0, or -errno.
 */
int attach_pin(struct attachment *a, const char *pins);

/**
 * attach_is_stale - have the files been replaced, or what was missing come?
 * @opts:	those of attach_plan()
 */
bool attach_is_stale(const struct attachment *a, const struct tag_opts *opts);

/**
 * attach_file - a file that probes are in
 *
 * Return: its path, or NULL if there are no more than @i.
 */
const char *attach_file(const struct attachment *a, unsigned int i);

/**
 * attach_print - a line for each library: its file, and how many functions are probed
 */
void attach_print(const struct attachment *a, FILE *to);

/**
 * attach_end - take the probes away
 * @a:	from attach_plan(), or NULL
 *
 * Those that are pinned do not trap any more; attach_leave() is for these.
 */
void attach_end(struct attachment *a);

/**
 * attach_leave - end, but leave the probes where they are
 * @a:	pinned. Descriptors stay open until the process ends
 */
void attach_leave(struct attachment *a);

#endif /* KREDACT_BPF_ATTACH_H */
