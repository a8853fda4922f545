// SPDX-License-Identifier: GPL-2.0
/*
 * The parameter "inject" of the module that inject.h makes.
 *
 * Writing "N" makes the Nth call fail that is made for the process group of the
 * writer from now on, "N -1" all from the Nth on, and 0 none. It may be given
 * when the module is inserted. Reading tells how many calls there were, how
 * many of them failed, and where the first did.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static DEFINE_SPINLOCK(inject_lock);
static pid_t inject_group;
static unsigned int inject_nth;
static int inject_times;
static unsigned int inject_calls;
static unsigned int inject_failed;
static char inject_site[INJECT_SITE_LEN];
static bool inject_late;

/**
 * kredact_inject() - shall this call fail?
 * @site:	where it is
 */
bool kredact_inject(const char *site)
{
	bool fail = false;

	if (!READ_ONCE(inject_nth) || !in_task() ||
	    task_pgrp_nr(current) != READ_ONCE(inject_group))
		return false;
	spin_lock(&inject_lock);
	if (inject_nth) {
		inject_calls++;
		fail = inject_calls == inject_nth ||
		       (inject_times < 0 && inject_calls > inject_nth);
	}
	if (fail && !inject_failed++)
		strscpy(inject_site, site, sizeof(inject_site));
	spin_unlock(&inject_lock);
	/* While it is inserted nobody can ask the parameter. */
	if (fail && THIS_MODULE->state == MODULE_STATE_COMING)
		pr_info("fails: %s\n", site);
	return fail;
}

/**
 * kredact_inject_late() - a lock was refused: the caller's time is over
 *
 * Return: 0, what spin_trylock() gives then.
 */
int kredact_inject_late(void)
{
	WRITE_ONCE(inject_late, true);
	return 0;
}

bool kredact_inject_is_late(void)
{
	return READ_ONCE(inject_late) && xchg(&inject_late, false);
}

static int inject_set(const char *value, const struct kernel_param *param)
{
	unsigned int nth;
	int times = 1;

	if (sscanf(value, "%u %d", &nth, &times) < 1)
		return -EINVAL;
	spin_lock(&inject_lock);
	inject_nth = nth;
	if (nth) {
		inject_group = task_pgrp_nr(current);
		inject_times = times;
		inject_calls = 0;
		inject_failed = 0;
		inject_site[0] = 0;
	}
	spin_unlock(&inject_lock);
	return 0;
}

static int inject_get(char *buffer, const struct kernel_param *param)
{
	int len;

	spin_lock(&inject_lock);
	len = scnprintf(buffer, PAGE_SIZE, "%u %u %s\n", inject_calls, inject_failed, inject_site);
	spin_unlock(&inject_lock);
	return len;
}

static const struct kernel_param_ops inject_ops = {
	.set = inject_set,
	.get = inject_get,
};
module_param_cb(inject, &inject_ops, NULL, 0600);
MODULE_PARM_DESC(inject, "N: the Nth call that can fail does; \"N -1\": and all after it; 0: none");
