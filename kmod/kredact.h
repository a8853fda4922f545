/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kredact.ko: what its parts offer each other.
 *
 * Locks, outermost first: mmap_lock of an mm; kredact_mm.tag_mutex is taken
 * before mmap_lock, by tagging only; kredact_mm.lock and the locks of the
 * tables (mms, users, dumps) are innermost and held for bounded work. None of them is
 * taken with another one of these held, nor is that of the stream of events.
 *
 * Who changes a set of ranges, or gives it memory, holds mmap_lock (at least for
 * reading) and kredact_mm.lock; either is enough to read it, mmap_lock if held
 * for writing.
 */
#ifndef KREDACT_H
#define KREDACT_H

#include <linux/coredump.h>
#include <linux/kredact.h>
#include <linux/kredact_panic.h>
#include <linux/kredact_rules.h>
#include <linux/kredact_seal.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/uuid.h>
#include <linux/xarray.h>

#include "event.h"
#include "hunt.h"
#include "rangeset.h"
#include "sigframe.h"
#include "strict.h"

struct user_regset;
struct kredact_user;
struct kredact_labels;
struct kredact_makers;
struct kredact_key_ref;
struct kr_seal;
struct kredact_sigframes;
struct kredact_prints;
struct crypto_shash;

/**
 * struct kredact_mm - the tags of one address space
 * @notifier:	subscription; its mm is the one that is tagged
 * @node:	in the table of all tagged mms, looked up under RCU
 * @lock:	guards @set, @charged, @epoch
 * @set:	the ranges
 * @charged:	ranges charged to @user
 * @epoch:	counts the times that tags moved or ended, so that a dump sees
 *		that its look-up is stale
 * @tag_mutex:	serialises those who insert: what one reserved, another cannot take
 * @mover:	task inside move_page_tables(); set under mmap_lock for writing
 * @user:	who is charged
 * @labels:	shared with parent and children
 * @makers:	who registered for it by pidfd, or NULL; likewise
 * @id:		names it to userspace
 * @wants:	flags of all its registrations so far
 * @unsealed:	until then administrators may read it as it is (CLOCK_BOOTTIME, in ns)
 * @pins:	pinned pages, by page number
 * @rcu:	to free it
 */
struct kredact_mm {
	struct mmu_notifier notifier;
	struct hlist_node node;
	spinlock_t lock;	/* innermost */
	struct kr_set set;
	u32 charged;
	u32 epoch;
	struct mutex tag_mutex;	/* outside mmap_lock */
	struct task_struct *mover;
	struct kredact_user *user;
	struct kredact_labels *labels;
	struct kredact_makers *makers;
	u64 id;
	u32 wants;
	u64 unsealed;
	struct xarray pins;
	struct rcu_head rcu;
};

/**
 * struct kredact_target - whose memory a call is about
 * @mm:		kept until kredact_target_put()
 * @uid:	who is charged for its tags
 * @memlock:	RLIMIT_MEMLOCK of the process, in bytes
 * @other:	not the caller's own
 * @dumps:	likewise, and its process was being dumped
 */
struct kredact_target {
	struct mm_struct *mm;
	kuid_t uid;
	unsigned long memlock;
	bool other;
	bool dumps;
};

/* What happened since the module was loaded, and what there is now. */
struct kredact_stats {
	atomic64_t mms;
	atomic64_t ranges;
	atomic64_t chunks;
	atomic64_t dumps;
	atomic64_t pages_zeroed;
	atomic64_t bytes_zeroed;
	atomic64_t pages_left_out;
	atomic64_t seals_failed;
	atomic64_t pins;
	atomic64_t pages_shared;
	atomic64_t copies;
	atomic64_t copy_bytes;
	atomic64_t hunts_failed;
};

extern struct kredact_stats kredact_stats;

/*
 * Flags of a range besides those of the ioctls: a BPF program made it, or another process,
 * whose number among the makers is in the bits above. The latter takes the bit of a wish that
 * no range keeps.
 */
