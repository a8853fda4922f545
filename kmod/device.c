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
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "kredact.h"

union kredact_args {
	u32 size;
	struct kredact_register reg;
	struct kredact_unregister unreg;
	struct kredact_batch batch;
	struct kredact_query query;
	struct kredact_info info;
	struct kredact_key key;
};

static int kredact_copy_label(char *label, u64 from, u32 len)
{
	if (len > KREDACT_LABEL_MAX)
		return -ENAMETOOLONG;
	if (copy_from_user(label, u64_to_user_ptr(from), len))
		return -EFAULT;
	return memchr(label, 0, len) ? -EINVAL : 0;
}

/* What a registration may ask for; the two wishes about pins contradict each other. */
static bool kredact_flags_valid(u32 flags)
{
	const u32 pins = KREDACT_PIN | KREDACT_NOPIN;

	return !(flags & ~(KREDACT_EXACT | pins | KREDACT_PIDFD)) && (flags & pins) != pins;
}

static int kredact_ioctl_register(union kredact_args *args)
{
	struct kredact_register *reg = &args->reg;
	struct kredact_range range = { .addr = reg->addr, .len = reg->len };
	struct kredact_batch batch = { .flags = reg->flags, .nr = 1, .label_len = reg->label_len };
	char label[KREDACT_LABEL_MAX];
	struct kredact_target target;
	int ret;

	reg->coverage = 0;
	reg->handle = 0;
	if (!kredact_flags_valid(reg->flags))
		return -EINVAL;
	ret = kredact_copy_label(label, reg->label, reg->label_len);
	if (ret)
		return ret;
	ret = kredact_target_get(&target, reg->flags, reg->pidfd, reg->reserved);
	if (ret)
		return ret;
	ret = kredact_tag(&target, &batch, &range, label);
	kredact_target_put(&target);
	if (ret)
		return ret;
	reg->handle = range.handle;
	reg->coverage = batch.coverage;
	return 0;
}

static int kredact_ioctl_unregister(union kredact_args *args)
{
	struct kredact_unregister *unreg = &args->unreg;
	struct kredact_target target;
	int ret;

	if (unreg->flags & ~KREDACT_PIDFD)
		return -EINVAL;
	ret = kredact_target_get(&target, unreg->flags, unreg->pidfd, unreg->reserved);
	if (ret)
		return ret;
	ret = kredact_untag(target.mm, unreg->handle);
	kredact_target_put(&target);
	return ret;
}

static int kredact_ioctl_batch(union kredact_args *args)
{
	struct kredact_batch *batch = &args->batch;
	void __user *user = u64_to_user_ptr(batch->ranges);
	char label[KREDACT_LABEL_MAX];
	struct kredact_target target;
	struct kredact_range *ranges;
	size_t bytes;
	int ret;
	u32 i;

	batch->coverage = 0;
	batch->failed = 0;
	if (!kredact_flags_valid(batch->flags) || !batch->nr)
		return -EINVAL;
	if (batch->nr > KREDACT_BATCH_MAX)
		return -E2BIG;
	ret = kredact_copy_label(label, batch->label, batch->label_len);
	if (ret)
		return ret;
	bytes = array_size(batch->nr, sizeof(*ranges));
	ranges = kvmalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (!ranges)
		return -ENOMEM;
	if (copy_from_user(ranges, user, bytes)) {
		ret = -EFAULT;
		goto free;
	}
	ret = kredact_target_get(&target, batch->flags, batch->pidfd, batch->reserved);
	if (ret)
		goto free;
	ret = kredact_tag(&target, batch, ranges, label);
	if (!ret && copy_to_user(user, ranges, bytes)) {
		/* Without handles the caller could not end what it has begun. */
		for (i = 0; i < batch->nr; i++)
			kredact_untag(target.mm, ranges[i].handle);
		batch->failed = 0;
		ret = -EFAULT;
	}
	if (ret)
		batch->coverage = 0;
	kredact_target_put(&target);
free:
	kvfree(ranges);
	return ret;
}

static int kredact_ioctl_query(union kredact_args *args)
{
	struct kredact_query *query = &args->query;
	struct kredact_target target;
	int ret;

	if (query->flags & ~KREDACT_PIDFD)
		return -EINVAL;
	ret = kredact_target_get(&target, query->flags, query->pidfd, query->reserved);
	if (ret)
		return ret;
	ret = kredact_query(target.mm, query);
	kredact_target_put(&target);
	return ret;
}

static int kredact_ioctl_info(union kredact_args *args)
{
	struct kredact_mm *kmm = kredact_mm_find(current->mm);
	struct kredact_info *info = &args->info;
	bool installed;

	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	info->abi = KREDACT_ABI_VERSION;
	info->coverage = KREDACT_COVERAGE | KREDACT_COVERAGE_PINNED;
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
	return 0;
}

static int kredact_ioctl_set_key(union kredact_args *args)
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

/**
 * struct kredact_call - one ioctl
 * @min_size:	of the first version of its struct
 * @size:	of the struct that this module knows
 * @out:	the struct is copied back, also after an error (a batch tells
 *		which range failed)
 * @run:	what it does
 */
struct kredact_call {
	u32 min_size;
	u32 size;
	bool out;
	int (*run)(union kredact_args *args);
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
};

static long kredact_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	const struct kredact_call *call;
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
	ret = call->run(&args);
	args.size = size;
	if (call->out && copy_to_user(user, &args, min(size, call->size)))
		return ret ?: -EFAULT;
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
