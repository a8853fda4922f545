/* SPDX-License-Identifier: GPL-2.0 */
/* Whose buffers are tagged, as the programs are told: see tag.h. */
#ifndef KREDACT_BPF_FILTER_H
#define KREDACT_BPF_FILTER_H

#include "tag.h"

struct bpf_object;

/**
 * filter_settings - filters for the constants of the programs
 * @opts:	has them
 * @masks:	of libraries, from attach_plan()
 * @out:	filled in
 * @what:	out: what it failed at, for the caller to free(), or unchanged
 *
 * An executable that is not there is no error if @opts is patient: then no process has it.
 *
 * Return: TAG_OK, TAG_NO_EXE or TAG_NO_CGROUP.
 */
enum tag_why filter_settings(const struct tag_opts *opts, const __u64 *masks,
			     struct probe_settings *out, char **what);

/**
 * filter_names - tell the programs of cgroups that may be made at any time
 * @opts:	has them
 * @object:	loaded
 *
 * Return: TAG_OK, or TAG_NO_LOAD.
 */
enum tag_why filter_names(const struct tag_opts *opts, struct bpf_object *object);

/**
 * filter_cgroups - tell the programs of cgroups that are there
 * @opts:	has them
 * @object:	loaded; from filter_names() and the attachment of its programs on it knows of
 *		those that are made
 * @what:	as in filter_settings()
 *
 * Return: TAG_OK, or TAG_NO_CGROUP.
 */
enum tag_why filter_cgroups(const struct tag_opts *opts, struct bpf_object *object, char **what);

/**
 * filter_has_units - do filters ask for cgroups by their names?
 */
bool filter_has_units(const struct tag_opts *opts);

/**
 * filter_pid - is a single process all that is asked for?
 *
 * Return: its pid, or 0.
 */
pid_t filter_pid(const struct tag_opts *opts);

#endif /* KREDACT_BPF_FILTER_H */
