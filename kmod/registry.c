// SPDX-License-Identifier: GPL-2.0
/*
 * The registry: which address spaces have tags.
 *
 * One kredact_mm per mm, made at its first registration (or by fork), kept
 * until the mm ends. An mmu_notifier tells what is unmapped and when the mm
 * ends (exit and exec). Each kredact_mm holds a reference to the module: as
 * long as anything is tagged, kredact cannot be unloaded.
 */
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "kredact.h"

/* Ranges dropped by one munmap while the lock is held. */
#define DROP_BATCH	512

/* Entries that may not be counted yet, or that make a list too long to be true. */
#define MMS_SLACK	65536

struct kredact_stats kredact_stats;

static atomic64_t mm_ids;
static DEFINE_HASHTABLE(mms, 10);
static DEFINE_SPINLOCK(mms_lock);

static const struct mmu_notifier_ops notifier_ops;

/**
 * kredact_mm_find() - the tags of an mm
 * @mm:		that of the caller, or one that the caller keeps from ending
 *
 * Takes no lock. Return: valid as long as @mm has users, or NULL.
 */
struct kredact_mm *kredact_mm_find(struct mm_struct *mm)
{
	struct kredact_mm *kmm;

	if (!atomic64_read(&kredact_stats.mms))
		return NULL;
	rcu_read_lock();
	hash_for_each_possible_rcu(mms, kmm, node, (unsigned long)mm)
		if (kmm->notifier.mm == mm)
			break;
	rcu_read_unlock();
	return kmm;
}

/*
 * Adds free nodes until there are @nr. Only the table and one page at a time
 * are allocated, outside of the lock.
 */
static int kredact_set_grow(struct kredact_mm *kmm, u32 nr, gfp_t gfp)
{
	void *chunk = NULL, *table = NULL, *old = NULL;
	u32 table_len = 0;
	int ret = 0;
	bool full;

	for (;;) {
		spin_lock(&kmm->lock);
		if (table && kmm->set.table_len < table_len) {
			old = kr_set_swap_table(&kmm->set, table, table_len);
			table = NULL;
		}
		if (chunk && !kr_set_table_full(&kmm->set)) {
			kr_set_add_chunk(&kmm->set, chunk);
			atomic64_inc(&kredact_stats.chunks);
			chunk = NULL;
		}
		if (kr_set_spare(&kmm->set) >= nr)
			break;
		if (kr_set_full(&kmm->set)) {
			ret = -ENOSPC;
			break;
		}
		full = kr_set_table_full(&kmm->set);
		if (full)
			table_len = 2 * kmm->set.table_len;
		spin_unlock(&kmm->lock);

		kvfree(old);
		kvfree(table);
		old = NULL;
		table = NULL;
		if (full)
			table = gfpflags_allow_blocking(gfp) ?
				kvmalloc_array(table_len, sizeof(void *), gfp) :
				kmalloc_array(table_len, sizeof(void *), gfp);
		if (!chunk)
			chunk = (void *)get_zeroed_page(gfp);
		if (!chunk || (full && !table)) {
			ret = -ENOMEM;
			goto free;
		}
	}
	spin_unlock(&kmm->lock);
free:
	kvfree(old);
	kvfree(table);
	free_page((unsigned long)chunk);
	return ret;
}

/**
 * kredact_mm_reserve() - make sure that ranges can be added without allocating
 * @kmm:	the tags
 * @nr:		free nodes that are wanted
 * @gfp:	may forbid sleeping
 *
 * Another task may take them, unless the caller holds tag_mutex; the division
 * of ranges by munmap and mremap takes some in any case.
 *
 * Return: 0, -ENOMEM, or -ENOSPC when one mm can have no more.
 */
int kredact_mm_reserve(struct kredact_mm *kmm, u32 nr, gfp_t gfp)
{
	if (likely(READ_ONCE(kmm->set.nr_free) >= nr))
		return 0;
	return kredact_set_grow(kmm, nr, gfp | __GFP_NOWARN);
}

/**
 * kredact_mm_recharge() - let the accounts follow the set
 * @kmm:	the tags; its lock is held
 */
void kredact_mm_recharge(struct kredact_mm *kmm)
{
	s64 more = (s64)kr_set_nr(&kmm->set) - kmm->charged;

	if (!more)
		return;
	kredact_user_adjust(kmm->user, more);
	atomic64_add(more, &kredact_stats.ranges);
	kmm->charged = kr_set_nr(&kmm->set);
}

