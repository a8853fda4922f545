// SPDX-License-Identifier: GPL-2.0
/*
 * Hooks: kernel functions on the way of memory into a dump are redirected to
 * replacements of ours, by ftrace, as livepatch does it. (A kretprobe misses
 * calls when its instances run out; a BPF program cannot change what
 * get_dump_page() returns.)
 *
 * A replacement calls the original through a static call: a direct call, which
 * also works for functions whose ENDBR was sealed away as nothing in the
 * kernel takes their address. It goes to the instruction behind the one that calls
 * ftrace, which a page of a dump thus meets once only. Until the self-tests are over
 * it goes to the function's begin: they have to run into ftrace.
 *
 * Replacements sleep, so leaving is a matter of three steps: no new
 * redirections; everyone who was redirected has entered a replacement (Tasks
 * RCU) and left it (SRCU); everyone who left it has executed its last
 * instruction (Tasks RCU again).
 */
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/srcu.h>
#include <asm/ibt.h>

#include "kredact.h"

/**
 * struct kredact_hook - one redirected function
 * @symbol:	its name in the kernel
 * @set_original: takes its address, or NULL where the replacement knows the
 *		way; then all functions of that name are redirected
 * @replacement: runs instead of it, with the same arguments
 * @is_idle:	tells that there is nothing to do for the replacement, or NULL; in any
 *		context, and without being traced. Not while a self-test runs
 * @absent:	this kernel does not have it
 * @selftest:	calls it in a way that does no harm; false if that went wrong
 * @stub:	runs instead of @replacement in the self-test, or NULL
 * @address:	its address, 0 without @set_original
 * @ip:		of the instruction that calls ftrace, known once it has done so
 * @fired:	the self-test came through
 */
struct kredact_hook {
	char *symbol;
	void (*set_original)(unsigned long address);
	void *replacement;
	bool (*is_idle)(void);
	bool absent;
	bool (*selftest)(void);
	void *stub;
	unsigned long address;
	unsigned long ip;
	bool fired;
};

DEFINE_STATIC_SRCU(hooks_srcu);

/* The task that runs a self-test; taken by the first redirection in it. */
static struct task_struct *selftest_task;

static long kredact_selftest_stub(void)
{
	return 1;
}

