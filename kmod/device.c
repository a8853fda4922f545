// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/kredact: the ioctls of uapi/linux/kredact.h.
 *
 * A table gives each call its smallest size and its function. Structs are
 * copied in whole, worked on in the kernel, and copied out again up to the
 * size that the caller knows.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "kredact.h"

/* Whose memory a call may tag, and end tags in. */
#define ATTACH	PTRACE_MODE_ATTACH_REALCREDS

union kredact_args {
	u32 size;
	struct kredact_register reg;
	struct kredact_unregister unreg;
	struct kredact_batch batch;
	struct kredact_query query;
	struct kredact_info info;
	struct kredact_key key;
	struct kredact_policy policy;
	struct kredact_list list;
	struct kredact_unseal unseal;
	struct kredact_events events;
};

/**
 * struct kredact_work - what one call works on
 * @target:	whose memory it is, in calls about memory
 * @ranges:	what it tags: @one, or an array that is freed after the call
 * @nr:		how many of them it has tagged
 * @one:	for a call with one range
 */
struct kredact_work {
	struct kredact_target target;
	struct kredact_range *ranges;
	u32 nr;
	struct kredact_range one;
};

static int kredact_copy_label(char *label, u64 from, u32 len)
{
	if (len > KREDACT_LABEL_MAX)
		return -ENAMETOOLONG;
	if (copy_from_user(label, u64_to_user_ptr(from), len))
		return -EFAULT;
	return memchr(label, 0, len) ? -EINVAL : 0;
}

/* What a registration may ask for; wishes about pins, and about the hunt, can contradict. */
static bool kredact_flags_valid(u32 flags)
{
	const u32 pins = KREDACT_PIN | KREDACT_NOPIN, hunted = KREDACT_HUNT | KREDACT_GROUP;
	const u32 all = KREDACT_RANGE_SEALED | KREDACT_WANTS | KREDACT_PIDFD | pins;

	return !(flags & ~all) && (flags & pins) != pins &&
	       !((flags & KREDACT_NOHUNT) && (flags & hunted));
}

static int kredact_ioctl_register(union kredact_args *args, struct kredact_work *work)
{
	struct kredact_register *reg = &args->reg;
	struct kredact_batch batch = { .flags = reg->flags, .nr = 1, .label_len = reg->label_len };
	char label[KREDACT_LABEL_MAX];
	int ret;

	reg->coverage = 0;
	reg->handle = 0;
	if (!kredact_flags_valid(reg->flags))
		return -EINVAL;
	ret = kredact_copy_label(label, reg->label, reg->label_len);
	if (ret)
		return ret;
	ret = kredact_target_get(&work->target, reg->flags, reg->pidfd, reg->reserved,
				 ATTACH);
	if (ret)
		return ret;
	work->one.addr = reg->addr;
	work->one.len = reg->len;
	work->ranges = &work->one;
	ret = kredact_tag(&work->target, &batch, work->ranges, label);
	if (ret)
		return ret;
	work->nr = 1;
	reg->handle = work->one.handle;
	reg->coverage = batch.coverage;
	return 0;
}

static int kredact_ioctl_unregister(union kredact_args *args, struct kredact_work *work)
{
	struct kredact_unregister *unreg = &args->unreg;
	int ret;

	if (unreg->flags & ~KREDACT_PIDFD)
		return -EINVAL;
	ret = kredact_target_get(&work->target, unreg->flags, unreg->pidfd, unreg->reserved,
				 ATTACH);
	/* A seal vouches for what was tagged at the crash: then it would be cut off. */
	if (!ret && work->target.dumps)
		ret = -EBUSY;
	return ret ?: kredact_untag(work->target.mm, unreg->handle);
}

static int kredact_ioctl_batch(union kredact_args *args, struct kredact_work *work)
{
	struct kredact_batch *batch = &args->batch;
	void __user *user = u64_to_user_ptr(batch->ranges);
	char label[KREDACT_LABEL_MAX];
	size_t bytes;
	int ret;

	batch->coverage = 0;
	batch->failed = 0;
	if (!kredact_flags_valid(batch->flags) || !batch->nr)
		return -EINVAL;
	if (batch->nr > KREDACT_BATCH_MAX)
		return -E2BIG;
	ret = kredact_copy_label(label, batch->label, batch->label_len);
	if (ret)
		return ret;
	bytes = array_size(batch->nr, sizeof(*work->ranges));
	work->ranges = kvmalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (!work->ranges)
		return -ENOMEM;
	if (copy_from_user(work->ranges, user, bytes))
		return -EFAULT;
	ret = kredact_target_get(&work->target, batch->flags, batch->pidfd, batch->reserved,
				 ATTACH);
	if (ret)
		return ret;
	ret = kredact_tag(&work->target, batch, work->ranges, label);
	if (ret)
		return ret;
	work->nr = batch->nr;
	if (copy_to_user(user, work->ranges, bytes)) {
		batch->failed = 0;
		batch->coverage = 0;
		return -EFAULT;
	}
	return 0;
}

