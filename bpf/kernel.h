/* SPDX-License-Identifier: GPL-2.0 */
/* What the running kernel says of itself, without loading anything. */
#ifndef KREDACT_BPF_KERNEL_H
#define KREDACT_BPF_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#define KERNEL_BTF	"/sys/kernel/btf/vmlinux"

/* A file's text, cut at @size - 1 bytes; false if there is none. */
bool kernel_read(const char *path, char *text, size_t size);

/* How far the kernel is locked down: "none", if it says nothing of that. */
const char *kernel_lockdown(void);

/*
 * Was the kernel built for preemption that cannot be told to be off? Where it can
 * be switched (PREEMPT_DYNAMIC), only its command line is asked.
 */
bool kernel_preempts(void);

/* Is there a capability (CAP_* of <linux/capability.h>) in effect for this process? */
bool kernel_permits(unsigned int capability);

#endif /* KREDACT_BPF_KERNEL_H */
