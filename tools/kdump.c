// SPDX-License-Identifier: GPL-2.0
/*
 * The reader of kernel dumps: see kdump.h.
 *
 * Such a file has blocks: header, sub-header, a bitmap of the pages that there were and
 * one of those that were kept, then for each of these a descriptor, then their data. All
 * is in the byte order and with the word size of the machine that wrote it; 64-bit
 * little-endian ones are read.
 */
#include <elf.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include <lzo/lzo1x.h>
#include <openssl/crypto.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include "kdump.h"

#define PAGE_MAX	65536u
#define DESCRIPTOR	24u
#define BATCH		512u		/* descriptors that are checked at once */

/* Members of the header, and of the sub-header. */
enum {
	AT_VERSION = 8,
	AT_MACHINE = 12 + 4 * 65,
	AT_STATUS = 424,
	AT_BLOCK = 428,
	AT_SUB_BLOCKS = 432,
	AT_BITMAP_BLOCKS = 436,
	AT_PAGES = 440,
	HEADER_LEN = 464,
	AT_SPLIT = 12,
	AT_INFO = 32,
	AT_INFO_LEN = 40,
	AT_PAGES_64 = 96,
	SUB_LEN = 104,
};

/* Header status and page flags: how a page is packed. */
enum { BY_ZLIB = 1, BY_LZO = 2, BY_SNAPPY = 4, INCOMPLETE = 8, BY_ZSTD = 0x20 };

/**
 * struct run - pages that follow one another
 * @first:	the first one
 * @end:	the one after the last
 * @index:	number of the descriptor of the first one
 */
struct run {
	u64 first;
	u64 end;
	u64 index;
};

/**
 * struct kdump - a kernel dump
 * @file:	it; borrowed
 * @lock:	one thread at a time reads it
 * @page_size:	bytes of a page, and of a block
 * @descriptors: offset of the first one
 * @machine:	EM_*
 * @info:	offset of VMCOREINFO, or 0
 * @info_len:	its bytes
 * @runs:	the pages that it has, in ascending order
 * @nr_runs:	entries in @runs
 * @packed:	PAGE_MAX bytes
 * @page:	likewise
 */
struct kdump {
	struct input *file;
	pthread_mutex_t lock;
	u32 page_size;
	u64 descriptors;
	u16 machine;
	u64 info;
	u64 info_len;
	struct run *runs;
	u32 nr_runs;
	u8 *packed;
	u8 *page;
};

static u32 word32(const u8 *at)
{
	u32 value;

	memcpy(&value, at, sizeof(value));
	return le32toh(value);
}

static u64 word64(const u8 *at)
{
	u64 value;

	memcpy(&value, at, sizeof(value));
	return le64toh(value);
}

/**
 * kdump_new() - get ready for a kernel dump
 *
 * Return: to be released by kdump_free(), or NULL if there is no memory.
 */
struct kdump *kdump_new(void)
{
	struct kdump *kdump = calloc(1, sizeof(*kdump));

	if (!kdump)
		return NULL;
	pthread_mutex_init(&kdump->lock, NULL);
	kdump->packed = malloc(PAGE_MAX);
	kdump->page = malloc(PAGE_MAX);
	if (kdump->packed && kdump->page && lzo_init() == LZO_E_OK)
		return kdump;
	kdump_free(kdump);
	return NULL;
}

/**
 * kdump_free() - release a kernel dump
 * @kdump:	from kdump_new(), or NULL
 */
void kdump_free(struct kdump *kdump)
{
	if (!kdump)
		return;
	if (kdump->packed)
		OPENSSL_cleanse(kdump->packed, PAGE_MAX);
	if (kdump->page)
		OPENSSL_cleanse(kdump->page, PAGE_MAX);
	free(kdump->packed);
	free(kdump->page);
	free(kdump->runs);
	pthread_mutex_destroy(&kdump->lock);
	free(kdump);
}

