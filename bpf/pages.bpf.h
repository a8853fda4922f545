/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The store of tags of the module-free mode: BPF maps instead of the module's
 * registry. Included by programs that tag (pages_tag(), pages_untag()) and by
 * kredact_free.bpf.c, which owns the maps: the loader of any other program that
 * includes this has to call free_share() before it loads it.
 *
 * A page has a count of the tags that touch it. An entry, once made, stays until
 * its address space ends, with a count of 0 if need be: so an end of a tag never
 * removes what another thread is about to count up, and fork can copy every page
 * that had a tag at any time while it copied the memory. Entries of an address
 * space are chained, so that they can be copied and removed.
 *
 * A tag that cannot be stored marks its address space "dump nothing". The table
 * of marks cannot be full: two that meet in one place become a mark of all.
 *
 * The keys are numbers that no two address spaces have had, not addresses of
 * mm_structs, which come back.
 */
#ifndef KREDACT_BPF_PAGES_BPF_H
#define KREDACT_BPF_PAGES_BPF_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "free_shared.h"

#define PAGE_BITS	12
/* 4 GiB. Nobody has a key so long. */
#define PAGES_PER_TAG	(1 << 20)
/* More than there can be entries. */
#define PAGES_CHAIN	(1 << 22)
#define MARKS_BITS	12
#define MARK_ALL	1ull		/* no address of an mm_struct */
#define PUSH_TRIES	64

/* Errnos are macros, which BTF does not have. */
#define PAGES_EEXIST	17
#define PAGES_EINVAL	22
#define PAGES_ENOSPC	28

struct tagged_mm {
	__u64 id;
	__u64 pages;		/* first of the chain, 0: none; page 0 is nobody's */
	__u64 ranges;
	__u64 nr_pages;
	__u64 zeroed;
	__u32 reason;		/* enum free_reason */
	__u32 alone;		/* checked: only the threads of the dying process have this mm */
	/* Of the core, from its first segment on. */
	__u64 file;		/* struct file */
	__u64 size;
	__u64 ino;
	__u32 dev;
	__u32 mode;
};

struct page_key {
	__u64 id;
	__u64 nr;
};

struct tagged_page {
	__u64 next;
	__u64 count;
};

struct range_key {
	__u64 id;
	__u64 addr;
};

struct tagged_range {
	__u64 next;
	__u64 len;		/* 0: ended */
};

/*
 * Allocated when they are made (no BPF_F_NO_PREALLOC): sleepable programs may use
 * them on every kernel, and "full" is a number that can be tested.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, struct tagged_mm);
} kr_mms SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct page_key);
	__type(value, struct tagged_page);
} kr_pages SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct range_key);
	__type(value, struct tagged_range);
} kr_ranges SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << MARKS_BITS);
	__type(key, __u32);
	__type(value, __u64);
} kr_marks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct free_counters);
} kr_counters SEC(".maps");

#define PAGES_COUNT(what, n)							\
	do {									\
		__u32 zero_key = 0;						\
		struct free_counters *counters_;				\
										\
		counters_ = bpf_map_lookup_elem(&kr_counters, &zero_key);	\
		if (counters_)							\
			__sync_fetch_and_add(&counters_->what, n);		\
	} while (0)

/* As a number: the verifier lets nobody calculate with a pointer. */
static __always_inline __u64 mm_of(const struct task_struct *task)
{
	return (__u64)BPF_CORE_READ(task, mm);
}

static __always_inline __u64 current_mm(void)
{
	return mm_of((const struct task_struct *)bpf_get_current_task());
}

static __always_inline __u64 *mark_of(__u64 mm)
{
	__u32 i = ((mm >> 6) * 0x9e3779b97f4a7c15ull) >> (64 - MARKS_BITS);

	return bpf_map_lookup_elem(&kr_marks, &i);
}

/* Dump nothing of this address space. */
static __always_inline void mark(__u64 mm)
{
	__u64 *m = mark_of(mm), old;

	if (!m)
		return;
	PAGES_COUNT(marked, 1);
	old = __sync_val_compare_and_swap(m, 0, mm);
	if (!old || old == mm || old == MARK_ALL)
		return;
	__sync_lock_test_and_set(m, MARK_ALL);
	PAGES_COUNT(marked_all, 1);
}

static __always_inline bool marked(__u64 mm)
{
	__u64 *m = mark_of(mm);

	return !m || *m == mm || *m == MARK_ALL;
}

static __always_inline void unmark(__u64 mm)
{
	__u64 *m = mark_of(mm);

	if (m)
		__sync_val_compare_and_swap(m, mm, 0);
}

/* The record of an address space, made if there is none; NULL: no room. */
static __always_inline struct tagged_mm *mm_record(__u64 mm)
{
	struct tagged_mm *m = bpf_map_lookup_elem(&kr_mms, &mm);
	struct tagged_mm fresh = {};
	struct free_counters *c;
	__u32 zero = 0;

	if (m)
		return m;
	c = bpf_map_lookup_elem(&kr_counters, &zero);
	if (!c)
		return NULL;
	fresh.id = __sync_fetch_and_add(&c->ids, 1) + 1;
	/* Another thread may be faster: then its record is found. */
	bpf_map_update_elem(&kr_mms, &mm, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&kr_mms, &mm);
}

/* Put an entry in front of its chain. Return: success. */
static __always_inline bool chain(__u64 *head, __u64 *next, __u64 self)
{
	__u64 old;
	int i;

	for (i = 0; i < PUSH_TRIES; i++) {
		old = *(volatile __u64 *)head;
		*(volatile __u64 *)next = old;
		if (__sync_val_compare_and_swap(head, old, self) == old)
			return true;
	}
	return false;
}

