/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What kredact_free.bpf.c tells of a dump: see free_shared.h.
 *
 * The place of the event in the ring is taken first. So pieces never come without an event,
 * which is filled in last, and knows how many of them found room.
 */
#ifndef KREDACT_BPF_DUMP_BPF_H
#define KREDACT_BPF_DUMP_BPF_H

#include "pages.bpf.h"

#define S_IFMT		0170000
#define S_IFREG		0100000
#define TIF_ADDR32	29
#define RUN_PAGES	(1 << FREE_RUN_BITS)

/* A whole map of pages of the default size, of which no two are neighbours, has room. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1024 * 1024);
} kr_events SEC(".maps");

struct list {
	__u64 nr;		/* the chain */
	__u64 first;		/* a run that may still grow */
	__u64 pages;
	__u32 pieces;
	__u32 lost;
	struct free_pages piece;
};

/*
 * Not on the stack: there the verifier would follow each number that changes. Nobody else
 * comes to it, since the kernel runs no program twice at a time on a processor.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct list);
} kr_list SEC(".maps");

struct listing {
	struct list *list;
};

static __always_inline void list_send(struct list *l)
{
	if (!l->piece.head.nr)
		return;
	if (bpf_ringbuf_output(&kr_events, &l->piece, sizeof(l->piece), 0))
		l->lost = 1;
	else
		l->pieces++;
	l->piece.head.nr = 0;
}

static __always_inline void list_run(struct list *l)
{
	__u32 i = l->piece.head.nr;

	if (!l->pages)
		return;
	l->piece.runs[i & (FREE_RUNS - 1)] = l->first << FREE_RUN_BITS | (l->pages - 1);
	l->piece.head.nr = i + 1;
	l->pages = 0;
	if (l->piece.head.nr == FREE_RUNS)
		list_send(l);
}

/* Neighbours follow each other in a chain, upwards or, after a fork, downwards. */
static long list_page(__u32 i, struct listing *listing)
{
	struct list *l = listing->list;
	struct page_key key = { .id = l->piece.head.id, .nr = l->nr };
	struct tagged_page *p;

	if (!key.nr)
		return 1;
	p = bpf_map_lookup_elem(&kr_pages, &key);
	l->nr = p ? p->next : 0;
	l->lost |= !p;
	if (!p || !p->count)
		return 0;
	if (l->pages && l->pages < RUN_PAGES && key.nr + 1 == l->first) {
		l->first = key.nr;
		l->pages++;
		return 0;
	}
	if (l->pages && l->pages < RUN_PAGES && key.nr == l->first + l->pages) {
		l->pages++;
		return 0;
	}
	list_run(l);
	l->first = key.nr;
	l->pages = 1;
	return 0;
}

static __always_inline void tell_pages(struct free_event *e, const struct tagged_mm *m)
{
	struct listing listing;
	struct list *l;
	__u32 zero = 0;

	l = bpf_map_lookup_elem(&kr_list, &zero);
	if (!l) {
		e->flags |= FREE_LOST;
		return;
	}
	l->nr = m->pages;
	l->pages = 0;
	l->pieces = 0;
	l->lost = 0;
	l->piece.head.type = FREE_PAGES;
	l->piece.head.nr = 0;
	l->piece.head.id = m->id;
	listing.list = l;
	bpf_loop(PAGES_CHAIN, list_page, &listing, 0);
	list_run(l);
	list_send(l);
	e->pieces += l->pieces;
	if (l->lost || l->nr)
		e->flags |= FREE_LOST;
}

struct names {
	__u64 dentry;
	__u64 id;
	__u32 pieces;
	__u32 done;
};

static long tell_name(__u32 i, struct names *n)
{
	struct dentry *dentry = (struct dentry *)n->dentry;
	struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
	struct free_name *r;
	long len;

	n->done = parent == dentry;
	if (n->done || !parent)
		return 1;
	r = bpf_ringbuf_reserve(&kr_events, sizeof(*r), 0);
	if (!r)
		return 1;
	len = bpf_probe_read_kernel_str(r->name, sizeof(r->name),
					BPF_CORE_READ(dentry, d_name.name));
	r->head.type = FREE_NAME;
	r->head.nr = len > 0 ? len : 0;
	r->head.id = n->id;
	bpf_ringbuf_submit(r, 0);
	n->pieces++;
	n->dentry = (__u64)parent;
	return 0;
}

/* The file has been closed, but is not gone before its process returns from the kernel. */
static __always_inline void tell_file(struct free_event *e, const struct tagged_mm *m)
{
	struct file *file = (struct file *)m->file;
	struct names n = { .id = m->id };

	if (!file)
		return;
	e->file = (m->mode & S_IFMT) == S_IFREG ? FREE_FILE_REGULAR : FREE_FILE_STREAM;
	e->size = m->size;
	if (e->file != FREE_FILE_REGULAR)
		return;
	e->dev = m->dev;
	e->ino = m->ino;
	e->size = BPF_CORE_READ(file, f_inode, i_size);
	n.dentry = (__u64)BPF_CORE_READ(file, f_path.dentry);
	bpf_loop(FREE_NAMES_MAX, tell_name, &n, 0);
	e->pieces += n.pieces;
	if (!n.done)
		e->flags |= FREE_NO_PATH;
}

static __always_inline __u32 own_tgid(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, signal, pids[PIDTYPE_TGID]);
	__u32 level = BPF_CORE_READ(pid, level);
	struct upid *upid;
	int nr = 0;

	upid = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	       level * bpf_core_type_size(struct upid);
	bpf_probe_read_kernel(&nr, sizeof(nr), &upid->nr);
	return nr;
}

/**
 * dump_tell() - tell that the dump of the current process has ended
 * @m:		whose tags are told; NULL: only the event
 * @signo:	the signal
 * @tagged:	pages that had tags at some time
 * @reason:	FREE_KEPT, or why it was killed
 *
 * If there is no room for the event, that is counted, and nothing told.
 */
static __always_inline void dump_tell(const struct tagged_mm *m, int signo, __u64 tagged,
				      __u32 reason)
{
	struct free_event *e = bpf_ringbuf_reserve(&kr_events, sizeof(*e), 0);
	struct task_struct *task = bpf_get_current_task_btf();

	if (!e) {
		PAGES_COUNT(events_lost, 1);
		return;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->head.type = FREE_EVENT;
	e->head.id = m ? m->id : 0;
	e->ns = bpf_ktime_get_boot_ns();
	e->start_ns = task->group_leader->start_boottime;
	e->tgid = bpf_get_current_pid_tgid() >> 32;
	e->tid = bpf_get_current_pid_tgid();
	e->ns_tgid = own_tgid(task);
	e->uid = bpf_get_current_uid_gid();
	e->signo = signo;
	e->reason = reason;
	e->flags = task->thread_info.flags & (1ul << TIF_ADDR32) ? FREE_COMPAT : 0;
	e->pages_tagged = tagged;
	e->pages_zeroed = m ? m->zeroed : 0;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	if (m) {
		/* First what a seal cannot do without. */
		tell_file(e, m);
		tell_pages(e, m);
	}
	bpf_ringbuf_submit(e, 0);
}

#endif /* KREDACT_BPF_DUMP_BPF_H */