/* All are required: without one of them a key could get into a dump. */
static struct kredact_hook hooks[] = {
	{
		.symbol = "get_dump_page",
		.set_original = kredact_dump_page_set_original,
		.replacement = kredact_get_dump_page,
		.is_idle = kredact_dump_page_is_idle,
		.selftest = kredact_dump_page_selftest,
	}, {
		.symbol = "uprobe_dup_mmap",
		.set_original = kredact_fork_set_original,
		.replacement = kredact_uprobe_dup_mmap,
		.selftest = kredact_fork_selftest,
	}, {
		.symbol = "move_page_tables",
		.set_original = kredact_move_set_original,
		.replacement = kredact_move_page_tables,
		.selftest = kredact_move_selftest,
	}, {
		.symbol = "move_pages",
		.set_original = kredact_uffd_set_original,
		.replacement = kredact_uffd_move,
		.absent = !KREDACT_HAVE_UFFD_MOVE,
		.selftest = kredact_uffd_selftest,
		.stub = kredact_selftest_stub,
	}, {
		.symbol = "__access_remote_vm",
		.set_original = kredact_access_set_original,
		.replacement = kredact_access_remote_vm,
		.is_idle = kredact_reader_is_idle,
		.selftest = kredact_access_selftest,
		.stub = kredact_selftest_stub,
	}, {
		.symbol = "process_vm_rw",
		.set_original = kredact_vm_rw_set_original,
		.replacement = kredact_process_vm_rw,
		.is_idle = kredact_reader_is_idle,
		.selftest = kredact_vm_rw_selftest,
		.stub = kredact_selftest_stub,
	}, {
		.symbol = "__x64_sys_vmsplice",
		.set_original = kredact_vmsplice_set_original,
		.replacement = kredact_vmsplice,
		.is_idle = kredact_reader_is_idle,
		.selftest = kredact_vmsplice_selftest,
		.stub = kredact_selftest_stub,
	}, {
		.symbol = "__ia32_sys_vmsplice",
		.set_original = kredact_vmsplice32_set_original,
		.replacement = kredact_vmsplice32,
		.is_idle = kredact_reader_is_idle,
		.absent = !IS_ENABLED(CONFIG_IA32_EMULATION),
		.selftest = kredact_vmsplice32_selftest,
		.stub = kredact_selftest_stub,
	}, {
		.symbol = "regset_get",
		.set_original = kredact_regset_get_set_original,
		.replacement = kredact_regset_get,
		.selftest = kredact_regset_get_selftest,
	}, {
		.symbol = "regset_get_alloc",
		.set_original = kredact_regset_alloc_set_original,
		.replacement = kredact_regset_get_alloc,
		.selftest = kredact_regset_alloc_selftest,
	}, {
		.symbol = "dump_emit",
		.set_original = kredact_emit_set_original,
		.replacement = kredact_dump_emit,
		.selftest = kredact_emit_selftest,
		.stub = kredact_selftest_stub,
	}, {
		.symbol = "machine_crash_shutdown",
		.set_original = kredact_crash_set_original,
		.replacement = kredact_machine_crash_shutdown,
		.absent = !KREDACT_HAVE_CRASH,
		.selftest = kredact_crash_selftest,
		.stub = kredact_selftest_stub,
	}, {
		.symbol = "crash_save_cpu",
		.set_original = kredact_save_cpu_set_original,
		.replacement = kredact_crash_save_cpu,
		.absent = !KREDACT_HAVE_CRASH,
		.selftest = kredact_save_cpu_selftest,
		.stub = kredact_selftest_stub,
	}, {
		/* Two functions, for native and for 32-bit processes; the last one here. */
		.symbol = "elf_core_dump",
		.replacement = kredact_elf_core_dump,
		.selftest = kredact_core_dump_selftest,
		.stub = kredact_selftest_stub,
	},
};

/* ftrace's address is that of the function or, behind an ENDBR, four bytes more. */
static struct kredact_hook *notrace kredact_hook_at(unsigned long ip)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(hooks) - 1; i++)
		if (ip - hooks[i].address <= ENDBR_INSN_SIZE)
			break;
	return &hooks[i];
}

static void notrace kredact_redirect(unsigned long ip, unsigned long parent_ip,
				     struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct kredact_hook *hook = kredact_hook_at(ip);
	void *to = hook->replacement;

	/* Nothing that can be traced is called here, so there is no recursion to guard against. */
	if (hook->is_idle && !READ_ONCE(selftest_task) && hook->is_idle())
		return;
	if (kredact_within_text(parent_ip)) {
		/* A replacement calls the original, or a self-test begins. */
		if (READ_ONCE(selftest_task) != current)
			return;
		WRITE_ONCE(selftest_task, NULL);
		hook->fired = true;
		hook->ip = ip;
		if (hook->stub)
			to = hook->stub;
	}
	ftrace_regs_set_instruction_pointer(fregs, (unsigned long)to);
}

/* One for all functions: they are redirected at the same moment, or none is. */
static struct ftrace_ops hooks_ops = {
	.func = kredact_redirect,
	.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT |
		 (IS_ENABLED(CONFIG_HAVE_DYNAMIC_FTRACE_WITH_ARGS) ? 0 : FTRACE_OPS_FL_SAVE_REGS),
};

/**
 * kredact_hook_enter() - a replacement begins
 *
 * Return: for kredact_hook_leave().
 */
int kredact_hook_enter(void) __acquires(&hooks_srcu)
{
	return srcu_read_lock(&hooks_srcu);
}

/**
 * kredact_hook_leave() - a replacement ends; only returning is allowed after it
 * @token:	from kredact_hook_enter()
 */
void kredact_hook_leave(int token) __releases(&hooks_srcu)
{
	srcu_read_unlock(&hooks_srcu, token);
}