/**
 * kredact_mm_want() - note what registrations ask for besides their tags
 * @kmm:	the tags; its lock is held
 * @flags:	of a registration, or of a parent's
 */
void kredact_mm_want(struct kredact_mm *kmm, u32 flags)
{
	if (flags & ~kmm->wants & KREDACT_GROUP)
		kredact_user_count_group(kmm->user, 1);
	kmm->wants |= flags & KREDACT_WANTS;
}

/**
 * kredact_mm_relatives() - other mms whose secrets a dump may have copies of
 * @kmm:	tags of the process that dumps, or NULL
 * @uid:	its user
 * @to:		takes them, each with a reference to its mm, unless there are more
 * @room:	entries of @to
 *
 * Return: how many there are.
 */
u32 kredact_mm_relatives(struct kredact_mm *kmm, kuid_t uid, struct kredact_mm **to, u32 room)
{
	struct kredact_mm *other;
	u32 nr = 0, got = 0;
	int bucket;

	/* As long as it is in the table, its mm exists, if perhaps without users. */
	spin_lock(&mms_lock);
	hash_for_each(mms, bucket, other, node) {
		bool family = kmm && other->labels == kmm->labels;
		bool group = (other->wants & KREDACT_GROUP) && kredact_user_is(other->user, uid);

		if (other == kmm || !(family || group))
			continue;
		if (nr++ < room && mmget_not_zero(other->notifier.mm))
			to[got++] = other;
	}
	spin_unlock(&mms_lock);
	if (nr <= room)
		return got;
	while (got--)
		mmput_async(to[got]->notifier.mm);
	return nr;
}

/**
 * kredact_mm_drop() - end all tags and pins of an interval
 * @kmm:	the tags
 * @start:	first byte of a page
 * @last:	last byte of a page
 *
 * May sleep, but takes no memory that direct reclaim would have to find.
 */
void kredact_mm_drop(struct kredact_mm *kmm, u64 start, u64 last)
{
	bool more, room;
	u64 dropped = 0;
	u32 kept, nr;

	do {
		/*
		 * Dividing a range takes a node. Without one it stays whole, and so
		 * it does for a user who has more ranges than allowed already.
		 */
		room = kredact_user_has_room(kmm->user, 1) &&
		       !kredact_mm_reserve(kmm, 1, GFP_NOWAIT | __GFP_ACCOUNT);
		spin_lock(&kmm->lock);
		nr = kr_set_nr(&kmm->set);
		more = kr_drop(&kmm->set, start, last, DROP_BATCH, &kept);
		kmm->epoch++;
		kredact_mm_recharge(kmm);
		/* One of which the middle goes is two. */
		dropped += max(nr, kr_set_nr(&kmm->set)) - kr_set_nr(&kmm->set);
		spin_unlock(&kmm->lock);
		cond_resched();
	} while (more || (kept && room));
	kredact_unpin(kmm, start, last);
	kredact_event_ended(kmm, kmm->notifier.mm, 0, dropped, 0);
}

/* Gives back all but the struct itself. May sleep, may be called twice. */
static void kredact_mm_dismantle(struct kredact_mm *kmm)
{
	struct kr_range *inline_chunks[KR_INLINE_CHUNKS];
	struct kr_range **chunks;
	u32 nr, i;

	kredact_unpin(kmm, 0, U64_MAX);
	spin_lock(&kmm->lock);
	chunks = kmm->set.chunks;
	nr = kmm->set.nr_chunks;
	if (chunks == kmm->set.inline_chunks) {
		memcpy(inline_chunks, chunks, sizeof(inline_chunks));
		chunks = inline_chunks;
	}
	kr_set_init(&kmm->set, 0);
	if (kmm->user)
		kredact_mm_recharge(kmm);
	spin_unlock(&kmm->lock);

	for (i = 0; i < nr; i++) {
		free_page((unsigned long)chunks[i]);
		cond_resched();
	}
	if (chunks != inline_chunks)
		kvfree(chunks);
	atomic64_sub(nr, &kredact_stats.chunks);
	kredact_labels_put(kmm->labels);
	kmm->labels = NULL;
	kredact_makers_put(kmm->makers);
	kmm->makers = NULL;
	if (kmm->wants & KREDACT_GROUP)
		kredact_user_count_group(kmm->user, -1);
	kmm->wants = 0;
	kredact_user_put(kmm->user);
	kmm->user = NULL;
}

