// SPDX-License-Identifier: GPL-2.0
/*
 * Live readers: who reads the memory of another process that goes on living. ptrace,
 * /proc/PID/mem, and so gdb and gcore, bpf_copy_from_user_task(): all of them through
 * __access_remote_vm(); and process_vm_readv(). They get zeros where something is tagged.
 * What they write arrives, and the process itself sees all of its memory.
 *
 * A read is one page at a time, and the tags are looked up after it: what is tagged then is
 * zeroed, and what was not yet tagged then was read before anybody called it a secret. If a
 * tag has moved or ended meanwhile, or is new, the page is read again. What others have tagged
 * in memory that is shared is asked of the page itself, so it is our own reference that is
 * copied from.
 *
 * For an incident, an administrator can lift this for a process and for some time
 * (KREDACT_IOC_UNSEAL), with a line in the kernel's log.
 */
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/static_call.h>
#include <linux/timekeeping.h>
#include <linux/uio.h>

#include "kredact.h"

/* How often a page is read that others' tags make stale, before it is zeros. */
#define READ_TRIES	8

enum read_way {
	READ_REMOTE,	/* ptrace, /proc/PID/mem: also memory of devices that let it be read */
	READ_VECTORS,	/* process_vm_readv() */
};

typedef int access_remote_vm_fn(struct mm_struct *mm, unsigned long addr, void *buf, int len,
				unsigned int gup_flags);
typedef ssize_t process_vm_rw_fn(pid_t pid, const struct iovec __user *lvec,
				 unsigned long liovcnt, const struct iovec __user *rvec,
				 unsigned long riovcnt, unsigned long flags, int vm_write);

/* One is static from 6.12 on, the other one always was. */
extern access_remote_vm_fn kredact_access_prototype;
extern process_vm_rw_fn kredact_vm_rw_prototype;

DEFINE_STATIC_CALL_RET0(original_access_remote_vm, kredact_access_prototype);
DEFINE_STATIC_CALL_RET0(original_process_vm_rw, kredact_vm_rw_prototype);

void kredact_access_set_original(unsigned long address)
{
	static_call_update(original_access_remote_vm, (access_remote_vm_fn *)address);
}

void kredact_vm_rw_set_original(unsigned long address)
{
	static_call_update(original_process_vm_rw, (process_vm_rw_fn *)address);
}

/**
 * kredact_reader_is_idle() - is nothing tagged at all?
 */
bool notrace kredact_reader_is_idle(void)
{
	return !arch_atomic64_read(&kredact_stats.mms) && !arch_atomic64_read(&kredact_stats.pins);
}

/* May the caller see this memory as it is? */
static bool kredact_may_see(struct mm_struct *mm)
{
	struct kredact_mm *kmm;

	if (mm == current->mm)
		return true;
	kmm = kredact_mm_find(mm);
	if (!kmm || ktime_get_boottime_ns() >= READ_ONCE(kmm->unsealed) ||
	    !ns_capable_noaudit(&init_user_ns, CAP_SYS_PTRACE))
		return false;
	kredact_event_read(kmm, mm, KREDACT_READ_UNSEALED);
	return true;
}

/* Memory of a device that lets it be read, as ptrace reads it. mmap_lock is held. */
static int kredact_read_device(struct vm_area_struct *vma, unsigned long addr, u8 *to, int len)
{
	if (!vma->vm_ops || !vma->vm_ops->access)
		return 0;
	return max(vma->vm_ops->access(vma, addr, to, len, 0), 0);
}

/*
 * Gets the page at an address, with a reference, or reads what has no page. As ptrace does
 * it, a userfaultfd is not waited for; as process_vm_readv() does it, it is, and devices are
 * not read. Return: how much can be read, or was; 0 if nothing.
 */
static int kredact_read_get(struct mm_struct *mm, unsigned long addr, u8 *to, int len,
			    unsigned int gup_flags, enum read_way way, struct page **page)
{
	struct vm_area_struct *vma = NULL;
	int locked = 1, got = 0;

	if (mmap_read_lock_killable(mm))
		return 0;
	if (way == READ_REMOTE)
		vma = vma_lookup(mm, addr);
	/* Below a stack it would warn of who reads there, which ptrace may. */
	if (vma || way == READ_VECTORS)
		got = get_user_pages_remote(mm, addr & PAGE_MASK, 1, gup_flags, page,
					    KREDACT_GUP_TAIL(vma ? NULL : &locked));
	if (got == 1) {
		got = len;
	} else {
		*page = NULL;
		got = vma ? kredact_read_device(vma, addr, to, len) : 0;
	}
	if (locked)
		mmap_read_unlock(mm);
	return got;
}

