// SPDX-License-Identifier: GPL-2.0
/*
 * Hibernation writes all memory to a disk, that of tagged pages too. It is refused while
 * anything is tagged, if not set otherwise.
 *
 * The image is made some time after it was asked for, when processes are frozen. Until that
 * has come to an end, in one way or the other, nothing new is tagged: registrations fail.
 */
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/suspend.h>

#include "kredact.h"

static char *mode = "refuse";
module_param_named(hibernate, mode, charp, 0444);
MODULE_PARM_DESC(hibernate, "refuse: while anything is tagged; allow: what is tagged is in the image then");

static bool preparing;

/**
 * kredact_hibernating() - must nothing be tagged now?
 *
 * The caller is in an RCU read-side section, in which it counts what it tags.
 */
bool kredact_hibernating(void)
{
	return READ_ONCE(preparing);
}

static int kredact_hibernate_prepare(void)
{
	u64 ranges;

	WRITE_ONCE(preparing, true);
	/* Whoever has not seen that has counted by now. */
	synchronize_rcu();
	ranges = atomic64_read(&kredact_stats.ranges);
	if (!ranges)
		return NOTIFY_OK;
	WRITE_ONCE(preparing, false);
	pr_warn("hibernation is refused: %llu ranges are tagged (hibernate=allow allows it)\n",
		ranges);
	return notifier_from_errno(-EBUSY);
}

static int kredact_hibernate_notify(struct notifier_block *block, unsigned long event, void *arg)
{
	switch (event) {
	case PM_HIBERNATION_PREPARE:
		return kredact_hibernate_prepare();
	case PM_POST_HIBERNATION:
		WRITE_ONCE(preparing, false);
		return NOTIFY_OK;
	}
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = kredact_hibernate_notify };

static bool kredact_hibernate_refuses(void)
{
	return !strcmp(mode, "refuse");
}

/**
 * kredact_hibernate_init() - be asked before the system hibernates
 *
 * May sleep. Return: 0, or -EINVAL for an unknown mode.
 */
int kredact_hibernate_init(void)
{
	if (!kredact_hibernate_refuses() && strcmp(mode, "allow")) {
		pr_err("hibernate=%s: it can be refuse or allow\n", mode);
		return -EINVAL;
	}
	return kredact_hibernate_refuses() ? register_pm_notifier(&notifier) : 0;
}

/**
 * kredact_hibernate_exit() - nothing is tagged any more
 */
void kredact_hibernate_exit(void)
{
	if (kredact_hibernate_refuses())
		unregister_pm_notifier(&notifier);
}