static void kredact_mm_free_rcu(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct kredact_mm, rcu));
	module_put(THIS_MODULE);
}

static struct mmu_notifier *kredact_notifier_alloc(struct mm_struct *mm)
{
	struct kredact_mm *kmm = kzalloc(sizeof(*kmm), GFP_KERNEL_ACCOUNT);

	if (!kmm)
		return ERR_PTR(-ENOMEM);
	/* The caller runs in this module: a descriptor or the parent's tags hold it. */
	__module_get(THIS_MODULE);
	spin_lock_init(&kmm->lock);
	mutex_init(&kmm->tag_mutex);
	kmm->id = atomic64_inc_return(&mm_ids);
	kr_set_init(&kmm->set, get_random_u64());
	xa_init_flags(&kmm->pins, XA_FLAGS_ACCOUNT);
	return &kmm->notifier;
}

/* After the last user of the notifier, or when subscribing failed. */
static void kredact_notifier_free(struct mmu_notifier *notifier)
{
	struct kredact_mm *kmm = container_of(notifier, struct kredact_mm, notifier);

	call_rcu(&kmm->rcu, kredact_mm_free_rcu);
}

/* The mm ends: nobody can dump it any more. */
static void kredact_notifier_release(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct kredact_mm *kmm = container_of(notifier, struct kredact_mm, notifier);

	spin_lock(&mms_lock);
	hash_del_rcu(&kmm->node);
	spin_unlock(&mms_lock);
	atomic64_dec(&kredact_stats.mms);
	kredact_event_ended(kmm, mm, 0, 0, kr_set_nr(&kmm->set));
	kredact_mm_dismantle(kmm);
	mmu_notifier_put(notifier);
}

/*
 * munmap: the mapping has left the mm already, so no dump can see the memory
 * any more, and whatever is mapped there next is not ours.
 *
 * The OOM reaper sends the same event (non-blocking) for memory that is still
 * mapped, and mremap for memory that lives on elsewhere (see move.c); neither
 * ends a tag.
 */
static int kredact_notifier_invalidate(struct mmu_notifier *notifier,
				       const struct mmu_notifier_range *range)
{
	struct kredact_mm *kmm = container_of(notifier, struct kredact_mm, notifier);

	if (range->event != MMU_NOTIFY_UNMAP || !mmu_notifier_range_blockable(range))
		return 0;
	if (READ_ONCE(kmm->mover) != current && !kredact_only_discards(range))
		kredact_mm_drop(kmm, range->start, range->end - 1);
	return 0;
}

static const struct mmu_notifier_ops notifier_ops = {
	.alloc_notifier = kredact_notifier_alloc,
	.free_notifier = kredact_notifier_free,
	.release = kredact_notifier_release,
	.invalidate_range_start = kredact_notifier_invalidate,
};

/*
 * Copies what the child of a fork has of its parent: the same secrets in the
 * same places. The parent's mmap_lock is held for writing, so its set stands
 * still: whoever changes one holds mmap_lock, at least for reading.
 */
static int kredact_mm_inherit(struct kredact_mm *kmm, struct kredact_mm *parent)
{
	u32 nr = parent->set.nr_chunks * KR_CHUNK_NODES;
	int ret;

	kmm->user = kredact_user_hold(parent->user);
	kmm->labels = kredact_labels_get(parent->labels);
	kmm->makers = kredact_makers_get(parent->makers);
	kredact_mm_want(kmm, parent->wants);
	/* Node 0 stands for none. */
	ret = nr ? kredact_mm_reserve(kmm, nr - 1, GFP_KERNEL_ACCOUNT) : 0;
	if (ret)
		return ret;
	ret = kredact_user_charge(kmm->user, kr_set_nr(&parent->set));
	if (ret)
		return ret;
	kr_set_clone(&kmm->set, &parent->set);
	kmm->charged = kr_set_nr(&kmm->set);
	atomic64_add(kmm->charged, &kredact_stats.ranges);
	return 0;
}

static int kredact_mm_begin(struct kredact_mm *kmm, kuid_t uid)
{
	kmm->user = kredact_user_get(uid);
	kmm->labels = kmm->user ? kredact_labels_new(kmm->user) : NULL;
	return kmm->labels ? 0 : -ENOMEM;
}

/* Begins to track an mm: one that has tags of its own, or those of a parent. */
static struct kredact_mm *kredact_mm_create_locked(struct mm_struct *mm, kuid_t uid,
						   struct kredact_mm *parent)
{
	struct mmu_notifier *notifier;
	struct kredact_mm *kmm;
	int ret;