/* Zeroes what is tagged of a read that lies on one page. Return: false if that is not known. */
static bool kredact_read_zero(struct kredact_mm *kmm, u64 addr, u8 *to, u32 len, u32 *epoch,
			      bool *zeroed)
{
	u64 page = addr & PAGE_MASK, last = addr + len - 1;
	const struct kr_range *range;
	u32 nr = 0;

	if (!kredact_mm_trylock(kmm))
		return false;
	*epoch = kmm->epoch;
	for (range = kr_first_in(&kmm->set, page, page + PAGE_SIZE - 1); range;
	     range = kr_next_in(&kmm->set, range, page, page + PAGE_SIZE - 1)) {
		u64 from = max(range->start, addr), end = min(range->last, last);

		if (!(range->flags & KREDACT_EXACT) || ++nr > KREDACT_PAGE_RANGES) {
			memset(to, 0, len);
			*zeroed = true;
			break;
		}
		if (from > end)
			continue;
		memset(to + (from - addr), 0, end - from + 1);
		*zeroed = true;
	}
	spin_unlock(&kmm->lock);
	return true;
}

/*
 * Copies what lies on a page, and drops it. @serial is that of the tags before the page was
 * got. Return: 1, 0 if it is to be read again, or -EACCES if others have tagged it.
 */
static int kredact_read_copy(struct mm_struct *mm, unsigned long addr, u8 *to, int len,
			     u64 serial, struct page *page)
{
	u32 ended = kredact_frame_ended(page);
	struct kredact_mm *kmm;
	int ret = -EACCES;

	memcpy_from_page(to, page, offset_in_page(addr), len);
	kmm = kredact_mm_find(mm);
	if (!kredact_page_is_shared(kmm, addr, page))
		ret = kredact_frame_ended(page) == ended &&
		      (!kmm || READ_ONCE(kmm->set.serial) == serial);
	put_page(page);
	return ret;
}

/* Reads what lies on one page: how much was read, with zeros for what is tagged. */
static int kredact_read_page(struct mm_struct *mm, unsigned long addr, u8 *to, int len,
			     unsigned int gup_flags, enum read_way way)
{
	bool zeroed = false, grown = way == READ_VECTORS;
	struct kredact_mm *kmm;
	struct page *page;
	u32 before, epoch;
	u64 serial;
	int got, copied, tries;

	for (tries = 0; tries < READ_TRIES; tries++) {
		kmm = kredact_mm_find(mm);
		before = kmm ? READ_ONCE(kmm->epoch) : 0;
		serial = kmm ? READ_ONCE(kmm->set.serial) : 0;
		got = kredact_read_get(mm, addr, to, len, gup_flags, way, &page);
		if (!got && grown)
			return 0;
		if (!got) {
			/* What ptrace reads makes a stack grow; what it reads is not known. */
			static_call(original_access_remote_vm)(mm, addr, to, len, gup_flags);
			memset(to, 0, len);
			grown = true;
			continue;
		}
		epoch = before;
		copied = page ? kredact_read_copy(mm, addr, to, len, serial, page) : 1;
		kmm = kredact_mm_find(mm);
		if (copied < 0 ||
		    (kmm && !kredact_read_zero(kmm, addr, to, got, &epoch, &zeroed)))
			break;
		if (!copied || epoch != before)
			continue;
		if (zeroed)
			kredact_event_read(kmm, mm, KREDACT_READ_ZEROED);
		return got;
	}
	memset(to, 0, len);
	kredact_event_read(kmm, mm, KREDACT_READ_WITHHELD);
	return len;
}

/* What lies on one page, as it is: how much was read. */
static int kredact_read_as_is(struct mm_struct *mm, unsigned long addr, u8 *to, int len)
{
	struct page *page;
	int got = kredact_read_get(mm, addr, to, len, 0, READ_VECTORS, &page);

	if (!got)
		return 0;
	memcpy_from_page(to, page, offset_in_page(addr), len);
	put_page(page);
	return got;
}

