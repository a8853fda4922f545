// SPDX-License-Identifier: GPL-2.0
/*
 * Targets: whose memory a call is about. It is the caller's own, or with a
 * pidfd that of a process to which the caller might attach with ptrace: whoever
 * may read all memory of a process may also say what is secret in it.
 */
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/ptrace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/static_call.h>

#include "kredact.h"

/* Neither is exported; each checks what ptrace(2) would check, in the kernel's own way. */
DEFINE_STATIC_CALL_RET0(find_pid, pidfd_get_pid);
DEFINE_STATIC_CALL_RET0(access_mm, mm_access);

/**
 * kredact_target_init() - find the functions that are not exported
 *
 * May sleep. Return: 0 or -ENOENT.
 */
int __init kredact_target_init(void)
{
	unsigned long find = kredact_symbol("pidfd_get_pid"), access = kredact_symbol("mm_access");

	if (!find || !access)
		return -ENOENT;
	static_call_update(find_pid, (typeof(&pidfd_get_pid))find);
	static_call_update(access_mm, (typeof(&mm_access))access);
	return 0;
}

/**
 * kredact_target_self() - the caller's own memory
 * @target:	out; needs no kredact_target_put()
 */
void kredact_target_self(struct kredact_target *target)
{
	target->mm = current->mm;
	target->uid = current_uid();
	target->memlock = rlimit(RLIMIT_MEMLOCK);
	target->other = false;
	target->dumps = false;
}

/*
 * A thread that has the memory of its process still: the first one may have ended long
 * before the others. Without any, the one that the pid names.
 */
static struct task_struct *kredact_live_thread(struct pid *pid)
{
	struct task_struct *named, *thread, *found;

	rcu_read_lock();
	named = pid_task(pid, PIDTYPE_PID);
	found = named;
	if (named && !READ_ONCE(named->mm))
		for_each_thread(named, thread)
			if (READ_ONCE(thread->mm))
				found = thread;
	if (found)
		get_task_struct(found);
	rcu_read_unlock();
	return found;
}

/**
 * kredact_target_get() - the memory that a call is about
 * @target:	out
 * @flags:	of the call: with KREDACT_PIDFD, that process
 * @pidfd:	a descriptor of the caller, 0 without KREDACT_PIDFD
 * @reserved:	must be 0
 * @mode:	PTRACE_MODE_*: what the caller must be allowed
 *
 * May sleep. Return: 0, then kredact_target_put() ends it; or an errno of
 * uapi/linux/kredact.h.
 */
int kredact_target_get(struct kredact_target *target, u32 flags, u32 pidfd, u32 reserved,
		       unsigned int mode)
{
	unsigned int pidfd_flags;
	struct task_struct *task;
	struct pid *pid;
	int ret = 0;

	if (reserved || (!(flags & KREDACT_PIDFD) && pidfd))
		return -EINVAL;
	kredact_target_self(target);
	if (!(flags & KREDACT_PIDFD))
		return 0;

	pid = static_call(find_pid)(pidfd, &pidfd_flags);
	if (IS_ERR(pid))
		return PTR_ERR(pid);
	task = kredact_live_thread(pid);
	put_pid(pid);
	if (!task)
		return -ESRCH;
	target->mm = static_call(access_mm)(task, mode);
	if (IS_ERR_OR_NULL(target->mm)) {
		ret = target->mm ? PTR_ERR(target->mm) : -ESRCH;
	} else {
		target->uid = task_uid(task);
		target->memlock = task_rlimit(task, RLIMIT_MEMLOCK);
		target->other = true;
		target->dumps = READ_ONCE(task->signal->core_state);
	}
	put_task_struct(task);
	return ret;
}

/**
 * kredact_target_put() - the call is over
 * @target:	from kredact_target_get()
 *
 * May sleep: the process may have ended meanwhile.
 */
void kredact_target_put(struct kredact_target *target)
{
	if (target->other)
		mmput(target->mm);
}

/**
 * kredact_target_mm() - the memory of a process that the caller may attach to
 * @pid:	in the caller's pid namespace
 *
 * May sleep. Return: for mmput(), or an error, or NULL if it has none.
 */
struct mm_struct *kredact_target_mm(pid_t pid)
{
	struct task_struct *task;
	struct mm_struct *mm;

	rcu_read_lock();
	task = get_pid_task(find_vpid(pid), PIDTYPE_PID);
	rcu_read_unlock();
	if (!task)
		return NULL;
	mm = static_call(access_mm)(task, PTRACE_MODE_ATTACH_REALCREDS);
	put_task_struct(task);
	return mm;
}
