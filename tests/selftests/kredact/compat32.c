// SPDX-License-Identifier: GPL-2.0
/*
 * A 32-bit process that tags a page of S and a key, leaves a page of P, loads V into
 * its vector registers, a word of the key into ESI and something else into EDI, and
 * crashes. With an argument it tags nothing, with two it asks for strict mode. It
 * stands without a C library, since none for i386 is installed.
 */
#include <linux/kredact.h>

#define SYS_OPEN	5
#define SYS_IOCTL	54
#define SYS_EXIT	1

static char tagged[4096] __attribute__((aligned(4096)));
static unsigned char key[32];
/* Two pointers in 8 bytes that are aligned, between numbers to find them by. */
static void *volatile pointers[6] __attribute__((aligned(8)));
static char plain[4096] __attribute__((aligned(4096)));

static long syscall3(long nr, long a, long b, long c)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
	return ret;
}

static long tag(long fd, void *at, long len, long flags)
{
	struct kredact_register args = {
		.size = sizeof(args),
		.addr = (unsigned long)at,
		.len = len,
		.flags = flags,
	};

	return syscall3(SYS_IOCTL, fd, KREDACT_IOC_REGISTER, (long)&args);
}

static void load_and_crash(void)
{
	static const char v[16] = "VVVVVVVVVVVVVVVV";

	for (;;)
		asm volatile("movups %0, %%xmm0\n\tmovups %0, %%xmm1\n\tmovups %0, %%xmm2\n\t"
			     "movups %0, %%xmm3\n\tmovups %0, %%xmm4\n\tmovups %0, %%xmm5\n\t"
			     "movups %0, %%xmm6\n\tmovups %0, %%xmm7\n\t"
			     "movq %0, %%mm0\n\tmovq %0, %%mm7\n\t"
			     "movl $1, 8" : : "m"(v), "S"(*(long *)(key + 5)), "D"(0x12345678));
}

/* The stack begins with the number of arguments. */
asm(".globl _start\n_start: mov (%esp), %eax\n\tpush %eax\n\tcall run\n");

void run(int argc)
{
	volatile char *to;
	long fd, i;

	for (i = 0; i < 4096; i++) {
		to = tagged;
		to[i] = 'S';
		to = plain;
		to[i] = 'P';
	}
	for (i = 0; i < sizeof(key); i++)
		key[i] = 41 + i * 73;
	pointers[0] = pointers[5] = (void *)0x1234;
	pointers[1] = pointers[4] = (void *)0x4321;
	pointers[2] = tagged;
	pointers[3] = key;
	if (argc != 2) {
		fd = syscall3(SYS_OPEN, (long)KREDACT_DEVICE, 2, 0);
		if (fd < 0 || tag(fd, tagged, 16, argc == 3 ? KREDACT_STRICT : 0) ||
		    tag(fd, key, sizeof(key), KREDACT_EXACT))
			syscall3(SYS_EXIT, 1, 0, 0);
	}
	load_and_crash();
}