	notifier = mmu_notifier_get_locked(&notifier_ops, mm);
	if (IS_ERR(notifier))
		return ERR_CAST(notifier);
	kmm = container_of(notifier, struct kredact_mm, notifier);
	ret = parent ? kredact_mm_inherit(kmm, parent) : kredact_mm_begin(kmm, uid);
	if (ret) {
		kredact_mm_dismantle(kmm);
		mmu_notifier_put(notifier);
		return ERR_PTR(ret);
	}
	spin_lock(&mms_lock);
	hash_add_rcu(mms, &kmm->node, (unsigned long)mm);
	spin_unlock(&mms_lock);
	atomic64_inc(&kredact_stats.mms);
	return kmm;
}

/**
 * kredact_mm_inherit_locked() - begin to track the mm of a child
 * @mm:		without tags; its mmap_lock is held for writing
 * @parent:	tags to copy; the mmap_lock of its mm is held for writing too
 *
 * May sleep. Return: its tags, or an ERR_PTR: -ENOMEM, -EINTR, -EDQUOT.
 */
struct kredact_mm *kredact_mm_inherit_locked(struct mm_struct *mm, struct kredact_mm *parent)
{
	return kredact_mm_create_locked(mm, INVALID_UID, parent);
}

/**
 * kredact_mm_get_or_create() - the tags of an mm, made where there are none
 * @target:	the mm, and who is charged if they are made
 *
 * May sleep. Return: its tags, or an ERR_PTR: -ENOMEM, -EINTR.
 */
struct kredact_mm *kredact_mm_get_or_create(const struct kredact_target *target)
{
	struct mm_struct *mm = target->mm;
	struct kredact_mm *kmm = kredact_mm_find(mm);

	if (kmm)
		return kmm;
	if (mmap_write_lock_killable(mm))
		return ERR_PTR(-EINTR);
	kmm = kredact_mm_find(mm);
	if (!kmm)
		kmm = kredact_mm_create_locked(mm, target->uid, NULL);
	mmap_write_unlock(mm);
	return kmm;
}

/**
 * __kredact_mm_trylock() - take the lock of an mm's tags, but not at any price
 * @kmm:	the tags
 *
 * For the dump path, which must not hang where a task died with the lock held.
 * The lock is held for microseconds otherwise.
 *
 * Return: false when it could not be had for a second.
 */
bool __kredact_mm_trylock(struct kredact_mm *kmm)
{
	unsigned long end = jiffies + HZ;

	while (!spin_trylock(&kmm->lock)) {
		if (time_after(jiffies, end))
			return false;
		cpu_relax();
		cond_resched();
	}
	return true;
}

/**
 * kredact_mms_visit() - go through all tagged mms of a machine that has crashed
 * @visit:	called with each
 * @arg:	for it
 *
 * In any context, with no lock: nobody changes the table or frees what is in it any more.
 * Where the table is broken, a bucket ends there; @visit has to expect any address.
 */
void kredact_mms_visit(void (*visit)(void *arg, struct kredact_mm *kmm), void *arg)
{
	s64 left = atomic64_read(&kredact_stats.mms) + MMS_SLACK;
	struct hlist_node *at;
	int bucket;

	for (bucket = 0; bucket < HASH_SIZE(mms); bucket++) {
		for (at = READ_ONCE(mms[bucket].first); at && left > 0; left--) {
			visit(arg, hlist_entry(at, struct kredact_mm, node));
			if (get_kernel_nofault(at, &at->next))
				break;
		}
	}
}

/**
 * kredact_mm_is_tagged() - likewise: has an mm any tags?
 * @mm:		any address
 */
bool kredact_mm_is_tagged(const struct mm_struct *mm)
{
	struct hlist_node *at = READ_ONCE(mms[hash_min((unsigned long)mm, HASH_BITS(mms))].first);
	struct mm_struct *tagged;
	u32 steps;

	for (steps = 0; at && steps < MMS_SLACK; steps++) {
		if (get_kernel_nofault(tagged,
				       &hlist_entry(at, struct kredact_mm, node)->notifier.mm))
			return false;
		if (tagged == mm)
			return true;
		if (get_kernel_nofault(at, &at->next))
			return false;
	}
	return false;
}

/**
 * kredact_registry_exit() - wait until the last tags are freed
 */
void kredact_registry_exit(void)
{
	mmu_notifier_synchronize();
	rcu_barrier();
}
