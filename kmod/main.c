// SPDX-License-Identifier: GPL-2.0
/*
 * kredact.ko: keeps key material out of core dumps.
 *
 * Order matters: the hooks work before the device exists, so that a
 * registration never succeeds that a dump would not honour; and a module that
 * cannot install all hooks does not load.
 */
#include <linux/module.h>

#include "kredact.h"

static bool disable;
module_param(disable, bool, 0444);
MODULE_PARM_DESC(disable, "Do not load (kredact.disable on the kernel's command line)");

/* The command line counts however the module is loaded, also by insmod. */
static int __init kredact_may_load(void)
{
	bool at_boot = false;
	int ret;

	ret = kredact_boot_param("kredact.disable", &at_boot);
	if (ret) {
		pr_err("whether it is disabled on the command line cannot be told (%d)\n", ret);
		return ret;
	}
	if (!at_boot && !disable)
		return 0;
	pr_notice("disabled by %s: not loaded, nothing is redacted\n",
		  at_boot ? "kredact.disable on the kernel's command line" : "its parameter");
	return -ECANCELED;
}

static int __init kredact_init(void)
{
	int ret;

	ret = kredact_may_load();
	if (ret)
		return ret;
	ret = kredact_seal_init();
	if (ret)
		return ret;
	ret = kredact_stream_init();
	if (ret)
		return ret;
	ret = kredact_target_init();
	if (ret)
		return ret;
	ret = kredact_key_init();
	if (ret)
		return ret;
	ret = kredact_panic_init();
	if (ret)
		goto err_key;
	ret = kredact_hooks_install();
	if (ret)
		goto err_panic;
	ret = kredact_kfunc_init();
	if (ret)
		goto err_hooks;
	ret = kredact_rules_init();
	if (ret)
		goto err_hooks;
	ret = kredact_hibernate_init();
	if (ret)
		goto err_hooks;
	ret = kredact_device_init();
	if (ret)
		goto err_hibernate;
	pr_info("version %s, tagging by BPF programs %s\n", KREDACT_VERSION,
		kredact_kfunc_available() ? "possible" : "not possible (needs Linux 6.12 and BTF)");
	return 0;

err_hibernate:
	kredact_hibernate_exit();
err_hooks:
	kredact_hooks_remove();
err_panic:
	kredact_panic_exit();
err_key:
	kredact_key_exit();
	return ret;
}

/*
 * Each tagged mm, each dump of one and each open descriptor holds a reference
 * to the module, so there is nothing left to protect here.
 */
static void __exit kredact_exit(void)
{
	kredact_device_exit();
	kredact_hibernate_exit();
	kredact_hooks_remove();
	kredact_registry_exit();
	kredact_stream_exit();
	kredact_frames_exit();
	kredact_panic_exit();
	kredact_key_exit();
}

module_init(kredact_init);
module_exit(kredact_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Keeps key material out of core dumps, and seals them");
MODULE_AUTHOR("kredact developers");
MODULE_VERSION(KREDACT_VERSION);
