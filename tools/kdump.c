// SPDX-License-Identifier: GPL-2.0
/*
 * The reader of kernel dumps: see kdump.h. The names of the library begin with kdump_,
 * those of this file with kdump_dump_.
 */
#include <elf.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include <libkdumpfile/kdumpfile.h>

#include "kdump.h"

/**
 * struct kdump - a kernel dump
 * @ctx:	the library's; one thread at a time may use it
 * @lock:	sees to that
 * @pages:	which pages the dump has
 * @page_size:	bytes of each, a power of two
 */
struct kdump {
	kdump_ctx_t *ctx;
	pthread_mutex_t lock;
	kdump_bmp_t *pages;
	u64 page_size;
};

/**
 * kdump_dump_new() - get ready for a kernel dump
 *
 * Return: to be released by kdump_dump_free(), or NULL if there is no memory.
 */
struct kdump *kdump_dump_new(void)
{
	struct kdump *kdump = calloc(1, sizeof(*kdump));

	if (!kdump)
		return NULL;
	pthread_mutex_init(&kdump->lock, NULL);
	kdump->ctx = kdump_new();
	if (!kdump->ctx) {
		free(kdump);
		return NULL;
	}
	return kdump;
}

/**
 * kdump_dump_free() - release a kernel dump
 * @kdump:	from kdump_dump_new(), or NULL
 */
void kdump_dump_free(struct kdump *kdump)
{
	if (!kdump)
		return;
	if (kdump->pages)
		kdump_bmp_decref(kdump->pages);
	kdump_free(kdump->ctx);
	pthread_mutex_destroy(&kdump->lock);
	free(kdump);
}

/* The next run of pages from @from on; false if there is none. */
static bool next_run(struct kdump *kdump, u64 from, u64 *first, u64 *end)
{
	kdump_addr_t index = from;

	if (kdump_bmp_find_set(kdump->pages, &index) != KDUMP_OK)
		return false;
	*first = index;
	if (kdump_bmp_find_clear(kdump->pages, &index) != KDUMP_OK || index <= *first)
		return false;
	*end = index;
	return true;
}

static int fail(struct kdump *kdump, const char *what, struct complaint *why)
{
	const char *text = kdump_get_err(kdump->ctx);
	char escaped[180];

	text_escape(escaped, sizeof(escaped), text ? text : "", text ? strnlen(text, 40) : 0);
	return complain(why, -EBADMSG, "%s: %s", what, escaped);
}

static bool dump_extent(void *arg, u64 offset, u64 *end)
{
	struct kdump *kdump = arg;
	u64 page = offset / kdump->page_size, first, past;
	bool hole;

	pthread_mutex_lock(&kdump->lock);
	if (!next_run(kdump, page, &first, &past)) {
		hole = true;
		*end = UINT64_MAX;
	} else {
		hole = first > page;
		*end = (hole ? first : past) * kdump->page_size;
	}
	pthread_mutex_unlock(&kdump->lock);
	return hole;
}

static int dump_read(void *arg, u64 offset, u8 *to, u64 len, struct complaint *why)
{
	struct kdump *kdump = arg;
	u64 part, end;
	int error = 0;

	for (; len && !error; offset += part, to += part, len -= part) {
		bool hole = dump_extent(kdump, offset, &end);
		size_t want = part = min(len, end - offset);

		if (hole) {
			memset(to, 0, part);
			continue;
		}
		pthread_mutex_lock(&kdump->lock);
		if (kdump_read(kdump->ctx, KDUMP_MACHPHYSADDR, offset, to, &want) != KDUMP_OK ||
		    want != part)
			error = fail(kdump, "the kernel dump cannot be read", why);
		pthread_mutex_unlock(&kdump->lock);
	}
	return error ? -EIO : 0;
}

/**
 * kdump_dump_open() - begin to read a kernel dump
 * @kdump:	new
 * @fd:		of a regular file; stays the caller's
 * @in:		takes the state of an input of its physical memory; input_close()
 *		releases it, also after an error, before @kdump
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG or -ENOMEM.
 */
