// SPDX-License-Identifier: GPL-2.0
/*
 * Registers full of given bytes: see load.h. A compiler would use some of them
 * meanwhile, so this is assembly. The stack pointer does not change: a debugger finds the
 * caller whatever the frame pointer holds.
 */
#include "load.h"

unsigned int loaded;

int load_level(void)
{
	if (__builtin_cpu_supports("avx512f"))
		return LEVEL_AVX512;
	return __builtin_cpu_supports("avx2") ? LEVEL_AVX : LEVEL_SSE;
}

asm(
	".macro load_all\n"
	".irp n,0,1,2,3,4,5,6,7\n"
	"	movq	128+8*\\n(%rdi), %mm\\n\n"
	".endr\n"
	"	cmp	$1, %esi\n"
	"	je	1f\n"
	"	ja	2f\n"
	".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	movdqu	192+64*\\n(%rdi), %xmm\\n\n"
	".endr\n"
	"	jmp	3f\n"
	"1:\n"
	".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	vmovdqu	192+64*\\n(%rdi), %ymm\\n\n"
	".endr\n"
	"	jmp	3f\n"
	"2:\n"
	".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	vmovdqu64	192+64*\\n(%rdi), %zmm\\n\n"
	".endr\n"
	".irp n,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	vmovdqu64	192+64*\\n(%rdi), %zmm\\n\n"
	".endr\n"
	"3:\n"
	"	mov	0(%rdi), %r15\n"
	"	mov	8(%rdi), %r14\n"
	"	mov	16(%rdi), %r13\n"
	"	mov	24(%rdi), %r12\n"
	"	mov	32(%rdi), %rbp\n"
	"	mov	40(%rdi), %rbx\n"
	"	mov	48(%rdi), %r11\n"
	"	mov	56(%rdi), %r10\n"
	"	mov	64(%rdi), %r9\n"
	"	mov	72(%rdi), %r8\n"
	"	mov	80(%rdi), %rax\n"
	"	mov	88(%rdi), %rcx\n"
	"	mov	96(%rdi), %rdx\n"
	"	mov	104(%rdi), %rsi\n"
	"	mov	112(%rdi), %rdi\n"
	".endm\n"

	".text\n"
	".globl load_and_crash\n"
	".type load_and_crash, @function\n"
	"load_and_crash:\n"
	"	.cfi_startproc\n"
	"	load_all\n"
	"4:	movl	$1, 8\n"
	"	jmp	4b\n"
	"	.cfi_endproc\n"
	".size load_and_crash, . - load_and_crash\n"

	".globl load_and_spin\n"
	".type load_and_spin, @function\n"
	"load_and_spin:\n"
	"	.cfi_startproc\n"
	"	load_all\n"
	"	lock incl	loaded(%rip)\n"
	"4:	pause\n"
	"	jmp	4b\n"
	"	.cfi_endproc\n"
	".size load_and_spin, . - load_and_spin\n"

	/* Keeps what the caller wants to find again in the red zone. */
	".globl load_and_trap\n"
	".type load_and_trap, @function\n"
	"load_and_trap:\n"
	"	.cfi_startproc\n"
	"	mov	%rbx, -8(%rsp)\n"
	"	mov	%rbp, -16(%rsp)\n"
	"	mov	%r12, -24(%rsp)\n"
	"	mov	%r13, -32(%rsp)\n"
	"	mov	%r14, -40(%rsp)\n"
	"	mov	%r15, -48(%rsp)\n"
	"	.cfi_offset rbx, -16\n"
	"	.cfi_offset rbp, -24\n"
	"	.cfi_offset r12, -32\n"
	"	.cfi_offset r13, -40\n"
	"	.cfi_offset r14, -48\n"
	"	.cfi_offset r15, -56\n"
	"	load_all\n"
	"	int3\n"
	"	emms\n"
	"	mov	-8(%rsp), %rbx\n"
	"	mov	-16(%rsp), %rbp\n"
	"	mov	-24(%rsp), %r12\n"
	"	mov	-32(%rsp), %r13\n"
	"	mov	-40(%rsp), %r14\n"
	"	mov	-48(%rsp), %r15\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size load_and_trap, . - load_and_trap\n"
);
