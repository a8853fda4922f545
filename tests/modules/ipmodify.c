// SPDX-License-Identifier: GPL-2.0
/*
 * A user of ftrace with IPMODIFY, of which a function can have one: it could
 * redirect the function, and does not.
 */
#include <linux/ftrace.h>
#include <linux/module.h>

static char *symbol = "move_page_tables";
module_param(symbol, charp, 0444);
MODULE_PARM_DESC(symbol, "Which function to attach to");

static ulong calls;
module_param(calls, ulong, 0444);
MODULE_PARM_DESC(calls, "How often it was called");

static void notrace ipmodify_call(unsigned long ip, unsigned long parent_ip,
				  struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	calls++;
}

static struct ftrace_ops ops = {
	.func = ipmodify_call,
	.flags = FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_IPMODIFY,
};

static int __init ipmodify_init(void)
{
	int ret;

	ret = ftrace_set_filter(&ops, symbol, strlen(symbol), 0);
	if (!ret)
		ret = register_ftrace_function(&ops);
	if (ret)
		ftrace_free_filter(&ops);
	return ret;
}

static void __exit ipmodify_exit(void)
{
	unregister_ftrace_function(&ops);
	ftrace_free_filter(&ops);
}

module_init(ipmodify_init);
module_exit(ipmodify_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A user of ftrace with IPMODIFY, for kredact's tests");
