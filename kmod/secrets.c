// SPDX-License-Identifier: GPL-2.0
/*
 * Secrets: the registered bytes whose copies a dump is searched for.
 *
 * They are read once, when the dump begins, and their index is wiped when it
 * ends. They are those of the process itself; those of its family, the living
 * processes that share tags by fork, since a child may have wiped a buffer of
 * which it has copies; and what any process of the same user registered with
 * KREDACT_GROUP.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "kredact.h"

static unsigned long hunt_memory = 64;
module_param(hunt_memory, ulong, 0644);
MODULE_PARM_DESC(hunt_memory, "MiB that the index of secrets of one dump may take");

/* The smallest index, in bytes of secrets. */
#define INDEX_MIN	4096

/* Registered bytes that are read for one dump, at most: a second or two. */
#define READ_MAX	(4ULL << 30)

/* Bytes that are wiped before others may run. */
#define WIPE_STEP	SZ_1M

/* Ranges that are looked up, and looked at, with the lock held once. */
#define BATCH		16
#define STEPS_LOCKED	256

/**
 * struct secret_source - an mm that secrets are read from
 * @mm:		it has users
 * @kmm:	its tags
 * @before:	only registrations before this one
 * @flags:	only ranges with one of these, or all if 0
 * @handles:	added to the handles that the index is told
 */
struct secret_source {
	struct mm_struct *mm;
	struct kredact_mm *kmm;
	u64 before;
	u32 flags;
	u64 handles;
};

/* Memory that is wiped before anybody else gets it. */
static void kredact_free_wiped(void *memory, size_t size)
{
	size_t done, step;

	if (!memory)
		return;
	for (done = 0; done < size; done += step) {
		step = min_t(size_t, size - done, WIPE_STEP);
		memzero_explicit(memory + done, step);
		cond_resched();
	}
	vfree(memory);
}

/* Doubles the index: 0 or KREDACT_UNINDEXED_*. */
static u32 kredact_secrets_grow(struct kredact_search *search)
{
	u32 bytes = max_t(u32, INDEX_MIN, 2 * search->room);
	size_t size = kr_hunt_size(bytes), old_size = search->memory_size;
	void *memory;

	if (size > READ_ONCE(hunt_memory) << 20)
		return KREDACT_UNINDEXED_LIMIT;
	memory = __vmalloc(size, KREDACT_GFP_DUMP | __GFP_ZERO);
	if (!memory)
		return KREDACT_UNINDEXED_NOMEM;
	kredact_free_wiped(kr_hunt_move(&search->index, memory, size), old_size);
	search->memory_size = size;
	search->room = bytes;
	return 0;
}

/*
 * Reads memory that lies on one page. The process may not be able to read it
 * itself (PROT_NONE, protection keys), and nobody else a memfd_secret.
 *
 * Where another process has nothing mapped, it is just being forked, and its parent
 * has the same, or has just unmapped it: there is nothing to read, zeros.
 */
static bool kredact_secret_read(struct mm_struct *mm, u64 addr, u8 *to, u32 len)
{
	struct page *page;
	long nr = 0;
	bool read;
	u8 *from;

	if (mm == current->mm && !copy_from_user(to, (const void __user *)addr, len))
		return true;
	if (mmap_read_lock_killable(mm))
		return false;
	read = mm != current->mm && !vma_lookup(mm, addr);
	if (!read)
		nr = get_user_pages_remote(mm, addr & PAGE_MASK, 1, FOLL_FORCE, &page,
					   KREDACT_GUP_TAIL(NULL));
	mmap_read_unlock(mm);
	if (nr != 1) {
		memset(to, 0, len);
		return read;
	}
	from = kmap_local_page(page);
	read = !copy_mc_to_kernel(to, from + (addr & ~PAGE_MASK), len);
	kunmap_local(from);
	put_page(page);
	return read;
}

/* Reads one range, page by page, each with the end of the one before: 0 or KREDACT_UNINDEXED_*. */
static u32 kredact_secret_add(struct kredact_search *search, const struct secret_source *source,
			      u64 addr, u64 last, u64 owner)
{
	u32 again = 0, keep, len, failure = 0;
	u8 *chunk = search->chunk;

	search->nr_secrets++;
	for (; addr <= last && !failure; addr += len) {
		len = min(addr | ~PAGE_MASK, last) - addr + 1;
		search->read += len;
		if (search->read > READ_MAX)
			return KREDACT_UNINDEXED_LIMIT;
		if (fatal_signal_pending(current) ||
		    !kredact_secret_read(source->mm, addr, chunk + again, len))
			return KREDACT_UNINDEXED_UNREADABLE;
		while (!failure && kr_hunt_add(&search->index, chunk, again + len, again, owner))
			failure = kredact_secrets_grow(search);
		keep = min(again + len, search->policy.run - 1);
		memmove(chunk, chunk + again + len - keep, keep);
		again = keep;
		cond_resched();
	}
	return failure;
}

