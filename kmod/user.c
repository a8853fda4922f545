// SPDX-License-Identifier: GPL-2.0
/*
 * Limits per user: how many ranges one real uid may have tagged, over all its
 * processes, so that nobody fills the kernel's memory with tags.
 */
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "kredact.h"

static unsigned long max_ranges_per_user = 4UL << 20;
module_param(max_ranges_per_user, ulong, 0644);
MODULE_PARM_DESC(max_ranges_per_user, "registrations that one user may have (64 bytes each)");

struct kredact_user {
	struct hlist_node node;
	kuid_t uid;
	u32 refs;
	atomic64_t ranges;
	atomic_t groups;	/* mms with a registration in the user's group */
};

static DEFINE_HASHTABLE(users, 6);
static DEFINE_SPINLOCK(users_lock);

static struct kredact_user *kredact_user_find(kuid_t uid)
{
	struct kredact_user *user;

	hash_for_each_possible(users, user, node, __kuid_val(uid))
		if (uid_eq(user->uid, uid))
			return user;
	return NULL;
}

/**
 * kredact_user_get() - the account of a user
 * @uid:	a real uid
 *
 * May sleep. Return: to be given back by kredact_user_put(), or NULL when
 * there is no memory.
 */
struct kredact_user *kredact_user_get(kuid_t uid)
{
	struct kredact_user *user, *new;

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	spin_lock(&users_lock);
	user = kredact_user_find(uid);
	if (user) {
		user->refs++;
	} else {
		user = new;
		user->uid = uid;
		user->refs = 1;
		hash_add(users, &user->node, __kuid_val(uid));
		new = NULL;
	}
	spin_unlock(&users_lock);
	kfree(new);
	return user;
}

/**
 * kredact_user_is() - is it the account of this user?
 * @user:	held by the caller
 * @uid:	any
 */
bool kredact_user_is(const struct kredact_user *user, kuid_t uid)
{
	return uid_eq(user->uid, uid);
}

/**
 * kredact_user_hold() - another reference to an account
 * @user:	held by the caller
 *
 * Return: @user.
 */
struct kredact_user *kredact_user_hold(struct kredact_user *user)
{
	spin_lock(&users_lock);
	user->refs++;
	spin_unlock(&users_lock);
	return user;
}

/**
 * kredact_user_put() - give an account back
 * @user:	held by the caller; may be NULL
 */
void kredact_user_put(struct kredact_user *user)
{
	if (!user)
		return;
	spin_lock(&users_lock);
	if (--user->refs)
		user = NULL;
	else
		hash_del(&user->node);
	spin_unlock(&users_lock);
	kfree(user);
}

/**
 * kredact_user_charge() - account for new ranges
 * @user:	held by the caller
 * @nr:		how many
 *
 * Return: 0 or -EDQUOT, then nothing was charged.
 */
int kredact_user_charge(struct kredact_user *user, u32 nr)
{
	if (atomic64_add_return(nr, &user->ranges) <= READ_ONCE(max_ranges_per_user))
		return 0;
	atomic64_sub(nr, &user->ranges);
	return -EDQUOT;
}

/**
 * kredact_user_has_room() - could this many ranges be charged?
 * @user:	held by the caller
 * @nr:		how many
 *
 * For memory that is taken before anything is charged.
 */
bool kredact_user_has_room(struct kredact_user *user, u32 nr)
{
	return atomic64_read(&user->ranges) + nr <= READ_ONCE(max_ranges_per_user);
}

/**
 * kredact_user_adjust() - account for ranges that went, or came by division
 * @user:	held by the caller
 * @nr:		negative when there are fewer
 */
void kredact_user_adjust(struct kredact_user *user, s64 nr)
{
	atomic64_add(nr, &user->ranges);
}

/**
 * kredact_user_count_group() - mms that have secrets for the user's group
 * @user:	held by the caller
 * @nr:		1, or -1 when it ends
 */
void kredact_user_count_group(struct kredact_user *user, int nr)
{
	atomic_add(nr, &user->groups);
}

/**
 * kredact_user_has_groups() - has any process of a user secrets for its group?
 * @uid:	any
 */
bool kredact_user_has_groups(kuid_t uid)
{
	struct kredact_user *user;
	bool has;

	spin_lock(&users_lock);
	user = kredact_user_find(uid);
	has = user && atomic_read(&user->groups);
	spin_unlock(&users_lock);
	return has;
}

/**
 * kredact_user_ranges() - ranges that a user has
 * @uid:	any
 */
u64 kredact_user_ranges(kuid_t uid)
{
	struct kredact_user *user;
	u64 nr;

	spin_lock(&users_lock);
	user = kredact_user_find(uid);
	nr = user ? atomic64_read(&user->ranges) : 0;
	spin_unlock(&users_lock);
	return nr;
}

u64 kredact_user_limit(void)
{
	return READ_ONCE(max_ranges_per_user);
}
