// SPDX-License-Identifier: GPL-2.0
/*
 * A 32-bit process that tags a page of S, leaves a page of P, and crashes. It
 * stands without a C library, since none for i386 is installed.
 */
#include <linux/kredact.h>

#define SYS_OPEN	5
#define SYS_IOCTL	54
#define SYS_EXIT	1

static char tagged[4096] __attribute__((aligned(4096)));
static char plain[4096] __attribute__((aligned(4096)));

static long syscall3(long nr, long a, long b, long c)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
	return ret;
}

void _start(void)
{
	struct kredact_register args = {
		.size = sizeof(args),
		.addr = (unsigned long)tagged,
		.len = 16,
	};
	volatile char *to;
	long fd, i;

	for (i = 0; i < 4096; i++) {
		to = tagged;
		to[i] = 'S';
		to = plain;
		to[i] = 'P';
	}
	fd = syscall3(SYS_OPEN, (long)KREDACT_DEVICE, 2, 0);
	if (fd < 0 || syscall3(SYS_IOCTL, fd, KREDACT_IOC_REGISTER, (long)&args))
		syscall3(SYS_EXIT, 1, 0, 0);
	for (;;)
		*(volatile int *)8 = 1;
}