#define KREDACT_MADE_BY_BPF	(1U << 9)
#define KREDACT_MADE_BY_OTHER	KREDACT_PIN
#define KREDACT_MAKER_SHIFT	10
#define KREDACT_MAKERS_MAX	63U

/* Flags that a range keeps, and those of them that a seal tells. */
#define KREDACT_RANGE_SEALED	(KREDACT_EXACT | KREDACT_HUNT | KREDACT_GROUP | KREDACT_NOHUNT)
#define KREDACT_RANGE_FLAGS	(KREDACT_RANGE_SEALED | KREDACT_MADE_BY_BPF)

/* Flags of a registration that hold for the whole process. */
#define KREDACT_WANTS		(KREDACT_GROUP | KREDACT_REGS | KREDACT_STRICT)

/* What every registration is covered by. */
#define KREDACT_COVERAGE	(KREDACT_COVER_CORE | KREDACT_COVER_FORK | KREDACT_COVER_MREMAP | \
				 KREDACT_COVER_READERS)

/* registry.c: tagged address spaces. */
struct kredact_mm *kredact_mm_find(struct mm_struct *mm);
struct kredact_mm *kredact_mm_get_or_create(const struct kredact_target *target);
struct kredact_mm *kredact_mm_inherit_locked(struct mm_struct *mm, struct kredact_mm *parent);
void kredact_mm_drop(struct kredact_mm *kmm, u64 start, u64 last);
int kredact_mm_reserve(struct kredact_mm *kmm, u32 nr, gfp_t gfp);
void kredact_mm_recharge(struct kredact_mm *kmm);
void kredact_mm_want(struct kredact_mm *kmm, u32 flags);
u32 kredact_mm_relatives(struct kredact_mm *kmm, kuid_t uid, struct kredact_mm **to, u32 room);
bool __kredact_mm_trylock(struct kredact_mm *kmm);
#define kredact_mm_trylock(kmm)	__cond_lock(&(kmm)->lock, __kredact_mm_trylock(kmm))
void kredact_mms_visit(void (*visit)(void *arg, struct kredact_mm *kmm), void *arg);
bool kredact_mm_is_tagged(const struct mm_struct *mm);
void kredact_registry_exit(void);

/* tag.c: what the ioctls and kfuncs do. */
int kredact_tag(const struct kredact_target *target, struct kredact_batch *batch,
		struct kredact_range *ranges, const char *label);
int kredact_untag(struct mm_struct *mm, u64 handle);
int kredact_query(struct mm_struct *mm, struct kredact_query *query);

/* list.c: what is tagged, by whom. */
int kredact_list(struct mm_struct *mm, struct kredact_list *list);

/* target.c: whose memory it is. */
int kredact_target_init(void);
void kredact_target_self(struct kredact_target *target);
int kredact_target_get(struct kredact_target *target, u32 flags, u32 pidfd, u32 reserved,
		       unsigned int mode);
void kredact_target_put(struct kredact_target *target);
struct mm_struct *kredact_target_mm(pid_t pid);

/* pin.c: pages that stay where they are. */
int kredact_pin(struct kredact_mm *kmm, const struct kredact_target *target, u64 addr, u64 len,
		bool demanded);
void kredact_unpin_unused(struct kredact_mm *kmm, u64 addr, u64 last);
void kredact_unpin(struct kredact_mm *kmm, u64 addr, u64 last);
void kredact_pins_move(struct kredact_mm *kmm, unsigned long from, unsigned long to,
		       unsigned long len);
u32 kredact_pinned_coverage(void);
bool kredact_pins_hold(struct kredact_mm *kmm, struct mm_struct *mm, u64 addr, u64 last);
bool kredact_pin_is_own(struct kredact_mm *kmm, unsigned long addr, struct page *page);

/* frame.c: physical pages that are pinned. */
int kredact_frame_add(struct page *page);
void kredact_frame_remove(struct page *page);
unsigned long kredact_frame_pins(struct page *page);
u32 kredact_frame_ended(struct page *page);
bool kredact_frame_is_pinned(unsigned long pfn);
bool kredact_frames_visit(void (*visit)(void *arg, unsigned long pfn), void *arg);
bool kredact_frames_name(u64 *address, u64 *nr, u8 *digest);
void kredact_frames_exit(void);