/* The first run that ends above a page; @nr_runs if there is none. */
static u32 run_from(const struct kdump *kdump, u64 page)
{
	u32 low = 0, high = kdump->nr_runs;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (kdump->runs[middle].end <= page)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool dump_extent(void *arg, u64 offset, u64 *end)
{
	struct kdump *kdump = arg;
	u64 page = offset / kdump->page_size;
	u32 i = run_from(kdump, page);
	bool hole = i == kdump->nr_runs || kdump->runs[i].first > page;

	*end = UINT64_MAX;
	if (i < kdump->nr_runs)
		*end = (hole ? kdump->runs[i].first : kdump->runs[i].end) * kdump->page_size;
	return hole;
}

static bool inflate_page(struct kdump *kdump, u32 len, u32 flags)
{
	size_t size = kdump->page_size;
	uLongf zlib_size = size;
	lzo_uint lzo_size = size;

	switch (flags) {
	case 0:
		if (len == size)
			memcpy(kdump->page, kdump->packed, size);
		return len == size;
	case BY_ZLIB:
		return uncompress(kdump->page, &zlib_size, kdump->packed, len) == Z_OK &&
		       zlib_size == size;
	case BY_LZO:
		return lzo1x_decompress_safe(kdump->packed, len, kdump->page, &lzo_size, NULL) ==
		       LZO_E_OK && lzo_size == size;
	case BY_SNAPPY:
		return snappy_uncompress((char *)kdump->packed, len, (char *)kdump->page, &size) ==
		       SNAPPY_OK && size == kdump->page_size;
	case BY_ZSTD:
		return ZSTD_decompress(kdump->page, size, kdump->packed, len) == size;
	default:
		return false;
	}
}

/* Reads a page that the dump has into @page. */
static int read_page(struct kdump *kdump, u64 page, struct complaint *why)
{
	const struct run *run = &kdump->runs[run_from(kdump, page)];
	u64 index = run->index + (page - run->first);
	u8 descriptor[DESCRIPTOR];
	u32 len, flags;
	int error;

	error = input_read(kdump->file, kdump->descriptors + index * DESCRIPTOR, descriptor,
			   sizeof(descriptor), why);
	if (error)
		return error;
	len = word32(descriptor + 8);
	flags = word32(descriptor + 12);
	if (len > PAGE_MAX)
		return complain(why, -EBADMSG, "damaged: page %#" PRIx64 " has %u bytes when packed",
				page, len);
	error = input_read(kdump->file, word64(descriptor), kdump->packed, len, why);
	if (!error && !inflate_page(kdump, len, flags))
		error = complain(why, -EBADMSG, "damaged: page %#" PRIx64 " cannot be unpacked",
				 page);
	return error;
}

static int dump_read(void *arg, u64 offset, u8 *to, u64 len, struct complaint *why)
{
	struct kdump *kdump = arg;
	u64 part, end, skip;
	int error = 0;

	pthread_mutex_lock(&kdump->lock);
	for (; len && !error; offset += part, to += part, len -= part) {
		if (dump_extent(kdump, offset, &end)) {
			part = min(len, end - offset);
			memset(to, 0, part);
			continue;
		}
		skip = offset % kdump->page_size;
		part = min(len, kdump->page_size - skip);
		error = read_page(kdump, offset / kdump->page_size, why);
		if (!error)
			memcpy(to, kdump->page + skip, part);
	}
	pthread_mutex_unlock(&kdump->lock);
	return error ? -EIO : 0;
}

static int add_run(struct kdump *kdump, u64 first, u64 end, u64 index, struct complaint *why)
{
	u32 nr = kdump->nr_runs;
	struct run *grown;

	if (nr == CORE_SEGMENTS_MAX)
		return complain(why, -EBADMSG, "more than %u pieces of memory", CORE_SEGMENTS_MAX);
	/* The array doubles at each power of two. */
	if (!(nr & (nr - 1))) {
		grown = realloc(kdump->runs, (nr ? nr * 2ULL : 1) * sizeof(*grown));
		if (!grown)
			return complain(why, -ENOMEM, "out of memory for %u pieces of memory", nr);
		kdump->runs = grown;
	}
	kdump->runs[kdump->nr_runs++] = (struct run){ first, end, index };
	return 0;
}

/* Makes runs of the bitmap at @at; @total takes the number of pages. */
static int read_bitmap(struct kdump *kdump, u64 at, u64 pages, u64 *total, struct complaint *why)
{
	u64 page = 0, first = 0, part, i;
	bool inside = false;
	const u8 *bytes;
	int error;

	*total = 0;
	for (; page < pages; page += 8 * part, at += part) {
		error = input_window(kdump->file, at, (pages - page + 7) / 8, &bytes, &part, why);
		if (error)
			return error;
		/* Of 8 pages at once if they are all alike. */
		for (i = 0; i < part; i++) {
			u8 byte = bytes ? bytes[i] : 0;
			u32 bit;

			if (byte == (inside ? 0xff : 0) && pages - page - 8 * i >= 8)
				continue;
			for (bit = 0; bit < 8 && page + 8 * i + bit < pages; bit++) {
				u64 here = page + 8 * i + bit;

				if ((byte >> bit & 1) == inside)
					continue;
				if (!inside) {
					first = here;
				} else {
					error = add_run(kdump, first, here, *total, why);
					if (error)
						return error;
					*total += here - first;
				}
				inside = !inside;
			}
		}
	}
	if (!inside)
		return 0;
	error = add_run(kdump, first, pages, *total, why);
	*total += pages - first;
	return error;
}

/* Is all data in the file that descriptors speak of? */
static int check_descriptors(struct kdump *kdump, u64 total, struct complaint *why)
{
	u8 batch[BATCH * DESCRIPTOR];
	u64 done, offset, size = kdump->file->size;
	u32 nr, i, len;
	int error;

	for (done = 0; done < total; done += nr) {
		nr = min(total - done, (u64)BATCH);
		error = input_read(kdump->file, kdump->descriptors + done * DESCRIPTOR, batch,
				   nr * DESCRIPTOR, why);
		if (error)
			return error;
		for (i = 0; i < nr; i++) {
			offset = word64(batch + i * DESCRIPTOR);
			len = word32(batch + i * DESCRIPTOR + 8);
			if (!len || offset > size || size - offset < len)
				return complain(why, -EBADMSG, "truncated or damaged: the data of "
						"page %" PRIu64 " is not in the file", done + i);
		}
	}
	return 0;
}

static int read_header(struct kdump *kdump, u64 *bitmap, u64 *bitmap_len, u64 *pages,
		       struct complaint *why)
{
	static const struct {
		const char *name;
		u16 machine;
	} machines[] = { { "x86_64", EM_X86_64 }, { "aarch64", EM_AARCH64 } };
	u8 header[HEADER_LEN], sub[SUB_LEN];
	u32 i;

	if (input_read(kdump->file, 0, header, sizeof(header), why))
		return complain(why, -EBADMSG, "truncated: the header of the kernel dump");
	if (memcmp(header, "KDUMP   ", 8) && memcmp(header, "DISKDUMP", 8))
		return complain(why, -EBADMSG, "not a kernel dump of the kdump family");
	for (i = 0; i < sizeof(machines) / sizeof(*machines); i++)
		if (!strncmp((char *)header + AT_MACHINE, machines[i].name, 65))
			kdump->machine = machines[i].machine;
	kdump->page_size = word32(header + AT_BLOCK);
	if (!kdump->machine || kdump->page_size < 4096 || kdump->page_size > PAGE_MAX ||
	    kdump->page_size & (kdump->page_size - 1))
		return complain(why, -EBADMSG, "a kernel dump of a machine that is not known, or "
				"damaged");
	if (word32(header + AT_STATUS) & INCOMPLETE)
		return complain(why, -EBADMSG, "makedumpfile says that it could not finish this "
				"dump");
	*pages = word32(header + AT_PAGES);
	*bitmap = (1ULL + word32(header + AT_SUB_BLOCKS)) * kdump->page_size;
	*bitmap_len = (u64)word32(header + AT_BITMAP_BLOCKS) * kdump->page_size;
	if (word32(header + AT_VERSION) < 1 || !word32(header + AT_SUB_BLOCKS))
		return 0;
	if (input_read(kdump->file, kdump->page_size, sub, sizeof(sub), why))
		return complain(why, -EBADMSG, "truncated: the sub-header of the kernel dump");
	if (word32(sub + AT_SPLIT))
		return complain(why, -EBADMSG, "a part of a kernel dump that was split: makedumpfile "
				"--reassemble joins them");
	if (word32(header + AT_VERSION) >= 3) {
		kdump->info = word64(sub + AT_INFO);
		kdump->info_len = word64(sub + AT_INFO_LEN);
	}
	if (word32(header + AT_VERSION) >= 6)
		*pages = word64(sub + AT_PAGES_64);
	return 0;
}

/**
 * kdump_open() - begin to read a kernel dump
 * @kdump:	new
 * @file:	its file; outlives @kdump
 * @most:	bytes that its pages may have
 * @in:		takes the state of an input of its physical memory; input_close() releases it,
 *		also after an error, before @kdump
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG, -EIO or -ENOMEM.
 */
int kdump_open(struct kdump *kdump, struct input *file, u64 most, struct input *in,
	       struct complaint *why)
{
	static const struct input_source source = { dump_read, dump_extent };
	u64 bitmap, bitmap_len, pages, total, end;
	char size[24];
	int error;

	*in = (struct input){ .fd = -1 };
	kdump->file = file;
	error = read_header(kdump, &bitmap, &bitmap_len, &pages, why);
	if (error)
		return error;
	/* Two bitmaps: the second one counts. */
	if (pages > bitmap_len / 2 * 8)
		return complain(why, -EBADMSG, "damaged: the bitmap is for fewer pages than the "
				"kernel dump claims");
	kdump->descriptors = bitmap + bitmap_len;
	error = read_bitmap(kdump, bitmap + bitmap_len / 2, pages, &total, why);
	/* Pages may all be packed into the same few bytes. */
	if (!error && total > most / kdump->page_size) {
		text_size(size, sizeof(size), most);
		error = complain(why, -E2BIG, "unpacked, it has more than %s: see --max-size", size);
	}
	if (!error)
		error = check_descriptors(kdump, total, why);
	if (error)
		return error;
	end = kdump->nr_runs ? kdump->runs[kdump->nr_runs - 1].end : 0;
	return input_open_source(in, &source, kdump, end * kdump->page_size, why);
}

/**
 * kdump_info() - where VMCOREINFO is, the text of the kernel that has crashed
 * @kdump:	open
 * @offset:	out: its first byte, 0 if there is none
 * @len:	out: its bytes; nobody has looked whether the file has them
 *
 * Return: the file that it is in; borrowed.
 */
struct input *kdump_info(struct kdump *kdump, u64 *offset, u64 *len)
{
	*offset = kdump->info_len ? kdump->info : 0;
	*len = kdump->info_len;
	return kdump->file;
}

/**
 * kdump_read() - the map of a kernel dump: an address is a physical one, and an offset
 * @kdump:	open
 * @core:	takes the state; core_close() releases it, also after an error
 * @in:		from kdump_open()
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG or -ENOMEM.
 */
int kdump_read(struct kdump *kdump, struct core *core, struct input *in, struct complaint *why)
{
	int error;
	u32 i;

	*core = (struct core){
		.in = in,
		.format = CORE_KDUMP,
		.machine = kdump->machine,
		.is64 = true,
		.encoding = ELFDATA2LSB,
		.physical = true,
	};
	for (i = 0; i < kdump->nr_runs; i++) {
		const struct run *run = &kdump->runs[i];
		const struct core_segment segment = {
			.vaddr = run->first * kdump->page_size,
			.memsz = (run->end - run->first) * kdump->page_size,
			.offset = run->first * kdump->page_size,
			.filesz = (run->end - run->first) * kdump->page_size,
		};

		error = core_add(core, &segment, why);
		if (error)
			return error;
	}
	if (!core->nr_segments)
		return complain(why, -EBADMSG, "a kernel dump without memory");
	error = core_settle(core, false, why);
	core->sound = !error;
	return error;
}
