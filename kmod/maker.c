// SPDX-License-Identifier: GPL-2.0
/*
 * Makers: the processes that registered for another one by its pidfd, as they were then,
 * so that a tag can be told by whom it was made.
 *
 * A range has the number of its maker in its flags; that leaves room for few, and there
 * are few. The table is shared by a process and the children forked from it, since
 * makers are only ever added.
 */
#include <linux/cred.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "kredact.h"

/* Its pid is held, so no other process is taken for it; NULL: several of this name. */
struct kredact_maker {
	struct pid *pid;
	kuid_t uid;
	char comm[KREDACT_COMM_LEN];
};

struct kredact_makers {
	struct kref ref;
	struct mutex lock;	/* innermost */
	u32 nr;
	struct kredact_maker maker[KREDACT_MAKERS_MAX];
};

/**
 * kredact_makers_get() - share a table
 * @makers:	held by the caller, or NULL
 *
 * Return: @makers, with one reference more.
 */
struct kredact_makers *kredact_makers_get(struct kredact_makers *makers)
{
	if (makers)
		kref_get(&makers->ref);
	return makers;
}

static void kredact_makers_free(struct kref *ref)
{
	struct kredact_makers *makers = container_of(ref, struct kredact_makers, ref);

	while (makers->nr)
		put_pid(makers->maker[--makers->nr].pid);
	kfree(makers);
}

/**
 * kredact_makers_put() - give a reference back
 * @makers:	may be NULL
 */
void kredact_makers_put(struct kredact_makers *makers)
{
	if (makers)
		kref_put(&makers->ref, kredact_makers_free);
}

/* The calling process, from 1; 0 if there is no room for it. */
static u32 kredact_maker_find(struct kredact_makers *makers)
{
	struct kredact_maker *maker, caller = {
		.pid = task_tgid(current),
		.uid = current_uid(),
	};
	u32 i, alike = 0;

	strscpy(caller.comm, current->group_leader->comm, sizeof(caller.comm));
	/* The newest first: mostly it is the one. */
	for (i = makers->nr; i; i--) {
		maker = &makers->maker[i - 1];
		if (!uid_eq(maker->uid, caller.uid) || strcmp(maker->comm, caller.comm))
			continue;
		if (maker->pid == caller.pid)
			return i;
		alike = i;
	}
	if (makers->nr < KREDACT_MAKERS_MAX) {
		get_pid(caller.pid);
		makers->maker[makers->nr++] = caller;
		return makers->nr;
	}
	if (alike) {
		put_pid(makers->maker[alike - 1].pid);
		makers->maker[alike - 1].pid = NULL;
	}
	return alike;
}

/**
 * kredact_maker_flags() - the caller registers for another process
 * @kmm:	of that; its tag_mutex is held, and mmap_lock for reading
 *
 * May sleep. Return: what the flags of a range say of it; without memory, not who it is.
 */
u32 kredact_maker_flags(struct kredact_mm *kmm)
{
	struct kredact_makers *makers = kmm->makers;
	u32 id;

	BUILD_BUG_ON((KREDACT_MAKERS_MAX << KREDACT_MAKER_SHIFT | KREDACT_MADE_BY_OTHER) &
		     ~KR_FLAGS_USER);
	if (!makers) {
		makers = kzalloc(sizeof(*makers), GFP_KERNEL_ACCOUNT);
		if (!makers)
			return KREDACT_MADE_BY_OTHER;
		kref_init(&makers->ref);
		mutex_init(&makers->lock);
		/* Before any range with a number of it. */
		WRITE_ONCE(kmm->makers, makers);
	}
	mutex_lock(&makers->lock);
	id = kredact_maker_find(makers);
	mutex_unlock(&makers->lock);
	return KREDACT_MADE_BY_OTHER | id << KREDACT_MAKER_SHIFT;
}

/**
 * kredact_maker_tell() - who made a tag, to the caller
 * @makers:	may be NULL
 * @flags:	of the range
 * @tag:	out: @by, @by_pid, @by_uid, @by_comm
 *
 * May sleep.
 */
void kredact_maker_tell(struct kredact_makers *makers, u32 flags, struct kredact_tag *tag)
{
	u32 id = (flags & KR_FLAGS_USER) >> KREDACT_MAKER_SHIFT;
	struct kredact_maker *maker;

	tag->by_uid = -1;
	if (flags & KREDACT_MADE_BY_BPF)
		tag->by = KREDACT_BY_BPF;
	else if (flags & KREDACT_MADE_BY_OTHER)
		tag->by = KREDACT_BY_OTHER;
	if (!makers || !id)
		return;
	mutex_lock(&makers->lock);
	maker = &makers->maker[id - 1];
	tag->by_pid = pid_vnr(maker->pid);
	tag->by_uid = from_kuid_munged(current_user_ns(), maker->uid);
	memcpy(tag->by_comm, maker->comm, sizeof(tag->by_comm));
	mutex_unlock(&makers->lock);
}