/* wipe.c: memory of a machine that has crashed. */
enum kredact_wiped {
	KREDACT_WIPED,		/* it is zero now */
	KREDACT_WIPED_MAPPED,	/* likewise, and the kernel had to map it for that */
	KREDACT_WIPE_POISONED,	/* the hardware has found it bad */
	KREDACT_WIPE_FOREIGN,	/* no memory, or nobody may zero it */
	KREDACT_WIPE_FAULT,	/* it cannot be written to */
};
bool kredact_wipe(void *at, size_t len);
enum kredact_wiped kredact_wipe_frame(unsigned long pfn);
bool kredact_wipe_selftest(void);

/* unpinned.c: what is tagged when the machine has crashed, and not pinned. */
#define KREDACT_WALK_ABSENT	ULONG_MAX
bool kredact_tags_walk(struct kredact_mm *kmm, bool (*visit)(void *arg, unsigned long pfn),
		       void *arg);
void kredact_registers_wipe(struct pt_regs *regs);
u64 kredact_threads_wipe(void);

/* panic.c: the crash of the kernel. */
void kredact_machine_crash_shutdown(struct pt_regs *regs);
void kredact_crash_set_original(unsigned long address);
bool kredact_crash_selftest(void);
void kredact_crash_save_cpu(struct pt_regs *regs, int cpu);
void kredact_save_cpu_set_original(unsigned long address);
bool kredact_save_cpu_selftest(void);
bool kredact_panic_zeroes(void);
int kredact_panic_init(void);
void kredact_panic_exit(void);

/* hibernate.c: no image of the machine while anything is tagged. */
bool kredact_hibernating(void);
int kredact_hibernate_init(void);
void kredact_hibernate_exit(void);

/* label.c: names of registrations. */
struct kredact_labels *kredact_labels_new(struct kredact_user *user);
struct kredact_labels *kredact_labels_get(struct kredact_labels *labels);
void kredact_labels_put(struct kredact_labels *labels);
bool kredact_labels_shared(struct kredact_labels *labels);
u32 kredact_labels_nr(struct kredact_labels *labels);
int kredact_label_id(struct kredact_labels *labels, const char *text, u32 len, u32 *id);
const char *kredact_label_text(struct kredact_labels *labels, u32 id, u32 *len);
const char *kredact_label_next(struct kredact_labels *labels, unsigned long *id, u32 *len);

/* maker.c: processes that registered for another. */
struct kredact_makers *kredact_makers_get(struct kredact_makers *makers);
void kredact_makers_put(struct kredact_makers *makers);
u32 kredact_maker_flags(struct kredact_mm *kmm);
void kredact_maker_tell(struct kredact_makers *makers, u32 flags, struct kredact_tag *tag);

/* user.c: limits per user. */
struct kredact_user *kredact_user_get(kuid_t uid);
struct kredact_user *kredact_user_hold(struct kredact_user *user);
void kredact_user_put(struct kredact_user *user);
bool kredact_user_is(const struct kredact_user *user, kuid_t uid);
int kredact_user_charge(struct kredact_user *user, u32 nr);
bool kredact_user_has_room(struct kredact_user *user, u32 nr);
void kredact_user_adjust(struct kredact_user *user, s64 nr);
void kredact_user_count_group(struct kredact_user *user, int nr);
bool kredact_user_has_groups(kuid_t uid);
u64 kredact_user_ranges(kuid_t uid);
u64 kredact_user_limit(void);

/* policy.c: what dumps of tagged processes lose besides what is tagged. */
void kredact_policy_get(struct kredact_policy *to);
int kredact_policy_set(const struct kredact_policy *from);
void kredact_policy_raise(struct kredact_policy *to, u32 wants);
bool kredact_policy_hunts(const struct kredact_policy *by, u32 flags, u32 label);
u32 kredact_policy_coverage(u32 flags, u32 label, u64 len, u32 wants);