/* One more tag on a page. Return: success. */
static __always_inline bool page_count_up(struct tagged_mm *m, __u64 nr)
{
	struct page_key key = { .id = m->id, .nr = nr };
	struct tagged_page fresh = { .count = 1 }, *p;
	int err;

	p = bpf_map_lookup_elem(&kr_pages, &key);
	if (!p) {
		err = bpf_map_update_elem(&kr_pages, &key, &fresh, BPF_NOEXIST);
		if (err && err != -PAGES_EEXIST)
			return false;
		p = bpf_map_lookup_elem(&kr_pages, &key);
		if (!p)
			return false;
		if (!err) {
			__sync_fetch_and_add(&m->nr_pages, 1);
			return chain(&m->pages, &p->next, nr);
		}
	}
	__sync_fetch_and_add(&p->count, 1);
	return true;
}

static __always_inline void page_count_down(struct tagged_mm *m, __u64 nr)
{
	struct page_key key = { .id = m->id, .nr = nr };
	struct tagged_page *p = bpf_map_lookup_elem(&kr_pages, &key);

	if (p)
		__sync_fetch_and_add(&p->count, -1);
}

struct pages_walk {
	struct tagged_mm *m;
	__u64 first;
	__u64 failed;
	__u64 len;
	__u64 most;
};

static long count_up_nth(__u32 i, struct pages_walk *w)
{
	w->failed = !page_count_up(w->m, w->first + i);
	return w->failed;
}

static long count_down_nth(__u32 i, struct pages_walk *w)
{
	if (w->len > w->most)	/* here, where the verifier looks at it once */
		return 1;
	page_count_down(w->m, w->first + i);
	return 0;
}

/* Pages that [addr, addr + len) touches; 0 if that is no such range. */
static __always_inline __u64 pages_touched(__u64 addr, __u64 len)
{
	if (!addr || !len || addr + len < addr)
		return 0;
	return ((addr + len - 1) >> PAGE_BITS) - (addr >> PAGE_BITS) + 1;
}

/* Those of a tag, if it had @most bytes at most. */
static __always_inline void pages_down(struct tagged_mm *m, __u64 addr, __u64 len, __u64 most)
{
	struct pages_walk w = { .m = m, .first = addr >> PAGE_BITS, .len = len, .most = most };
	__u64 nr = pages_touched(addr, len);

	if (nr && nr <= PAGES_PER_TAG)
		bpf_loop(nr, count_down_nth, &w, 0);
}

/*
 * Note how long the tag at @addr is. One that was there already ends, if it was not longer;
 * if there is no room, nothing can end this one before its process.
 */
static __always_inline void range_note(struct tagged_mm *m, __u64 addr, __u64 len)
{
	struct range_key key = { .id = m->id, .addr = addr };
	struct tagged_range fresh = { .len = len }, *r;
	int err;

	r = bpf_map_lookup_elem(&kr_ranges, &key);
	if (!r) {
		err = bpf_map_update_elem(&kr_ranges, &key, &fresh, BPF_NOEXIST);
		r = err && err != -PAGES_EEXIST ? NULL : bpf_map_lookup_elem(&kr_ranges, &key);
		if (!r) {
			PAGES_COUNT(sticky, 1);
			return;
		}
		if (!err) {
			/* If it is not chained it stays in the map, and means nobody. */
			chain(&m->ranges, &r->next, addr);
			return;
		}
	}
	/* Something longer was freed without a wipe: the pages of it stay tagged. */
	pages_down(m, addr, __sync_lock_test_and_set(&r->len, len), len);
}

/**
 * pages_tag() - tag memory of the current process
 * @addr:	where it begins
 * @len:	its bytes
 * @flags:	those of kredact_bpf_tag(), for callers of either; the pages that the
 *		bytes touch are tagged whole, whatever they say
 *
 * For sleepable uprobe programs, from Linux 6.1 on. A tag at the same @addr is
 * replaced, unless it was longer; others overlap freely.
 *
 * Return: 0, or -EINVAL for no range, or -ENOSPC: then the process is marked, and
 * none of its memory is dumped.
 */
static __always_inline int pages_tag(__u64 addr, __u64 len, __u32 flags)
{
	__u64 mm = current_mm();
	__u64 nr = pages_touched(addr, len);
	struct pages_walk w = { .first = addr >> PAGE_BITS };

	if (!mm || !nr)
		return -PAGES_EINVAL;
	w.m = mm_record(mm);
	if (!w.m || nr > PAGES_PER_TAG)
		goto lost;
	bpf_loop(nr, count_up_nth, &w, 0);
	if (w.failed)
		goto lost;
	range_note(w.m, addr, len);
	PAGES_COUNT(tags, 1);
	return 0;

lost:
	mark(mm);
	PAGES_COUNT(tags_lost, 1);
	return -PAGES_ENOSPC;
}

/**
 * pages_untag() - end the tag that begins at an address of the current process
 * @addr:	as it was given to pages_tag()
 *
 * Return: 0, also if there is no such tag, as in a child that inherited it.
 */
static __always_inline int pages_untag(__u64 addr)
{
	__u64 mm = current_mm();
	struct tagged_mm *m = bpf_map_lookup_elem(&kr_mms, &mm);
	struct range_key key = { .addr = addr };
	struct tagged_range *r;
	__u64 len;

	if (!m)
		return 0;
	key.id = m->id;
	r = bpf_map_lookup_elem(&kr_ranges, &key);
	if (!r)
		return 0;
	len = __sync_lock_test_and_set(&r->len, 0);
	if (len) {
		pages_down(m, addr, len, len);
		PAGES_COUNT(untags, 1);
	}
	return 0;
}

#endif /* KREDACT_BPF_PAGES_BPF_H */