static int kredact_ioctl_query(union kredact_args *args, struct kredact_work *work)
{
	struct kredact_query *query = &args->query;
	int ret;

	if (query->flags & ~KREDACT_PIDFD)
		return -EINVAL;
	ret = kredact_target_get(&work->target, query->flags, query->pidfd, query->reserved,
				 ATTACH);
	return ret ?: kredact_query(work->target.mm, query);
}

static int kredact_ioctl_info(union kredact_args *args, struct kredact_work *work)
{
	struct kredact_mm *kmm = kredact_mm_find(current->mm);
	struct kredact_info *info = &args->info;
	bool installed;

	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	info->abi = KREDACT_ABI_VERSION;
	info->coverage = KREDACT_COVERAGE | kredact_pinned_coverage() |
			 kredact_policy_coverage(0, 0, U64_MAX, 0);
	kredact_key_info(info->key_id, &installed);
	if (installed)
		info->flags |= KREDACT_INFO_KEY_INSTALLED;
	if (kredact_kfunc_available())
		info->flags |= KREDACT_INFO_BPF;
	info->my_ranges = kmm ? READ_ONCE(kmm->set.nr) : 0;
	info->user_ranges = kredact_user_ranges(current_uid());
	info->user_limit = kredact_user_limit();
	info->mms = atomic64_read(&kredact_stats.mms);
	info->ranges = atomic64_read(&kredact_stats.ranges);
	info->kernel_bytes = atomic64_read(&kredact_stats.chunks) * KR_CHUNK_SIZE +
			     info->mms * sizeof(struct kredact_mm);
	info->dumps = atomic64_read(&kredact_stats.dumps);
	info->pages_zeroed = atomic64_read(&kredact_stats.pages_zeroed);
	info->bytes_zeroed = atomic64_read(&kredact_stats.bytes_zeroed);
	info->pages_left_out = atomic64_read(&kredact_stats.pages_left_out);
	info->seals_failed = atomic64_read(&kredact_stats.seals_failed);
	info->pins = atomic64_read(&kredact_stats.pins);
	info->pages_shared = atomic64_read(&kredact_stats.pages_shared);
	info->copies = atomic64_read(&kredact_stats.copies);
	info->copy_bytes = atomic64_read(&kredact_stats.copy_bytes);
	info->hunts_failed = atomic64_read(&kredact_stats.hunts_failed);
	return 0;
}

static int kredact_ioctl_set_key(union kredact_args *args, struct kredact_work *work)
{
	struct kredact_key *key = &args->key;
	u8 bytes[KREDACT_KEY_MAX];
	int ret = -EFAULT;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (key->flags || key->reserved || key->key_len < KREDACT_KEY_MIN ||
	    key->key_len > KREDACT_KEY_MAX)
		return -EINVAL;
	if (!copy_from_user(bytes, u64_to_user_ptr(key->key), key->key_len))
		ret = kredact_key_install(bytes, key->key_len, key->key_id);
	memzero_explicit(bytes, sizeof(bytes));
	return ret;
}

static int kredact_ioctl_get_policy(union kredact_args *args, struct kredact_work *work)
{
	if (args->policy.flags || args->policy.reserved)
		return -EINVAL;
	kredact_policy_get(&args->policy);
	return 0;
}

static int kredact_ioctl_set_policy(union kredact_args *args, struct kredact_work *work)
{
	return capable(CAP_SYS_ADMIN) ? kredact_policy_set(&args->policy) : -EPERM;
}

static int kredact_ioctl_list(union kredact_args *args, struct kredact_work *work)
{
	struct kredact_list *list = &args->list;
	int ret = -EINVAL;

	/* Whoever may read the memory of a process may know what in it is tagged. */
	if (!(list->flags & ~KREDACT_PIDFD))
		ret = kredact_target_get(&work->target, list->flags, list->pidfd, 0,
					 PTRACE_MODE_READ_REALCREDS);
	if (!ret)
		ret = kredact_list(work->target.mm, list);
	if (ret)
		list->nr = 0;
	return ret;
}

static int kredact_ioctl_unseal(union kredact_args *args, struct kredact_work *work)
{
	struct kredact_unseal *unseal = &args->unseal;
	char reason[KREDACT_REASON_MAX];
	int ret;

	if (!capable(CAP_SYS_PTRACE))
		return -EPERM;
	if (unseal->flags != KREDACT_PIDFD || unseal->seconds > KREDACT_UNSEAL_MAX ||
	    !unseal->reason_len || unseal->reason_len > KREDACT_REASON_MAX)
		return -EINVAL;
	if (copy_from_user(reason, u64_to_user_ptr(unseal->reason), unseal->reason_len))
		return -EFAULT;
	ret = kredact_target_get(&work->target, unseal->flags, unseal->pidfd, unseal->reserved,
				 ATTACH);
	return ret ?: kredact_unseal(work->target.mm, unseal->seconds, reason,
				     unseal->reason_len);
}