/**
 * kredact_hook_pause() - what comes now takes as long as somebody pleases
 * @token:	from kredact_hook_enter()
 *
 * Instead of waiting for it, unloading is refused meanwhile.
 *
 * Return: for kredact_hook_resume().
 */
bool kredact_hook_pause(int token)
{
	/* Without a reference the module is on its way out: nothing is tagged any more. */
	bool held = try_module_get(THIS_MODULE);

	if (held)
		kredact_hook_leave(token);
	return held;
}

/**
 * kredact_hook_resume() - it is over
 * @token:	from kredact_hook_enter()
 * @held:	from kredact_hook_pause()
 *
 * Return: for kredact_hook_leave().
 */
int kredact_hook_resume(int token, bool held)
{
	if (held) {
		token = kredact_hook_enter();
		module_put(THIS_MODULE);
	}
	return token;
}

/**
 * kredact_symbol() - the address of a function that is not exported
 * @symbol:	its name
 *
 * Kprobes know it (one that is never armed will do); where the function begins
 * with ENDBR, or where that was sealed to a NOP, they answer with the address
 * behind it. May sleep.
 *
 * Return: the address, or 0, and the kernel's log says so.
 */
unsigned long kredact_symbol(const char *symbol)
{
	struct kprobe probe = { .symbol_name = symbol, .flags = KPROBE_FLAG_DISABLED };
	unsigned long address;
	int ret;

	ret = register_kprobe(&probe);
	if (ret) {
		pr_err("%s: not found (%d)\n", symbol, ret);
		return 0;
	}
	address = (unsigned long)probe.addr;
	unregister_kprobe(&probe);
	if (is_endbr(*(u32 *)(address - ENDBR_INSN_SIZE)))
		address -= ENDBR_INSN_SIZE;
	return address;
}

static int kredact_hook_find(struct kredact_hook *hook)
{
	int ret;

	if (hook->absent)
		return 0;
	if (hook->set_original) {
		hook->address = kredact_symbol(hook->symbol);
		if (!hook->address)
			return -ENOENT;
		hook->set_original(hook->address);
	}
	ret = ftrace_set_filter(&hooks_ops, hook->symbol, strlen(hook->symbol), 0);
	if (ret)
		pr_err("%s: cannot be traced (%d)\n", hook->symbol, ret);
	return ret;
}

static int kredact_hook_try(struct kredact_hook *hook)
{
	bool passed;

	if (hook->absent)
		return 0;
	WRITE_ONCE(selftest_task, current);
	passed = hook->selftest() && hook->fired;
	WRITE_ONCE(selftest_task, NULL);
	if (passed)
		return 0;
	pr_err("%s: the self-test failed\n", hook->symbol);
	return -EIO;
}

/**
 * kredact_hooks_install() - redirect all functions, and test that it works
 *
 * May sleep. Return: 0, or an error, with none redirected.
 */
int kredact_hooks_install(void)
{
	int ret, i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		ret = kredact_hook_find(&hooks[i]);
		if (ret)
			goto err_filter;
	}
	ret = register_ftrace_function(&hooks_ops);
	if (ret) {
		pr_err("functions cannot be redirected (%d)%s\n", ret, ret == -EBUSY ?
		       ": kernel.ftrace_enabled is 0, or a live patch redirects one" : "");
		goto err_filter;
	}
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		ret = kredact_hook_try(&hooks[i]);
		if (ret) {
			kredact_hooks_remove();
			return ret;
		}
	}
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (hooks[i].address)
			hooks[i].set_original(hooks[i].ip + MCOUNT_INSN_SIZE);
	return 0;

err_filter:
	ftrace_free_filter(&hooks_ops);
	return ret;
}

/**
 * kredact_hooks_remove() - end all redirections and wait for those under way
 *
 * May sleep.
 */
void kredact_hooks_remove(void)
{
	unregister_ftrace_function(&hooks_ops);
	ftrace_free_filter(&hooks_ops);
	synchronize_rcu_tasks();
	synchronize_srcu(&hooks_srcu);
	synchronize_rcu_tasks();
}