/* hook.c: redirection of kernel functions. */
int kredact_hooks_install(void);
void kredact_hooks_remove(void);
int kredact_hook_enter(void);
void kredact_hook_leave(int token);
bool kredact_hook_pause(int token);
int kredact_hook_resume(int token, bool held);
unsigned long kredact_symbol(const char *symbol);

/*
 * fork.c, move.c, uffd.c, reader.c, splice.c, regs.c, notes.c, dump.c: the replacements, how to
 * call the originals.
 */
void kredact_uprobe_dup_mmap(struct mm_struct *oldmm, struct mm_struct *newmm);
void kredact_fork_set_original(unsigned long address);
bool kredact_fork_selftest(void);
unsigned long kredact_move_page_tables(struct vm_area_struct *vma, unsigned long old_addr,
				       struct vm_area_struct *new_vma, unsigned long new_addr,
				       unsigned long len, KREDACT_MOVE_TAIL_PARAMS);
void kredact_move_set_original(unsigned long address);
bool kredact_move_selftest(void);
ssize_t kredact_uffd_move(struct userfaultfd_ctx *ctx, unsigned long dst, unsigned long src,
			  unsigned long len, u64 mode);
void kredact_uffd_set_original(unsigned long address);
bool kredact_uffd_selftest(void);
int kredact_access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, int len,
			     unsigned int gup_flags);
void kredact_access_set_original(unsigned long address);
bool kredact_access_selftest(void);
ssize_t kredact_process_vm_rw(pid_t pid, const struct iovec __user *lvec, unsigned long liovcnt,
			      const struct iovec __user *rvec, unsigned long riovcnt,
			      unsigned long flags, int vm_write);
void kredact_vm_rw_set_original(unsigned long address);
bool kredact_vm_rw_selftest(void);
bool kredact_reader_is_idle(void);
struct iovec *kredact_iovecs(const struct iovec __user *from, unsigned long nr);
long kredact_vmsplice(const struct pt_regs *regs);
void kredact_vmsplice_set_original(unsigned long address);
bool kredact_vmsplice_selftest(void);
long kredact_vmsplice32(const struct pt_regs *regs);
void kredact_vmsplice32_set_original(unsigned long address);
bool kredact_vmsplice32_selftest(void);
struct page *kredact_get_dump_page(unsigned long addr);
bool kredact_dump_page_is_idle(void);
void kredact_dump_page_set_original(unsigned long address);
bool kredact_dump_page_selftest(void);
int kredact_regset_get(struct task_struct *target, const struct user_regset *regset,
		       unsigned int size, void *data);
void kredact_regset_get_set_original(unsigned long address);
bool kredact_regset_get_selftest(void);
int kredact_regset_get_alloc(struct task_struct *target, const struct user_regset *regset,
			     unsigned int size, void **data);
void kredact_regset_alloc_set_original(unsigned long address);
bool kredact_regset_alloc_selftest(void);
int kredact_dump_emit(struct coredump_params *cprm, const void *addr, int nr);
void kredact_emit_set_original(unsigned long address);
bool kredact_emit_selftest(void);
int kredact_elf_core_dump(struct coredump_params *cprm);
bool kredact_core_dump_selftest(void);

#define KREDACT_LEFT_OUT_MAX	16

/* Memory for a dump, charged to who dumps: nobody is killed for it. */
#define KREDACT_GFP_DUMP	(GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

/* In the number by which the index knows a secret: its handle is another process's. */
#define KREDACT_OWNER_OTHERS	KREDACT_PRINT_OTHERS

/* So many pages are got at once, at most. */
#define KREDACT_AHEAD_MAX	16

/**
 * struct kredact_ahead - pages of a dump that were got ahead of their turn
 * @addr:	of the first of them
 * @nr:		how many there are, one behind the other in memory
 * @first:	where they begin in @pages
 * @epoch:	of the tags when they were got
 * @serial:	registrations until then
 * @clear:	none of them was tagged
 * @pages:	with a reference; NULL for a hole
 */