int kdump_dump_open(struct kdump *kdump, int fd, struct input *in, struct complaint *why)
{
	static const struct input_source source = { dump_read, dump_extent };
	kdump_attr_t attribute = { .type = KDUMP_BITMAP };
	kdump_num_t page_size;
	u64 first, end = 0, runs;

	*in = (struct input){ .fd = -1 };
	/* Mapped windows would be taken from our memory, and end in SIGBUS in a short file. */
	if (kdump_set_number_attr(kdump->ctx, KDUMP_ATTR_FILE_MMAP_POLICY, KDUMP_MMAP_NEVER) !=
	    KDUMP_OK)
		return fail(kdump, "libkdumpfile", why);
	if (kdump_open_fd(kdump->ctx, fd) != KDUMP_OK)
		return fail(kdump, "the kernel dump cannot be read", why);
	if (kdump_get_number_attr(kdump->ctx, KDUMP_ATTR_PAGE_SIZE, &page_size) != KDUMP_OK ||
	    !page_size || page_size > 1 << 24 || page_size & (page_size - 1))
		return complain(why, -EBADMSG, "the kernel dump does not tell the size of a page");
	kdump->page_size = page_size;
	if (kdump_get_typed_attr(kdump->ctx, KDUMP_ATTR_FILE_PAGEMAP, &attribute) != KDUMP_OK)
		return fail(kdump, "the kernel dump does not tell its pages", why);
	kdump->pages = attribute.val.bitmap;
	kdump_bmp_incref(kdump->pages);
	for (runs = 0; next_run(kdump, end, &first, &end); runs++)
		if (runs == CORE_SEGMENTS_MAX || end > UINT64_MAX / 2 / page_size)
			return complain(why, -EBADMSG, "the kernel dump claims too many pages");
	return input_open_source(in, &source, kdump, end * page_size, why);
}

static u16 machine_of(const char *name)
{
	static const struct {
		const char *name;
		u16 machine;
	} known[] = {
		{ "x86_64", EM_X86_64 }, { "ia32", EM_386 }, { "aarch64", EM_AARCH64 },
		{ "arm", EM_ARM }, { "ppc64", EM_PPC64 }, { "ppc", EM_PPC }, { "s390x", EM_S390 },
		{ "s390", EM_S390 }, { "ia64", EM_IA_64 }, { "alpha", EM_ALPHA },
	};
	u32 i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(name, known[i].name))
			return known[i].machine;
	return 0;
}

/**
 * kdump_dump_read() - the map of a kernel dump: an address is a physical one, and an offset
 * @kdump:	open
 * @core:	takes the state; core_close() releases it, also after an error
 * @in:		from kdump_dump_open()
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG or -ENOMEM.
 */
int kdump_dump_read(struct kdump *kdump, struct core *core, struct input *in,
		    struct complaint *why)
{
	u64 first, end = 0;
	const char *name;
	kdump_num_t num;
	int error;

	*core = (struct core){
		.in = in,
		.format = CORE_KDUMP,
		.is64 = true,
		.encoding = ELFDATA2LSB,
		.physical = true,
	};
	if (kdump_get_string_attr(kdump->ctx, KDUMP_ATTR_ARCH_NAME, &name) == KDUMP_OK)
		core->machine = machine_of(name);
	if (kdump_get_number_attr(kdump->ctx, KDUMP_ATTR_BYTE_ORDER, &num) == KDUMP_OK &&
	    num == KDUMP_BIG_ENDIAN)
		core->encoding = ELFDATA2MSB;
	if (kdump_get_number_attr(kdump->ctx, KDUMP_ATTR_PTR_SIZE, &num) == KDUMP_OK)
		core->is64 = num == 8;
	while (next_run(kdump, end, &first, &end)) {
		const struct core_segment run = {
			.vaddr = first * kdump->page_size,
			.memsz = (end - first) * kdump->page_size,
			.offset = first * kdump->page_size,
			.filesz = (end - first) * kdump->page_size,
		};

		error = core_add(core, &run, why);
		if (error)
			return error;
	}
	if (!core->nr_segments)
		return complain(why, -EBADMSG, "a kernel dump without memory");
	error = core_settle(core, false, why);
	core->sound = !error;
	return error;
}
