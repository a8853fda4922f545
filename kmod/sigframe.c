// SPDX-License-Identifier: GPL-2.0
/*
 * Signal frames in the pages of a dump: registers that the kernel has put on stacks
 * lose what those in the notes lose (regs.c).
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "kredact.h"

/**
 * struct kredact_sigframes - signal frames of one dump
 * @dump:	the dump
 * @state:	what kr_sigframe_page() keeps from page to page
 * @addr:	of the page at hand
 * @any:	some of them go
 * @zero:	which
 * @nr_stacks:	threads
 * @stacks:	their stack pointers, sorted
 */
struct kredact_sigframes {
	struct kredact_dump *dump;
	struct kr_sigframes state;
	unsigned long addr;
	bool any;
	DECLARE_BITMAP(zero, PAGE_SIZE);
	u32 nr_stacks;
	u64 stacks[];
};

static void kredact_sigframe_zero(void *arg, u64 from, u32 len)
{
	struct kredact_sigframes *frames = arg;

	if (!frames->any)
		bitmap_zero(frames->zero, PAGE_SIZE);
	frames->any = true;
	bitmap_set(frames->zero, from - frames->addr, len);
}

static bool kredact_sigframe_goes(void *arg, u64 value, u32 len, bool frame)
{
	const struct kredact_sigframes *frames = arg;

	return kredact_register_goes(frames->dump, value, len, frame);
}

static bool kredact_sigframe_is_address(void *arg, u64 value)
{
	const struct kredact_sigframes *frames = arg;

	return frames->dump->strict && kr_strict_is_address(frames->dump->strict, value);
}

static bool kredact_sigframe_in_use(void *arg, u64 from, u32 len)
{
	const struct kredact_sigframes *frames = arg;
	u32 low = 0, high = frames->nr_stacks;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (frames->stacks[middle] < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low < frames->nr_stacks && frames->stacks[low] - from < len;
}

static const struct kr_sigframe_ops sigframe_ops = {
	.zero = kredact_sigframe_zero,
	.goes = kredact_sigframe_goes,
	.is_address = kredact_sigframe_is_address,
	.in_use = kredact_sigframe_in_use,
};

static int kredact_compare_stacks(const void *a, const void *b)
{
	const u64 *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

/**
 * kredact_sigframes_begin() - get ready to look for signal frames
 * @dump:	with its policy and its count of threads
 *
 * May sleep. Return: 0; or -ENOMEM, then the caller leaves out pages that may have some.
 */
int kredact_sigframes_begin(struct kredact_dump *dump)
{
	const struct core_thread *thread = &current->signal->core_state->dumper;
	struct kredact_sigframes *frames;

	frames = kvzalloc(struct_size(frames, stacks, dump->stopped), KREDACT_GFP_DUMP);
	if (!frames)
		return -ENOMEM;
	frames->dump = dump;
	frames->state.word = test_thread_flag(TIF_ADDR32) ? sizeof(u32) : sizeof(u64);
	frames->state.keep_areas = dump->policy.registers != KREDACT_REGISTERS_ALL &&
				   !dump->hunted.unindexed;
	for (; thread && frames->nr_stacks < dump->stopped; thread = thread->next)
		frames->stacks[frames->nr_stacks++] =
			user_stack_pointer(task_pt_regs(thread->task));
	sort(frames->stacks, frames->nr_stacks, sizeof(u64), kredact_compare_stacks, NULL);
	dump->sigframes = frames;
	return 0;
}

/**
 * kredact_sigframes_end() - the dump is over
 * @dump:	any
 */
void kredact_sigframes_end(struct kredact_dump *dump)
{
	kvfree(dump->sigframes);
	dump->sigframes = NULL;
}

/**
 * kredact_sigframes_page() - look for signal frames in a page
 * @dump:	after kredact_sigframes_begin()
 * @addr:	its address; above that of the call before
 * @text:	its bytes
 * @next:	the bytes of the page behind it, or NULL
 *
 * Return: true if bytes of it have to go: kredact_sigframes_zero().
 */
bool kredact_sigframes_page(struct kredact_dump *dump, unsigned long addr, const u8 *text,
			    const u8 *next)
{
	struct kredact_sigframes *frames = dump->sigframes;

	frames->addr = addr;
	frames->any = false;
	dump->hunted.frames += kr_sigframe_page(&frames->state, addr, text, next, &sigframe_ops,
						frames);
	return frames->any;
}

/**
 * kredact_sigframes_zero() - zero what was found in a page
 * @dump:	after kredact_sigframes_page()
 * @to:		the bytes of that page, in a copy
 */
void kredact_sigframes_zero(struct kredact_dump *dump, u8 *to)
{
	unsigned long at;

	for_each_set_bit(at, dump->sigframes->zero, PAGE_SIZE) {
		dump->hunted.frame_bytes += !!to[at];
		to[at] = 0;
	}
}
