// SPDX-License-Identifier: GPL-2.0
/*
 * vmsplice() by a process that is traced. It gives a pipe the pages themselves, and who has the
 * other end sees them: CRIU has a parasite in the process do so with all of its memory, and
 * writes that to files. Where a page is tagged, the call is refused.
 *
 * That keeps keys out of CRIU's images. It does not stop a tracer that means to have them, who
 * can have the process write them anywhere.
 */
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/static_call.h>
#include <linux/timekeeping.h>
#include <linux/uio.h>

#include "kredact.h"

/* Of a 64-bit and of a 32-bit caller. */
typedef long vmsplice_fn(const struct pt_regs *regs);
extern vmsplice_fn kredact_vmsplice_prototype;

DEFINE_STATIC_CALL_RET0(original_vmsplice, kredact_vmsplice_prototype);
DEFINE_STATIC_CALL_RET0(original_vmsplice32, kredact_vmsplice_prototype);

void kredact_vmsplice_set_original(unsigned long address)
{
	static_call_update(original_vmsplice, (vmsplice_fn *)address);
}

void kredact_vmsplice32_set_original(unsigned long address)
{
	static_call_update(original_vmsplice32, (vmsplice_fn *)address);
}

/* Has the process been unsealed for whoever traces the caller? */
static bool kredact_tracer_may_see(struct kredact_mm *kmm)
{
	struct task_struct *tracer;
	bool may;

	if (ktime_get_boottime_ns() >= READ_ONCE(kmm->unsealed))
		return false;
	rcu_read_lock();
	tracer = ptrace_parent(current);
	may = tracer && has_capability_noaudit(tracer, CAP_SYS_PTRACE);
	rcu_read_unlock();
	return may;
}

/* Is something tagged on the pages of these pieces of the caller's memory, or not known? */
static bool kredact_pieces_are_tagged(struct kredact_mm *kmm, const struct iovec *pieces,
				      unsigned long nr)
{
	bool tagged = false;
	u64 from, last;

	if (!kredact_mm_trylock(kmm))
		return true;
	for (; nr && !tagged; nr--, pieces++) {
		if (!pieces->iov_len)
			continue;
		from = kredact_untagged(current->mm, (unsigned long)pieces->iov_base);
		if (check_add_overflow(from, (u64)pieces->iov_len - 1, &last))
			last = U64_MAX;
		tagged = kr_first_in(&kmm->set, from & PAGE_MASK, last | ~PAGE_MASK);
	}
	spin_unlock(&kmm->lock);
	return tagged;
}

/* May the caller give this memory away? 0 or an error. */
static int kredact_vmsplice_check(const struct iovec __user *vec, unsigned long nr)
{
	struct kredact_mm *kmm;
	struct iovec *pieces;
	bool tagged;

	if (!READ_ONCE(current->ptrace))
		return 0;
	kmm = kredact_mm_find(current->mm);
	if (!kmm)
		return 0;
	pieces = kredact_iovecs(vec, nr);
	if (IS_ERR(pieces))
		return PTR_ERR(pieces);
	tagged = kredact_pieces_are_tagged(kmm, pieces, nr);
	kvfree(pieces);
	if (!tagged)
		return 0;
	if (kredact_tracer_may_see(kmm)) {
		kredact_event_read(kmm, current->mm, KREDACT_READ_UNSEALED);
		return 0;
	}
	kredact_event_read(kmm, current->mm, KREDACT_READ_WITHHELD);
	pr_notice_ratelimited("process %d (%s) is traced, and gives no tagged memory to a pipe\n",
			      task_tgid_nr(current), current->comm);
	return -EPERM;
}

/**
 * kredact_vmsplice() - replacement: vmsplice() of a 64-bit caller
 * @regs:	its arguments
 *
 * May sleep, as long as nobody reads the pipe. Return: bytes, or an error.
 */
long kredact_vmsplice(const struct pt_regs *regs)
{
	int token = kredact_hook_enter();
	bool held = kredact_hook_pause(token);
	long ret = kredact_vmsplice_check((const struct iovec __user *)regs->si, regs->dx);

	if (!ret)
		ret = static_call(original_vmsplice)(regs);
	kredact_hook_leave(kredact_hook_resume(token, held));
	return ret;
}

/**
 * kredact_vmsplice32() - replacement: vmsplice() of a 32-bit caller
 * @regs:	its arguments
 *
 * May sleep, as above. Return: bytes, or an error.
 */
long kredact_vmsplice32(const struct pt_regs *regs)
{
	int token = kredact_hook_enter();
	bool held = kredact_hook_pause(token);
	long ret = kredact_vmsplice_check(compat_ptr(regs->cx), (u32)regs->dx);

	if (!ret)
		ret = static_call(original_vmsplice32)(regs);
	kredact_hook_leave(kredact_hook_resume(token, held));
	return ret;
}

/* Both tests run into their stubs. */
bool kredact_vmsplice_selftest(void)
{
	struct pt_regs regs = { };

	return static_call(original_vmsplice)(&regs);
}

bool kredact_vmsplice32_selftest(void)
{
	struct pt_regs regs = { };

	return static_call(original_vmsplice32)(&regs);
}
