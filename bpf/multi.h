/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One link for all probed functions of a file, which Linux has from 6.6 on. To end a link
 * the kernel waits until no processor is in its program: with one for each function that
 * takes seconds.
 */
#ifndef KREDACT_BPF_MULTI_H
#define KREDACT_BPF_MULTI_H

#include <stdbool.h>
#include <linux/types.h>

struct bpf_program;

/* Does the running kernel have such links? */
bool multi_is_there(void);

/**
 * multi_prepare - a program is going to have such links, and no others
 * @prog:	not loaded yet
 */
void multi_prepare(struct bpf_program *prog);

/* Was it prepared for them? */
bool multi_is_for(const struct bpf_program *prog);

/**
 * multi_link - probe functions of a file, in all processes
 * @prog:	loaded
 * @path:	the file
 * @offsets:	of the functions in it, bytes
 * @cookies:	for each of them what the program is told
 * @nr:		how many, 1 at least
 * @is_return:	their returns, not their entries
 *
 * Return: a file descriptor, which the caller close()s to end it; or -1 with errno set.
 */
int multi_link(const struct bpf_program *prog, const char *path, const __u64 *offsets,
	       const __u64 *cookies, unsigned int nr, bool is_return);

#endif /* KREDACT_BPF_MULTI_H */