struct kredact_ahead {
	unsigned long addr;
	u32 nr;
	u32 first;
	u32 epoch;
	u64 serial;
	bool clear;
	struct page *pages[KREDACT_AHEAD_MAX];
};

/**
 * struct kredact_search - what a dump is searched by; no page of it without one
 * @policy:	of the dump
 * @index:	of the secrets; empty where there is nothing to hunt
 * @memory_size: bytes that it takes
 * @room:	bytes of secrets that fit
 * @nr_secrets:	ranges that were read
 * @read:	bytes of them
 * @edge:	both sides of a border between pages: the last bytes of the one before, as
 *		they were, and the first of the one behind
 * @has_tail:	the first half is there; not so behind a hole
 * @carried:	copies that go on from the page before
 * @nr_carried:	how many
 * @is_ahead:	the page at hand is the one that was looked at ahead, as it was
 * @ahead:	pages whose turn comes next
 * @found:	copies on the page at hand
 * @nr_found:	how many
 * @overflow:	there are more
 * @zeroed:	its bytes that they cover
 * @copies:	copies in the whole dump, for the seal
 * @nr_copies:	how many
 * @room_copies: how many fit
 * @chunk:	what is read of a secret, behind the end of what was read before
 */
struct kredact_search {
	struct kredact_policy policy;
	struct kr_hunt index;
	size_t memory_size;
	u32 room;
	u64 nr_secrets;
	u64 read;
	u8 edge[2 * KR_RUN_MAX];
	bool has_tail;
	struct kr_copy carried[KR_RUN_MAX];
	u32 nr_carried;
	bool is_ahead;
	struct kredact_ahead ahead;
	struct kr_copy found[PAGE_SIZE / KREDACT_RUN_MIN];
	u32 nr_found;
	bool overflow;
	DECLARE_BITMAP(zeroed, PAGE_SIZE);
	struct kredact_seal_copy *copies;
	u32 nr_copies;
	u32 room_copies;
	u8 chunk[PAGE_SIZE + KR_RUN_MAX];
};

/**
 * struct kredact_dump - one core dump; lives on the stack
 * @node:	in the table of dumps, looked up by @task
 * @task:	the thread that dumps
 * @cprm:	the kernel's
 * @vma:	where in its mappings the dump is
 * @kmm:	its tags at the crash; NULL where only others have tagged what it shows
 * @serial:	registrations of @kmm until then
 * @epoch:	of @kmm then
 * @copy:	page for redacted copies, used again and again
 * @stopped:	threads that have stopped for it, and the one that dumps
 * @redacts:	copies are hunted, or more
 * @policy:	what it is written by
 * @search:	what it is searched by, or NULL
 * @hunt:	the index of the secrets, or NULL if there are none
 * @hunted:	sums of the hunt, as in struct kredact_seal_hunt
 * @prints:	fingerprints of what is registered, or NULL
 * @unprinted:	why there are none; 0 if nobody could use them
 * @sigframes:	signal frames; NULL if these are not looked for
 * @strict:	the memory of the process; NULL if that is not needed, or not to be had
 * @psinfo:	bytes of the NT_PRPSINFO note that comes next, or 0
 * @counts:	sums, in the byte order of the machine
 * @left_out:	pages that were left out although they are not tagged here, merged
 * @nr_left_out: how many entries
 * @flags:	KREDACT_SEAL_*
 * @view:	what policy programs are told of it
 * @rules:	KREDACT_RULES_*: what they asked for
 * @rules_asked: they are being asked
 * @nr_unwanted: mappings that they leave out
 * @begun_ns:	CLOCK_BOOTTIME of its begin
 * @core_end:	where it ends if all of it is written; 0 before its first page
 * @core_len:	bytes before the seal
 * @key_id:	of the seal, once it is written whole
 * @hmac:	likewise
 */
