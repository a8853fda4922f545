/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kredact.ko: what its parts offer each other.
 *
 * Locks, outermost first: mmap_lock of an mm; kredact_mm.tag_mutex is taken
 * before mmap_lock, by tagging only; kredact_mm.lock and the locks of the
 * tables (mms, users, dumps) are innermost and held for bounded work.
 *
 * Who changes a set of ranges, or gives it memory, holds mmap_lock (at least for
 * reading) and kredact_mm.lock; either is enough to read it, mmap_lock if held
 * for writing.
 */
#ifndef KREDACT_H
#define KREDACT_H

#include <linux/coredump.h>
#include <linux/kredact.h>
#include <linux/kredact_seal.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/uuid.h>
#include <linux/xarray.h>

#include "rangeset.h"

struct kredact_user;
struct kredact_labels;
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
	struct xarray pins;
	struct rcu_head rcu;
};

/**
 * struct kredact_target - whose memory a call is about
 * @mm:		kept until kredact_target_put()
 * @uid:	who is charged for its tags
 * @memlock:	RLIMIT_MEMLOCK of the process, in bytes
 * @other:	not the caller's own
 */
struct kredact_target {
	struct mm_struct *mm;
	kuid_t uid;
	unsigned long memlock;
	bool other;
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
};

extern struct kredact_stats kredact_stats;

/* Flag of a range, besides those of the ioctls: a BPF program made it. */
#define KREDACT_BY_BPF		(1U << 8)

/* What every registration is covered by, and what pins add. */
#define KREDACT_COVERAGE	(KREDACT_COVER_CORE | KREDACT_COVER_FORK | KREDACT_COVER_MREMAP)
#define KREDACT_COVERAGE_PINNED	(KREDACT_COVER_SHARED | KREDACT_COVER_SWAP)

/* registry.c: tagged address spaces. */
struct kredact_mm *kredact_mm_find(struct mm_struct *mm);
struct kredact_mm *kredact_mm_get_or_create(const struct kredact_target *target);
struct kredact_mm *kredact_mm_inherit_locked(struct mm_struct *mm, struct kredact_mm *parent);
void kredact_mm_drop(struct kredact_mm *kmm, u64 start, u64 last);
int kredact_mm_reserve(struct kredact_mm *kmm, u32 nr, gfp_t gfp);
void kredact_mm_recharge(struct kredact_mm *kmm);
bool __kredact_mm_trylock(struct kredact_mm *kmm);
#define kredact_mm_trylock(kmm)	__cond_lock(&(kmm)->lock, __kredact_mm_trylock(kmm))
void kredact_registry_exit(void);

/* tag.c: what the ioctls and kfuncs do. */
int kredact_tag(const struct kredact_target *target, struct kredact_batch *batch,
		struct kredact_range *ranges, const char *label);
int kredact_untag(struct mm_struct *mm, u64 handle);
int kredact_query(struct mm_struct *mm, struct kredact_query *query);

/* target.c: whose memory it is. */
int kredact_target_init(void);
void kredact_target_self(struct kredact_target *target);
int kredact_target_get(struct kredact_target *target, u32 flags, u32 pidfd, u32 reserved);
void kredact_target_put(struct kredact_target *target);

/* pin.c: pages that stay where they are. */
int kredact_pin(struct kredact_mm *kmm, const struct kredact_target *target, u64 addr, u64 len,
		bool demanded);
void kredact_unpin_unused(struct kredact_mm *kmm, u64 addr, u64 last);
void kredact_unpin(struct kredact_mm *kmm, u64 addr, u64 last);
void kredact_pins_move(struct kredact_mm *kmm, unsigned long from, unsigned long to,
		       unsigned long len);
bool kredact_pins_hold(struct kredact_mm *kmm, struct mm_struct *mm, u64 addr, u64 last);
bool kredact_pin_is_own(struct kredact_mm *kmm, unsigned long addr, struct page *page);

/* frame.c: physical pages that are pinned. */
int kredact_frame_add(struct page *page);
void kredact_frame_remove(struct page *page);
unsigned long kredact_frame_pins(struct page *page);

/* label.c: names of registrations. */
struct kredact_labels *kredact_labels_new(struct kredact_user *user);
struct kredact_labels *kredact_labels_get(struct kredact_labels *labels);
void kredact_labels_put(struct kredact_labels *labels);
int kredact_label_id(struct kredact_labels *labels, const char *text, u32 len, u32 *id);
const char *kredact_label_next(struct kredact_labels *labels, unsigned long *id, u32 *len);

/* user.c: limits per user. */
struct kredact_user *kredact_user_get(kuid_t uid);
struct kredact_user *kredact_user_hold(struct kredact_user *user);
void kredact_user_put(struct kredact_user *user);
int kredact_user_charge(struct kredact_user *user, u32 nr);
bool kredact_user_has_room(struct kredact_user *user, u32 nr);
void kredact_user_adjust(struct kredact_user *user, s64 nr);
u64 kredact_user_ranges(kuid_t uid);
u64 kredact_user_limit(void);

/* hook.c: redirection of kernel functions. */
int kredact_hooks_install(void);
void kredact_hooks_remove(void);
int kredact_hook_enter(void);
void kredact_hook_leave(int token);
unsigned long kredact_symbol(const char *symbol);

/* fork.c, move.c, uffd.c, page.c, dump.c: the replacements and how to call the originals. */
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
struct page *kredact_get_dump_page(unsigned long addr);
void kredact_dump_page_set_original(unsigned long address);
bool kredact_dump_page_selftest(void);
int kredact_elf_core_dump(struct coredump_params *cprm);
bool kredact_core_dump_selftest(void);

#define KREDACT_LEFT_OUT_MAX	16

/**
 * struct kredact_dump - one core dump; lives on the stack
 * @node:	in the table of dumps, looked up by @task
 * @task:	the thread that dumps
 * @kmm:	its tags at the crash; NULL where only others have tagged what it shows
 * @serial:	registrations of @kmm until then
 * @epoch:	of @kmm then
 * @copy:	page for redacted copies, used again and again
 * @stopped:	threads that have stopped for it, and the one that dumps
 * @counts:	sums, in the byte order of the machine
 * @left_out:	pages that were left out although they are not tagged here, merged
 * @nr_left_out: how many entries
 * @flags:	KREDACT_SEAL_*
 */
struct kredact_dump {
	struct hlist_node node;
	struct task_struct *task;
	struct kredact_mm *kmm;
	u64 serial;
	u32 epoch;
	struct page *copy;
	int stopped;
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
};

/* page.c: what becomes of one page. */
struct page *kredact_original_page(unsigned long addr);
struct page *kredact_filter_page(struct kredact_dump *dump, unsigned long addr);

/* seal.c: the seal of one dump. */
int kredact_seal_init(void);
bool kredact_seal_write(struct kredact_dump *dump, struct coredump_params *cprm);

/* key.c: the key of seals. */
struct kredact_key_ref;
int kredact_key_init(void);
void kredact_key_exit(void);
int kredact_key_install(const u8 *key, u32 len, u8 *id);
void kredact_key_info(u8 *id, bool *installed);
struct kredact_key_ref *kredact_key_get(void);
void kredact_key_put(struct kredact_key_ref *key);
struct crypto_shash *kredact_key_shash(struct kredact_key_ref *key);
const u8 *kredact_key_id(struct kredact_key_ref *key, bool *installed);

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
