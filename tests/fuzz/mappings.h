/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls that change mappings and what is in them, at random places.
 */
#ifndef KREDACT_FUZZ_MAPPINGS_H
#define KREDACT_FUZZ_MAPPINGS_H

/* What file mappings are of, and /dev/mem, or -1. */
extern int memfd, device;

void do_mmap(void);
void do_munmap(void);
void do_mremap(void);
void do_mprotect(void);
void do_madvise(void);
void do_mlock(void);
void do_brk(void);
void do_fill(void);

#endif /* KREDACT_FUZZ_MAPPINGS_H */
