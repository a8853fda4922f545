// SPDX-License-Identifier: GPL-2.0
/*
 * The module-free mode: keeps tagged pages out of core dumps by BPF alone, where
 * no module may be loaded. Programs that tag put their tags into the maps of
 * pages.bpf.h; those here make the tags follow the memory, and zero tagged pages
 * when their process dumps.
 *
 * BPF can neither change what get_dump_page() returns nor wait. What it can do
 * when that function returns, and before the page is written or copied:
 *
 * - write zeros into the memory of the process, which is dying: all its threads
 *   have stopped, nobody will read that memory again. bpf_probe_write_user() does
 *   not fault, so it fails where the page is not there to be written;
 * - read the very page that is about to be dumped, to see that it is zero;
 * - send SIGKILL: dump_emit_page() asks for a pending signal before it writes.
 *
 * So a tagged page is zero, or the dump ends before it. Documentation/module-free.rst
 * tells what follows from that, and what is not covered.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "dump.bpf.h"
#include "pages.bpf.h"

#define PAGE_BYTES		(1 << PAGE_BITS)
#define PF_DUMPCORE		0x00000200
#define SIGKILL			9
#define MAPPING_FLAGS		3ul	/* PAGE_MAPPING_FLAGS */
#define MAPPING_ANON		1ul
#define PREEMPT_VOLUNTARY	1	/* preempt_dynamic_mode; below it: none */
#define CHUNK_WORDS		32
#define CHUNKS			(PAGE_BYTES / CHUNK_WORDS / 8)
#define THREADS_MAX		(1 << 22)
#define KILL_TRIES		(1 << 16)
#define ALONE_TRIES		(1 << 14)

/* Where the kernel's memory map and its struct pages are. */
extern const void page_offset_base __ksym;
extern const void vmemmap_base __ksym;
/* Not in kernels that are built for one way of preemption. */
extern const void preempt_dynamic_mode __ksym __weak;

/* What is written over tagged pages: never written to. */
const char zeros[PAGE_BYTES] = {};

/* For the loader: what look_around() saw. */
int preempt_mode = -1;

/*
 * A program that is preempted by another task which comes to it on the same
 * processor is not run for that one. None is preempted unless the kernel is
 * switched to full or lazy preemption.
 */
static __always_inline int preemption(void)
{
	int mode = PREEMPT_VOLUNTARY;

	if (&preempt_dynamic_mode &&
	    bpf_probe_read_kernel(&mode, sizeof(mode), &preempt_dynamic_mode))
		return PREEMPT_VOLUNTARY + 1;
	return mode;
}

/* Run once by the loader. */
SEC("syscall")
int look_around(void *ctx)
{
	preempt_mode = preemption();
	return 0;
}

static long kill_once(__u32 i, void *unused)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	/* Busy, if the signal of somebody else is being sent; or not there yet. */
	if (!(i & 1023))
		bpf_send_signal(SIGKILL);
	return (BPF_CORE_READ(task, pending.signal.sig[0]) >> (SIGKILL - 1)) & 1;
}

/* End the dump of the current process, before anything more is written. */
static __always_inline void kill_dump(struct tagged_mm *m, __u32 reason)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	bool first = true;

	bpf_loop(KILL_TRIES, kill_once, NULL, 0);
	if (!((BPF_CORE_READ(task, pending.signal.sig[0]) >> (SIGKILL - 1)) & 1)) {
		PAGES_COUNT(unkillable, 1);
		return;
	}
	if (m)
		first = !__sync_val_compare_and_swap(&m->reason, FREE_KEPT, reason);
	/* For the verifier, which does not know what the callers pass. */
	if (first && reason < FREE_REASONS)
		PAGES_COUNT(killed[reason], 1);
}

/* A fatal signal; other threads still run. A process that is marked leaves no file at all. */
SEC("fentry/do_coredump")
int BPF_PROG(dump_begins, const kernel_siginfo_t *siginfo)
{
	__u64 mm = current_mm();
	struct tagged_mm *m;

	if (!marked(mm))
		return 0;
	m = bpf_map_lookup_elem(&kr_mms, &mm);
	kill_dump(m, FREE_MARKED);
	dump_tell(NULL, siginfo->si_signo, m ? m->nr_pages : 0, FREE_MARKED);
	return 0;
}

/* A segment has been written, or what of it could be. */
SEC("fexit/dump_user_range")
int BPF_PROG(core_grows, struct coredump_params *cprm)
{
	__u64 mm = current_mm();
	struct tagged_mm *m = bpf_map_lookup_elem(&kr_mms, &mm);
	struct file *file = cprm->file;

	if (!m)
		return 0;
	m->size = cprm->pos + cprm->to_skip;
	if (m->file == (__u64)file)
		return 0;
	m->file = (__u64)file;
	m->mode = file->f_inode->i_mode;
	m->ino = file->f_inode->i_ino;
	m->dev = file->f_inode->i_sb->s_dev;
	return 0;
}

