/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /proc/vmcore as a file on the disk of the kernel that crashed, in /out, where the host
 * finds it.
 */
#ifndef PANIC_SAVE_H
#define PANIC_SAVE_H

#include <stdint.h>

int save_mount(void);
int64_t save_file(int from, uint64_t len, const char *name);

#endif /* PANIC_SAVE_H */
