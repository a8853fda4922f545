/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads that have bytes of our choice in all of their registers.
 */
#ifndef KREDACT_SELFTEST_LOAD_H
#define KREDACT_SELFTEST_LOAD_H

#include <stdint.h>

/* The general registers in the order of struct user_regs_struct; there is no more of them. */
enum { R15, R14, R13, R12, BP, BX, R11, R10, R9, R8, AX, CX, DX, SI, DI, GENERALS };

/**
 * struct load - what registers shall hold
 * @general:	general registers, but for the stack pointer
 * @mmx:	the low 64 bits of the x87 ones
 * @vector:	the vector registers, as far as the processor has them
 */
struct load {
	uint64_t general[GENERALS + 1];
	uint8_t mmx[8][8];
	uint8_t vector[32][64];
};

/* What vector registers there are. */
enum { LEVEL_SSE, LEVEL_AVX, LEVEL_AVX512 };

int load_level(void);

/* Threads of this process that have loaded their registers and now keep them. */
extern unsigned int loaded;

/* Loads them and dies of SIGSEGV. */
_Noreturn void load_and_crash(const struct load *load, int level);
/* Loads them, counts in @loaded, and never touches them again. */
_Noreturn void load_and_spin(const struct load *load, int level);
/* Loads them, and sends itself a signal by INT3; goes on when its handler returns. */
void load_and_trap(const struct load *load, int level);

#endif /* KREDACT_SELFTEST_LOAD_H */
