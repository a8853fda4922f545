// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps of other formats: see formats.h.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>

#include <lzo/lzo1x.h>
#include <openssl/evp.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include "formats.h"

static void set32(struct fixture *to, u64 at, u32 value)
{
	value = htole32(value);
	memcpy(to->bytes + at, &value, 4);
}

static void pad(struct fixture *to, u64 base, u64 align)
{
	fixture_put(to, NULL, -(to->len - base) % align);
}

/* Fills entry @entry of the directory, for what was put from @at on. */
static void stream(struct fixture *to, u64 base, u32 entry, u32 type, u64 at)
{
	set32(to, base + 32 + 12 * entry, type);
	set32(to, base + 36 + 12 * entry, to->len - at);
	set32(to, base + 40 + 12 * entry, at - base);
}

static void put_module(struct fixture *to, u64 base, u64 vaddr, u32 size, const char *name)
{
	u64 at = to->len, i;

	put32(to, 1);
	put64(to, vaddr);
	put32(to, size);
	put32(to, 0);
	put32(to, 0);
	put32(to, at + 4 + 108 - base);
	fixture_put(to, NULL, 108 - 24);
	stream(to, base, 2, 4, at);
	put32(to, 2 * strlen(name));
	for (i = 0; i <= strlen(name); i++)
		put16(to, (u8)name[i]);
}

/**
 * format_minidump() - a minidump of a process on x86-64
 * @to:		takes it
 * @pieces:	its memory; the first is the stack of its thread as well
 * @nr:		how many
 * @memory64:	the list is one of 64-bit sizes, as of a full dump
 */
void format_minidump(struct fixture *to, const struct piece *pieces, u32 nr, bool memory64)
{
	u64 base = to->len, at, offset;
	u32 i;

	fixture_put(to, "MDMP\x93\xa7\0\0", 8);
	put32(to, 6);
	put32(to, 32);
	fixture_put(to, NULL, 16 + 6 * 12);
	at = to->len;
	put16(to, 9);		/* x86-64 */
	fixture_put(to, NULL, 54);
	stream(to, base, 0, 7, at);
	at = to->len;
	put32(to, 24);
	put32(to, 1);
	put32(to, FIXTURE_PID);
	fixture_put(to, NULL, 12);
	stream(to, base, 1, 15, at);
	put_module(to, base, 0x400000, 0x1000, "/usr/sbin/signd");
	at = to->len;
	put32(to, FIXTURE_PID + 1);
	put32(to, 0);
	put32(to, SIGSEGV_NUMBER);
	fixture_put(to, NULL, 156);
	stream(to, base, 3, 6, at);
	/* The stack is where the list of memory has it. */
	offset = to->len - base + 4 + 48 + (memory64 ? 16 : 4) + 16 * nr;
	at = to->len;
	put32(to, 1);
	put32(to, FIXTURE_PID + 1);
	fixture_put(to, NULL, 20);
	put64(to, pieces[0].vaddr);
	put32(to, pieces[0].len);
	put32(to, offset);
	fixture_put(to, NULL, 8);
	stream(to, base, 4, 3, at);
	at = to->len;
	if (memory64) {
		put64(to, nr);
		put64(to, offset);
	} else {
		put32(to, nr);
	}
	for (i = 0; i < nr; i++) {
		put64(to, pieces[i].vaddr);
		if (memory64) {
			put64(to, pieces[i].len);
		} else {
			put32(to, pieces[i].len);
			put32(to, offset);
			offset += pieces[i].len;
		}
	}
	stream(to, base, 5, memory64 ? 9 : 5, at);
	for (i = 0; i < nr; i++)
		fixture_put(to, pieces[i].bytes, pieces[i].len);
}

static void put_page(struct fixture *pages, struct fixture *descriptors, u64 offset, const u8 *page,
		     int how)
{
	u8 packed[2 * PAGE];
	uLongf len = sizeof(packed);

	if (how == KDUMP_ZLIB && compress(packed, &len, page, PAGE) != Z_OK)
		abort();
	if (how == KDUMP_ZSTD)
		len = ZSTD_compress(packed, sizeof(packed), page, PAGE, 3);
	if (how == KDUMP_LZO) {
		static u8 work[LZO1X_1_MEM_COMPRESS];
		lzo_uint lzo_len = sizeof(packed);

		if (lzo_init() || lzo1x_1_compress(page, PAGE, packed, &lzo_len, work))
			abort();
		len = lzo_len;
	}
	if (how == KDUMP_SNAPPY) {
		size_t snappy_len = sizeof(packed);

		if (snappy_compress((const char *)page, PAGE, (char *)packed, &snappy_len))
			abort();
		len = snappy_len;
	}
	if (how == KDUMP_PLAIN || len >= PAGE) {
		memcpy(packed, page, PAGE);
		len = PAGE;
		how = 0;
	}
	put64(descriptors, offset + pages->len);
	put32(descriptors, len);
	put32(descriptors, how);
	put64(descriptors, 0);
	fixture_put(pages, packed, len);
}