/**
 * kredact_access_remote_vm() - replacement: the memory of another process
 * @mm:		kept by the caller
 * @addr:	first byte
 * @buf:	@len bytes of the kernel
 * @len:	how many
 * @gup_flags:	FOLL_*
 *
 * May sleep, as long as whoever provides the memory pleases (userfaultfd, FUSE). Return: how
 * many were read or written.
 */
int kredact_access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, int len,
			     unsigned int gup_flags)
{
	int token = kredact_hook_enter(), done = 0, part, got;
	bool held = kredact_hook_pause(token);

	if ((gup_flags & FOLL_WRITE) || kredact_may_see(mm)) {
		done = static_call(original_access_remote_vm)(mm, addr, buf, len, gup_flags);
		goto leave;
	}
	addr = kredact_untagged(mm, addr);
	for (; done < len; done += got) {
		part = min_t(unsigned long, len - done, PAGE_SIZE - offset_in_page(addr + done));
		got = kredact_read_page(mm, addr + done, buf + done, part, gup_flags, READ_REMOTE);
		if (got > 0 && got < part)
			done += got;
		if (got < part)
			break;
	}
leave:
	kredact_hook_leave(kredact_hook_resume(token, held));
	return done;
}

/**
 * kredact_iovecs() - a copy of an array of iovecs of the caller
 * @from:	the array, in the layout of the system call
 * @nr:		how many
 *
 * Return: the copy, which kvfree() releases, or an error pointer.
 */
struct iovec *kredact_iovecs(const struct iovec __user *from, unsigned long nr)
{
	struct compat_iovec __user *compat = (struct compat_iovec __user *)from;
	struct compat_iovec small;
	struct iovec *to;
	unsigned long i;
	bool failed = false;

	if (nr > UIO_MAXIOV)
		return ERR_PTR(-EINVAL);
	to = kvmalloc_array(nr, sizeof(*to), GFP_KERNEL_ACCOUNT);
	if (!to)
		return ERR_PTR(-ENOMEM);
	if (!in_compat_syscall()) {
		failed = copy_from_user(to, from, nr * sizeof(*to));
	} else {
		for (i = 0; i < nr && !failed; i++) {
			failed = copy_from_user(&small, &compat[i], sizeof(small));
			to[i].iov_base = compat_ptr(small.iov_base);
			to[i].iov_len = (ssize_t)(compat_ssize_t)small.iov_len;
		}
	}
	for (i = 0; i < nr && !failed; i++) {
		if ((ssize_t)to[i].iov_len >= 0)
			continue;
		kvfree(to);
		return ERR_PTR(-EINVAL);
	}
	if (!failed)
		return to;
	kvfree(to);
	return ERR_PTR(-EFAULT);
}

/* Fills @iter from one piece of @mm, by way of @page: 0 or an error. */
static int kredact_read_piece(struct mm_struct *mm, const struct iovec *piece,
			      struct iov_iter *iter, u8 *page, bool as_is)
{
	unsigned long addr = kredact_untagged(mm, (unsigned long)piece->iov_base);
	size_t len = piece->iov_len, part;
	int got;

