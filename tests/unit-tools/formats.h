/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Dumps of other formats than the kernel's cores, put together by hand. Each is appended
 * to the bytes of a struct fixture, of which nothing else is used.
 */
#ifndef KREDACT_TESTS_FORMATS_H
#define KREDACT_TESTS_FORMATS_H

#include "fixture.h"

/**
 * struct piece - memory
 * @vaddr:	its address
 * @bytes:	what it holds
 * @len:	how many
 */
struct piece {
	u64 vaddr;
	const u8 *bytes;
	u64 len;
};

/* How the pages of a kernel dump are packed: flags of its page descriptors. */
enum {
	KDUMP_PLAIN = 0,
	KDUMP_ZLIB = 1,
	KDUMP_LZO = 2,
	KDUMP_SNAPPY = 4,
	KDUMP_ZSTD = 0x20,
};

void format_minidump(struct fixture *to, const struct piece *pieces, u32 nr, bool memory64);
void format_kdump(struct fixture *to, const u8 *memory, const bool *present, u32 pages, int how);
void format_kdump_info(struct fixture *to, const u8 *memory, const bool *present, u32 pages,
		       int how, const char *info);
void format_flattened(struct fixture *to, const struct fixture *from);
void format_vmcore(struct fixture *to, const u8 *memory, u32 pages);
void format_vmcore_info(struct fixture *to, const u8 *memory, u32 pages, const char *info);
void format_apport(struct fixture *to, const u8 *packed, u64 len);
void format_gzip(struct fixture *to, const u8 *bytes, u64 len);
void format_zstd(struct fixture *to, const u8 *bytes, u64 len);

/* Addresses in format_vmcore(). */
#define VMCORE_TEXT	0xffffffff81000000ULL
#define VMCORE_DIRECT	0xffff888000000000ULL
#define VMCORE_BASE	0x1000000ULL

#endif /* KREDACT_TESTS_FORMATS_H */