/* 64-bit members are aligned to 8 bytes, as the C of x86-64 has them. */
static void put_kdump_header(struct fixture *to, u32 pages, u32 present, u32 bitmap_blocks)
{
	static const char *const names[] = { "Linux", "test", "6.12.9-test", "#1", "x86_64", "" };
	u64 base = to->len;
	char name[65];
	u32 i;

	fixture_put(to, "KDUMP   ", 8);
	put32(to, 6);
	for (i = 0; i < 6; i++) {
		memset(name, 0, sizeof(name));
		strcpy(name, names[i]);
		fixture_put(to, name, sizeof(name));
	}
	pad(to, base, 8);
	put64(to, 1700000000);
	put64(to, 0);
	put32(to, 0);
	put32(to, PAGE);
	put32(to, 1);		/* blocks of the sub-header */
	put32(to, bitmap_blocks);
	put32(to, pages);
	put32(to, present);
	put32(to, 0);
	put32(to, present);
	put32(to, 0);
	put32(to, 1);
	pad(to, base, PAGE);
	put64(to, 0);		/* phys_base */
	put32(to, 31);
	put32(to, 0);
	fixture_put(to, NULL, 16 + 6 * 8);
	put64(to, 0);
	put64(to, pages);
	put64(to, pages);
	pad(to, base, PAGE);
}

/**
 * format_kdump() - a kernel dump as makedumpfile writes it
 * @to:		takes it
 * @memory:	physical memory
 * @present:	for each page, whether the dump has it
 * @pages:	how many
 * @how:	KDUMP_*
 */
void format_kdump(struct fixture *to, const u8 *memory, const bool *present, u32 pages, int how)
{
	format_kdump_info(to, memory, present, pages, how, NULL);
}

/**
 * format_kdump_info() - likewise, with VMCOREINFO
 * @to, @memory, @present, @pages, @how: as above
 * @info:	its text, or NULL
 */
void format_kdump_info(struct fixture *to, const u8 *memory, const bool *present, u32 pages,
		       int how, const char *info)
{
	u64 blocks = (pages / 8 + PAGE) / PAGE, base = to->len, offset;
	struct fixture descriptors = { 0 }, data = { 0 };
	u8 *bitmap = calloc(blocks, PAGE);
	u32 i, nr = 0;

	for (i = 0; i < pages; i++) {
		nr += present[i];
		bitmap[i / 8] |= present[i] << i % 8;
	}
	put_kdump_header(to, pages, nr, 2 * blocks);
	fixture_put(to, bitmap, blocks * PAGE);
	fixture_put(to, bitmap, blocks * PAGE);
	offset = to->len - base + 24 * nr;
	for (i = 0; i < pages; i++)
		if (present[i])
			put_page(&data, &descriptors, offset, memory + i * PAGE, how);
	fixture_put(to, descriptors.bytes, descriptors.len);
	fixture_put(to, data.bytes, data.len);
	if (info) {
		set32(to, base + PAGE + 32, to->len - base);
		set32(to, base + PAGE + 40, strlen(info));
		fixture_put(to, info, strlen(info));
	}
	fixture_free(&descriptors);
	fixture_free(&data);
	free(bitmap);
}

static void put_big(struct fixture *to, u64 value)
{
	value = htobe64(value);
	fixture_put(to, &value, 8);
}

/**
 * format_flattened() - a kernel dump as makedumpfile -F sends it through a pipe
 * @to:		takes it
 * @from:	the dump, which is cut into pieces out of order
 */
void format_flattened(struct fixture *to, const struct fixture *from)
{
	u64 base = to->len, piece = 3 * PAGE, nr = (from->len + piece - 1) / piece, i;

	fixture_put(to, "makedumpfile\0\0\0\0", 16);
	put_big(to, 1);
	put_big(to, 1);
	pad(to, base, PAGE);
	for (i = 0; i < nr; i++) {
		u64 at = (nr - 1 - i) * piece, len = min(piece, from->len - at);

		put_big(to, at);
		put_big(to, len);
		fixture_put(to, from->bytes + at, len);
	}
	put_big(to, ~0ULL);
	put_big(to, ~0ULL);
}