/* Reads what is registered in one mm: 0 or KREDACT_UNINDEXED_*. */
static u32 kredact_secrets_read(struct kredact_search *search, const struct secret_source *source)
{
	struct kr_cursor cursor = { };
	struct {
		u64 start, last, handle;
	} batch[BATCH];
	const struct kr_range *range;
	u32 nr, i, steps, failure = 0;

	do {
		if (!kredact_mm_trylock(source->kmm))
			return KREDACT_UNINDEXED_LOOKUP;
		nr = 0;
		steps = 0;
		for (range = kr_after(&source->kmm->set, &cursor);
		     range && nr < BATCH && steps < STEPS_LOCKED;
		     range = kr_next(&source->kmm->set, range), steps++) {
			kr_cursor_set(&source->kmm->set, &cursor, range);
			if (!kr_is_older(range, source->before) ||
			    (source->flags && !(range->flags & source->flags)) ||
			    !kredact_policy_hunts(&search->policy, range->flags, range->label))
				continue;
			batch[nr].start = range->start;
			batch[nr].last = range->last;
			batch[nr++].handle = range->handle;
		}
		spin_unlock(&source->kmm->lock);
		for (i = 0; i < nr && !failure; i++)
			failure = kredact_secret_add(search, source, batch[i].start,
						     batch[i].last, batch[i].handle |
						     source->handles);
	} while (range && !failure);
	return failure;
}

/* Other processes whose secrets the dump may have copies of: 0 or KREDACT_UNINDEXED_*. */
static u32 kredact_secrets_of_others(struct kredact_search *search, struct kredact_mm *kmm)
{
	struct secret_source source = { .before = U64_MAX, .handles = KREDACT_OWNER_OTHERS };
	u32 failure = 0, nr = 0, room = 0, i;
	struct kredact_mm **others = NULL;

	do {
		kvfree(others);
		room = 2 * nr + 16;
		others = kvmalloc_array(room, sizeof(*others), KREDACT_GFP_DUMP);
		if (!others)
			return KREDACT_UNINDEXED_NOMEM;
		nr = kredact_mm_relatives(kmm, current_uid(), others, room);
	} while (nr > room);

	for (i = 0; i < nr; i++) {
		source.kmm = others[i];
		source.mm = others[i]->notifier.mm;
		/* Of a stranger only what it offers. */
		source.flags = kmm && kmm->labels == others[i]->labels ? 0 : KREDACT_GROUP;
		if (!failure)
			failure = kredact_secrets_read(search, &source);
		mmput(source.mm);
	}
	kvfree(others);
	return failure;
}

/**
 * kredact_secrets_index() - build the index that a dump is searched by
 * @search:	its policy is set
 * @kmm:	tags of the process, or NULL
 * @before:	number of its registrations when the dump began
 *
 * May sleep. Return: 0, or KREDACT_UNINDEXED_*; kredact_secrets_forget() ends it in
 * any case.
 */
u32 kredact_secrets_index(struct kredact_search *search, struct kredact_mm *kmm, u64 before)
{
	struct secret_source own = { .mm = current->mm, .kmm = kmm, .before = before };
	u32 failure = 0;

	kr_hunt_init(&search->index, search->policy.run);
	if (kmm)
		failure = kredact_secrets_read(search, &own);
	if (!failure && (kredact_user_has_groups(current_uid()) ||
			 (kmm && kredact_labels_shared(kmm->labels))))
		failure = kredact_secrets_of_others(search, kmm);
	memzero_explicit(search->chunk, sizeof(search->chunk));
	return failure;
}

/**
 * kredact_secrets_forget() - wipe and free the index
 * @search:	after kredact_secrets_index()
 */
void kredact_secrets_forget(struct kredact_search *search)
{
	kredact_free_wiped(search->index.memory, search->memory_size);
}

/**
 * kredact_secrets_wipe() - wipe the index on a machine that has crashed
 * @search:	of a dump that was being written
 *
 * In any context. Return: bytes that were zeroed.
 */
u64 kredact_secrets_wipe(struct kredact_search *search)
{
	u64 bytes = 0;
	size_t size;
	void *memory;

	if (!get_kernel_nofault(memory, &search->index.memory) && memory &&
	    !get_kernel_nofault(size, &search->memory_size) && kredact_wipe(memory, size))
		bytes = size;
	/* Bytes of pages and of secrets are in it. */
	if (kredact_wipe(search, sizeof(*search)))
		bytes += sizeof(*search);
	return bytes;
}