	for (; len && iov_iter_count(iter); addr += part, len -= part) {
		part = min3(len, (size_t)PAGE_SIZE - offset_in_page(addr), iov_iter_count(iter));
		got = as_is ? kredact_read_as_is(mm, addr, page, part) :
			      kredact_read_page(mm, addr, page, part, 0, READ_VECTORS);
		if (!got)
			return -EFAULT;
		if (copy_to_iter(page, got, iter) != got || got != part)
			return -EFAULT;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/* Fills @iter from the pieces of @mm: what was read, or an error if that is nothing. */
static ssize_t kredact_read_pieces(struct mm_struct *mm, const struct iovec *pieces,
				   unsigned long nr, struct iov_iter *iter)
{
	u8 *page = (u8 *)__get_free_page(GFP_KERNEL_ACCOUNT);
	size_t room = iov_iter_count(iter);
	bool as_is = kredact_may_see(mm);
	unsigned long i;
	ssize_t ret = 0;

	if (!page)
		return -ENOMEM;
	for (i = 0; i < nr && !ret; i++)
		ret = kredact_read_piece(mm, &pieces[i], iter, page, as_is);
	if (room != iov_iter_count(iter))
		ret = room - iov_iter_count(iter);
	if (as_is)
		memzero_explicit(page, PAGE_SIZE);
	free_page((unsigned long)page);
	return ret;
}

/* process_vm_readv(), with what it says of its arguments in the order of the kernel's own. */
static ssize_t kredact_read_vectors(pid_t pid, const struct iovec __user *lvec,
				    unsigned long liovcnt, const struct iovec __user *rvec,
				    unsigned long riovcnt)
{
	struct iovec fast[UIO_FASTIOV], *local = fast, *remote;
	struct mm_struct *mm;
	struct iov_iter iter;
	unsigned long i;
	ssize_t ret;

	ret = import_iovec(ITER_DEST, lvec, liovcnt, UIO_FASTIOV, &local, &iter);
	if (ret < 0)
		return ret;
	if (!iov_iter_count(&iter))
		goto free_local;
	remote = kredact_iovecs(rvec, riovcnt);
	ret = PTR_ERR_OR_ZERO(remote);
	if (ret)
		goto free_local;
	for (i = 0; i < riovcnt && !remote[i].iov_len; i++)
		;
	if (i == riovcnt)
		goto free_remote;
	mm = kredact_target_mm(pid);
	ret = mm ? PTR_ERR_OR_ZERO(mm) : -ESRCH;
	if (ret == -EACCES)
		ret = -EPERM;
	if (ret)
		goto free_remote;
	ret = kredact_read_pieces(mm, remote, riovcnt, &iter);
	mmput(mm);
free_remote:
	kvfree(remote);
free_local:
	kfree(local);
	return ret;
}

/**
 * kredact_process_vm_rw() - replacement: process_vm_readv() and process_vm_writev()
 * @pid:	of the other process
 * @lvec:	where to, in the caller
 * @liovcnt:	how many pieces
 * @rvec:	where from, in the other process
 * @riovcnt:	how many pieces
 * @flags:	0
 * @vm_write:	it is process_vm_writev()
 *
 * The pages of the other process are copied by way of a page of ours: once a secret is in
 * the caller's memory, it could be taken away before it is zeroed there.
 *
 * May sleep as above. Return: how many bytes were copied, or an error.
 */
ssize_t kredact_process_vm_rw(pid_t pid, const struct iovec __user *lvec, unsigned long liovcnt,
			      const struct iovec __user *rvec, unsigned long riovcnt,
			      unsigned long flags, int vm_write)
{
	int token = kredact_hook_enter();
	bool held = kredact_hook_pause(token);
	ssize_t ret;

	if (vm_write || flags)
		ret = static_call(original_process_vm_rw)(pid, lvec, liovcnt, rvec, riovcnt, flags,
							  vm_write);
	else
		ret = kredact_read_vectors(pid, lvec, liovcnt, rvec, riovcnt);
	kredact_hook_leave(kredact_hook_resume(token, held));
	return ret;
}

/**
 * kredact_unseal() - let administrators read a process as it is
 * @mm:		kept by the caller
 * @seconds:	for how long; 0: no longer
 * @reason:	for the log
 * @len:	its bytes
 *
 * Return: 0, or -ESRCH if nothing was ever tagged there.
 */
int kredact_unseal(struct mm_struct *mm, u32 seconds, const char *reason, u32 len)
{
	struct kredact_mm *kmm = kredact_mm_find(mm);
	u64 now = ktime_get_boottime_ns();

	if (!kmm)
		return -ESRCH;
	now = seconds ? now + seconds * NSEC_PER_SEC : 0;
	WRITE_ONCE(kmm->unsealed, now);
	kredact_event_unseal(kmm, mm, seconds, now, reason, len);
	pr_notice("address space %llu is %s for %u s, by process %d (%s) of user %u: %*pE\n",
		  kmm->id, seconds ? "unsealed" : "sealed again", seconds, task_tgid_nr(current),
		  current->comm, from_kuid(&init_user_ns, current_uid()), len, reason);
	return 0;
}

/* Both tests run into their stubs. */
bool kredact_access_selftest(void)
{
	return static_call(original_access_remote_vm)(NULL, 0, NULL, 0, 0);
}

bool kredact_vm_rw_selftest(void)
{
	return static_call(original_process_vm_rw)(0, NULL, 0, NULL, 0, 1, 0);
}