static void put_header(struct fixture *to, u32 type, u64 offset, u64 vaddr, u64 paddr, u64 len)
{
	put32(to, type);
	put32(to, PF_R | PF_W | PF_X);
	put64(to, offset);
	put64(to, vaddr);
	put64(to, paddr);
	put64(to, len);
	put64(to, len);
	put64(to, 0);
}

/**
 * format_vmcore() - an ELF dump of a machine
 * @to:		takes it
 * @memory:	physical memory
 * @pages:	how many, at least 4
 *
 * The first two pages are mapped twice, as kernel text first, and again at the address
 * of the direct mapping, in the same bytes of the file.
 */
void format_vmcore(struct fixture *to, const u8 *memory, u32 pages)
{
	format_vmcore_info(to, memory, pages, NULL);
}

/**
 * format_vmcore_info() - likewise, with VMCOREINFO
 * @to, @memory, @pages: as above
 * @info:	its text, of at most 2000 bytes, or NULL
 */
void format_vmcore_info(struct fixture *to, const u8 *memory, u32 pages, const char *info)
{
	static const u8 ident[EI_NIDENT] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	u64 base = to->len;

	fixture_put(to, ident, sizeof(ident));
	put16(to, ET_CORE);
	put16(to, EM_X86_64);
	put32(to, EV_CURRENT);
	put64(to, 0);
	put64(to, 64);
	put64(to, 0);
	put32(to, 0);
	put16(to, 64);
	put16(to, 56);
	put16(to, info ? 3 : 2);
	put16(to, 0);
	put16(to, 0);
	put16(to, 0);
	if (info)
		put_header(to, PT_NOTE, 1024, 0, 0, 12 + 12 + strlen(info));
	put_header(to, PT_LOAD, PAGE, VMCORE_TEXT, VMCORE_BASE, 2 * PAGE);
	put_header(to, PT_LOAD, PAGE, VMCORE_DIRECT + VMCORE_BASE, VMCORE_BASE, pages * PAGE);
	if (info) {
		pad(to, base, 1024);
		put32(to, sizeof("VMCOREINFO"));
		put32(to, strlen(info));
		put32(to, 0);
		fixture_put(to, "VMCOREINFO\0", 12);
		fixture_put(to, info, strlen(info));
	}
	pad(to, base, PAGE);
	fixture_put(to, memory, pages * PAGE);
}

/**
 * format_apport() - a report as apport writes it
 * @to:		takes it
 * @packed:	the core, packed by gzip
 * @len:	how many
 */
void format_apport(struct fixture *to, const u8 *packed, u64 len)
{
	static const char head[] = "ProblemType: Crash\nArchitecture: amd64\nSignal: 11\n"
				   "ProcMaps:\n 00400000-00401000 r-xp CoreDump: base64\n"
				   "CoreDump: base64\n";
	static const char tail[] = "Package: signd 1.0\nTags: none\n";
	u8 line[8192];
	u64 at, part;

	fixture_put(to, head, sizeof(head) - 1);
	for (at = 0; at < len; at += part) {
		/* The header of gzip is a line of its own; lengths differ in their padding. */
		part = at ? min(len - at, 4001 + at % 3) : min(len, 10ULL);
		fixture_put(to, " ", 1);
		fixture_put(to, line, EVP_EncodeBlock(line, packed + at, part));
		fixture_put(to, "\n", 1);
	}
	fixture_put(to, tail, sizeof(tail) - 1);
}

/**
 * format_gzip() - a member of gzip
 * @to:		takes it
 * @bytes:	what to pack
 * @len:	how many
 */
void format_gzip(struct fixture *to, const u8 *bytes, u64 len)
{
	z_stream zlib = { .next_in = (u8 *)bytes, .avail_in = len };
	u8 *packed;
	u64 room;

	if (deflateInit2(&zlib, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	room = deflateBound(&zlib, len);
	packed = malloc(room);
	zlib.next_out = packed;
	zlib.avail_out = room;
	if (deflate(&zlib, Z_FINISH) != Z_STREAM_END)
		abort();
	fixture_put(to, packed, room - zlib.avail_out);
	deflateEnd(&zlib);
	free(packed);
}

/**
 * format_zstd() - a frame of zstd, with a checksum
 * @to:		takes it
 * @bytes:	what to pack
 * @len:	how many
 */
void format_zstd(struct fixture *to, const u8 *bytes, u64 len)
{
	ZSTD_CCtx *ctx = ZSTD_createCCtx();
	u64 room = ZSTD_compressBound(len);
	u8 *packed = malloc(room);

	ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1);
	fixture_put(to, packed, ZSTD_compress2(ctx, packed, room, bytes, len));
	ZSTD_freeCCtx(ctx);
	free(packed);
}
