// SPDX-License-Identifier: GPL-2.0
/*
 * A live patch: of get_dump_page(), which kredact redirects as well, or of
 * version_proc_show(), which it does not.
 */
#include <linux/livepatch.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>

static char *symbol = "get_dump_page";
module_param(symbol, charp, 0444);
MODULE_PARM_DESC(symbol, "Which function to patch");

static ulong calls;
module_param(calls, ulong, 0444);
MODULE_PARM_DESC(calls, "How often the patched function was called");

/* What the original does, as far as a module can: FOLL_DUMP only spares pages. */
static struct page *patched_get_dump_page(unsigned long addr)
{
	struct page *page;

	calls++;
	return get_user_pages_unlocked(addr, 1, &page, FOLL_FORCE) == 1 ? page : NULL;
}

static int patched_version_proc_show(struct seq_file *m, void *v)
{
	calls++;
	seq_puts(m, "patched\n");
	return 0;
}

/* The last one ends the list for livepatch. */
static struct klp_func get_page_funcs[] = {
	{ .old_name = "get_dump_page", .new_func = patched_get_dump_page }, { }
};

static struct klp_func version_funcs[] = {
	{ .old_name = "version_proc_show", .new_func = patched_version_proc_show }, { }
};

static struct klp_object objects[] = { { .funcs = get_page_funcs }, { } };

static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objects };

static int __init livepatch_init(void)
{
	if (!strcmp(symbol, version_funcs->old_name))
		objects->funcs = version_funcs;
	else if (strcmp(symbol, get_page_funcs->old_name))
		return -EINVAL;
	return klp_enable_patch(&patch);
}

static void __exit livepatch_exit(void)
{
}

module_init(livepatch_init);
module_exit(livepatch_exit);

MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
MODULE_DESCRIPTION("A live patch, for kredact's tests");