SEC("fexit/do_coredump")
int BPF_PROG(dump_ends, const kernel_siginfo_t *siginfo)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 mm = current_mm();
	struct tagged_mm *m = bpf_map_lookup_elem(&kr_mms, &mm);

	/* Not one of several threads with a fatal signal that were not to dump. */
	if (m && (task->flags & PF_DUMPCORE))
		dump_tell(m, siginfo->si_signo, m->nr_pages, m->reason);
	return 0;
}

struct threads {
	struct core_thread *thread;
	int users;
};

static long count_thread(__u32 i, struct threads *t)
{
	struct core_thread *thread = t->thread;

	if (!thread)
		return 1;
	t->users++;
	t->thread = BPF_CORE_READ(thread, next);
	return 0;
}

struct users {
	struct mm_struct *mm;
	int expected;
	int seen;
};

static long users_are_gone(__u32 i, struct users *u)
{
	struct mm_struct *mm = u->mm;

	u->seen = BPF_CORE_READ(mm, mm_users.counter);
	return u->seen <= u->expected;
}

/*
 * Does nobody have this mm but the threads that have stopped for this dump? Threads
 * that end at this moment, and readers of /proc, get a little time to go.
 */
static __always_inline bool alone(struct tagged_mm *m)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct users u = { .mm = BPF_CORE_READ(task, mm) };
	struct threads t = {};

	if (m->alone)
		return true;
	t.thread = BPF_CORE_READ(task, signal, core_state, dumper.next);
	bpf_loop(THREADS_MAX, count_thread, &t, 0);
	u.expected = t.users + 1;
	bpf_loop(ALONE_TRIES, users_are_gone, &u, 0);
	if (u.seen > u.expected)
		return false;
	/* Nobody can come to share it any more. */
	m->alone = 1;
	return true;
}

/* Only a page that no other process can have mapped may be changed. */
static __always_inline bool is_private(struct page *page)
{
	unsigned long head = BPF_CORE_READ(page, compound_head);
	unsigned long mapping;

	if (head & 1)
		page = (struct page *)(head - 1);
	mapping = (unsigned long)BPF_CORE_READ(page, mapping);
	return (mapping & MAPPING_FLAGS) == MAPPING_ANON;
}

struct look {
	__u64 at;
	__u64 words[CHUNK_WORDS];
	__u64 bits;
};

static long look_at_chunk(__u32 i, struct look *look)
{
	int k;

	if (bpf_probe_read_kernel(look->words, sizeof(look->words),
				  (void *)(look->at + i * sizeof(look->words)))) {
		look->bits = 1;
		return 1;
	}
	for (k = 0; k < CHUNK_WORDS; k++)
		look->bits |= look->words[k];
	return !!look->bits;
}

/* The kernel's own view of the page: whatever the process's page tables say. */
static __always_inline bool is_zero(struct page *page)
{
	__u64 base = 0, map = 0;
	struct look look = {};

	if (bpf_probe_read_kernel(&base, sizeof(base), &page_offset_base) || !base ||
	    bpf_probe_read_kernel(&map, sizeof(map), &vmemmap_base) || !map)
		return false;
	look.at = base + ((((__u64)page - map) / bpf_core_type_size(struct page)) << PAGE_BITS);
	return bpf_loop(CHUNKS, look_at_chunk, &look, 0) == CHUNKS && !look.bits;
}

/* Make the page zero. Return: FREE_KEPT, or why the dump has to die. */
static __always_inline __u32 clear(struct tagged_mm *m, __u64 addr, struct page *page)
{
	if (preemption() > PREEMPT_VOLUNTARY)
		return FREE_PREEMPTIBLE;
	if (!alone(m))
		return FREE_SHARED_MM;
	if (is_zero(page))
		return FREE_KEPT;
	if (!is_private(page))
		return FREE_NOT_PRIVATE;
	if (bpf_probe_write_user((void *)(addr & -PAGE_BYTES), zeros, PAGE_BYTES))
		return FREE_UNWRITABLE;
	return is_zero(page) ? FREE_KEPT : FREE_NOT_ZERO;
}

SEC("fexit/get_dump_page")
int dump_page(__u64 *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 mm = current_mm(), addr = ctx[0], page = 0;
	struct tagged_page *p;
	struct tagged_mm *m;
	struct page_key key;
	__u32 reason;

	/* Nothing is written for a page that is not there. */
	if (bpf_get_func_ret(ctx, &page) || !page)
		return 0;
	/* Memory of a process that lives is never changed, nor is that process killed. */
	if (!(task->flags & PF_DUMPCORE) || !task->signal->core_state)
		return 0;
	m = bpf_map_lookup_elem(&kr_mms, &mm);
	if (marked(mm)) {
		kill_dump(m, FREE_MARKED);
		return 0;
	}
	if (!m)
		return 0;
	key.id = m->id;
	key.nr = addr >> PAGE_BITS;
	p = bpf_map_lookup_elem(&kr_pages, &key);
	if (!p || !p->count)
		return 0;
	reason = clear(m, addr, (struct page *)page);
	if (reason) {
		kill_dump(m, reason);
		return 0;
	}
	__sync_fetch_and_add(&m->zeroed, 1);
	PAGES_COUNT(pages_zeroed, 1);
	return 0;
}

