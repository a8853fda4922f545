// SPDX-License-Identifier: GPL-2.0
/*
 * Crashes the kernel, in the way that its parameter asks for: panic, oops, irq, nmi,
 * lockup. With hold=1, the processor that comes next into the middle of a registration
 * stays there with its lock held, and the crash waits for that.
 */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <asm/apic.h>

static char *way = "panic";
module_param(way, charp, 0444);
MODULE_PARM_DESC(way, "panic, oops, irq, nmi or lockup");

static bool hold;
module_param(hold, bool, 0444);
MODULE_PARM_DESC(hold, "Let another processor be in the middle of a registration");

static bool held;

static enum hrtimer_restart crash_in_irq(struct hrtimer *timer)
{
	panic("kredact-test: in an interrupt");
	return HRTIMER_NORESTART;
}

/* The registering task holds the lock of its tags here. */
static int crash_hold(struct kprobe *probe, struct pt_regs *regs)
{
	WRITE_ONCE(held, true);
	for (;;)
		cpu_relax();
	return 0;
}

static struct kprobe holder = { .symbol_name = "kr_insert", .pre_handler = crash_hold };
static struct hrtimer timer;

static int __init crash_init(void)
{
	int ret, i;

	if (hold) {
		ret = register_kprobe(&holder);
		if (ret)
			return ret;
		for (i = 0; i < 5000 && !READ_ONCE(held); i++)
			mdelay(1);
		if (!READ_ONCE(held))
			return -ETIMEDOUT;
	}
	if (!strcmp(way, "panic"))
		panic("kredact-test: in a process");
	if (!strcmp(way, "oops"))
		*(volatile int *)sizeof(int) = 0;
	if (!strcmp(way, "irq")) {
		hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
		timer.function = crash_in_irq;
		hrtimer_start(&timer, ms_to_ktime(10), HRTIMER_MODE_REL_HARD);
	}
	/* Nobody expects it: kernel.unknown_nmi_panic=1. */
	if (!strcmp(way, "nmi")) {
		preempt_disable();
		apic->send_IPI(smp_processor_id(), NMI_VECTOR);
		preempt_enable();
	}
	if (!strcmp(way, "lockup")) {
		preempt_disable();
		for (;;)
			cpu_relax();
	}
	msleep(5000);
	return -EINVAL;
}

module_init(crash_init);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Crashes the kernel, for kredact's tests");
