// SPDX-License-Identifier: GPL-2.0
/*
 * Kfuncs: tagging by BPF programs, for services that nobody can change.
 *
 * They work on the process that the program runs in, as an ioctl of its own
 * would. A range is named by its first byte, since a program sees the free of
 * a buffer but cannot keep handles for its owner.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/module.h>

#include "kredact.h"

#if KREDACT_HAVE_KFUNC

/*
 * The registration made by BPF that begins at an address, has @most bytes at most, and is not
 * @but, or 0. Of several it is the shortest, which is the youngest: see kredact_bpf_tag().
 */
static u64 kredact_bpf_handle(u64 addr, u64 most, u64 but)
{
	struct kredact_mm *kmm = kredact_mm_find(current->mm);
	const struct kr_range *range;
	u64 handle = 0;

	if (!kmm)
		return 0;
	spin_lock(&kmm->lock);
	for (range = kr_first_in(&kmm->set, addr, addr); range;
	     range = kr_next_in(&kmm->set, range, addr, addr)) {
		if (range->start != addr || !(range->flags & KREDACT_MADE_BY_BPF) ||
		    range->handle == but || range->last - addr >= most)
			continue;
		most = range->last - addr;
		handle = range->handle;
	}
	spin_unlock(&kmm->lock);
	return handle;
}

__bpf_kfunc_start_defs();

/**
 * kredact_bpf_tag() - tag a range of the current process
 * @addr:	first byte
 * @len:	bytes
 * @flags:	KREDACT_EXACT, KREDACT_NOHUNT
 * @label:	what it is, up to a NUL or to KREDACT_LABEL_MAX bytes; empty: no label
 * @label__sz:	bytes that may be read
 *
 * Replaces what BPF registered at the same address before, unless that was longer: then it was
 * freed without a wipe, and its end is still there. Where there is no room for
 * the label the tag is made without it, with KREDACT_HUNT if it may. May sleep.
 *
 * Return: 0, or an errno of KREDACT_IOC_REGISTER.
 */
__bpf_kfunc int kredact_bpf_tag(u64 addr, u64 len, u32 flags, const char *label, u32 label__sz)
{
	struct kredact_range range = { .addr = addr, .len = len };
	/* The service asked for nothing, and has its own use for RLIMIT_MEMLOCK. */
	struct kredact_batch batch = {
		.flags = flags | KREDACT_NOPIN | KREDACT_MADE_BY_BPF,
		.nr = 1,
	};
	struct kredact_target target;
	char text[KREDACT_LABEL_MAX];
	u64 old;
	int ret;

	if (!current->mm || (flags & ~(KREDACT_EXACT | KREDACT_NOHUNT)))
		return -EINVAL;
	/* Others may write to it meanwhile. */
	memcpy(text, label, min(label__sz, KREDACT_LABEL_MAX));
	batch.label_len = strnlen(text, min(label__sz, KREDACT_LABEL_MAX));
	kredact_target_self(&target);
	ret = kredact_tag(&target, &batch, &range, text);
	if (ret)
		return ret;
	do {
		old = kredact_bpf_handle(addr, len, range.handle);
	} while (old && !kredact_untag(target.mm, old));
	return 0;
}

/**
 * kredact_bpf_untag() - end the registration that BPF made last at an address
 * @addr:	first byte
 *
 * May sleep. Return: 0 or -ENOENT.
 */
__bpf_kfunc int kredact_bpf_untag(u64 addr)
{
	u64 handle = current->mm ? kredact_bpf_handle(addr, U64_MAX, 0) : 0;

	return handle ? kredact_untag(current->mm, handle) : -ENOENT;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kredact_kfuncs)
BTF_ID_FLAGS(func, kredact_bpf_tag, KF_SLEEPABLE)
BTF_ID_FLAGS(func, kredact_bpf_untag, KF_SLEEPABLE)
BTF_KFUNCS_END(kredact_kfuncs)

static const struct btf_kfunc_id_set kfunc_set = {
	.owner = THIS_MODULE,
	.set = &kredact_kfuncs,
};

/*
 * A module that was built without BTF of the kernel has no kfuncs, and
 * registering them then succeeds: ids that were not resolved are 0.
 */
bool kredact_kfunc_available(void)
{
	return kredact_kfuncs.pairs[0].id != 0;
}

int kredact_kfunc_init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_KPROBE, &kfunc_set);
}

#else

bool kredact_kfunc_available(void)
{
	return false;
}

int kredact_kfunc_init(void)
{
	return 0;
}

#endif /* KREDACT_HAVE_KFUNC */