struct kredact_dump {
	struct hlist_node node;
	struct task_struct *task;
	struct coredump_params *cprm;
	int vma;
	struct kredact_mm *kmm;
	u64 serial;
	u32 epoch;
	struct page *copy;
	int stopped;
	bool redacts;
	struct kredact_policy policy;
	struct kredact_search *search;
	const struct kr_hunt *hunt;
	struct {
		u64 ranges, bytes, bytes_plain;
		u64 copies, copy_bytes, copies_lost;
		u64 register_bytes, frames, frame_bytes, strict_bytes;
		u32 unindexed;
	} hunted;
	struct kredact_prints *prints;
	u32 unprinted;
	struct kredact_sigframes *sigframes;
	struct kr_strict *strict;
	u32 psinfo;
	struct {
		u64 ranges, range_bytes;
		u64 pages_zeroed, pages_copied, bytes_zeroed;
		u64 pages_left_out, left_out_lost;
	} counts;
	struct {
		u64 addr, len;
		u32 reason;
	} left_out[KREDACT_LEFT_OUT_MAX];
	u32 nr_left_out;
	u32 flags;
	struct kredact_dump_view view;
	u32 rules;
	bool rules_asked;
	u32 nr_unwanted;
	u64 begun_ns;
	u64 core_end;
	u64 core_len;
	u8 key_id[16];
	u8 hmac[KREDACT_SEAL_HMAC_LEN];
};

/* dump.c: the dump that is being written. */
struct kredact_dump *kredact_dump_find(void);
u64 kredact_dumps_wipe(void);
const struct core_vma_metadata *kredact_dump_find_vma(struct kredact_dump *dump,
						      unsigned long addr);

/* The mapping that a page to be dumped belongs to: mostly that of the page before. */
static inline const struct core_vma_metadata *kredact_dump_vma(struct kredact_dump *dump,
							       unsigned long addr)
{
	const struct core_vma_metadata *meta = &dump->cprm->vma_meta[dump->vma];

	return addr - meta->start < meta->dump_size ? meta : kredact_dump_find_vma(dump, addr);
}

/* The tags of the process that dumps: they may have been made since the dump began. */
static inline struct kredact_mm *kredact_dump_tags(const struct kredact_dump *dump)
{
	return dump && dump->kmm ? dump->kmm : kredact_mm_find(current->mm);
}

/*
 * Does anyone run in the mm, who could write to it while it is dumped? Reading /proc
 * looks like it: then more is done than needed.
 */
static inline bool kredact_mm_is_live(const struct kredact_dump *dump)
{
	return atomic_read(&current->mm->mm_users) > dump->stopped;
}

/* rules.c: what policy programs decide. */
#define KREDACT_RULES_FORCED	(KREDACT_FORCE_PAGES | KREDACT_FORCE_REGISTERS | \
				 KREDACT_FORCE_HUNT | KREDACT_FORCE_STRICT)
int kredact_rules_init(void);
bool kredact_rules_may_exempt(void);
bool kredact_rules_begin(struct kredact_dump *dump, u64 ranges);

/* Does a dump show what its process has registered? */
static inline bool kredact_rules_lift(const struct kredact_dump *dump)
{
	return dump && (dump->rules & KREDACT_RULES_EXEMPT);
}

/* Does it lose whole pages, also where only bytes are tagged? */
static inline bool kredact_rules_whole(const struct kredact_dump *dump)
{
	return dump && (dump->rules & KREDACT_FORCE_PAGES);
}

/* secrets.c: what is hunted. */
u32 kredact_secrets_index(struct kredact_search *search, struct kredact_mm *kmm, u64 before);
void kredact_secrets_forget(struct kredact_search *search);
u64 kredact_secrets_wipe(struct kredact_search *search);

/* ahead.c: pages that are got ahead of their turn. */
bool kredact_ahead_is_clear(struct kredact_dump *dump, struct kredact_mm *kmm,
			    unsigned long addr, u32 *epoch);
bool kredact_ahead_take(struct kredact_dump *dump, unsigned long addr, u32 epoch,
			struct page **page);
struct page *kredact_page_next(struct kredact_dump *dump, unsigned long addr);
struct page *kredact_page_behind(struct kredact_dump *dump, unsigned long addr);
void kredact_ahead_forget(struct kredact_ahead *ahead);

