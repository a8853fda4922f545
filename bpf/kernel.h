/* SPDX-License-Identifier: GPL-2.0 */
/* What the running kernel says of itself, without loading anything; how it counts. */
#ifndef KREDACT_BPF_KERNEL_H
#define KREDACT_BPF_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define KERNEL_BTF		"/sys/kernel/btf/vmlinux"
#define KERNEL_MODULE_DIR	"/sys/module/kredact"

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

/**
 * struct kernel_process - what /proc/PID/stat says
 * @comm:	of its first thread
 * @kthread:	it is one of the kernel's
 * @start_ns:	when it was started, of the clock that goes on in suspend, to 10 ms
 */
struct kernel_process {
	char comm[16];
	bool kthread;
	uint64_t start_ns;
};

/* Return: 0, or -errno; -ENOENT, -ESRCH: there is no such process. */
int kernel_process(pid_t pid, struct kernel_process *out);

/* Does kredact.ko offer a function to BPF programs? Not if it has no BTF. */
bool kernel_module_has(const char *function);

/* Does the kernel itself have a structure of this name? Not if it has no BTF. */
bool kernel_has(const char *structure);

/* A device as the kernel counts it: 20 bits of minor number. */
static inline uint32_t kernel_dev(unsigned int dev_major, unsigned int dev_minor)
{
	return dev_major << 20 | dev_minor;
}

#endif /* KREDACT_BPF_KERNEL_H */