struct inherit {
	struct tagged_mm *to;
	__u64 id;
	__u64 nr;
	__u64 failed;
};

static long inherit_page(__u32 i, struct inherit *in)
{
	struct page_key key = { .id = in->id, .nr = in->nr };
	struct tagged_page *p;

	if (!in->nr)
		return 1;
	p = bpf_map_lookup_elem(&kr_pages, &key);
	in->failed = !p || !page_count_up(in->to, in->nr);
	in->nr = p ? p->next : 0;
	return in->failed;
}

/*
 * The memory has been copied, and the child does not run yet. A tag may have ended
 * since its page was copied: so pages without a tag at the moment are inherited, too.
 */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(forked, struct task_struct *parent, struct task_struct *child)
{
	__u64 from = mm_of(parent), to = mm_of(child);
	struct inherit in = {};
	struct tagged_mm *m;

	if (!from || !to || from == to)
		return 0;
	if (marked(from))
		mark(to);
	m = bpf_map_lookup_elem(&kr_mms, &from);
	if (!m || !m->pages)
		return 0;
	in.id = m->id;
	in.nr = m->pages;
	in.to = mm_record(to);
	if (!in.to)
		goto lost;
	bpf_loop(PAGES_CHAIN, inherit_page, &in, 0);
	PAGES_COUNT(inherited, in.to->nr_pages);
	if (!in.failed && !in.nr)
		return 0;
lost:
	mark(to);
	return 0;
}

struct end {
	__u64 id;
	__u64 at;
};

static long end_page(__u32 i, struct end *end)
{
	struct page_key key = { .id = end->id, .nr = end->at };
	struct tagged_page *p;

	if (!end->at)
		return 1;
	p = bpf_map_lookup_elem(&kr_pages, &key);
	end->at = p ? p->next : 0;
	bpf_map_delete_elem(&kr_pages, &key);
	return 0;
}

static long end_range(__u32 i, struct end *end)
{
	struct range_key key = { .id = end->id, .addr = end->at };
	struct tagged_range *r;

	if (!end->at)
		return 1;
	r = bpf_map_lookup_elem(&kr_ranges, &key);
	end->at = r ? r->next : 0;
	bpf_map_delete_elem(&kr_ranges, &key);
	return 0;
}

/* The last user of an address space is gone, by exit or exec. */
SEC("fentry/exit_mmap")
int mm_ends(void *ctx)
{
	struct end end = {};
	struct tagged_mm *m;
	__u64 mm;

	if (bpf_get_func_arg(ctx, 0, &mm))
		return 0;
	m = bpf_map_lookup_elem(&kr_mms, &mm);
	unmark(mm);
	if (!m)
		return 0;
	end.id = m->id;
	end.at = m->pages;
	bpf_loop(PAGES_CHAIN, end_page, &end, 0);
	end.at = m->ranges;
	bpf_loop(PAGES_CHAIN, end_range, &end, 0);
	bpf_map_delete_elem(&kr_mms, &mm);
	return 0;
}

struct move {
	struct tagged_mm *m;
	__u64 nr;		/* the chain */
	__u64 first;
	__u64 last;
	__u64 by;
	__u64 failed;
	__u64 moved;
};

static long move_page(__u32 i, struct move *move)
{
	struct page_key key = { .id = move->m->id, .nr = move->nr };
	struct tagged_page *p;

	if (!move->nr)
		return 1;
	p = bpf_map_lookup_elem(&kr_pages, &key);
	if (p && p->count && move->nr >= move->first && move->nr <= move->last) {
		move->failed = !page_count_up(move->m, move->nr + move->by);
		move->moved++;
	}
	move->failed |= !p;
	move->nr = p ? p->next : 0;
	return move->failed;
}

/* Tag what is to move at its new place as well, until the address space ends. */
static __always_inline void move_tags(__u64 mm, __u64 from, __u64 to, __u64 len)
{
	struct move move = {
		.m = bpf_map_lookup_elem(&kr_mms, &mm),
		.first = from >> PAGE_BITS,
		.last = (from + len - 1) >> PAGE_BITS,
		.by = (to >> PAGE_BITS) - (from >> PAGE_BITS),
	};

	if (!move.m || !len)
		return;
	move.nr = move.m->pages;
	bpf_loop(PAGES_CHAIN, move_page, &move, 0);
	PAGES_COUNT(moved, move.moved);
	if (move.failed || move.nr)
		mark(mm);
}

/* mremap; also exec, whose mm has no tags yet. The fourth argument is the new place. */
SEC("fentry/move_page_tables")
int BPF_PROG(mremapped, struct vm_area_struct *vma, unsigned long from,
	     struct vm_area_struct *new_vma, unsigned long to, unsigned long len)
{
	move_tags((__u64)BPF_CORE_READ(vma, vm_mm), from, to, len);
	return 0;
}

/* UFFDIO_MOVE, from Linux 6.8 on. */
SEC("fentry/move_pages")
int BPF_PROG(uffd_moved, struct userfaultfd_ctx *uffd, unsigned long to, unsigned long from,
	     unsigned long len)
{
	move_tags(current_mm(), from, to, len);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