/* hunt.c: copies of registered bytes. */
void kredact_hunt_begin(struct kredact_dump *dump);
void kredact_hunt_end(struct kredact_dump *dump);
struct page *kredact_hunt_page(struct kredact_dump *dump, unsigned long addr, struct page *page,
			       u32 *failure);
bool kredact_is_writable(struct kredact_dump *dump, unsigned long addr);
void kredact_note_copy(struct kredact_dump *dump, u64 addr, const struct kr_copy *copy, u32 flags);

/* fingerprint.c: by which copies are found later. */
void kredact_prints_begin(struct kredact_dump *dump, struct kredact_mm *kmm);
void kredact_prints_end(struct kredact_dump *dump);
void kredact_prints_seal(struct kredact_dump *dump, struct kredact_key_ref *key,
			 struct kr_seal *seal);

/* regs.c: registers in notes and signal frames. */
bool kredact_register_goes(const struct kredact_dump *dump, u64 value, u32 len, bool frame);

/* sigframe.c: signal frames. */
int kredact_sigframes_begin(struct kredact_dump *dump);
void kredact_sigframes_end(struct kredact_dump *dump);
bool kredact_sigframes_page(struct kredact_dump *dump, unsigned long addr, const u8 *text,
			    const u8 *next);
void kredact_sigframes_zero(struct kredact_dump *dump, u8 *to);

/* strict.c: what walking stacks needs. */
int kredact_strict_begin(struct kredact_dump *dump, const struct coredump_params *cprm);
void kredact_strict_end(struct kredact_dump *dump);
bool kredact_strict_covers(struct kredact_dump *dump, unsigned long addr);

/* reduce.c: what else a page loses. */
void kredact_reduce_begin(struct kredact_dump *dump);
void kredact_reduce_end(struct kredact_dump *dump);
struct page *kredact_reduce_page(struct kredact_dump *dump, unsigned long addr,
				 struct page *page, u32 *failure);

/* reader.c: the replacements are above. */
int kredact_unseal(struct mm_struct *mm, u32 seconds, const char *reason, u32 len);

/* page.c: what becomes of one page. */
bool kredact_page_is_shared(struct kredact_mm *kmm, unsigned long addr, struct page *page);
bool __kredact_lock_tags(struct kredact_mm *kmm, struct kredact_dump *dump);
#define kredact_lock_tags(kmm, dump)	\
	__cond_lock(&(kmm)->lock, __kredact_lock_tags(kmm, dump))
struct page *kredact_original_page(unsigned long addr);
struct page *kredact_own_copy(struct kredact_dump *dump, struct page *page, u32 *failure);
struct page *kredact_filter_page(struct kredact_dump *dump, unsigned long addr);

/* seal.c: the seal of one dump. */
int kredact_seal_init(void);
bool kredact_seal_write(struct kredact_dump *dump, struct coredump_params *cprm);

/* key.c: the key of seals. */
int kredact_key_init(void);
void kredact_key_exit(void);
int kredact_key_install(const u8 *key, u32 len, u8 *id);
void kredact_key_info(u8 *id, bool *installed);
struct kredact_key_ref *kredact_key_get(void);
void kredact_key_put(struct kredact_key_ref *key);
struct crypto_shash *kredact_key_shash(struct kredact_key_ref *key);
const u8 *kredact_key_id(struct kredact_key_ref *key, bool *installed);
void kredact_key_mac(const void *text, u32 len, u8 *mac);
bool kredact_key_describe(u8 *id);
u64 kredact_keys_wipe(void);

/* kfunc.c: what BPF programs may call. */
int kredact_kfunc_init(void);
bool kredact_kfunc_available(void);

/* boot.c: what is known of this boot. */
int kredact_boot_id(uuid_t *id);
int kredact_boot_param(const char *name, bool *value);

/* device.c */
int kredact_device_init(void);
void kredact_device_exit(void);

#endif /* KREDACT_H */
