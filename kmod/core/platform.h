/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the portable core needs from where it is compiled: the kernel, or
 * userspace (the daemon, the tools, unit tests, fuzzers). Nothing in core/
 * allocates, locks or calls out except through arguments, nor sleeps but in kr_breathe().
 */
#ifndef KREDACT_CORE_PLATFORM_H
#define KREDACT_CORE_PLATFORM_H

#ifdef __KERNEL__

#include <linux/types.h>
#include <linux/string.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <asm/byteorder.h>

#define KR_STEPS	4096u

/* In loops over more than a page: others may run, every so many steps. */
static inline void kr_breathe(u32 step)
{
	if (step % KR_STEPS == 0)
		cond_resched();
}

#else

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <linux/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

#define cpu_to_le16(x)	((__le16)htole16(x))
#define cpu_to_le32(x)	((__le32)htole32(x))
#define cpu_to_le64(x)	((__le64)htole64(x))
#define le64_to_cpu(x)	le64toh(x)
#ifndef noinline
#define noinline	__attribute_noinline__
#endif
#define kr_breathe(step)	((void)(step))
#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))

#endif /* __KERNEL__ */

#endif /* KREDACT_CORE_PLATFORM_H */
