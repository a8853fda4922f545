// SPDX-License-Identifier: GPL-2.0
/*
 * Strict mode: what of a process's memory a dump keeps when it keeps only what
 * walking stacks needs.
 *
 * Its mappings are those that the dump itself goes by (cprm->vma_meta), so an address
 * that is kept is one that the core's program headers have. Names of objects are those
 * of the files that code is mapped from; they are in the note NT_FILE.
 */
#include <linux/coredump.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "kredact.h"

/* Bytes of names; those of the mappings behind that are not kept. */
#define NAMES_MAX	65536

/* What d_path() adds to the name of a file that is gone; nobody else calls it so. */
#define DELETED		" (deleted)"

/* The name of one file, without what d_path() adds. */
static void kredact_strict_add_name(struct kr_strict *strict, struct file *file, char *buffer)
{
	char *path = file_path(file, buffer, PATH_MAX);
	size_t len;

	if (IS_ERR(path))
		return;
	len = strlen(path);
	if (len > strlen(DELETED) && !strcmp(path + len - strlen(DELETED), DELETED))
		len -= strlen(DELETED);
	/* Without it, a debugger does not find this one file. */
	kr_strict_add_name(strict, path, len);
}

static int kredact_strict_add_all(struct kr_strict *strict, const struct coredump_params *cprm,
				  char *buffer)
{
	const struct core_vma_metadata *meta = cprm->vma_meta;
	const struct core_vma_metadata *end = meta + cprm->vma_count;
	int ret;

	for (; meta < end; meta++) {
		ret = kr_strict_add(strict, meta->start, meta->end);
		if (ret)
			return ret;
		if (buffer && meta->file && (meta->flags & VM_EXEC))
			kredact_strict_add_name(strict, meta->file, buffer);
	}
	return 0;
}

/**
 * kredact_strict_begin() - get to know the mappings of the process that is dumped
 * @dump:	the dump, with its policy
 * @cprm:	the kernel's
 *
 * May sleep. Return: 0; or an error, then @dump->strict is NULL, and the caller leaves
 * out the pages that kredact_strict_covers().
 */
int kredact_strict_begin(struct kredact_dump *dump, const struct coredump_params *cprm)
{
	u32 nr = cprm->vma_count, names_max = dump->policy.strict ? NAMES_MAX : 0;
	u32 word = test_thread_flag(TIF_ADDR32) ? sizeof(u32) : sizeof(u64);
	struct kr_extent *extents;
	struct kr_strict *strict;
	char *names;
	size_t size;
	int ret;

	/* Behind the names: room for one while it is made. */
	size = sizeof(*strict) + nr * sizeof(*extents);
	if (names_max)
		size += names_max + PATH_MAX;
	strict = kvmalloc(size, KREDACT_GFP_DUMP);
	if (!strict)
		return -ENOMEM;
	extents = (void *)(strict + 1);
	names = (void *)(extents + nr);
	kr_strict_init(strict, word, extents, nr, names, names_max);
	ret = kredact_strict_add_all(strict, cprm, names_max ? names + names_max : NULL);
	if (ret) {
		kvfree(strict);
		return ret;
	}
	dump->strict = strict;
	return 0;
}

/**
 * kredact_strict_end() - the dump is over
 * @dump:	any
 */
void kredact_strict_end(struct kredact_dump *dump)
{
	kvfree(dump->strict);
	dump->strict = NULL;
}

/**
 * kredact_strict_covers() - does strict mode have a say about a page?
 * @dump:	any
 * @addr:	the first byte of the page
 *
 * It does where data of the process's own can be: private memory that it may write to,
 * and memory of no file that it may not at present.
 *
 * Return: true if it does.
 */
bool kredact_strict_covers(struct kredact_dump *dump, unsigned long addr)
{
	const struct core_vma_metadata *meta;

	if (!dump->policy.strict)
		return false;
	meta = kredact_dump_vma(dump, addr);
	if (!meta)
		return true;
	if (meta->flags & VM_SHARED)
		return false;
	return (meta->flags & VM_WRITE) || (!meta->file && !(meta->flags & VM_EXEC));
}
