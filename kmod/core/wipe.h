/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Zeroing a page past the caches, on a machine that has crashed.
 */
#ifndef KREDACT_CORE_WIPE_H
#define KREDACT_CORE_WIPE_H

#include "platform.h"

#ifdef __KERNEL__
#include <asm/asm.h>
#else
#define _ASM_EXTABLE(from, to)	"# " #from " would go to " #to "\n"
#endif

#define KR_WIPE_BYTES	4096u

/* 16 bytes; each of these may fault. */
#define KR_STORE(label, at) #label ": movntdq %%xmm0, " #at "(%0)\n" _ASM_EXTABLE(label##b, 2f)

/**
 * kr_wipe_page() - zero a page
 * @at:		its address in the kernel's mapping, a multiple of KR_WIPE_BYTES
 *
 * In any context of a kernel that does not go on, or between kernel_fpu_begin() and
 * kernel_fpu_end(): it uses %xmm0. Memory is not read before it is written, which is what
 * rep stosq spends most of its time with (tests/bench/wipe.c). Other processors see the
 * zeros after an SFENCE (wmb()).
 *
 * Return: false if a fault has ended it.
 */
static inline bool kr_wipe_page(void *at)
{
	const void *end = (u8 *)at + KR_WIPE_BYTES;

	asm volatile("	pxor %%xmm0, %%xmm0\n"
		     "1:\n"
		     KR_STORE(10, 0) KR_STORE(11, 16) KR_STORE(12, 32) KR_STORE(13, 48)
		     KR_STORE(14, 64) KR_STORE(15, 80) KR_STORE(16, 96) KR_STORE(17, 112)
		     "	subq $-128, %0\n"
		     "	cmpq %1, %0\n"
		     "	jne 1b\n"
		     "2:\n"
		     : "+r" (at) : "r" (end)
#ifndef __KERNEL__
		     /* Of which the kernel's compiler knows nothing. */
		     : "xmm0", "cc", "memory");
#else
		     : "cc", "memory");
#endif
	return at == end;
}

#endif /* KREDACT_CORE_WIPE_H */