static int kredact_ioctl_events(union kredact_args *args, struct kredact_work *work)
{
	return capable(CAP_SYS_ADMIN) ? kredact_stream_open(&args->events) : -EPERM;
}

/**
 * struct kredact_call - one ioctl
 * @min_size:	of the first version of its struct
 * @size:	of the struct that this module knows
 * @out:	the struct is copied back, also after an error (a batch tells
 *		which range failed)
 * @run:	what it does: 0, a descriptor, or an error
 */
struct kredact_call {
	u32 min_size;
	u32 size;
	bool out;
	int (*run)(union kredact_args *args, struct kredact_work *work);
};

#define CALL(cmd, struct_name, version0, function)					\
	[_IOC_NR(cmd)] = {								\
		.min_size = version0 + BUILD_BUG_ON_ZERO(sizeof(struct struct_name) < version0), \
		.size = sizeof(struct struct_name),					\
		.out = _IOC_DIR(cmd) & _IOC_READ,					\
		.run = function,							\
	}

static const struct kredact_call calls[] = {
	CALL(KREDACT_IOC_REGISTER, kredact_register, KREDACT_REGISTER_SIZE_VER0,
	     kredact_ioctl_register),
	CALL(KREDACT_IOC_UNREGISTER, kredact_unregister, KREDACT_UNREGISTER_SIZE_VER0,
	     kredact_ioctl_unregister),
	CALL(KREDACT_IOC_REGISTER_BATCH, kredact_batch, KREDACT_BATCH_SIZE_VER0,
	     kredact_ioctl_batch),
	CALL(KREDACT_IOC_QUERY, kredact_query, KREDACT_QUERY_SIZE_VER0, kredact_ioctl_query),
	CALL(KREDACT_IOC_INFO, kredact_info, KREDACT_INFO_SIZE_VER0, kredact_ioctl_info),
	CALL(KREDACT_IOC_SET_KEY, kredact_key, KREDACT_KEY_SIZE_VER0, kredact_ioctl_set_key),
	CALL(KREDACT_IOC_GET_POLICY, kredact_policy, KREDACT_POLICY_SIZE_VER0,
	     kredact_ioctl_get_policy),
	CALL(KREDACT_IOC_SET_POLICY, kredact_policy, KREDACT_POLICY_SIZE_VER0,
	     kredact_ioctl_set_policy),
	CALL(KREDACT_IOC_LIST, kredact_list, KREDACT_LIST_SIZE_VER0, kredact_ioctl_list),
	CALL(KREDACT_IOC_UNSEAL, kredact_unseal, KREDACT_UNSEAL_SIZE_VER0, kredact_ioctl_unseal),
	CALL(KREDACT_IOC_EVENTS, kredact_events, KREDACT_EVENTS_SIZE_VER0, kredact_ioctl_events),
};

static long kredact_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	const struct kredact_call *call;
	struct kredact_work work = { };
	union kredact_args args;
	u32 size;
	int ret;

	/* The size in the command is the caller's struct; the struct tells it too. */
	if (_IOC_TYPE(cmd) != KREDACT_IOC_MAGIC || _IOC_NR(cmd) >= ARRAY_SIZE(calls))
		return -ENOTTY;
	call = &calls[_IOC_NR(cmd)];
	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < call->min_size)
		return -EINVAL;
	ret = copy_struct_from_user(&args, call->size, user, size);
	if (ret)
		return ret;
	/* A result that cannot be told must not come about. */
	if (call->out && copy_to_user(user, &args, min(size, call->size)))
		return -EFAULT;
	ret = call->run(&args, &work);
	args.size = size;
	if (call->out && copy_to_user(user, &args, min(size, call->size)))
		ret = ret ?: -EFAULT;
	/* Without handles the caller could not end what it has begun. */
	while (ret && work.nr)
		kredact_untag(work.target.mm, work.ranges[--work.nr].handle);
	if (work.ranges != &work.one)
		kvfree(work.ranges);
	kredact_target_put(&work.target);
	return ret;
}

static const struct file_operations kredact_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = kredact_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

/* Anyone may protect their own memory. */
static struct miscdevice kredact_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kredact",
	.fops = &kredact_fops,
	.mode = 0666,
};

int kredact_device_init(void)
{
	return misc_register(&kredact_device);
}

void kredact_device_exit(void)
{
	misc_deregister(&kredact_device);
}
